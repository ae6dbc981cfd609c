/* SPDX-License-Identifier: MIT */
/*
 * The saved state of a CD-ROM drive and its channel: what it may say, and that
 * whatever a guest does leaves one that loads (mode "migrate" of the bench).
 */
#include "test_packet.h"

#define TABLE_AREA 0x2000u /* bytes of random descriptors at 0x1000 */
#define STREAMS 8u
#define STEPS 400u
#define SLOTS 0x10000u /* of random addresses, 16 bytes apart */

static const char *const devices[] = {
	"piix3-ide,id=ide",
	"ide-cd,id=cd,bus=ide,channel=1,unit=0,drive=cd:1M,ro",
	NULL,
};

static int
load(struct bench *b, const char *field, uint64_t value)
{
	return bench_load_field(b, "cd", field, 0, value);
}

enum { IDLE, PIO_IN, PIO_OUT, CDB, DMA, DISK };

static void
a_place_beyond_the_buffer_does_not_load(struct bench *b)
{
	/* a packet's data is being read: 36 bytes, 20 of them at hand */
	packet_limit(b, 0, 20, "\x12\0\0\0\x24\0\0\0\0\0\0");
	assert_int_equal(load(b, "pos", 20), -EINVAL);
	assert_int_equal(load(b, "pos", 0xffffffff), -EINVAL);
	assert_int_equal(load(b, "end", 37), -EINVAL);
	assert_int_equal(load(b, "end", 0), -EINVAL);
	assert_int_equal(load(b, "filled", 19), -EINVAL);
	assert_int_equal(load(b, "filled", 0x10001), -EINVAL);
	assert_int_equal(load(b, "phase", PIO_OUT), -EINVAL);
	assert_int_equal(load(b, "phase", CDB), -EINVAL);
	assert_int_equal(load(b, "phase", DISK), -EINVAL);
	assert_int_equal(load(b, "phase", 200), -EINVAL);
	assert_int_equal(load(b, "block", 129), -EINVAL);
	assert_int_equal(load(b, "multiple", 129), -EINVAL);
	assert_int_equal(load(b, "changed", 3), -EINVAL);
	assert_int_equal(packet_block(b), 20); /* as it was */
}

static void
a_packet_longer_than_one_does_not_load(struct bench *b)
{
	bench_out8(b, CD + 6, 0xa0);
	bench_out8(b, CD + 7, 0xa0);
	assert_int_equal(load(b, "end", 13), -EINVAL);
	assert_int_equal(load(b, "end", 11), -EINVAL);
	assert_int_equal(load(b, "pos", 12), -EINVAL);
	assert_int_equal(load(b, "pos", 6), 0);
	/* the other six bytes */
	bench_string(b, IOEMU_PIO, CD, 2, 3, true, "\0\0\0\0\0\0");
	bench_settle(b);
	assert_int_equal(bench_in8(b, CD + 7) & 8, 0);
}

static void
a_place_beyond_a_dma_answer_does_not_load(struct bench *b)
{
	packet(b, 1, "\x12\0\0\0\x24\0\0\0\0\0\0");
	assert_int_equal(bench_in8(b, CD_CTL) & 0x80, 0x80);
	assert_int_equal(load(b, "pos", 37), -EINVAL);
	assert_int_equal(load(b, "pos", 36), 0);
	assert_int_equal(load(b, "dma", 0), -EINVAL);
}

static void
a_channel_that_cannot_be_does_not_load(struct bench *b)
{
	static const struct {
		const char *field;
		uint64_t value;
	} wrong[] = {
		{ "channel[1].selected", 2 },
		{ "channel[0].selected", 255 },
		{ "channel[1].prd_off", 0x10000 },
		{ "channel[0].prd_off", 0xffffffff },
	};
	unsigned i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(bench_load_field(b, "ide", wrong[i].field, 0,
						  wrong[i].value),
				 -EINVAL);
}

/* What a drive may be asked for by a state, it is refused by the disk. */
static void
sectors_beyond_the_disc_are_an_error(struct bench *b)
{
	uint8_t data[2048];

	packet(b, 0, "\x28\0\0\0\0\0\0\0\x40\0\0");
	assert_int_equal(load(b, "lba", UINT64_MAX / 2048), 0);
	do
		bench_string(b, IOEMU_PIO, CD, 2, 1024, false, data),
			bench_settle(b);
	while (packet_block(b));
	assert_int_equal(packet_sense(b), SENSE(MEDIUM_ERROR, 0x1100));
}

/* ---- anything ------------------------------------------------------- */

static unsigned
pick(unsigned below)
{
	return (unsigned)rand() % below;
}

static void
random_packet(struct bench *b)
{
	static const uint8_t opcodes[] = {
		0x00, 0x03, 0x12, 0x1b, 0x1e, 0x25, 0x28, 0x2b,
		0x42, 0x43, 0x46, 0x4a, 0x51, 0x52, 0x5a, 0xa8,
		0xad, 0xb9, 0xbb, 0xbd, 0xbe, 0x28, 0xa8, 0xff,
	};
	static const uint16_t limits[] = { 0, 1, 2, 7, 64, 2048, 0xffff };
	uint8_t cdb[12] = { opcodes[pick(sizeof(opcodes))] };
	unsigned i;

	cdb[4] = cdb[8] = (uint8_t)pick(64); /* where lengths mostly are */
	for (i = pick(4); i < 3; i++)
		cdb[1 + pick(11)] = (uint8_t)pick(pick(2) ? 4 : 256);
	if (pick(4)) /* most drivers start it after the packet */
		bench_out8(b, BM_CD, 8);
	bench_out8(b, CD + 1, (uint8_t)pick(2));
	i = limits[pick(sizeof(limits) / sizeof(limits[0]))];
	bench_out8(b, CD + 4, (uint8_t)i);
	bench_out8(b, CD + 5, (uint8_t)(i >> 8));
	bench_out8(b, CD + 7, 0xa0);
	bench_string(b, IOEMU_PIO, CD, 2, 6 - !pick(8), true, cdb);
}

/* A table of pieces of all sizes, most of them short, that may have no end. */
static void
random_table(struct bench *b)
{
	unsigned i, most = pick(2) ? 32 : 0x1000, length = pick(2) ? 3 : 200;

	for (i = 0; i < TABLE_AREA / 8; i++)
		prd(b, i, pick(SLOTS) * 16 + 0x8000,
		    pick(most) | (pick(length) ? 0 : 0x80000000u));
	bench_out32(b, BM_CD + 4,
		    0x1000 + (pick(4) ? 8 : 4) * pick(TABLE_AREA / 8));
}

static void
random_step(struct bench *b)
{
	uint8_t data[512];

	switch (pick(12)) {
	case 0:
		random_table(b);
		break;
	case 1:
		bench_out8(b, BM_CD, 8);
		bench_out8(b, BM_CD, 9);
		bench_settle(b);
		break;
	case 2:
		bench_string(b, IOEMU_PIO, CD, 1u << pick(3), 1 + pick(100),
			     false, data);
		break;
	case 3:
		bench_out8(b, CD + pick(7), (uint8_t)(pick(256) & ~0x10u));
		break;
	case 4:
		bench_medium(b, "cd", "cd", IOEMU_MEDIUM_FORCE, 0);
		bench_medium(b, "cd", "cd", IOEMU_MEDIUM_CLOSE, 1 << 20);
		break;
	case 5:
		bench_advance(b, 1000);
		break;
	case 6:
		bench_in8(b, CD + 7);
		break;
	case 7:
		bench_out8(b, CD + 7, pick(4) ? 0xa1 : 0x08);
		break;
	default:
		random_packet(b);
	}
}

static void
whatever_a_guest_does_loads_and_goes_on(struct bench *b)
{
	uint8_t data[36];
	unsigned i, n;

	bm_setup(b);
	for (n = 0; n < STREAMS; n++) {
		srand(n);
		for (i = 0; i < STEPS; i++)
			random_step(b);
		bench_out8(b, BM_CD, 0);
		bench_settle(b);
		bench_out8(b, CD_CTL, 4);
		bench_settle(b);
		bench_out8(b, CD_CTL, 0);
		bench_settle(b);
		assert_int_equal(bench_in8(b, CD + 4), 0x14);
		assert_int_equal(bench_in8(b, CD + 5), 0xeb);
		packet(b, 0, "\x12\0\0\0\x24\0\0\0\0\0\0");
		assert_int_equal(packet_data(b, data, sizeof(data)), 36);
	}
}

int
main(int argc, char **argv)
{
	static const struct bench_test tests[] = {
		BENCH_TEST(a_place_beyond_the_buffer_does_not_load),
		BENCH_TEST(a_packet_longer_than_one_does_not_load),
		BENCH_TEST(a_place_beyond_a_dma_answer_does_not_load),
		BENCH_TEST(a_channel_that_cannot_be_does_not_load),
		BENCH_TEST(sectors_beyond_the_disc_are_an_error),
		BENCH_TEST(whatever_a_guest_does_loads_and_goes_on),
	};

	return bench_main(argc, argv, devices, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
