/* SPDX-License-Identifier: MIT */
/*
 * ATA commands (ATA/ATAPI-6, T13/1410D, chapter 8). A command becomes disk I/O
 * of up to 128 sectors at a time through buf, or, by DMA, straight between the
 * disk and guest memory.
 */
#include "ide.h"

#include <string.h>

#define HEADS 16u
#define SECTORS_PER_TRACK 63u
#define MAX_CYLINDERS 16383u
#define MAX_LBA28 0x0fffffffull
#define MAX_MULTIPLE 16u
#define BUF_SECTORS (IDE_BUF / IDE_SECTOR)

/* ---- addresses ------------------------------------------------------- */

static uint32_t
ata_cylinders(const struct ide_drive *d)
{
	uint64_t n = d->sectors / HEADS / SECTORS_PER_TRACK;

	return n < MAX_CYLINDERS ? (uint32_t)n : MAX_CYLINDERS;
}

static uint64_t
ata_lba48(const struct ide_drive *d)
{
	return d->lba0[0] | (uint64_t)d->lba1[0] << 8 |
	       (uint64_t)d->lba2[0] << 16 | (uint64_t)d->lba0[1] << 24 |
	       (uint64_t)d->lba1[1] << 32 | (uint64_t)d->lba2[1] << 40;
}

static uint64_t
ata_lba28(const struct ide_drive *d)
{
	uint32_t head = d->device & 0x0f;
	uint32_t cylinder = d->lba1[0] | (uint32_t)d->lba2[0] << 8;

	if (d->device & DEV_LBA)
		return d->lba0[0] | cylinder << 8 | head << 24;
	if (!d->lba0[0] || d->lba0[0] > SECTORS_PER_TRACK) /* from 1 */
		return UINT64_MAX;
	return ((uint64_t)cylinder * HEADS + head) * SECTORS_PER_TRACK +
	       d->lba0[0] - 1;
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

/* Range of the command into lba and left; false: outside the disk. */
static bool
ata_range(struct ide_drive *d)
{
	if (d->lba48) {
		d->lba = ata_lba48(d);
		d->left = d->nsect[0] | (uint32_t)d->nsect[1] << 8;
		d->left = d->left ? d->left : 0x10000;
	} else {
		d->lba = ata_lba28(d);
		d->left = d->nsect[0] ? d->nsect[0] : 256;
	}
	return d->lba < d->sectors && d->left <= d->sectors - d->lba;
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
	ata_put_lba(d, d->lba);
	if (d->dma)
		bmdma_end(ide_channel_of(d), d, false);
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

void
ata_disk_done(struct ide_drive *d, int status)
{
	if (d->io.op == IOEMU_IO_FLUSH) {
		ide_finish(d, status ? ER_ABRT : 0);
	} else if (status) {
		ata_error(d, d->write ? ER_ABRT : ER_UNC);
	} else if (d->dma) {
		bmdma_moved(d);
	} else if (!d->write) {
		ata_advance(d, d->filled / IDE_SECTOR);
		ide_pio(d, IDE_PIO_IN, ata_drq(d));
		ide_raise(d);
	} else {
		ata_advance(d, d->filled / IDE_SECTOR);
		if (d->left) {
			ata_next_write(d);
			ide_raise(d);
		} else {
			ide_finish(d, 0);
		}
	}
}

static void
ata_transfer(struct ide_drive *d, bool write, uint8_t block)
{
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
	d->write = write;
	d->pos = d->filled = 0;
	if (ata_range(d))
		bmdma_command(d);
	else
		ide_finish(d, ER_IDNF);
}

/* ---- identification -------------------------------------------------- */

/* Two characters a word, first one high, padded with blanks. */
void
ide_identify_string(uint8_t *to, unsigned words, const char *text)
{
	unsigned i;
	size_t n = strlen(text);

	for (i = 0; i < 2 * words; i++)
		to[i ^ 1] = (uint8_t)(i < n ? text[i] : ' ');
}

static void
ata_identify(struct ide_drive *d)
{
	uint8_t *id = d->buf;
	uint64_t n28 = d->sectors < MAX_LBA28 ? d->sectors : MAX_LBA28;
	uint32_t cylinders = ata_cylinders(d);

	d->write = false;
	memset(id, 0, IDE_SECTOR);
#define WORD(n, v) put_le16(id + sizeof(uint16_t) * (n), (uint16_t)(v))
	WORD(0, 0x0040); /* fixed */
	WORD(1, cylinders);
	WORD(3, HEADS);
	WORD(6, SECTORS_PER_TRACK);
	ide_identify_string(id + 20, 10, d->serial ? d->serial : "IOEMU-1");
	ide_identify_string(id + 46, 4, "1.0");
	ide_identify_string(id + 54, 20,
			    d->model ? d->model : "mini-ioemu disk");
	WORD(47, 0x8000 | MAX_MULTIPLE);
	WORD(49, 0x0f00); /* LBA, DMA, IORDY */
	WORD(50, 0x4000);
	WORD(51, 0x0200);
	WORD(53, 0x0007); /* 54-58, 64-70, 88 are valid */
	WORD(54, cylinders);
	WORD(55, HEADS);
	WORD(56, SECTORS_PER_TRACK);
	put_le32(id + 114, cylinders * HEADS * SECTORS_PER_TRACK);
	WORD(59, d->multiple ? 0x100 | d->multiple : 0);
	put_le32(id + 120, (uint32_t)n28);
	WORD(63, 0x0007); /* multiword DMA 0-2 */
	WORD(64, 0x0003); /* PIO 3, 4 */
	WORD(65, 120);
	WORD(66, 120);
	WORD(67, 120);
	WORD(68, 120);
	WORD(80, 0x007e); /* ATA-1 to ATA/ATAPI-6 */
	WORD(82, 0x4020); /* NOP, write cache */
	WORD(83, 0x7400); /* FLUSH CACHE, its EXT, 48-bit */
	WORD(84, 0x4000);
	WORD(85, 0x4020);
	WORD(86, 0x3400);
	WORD(87, 0x4000);
	WORD(88, 0x003f | 1u << 13); /* Ultra DMA 0-5, 5 selected */
	WORD(93, 0x600b);	     /* 80-conductor cable, passed */
	put_le64(id + 200, d->sectors);
#undef WORD
	d->pos = 0;
	d->filled = IDE_SECTOR;
	d->left = 0;
	ide_pio(d, IDE_PIO_IN, IDE_SECTOR);
	ide_raise(d);
}

/* ---- the rest -------------------------------------------------------- */

static void
ata_set_features(struct ide_drive *d)
{
	switch (d->feature[0]) {
	case 0x02: /* write cache on */
	case 0x03: /* transfer mode: all are alike here */
	case 0x82: /* write cache off: flushes are asked for */
	case 0x55: /* read look-ahead off, on */
	case 0xaa:
	case 0x66: /* keep, or restore, defaults at reset */
	case 0xcc:
		ide_finish(d, 0);
		return;
	}
	ide_finish(d, ER_ABRT);
}

static void
ata_set_multiple(struct ide_drive *d)
{
	uint8_t n = d->nsect[0];

	if (n > MAX_MULTIPLE || n & (n - 1)) {
		ide_finish(d, ER_ABRT);
		return;
	}
	d->multiple = n;
	ide_finish(d, 0);
}

static void
ata_native_max(struct ide_drive *d)
{
	uint64_t last = d->sectors - 1;

	if (!d->lba48 && last > MAX_LBA28 - 1)
		last = MAX_LBA28 - 1;
	ata_put_lba(d, last);
	ide_finish(d, 0);
}

static void
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
	switch (command) {
	case 0x42:		 /* READ VERIFY EXT */
		d->lba48 = true; /* fall through */
	case 0x40:
	case 0x41:
		ide_finish(d, ata_range(d) ? 0 : ER_IDNF);
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
	case 0x91: /* INITIALIZE DEVICE PARAMETERS: the geometry we tell */
		ide_finish(d, 0);
		return;
	}
	if (command >> 4 == 0x1 || command >> 4 == 0x7) /* RECALIBRATE, SEEK */
		ide_finish(d, 0);
	else
		ide_finish(d, ER_ABRT);
}

static void
ata_power(struct ide_drive *d, uint8_t command)
{
	if (command == 0xe5 || command == 0x98) /* CHECK POWER MODE */
		d->nsect[0] = 0xff;		/* active */
	ide_finish(d, 0);
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
	case 0xe0: /* STANDBY, IDLE (IMMEDIATE), CHECK POWER, SLEEP */
	case 0xe1:
	case 0xe2:
	case 0xe3:
	case 0xe5:
	case 0xe6:
	case 0x94:
	case 0x95:
	case 0x96:
	case 0x97:
	case 0x98:
	case 0x99:
		ata_power(d, command);
		return;
	}
	if (cd)
		ide_finish(d, ER_ABRT);
	else if (!ata_data_command(d, command))
		ata_disk_command(d, command);
}
