/* SPDX-License-Identifier: MIT */
/* The host bridge as firmware and a Linux kernel look at it. */
#include <ioemu/bench.h>

#define CONFADD 0xcf8

static void
identity_is_that_of_an_82441fx(struct bench *b)
{
	assert_int_equal(bench_cfg_read(b, "i440fx", 0, 4), 0x12378086);
	assert_int_equal(bench_cfg_read(b, "i440fx", 8, 4), 0x06000002);
	assert_int_equal(bench_cfg_read(b, "i440fx", 0x0e, 1) & 0x7f, 0);
	assert_int_equal(bench_cfg_read(b, "i440fx", 0x3d, 1), 0);
}

static void
confadd_reads_back_what_was_written(struct bench *b)
{
	assert_int_equal(bench_in32(b, CONFADD), 0);
	bench_out32(b, CONFADD, 0x80000810);
	assert_int_equal(bench_in32(b, CONFADD), 0x80000810);
}

/* Linux, pci_check_type1(). */
static void
linux_finds_configuration_mechanism_1(struct bench *b)
{
	uint32_t old;

	bench_out8(b, 0xcfb, 0x01);
	old = bench_in32(b, CONFADD);
	bench_out32(b, CONFADD, 0x80000000);
	assert_int_equal(bench_in32(b, CONFADD), 0x80000000);
	bench_out32(b, CONFADD, old);
	assert_int_equal(bench_in32(b, CONFADD), 0);
}

static void
narrow_and_misaligned_cycles_pass_confadd_by(struct bench *b)
{
	unsigned i;

	bench_out32(b, CONFADD, 0x8000f8fc);
	for (i = 0; i < 4; i++) {
		bench_out8(b, CONFADD + i, 0x55);
		assert_int_equal(bench_in8(b, CONFADD + i), 0xff);
		bench_out16(b, CONFADD + i, 0x5555);
		assert_int_equal(bench_in16(b, CONFADD + i), 0xffff);
	}
	for (i = 1; i < 4; i++)
		bench_out32(b, CONFADD + i, 0x55555555);
	assert_int_equal(bench_in32(b, CONFADD), 0x8000f8fc);
}

static void
confdata_with_the_enable_bit_clear_reads_ones(struct bench *b)
{
	bench_out32(b, CONFADD, 0);
	assert_int_equal(bench_in32(b, 0xcfc), 0xffffffff);
}

static void
pam_registers_remember_what_was_written(struct bench *b)
{
	unsigned reg;

	for (reg = 0x59; reg <= 0x5f; reg++) {
		assert_int_equal(bench_cfg_read(b, "i440fx", reg, 1), 0);
		bench_cfg_write(b, "i440fx", reg, 1, 0x30 + (reg & 7));
	}
	for (reg = 0x59; reg <= 0x5f; reg++)
		assert_int_equal(bench_cfg_read(b, "i440fx", reg, 1),
				 0x30 + (reg & 7));
}

static void
reset_values_are_those_of_the_data_sheet(struct bench *b)
{
	assert_int_equal(bench_cfg_read(b, "i440fx", 0x06, 2), 0x0280);
	assert_int_equal(bench_cfg_read(b, "i440fx", 0x53, 1), 0x80);
	assert_int_equal(bench_cfg_read(b, "i440fx", 0x57, 2), 0x1001);
	assert_int_equal(bench_cfg_read(b, "i440fx", 0x60, 4), 0x01010101);
	assert_int_equal(bench_cfg_read(b, "i440fx", 0x71, 2), 0x0210);
}

/* What the data sheet has as read/write, in one table: every other bit keeps
 * its reset value. */
static void
only_the_bits_of_the_data_sheet_are_kept(struct bench *b)
{
	static const struct {
		uint8_t reg, reset, writable;
	} r[] = {
		{ 0x04, 0x06, 0x40 }, { 0x05, 0x00, 0x01 },
		{ 0x06, 0x80, 0x00 }, { 0x07, 0x02, 0x00 },
		{ 0x0c, 0x00, 0x00 }, { 0x0d, 0x00, 0xf8 },
		{ 0x0e, 0x00, 0x00 }, { 0x3c, 0x00, 0x00 },
		{ 0x40, 0x00, 0x00 }, { 0x50, 0x00, 0x70 },
		{ 0x51, 0x01, 0x80 }, { 0x52, 0x00, 0xff },
		{ 0x53, 0x80, 0xff }, { 0x54, 0x00, 0xff },
		{ 0x55, 0x00, 0xff }, { 0x56, 0x00, 0xff },
		{ 0x57, 0x01, 0xff }, { 0x58, 0x10, 0xff },
		{ 0x60, 0x01, 0xff }, { 0x67, 0x01, 0xff },
		{ 0x68, 0x00, 0xff }, { 0x69, 0x00, 0x00 },
		{ 0x70, 0x00, 0xff }, { 0x71, 0x10, 0xff },
		{ 0x90, 0x00, 0xff }, { 0x91, 0x00, 0x00 },
		{ 0x93, 0x00, 0x3f }, { 0xff, 0x00, 0x00 },
	};
	unsigned i;

	for (i = 0; i < sizeof(r) / sizeof(r[0]); i++) {
		assert_int_equal(bench_cfg_read(b, "i440fx", r[i].reg, 1),
				 r[i].reset);
		bench_cfg_write(b, "i440fx", r[i].reg, 1, 0xff);
		assert_int_equal(bench_cfg_read(b, "i440fx", r[i].reg, 1),
				 r[i].reset | r[i].writable);
		bench_cfg_write(b, "i440fx", r[i].reg, 1, 0x00);
		assert_int_equal(bench_cfg_read(b, "i440fx", r[i].reg, 1),
				 r[i].reset & (uint8_t)~r[i].writable);
	}
}

/* SMRAM: "once DLCK is set, DOPEN and DLCK become read only". */
static void
smram_stays_locked_until_a_reset(struct bench *b)
{
	bench_cfg_write(b, "i440fx", 0x72, 1, 0x4d);
	assert_int_equal(bench_cfg_read(b, "i440fx", 0x72, 1), 0x4a);
	bench_cfg_write(b, "i440fx", 0x72, 1, 0x58);
	assert_int_equal(bench_cfg_read(b, "i440fx", 0x72, 1), 0x1a);
	bench_cfg_write(b, "i440fx", 0x70, 4, 0x00400000);
	assert_int_equal(bench_cfg_read(b, "i440fx", 0x72, 1), 0x12);
	bench_reset(b, "i440fx", IOEMU_RESET_WAKE);
	assert_int_equal(bench_cfg_read(b, "i440fx", 0x72, 1), 0x02);
	bench_cfg_write(b, "i440fx", 0x72, 1, 0x40);
	assert_int_equal(bench_cfg_read(b, "i440fx", 0x72, 1), 0x42);
}

static void
no_base_address_register_exists(struct bench *b)
{
	unsigned reg;

	for (reg = 0x10; reg <= 0x30; reg += 4) {
		bench_cfg_write(b, "i440fx", reg, 4, 0xffffffff);
		if (reg != 0x2c)
			assert_int_equal(bench_cfg_read(b, "i440fx", reg, 4),
					 0);
	}
}

static void
every_register_takes_every_width(struct bench *b)
{
	unsigned reg, size;

	for (size = 1; size <= 4; size *= 2) {
		for (reg = 0; reg <= 0x100 - size; reg++) {
			bench_cfg_write(b, "i440fx", reg, size, 0xffffffff);
			(void)bench_cfg_read(b, "i440fx", reg, size);
		}
	}
	assert_int_equal(bench_cfg_read(b, "i440fx", 0, 4), 0x12378086);
}

int
main(int argc, char **argv)
{
	static const char *const devices[] = { "i440fx", NULL };
	static const struct bench_test tests[] = {
		BENCH_TEST(identity_is_that_of_an_82441fx),
		BENCH_TEST(confadd_reads_back_what_was_written),
		BENCH_TEST(linux_finds_configuration_mechanism_1),
		BENCH_TEST(narrow_and_misaligned_cycles_pass_confadd_by),
		BENCH_TEST(confdata_with_the_enable_bit_clear_reads_ones),
		BENCH_TEST(pam_registers_remember_what_was_written),
		BENCH_TEST(reset_values_are_those_of_the_data_sheet),
		BENCH_TEST(only_the_bits_of_the_data_sheet_are_kept),
		BENCH_TEST(smram_stays_locked_until_a_reset),
		BENCH_TEST(no_base_address_register_exists),
		BENCH_TEST(every_register_takes_every_width),
	};

	return bench_main(argc, argv, devices, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
