/* SPDX-License-Identifier: MIT */
/*
 * Mode 1 sectors as they are on a disc (ECMA-130, chapter 14): what is around
 * the user data follows from it and from the address.
 */
#include "atapi.h"

#include <string.h>

#define SYNC 0x80u /* parts, as byte 9 of READ CD has them (MMC-3, 6.1.15) */
#define HEADER 0x20u
#define USER 0x10u
#define EDC_ECC 0x08u

#define AT_HEADER 12u
#define AT_USER 16u
#define AT_EDC 2064u
#define AT_P 2076u
#define AT_Q 2248u

bool
cd_parts(uint8_t parts, struct cd_range *range)
{
	static const struct {
		uint8_t part;
		struct cd_range range;
	} all[] = {
		{ SYNC, { 0, AT_HEADER } },
		{ HEADER, { AT_HEADER, AT_USER } },
		{ USER, { AT_USER, AT_EDC } },
		{ EDC_ECC, { AT_EDC, CD_RAW } },
	};
	unsigned i;

	*range = (struct cd_range){ 0, 0 };
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (!(parts & all[i].part))
			continue;
		if (range->to && range->to != all[i].range.from)
			return false; /* a gap */
		if (!range->to)
			range->from = all[i].range.from;
		range->to = all[i].range.to;
	}
	return range->from != AT_EDC;
}

/* ---- error detection (14.3) ----------------------------------------- */

/* Of (x^16 + x^15 + x^2 + 1) (x^16 + x^2 + x + 1), lowest bit first: what four
 * bits come to. */
static const uint32_t edc_of[16] = {
	0x00000000, 0x99011001, 0x82012001, 0x1b003000, 0xb4014001, 0x2d005000,
	0x36006000, 0xaf017001, 0xd8018001, 0x41009000, 0x5a00a000, 0xc301b001,
	0x6c00c000, 0xf501d001, 0xee01e001, 0x7700f000
};

static uint32_t
edc(const uint8_t *p, unsigned n)
{
	uint32_t v = 0;

	while (n--) {
		v ^= *p++;
		v = v >> 4 ^ edc_of[v & 0xf];
		v = v >> 4 ^ edc_of[v & 0xf];
	}
	return v;
}

/* ---- error correction (annex A) ------------------------------------- */

/* In the field of x^8 + x^4 + x^3 + x^2 + 1: times x, and times any. */
static uint8_t
times_x(uint8_t a)
{
	return (uint8_t)(a << 1 ^ (a >> 7) * 0x1d);
}

static uint8_t
times(uint8_t a, uint8_t b)
{
	uint8_t product = 0;

	for (; b; b >>= 1, a = times_x(a))
		product ^= b & 1 ? a : 0;
	return product;
}

/*
 * Two bytes of parity make the sum of a code word 0, and its sum as a
 * polynomial at x. The word's `n` bytes lie `step` apart and wrap at `size`.
 */
static void
parity(const uint8_t *from, unsigned at, unsigned n, unsigned step,
       unsigned size, uint8_t *first, uint8_t *second)
{
	static const uint8_t inverse = 0xf4; /* of x + 1 */
	uint8_t sum = 0, at_x = 0;

	for (; n; n--) {
		sum ^= from[at];
		at_x = times_x(at_x) ^ from[at];
		at += step;
		at -= at < size ? 0 : size;
	}
	at_x = times_x(times_x(at_x));
	*first = times(sum ^ at_x, inverse);
	*second = sum ^ *first;
}

static void
error_correction(uint8_t *raw)
{
	enum { COLUMNS = 86, ROWS = 24, DIAGONALS = 52, LENGTH = 43 };
	enum { P_SIZE = COLUMNS * ROWS, Q_SIZE = DIAGONALS * LENGTH };
	uint8_t *from = raw + AT_HEADER, *p = raw + AT_P, *q = raw + AT_Q;
	unsigned i;

	for (i = 0; i < COLUMNS; i++)
		parity(from, i, ROWS, COLUMNS, P_SIZE, p + i, p + COLUMNS + i);
	for (i = 0; i < DIAGONALS; i++)
		parity(from, i / 2 * COLUMNS + i % 2, LENGTH, COLUMNS + 2,
		       Q_SIZE, q + i, q + DIAGONALS + i);
}

/* ---- sectors -------------------------------------------------------- */

static uint8_t
bcd(uint32_t v)
{
	return (uint8_t)(v / 10 % 10 << 4 | v % 10);
}

static void
make(uint8_t raw[CD_RAW], uint32_t lba, const uint8_t *user)
{
	uint32_t frames = lba + CD_LEAD_IN;

	memset(raw, 0, CD_RAW);
	memset(raw + 1, 0xff, 10);
	raw[12] = bcd(frames / 75 / 60);
	raw[13] = bcd(frames / 75 % 60);
	raw[14] = bcd(frames % 75);
	raw[15] = 1; /* mode */
	memcpy(raw + AT_USER, user, CD_SECTOR);
	ioemu_put_le32(raw + AT_EDC, edc(raw, AT_EDC));
	error_correction(raw);
}

/* In place: from the side on which sectors do not run into others. */
uint32_t
cd_raw(uint8_t *buf, uint32_t lba, uint32_t n, const struct cd_range *range)
{
	uint32_t size = range->to - range->from, i, k;
	uint8_t raw[CD_RAW];

	for (k = 0; k < n; k++) {
		i = size > CD_SECTOR ? n - 1 - k : k;
		make(raw, lba + i, buf + (size_t)i * CD_SECTOR);
		memcpy(buf + (size_t)i * size, raw + range->from, size);
	}
	return n * size;
}
