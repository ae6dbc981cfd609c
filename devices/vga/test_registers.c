/* SPDX-License-Identifier: MIT */
/*
 * The registers of the README's tables, one by one: which there are, how wide
 * their indices, what a reset leaves, what a state may hold. What they mean for
 * memory is in test_planes.c.
 */
#include "test_guest.h"

static const char *const devices[] = { "VGA,vgamem_mb=1,romfile=", NULL };

/* Where the CRT controller is at 0x3d4 (miscellaneous output, bit 0). */
static void
colour(struct bench *b)
{
	bench_out8(b, 0x3c2, 0x03);
}

/* IBM VGA, "Register": an index past the last one selects nothing. */
static void
indexed_registers_are_as_many_as_there_are(struct bench *b)
{
	static const struct {
		uint16_t port;
		uint8_t n, indices;
	} group[] = { { 0x3c4, 5, 8 }, { 0x3ce, 9, 16 }, { 0x3d4, 25, 64 } };
	unsigned g, i;

	colour(b);
	for (g = 0; g < 3; g++) {
		unsigned port = group[g].port;

		for (i = 0; i < group[g].indices; i++) {
			bench_out8(b, port, (uint8_t)(i | 0xc0));
			assert_int_equal(bench_in8(b, port),
					 (i | 0xc0) & (group[g].indices - 1));
			assert_int_equal(bench_in8(b, port + 1), 0);
			if (group[g].port == 0x3d4 && i == 0x11)
				continue; /* would protect others */
			bench_out8(b, port + 1, (uint8_t)(0x80 | i));
			assert_int_equal(bench_in8(b, port + 1),
					 i < group[g].n ? 0x80 | i : 0);
		}
	}
}

/* Attribute controller: 0x3c0 takes index and data in turns, 0x3c1 is read. */
static void
attribute_registers_are_21(struct bench *b)
{
	unsigned i;

	colour(b);
	for (i = 0; i < 32; i++) {
		(void)bench_in8(b, 0x3da);
		bench_out8(b, 0x3c0, (uint8_t)(0x20 | i));
		bench_out8(b, 0x3c0, (uint8_t)(0x40 | i));
		assert_int_equal(bench_in8(b, 0x3c0), 0x20 | i);
		assert_int_equal(bench_in8(b, 0x3c1), i < 21 ? 0x40 | i : 0);
	}
}

/* CRT controller, vertical retrace end, bit 7: registers 0 to 7 are read only,
 * but for bit 4 of 7. */
static void
protected_registers_keep_all_but_line_compare(struct bench *b)
{
	unsigned i;

	colour(b);
	crtc(b, 0x11, 0x80);
	for (i = 0; i < 8; i++)
		bench_out16(b, 0x3d4, (uint16_t)(0xff00 | i));
	for (i = 0; i < 8; i++) {
		bench_out8(b, 0x3d4, (uint8_t)i);
		assert_int_equal(bench_in8(b, 0x3d5), i == 7 ? 0x10 : 0);
	}
	crtc(b, 0x08, 0xff);
	assert_int_equal(bench_in8(b, 0x3d5), 0xff);
}

static void
general_registers_are_written_and_read_at_their_ports(struct bench *b)
{
	bench_out8(b, 0x3c2, 0xe7);
	assert_int_equal(bench_in8(b, 0x3cc), 0xe7);
	assert_int_equal(bench_in8(b, 0x3c2), 0); /* input status 0 */
	bench_out8(b, 0x3da, 0x5a);
	assert_int_equal(bench_in8(b, 0x3ca), 0x5a);
	bench_out8(b, 0x3c3, 0xfe);
	assert_int_equal(bench_in8(b, 0x3c3), 0);
	bench_out8(b, 0x3c6, 0x0f);
	assert_int_equal(bench_in8(b, 0x3c6), 0x0f);
}

/* 0x3c7 read: 3 after a read address was given, 0 after a write address. */
static void
the_dac_tells_which_way_it_goes(struct bench *b)
{
	bench_out8(b, 0x3c8, 7);
	assert_int_equal(bench_in8(b, 0x3c7), 0);
	bench_out8(b, 0x3c9, 0xff);
	bench_out8(b, 0x3c9, 0x01);
	bench_out8(b, 0x3c9, 0x02);
	assert_int_equal(bench_in8(b, 0x3c8), 8);
	bench_out8(b, 0x3c7, 7);
	assert_int_equal(bench_in8(b, 0x3c7), 3);
	assert_int_equal(bench_in8(b, 0x3c9), 0x3f); /* six bits */
	assert_int_equal(bench_in8(b, 0x3c9), 0x01);
	assert_int_equal(bench_in8(b, 0x3c9), 0x02);
}

/* A reset is that of the chip: memory keeps its contents. */
static void
a_reset_clears_registers_and_no_memory(struct bench *b)
{
	colour(b);
	seq(b, 0x02, 0x0f);
	gfx(b, 0x08, 0xff);
	bench_write(b, IOEMU_MEM, 0xa0000, 1, 0xa5);
	bench_out8(b, 0x3c6, 0x00);
	bench_reset(b, "VGA", IOEMU_RESET_BUS);
	assert_int_equal(bench_in8(b, 0x3cc), 0);
	assert_int_equal(bench_in8(b, 0x3c4), 0);
	assert_int_equal(bench_in8(b, 0x3c6), 0xff);
	assert_int_equal(bench_in8(b, 0x3c3), 1);
	bench_out16(b, 0x1ce, 0);
	assert_int_equal(bench_in16(b, 0x1d0), 0xb0c5);
	bench_out8(b, 0x3c2, 0x03);
	assert_int_equal(bench_read(b, IOEMU_MEM, 0xa0000, 1), 0xa5);
}

static void
a_colour_half_written_must_be_one(struct bench *b)
{
	assert_int_equal(bench_load_field(b, "VGA", "dac_step", 0, 3), -EINVAL);
	assert_int_equal(bench_load_field(b, "VGA", "dac_step", 0, 2), 0);
	bench_out8(b, 0x3c9, 1);
	(void)bench_in8(b, 0x3c9);
}

/* What indexes is bounded where it is used. */
static void
any_index_loads_and_harms_nothing(struct bench *b)
{
	static const char *const field[] = { "seq_index",  "gfx_index",
					     "crtc_index", "attr_index",
					     "dac_read",   "dac_write",
					     "vbe_index" };
	unsigned i, port;

	for (i = 0; i < sizeof(field) / sizeof(field[0]); i++)
		assert_int_equal(
			bench_load_field(b, "VGA", field[i], 0, UINT64_MAX), 0);
	for (i = 1; i < 10; i++)
		assert_int_equal(bench_load_field(b, "VGA", "vbe", i, 0xffff),
				 0);
	for (port = 0x3c0; port < 0x3db; port++) {
		(void)bench_in8(b, port);
		bench_out8(b, port, 0xff);
	}
	(void)bench_in16(b, 0x1d0);
	bench_out16(b, 0x1d0, 0xffff);
	for (i = 0; i < 0x20000; i += 0x3fff) {
		bench_write(b, IOEMU_MEM, 0xa0000 + i, 1, i);
		(void)bench_read(b, IOEMU_MEM, 0xa0000 + i, 1);
	}
}

/* ---- as software uses them ----------------------------------------- */

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

int
main(int argc, char **argv)
{
	static const struct bench_test tests[] = {
		BENCH_TEST(indexed_registers_are_as_many_as_there_are),
		BENCH_TEST(attribute_registers_are_21),
		BENCH_TEST(protected_registers_keep_all_but_line_compare),
		BENCH_TEST(
			general_registers_are_written_and_read_at_their_ports),
		BENCH_TEST(the_dac_tells_which_way_it_goes),
		BENCH_TEST(a_reset_clears_registers_and_no_memory),
		BENCH_TEST(a_colour_half_written_must_be_one),
		BENCH_TEST(any_index_loads_and_harms_nothing),
		BENCH_TEST(attribute_index_and_data_take_turns),
		BENCH_TEST(a_colour_of_the_dac_changes_with_its_third_byte),
		BENCH_TEST(the_palette_wraps_after_256_colours),
		BENCH_TEST(crtc_registers_0_to_7_can_be_protected),
		BENCH_TEST(the_colour_bit_moves_the_crtc),
		BENCH_TEST(a_loop_that_waits_for_retrace_ends),
		BENCH_TEST(a_parallel_port_at_3bc_is_left_alone),
	};

	return bench_main(argc, argv, devices, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
