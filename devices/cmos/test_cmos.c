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

/* BCD, as register B has it at power on; what a guest sets stays. */
static void
the_century_is_told(struct bench *b)
{
	assert_int_equal(cmos(b, 0x32), 0x20);
	assert_int_equal(cmos(b, 0x37), 0x20);
	bench_out8(b, 0x70, 0x32);
	bench_out8(b, 0x71, 0x19);
	assert_int_equal(cmos(b, 0x32), 0x19);
}

static void
the_rest_is_as_the_readme_says(struct bench *b)
{
	assert_int_equal(cmos(b, 0x0f), 0);
	assert_int_equal(cmos(b, 0x10), 0);
	assert_int_equal(cmos(b, 0x14), 0x06);
	assert_int_equal(cmos(b, 0x30) | cmos(b, 0x31) << 8, 0xffff);
	assert_int_equal(cmos(b, 0x2e), 0);
	assert_int_equal(cmos(b, 0x5b), 0);
}

/* SeaBIOS src/resume.c, handle_resume(). */
static void
waking_is_told_and_a_reset_is_not(struct bench *b)
{
	bench_out8(b, 0x70, 0x0f);
	bench_out8(b, 0x71, 0x0a);
	bench_reset(b, "cmos", IOEMU_RESET_BUS);
	assert_int_equal(cmos(b, 0x0f), 0x0a);
	assert_int_equal(cmos(b, 0x3d), 0x23);
	bench_reset(b, "cmos", IOEMU_RESET_WAKE);
	assert_int_equal(cmos(b, 0x0f), 0xfe);
	assert_int_equal(cmos(b, 0x3d), 0x23);
}

static void
every_byte_of_ours_is_kept(struct bench *b)
{
	unsigned at;

	for (at = 0x0e; at < 0x80; at++) {
		bench_out8(b, 0x70, (uint8_t)at);
		bench_out8(b, 0x71, (uint8_t)(at ^ 0x5a));
	}
	for (at = 0x0e; at < 0x80; at++)
		assert_int_equal(cmos(b, (uint8_t)at), at ^ 0x5a);
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

static const char *const disks[] = {
	"cmos,hda=6241/16/63/lba,hdb=160/8/32/none,hdd=130/16/63/large", NULL
};

static void
bytes_are(struct bench *b, uint8_t from, const char *bytes, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		assert_int_equal(cmos(b, (uint8_t)(from + i)),
				 (uint8_t)bytes[i]);
}

/* SeaBIOS src/block.c, get_translation(); the table of types as the set-up of
 * an AT has it. */
static void
disks_are_where_firmware_looks(struct bench *b)
{
	assert_int_equal(cmos(b, 0x39), 0x81);
	assert_int_equal(cmos(b, 0x12), 0xff);
	assert_int_equal(cmos(b, 0x19), 47);
	assert_int_equal(cmos(b, 0x1a), 47);
	bytes_are(b, 0x1b, "\x61\x18\x10\xff\xff\xc8\x61\x18\x3f", 9);
	bytes_are(b, 0x24, "\xa0\x00\x08\xff\xff\xc0\xa0\x00\x20", 9);
}

static void
without_disks_there_are_none(struct bench *b)
{
	uint8_t at;

	assert_int_equal(cmos(b, 0x39), 0);
	assert_int_equal(cmos(b, 0x12), 0);
	for (at = 0x19; at <= 0x2c; at++)
		assert_int_equal(cmos(b, at), 0);
}

static const char *const second[] = { "cmos,hdb=10/16/63/large", NULL };

static void
a_second_disk_alone_is_the_second(struct bench *b)
{
	assert_int_equal(cmos(b, 0x39), 0x08);
	assert_int_equal(cmos(b, 0x12), 0x0f);
	assert_int_equal(cmos(b, 0x19), 0);
	assert_int_equal(cmos(b, 0x1a), 47);
}

int
main(int argc, char **argv)
{
	static const struct bench_test tests[] = {
		BENCH_TEST(the_boot_order_is_where_seabios_reads_it),
		BENCH_TEST(memory_is_told_in_all_units),
		BENCH_TEST(the_other_processors_are_counted),
		BENCH_TEST(bytes_are_kept_and_the_nmi_bit_is_no_index),
		BENCH_TEST(the_century_is_told),
		BENCH_TEST(the_rest_is_as_the_readme_says),
		BENCH_TEST(waking_is_told_and_a_reset_is_not),
		BENCH_TEST(every_byte_of_ours_is_kept),
		BENCH_TEST(the_clock_is_not_ours),
		BENCH_TEST_WITH(disks_are_where_firmware_looks, disks),
		BENCH_TEST(without_disks_there_are_none),
		BENCH_TEST_WITH(a_second_disk_alone_is_the_second, second),
		BENCH_TEST(an_index_that_cannot_be_does_not_load),
	};

	return bench_main(argc, argv, devices, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
