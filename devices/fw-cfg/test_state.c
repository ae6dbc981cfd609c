/* SPDX-License-Identifier: MIT */
/* Saved states of an operation, as they can be and as they cannot. */
#include <ioemu/bench.h>

static const char *const devices[] = { "fw-cfg", NULL };

static void
operations_that_cannot_be_do_not_load(struct bench *b)
{
	assert_int_equal(bench_load_field(b, "fw-cfg", "phase", 0, 3), -EINVAL);
	assert_int_equal(bench_load_field(b, "fw-cfg", "desc", 0, UINT64_MAX),
			 -EINVAL);
	assert_int_equal(bench_load_field(b, "fw-cfg", "left", 0, 2), 0);
	assert_int_equal(bench_load_field(b, "fw-cfg", "dest", 0, UINT64_MAX),
			 -EINVAL);
	assert_int_equal(
		bench_load_field(b, "fw-cfg", "dest", 0, UINT64_MAX - 1), 0);
}

static void
an_offset_past_the_end_reads_zeros(struct bench *b)
{
	bench_out16(b, 0x510, 0);
	assert_int_equal(bench_in8(b, 0x511), 'Q');
	(void)bench_load_field(b, "fw-cfg", "offset", 0, UINT32_MAX);
	assert_int_equal(bench_in8(b, 0x511), 0);
	assert_int_equal(bench_load_field(b, "fw-cfg", "key", 0, 0xbfff), 0);
	assert_int_equal(bench_in8(b, 0x511), 0);
}

/* In the middle of a transfer: it ends, and says so in its descriptor. */
static void
a_transfer_goes_on(struct bench *b)
{
	uint8_t *ram = bench_ram(b);

	ram[0x1003] = 0x02; /* still in progress */
	ram[0x2000] = 0xee;
	assert_int_equal(bench_load_field(b, "fw-cfg", "desc", 0, 0x1000), 0);
	assert_int_equal(bench_load_field(b, "fw-cfg", "dest", 0, 0x2000), 0);
	assert_int_equal(bench_load_field(b, "fw-cfg", "left", 0, 4), 0);
	assert_int_equal(bench_load_field(b, "fw-cfg", "phase", 0, 2), 0);
	bench_advance(b, 1000);
	bench_settle(b);
	assert_int_equal(ram[0x1003], 0);
	assert_memory_equal(ram + 0x2000, "QEMU", 4);
}

int
main(int argc, char **argv)
{
	static const struct bench_test tests[] = {
		BENCH_TEST(operations_that_cannot_be_do_not_load),
		BENCH_TEST(an_offset_past_the_end_reads_zeros),
		BENCH_TEST(a_transfer_goes_on),
	};

	return bench_main(argc, argv, devices, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
