/* SPDX-License-Identifier: MIT */
/* The ISA bridge as hvmloader, the DSDT and a rebooting kernel use it. */
#include <ioemu/bench.h>

#define PORT_92 0x92
#define PORT_RC 0xcf9
#define PIRQRC 0x60

static void
identity_is_what_hvmloader_insists_on(struct bench *b)
{
	assert_int_equal(bench_cfg_read(b, "piix3", 0, 4), 0x70008086);
	assert_int_equal(bench_cfg_read(b, "piix3", 8, 4) >> 8, 0x060100);
}

static void
links_are_off_after_reset(struct bench *b)
{
	unsigned link;

	assert_int_equal(bench_cfg_read(b, "piix3", PIRQRC, 4), 0x80808080);
	for (link = 0; link < 4; link++)
		assert_true(bench_link(b, link) <= 0);
}

static void
hvmloader_routes_the_links_byte_by_byte(struct bench *b)
{
	static const uint8_t irq[] = { 5, 10, 11, 5 };
	unsigned link;

	for (link = 0; link < 4; link++)
		bench_cfg_write(b, "piix3", PIRQRC + link, 1, irq[link]);
	for (link = 0; link < 4; link++) {
		assert_int_equal(bench_link(b, link), irq[link]);
		assert_int_equal(bench_cfg_read(b, "piix3", PIRQRC + link, 1),
				 irq[link]);
	}
}

static void
one_dword_routes_all_links(struct bench *b)
{
	bench_cfg_write(b, "piix3", PIRQRC, 4, 0x050b0a09);
	assert_int_equal(bench_link(b, 0), 9);
	assert_int_equal(bench_link(b, 1), 10);
	assert_int_equal(bench_link(b, 2), 11);
	assert_int_equal(bench_link(b, 3), 5);
}

/* The DSDT's _DIS: PIRx |= 0x80. */
static void
bit_7_takes_a_link_off_its_interrupt(struct bench *b)
{
	bench_cfg_write(b, "piix3", PIRQRC + 2, 1, 11);
	bench_cfg_write(b, "piix3", PIRQRC + 2, 1, 0x8b);
	assert_int_equal(bench_link(b, 2), 0);
	assert_int_equal(bench_cfg_read(b, "piix3", PIRQRC + 2, 1), 0x8b);
}

static void
reserved_bits_of_a_route_read_zero(struct bench *b)
{
	bench_cfg_write(b, "piix3", PIRQRC + 1, 1, 0x7a);
	assert_int_equal(bench_cfg_read(b, "piix3", PIRQRC + 1, 1), 0x0a);
	assert_int_equal(bench_link(b, 1), 10);
}

static void
reset_control_resets_only_with_bit_2(struct bench *b)
{
	bench_out8(b, PORT_RC, 0x02);
	assert_int_equal(bench_power(b), -1);
	assert_int_equal(bench_in8(b, PORT_RC), 0x02);
	bench_out8(b, PORT_RC, 0x06);
	assert_int_equal(bench_power(b), IOEMU_POWER_RESET);
	assert_int_equal(bench_in8(b, PORT_RC), 0x02);
}

static void
neighbours_of_reset_control_are_not_claimed(struct bench *b)
{
	bench_out16(b, PORT_RC + 1, 0x0606);
	bench_out32(b, PORT_RC + 1, 0x06060606);
	assert_int_equal(bench_power(b), -1);
	assert_int_equal(bench_in8(b, PORT_RC + 1), 0xff);
}

static void
port_92_resets_on_the_rising_edge_of_bit_0(struct bench *b)
{
	bench_out8(b, PORT_92, 0x00);
	assert_int_equal(bench_power(b), -1);
	bench_out8(b, PORT_92, 0x01);
	assert_int_equal(bench_power(b), IOEMU_POWER_RESET);
	bench_out8(b, PORT_92, 0x01);
	assert_int_equal(bench_power(b), -1);
}

static void
port_92_remembers_a20_and_resets_nothing_by_it(struct bench *b)
{
	assert_int_equal(bench_in8(b, PORT_92), 0x02);
	bench_out8(b, PORT_92, 0x00);
	assert_int_equal(bench_in8(b, PORT_92), 0x00);
	bench_out8(b, PORT_92, 0xfe);
	assert_int_equal(bench_in8(b, PORT_92), 0x02);
	assert_int_equal(bench_power(b), -1);
}

static void
elcr_and_the_timer_are_not_claimed(struct bench *b)
{
	assert_int_equal(bench_in8(b, 0x4d0), 0xff);
	assert_int_equal(bench_in8(b, 0x61), 0xff);
	assert_int_equal(bench_in8(b, 0x64), 0xff);
}

static void
every_register_takes_every_width(struct bench *b)
{
	unsigned reg, size;

	for (size = 1; size <= 4; size *= 2) {
		for (reg = 0; reg <= 0x100 - size; reg++) {
			bench_cfg_write(b, "piix3", reg, size, 0xffffffff);
			(void)bench_cfg_read(b, "piix3", reg, size);
		}
	}
	assert_int_equal(bench_cfg_read(b, "piix3", 0, 4), 0x70008086);
	assert_int_equal(bench_link(b, 0), 0);
}

int
main(int argc, char **argv)
{
	static const char *const devices[] = { "piix3", NULL };
	static const struct bench_test tests[] = {
		BENCH_TEST(identity_is_what_hvmloader_insists_on),
		BENCH_TEST(links_are_off_after_reset),
		BENCH_TEST(hvmloader_routes_the_links_byte_by_byte),
		BENCH_TEST(one_dword_routes_all_links),
		BENCH_TEST(bit_7_takes_a_link_off_its_interrupt),
		BENCH_TEST(reserved_bits_of_a_route_read_zero),
		BENCH_TEST(reset_control_resets_only_with_bit_2),
		BENCH_TEST(neighbours_of_reset_control_are_not_claimed),
		BENCH_TEST(port_92_resets_on_the_rising_edge_of_bit_0),
		BENCH_TEST(port_92_remembers_a20_and_resets_nothing_by_it),
		BENCH_TEST(elcr_and_the_timer_are_not_claimed),
		BENCH_TEST(every_register_takes_every_width),
	};

	return bench_main(argc, argv, devices, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
