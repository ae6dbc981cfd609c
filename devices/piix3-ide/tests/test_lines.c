/* SPDX-License-Identifier: MIT */
/* What a cable and its registers do, whatever the command: interrupts, resets,
 * widths of accesses, who answers. */
#include "test_guest.h"

#define DRIVE1 0xf0
#define READ_SECTORS 0x20
#define READ_DMA 0xc8
#define WRITE_DMA 0xca
#define CHECK_POWER 0xe5
#define DIAGNOSE 0x90
#define NIEN 2
#define BM_TO_MEMORY 8
#define LAST 0x80000000u
#define ROUNDS 40u

static const char *const devices[] = {
	"piix3-ide,id=ide",
	"ide-hd,bus=ide,index=0,drive=hd:4M",
	"ide-hd,bus=ide,index=1,drive=other:1M",
	"ide-cd,bus=ide,channel=1,unit=0,drive=cd:1M,ro",
	NULL,
};

/* ---- interrupts ---------------------------------------------------- */

/* ATA/ATAPI-6, 5.2.9: released while nIEN is set. SFF-8038i, 3.2: bit 2 says
 * that the line rose. */
static void
a_masked_interrupt_does_not_reach_the_bus_master(struct bench *b)
{
	bm_setup(b);
	bench_out8(b, CTL, NIEN);
	command(b, 0, 0, CHECK_POWER);
	assert_false(bench_irq(b, 14));
	assert_int_equal(bench_in8(b, BM + 2) & 4, 0);
	bench_out8(b, CTL, 0); /* it rises now */
	assert_true(bench_irq(b, 14));
	assert_int_equal(bench_in8(b, BM + 2) & 4, 4);
	bench_out8(b, BM + 2, 4);
	assert_int_equal(bench_in8(b, BM + 2) & 4, 0);
	assert_true(bench_irq(b, 14));
	assert_int_equal(bench_in8(b, CTL), 0x50); /* clears nothing */
	assert_true(bench_irq(b, 14));
	assert_int_equal(bench_in8(b, CMD + 7), 0x50);
	assert_false(bench_irq(b, 14));
}

static void
the_drive_that_is_selected_has_the_line(struct bench *b)
{
	command(b, 5, 1, READ_SECTORS);
	bench_out8(b, CMD + 6, DRIVE1);
	bench_settle(b);
	assert_false(bench_irq(b, 14));
	assert_int_equal(bench_in8(b, CMD + 7), 0x50);
	bench_out8(b, CMD + 6, LBA);
	assert_true(bench_irq(b, 14));
	assert_int_equal(bench_in8(b, CMD + 7), 0x58);
	assert_false(bench_irq(b, 14));
}

/* ---- resets -------------------------------------------------------- */

static void
drives_are_busy_while_srst_is_set(struct bench *b)
{
	command(b, 0, 0, CHECK_POWER);
	assert_true(bench_irq(b, 14));
	bench_out8(b, CTL, SRST);
	assert_false(bench_irq(b, 14));
	assert_int_equal(bench_in8(b, CMD + 7) & 0x80, 0x80);
	assert_int_equal(bench_in8(b, CTL) & 0x80, 0x80);
	bench_out8(b, CMD + 7, CHECK_POWER); /* nobody takes it */
	bench_out8(b, CMD + 2, 0x77);
	bench_out8(b, CMD + 6, DRIVE1);
	bench_settle(b);
	assert_int_equal(bench_in8(b, CTL) & 0x80, 0x80);
	bench_out8(b, CTL, 0);
	assert_int_equal(bench_in8(b, CTL), 0x50);
	assert_int_equal(bench_in8(b, CMD + 2), 1);
	assert_int_equal(bench_in8(b, CMD + 6), 0xa0);
	assert_false(bench_irq(b, 14));
	bench_out8(b, CMD + 6, DRIVE1);
	assert_int_equal(bench_in8(b, CTL), 0x50);
}

/* A drive gives up what it does for its bus's reset only, and shows its
 * signature (ATA/ATAPI-6, 8.10): the DEV bit stays. */
static void
device_reset_is_for_packet_drives(struct bench *b)
{
	bench_out8(b, 0x174, 0x55);
	bench_out8(b, 0x177, 0x08);
	assert_int_equal(bench_in8(b, 0x174), 0x14);
	assert_int_equal(bench_in8(b, 0x175), 0xeb);
	assert_int_equal(bench_in8(b, 0x177), 0);
	assert_false(bench_irq(b, 15));
	command(b, 0, 0, 0x08);
	assert_int_equal(bench_in8(b, CMD + 7), 0x51);
	assert_int_equal(bench_in8(b, CMD + 1), 4);
}

/* ---- widths -------------------------------------------------------- */

/* Registers are a byte wide: what is wider is a cycle for each. */
static void
wide_accesses_are_one_cycle_a_register(struct bench *b)
{
	bench_out16(b, CMD + 2, 0x2211);
	bench_out16(b, CMD + 4, 0x4433);
	assert_int_equal(bench_in8(b, CMD + 2), 0x11);
	assert_int_equal(bench_in8(b, CMD + 3), 0x22);
	assert_int_equal(bench_in16(b, CMD + 2), 0x2211);
	assert_int_equal(bench_in32(b, CMD + 4), 0x50a04433);
	/* the command last */
	bench_out32(b, CMD + 4, (uint32_t)CHECK_POWER << 24 | 0xe07766);
	assert_true(bench_irq(b, 14));
	assert_int_equal(bench_in16(b, CMD + 4), 0x7766);
	assert_int_equal(bench_in16(b, CMD + 2), 0x22ff);
	assert_true(bench_irq(b, 14));
	assert_int_equal(bench_in16(b, CMD + 6), 0x50e0);
	assert_false(bench_irq(b, 14)); /* status was read */
}

static void
bus_master_registers_are_bytes_too(struct bench *b)
{
	bm_setup(b);
	bench_out32(b, BM + 4, 0x12345677);
	assert_int_equal(bench_in32(b, BM + 4), 0x12345674);
	bench_out8(b, BM + 5, 0xab);
	bench_out16(b, BM + 6, 0xcdef);
	assert_int_equal(bench_in32(b, BM + 4), 0xcdefab74);
	assert_int_equal(bench_in16(b, BM + 5), 0xefab & 0xffff);
	bench_out32(b, BM, 0x00600008);
	assert_int_equal(bench_in32(b, BM), 0x00600008);
	/* a command and a status in one: DMA runs, an old interrupt is gone */
	command(b, 0, 0, CHECK_POWER);
	assert_int_equal(bench_in16(b, BM + 2), 0x64);
	bench_out32(b, BM, 0x00240009);
	assert_int_equal(bench_in32(b, BM), 0x00210009);
}

/* SFF-8038i, 3.2: software says which drives may do DMA. */
static void
bus_master_capable_bits_are_the_guests(struct bench *b)
{
	bm_setup(b);
	assert_int_equal(bench_in8(b, BM + 2), 0);
	bench_out8(b, BM + 2, 0x60);
	assert_int_equal(bench_in8(b, BM + 2), 0x60);
	bench_out8(b, BM + 2, 0x20);
	assert_int_equal(bench_in8(b, BM + 2), 0x20);
	assert_int_equal(bench_in8(b, BM + 10), 0);
	bench_out8(b, BM + 2, 0x9f);
	assert_int_equal(bench_in8(b, BM + 2), 0);
}

/* ---- blocks -------------------------------------------------------- */

/* The drive is busy before it has the next one: who does not look gets nothing
 * of it (ATA/ATAPI-6, 9.5). On a link there is time enough between two words.
 */
static void
a_drive_is_busy_between_blocks(struct bench *b)
{
	static unsigned busy; /* in all modes so far */
	unsigned more = 4, rest = 256;
	uint16_t data[260];

	fill(bench_disk(b, "hd") + 9 * 512, 1024, 2);
	command(b, 9, 2, READ_SECTORS);
	assert_int_equal(wait_ready(b, CMD), 0x58);
	bench_string(b, IOEMU_PIO, CMD, 2, 256 + more, false, data);
	assert_memory_equal(data, bench_disk(b, "hd") + 9 * 512, 512);
	if (data[256] == 0xffff)
		busy++;
	else
		rest -= more;
	assert_true(busy);
	assert_int_equal(wait_ready(b, CMD), 0x58);
	bench_string(b, IOEMU_PIO, CMD, 2, rest, false, data);
	assert_memory_equal(data,
			    bench_disk(b, "hd") + 11 * 512 - (size_t)2 * rest,
			    (size_t)2 * rest);
	assert_int_equal(wait_ready(b, CMD), 0x50);
}

/* ---- who answers ---------------------------------------------------- */

static const char *const alone[] = {
	"piix3-ide,id=ide",
	"ide-hd,bus=ide,index=0,drive=hd:4M",
	NULL,
};

/* ATA/ATAPI-6, 9.16.1. */
static void
device_0_answers_for_a_device_1_that_is_not_there(struct bench *b)
{
	bench_out8(b, CMD + 6, DRIVE1);
	bench_out8(b, CMD + 2, 0x55);
	bench_out8(b, CMD + 3, 0xaa);
	assert_int_equal(bench_in8(b, CMD + 2), 0x55);
	assert_int_equal(bench_in8(b, CMD + 3), 0xaa);
	assert_int_equal(bench_in8(b, CMD + 7), 0);
	assert_int_equal(bench_in8(b, CTL), 0);
	bench_out8(b, CMD + 7, CHECK_POWER); /* for nobody */
	assert_false(bench_irq(b, 14));
	assert_int_equal(bench_in8(b, CMD + 2), 0x55);
	bench_out8(b, CMD + 7, DIAGNOSE); /* for both */
	assert_true(bench_irq(b, 14));
	assert_int_equal(bench_in8(b, CMD + 2), 1);
	assert_int_equal(bench_in8(b, CMD + 7), 0x50);
}

static void
nobody_answers_on_an_empty_cable(struct bench *b)
{
	assert_int_equal(bench_in8(b, 0x177), 0);
	assert_int_equal(bench_in8(b, 0x172), 0);
	assert_int_equal(bench_in16(b, 0x170), 0xffff);
	bench_out8(b, 0x177, DIAGNOSE);
	assert_false(bench_irq(b, 15));
}

/* ---- the bus master's table ------------------------------------------ */

static bool
runs_from_the_new_table(struct bench *b, bool reset)
{
	uint8_t *ram = bench_ram(b);

	memset(ram + 0x30000, 0, 512);
	prd(b, 0, 0x20000, 512 | LAST);
	prd(b, 1, 0x30000, 512 | LAST);
	bench_out32(b, BM + 4, 0x1000);
	command(b, 0, 1, READ_DMA);
	bench_out8(b, BM, BM_TO_MEMORY | 1);
	bench_out8(b, BM, 0);
	if (reset) {
		bench_out8(b, CTL, SRST);
		bench_out8(b, CTL, 0);
		command(b, 0, 1, READ_DMA);
	}
	bench_out32(b, BM + 4, 0x1008);
	bench_out8(b, BM, BM_TO_MEMORY | 1);
	bench_settle(b);
	bench_out8(b, BM, 0);
	return !memcmp(ram + 0x30000, bench_disk(b, "hd"), 512);
}

/* The table given between stop and start is the one that counts, also if the
 * old one is just being read (SFF-8038i, 3.1). Now and then the data of the old
 * one was on its way already. */
static void
a_start_reads_the_table_anew(struct bench *b)
{
	unsigned i, n = 0;

	bm_setup(b);
	fill(bench_disk(b, "hd"), 512, 1);
	for (i = 0; i < ROUNDS; i++)
		n += runs_from_the_new_table(b, false);
	assert_true(n > ROUNDS / 2);
	n = 0;
	for (i = 0; i < ROUNDS; i++)
		n += runs_from_the_new_table(b, true);
	assert_true(n > ROUNDS / 2);
}

/* ---- stopping it --------------------------------------------------- */

static bool
all_are(const uint8_t *p, unsigned n, uint8_t value)
{
	while (n && *p == value)
		p++, n--;
	return !n;
}

/* Once a stop is answered the memory is the guest's (SFF-8038i, the start bit:
 * what is left of the transfer is discarded). */
static void
nothing_is_read_into_memory_after_a_stop(struct bench *b)
{
	uint8_t *ram = bench_ram(b) + 0x20000;
	unsigned i;

	bm_setup(b);
	fill(bench_disk(b, "hd"), 0x10000, 1);
	prd(b, 0, 0x20000, LAST); /* 64 KiB */
	bench_out32(b, BM + 4, 0x1000);
	for (i = 0; i < ROUNDS; i++) {
		command(b, 0, 128, READ_DMA);
		bench_out8(b, BM, BM_TO_MEMORY | 1);
		if (i % 2)
			bench_in8(b, CTL);
		bench_out8(b, BM, 0);
		assert_int_equal(bench_in8(b, BM + 2) & 1, 0);
		memset(ram, 0xee, 0x10000);
		bench_settle(b);
		assert_true(all_are(ram, 0x10000, 0xee));
		bench_out8(b, CTL, SRST);
		bench_out8(b, CTL, 0);
		assert_int_equal(wait_ready(b, CMD), 0x50);
	}
}

static void
nothing_is_written_to_the_disk_after_a_stop(struct bench *b)
{
	uint8_t *ram = bench_ram(b) + 0x20000, *disk = bench_disk(b, "hd");
	unsigned i;

	bm_setup(b);
	prd(b, 0, 0x20000, LAST);
	bench_out32(b, BM + 4, 0x1000);
	for (i = 0; i < ROUNDS; i++) {
		memset(disk, 1, 0x10000);
		memset(ram, 2, 0x10000);
		command(b, 0, 128, WRITE_DMA);
		bench_out8(b, BM, 1);
		if (i % 2)
			bench_in8(b, CTL);
		/* command and status in one access */
		bench_out32(b, BM, 0x00060000);
		memset(ram, 3, 0x10000);
		bench_settle(b);
		assert_true(all_are(disk, 0x10000, *disk) && *disk < 3);
		bench_out8(b, CTL, SRST);
		bench_out8(b, CTL, 0);
		assert_int_equal(wait_ready(b, CMD), 0x50);
	}
}

int
main(int argc, char **argv)
{
	static const struct bench_test tests[] = {
		BENCH_TEST(a_masked_interrupt_does_not_reach_the_bus_master),
		BENCH_TEST(the_drive_that_is_selected_has_the_line),
		BENCH_TEST(drives_are_busy_while_srst_is_set),
		BENCH_TEST(device_reset_is_for_packet_drives),
		BENCH_TEST(wide_accesses_are_one_cycle_a_register),
		BENCH_TEST(bus_master_registers_are_bytes_too),
		BENCH_TEST(bus_master_capable_bits_are_the_guests),
		BENCH_TEST(a_drive_is_busy_between_blocks),
		BENCH_TEST_WITH(
			device_0_answers_for_a_device_1_that_is_not_there,
			alone),
		BENCH_TEST_WITH(nobody_answers_on_an_empty_cable, alone),
		BENCH_TEST(a_start_reads_the_table_anew),
		BENCH_TEST(nothing_is_read_into_memory_after_a_stop),
		BENCH_TEST(nothing_is_written_to_the_disk_after_a_stop),
	};

	return bench_main(argc, argv, devices, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
