/* SPDX-License-Identifier: MIT */
/*
 * atapi.h - a CD-ROM drive: packets and their data (atapi.c), what it reads
 * (mmcread.c, cdraw.c), says of itself (mmcdrive.c) and of the disc
 * (mmcdisc.c), and its tray (tray.c).
 */
#ifndef ATAPI_H
#define ATAPI_H

#include "ide.h"

#define CD_SECTOR 2048u
#define CD_RAW 2352u			/* with what is around user data */
#define MAX_CD_FRAMES (80u * 60u * 75u) /* more is a DVD */
#define CD_SPEED 706u			/* kB/s: four times that of audio */
#define MAX_SERIAL 20u

#define CD_LEAD_IN 150u /* frames: two seconds */

/* Sense keys; additional sense codes with their qualifiers (MMC-3, annex A). */
#define SENSE_NONE 0x0
#define SENSE_NOT_READY 0x2
#define SENSE_MEDIUM 0x3
#define SENSE_ILLEGAL 0x5
#define SENSE_ATTENTION 0x6
#define ASC_UNREADABLE 0x1100
#define ASC_OPCODE 0x2000
#define ASC_RANGE 0x2100
#define ASC_FIELD 0x2400
#define ASC_CHANGED 0x2800
#define ASC_INCOMPATIBLE 0x3002
#define ASC_NOT_SAVED 0x3900
#define ASC_NO_MEDIUM 0x3a01 /* tray closed */
#define ASC_TRAY_OPEN 0x3a02
#define ASC_LOCKED 0x5302
#define ASC_MODE 0x6400

/* What is known of a command before it runs. */
#define OP_ALWAYS 0x1u /* a unit attention waits */
#define OP_MEDIUM 0x2u /* it wants a medium */
#define OP_DATA 0x4u   /* it answers with data, even if all is zero */

static inline void
put_be16(uint8_t *p, uint32_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void
put_be32(uint8_t *p, uint32_t v)
{
	put_be16(p, v >> 16);
	put_be16(p + 2, v);
}

static inline uint32_t
get_be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static inline uint32_t
get_be32(const uint8_t *p)
{
	return get_be16(p) << 16 | get_be16(p + 2);
}

static inline const char *
atapi_serial(const struct ide_drive *d)
{
	return d->serial ? d->serial : "IOEMU-CD";
}

/* atapi.c: sectors of the medium that can be read; 0: none. */
uint32_t atapi_sectors(struct ide_drive *d);
/* OP_... of the command at hand. */
uint8_t atapi_flags(const struct ide_drive *d);
/* The command ends; SENSE_NONE, 0: well. */
void atapi_end(struct ide_drive *d, uint8_t sense, uint16_t asc);
/* It ends as a field of it is wrong. */
void atapi_bad_field(struct ide_drive *d);
/* `n` bytes of buf are the answer, cut to what the guest allows. */
void atapi_answer(struct ide_drive *d, uint32_t n, uint32_t allowed);
/* So do `left` sectors from `lba` on, or `raw_left` of them, both counted in
 * sectors of the disc. */
void atapi_send(struct ide_drive *d);

/* mmcread.c */
void mmc_read_10(struct ide_drive *d);
void mmc_read_12(struct ide_drive *d);
void mmc_read_cd(struct ide_drive *d);
void mmc_read_cd_msf(struct ide_drive *d);
void mmc_seek(struct ide_drive *d);
void mmc_nothing(struct ide_drive *d);

/* cdraw.c: part of a sector, and what byte 9 of READ CD says of it; false: that
 * has a gap. */
struct cd_range {
	uint16_t from, to;
};
bool cd_parts(uint8_t parts, struct cd_range *range);
/* User data of `n` sectors in buf becomes those parts of them; their length.
 * There is room for CD_RAW bytes each. */
uint32_t cd_raw(uint8_t *buf, uint32_t lba, uint32_t n,
		const struct cd_range *range);

/* mmcdrive.c */
void mmc_request_sense(struct ide_drive *d);
void mmc_inquiry(struct ide_drive *d);
void mmc_mode_sense(struct ide_drive *d);
void mmc_configuration(struct ide_drive *d);
void mmc_mechanism(struct ide_drive *d);

/* mmcdisc.c */
bool atapi_is_dvd(struct ide_drive *d);
void mmc_capacity(struct ide_drive *d);
void mmc_toc(struct ide_drive *d);
void mmc_sub_channel(struct ide_drive *d);
void mmc_disc_information(struct ide_drive *d);
void mmc_track_information(struct ide_drive *d);
void mmc_dvd_structure(struct ide_drive *d);

/* tray.c */
void tray_start_stop(struct ide_drive *d);
void tray_lock(struct ide_drive *d);
void tray_event_status(struct ide_drive *d);
/* A unit attention that waits becomes sense, if there is none yet. */
void tray_attention(struct ide_drive *d);

#endif
