/* SPDX-License-Identifier: MIT */
/* The platform device as PV drivers of Linux and Windows talk to it. */
#include <string.h>

#include <ioemu/bench.h>

#define BAR0 0xc000
#define BAR1 0xf0000000

static void
bars_on(struct bench *b)
{
	bench_cfg_write(b, "xen-platform", 0x10, 4, BAR0);
	bench_cfg_write(b, "xen-platform", 0x14, 4, BAR1);
	bench_cfg_write(b, "xen-platform", 0x04, 2, 0x0003);
}

static void
say(struct bench *b, unsigned port, const char *text)
{
	for (; *text; text++)
		bench_out8(b, port, (uint8_t)*text);
}

static void
identity_is_what_drivers_bind_to(struct bench *b)
{
	assert_int_equal(bench_cfg_read(b, "xen-platform", 0, 4), 0x00015853);
	assert_int_equal(bench_cfg_read(b, "xen-platform", 8, 4), 0xff800001);
	assert_int_equal(bench_cfg_read(b, "xen-platform", 0x2c, 4),
			 0x00015853);
	assert_int_equal(bench_cfg_read(b, "xen-platform", 0x3d, 1), 1);
}

static void
hvmloader_sizes_the_bars(struct bench *b)
{
	bench_cfg_write(b, "xen-platform", 0x10, 4, 0xffffffff);
	bench_cfg_write(b, "xen-platform", 0x14, 4, 0xffffffff);
	assert_int_equal(bench_cfg_read(b, "xen-platform", 0x10, 4),
			 0xffffff01);
	assert_int_equal(bench_cfg_read(b, "xen-platform", 0x14, 4),
			 0xff000008);
	bench_cfg_write(b, "xen-platform", 0x18, 4, 0xffffffff);
	assert_int_equal(bench_cfg_read(b, "xen-platform", 0x18, 4), 0);
}

/* Linux, platform-pci-unplug.c. */
static void
linux_finds_the_protocol_and_unplugs(struct bench *b)
{
	assert_int_equal(bench_in16(b, 0x10), 0x49d2);
	assert_int_equal(bench_in8(b, 0x12), 1);
	bench_out16(b, 0x12, 3);
	bench_out32(b, 0x10, 0x00010203);
	assert_int_equal(bench_in16(b, 0x10), 0x49d2);
	assert_non_null(strstr(bench_log(b), "product 3, build 66051"));
	assert_int_equal(bench_unplugged(b), 0);
	bench_out16(b, 0x10, 3);
	assert_int_equal(bench_unplugged(b),
			 IOEMU_UNPLUG_DISKS | IOEMU_UNPLUG_NICS);
}

static void
drivers_are_told_of_once(struct bench *b)
{
	unsigned i;
	size_t len;

	bench_out16(b, 0x12, 3);
	bench_out32(b, 0x10, 1);
	len = strlen(bench_log(b));
	assert_true(len > 0);
	for (i = 0; i < 100; i++)
		bench_out32(b, 0x10, i);
	assert_int_equal(strlen(bench_log(b)), len);
	bench_reset(b, "xen-platform", IOEMU_RESET_BUS);
	bench_out32(b, 0x10, 2);
	assert_true(strlen(bench_log(b)) > len);
}

static void
states_that_cannot_be_do_not_load(struct bench *b)
{
	say(b, 0x12, "abc");
	assert_int_equal(
		bench_load_field(b, "xen-platform", "line_len", 0, 128),
		-EINVAL);
	assert_int_equal(
		bench_load_field(b, "xen-platform", "line_len", 0, 127), 0);
	say(b, 0x12, "x");
	assert_non_null(strstr(bench_log(b), "abc"));
}

static void
auxiliary_disks_can_be_unplugged_alone(struct bench *b)
{
	bench_out16(b, 0x10, 4);
	assert_int_equal(bench_unplugged(b), IOEMU_UNPLUG_AUX_DISKS);
}

static void
unknown_unplug_bits_are_ignored(struct bench *b)
{
	bench_out16(b, 0x10, 0);
	bench_out16(b, 0x10, 0xfff8);
	assert_int_equal(bench_unplugged(b), 0);
}

static void
other_widths_and_ports_read_ones(struct bench *b)
{
	assert_int_equal(bench_in32(b, 0x10), 0xffffffff);
	assert_int_equal(bench_in16(b, 0x12), 0xffff);
	assert_int_equal(bench_in8(b, 0x11), 0xff);
	assert_int_equal(bench_in8(b, 0x13), 0xff);
	bench_out8(b, 0x11, 0xff);
	bench_out8(b, 0x13, 0xff);
	assert_int_equal(bench_unplugged(b), 0);
}

static void
rom_lock_is_the_only_flag(struct bench *b)
{
	assert_int_equal(bench_in8(b, 0x10), 0);
	bench_out8(b, 0x10, 0xff);
	assert_int_equal(bench_in8(b, 0x10), 1);
	bench_out8(b, 0x10, 0xfe);
	assert_int_equal(bench_in8(b, 0x10), 0);
}

static void
log_characters_become_lines(struct bench *b)
{
	say(b, 0x12, "hello ");
	assert_null(strstr(bench_log(b), "hello"));
	say(b, 0x12, "\033world\r\n\n");
	assert_non_null(strstr(bench_log(b), "hello .world"));
}

static void
an_endless_line_is_cut(struct bench *b)
{
	unsigned i;

	for (i = 0; i < 128; i++)
		bench_out8(b, 0x12, 'x');
	assert_non_null(strstr(bench_log(b), "xxxxxxxx"));
	bench_out8(b, 0x12, '@');
	assert_null(strstr(bench_log(b), "@"));
}

static void
bar0_has_flags_and_a_log_port(struct bench *b)
{
	bars_on(b);
	bench_out8(b, BAR0, 1);
	assert_int_equal(bench_in8(b, BAR0), 1);
	assert_int_equal(bench_in8(b, 0x10), 1);
	say(b, BAR0 + 8, "by bar\n");
	assert_non_null(strstr(bench_log(b), "by bar"));
	assert_int_equal(bench_in32(b, BAR0 + 0xfc), 0xffffffff);
}

static void
bar1_reads_zero_everywhere(struct bench *b)
{
	uint8_t page[4096];
	unsigned i;

	bars_on(b);
	bench_write(b, IOEMU_MEM, BAR1 + 0x1000, 8, UINT64_MAX);
	assert_int_equal(bench_read(b, IOEMU_MEM, BAR1 + 0x1000, 8), 0);
	assert_int_equal(bench_read(b, IOEMU_MEM, BAR1 + 0xffffff, 1), 0);
	bench_string(b, IOEMU_MEM, BAR1 + 0x2000, 4, 1024, false, page);
	for (i = 0; i < sizeof(page); i++)
		assert_int_equal(page[i], 0);
}

static void
every_port_takes_every_width(struct bench *b)
{
	unsigned port, size;

	for (port = 0x10; port < 0x14; port++) {
		for (size = 1; size <= 4; size *= 2) {
			bench_write(b, IOEMU_PIO, port, size, 0x0a0a0a0a);
			(void)bench_read(b, IOEMU_PIO, port, size);
		}
	}
	assert_int_equal(bench_in16(b, 0x10), 0x49d2);
}

int
main(int argc, char **argv)
{
	static const char *const devices[] = { "xen-platform", NULL };
	static const struct bench_test tests[] = {
		BENCH_TEST(identity_is_what_drivers_bind_to),
		BENCH_TEST(hvmloader_sizes_the_bars),
		BENCH_TEST(linux_finds_the_protocol_and_unplugs),
		BENCH_TEST(drivers_are_told_of_once),
		BENCH_TEST(states_that_cannot_be_do_not_load),
		BENCH_TEST(auxiliary_disks_can_be_unplugged_alone),
		BENCH_TEST(unknown_unplug_bits_are_ignored),
		BENCH_TEST(other_widths_and_ports_read_ones),
		BENCH_TEST(rom_lock_is_the_only_flag),
		BENCH_TEST(log_characters_become_lines),
		BENCH_TEST(an_endless_line_is_cut),
		BENCH_TEST(bar0_has_flags_and_a_log_port),
		BENCH_TEST(bar1_reads_zero_everywhere),
		BENCH_TEST(every_port_takes_every_width),
	};

	return bench_main(argc, argv, devices, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
