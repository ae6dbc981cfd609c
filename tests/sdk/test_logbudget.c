/* SPDX-License-Identifier: MIT */
/* How much one source may log, by a clock that stands still unless told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "loop/loop.h"

#define NS_PER_MS 1000000ull
#define NS_PER_MINUTE (60000 * NS_PER_MS)
#define LINE 100u

struct flood {
	struct log_budget budget;
	uint64_t now_ns;
	uint64_t bytes; /* that went out, notices too */
	unsigned lines, notices;
	char notice[LOG_NOTICE]; /* the last that was one */
};

static bool
say(struct flood *f, size_t bytes)
{
	char notice[LOG_NOTICE];
	bool may = log_budget_take(&f->budget, f->now_ns, bytes, notice);

	if (*notice) {
		memcpy(f->notice, notice, sizeof(notice));
		f->notices++;
		f->bytes += strlen(notice);
	}
	f->lines += may;
	f->bytes += may ? bytes : 0;
	return may;
}

static void
what_is_said_at_once_is_a_burst_and_one_notice(void **state)
{
	struct flood f = { .now_ns = 5 };
	unsigned i;

	(void)state;
	for (i = 0; i < 100000; i++)
		say(&f, LINE);
	assert_true(f.bytes <= LOG_BURST);
	assert_true(f.bytes > LOG_BURST - 2 * LINE - LOG_NOTICE);
	assert_int_equal(f.notices, 1);
	assert_non_null(strstr(f.notice, "left out"));
}

static void
a_minute_of_flood_is_at_most_two_bursts(void **state)
{
	static const uint64_t step[] = { 1, 999, NS_PER_MS, 777 * NS_PER_MS };
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(step) / sizeof(step[0]); i++) {
		struct flood f = { .now_ns = 0 };
		uint64_t n = NS_PER_MINUTE / step[i];

		/* the same minute, in no more steps than a test has time for */
		if (n > 200000)
			n = 200000;
		while (n--) {
			say(&f, LINE);
			say(&f, 7);
			f.now_ns += step[i];
		}
		assert_true(f.now_ns <= NS_PER_MINUTE);
		assert_true(f.bytes <= 2 * LOG_BURST);
		assert_true(f.notices <= 12);
	}
}

static void
what_was_left_out_is_counted_when_there_is_room(void **state)
{
	struct flood f = { .now_ns = 0 };

	(void)state;
	while (say(&f, LINE))
		;
	say(&f, LINE);
	say(&f, LINE);
	f.now_ns += NS_PER_MS; /* room for a byte, not for a line */
	assert_false(say(&f, LINE));
	f.now_ns += NS_PER_MINUTE / 2;
	assert_true(say(&f, LINE));
	assert_int_equal(f.notices, 2);
	assert_string_equal(f.notice, "4 lines were left out");
	assert_true(say(&f, LINE));
	assert_int_equal(f.notices, 2);
}

static void
slow_steps_do_not_lose_what_is_less_than_a_byte(void **state)
{
	struct flood f = { .now_ns = 0 };
	unsigned i;

	(void)state;
	while (say(&f, LINE))
		;
	for (i = 0; i < 2000; i++) { /* half a minute */
		f.now_ns += NS_PER_MINUTE / 4000;
		say(&f, LINE);
	}
	assert_true(f.bytes > LOG_BURST + LOG_BURST / 4);
}

static void
a_source_is_limited_for_ever(void **state)
{
	struct flood f = { .now_ns = 0 };
	unsigned minute;

	(void)state;
	for (minute = 0; minute < 1000; minute++) {
		while (say(&f, LINE))
			;
		f.now_ns += NS_PER_MINUTE;
	}
	assert_true(f.bytes <= LOG_LIFE);
	assert_true(f.bytes > LOG_LIFE - LOG_BURST);
	assert_string_equal(f.notice,
			    "has logged 1024 KiB: no more lines of it");
	assert_false(say(&f, 1));
}

static void
the_host_itself_may_log_again_each_minute(void **state)
{
	struct flood f = { .budget.for_ever = true };
	unsigned minute;

	(void)state;
	for (minute = 0; minute < 100; minute++) {
		while (say(&f, LINE))
			;
		f.now_ns += NS_PER_MINUTE;
	}
	assert_true(f.bytes > LOG_LIFE);
}

static void
a_line_longer_than_all_room_never_goes_out(void **state)
{
	struct flood f = { .now_ns = 0 };

	(void)state;
	assert_false(say(&f, LOG_BURST + 1));
	assert_false(say(&f, LOG_LIFE * 2));
	assert_int_equal(f.lines, 0);
}

static void
a_clock_of_years_is_no_overflow(void **state)
{
	struct flood f = { .now_ns = 0 };

	(void)state;
	while (say(&f, LINE))
		;
	f.now_ns = UINT64_MAX - 1;
	assert_true(say(&f, LINE));
	assert_true(f.budget.room <= LOG_BURST);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			what_is_said_at_once_is_a_burst_and_one_notice),
		cmocka_unit_test(a_minute_of_flood_is_at_most_two_bursts),
		cmocka_unit_test(
			what_was_left_out_is_counted_when_there_is_room),
		cmocka_unit_test(
			slow_steps_do_not_lose_what_is_less_than_a_byte),
		cmocka_unit_test(a_source_is_limited_for_ever),
		cmocka_unit_test(the_host_itself_may_log_again_each_minute),
		cmocka_unit_test(a_line_longer_than_all_room_never_goes_out),
		cmocka_unit_test(a_clock_of_years_is_no_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
