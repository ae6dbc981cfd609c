/* SPDX-License-Identifier: MIT */
/* test_guest.h - what a VGA BIOS does to the registers. */
#ifndef TEST_GUEST_H
#define TEST_GUEST_H

#include <ioemu/bench.h>

#define FB 0xf0000000u
#define MMIO 0xf1000000u
#define WINDOW 0xa0000u

enum { ID, XRES, YRES, BPP, ENABLE, BANK, VWIDTH, VHEIGHT, XOFF, YOFF, MEM64K };

static inline void
seq(struct bench *b, uint8_t index, uint8_t value)
{
	bench_out16(b, 0x3c4, (uint16_t)(value << 8 | index));
}

static inline void
gfx(struct bench *b, uint8_t index, uint8_t value)
{
	bench_out16(b, 0x3ce, (uint16_t)(value << 8 | index));
}

static inline void
crtc(struct bench *b, uint8_t index, uint8_t value)
{
	bench_out16(b, 0x3d4, (uint16_t)(value << 8 | index));
}

static inline void
vbe(struct bench *b, uint16_t index, uint16_t value)
{
	bench_out16(b, 0x1ce, index);
	bench_out16(b, 0x1d0, value);
}

static inline uint16_t
vbe_get(struct bench *b, uint16_t index)
{
	bench_out16(b, 0x1ce, index);
	return bench_in16(b, 0x1cf);
}

static inline void
bars_on(struct bench *b)
{
	bench_cfg_write(b, "VGA", 0x10, 4, FB);
	bench_cfg_write(b, "VGA", 0x18, 4, MMIO);
	bench_cfg_write(b, "VGA", 0x04, 2, 0x0003);
}

/* Mode 3, as far as this VGA looks at it. */
static inline void
text_mode(struct bench *b)
{
	bench_out8(b, 0x3c2, 0x67);
	seq(b, 2, 0x03);
	seq(b, 4, 0x02);
	gfx(b, 5, 0x10);
	gfx(b, 6, 0x0e);
	gfx(b, 8, 0xff);
	crtc(b, 0x11, 0x0e);
	crtc(b, 0x01, 79);
	crtc(b, 0x07, 0x1f);
	crtc(b, 0x09, 0x4f);
	crtc(b, 0x12, 0x8f);
	crtc(b, 0x13, 40);
}

/* Mode 12h: 640 x 480, 16 colours in planes. */
static inline void
planar_mode(struct bench *b)
{
	bench_out8(b, 0x3c2, 0xe3);
	seq(b, 2, 0x0f);
	seq(b, 4, 0x06);
	gfx(b, 5, 0x00);
	gfx(b, 6, 0x05);
	gfx(b, 7, 0x0f);
	gfx(b, 8, 0xff);
	crtc(b, 0x01, 79);
	crtc(b, 0x07, 0x3e);
	crtc(b, 0x09, 0x40);
	crtc(b, 0x12, 0xdf);
}

static inline void
expect(struct bench *b, const char *what, const char *answer)
{
	char buf[4096];

	assert_true(bench_query(b, "VGA", what, buf, sizeof(buf)) >= 0);
	assert_string_equal(buf, answer);
}

static inline uint8_t
window(struct bench *b, unsigned at)
{
	return (uint8_t)bench_read(b, IOEMU_MEM, WINDOW + at, 1);
}

static inline void
window_set(struct bench *b, unsigned at, uint8_t value)
{
	bench_write(b, IOEMU_MEM, WINDOW + at, 1, value);
}

#endif
