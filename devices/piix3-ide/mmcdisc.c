/* SPDX-License-Identifier: MIT */
/*
 * What is on the disc (MMC-3, T10/1363-D): one session with one data track of
 * mode 1 sectors, closed. Of the size of more than a CD it is a DVD.
 */
#include "atapi.h"

#include <string.h>

#define SECOND 75u /* frames */
#define MINUTE (60u * SECOND)
#define MAX_MSF (255u * MINUTE + 59u * SECOND + 74u)
#define MSF 0x02u /* in byte 1 of commands */

#define TRACK 1u
#define SESSION 1u
#define LEAD_OUT 0xaau
#define DATA_TRACK 0x14u /* Q sub-channel: position; data, no copies */

bool
atapi_is_dvd(struct ide_drive *d)
{
	return atapi_sectors(d) > MAX_CD_FRAMES;
}

static void
put_msf(uint8_t *p, uint32_t lba)
{
	uint32_t frames =
		lba < MAX_MSF - CD_LEAD_IN ? lba + CD_LEAD_IN : MAX_MSF;

	p[0] = 0;
	p[1] = (uint8_t)(frames / MINUTE);
	p[2] = (uint8_t)(frames % MINUTE / SECOND);
	p[3] = (uint8_t)(frames % SECOND);
}

/* As the command wants addresses. */
static void
put_address(const struct ide_drive *d, uint8_t *p, uint32_t lba)
{
	if (d->cdb[1] & MSF)
		put_msf(p, lba);
	else
		put_be32(p, lba);
}

void
mmc_capacity(struct ide_drive *d)
{
	bool relative = d->cdb[1] & 1, partial = d->cdb[8] & 1;

	if (relative || (!partial && get_be32(d->cdb + 2))) {
		atapi_bad_field(d);
		return;
	}
	put_be32(d->buf, atapi_sectors(d) - 1);
	put_be32(d->buf + 4, CD_SECTOR);
	atapi_answer(d, 8, 8);
}

/* ---- READ TOC/PMA/ATIP ---------------------------------------------- */

static void
toc_header(struct ide_drive *d, uint32_t n)
{
	put_be16(d->buf, n - 2);
	d->buf[2] = 1; /* first and last, track or session */
	d->buf[3] = 1;
	atapi_answer(d, n, get_be16(d->cdb + 7));
}

static uint32_t
toc_track(struct ide_drive *d, uint32_t at, uint8_t track, uint32_t lba)
{
	uint8_t *p = d->buf + at;

	p[1] = DATA_TRACK;
	p[2] = track;
	put_address(d, p + 4, lba);
	return at + 8;
}

static void
toc_tracks(struct ide_drive *d)
{
	uint8_t from = d->cdb[6];
	uint32_t n = 4;

	if (from > TRACK && from != LEAD_OUT) {
		atapi_bad_field(d);
		return;
	}
	if (from <= TRACK)
		n = toc_track(d, n, TRACK, 0);
	n = toc_track(d, n, LEAD_OUT, atapi_sectors(d));
	toc_header(d, n);
}

static void
toc_sessions(struct ide_drive *d)
{
	toc_header(d, toc_track(d, 4, TRACK, 0));
}

/* An entry of the lead-in's Q sub-channel; returns where its point goes. */
static uint8_t *
toc_point(struct ide_drive *d, unsigned i, uint8_t point)
{
	uint8_t *p = d->buf + 4 + (size_t)11 * i;

	p[0] = SESSION;
	p[1] = DATA_TRACK;
	p[3] = point;
	return p + 7; /* a zero, minutes, seconds, frames */
}

static void
toc_raw(struct ide_drive *d)
{
	if (d->cdb[6] > SESSION) {
		atapi_bad_field(d);
		return;
	}
	toc_point(d, 0, 0xa0)[1] = TRACK; /* first */
	toc_point(d, 1, 0xa1)[1] = TRACK; /* last */
	put_msf(toc_point(d, 2, 0xa2), atapi_sectors(d));
	put_msf(toc_point(d, 3, TRACK), 0);
	toc_header(d, 4 + 4 * 11);
}

/* The format is where MMC-3 or where SFF-8020i has it. */
void
mmc_toc(struct ide_drive *d)
{
	uint8_t format = d->cdb[2] & 0xf;

	memset(d->buf, 0, 64);
	switch (format ? format : d->cdb[9] >> 6) {
	case 0:
		toc_tracks(d);
		return;
	case 1:
		toc_sessions(d);
		return;
	case 2:
		toc_raw(d);
		return;
	}
	atapi_bad_field(d); /* PMA, ATIP: of discs that can be written */
}

/* ---- the rest ------------------------------------------------------- */

/* The Q sub-channel; its length. No audio is or was played: where the head is
 * says nothing. */
static uint32_t
sub_channel_q(struct ide_drive *d, uint8_t *p)
{
	enum { POSITION = 1, CATALOGUE = 2, ISRC = 3 };

	p[0] = d->cdb[3];
	if (p[0] == CATALOGUE)
		return 20;
	if (p[0] != POSITION && (p[0] != ISRC || d->cdb[6] != TRACK))
		return 0;
	p[1] = DATA_TRACK;
	p[2] = TRACK;
	if (p[0] == ISRC)
		return 20;
	p[3] = 1; /* index */
	put_address(d, p + 4, 0);
	return 12;
}

void
mmc_sub_channel(struct ide_drive *d)
{
	uint32_t n = 0;

	memset(d->buf, 0, 24);
	if (d->cdb[2] & 0x40) { /* it is asked for */
		n = sub_channel_q(d, d->buf + 4);
		if (!n) {
			atapi_bad_field(d);
			return;
		}
	}
	put_be16(d->buf + 2, n);
	atapi_answer(d, n + 4, get_be16(d->cdb + 7));
}

void
mmc_disc_information(struct ide_drive *d)
{
	uint8_t *p = d->buf;

	memset(p, 0, 34);
	put_be16(p, 32);
	p[2] = 0x0e; /* last session complete, disc closed */
	p[3] = TRACK;
	p[4] = 1; /* sessions */
	p[5] = TRACK;
	p[6] = TRACK;
	p[7] = 0x20;	       /* for any use */
	put_be32(p + 16, ~0u); /* no session can begin, */
	put_be32(p + 20, ~0u); /* no lead-out be written */
	atapi_answer(d, 34, get_be16(d->cdb + 7));
}

static bool
track_there(struct ide_drive *d)
{
	enum { BY_LBA, BY_TRACK, BY_SESSION };
	uint32_t which = get_be32(d->cdb + 2);
	uint8_t by = d->cdb[1] & 3;

	if (by == BY_LBA)
		return which < atapi_sectors(d);
	return by <= BY_SESSION && which == 1; /* there is one of each */
}

void
mmc_track_information(struct ide_drive *d)
{
	uint8_t *p = d->buf;

	if (!track_there(d)) {
		atapi_bad_field(d);
		return;
	}
	memset(p, 0, 36);
	put_be16(p, 34);
	p[2] = TRACK;
	p[3] = SESSION;
	p[5] = DATA_TRACK & 0xf;
	p[6] = 1; /* mode 1 */
	put_be32(p + 24, atapi_sectors(d));
	atapi_answer(d, 36, get_be16(d->cdb + 7));
}

/* Physical format: one layer, read only, of 12 cm, from sector 30000h on. */
static void
dvd_physical(struct ide_drive *d, uint8_t *p)
{
	p[0] = 0x01;
	p[1] = 0x0f; /* at no maximum rate */
	p[2] = 0x01; /* embossed */
	put_be32(p + 4, 0x30000);
	put_be32(p + 8, 0x30000 + atapi_sectors(d) - 1);
}

void
mmc_dvd_structure(struct ide_drive *d)
{
	enum { PHYSICAL = 0, COPYRIGHT = 1 };
	uint8_t format = d->cdb[7], layer = d->cdb[6];
	uint32_t n = 4;

	if (!atapi_is_dvd(d)) {
		atapi_end(d, SENSE_ILLEGAL, ASC_INCOMPATIBLE);
		return;
	}
	if (format > COPYRIGHT || layer) {
		atapi_bad_field(d);
		return;
	}
	memset(d->buf, 0, 2052);
	n += format == PHYSICAL ? 2048 : 4; /* copyright: no protection */
	if (format == PHYSICAL)
		dvd_physical(d, d->buf + 4);
	put_be16(d->buf, n - 2);
	atapi_answer(d, n, get_be16(d->cdb + 8));
}
