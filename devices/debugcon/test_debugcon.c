/* SPDX-License-Identifier: MIT */
/* debugcon as a guest and the log see it. */
#include <ioemu/bench.h>

#include <string.h>

#define PORT 0xe9
#define OTHER_PORT 0x402

static void
say(struct bench *b, const char *text)
{
	for (; *text; text++)
		bench_out8(b, PORT, (uint8_t)*text);
}

static void
reading_the_port_tells_that_it_is_there(struct bench *b)
{
	assert_int_equal(bench_in8(b, PORT), 0xe9);
	assert_int_equal(bench_in8(b, PORT + 1), 0xff);
}

static void
a_line_is_logged_when_it_ends(struct bench *b)
{
	say(b, "hello");
	assert_string_equal(bench_log(b), "");
	say(b, "\nwo");
	assert_string_equal(bench_log(b), "hello\n");
	say(b, "rld\n\n");
	assert_string_equal(bench_log(b), "hello\nworld\n");
}

static void
a_long_line_is_cut_at_128_bytes(struct bench *b)
{
	unsigned i;

	for (i = 0; i < 130; i++)
		bench_out8(b, PORT, 'x');
	assert_int_equal(strlen(bench_log(b)), 129);
	say(b, "\n");
	assert_int_equal(strlen(bench_log(b)), 129 + 3);
}

static void
string_output_is_taken_byte_by_byte(struct bench *b)
{
	char text[] = "rep outsb\n";

	bench_string(b, IOEMU_PIO, PORT, 1, sizeof(text) - 1, true, text);
	assert_string_equal(bench_log(b), "rep outsb\n");
}

static void
a_wide_write_reaches_its_first_byte_only(struct bench *b)
{
	bench_out32(b, PORT, 0x44434241);
	say(b, "\n");
	assert_string_equal(bench_log(b), "A\n");
	assert_int_equal(bench_in32(b, PORT), 0xffffffe9);
}

static void
control_characters_do_not_reach_the_log(struct bench *b)
{
	say(b, "a\x1b[2J\n");
	assert_string_equal(bench_log(b), "a.[2J\n");
}

static void
a_line_longer_than_its_room_does_not_load(struct bench *b)
{
	say(b, "abc");
	assert_int_equal(bench_load_field(b, "debugcon", "len", 0, 128),
			 -EINVAL);
	assert_int_equal(bench_load_field(b, "debugcon", "len", 0, 127), 0);
	say(b, "x");
	assert_non_null(strstr(bench_log(b), "abc"));
}

static void
the_port_can_be_another(struct bench *b)
{
	assert_int_equal(bench_in8(b, OTHER_PORT), 0xe9);
	assert_int_equal(bench_in8(b, PORT), 0xff);
}

static const char *const other[] = { "debugcon,port=0x402,id=seabios", NULL };
static const char *const devices[] = { "debugcon", NULL };

static const struct bench_test tests[] = {
	BENCH_TEST(reading_the_port_tells_that_it_is_there),
	BENCH_TEST(a_line_is_logged_when_it_ends),
	BENCH_TEST(a_long_line_is_cut_at_128_bytes),
	BENCH_TEST(string_output_is_taken_byte_by_byte),
	BENCH_TEST(a_wide_write_reaches_its_first_byte_only),
	BENCH_TEST(control_characters_do_not_reach_the_log),
	BENCH_TEST(a_line_longer_than_its_room_does_not_load),
	BENCH_TEST_WITH(the_port_can_be_another, other),
};

int
main(int argc, char **argv)
{
	return bench_main(argc, argv, devices, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
