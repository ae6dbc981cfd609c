/* SPDX-License-Identifier: MIT */
/*
 * ATA commands (ATA/ATAPI-6, T13/1410D, chapter 8). A command becomes disk I/O
 * of up to 128 sectors at a time through buf, or, by DMA, straight between the
 * disk and guest memory.
 */
#include "ide.h"

#include <string.h>

#define BUF_SECTORS (IDE_BUF / IDE_SECTOR)

/* ---- addresses ------------------------------------------------------- */

static uint64_t
ata_lba48(const struct ide_drive *d)
{
	return d->lba0[0] | (uint64_t)d->lba1[0] << 8 |
	       (uint64_t)d->lba2[0] << 16 | (uint64_t)d->lba0[1] << 24 |
	       (uint64_t)d->lba1[1] << 32 | (uint64_t)d->lba2[1] << 40;
}

/* UINT64_MAX: there is no such sector in the geometry that holds. */
static uint64_t
ata_chs(const struct ide_drive *d)
{
	uint32_t head = d->device & 0x0f;
	uint32_t cylinder = d->lba1[0] | (uint32_t)d->lba2[0] << 8;

	if (!d->lba0[0] || d->lba0[0] > d->spt || head >= d->heads ||
	    cylinder >= ata_cylinders(d))
		return UINT64_MAX;
	return ((uint64_t)cylinder * d->heads + head) * d->spt + d->lba0[0] - 1;
}

static uint64_t
ata_lba28(const struct ide_drive *d)
{
	if (!(d->device & DEV_LBA))
		return ata_chs(d);
	return d->lba0[0] | (uint64_t)d->lba1[0] << 8 |
	       (uint64_t)d->lba2[0] << 16 | (uint64_t)(d->device & 0x0f) << 24;
}

static void
ata_put_lba(struct ide_drive *d, uint64_t lba)
{
	d->lba0[0] = (uint8_t)lba;
	d->lba1[0] = (uint8_t)(lba >> 8);
	d->lba2[0] = (uint8_t)(lba >> 16);
	if (d->lba48) {
		d->lba0[1] = (uint8_t)(lba >> 24);
		d->lba1[1] = (uint8_t)(lba >> 32);
		d->lba2[1] = (uint8_t)(lba >> 40);
	} else {
		d->device = (uint8_t)((d->device & 0xf0) | (lba >> 24 & 15));
	}
}

/* In the form the command had it. */
static void
ata_put_address(struct ide_drive *d, uint64_t lba)
{
	uint64_t track = lba / d->spt;

	if (d->lba48 || d->device & DEV_LBA) {
		ata_put_lba(d, lba);
		return;
	}
	d->lba0[0] = (uint8_t)(lba % d->spt + 1);
	d->lba1[0] = (uint8_t)(track / d->heads);
	d->lba2[0] = (uint8_t)(track / d->heads >> 8);
	d->device = (uint8_t)((d->device & 0xf0) | track % d->heads);
}

/* How many sectors the command can name. */
static uint64_t
ata_capacity(const struct ide_drive *d)
{
	if (d->lba48 || d->device & DEV_LBA)
		return d->sectors;
	return (uint64_t)ata_cylinders(d) * d->heads * d->spt;
}

/* Range of the command into lba and left; false: some of it is not there, and
 * the registers say where. */
static bool
ata_range(struct ide_drive *d)
{
	uint64_t capacity = ata_capacity(d);

	if (d->lba48) {
		d->lba = ata_lba48(d);
		d->left = d->nsect[0] | (uint32_t)d->nsect[1] << 8;
		d->left = d->left ? d->left : 0x10000;
	} else {
		d->lba = ata_lba28(d);
		d->left = d->nsect[0] ? d->nsect[0] : 256;
	}
	if (d->lba >= capacity)
		return false;
	if (d->left <= capacity - d->lba)
		return true;
	ata_put_address(d, capacity);
	return false;
}

/* ---- reading and writing --------------------------------------------- */

static uint32_t
ata_chunk(const struct ide_drive *d)
{
	return d->left < BUF_SECTORS ? d->left : BUF_SECTORS;
}

/* Bytes of the next DRQ block, given what is in buf or still fits. */
static uint32_t
ata_drq(const struct ide_drive *d)
{
	uint32_t rest = d->filled - d->pos;
	uint32_t block = d->block * IDE_SECTOR;

	return rest < block ? rest : block;
}

static void
ata_next_read(struct ide_drive *d)
{
	d->pos = 0;
	d->filled = ata_chunk(d) * IDE_SECTOR;
	ide_disk(d, d->lba * IDE_SECTOR, d->filled, 0);
}

static void
ata_next_write(struct ide_drive *d)
{
	d->pos = 0;
	d->filled = ata_chunk(d) * IDE_SECTOR;
	ide_pio(d, IDE_PIO_OUT, ata_drq(d));
}

static void
ata_advance(struct ide_drive *d, uint32_t sectors)
{
	d->lba += sectors;
	d->left -= sectors;
}

static void
ata_error(struct ide_drive *d, uint8_t error)
{
	ata_put_address(d, d->lba);
	if (d->dma)
		bmdma_end(ide_channel_of(d));
	ide_finish(d, error);
}

void
ata_block_done(struct ide_drive *d)
{
	if (d->pos < d->filled) { /* more of what is in the buffer */
		ide_pio(d, d->write ? IDE_PIO_OUT : IDE_PIO_IN, ata_drq(d));
		ide_raise(d);
	} else if (d->write) {
		ide_disk(d, d->lba * IDE_SECTOR, d->filled, 0);
	} else if (d->left) {
		ata_next_read(d);
	} else { /* data read: the last block had its interrupt already */
		ide_go(d, IDE_IDLE);
	}
}

/* All of a write command is with the host, on stable storage or in its cache,
 * which the guest may not want (SET FEATURES 82h). */
static void
ata_written(struct ide_drive *d)
{
	if (d->no_cache)
		ide_disk(d, 0, 0, 0);
	else
		ide_finish(d, 0);
}

void
ata_dma_done(struct ide_drive *d)
{
	bmdma_end(ide_channel_of(d));
	if (d->write)
		ata_written(d);
	else
		ide_finish(d, 0);
}

static void
ata_read_done(struct ide_drive *d)
{
	ata_advance(d, d->filled / IDE_SECTOR);
	if (d->block) {
		ide_pio(d, IDE_PIO_IN, ata_drq(d));
		ide_raise(d);
	} else if (d->left) { /* only to be verified */
		ata_next_read(d);
	} else {
		ide_finish(d, 0);
	}
}

void
ata_disk_done(struct ide_drive *d, int status)
{
	if (d->io.op == IOEMU_BLK_FLUSH) {
		ide_finish(d, status ? ER_ABRT : 0);
	} else if (status) {
		ata_error(d, d->write ? ER_ABRT : ER_UNC);
	} else if (d->dma) {
		bmdma_moved(d);
	} else if (!d->write) {
		ata_read_done(d);
	} else {
		ata_advance(d, d->filled / IDE_SECTOR);
		if (d->left) {
			ata_next_write(d);
			ide_raise(d);
		} else {
			ata_written(d);
		}
	}
}

static void
ata_transfer(struct ide_drive *d, bool write, uint8_t block)
{
	d->power = IDE_ACTIVE;
	d->write = write;
	d->dma = false;
	d->block = block;
	if (!block)
		ide_finish(d, ER_ABRT);
	else if (!ata_range(d))
		ide_finish(d, ER_IDNF);
	else if (write)
		ata_next_write(d);
	else
		ata_next_read(d);
}

static void
ata_transfer_dma(struct ide_drive *d, bool write)
{
	d->power = IDE_ACTIVE;
	d->write = write;
	d->pos = d->filled = 0;
	if (ata_range(d))
		bmdma_command(d);
	else
		ide_finish(d, ER_IDNF);
}

static void
ata_verify(struct ide_drive *d)
{
	d->write = false;
	d->dma = false;
	d->block = 0;
	if (ata_range(d))
		ata_next_read(d);
	else
		ide_finish(d, ER_IDNF);
}

static void
ata_seek(struct ide_drive *d)
{
	bool there = ata_lba28(d) < ata_capacity(d);

	ide_finish(d, there ? 0 : ER_IDNF);
}

/* ---- the rest -------------------------------------------------------- */

static void
ata_native_max(struct ide_drive *d)
{
	uint64_t n = d->lba48 ? d->sectors : ata_sectors28(d), last = n - 1;

	ata_put_lba(d, last);
	ide_finish(d, 0);
}

void
ata_flush(struct ide_drive *d)
{
	d->write = true;
	d->dma = false;
	ide_disk(d, 0, 0, 0);
}

/* Commands that move sectors; false: it is none of them. */
static bool
ata_data_command(struct ide_drive *d, uint8_t command)
{
	switch (command) {
	case 0x24:		 /* READ SECTORS EXT */
		d->lba48 = true; /* fall through */
	case 0x20:
	case 0x21:
		ata_transfer(d, false, 1);
		return true;
	case 0x34:		 /* WRITE SECTORS EXT */
		d->lba48 = true; /* fall through */
	case 0x30:
	case 0x31:
		ata_transfer(d, true, 1);
		return true;
	case 0x29:		 /* READ MULTIPLE EXT */
		d->lba48 = true; /* fall through */
	case 0xc4:
		ata_transfer(d, false, d->multiple);
		return true;
	case 0x39:		 /* WRITE MULTIPLE EXT */
		d->lba48 = true; /* fall through */
	case 0xc5:
		ata_transfer(d, true, d->multiple);
		return true;
	case 0x25:		 /* READ DMA EXT */
		d->lba48 = true; /* fall through */
	case 0xc8:
	case 0xc9:
		ata_transfer_dma(d, false);
		return true;
	case 0x35:		 /* WRITE DMA EXT */
		d->lba48 = true; /* fall through */
	case 0xca:
	case 0xcb:
		ata_transfer_dma(d, true);
		return true;
	}
	return false;
}

/* Other commands that only a disk has. */
static void
ata_disk_command(struct ide_drive *d, uint8_t command)
{
	if (command >> 4 == 0x1 || command >> 4 == 0x4 || command >> 4 == 0x7)
		d->power = IDE_ACTIVE; /* heads move */
	switch (command) {
	case 0x42:		 /* READ VERIFY EXT */
		d->lba48 = true; /* fall through */
	case 0x40:
	case 0x41:
		ata_verify(d);
		return;
	case 0x27:		 /* READ NATIVE MAX ADDRESS EXT */
		d->lba48 = true; /* fall through */
	case 0xf8:
		ata_native_max(d);
		return;
	case 0xe7: /* FLUSH CACHE, EXT */
	case 0xea:
		ata_flush(d);
		return;
	case 0xc6:
		ata_set_multiple(d);
		return;
	case 0xec:
		ata_identify(d);
		return;
	case 0x91:
		ata_geometry(d);
		return;
	}
	if (command >> 4 == 0x1) /* RECALIBRATE, which ATA-4 dropped */
		ide_finish(d, 0);
	else if (command >> 4 == 0x7)
		ata_seek(d);
	else
		ide_finish(d, ER_ABRT);
}

/* DEVICE RESET gives up what runs, but only the drive's own, and says nothing;
 * other commands are aborted (ATA/ATAPI-6, 8.10, 8.15 and 8.34). */
static void
ata_packet_signature(struct ide_drive *d, uint8_t command)
{
	if (command == IDE_DEVICE_RESET) {
		ide_give_up(d);
	} else {
		ide_signature(d);
		ide_finish(d, ER_ABRT);
	}
}

/* Commands of the packet set, and those both have. */
void
ata_command(struct ide_drive *d, uint8_t command)
{
	bool cd = ide_is_cd(d);

	d->lba48 = false;
	d->error = 0;
	switch (command) {
	case IDE_DEVICE_RESET:
	case 0xec: /* IDENTIFY DEVICE: a packet drive shows its signature */
	case 0x20:
	case 0xa0:
	case 0xa1:
		if (!cd)
			break;
		if (command == 0xa0)
			d->power = IDE_ACTIVE;
		if (command == 0xa0)
			atapi_packet(d);
		else if (command == 0xa1)
			atapi_identify(d);
		else
			ata_packet_signature(d, command);
		return;
	case IDE_DIAGNOSE:
		ide_diagnose(ide_channel_of(d));
		return;
	case 0xef:
		ata_set_features(d);
		return;
	}
	if (ata_power(d, command))
		return;
	if (cd)
		ide_finish(d, ER_ABRT);
	else if (!ata_data_command(d, command))
		ata_disk_command(d, command);
}
