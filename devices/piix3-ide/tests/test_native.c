/* SPDX-License-Identifier: MIT */
/* The 82801EB's IDE function: what differs from the legacy controller. */
#include "test_guest.h"

#define CMD0 0xd000
#define CTL0 0xd008
#define CMD1 0xd010
#define CTL1 0xd018

static const char *const devices[] = {
	"piix3-ide,id=ide,native=on",
	"ide-hd,bus=ide,index=0,drive=hd:4M",
	"ide-hd,bus=ide,index=2,drive=other:1M",
	NULL,
};

static void
place(struct bench *b)
{
	bench_cfg_write(b, "ide", 0x10, 4, CMD0);
	bench_cfg_write(b, "ide", 0x14, 4, CTL0);
	bench_cfg_write(b, "ide", 0x18, 4, CMD1);
	bench_cfg_write(b, "ide", 0x1c, 4, CTL1);
	bm_setup(b);
}

/* READ SECTOR(S) of one sector. */
static void
read_one(struct bench *b, unsigned base, uint8_t lba)
{
	bench_out8(b, base + 6, 0xe0);
	bench_out8(b, base + 2, 1);
	bench_out8(b, base + 3, lba);
	bench_out8(b, base + 4, 0);
	bench_out8(b, base + 5, 0);
	bench_out8(b, base + 7, 0x20);
	bench_settle(b);
}

static void
it_says_native_and_has_five_bars(struct bench *b)
{
	static const uint32_t size[] = { 8, 4, 8, 4, 16 };
	unsigned i;

	assert_int_equal(bench_cfg_read(b, "ide", 0, 4), 0x24db8086);
	assert_int_equal(bench_cfg_read(b, "ide", 8, 4) >> 8, 0x01018f);
	assert_int_equal(bench_cfg_read(b, "ide", 0x3d, 1), 1);
	for (i = 0; i < 5; i++) {
		bench_cfg_write(b, "ide", 0x10 + 4 * i, 4, UINT32_MAX);
		assert_int_equal(bench_cfg_read(b, "ide", 0x10 + 4 * i, 4),
				 (~(size[i] - 1)) | 1);
	}
	place(b);
	assert_int_equal(bench_in8(b, 0x1f7), 0xff); /* nobody */
	assert_int_equal(bench_in8(b, 0x3f6), 0xff);
}

static void
both_channels_share_one_pin(struct bench *b)
{
	uint8_t data[512];

	place(b);
	fill(bench_disk(b, "hd") + 512, 512, 1);
	fill(bench_disk(b, "other") + 1024, 512, 2);
	read_one(b, CMD0, 1);
	assert_true(bench_intx(b, "ide"));
	read_one(b, CMD1, 2);
	assert_int_equal(bench_in8(b, CMD0 + 7), 0x58);
	assert_true(bench_intx(b, "ide")); /* the other's */
	assert_int_equal(bench_in8(b, CMD1 + 7), 0x58);
	assert_false(bench_intx(b, "ide"));
	assert_false(bench_irq(b, 14));
	bench_string(b, IOEMU_PIO, CMD0, 2, 256, false, data);
	assert_memory_equal(data, bench_disk(b, "hd") + 512, 512);
	bench_string(b, IOEMU_PIO, CMD1, 2, 256, false, data);
	assert_memory_equal(data, bench_disk(b, "other") + 1024, 512);
}

static void
control_is_the_third_of_its_block(struct bench *b)
{
	place(b);
	bench_out8(b, CTL0 + 2, 2); /* nIEN */
	read_one(b, CMD0, 0);
	assert_int_equal(bench_in8(b, CTL0 + 2), 0x58);
	assert_int_equal(bench_in8(b, CTL0), 0xff);
	assert_int_equal(bench_in8(b, CTL0 + 3), 0xff);
	assert_false(bench_intx(b, "ide"));
	bench_out8(b, CTL0, 4); /* nothing */
	assert_int_equal(bench_in8(b, CTL0 + 2), 0x58);
	bench_out8(b, CTL0 + 2, 0);
	assert_true(bench_intx(b, "ide"));
}

int
main(int argc, char **argv)
{
	static const struct bench_test tests[] = {
		BENCH_TEST(it_says_native_and_has_five_bars),
		BENCH_TEST(both_channels_share_one_pin),
		BENCH_TEST(control_is_the_third_of_its_block),
	};

	return bench_main(argc, argv, devices, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
