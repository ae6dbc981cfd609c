/* SPDX-License-Identifier: MIT */
/* The CD-ROM drive as drivers use it, and its tray as guest and operator do. */
#include "test_packet.h"

#define CD_SIZE (1u << 20)

#define TEST_UNIT "\0\0\0\0\0\0\0\0\0\0\0"
#define LOCK "\x1e\0\0\0\x01\0\0\0\0\0\0"
#define UNLOCK "\x1e\0\0\0\0\0\0\0\0\0\0"
#define EJECT "\x1b\0\0\0\x02\0\0\0\0\0\0"
#define LOAD "\x1b\0\0\0\x03\0\0\0\0\0\0"
#define READ_2 "\x28\0\0\0\0\0\0\0\x02\0\0"

static const char *const devices[] = {
	"piix3-ide,id=ide",
	"ide-cd,id=cd,bus=ide,channel=1,unit=0,drive=cd:1M,ro",
	NULL,
};

/* ---- reading ------------------------------------------------------ */

static void
a_cd_is_read_by_pio(struct bench *b)
{
	uint8_t data[2048];

	fill(bench_disk(b, "cd") + 3 * 2048, 4096, 7);
	packet(b, 0, "\x28\0\0\0\0\x03\0\0\x02\0\0");
	assert_true(bench_irq(b, 15));
	assert_int_equal(bench_in8(b, 0x177), 0x58);
	assert_int_equal(bench_in8(b, 0x172), 2);
	assert_int_equal(bench_in8(b, 0x174) | bench_in8(b, 0x175) << 8, 2048);
	bench_string(b, IOEMU_PIO, 0x170, 2, 1024, false, data);
	assert_memory_equal(data, bench_disk(b, "cd") + 3 * 2048, 2048);
	bench_string(b, IOEMU_PIO, 0x170, 2, 1024, false, data);
	assert_memory_equal(data, bench_disk(b, "cd") + 4 * 2048, 2048);
	assert_int_equal(bench_in8(b, 0x177), 0x50);
	assert_int_equal(bench_in8(b, 0x172), 3);
}

static void
a_cd_is_read_by_dma(struct bench *b)
{
	bm_setup(b);
	fill(bench_disk(b, "cd"), 4096, 7);
	prd(b, 0, 0x20000, 0x1000 | 0x80000000u);
	packet(b, 1, "\x28\0\0\0\0\0\0\0\x02\0\0");
	bm_run(b, BM + 8, 8);
	assert_int_equal(bench_in8(b, 0x177), 0x50);
	assert_memory_equal(bench_ram(b) + 0x20000, bench_disk(b, "cd"), 4096);
}

static void
a_short_answer_comes_by_dma_too(struct bench *b)
{
	bm_setup(b);
	prd(b, 0, 0x20000, 0x24 | 0x80000000u);
	packet(b, 1, "\x12\0\0\0\x24\0\0\0\0\0\0");
	bm_run(b, BM + 8, 8);
	assert_int_equal(bench_in8(b, 0x177), 0x50);
	assert_int_equal(bench_ram(b)[0x20000], 5);
}

static void
an_unknown_packet_leaves_sense(struct bench *b)
{
	uint8_t sense[18];

	packet(b, 0, "\xff\0\0\0\0\0\0\0\0\0\0");
	assert_int_equal(bench_in8(b, 0x177), 0x51);
	packet(b, 0, "\x03\0\0\0\x12\0\0\0\0\0\0");
	bench_string(b, IOEMU_PIO, 0x170, 2, 9, false, sense);
	assert_int_equal(sense[2], 5);
	assert_int_equal(sense[12], 0x20);
}

/* ---- the tray ----------------------------------------------------- */

/* Event code and status of the medium. */
static unsigned
event(struct bench *b)
{
	uint8_t answer[8];

	packet(b, 0, "\x4a\x01\0\0\x10\0\0\0\x08\0\0");
	bench_string(b, IOEMU_PIO, 0x170, 2, 4, false, answer);
	assert_int_equal(answer[2], 4);
	return (unsigned)answer[4] << 8 | answer[5];
}

static int
operator(struct bench *b, enum ioemu_medium what, uint64_t size)
{
	return bench_medium(b, "cd", "cd", what, size);
}

static uint32_t
capacity(struct bench *b)
{
	uint8_t answer[8];

	packet(b, 0, "\x25\0\0\0\0\0\0\0\0\0\0");
	bench_string(b, IOEMU_PIO, 0x170, 2, 4, false, answer);
	return (uint32_t)answer[2] << 8 | answer[3];
}

static void
another_medium_is_told_to_who_asks_for_sense(struct bench *b)
{
	assert_int_equal(sense_of(b, TEST_UNIT), 0);
	assert_int_equal(capacity(b), CD_SIZE / 2048 - 1);
	assert_int_equal(operator(b, IOEMU_MEDIUM_OPEN, 0),
			 IOEMU_MEDIUM_IS_OPEN);
	assert_int_equal(sense_of(b, TEST_UNIT), NOT_READY << 16 | 0x3a02);
	assert_int_equal(operator(b, IOEMU_MEDIUM_CLOSE, CD_SIZE / 2), 0);
	assert_int_equal(sense_of(b, TEST_UNIT), NOT_READY << 16 | 0x3a01);
	assert_int_equal(sense_of(b, TEST_UNIT), ATTENTION << 16 | 0x2800);
	assert_int_equal(sense_of(b, TEST_UNIT), 0);
	assert_int_equal(capacity(b), CD_SIZE / 2048 / 2 - 1);
}

static void
another_medium_is_told_to_who_asks_for_events(struct bench *b)
{
	assert_int_equal(event(b), 0x0002);
	operator(b, IOEMU_MEDIUM_OPEN, 0);
	assert_int_equal(event(b), 0x0301);
	assert_int_equal(event(b), 0x0001);
	operator(b, IOEMU_MEDIUM_CLOSE, CD_SIZE);
	assert_int_equal(event(b), 0x0202);
	assert_int_equal(event(b), 0x0002);
	/* who looks too late hears of both */
	operator(b, IOEMU_MEDIUM_OPEN, 0);
	operator(b, IOEMU_MEDIUM_CLOSE, CD_SIZE);
	assert_int_equal(event(b), 0x0302);
	assert_int_equal(event(b), 0x0202);
}

static void
a_tray_may_close_without_a_medium(struct bench *b)
{
	operator(b, IOEMU_MEDIUM_OPEN, 0);
	assert_int_equal(event(b), 0x0301);
	assert_int_equal(sense_of(b, LOAD), 0);
	assert_int_equal(event(b), 0x0000);
	assert_int_equal(sense_of(b, TEST_UNIT), NOT_READY << 16 | 0x3a01);
	assert_int_equal(sense_of(b, READ_2), NOT_READY << 16 | 0x3a01);
	assert_int_equal(operator(b, IOEMU_MEDIUM_QUERY, 0), 0);
}

static void
a_guest_ejects_and_loads(struct bench *b)
{
	assert_int_equal(sense_of(b, EJECT), 0);
	assert_int_equal(operator(b, IOEMU_MEDIUM_QUERY, 0),
			 IOEMU_MEDIUM_IS_OPEN);
	assert_int_equal(event(b), 0x0301);
	assert_int_equal(sense_of(b, READ_2), NOT_READY << 16 | 0x3a02);
	assert_int_equal(sense_of(b, LOAD), 0);
	assert_int_equal(event(b), 0x0202);
	assert_int_equal(sense_of(b, TEST_UNIT), NOT_READY << 16 | 0x3a01);
	assert_int_equal(sense_of(b, TEST_UNIT), ATTENTION << 16 | 0x2800);
	assert_int_equal(capacity(b), CD_SIZE / 2048 - 1);
}

static void
a_locked_tray_is_asked_for(struct bench *b)
{
	assert_int_equal(sense_of(b, LOCK), 0);
	assert_int_equal(operator(b, IOEMU_MEDIUM_QUERY, 0),
			 IOEMU_MEDIUM_IS_LOCKED);
	assert_int_equal(sense_of(b, EJECT), ILLEGAL << 16 | 0x5302);
	assert_int_equal(operator(b, IOEMU_MEDIUM_OPEN, 0), -EBUSY);
	assert_int_equal(event(b), 0x0102);
	assert_int_equal(event(b), 0x0002);
	assert_int_equal(capacity(b), CD_SIZE / 2048 - 1);
	/* as the guest is to answer it */
	assert_int_equal(sense_of(b, UNLOCK), 0);
	assert_int_equal(sense_of(b, EJECT), 0);
	assert_int_equal(operator(b, IOEMU_MEDIUM_OPEN, 0),
			 IOEMU_MEDIUM_IS_OPEN);
}

static void
force_and_reset_unlock(struct bench *b)
{
	assert_int_equal(sense_of(b, LOCK), 0);
	assert_int_equal(operator(b, IOEMU_MEDIUM_FORCE, 0),
			 IOEMU_MEDIUM_IS_OPEN);
	operator(b, IOEMU_MEDIUM_CLOSE, CD_SIZE);
	while (sense_of(b, TEST_UNIT))
		;
	assert_int_equal(sense_of(b, LOCK), 0);
	bench_out8(b, 0x376, 4); /* SRST is no hard reset */
	bench_out8(b, 0x376, 0);
	assert_int_equal(operator(b, IOEMU_MEDIUM_QUERY, 0),
			 IOEMU_MEDIUM_IS_LOCKED);
}

/* Nothing of a new medium gets into a command of the old one. */
static void
a_read_under_way_ends_with_its_medium(struct bench *b)
{
	uint8_t data[2048];
	unsigned i;

	memset(bench_disk(b, "cd"), 0xaa, CD_SIZE);
	packet(b, 0, "\x28\0\0\0\0\0\0\0\x40\0\0"); /* 2 x 32 sectors */
	operator(b, IOEMU_MEDIUM_OPEN, 0);
	operator(b, IOEMU_MEDIUM_CLOSE, CD_SIZE);
	for (i = 0; i < 32; i++) {
		assert_int_equal(bench_in8(b, 0x177), 0x58);
		bench_string(b, IOEMU_PIO, 0x170, 2, 1024, false, data);
		assert_int_equal(data[0], 0xaa);
		assert_int_equal(data[2047], 0xaa);
		bench_settle(b);
	}
	assert_int_equal(bench_in8(b, 0x177), 0x51);
	assert_int_equal(bench_in8(b, 0x171) >> 4, NOT_READY);
	assert_int_equal(sense_of(b, TEST_UNIT), ATTENTION << 16 | 0x2800);
}

static void
dma_under_way_ends_with_its_medium(struct bench *b)
{
	bm_setup(b);
	prd(b, 0, 0x20000, 0x1000 | 0x80000000u);
	packet(b, 1, READ_2); /* the bus master is not started yet */
	operator(b, IOEMU_MEDIUM_OPEN, 0);
	operator(b, IOEMU_MEDIUM_CLOSE, CD_SIZE);
	memset(bench_disk(b, "cd"), 0xbb, CD_SIZE);
	bm_run(b, BM + 8, 8);
	assert_int_equal(bench_in8(b, 0x177), 0x51);
	assert_int_equal(bench_ram(b)[0x20000], 0);
}

static void
a_failing_medium_is_told_by_sense(struct bench *b)
{
	bench_disk_fail(b, "cd", -EIO);
	assert_int_equal(sense_of(b, READ_2), MEDIUM_ERROR << 16 | 0x1100);
	bm_setup(b);
	prd(b, 0, 0x20000, 0x1000 | 0x80000000u);
	bench_disk_fail(b, "cd", -EIO);
	packet(b, 1, READ_2);
	bm_run(b, BM + 8, 8);
	assert_int_equal(bench_in8(b, 0x177), 0x51);
	assert_int_equal(bench_in8(b, 0x171) >> 4, MEDIUM_ERROR);
	assert_int_equal(bench_in8(b, BM + 8 + 2) & 5, 4);
}

int
main(int argc, char **argv)
{
	static const struct bench_test tests[] = {
		BENCH_TEST(a_cd_is_read_by_pio),
		BENCH_TEST(a_cd_is_read_by_dma),
		BENCH_TEST(a_short_answer_comes_by_dma_too),
		BENCH_TEST(an_unknown_packet_leaves_sense),
		BENCH_TEST(another_medium_is_told_to_who_asks_for_sense),
		BENCH_TEST(another_medium_is_told_to_who_asks_for_events),
		BENCH_TEST(a_tray_may_close_without_a_medium),
		BENCH_TEST(a_guest_ejects_and_loads),
		BENCH_TEST(a_locked_tray_is_asked_for),
		BENCH_TEST(force_and_reset_unlock),
		BENCH_TEST(a_read_under_way_ends_with_its_medium),
		BENCH_TEST(dma_under_way_ends_with_its_medium),
		BENCH_TEST(a_failing_medium_is_told_by_sense),
	};

	return bench_main(argc, argv, devices, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
