/* SPDX-License-Identifier: MIT */
/*
 * Words of the form "TYPE,key=value,...": split, taken apart, checked. Knows
 * no option and no key.
 */
#include <ctype.h>
#include <string.h>

#include "host/host.h"

#include "config/priv.h"

/* The value at *at up to a single comma, which is consumed. */
static const char *
word_value(const struct conf_ctx *c, const char **at)
{
	size_t len = strlen(*at), n = 0;
	char *value = conf_alloc(c, len + 1);
	const char *s = *at;

	if (!value)
		return NULL;
	while (*s) {
		if (*s == ',' && *++s != ',')
			break;
		value[n++] = *s++;
	}
	*at = s;
	return value;
}

static int
word_add(const struct conf_ctx *c, struct conf_prop **list, const char *key,
	 const char **at)
{
	struct conf_prop *prop;

	for (prop = *list; prop; prop = prop->next)
		if (!strcmp(prop->key, key))
			return conf_fail(c, "'%s' is given twice", key);
	prop = conf_alloc(c, sizeof(*prop));
	if (!prop)
		return -ENOMEM;
	prop->key = key;
	prop->value = word_value(c, at);
	if (!prop->value)
		return -ENOMEM;
	CONF_APPEND(*list, prop);
	return 0;
}

int
conf_split(const struct conf_ctx *c, const char *text, const char *implied,
	   struct conf_prop **out)
{
	const char *s = text;

	*out = NULL;
	while (*s) {
		size_t len = strcspn(s, "=,");
		const char *key = implied;
		int err;

		if (s[len] == '=' && len > 0) {
			key = conf_strndup(c, s, len);
			if (!key)
				return -ENOMEM;
			s += len + 1;
		} else if (s != text || !implied) {
			return conf_fail(c,
					 "'%.*s' is not key=value (a comma "
					 "inside a value is written ',,')",
					 (int)strcspn(s, ","), s);
		}
		err = word_add(c, out, key, &s);
		if (err)
			return err;
	}
	return 0;
}

const char *
conf_take(struct conf_prop **list, const char *key)
{
	struct conf_prop **at, *prop;

	for (at = list; *at; at = &(*at)->next) {
		prop = *at;
		if (strcmp(prop->key, key))
			continue;
		*at = prop->next;
		return prop->value;
	}
	return NULL;
}

int
conf_none_left(const struct conf_ctx *c, const struct conf_prop *list,
	       const char *allowed)
{
	if (!list)
		return 0;
	return conf_fail(c, "unknown key '%s'; allowed: %s", list->key,
			 allowed);
}

int
conf_number(const struct conf_ctx *c, const char *key, const char *text,
	    unsigned max, unsigned *out)
{
	uint64_t value;

	if (!text)
		return 0;
	if (host_number(text, max, &value))
		return conf_fail(c, "%s: '%s' is not a number from 0 to %u",
				 key, text, max);
	*out = (unsigned)value;
	return 0;
}

int
conf_on_off(const struct conf_ctx *c, const char *key, const char *text,
	    bool *out)
{
	if (!text || !host_switch(text, out))
		return 0;
	return conf_fail(c, "%s: '%s' is neither 'on' nor 'off'", key, text);
}

/* QEMU's `ignore` is left out: what was not written would be lost silently. */
int
conf_errors(const struct conf_ctx *c, const char *key, const char *text,
	    enum conf_errors *out)
{
	static const char *const word[] = {
		[CONF_ERRORS_REPORT] = "report",
		[CONF_ERRORS_STOP] = "stop",
		[CONF_ERRORS_ENOSPC] = "enospc",
	};
	unsigned i;

	if (!text)
		return 0;
	for (i = CONF_ERRORS_REPORT; i < sizeof(word) / sizeof(word[0]); i++) {
		if (strcmp(text, word[i]))
			continue;
		*out = (enum conf_errors)i;
		return 0;
	}
	return conf_fail(c, "%s: '%s' is none of report, stop, enospc", key,
			 text);
}

int
conf_check_id(const struct conf_ctx *c, const char *id)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-._";

	if (!id)
		return conf_fail(c, "'id' is missing");
	if (isalpha((unsigned char)*id) && !id[strspn(id, chars)])
		return 0;
	return conf_fail(c,
			 "id '%s': an id is a letter, then letters, digits or "
			 "any of '-._'",
			 id);
}
