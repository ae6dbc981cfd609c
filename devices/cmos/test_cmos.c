/* SPDX-License-Identifier: MIT */
/* CMOS as SeaBIOS and hvmloader use it. */
#include <ioemu/bench.h>

static const char *const devices[] = { "cmos,boot=dc,memory=256,cpus=3", NULL };

static uint8_t
cmos(struct bench *b, uint8_t index)
{
	bench_out8(b, 0x70, index);
	return bench_in8(b, 0x71);
}

static void
the_boot_order_is_where_seabios_reads_it(struct bench *b)
{
	assert_int_equal(cmos(b, 0x3d), 0x23); /* CD-ROM, then disk */
	assert_int_equal(cmos(b, 0x38), 0x01);
}

static void
memory_is_told_in_all_units(struct bench *b)
{
	assert_int_equal(cmos(b, 0x15) | cmos(b, 0x16) << 8, 640);
	assert_int_equal(cmos(b, 0x17) | cmos(b, 0x18) << 8, 0xffff);
	assert_int_equal(cmos(b, 0x34) | cmos(b, 0x35) << 8, 240 * 16);
}

static void
the_other_processors_are_counted(struct bench *b)
{
	assert_int_equal(cmos(b, 0x5f), 2);
}

static void
bytes_are_kept_and_the_nmi_bit_is_no_index(struct bench *b)
{
	bench_out8(b, 0x70, 0x80 | 0x40);
	bench_out8(b, 0x71, 0x77);
	assert_int_equal(cmos(b, 0x40), 0x77);
	assert_int_equal(cmos(b, 0x41), 0);
}

static void
the_clock_is_not_ours(struct bench *b)
{
	bench_out8(b, 0x70, 0x05);
	bench_out8(b, 0x71, 0x99);
	assert_int_equal(cmos(b, 0x05), 0);
	assert_int_equal(bench_in8(b, 0x70), 0xff);
}

/* The index is 7 bits wide (MC146818A, 64 bytes; a PC has 128). */
static void
an_index_that_cannot_be_does_not_load(struct bench *b)
{
	assert_int_equal(bench_load_field(b, "cmos", "index", 0, 0x7f), 0);
	assert_int_equal(bench_load_field(b, "cmos", "index", 0, 0x80),
			 -EINVAL);
	assert_int_equal(bench_load_field(b, "cmos", "index", 0, 0xff),
			 -EINVAL);
	assert_int_equal(bench_in8(b, 0x71), 0);
}

int
main(int argc, char **argv)
{
	static const struct bench_test tests[] = {
		BENCH_TEST(the_boot_order_is_where_seabios_reads_it),
		BENCH_TEST(memory_is_told_in_all_units),
		BENCH_TEST(the_other_processors_are_counted),
		BENCH_TEST(bytes_are_kept_and_the_nmi_bit_is_no_index),
		BENCH_TEST(the_clock_is_not_ours),
		BENCH_TEST(an_index_that_cannot_be_does_not_load),
	};

	return bench_main(argc, argv, devices, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
