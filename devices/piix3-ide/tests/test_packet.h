/* SPDX-License-Identifier: MIT */
/* test_packet.h - a CD-ROM drive as device 0 of the second channel. */
#ifndef TEST_PACKET_H
#define TEST_PACKET_H

#include <stdlib.h>

#include "test_guest.h"

#define CD 0x170u
#define CD_CTL 0x376u
#define BM_CD (BM + 8)

#define NOT_READY 2
#define MEDIUM_ERROR 3
#define ILLEGAL 5
#define ATTENTION 6
#define SENSE(key, asc) ((uint32_t)(key) << 16 | (asc))
#define BAD_FIELD SENSE(ILLEGAL, 0x2400)

/* Hands a packet over. Feature: 1 for DMA. Limit: of bytes a DRQ block. */
static inline void
send_packet_limit(struct bench *b, uint8_t device, uint8_t feature,
		  unsigned limit, const char *cdb)
{
	uint8_t bytes[12];

	memcpy(bytes, cdb, sizeof(bytes));
	bench_out8(b, CD + 6, device);
	bench_out8(b, CD + 1, feature);
	bench_out8(b, CD + 4, (uint8_t)limit);
	bench_out8(b, CD + 5, (uint8_t)(limit >> 8));
	bench_out8(b, CD + 7, 0xa0);
	assert_int_equal(bench_in8(b, CD + 7), 0x58);
	assert_int_equal(bench_in8(b, CD + 2), 1);
	bench_string(b, IOEMU_PIO, CD, 2, 6, true, bytes);
}

static inline void
send_packet(struct bench *b, uint8_t device, uint8_t feature, const char *cdb)
{
	send_packet_limit(b, device, feature, 2048, cdb);
}

/* And the drive does what it can. */
static inline void
packet_to(struct bench *b, uint8_t device, uint8_t feature, const char *cdb)
{
	send_packet(b, device, feature, cdb);
	bench_settle(b);
}

static inline void
packet_limit(struct bench *b, uint8_t feature, unsigned limit, const char *cdb)
{
	send_packet_limit(b, 0xa0, feature, limit, cdb);
	bench_settle(b);
}

static inline void
packet(struct bench *b, uint8_t feature, const char *cdb)
{
	packet_to(b, 0xa0, feature, cdb);
}

/* Bytes of the block that is there to be read; 0: none. */
static inline unsigned
packet_block(struct bench *b)
{
	unsigned high;

	if (!(bench_in8(b, CD + 7) & 8))
		return 0;
	high = bench_in8(b, CD + 5);
	return high << 8 | bench_in8(b, CD + 4);
}

/* What is there to be read, block by block; its length. */
static inline unsigned
packet_data(struct bench *b, void *to, unsigned size)
{
	uint8_t *p = to;
	unsigned n = 0, block;

	while ((block = packet_block(b))) {
		uint8_t bytes[0x10000];

		assert_int_equal(bench_in8(b, CD + 2), 2);
		bench_string(b, IOEMU_PIO, CD, 2, (block + 1) / 2, false,
			     bytes);
		assert_true(n + block <= size);
		memcpy(p + n, bytes, block);
		n += block;
		bench_settle(b);
	}
	return n;
}

/* How it ended: 0, or its sense key, code and qualifier. */
static inline uint32_t
packet_sense(struct bench *b)
{
	uint8_t sense[18], status = bench_in8(b, CD + 7);

	assert_int_equal(status & 0xfe, 0x50);
	assert_int_equal(bench_in8(b, CD + 2), 3);
	if (!(status & 1))
		return 0;
	packet(b, 0, "\x03\0\0\0\x12\0\0\0\0\0\0");
	assert_int_equal(packet_data(b, sense, sizeof(sense)), 18);
	assert_int_equal(sense[0], 0x70);
	assert_int_equal(sense[7], 10);
	return (uint32_t)sense[2] << 16 | (uint32_t)sense[12] << 8 | sense[13];
}

/* A command that moves nothing. */
static inline uint32_t
sense_of(struct bench *b, const char *cdb)
{
	packet(b, 0, cdb);
	return packet_sense(b);
}

/* A byte for each two digits; returns how many. */
static inline unsigned
from_hex(uint8_t *to, unsigned size, const char *text)
{
	unsigned n = 0;
	char *end;

	while (*text) {
		assert_true(n < size);
		to[n++] = (uint8_t)strtoul(text, &end, 16);
		text = end + strspn(end, " ");
	}
	return n;
}

static inline void
cdb_of(uint8_t cdb[12], const char *text)
{
	memset(cdb, 0, 12);
	from_hex(cdb, 12, text);
}

/* This packet is answered with these bytes, and no others. */
static inline void
answers(struct bench *b, const char *cdb_text, const char *expected)
{
	uint8_t cdb[12], want[256], data[4096];
	unsigned n = from_hex(want, sizeof(want), expected);

	cdb_of(cdb, cdb_text);
	packet(b, 0, (const char *)cdb);
	assert_int_equal(packet_data(b, data, sizeof(data)), n);
	assert_memory_equal(data, want, n);
	assert_int_equal(packet_sense(b), 0);
}

/* It moves nothing, and ends with this sense. */
static inline void
ends(struct bench *b, const char *cdb_text, uint32_t sense)
{
	uint8_t cdb[12];

	cdb_of(cdb, cdb_text);
	assert_int_equal(sense_of(b, (const char *)cdb), sense);
}

#endif
