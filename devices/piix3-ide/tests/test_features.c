/* SPDX-License-Identifier: MIT */
/* What a disk can be asked and told, and where it says that a sector is not
 * (ATA/ATAPI-6, T13/1410D, chapter 8). */
#include "test_guest.h"

#define DISK_SIZE (4u << 20)
#define SECTORS (DISK_SIZE / 512)
#define CHS 0xa0
#define FAILED 0x51
#define ABRT 0x04
#define IDNF 0x10
#define UNC 0x40
#define IDENTIFY 0xec
#define SET_FEATURES 0xef
#define READ_SECTORS 0x20
#define WRITE_SECTORS 0x30
#define WRITE_DMA 0xca
#define READ_MULTIPLE 0xc4
#define SET_MULTIPLE 0xc6
#define READ_VERIFY 0x40
#define SEEK 0x70
#define GEOMETRY 0x91
#define STANDBY_IMMEDIATE 0xe0
#define IDLE_IMMEDIATE 0xe1
#define CHECK_POWER 0xe5
#define SLEEP 0xe6

static const char *const devices[] = {
	"piix3-ide,id=ide",
	"ide-hd,bus=ide,index=0,drive=hd:4M",
	NULL,
};

static const char *const two[] = {
	"piix3-ide,id=ide",
	"ide-hd,bus=ide,index=0,drive=hd:4M",
	"ide-hd,bus=ide,index=1,drive=other:4M",
	NULL,
};

static unsigned
word(struct bench *b, unsigned n)
{
	uint8_t id[512];

	assert_int_equal(run(b, IDENTIFY), 0x58);
	bench_string(b, IOEMU_PIO, CMD, 2, 256, false, id);
	assert_int_equal(wait_ready(b, CMD), READY);
	return ioemu_get_le16(id + (size_t)2 * n);
}

static uint8_t
set_features(struct bench *b, uint8_t feature, uint8_t nsect)
{
	bench_out8(b, CMD + 1, feature);
	bench_out8(b, CMD + 2, nsect);
	return run(b, SET_FEATURES);
}

static void
expect_aborted(struct bench *b, uint8_t status)
{
	assert_int_equal(status, FAILED);
	assert_int_equal(bench_in8(b, CMD + 1), ABRT);
}

static void
expect_address(struct bench *b, uint8_t device, uint8_t sector,
	       uint16_t cylinder)
{
	assert_int_equal(bench_in8(b, CMD + 6), device);
	assert_int_equal(bench_in8(b, CMD + 3), sector);
	assert_int_equal(bench_in8(b, CMD + 4), cylinder & 0xff);
	assert_int_equal(bench_in8(b, CMD + 5), cylinder >> 8);
}

/* ---- SET FEATURES --------------------------------------------------- */

/* 8.15, words 82 and 85: bit 5 write cache, bit 6 look-ahead, bit 3 power
 * management, bit 14 NOP. */
static void
features_show_in_word_85(struct bench *b)
{
	assert_int_equal(word(b, 82), 0x4068);
	assert_int_equal(word(b, 85), 0x4068);
	assert_int_equal(set_features(b, 0x82, 0), READY);
	assert_int_equal(word(b, 85), 0x4048);
	assert_int_equal(set_features(b, 0x55, 0), READY);
	assert_int_equal(word(b, 85), 0x4008);
	assert_int_equal(word(b, 82), 0x4068);
	assert_int_equal(set_features(b, 0x02, 0), READY);
	assert_int_equal(set_features(b, 0xaa, 0), READY);
	assert_int_equal(word(b, 85), 0x4068);
	expect_aborted(b, set_features(b, 0x05, 0x80)); /* word 83, bit 3 */
	expect_aborted(b, set_features(b, 0x42, 0));
	expect_aborted(b, set_features(b, 0x01, 0));
}

static void
without_a_write_cache_data_is_on_the_disk(struct bench *b)
{
	uint8_t data[1024] = { 7 };

	assert_int_equal(set_features(b, 0x82, 0), READY);
	assert_int_equal(bench_disk_flushes(b, "hd"), 1);
	command(b, 3, 2, WRITE_SECTORS);
	bench_string(b, IOEMU_PIO, CMD, 2, 256, true, data);
	wait_ready(b, CMD);
	assert_int_equal(bench_disk_flushes(b, "hd"), 1);
	bench_string(b, IOEMU_PIO, CMD, 2, 256, true, data + 512);
	assert_int_equal(wait_ready(b, CMD), READY);
	assert_int_equal(bench_disk_flushes(b, "hd"), 2);
	bm_setup(b);
	prd(b, 0, 0x20000, 0x400 | 0x80000000u);
	command(b, 3, 2, WRITE_DMA);
	bm_run(b, BM, 0);
	assert_int_equal(wait_ready(b, CMD), READY);
	assert_int_equal(bench_in8(b, BM + 2) & 7, 4);
	assert_int_equal(bench_disk_flushes(b, "hd"), 3);
	assert_int_equal(set_features(b, 0x02, 0), READY);
	command(b, 3, 1, WRITE_SECTORS);
	bench_string(b, IOEMU_PIO, CMD, 2, 256, true, data);
	assert_int_equal(wait_ready(b, CMD), READY);
	assert_int_equal(bench_disk_flushes(b, "hd"), 3);
}

/* 8.46.6: the one mode that is selected; 6 is of ATA-7. */
static void
transfer_modes_show_in_words_63_and_88(struct bench *b)
{
	static const uint8_t wrong[] = { 0x02, 0x0d, 0x10, 0x23,
					 0x46, 0x47, 0x80 };
	unsigned i;

	assert_int_equal(word(b, 63), 0x0007);
	assert_int_equal(word(b, 88), 0x203f);
	for (i = 0; i < 3; i++) {
		assert_int_equal(set_features(b, 3, (uint8_t)(0x20 | i)),
				 READY);
		assert_int_equal(word(b, 63), 0x100 << i | 0x07);
		assert_int_equal(word(b, 88), 0x003f);
	}
	for (i = 0; i < 6; i++) {
		assert_int_equal(set_features(b, 3, (uint8_t)(0x40 | i)),
				 READY);
		assert_int_equal(word(b, 63), 0x0007);
		assert_int_equal(word(b, 88), 0x100 << i | 0x3f);
	}
	for (i = 0; i < sizeof(wrong); i++)
		expect_aborted(b, set_features(b, 3, wrong[i]));
	for (i = 0x08; i <= 0x0c; i++)
		assert_int_equal(set_features(b, 3, (uint8_t)i), READY);
	assert_int_equal(set_features(b, 3, 0x00), READY);
	assert_int_equal(set_features(b, 3, 0x01), READY);
	assert_int_equal(word(b, 88), 0x203f);
}

/* 66h and CCh: does SRST bring back what was at power-on? */
static void
a_software_reset_keeps_what_it_is_told_to(struct bench *b)
{
	unsigned keep;

	for (keep = 0; keep < 2; keep++) {
		assert_int_equal(set_features(b, keep ? 0x66 : 0xcc, 0), READY);
		assert_int_equal(set_features(b, 0x82, 0), READY);
		bench_out8(b, CMD + 2, 8);
		assert_int_equal(run(b, SET_MULTIPLE), READY);
		address(b, CHS | 7, 0, 0, 32);
		assert_int_equal(run(b, GEOMETRY), READY);
		bench_out8(b, CTL, SRST);
		bench_out8(b, CTL, 0);
		assert_int_equal(word(b, 85) & 0x20, keep ? 0 : 0x20);
		assert_int_equal(word(b, 59), keep ? 0x108 : 0);
		assert_int_equal(word(b, 56), keep ? 32 : 63);
	}
}

/* ---- geometry -------------------------------------------------------- */

static void
another_geometry_shows_and_holds(struct bench *b)
{
	uint8_t data[512];

	assert_int_equal(word(b, 54), SECTORS / 16 / 63);
	address(b, CHS | 3, 0, 0, 32); /* 4 heads of 32 sectors */
	assert_int_equal(run(b, GEOMETRY), READY);
	assert_int_equal(word(b, 54), SECTORS / 4 / 32);
	assert_int_equal(word(b, 55), 4);
	assert_int_equal(word(b, 56), 32);
	assert_int_equal(word(b, 57), SECTORS);
	assert_int_equal(word(b, 58), 0);
	assert_int_equal(word(b, 1), SECTORS / 16 / 63); /* the default's */
	assert_int_equal(word(b, 3), 16);
	assert_int_equal(word(b, 6), 63);
	fill(bench_disk(b, "hd") + 512 * ((5 * 4 + 2) * 32 + 8), 512, 4);
	address(b, CHS | 2, 9, 5, 1);
	assert_int_equal(run(b, READ_SECTORS), 0x58);
	bench_string(b, IOEMU_PIO, CMD, 2, 256, false, data);
	assert_memory_equal(
		data, bench_disk(b, "hd") + 512 * ((5 * 4 + 2) * 32 + 8), 512);
	address(b, CHS | 4, 1, 0, 1); /* no such head, */
	assert_int_equal(run(b, READ_SECTORS), FAILED);
	assert_int_equal(bench_in8(b, CMD + 1), IDNF);
	address(b, CHS, 33, 0, 1); /* sector, */
	assert_int_equal(run(b, READ_SECTORS), FAILED);
	address(b, CHS, 0, 0, 1);
	assert_int_equal(run(b, READ_SECTORS), FAILED);
	address(b, CHS, 1, 64, 1); /* cylinder */
	assert_int_equal(run(b, READ_SECTORS), FAILED);
	address(b, CHS | 3, 0, 0, 0);
	expect_aborted(b, run(b, GEOMETRY));
	assert_int_equal(word(b, 56), 32);
}

static const char *const small[] = {
	"piix3-ide,id=ide",
	"ide-hd,bus=ide,index=0,drive=hd:4M,heads=8,secs=32",
	NULL,
};

/* What firmware takes for the drive's own, as the machine has it from the
 * partition table: also after a reset that forgets another one. */
static void
the_geometry_of_the_machine_is_the_default(struct bench *b)
{
	unsigned round;

	for (round = 0; round < 2; round++) {
		assert_int_equal(word(b, 1), SECTORS / 8 / 32);
		assert_int_equal(word(b, 3), 8);
		assert_int_equal(word(b, 6), 32);
		assert_int_equal(word(b, 54), SECTORS / 8 / 32);
		assert_int_equal(word(b, 55), 8);
		assert_int_equal(word(b, 56), 32);
		address(b, CHS | 3, 0, 0, 16);
		assert_int_equal(run(b, GEOMETRY), READY);
		assert_int_equal(word(b, 55), 4);
		assert_int_equal(word(b, 3), 8);
		bench_reset(b, "ide", IOEMU_RESET_BUS);
	}
	assert_int_equal(bench_load_field(b, "ide-hd", "own_heads", 0, 0),
			 -EINVAL);
	assert_int_equal(bench_load_field(b, "ide-hd", "own_heads", 0, 17),
			 -EINVAL);
	assert_int_equal(bench_load_field(b, "ide-hd", "own_spt", 0, 0),
			 -EINVAL);
	assert_int_equal(bench_load_field(b, "ide-hd", "own_spt", 0, 64),
			 -EINVAL);
}

/* 8.27.6: the address of the first sector that could not be had, in the form of
 * the command. */
static void
an_error_says_where(struct bench *b)
{
	address(b, CHS | 7, 32, 0, 0); /* 4 cylinders of 8 heads, 32 sectors */
	bench_out8(b, CMD + 2, 32);
	assert_int_equal(run(b, GEOMETRY), READY);
	bench_disk_fail(b, "hd", -EIO);
	address(b, CHS | 5, 17, 3, 1);
	assert_int_equal(run(b, READ_SECTORS), FAILED);
	assert_int_equal(bench_in8(b, CMD + 1), UNC);
	expect_address(b, CHS | 5, 17, 3);
	address(b, CHS | 7, 31, 31, 4); /* the last two, and two more */
	assert_int_equal(run(b, READ_SECTORS), FAILED);
	assert_int_equal(bench_in8(b, CMD + 1), IDNF);
	expect_address(b, CHS, 1, 32);
	bench_disk_fail(b, "hd", -EIO);
	command(b, 0x123, 1, READ_SECTORS);
	assert_int_equal(wait_ready(b, CMD), FAILED);
	expect_address(b, LBA, 0x23, 1);
	command(b, SECTORS - 1, 2, READ_SECTORS);
	assert_int_equal(wait_ready(b, CMD), FAILED);
	expect_address(b, LBA, SECTORS & 0xff, SECTORS >> 8);
}

/* ---- commands without data -------------------------------------------- */

static void
verifying_reads_the_disk(struct bench *b)
{
	command(b, 0, 0, READ_VERIFY); /* 256 sectors: two requests */
	assert_int_equal(wait_ready(b, CMD), READY);
	bench_disk_fail(b, "hd", -EIO);
	command(b, 7, 3, READ_VERIFY);
	assert_int_equal(wait_ready(b, CMD), FAILED);
	assert_int_equal(bench_in8(b, CMD + 1), UNC);
	command(b, SECTORS - 1, 2, READ_VERIFY);
	assert_int_equal(wait_ready(b, CMD), FAILED);
	assert_int_equal(bench_in8(b, CMD + 1), IDNF);
	command(b, SECTORS - 1, 0, SEEK);
	assert_int_equal(wait_ready(b, CMD), READY);
	command(b, SECTORS, 0, SEEK);
	assert_int_equal(wait_ready(b, CMD), FAILED);
	assert_int_equal(bench_in8(b, CMD + 1), IDNF);
}

static uint8_t
power(struct bench *b)
{
	bench_out8(b, CMD + 2, 0x55);
	assert_int_equal(run(b, CHECK_POWER), READY);
	return bench_in8(b, CMD + 2);
}

/* 8.6: 00h standby, 80h idle, FFh active. */
static void
power_modes_are_told(struct bench *b)
{
	static const uint8_t standby[] = { 0xe0, 0xe2, 0x94, 0x96 };
	static const uint8_t idle[] = { 0xe1, 0xe3, 0x95, 0x97 };
	unsigned i;

	assert_int_equal(power(b), 0xff);
	for (i = 0; i < 4; i++) {
		assert_int_equal(run(b, standby[i]), READY);
		assert_int_equal(power(b), 0x00);
		assert_int_equal(word(b, 0), 0x40); /* wakes nobody */
		assert_int_equal(power(b), 0x00);
		assert_int_equal(run(b, idle[i]), READY);
		assert_int_equal(power(b), 0x80);
		command(b, 0, 1, READ_VERIFY);
		assert_int_equal(wait_ready(b, CMD), READY);
		assert_int_equal(power(b), 0xff);
	}
	assert_int_equal(run(b, STANDBY_IMMEDIATE), READY);
	command(b, 0, 1, READ_SECTORS);
	assert_int_equal(wait_ready(b, CMD), 0x58);
	assert_int_equal(power(b), 0xff);
	assert_int_equal(run(b, IDLE_IMMEDIATE), READY);
	assert_int_equal(power(b), 0x80);
}

static void
only_a_reset_wakes_who_sleeps(struct bench *b)
{
	assert_int_equal(run(b, SLEEP), READY);
	bench_out8(b, CMD + 7, CHECK_POWER);
	bench_settle(b);
	assert_false(bench_irq(b, 14));
	bench_out8(b, CTL, SRST);
	bench_out8(b, CTL, 0);
	assert_int_equal(bench_in8(b, CMD + 7), READY);
	assert_int_equal(power(b), 0x00);
}

static void
multiple_takes_powers_of_two_up_to_16(struct bench *b)
{
	static const uint8_t wrong[] = { 3, 6, 24, 32, 128, 255 };
	unsigned i;

	assert_int_equal(word(b, 47), 0x8010);
	command(b, 0, 4, READ_MULTIPLE);
	expect_aborted(b, wait_ready(b, CMD)); /* not before it is set */
	for (i = 1; i <= 16; i *= 2) {
		bench_out8(b, CMD + 2, (uint8_t)i);
		assert_int_equal(run(b, SET_MULTIPLE), READY);
		assert_int_equal(word(b, 59), 0x100 | i);
	}
	for (i = 0; i < sizeof(wrong); i++) {
		bench_out8(b, CMD + 2, wrong[i]);
		expect_aborted(b, run(b, SET_MULTIPLE));
	}
}

/* What IDENTIFY does not say to be there is not there. */
static void
unknown_commands_are_aborted(struct bench *b)
{
	static const uint8_t unknown[] = {
		0x00, 0x03, 0x22, 0x32, 0x26, 0x36, 0x2a, 0x2f, 0x37,
		0x38, 0x3f, 0x50, 0x87, 0x92, 0xa0, 0xa1, 0xa2, 0xb0,
		0xb1, 0xc0, 0xc7, 0xcc, 0xcd, 0xd1, 0xda, 0xde, 0xdf,
		0xe4, 0xe8, 0xed, 0xf1, 0xf3, 0xf5, 0xf6, 0xf9, 0xff,
	};
	unsigned i;

	for (i = 0; i < sizeof(unknown); i++)
		expect_aborted(b, run(b, unknown[i]));
}

/* ---- IDENTIFY DEVICE -------------------------------------------------- */

/* Word 93: device 0 clears 12:8, device 1 clears 7:0; bit 8 and bit 0 say that
 * their half is valid. */
static void
each_drive_says_its_half_of_the_reset_result(struct bench *b)
{
	assert_int_equal(word(b, 93), 0x603b);
	bench_out8(b, CMD + 6, 0xf0);
	assert_int_equal(word(b, 93) & 0xff, 0);
	assert_int_equal(word(b, 93) & 0xe100, 0x6100);
}

static void
words_that_are_the_same_for_all(struct bench *b)
{
	static const uint16_t want[][2] = {
		{ 0, 0x0040 },	{ 1, 8 },	{ 3, 16 },	{ 6, 63 },
		{ 47, 0x8010 }, { 49, 0x0f00 }, { 50, 0x4000 }, { 53, 0x0007 },
		{ 54, 8 },	{ 55, 16 },	{ 56, 63 },	{ 57, 8064 },
		{ 58, 0 },	{ 60, 8192 },	{ 61, 0 },	{ 64, 0x0003 },
		{ 65, 120 },	{ 68, 120 },	{ 80, 0x007e }, { 83, 0x7400 },
		{ 84, 0x4000 }, { 86, 0x3400 }, { 87, 0x4000 }, { 93, 0x600b },
		{ 100, 8192 },	{ 101, 0 },	{ 255, 0 },
	};
	unsigned i;

	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		assert_int_equal(word(b, want[i][0]), want[i][1]);
}

static void
the_largest_address_is_told(struct bench *b)
{
	bench_out8(b, CMD + 6, LBA);
	assert_int_equal(run(b, 0xf8), READY);
	expect_address(b, LBA, (SECTORS - 1) & 0xff, (SECTORS - 1) >> 8);
	assert_int_equal(run(b, 0x27), READY);
	assert_int_equal(bench_in8(b, CMD + 3), (SECTORS - 1) & 0xff);
	bench_out8(b, CTL, 0x80); /* HOB */
	assert_int_equal(bench_in8(b, CMD + 3), 0);
	bench_out8(b, CTL, 0);
}

int
main(int argc, char **argv)
{
	static const struct bench_test tests[] = {
		BENCH_TEST(features_show_in_word_85),
		BENCH_TEST(without_a_write_cache_data_is_on_the_disk),
		BENCH_TEST(transfer_modes_show_in_words_63_and_88),
		BENCH_TEST(a_software_reset_keeps_what_it_is_told_to),
		BENCH_TEST(another_geometry_shows_and_holds),
		BENCH_TEST_WITH(the_geometry_of_the_machine_is_the_default,
				small),
		BENCH_TEST(an_error_says_where),
		BENCH_TEST(verifying_reads_the_disk),
		BENCH_TEST(power_modes_are_told),
		BENCH_TEST(only_a_reset_wakes_who_sleeps),
		BENCH_TEST(multiple_takes_powers_of_two_up_to_16),
		BENCH_TEST(unknown_commands_are_aborted),
		BENCH_TEST_WITH(each_drive_says_its_half_of_the_reset_result,
				two),
		BENCH_TEST(words_that_are_the_same_for_all),
		BENCH_TEST(the_largest_address_is_told),
	};

	return bench_main(argc, argv, devices, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
