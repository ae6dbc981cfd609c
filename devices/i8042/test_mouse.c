/* SPDX-License-Identifier: MIT */
/* The mouse by its commands, and its movements. */
#include "test_guest.h"

static const char *const devices[] = { "i8042", NULL };

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
movements_come_as_packets(struct bench *b)
{
	mouse(b, 0xf4);
	move(b, "5 -3 1");
	assert_true(bench_irq(b, 12));
	packet(b, 0x29, 5, 0xfd);
	empty(b);
	move(b, "0 0 6"); /* buttons alone */
	packet(b, 0x0e, 0, 0);
	move(b, "0 0 6"); /* nothing new */
	empty(b);
}

static void
movements_beyond_9_bits_overflow(struct bench *b)
{
	mouse(b, 0xf4);
	move(b, "255 -256 0");
	packet(b, 0x28, 0xff, 0x00);
	move(b, "256 -257 0");
	packet(b, 0xe8, 0xff, 0x00);
	move(b, "-100000 2000000000 0");
	packet(b, 0xd8, 0x00, 0xff);
	empty(b);
}

static void
movements_add_up_while_a_report_waits(struct bench *b)
{
	mouse(b, 0xf4);
	move(b, "1 1 0");
	move(b, "2 3 0");
	move(b, "3 -1 4");
	packet(b, 0x08, 1, 1);
	packet(b, 0x0c, 5, 2);
	empty(b);
}

static void
remote_mode_sends_only_when_asked(struct bench *b)
{
	mouse(b, 0xf4);
	mouse(b, 0xf0);
	move(b, "5 6 2");
	move(b, "1 0 2");
	empty(b);
	mouse(b, 0xeb);
	packet(b, 0x0a, 6, 6);
	mouse(b, 0xeb);
	packet(b, 0x0a, 0, 0);
	empty(b);
	mouse(b, 0xea); /* Set Stream Mode */
	move(b, "1 2 2");
	packet(b, 0x0a, 1, 2);
	empty(b);
}

static void
disabling_the_mouse_drops_its_report_before_the_answer(struct bench *b)
{
	mouse(b, 0xf4);
	move(b, "5 -3 1");
	mouse(b, 0xf5);
	empty(b);
	move(b, "5 5 1");
	empty(b);
	mouse(b, 0xf4);
	empty(b);
}

static void
scaling_doubles_what_is_streamed(struct bench *b)
{
	mouse(b, 0xf4);
	mouse(b, 0xe7);
	move(b, "3 -5 0");
	packet(b, 0x28, 3, (uint8_t)-9);
	move(b, "4 6 0");
	packet(b, 0x08, 6, 12);
	move(b, "1 2 0");
	packet(b, 0x08, 1, 1);
	mouse(b, 0xf0);
	move(b, "10 4 0");
	mouse(b, 0xeb);
	packet(b, 0x08, 10, 4);
	mouse(b, 0xea);
	mouse(b, 0xe6);
	move(b, "4 6 0");
	packet(b, 0x08, 4, 6);
}

static void
the_status_tells_modes_buttons_resolution_and_rate(struct bench *b)
{
	mouse(b, 0xe9);
	packet(b, 0x00, 2, 100);
	mouse(b, 0xf4);
	mouse(b, 0xe7);
	mouse(b, 0xe8);
	mouse(b, 3);
	mouse(b, 0xf3);
	mouse(b, 40);
	mouse(b, 0xf0);
	move(b, "0 0 3");
	mouse(b, 0xe9);
	packet(b, 0x75, 3, 40);
	mouse(b, 0xf6); /* Set Default */
	move(b, "0 0 0");
	mouse(b, 0xe9);
	packet(b, 0x00, 2, 100);
}

static void
wrap_mode_echoes_all_but_its_end(struct bench *b)
{
	mouse(b, 0xee);
	mouse_says(b, 0xf4, 0xf4);
	mouse_says(b, 0xf2, 0xf2);
	mouse_says(b, 0x12, 0x12);
	mouse(b, 0xec);
	mouse(b, 0xf2);
	assert_int_equal(take(b), 0);
	empty(b);
}

static void
a_mouse_reset_ends_every_mode(struct bench *b)
{
	static const uint8_t mode[] = { 0xee, 0xf0, 0xe7, 0xf4, 0xf3, 0xe8 };
	static const uint8_t knock[] = { 200, 100, 80 };
	unsigned i;

	for (i = 0; i < 3; i++) {
		mouse(b, 0xf3);
		mouse(b, knock[i]);
	}
	for (i = 0; i < sizeof(mode); i++) {
		mouse(b, mode[i]);
		mouse(b, 0xff);
		assert_int_equal(take(b), 0xaa);
		assert_int_equal(take(b), 0x00);
		mouse(b, 0xe9);
		packet(b, 0x00, 2, 100);
		mouse(b, 0xf2);
		assert_int_equal(take(b), 0x00);
		empty(b);
	}
}

static void
invalid_input_is_asked_for_again_and_then_an_error(struct bench *b)
{
	mouse_says(b, 0xe1, 0xfe);
	mouse_says(b, 0x0a, 0xfc);
	mouse(b, 0xe6);
	mouse(b, 0xf3);
	mouse_says(b, 33, 0xfe);
	mouse(b, 60);
	mouse(b, 0xe8);
	mouse_says(b, 4, 0xfe);
	mouse_says(b, 5, 0xfc);
	mouse_says(b, 1, 0xfc); /* no parameter any more */
	mouse(b, 0xe9);
	packet(b, 0x00, 2, 60);
}

static void
the_mouse_resends_its_last_packet(struct bench *b)
{
	mouse_says(b, 0xfe, 0xaa);
	assert_int_equal(take(b), 0x00);
	mouse(b, 0xf4);
	move(b, "5 -3 1");
	packet(b, 0x29, 5, 0xfd);
	mouse_says(b, 0xfe, 0x29);
	assert_int_equal(take(b), 5);
	assert_int_equal(take(b), 0xfd);
	empty(b);
}

int
main(int argc, char **argv)
{
	static const struct bench_test tests[] = {
		BENCH_TEST(a_knock_turns_the_wheel_on),
		BENCH_TEST(movements_come_as_packets),
		BENCH_TEST(movements_beyond_9_bits_overflow),
		BENCH_TEST(movements_add_up_while_a_report_waits),
		BENCH_TEST(remote_mode_sends_only_when_asked),
		BENCH_TEST(
			disabling_the_mouse_drops_its_report_before_the_answer),
		BENCH_TEST(scaling_doubles_what_is_streamed),
		BENCH_TEST(the_status_tells_modes_buttons_resolution_and_rate),
		BENCH_TEST(wrap_mode_echoes_all_but_its_end),
		BENCH_TEST(a_mouse_reset_ends_every_mode),
		BENCH_TEST(invalid_input_is_asked_for_again_and_then_an_error),
		BENCH_TEST(the_mouse_resends_its_last_packet),
	};

	return bench_main(argc, argv, devices, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
