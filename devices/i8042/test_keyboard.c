/* SPDX-License-Identifier: MIT */
/* The keyboard by its commands, and its keys. */
#include "test_guest.h"

static const char *const devices[] = { "i8042", NULL };

static void
the_keyboard_resets_and_identifies(struct bench *b)
{
	bench_out8(b, 0x60, 0xff);
	assert_int_equal(take(b), 0xfa);
	assert_int_equal(take(b), 0xaa);
	bench_out8(b, 0x60, 0xf2);
	assert_int_equal(take(b), 0xfa);
	assert_int_equal(take(b), 0xab);
	assert_int_equal(take(b), 0x41); /* 83, translated */
	empty(b);
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
	bench_advance(b, A_BYTE);
	assert_int_equal(take(b), 0x9e);
	assert_int_equal(bench_query(b, "i8042", "what", text, 64), -EINVAL);
}

static void
a_second_read_gives_the_same_scan_code(struct bench *b)
{
	key(b, "1e 9e");
	assert_int_equal(take(b), 0x1e);
	empty(b);
	assert_false(bench_irq(b, 1));
	assert_int_equal(bench_in8(b, 0x60), 0x1e);
	bench_advance(b, A_BYTE);
	assert_true(bench_irq(b, 1));
	codes(b, "\x9e", 1);
}

static void
what_a_command_asks_for_does_not_wait_for_keys(struct bench *b)
{
	key(b, "1e 9e");
	assert_int_equal(take(b), 0x1e);
	kbd(b, 0xf3);
	kbd(b, 0x20);
	empty(b);
	bench_advance(b, A_BYTE);
	codes(b, "\x9e", 1);
}

static void
commands_of_keys_drop_old_ones_before_they_answer(struct bench *b)
{
	static const uint8_t command[] = { 0xf4, 0xf5, 0xf6, 0xf0, 0xf7, 0xff };
	unsigned i;

	for (i = 0; i < sizeof(command); i++) {
		bench_out8(b, 0x60, 0xf4);
		assert_int_equal(take(b), 0xfa);
		key(b, "1e 9e 30 b0");
		bench_out8(b, 0x60, command[i]);
		assert_int_equal(take(b), 0xfa);
		if (command[i] == 0xff)
			assert_int_equal(take(b), 0xaa);
		bench_advance(b, A_BYTE);
		empty(b);
	}
}

/* Set 2 tells it by a prefix, which the controller has taken already. */
static void
a_release_that_was_dropped_is_not_the_next_keys(struct bench *b)
{
	key(b, "9e");
	assert_int_equal(bench_in8(b, 0x64) & 1, 1);
	kbd(b, 0xf4);
	key(b, "30");
	codes(b, "\x30", 1);
	key(b, "9e");
	kbd(b, 0xed); /* drops nothing */
	kbd(b, 0x00);
	codes(b, "\x9e", 1);
}

static void
a_keyboard_that_is_disabled_scans_no_key(struct bench *b)
{
	char text[64];

	kbd(b, 0xf5);
	assert_true(bench_query(b, "i8042", "key 1e", text, 64) > 0);
	assert_string_equal(text, "0 scan codes sent\n");
	empty(b);
	kbd(b, 0xf4);
	key(b, "1e");
	codes(b, "\x1e", 1);
}

static void
resend_brings_the_last_byte_again(struct bench *b)
{
	key(b, "1e");
	assert_int_equal(take(b), 0x1e);
	bench_out8(b, 0x60, 0xfe);
	assert_int_equal(take(b), 0x1e);
	bench_out8(b, 0x60, 0xee);
	assert_int_equal(take(b), 0xee);
	bench_out8(b, 0x60, 0x00); /* no command: asked for again, ... */
	assert_int_equal(take(b), 0xfe);
	bench_out8(b, 0x60, 0xfe); /* ... which is not what is sent again */
	assert_int_equal(take(b), 0xee);
	empty(b);
}

static void
a_command_in_place_of_a_parameter_is_a_command(struct bench *b)
{
	static const uint8_t command[] = { 0xed, 0xf3, 0xf0, 0xfb };
	unsigned i;

	for (i = 0; i < sizeof(command); i++) {
		kbd(b, command[i]);
		kbd(b, 0xf2);
		assert_int_equal(take(b), 0xab);
		assert_int_equal(take(b), 0x41);
		bench_out8(b, 0x60, 0x01); /* no parameter any more */
		assert_int_equal(take(b), 0xfe);
		empty(b);
	}
}

static void
a_parameter_that_cannot_be_is_asked_for_again(struct bench *b)
{
	kbd(b, 0xf0);
	bench_out8(b, 0x60, 0x04);
	assert_int_equal(take(b), 0xfe);
	kbd(b, 0x01);
	kbd(b, 0xed);
	bench_out8(b, 0x60, 0x80);
	assert_int_equal(take(b), 0xfe);
	kbd(b, 0x07);
	empty(b);
}

static void
the_set_is_told_translated_or_not(struct bench *b)
{
	static const uint8_t translated[] = { 0, 0x43, 0x41, 0x3f };
	uint8_t set;

	for (set = 1; set <= 3; set++) {
		command_byte(b, 0x43);
		kbd(b, 0xf0);
		kbd(b, set);
		kbd(b, 0xf0);
		kbd(b, 0x00);
		assert_int_equal(take(b), translated[set]);
		command_byte(b, 0x03);
		kbd(b, 0xf0);
		kbd(b, 0x00);
		assert_int_equal(take(b), set);
	}
	kbd(b, 0xf6); /* Set Default */
	kbd(b, 0xf0);
	kbd(b, 0x00);
	assert_int_equal(take(b), 2);
	kbd(b, 0xf2);
	assert_int_equal(take(b), 0xab);
	assert_int_equal(take(b), 0x83);
	empty(b);
}

static void
scan_codes_are_those_of_the_set(struct bench *b)
{
	command_byte(b, 0x03);
	key(b, "1e 9e e0 1d e0 9d 41 c1");
	codes(b, "\x1c\xf0\x1c\xe0\x14\xe0\xf0\x14\x83\xf0\x83", 11);
	key(b, "e1 1d 45 e1 9d c5");
	codes(b, "\xe1\x14\x77\xe1\xf0\x14\xf0\x77", 8);
	kbd(b, 0xf0);
	kbd(b, 1);
	key(b, "1e 9e e0 1d e0 9d");
	codes(b, "\x1e\x9e\xe0\x1d\xe0\x9d", 6);
	kbd(b, 0xf0);
	kbd(b, 3);
	key(b, "1e 9e e0 1d e0 9d e1 1d 45 e1 9d c5 2a aa");
	codes(b, "\x1c\x58\x62\x12\xf0\x12", 6);
}

static void
translation_gives_set_1(struct bench *b)
{
	char text[16];
	unsigned code;

	for (code = 1; code < 0x80; code++) {
		char both[2] = { (char)code, (char)(code | 0x80) };

		snprintf(text, sizeof(text), "%x %x", code, code | 0x80);
		key(b, text);
		codes(b, both, 2);
	}
	key(b, "e0 48 e0 c8");
	codes(b, "\xe0\x48\xe0\xc8", 4);
}

static void
keys_of_set_3_tell_their_release_if_asked_to(struct bench *b)
{
	command_byte(b, 0x03);
	kbd(b, 0xf0);
	kbd(b, 3);
	kbd(b, 0xfa);
	key(b, "1e 9e");
	codes(b, "\x1c\xf0\x1c", 3);
	kbd(b, 0xf7);
	key(b, "1e 9e 2a aa");
	codes(b, "\x1c\x12", 2);
	kbd(b, 0xfc);
	kbd(b, 0x1c);
	kbd(b, 0x32); /* and another */
	kbd(b, 0xf4); /* no key: it ends */
	key(b, "1e 9e 30 b0 2e ae");
	codes(b, "\x1c\xf0\x1c\x32\xf0\x32\x21", 7);
	kbd(b, 0xfb);
	kbd(b, 0x1c);
	kbd(b, 0xf4);
	key(b, "1e 9e");
	codes(b, "\x1c", 1);
}

int
main(int argc, char **argv)
{
	static const struct bench_test tests[] = {
		BENCH_TEST(the_keyboard_resets_and_identifies),
		BENCH_TEST(a_byte_interrupts_until_it_is_read),
		BENCH_TEST(keys_of_the_operator_arrive),
		BENCH_TEST(a_second_read_gives_the_same_scan_code),
		BENCH_TEST(what_a_command_asks_for_does_not_wait_for_keys),
		BENCH_TEST(commands_of_keys_drop_old_ones_before_they_answer),
		BENCH_TEST(a_release_that_was_dropped_is_not_the_next_keys),
		BENCH_TEST(a_keyboard_that_is_disabled_scans_no_key),
		BENCH_TEST(resend_brings_the_last_byte_again),
		BENCH_TEST(a_command_in_place_of_a_parameter_is_a_command),
		BENCH_TEST(a_parameter_that_cannot_be_is_asked_for_again),
		BENCH_TEST(the_set_is_told_translated_or_not),
		BENCH_TEST(scan_codes_are_those_of_the_set),
		BENCH_TEST(translation_gives_set_1),
		BENCH_TEST(keys_of_set_3_tell_their_release_if_asked_to),
	};

	return bench_main(argc, argv, devices, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
