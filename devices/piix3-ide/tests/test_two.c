/* SPDX-License-Identifier: MIT */
/* Two disks on one cable: what one does while the other is at work. */
#include "test_guest.h"

#define ROUNDS 40u
#define DIAGNOSE 0x90
#define READ_SECTORS 0x20
#define READ_DMA 0xc8

static const char *const devices[] = {
	"piix3-ide,id=ide",
	"ide-hd,bus=ide,index=0,drive=hd:4M",
	"ide-hd,bus=ide,index=1,drive=other:1M",
	NULL,
};

/* One sector of the drive that `device` selects. */
static void
reads_well(struct bench *b, uint8_t device, const char *disk, unsigned lba)
{
	uint8_t data[512];

	fill(bench_disk(b, disk) + 512 * lba, 512, lba);
	bench_out8(b, CMD + 6, device);
	bench_out8(b, CMD + 2, 1);
	bench_out8(b, CMD + 3, (uint8_t)lba);
	bench_out8(b, CMD + 4, 0);
	bench_out8(b, CMD + 5, 0);
	bench_out8(b, CMD + 7, READ_SECTORS);
	assert_int_equal(wait_ready(b, CMD), 0x58);
	bench_string(b, IOEMU_PIO, CMD, 2, 256, false, data);
	assert_memory_equal(data, bench_disk(b, disk) + 512 * lba, 512);
	assert_int_equal(wait_ready(b, CMD), 0x50);
}

/* EXECUTE DEVICE DIAGNOSTIC is for both drives, whichever is selected
 * (ATA/ATAPI-6, 8.11). */
static void
diagnostics_give_up_a_command_that_runs(struct bench *b)
{
	unsigned i;

	for (i = 0; i < ROUNDS; i++) {
		command(b, i, 128, READ_SECTORS);
		bench_out8(b, CMD + 6, 0xf0);
		bench_out8(b, CMD + 7, DIAGNOSE);
		bench_out8(b, CMD + 7, READ_SECTORS); /* without waiting */
		bench_settle(b);
		bench_out8(b, CMD + 6, 0xf0);
		bench_out8(b, CMD + 7, DIAGNOSE);
		bench_settle(b);
		assert_true(bench_irq(b, 14));
		assert_int_equal(bench_in8(b, CMD + 1), 1); /* passed */
		assert_int_equal(bench_in8(b, CMD + 2), 1);
		assert_int_equal(bench_in8(b, CMD + 3), 1);
		assert_int_equal(bench_in8(b, CMD + 7), 0x50);
		assert_false(bench_irq(b, 14));
		reads_well(b, 0xe0, "hd", i + 3);
		reads_well(b, 0xf0, "other", i + 5);
	}
}

/* What is written while BSY is set has no defined result but for DEVICE RESET
 * (ATA/ATAPI-6, 7.4): ours ignores it, and the command goes on. */
static void
diagnostics_for_a_drive_that_is_busy_are_ignored(struct bench *b)
{
	fill(bench_disk(b, "hd") + 512, 512, 3);
	bm_setup(b);
	prd(b, 0, 0x20000, 512 | 0x80000000u);
	command(b, 1, 1, READ_DMA); /* busy until the bus master is started */
	assert_int_equal(bench_in8(b, CTL), 0x80);
	bench_out8(b, CMD + 7, DIAGNOSE);
	bench_settle(b);
	assert_int_equal(bench_in8(b, CTL), 0x80);
	assert_false(bench_irq(b, 14));
	bm_run(b, BM, 8);
	assert_true(bench_irq(b, 14));
	assert_int_equal(bench_in8(b, CMD + 7), 0x50);
	assert_int_equal(bench_in8(b, CMD + 1), 0);
	assert_memory_equal(bench_ram(b) + 0x20000, bench_disk(b, "hd") + 512,
			    512);
}

/* The drive is busy until its disk has ended what it was asked for. */
static void
the_bus_reset_gives_up_a_command_that_runs(struct bench *b)
{
	unsigned i;

	for (i = 0; i < ROUNDS; i++) {
		command(b, i, 128, READ_SECTORS);
		bench_out8(b, CTL, SRST);
		bench_out8(b, CTL, 0);
		bench_out8(b, CMD + 7, READ_SECTORS);
		bench_settle(b);
		bench_out8(b, CTL, SRST);
		bench_out8(b, CTL, 0);
		bench_settle(b);
		assert_false(bench_irq(b, 14));
		assert_int_equal(bench_in8(b, CMD + 7), 0x50);
		reads_well(b, 0xe0, "hd", i + 3);
	}
}

/* Only the drive that is selected drives DMARQ (ATA/ATAPI-6, 5.2.8): the other
 * does not take what a table has left, also after it was saved. */
static void
data_of_the_drive_that_is_selected_moves(struct bench *b)
{
	static const uint8_t untouched[512];
	uint8_t *ram = bench_ram(b);

	fill(bench_disk(b, "hd") + 512, 512, 3);
	fill(bench_disk(b, "other") + 1024, 512, 7);
	bm_setup(b);
	prd(b, 0, 0x20000, 512);
	prd(b, 1, 0x30000, 512 | 0x80000000u);
	address(b, 0xf0, 2, 0, 1);
	bench_out8(b, CMD + 7, READ_DMA);
	command(b, 1, 1, READ_DMA);
	bm_run(b, BM, 8);
	assert_int_equal(bench_in8(b, BM + 2), 5); /* the table is longer */
	assert_int_equal(bench_in8(b, CMD + 7), 0x50);
	assert_memory_equal(ram + 0x20000, bench_disk(b, "hd") + 512, 512);
	bench_advance(b, 1);
	bench_settle(b);
	assert_memory_equal(ram + 0x30000, untouched, 512);
	bench_out8(b, CMD + 6, 0xf0);
	bench_settle(b);
	assert_int_equal(bench_in8(b, BM + 2), 4);
	assert_true(bench_irq(b, 14));
	assert_int_equal(bench_in8(b, CMD + 7), 0x50);
	assert_memory_equal(ram + 0x30000, bench_disk(b, "other") + 1024, 512);
}

int
main(int argc, char **argv)
{
	static const struct bench_test tests[] = {
		BENCH_TEST(diagnostics_give_up_a_command_that_runs),
		BENCH_TEST(diagnostics_for_a_drive_that_is_busy_are_ignored),
		BENCH_TEST(the_bus_reset_gives_up_a_command_that_runs),
		BENCH_TEST(data_of_the_drive_that_is_selected_moves),
	};

	return bench_main(argc, argv, devices, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
