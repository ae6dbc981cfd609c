/* SPDX-License-Identifier: MIT */
/* atapi.h - a CD-ROM drive: its commands (atapi.c) and its tray (tray.c). */
#ifndef ATAPI_H
#define ATAPI_H

#include "ide.h"

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
#define ASC_NO_MEDIUM 0x3a01 /* tray closed */
#define ASC_TRAY_OPEN 0x3a02
#define ASC_LOCKED 0x5302

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

/* atapi.c: sectors of the medium that can be read; 0: none. */
uint32_t atapi_sectors(struct ide_drive *d);
/* The command ends; SENSE_NONE, 0: well. */
void atapi_end(struct ide_drive *d, uint8_t sense, uint16_t asc);
/* `n` bytes of buf are the answer, cut to what the guest allows. */
void atapi_answer(struct ide_drive *d, uint32_t n, uint32_t allowed);

/* tray.c */
void tray_start_stop(struct ide_drive *d);
void tray_lock(struct ide_drive *d);
void tray_event_status(struct ide_drive *d);

#endif
