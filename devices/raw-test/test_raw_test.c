/* SPDX-License-Identifier: MIT */
/* Fixed ranges as a driver uses them. */
#include <ioemu/bench.h>

#define BASE 0xe0000000u
#define REGS (BASE + 0x3000)
#define HIGH 0x880000000ull

static uint64_t
reg(struct bench *b, unsigned at)
{
	return bench_read(b, IOEMU_MEM, REGS + at, 4);
}

static void
each_page_is_memory_of_its_own(struct bench *b)
{
	static const uint64_t page[] = { BASE, BASE + 0x1000, BASE + 0x2000,
					 HIGH };
	unsigned i;

	for (i = 0; i < 4; i++)
		bench_write(b, IOEMU_MEM, page[i] + 8, 8,
			    0x1122334455667700ull + i);
	for (i = 0; i < 4; i++)
		assert_true(bench_read(b, IOEMU_MEM, page[i] + 8, 8) ==
			    0x1122334455667700ull + i);
}

static void
strings_are_one_access_where_that_is_allowed(struct bench *b)
{
	uint8_t data[256] = { 1, 2, 3 };

	assert_int_equal(reg(b, 0), 0x7261773a);
	bench_string(b, IOEMU_MEM, BASE, 4, 64, true, data);
	assert_int_equal(reg(b, 4), 1);
	assert_int_equal(reg(b, 8), 256);
	bench_write(b, IOEMU_MEM, REGS + 4, 4, 0);
	bench_string(b, IOEMU_MEM, BASE + 0x1000, 4, 64, true, data);
	assert_int_equal(reg(b, 4), 64);
	assert_int_equal(reg(b, 8), 4);
	assert_int_equal(reg(b, 0xc), 252);
}

static void
the_register_moves_the_line(struct bench *b)
{
	assert_false(bench_irq(b, 7));
	bench_write(b, IOEMU_MEM, REGS + 0x10, 4, 1);
	assert_true(bench_irq(b, 7));
	bench_write(b, IOEMU_MEM, REGS + 0x10, 4, 0);
	assert_false(bench_irq(b, 7));
}

int
main(int argc, char **argv)
{
	static const char *const devices[] = { "raw-test", NULL };
	static const struct bench_test tests[] = {
		BENCH_TEST(each_page_is_memory_of_its_own),
		BENCH_TEST(strings_are_one_access_where_that_is_allowed),
		BENCH_TEST(the_register_moves_the_line),
	};

	return bench_main(argc, argv, devices, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
