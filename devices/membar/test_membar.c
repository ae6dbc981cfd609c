/* SPDX-License-Identifier: MIT */
/* membar as a guest sees it; and through it, what the host library promises. */
#include <ioemu/bench.h>

#include <string.h>

#define RAM 0xf0000000u
#define LOG 0xf0800000u
#define CHAINS 0xf0900000u
#define BELL 0xf0a00000u
#define SCRATCH 0xc000u
#define SIZE 0x2000u

#define BAR0 0x10
#define BAR2 0x18
#define BAR3 0x1c
#define BAR4 0x20
#define BAR5 0x24
#define COMMAND 0x04
#define COMMAND_IO 0x1u
#define COMMAND_MEM 0x2u

#define LOG_COUNT 0x04
#define LOG_WIDTH 0x08
#define LOG_OFFSET 0x0c
#define LOG_KIND 0x10
#define LOG_LATE 0x80
#define LOG_OPEN 0x98

static void
place(struct bench *b)
{
	bench_cfg_write(b, "membar", BAR0, 4, RAM);
	bench_cfg_write(b, "membar", BAR2, 4, LOG);
	bench_cfg_write(b, "membar", BAR3, 4, CHAINS);
	bench_cfg_write(b, "membar", BAR4, 4, SCRATCH);
	bench_cfg_write(b, "membar", BAR5, 4, BELL);
	bench_cfg_write(b, "membar", COMMAND, 2, COMMAND_IO | COMMAND_MEM);
}

static uint32_t
log_reg(struct bench *b, unsigned reg)
{
	return (uint32_t)bench_read(b, IOEMU_MEM, LOG + reg, 4);
}

static void
it_has_the_identity_of_its_data_sheet(struct bench *b)
{
	assert_int_equal(bench_cfg_read(b, "membar", 0, 4), 0x11e91234);
	assert_int_equal(bench_cfg_read(b, "membar", 8, 4), 0xff000001);
	place(b);
	assert_int_equal(log_reg(b, 0), 0x11e91234);
}

static void
bars_are_sized_as_hvmloader_does_it(struct bench *b)
{
	place(b);
	bench_cfg_write(b, "membar", COMMAND, 2, 0);
	bench_cfg_write(b, "membar", BAR0, 4, UINT32_MAX);
	assert_int_equal(bench_cfg_read(b, "membar", BAR0, 4), ~(SIZE - 1) | 8);
	bench_cfg_write(b, "membar", BAR2, 4, UINT32_MAX);
	assert_int_equal(bench_cfg_read(b, "membar", BAR2, 4), 0xfffff000);
	bench_cfg_write(b, "membar", BAR4, 4, UINT32_MAX);
	assert_int_equal(bench_cfg_read(b, "membar", BAR4, 4), 0xfffffff1);
	bench_cfg_write(b, "membar", 0x30, 4, 0xfffff800);
	assert_int_equal(bench_cfg_read(b, "membar", 0x30, 4), 0);
}

static void
memory_keeps_what_is_written_at_every_width(struct bench *b)
{
	unsigned size;

	place(b);
	for (size = 1; size <= 8; size *= 2) {
		bench_write(b, IOEMU_MEM, RAM + 64, size, 0x8877665544332211);
		assert_int_equal(bench_read(b, IOEMU_MEM, RAM + 64, size),
				 0x8877665544332211 &
					 (UINT64_MAX >> (64 - 8 * size)));
		assert_int_equal(log_reg(b, LOG_WIDTH), size);
	}
	assert_int_equal(log_reg(b, LOG_COUNT), 8);
	bench_write(b, IOEMU_MEM, LOG + LOG_COUNT, 4, 0);
	assert_int_equal(log_reg(b, LOG_COUNT), 0);
}

static void
writes_to_memory_are_posted_and_to_ports_not(struct bench *b)
{
	place(b);
	bench_write(b, IOEMU_MEM, RAM, 4, 1);
	assert_int_equal(log_reg(b, LOG_KIND), 1 | 4);
	bench_out32(b, SCRATCH + 4, 0x01020304);
	assert_int_equal(log_reg(b, LOG_KIND), 1 | 8);
	assert_int_equal(log_reg(b, LOG_OFFSET), 4);
	assert_int_equal(bench_in16(b, SCRATCH + 6), 0x0102);
}

static void
a_string_is_one_burst(struct bench *b)
{
	uint8_t in[4084], out[4084]; /* what is left of the page */
	unsigned i;

	place(b);
	for (i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i * 7);
	bench_string(b, IOEMU_MEM, RAM + 12, 4, 1021, true, out);
	assert_int_equal(log_reg(b, LOG_COUNT), 1);
	assert_int_equal(log_reg(b, LOG_WIDTH), 4084);
	assert_int_equal(log_reg(b, LOG_KIND), 1 | 2 | 4);
	bench_string(b, IOEMU_MEM, RAM + 12, 1, 4084, false, in);
	assert_int_equal(log_reg(b, LOG_COUNT), 2);
	assert_memory_equal(in, out, sizeof(in));
}

static void
a_string_of_ports_is_element_by_element(struct bench *b)
{
	uint8_t out[] = { 1, 2, 3, 4 };

	place(b);
	bench_string(b, IOEMU_PIO, SCRATCH, 1, 4, true, out);
	assert_int_equal(log_reg(b, LOG_COUNT), 4);
	assert_int_equal(bench_in32(b, SCRATCH), 4);
}

static void
what_lies_past_the_end_reads_all_ones(struct bench *b)
{
	uint8_t in[16], ones[8];

	place(b);
	memset(ones, 0xff, sizeof(ones));
	bench_string(b, IOEMU_MEM, RAM + SIZE - 8, 4, 4, false, in);
	assert_int_equal(ioemu_get_le64(in), 0);
	assert_memory_equal(in + 8, ones, 8);
	assert_int_equal(bench_read(b, IOEMU_MEM, RAM + SIZE - 4, 8),
			 0xffffffff00000000);
	bench_write(b, IOEMU_MEM, RAM + SIZE - 4, 8, 0x1111111122222222);
	assert_int_equal(bench_read(b, IOEMU_MEM, RAM + SIZE - 4, 4),
			 0x22222222);
}

static void
the_record_takes_four_bytes_only(struct bench *b)
{
	place(b);
	assert_int_equal(bench_read(b, IOEMU_MEM, LOG, 2), 0xffff);
	assert_int_equal(bench_read(b, IOEMU_MEM, LOG + 1, 1), 0xff);
	assert_int_equal(bench_read(b, IOEMU_MEM, LOG, 8), 0x11e91234);
	assert_int_equal(bench_read(b, IOEMU_MEM, LOG + 0x14, 4), UINT32_MAX);
}

static void
without_decoding_nobody_answers(struct bench *b)
{
	place(b);
	bench_cfg_write(b, "membar", COMMAND, 2, COMMAND_IO);
	assert_int_equal(bench_read(b, IOEMU_MEM, LOG, 4), UINT32_MAX);
	assert_int_equal(bench_in32(b, SCRATCH), 0);
	bench_cfg_write(b, "membar", COMMAND, 2, COMMAND_MEM);
	assert_int_equal(log_reg(b, 0), 0x11e91234);
	assert_int_equal(bench_in32(b, SCRATCH), UINT32_MAX);
}

static void
moving_a_bar_moves_its_memory(struct bench *b)
{
	place(b);
	bench_write(b, IOEMU_MEM, RAM, 4, 0x12345678);
	bench_cfg_write(b, "membar", BAR0, 4, RAM + SIZE);
	assert_int_equal(bench_read(b, IOEMU_MEM, RAM, 4), UINT32_MAX);
	assert_int_equal(bench_read(b, IOEMU_MEM, RAM + SIZE, 4), 0x12345678);
}

static void
late_answers_come(struct bench *b)
{
	uint8_t in[12];

	place(b);
	assert_int_equal(log_reg(b, LOG_LATE), 1);
	assert_int_equal(bench_read(b, IOEMU_MEM, LOG + LOG_LATE, 8),
			 0xffffffff00000002);
	/* three elements at three addresses, the first of them late */
	bench_string(b, IOEMU_MEM, LOG + LOG_LATE, 4, 3, false, in);
	assert_int_equal(ioemu_get_le32(in), 3);
	assert_int_equal(ioemu_get_le32(in + 4), UINT32_MAX);
}

static void
without_late_reads_there_is_nothing_to_release(struct bench *b)
{
	place(b);
	assert_int_equal(log_reg(b, LOG_OPEN), 0);
	bench_write(b, IOEMU_MEM, LOG + LOG_OPEN, 4, 1);
	assert_int_equal(log_reg(b, LOG_OPEN), 0);
	assert_int_equal(log_reg(b, LOG_LATE), 1);
}

static void
late_ports_keep_what_is_written(struct bench *b)
{
	uint8_t in[8];

	place(b);
	bench_out32(b, SCRATCH + 12, 0x44332211);
	assert_int_equal(bench_in32(b, SCRATCH + 12), 0x44332211);
	assert_int_equal(bench_in8(b, SCRATCH + 14), 0x33);
	bench_string(b, IOEMU_PIO, SCRATCH + 12, 2, 4, false, in);
	assert_int_equal(ioemu_get_le64(in), 0x2211221122112211);
	assert_int_equal(log_reg(b, LOG_LATE), 1); /* these do not count */
}

static void
chains_show_the_order_of_writes(struct bench *b)
{
	place(b);
	bench_write(b, IOEMU_MEM, CHAINS + 0x40, 4, 5);
	bench_write(b, IOEMU_MEM, LOG + 0x17c, 4, 7);
	bench_write(b, IOEMU_MEM, CHAINS + 0x70, 8, 0x200000001);
	assert_int_equal(log_reg(b, 0x140), ((5 * 31 + 7) * 31 + 1) * 31 + 2);
	assert_int_equal(log_reg(b, 0x144), 4);
	assert_int_equal(bench_read(b, IOEMU_MEM, CHAINS + 0x44, 4), 4);
	assert_int_equal(log_reg(b, 0x100), 0);
	bench_write(b, IOEMU_MEM, CHAINS + 0x100, 4, 5);
	assert_int_equal(bench_read(b, IOEMU_MEM, CHAINS + 0x100, 4),
			 UINT32_MAX);
}

static void
a_doorbell_counts(struct bench *b)
{
	place(b);
	bench_write(b, IOEMU_MEM, BELL, 4, 1);
	bench_write(b, IOEMU_MEM, BELL + 0xffc, 4, 2);
	assert_int_equal(log_reg(b, 0x90), 2);
	assert_int_equal(bench_read(b, IOEMU_MEM, BELL, 4), UINT32_MAX);
}

static void
every_offset_width_and_order_is_survived(struct bench *b)
{
	static const uint64_t places[] = { RAM, RAM + SIZE, LOG, LOG + 0x1000 };
	uint8_t data[64] = { 0 };
	unsigned i, at, size;

	place(b);
	for (i = 0; i < 4; i++) {
		for (at = 0; at < 20; at++) {
			uint64_t addr = places[i] + at - 10;

			size = 1u << (at & 3);
			bench_read(b, IOEMU_MEM, addr, size);
			bench_write(b, IOEMU_MEM, addr, size, 0);
			bench_string(b, IOEMU_MEM, addr, size, 5, at & 1, data);
		}
	}
	for (at = 0; at < 256; at++) {
		size = 1u << (at % 3);
		bench_cfg_read(b, "membar", at, size);
		bench_cfg_write(b, "membar", at, size, 0xa5a5a5a5);
	}
	assert_int_equal(bench_cfg_read(b, "membar", 0, 4), 0x11e91234);
}

static void
a_serial_number_is_in_extended_configuration_space(struct bench *b)
{
	uint8_t caps = (uint8_t)bench_cfg_read(b, "express", 0x34, 1);

	assert_int_equal(bench_cfg_read(b, "express", 0x06, 2) & 0x10, 0x10);
	assert_int_equal(bench_cfg_read(b, "express", caps, 1), 0x10);
	assert_int_equal(bench_cfg_read(b, "express", 0x100, 4), 0x11010003);
	assert_int_equal(bench_cfg_read(b, "express", 0x104, 4), 0x55667788);
	assert_int_equal(bench_cfg_read(b, "express", 0x108, 4), 0x11223344);
	bench_cfg_write(b, "express", 0x108, 4, 0);
	assert_int_equal(bench_cfg_read(b, "express", 0x108, 4), 0x11223344);
	bench_cfg_write(b, "express", 0x118, 4, 0x600d600d);
	assert_int_equal(bench_cfg_read(b, "express", 0x118, 4), 0x600d600d);
	assert_int_equal(bench_cfg_read(b, "express", 0xffc, 4), 0);
	assert_int_equal(bench_cfg_read(b, "membar", 0x06, 2) & 0x10, 0);
}

static const char *const devices[] = {
	"membar,size=0x2000,delay-us=50,posted=on",
	"membar,id=express,serial=0x1122334455667788",
	NULL,
};

static const struct bench_test tests[] = {
	BENCH_TEST(it_has_the_identity_of_its_data_sheet),
	BENCH_TEST(bars_are_sized_as_hvmloader_does_it),
	BENCH_TEST(memory_keeps_what_is_written_at_every_width),
	BENCH_TEST(writes_to_memory_are_posted_and_to_ports_not),
	BENCH_TEST(a_string_is_one_burst),
	BENCH_TEST(a_string_of_ports_is_element_by_element),
	BENCH_TEST(what_lies_past_the_end_reads_all_ones),
	BENCH_TEST(the_record_takes_four_bytes_only),
	BENCH_TEST(without_decoding_nobody_answers),
	BENCH_TEST(moving_a_bar_moves_its_memory),
	BENCH_TEST(late_answers_come),
	BENCH_TEST(without_late_reads_there_is_nothing_to_release),
	BENCH_TEST(late_ports_keep_what_is_written),
	BENCH_TEST(a_doorbell_counts),
	BENCH_TEST(chains_show_the_order_of_writes),
	BENCH_TEST(a_serial_number_is_in_extended_configuration_space),
	BENCH_TEST(every_offset_width_and_order_is_survived),
};

int
main(int argc, char **argv)
{
	return bench_main(argc, argv, devices, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
