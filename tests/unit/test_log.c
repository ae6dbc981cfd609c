/* SPDX-License-Identifier: MIT */
/*
 * The log as a host's disk sees it: standard error is a file here. The log's
 * limits are of the whole process, so the order of the tests counts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "log.h"

#define LONG 400u /* bytes of a line that is not cut */

static FILE *file;
static int saved = -1;

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

/* ... to here; the number of lines, the beginning of the text in buf. */
static unsigned
captured(char *buf, size_t size)
{
	unsigned lines = 0;
	int c;

	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	rewind(file);
	buf[fread(buf, 1, size - 1, file)] = '\0';
	rewind(file);
	while ((c = fgetc(file)) != EOF)
		lines += c == '\n';
	fclose(file);
	return lines;
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
	log_warn("seen: %d", 7);
	assert_int_equal(captured(text, sizeof(text)), 1);
	assert_string_equal(text, "mini-ioemu: warning: seen: 7\n");
}

static void
levels_have_names(void **state)
{
	enum ioemu_level level = IOEMU_DEBUG;

	(void)state;
	assert_int_equal(log_parse_level("error", &level), 0);
	assert_int_equal(level, IOEMU_ERROR);
	assert_int_equal(log_parse_level("loud", &level), -EINVAL);
}

static void
a_line_is_cut_rather_than_lost(void **state)
{
	char text[2048], longer[1024];

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	capture();
	log_error("%s", longer);
	assert_int_equal(captured(text, sizeof(text)), 1);
	assert_true(strlen(text) > LONG && strlen(text) < sizeof(longer));
}

static void
a_guest_is_limited_in_rate(void **state)
{
	char text[256];
	unsigned i, lines;

	(void)state;
	capture();
	for (i = 0; i < 10 * LOG_GUEST_BURST; i++)
		log_guest("uart", IOEMU_ERROR, "overrun");
	lines = captured(text, sizeof(text));
	assert_true(lines >= LOG_GUEST_BURST);
	assert_true(lines < 2 * LOG_GUEST_BURST);
}

static void
what_was_left_out_is_counted_when_there_is_room(void **state)
{
	char text[256];

	(void)state;
	usleep(2 * 1000000 / LOG_GUEST_RATE);
	capture();
	log_guest("uart", IOEMU_ERROR, "overrun");
	assert_int_equal(captured(text, sizeof(text)), 2);
	assert_non_null(strstr(text, "left out"));
}

static void
a_guest_is_limited_in_bytes_for_ever(void **state)
{
	static char huge[LOG_GUEST_BYTES];
	char text[1024];

	(void)state;
	memset(huge, 'x', sizeof(huge) - 1);
	usleep(2 * 1000000 / LOG_GUEST_RATE);
	capture();
	log_guest("uart", IOEMU_ERROR, huge);
	assert_int_equal(captured(text, sizeof(text)), 2);
	assert_non_null(strstr(text, "no more from them"));
	usleep(2 * 1000000 / LOG_GUEST_RATE);
	capture();
	log_guest("uart", IOEMU_ERROR, "again");
	log_error("we still may");
	assert_int_equal(captured(text, sizeof(text)), 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_lines_of_the_level_go_out),
		cmocka_unit_test(levels_have_names),
		cmocka_unit_test(a_line_is_cut_rather_than_lost),
		cmocka_unit_test(a_guest_is_limited_in_rate),
		cmocka_unit_test(
			what_was_left_out_is_counted_when_there_is_room),
		cmocka_unit_test(a_guest_is_limited_in_bytes_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
