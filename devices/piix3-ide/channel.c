/* SPDX-License-Identifier: MIT */
/*
 * A channel's registers (ATA/ATAPI-6, chapter 7) and the data port. Writes go
 * to both drives, as the cable does; reads come from the selected one.
 */
#include "ide.h"

#include <string.h>

enum { R_DATA, R_ERROR, R_NSECT, R_LBA0, R_LBA1, R_LBA2, R_DEVICE, R_STATUS };

static struct ide_channel *
channel_of(struct ioemu_dev *dev, const struct ioemu_access *a)
{
	return &((struct ide *)ioemu_state(dev))->channel[a->tag];
}

/* ---- the data port --------------------------------------------------- */

static void
block_done(struct ide_drive *d)
{
	if (ide_is_cd(d))
		atapi_block_done(d);
	else
		ata_block_done(d);
}

void
ide_next(struct ioemu_dev *dev, struct ioemu_timer *timer)
{
	struct ide_drive *d = ioemu_state(dev);

	(void)timer;
	if (d->phase == IDE_DMA)
		bmdma_resume(ide_channel_of(d), d);
	else if (d->phase == IDE_BETWEEN)
		block_done(d);
}

/* The drive is busy before the next block, if only until the loop comes round
 * (ATA/ATAPI-6, 9.5 and 9.6). */
static void
data_block_done(struct ide_drive *d)
{
	if (d->phase == IDE_CDB) {
		atapi_cdb(d);
	} else if (d->pos < d->filled) {
		ide_go(d, IDE_BETWEEN);
		ioemu_timer_set(d->dev, &d->next, ioemu_now(d->dev));
	} else {
		block_done(d);
	}
}

static void
data_read(struct ide_drive *d, struct ioemu_access *a)
{
	uint32_t left = d->end - d->pos;
	uint8_t le[8] = { 0 };

	if (d->phase != IDE_PIO_IN || !left)
		return;
	memcpy(le, d->buf + d->pos, a->size < left ? a->size : left);
	a->value = ioemu_get_le64(le);
	d->pos += a->size < left ? a->size : left;
	if (d->pos == d->end)
		data_block_done(d);
}

static void
data_write(struct ide_drive *d, const struct ioemu_access *a)
{
	uint32_t left = d->end - d->pos;
	uint8_t le[8];

	if ((d->phase != IDE_PIO_OUT && d->phase != IDE_CDB) || !left)
		return;
	ioemu_put_le64(le, a->value);
	memcpy(d->buf + d->pos, le, a->size < left ? a->size : left);
	d->pos += a->size < left ? a->size : left;
	if (d->pos == d->end)
		data_block_done(d);
}

/* ---- registers ------------------------------------------------------- */

/*
 * Who answers: where there is no device 1, device 0 does for it, but its status
 * is 0 (ATA/ATAPI-6, 9.16.1). NULL: nobody.
 */
static struct ide_drive *
answering(struct ide_channel *c)
{
	struct ide_drive *d = ide_selected(c);

	return !d && c->selected ? ide_drive_at(c, 0) : d;
}

static uint8_t
register_read(struct ide_channel *c, unsigned reg)
{
	const struct ide_drive *d = answering(c);
	unsigned hob = c->control & CTL_HOB ? 1 : 0;

	if (!d) /* pulled down: neither busy nor ready */
		return 0;
	switch (reg) {
	case R_ERROR:
		return d->error;
	case R_NSECT:
		return d->nsect[hob];
	case R_LBA0:
		return d->lba0[hob];
	case R_LBA1:
		return d->lba1[hob];
	case R_LBA2:
		return d->lba2[hob];
	case R_DEVICE:
		return d->device;
	default:
		return ide_selected(c) ? d->status : 0;
	}
}

/* An access wider than a register is one cycle for each. */
static void
command_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct ide_channel *c = channel_of(dev, a);
	struct ide_drive *d = ide_selected(c);
	unsigned i, reg = (unsigned)a->offset;

	if (reg == R_DATA) {
		if (d)
			data_read(d, a);
		return;
	}
	a->value = 0;
	for (i = 0; i < a->size; i++)
		a->value |= (uint64_t)register_read(c, reg + i) << (8 * i);
	if (d && reg + a->size > R_STATUS) {
		d->pending = false;
		ide_irq(dev, a->tag);
	}
}

static void
put_hob(uint8_t reg[2], uint8_t v)
{
	reg[1] = reg[0];
	reg[0] = v;
}

static void
drive_write(struct ide_drive *d, uint64_t reg, uint8_t v)
{
	if (d->status & ST_BSY) /* registers belong to the drive */
		return;
	switch (reg) {
	case R_ERROR:
		put_hob(d->feature, v);
		break;
	case R_NSECT:
		put_hob(d->nsect, v);
		break;
	case R_LBA0:
		put_hob(d->lba0, v);
		break;
	case R_LBA1:
		put_hob(d->lba1, v);
		break;
	case R_LBA2:
		put_hob(d->lba2, v);
		break;
	case R_DEVICE:
		d->device = v | DEV_FIXED;
		break;
	}
}

static void
channel_command(struct ioemu_dev *dev, struct ide_channel *c, unsigned tag,
		uint8_t command)
{
	struct ide_drive *d = ide_selected(c);

	if (!d) { /* this one is for both, present or not */
		if (command == IDE_DIAGNOSE && ide_drive_at(c, 0))
			ide_diagnose(c);
		return;
	}
	d->pending = false;
	ide_irq(dev, tag);
	if ((d->status & ST_BSY || d->power == IDE_SLEEP) &&
	    !(command == IDE_DEVICE_RESET && ide_is_cd(d)))
		return;
	d->pos = 0;
	ata_command(d, command);
}

static void
register_write(struct ioemu_dev *dev, struct ide_channel *c, unsigned tag,
	       unsigned reg, uint8_t v)
{
	unsigned i;

	c->control &= (uint8_t)~CTL_HOB;
	if (reg == R_STATUS) {
		channel_command(dev, c, tag, v);
		return;
	}
	for (i = 0; i < IDE_UNITS; i++)
		if (c->drive[i])
			drive_write(c->drive[i], reg, v);
	if (reg == R_DEVICE && !(c->control & CTL_SRST)) {
		c->selected = v & DEV_UNIT ? 1 : 0;
		ide_irq(dev, tag);
		bmdma_resume(c, ide_selected(c));
	}
}

static void
command_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct ide_channel *c = channel_of(dev, a);
	struct ide_drive *d = ide_selected(c);
	unsigned i, reg = (unsigned)a->offset;

	if (reg == R_DATA) {
		if (d)
			data_write(d, a);
		return;
	}
	for (i = 0; i < a->size; i++)
		register_write(dev, c, a->tag, reg + i,
			       (uint8_t)(a->value >> (8 * i)));
}

static void
control_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	/* alternate: clears nothing */
	a->value = register_read(channel_of(dev, a), R_STATUS);
}

static void
control_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct ide_channel *c = channel_of(dev, a);
	bool reset = a->value & ~(uint64_t)c->control & CTL_SRST;

	c->control = (uint8_t)a->value;
	if (reset)
		ide_software_reset(c);
	ide_reset_ends(c);
	ide_irq(dev, a->tag);
}

#define BLOCK_CONTROL 2u

static void
block_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	if (a->offset == BLOCK_CONTROL)
		control_read(dev, a);
}

static void
block_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	if (a->offset == BLOCK_CONTROL)
		control_write(dev, a);
}

#define COMMAND(n)                                                             \
	{                                                                      \
		.name = "ide-command", .size = 8, .min = 1, .max = 4,          \
		.tag = (n), .read = command_read, .write = command_write       \
	}
#define CONTROL(n)                                                             \
	{                                                                      \
		.name = "ide-control", .size = 1, .min = 1, .max = 1,          \
		.tag = (n), .read = control_read, .write = control_write       \
	}

#define BLOCK(n)                                                               \
	{                                                                      \
		.name = "ide-control", .size = 4, .min = 1, .max = 1,          \
		.tag = (n), .read = block_read, .write = block_write           \
	}

const struct ioemu_region ide_command_region[IDE_CHANNELS] = {
	COMMAND(0),
	COMMAND(1),
};

const struct ioemu_region ide_control_region[IDE_CHANNELS] = {
	CONTROL(0),
	CONTROL(1),
};

const struct ioemu_region ide_control_block[IDE_CHANNELS] = {
	BLOCK(0),
	BLOCK(1),
};
