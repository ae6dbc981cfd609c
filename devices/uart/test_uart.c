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
	};

	return bench_main(argc, argv, devices, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
