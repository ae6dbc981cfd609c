/* SPDX-License-Identifier: MIT */
/* The serial port as drivers see it: probes, both directions, interrupts. */
#include <string.h>

#include <ioemu/bench.h>

#define COM1 0x3f8
#define IRQ 4

static const char *const devices[] = { "uart,chardev=line", NULL };

static void
a_driver_sees_a_16550a(struct bench *b)
{
	bench_out8(b, COM1 + 2, 0x01);
	assert_int_equal(bench_in8(b, COM1 + 2) & 0xc0, 0xc0);
	bench_out8(b, COM1 + 7, 0x5a);
	assert_int_equal(bench_in8(b, COM1 + 7), 0x5a);
	bench_out8(b, COM1 + 1, 0xff);
	assert_int_equal(bench_in8(b, COM1 + 1), 0x0f);
	assert_int_equal(bench_in8(b, COM1 + 5), 0x60);
}

static void
loopback_wires_outputs_to_inputs(struct bench *b)
{
	bench_out8(b, COM1 + 4, 0x1a); /* loop, OUT2, RTS */
	assert_int_equal(bench_in8(b, COM1 + 6) & 0xf0, 0x90);
	bench_out8(b, COM1, 'x');
	assert_int_equal(bench_in8(b, COM1 + 5) & 1, 1);
	assert_int_equal(bench_in8(b, COM1), 'x');
	bench_out8(b, COM1 + 4, 0);
	assert_int_equal(bench_chr_output(b, "line", (char[8]){ 0 }, 8), 0);
}

static void
bytes_written_reach_the_line(struct bench *b)
{
	char out[16] = { 0 };
	const char *p;

	for (p = "hello"; *p; p++)
		bench_out8(b, COM1, (uint8_t)*p);
	assert_int_equal(bench_chr_output(b, "line", out, sizeof(out)), 5);
	assert_string_equal(out, "hello");
}

static void
a_long_paste_loses_nothing(struct bench *b)
{
	char in[1000];
	unsigned i;

	for (i = 0; i < sizeof(in); i++)
		in[i] = (char)('a' + i % 26);
	bench_out8(b, COM1 + 2, 0x01);
	bench_chr_input(b, "line", in, sizeof(in));
	for (i = 0; i < sizeof(in); i++) {
		assert_int_equal(bench_in8(b, COM1 + 5) & 3, 1);
		assert_int_equal(bench_in8(b, COM1), in[i]);
	}
	assert_int_equal(bench_in8(b, COM1 + 5) & 1, 0);
}

static void
input_interrupts_until_it_is_read(struct bench *b)
{
	bench_out8(b, COM1 + 4, 0x08);
	bench_out8(b, COM1 + 1, 0x01);
	assert_false(bench_irq(b, IRQ));
	bench_chr_input(b, "line", "q", 1);
	bench_settle(b);
	assert_true(bench_irq(b, IRQ));
	assert_int_equal(bench_in8(b, COM1 + 2) & 0x0f, 0x04);
	assert_int_equal(bench_in8(b, COM1), 'q');
	assert_false(bench_irq(b, IRQ));
}

static void
reading_iir_clears_the_transmit_interrupt(struct bench *b)
{
	bench_out8(b, COM1 + 4, 0x08);
	bench_out8(b, COM1 + 1, 0x02);
	assert_true(bench_irq(b, IRQ));
	assert_int_equal(bench_in8(b, COM1 + 2) & 0x0f, 0x02);
	assert_false(bench_irq(b, IRQ));
	bench_out8(b, COM1, 'z');
	assert_true(bench_irq(b, IRQ));
}

static void
out2_gates_the_interrupt(struct bench *b)
{
	bench_out8(b, COM1 + 1, 0x02);
	assert_false(bench_irq(b, IRQ));
	bench_out8(b, COM1 + 4, 0x08);
	assert_true(bench_irq(b, IRQ));
}

static void
the_divisor_is_behind_dlab(struct bench *b)
{
	bench_out8(b, COM1 + 3, 0x83);
	bench_out16(b, COM1, 0x0102);
	assert_int_equal(bench_in8(b, COM1), 0x02);
	assert_int_equal(bench_in8(b, COM1 + 1), 0x01);
	bench_out8(b, COM1 + 3, 0x03);
	assert_int_equal(bench_in8(b, COM1 + 1), 0x00);
}

/* ---- the data sheet's chapter of registers ----------------------------- */

static const char *const no_line[] = { "uart", NULL };

/* Table I, "UART reset functions" */
static void
registers_are_as_the_reset_table_says(struct bench *b)
{
	static const uint8_t value[] = { 0, 0, 0x01, 0, 0, 0x60, 0xb0, 0 };
	unsigned i;

	for (i = 0; i < sizeof(value); i++)
		assert_int_equal(bench_in8(b, COM1 + i), value[i]);
}

/* Bits that are "always 0" */
static void
reserved_bits_read_zero(struct bench *b)
{
	bench_out8(b, COM1 + 1, 0xff);
	assert_int_equal(bench_in8(b, COM1 + 1), 0x0f);
	bench_out8(b, COM1 + 1, 0);
	bench_out8(b, COM1 + 4, 0xff);
	assert_int_equal(bench_in8(b, COM1 + 4), 0x1f);
	bench_out8(b, COM1 + 4, 0);
	(void)bench_in8(b, COM1 + 6);
	bench_out8(b, COM1 + 2, 0xff);
	assert_int_equal(bench_in8(b, COM1 + 2), 0xc1);
	bench_out8(b, COM1 + 3, 0x7f);
	assert_int_equal(bench_in8(b, COM1 + 3), 0x7f);
	bench_out8(b, COM1 + 5, 0xff); /* read only */
	bench_out8(b, COM1 + 6, 0xff);
	assert_int_equal(bench_in8(b, COM1 + 5), 0x60);
	assert_int_equal(bench_in8(b, COM1 + 6), 0xb0);
}

static void
loop(struct bench *b, const char *bytes)
{
	for (; *bytes; bytes++)
		bench_out8(b, COM1, (uint8_t)*bytes);
}

/* LSR bit 1 */
static void
an_overrun_without_fifos_keeps_the_new_byte(struct bench *b)
{
	bench_out8(b, COM1 + 4, 0x10);
	loop(b, "ab");
	assert_int_equal(bench_in8(b, COM1 + 5), 0x63);
	assert_int_equal(bench_in8(b, COM1 + 5), 0x61);
	assert_int_equal(bench_in8(b, COM1), 'b');
	assert_int_equal(bench_in8(b, COM1 + 5), 0x60);
	assert_int_equal(bench_in8(b, COM1), 'b'); /* still there */
}

static void
an_overrun_of_fifos_keeps_the_old_bytes(struct bench *b)
{
	unsigned i;

	bench_out8(b, COM1 + 2, 0x01);
	bench_out8(b, COM1 + 4, 0x10);
	loop(b, "0123456789abcdefgh");
	assert_int_equal(bench_in8(b, COM1 + 5), 0x63);
	for (i = 0; i < 16; i++)
		assert_int_equal(bench_in8(b, COM1), "0123456789abcdef"[i]);
	assert_int_equal(bench_in8(b, COM1 + 5), 0x60);
}

/* FCR bit 0: "must be a 1 when other FCR bits are written to or they will not
 * be programmed". */
static void
fifo_bits_count_only_with_bit_0(struct bench *b)
{
	bench_out8(b, COM1 + 4, 0x10);
	loop(b, "a");
	bench_out8(b, COM1 + 2, 0xc2);
	assert_int_equal(bench_in8(b, COM1 + 5), 0x61);
	assert_int_equal(bench_in8(b, COM1 + 2), 0x01);
	assert_int_equal(bench_in8(b, COM1), 'a');
}

/* FCR bits 0 and 1 */
static void
switching_and_clearing_fifos_empties_them(struct bench *b)
{
	bench_out8(b, COM1 + 4, 0x10);
	loop(b, "a");
	bench_out8(b, COM1 + 2, 0x01);
	assert_int_equal(bench_in8(b, COM1 + 5), 0x60);
	loop(b, "abc");
	bench_out8(b, COM1 + 2, 0x05); /* the transmitter's only */
	assert_int_equal(bench_in8(b, COM1 + 5), 0x61);
	bench_out8(b, COM1 + 2, 0x03);
	assert_int_equal(bench_in8(b, COM1 + 5), 0x60);
	loop(b, "abc");
	bench_out8(b, COM1 + 2, 0x00);
	assert_int_equal(bench_in8(b, COM1 + 5), 0x60);
}

/* FCR bits 7:6; table IV: 04 at the level, 0c for what stays below it. */
static void
the_trigger_level_is_told(struct bench *b)
{
	static const uint8_t level[] = { 1, 4, 8, 14 };
	unsigned i, n;

	bench_out8(b, COM1 + 4, 0x10);
	bench_out8(b, COM1 + 1, 0x01);
	for (i = 0; i < 4; i++) {
		bench_out8(b, COM1 + 2, (uint8_t)(i << 6 | 0x03));
		assert_int_equal(bench_in8(b, COM1 + 2), 0xc1);
		for (n = 1; n <= level[i]; n++) {
			loop(b, "x");
			assert_int_equal(bench_in8(b, COM1 + 2),
					 n < level[i] ? 0xcc : 0xc4);
		}
	}
}

/* Table IV: line status, data, transmitter, modem status. */
static void
interrupts_come_in_their_order(struct bench *b)
{
	bench_out8(b, COM1 + 4, 0x10);
	bench_out8(b, COM1 + 4, 0x12); /* RTS moves CTS */
	bench_out8(b, COM1 + 1, 0x0f);
	loop(b, "ab");
	assert_int_equal(bench_in8(b, COM1 + 2), 0x06);
	(void)bench_in8(b, COM1 + 5);
	assert_int_equal(bench_in8(b, COM1 + 2), 0x04);
	(void)bench_in8(b, COM1);
	assert_int_equal(bench_in8(b, COM1 + 2), 0x02);
	assert_int_equal(bench_in8(b, COM1 + 2), 0x00);
	(void)bench_in8(b, COM1 + 6);
	assert_int_equal(bench_in8(b, COM1 + 2), 0x01);
}

/* Table IV: reset by reading IIR or "writing into the THR"; on an ISA bus only
 * a line that falls can interrupt again. The string is one access. */
static void
writing_a_byte_clears_the_transmit_interrupt_and_raises_it_anew(struct bench *b)
{
	bench_out8(b, COM1 + 4, 0x08);
	bench_out8(b, COM1 + 1, 0x02);
	assert_true(bench_irq(b, IRQ));
	(void)bench_irq_edges(b, IRQ);
	bench_out8(b, COM1, 'x');
	assert_true(bench_irq(b, IRQ));
	assert_int_equal(bench_irq_edges(b, IRQ), 1);
	bench_out8(b, COM1 + 1, 0x00);
	assert_false(bench_irq(b, IRQ));
}

/* MSR bits 3:0: DCTS, DDSR, TERI (RI falls), DDCD; a read clears them. */
static void
the_modem_status_tells_what_changed(struct bench *b)
{
	static const struct {
		uint8_t mcr, msr;
	} step[] = {
		{ 0x10, 0x0b }, { 0x12, 0x11 }, { 0x13, 0x32 },
		{ 0x17, 0x70 }, { 0x13, 0x34 }, { 0x1b, 0xb8 },
		{ 0x1b, 0xb0 }, { 0x10, 0x0b }, { 0x00, 0xbb },
	};
	unsigned i;

	for (i = 0; i < sizeof(step) / sizeof(step[0]); i++) {
		bench_out8(b, COM1 + 4, step[i].mcr);
		assert_int_equal(bench_in8(b, COM1 + 6), step[i].msr);
	}
}

/* MCR bit 4: the pins are inactive, OUT2 with them, which gates the line. */
static void
loopback_keeps_the_line_low(struct bench *b)
{
	bench_out8(b, COM1 + 4, 0x18);
	bench_out8(b, COM1 + 1, 0x01);
	loop(b, "a");
	assert_int_equal(bench_in8(b, COM1 + 2), 0x04);
	assert_false(bench_irq(b, IRQ));
	bench_out8(b, COM1 + 4, 0x08);
	assert_true(bench_irq(b, IRQ));
}

static const char *const com4[] = { "uart,index=3,chardev=line", NULL };

static void
com4_is_at_its_place(struct bench *b)
{
	assert_int_equal(bench_in8(b, COM1 + 5), 0xff);
	bench_out8(b, 0x2e8 + 4, 0x08);
	bench_out8(b, 0x2e8 + 1, 0x02);
	assert_true(bench_irq(b, 3));
}

static void
states_that_cannot_be_do_not_load(struct bench *b)
{
	assert_int_equal(bench_load_field(b, "uart", "head", 0, 16), -EINVAL);
	assert_int_equal(bench_load_field(b, "uart", "used", 0, 2), -EINVAL);
	bench_out8(b, COM1 + 2, 0x01);
	assert_int_equal(bench_load_field(b, "uart", "used", 0, 17), -EINVAL);
	assert_int_equal(bench_load_field(b, "uart", "used", 0, 16), 0);
	assert_int_equal(bench_load_field(b, "uart", "fcr", 0, 0xff), 0);
	(void)bench_in8(b, COM1 + 2);
}

int
main(int argc, char **argv)
{
	static const struct bench_test tests[] = {
		BENCH_TEST(a_driver_sees_a_16550a),
		BENCH_TEST(loopback_wires_outputs_to_inputs),
		BENCH_TEST(bytes_written_reach_the_line),
		BENCH_TEST(a_long_paste_loses_nothing),
		BENCH_TEST(input_interrupts_until_it_is_read),
		BENCH_TEST(reading_iir_clears_the_transmit_interrupt),
		BENCH_TEST(out2_gates_the_interrupt),
		BENCH_TEST(the_divisor_is_behind_dlab),
		BENCH_TEST_WITH(registers_are_as_the_reset_table_says, no_line),
		BENCH_TEST(reserved_bits_read_zero),
		BENCH_TEST(an_overrun_without_fifos_keeps_the_new_byte),
		BENCH_TEST(an_overrun_of_fifos_keeps_the_old_bytes),
		BENCH_TEST(fifo_bits_count_only_with_bit_0),
		BENCH_TEST(switching_and_clearing_fifos_empties_them),
		BENCH_TEST(the_trigger_level_is_told),
		BENCH_TEST(interrupts_come_in_their_order),
		BENCH_TEST(
			writing_a_byte_clears_the_transmit_interrupt_and_raises_it_anew),
		BENCH_TEST(the_modem_status_tells_what_changed),
		BENCH_TEST(loopback_keeps_the_line_low),
		BENCH_TEST_WITH(com4_is_at_its_place, com4),
		BENCH_TEST(states_that_cannot_be_do_not_load),
	};

	return bench_main(argc, argv, devices, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
