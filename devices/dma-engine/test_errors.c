/* SPDX-License-Identifier: MIT */
/* dma-engine when lists are wrong, aborted or cut off by a reset. */
#include "test_driver.h"

#include <stdlib.h>

/* ---- errors --------------------------------------------------------- */

static void
expect_error(struct bench *b, uint32_t length, uint32_t code)
{
	assert_int_equal(run(b, length), ERROR | INTERRUPT);
	assert_int_equal(get(b, ERROR_CODE), code);
	assert_true(bench_intx(b, ID));
	set(b, STATUS, ERROR | INTERRUPT);
	assert_false(bench_intx(b, ID));
}

static void
a_list_of_the_wrong_length_is_an_error(struct bench *b)
{
	place(b);
	expect_error(b, 0, ERROR_LIST);
	expect_error(b, 257, ERROR_LIST);
	expect_error(b, UINT32_MAX, ERROR_LIST);
}

static void
a_bad_descriptor_ends_its_list(struct bench *b)
{
	static const uint32_t bad[] = { 0, 6, 0xfffffffe };
	unsigned i;

	place(b);
	for (i = 0; i < 3; i++) {
		desc_at(b, 0, 0x10000, 64);
		desc_at(b, 1, 0x10000, bad[i]);
		expect_error(b, 2, ERROR_LENGTH);
		assert_int_equal(get(b, INDEX), 1);
	}
	assert_true(get64(b, BYTES_IN) == 3 * 64);
}

static void
past_the_end_of_its_memory_is_an_error(struct bench *b)
{
	place(b);
	desc_at(b, 0, 0x10000, SIZE);
	desc_at(b, 1, 0x10000, 4);
	expect_error(b, 2, ERROR_RANGE);
	assert_int_equal(get(b, INDEX), 1);
	desc_at(b, 0, 0x10000, 0xfffffffc);
	expect_error(b, 1, ERROR_RANGE);
	desc_at(b, 0, 0x10000, 4);
	set(b, CARD_START, SIZE);
	expect_error(b, 1, ERROR_RANGE);
	set(b, CARD_START, UINT32_MAX);
	expect_error(b, 1, ERROR_RANGE);
	set(b, CARD_START, SIZE - 4);
	assert_int_equal(run(b, 1), DONE | INTERRUPT);
}

static void
what_is_no_memory_is_an_error(struct bench *b)
{
	uint8_t got[4];

	place(b);
	desc_at(b, 0, BENCH_RAM_SIZE - 4096, 8192);
	expect_error(b, 1, ERROR_DMA);
	card_read(b, 0, got, 4); /* all of a batch or nothing */
	assert_int_equal(ioemu_get_le32(got), 0);
	desc_at(b, 0, UINT64_MAX - 100, 8192);
	expect_error(b, 1, ERROR_DMA);
	set(b, LIST + 4, 0x80000000);
	expect_error(b, 1, ERROR_DMA);
}

static void
without_bus_master_the_list_cannot_be_had(struct bench *b)
{
	place(b);
	bench_cfg_write(b, ID, COMMAND, 2, COMMAND_MEM);
	desc_at(b, 0, 0x10000, 64);
	expect_error(b, 1, ERROR_DMA);
	bench_cfg_write(b, ID, COMMAND, 2, COMMAND_MEM | COMMAND_MASTER);
	assert_int_equal(run(b, 1), DONE | INTERRUPT);
}

/* ---- while it runs -------------------------------------------------- */

static void
long_list(struct bench *b)
{
	fill(bench_ram(b) + 0x10000, SIZE, 5);
	desc_at(b, 0, 0x10000, SIZE);
}

static void
what_describes_a_list_stays_while_it_runs(struct bench *b)
{
	place(b);
	long_list(b);
	start(b, 1);
	set(b, LIST, 0);
	set(b, LIST + 4, 1);
	set(b, LENGTH, 0);
	set(b, CARD_START, 4);
	set(b, CONTROL, START | INTERRUPTS);
	assert_int_equal(wait_idle(b), DONE | INTERRUPT);
	assert_true(get64(b, LIST) == LIST_GPA);
	assert_int_equal(get(b, LENGTH), 1);
	assert_int_equal(get(b, CARD_START), 0);
	assert_true(get64(b, BYTES_IN) == SIZE);
}

static void
an_aborted_list_ends_at_once(struct bench *b)
{
	unsigned polls, i;

	place(b);
	long_list(b);
	for (polls = 0; polls < 20; polls++) {
		start(b, 1);
		for (i = 0; i < polls; i++)
			get(b, STATUS);
		set(b, CONTROL, ABORT | INTERRUPTS);
		if (get(b, STATUS) == (DONE | INTERRUPT))
			break; /* it was over before */
		assert_int_equal(get(b, STATUS), ERROR | INTERRUPT);
		assert_int_equal(get(b, ERROR_CODE), ERROR_ABORTED);
		assert_true(bench_intx(b, ID));
		set(b, STATUS, INTERRUPT);
	}
	assert_true(polls > 2);
	assert_int_equal(run(b, 1), DONE | INTERRUPT);
	assert_true(get64(b, SUM) == sum_of(bench_ram(b) + 0x10000, SIZE));
}

static void
abort_without_a_list_is_nothing(struct bench *b)
{
	place(b);
	set(b, CONTROL, ABORT | INTERRUPTS);
	assert_int_equal(get(b, STATUS), 0);
	assert_false(bench_intx(b, ID));
}

static void
reset_drops_what_is_under_way(struct bench *b)
{
	unsigned polls, i;
	uint8_t got[4];

	place(b);
	long_list(b);
	for (polls = 0; polls < 12; polls++) {
		start(b, 1);
		for (i = 0; i < polls; i++)
			get(b, STATUS);
		set(b, CONTROL, RESET);
		assert_int_equal(get(b, STATUS), 0);
		bench_write(b, IOEMU_MEM, CARD, 4, 0x12345678);
		bench_settle(b);
		card_read(b, 0, got, 4);
		assert_int_equal(ioemu_get_le32(got), 0x12345678);
		assert_true(get64(b, BYTES_IN) == 0);
		assert_false(bench_intx(b, ID));
		set(b, LIST, LIST_GPA);
	}
}

static void
a_list_started_right_after_a_reset_runs(struct bench *b)
{
	unsigned polls, i;

	place(b);
	for (polls = 0; polls < 12; polls++) {
		long_list(b);
		start(b, 1);
		for (i = 0; i < polls; i++)
			get(b, STATUS);
		set(b, CONTROL, RESET);
		desc_at(b, 0, 0x10004, 8192);
		set(b, LIST, LIST_GPA);
		start(b, 1);
		set(b, CONTROL, ABORT);
		assert_int_equal(run(b, 1), DONE | INTERRUPT);
		assert_true(get64(b, SUM) ==
			    sum_of(bench_ram(b) + 0x10004, 8192));
		assert_true(get64(b, BYTES_IN) == 8192);
		set(b, CONTROL, RESET);
	}
}

static void
whatever_a_list_says_it_ends(struct bench *b)
{
	unsigned round, i, n;

	srand(1);
	place(b);
	for (round = 0; round < 40; round++) {
		n = 1 + (unsigned)rand() % 20;
		for (i = 0; i < n; i++) {
			uint32_t len = (uint32_t)rand() % 0x3000;

			desc_at(b, i, (uint64_t)rand() % BENCH_RAM_SIZE,
				rand() % 10 ? len & ~3u : len);
			desc_flags(b, i, (uint32_t)rand());
		}
		set(b, CARD_START, (uint32_t)rand() % SIZE);
		run(b, n);
		place(b); /* it may have been its own list it wrote over */
	}
}

static void
every_register_survives_everything(struct bench *b)
{
	unsigned reg, size;

	place(b);
	for (reg = 0; reg < 0x60; reg++) {
		size = 1u << reg % 4;
		bench_write(b, IOEMU_MEM, REGS + reg, size, UINT64_MAX);
		bench_read(b, IOEMU_MEM, REGS + reg, size);
		bench_write(b, IOEMU_MEM, TABLE + reg, size, UINT64_MAX);
	}
	for (reg = 0; reg < 0x60; reg += 4)
		set(b, reg, 0xa5a5a5a5);
	set(b, CONTROL, RESET);
	assert_int_equal(get(b, STATUS), 0);
}

static const char *const devices[] = { SPEC, NULL };

static const struct bench_test tests[] = {
	BENCH_TEST(a_list_of_the_wrong_length_is_an_error),
	BENCH_TEST(a_bad_descriptor_ends_its_list),
	BENCH_TEST(past_the_end_of_its_memory_is_an_error),
	BENCH_TEST(what_is_no_memory_is_an_error),
	BENCH_TEST(without_bus_master_the_list_cannot_be_had),
	BENCH_TEST(what_describes_a_list_stays_while_it_runs),
	BENCH_TEST(an_aborted_list_ends_at_once),
	BENCH_TEST(abort_without_a_list_is_nothing),
	BENCH_TEST(reset_drops_what_is_under_way),
	BENCH_TEST(a_list_started_right_after_a_reset_runs),
	BENCH_TEST(whatever_a_list_says_it_ends),
	BENCH_TEST(every_register_survives_everything),
};

int
main(int argc, char **argv)
{
	return bench_main(argc, argv, devices, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
