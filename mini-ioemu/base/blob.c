/* SPDX-License-Identifier: MIT */
#include "base/blob.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 65536u
#define MAX_TEXT 255u

void
blob_free(struct blob *b)
{
	free(b->p);
	*b = (struct blob){ .p = NULL };
}

uint8_t *
blob_room(struct blob *b, size_t n)
{
	size_t size = b->size ? b->size : FIRST_SIZE;
	uint8_t *p;

	while (size - b->len < n)
		size *= 2;
	if (size != b->size) {
		p = b->failed ? NULL : realloc(b->p, size);
		if (!p) {
			b->failed = true;
			return NULL;
		}
		b->p = p;
		b->size = size;
	}
	return b->p + b->len;
}

void
blob_bytes(struct blob *b, const void *bytes, size_t n)
{
	uint8_t *p = blob_room(b, n);

	if (!p)
		return;
	if (n)
		memcpy(p, bytes, n);
	b->len += n;
}

void
blob_u32(struct blob *b, uint32_t v)
{
	uint8_t bytes[4];

	ioemu_put_le32(bytes, v);
	blob_bytes(b, bytes, sizeof(bytes));
}

void
blob_u64(struct blob *b, uint64_t v)
{
	uint8_t bytes[8];

	ioemu_put_le64(bytes, v);
	blob_bytes(b, bytes, sizeof(bytes));
}

void
blob_text(struct blob *b, const char *text)
{
	uint8_t n = (uint8_t)strnlen(text, MAX_TEXT);

	blob_bytes(b, &n, 1);
	blob_bytes(b, text, n);
}

const uint8_t *
view_bytes(struct view *v, size_t n)
{
	const uint8_t *p = v->p;

	if (v->failed || n > v->left) {
		v->failed = true;
		return NULL;
	}
	v->p += n;
	v->left -= n;
	return p;
}

uint32_t
view_u32(struct view *v)
{
	const uint8_t *p = view_bytes(v, 4);

	return p ? ioemu_get_le32(p) : 0;
}

uint64_t
view_u64(struct view *v)
{
	const uint8_t *p = view_bytes(v, 8);

	return p ? ioemu_get_le64(p) : 0;
}

void
view_text(struct view *v, char text[256])
{
	const uint8_t *p = view_bytes(v, 1);
	size_t n = p ? *p : 0;

	p = view_bytes(v, n);
	text[p ? n : 0] = '\0';
	while (p && n--)
		text[n] = host_printable(p[n]);
}
