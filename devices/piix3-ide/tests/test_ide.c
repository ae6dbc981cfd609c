/* SPDX-License-Identifier: MIT */
/* Disks as firmware and drivers use them. */
#include <stdlib.h>

#include "test_guest.h"

#define DISK_SIZE (4u << 20)

static const char *const devices[] = {
	"piix3-ide,id=ide",
	"ide-hd,bus=ide,index=0,drive=hd:4M",
	"ide-cd,bus=ide,channel=1,unit=0,drive=cd:1M,ro",
	NULL,
};

static void
reset_shows_the_signatures(struct bench *b)
{
	bench_out8(b, CTL, SRST);
	bench_out8(b, CTL, 0);
	assert_int_equal(bench_in8(b, CMD + 7), 0x50);
	assert_int_equal(bench_in8(b, CMD + 4), 0);
	assert_int_equal(bench_in8(b, 0x174), 0x14);
	assert_int_equal(bench_in8(b, 0x175), 0xeb);
	bench_out8(b, CMD + 6, 0xb0);
	assert_int_equal(bench_in8(b, CMD + 7), 0); /* no slave */
}

static void
identify_tells_the_size(struct bench *b)
{
	uint8_t id[512];

	command(b, 0, 0, 0xec);
	assert_int_equal(wait_ready(b, CMD), 0x58);
	bench_string(b, IOEMU_PIO, CMD, 2, 256, false, id);
	assert_int_equal(ioemu_get_le32(id + 120), DISK_SIZE / 512);
	assert_int_equal(ioemu_get_le64(id + 200), DISK_SIZE / 512);
	assert_memory_equal(id + 54, "imini-eoum", 4);
	assert_int_equal(bench_in8(b, CMD + 7), 0x50);
}

static void
pio_reads_sectors_each_with_an_interrupt(struct bench *b)
{
	uint8_t data[3 * 512];
	unsigned i;

	fill(bench_disk(b, "hd") + 5 * 512, sizeof(data), 3);
	command(b, 5, 3, 0x20);
	for (i = 0; i < 3; i++) {
		bench_settle(b);
		assert_true(bench_irq(b, 14));
		assert_int_equal(bench_in8(b, CMD + 7), 0x58);
		assert_false(bench_irq(b, 14));
		bench_string(b, IOEMU_PIO, CMD, 4, 128, false, data + 512 * i);
	}
	assert_memory_equal(data, bench_disk(b, "hd") + 5 * 512, sizeof(data));
	assert_int_equal(bench_in8(b, CMD + 7), 0x50);
}

static void
pio_writes_reach_the_disk(struct bench *b)
{
	uint8_t data[2 * 512];

	fill(data, sizeof(data), 9);
	command(b, 100, 2, 0x30);
	assert_int_equal(bench_in8(b, CMD + 7), 0x58);
	bench_string(b, IOEMU_PIO, CMD, 2, 256, true, data);
	assert_int_equal(bench_in8(b, CMD + 7), 0x58);
	bench_string(b, IOEMU_PIO, CMD, 2, 256, true, data + 512);
	assert_int_equal(wait_ready(b, CMD), 0x50);
	assert_memory_equal(data, bench_disk(b, "hd") + 51200, sizeof(data));
}

static void
outside_the_disk_is_idnf(struct bench *b)
{
	command(b, DISK_SIZE / 512, 1, 0x20);
	assert_int_equal(wait_ready(b, CMD), 0x51);
	assert_int_equal(bench_in8(b, CMD + 1), 0x10);
}

static void
a_failing_disk_reports_unc(struct bench *b)
{
	bench_disk_fail(b, "hd", -EIO);
	command(b, 7, 1, 0x20);
	assert_int_equal(wait_ready(b, CMD), 0x51);
	assert_int_equal(bench_in8(b, CMD + 1), 0x40);
}

static void
a_write_that_fails_is_aborted(struct bench *b)
{
	uint8_t data[512] = { 1 };

	bench_disk_fail(b, "hd", -ENOSPC);
	command(b, 7, 1, 0x30);
	bench_string(b, IOEMU_PIO, CMD, 2, 256, true, data);
	assert_int_equal(wait_ready(b, CMD), 0x51);
	assert_int_equal(bench_in8(b, CMD + 1), 0x04);
	assert_int_equal(bench_in8(b, CMD + 3), 7); /* where */
	assert_int_equal(bench_disk(b, "hd")[7 * 512], 0);
}

static void
a_flush_that_fails_is_aborted(struct bench *b)
{
	bench_disk_fail(b, "hd", -EIO);
	command(b, 0, 0, 0xea);
	assert_int_equal(wait_ready(b, CMD), 0x51);
	assert_int_equal(bench_in8(b, CMD + 1), 0x04);
}

static void
flush_flushes(struct bench *b)
{
	command(b, 0, 0, 0xe7);
	assert_int_equal(wait_ready(b, CMD), 0x50);
	assert_int_equal(bench_disk_flushes(b, "hd"), 1);
}

/* ---- bus master ------------------------------------------------------ */

static void
dma_reads_into_a_scattered_list(struct bench *b)
{
	uint8_t *disk = bench_disk(b, "hd");
	uint8_t *ram = bench_ram(b);

	bm_setup(b);
	fill(disk + 200 * 512, 4096, 1);
	prd(b, 0, 0x20000, 0x200);
	prd(b, 1, 0x30ffe, 0x402); /* crosses a page, cuts a sector */
	prd(b, 2, 0x40000, 0x9fe | 0x80000000u);
	command(b, 200, 8, 0xc8);
	bm_run(b, BM, 8);
	assert_true(bench_irq(b, 14));
	assert_int_equal(bench_in8(b, BM + 2) & 7, 4);
	assert_int_equal(bench_in8(b, CMD + 7), 0x50);
	assert_memory_equal(ram + 0x20000, disk + 102400, 0x200);
	assert_memory_equal(ram + 0x30ffe, disk + 102400 + 0x200, 0x402);
	assert_memory_equal(ram + 0x40000, disk + 102400 + 0x602, 0x9fe);
}

static void
dma_writes_48_bit(struct bench *b)
{
	uint8_t *ram = bench_ram(b);

	bm_setup(b);
	fill(ram + 0x50000, 0x20000, 5);
	prd(b, 0, 0x50000, 0);
	prd(b, 1, 0x60000, 0x80000000u);
	bench_out8(b, CMD + 2, 1); /* 256 sectors: high bytes first */
	bench_out8(b, CMD + 3, 0);
	bench_out8(b, CMD + 4, 0);
	bench_out8(b, CMD + 5, 0);
	command(b, 1000, 0, 0x35);
	bm_run(b, BM, 0);
	assert_int_equal(bench_in8(b, CMD + 7), 0x50);
	assert_memory_equal(bench_disk(b, "hd") + 512000, ram + 0x50000,
			    0x20000);
}

/* The bus master's own error bit is for its PCI transfers only. */
static void
dma_that_fails_is_the_drives_error(struct bench *b)
{
	static const uint8_t read_dma = 0xc8, write_dma = 0xca;

	bm_setup(b);
	prd(b, 0, 0x20000, 0x1000 | 0x80000000u);
	bench_disk_fail(b, "hd", -EIO);
	command(b, 200, 8, read_dma);
	bm_run(b, BM, 8);
	assert_true(bench_irq(b, 14));
	assert_int_equal(bench_in8(b, BM + 2) & 7, 4);
	assert_int_equal(bench_in8(b, CMD + 7), 0x51);
	assert_int_equal(bench_in8(b, CMD + 1), 0x40);
	bench_out8(b, BM, 0);
	bench_disk_fail(b, "hd", -EIO);
	command(b, 200, 8, write_dma);
	bm_run(b, BM, 0);
	assert_int_equal(bench_in8(b, BM + 2) & 7, 4);
	assert_int_equal(bench_in8(b, CMD + 7), 0x51);
	assert_int_equal(bench_in8(b, CMD + 1), 0x04);
	assert_int_equal(bench_in8(b, CMD + 3), 200);
}

/* Anything, anywhere: the drives must stay there for who resets them. */
static void
random_accesses_break_nothing(struct bench *b)
{
	static const uint16_t base[] = { CMD, 0x170, CTL, 0x376, BM, BM + 8 };
	unsigned i;

	bm_setup(b);
	srand(7);
	for (i = 0; i < 3000; i++) {
		unsigned r = (unsigned)rand(), k = r % 6;
		unsigned port = base[k] + (k == 2 || k == 3 ? 0 : r / 7 % 8);

		if (r & 0x10000)
			bench_write(b, IOEMU_PIO, port, 1u << (r / 64 % 3),
				    (unsigned)rand());
		else
			bench_read(b, IOEMU_PIO, port, 1u << (r / 64 % 3));
	}
	bench_settle(b);
	reset_shows_the_signatures(b);
}

int
main(int argc, char **argv)
{
	static const struct bench_test tests[] = {
		BENCH_TEST(reset_shows_the_signatures),
		BENCH_TEST(identify_tells_the_size),
		BENCH_TEST(pio_reads_sectors_each_with_an_interrupt),
		BENCH_TEST(pio_writes_reach_the_disk),
		BENCH_TEST(outside_the_disk_is_idnf),
		BENCH_TEST(a_failing_disk_reports_unc),
		BENCH_TEST(a_write_that_fails_is_aborted),
		BENCH_TEST(a_flush_that_fails_is_aborted),
		BENCH_TEST(flush_flushes),
		BENCH_TEST(dma_reads_into_a_scattered_list),
		BENCH_TEST(dma_writes_48_bit),
		BENCH_TEST(dma_that_fails_is_the_drives_error),
		BENCH_TEST(random_accesses_break_nothing),
	};

	return bench_main(argc, argv, devices, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
