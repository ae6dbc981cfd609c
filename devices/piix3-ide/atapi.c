/* SPDX-License-Identifier: MIT */
/*
 * A CD-ROM drive: the PACKET command (ATA/ATAPI-6, 8.23 and 9.8), which packets
 * there are, and how their data moves.
 */
#include "atapi.h"

#include <string.h>

#define MAX_CD_SECTORS (UINT32_MAX / (CD_SECTOR / IDE_SECTOR))
#define MAX_LIMIT 0xfffeu
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
		bmdma_end(ide_channel_of(d));
	ide_finish(d, (uint8_t)(sense ? (unsigned)sense << 4 | ER_ABRT : 0));
}

void
atapi_bad_field(struct ide_drive *d)
{
	atapi_end(d, SENSE_ILLEGAL, ASC_FIELD);
}

/* ---- data to the guest ----------------------------------------------- */

/* The next DRQ block of what is in buf: at most the guest's byte count limit,
 * and even unless it is the last (ATA/ATAPI-6, 8.23.6.2). */
static void
atapi_offer(struct ide_drive *d)
{
	uint32_t limit = d->limit ? d->limit : MAX_LIMIT; /* of an old state */
	uint32_t n = d->filled - d->pos;

	if (n > limit)
		n = limit > 1 ? limit & ~1u : limit;
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

/* User data first, into buf; whole sectors are made of it there. */
static void
atapi_next_raw(struct ide_drive *d)
{
	uint32_t n =
		d->raw_left < IDE_BUF / CD_RAW ? d->raw_left : IDE_BUF / CD_RAW;

	if (tray_refuses(d)) /* meanwhile */
		return;
	d->write = false;
	ide_disk(d, d->lba * CD_SECTOR, n * CD_SECTOR, 0);
}

static void
atapi_raw_read(struct ide_drive *d)
{
	uint32_t n = d->io.len / CD_SECTOR;
	struct cd_range range;

	cd_parts(d->cdb[9], &range);
	d->pos = 0;
	d->filled = cd_raw(d->buf, (uint32_t)d->lba, n, &range);
	d->lba += n;
	d->raw_left -= n;
	if (d->dma)
		bmdma_go_on(d);
	else
		atapi_offer(d);
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
	else if (d->raw_left)
		atapi_next_raw(d);
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
	if (d->raw_left) {
		atapi_raw_read(d);
	} else if (d->dma) {
		bmdma_moved(d);
	} else {
		d->lba += d->io.len / CD_SECTOR;
		d->left -= d->io.len / CD_SECTOR;
		atapi_offer(d);
	}
}

void
atapi_dma_done(struct ide_drive *d)
{
	if (d->raw_left)
		atapi_next_raw(d);
	else
		atapi_end(d, SENSE_NONE, 0);
}

/* Data would move by PIO in blocks of nothing: no such command
 * (ACS-3, 7.17.6.49; word 125 of IDENTIFY PACKET DEVICE is 0). */
static bool
atapi_may_move(struct ide_drive *d)
{
	if (d->limit || d->by_dma)
		return true;
	d->nsect[0] = REASON_CD | REASON_IO;
	ide_finish(d, ER_ABRT);
	return false;
}

static void
atapi_dma(struct ide_drive *d)
{
	d->write = false;
	if (d->left)
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
	else if (d->by_dma)
		atapi_dma(d);
	else
		atapi_offer(d);
}

void
atapi_send(struct ide_drive *d)
{
	d->pos = d->filled = 0;
	if (!atapi_may_move(d))
		return;
	if (d->by_dma)
		atapi_dma(d);
	else
		atapi_block_done(d);
}

/* ---- packets -------------------------------------------------------- */

struct op {
	uint8_t opcode, flags;
	void (*run)(struct ide_drive *d);
};

static const struct op ops[] = {
	{ 0x00, OP_MEDIUM, mmc_nothing },
	{ 0x03, OP_ALWAYS | OP_DATA, mmc_request_sense },
	{ 0x12, OP_ALWAYS | OP_DATA, mmc_inquiry },
	{ 0x1b, 0, tray_start_stop },
	{ 0x1e, 0, tray_lock },
	{ 0x25, OP_MEDIUM | OP_DATA, mmc_capacity },
	{ 0x28, OP_MEDIUM, mmc_read_10 },
	{ 0x2b, OP_MEDIUM, mmc_seek },
	{ 0x42, OP_MEDIUM | OP_DATA, mmc_sub_channel },
	{ 0x43, OP_MEDIUM | OP_DATA, mmc_toc },
	{ 0x46, OP_ALWAYS | OP_DATA, mmc_configuration },
	{ 0x4a, OP_ALWAYS | OP_DATA, tray_event_status },
	{ 0x51, OP_MEDIUM | OP_DATA, mmc_disc_information },
	{ 0x52, OP_MEDIUM | OP_DATA, mmc_track_information },
	{ 0x5a, OP_DATA, mmc_mode_sense },
	{ 0xa8, OP_MEDIUM, mmc_read_12 },
	{ 0xad, OP_MEDIUM | OP_DATA, mmc_dvd_structure },
	{ 0xb9, OP_MEDIUM, mmc_read_cd_msf },
	{ 0xbb, 0, mmc_nothing },
	{ 0xbd, OP_DATA, mmc_mechanism },
	{ 0xbe, OP_MEDIUM, mmc_read_cd },
};

static const struct op *
atapi_op(uint8_t opcode)
{
	unsigned i;

	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (ops[i].opcode == opcode)
			return &ops[i];
	return NULL;
}

uint8_t
atapi_flags(const struct ide_drive *d)
{
	const struct op *op = atapi_op(d->cdb[0]);

	return op ? op->flags : 0;
}

/* NACA and LINK (SPC-2, 4.3.1; SAM-2), at the end of a CDB of 6, 10 or 12
 * bytes: they ask for what there is not. */
static bool
atapi_control_valid(const uint8_t *cdb)
{
	unsigned last = cdb[0] < 0x20 ? 5 : cdb[0] < 0x60 ? 9 : 11;

	return !(cdb[last] & 0x05);
}

void
atapi_cdb(struct ide_drive *d)
{
	const struct op *op = atapi_op(d->buf[0]);

	memcpy(d->cdb, d->buf, sizeof(d->cdb));
	d->pos = 0;
	d->left = d->raw_left = 0;
	d->dma = false;
	if (!op)
		atapi_end(d, SENSE_ILLEGAL, ASC_OPCODE);
	else if (tray_refuses(d))
		return;
	else if (!atapi_control_valid(d->cdb))
		atapi_bad_field(d);
	else if (!(op->flags & OP_DATA) || atapi_may_move(d))
		op->run(d);
}

/* Sectors are made in buf only of what was read there for that. */
bool
atapi_loaded(const struct ide_drive *d)
{
	struct cd_range range;

	if (!d->raw_left)
		return true;
	return ide_is_cd(d) && !d->left && cd_parts(d->cdb[9], &range) &&
	       range.to > range.from;
}

/* ---- PACKET and IDENTIFY PACKET DEVICE ------------------------------- */

void
atapi_packet(struct ide_drive *d)
{
	enum { DMA = 0x01, OVERLAP = 0x02 };

	if (d->feature[0] & OVERLAP) {
		ide_finish(d, ER_ABRT);
		return;
	}
	d->limit = (uint16_t)(d->lba1[0] | d->lba2[0] << 8);
	d->by_dma = d->feature[0] & DMA;
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
#define WORD(n, v) ioemu_put_le16(id + sizeof(uint16_t) * (n), (uint16_t)(v))
	WORD(0, 0x85c0); /* packet, CD-ROM, removable, DRQ in 50 us, 12 bytes */
	ide_identify_string(id + 20, 10, atapi_serial(d));
	ide_identify_string(id + 46, 4, "1.0");
	ide_identify_string(id + 54, 20, d->model ? d->model : "mini-ioemu CD");
	WORD(49, 0x0b00); /* LBA, DMA, IORDY */
	WORD(53, 0x0006);
	WORD(82, 0x4218); /* NOP, DEVICE RESET, PACKET, power management */
	WORD(83, 0x4000);
	WORD(84, 0x4000);
	WORD(85, 0x4218);
	WORD(87, 0x4000);
#undef WORD
	ide_identify_modes(d, id);
	/* one block of 512 bytes, not bound by the byte count limit */
	d->pos = 0;
	d->filled = IDE_SECTOR;
	d->left = d->raw_left = 0;
	d->dma = false;
	d->identifying = true;
	ide_pio(d, IDE_PIO_IN, IDE_SECTOR);
	ide_raise(d);
}
