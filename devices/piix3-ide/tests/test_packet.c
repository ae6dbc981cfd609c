/* SPDX-License-Identifier: MIT */
/* The PACKET command (ATA/ATAPI-6, T13/1410D, 8.23), and who says it is there.
 */
#include "test_packet.h"

static const char *const devices[] = {
	"piix3-ide,id=ide",
	"ide-cd,id=cd,bus=ide,channel=1,unit=0,drive=cd:1M,ro",
	NULL,
};

static const char *const slave[] = {
	"piix3-ide,id=ide",
	"ide-hd,bus=ide,channel=1,unit=0,drive=hd:1M",
	"ide-cd,id=cd,bus=ide,channel=1,unit=1,drive=cd:1M,ro",
	NULL,
};

static void
the_control_byte_asks_for_nothing(struct bench *b)
{
	ends(b, "00 00 00 00 00 04", BAD_FIELD); /* NACA */
	ends(b, "00 00 00 00 00 01", BAD_FIELD); /* LINK */
	ends(b, "2b 00 00 00 00 00 00 00 00 01", BAD_FIELD);
	ends(b, "a8 00 00 00 00 00 00 00 00 00 00 04", BAD_FIELD);
	ends(b, "00 00 00 00 00 c0", 0); /* the vendor's */
}

static void
unknown_packets_are_illegal(struct bench *b)
{
	static const char *const none[] = {
		"01", "04", "0a", "15", "1a", "1d", "2a", "2e", "2f",
		"35", "3b", "3c", "44", "45", "47", "48", "4b", "4e",
		"4c", "53", "54", "55", "58", "5b", "5c", "a0", "a1",
		"a4", "a5", "aa", "ac", "b6", "ba", "bf", "c0", "ff",
	};
	unsigned i;

	for (i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		ends(b, none[i], SENSE(ILLEGAL, 0x2000));
}

/* Byte counts of the blocks of `cdb` at that limit, then all its data. */
static void
blocks(struct bench *b, unsigned limit, const char *cdb, unsigned first,
       unsigned last, unsigned total)
{
	unsigned n = 0, block, was = 0;
	uint8_t bytes[4096];

	packet_limit(b, 0, limit, cdb);
	while ((block = packet_block(b))) {
		if (!n)
			assert_int_equal(block, first);
		assert_true(block <= limit);
		bench_string(b, IOEMU_PIO, CD, 2, (block + 1) / 2, false,
			     bytes);
		n += block;
		was = block;
		bench_settle(b);
	}
	assert_int_equal(was, last);
	assert_int_equal(n, total);
	assert_int_equal(bench_in8(b, CD + 7), 0x50);
}

/* 8.23.6.2: even but for the last block. */
static void
byte_counts_keep_to_the_limit(struct bench *b)
{
	blocks(b, 10, "\x12\0\0\0\x24\0\0\0\0\0\0", 10, 6, 36);
	blocks(b, 11, "\x12\0\0\0\x24\0\0\0\0\0\0", 10, 6, 36);
	blocks(b, 36, "\x12\0\0\0\x24\0\0\0\0\0\0", 36, 36, 36);
	blocks(b, 0xffff, "\x12\0\0\0\x24\0\0\0\0\0\0", 36, 36, 36);
	blocks(b, 8, "\x12\0\0\0\x05\0\0\0\0\0\0", 5, 5, 5);
	blocks(b, 5, "\x12\0\0\0\x05\0\0\0\0\0\0", 5, 5, 5);
	blocks(b, 4, "\x12\0\0\0\x05\0\0\0\0\0\0", 4, 1, 5);
	blocks(b, 2, "\x12\0\0\0\x05\0\0\0\0\0\0", 2, 1, 5);
	blocks(b, 1000, "\x28\0\0\0\0\0\0\0\x01\0\0", 1000, 48, 2048);
}

/* The largest: FFFFh is FFFEh. */
static void
the_largest_limit_is_even(struct bench *b)
{
	packet_limit(b, 0, 0xffff, "\x28\0\0\0\0\0\0\0\x40\0\0");
	assert_int_equal(bench_in8(b, CD + 4), 0xfe);
	assert_int_equal(bench_in8(b, CD + 5), 0xff);
}

/* What would move data by blocks of nothing is aborted, what does not is not:
 * word 125 of the drive's data is 0. */
static void
a_limit_of_nothing_aborts(struct bench *b)
{
	static const char *const data[] = {
		"\x12\0\0\0\x24\0\0\0\0\0\0", "\x12\0\0\0\0\0\0\0\0\0\0",
		"\x28\0\0\0\0\0\0\0\x01\0\0", "\x03\0\0\0\x12\0\0\0\0\0\0",
		"\x43\0\0\0\0\0\0\0\xff\0\0",
	};
	unsigned i;

	packet(b, 0, "\xff\0\0\0\0\0\0\0\0\0\0");
	for (i = 0; i < sizeof(data) / sizeof(data[0]); i++) {
		packet_limit(b, 0, 0, data[i]);
		assert_int_equal(bench_in8(b, CD + 7), 0x51);
		assert_int_equal(bench_in8(b, CD + 1), 0x04);
		assert_int_equal(bench_in8(b, CD + 2), 3);
	}
	/* the drive itself was not asked: its sense is still there */
	packet_limit(b, 0, 8, "\x03\0\0\0\x03\0\0\0\0\0\0");
	assert_int_equal(bench_in16(b, CD), 0x0070);
	assert_int_equal(bench_in8(b, CD), ILLEGAL);
	packet_limit(b, 0, 0, "\0\0\0\0\0\0\0\0\0\0\0");
	assert_int_equal(bench_in8(b, CD + 7), 0x50);
	packet_limit(b, 0, 0, "\x28\0\0\0\0\0\0\0\0\0\0");
	assert_int_equal(bench_in8(b, CD + 7), 0x50);
}

static void
overlap_is_aborted(struct bench *b)
{
	bench_out8(b, CD + 6, 0xa0);
	bench_out8(b, CD + 1, 2);
	bench_out8(b, CD + 5, 8);
	bench_out8(b, CD + 7, 0xa0);
	assert_int_equal(bench_in8(b, CD + 7), 0x51);
	assert_int_equal(bench_in8(b, CD + 1), 0x04);
}

/* Nothing that a guest writes while a packet's data moves changes its blocks:
 * the registers are the drive's (ATA/ATAPI-6, 7.x: written while DRQ is 0). */
static void
the_limit_is_that_of_the_command(struct bench *b)
{
	uint8_t data[36];

	packet_limit(b, 0, 20, "\x12\0\0\0\x24\0\0\0\0\0\0");
	bench_out8(b, CD + 4, 0);
	bench_out8(b, CD + 4, 0);
	bench_out8(b, CD + 5, 0);
	bench_out8(b, CD + 5, 0);
	bench_string(b, IOEMU_PIO, CD, 2, 10, false, data);
	bench_settle(b);
	assert_int_equal(bench_in8(b, CD + 7), 0x58);
	assert_int_equal(bench_in8(b, CD + 4), 16);
	bench_string(b, IOEMU_PIO, CD, 2, 8, false, data + 20);
	bench_settle(b);
	assert_int_equal(bench_in8(b, CD + 7), 0x50);
	assert_memory_equal(data + 8, "IOEMU   mini-ioemu CD   1.0 ", 28);
}

static uint16_t
id_word(const uint8_t *id, unsigned n)
{
	return ioemu_get_le16(id + (size_t)2 * n);
}

static void
identify(struct bench *b, uint8_t device, uint8_t id[512])
{
	bench_out8(b, CD + 6, device);
	bench_out8(b, CD + 7, 0xa1);
	assert_int_equal(bench_in8(b, CD + 7), 0x58);
	bench_string(b, IOEMU_PIO, CD, 2, 256, false, id);
	bench_settle(b);
	assert_int_equal(bench_in8(b, CD + 7), 0x50);
}

/* ATA/ATAPI-6, 8.16 */
static void
identify_packet_device(struct bench *b)
{
	uint8_t id[512];

	identify(b, 0xa0, id);
	assert_int_equal(id_word(id, 0), 0x85c0);
	assert_int_equal(id_word(id, 49) & 0x0300, 0x0300);
	assert_int_equal(id_word(id, 82), 0x4218);
	assert_int_equal(id_word(id, 83), 0x4000);
	assert_int_equal(id_word(id, 85), 0x4218);
	assert_int_equal(id_word(id, 93), 0x600b);
	assert_int_equal(id_word(id, 125), 0);
}

static void
identify_as_device_1(struct bench *b)
{
	uint8_t id[512];

	identify(b, 0xb0, id);
	assert_int_equal(id_word(id, 93) & 0xff, 0);
	assert_int_equal(id_word(id, 93) & 0xc100, 0x4100);
}

/* 9.12: what a packet drive shows in place of an answer. */
static void
expect_signature(struct bench *b)
{
	assert_int_equal(bench_in8(b, CD + 2), 0x01);
	assert_int_equal(bench_in8(b, CD + 3), 0x01);
	assert_int_equal(bench_in8(b, CD + 4), 0x14);
	assert_int_equal(bench_in8(b, CD + 5), 0xeb);
}

/* 8.10: no interrupt, all of the status 0; the lock and the disc stay. */
static void
device_reset_of(struct bench *b, uint8_t device)
{
	bench_out8(b, CD + 7, 0x08);
	bench_settle(b);
	assert_false(bench_irq(b, 15));
	assert_int_equal(bench_in8(b, CD + 7), 0);
	assert_int_equal(bench_in8(b, CD + 1), 0x01);
	assert_int_equal(bench_in8(b, CD + 6) & 0x10, device & 0x10);
	expect_signature(b);
}

static void
device_reset_in(struct bench *b, uint8_t device)
{
	bench_out8(b, CD + 6, device);
	device_reset_of(b, device);
	/* data is there to be read */
	packet_to(b, device, 0, "\x12\0\0\0\x24\0\0\0\0\0\0");
	assert_int_equal(packet_block(b), 36);
	device_reset_of(b, device);
	/* it waits for the bus master */
	packet_to(b, device, 1, "\x28\0\0\0\0\0\0\0\x01\0\0");
	assert_int_equal(bench_in8(b, CD_CTL) & 0x80, 0x80);
	device_reset_of(b, device);
	/* the disc is being read */
	send_packet(b, device, 0, "\x28\0\0\0\0\0\0\0\x40\0\0");
	device_reset_of(b, device);
	/* the packet is only half there */
	bench_out8(b, CD + 7, 0xa0);
	bench_out16(b, CD, 0x0012);
	device_reset_of(b, device);
	packet_to(b, device, 0, "\x12\0\0\0\x24\0\0\0\0\0\0");
	assert_int_equal(packet_block(b), 36);
}

static void
device_reset_as_device_0(struct bench *b)
{
	device_reset_in(b, 0xa0);
}

static void
device_reset_as_device_1(struct bench *b)
{
	device_reset_in(b, 0xb0);
}

/* 8.15, 8.34: IDENTIFY DEVICE and READ SECTORS. */
static void
commands_of_disks_show_the_signature(struct bench *b)
{
	static const uint8_t commands[] = { 0xec, 0x20 };
	unsigned i;

	for (i = 0; i < sizeof(commands); i++) {
		bench_out8(b, CD + 4, 0);
		bench_out8(b, CD + 5, 0);
		bench_out8(b, CD + 7, commands[i]);
		assert_true(bench_irq(b, 15));
		assert_int_equal(bench_in8(b, CD + 7) & 0x89, 0x01);
		assert_int_equal(bench_in8(b, CD + 1), 0x04);
		expect_signature(b);
	}
}

int
main(int argc, char **argv)
{
	static const struct bench_test tests[] = {
		BENCH_TEST(the_control_byte_asks_for_nothing),
		BENCH_TEST(unknown_packets_are_illegal),
		BENCH_TEST(byte_counts_keep_to_the_limit),
		BENCH_TEST(the_largest_limit_is_even),
		BENCH_TEST(a_limit_of_nothing_aborts),
		BENCH_TEST(overlap_is_aborted),
		BENCH_TEST(the_limit_is_that_of_the_command),
		BENCH_TEST(device_reset_as_device_0),
		BENCH_TEST_WITH(device_reset_as_device_1, slave),
		BENCH_TEST(commands_of_disks_show_the_signature),
		BENCH_TEST(identify_packet_device),
		BENCH_TEST_WITH(identify_as_device_1, slave),
	};

	return bench_main(argc, argv, devices, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
