/* SPDX-License-Identifier: MIT */
/* What is in the planes: text, 16 colours, 256 colours; and how the windows at
 * 0xa0000 to 0xbffff lead there. */
#include "test_guest.h"

#include <string.h>

#define TEXT 0xb8000u

static const char *const devices[] = { "VGA,vgamem_mb=2,romfile=", NULL };

static void
put(struct bench *b, unsigned at, const char *text)
{
	for (; *text; text++, at++)
		bench_write(b, IOEMU_MEM, TEXT + 2 * at, 2,
			    (uint64_t)(0x0700 | (uint8_t)*text));
}

static uint8_t
plane(struct bench *b, unsigned n, unsigned at)
{
	gfx(b, 4, (uint8_t)n);
	return window(b, at);
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

int
main(int argc, char **argv)
{
	static const struct bench_test tests[] = {
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
	};

	return bench_main(argc, argv, devices, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
