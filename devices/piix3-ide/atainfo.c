/* SPDX-License-Identifier: MIT */
/*
 * What drives say of themselves and what can be set in them: IDENTIFY DEVICE,
 * SET FEATURES, the geometry, power (ATA/ATAPI-6, 8.12, 8.15 and 8.46).
 */
#include "ide.h"

#include <string.h>

#define MAX_CHS 16514064u /* 16383 cylinders of 16 heads, 63 sectors */
#define MAX_LBA28 0x0fffffffull
#define MAX_MULTIPLE 16u

/* SET FEATURES 03h: kind of transfer and number of the mode. */
#define KIND_PIO_DEFAULT 0x00u
#define KIND_PIO 0x08u
#define KIND_MULTIWORD 0x20u
#define KIND_ULTRA 0x40u
#define KIND_MASK 0xf8u
#define MODE_MASK 0x07u
#define MAX_PIO 4u
#define MAX_MULTIWORD 2u
#define MAX_ULTRA 5u

/* IDENTIFY words 82 and 85. */
#define HAS_NOP 0x4000u
#define HAS_LOOK_AHEAD 0x0040u
#define HAS_WRITE_CACHE 0x0020u
#define HAS_POWER 0x0008u

/* ---- geometry --------------------------------------------------------- */

/* Of what cylinders can reach at all (ATA/ATAPI-4, 6.2.1). */
static uint32_t
cylinders(const struct ide_drive *d, uint32_t heads, uint32_t spt)
{
	uint64_t n = d->sectors < MAX_CHS ? d->sectors : MAX_CHS;

	n /= (uint64_t)heads * spt;
	return n < UINT16_MAX ? (uint32_t)n : UINT16_MAX;
}

uint32_t
ata_cylinders(const struct ide_drive *d)
{
	return cylinders(d, d->heads, d->spt);
}

uint64_t
ata_sectors28(const struct ide_drive *d)
{
	return d->sectors < MAX_LBA28 ? d->sectors : MAX_LBA28;
}

/* INITIALIZE DEVICE PARAMETERS. */
void
ata_geometry(struct ide_drive *d)
{
	uint8_t heads = (d->device & 0x0f) + 1, spt = d->nsect[0];

	if (!spt || !cylinders(d, heads, spt)) {
		ide_finish(d, ER_ABRT);
		return;
	}
	d->heads = heads;
	d->spt = spt;
	ide_finish(d, 0);
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
put_word(uint8_t *id, unsigned n, unsigned v)
{
	ioemu_put_le16(id + sizeof(uint16_t) * n, (uint16_t)v);
}

/* Bit 8 up: the mode that is selected. */
static unsigned
selected(const struct ide_drive *d, unsigned kind)
{
	if ((d->mode & KIND_MASK) != kind)
		return 0;
	return 0x100u << (d->mode & MODE_MASK);
}

/* Word 93: a cable of 80 conductors; what the device found at the last hardware
 * reset, in its own half only. */
static unsigned
reset_result(struct ide_drive *d)
{
	bool slave = ide_drive_at(ide_channel_of(d), 1);

	if (d->unit)
		return 0x6b00;
	return slave ? 0x603b : 0x600b;
}

void
ide_identify_modes(struct ide_drive *d, uint8_t *id)
{
	put_word(id, 63, 0x0007 | selected(d, KIND_MULTIWORD));
	put_word(id, 64, 0x0003); /* PIO 3, 4 */
	put_word(id, 65, 120);
	put_word(id, 66, 120);
	put_word(id, 67, 120);
	put_word(id, 68, 120);
	put_word(id, 80, 0x007e); /* ATA-1 to ATA/ATAPI-6 */
	put_word(id, 88, 0x003f | selected(d, KIND_ULTRA));
	put_word(id, 93, reset_result(d));
}

static void
identify_size(const struct ide_drive *d, uint8_t *id)
{
	uint32_t n = cylinders(d, d->own_heads, d->own_spt);
	uint32_t now = ata_cylinders(d);

	put_word(id, 1, n);
	put_word(id, 3, d->own_heads);
	put_word(id, 6, d->own_spt);
	put_word(id, 54, now);
	put_word(id, 55, d->heads);
	put_word(id, 56, d->spt);
	ioemu_put_le32(id + 114, now * d->heads * d->spt);
	ioemu_put_le32(id + 120, (uint32_t)ata_sectors28(d));
	ioemu_put_le64(id + 200, d->sectors);
}

static void
identify_features(const struct ide_drive *d, uint8_t *id)
{
	unsigned has = HAS_NOP | HAS_POWER | HAS_LOOK_AHEAD | HAS_WRITE_CACHE;
	unsigned off = (d->no_cache ? HAS_WRITE_CACHE : 0) |
		       (d->no_ahead ? HAS_LOOK_AHEAD : 0);

	put_word(id, 82, has);
	put_word(id, 83, 0x7400); /* FLUSH CACHE, its EXT, 48-bit */
	put_word(id, 84, 0x4000);
	put_word(id, 85, has & ~off);
	put_word(id, 86, 0x3400);
	put_word(id, 87, 0x4000);
}

void
ata_identify(struct ide_drive *d)
{
	uint8_t *id = d->buf;

	d->write = false;
	memset(id, 0, IDE_SECTOR);
	put_word(id, 0, 0x0040); /* fixed */
	ide_identify_string(id + 20, 10, d->serial ? d->serial : "IOEMU-1");
	ide_identify_string(id + 46, 4, "1.0");
	ide_identify_string(id + 54, 20,
			    d->model ? d->model : "mini-ioemu disk");
	put_word(id, 47, 0x8000 | MAX_MULTIPLE);
	put_word(id, 49, 0x0f00); /* LBA, DMA, IORDY */
	put_word(id, 50, 0x4000);
	put_word(id, 51, 0x0200);
	put_word(id, 53, 0x0007); /* 54-58, 64-70, 88 are valid */
	put_word(id, 59, d->multiple ? 0x100u | d->multiple : 0);
	identify_size(d, id);
	identify_features(d, id);
	ide_identify_modes(d, id);
	d->pos = 0;
	d->filled = IDE_SECTOR;
	d->left = 0;
	d->block = 1;
	ide_pio(d, IDE_PIO_IN, IDE_SECTOR);
	ide_raise(d);
}

/* ---- features -------------------------------------------------------- */

void
ata_defaults(struct ide_drive *d)
{
	d->heads = d->own_heads;
	d->spt = d->own_spt;
	d->multiple = 0;
	d->no_cache = false;
	d->no_ahead = false;
}

/* Power-on. */
void
ata_power_on(struct ide_drive *d)
{
	ata_defaults(d);
	d->keep = false;
	d->mode = KIND_ULTRA | MAX_ULTRA;
	d->power = IDE_ACTIVE;
}

/* False: there is no such mode. All move data as fast as they can. */
static bool
set_mode(struct ide_drive *d, uint8_t mode)
{
	unsigned n = mode & MODE_MASK;

	switch (mode & KIND_MASK) {
	case KIND_PIO_DEFAULT:
		return n <= 1; /* with IORDY, without */
	case KIND_PIO:
		return n <= MAX_PIO;
	case KIND_MULTIWORD:
		if (n > MAX_MULTIWORD)
			return false;
		break;
	case KIND_ULTRA:
		if (n > MAX_ULTRA)
			return false;
		break;
	default:
		return false;
	}
	d->mode = mode;
	return true;
}

/* Features of every drive; false: it is none of them. */
static bool
set_common(struct ide_drive *d, uint8_t feature)
{
	switch (feature) {
	case 0x03:
		return set_mode(d, d->nsect[0]);
	case 0x66: /* a software reset leaves what was set, or not */
	case 0xcc:
		d->keep = feature == 0x66;
		return true;
	}
	return false;
}

static bool
set_disk(struct ide_drive *d, uint8_t feature)
{
	switch (feature) {
	case 0x02: /* write cache on, off */
	case 0x82:
		d->no_cache = feature == 0x82;
		return true;
	case 0x55: /* read look-ahead off, on */
	case 0xaa:
		d->no_ahead = feature == 0x55;
		return true;
	}
	return false;
}

void
ata_set_features(struct ide_drive *d)
{
	uint8_t feature = d->feature[0];
	bool known = set_common(d, feature) ||
		     (!ide_is_cd(d) && set_disk(d, feature));

	if (feature == 0x82 && known) /* what is in it by now */
		ata_flush(d);
	else
		ide_finish(d, known ? 0 : ER_ABRT);
}

void
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

/* ---- power ----------------------------------------------------------- */

/* A disk that stops turning has written all. */
static void
power_down(struct ide_drive *d, enum ide_power power)
{
	d->power = (uint8_t)power;
	if (ide_is_cd(d))
		ide_finish(d, 0);
	else
		ata_flush(d);
}

static uint8_t
power_mode(const struct ide_drive *d)
{
	static const uint8_t told[] = {
		[IDE_ACTIVE] = 0xff,
		[IDE_RESTS] = 0x80,
		[IDE_STANDBY] = 0x00,
	};

	return told[d->power];
}

bool
ata_power(struct ide_drive *d, uint8_t command)
{
	switch (command) {
	case 0xe0: /* STANDBY IMMEDIATE, STANDBY */
	case 0x94:
	case 0xe2:
	case 0x96:
		power_down(d, IDE_STANDBY);
		return true;
	case 0xe1: /* IDLE IMMEDIATE, IDLE */
	case 0x95:
	case 0xe3:
	case 0x97:
		d->power = IDE_RESTS;
		ide_finish(d, 0);
		return true;
	case 0xe5: /* CHECK POWER MODE */
	case 0x98:
		d->nsect[0] = power_mode(d);
		ide_finish(d, 0);
		return true;
	case 0xe6: /* SLEEP, which only a reset ends */
	case 0x99:
		power_down(d, IDE_SLEEP);
		return true;
	}
	return false;
}
