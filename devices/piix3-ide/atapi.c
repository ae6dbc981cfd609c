/* SPDX-License-Identifier: MIT */
/*
 * A CD-ROM drive: the PACKET command (ATA/ATAPI-6, 8.23 and 9.8) with the
 * commands of SFF-8020i and MMC that systems use to read data discs.
 */
#include "atapi.h"

#include <string.h>

#define CD_SECTOR 2048u
#define MAX_CD_SECTORS (UINT32_MAX / (CD_SECTOR / IDE_SECTOR))
#define REASON_CD 0x01u
#define REASON_IO 0x02u

uint32_t
atapi_sectors(struct ide_drive *d)
{
	struct ioemu_block_info info;
	uint64_t n;

	if (d->open)
		return 0;
	ioemu_block_info(d->dev, d->drive, &info);
	n = info.size / CD_SECTOR;
	return n < MAX_CD_SECTORS ? (uint32_t)n : MAX_CD_SECTORS;
}

/* ---- ends ------------------------------------------------------------ */

void
atapi_end(struct ide_drive *d, uint8_t sense, uint16_t asc)
{
	d->sense = sense;
	d->asc = (uint8_t)(asc >> 8);
	d->ascq = (uint8_t)asc;
	d->pos = d->end = 0;
	d->nsect[0] = REASON_CD | REASON_IO;
	if (d->dma)
		bmdma_end(ide_channel_of(d), d, false);
	ide_finish(d, (uint8_t)(sense ? (unsigned)sense << 4 | ER_ABRT : 0));
}

/* ---- data to the guest ----------------------------------------------- */

/* The next DRQ block of what is in buf: at most the guest's byte count limit,
 * even unless it is the last (ATA/ATAPI-6, 8.23.6.2). */
static void
atapi_offer(struct ide_drive *d)
{
	uint32_t limit = d->lba1[1] | (uint32_t)d->lba2[1] << 8;
	uint32_t n = d->filled - d->pos;

	if (n > limit)
		n = limit;
	d->lba1[0] = (uint8_t)n;
	d->lba2[0] = (uint8_t)(n >> 8);
	d->nsect[0] = REASON_IO;
	ide_pio(d, IDE_PIO_IN, n);
	ide_raise(d);
}

static void
atapi_next_read(struct ide_drive *d)
{
	uint32_t n =
		d->left < IDE_BUF / CD_SECTOR ? d->left : IDE_BUF / CD_SECTOR;

	if (tray_refuses(d)) /* meanwhile */
		return;
	d->pos = 0;
	d->filled = n * CD_SECTOR;
	d->write = false;
	ide_disk(d, d->lba * CD_SECTOR, d->filled, 0);
}

/* No interrupt after the data of IDENTIFY, as for a disk. */
static void
atapi_identified(struct ide_drive *d)
{
	d->identifying = false;
	ide_go(d, IDE_IDLE);
}

void
atapi_block_done(struct ide_drive *d)
{
	if (d->pos < d->filled)
		atapi_offer(d);
	else if (d->left)
		atapi_next_read(d);
	else if (d->identifying)
		atapi_identified(d);
	else
		atapi_end(d, SENSE_NONE, 0);
}

void
atapi_disk_done(struct ide_drive *d, int status)
{
	if (status) {
		if (!tray_refuses(d))
			atapi_end(d, SENSE_MEDIUM, ASC_UNREADABLE);
		return;
	}
	if (d->dma) {
		bmdma_moved(d);
		return;
	}
	d->lba += d->io.len / CD_SECTOR;
	d->left -= d->io.len / CD_SECTOR;
	atapi_offer(d);
}

void
atapi_dma_done(struct ide_drive *d)
{
	atapi_end(d, SENSE_NONE, 0);
}

static void
atapi_dma(struct ide_drive *d)
{
	d->write = false;
	d->lba *= CD_SECTOR / IDE_SECTOR;
	d->left *= CD_SECTOR / IDE_SECTOR;
	bmdma_command(d);
}

/* `n` bytes of buf are the answer, cut to what the guest allows. */
void
atapi_answer(struct ide_drive *d, uint32_t n, uint32_t allowed)
{
	d->left = 0;
	d->pos = 0;
	d->filled = n < allowed ? n : allowed;
	if (!d->filled)
		atapi_end(d, SENSE_NONE, 0);
	else if (d->feature[1] & 1)
		atapi_dma(d);
	else
		atapi_offer(d);
}

/* ---- commands
 * ---------------------------------------------------------------------------
 */

static void
atapi_read(struct ide_drive *d, uint32_t lba, uint32_t count)
{
	uint32_t sectors = atapi_sectors(d);

	if (!count) {
		atapi_end(d, SENSE_NONE, 0);
		return;
	}
	if (lba >= sectors || count > sectors - lba) {
		atapi_end(d, SENSE_ILLEGAL, ASC_RANGE);
		return;
	}
	d->lba = lba;
	d->left = count;
	d->pos = d->filled = 0;
	if (d->feature[1] & 1)
		atapi_dma(d);
	else
		atapi_next_read(d);
}

static void
atapi_sense(struct ide_drive *d)
{
	memset(d->buf, 0, 18);
	d->buf[0] = 0x70;
	d->buf[2] = d->sense;
	d->buf[7] = 10;
	d->buf[12] = d->asc;
	d->buf[13] = d->ascq;
	d->sense = SENSE_NONE;
	d->asc = d->ascq = 0;
	atapi_answer(d, 18, d->cdb[4]);
}

static void
atapi_inquiry(struct ide_drive *d)
{
	memset(d->buf, 0, 36);
	d->buf[0] = 0x05; /* CD-ROM */
	d->buf[1] = 0x80; /* removable */
	d->buf[3] = 0x21; /* ATAPI, response format 1 */
	d->buf[4] = 31;
	memcpy(d->buf + 8, "IOEMU   mini-ioemu CD   1.0 ", 28);
	atapi_answer(d, 36, d->cdb[4]);
}

static void
atapi_capacity(struct ide_drive *d)
{
	put_be32(d->buf, atapi_sectors(d) - 1);
	put_be32(d->buf + 4, CD_SECTOR);
	atapi_answer(d, 8, 8);
}

static void
put_msf(uint8_t *p, uint32_t lba, bool msf)
{
	if (!msf) {
		put_be32(p, lba);
		return;
	}
	lba += 150; /* two seconds of lead-in */
	p[0] = 0;
	p[1] = (uint8_t)(lba / 75 / 60);
	p[2] = (uint8_t)(lba / 75 % 60);
	p[3] = (uint8_t)(lba % 75);
}

/* One data track, then the lead-out. */
static void
atapi_toc(struct ide_drive *d)
{
	bool msf = d->cdb[1] & 2;
	uint8_t format = d->cdb[2] & 0xf ? d->cdb[2] & 0xf : d->cdb[9] >> 6;
	uint8_t *p = d->buf;

	memset(p, 0, 20);
	p[2] = 1;
	p[3] = 1;
	p[5] = 0x14;
	p[6] = 1;
	if (format == 0) {
		put_be16(p, 18);
		put_msf(p + 8, 0, msf);
		p[13] = 0x14;
		p[14] = 0xaa;
		put_msf(p + 16, atapi_sectors(d), msf);
		atapi_answer(d, 20, get_be16(d->cdb + 7));
	} else if (format == 1) { /* sessions */
		put_be16(p, 10);
		put_msf(p + 8, 0, msf);
		atapi_answer(d, 12, get_be16(d->cdb + 7));
	} else {
		atapi_end(d, SENSE_ILLEGAL, ASC_FIELD);
	}
}

static void
atapi_mode_sense(struct ide_drive *d)
{
	uint8_t page = d->cdb[2] & 0x3f;

	memset(d->buf, 0, 40);
	if (page == 0x2a) { /* capabilities */
		put_be16(d->buf, 26);
		d->buf[8] = 0x2a;
		d->buf[9] = 18;
		d->buf[12] = 0x70;
		d->buf[14] = d->locked ? 0x2b : 0x29; /* tray, eject, lock */
		put_be16(d->buf + 16, 706);
		put_be16(d->buf + 20, 512);
		put_be16(d->buf + 22, 706);
		atapi_answer(d, 28, get_be16(d->cdb + 7));
	} else if (page == 0x01) { /* error recovery */
		put_be16(d->buf, 14);
		d->buf[8] = 0x01;
		d->buf[9] = 6;
		d->buf[11] = 5;
		atapi_answer(d, 16, get_be16(d->cdb + 7));
	} else {
		atapi_end(d, SENSE_ILLEGAL, ASC_FIELD);
	}
}

static void
atapi_configuration(struct ide_drive *d)
{
	memset(d->buf, 0, 40);
	put_be32(d->buf, 36);
	put_be16(d->buf + 6, atapi_sectors(d) ? 0x0008 : 0); /* CD-ROM */
	put_be32(d->buf + 8, 0x00000304);		     /* profile list */
	put_be32(d->buf + 12, 0x00080100);
	put_be32(d->buf + 20, 0x00010308); /* core */
	put_be32(d->buf + 24, 2);	   /* ATAPI */
	put_be32(d->buf + 28, 0x00030304); /* removable */
	d->buf[32] = 0x29;
	atapi_answer(d, 36, get_be16(d->cdb + 7));
}

static void
atapi_execute(struct ide_drive *d)
{
	const uint8_t *cdb = d->cdb;

	switch (cdb[0]) {
	case 0x00: /* TEST UNIT READY */
	case 0x2b: /* SEEK */
		atapi_end(d, SENSE_NONE, 0);
		return;
	case 0x03:
		atapi_sense(d);
		return;
	case 0x12:
		atapi_inquiry(d);
		return;
	case 0x1b:
		tray_start_stop(d);
		return;
	case 0x1e:
		tray_lock(d);
		return;
	case 0x25:
		atapi_capacity(d);
		return;
	case 0x28:
		atapi_read(d, get_be32(cdb + 2), get_be16(cdb + 7));
		return;
	case 0xa8:
		atapi_read(d, get_be32(cdb + 2), get_be32(cdb + 6));
		return;
	case 0xbe: /* READ CD: user data only */
		if ((cdb[9] & 0xf8) == 0x10)
			atapi_read(d, get_be32(cdb + 2),
				   get_be32(cdb + 5) & 0xffffff);
		else
			atapi_end(d, cdb[9] & 0xf8 ? SENSE_ILLEGAL : 0,
				  cdb[9] & 0xf8 ? ASC_FIELD : 0);
		return;
	case 0x43:
		atapi_toc(d);
		return;
	case 0x46:
		atapi_configuration(d);
		return;
	case 0x4a:
		tray_event_status(d);
		return;
	case 0x5a:
		atapi_mode_sense(d);
		return;
	case 0xbd: /* MECHANISM STATUS */
		memset(d->buf, 0, 8);
		d->buf[1] = d->open ? 0x10 : 0;
		d->buf[5] = 1;
		atapi_answer(d, 8, get_be16(cdb + 8));
		return;
	}
	atapi_end(d, SENSE_ILLEGAL, ASC_OPCODE);
}

void
atapi_cdb(struct ide_drive *d)
{
	memcpy(d->cdb, d->buf, sizeof(d->cdb));
	d->pos = 0;
	d->dma = false;
	if (!tray_refuses(d))
		atapi_execute(d);
}

/* ---- PACKET and IDENTIFY PACKET DEVICE ------------------------------- */

/* The byte count limit and the DMA bit are kept in the second register of
 * each pair, which packet drives do not use. */
void
atapi_packet(struct ide_drive *d)
{
	uint32_t limit = d->lba1[0] | (uint32_t)d->lba2[0] << 8;

	if (!limit || limit == 0xffff)
		limit = 0xfffe;
	limit &= limit > 1 ? ~1u : ~0u;
	d->lba1[1] = (uint8_t)limit;
	d->lba2[1] = (uint8_t)(limit >> 8);
	d->feature[1] = d->feature[0];
	d->identifying = false;
	d->nsect[0] = REASON_CD;
	d->pos = 0;
	ide_pio(d, IDE_CDB, sizeof(d->cdb));
}

void
atapi_identify(struct ide_drive *d)
{
	uint8_t *id = d->buf;

	memset(id, 0, IDE_SECTOR);
#define WORD(n, v) put_le16(id + sizeof(uint16_t) * (n), (uint16_t)(v))
	WORD(0, 0x85c0); /* packet, CD-ROM, removable, DRQ in 50 us, 12 bytes */
	ide_identify_string(id + 20, 10, d->serial ? d->serial : "IOEMU-CD");
	ide_identify_string(id + 46, 4, "1.0");
	ide_identify_string(id + 54, 20, d->model ? d->model : "mini-ioemu CD");
	WORD(49, 0x0b00); /* LBA, DMA, IORDY */
	WORD(53, 0x0006);
	WORD(63, 0x0007);
	WORD(64, 0x0003);
	WORD(65, 120);
	WORD(66, 120);
	WORD(67, 120);
	WORD(68, 120);
	WORD(80, 0x007e);
	WORD(82, 0x4010);
	WORD(83, 0x4000);
	WORD(84, 0x4000);
	WORD(85, 0x4010);
	WORD(87, 0x4000);
	WORD(88, 0x003f | 1u << 13);
	WORD(93, 0x600b);
#undef WORD
	/* one block of 512 bytes, not bound by the byte count limit */
	d->pos = 0;
	d->filled = IDE_SECTOR;
	d->left = 0;
	d->dma = false;
	d->identifying = true;
	ide_pio(d, IDE_PIO_IN, IDE_SECTOR);
	ide_raise(d);
}
