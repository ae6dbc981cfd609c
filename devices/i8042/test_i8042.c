/* SPDX-License-Identifier: MIT */
/* The keyboard controller as SeaBIOS and Linux set it up, and as KBC has it. */
#include "test_guest.h"

static const char *const devices[] = { "i8042", NULL };

static void
the_self_tests_pass(struct bench *b)
{
	bench_out8(b, 0x64, 0xaa);
	assert_int_equal(take(b), 0x55);
	bench_out8(b, 0x64, 0xab);
	assert_int_equal(take(b), 0x00);
	empty(b);
}

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
a_key_does_not_take_the_place_of_the_mouses_byte(struct bench *b)
{
	mouse(b, 0xf4);
	move(b, "7 8 0");
	key(b, "1e");
	assert_int_equal(bench_in8(b, 0x64) & 0x21, 0x21);
	assert_int_equal(take(b), 0x08);
	assert_int_equal(bench_in8(b, 0x64) & 0x21, 0x01);
	assert_int_equal(take(b), 0x1e);
	assert_int_equal(take(b), 7);
	assert_int_equal(take(b), 8);
	empty(b);
}

static void
ports_that_are_off_send_nothing(struct bench *b)
{
	mouse(b, 0xf4);
	bench_out8(b, 0x64, 0xad);
	bench_out8(b, 0x64, 0xa7);
	key(b, "1e");
	move(b, "1 1 0");
	empty(b);
	bench_out8(b, 0x64, 0x20);
	assert_int_equal(take(b), 0x73);
	bench_out8(b, 0x64, 0xa8);
	packet(b, 0x08, 1, 1);
	bench_out8(b, 0x64, 0xae);
	codes(b, "\x1e", 1);
	bench_out8(b, 0x64, 0xad); /* what is for a device turns it on */
	bench_out8(b, 0x64, 0xa7);
	bench_out8(b, 0x60, 0xee);
	assert_int_equal(take(b), 0xee);
	mouse(b, 0xe6);
	bench_out8(b, 0x64, 0x20);
	assert_int_equal(take(b), 0x43);
}

static void
the_memory_of_the_controller_is_kept(struct bench *b)
{
	unsigned i;

	for (i = 1; i < 32; i++) {
		bench_out8(b, 0x64, (uint8_t)(0x60 + i));
		bench_out8(b, 0x60, (uint8_t)(0xa0 + i));
	}
	for (i = 1; i < 32; i++) {
		bench_out8(b, 0x64, (uint8_t)(0x20 + i));
		assert_int_equal(take(b), 0xa0 + i);
	}
	command_byte(b, 0xff);
	bench_out8(b, 0x64, 0x20);
	assert_int_equal(take(b), 0x7f);
}

static void
the_controller_answers_its_commands(struct bench *b)
{
	static const uint8_t say[][2] = {
		{ 0xd0, 0xcf }, { 0xe0, 0x03 }, { 0xa4, 0xf1 },
		{ 0xc0, 0x80 }, { 0xa9, 0x00 }, { 0xab, 0x00 },
	};
	unsigned i;

	for (i = 0; i < sizeof(say) / sizeof(say[0]); i++) {
		bench_out8(b, 0x64, say[i][0]);
		assert_int_equal(bench_in8(b, 0x64) & 0x29, 0x09);
		assert_int_equal(take(b), say[i][1]);
		empty(b);
	}
	command_byte(b, 0x33);
	bench_out8(b, 0x64, 0xe0);
	assert_int_equal(take(b), 0x00);
	bench_out8(b, 0x64, 0xd1); /* A20 low, which closes nothing */
	bench_out8(b, 0x60, 0x01);
	bench_out8(b, 0x64, 0xd0);
	assert_int_equal(take(b), 0x85);
	bench_out8(b, 0x64, 0xd1);
	bench_out8(b, 0x60, 0x02);
	assert_int_equal(bench_power(b), IOEMU_POWER_RESET);
}

/* Those of the README's "nothing", and those that are none; the byte after one
 * of them is the keyboard's. */
static void
other_commands_do_nothing(struct bench *b)
{
	unsigned c;

	for (c = 0; c < 0xf0; c++) {
		if ((c >= 0x20 && c < 0x40) || (c >= 0x60 && c < 0x80) ||
		    (c >= 0xa7 && c <= 0xae) || c == 0xa4 || c == 0xc0 ||
		    (c >= 0xd0 && c <= 0xd4) || c == 0xe0)
			continue;
		bench_out8(b, 0x64, (uint8_t)c);
		empty(b);
	}
	bench_out8(b, 0x64, 0x20);
	assert_int_equal(take(b), 0x43);
	bench_out8(b, 0x64, 0xa5);
	bench_out8(b, 0x60, 0xee);
	assert_int_equal(take(b), 0xee);
	for (c = 0xf1; c < 0x100; c += 2) /* pulses of other lines */
		bench_out8(b, 0x64, (uint8_t)c);
	assert_int_equal(bench_power(b), -1);
	empty(b);
}

/* What a reset leaves: nothing to read, the defaults, no password of old. */
static void
a_reset_empties_it(struct bench *b)
{
	command_byte(b, 0x74);
	mouse(b, 0xf4);
	bench_out8(b, 0x60, 0xee);
	bench_reset(b, "i8042", IOEMU_RESET_WAKE);
	assert_int_equal(bench_in8(b, 0x64), 0x10);
	bench_out8(b, 0x64, 0x20);
	assert_int_equal(take(b), 0x43);
	mouse(b, 0xe9);
	packet(b, 0x00, 2, 100);
}

static void
the_status_tells_the_self_test_and_the_last_write(struct bench *b)
{
	assert_int_equal(bench_in8(b, 0x64), 0x10);
	bench_out8(b, 0x64, 0xaa);
	assert_int_equal(take(b), 0x55);
	assert_int_equal(bench_in8(b, 0x64), 0x1c);
	bench_out8(b, 0x60, 0xee);
	assert_int_equal(bench_in8(b, 0x64), 0x15);
	assert_int_equal(take(b), 0xee);
	assert_int_equal(bench_in8(b, 0x64), 0x14);
}

static void
states_that_cannot_be_do_not_load(struct bench *b)
{
	static const struct {
		const char *field;
		uint8_t bad;
	} f[] = {
		{ "source", 5 },
		{ "kbd.set", 0 },
		{ "kbd.set", 4 },
		{ "kbd.port.reply.head", 64 },
		{ "kbd.port.reply.used", 65 },
		{ "kbd.port.data.head", 64 },
		{ "kbd.port.data.used", 65 },
		{ "mouse.port.reply.head", 64 },
		{ "mouse.port.reply.used", 65 },
		{ "mouse.port.data.head", 64 },
		{ "mouse.port.data.used", 65 },
		{ "mouse.packet_len", 5 },
		{ "mouse.buttons", 8 },
	};
	unsigned i;

	for (i = 0; i < sizeof(f) / sizeof(f[0]); i++)
		assert_int_equal(
			bench_load_field(b, "i8042", f[i].field, 0, f[i].bad),
			-EINVAL);
	/* a byte that nobody has is none */
	assert_int_equal(bench_load_field(b, "i8042", "source", 0, 3), 0);
	(void)bench_in8(b, 0x60);
	assert_int_equal(bench_load_field(b, "i8042", "source", 0, 4), 0);
	(void)bench_in8(b, 0x60);
	empty(b);
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
		BENCH_TEST(a_key_does_not_take_the_place_of_the_mouses_byte),
		BENCH_TEST(ports_that_are_off_send_nothing),
		BENCH_TEST(the_memory_of_the_controller_is_kept),
		BENCH_TEST(the_controller_answers_its_commands),
		BENCH_TEST(other_commands_do_nothing),
		BENCH_TEST(a_reset_empties_it),
		BENCH_TEST(the_status_tells_the_self_test_and_the_last_write),
		BENCH_TEST(states_that_cannot_be_do_not_load),
		BENCH_TEST(a_pulse_resets_the_machine),
		BENCH_TEST(a_flood_of_commands_overflows_nothing),
	};

	return bench_main(argc, argv, devices, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
