/* SPDX-License-Identifier: MIT */
/*
 * Packets that read the disc or go somewhere on it (MMC-3, T10/1363-D): READ,
 * READ CD, SEEK, SET CD SPEED.
 */
#include "atapi.h"

#define RELATIVE 0x01u /* an address in byte 1: of SCSI's linked commands */

/* False: they are not all on the disc, and the command has ended. */
static bool
on_disc(struct ide_drive *d, uint32_t lba, uint32_t count)
{
	uint32_t sectors = atapi_sectors(d);

	if (lba < sectors && count <= sectors - lba)
		return true;
	atapi_end(d, SENSE_ILLEGAL, ASC_RANGE);
	return false;
}

static void
read_sectors(struct ide_drive *d, uint32_t lba, uint32_t count)
{
	if (!count) {
		atapi_end(d, SENSE_NONE, 0);
	} else if (on_disc(d, lba, count)) {
		d->lba = lba;
		d->left = count;
		atapi_send(d);
	}
}

void
mmc_read_10(struct ide_drive *d)
{
	if (d->cdb[1] & RELATIVE)
		atapi_bad_field(d);
	else
		read_sectors(d, get_be32(d->cdb + 2), get_be16(d->cdb + 7));
}

void
mmc_read_12(struct ide_drive *d)
{
	if (d->cdb[1] & RELATIVE)
		atapi_bad_field(d);
	else
		read_sectors(d, get_be32(d->cdb + 2), get_be32(d->cdb + 6));
}

/* ---- READ CD (6.1.15), READ CD MSF (6.1.16) ------------------------- */

/* Not user data alone: of a CD only, as a DVD has no such sectors. */
static void
read_raw(struct ide_drive *d, uint32_t lba, uint32_t count)
{
	if (atapi_is_dvd(d)) {
		atapi_end(d, SENSE_ILLEGAL, ASC_INCOMPATIBLE);
	} else if (!count) {
		atapi_end(d, SENSE_NONE, 0);
	} else if (on_disc(d, lba, count)) {
		d->lba = lba;
		d->raw_left = count;
		atapi_send(d);
	}
}

static void
read_cd(struct ide_drive *d, uint32_t lba, uint32_t count)
{
	enum { ANY_TYPE = 0, MODE_1 = 2, LAST_TYPE = 5 };
	enum { C2_ERRORS = 0x06, SUB_CHANNEL = 0x07 };
	uint8_t type = d->cdb[1] >> 2 & 7;
	struct cd_range range;

	if (type > LAST_TYPE || d->cdb[1] & RELATIVE ||
	    d->cdb[10] & SUB_CHANNEL || d->cdb[9] & C2_ERRORS ||
	    !cd_parts(d->cdb[9], &range))
		atapi_bad_field(d);
	else if (type != ANY_TYPE && type != MODE_1)
		atapi_end(d, SENSE_ILLEGAL, ASC_MODE);
	else if (range.to == range.from)
		read_sectors(d, lba, 0);
	else if (range.to - range.from == CD_SECTOR)
		read_sectors(d, lba, count);
	else
		read_raw(d, lba, count);
}

void
mmc_read_cd(struct ide_drive *d)
{
	read_cd(d, get_be32(d->cdb + 2), get_be32(d->cdb + 5) & 0xffffff);
}

/* UINT32_MAX: there is no such place. */
static uint32_t
from_msf(const uint8_t *p)
{
	uint32_t frames = (p[0] * 60u + p[1]) * 75u + p[2];

	if (p[1] >= 60 || p[2] >= 75 || frames < CD_LEAD_IN)
		return UINT32_MAX;
	return frames - CD_LEAD_IN;
}

void
mmc_read_cd_msf(struct ide_drive *d)
{
	uint32_t from = from_msf(d->cdb + 3);
	uint32_t to = from_msf(d->cdb + 6);

	if (from == UINT32_MAX || to == UINT32_MAX || from > to)
		atapi_bad_field(d);
	else
		read_cd(d, from, to - from);
}

/* ---- the rest ------------------------------------------------------- */

void
mmc_seek(struct ide_drive *d)
{
	if (get_be32(d->cdb + 2) < atapi_sectors(d))
		atapi_end(d, SENSE_NONE, 0);
	else
		atapi_end(d, SENSE_ILLEGAL, ASC_RANGE);
}

/* TEST UNIT READY; SET CD SPEED, which is as fast as it can be. */
void
mmc_nothing(struct ide_drive *d)
{
	atapi_end(d, SENSE_NONE, 0);
}
