/* SPDX-License-Identifier: MIT */
/*
 * The encoder. A body is written first and moved up when its length is known,
 * since the length in front of it takes one to four bytes. Knows no device and
 * no table.
 */
#include "aml.h"

#include <assert.h>
#include <string.h>

/* ACPI 6.4, 20.3 "AML Byte Stream Byte Values" */
#define OP_ONE 0x01
#define OP_NAME 0x08
#define PREFIX_BYTE 0x0a
#define PREFIX_WORD 0x0b
#define PREFIX_DWORD 0x0c
#define PREFIX_STRING 0x0d
#define PREFIX_QWORD 0x0e
#define OP_SCOPE 0x10
#define OP_BUFFER 0x11
#define OP_PACKAGE 0x12
#define PREFIX_EXT 0x5b
#define EXT_DEVICE 0x82
#define PREFIX_DUAL 0x2e
#define PREFIX_MULTI 0x2f

#define SEG 4u

void
aml_init(struct aml *a, uint8_t *buf, size_t size)
{
	*a = (struct aml){ .buf = buf, .size = size };
}

void
aml_bytes(struct aml *a, const void *data, size_t n)
{
	if (a->full || n > a->size - a->len) {
		a->full = true;
		return;
	}
	memcpy(a->buf + a->len, data, n);
	a->len += n;
}

void
aml_le(struct aml *a, uint64_t v, unsigned width)
{
	for (; width; width--, v >>= 8)
		aml_bytes(a, &(uint8_t){ (uint8_t)v }, 1);
}

static void
aml_byte(struct aml *a, uint8_t v)
{
	aml_bytes(a, &v, 1);
}

/* ---- data --------------------------------------------------------- */

void
aml_integer(struct aml *a, uint64_t v)
{
	if (v <= OP_ONE) { /* ZeroOp, OneOp */
		aml_byte(a, (uint8_t)v);
	} else if (v <= UINT8_MAX) {
		aml_byte(a, PREFIX_BYTE);
		aml_le(a, v, 1);
	} else if (v <= UINT16_MAX) {
		aml_byte(a, PREFIX_WORD);
		aml_le(a, v, 2);
	} else if (v <= UINT32_MAX) {
		aml_byte(a, PREFIX_DWORD);
		aml_le(a, v, 4);
	} else {
		aml_byte(a, PREFIX_QWORD);
		aml_le(a, v, 8);
	}
}

void
aml_string(struct aml *a, const char *s)
{
	aml_byte(a, PREFIX_STRING);
	aml_bytes(a, s, strlen(s) + 1);
}

static void
aml_seg(struct aml *a, const char *seg)
{
	char padded[SEG] = { '_', '_', '_', '_' };
	size_t n = strcspn(seg, ".");

	memcpy(padded, seg, n < SEG ? n : SEG);
	aml_bytes(a, padded, SEG);
}

/* ACPI 6.4, 20.2.2 "Name Objects Encoding" */
static void
aml_path(struct aml *a, const char *path)
{
	const char *dot;
	uint8_t n = 1;

	for (dot = path; *dot; dot++)
		n = (uint8_t)(n + (*dot == '.'));
	if (n == 2)
		aml_byte(a, PREFIX_DUAL);
	if (n > 2) {
		aml_byte(a, PREFIX_MULTI);
		aml_byte(a, n);
	}
	for (dot = path; dot; dot = strchr(dot, '.')) {
		dot += *dot == '.';
		aml_seg(a, dot);
	}
}

void
aml_name(struct aml *a, const char *seg)
{
	aml_byte(a, OP_NAME);
	aml_seg(a, seg);
}

/* ---- bodies ------------------------------------------------------- */

static void
aml_open(struct aml *a)
{
	assert(a->depth < AML_DEPTH);
	a->open[a->depth++] = a->len;
}

/*
 * ACPI 6.4, 20.2.4 "Package Length Encoding". It counts itself: one byte holds
 * lengths of 6 bits; else its top bits say how many bytes follow, and these
 * hold what 4 bits do not.
 */
static unsigned
pkg_length(uint8_t out[4], size_t body)
{
	unsigned n = 1, i;

	if (body + n > 0x3f)
		for (n = 2; n < 4 && (body + n) >> (4 + 8 * (n - 1)); n++)
			;
	if (n == 1) {
		out[0] = (uint8_t)(body + n);
		return n;
	}
	out[0] = (uint8_t)((n - 1) << 6 | ((body + n) & 0xf));
	for (i = 1; i < n; i++)
		out[i] = (uint8_t)((body + n) >> (4 + 8 * (i - 1)));
	return n;
}

void
aml_close(struct aml *a)
{
	uint8_t length[4];
	size_t at, body;
	unsigned n;

	assert(a->depth > 0);
	at = a->open[--a->depth];
	if (a->full)
		return;
	body = a->len - at;
	n = pkg_length(length, body);
	if (n > a->size - a->len) {
		a->full = true;
		return;
	}
	memmove(a->buf + at + n, a->buf + at, body);
	memcpy(a->buf + at, length, n);
	a->len += n;
}

void
aml_buffer(struct aml *a, const uint8_t *data, size_t n)
{
	aml_byte(a, OP_BUFFER);
	aml_open(a);
	aml_integer(a, n);
	aml_bytes(a, data, n);
	aml_close(a);
}

void
aml_scope(struct aml *a, const char *path)
{
	aml_byte(a, OP_SCOPE);
	aml_open(a);
	aml_byte(a, '\\');
	aml_path(a, path);
}

void
aml_device(struct aml *a, const char *seg)
{
	aml_byte(a, PREFIX_EXT);
	aml_byte(a, EXT_DEVICE);
	aml_open(a);
	aml_seg(a, seg);
}

void
aml_package(struct aml *a, uint8_t n_elements)
{
	aml_byte(a, OP_PACKAGE);
	aml_open(a);
	aml_byte(a, n_elements);
}
