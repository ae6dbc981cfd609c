/* SPDX-License-Identifier: MIT */
/*
 * piix3-ide - the IDE function of the 82371SB (data sheet 290550), and the
 * types of its drives. Both channels sit at the legacy addresses.
 *
 * In native mode it is the IDE function of the 82801EB (data sheet 252516),
 * whose registers are the same for what drivers do: channels are where the BARs
 * say and share INTA#, so it works on any bus.
 */
#include "ide.h"

static const uint16_t command_port[IDE_CHANNELS] = { 0x1f0, 0x170 };
static const uint16_t control_port[IDE_CHANNELS] = { 0x3f6, 0x376 };
static const uint8_t irq_line[IDE_CHANNELS] = { 14, 15 };

struct ide_channel *
ide_channel_of(struct ide_drive *d)
{
	return &((struct ide *)ioemu_state(d->controller))->channel[d->channel];
}

struct ide_drive *
ide_drive_at(struct ide_channel *c, unsigned unit)
{
	struct ide_drive *d = c->drive[unit];

	return d && !d->gone ? d : NULL;
}

struct ide_drive *
ide_selected(struct ide_channel *c)
{
	return ide_drive_at(c, c->selected);
}

/* Only the selected drive drives INTRQ (ATA/ATAPI-6, 5.2.9). */
static bool
intrq(struct ide_channel *c)
{
	const struct ide_drive *d = ide_selected(c);

	return d && d->pending && !(c->control & CTL_NIEN);
}

static void
irq_out(struct ioemu_dev *controller, unsigned channel)
{
	const struct ide *ide = ioemu_state(controller);

	if (ide->native)
		ioemu_irq(controller, IOEMU_INTX,
			  ide->channel[0].irq || ide->channel[1].irq);
	else
		ioemu_irq(controller, irq_line[channel],
			  ide->channel[channel].irq);
}

void
ide_irq(struct ioemu_dev *controller, unsigned channel)
{
	struct ide *ide = ioemu_state(controller);
	struct ide_channel *c = &ide->channel[channel];
	bool level = intrq(c);

	if (level && !c->irq) /* a rising edge (SFF-8038i, 3.2) */
		c->bm_status |= BM_INTR;
	c->irq = level;
	irq_out(controller, channel);
}

#define IDETIM 0x40 /* 16 bits a channel; PIIX3 data sheet, 2.3.9 */
#define IDETIM_ON 0x80008000u
#define IDETIM_BITS 0xf3fff3ffu
#define SIDETIM 0x44
#define N_ULTRA 3u

/* Timings, which change nothing. The first are the 82801EB's only, for Ultra
 * DMA and the kind of cable. */
static const struct ioemu_reg regs[] = {
	{ .offset = 0x48, .width = 1, .writable = 0x0f },	/* SDMA_CNT */
	{ .offset = 0x4a, .width = 2, .writable = 0x3333 },	/* SDMA_TIM */
	{ .offset = 0x54, .width = 4, .writable = 0xffffffff }, /* IDE_CONFIG */
	{ .offset = 0x06, .width = 2, .reset = 0x0280 },
	{ .offset = IDETIM, .width = 4, .writable = IDETIM_BITS },
	{ .offset = SIDETIM, .width = 1, .writable = 0xff },
	{ 0 },
};

static int
native_attach(struct ioemu_dev *dev)
{
	const struct ioemu_pci function = {
		.vendor = 0x8086,
		.device = 0x24db,
		.subvendor = 0x1af4,
		.subdevice = 0x1100,
		.class_rev = 0x01018f02, /* native ports, bus master */
		.intx_pin = 1,
		.bar = {
			{ IOEMU_BAR_IO, &ide_command_region[0] },
			{ IOEMU_BAR_IO, &ide_control_block[0] },
			{ IOEMU_BAR_IO, &ide_command_region[1] },
			{ IOEMU_BAR_IO, &ide_control_block[1] },
			{ IOEMU_BAR_IO, &bmdma_region },
		},
		.regs = regs,
	};

	return ioemu_pci(dev, &function);
}

static int
legacy_attach(struct ioemu_dev *dev)
{
	const struct ioemu_pci function = {
		.vendor = 0x8086,
		.device = 0x7010,
		.subvendor = 0x1af4,
		.subdevice = 0x1100,
		.class_rev = 0x01018000, /* legacy ports, bus master */
		.bar[4] = { IOEMU_BAR_IO, &bmdma_region },
		.regs = regs + N_ULTRA,
	};
	unsigned i;
	int rc = ioemu_pci(dev, &function);

	for (i = 0; !rc && i < IDE_CHANNELS; i++) {
		rc = ioemu_window(dev, IOEMU_PIO, command_port[i],
				  &ide_command_region[i]);
		if (!rc)
			rc = ioemu_window(dev, IOEMU_PIO, control_port[i],
					  &ide_control_region[i]);
	}
	return rc;
}

static int
piix3ide_attach(struct ioemu_dev *dev)
{
	const struct ide *ide = ioemu_state(dev);

	return ide->native ? native_attach(dev) : legacy_attach(dev);
}

static void
piix3ide_reset(struct ioemu_dev *dev, enum ioemu_reset why)
{
	struct ide *ide = ioemu_state(dev);
	unsigned i;

	/* both channels on, as hvmloader leaves them (pci.c): no firmware of
	 * Xen's sets them again after a sleep, and drivers look */
	if (why == IOEMU_RESET_WAKE)
		ioemu_put_le32(ioemu_config(dev) + IDETIM, IDETIM_ON);
	for (i = 0; i < IDE_CHANNELS; i++)
		ide_channel_reset(&ide->channel[i]);
}

/*
 * Drives are loaded after this. A state of 0.1 says of an interrupt only that
 * there is one, masked or not: drive_loaded() gives it to its drive.
 */
static int
piix3ide_loaded(struct ioemu_dev *dev)
{
	const struct ide *ide = ioemu_state(dev);
	unsigned i;

	for (i = 0; i < IDE_CHANNELS; i++) {
		const struct ide_channel *c = &ide->channel[i];

		if (c->selected >= IDE_UNITS || c->prd_off >= 0x10000)
			return -EINVAL;
		if (!(c->control & CTL_NIEN))
			irq_out(dev, i);
	}
	return 0;
}

static const struct ioemu_prop ide_props[] = {
	IOEMU_PROP(struct ide, native, "off",
		   "an 82801EB, its ports in BARs: for any bus"),
	{ 0 },
};

#define CHANNEL_FIELDS(n)                                                      \
	IOEMU_FIELD(struct ide, channel[n].control),                           \
		IOEMU_FIELD(struct ide, channel[n].selected),                  \
		IOEMU_FIELD(struct ide, channel[n].irq),                       \
		IOEMU_FIELD(struct ide, channel[n].bm_command),                \
		IOEMU_FIELD(struct ide, channel[n].bm_status),                 \
		IOEMU_FIELD(struct ide, channel[n].bm_prdt),                   \
		IOEMU_FIELD(struct ide, channel[n].prd_at),                    \
		IOEMU_FIELD(struct ide, channel[n].prd_off),                   \
		IOEMU_FIELD(struct ide, channel[n].prd_last)

static const struct ioemu_field ide_fields[] = {
	CHANNEL_FIELDS(0),
	CHANNEL_FIELDS(1),
	{ 0 },
};

static const struct ioemu_type piix3ide = {
	IOEMU_TYPE(struct ide),
	.name = "piix3-ide",
	.summary = "IDE controller 82371SB: two channels, bus master DMA",
	.props = ide_props,
	.fields = ide_fields,
	.attach = piix3ide_attach,
	.reset = piix3ide_reset,
	.loaded = piix3ide_loaded,
};

/* ---- drives
 * ---------------------------------------------------------------------------
 */

#define INDEX_UNSET 255u
#define MAX_HEADS 16u
#define MAX_SPT 63u

static bool
drive_geometry_valid(const struct ide_drive *d)
{
	return d->own_heads && d->own_heads <= MAX_HEADS && d->own_spt &&
	       d->own_spt <= MAX_SPT;
}

static int
drive_attach(struct ioemu_dev *dev, bool cd)
{
	struct ide_drive *d = ioemu_state(dev);
	struct ide *ide = ioemu_state(dev->parent);
	struct ioemu_block_info info;
	struct ide_drive **place;

	d->dev = dev;
	d->controller = dev->parent;
	d->next.fire = ide_next;
	if (d->index != INDEX_UNSET) {
		d->channel = d->index / IDE_UNITS;
		d->unit = d->index % IDE_UNITS;
	}
	if (d->channel >= IDE_CHANNELS || d->unit >= IDE_UNITS) {
		ioemu_log(dev, IOEMU_ERROR,
			  "no such place: channel and unit are 0 or 1");
		return -EINVAL;
	}
	place = &ide->channel[d->channel].drive[d->unit];
	ioemu_block_info(dev, d->drive, &info);
	if (*place || (!cd && !info.size)) {
		ioemu_log(dev, IOEMU_ERROR, "channel %u unit %u: %s",
			  d->channel, d->unit,
			  *place ? "taken by another drive" : "no disk image");
		return *place ? -EBUSY : -ENOENT;
	}
	if (!cd && info.readonly) {
		ioemu_log(dev, IOEMU_ERROR, "an IDE disk cannot be read-only");
		return -EROFS;
	}
	if (!drive_geometry_valid(d)) {
		ioemu_log(dev, IOEMU_ERROR,
			  "heads=%u,secs=%u: give 1 to %u and 1 to %u",
			  d->own_heads, d->own_spt, MAX_HEADS, MAX_SPT);
		return -EINVAL;
	}
	d->sectors = cd ? UINT64_MAX : info.size / IDE_SECTOR;
	*place = d;
	ata_power_on(d);
	ide_signature(d);
	return 0;
}

static int
hd_attach(struct ioemu_dev *dev)
{
	return drive_attach(dev, false);
}

static int
cd_attach(struct ioemu_dev *dev)
{
	return drive_attach(dev, true);
}

static void
drive_detach(struct ioemu_dev *dev)
{
	struct ide_drive *d = ioemu_state(dev);

	ide_channel_of(d)->drive[d->unit] = NULL;
}

/* Only hard disks go (docs/misc/hvm-emulated-unplug of Xen). */
static void
hd_unplug(struct ioemu_dev *dev, unsigned what)
{
	struct ide_drive *d = ioemu_state(dev);
	bool primary_master = !d->channel && !d->unit;

	if (what & IOEMU_UNPLUG_DISKS ||
	    (what & IOEMU_UNPLUG_AUX_DISKS && !primary_master)) {
		d->gone = true;
		ide_give_up(d);
		ide_irq(d->controller, d->channel);
	}
}

#define DISK_PROP(name_, member, default_, help_)                              \
	{                                                                      \
		.name = (name_), .kind = IOEMU_KIND_U8,                        \
		.offset = offsetof(struct ide_drive, member),                  \
		.def = (default_), .help = (help_)                             \
	}

static const struct ioemu_prop drive_props[] = {
	IOEMU_PROP(struct ide_drive, drive, NULL, "medium"),
	IOEMU_PROP(struct ide_drive, channel, "0", "0 primary, 1 secondary"),
	IOEMU_PROP(struct ide_drive, unit, "0", "0 master, 1 slave"),
	IOEMU_PROP(struct ide_drive, index, "255",
		   "0 to 3: in place of channel and unit"),
	IOEMU_PROP(struct ide_drive, serial, NULL, "serial number"),
	IOEMU_PROP(struct ide_drive, model, NULL, "model name"),
	DISK_PROP("heads", own_heads, "16", "disks: heads, 1 to 16"),
	DISK_PROP("secs", own_spt, "63", "disks: sectors a track, 1 to 63"),
	{ 0 },
};

static const struct ioemu_field drive_fields[] = {
	IOEMU_FIELD(struct ide_drive, gone),
	IOEMU_FIELD_ARRAY(struct ide_drive, feature),
	IOEMU_FIELD_ARRAY(struct ide_drive, nsect),
	IOEMU_FIELD_ARRAY(struct ide_drive, lba0),
	IOEMU_FIELD_ARRAY(struct ide_drive, lba1),
	IOEMU_FIELD_ARRAY(struct ide_drive, lba2),
	IOEMU_FIELD(struct ide_drive, device),
	IOEMU_FIELD(struct ide_drive, status),
	IOEMU_FIELD(struct ide_drive, error),
	IOEMU_FIELD(struct ide_drive, phase),
	IOEMU_FIELD(struct ide_drive, pending),
	IOEMU_FIELD(struct ide_drive, write),
	IOEMU_FIELD(struct ide_drive, dma),
	IOEMU_FIELD(struct ide_drive, lba48),
	IOEMU_FIELD(struct ide_drive, own_heads),
	IOEMU_FIELD(struct ide_drive, own_spt),
	IOEMU_FIELD(struct ide_drive, heads),
	IOEMU_FIELD(struct ide_drive, spt),
	IOEMU_FIELD(struct ide_drive, no_cache),
	IOEMU_FIELD(struct ide_drive, no_ahead),
	IOEMU_FIELD(struct ide_drive, keep),
	IOEMU_FIELD(struct ide_drive, mode),
	IOEMU_FIELD(struct ide_drive, power),
	IOEMU_FIELD(struct ide_drive, multiple),
	IOEMU_FIELD(struct ide_drive, block),
	IOEMU_FIELD(struct ide_drive, lba),
	IOEMU_FIELD(struct ide_drive, left),
	IOEMU_FIELD(struct ide_drive, pos),
	IOEMU_FIELD(struct ide_drive, end),
	IOEMU_FIELD(struct ide_drive, filled),
	IOEMU_FIELD(struct ide_drive, limit),
	IOEMU_FIELD(struct ide_drive, by_dma),
	IOEMU_FIELD(struct ide_drive, raw_left),
	IOEMU_FIELD_ARRAY(struct ide_drive, cdb),
	IOEMU_FIELD(struct ide_drive, sense),
	IOEMU_FIELD(struct ide_drive, asc),
	IOEMU_FIELD(struct ide_drive, ascq),
	IOEMU_FIELD(struct ide_drive, locked),
	IOEMU_FIELD(struct ide_drive, open),
	IOEMU_FIELD(struct ide_drive, changed),
	IOEMU_FIELD(struct ide_drive, events),
	IOEMU_FIELD(struct ide_drive, identifying),
	IOEMU_FIELD_ARRAY(struct ide_drive, buf),
	{ 0 },
};

/* Where the drive is in buf: no further than what is in use of it. */
static bool
drive_place_valid(const struct ide_drive *d, const struct ide_channel *c)
{
	bool cd = ide_is_cd(d);

	if (d->filled > IDE_BUF)
		return false;
	switch (d->phase) {
	case IDE_IDLE:
		return true;
	case IDE_PIO_OUT:
		return !cd && d->pos < d->end && d->end <= d->filled &&
		       d->filled / IDE_SECTOR <= d->left;
	case IDE_PIO_IN:
		return d->pos < d->end && d->end <= d->filled;
	case IDE_CDB:
		return cd && d->pos < d->end && d->end == sizeof(d->cdb);
	case IDE_DMA:
		return d->dma && d->pos <= d->filled;
	case IDE_RESET:
		return c->control & CTL_SRST;
	case IDE_BETWEEN:
		return d->pos < d->filled &&
		       (!d->write ||
			(!cd && d->filled / IDE_SECTOR <= d->left));
	}
	return false; /* disk I/O ends before anybody is saved */
}

/* State comes from a file: what indexes memory is checked. What was under way
 * goes on when the clock does. */
static int
drive_loaded(struct ioemu_dev *dev)
{
	struct ide_drive *d = ioemu_state(dev);
	struct ide_channel *c = ide_channel_of(d);

	if (!drive_place_valid(d, c) || !atapi_loaded(d) ||
	    !drive_geometry_valid(d) || d->block > 128 || d->multiple > 128 ||
	    !d->heads || d->heads > 16 || !d->spt || d->power > IDE_SLEEP ||
	    d->changed > IDE_CHANGED_AWAY)
		return -EINVAL;
	if (c->irq && ide_selected(c) == d) {
		d->pending = true;
		c->irq = !(c->control & CTL_NIEN);
	}
	if (d->phase == IDE_DMA || d->phase == IDE_BETWEEN)
		ioemu_timer_set(dev, &d->next, ioemu_now(dev));
	return 0;
}

static const struct ioemu_type ide_hd = {
	IOEMU_TYPE(struct ide_drive), .name = "ide-hd",
	.summary = "ATA disk",	      .parent = "piix3-ide",
	.props = drive_props,	      .fields = drive_fields,
	.attach = hd_attach,	      .detach = drive_detach,
	.unplug = hd_unplug,	      .loaded = drive_loaded,
};

static const struct ioemu_type ide_cd = {
	IOEMU_TYPE(struct ide_drive),
	.name = "ide-cd",
	.summary = "ATAPI CD-ROM drive",
	.parent = "piix3-ide",
	.props = drive_props,
	.fields = drive_fields,
	.attach = cd_attach,
	.detach = drive_detach,
	.loaded = drive_loaded,
	.medium = tray_medium,
};

IOEMU_PLUGIN(&piix3ide, &ide_hd, &ide_cd);
