/* SPDX-License-Identifier: MIT */
/* The keyboard controller as SeaBIOS and Linux set it up. */
#include <ioemu/bench.h>

static const char *const devices[] = { "i8042", NULL };

static uint8_t
take(struct bench *b)
{
	assert_int_equal(bench_in8(b, 0x64) & 1, 1);
	return bench_in8(b, 0x60);
}

static void
empty(struct bench *b)
{
	assert_int_equal(bench_in8(b, 0x64) & 1, 0);
}

static void
the_self_tests_pass(struct bench *b)
{
	bench_out8(b, 0x64, 0xaa);
	assert_int_equal(take(b), 0x55);
	bench_out8(b, 0x64, 0xab);
	assert_int_equal(take(b), 0x00);
	empty(b);
}

/* drivers/input/serio/i8042.c, i8042_check_aux() and i8042_set_mux_mode(): both
 * ports are off meanwhile. Without an answer it waits for seconds. */
static void
linux_finds_the_mouse_port_by_looping_bytes(struct bench *b)
{
	static const uint8_t byte[] = { 0x5a, 0xf0, 0x56, 0xa4 };
	unsigned i;

	bench_out8(b, 0x64, 0x60);
	bench_out8(b, 0x60, 0x30); /* off, no interrupts */
	for (i = 0; i < sizeof(byte); i++) {
		bench_out8(b, 0x64, 0xd3);
		bench_out8(b, 0x60, byte[i]);
		assert_int_equal(bench_in8(b, 0x64) & 0x21, 0x21);
		assert_int_equal(bench_in8(b, 0x60), byte[i]);
		assert_false(bench_irq(b, 12));
	}
	bench_out8(b, 0x64, 0x60);
	bench_out8(b, 0x60, 0x32);
	bench_out8(b, 0x64, 0xd3);
	bench_out8(b, 0x60, 0xa5);
	assert_true(bench_irq(b, 12));
	assert_int_equal(take(b), 0xa5);
	assert_false(bench_irq(b, 12));
	bench_out8(b, 0x64, 0xd2); /* the same for the keyboard */
	bench_out8(b, 0x60, 0x1c);
	assert_int_equal(bench_in8(b, 0x64) & 0x21, 0x01);
	assert_int_equal(take(b), 0x1c);
	empty(b);
}

static void
the_keyboard_resets_and_identifies(struct bench *b)
{
	bench_out8(b, 0x60, 0xff);
	assert_int_equal(take(b), 0xfa);
	assert_int_equal(take(b), 0xaa);
	bench_out8(b, 0x60, 0xf2);
	assert_int_equal(take(b), 0xfa);
	assert_int_equal(take(b), 0xab);
	assert_int_equal(take(b), 0x83);
	empty(b);
}

static void
mouse(struct bench *b, uint8_t byte)
{
	bench_out8(b, 0x64, 0xd4);
	bench_out8(b, 0x60, byte);
	assert_int_equal(bench_in8(b, 0x64) & 0x21, 0x21);
	assert_int_equal(bench_in8(b, 0x60), 0xfa);
}

static void
a_knock_turns_the_wheel_on(struct bench *b)
{
	static const uint8_t rate[] = { 200, 100, 80 };
	unsigned i;

	mouse(b, 0xf2);
	assert_int_equal(take(b), 0);
	for (i = 0; i < 3; i++) {
		mouse(b, 0xf3);
		mouse(b, rate[i]);
	}
	mouse(b, 0xf2);
	assert_int_equal(take(b), 3);
}

static void
a_byte_interrupts_until_it_is_read(struct bench *b)
{
	bench_out8(b, 0x60, 0xee);
	assert_true(bench_irq(b, 1));
	assert_int_equal(bench_in8(b, 0x60), 0xee);
	assert_false(bench_irq(b, 1));
}

static void
keys_of_the_operator_arrive(struct bench *b)
{
	char text[64];

	assert_true(bench_query(b, "i8042", "key 1e 9e", text, 64) > 0);
	assert_int_equal(take(b), 0x1e);
	assert_int_equal(take(b), 0x9e);
	assert_int_equal(bench_query(b, "i8042", "what", text, 64), -EINVAL);
}

static void
a_pulse_resets_the_machine(struct bench *b)
{
	bench_out8(b, 0x64, 0xff);
	assert_int_equal(bench_power(b), -1);
	bench_out8(b, 0x64, 0xfe);
	assert_int_equal(bench_power(b), IOEMU_POWER_RESET);
}

static void
a_flood_of_commands_overflows_nothing(struct bench *b)
{
	unsigned i;

	for (i = 0; i < 3000; i++)
		bench_out8(b, i * 7 % 3 ? 0x60 : 0x64, (uint8_t)(i * 31 % 253));
	for (i = 0; i < 100; i++)
		bench_in8(b, 0x60);
}

int
main(int argc, char **argv)
{
	static const struct bench_test tests[] = {
		BENCH_TEST(the_self_tests_pass),
		BENCH_TEST(linux_finds_the_mouse_port_by_looping_bytes),
		BENCH_TEST(the_keyboard_resets_and_identifies),
		BENCH_TEST(a_knock_turns_the_wheel_on),
		BENCH_TEST(a_byte_interrupts_until_it_is_read),
		BENCH_TEST(keys_of_the_operator_arrive),
		BENCH_TEST(a_pulse_resets_the_machine),
		BENCH_TEST(a_flood_of_commands_overflows_nothing),
	};

	return bench_main(argc, argv, devices, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
