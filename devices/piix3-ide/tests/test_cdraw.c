/* SPDX-License-Identifier: MIT */
/*
 * READ CD of more than user data (MMC-3, 6.1.15): sectors as ECMA-130 has them.
 * What protects them is held against its definition, by other arithmetic.
 */
#include "test_packet.h"

#define RAW 2352u
#define FIRST 0x123u /* 00:05:66 on the disc */
#define SECTORS 60u
#define DATA 0x100000u /* in guest memory */

static const char *const devices[] = {
	"piix3-ide,id=ide",
	"ide-cd,id=cd,bus=ide,channel=1,unit=0,drive=cd:1M,ro",
	NULL,
};

/* `n` sectors from FIRST on, those parts of them. */
static void
read_cdb(uint8_t cdb[12], uint8_t parts, unsigned n)
{
	memset(cdb, 0, 12);
	cdb[0] = 0xbe;
	cdb[4] = FIRST >> 8;
	cdb[5] = (uint8_t)FIRST;
	cdb[8] = (uint8_t)n;
	cdb[9] = parts;
}

static unsigned
read_parts(struct bench *b, uint8_t parts, unsigned n, uint8_t *to,
	   unsigned size)
{
	uint8_t cdb[12];

	read_cdb(cdb, parts, n);
	packet(b, 0, (const char *)cdb);
	n = packet_data(b, to, size);
	assert_int_equal(packet_sense(b), 0);
	return n;
}

static void
fill_disc(struct bench *b)
{
	fill(bench_disk(b, "cd") + (size_t)FIRST * 2048, SECTORS * 2048, 9);
}

/* ---- parts of a sector ---------------------------------------------- */

static void
a_whole_sector_has_sync_and_header(struct bench *b)
{
	static const uint8_t start[16] = { 0,	 0xff, 0xff, 0xff, 0xff, 0xff,
					   0xff, 0xff, 0xff, 0xff, 0xff, 0,
					   0x00, 0x05, 0x66, 0x01 };
	uint8_t raw[2 * RAW];

	fill_disc(b);
	assert_int_equal(read_parts(b, 0xf8, 2, raw, sizeof(raw)), 2 * RAW);
	assert_memory_equal(raw, start, 16);
	assert_memory_equal(raw + 16, bench_disk(b, "cd") + FIRST * 2048ul,
			    2048);
	assert_int_equal(raw[RAW + 14], 0x67);
	assert_memory_equal(raw + RAW + 16,
			    bench_disk(b, "cd") + (FIRST + 1) * 2048ul, 2048);
}

/* The table of lengths in 6.1.15, for mode 1. */
static void
parts_are_those_of_the_whole(struct bench *b)
{
	static const struct {
		uint8_t parts;
		uint16_t from, to;
	} legal[] = {
		{ 0x00, 0, 0 },	   { 0x10, 16, 2064 }, { 0x18, 16, 2352 },
		{ 0x20, 12, 16 },  { 0x30, 12, 2064 }, { 0x38, 12, 2352 },
		{ 0x40, 0, 0 },	   { 0x50, 16, 2064 }, { 0x58, 16, 2352 },
		{ 0x60, 12, 16 },  { 0x70, 12, 2064 }, { 0x78, 12, 2352 },
		{ 0x80, 0, 12 },   { 0xa0, 0, 16 },    { 0xb0, 0, 2064 },
		{ 0xb8, 0, 2352 }, { 0xe0, 0, 16 },    { 0xf0, 0, 2064 },
	};
	uint8_t raw[3 * RAW], part[3 * RAW];
	unsigned i, k, size;

	fill_disc(b);
	read_parts(b, 0xf8, 3, raw, sizeof(raw));
	for (i = 0; i < sizeof(legal) / sizeof(legal[0]); i++) {
		size = legal[i].to - (unsigned)legal[i].from;
		assert_int_equal(
			read_parts(b, legal[i].parts, 3, part, sizeof(part)),
			3 * size);
		for (k = 0; k < 3; k++)
			assert_memory_equal(
				part + (size_t)k * size,
				raw + (size_t)k * RAW + legal[i].from, size);
	}
}

static void
parts_with_a_gap_are_no_field(struct bench *b)
{
	static const uint8_t illegal[] = { 0x08, 0x28, 0x48, 0x68, 0x88,
					   0x90, 0x98, 0xa8, 0xc8, 0xd0,
					   0xd8, 0xe8, 0xfa, 0xfc, 0xfe };
	uint8_t cdb[12];
	unsigned i;

	for (i = 0; i < sizeof(illegal); i++) {
		read_cdb(cdb, illegal[i], 1);
		assert_int_equal(sense_of(b, (const char *)cdb), BAD_FIELD);
	}
	read_cdb(cdb, 0xf8, 1);
	cdb[4] = 2; /* beyond the end */
	assert_int_equal(sense_of(b, (const char *)cdb),
			 SENSE(ILLEGAL, 0x2100));
	read_cdb(cdb, 0xf8, 0);
	assert_int_equal(sense_of(b, (const char *)cdb), 0);
}

/* ---- what protects it ----------------------------------------------- */

/* ECMA-130, 14.3: as a polynomial, bytes lowest bit first, the sector up to and
 * with its EDC is a multiple of the product of two. */
static void
the_edc_divides(struct bench *b)
{
	const uint64_t one = 0x18005, other = 0x10007;
	uint64_t product = 0, rest = 0;
	uint8_t raw[RAW];
	unsigned i;

	fill_disc(b);
	read_parts(b, 0xf8, 1, raw, sizeof(raw));
	for (i = 0; i < 17; i++)
		product ^= other >> i & 1 ? one << i : 0;
	for (i = 0; i < 2068 * 8; i++) {
		rest = rest << 1 | (raw[i / 8] >> i % 8 & 1);
		if (rest >> 32)
			rest ^= product;
	}
	assert_int_equal(rest, 0);
	assert_true(ioemu_get_le32(raw + 2064));
	assert_int_equal(ioemu_get_le64(raw + 2068), 0);
}

/* Powers of x in the field, twice round. */
static void
powers(uint8_t power[512])
{
	unsigned i, v = 1;

	for (i = 0; i < 512; i++) {
		power[i] = (uint8_t)v;
		v = v << 1 ^ (v & 0x80 ? 0x11d : 0);
	}
}

static uint8_t
field_product(uint8_t a, unsigned exponent)
{
	uint8_t power[512];
	unsigned i;

	powers(power);
	for (i = 0; a && i < 255; i++)
		if (power[i] == a)
			return power[i + exponent];
	return 0;
}

/* A code word: both of its sums are 0. */
static void
expect_code_word(const uint8_t *word, unsigned n)
{
	uint8_t sum = 0, weighted = 0;
	unsigned i;

	for (i = 0; i < n; i++) {
		sum ^= word[i];
		weighted ^= field_product(word[i], n - 1 - i);
	}
	assert_int_equal(sum, 0);
	assert_int_equal(weighted, 0);
}

/* Annex A: words of 16 bits from byte 12 on; byte `half` of word i. */
static uint8_t
word_byte(const uint8_t *raw, unsigned i, unsigned half)
{
	return raw[12 + 2 * i + half];
}

static void
rows_and_diagonals_are_code_words(struct bench *b)
{
	uint8_t raw[RAW], word[45];
	unsigned half, i, k;

	fill_disc(b);
	read_parts(b, 0xf8, 1, raw, sizeof(raw));
	for (half = 0; half < 2; half++) {
		for (i = 0; i < 43; i++) { /* P: 26 words, 43 apart */
			for (k = 0; k < 26; k++)
				word[k] = word_byte(raw, 43 * k + i, half);
			expect_code_word(word, 26);
		}
		for (i = 0; i < 26; i++) { /* Q: 43 words, 44 apart */
			for (k = 0; k < 43; k++)
				word[k] = word_byte(
					raw, (44 * k + 43 * i) % 1118, half);
			word[43] = word_byte(raw, 43 * 26 + i, half);
			word[44] = word_byte(raw, 44 * 26 + i, half);
			expect_code_word(word, 45);
		}
	}
}

/* ---- many, by DMA, and when the disc goes --------------------------- */

static void
many_sectors_come_alike_by_pio_and_dma(struct bench *b)
{
	static uint8_t raw[SECTORS * RAW];
	uint8_t cdb[12];
	unsigned i;

	fill_disc(b);
	read_parts(b, 0xf8, SECTORS, raw, sizeof(raw));
	for (i = 0; i < SECTORS; i++)
		assert_memory_equal(raw + (size_t)i * RAW + 16,
				    bench_disk(b, "cd") + (FIRST + i) * 2048ul,
				    2048);
	bm_setup(b);
	prd(b, 0, DATA, 0x8000);
	prd(b, 1, DATA + 0x8000, 0x10000);
	prd(b, 2, DATA + 0x18000, (SECTORS * RAW - 0x18000) | 0x80000000u);
	read_cdb(cdb, 0xf8, SECTORS);
	packet(b, 1, (const char *)cdb);
	assert_int_equal(bench_in8(b, CD_CTL) & 0x80, 0x80);
	bm_run(b, BM_CD, 8);
	assert_int_equal(bench_in8(b, CD + 7), 0x50);
	assert_int_equal(bench_in8(b, BM_CD + 2) & 7, 4);
	assert_memory_equal(bench_ram(b) + DATA, raw, sizeof(raw));
}

static void
a_raw_read_ends_with_its_disc(struct bench *b)
{
	static uint8_t raw[SECTORS * RAW];
	uint8_t cdb[12];

	read_cdb(cdb, 0xf8, SECTORS);
	packet(b, 0, (const char *)cdb);
	bench_medium(b, "cd", "cd", IOEMU_MEDIUM_OPEN, 0);
	assert_true(packet_data(b, raw, sizeof(raw)) < sizeof(raw));
	assert_int_equal(packet_sense(b), SENSE(NOT_READY, 0x3a02));
}

static void
a_disc_that_fails_is_told(struct bench *b)
{
	uint8_t cdb[12];

	bench_disk_fail(b, "cd", -EIO);
	read_cdb(cdb, 0xf8, 1);
	assert_int_equal(sense_of(b, (const char *)cdb),
			 SENSE(MEDIUM_ERROR, 0x1100));
}

static void
a_dvd_has_no_such_sectors(struct bench *b)
{
	uint8_t cdb[12];

	bench_medium(b, "cd", "cd", IOEMU_MEDIUM_OPEN, 0);
	bench_medium(b, "cd", "cd", IOEMU_MEDIUM_CLOSE, 360001ull * 2048);
	while (sense_of(b, "\0\0\0\0\0\0\0\0\0\0\0"))
		;
	read_cdb(cdb, 0xf8, 1);
	assert_int_equal(sense_of(b, (const char *)cdb),
			 SENSE(ILLEGAL, 0x3002));
}

static void
a_state_of_both_kinds_of_reading_does_not_load(struct bench *b)
{
	uint8_t cdb[12];

	read_cdb(cdb, 0xf8, SECTORS);
	packet(b, 0, (const char *)cdb);
	assert_int_equal(bench_load_field(b, "cd", "left", 0, 1), -EINVAL);
	assert_int_equal(bench_load_field(b, "cd", "cdb", 9, 0x28), -EINVAL);
	assert_int_equal(bench_load_field(b, "cd", "cdb", 9, 0), -EINVAL);
	packet(b, 1, "\x28\0\0\0\0\0\0\0\x40\0\0");
	assert_int_equal(bench_load_field(b, "cd", "raw_left", 0, 1), -EINVAL);
}

int
main(int argc, char **argv)
{
	static const struct bench_test tests[] = {
		BENCH_TEST(a_whole_sector_has_sync_and_header),
		BENCH_TEST(parts_are_those_of_the_whole),
		BENCH_TEST(parts_with_a_gap_are_no_field),
		BENCH_TEST(the_edc_divides),
		BENCH_TEST(rows_and_diagonals_are_code_words),
		BENCH_TEST(many_sectors_come_alike_by_pio_and_dma),
		BENCH_TEST(a_raw_read_ends_with_its_disc),
		BENCH_TEST(a_disc_that_fails_is_told),
		BENCH_TEST(a_dvd_has_no_such_sectors),
		BENCH_TEST(a_state_of_both_kinds_of_reading_does_not_load),
	};

	return bench_main(argc, argv, devices, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
