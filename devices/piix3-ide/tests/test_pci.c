/* SPDX-License-Identifier: MIT */
/* The PCI function in both forms: 82371SB (data sheet 290550, 2.3) and 82801EB
 * (252516, 11.1). */
#include "test_guest.h"

static const char *const legacy[] = {
	"piix3-ide,id=ide",
	"ide-hd,bus=ide,index=0,drive=hd:1M",
	NULL,
};

static const char *const native[] = {
	"piix3-ide,id=ide,native=on",
	"ide-hd,bus=ide,index=0,drive=hd:1M",
	NULL,
};

/* What stays of ones, then of zeroes. */
struct mask {
	unsigned reg, width;
	uint32_t ones, zeroes;
};

static void
expect_masks(struct bench *b, const struct mask *m)
{
	for (; m->width; m++) {
		bench_cfg_write(b, "ide", m->reg, m->width, UINT32_MAX);
		assert_int_equal(bench_cfg_read(b, "ide", m->reg, m->width),
				 m->ones);
		bench_cfg_write(b, "ide", m->reg, m->width, 0);
		assert_int_equal(bench_cfg_read(b, "ide", m->reg, m->width),
				 m->zeroes);
	}
}

static void
the_82371sb_has_its_registers(struct bench *b)
{
	static const struct mask masks[] = {
		{ 0x00, 4, 0x70108086, 0x70108086 },
		{ 0x06, 2, 0x0280, 0x0280 },
		{ 0x08, 4, 0x01018000, 0x01018000 },
		{ 0x0e, 1, 0x00, 0x00 },
		{ 0x10, 4, 0, 0 }, /* ports are where they always were */
		{ 0x1c, 4, 0, 0 },
		{ 0x20, 4, 0xfffffff1, 0x00000001 }, /* BMIBA */
		{ 0x24, 4, 0, 0 },
		{ 0x3d, 1, 0, 0 },	    /* no pin: IRQ 14 and 15 */
		{ 0x40, 4, 0xf3fff3ff, 0 }, /* IDETIM, with SITRE */
		{ 0x44, 1, 0xff, 0 },	    /* SIDETIM */
		{ 0x48, 4, 0, 0 },	    /* no Ultra DMA */
		{ 0x54, 4, 0, 0 },
		{ 0 },
	};

	expect_masks(b, masks);
}

static void
the_82801eb_has_its_registers(struct bench *b)
{
	static const struct mask masks[] = {
		{ 0x00, 4, 0x24db8086, 0x24db8086 },
		{ 0x06, 2, 0x0280, 0x0280 },
		{ 0x08, 4, 0x01018f02, 0x01018f02 },
		{ 0x20, 4, 0xfffffff1, 0x00000001 },
		{ 0x3d, 1, 1, 1 },
		{ 0x40, 4, 0xf3fff3ff, 0 },
		{ 0x44, 1, 0xff, 0 },
		{ 0x48, 1, 0x0f, 0 },
		{ 0x4a, 2, 0x3333, 0 },
		{ 0x54, 4, 0xffffffff, 0 },
		{ 0 },
	};

	expect_masks(b, masks);
}

/* BMIBA is decoded while I/O space is enabled. */
static void
the_bus_master_is_where_its_bar_is(struct bench *b)
{
	assert_int_equal(bench_in8(b, BM + 2), 0xff);
	bm_setup(b);
	assert_int_equal(bench_in8(b, BM + 2), 0);
	bench_cfg_write(b, "ide", 0x20, 4, 0xd000);
	assert_int_equal(bench_in8(b, BM + 2), 0xff);
	assert_int_equal(bench_in8(b, 0xd00a), 0);
	bench_cfg_write(b, "ide", 0x04, 2, 4);
	assert_int_equal(bench_in8(b, 0xd00a), 0xff);
}

/* SFF-8038i, 3: reserved ones are 0, a start bit stays until it is cleared. */
static void
bus_master_registers_have_their_bits(struct bench *b)
{
	static const uint8_t want[] = {
		0x09, 0, 0x61, 0, 0xfc, 0xff, 0xff, 0xff
	};
	unsigned i, k;

	bm_setup(b);
	for (k = 0; k < 16; k += 8) {
		for (i = 8; i-- > 0;)
			bench_out8(b, BM + k + i, 0xff);
		for (i = 0; i < 8; i++)
			assert_int_equal(bench_in8(b, BM + k + i), want[i]);
		bench_out8(b, BM + k, 0);
		assert_int_equal(bench_in8(b, BM + k + 2), 0x60);
	}
}

int
main(int argc, char **argv)
{
	static const struct bench_test tests[] = {
		BENCH_TEST_WITH(the_82371sb_has_its_registers, legacy),
		BENCH_TEST_WITH(the_82801eb_has_its_registers, native),
		BENCH_TEST_WITH(the_bus_master_is_where_its_bar_is, legacy),
		BENCH_TEST_WITH(bus_master_registers_have_their_bits, legacy),
	};

	return bench_main(argc, argv, legacy, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
