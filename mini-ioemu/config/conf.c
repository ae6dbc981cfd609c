/* SPDX-License-Identifier: MIT */
/*
 * The memory of a struct conf and the messages of those who fill it. Memory is
 * given out in order and freed as a whole; nobody frees a part.
 */
#include "config/conf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/priv.h"

struct chunk {
	struct chunk *next;
	max_align_t data[];
};

void *
conf_alloc(const struct conf_ctx *c, size_t size)
{
	struct chunk *chunk = calloc(1, sizeof(*chunk) + size);

	if (!chunk) {
		snprintf(c->err->text, sizeof(c->err->text),
			 "%s: out of memory", c->where);
		return NULL;
	}
	chunk->next = c->conf->pool;
	c->conf->pool = chunk;
	return chunk->data;
}

void
conf_free(struct conf *conf)
{
	struct chunk *chunk = conf->pool;

	while (chunk) {
		struct chunk *next = chunk->next;

		free(chunk);
		chunk = next;
	}
	memset(conf, 0, sizeof(*conf));
}

const char *
conf_strndup(const struct conf_ctx *c, const char *s, size_t len)
{
	char *copy = conf_alloc(c, len + 1);

	if (copy)
		memcpy(copy, s, len);
	return copy;
}

const char *
conf_printf(const struct conf_ctx *c, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	text = conf_alloc(c, len < 0 ? 1 : (size_t)len + 1);
	if (!text || len < 0)
		return text;
	va_start(ap, fmt);
	vsnprintf(text, (size_t)len + 1, fmt, ap);
	va_end(ap);
	return text;
}

int
conf_fail(const struct conf_ctx *c, const char *fmt, ...)
{
	char *text = c->err->text;
	size_t size = sizeof(c->err->text);
	int len = snprintf(text, size, "%s: ", c->where);
	va_list ap;

	va_start(ap, fmt);
	if (len >= 0 && (size_t)len < size)
		vsnprintf(text + len, size - (size_t)len, fmt, ap);
	va_end(ap);
	return -EINVAL;
}

int
conf_add_word(const struct conf_ctx *c, struct conf_word **list,
	      const char *text)
{
	struct conf_word *word = conf_alloc(c, sizeof(*word));

	if (!word || !text)
		return -ENOMEM;
	word->text = text;
	CONF_APPEND(*list, word);
	return 0;
}

bool
conf_restricted(const struct conf *conf)
{
	return conf->chroot || conf->restrict_domid;
}
