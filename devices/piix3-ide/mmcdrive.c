/* SPDX-License-Identifier: MIT */
/*
 * What a CD-ROM drive says of itself (MMC-3, T10/1363-D; SPC-2, T10/1236-D):
 * INQUIRY, REQUEST SENSE, MODE SENSE, GET CONFIGURATION, MECHANISM STATUS.
 */
#include "atapi.h"

#include <string.h>

#define VENDOR "IOEMU   "
#define PRODUCT "mini-ioemu CD   "
#define REVISION "1.0 "

#define KIND_CD 0x05

void
mmc_request_sense(struct ide_drive *d)
{
	memset(d->buf, 0, 18);
	tray_attention(d);
	d->buf[0] = 0x70;
	d->buf[2] = d->sense;
	d->buf[7] = 10;
	d->buf[12] = d->asc;
	d->buf[13] = d->ascq;
	d->sense = SENSE_NONE;
	d->asc = d->ascq = 0;
	atapi_answer(d, 18, d->cdb[4]);
}

/* ---- INQUIRY (SPC-2, 7.3 and 8.4) ----------------------------------- */

#define EVPD 0x01u
#define CMDDT 0x02u

/* A page of vital product data ends n bytes behind its header. */
static void
inquiry_page(struct ide_drive *d, size_t n)
{
	d->buf[0] = KIND_CD;
	d->buf[1] = d->cdb[2];
	d->buf[3] = (uint8_t)n;
	atapi_answer(d, (uint32_t)n + 4, d->cdb[4]);
}

/* Text of at most so many bytes, without its NUL; its length. */
static uint8_t
put_text(uint8_t *p, const char *text, uint8_t most)
{
	uint8_t n;

	for (n = 0; n < most && text[n]; n++)
		p[n] = (uint8_t)text[n];
	return n;
}

static void
inquiry_vital(struct ide_drive *d)
{
	static const uint8_t pages[] = { 0x00, 0x80, 0x83 };
	uint8_t *p = d->buf + 4;

	memset(d->buf, 0, 64);
	switch (d->cdb[2]) {
	case 0x00:
		memcpy(p, pages, sizeof(pages));
		inquiry_page(d, sizeof(pages));
		return;
	case 0x80:
		inquiry_page(d, put_text(p, atapi_serial(d), MAX_SERIAL));
		return;
	case 0x83: /* in ASCII, vendor and what that chose */
		p[0] = 2;
		p[1] = 1;
		p[3] = put_text(p + 4, VENDOR, 8);
		p[3] += put_text(p + 12, atapi_serial(d), MAX_SERIAL);
		inquiry_page(d, p[3] + 4u);
		return;
	}
	atapi_bad_field(d);
}

/* Version and format are those of SFF-8020i, 10.8.1: ATAPI drives tell them so,
 * and drivers know. */
void
mmc_inquiry(struct ide_drive *d)
{
	if (d->cdb[1] & CMDDT || (!(d->cdb[1] & EVPD) && d->cdb[2])) {
		atapi_bad_field(d);
		return;
	}
	if (d->cdb[1] & EVPD) {
		inquiry_vital(d);
		return;
	}
	memset(d->buf, 0, 36);
	d->buf[0] = KIND_CD;
	d->buf[1] = 0x80; /* removable */
	d->buf[3] = 0x21; /* ATAPI, response format 1 */
	d->buf[4] = 31;
	memcpy(d->buf + 8, VENDOR PRODUCT REVISION, 28);
	atapi_answer(d, 36, d->cdb[4]);
}

/* ---- MODE SENSE(10) (SPC-2, 7.9; MMC-3, 5.4) ------------------------ */

#define MODE_HEADER 8u
#define PAGE_ERRORS 0x01u
#define PAGE_DRIVE 0x2au
#define PAGE_ALL 0x3fu

enum { PC_CURRENT, PC_CHANGEABLE, PC_DEFAULT, PC_SAVED };

/* Error recovery: five retries. */
static void
mode_errors(uint8_t *p)
{
	p[3] = 5;
}

/* Capabilities and mechanical status. */
static void
mode_drive(const struct ide_drive *d, uint8_t *p)
{
	p[2] = 0x08;			  /* reads DVD-ROM */
	p[4] = 0x70;			  /* mode 2 forms, several sessions */
	p[6] = d->locked ? 0x2b : 0x29;	  /* tray, eject, lock */
	put_be16(p + 8, CD_SPEED);	  /* at most, */
	put_be16(p + 12, IDE_BUF / 1024); /* buffer, */
	put_be16(p + 14, CD_SPEED);	  /* now */
}

/* The page at p, if it is asked for; its length. */
static uint32_t
mode_page(const struct ide_drive *d, uint8_t *p, uint8_t page, uint8_t length)
{
	uint8_t wanted = d->cdb[2] & 0x3f;

	if (wanted != page && wanted != PAGE_ALL)
		return 0;
	p[0] = page;
	p[1] = length;
	if (d->cdb[2] >> 6 == PC_CHANGEABLE) /* a mask: nothing is */
		return length + 2u;
	if (page == PAGE_ERRORS)
		mode_errors(p);
	else
		mode_drive(d, p);
	return length + 2u;
}

void
mmc_mode_sense(struct ide_drive *d)
{
	uint32_t n = MODE_HEADER;

	if (d->cdb[2] >> 6 == PC_SAVED) {
		atapi_end(d, SENSE_ILLEGAL, ASC_NOT_SAVED);
		return;
	}
	memset(d->buf, 0, 64);
	n += mode_page(d, d->buf + n, PAGE_ERRORS, 10);
	n += mode_page(d, d->buf + n, PAGE_DRIVE, 20);
	if (n == MODE_HEADER) {
		atapi_bad_field(d);
		return;
	}
	put_be16(d->buf, n - 2); /* no block descriptor */
	atapi_answer(d, n, get_be16(d->cdb + 7));
}

/* ---- GET CONFIGURATION (MMC-3, 5.2 and 6.1.4) ----------------------- */

#define PROFILE_CD 0x0008u
#define PROFILE_DVD 0x0010u
#define CONFIG_HEADER 8u

/* When a feature is current. */
enum { WHEN_ALWAYS, WHEN_MEDIUM, WHEN_CD, WHEN_DVD };

struct feature {
	uint16_t code;
	uint8_t when, length;
	uint8_t data[8];
};

static const struct feature features[] = {
	{ 0x0000, WHEN_ALWAYS, 8, { 0, 0x10, 0, 0, 0, 0x08, 0, 0 } }, /* list */
	{ 0x0001, WHEN_ALWAYS, 4, { 0, 0, 0, 2 } }, /* core: ATAPI */
	{ 0x0003, WHEN_ALWAYS, 4, { 0x29 } },	    /* tray, eject, lock */
	{ 0x0010, WHEN_MEDIUM, 8, { 0, 0, 8, 0, 0, 1, 1 } }, /* readable */
	{ 0x001e, WHEN_CD, 4, { 0 } },			     /* CD */
	{ 0x001f, WHEN_DVD, 0, { 0 } },			     /* DVD */
};

static uint32_t
profile(struct ide_drive *d)
{
	if (!atapi_sectors(d))
		return 0;
	return atapi_is_dvd(d) ? PROFILE_DVD : PROFILE_CD;
}

static bool
feature_current(const struct feature *f, uint32_t profile)
{
	switch (f->when) {
	case WHEN_MEDIUM:
		return profile;
	case WHEN_CD:
		return profile == PROFILE_CD;
	case WHEN_DVD:
		return profile == PROFILE_DVD;
	}
	return true;
}

static uint32_t
feature_put(const struct feature *f, uint32_t profile, uint8_t *p)
{
	bool persistent = f->when == WHEN_ALWAYS;

	put_be16(p, f->code);
	p[2] = (uint8_t)((persistent ? 2 : 0) | feature_current(f, profile));
	p[3] = f->length;
	memcpy(p + 4, f->data, f->length);
	if (!f->code) { /* a list of profiles: which one is current? */
		p[6] = profile == PROFILE_DVD;
		p[10] = profile == PROFILE_CD;
	}
	return 4u + f->length;
}

void
mmc_configuration(struct ide_drive *d)
{
	enum { RT_ALL, RT_CURRENT, RT_ONE, RT_RESERVED };
	uint8_t rt = d->cdb[1] & 3;
	uint32_t from = get_be16(d->cdb + 2), n = CONFIG_HEADER;
	uint32_t current = profile(d);
	unsigned i;

	if (rt == RT_RESERVED) {
		atapi_bad_field(d);
		return;
	}
	memset(d->buf, 0, 128);
	for (i = 0; i < sizeof(features) / sizeof(features[0]); i++) {
		const struct feature *f = &features[i];

		if (f->code < from || (rt == RT_ONE && f->code != from) ||
		    (rt == RT_CURRENT && !feature_current(f, current)))
			continue;
		n += feature_put(f, current, d->buf + n);
	}
	put_be32(d->buf, n - 4);
	put_be16(d->buf + 6, current);
	atapi_answer(d, n, get_be16(d->cdb + 7));
}

/* ---- MECHANISM STATUS (MMC-3, 6.1.7) -------------------------------- */

void
mmc_mechanism(struct ide_drive *d)
{
	memset(d->buf, 0, 8);
	d->buf[1] = d->open ? 0x10 : 0;
	d->buf[5] = 1; /* slot */
	atapi_answer(d, 8, get_be16(d->cdb + 8));
}
