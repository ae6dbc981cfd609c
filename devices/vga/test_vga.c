/* SPDX-License-Identifier: MIT */
/* The VGA as a VGA BIOS, boot loaders and kernels use it. */
#include <ioemu/bench.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FB 0xf0000000u
#define MMIO 0xf1000000u
#define ROM 0xf2000000u
#define WINDOW 0xa0000u
#define TEXT 0xb8000u
#define LOW 0x10000u /* what is saved of the frame buffer */
#define ROM_SIZE 3000u

enum { ID, XRES, YRES, BPP, ENABLE, BANK, VWIDTH, VHEIGHT, XOFF, YOFF, MEM64K };

static void
seq(struct bench *b, uint8_t index, uint8_t value)
{
	bench_out16(b, 0x3c4, (uint16_t)(value << 8 | index));
}

static void
gfx(struct bench *b, uint8_t index, uint8_t value)
{
	bench_out16(b, 0x3ce, (uint16_t)(value << 8 | index));
}

static void
crtc(struct bench *b, uint8_t index, uint8_t value)
{
	bench_out16(b, 0x3d4, (uint16_t)(value << 8 | index));
}

static void
vbe(struct bench *b, uint16_t index, uint16_t value)
{
	bench_out16(b, 0x1ce, index);
	bench_out16(b, 0x1d0, value);
}

static uint16_t
vbe_get(struct bench *b, uint16_t index)
{
	bench_out16(b, 0x1ce, index);
	return bench_in16(b, 0x1cf);
}

static void
bars_on(struct bench *b)
{
	bench_cfg_write(b, "VGA", 0x10, 4, FB);
	bench_cfg_write(b, "VGA", 0x18, 4, MMIO);
	bench_cfg_write(b, "VGA", 0x04, 2, 0x0003);
}

/* Mode 3, as far as this VGA looks at it. */
static void
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
static void
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

static void
put(struct bench *b, unsigned at, const char *text)
{
	for (; *text; text++, at++)
		bench_write(b, IOEMU_MEM, TEXT + 2 * at, 2,
			    (uint64_t)(0x0700 | (uint8_t)*text));
}

static void
expect(struct bench *b, const char *what, const char *answer)
{
	char buf[4096];

	assert_true(bench_query(b, "VGA", what, buf, sizeof(buf)) >= 0);
	assert_string_equal(buf, answer);
}

static uint8_t
window(struct bench *b, unsigned at)
{
	return (uint8_t)bench_read(b, IOEMU_MEM, WINDOW + at, 1);
}

static void
window_set(struct bench *b, unsigned at, uint8_t value)
{
	bench_write(b, IOEMU_MEM, WINDOW + at, 1, value);
}

static uint8_t
plane(struct bench *b, unsigned n, unsigned at)
{
	gfx(b, 4, (uint8_t)n);
	return window(b, at);
}

/* ---- PCI --------------------------------------------------------------------
 */

static void
identity_is_that_of_the_standard_vga(struct bench *b)
{
	assert_int_equal(bench_cfg_read(b, "VGA", 0, 4), 0x11111234);
	assert_int_equal(bench_cfg_read(b, "VGA", 8, 4), 0x03000002);
	assert_int_equal(bench_cfg_read(b, "VGA", 0x3d, 1), 0);
}

static void
hvmloader_sizes_the_bars(struct bench *b)
{
	unsigned reg;

	for (reg = 0x10; reg <= 0x30; reg += 4)
		bench_cfg_write(b, "VGA", reg, 4, 0xffffffff);
	assert_int_equal(bench_cfg_read(b, "VGA", 0x10, 4), 0xffe00008);
	assert_int_equal(bench_cfg_read(b, "VGA", 0x14, 4), 0);
	assert_int_equal(bench_cfg_read(b, "VGA", 0x18, 4), 0xfffff000);
	assert_int_equal(bench_cfg_read(b, "VGA", 0x30, 4), 0);
}

static void
the_rom_is_read_through_its_bar(struct bench *b)
{
	uint8_t page[4096];
	unsigned i;

	bench_cfg_write(b, "VGA", 0x30, 4, 0xfffffffe);
	assert_int_equal(bench_cfg_read(b, "VGA", 0x30, 4), 0xfffff000);
	bench_cfg_write(b, "VGA", 0x30, 4, ROM | 1);
	bench_cfg_write(b, "VGA", 0x04, 2, 0x0002);
	assert_int_equal(bench_read(b, IOEMU_MEM, ROM, 2), 0xaa55);
	assert_int_equal(bench_read(b, IOEMU_MEM, ROM + 0xfff, 1), 0);
	bench_string(b, IOEMU_MEM, ROM, 4, 1024, false, page);
	for (i = 2; i < sizeof(page); i++)
		assert_int_equal(page[i], i < ROM_SIZE ? (uint8_t)i : 0);
	bench_write(b, IOEMU_MEM, ROM, 4, 0);
	assert_int_equal(bench_read(b, IOEMU_MEM, ROM, 2), 0xaa55);
}

/* ---- frame buffer -----------------------------------------------------------
 */

static void
the_frame_buffer_takes_every_width(struct bench *b)
{
	bars_on(b);
	bench_write(b, IOEMU_MEM, FB + 8, 8, 0x0807060504030201);
	assert_int_equal(bench_read(b, IOEMU_MEM, FB + 8, 1), 0x01);
	assert_int_equal(bench_read(b, IOEMU_MEM, FB + 10, 2), 0x0403);
	assert_int_equal(bench_read(b, IOEMU_MEM, FB + 12, 4), 0x08070605);
	bench_write(b, IOEMU_MEM, FB + 9, 1, 0xaa);
	bench_write(b, IOEMU_MEM, FB + 10, 2, 0xcccc);
	bench_write(b, IOEMU_MEM, FB + 12, 4, 0xdddddddd);
	assert_int_equal(bench_read(b, IOEMU_MEM, FB + 8, 8),
			 0xddddddddccccaa01);
}

static void
a_string_moves_a_page_of_the_frame_buffer(struct bench *b)
{
	uint8_t out[4096], in[4096];
	unsigned i;

	bars_on(b);
	for (i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i * 7);
	bench_string(b, IOEMU_MEM, FB + 0x1003, 4, 1024, true, out);
	bench_string(b, IOEMU_MEM, FB + 0x1003, 4, 1024, false, in);
	assert_memory_equal(in, out, sizeof(out));
}

/* The far side is memory that no state holds: kept, or zero after a load. */
static void
a_string_crosses_the_end_of_what_is_saved(struct bench *b)
{
	uint8_t out[256], in[256], zero[128] = { 0 };

	bars_on(b);
	memset(out, 0x5a, sizeof(out));
	bench_string(b, IOEMU_MEM, FB + LOW - 128, 1, 256, true, out);
	bench_string(b, IOEMU_MEM, FB + LOW - 128, 1, 256, false, in);
	assert_memory_equal(in, out, 128);
	if (in[128])
		assert_memory_equal(in + 128, out, 128);
	else
		assert_memory_equal(in + 128, zero, 128);
}

static void
the_last_byte_of_the_frame_buffer_is_there(struct bench *b)
{
	bars_on(b);
	bench_write(b, IOEMU_MEM, FB + (2u << 20) - 8, 8, 0);
	assert_int_equal(bench_read(b, IOEMU_MEM, FB + (2u << 20) - 8, 8), 0);
	assert_int_equal(bench_read(b, IOEMU_MEM, FB + (2u << 20), 1), 0xff);
}

/* ---- registers --------------------------------------------------------------
 */

static void
attribute_index_and_data_take_turns(struct bench *b)
{
	(void)bench_in8(b, 0x3da);
	bench_out8(b, 0x3c2, 0x67);
	(void)bench_in8(b, 0x3da);
	bench_out8(b, 0x3c0, 0x10);
	bench_out8(b, 0x3c0, 0x0c);
	bench_out8(b, 0x3c0, 0x33);
	assert_int_equal(bench_in8(b, 0x3c0), 0x33);
	(void)bench_in8(b, 0x3da);
	bench_out8(b, 0x3c0, 0x10);
	assert_int_equal(bench_in8(b, 0x3c1), 0x0c);
}

static void
a_colour_of_the_dac_changes_with_its_third_byte(struct bench *b)
{
	bench_out8(b, 0x3c8, 5);
	bench_out8(b, 0x3c9, 0x11);
	bench_out8(b, 0x3c9, 0x22);
	bench_out8(b, 0x3c7, 5);
	assert_int_equal(bench_in8(b, 0x3c7), 3);
	assert_int_equal(bench_in8(b, 0x3c9), 0);
	bench_out8(b, 0x3c8, 5);
	bench_out8(b, 0x3c9, 0x11);
	bench_out8(b, 0x3c9, 0x22);
	bench_out8(b, 0x3c9, 0xff);
	assert_int_equal(bench_in8(b, 0x3c8), 6);
	bench_out8(b, 0x3c7, 5);
	assert_int_equal(bench_in8(b, 0x3c9), 0x11);
	assert_int_equal(bench_in8(b, 0x3c9), 0x22);
	assert_int_equal(bench_in8(b, 0x3c9), 0x3f);
}

static void
the_palette_wraps_after_256_colours(struct bench *b)
{
	unsigned i;

	bench_out8(b, 0x3c8, 0xff);
	for (i = 0; i < 6; i++)
		bench_out8(b, 0x3c9, (uint8_t)i);
	bench_out8(b, 0x3c7, 0);
	assert_int_equal(bench_in8(b, 0x3c9), 3);
}

static void
crtc_registers_0_to_7_can_be_protected(struct bench *b)
{
	bench_out8(b, 0x3c2, 0x67);
	crtc(b, 0x00, 0x5f);
	crtc(b, 0x07, 0x0f);
	crtc(b, 0x11, 0x8e);
	crtc(b, 0x00, 0xff);
	crtc(b, 0x07, 0xff);
	crtc(b, 0x08, 0x55);
	bench_out8(b, 0x3d4, 0x00);
	assert_int_equal(bench_in8(b, 0x3d5), 0x5f);
	bench_out8(b, 0x3d4, 0x07);
	assert_int_equal(bench_in8(b, 0x3d5), 0x1f);
	bench_out8(b, 0x3d4, 0x08);
	assert_int_equal(bench_in8(b, 0x3d5), 0x55);
}

static void
the_colour_bit_moves_the_crtc(struct bench *b)
{
	bench_out8(b, 0x3c2, 0x66);
	bench_out16(b, 0x3b4, 0x120e);
	assert_int_equal(bench_in8(b, 0x3b5), 0x12);
	assert_int_equal(bench_in8(b, 0x3d5), 0xff);
	bench_out8(b, 0x3c2, 0x67);
	assert_int_equal(bench_in8(b, 0x3cc), 0x67);
	assert_int_equal(bench_in8(b, 0x3b5), 0xff);
	assert_int_equal(bench_in8(b, 0x3d5), 0x12);
}

static void
a_loop_that_waits_for_retrace_ends(struct bench *b)
{
	unsigned turns = 0;

	bench_out8(b, 0x3c2, 0x67);
	while (bench_in8(b, 0x3da) & 0x08)
		assert_true(turns++ < 4);
	while (!(bench_in8(b, 0x3da) & 0x08))
		assert_true(turns++ < 4);
}

static void
a_parallel_port_at_3bc_is_left_alone(struct bench *b)
{
	bench_out8(b, 0x3bc, 0x55);
	assert_int_equal(bench_in32(b, 0x3bc), 0xffffffff);
}

/* ---- text -------------------------------------------------------------------
 */

static void
text_is_read_as_lines(struct bench *b)
{
	char want[128] = "Hello, \"world\"..\n\n    indented\n";

	text_mode(b);
	put(b, 0, "Hello, \"world\"\x80\x01   ");
	put(b, 160, "    indented");
	memset(want + strlen(want), '\n', 22);
	expect(b, "text", want);
	expect(b, "mode", "text 80x25");
}

static void
the_start_address_scrolls_the_text(struct bench *b)
{
	char want[64] = "second\n";

	text_mode(b);
	put(b, 0, "first");
	put(b, 80, "second");
	crtc(b, 0x0d, 80);
	memset(want + strlen(want), '\n', 24);
	expect(b, "text", want);
}

static void
other_text_geometries_are_honoured(struct bench *b)
{
	char want[64] = "wide\nnext\n";

	text_mode(b);
	crtc(b, 0x01, 39);
	crtc(b, 0x13, 20);
	crtc(b, 0x09, 0x07);
	put(b, 0, "wide");
	put(b, 40, "next");
	memset(want + strlen(want), '\n', 48);
	expect(b, "text", want);
	expect(b, "mode", "text 40x50");
}

static void
text_that_does_not_fit_the_answer_is_left_out(struct bench *b)
{
	char buf[8];

	text_mode(b);
	put(b, 0, "12345");
	put(b, 80, "6789");
	assert_int_equal(bench_query(b, "VGA", "text", buf, 7), 6);
	assert_string_equal(buf, "12345\n");
	assert_int_equal(bench_query(b, "VGA", "text", buf, 1), 0);
	assert_true(bench_query(b, "VGA", "colour", buf, 8) < 0);
}

static void
characters_and_attributes_can_be_read_back(struct bench *b)
{
	text_mode(b);
	bench_write(b, IOEMU_MEM, TEXT + 4, 4, 0x1f421e41);
	assert_int_equal(bench_read(b, IOEMU_MEM, TEXT + 4, 1), 0x41);
	assert_int_equal(bench_read(b, IOEMU_MEM, TEXT + 5, 1), 0x1e);
	assert_int_equal(bench_read(b, IOEMU_MEM, TEXT + 4, 4), 0x1f421e41);
}

static void
a_font_is_loaded_beside_the_text(struct bench *b)
{
	char want[32] = "kept\n";

	text_mode(b);
	put(b, 0, "kept");
	seq(b, 2, 0x04);
	seq(b, 4, 0x07);
	gfx(b, 4, 0x02);
	gfx(b, 5, 0x00);
	gfx(b, 6, 0x04);
	window_set(b, 'A' * 32, 0x81);
	window_set(b, 'A' * 32 + 1, 0x42);
	assert_int_equal(window(b, 'A' * 32), 0x81);
	assert_int_equal(window(b, 'A' * 32 + 1), 0x42);
	text_mode(b);
	gfx(b, 4, 0x00);
	memset(want + strlen(want), '\n', 24);
	expect(b, "text", want);
}

static void
only_the_selected_window_is_decoded(struct bench *b)
{
	text_mode(b);
	put(b, 0, "X");
	window_set(b, 0, 0x00);
	assert_int_equal(window(b, 0), 0xff);
	assert_int_equal(bench_read(b, IOEMU_MEM, 0xb0000, 1), 0xff);
	assert_int_equal(bench_read(b, IOEMU_MEM, TEXT, 1), 'X');
	gfx(b, 6, 0x0a); /* monochrome */
	assert_int_equal(bench_read(b, IOEMU_MEM, TEXT, 1), 0xff);
	assert_int_equal(bench_read(b, IOEMU_MEM, 0xb0000, 1), 'X');
	bench_out8(b, 0x3c2, 0x65); /* memory off */
	assert_int_equal(bench_read(b, IOEMU_MEM, 0xb0000, 1), 0xff);
}

/* ---- planes -----------------------------------------------------------------
 */

static void
planes_are_written_by_map_mask_and_read_one_by_one(struct bench *b)
{
	unsigned i;

	planar_mode(b);
	expect(b, "mode", "graphics 640x480x4");
	expect(b, "text", "");
	for (i = 0; i < 4; i++) {
		seq(b, 2, (uint8_t)(1u << i));
		window_set(b, 100, (uint8_t)(0x10 + i));
	}
	for (i = 0; i < 4; i++)
		assert_int_equal(plane(b, i, 100), 0x10 + i);
}

static void
write_mode_0_sets_and_rotates(struct bench *b)
{
	planar_mode(b);
	gfx(b, 0, 0x02);
	gfx(b, 1, 0x03);
	gfx(b, 3, 0x04);
	window_set(b, 0, 0x1f);
	assert_int_equal(plane(b, 0, 0), 0x00);
	assert_int_equal(plane(b, 1, 0), 0xff);
	assert_int_equal(plane(b, 2, 0), 0xf1);
}

static void
the_bit_mask_keeps_latched_bits(struct bench *b)
{
	planar_mode(b);
	window_set(b, 3, 0xaa);
	gfx(b, 8, 0x0f);
	(void)window(b, 3);
	window_set(b, 3, 0x55);
	assert_int_equal(plane(b, 2, 3), 0xa5);
}

static void
logic_functions_combine_with_the_latch(struct bench *b)
{
	static const uint8_t want[] = { 0x0f, 0x0c & 0x0f, 0xcf, 0xc3 };
	unsigned i;

	for (i = 0; i < 4; i++) {
		planar_mode(b);
		gfx(b, 3, 0);
		window_set(b, 9, 0xcc);
		gfx(b, 3, (uint8_t)(i << 3));
		(void)window(b, 9);
		window_set(b, 9, 0x0f);
		assert_int_equal(plane(b, 0, 9), want[i]);
	}
}

static void
write_mode_1_copies_all_planes(struct bench *b)
{
	unsigned i;

	planar_mode(b);
	for (i = 0; i < 4; i++) {
		seq(b, 2, (uint8_t)(1u << i));
		window_set(b, 0, (uint8_t)(0xa0 + i));
	}
	seq(b, 2, 0x0f);
	gfx(b, 5, 0x01);
	(void)window(b, 0);
	window_set(b, 1000, 0x00);
	for (i = 0; i < 4; i++)
		assert_int_equal(plane(b, i, 1000), 0xa0 + i);
}

static void
write_mode_2_writes_a_colour(struct bench *b)
{
	planar_mode(b);
	gfx(b, 5, 0x02);
	gfx(b, 8, 0xf0);
	(void)window(b, 50);
	window_set(b, 50, 0x05);
	assert_int_equal(plane(b, 0, 50), 0xf0);
	assert_int_equal(plane(b, 1, 50), 0x00);
	assert_int_equal(plane(b, 2, 50), 0xf0);
}

static void
write_mode_3_masks_by_the_data(struct bench *b)
{
	planar_mode(b);
	gfx(b, 0, 0x01);
	gfx(b, 5, 0x03);
	gfx(b, 8, 0x3c);
	(void)window(b, 60);
	window_set(b, 60, 0xf0);
	assert_int_equal(plane(b, 0, 60), 0x30);
	assert_int_equal(plane(b, 1, 60), 0x00);
}

static void
read_mode_1_compares_colours(struct bench *b)
{
	planar_mode(b);
	gfx(b, 5, 0x02);
	window_set(b, 70, 0x05);
	gfx(b, 5, 0x08);
	gfx(b, 2, 0x05);
	assert_int_equal(window(b, 70), 0xff);
	gfx(b, 2, 0x07);
	assert_int_equal(window(b, 70), 0x00);
	gfx(b, 7, 0x0d); /* plane 1 does not matter */
	assert_int_equal(window(b, 70), 0xff);
}

static void
mode_13h_is_linear(struct bench *b)
{
	planar_mode(b);
	seq(b, 4, 0x0e);
	crtc(b, 0x07, 0x1f);
	crtc(b, 0x09, 0x41);
	crtc(b, 0x12, 0x8f);
	expect(b, "mode", "graphics 320x200x8");
	bench_write(b, IOEMU_MEM, WINDOW + 320 * 199 + 316, 4, 0x04030201);
	assert_int_equal(window(b, 320 * 199 + 317), 0x02);
	bars_on(b);
	assert_int_equal(bench_read(b, IOEMU_MEM, FB + 320 * 199 + 316, 4),
			 0x04030201);
}

/* ---- VBE --------------------------------------------------------------------
 */

static void
a_vga_bios_detects_vbe(struct bench *b)
{
	vbe(b, ID, 0xb0c0);
	assert_int_equal(vbe_get(b, ID), 0xb0c0);
	vbe(b, ID, 0xb0c5);
	vbe(b, ID, 0xb0c6);
	assert_int_equal(vbe_get(b, ID), 0xb0c5);
	assert_int_equal(vbe_get(b, MEM64K), 32);
	assert_int_equal(bench_in16(b, 0x1ce), MEM64K);
}

/* The word at 0x1cf is what software uses; it lies across two others. */
static void
data_is_at_1cf_and_at_1d0(struct bench *b)
{
	bench_out16(b, 0x1ce, XRES);
	bench_out16(b, 0x1cf, 0x0320);
	assert_int_equal(bench_in16(b, 0x1cf), 0x0320);
	assert_int_equal(bench_in16(b, 0x1d0), 0x0320);
	bench_out16(b, 0x1d0, 0x0400);
	assert_int_equal(bench_in16(b, 0x1cf), 0x0400);
}

static void
capabilities_are_read_with_getcaps(struct bench *b)
{
	vbe(b, XRES, 640);
	vbe(b, ENABLE, 0x02);
	assert_int_equal(vbe_get(b, XRES), 16000);
	assert_int_equal(vbe_get(b, YRES), 12000);
	assert_int_equal(vbe_get(b, BPP), 32);
	vbe(b, ENABLE, 0x00);
	assert_int_equal(vbe_get(b, XRES), 640);
}

static void
enabling_a_mode_sets_its_geometry_and_clears(struct bench *b)
{
	bars_on(b);
	bench_write(b, IOEMU_MEM, FB + 0x100, 4, 0x12345678);
	vbe(b, XRES, 800);
	vbe(b, YRES, 600);
	vbe(b, BPP, 32);
	vbe(b, ENABLE, 0xc1); /* do not clear */
	assert_int_equal(bench_read(b, IOEMU_MEM, FB + 0x100, 4), 0x12345678);
	assert_int_equal(vbe_get(b, VWIDTH), 800);
	assert_int_equal(vbe_get(b, VHEIGHT), (2 << 20) / 3200);
	expect(b, "mode", "graphics 800x600x32");
	vbe(b, ENABLE, 0x00);
	vbe(b, ENABLE, 0x41);
	assert_int_equal(bench_read(b, IOEMU_MEM, FB + 0x100, 4), 0);
}

static void
a_mode_that_is_too_large_is_cut_to_the_memory(struct bench *b)
{
	vbe(b, XRES, 0xffff);
	vbe(b, YRES, 0xffff);
	vbe(b, BPP, 17);
	vbe(b, ENABLE, 0x01);
	assert_int_equal(vbe_get(b, BPP), 8);
	assert_int_equal(vbe_get(b, XRES), 16000);
	assert_int_equal(vbe_get(b, YRES), (2 << 20) / 16000);
	vbe(b, XRES, 0);
	vbe(b, YRES, 0);
	vbe(b, VWIDTH, 0);
	assert_int_equal(vbe_get(b, XRES), 8);
	assert_int_equal(vbe_get(b, YRES), 1);
	assert_int_equal(vbe_get(b, VWIDTH), 8);
}

static void
banks_move_the_window_over_the_frame_buffer(struct bench *b)
{
	bench_out8(b, 0x3c2, 0x67);
	bars_on(b);
	vbe(b, XRES, 1024);
	vbe(b, YRES, 768);
	vbe(b, BPP, 8);
	vbe(b, ENABLE, 0x01);
	window_set(b, 0x1234, 0x99);
	assert_int_equal(bench_read(b, IOEMU_MEM, FB + 0x1234, 1), 0x99);
	vbe(b, BANK, 5);
	assert_int_equal(vbe_get(b, BANK), 5);
	assert_int_equal(window(b, 0x1234), 0);
	vbe(b, BANK, 0xffff);
	assert_int_equal(vbe_get(b, BANK), 31);
	vbe(b, BANK, 0);
	assert_int_equal(window(b, 0x1234), 0x99);
}

static void
the_dac_has_8_bits_if_vbe_says_so(struct bench *b)
{
	unsigned i;

	vbe(b, ENABLE, 0x20);
	bench_out8(b, 0x3c8, 1);
	for (i = 0; i < 3; i++)
		bench_out8(b, 0x3c9, 0xff);
	bench_out8(b, 0x3c7, 1);
	assert_int_equal(bench_in8(b, 0x3c9), 0xff);
}

/* Linux, drm/tiny/bochs.c. */
static void
the_mmio_bar_mirrors_registers(struct bench *b)
{
	bars_on(b);
	assert_int_equal(bench_read(b, IOEMU_MEM, MMIO + 0x500, 2), 0xb0c5);
	bench_write(b, IOEMU_MEM, MMIO + 0x502, 2, 1280);
	assert_int_equal(vbe_get(b, XRES), 1280);
	bench_write(b, IOEMU_MEM, MMIO + 0x402, 1, 0x67);
	assert_int_equal(bench_in8(b, 0x3cc), 0x67);
	bench_write(b, IOEMU_MEM, MMIO + 0x414, 2, 0x340f);
	assert_int_equal(bench_in8(b, 0x3d5), 0x34);
	assert_int_equal(bench_read(b, IOEMU_MEM, MMIO + 0x414, 2), 0x340f);
	assert_int_equal(bench_read(b, IOEMU_MEM, MMIO, 8), UINT64_MAX);
	assert_int_equal(bench_read(b, IOEMU_MEM, MMIO + 0x600, 4), 0xffffffff);
	assert_int_equal(bench_read(b, IOEMU_MEM, MMIO + 0x501, 1), 0xff);
}

/* ---- hostile ----------------------------------------------------------------
 */

static void
every_port_takes_every_width(struct bench *b)
{
	unsigned port, size;

	for (port = 0x3ae; port < 0x3e2; port++) {
		for (size = 1; size <= 4; size *= 2) {
			bench_write(b, IOEMU_IO, port, size, 0xfedcba98);
			(void)bench_read(b, IOEMU_IO, port, size);
		}
	}
	for (port = 0x1cc; port < 0x1d4; port++) {
		for (size = 1; size <= 4; size *= 2) {
			bench_write(b, IOEMU_IO, port, size, 0x00040004);
			(void)bench_read(b, IOEMU_IO, port, size);
		}
	}
}

static unsigned
dice(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static void
anything_at_all_is_survived(struct bench *b)
{
	static const uint16_t ports[] = { 0x3c4, 0x3ce, 0x3d4, 0x3c2,
					  0x3c9, 0x3c0, 0x1ce, 0x1d0 };
	uint32_t seed = 1;
	char buf[300];
	unsigned i;

	bars_on(b);
	for (i = 0; i < 1000; i++) {
		bench_out16(b, ports[dice(&seed) % 8],
			    (uint16_t)(i & 1 ? dice(&seed) : dice(&seed) % 12));
		bench_write(b, IOEMU_MEM, WINDOW + dice(&seed) % 0x20000, 4,
			    dice(&seed));
		(void)bench_read(b, IOEMU_MEM, WINDOW + dice(&seed) % 0x20000,
				 8);
		(void)bench_read(b, IOEMU_MEM, FB + dice(&seed) % 0x200000, 8);
		(void)bench_query(b, "VGA", i & 1 ? "text" : "mode", buf,
				  1 + dice(&seed) % sizeof(buf));
	}
}

/* ---- main -------------------------------------------------------------------
 */

/* A ROM image that is no power of two. */
static bool
rom_make(char *path)
{
	uint8_t rom[ROM_SIZE];
	int fd = mkstemp(path);
	unsigned i;
	bool ok;

	if (fd < 0)
		return false;
	for (i = 0; i < sizeof(rom); i++)
		rom[i] = (uint8_t)i;
	rom[0] = 0x55;
	rom[1] = 0xaa;
	ok = write(fd, rom, sizeof(rom)) == sizeof(rom);
	return !close(fd) && ok;
}

int
main(int argc, char **argv)
{
	static const char *const devices[] = { "VGA,vgamem_mb=2,romfile=",
					       NULL };
	char path[] = "/tmp/test_vga.XXXXXX", arg[64];
	const char *const with_rom[] = { arg, NULL };
	const struct bench_test tests[] = {
		BENCH_TEST(identity_is_that_of_the_standard_vga),
		BENCH_TEST(hvmloader_sizes_the_bars),
		BENCH_TEST_WITH(the_rom_is_read_through_its_bar, with_rom),
		BENCH_TEST(the_frame_buffer_takes_every_width),
		BENCH_TEST(a_string_moves_a_page_of_the_frame_buffer),
		BENCH_TEST(a_string_crosses_the_end_of_what_is_saved),
		BENCH_TEST(the_last_byte_of_the_frame_buffer_is_there),
		BENCH_TEST(attribute_index_and_data_take_turns),
		BENCH_TEST(a_colour_of_the_dac_changes_with_its_third_byte),
		BENCH_TEST(the_palette_wraps_after_256_colours),
		BENCH_TEST(crtc_registers_0_to_7_can_be_protected),
		BENCH_TEST(the_colour_bit_moves_the_crtc),
		BENCH_TEST(a_loop_that_waits_for_retrace_ends),
		BENCH_TEST(a_parallel_port_at_3bc_is_left_alone),
		BENCH_TEST(text_is_read_as_lines),
		BENCH_TEST(the_start_address_scrolls_the_text),
		BENCH_TEST(other_text_geometries_are_honoured),
		BENCH_TEST(text_that_does_not_fit_the_answer_is_left_out),
		BENCH_TEST(characters_and_attributes_can_be_read_back),
		BENCH_TEST(a_font_is_loaded_beside_the_text),
		BENCH_TEST(only_the_selected_window_is_decoded),
		BENCH_TEST(planes_are_written_by_map_mask_and_read_one_by_one),
		BENCH_TEST(write_mode_0_sets_and_rotates),
		BENCH_TEST(the_bit_mask_keeps_latched_bits),
		BENCH_TEST(logic_functions_combine_with_the_latch),
		BENCH_TEST(write_mode_1_copies_all_planes),
		BENCH_TEST(write_mode_2_writes_a_colour),
		BENCH_TEST(write_mode_3_masks_by_the_data),
		BENCH_TEST(read_mode_1_compares_colours),
		BENCH_TEST(mode_13h_is_linear),
		BENCH_TEST(a_vga_bios_detects_vbe),
		BENCH_TEST(data_is_at_1cf_and_at_1d0),
		BENCH_TEST(capabilities_are_read_with_getcaps),
		BENCH_TEST(enabling_a_mode_sets_its_geometry_and_clears),
		BENCH_TEST(a_mode_that_is_too_large_is_cut_to_the_memory),
		BENCH_TEST(banks_move_the_window_over_the_frame_buffer),
		BENCH_TEST(the_dac_has_8_bits_if_vbe_says_so),
		BENCH_TEST(the_mmio_bar_mirrors_registers),
		BENCH_TEST(every_port_takes_every_width),
		BENCH_TEST(anything_at_all_is_survived),
	};
	int rc = 1;

	if (rom_make(path)) {
		snprintf(arg, sizeof(arg), "VGA,vgamem_mb=2,romfile=%s", path);
		rc = bench_main(argc, argv, devices, tests,
				sizeof(tests) / sizeof(tests[0]));
	}
	unlink(path);
	return rc;
}
