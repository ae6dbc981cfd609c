/* SPDX-License-Identifier: MIT */
/* The bridge's own registers, as firmware and Linux look at them. */
#include <ioemu/bench.h>

#define BR "i31154"
#define BUSES 0x18
#define IO_BASE 0x1c
#define MEM_BASE 0x20
#define PREF_BASE 0x24
#define PREF_BASE_UPPER 0x28
#define ROM 0x30
#define ROM_TYPE_1 0x38
#define CONTROL 0x3e

static void
it_is_an_intel_31154_with_a_type_1_header(struct bench *b)
{
	assert_int_equal(bench_cfg_read(b, BR, 0x00, 4), 0x537c8086);
	assert_int_equal(bench_cfg_read(b, BR, 0x08, 4), 0x06040000);
	assert_int_equal(bench_cfg_read(b, BR, 0x0e, 1), 0x01);
	assert_int_equal(bench_cfg_read(b, BR, 0x3d, 1), 0);
}

/* tools/firmware/hvmloader/pci.c, pci_setup(): what it takes for a BAR is
 * filled with ones, read back, and has a size unless nothing stuck. */
static void
a_stock_hvmloader_finds_no_bar_to_size(struct bench *b)
{
	unsigned reg;

	for (reg = 0x10; reg <= ROM; reg += reg == 0x24 ? 0x0c : 4) {
		uint32_t ones = reg == ROM ? 0xfffff800 : 0xffffffff;
		uint32_t old = bench_cfg_read(b, BR, reg, 4), size;

		bench_cfg_write(b, BR, reg, 4, ones);
		size = bench_cfg_read(b, BR, reg, 4);
		bench_cfg_write(b, BR, reg, 4, old);
		size &= size & 1 && reg != ROM ? 0xfffc
			: reg == ROM	       ? 0xfffff800
					       : 0xfffffff0;
		assert_int_equal(size, 0);
		assert_int_equal(bench_cfg_read(b, BR, reg, 4), old);
	}
}

/* drivers/pci/probe.c, pci_read_bridge_windows(). */
static void
linux_finds_all_three_windows(struct bench *b)
{
	bench_cfg_write(b, BR, IO_BASE, 2, 0xe0f0);
	assert_int_equal(bench_cfg_read(b, BR, IO_BASE, 2), 0xe0f0);
	bench_cfg_write(b, BR, IO_BASE, 2, 0);
	bench_cfg_write(b, BR, PREF_BASE, 4, 0xffe0fff0);
	assert_int_equal(bench_cfg_read(b, BR, PREF_BASE, 4), 0xffe1fff1);
	bench_cfg_write(b, BR, PREF_BASE, 4, 0);
	assert_int_equal(bench_cfg_read(b, BR, PREF_BASE, 4), 0x00010001);
	bench_cfg_write(b, BR, PREF_BASE_UPPER, 4, 0xffffffff);
	assert_int_equal(bench_cfg_read(b, BR, PREF_BASE_UPPER, 4), 0xffffffff);
	bench_cfg_write(b, BR, MEM_BASE, 4, 0xf11ff100);
	assert_int_equal(bench_cfg_read(b, BR, MEM_BASE, 4), 0xf110f100);
}

static void
bus_numbers_hold_and_a_byte_of_ones_is_no_probe(struct bench *b)
{
	bench_cfg_write(b, BR, BUSES, 4, 0x00030201);
	assert_int_equal(bench_cfg_read(b, BR, BUSES, 4), 0x00030201);
	bench_cfg_write(b, BR, BUSES + 2, 1, 0xff);
	assert_int_equal(bench_cfg_read(b, BR, BUSES, 4), 0x00ff0201);
}

static void
it_has_no_bars_no_rom_no_vga_and_no_isa_mode(struct bench *b)
{
	bench_cfg_write(b, BR, 0x10, 4, 0xfffffff0);
	bench_cfg_write(b, BR, 0x14, 4, 0xfffffff0);
	bench_cfg_write(b, BR, ROM_TYPE_1, 4, 0xfffff801);
	bench_cfg_write(b, BR, CONTROL, 2, 0x000c);
	assert_int_equal(bench_cfg_read(b, BR, 0x10, 4), 0);
	assert_int_equal(bench_cfg_read(b, BR, 0x14, 4), 0);
	assert_int_equal(bench_cfg_read(b, BR, ROM_TYPE_1, 4), 0);
	assert_int_equal(bench_cfg_read(b, BR, CONTROL, 2), 0);
}

static void
secondary_reset_is_a_bit_that_holds(struct bench *b)
{
	bench_cfg_write(b, BR, CONTROL, 2, 0x0040);
	assert_int_equal(bench_cfg_read(b, BR, CONTROL, 2), 0x0040);
	bench_cfg_write(b, BR, CONTROL, 2, 0);
	assert_int_equal(bench_cfg_read(b, BR, CONTROL, 2), 0);
}

/* drivers/net/ethernet/sun/cassini.c, cas_program_bridge(). */
static void
cassini_tunes_the_registers_it_knows(struct bench *b)
{
	uint32_t v = bench_cfg_read(b, BR, 0x40, 4);

	bench_cfg_write(b, BR, 0x40, 4, v | 0x40000);
	assert_int_equal(bench_cfg_read(b, BR, 0x40, 4), 0x40000);
	bench_cfg_write(b, BR, 0x50, 2, 5u << 10 | 0x3ff);
	assert_int_equal(bench_cfg_read(b, BR, 0x50, 2), 0x17ff);
	bench_cfg_write(b, BR, 0x52, 2, 0xffff);
	assert_int_equal(bench_cfg_read(b, BR, 0x52, 2), 0xffff);
}

int
main(int argc, char **argv)
{
	static const char *const devices[] = { BR, NULL };
	static const struct bench_test tests[] = {
		BENCH_TEST(it_is_an_intel_31154_with_a_type_1_header),
		BENCH_TEST(a_stock_hvmloader_finds_no_bar_to_size),
		BENCH_TEST(linux_finds_all_three_windows),
		BENCH_TEST(bus_numbers_hold_and_a_byte_of_ones_is_no_probe),
		BENCH_TEST(it_has_no_bars_no_rom_no_vga_and_no_isa_mode),
		BENCH_TEST(secondary_reset_is_a_bit_that_holds),
		BENCH_TEST(cassini_tunes_the_registers_it_knows),
	};

	return bench_main(argc, argv, devices, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
