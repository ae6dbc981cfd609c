/* SPDX-License-Identifier: MIT */
/*
 * Descriptor tables as nobody would write them, but may: Programming Interface
 * for Bus Master IDE Controller, revision 1.0. And commands that are under way
 * when the guest is saved.
 */
#include "test_packet.h"

#define DATA 0x40000u
#define LAST 0x80000000u
#define BUSY 0x80u
#define TO_MEMORY 8u
#define READ_DMA 0xc8u
#define WRITE_DMA 0xcau

#define RESTS 10000u /* more than any command here takes */

static const char *const devices[] = {
	"piix3-ide,id=ide",
	"ide-hd,bus=ide,index=0,drive=hd:4M",
	"ide-cd,bus=ide,channel=1,unit=0,drive=cd:1M,ro",
	NULL,
};

static void
packet_dma(struct bench *b, const char *cdb)
{
	uint8_t bytes[12];

	memcpy(bytes, cdb, sizeof(bytes));
	bench_out8(b, CD + 6, 0xa0);
	bench_out8(b, CD + 1, 1);
	bench_out8(b, CD + 7, 0xa0);
	bench_string(b, IOEMU_PIO, CD, 2, 6, true, bytes);
}

/* Runs what a channel has to do to its end; how often it rested. */
static unsigned
finish(struct bench *b, unsigned base)
{
	unsigned rests = 0;

	bench_settle(b);
	while (bench_in8(b, base + 0x206) & BUSY && rests++ < RESTS) {
		bench_advance(b, 1);
		bench_settle(b);
	}
	return rests;
}

/* `total` bytes of guest memory in pieces of `size`. */
static void
table_of(struct bench *b, unsigned total, unsigned size)
{
	unsigned i, at, n;

	for (i = 0, at = 0; at < total; i++, at += n) {
		n = total - at < size ? total - at : size;
		prd(b, i, DATA + at, n | (at + n == total ? LAST : 0));
	}
}

static const unsigned odd_sizes[] = { 2, 6, 8, 10, 14, 34, 130, 0x402 };
#define N_SIZES (sizeof(odd_sizes) / sizeof(odd_sizes[0]))

/* A command that moves `n` bytes from `offset` of the disk on. */
struct move {
	unsigned base, bm, n, offset;
	const char *disk;
	uint8_t direction;
	void (*start)(struct bench *b);
};

static void
pieces_of_any_size(struct bench *b, const struct move *m)
{
	uint8_t *medium = bench_disk(b, m->disk) + m->offset;
	uint8_t *data = bench_ram(b) + DATA;
	unsigned i;

	bm_setup(b);
	for (i = 0; i < N_SIZES; i++) {
		fill(m->direction ? medium : data, m->n, i);
		table_of(b, m->n, odd_sizes[i]);
		m->start(b);
		bm_run(b, m->bm, m->direction);
		finish(b, m->base);
		assert_int_equal(bench_in8(b, m->base + 7), 0x50);
		assert_int_equal(bench_in8(b, m->bm + 2) & 7, 4);
		assert_memory_equal(data, medium, m->n);
		bench_out8(b, m->bm, 0);
	}
}

static void
start_cd_read(struct bench *b)
{
	packet_dma(b, "\x28\0\0\0\0\x03\0\0\x02\0\0");
}

static void
start_disk_read(struct bench *b)
{
	command(b, 9, 3, READ_DMA);
}

static void
start_disk_write(struct bench *b)
{
	command(b, 9, 3, WRITE_DMA);
}

static void
pieces_of_any_size_read_a_cd(struct bench *b)
{
	pieces_of_any_size(b, &(struct move){
				      .base = CD,
				      .bm = BM_CD,
				      .n = 2 * 2048,
				      .offset = 3 * 2048,
				      .disk = "cd",
				      .direction = TO_MEMORY,
				      .start = start_cd_read,
			      });
}

static void
pieces_of_any_size_read_a_disk(struct bench *b)
{
	pieces_of_any_size(b, &(struct move){
				      .base = CMD,
				      .bm = BM,
				      .n = 3 * 512,
				      .offset = 9 * 512,
				      .disk = "hd",
				      .direction = TO_MEMORY,
				      .start = start_disk_read,
			      });
}

static void
pieces_of_any_size_write_a_disk(struct bench *b)
{
	pieces_of_any_size(b, &(struct move){
				      .base = CMD,
				      .bm = BM,
				      .n = 3 * 512,
				      .offset = 9 * 512,
				      .disk = "hd",
				      .start = start_disk_write,
			      });
}

/* Entries are fetched 64 at a time: no guest needs to know. */
static void
many_entries_that_cut_sectors_work(struct bench *b)
{
	unsigned n = 256 * 512;

	bm_setup(b);
	fill(bench_disk(b, "hd"), n, 1);
	table_of(b, n, 0x3fe);
	command(b, 0, 0, READ_DMA);
	bm_run(b, BM, TO_MEMORY);
	finish(b, CMD);
	assert_int_equal(bench_in8(b, CMD + 7), 0x50);
	assert_memory_equal(bench_ram(b) + DATA, bench_disk(b, "hd"), n);
}

static void
a_table_may_end_where_memory_does(struct bench *b)
{
	uint32_t at = BENCH_RAM_SIZE - 8;

	bm_setup(b);
	fill(bench_disk(b, "hd"), 512, 1);
	ioemu_put_le32(bench_ram(b) + at, DATA);
	ioemu_put_le32(bench_ram(b) + at + 4, 512 | LAST);
	command(b, 0, 1, READ_DMA);
	bench_out32(b, BM + 4, at);
	bench_out8(b, BM, TO_MEMORY | 1);
	finish(b, CMD);
	assert_int_equal(bench_in8(b, CMD + 7), 0x50);
	assert_memory_equal(bench_ram(b) + DATA, bench_disk(b, "hd"), 512);
}

/* ---- what runs while the guest is saved ----------------------------- */

/* Whoever stops the guest waits for requests, not for all of a command. (On a
 * link there is always something to wait for: the rests do not show.) */
static void
a_long_command_rests_and_goes_on(struct bench *b)
{
	static unsigned rests; /* of all modes so far */
	unsigned n = 256 * 512;

	bm_setup(b);
	fill(bench_disk(b, "hd"), n, 1);
	table_of(b, n, 8);
	command(b, 0, 0, READ_DMA);
	bm_run(b, BM, TO_MEMORY);
	rests += finish(b, CMD);
	assert_true(rests > 8);
	assert_int_equal(bench_in8(b, CMD + 7), 0x50);
	assert_memory_equal(bench_ram(b) + DATA, bench_disk(b, "hd"), n);
}

static void
a_bus_master_may_be_started_before_the_command(struct bench *b)
{
	bm_setup(b);
	fill(bench_disk(b, "hd"), 1024, 1);
	table_of(b, 1024, 512);
	bm_run(b, BM, TO_MEMORY);
	assert_int_equal(bench_in8(b, BM + 2) & 7, 1);
	command(b, 0, 1, READ_DMA);
	finish(b, CMD);
	/* and goes on where it was: there is more than this command takes */
	assert_int_equal(bench_in8(b, BM + 2) & 7, 5);
	assert_int_equal(bench_in8(b, CMD + 7), 0x50);
	command(b, 1, 1, READ_DMA);
	finish(b, CMD);
	assert_int_equal(bench_in8(b, CMD + 7), 0x50);
	assert_int_equal(bench_in8(b, BM + 2) & 7, 4);
	assert_memory_equal(bench_ram(b) + DATA, bench_disk(b, "hd"), 1024);
}

/* ---- a table shorter than the command -------------------------------- */

/* What the specification says of it: bits 2:0 are clear. The drive has data
 * left and is busy. */
static void
expect_waiting(struct bench *b, unsigned bm, unsigned base, unsigned irq)
{
	finish(b, base);
	assert_int_equal(bench_in8(b, bm + 2) & 7, 0);
	assert_int_equal(bench_in8(b, base + 0x206) & 0x89, 0x80);
	assert_false(bench_irq(b, irq));
}

static void
expect_reset_helps(struct bench *b)
{
	uint8_t was = bench_disk(b, "hd")[0];

	bench_out8(b, BM, 0);
	bench_out8(b, CTL, SRST);
	bench_out8(b, CTL, 0);
	assert_int_equal(bench_in8(b, CMD + 7), 0x50);
	assert_false(bench_irq(b, 14));
	table_of(b, 512, 512);
	bench_ram(b)[DATA] = (uint8_t)~was;
	command(b, 0, 1, READ_DMA);
	bm_run(b, BM, TO_MEMORY);
	finish(b, CMD);
	assert_int_equal(bench_in8(b, BM + 2) & 7, 4);
	assert_int_equal(bench_in8(b, CMD + 7), 0x50);
	assert_int_equal(bench_ram(b)[DATA], was);
	bench_out8(b, BM, 0);
}

/* In whole sectors, in parts of one, in less than one. */
static const unsigned short_of[] = { 1024, 1026, 1534, 512, 510, 2 };
#define N_SHORT (sizeof(short_of) / sizeof(short_of[0]))

static void
a_read_longer_than_its_table_waits(struct bench *b)
{
	uint8_t *ram = bench_ram(b), *disk = bench_disk(b, "hd");
	unsigned i;

	bm_setup(b);
	fill(disk, 2048, 1);
	for (i = 0; i < N_SHORT; i++) {
		memset(ram + DATA, 0xee, 2048);
		table_of(b, short_of[i], 512);
		command(b, 0, 4, READ_DMA);
		bm_run(b, BM, TO_MEMORY);
		expect_waiting(b, BM, CMD, 14);
		assert_memory_equal(ram + DATA, disk, short_of[i]);
		assert_int_equal(ram[DATA + short_of[i]], 0xee);
		expect_reset_helps(b);
	}
}

static void
a_write_longer_than_its_table_waits(struct bench *b)
{
	uint8_t *ram = bench_ram(b), *disk = bench_disk(b, "hd");
	unsigned i;

	bm_setup(b);
	for (i = 0; i < N_SHORT; i++) {
		memset(disk, 0xee, 2048);
		fill(ram + DATA, 2048, i);
		table_of(b, short_of[i], 512);
		command(b, 0, 4, WRITE_DMA);
		bm_run(b, BM, 0);
		expect_waiting(b, BM, CMD, 14);
		assert_memory_equal(disk, ram + DATA, short_of[i] & ~511u);
		assert_int_equal(disk[short_of[i] & ~511u], 0xee);
		expect_reset_helps(b);
	}
}

/* The drive does not know of tables: what is left goes by the next one. */
static void
another_table_takes_what_is_left(struct bench *b)
{
	bm_setup(b);
	fill(bench_disk(b, "hd"), 1024, 1);
	table_of(b, 514, 512);
	command(b, 0, 2, READ_DMA);
	bm_run(b, BM, TO_MEMORY);
	expect_waiting(b, BM, CMD, 14);
	bench_out8(b, BM, 0);
	prd(b, 0, DATA + 514, 510 | LAST);
	bm_run(b, BM, TO_MEMORY);
	finish(b, CMD);
	assert_true(bench_irq(b, 14));
	assert_int_equal(bench_in8(b, BM + 2) & 7, 4);
	assert_int_equal(bench_in8(b, CMD + 7), 0x50);
	assert_memory_equal(bench_ram(b) + DATA, bench_disk(b, "hd"), 1024);
}

static void
an_answer_longer_than_its_table_waits(struct bench *b)
{
	uint8_t data[36];

	bm_setup(b);
	prd(b, 0, DATA, 16 | LAST);
	prd(b, 1, DATA + 16, 16 | LAST);
	packet_dma(b, "\x12\0\0\0\x24\0\0\0\0\0\0");
	bm_run(b, BM_CD, TO_MEMORY);
	expect_waiting(b, BM_CD, CD, 15);
	assert_memory_equal(bench_ram(b) + DATA + 8, "IOEMU   ", 8);
	assert_int_equal(bench_ram(b)[DATA + 16], 0);
	bench_out8(b, CD + 7, 0x08); /* DEVICE RESET */
	assert_int_equal(bench_in8(b, CD + 7), 0);
	assert_int_equal(bench_in8(b, CD + 4), 0x14);
	bench_out8(b, BM_CD, 0);
	packet(b, 0, "\x12\0\0\0\x24\0\0\0\0\0\0");
	assert_int_equal(packet_data(b, data, sizeof(data)), 36);
}

/* The medium under a drive that waits is another: the command never goes on. */
static void
a_drive_that_waits_gives_its_medium_away(struct bench *b)
{
	bm_setup(b);
	prd(b, 0, DATA, 512 | LAST);
	packet_dma(b, "\x28\0\0\0\0\x03\0\0\x02\0\0");
	bm_run(b, BM_CD, TO_MEMORY);
	expect_waiting(b, BM_CD, CD, 15);
	assert_int_equal(bench_medium(b, "ide-cd", "cd", IOEMU_MEDIUM_OPEN, 0),
			 IOEMU_MEDIUM_IS_OPEN);
	assert_int_equal(
		bench_medium(b, "ide-cd", "cd", IOEMU_MEDIUM_CLOSE, 1 << 20),
		0);
	bench_out8(b, BM_CD, 0);
	bm_run(b, BM_CD, TO_MEMORY);
	finish(b, CD);
	assert_int_equal(bench_in8(b, BM_CD + 2) & 6, 4);
	assert_int_equal(packet_sense(b), SENSE(NOT_READY, 0x3a01));
}

/* ---- who was saved cannot tell ------------------------------------- */

/* A table that was longer than its command: the next command takes what the
 * entries say by then, as it does where they were read again after loading. */
static void
what_a_table_has_left_is_read_again(struct bench *b)
{
	static const uint8_t untouched[512];
	uint8_t *ram = bench_ram(b), *disk = bench_disk(b, "hd");

	fill(disk, 1024, 5);
	bm_setup(b);
	prd(b, 0, DATA, 512);
	prd(b, 1, DATA + 0x1000, 512 | LAST);
	command(b, 0, 1, READ_DMA);
	bm_run(b, BM, TO_MEMORY);
	assert_int_equal(bench_in8(b, BM + 2) & 7, 5);
	prd(b, 1, DATA + 0x2000, 512 | LAST);
	command(b, 1, 1, READ_DMA);
	finish(b, CMD);
	assert_int_equal(bench_in8(b, BM + 2) & 7, 4);
	assert_memory_equal(ram + DATA, disk, 512);
	assert_memory_equal(ram + DATA + 0x1000, untouched, 512);
	assert_memory_equal(ram + DATA + 0x2000, disk + 512, 512);
}

/* Not by what commands before it moved, of which a saved state says nothing. */
static void
a_command_rests_by_what_it_moves(struct bench *b)
{
	enum { SECTORS = 10, COMMANDS = 8 }; /* a request each: below 16 */
	unsigned i;

	bm_setup(b);
	table_of(b, SECTORS * 512, 2);
	for (i = 0; i < COMMANDS; i++) {
		command(b, 0, SECTORS, READ_DMA);
		bm_run(b, BM, TO_MEMORY);
		assert_int_equal(finish(b, CMD), 0);
		assert_int_equal(bench_in8(b, BM + 2) & 7, 4);
		bench_out8(b, BM, 0);
	}
}

int
main(int argc, char **argv)
{
	static const struct bench_test tests[] = {
		BENCH_TEST(pieces_of_any_size_read_a_cd),
		BENCH_TEST(pieces_of_any_size_read_a_disk),
		BENCH_TEST(pieces_of_any_size_write_a_disk),
		BENCH_TEST(many_entries_that_cut_sectors_work),
		BENCH_TEST(a_table_may_end_where_memory_does),
		BENCH_TEST(a_long_command_rests_and_goes_on),
		BENCH_TEST(a_bus_master_may_be_started_before_the_command),
		BENCH_TEST(a_read_longer_than_its_table_waits),
		BENCH_TEST(a_write_longer_than_its_table_waits),
		BENCH_TEST(another_table_takes_what_is_left),
		BENCH_TEST(an_answer_longer_than_its_table_waits),
		BENCH_TEST(a_drive_that_waits_gives_its_medium_away),
		BENCH_TEST(what_a_table_has_left_is_read_again),
		BENCH_TEST(a_command_rests_by_what_it_moves),
	};

	return bench_main(argc, argv, devices, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
