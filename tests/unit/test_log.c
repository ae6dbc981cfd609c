/* SPDX-License-Identifier: MIT */
/*
 * The log as a host's disk sees it: standard error is a file here, and the
 * clock is ours. Budgets are the process's, so each test has names of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "loop/loop.h"

#include "base/log.h"
#include "guest/power.h"
#include "helper/spawn.h"
#include "support/fake_xen.h"

#define FLOOD 100000u
#define MINUTE 60u
#define LONG 400u /* bytes of a line that is not cut */

static FILE *file;
static int saved = -1;
static time_t seconds = 1000;

/* What the log looks at. */
int __wrap_clock_gettime(clockid_t id, struct timespec *ts);
int
__wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
	(void)id;
	*ts = (struct timespec){ .tv_sec = seconds };
	return 0;
}

/* Standard error goes to a file from here ... */
static void
capture(void)
{
	file = tmpfile();
	assert_non_null(file);
	fflush(stderr);
	saved = dup(STDERR_FILENO);
	assert_int_equal(dup2(fileno(file), STDERR_FILENO), STDERR_FILENO);
}

/* ... to here: the number of bytes, and the end of the text in buf. */
static long
captured(char *buf, size_t size)
{
	long all;

	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	fseek(file, 0, SEEK_END);
	all = ftell(file);
	fseek(file, all < (long)size ? 0 : all - (long)size + 1, SEEK_SET);
	buf[fread(buf, 1, size - 1, file)] = '\0';
	fclose(file);
	return all;
}

static void
only_lines_of_the_level_go_out(void **state)
{
	char text[256];

	(void)state;
	capture();
	log_set_level(IOEMU_WARN);
	log_info("not seen");
	log_guest("uart", IOEMU_INFO, "not seen");
	log_words("uart", IOEMU_INFO, "not seen");
	log_warn("seen: %d", 7);
	captured(text, sizeof(text));
	assert_string_equal(text, "mini-ioemu: warning: seen: 7\n");
	log_set_level(IOEMU_INFO);
}

static void
a_line_is_cut_rather_than_lost(void **state)
{
	char text[2048], longer[1024];
	long n;

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	capture();
	log_error("%s", longer);
	n = captured(text, sizeof(text));
	assert_true(n > (long)LONG && n < (long)sizeof(longer));
	assert_ptr_equal(strchr(text, '\n'), text + n - 1);
}

static void
a_name_in_a_line_does_not_end_it(void **state)
{
	char text[256];

	(void)state;
	capture();
	log_error("device '%s'", "a\nmini-ioemu: error: b\x1b[1m\x7f");
	captured(text, sizeof(text));
	assert_string_equal(text, "mini-ioemu: error: device 'a.mini-ioemu: "
				  "error: b.[1m.'\n");
}

static void
a_flood_is_a_burst_in_a_moment_and_two_in_a_minute(void **state)
{
	char text[256];
	unsigned i;
	long n;

	(void)state;
	capture();
	for (i = 0; i < FLOOD; i++)
		log_guest("flood", IOEMU_WARN, "overrun");
	n = captured(text, sizeof(text));
	assert_true(n > (long)LOG_BURST / 2 && n <= (long)LOG_BURST);
	assert_non_null(strstr(text, "flood: logs more than 64 KiB a minute"));
	capture();
	for (i = 0; i < MINUTE; i++) {
		unsigned k;

		seconds++;
		for (k = 0; k < FLOOD / MINUTE; k++)
			log_guest("flood", IOEMU_WARN, "overrun");
	}
	n += captured(text, sizeof(text));
	assert_true(n <= 2 * (long)LOG_BURST);
}

static void
a_flood_hides_nothing_of_others_nor_what_is_said_of_it(void **state)
{
	char text[512];
	unsigned i;

	(void)state;
	for (i = 0; i < FLOOD; i++)
		log_words("net0", IOEMU_INFO, "hello");
	capture();
	log_words("net0", IOEMU_INFO, "hello");
	log_words("net1", IOEMU_INFO, "link is up");
	log_guest("net1", IOEMU_WARN, "its connection is lost");
	log_guest("net0", IOEMU_WARN, "its connection is lost");
	log_warn("ours");
	captured(text, sizeof(text));
	assert_string_equal(
		text, "mini-ioemu: info: net1: link is up\n"
		      "mini-ioemu: warning: net1: its connection is lost\n"
		      "mini-ioemu: warning: net0: its connection is lost\n"
		      "mini-ioemu: warning: ours\n");
}

static void
a_flood_of_our_own_is_limited_but_for_errors(void **state)
{
	char text[256];
	unsigned i;
	long n;

	(void)state;
	capture();
	for (i = 0; i < FLOOD; i++)
		log_warn("we should have thought of this one");
	log_error("the end");
	n = captured(text, sizeof(text));
	assert_true(n <= (long)LOG_BURST + 100);
	assert_non_null(strstr(text, "error: the end\n"));
}

/* A QMP client can ask for what fails as often as it likes. */
static void
a_flood_of_errors_is_limited_and_the_last_is_the_reason(void **state)
{
	char text[256];
	unsigned i;
	long n;

	(void)state;
	seconds += 2 * MINUTE;
	capture();
	for (i = 0; i < FLOOD; i++)
		log_error("device %u: no such type", i);
	n = captured(text, sizeof(text));
	assert_true(n > (long)LOG_BURST / 2 && n <= (long)LOG_BURST);
	assert_non_null(strstr(text, "errors: logs more than 64 KiB a minute"));
	capture();
	log_error("the disk is gone");
	log_end(-EIO);
	captured(text, sizeof(text));
	assert_string_equal(text,
			    "mini-ioemu: error: ended: the disk is gone\n");
}

static void
sources_beyond_the_table_share_one_budget(void **state)
{
	char text[256], who[16];
	unsigned i;
	long n;

	(void)state;
	capture();
	for (i = 0; i < FLOOD; i++) {
		snprintf(who, sizeof(who), "later%u", i);
		log_guest(who, IOEMU_WARN, "overrun");
	}
	n = captured(text, sizeof(text));
	assert_true(n <= (long)(LOG_SOURCES * 100 + LOG_BURST));
}

/* dm_restrict: Xen lets us do nothing to a guest's vCPUs. */
static void
a_guest_whose_sleep_is_refused_logs_a_burst(void **state)
{
	static const struct spawn_env restricted = { .sleep = NULL };
	struct xen *xen = fake_xen_new();
	struct power *power;
	struct spawn *spawn;
	char text[256];
	unsigned i;
	long n;

	(void)state;
	seconds += 2 * MINUTE;
	assert_int_equal(spawn_new(&restricted, &spawn), 0);
	assert_int_equal(power_new(xen, spawn, &power), 0);
	capture();
	for (i = 0; i < FLOOD; i++)
		power_do(power, IOEMU_POWER_SUSPEND);
	n = captured(text, sizeof(text));
	assert_true(n <= (long)LOG_BURST);
	assert_false(power_asleep(power));
	power_free(power);
	spawn_free(spawn);
	fake_xen_free(xen);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_lines_of_the_level_go_out),
		cmocka_unit_test(a_line_is_cut_rather_than_lost),
		cmocka_unit_test(a_name_in_a_line_does_not_end_it),
		cmocka_unit_test(
			a_flood_is_a_burst_in_a_moment_and_two_in_a_minute),
		cmocka_unit_test(
			a_flood_hides_nothing_of_others_nor_what_is_said_of_it),
		cmocka_unit_test(a_guest_whose_sleep_is_refused_logs_a_burst),
		cmocka_unit_test(a_flood_of_our_own_is_limited_but_for_errors),
		cmocka_unit_test(
			a_flood_of_errors_is_limited_and_the_last_is_the_reason),
		cmocka_unit_test(sources_beyond_the_table_share_one_budget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
