/* SPDX-License-Identifier: MIT */
/*
 * What the tests of controller, keyboard and mouse share. Chapters of the IBM
 * PS/2 Hardware Interface Technical Reference are cited as KBC (keyboard and
 * auxiliary device controller), KBD (keyboard) and MOUSE.
 */
#ifndef TEST_GUEST_H
#define TEST_GUEST_H

#include <stdio.h>
#include <string.h>

#include <ioemu/bench.h>

#define A_BYTE 1000000u /* ns in which a keyboard can send its next byte */

static inline uint8_t
take(struct bench *b)
{
	assert_int_equal(bench_in8(b, 0x64) & 1, 1);
	return bench_in8(b, 0x60);
}

static inline void
empty(struct bench *b)
{
	assert_int_equal(bench_in8(b, 0x64) & 1, 0);
}

static inline void
mouse(struct bench *b, uint8_t byte)
{
	bench_out8(b, 0x64, 0xd4);
	bench_out8(b, 0x60, byte);
	assert_int_equal(bench_in8(b, 0x64) & 0x21, 0x21);
	assert_int_equal(bench_in8(b, 0x60), 0xfa);
}

static inline void
key(struct bench *b, const char *codes)
{
	char what[64] = "key ", text[64];

	strcat(what, codes);
	assert_true(bench_query(b, "i8042", what, text, sizeof(text)) > 0);
	bench_settle(b);
}

static inline void
kbd(struct bench *b, uint8_t byte)
{
	bench_out8(b, 0x60, byte);
	assert_int_equal(take(b), 0xfa);
}

static inline void
command_byte(struct bench *b, uint8_t byte)
{
	bench_out8(b, 0x64, 0x60);
	bench_out8(b, 0x60, byte);
}

static inline void
codes(struct bench *b, const char *bytes, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		assert_int_equal(take(b), (uint8_t)bytes[i]);
		bench_advance(b, A_BYTE);
	}
	empty(b);
}

static inline void
move(struct bench *b, const char *how)
{
	char what[64] = "mouse ", text[64];

	strcat(what, how);
	assert_true(bench_query(b, "i8042", what, text, sizeof(text)) > 0);
	bench_settle(b);
}

static inline void
packet(struct bench *b, uint8_t first, uint8_t dx, uint8_t dy)
{
	assert_int_equal(bench_in8(b, 0x64) & 0x21, 0x21);
	assert_int_equal(take(b), first);
	assert_int_equal(take(b), dx);
	assert_int_equal(take(b), dy);
}

static inline void
mouse_says(struct bench *b, uint8_t byte, uint8_t answer)
{
	bench_out8(b, 0x64, 0xd4);
	bench_out8(b, 0x60, byte);
	assert_int_equal(bench_in8(b, 0x64) & 0x21, 0x21);
	assert_int_equal(bench_in8(b, 0x60), answer);
}

#endif
