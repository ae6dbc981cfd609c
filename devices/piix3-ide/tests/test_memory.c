/* SPDX-License-Identifier: MIT */
/*
 * A bus master and memory that does not answer (Programming Interface for Bus
 * Master IDE Controller, revision 1.0, "Error conditions"): it stops and sets
 * the error bit, without an interrupt. The core has the same in
 * tests/core/test_idedma.c.
 */
#include "test_guest.h"

#define NOWHERE 0x80000000u
#define RAM 0x20000u
#define LAST 0x80000000u
#define READ_DMA 0xc8
#define WRITE_DMA 0xca
#define TO_MEMORY 8
#define ERROR 2

static const char *const devices[] = {
	"piix3-ide,id=ide",
	"ide-hd,bus=ide,index=0,drive=hd:4M",
	NULL,
};

/* The drive has data left and is busy. */
static void
expect_error(struct bench *b)
{
	bench_settle(b);
	assert_false(bench_irq(b, 14));
	assert_int_equal(bench_in8(b, BM + 2), ERROR);
	assert_int_equal(bench_in8(b, CTL) & 0x89, 0x80);
	bench_out8(b, BM, 0);
}

/* What a driver does when its time is over. */
static void
software_reset(struct bench *b)
{
	bench_out8(b, CTL, SRST);
	bench_out8(b, CTL, 0);
	assert_int_equal(wait_ready(b, CMD), 0x50);
	assert_false(bench_irq(b, 14));
}

static void
what_no_memory_gives_is_not_written(struct bench *b)
{
	uint8_t *disk = bench_disk(b, "hd"), was[1024];

	bm_setup(b);
	fill(was, sizeof(was), 3);
	memcpy(disk, was, sizeof(was));
	prd(b, 0, RAM, 512);
	prd(b, 1, NOWHERE, 512 | LAST);
	memset(bench_ram(b) + RAM, 0xee, 512);
	command(b, 0, 2, WRITE_DMA);
	bm_run(b, BM, 0);
	expect_error(b);
	assert_memory_equal(disk + 512, was + 512, 512);
	prd(b, 0, NOWHERE, 1024 | LAST);
	memcpy(disk, was, sizeof(was));
	software_reset(b);
	command(b, 0, 2, WRITE_DMA);
	bm_run(b, BM, 0);
	expect_error(b);
	assert_memory_equal(disk, was, sizeof(was));
}

/* The drive does not know of memory: what is left goes by another table. */
static void
another_table_takes_what_is_left(struct bench *b)
{
	uint8_t *ram = bench_ram(b) + RAM;

	bm_setup(b);
	prd(b, 0, NOWHERE, 1024 | LAST);
	command(b, 0, 2, WRITE_DMA);
	bm_run(b, BM, 0);
	expect_error(b);
	fill(ram, 1024, 9);
	prd(b, 0, RAM, 1024 | LAST);
	bm_run(b, BM, 0);
	assert_int_equal(bench_in8(b, BM + 2), 4);
	assert_true(bench_irq(b, 14));
	assert_int_equal(bench_in8(b, CMD + 7), 0x50);
	assert_memory_equal(bench_disk(b, "hd"), ram, 1024);
}

/* Writes are posted: nobody tells whether they arrived. */
static void
data_for_no_memory_is_lost(struct bench *b)
{
	bm_setup(b);
	fill(bench_disk(b, "hd"), 1024, 1);
	prd(b, 0, NOWHERE, 512);
	prd(b, 1, RAM, 512 | LAST);
	command(b, 0, 2, READ_DMA);
	bm_run(b, BM, TO_MEMORY);
	assert_int_equal(bench_in8(b, BM + 2), 4);
	assert_int_equal(bench_in8(b, CMD + 7), 0x50);
	assert_memory_equal(bench_ram(b) + RAM, bench_disk(b, "hd") + 512, 512);
}

static void
a_table_in_no_memory_is_an_error(struct bench *b)
{
	bm_setup(b);
	command(b, 0, 2, READ_DMA);
	bench_out32(b, BM + 4, NOWHERE);
	bench_out8(b, BM + 2, 6);
	bench_out8(b, BM, TO_MEMORY | 1);
	expect_error(b);
}

static void
who_is_no_bus_master_gets_nothing(struct bench *b)
{
	bm_setup(b);
	bench_cfg_write(b, "ide", 0x04, 2, 1);
	prd(b, 0, RAM, 1024 | LAST);
	command(b, 0, 2, READ_DMA);
	bm_run(b, BM, TO_MEMORY);
	expect_error(b);
	bench_cfg_write(b, "ide", 0x04, 2, 5);
	software_reset(b);
	command(b, 0, 2, READ_DMA);
	bm_run(b, BM, TO_MEMORY);
	assert_int_equal(bench_in8(b, CMD + 7), 0x50);
}

int
main(int argc, char **argv)
{
	static const struct bench_test tests[] = {
		BENCH_TEST(what_no_memory_gives_is_not_written),
		BENCH_TEST(another_table_takes_what_is_left),
		BENCH_TEST(data_for_no_memory_is_lost),
		BENCH_TEST(a_table_in_no_memory_is_an_error),
		BENCH_TEST(who_is_no_bus_master_gets_nothing),
	};

	return bench_main(argc, argv, devices, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
