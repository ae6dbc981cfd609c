/* SPDX-License-Identifier: MIT */
/* Disks and CD-ROM as firmware and drivers use them. */
#include <stdlib.h>
#include <string.h>

#include <ioemu/bench.h>

#define CMD 0x1f0
#define CTL 0x3f6
#define BM 0xc000
#define DISK_SIZE (4u << 20)

static const char *const devices[] = {
	"piix3-ide,id=ide",
	"ide-hd,bus=ide,index=0,drive=hd:4M",
	"ide-cd,bus=ide,channel=1,unit=0,drive=cd:1M,ro",
	NULL,
};

static uint8_t
wait_ready(struct bench *b, unsigned base)
{
	bench_settle(b);
	assert_int_equal(bench_in8(b, base + 0x206) & 0x80, 0);
	return bench_in8(b, base + 7);
}

static void
command(struct bench *b, uint32_t lba, uint8_t n, uint8_t cmd)
{
	bench_out8(b, CMD + 6, (uint8_t)(0xe0 | lba >> 24));
	bench_out8(b, CMD + 2, n);
	bench_out8(b, CMD + 3, (uint8_t)lba);
	bench_out8(b, CMD + 4, (uint8_t)(lba >> 8));
	bench_out8(b, CMD + 5, (uint8_t)(lba >> 16));
	bench_out8(b, CMD + 7, cmd);
}

static void
fill(uint8_t *p, unsigned n, unsigned seed)
{
	unsigned i;

	for (i = 0; i < n; i++)
		p[i] = (uint8_t)(i * 13 + i / 256 + seed);
}

static void
reset_shows_the_signatures(struct bench *b)
{
	bench_out8(b, CTL, 4);
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
	bench_string(b, IOEMU_IO, CMD, 2, 256, false, id);
	assert_int_equal(get_le32(id + 120), DISK_SIZE / 512);
	assert_int_equal(get_le64(id + 200), DISK_SIZE / 512);
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
		bench_string(b, IOEMU_IO, CMD, 4, 128, false, data + 512 * i);
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
	bench_string(b, IOEMU_IO, CMD, 2, 256, true, data);
	assert_int_equal(bench_in8(b, CMD + 7), 0x58);
	bench_string(b, IOEMU_IO, CMD, 2, 256, true, data + 512);
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
flush_flushes(struct bench *b)
{
	command(b, 0, 0, 0xe7);
	assert_int_equal(wait_ready(b, CMD), 0x50);
	assert_int_equal(bench_disk_flushes(b, "hd"), 1);
}

/* ---- bus master
 * ------------------------------------------------------------------ */

static void
bm_setup(struct bench *b)
{
	bench_cfg_write(b, "ide", 0x20, 4, BM);
	bench_cfg_write(b, "ide", 0x04, 2, 5);
}

static void
prd(struct bench *b, unsigned i, uint32_t gpa, uint32_t len)
{
	put_le32(bench_ram(b) + 0x1000 + 8 * i, gpa);
	put_le32(bench_ram(b) + 0x1004 + 8 * i, len);
}

static void
bm_run(struct bench *b, unsigned base, uint8_t direction)
{
	bench_out32(b, base + 4, 0x1000);
	bench_out8(b, base + 2, 6);
	bench_out8(b, base, direction | 1);
	bench_settle(b);
}

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

static void
a_table_too_short_ends_in_an_error(struct bench *b)
{
	bm_setup(b);
	prd(b, 0, 0x20000, 0x200 | 0x80000000u);
	command(b, 0, 2, 0xc8);
	bm_run(b, BM, 8);
	assert_int_equal(bench_in8(b, CMD + 7) & 0x81, 1);
	assert_int_equal(bench_in8(b, BM + 2) & 2, 2);
}

/* ---- CD-ROM
 * ------------------------------------------------------------------------ */

static void
packet(struct bench *b, uint8_t feature, const char *cdb)
{
	uint8_t bytes[12];

	memcpy(bytes, cdb, sizeof(bytes));
	bench_out8(b, 0x176, 0xa0);
	bench_out8(b, 0x171, feature);
	bench_out8(b, 0x174, 0x00);
	bench_out8(b, 0x175, 0x08); /* 2,048 bytes a block */
	bench_out8(b, 0x177, 0xa0);
	assert_int_equal(bench_in8(b, 0x177), 0x58);
	assert_int_equal(bench_in8(b, 0x172), 1);
	bench_string(b, IOEMU_IO, 0x170, 2, 6, true, bytes);
	bench_settle(b);
}

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
	bench_string(b, IOEMU_IO, 0x170, 2, 1024, false, data);
	assert_memory_equal(data, bench_disk(b, "cd") + 3 * 2048, 2048);
	bench_string(b, IOEMU_IO, 0x170, 2, 1024, false, data);
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
	bench_string(b, IOEMU_IO, 0x170, 2, 9, false, sense);
	assert_int_equal(sense[2], 5);
	assert_int_equal(sense[12], 0x20);
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
			bench_write(b, IOEMU_IO, port, 1u << (r / 64 % 3),
				    (unsigned)rand());
		else
			bench_read(b, IOEMU_IO, port, 1u << (r / 64 % 3));
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
		BENCH_TEST(flush_flushes),
		BENCH_TEST(dma_reads_into_a_scattered_list),
		BENCH_TEST(dma_writes_48_bit),
		BENCH_TEST(a_table_too_short_ends_in_an_error),
		BENCH_TEST(a_cd_is_read_by_pio),
		BENCH_TEST(a_cd_is_read_by_dma),
		BENCH_TEST(a_short_answer_comes_by_dma_too),
		BENCH_TEST(an_unknown_packet_leaves_sense),
		BENCH_TEST(random_accesses_break_nothing),
	};

	return bench_main(argc, argv, devices, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
