/* SPDX-License-Identifier: MIT */
/*
 * A channel's registers (ATA/ATAPI-6, chapter 7) and the data port. Writes go
 * to both drives, as the cable does; reads come from the selected one.
 */
#include "ide.h"

#include <string.h>

enum { R_DATA, R_ERROR, R_NSECT, R_LBA0, R_LBA1, R_LBA2, R_DEVICE, R_STATUS };

#define CTL_NIEN 0x02u
#define CTL_SRST 0x04u
#define CTL_HOB 0x80u

static struct ide_channel *
channel_of(struct ioemu_dev *dev, const struct ioemu_access *a)
{
	return &((struct ide *)ioemu_state(dev))->channel[a->tag];
}

bool
ide_is_cd(const struct ide_drive *d)
{
	return d->sectors == UINT64_MAX;
}

/* ---- what drives do to their registers ------------------------------- */

void
ide_raise(struct ide_drive *d)
{
	struct ide_channel *c = ide_channel_of(d);

	if (ide_selected(c) != d)
		return;
	c->irq = true;
	c->bm_status |= 0x04;
	ide_irq(d->controller, d->channel);
}

/* After reset and diagnostics (ATA/ATAPI-6, 9.12). */
void
ide_signature(struct ide_drive *d)
{
	bool cd = ide_is_cd(d);

	d->nsect[0] = 1;
	d->lba0[0] = 1;
	d->lba1[0] = cd ? 0x14 : 0;
	d->lba2[0] = cd ? 0xeb : 0;
	d->device = DEV_FIXED;
	d->error = 1; /* diagnostics passed */
	d->status = cd ? 0 : ST_RDY | ST_SEEK;
	d->phase = IDE_IDLE;
}

void
ide_pio(struct ide_drive *d, enum ide_phase phase, uint32_t n)
{
	d->phase = (uint8_t)phase;
	d->end = d->pos + n;
	d->status = ST_RDY | ST_SEEK | ST_DRQ;
}

void
ide_finish(struct ide_drive *d, uint8_t error)
{
	d->phase = IDE_IDLE;
	d->error = error;
	d->status = (uint8_t)(ST_RDY | ST_SEEK | (error ? ST_ERR : 0));
	ide_raise(d);
}

static void
ide_disk_io_done(struct ioemu_dev *dev, struct ioemu_io *io)
{
	struct ide_drive *d = ioemu_state(dev);

	if (d->reset_due) { /* the command was given up meanwhile */
		d->reset_due = false;
		ide_signature(d);
	} else if (ide_is_cd(d)) {
		atapi_disk_done(d, io->status);
	} else {
		ata_disk_done(d, io->status);
	}
}

void
ide_disk(struct ide_drive *d, uint64_t offset, uint32_t len, unsigned n_sg)
{
	d->phase = IDE_DISK;
	d->status = ST_BSY;
	d->io = (struct ioemu_io){
		.block = d->drive,
		.op = d->write ? IOEMU_IO_WRITE : IOEMU_IO_READ,
		.len = len,
		.offset = offset,
		.buf = n_sg ? NULL : d->buf,
		.sg = d->sg,
		.n_sg = n_sg,
		.done = ide_disk_io_done,
	};
	if (!len)
		d->io.op = IOEMU_IO_FLUSH;
	ioemu_io(d->dev, &d->io);
}

static void
drive_reset(struct ide_drive *d)
{
	d->multiple = 0;
	if (d->phase == IDE_DISK) {
		d->reset_due = true;
		d->status = ST_BSY;
	} else {
		ide_signature(d);
	}
}

void
ide_channel_reset(struct ide_channel *c)
{
	unsigned i;

	c->control = 0;
	c->selected = 0;
	c->irq = false;
	c->bm_command = 0;
	c->bm_status = 0;
	c->bm_prdt = 0;
	for (i = 0; i < IDE_UNITS; i++) {
		if (!c->drive[i])
			continue;
		drive_reset(c->drive[i]);
		tray_reset(c->drive[i]);
	}
}

/* ---- the data port --------------------------------------------------- */

static void
data_block_done(struct ide_drive *d)
{
	if (d->phase == IDE_CDB)
		atapi_cdb(d);
	else if (ide_is_cd(d))
		atapi_block_done(d);
	else
		ata_block_done(d);
}

static void
data_read(struct ide_drive *d, struct ioemu_access *a)
{
	uint32_t left = d->end - d->pos;
	uint8_t le[8] = { 0 };

	if (d->phase != IDE_PIO_IN || !left)
		return;
	memcpy(le, d->buf + d->pos, a->size < left ? a->size : left);
	a->value = get_le64(le);
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
	put_le64(le, a->value);
	memcpy(d->buf + d->pos, le, a->size < left ? a->size : left);
	d->pos += a->size < left ? a->size : left;
	if (d->pos == d->end)
		data_block_done(d);
}

/* ---- registers ------------------------------------------------------- */

static uint8_t
status_of(const struct ide_drive *d)
{
	return d->status;
}

static void
command_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct ide_channel *c = channel_of(dev, a);
	struct ide_drive *d = ide_selected(c);
	unsigned hob = c->control & CTL_HOB ? 1 : 0;

	if (!d) { /* pulled down: neither busy nor ready */
		a->value = a->offset == R_DATA ? UINT64_MAX : 0;
		return;
	}
	switch (a->offset) {
	case R_DATA:
		data_read(d, a);
		return;
	case R_ERROR:
		a->value = d->error;
		return;
	case R_NSECT:
		a->value = d->nsect[hob];
		return;
	case R_LBA0:
		a->value = d->lba0[hob];
		return;
	case R_LBA1:
		a->value = d->lba1[hob];
		return;
	case R_LBA2:
		a->value = d->lba2[hob];
		return;
	case R_DEVICE:
		a->value = d->device;
		return;
	case R_STATUS:
		a->value = status_of(d);
		c->irq = false;
		ide_irq(dev, a->tag);
		return;
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

	c->irq = false;
	ide_irq(dev, tag);
	if (!d)
		return;
	if (d->status & ST_BSY && !(command == 0x08 && ide_is_cd(d)))
		return;
	d->pos = 0;
	ata_command(d, command);
}

static void
command_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct ide_channel *c = channel_of(dev, a);
	struct ide_drive *d = ide_selected(c);
	unsigned i;

	if (a->offset == R_DATA) {
		if (d)
			data_write(d, a);
		return;
	}
	c->control &= (uint8_t)~CTL_HOB;
	if (a->offset == R_STATUS) {
		channel_command(dev, c, a->tag, (uint8_t)a->value);
		return;
	}
	if (a->offset == R_DEVICE)
		c->selected = a->value & DEV_UNIT ? 1 : 0;
	for (i = 0; i < IDE_UNITS; i++)
		if (c->drive[i])
			drive_write(c->drive[i], a->offset, (uint8_t)a->value);
}

static void
control_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct ide_drive *d = ide_selected(channel_of(dev, a));

	a->value = d ? status_of(d) : 0; /* alternate: clears nothing */
}

static void
control_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct ide_channel *c = channel_of(dev, a);
	uint8_t old = c->control;
	unsigned i;

	c->control = (uint8_t)a->value;
	for (i = 0; i < IDE_UNITS && c->control & ~old & CTL_SRST; i++)
		if (c->drive[i])
			drive_reset(c->drive[i]);
	if (c->control & CTL_SRST) {
		c->selected = 0;
		c->irq = false;
	}
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
