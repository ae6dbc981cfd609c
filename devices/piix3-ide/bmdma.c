/* SPDX-License-Identifier: MIT */
/*
 * The bus master (Programming Interface for Bus Master IDE Controller,
 * revision 1.0): finds the guest memory for a drive's data. Entries of the
 * descriptor table are fetched 64 at a time; the registers always answer at
 * once.
 */
#include "ide.h"

#define BM_START 0x01u
#define BM_TO_MEMORY 0x08u
#define BM_ACTIVE 0x01u
#define BM_ERROR 0x02u
#define BM_INTR 0x04u
#define BM_CAPABLE 0x60u
#define PRD_END 0x80000000u

static void
bmdma_step(struct ide_drive *d)
{
	if (ide_is_cd(d))
		atapi_dma_step(d);
	else
		ata_dma_step(d);
}

static void
bmdma_fetched(struct ioemu_dev *dev, struct ioemu_dma *dma)
{
	struct ide *ide = ioemu_state(dev);
	struct ide_channel *c = dma == &ide->channel[0].fetch
					? &ide->channel[0]
					: &ide->channel[1];
	struct ide_drive *d = ide_selected(c);

	c->fetching = false;
	c->prd_n = IDE_PRDS;
	c->prd_i = 0;
	if (!d || d->phase != IDE_DMA || !(c->bm_command & BM_START))
		return;
	if (dma->status)
		bmdma_end(c, d, true);
	else
		bmdma_step(d);
}

static void
bmdma_fetch(struct ide_channel *c, struct ide_drive *d)
{
	if (c->fetching)
		return;
	c->fetching = true;
	c->fetch = (struct ioemu_dma){
		.gpa = c->prd_next,
		.buf = c->prd,
		.len = sizeof(c->prd),
		.done = bmdma_fetched,
	};
	c->prd_next += sizeof(c->prd);
	ioemu_dma_read(d->controller, &c->fetch);
}

/* The entry at hand; its length 0 means 64 KiB. */
static uint32_t
prd_length(const uint8_t *prd)
{
	uint32_t n = get_le16(prd + 4) & 0xfffe;

	return n ? n : 0x10000;
}

uint32_t
bmdma_sg(struct ide_channel *c, struct ide_drive *d, uint32_t want,
	 unsigned *n_sg)
{
	uint32_t got = 0, excess;

	*n_sg = 0;
	while (got < want && *n_sg < IOEMU_IO_MAX_SG && c->prd_i < c->prd_n) {
		const uint8_t *prd = c->prd + (size_t)8 * c->prd_i;
		uint32_t n = prd_length(prd) - c->prd_off;

		if (n > want - got)
			n = want - got;
		d->sg[(*n_sg)++] = (struct ioemu_sg){
			.gpa = (get_le32(prd) & ~1u) + (uint64_t)c->prd_off,
			.len = n,
		};
		got += n;
		c->prd_off += n;
		if (c->prd_off < prd_length(prd))
			break;
		c->prd_off = 0;
		c->prd_i++;
		if (get_le32(prd + 4) & PRD_END) {
			c->prd_n = c->prd_i;
			c->prd_last = true;
		}
	}
	excess = d->left ? got % IDE_SECTOR : 0; /* short answers: any size */
	if (got && !excess)
		return got;
	if (got || c->prd_last) { /* a table shorter than the command, or one
				     that cuts sectors across 64 entries */
		bmdma_end(c, d, true);
		return 0;
	}
	bmdma_fetch(c, d);
	return 0;
}

void
bmdma_end(struct ide_channel *c, struct ide_drive *d, bool error)
{
	c->bm_status &= (uint8_t)~BM_ACTIVE;
	if (error) {
		c->bm_status |= BM_ERROR;
		ide_finish(d, ER_ABRT);
		return;
	}
	if (!c->prd_last && c->prd_i < c->prd_n) /* longer than the data */
		c->bm_status |= BM_ACTIVE;
}

void
bmdma_kick(struct ide_channel *c, struct ide_drive *d)
{
	if (!d || d->phase != IDE_DMA || !(c->bm_command & BM_START))
		return;
	bmdma_step(d);
}

static void
bmdma_start(struct ide_channel *c)
{
	c->bm_status |= BM_ACTIVE;
	c->prd_next = c->bm_prdt;
	c->prd_n = c->prd_i = 0;
	c->prd_off = 0;
	c->prd_last = false;
	bmdma_kick(c, ide_selected(c));
}

static void
bmdma_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct ide *ide = ioemu_state(dev);
	struct ide_channel *c = &ide->channel[a->offset / 8];
	unsigned reg = a->offset % 8;

	if (reg == 0)
		a->value = c->bm_command;
	else if (reg == 2)
		a->value = c->bm_status | BM_CAPABLE;
	else if (reg >= 4)
		a->value = c->bm_prdt >> (8 * (reg - 4));
	else
		a->value = 0;
}

static void
bmdma_write_prdt(struct ide_channel *c, const struct ioemu_access *a)
{
	unsigned shift = 8 * ((unsigned)a->offset % 8 - 4);
	uint32_t mask = (uint32_t)((1ull << (8 * a->size)) - 1) << shift;

	c->bm_prdt = ((c->bm_prdt & ~mask) |
		      ((uint32_t)(a->value << shift) & mask)) &
		     ~3u;
}

static void
bmdma_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct ide *ide = ioemu_state(dev);
	struct ide_channel *c = &ide->channel[a->offset / 8];
	unsigned reg = a->offset % 8;
	uint8_t v = (uint8_t)a->value, old = c->bm_command;

	if (reg == 0) {
		c->bm_command = v & (BM_START | BM_TO_MEMORY);
		if (v & ~old & BM_START)
			bmdma_start(c);
		else if (!(v & BM_START))
			c->bm_status &= (uint8_t)~BM_ACTIVE;
	} else if (reg == 2) {
		c->bm_status &= (uint8_t) ~(v & (BM_ERROR | BM_INTR));
	} else if (reg >= 4) {
		bmdma_write_prdt(c, a);
	}
}

const struct ioemu_region bmdma_region = {
	.name = "bus-master",
	.size = 16,
	.min = 1,
	.max = 4,
	.read = bmdma_read,
	.write = bmdma_write,
};
