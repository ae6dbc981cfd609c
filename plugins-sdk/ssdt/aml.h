/* SPDX-License-Identifier: MIT */
/*
 * aml.h - the few opcodes of ACPI Machine Language that a table of devices
 * consists of (ACPI 6.4, chapter 20). Bytes in order into memory of the
 * caller's; what is written is what was said, nothing is checked but room.
 */
#ifndef SDK_SSDT_AML_H
#define SDK_SSDT_AML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AML_DEPTH 8u

struct aml {
	uint8_t *buf;
	size_t size, len;
	bool full; /* something did not fit: the rest means nothing */
	unsigned depth;
	size_t open[AML_DEPTH]; /* where the bodies begin */
};

void aml_init(struct aml *a, uint8_t *buf, size_t size);

void aml_bytes(struct aml *a, const void *data, size_t n);
/* Little-endian, as all of ACPI is; width 1, 2, 4 or 8. */
void aml_le(struct aml *a, uint64_t v, unsigned width);

/* Data: one object each, in the shortest form there is. */
void aml_integer(struct aml *a, uint64_t v);
void aml_string(struct aml *a, const char *s);
void aml_buffer(struct aml *a, const uint8_t *data, size_t n);

/* Name(seg, ...): an object must follow. A seg has up to 4 characters. */
void aml_name(struct aml *a, const char *seg);

/* What has a body: up to the aml_close() of it. */
void aml_scope(struct aml *a, const char *path); /* \seg.seg... */
void aml_device(struct aml *a, const char *seg);
void aml_package(struct aml *a, uint8_t n_elements);
void aml_close(struct aml *a);

#endif
