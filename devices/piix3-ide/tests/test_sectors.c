/* SPDX-License-Identifier: MIT */
/* Every command that moves a disk's sectors (ATA/ATAPI-6, chapter 8), and what
 * a disk is loaded with. */
#include "test_guest.h"

#define WRITE_SECTORS 0x30
#define SET_MULTIPLE 0xc6
#define CHECK_POWER 0xe5

static const char *const devices[] = {
	"piix3-ide,id=ide",
	"ide-hd,bus=ide,index=0,drive=hd:4M",
	NULL,
};

#define FIRST 77u
#define N 3u
#define RAM 0x20000u

enum way { BY_PIO = 1, BY_TWO, BY_DMA };

struct opcode {
	uint8_t code;
	bool write, ext;
	enum way way; /* sectors a block, or */
};

static const struct opcode opcodes[] = {
	{ 0x20, false, false, BY_PIO }, { 0x21, false, false, BY_PIO },
	{ 0x24, false, true, BY_PIO },	{ 0xc4, false, false, BY_TWO },
	{ 0x29, false, true, BY_TWO },	{ 0xc8, false, false, BY_DMA },
	{ 0xc9, false, false, BY_DMA }, { 0x25, false, true, BY_DMA },
	{ 0x30, true, false, BY_PIO },	{ 0x31, true, false, BY_PIO },
	{ 0x34, true, true, BY_PIO },	{ 0xc5, true, false, BY_TWO },
	{ 0x39, true, true, BY_TWO },	{ 0xca, true, false, BY_DMA },
	{ 0xcb, true, false, BY_DMA },	{ 0x35, true, true, BY_DMA },
};

/* 48 bits: the older byte first, and no address in the device register. */
static void
issue(struct bench *b, const struct opcode *op)
{
	if (op->ext)
		address(b, 0x40, 0, 0, 0);
	address(b, op->ext ? 0x4f : LBA, FIRST, 0, N);
	bench_out8(b, CMD + 7, op->code);
}

static void
move_by_pio(struct bench *b, const struct opcode *op, uint8_t *data)
{
	unsigned at, n;

	for (at = 0; at < N; at += n) {
		n = N - at < op->way ? N - at : op->way;
		assert_int_equal(wait_ready(b, CMD), 0x58);
		bench_string(b, IOEMU_PIO, CMD, 2, 256 * n, op->write,
			     data + (size_t)512 * at);
	}
	assert_int_equal(wait_ready(b, CMD), READY);
	assert_int_equal(bench_irq(b, 14), false);
}

static void
move_by_dma(struct bench *b, const struct opcode *op, uint8_t *data)
{
	uint8_t *ram = bench_ram(b) + RAM;

	prd(b, 0, RAM, N * 512 | 0x80000000u);
	if (op->write)
		memcpy(ram, data, (size_t)N * 512);
	bm_run(b, BM, op->write ? 0 : 8);
	assert_true(bench_irq(b, 14));
	assert_int_equal(wait_ready(b, CMD), READY);
	bench_out8(b, BM, 0);
	if (!op->write)
		memcpy(data, ram, (size_t)N * 512);
}

static void
every_command_moves_the_same_sectors(struct bench *b)
{
	uint8_t data[N * 512], *disk = bench_disk(b, "hd") + FIRST * 512ul;
	unsigned i;

	bm_setup(b);
	bench_out8(b, CMD + 2, BY_TWO);
	assert_int_equal(run(b, SET_MULTIPLE), READY);
	for (i = 0; i < sizeof(opcodes) / sizeof(opcodes[0]); i++) {
		const struct opcode *op = &opcodes[i];

		fill(op->write ? data : disk, sizeof(data), op->code);
		issue(b, op);
		if (op->way == BY_DMA)
			move_by_dma(b, op, data);
		else
			move_by_pio(b, op, data);
		assert_memory_equal(data, disk, sizeof(data));
	}
}

/* ---- saved state ------------------------------------------------------ */

enum { IDLE, PIO_IN, PIO_OUT, CDB, DMA, DISK, RESET, BETWEEN };

static void
expect_refused(struct bench *b, const char *field, uint64_t value)
{
	assert_int_equal(bench_load_field(b, "ide-hd", field, 0, value),
			 -EINVAL);
}

/* What indexes memory, divides, or would never end. */
static void
a_state_that_no_guest_can_reach_does_not_load(struct bench *b)
{
	uint8_t data[512] = { 9 };

	expect_refused(b, "heads", 0);
	expect_refused(b, "heads", 17);
	expect_refused(b, "spt", 0);
	expect_refused(b, "power", 4);
	expect_refused(b, "phase", RESET); /* SRST is clear */
	expect_refused(b, "phase", DISK);
	expect_refused(b, "phase", CDB);
	expect_refused(b, "phase", DMA);
	expect_refused(b, "phase", BETWEEN + 1);
	assert_int_equal(
		bench_load_field(b, "ide", "channel[0].selected", 0, 2),
		-EINVAL);
	command(b, 3, 2, WRITE_SECTORS);
	expect_refused(b, "pos", 513);
	expect_refused(b, "end", 0x10001);
	expect_refused(b, "filled", 0x10001);
	expect_refused(b, "filled", 3 * 512);
	expect_refused(b, "left", 1);
	bench_string(b, IOEMU_PIO, CMD, 2, 256, true, data);
	assert_int_equal(wait_ready(b, CMD), 0x58);
	bench_string(b, IOEMU_PIO, CMD, 2, 256, true, data);
	assert_int_equal(wait_ready(b, CMD), READY);
	bench_out8(b, CTL, SRST);
	assert_int_equal(bench_load_field(b, "ide-hd", "phase", 0, RESET), 0);
	bench_out8(b, CTL, 0);
	assert_int_equal(wait_ready(b, CMD), READY);
	assert_memory_equal(data, bench_disk(b, "hd") + 3 * 512ul, 512);
}

/* Of 0.1, which did not know whose an interrupt is: it is of who is selected.
 */
static void
an_interrupt_without_a_drive_is_the_selected_ones(struct bench *b)
{
	bench_out8(b, CMD + 7, CHECK_POWER);
	assert_true(bench_irq(b, 14));
	assert_int_equal(bench_load_field(b, "ide-hd", "pending", 0, 0), 0);
	assert_true(bench_irq(b, 14));
	assert_int_equal(bench_in8(b, CMD + 7), READY);
	assert_false(bench_irq(b, 14));
}

int
main(int argc, char **argv)
{
	static const struct bench_test tests[] = {
		BENCH_TEST(every_command_moves_the_same_sectors),
		BENCH_TEST(a_state_that_no_guest_can_reach_does_not_load),
		BENCH_TEST(an_interrupt_without_a_drive_is_the_selected_ones),
	};

	return bench_main(argc, argv, devices, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
