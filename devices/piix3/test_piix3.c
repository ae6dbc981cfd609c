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

/* PIRQRC: routes to 0, 1, 2, 8 and 13 are reserved, and go nowhere. */
static void
reserved_interrupts_are_no_route(struct bench *b)
{
	unsigned irq;

	for (irq = 0; irq < 16; irq++) {
		bool reserved = irq < 3 || irq == 8 || irq == 13;

		bench_cfg_write(b, "piix3", PIRQRC, 1, irq);
		assert_int_equal(bench_cfg_read(b, "piix3", PIRQRC, 1), irq);
		assert_int_equal(bench_link(b, 0), reserved ? 0 : irq);
	}
}

static void
only_the_bits_of_the_data_sheet_are_kept(struct bench *b)
{
	static const struct {
		uint8_t reg, reset, writable;
	} r[] = {
		{ 0x04, 0x07, 0x08 }, { 0x05, 0x00, 0x01 },
		{ 0x06, 0x00, 0x00 }, { 0x07, 0x02, 0x00 },
		{ 0x0c, 0x00, 0x00 }, { 0x0d, 0x00, 0x00 },
		{ 0x3c, 0x00, 0x00 }, { 0x40, 0x00, 0x00 },
		{ 0x4c, 0x4d, 0xff }, { 0x4e, 0x03, 0xff },
		{ 0x60, 0x80, 0x8f }, { 0x63, 0x80, 0x8f },
		{ 0x69, 0x02, 0xff }, { 0x70, 0x80, 0xff },
		{ 0x76, 0x0c, 0xff }, { 0x77, 0x0c, 0xff },
		{ 0x78, 0x02, 0xff }, { 0x80, 0x00, 0x7f },
		{ 0x82, 0x00, 0x0f }, { 0xa0, 0x08, 0xff },
		{ 0xa8, 0x0f, 0xff }, { 0xff, 0x00, 0x00 },
	};
	unsigned i;

	for (i = 0; i < sizeof(r) / sizeof(r[0]); i++) {
		assert_int_equal(bench_cfg_read(b, "piix3", r[i].reg, 1),
				 r[i].reset);
		bench_cfg_write(b, "piix3", r[i].reg, 1, 0xff);
		assert_int_equal(bench_cfg_read(b, "piix3", r[i].reg, 1),
				 r[i].reset | r[i].writable);
		bench_cfg_write(b, "piix3", r[i].reg, 1, 0x00);
		assert_int_equal(bench_cfg_read(b, "piix3", r[i].reg, 1),
				 r[i].reset & (uint8_t)~r[i].writable);
	}
}

static void
a_reset_takes_the_links_off_and_opens_a20(struct bench *b)
{
	bench_cfg_write(b, "piix3", PIRQRC, 4, 0x050b0a09);
	bench_out8(b, PORT_92, 0x00);
	bench_out8(b, PORT_RC, 0x02);
	bench_reset(b, "piix3", IOEMU_RESET_BUS);
	assert_int_equal(bench_cfg_read(b, "piix3", PIRQRC, 4), 0x80808080);
	assert_int_equal(bench_link(b, 2), 0);
	assert_int_equal(bench_in8(b, PORT_92), 0x02);
	assert_int_equal(bench_in8(b, PORT_RC), 0x00);
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
		BENCH_TEST(reserved_interrupts_are_no_route),
		BENCH_TEST(only_the_bits_of_the_data_sheet_are_kept),
		BENCH_TEST(a_reset_takes_the_links_off_and_opens_a20),
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
