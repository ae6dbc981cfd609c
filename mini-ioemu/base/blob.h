/* SPDX-License-Identifier: MIT */
/*
 * blob.h - bytes put together, and taken apart without trust. Little-endian.
 */
#ifndef BASE_BLOB_H
#define BASE_BLOB_H

#include "host/host.h"

/* Grows as it needs to; `failed` if there was no memory. */
struct blob {
	uint8_t *p;
	size_t len, size;
	bool failed;
};

void blob_free(struct blob *b);
/* Room for n more bytes, at the end, not yet counted; NULL: failed. */
uint8_t *blob_room(struct blob *b, size_t n);
void blob_bytes(struct blob *b, const void *bytes, size_t n);
void blob_u32(struct blob *b, uint32_t v);
void blob_u64(struct blob *b, uint64_t v);
void blob_text(struct blob *b, const char *text); /* up to 255 bytes of it */

/* What is left. Past its end all is 0, `failed`. */
struct view {
	const uint8_t *p;
	size_t left;
	bool failed;
};

const uint8_t *view_bytes(struct view *v, size_t n); /* NULL: failed */
uint32_t view_u32(struct view *v);
uint64_t view_u64(struct view *v);
/* What cannot be printed becomes a dot. */
void view_text(struct view *v, char text[256]);

#endif
