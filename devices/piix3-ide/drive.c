/* SPDX-License-Identifier: MIT */
/*
 * What a drive is at: its phases, its resets (ATA/ATAPI-6, chapter 9), its disk
 * I/O. Commands are for others.
 */
#include "ide.h"

#include <assert.h>

bool
ide_is_cd(const struct ide_drive *d)
{
	return d->sectors == UINT64_MAX;
}

/* ---- registers ------------------------------------------------------- */

/* Status by phase. */
static const uint8_t phase_status[] = {
	[IDE_IDLE] = ST_RDY | ST_SEEK,
	[IDE_PIO_IN] = ST_RDY | ST_SEEK | ST_DRQ,
	[IDE_PIO_OUT] = ST_RDY | ST_SEEK | ST_DRQ,
	[IDE_CDB] = ST_RDY | ST_SEEK | ST_DRQ,
	[IDE_DMA] = ST_BSY,
	[IDE_DISK] = ST_BSY,
	[IDE_RESET] = ST_BSY,
	[IDE_BETWEEN] = ST_BSY,
};

void
ide_go(struct ide_drive *d, enum ide_phase phase)
{
	assert(!d->in_flight || phase == IDE_DISK || phase == IDE_RESET);
	d->phase = (uint8_t)phase;
	d->status = phase_status[phase];
}

void
ide_raise(struct ide_drive *d)
{
	d->pending = true;
	ide_irq(d->controller, d->channel);
}

/* After reset and diagnostics (ATA/ATAPI-6, 9.12). DEV stays what it is: resets
 * of both drives have set it to 0. */
void
ide_signature(struct ide_drive *d)
{
	uint8_t dev = ide_channel_of(d)->selected ? DEV_UNIT : 0;
	bool cd = ide_is_cd(d);

	ide_go(d, IDE_IDLE);
	d->nsect[0] = 1;
	d->lba0[0] = 1;
	d->lba1[0] = cd ? 0x14 : 0;
	d->lba2[0] = cd ? 0xeb : 0;
	d->device = DEV_FIXED | dev;
	d->error = 1; /* diagnostics passed */
	if (cd)
		d->status = 0;
}

void
ide_pio(struct ide_drive *d, enum ide_phase phase, uint32_t n)
{
	d->end = d->pos + n;
	ide_go(d, phase);
}

void
ide_finish(struct ide_drive *d, uint8_t error)
{
	ide_go(d, IDE_IDLE);
	d->error = error;
	d->status |= error ? ST_ERR : 0;
	ide_raise(d);
}

/* ---- reset ----------------------------------------------------------- */

/*
 * Both drives are ready at once, as device 0 waits for device 1, and both wait
 * for SRST to be cleared (ATA/ATAPI-6, 9.2 and 9.3).
 */
void
ide_reset_ends(struct ide_channel *c)
{
	unsigned i;

	if (c->control & CTL_SRST)
		return;
	for (i = 0; i < IDE_UNITS; i++)
		if (c->drive[i] && c->drive[i]->phase == IDE_RESET &&
		    c->drive[i]->in_flight)
			return;
	for (i = 0; i < IDE_UNITS; i++)
		if (c->drive[i] && c->drive[i]->phase == IDE_RESET)
			ide_signature(c->drive[i]);
	if (c->diagnosing && c->drive[0])
		ide_raise(c->drive[0]);
	c->diagnosing = false;
}

static void
drive_reset(struct ide_drive *d)
{
	if (d->power == IDE_SLEEP)
		d->power = IDE_STANDBY;
	d->pending = false;
	ide_go(d, IDE_RESET);
}

/* Both. */
static void
drives_reset(struct ide_channel *c)
{
	unsigned i;

	for (i = 0; i < IDE_UNITS; i++)
		if (c->drive[i])
			drive_reset(c->drive[i]);
	c->selected = 0;
	c->diagnosing = false;
}

void
ide_software_reset(struct ide_channel *c)
{
	unsigned i;

	drives_reset(c);
	for (i = 0; i < IDE_UNITS; i++)
		if (c->drive[i] && !c->drive[i]->keep)
			ata_defaults(c->drive[i]);
}

void
ide_give_up(struct ide_drive *d)
{
	drive_reset(d);
	ide_reset_ends(ide_channel_of(d));
}

void
ide_diagnose(struct ide_channel *c)
{
	drives_reset(c);
	c->diagnosing = true;
	ide_reset_ends(c);
}

void
ide_channel_reset(struct ide_channel *c)
{
	unsigned i;

	drives_reset(c);
	bmdma_reset(c);
	c->control = 0;
	c->irq = false;
	for (i = 0; i < IDE_UNITS; i++) {
		if (!c->drive[i])
			continue;
		ata_power_on(c->drive[i]);
		tray_reset(c->drive[i]);
	}
	ide_reset_ends(c);
}

/* ---- disk I/O -------------------------------------------------------- */

static void
ide_disk_io_done(struct ioemu_dev *dev, struct ioemu_io *io)
{
	struct ide_drive *d = ioemu_state(dev);

	d->in_flight = false;
	bmdma_disk_done(ide_channel_of(d), d->controller);
	if (d->phase == IDE_RESET) /* the command was given up meanwhile */
		ide_reset_ends(ide_channel_of(d));
	else if (d->dma && io->status == -EFAULT)
		bmdma_error(ide_channel_of(d), d);
	else if (ide_is_cd(d))
		atapi_disk_done(d, io->status);
	else
		ata_disk_done(d, io->status);
}

void
ide_disk(struct ide_drive *d, uint64_t offset, uint32_t len, unsigned n_sg)
{
	assert(!d->in_flight);
	ide_go(d, IDE_DISK);
	d->in_flight = true;
	d->io = (struct ioemu_io){
		.block = d->drive,
		.op = d->write ? IOEMU_BLK_WRITE : IOEMU_BLK_READ,
		.len = len,
		.offset = offset,
		.buf = n_sg ? NULL : d->buf,
		.sg = d->sg,
		.n_sg = n_sg,
		.done = ide_disk_io_done,
	};
	if (!len)
		d->io.op = IOEMU_BLK_FLUSH;
	ioemu_io(d->dev, &d->io);
}
