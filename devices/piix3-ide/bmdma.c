/* SPDX-License-Identifier: MIT */
/*
 * The bus master (Programming Interface for Bus Master IDE Controller,
 * revision 1.0): moves a drive's data to and from the guest memory of a
 * descriptor table, whose entries are fetched 64 at a time; the registers
 * always answer at once.
 *
 * A guest may ask for gigabytes by one command, or a sector in 256 pieces. So
 * a command rests now and then until a timer fires. That one stops with the
 * guest: a command that runs does not hold up who saves it, it goes on after.
 */
#include "ide.h"

#include <string.h>

#define BM_START 0x01u
#define BM_TO_MEMORY 0x08u
#define BM_ACTIVE 0x01u
#define BM_ERROR 0x02u
#define BM_CAPABLE 0x60u
#define PRD_END 0x80000000u
#define PRD_SIZE 8u

#define PAGE 4096u
#define MAX_SECTORS 0x4000u /* of one request */
#define REST_PIECES 16u	    /* requests until a rest */

#define REGISTERS 8u /* a channel */

enum { R_COMMAND, R_STATUS = 2, R_PRDT = 4 };

static void bmdma_step(struct ide_channel *c, struct ide_drive *d);

/* Data can move: the drive has a DMA command, is not at its disk and drives
 * DMARQ, as only the one that is selected does (ATA/ATAPI-6, 5.2.8). */
static bool
bmdma_ready(struct ide_channel *c, const struct ide_drive *d)
{
	return d && d == ide_selected(c) && d->phase == IDE_DMA &&
	       !c->fetching && c->bm_status & BM_ACTIVE;
}

static void
bmdma_kick(struct ide_channel *c, struct ide_drive *d)
{
	if (bmdma_ready(c, d))
		bmdma_step(c, d);
}

/* The guest may have been saved meanwhile, and cannot tell: what is not saved
 * begins anew. */
void
bmdma_resume(struct ide_channel *c, struct ide_drive *d)
{
	if (!bmdma_ready(c, d))
		return;
	c->prd_n = c->prd_i = 0;
	d->pieces = 0;
	bmdma_step(c, d);
}

void
bmdma_end(struct ide_channel *c)
{
	if (c->prd_last)
		c->bm_status &= (uint8_t)~BM_ACTIVE;
}

/* It is the bus master that stops, without an interrupt. The drive knows
 * nothing of it and still has data to move (SFF-8038i, "Error conditions"). */
void
bmdma_error(struct ide_channel *c, struct ide_drive *d)
{
	c->bm_status &= (uint8_t)~BM_ACTIVE;
	c->bm_status |= BM_ERROR;
	ide_go(d, IDE_DMA);
}

/* ---- the descriptor table ------------------------------------------- */

/* Of the entry; 0 means 64 KiB. */
static uint32_t
prd_length(const uint8_t *prd)
{
	uint32_t n = ioemu_get_le16(prd + 4) & 0xfffe;

	return n ? n : 0x10000;
}

static const uint8_t *
prd_entry(const struct ide_channel *c, unsigned i)
{
	return c->prd + (size_t)PRD_SIZE * i;
}

/* Bytes for which the entries at hand have room, counted up to `want`. */
static uint32_t
prd_room(const struct ide_channel *c, uint32_t want)
{
	uint32_t room = 0, off = c->prd_off;
	bool ends = c->prd_last;
	unsigned i;

	for (i = c->prd_i; i < c->prd_n && !ends && room < want; i++) {
		room += prd_length(prd_entry(c, i)) - off;
		ends = ioemu_get_le32(prd_entry(c, i) + 4) & PRD_END;
		off = 0;
	}
	return room < want ? room : want;
}

/* The next piece, of `most` bytes at most; false: no entry is at hand. */
static bool
prd_take(struct ide_channel *c, uint32_t most, struct ioemu_sg *sg)
{
	const uint8_t *prd = prd_entry(c, c->prd_i);
	uint32_t left;

	if (c->prd_i == c->prd_n)
		return false;
	left = prd_length(prd) - c->prd_off;
	*sg = (struct ioemu_sg){
		.gpa = (ioemu_get_le32(prd) & ~1u) + (uint64_t)c->prd_off,
		.len = left < most ? left : most,
	};
	c->prd_off += sg->len;
	if (sg->len < left)
		return true;
	c->prd_off = 0;
	c->prd_at += PRD_SIZE;
	c->prd_i++;
	c->prd_last = ioemu_get_le32(prd + 4) & PRD_END;
	if (c->prd_last)
		c->prd_n = c->prd_i;
	return true;
}

/* ---- what is read from guest memory --------------------------------- */

static void
prd_fetched(struct ide_channel *c, uint32_t len)
{
	c->prd_n = (uint8_t)(len / PRD_SIZE);
	c->prd_i = 0;
	if (c->prd_off >= prd_length(c->prd)) /* changed while it was in use */
		c->prd_off = 0;
}

/* A piece of the sector that a drive is to write; the last one: write it. */
static void
piece_fetched(struct ide_channel *c, struct ide_drive *d, uint32_t len)
{
	memcpy(d->buf + d->pos, c->piece, len);
	d->pos += len;
	if (d->pos == d->filled)
		ide_disk(d, d->lba * IDE_SECTOR, d->filled, 0);
}

static void
bmdma_fetched(struct ioemu_dev *dev, struct ioemu_dma *dma)
{
	struct ide *ide = ioemu_state(dev);
	struct ide_channel *c = dma == &ide->channel[0].fetch
					? &ide->channel[0]
					: &ide->channel[1];
	struct ide_drive *d = c->drive[c->fetch_unit];

	c->fetching = false;
	if (!d || d->phase != IDE_DMA || !(c->bm_status & BM_ACTIVE))
		c->stale = true;
	if (!c->stale && dma->status) {
		bmdma_error(c, d);
		return;
	}
	if (!c->stale && dma->buf == c->prd)
		prd_fetched(c, dma->len);
	else if (!c->stale)
		piece_fetched(c, d, dma->len);
	bmdma_kick(c, ide_selected(c));
}

static void
bmdma_fetch(struct ide_channel *c, struct ide_drive *d, uint64_t gpa, void *buf,
	    uint32_t len)
{
	c->fetching = true;
	c->stale = false;
	c->fetch_unit = d->unit;
	c->fetch = (struct ioemu_dma){
		.gpa = gpa,
		.buf = buf,
		.len = len,
		.done = bmdma_fetched,
	};
	ioemu_dma_read(d->controller, &c->fetch);
}

/*
 * The table is shorter than the command: not active, no error, no interrupt, as
 * the drive still has data to move and waits for a reset or for another table
 * (SFF-8038i, "Status bit interpretation").
 */
static void
bmdma_table_ends(struct ide_channel *c)
{
	c->bm_status &= (uint8_t)~BM_ACTIVE;
}

/* Entries from the one at hand on; not of the next page, which may be no
 * memory, unless the first of them begins in this one. */
static void
prd_fetch(struct ide_channel *c, struct ide_drive *d)
{
	uint32_t n = (PAGE - c->prd_at % PAGE) / PRD_SIZE;

	if (c->prd_last) {
		bmdma_table_ends(c);
		return;
	}
	n = n ? n : 1;
	n = n < IDE_PRDS ? n : IDE_PRDS;
	bmdma_fetch(c, d, c->prd_at, c->prd, n * PRD_SIZE);
}

/* ---- a DMA command -------------------------------------------------- */

/* Data in buf goes to guest memory. */
static void
bmdma_give(struct ide_channel *c, struct ide_drive *d)
{
	struct ioemu_sg sg;

	while (d->pos < d->filled) {
		if (!prd_take(c, d->filled - d->pos, &sg)) {
			prd_fetch(c, d);
			return;
		}
		ioemu_dma_write(d->controller, sg.gpa, d->buf + d->pos, sg.len);
		d->pos += sg.len;
	}
	bmdma_step(c, d);
}

static void
bmdma_collect(struct ide_channel *c, struct ide_drive *d)
{
	struct ioemu_sg sg;

	if (prd_take(c, d->filled - d->pos, &sg))
		bmdma_fetch(c, d, sg.gpa, c->piece, sg.len);
	else
		prd_fetch(c, d);
}

/* A sector in more pieces than there are entries at hand, or of which the table
 * has room for a part only, goes by buf. */
static void
bmdma_sector(struct ide_channel *c, struct ide_drive *d)
{
	d->pos = 0;
	if (d->write) {
		d->filled = IDE_SECTOR;
		bmdma_collect(c, d);
	} else {
		ide_disk(d, d->lba * IDE_SECTOR, IDE_SECTOR, 0);
	}
}

/* Whole sectors between disk and guest memory, as many as the entries at hand
 * have room for: there are no more of those than a request takes. */
static void
bmdma_sectors(struct ide_channel *c, struct ide_drive *d)
{
	uint32_t want = d->left < MAX_SECTORS ? d->left : MAX_SECTORS;
	uint32_t got = 0, n;
	unsigned n_sg = 0;

	n = prd_room(c, want * IDE_SECTOR);
	n -= n % IDE_SECTOR;
	while (got < n && prd_take(c, n - got, &d->sg[n_sg]))
		got += d->sg[n_sg++].len;
	if (n)
		ide_disk(d, d->lba * IDE_SECTOR, n, n_sg);
	else if (c->prd_i || !c->prd_n)
		prd_fetch(c, d);
	else
		bmdma_sector(c, d);
}

static void
bmdma_step(struct ide_channel *c, struct ide_drive *d)
{
	if (d->pos < d->filled && d->write)
		bmdma_collect(c, d);
	else if (d->pos < d->filled)
		bmdma_give(c, d);
	else if (!d->left && ide_is_cd(d))
		atapi_dma_done(d);
	else if (!d->left)
		ata_dma_done(d);
	else if (!ide_is_cd(d) || !tray_refuses(d))
		bmdma_sectors(c, d);
}

void
bmdma_command(struct ide_drive *d)
{
	struct ide_channel *c = ide_channel_of(d);

	d->dma = true;
	ide_go(d, IDE_DMA);
	c->stale = true; /* a fetch for what was before it */
	bmdma_resume(c, d);
}

void
bmdma_moved(struct ide_drive *d)
{
	bool in_buf = d->io.buf && !d->write;

	d->lba += d->io.len / IDE_SECTOR;
	d->left -= d->io.len / IDE_SECTOR;
	d->pos = 0;
	d->filled = in_buf ? d->io.len : 0;
	bmdma_go_on(d);
}

void
bmdma_go_on(struct ide_drive *d)
{
	ide_go(d, IDE_DMA);
	if (++d->pieces % REST_PIECES)
		bmdma_kick(ide_channel_of(d), d);
	else
		ioemu_timer_set(d->dev, &d->next, ioemu_now(d->dev));
}

void
bmdma_reset(struct ide_channel *c)
{
	c->stale = true;
	c->bm_command = 0;
	c->bm_status = 0;
	c->bm_prdt = 0;
}

/* ---- registers: each is a byte -------------------------------------- */

/* A disk is moving data from or to guest memory. */
static bool
bmdma_at_memory(const struct ide_channel *c)
{
	unsigned i;

	for (i = 0; i < IDE_UNITS; i++)
		if (c->drive[i] && c->drive[i]->in_flight &&
		    c->drive[i]->io.n_sg)
			return true;
	return false;
}

/*
 * Who stops the bus master may use the memory for something else right away: a
 * stop aborts the transfer (SFF-8038i, the start bit of the command register).
 * What the host's disk was asked for cannot be called back, so the stop is
 * answered when that is over, as it is in QEMU.
 */
static void
bmdma_stop_waits(struct ide_channel *c, struct ioemu_dev *dev,
		 struct ioemu_access *a)
{
	if (c->bm_command & BM_START || c->n_stops == IDE_STOPS ||
	    !bmdma_at_memory(c))
		return;
	c->stop[c->n_stops++] = a;
	ioemu_defer(dev, a);
}

void
bmdma_disk_done(struct ide_channel *c, struct ioemu_dev *dev)
{
	while (c->n_stops && !bmdma_at_memory(c))
		ioemu_complete(dev, c->stop[--c->n_stops]);
}

static void
bmdma_command_write(struct ide_channel *c, uint8_t v)
{
	bool starts = v & ~c->bm_command & BM_START;

	c->bm_command = v & (BM_START | BM_TO_MEMORY);
	if (!(v & BM_START))
		c->bm_status &= (uint8_t)~BM_ACTIVE;
	if (!starts)
		return;
	c->bm_status |= BM_ACTIVE;
	c->prd_at = c->bm_prdt;
	c->prd_n = c->prd_i = 0; /* also if a fetch keeps it from going on */
	c->prd_off = 0;
	c->prd_last = false;
	c->stale = true;
	bmdma_resume(c, ide_selected(c));
}

static void
bmdma_put(struct ide_channel *c, unsigned reg, uint8_t v)
{
	unsigned shift = 8 * (reg % 4);

	if (reg == R_COMMAND) {
		bmdma_command_write(c, v);
	} else if (reg == R_STATUS) {
		c->bm_status &= (uint8_t) ~(v & (BM_ERROR | BM_INTR));
		c->bm_status &= (uint8_t)~BM_CAPABLE;
		c->bm_status |= v & BM_CAPABLE;
	} else if (reg >= R_PRDT) {
		c->bm_prdt &= ~(0xffu << shift);
		c->bm_prdt |= (uint32_t)v << shift;
		c->bm_prdt &= ~3u;
	}
}

static uint8_t
bmdma_get(const struct ide_channel *c, unsigned reg)
{
	if (reg == R_COMMAND)
		return c->bm_command;
	if (reg == R_STATUS)
		return c->bm_status;
	if (reg < R_PRDT)
		return 0;
	return (uint8_t)(c->bm_prdt >> (8 * (reg % 4)));
}

static void
bmdma_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	const struct ide *ide = ioemu_state(dev);
	const struct ide_channel *c = &ide->channel[a->offset / REGISTERS];
	unsigned reg = a->offset % REGISTERS, i;

	a->value = 0;
	for (i = 0; i < a->size; i++)
		a->value |= (uint64_t)bmdma_get(c, reg + i) << (8 * i);
}

static void
bmdma_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct ide *ide = ioemu_state(dev);
	struct ide_channel *c = &ide->channel[a->offset / REGISTERS];
	unsigned reg = a->offset % REGISTERS, i;

	for (i = 0; i < a->size; i++)
		bmdma_put(c, reg + i, (uint8_t)(a->value >> (8 * i)));
	if (reg == R_COMMAND)
		bmdma_stop_waits(c, dev, a);
}

const struct ioemu_region bmdma_region = {
	.name = "bus-master",
	.size = (uint64_t)IDE_CHANNELS * REGISTERS,
	.min = 1,
	.max = 4,
	.read = bmdma_read,
	.write = bmdma_write,
};
