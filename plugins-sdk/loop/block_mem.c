/* SPDX-License-Identifier: MIT */
/*
 * The guest memory a disk request moves: mapped in place where the host can,
 * else by the device's DMA through a bounce buffer. It knows no disk.
 */
#include "block.h"

/*
 * Where the next bytes are and how many; 0: no more. Never across a page, as
 * a mapping does not go further, nor may a PCIe request (Base Specification,
 * 2.2.7: not across a 4-KB boundary).
 */
static uint32_t
slot_next(struct block_slot *s, uint64_t *gpa)
{
	const struct ioemu_sg *sg = &s->io->sg[s->sg_i];
	uint32_t left, n;

	while (s->sg_i < s->io->n_sg && s->sg_off == sg->len) {
		sg = &s->io->sg[++s->sg_i];
		s->sg_off = 0;
	}
	if (s->sg_i == s->io->n_sg)
		return 0;
	*gpa = sg->gpa + s->sg_off;
	left = sg->len - s->sg_off;
	n = BLOCK_PAGE - (uint32_t)(*gpa % BLOCK_PAGE);
	return n < left ? n : left;
}

static void
slot_map(struct block_slot *s)
{
	bool write = s->io->op == IOEMU_BLK_READ;
	uint64_t gpa;
	uint32_t n;

	while (s->n_mapped < BLOCK_IOV && (n = slot_next(s, &gpa))) {
		void *ptr = s->mem->map(s->mem->ctx, gpa, n, write);

		if (!ptr)
			break;
		s->gpa[s->n_mapped] = gpa;
		s->iov[s->n_mapped++] = (struct iovec){ ptr, n };
		s->sg_off += n;
	}
	s->n_iov = s->n_mapped;
}

static void
slot_dma_done(struct ioemu_dev *dev, struct ioemu_dma *dma)
{
	struct block_slot *s = ((struct block_piece *)dma)->slot;

	(void)dev;
	if (!s->status)
		s->status = dma->status;
	if (!--s->dma_open)
		block_queue(s);
}

static void
slot_bounce(struct block_slot *s)
{
	uint32_t n, len = 0;
	uint64_t gpa;
	unsigned i;

	while (s->n_pieces < BLOCK_BOUNCE && (n = slot_next(s, &gpa))) {
		s->piece[s->n_pieces++] = (struct block_piece){
			.dma = {
				.gpa = gpa,
				.buf = s->bounce + len,
				.len = n,
				.done = slot_dma_done,
			},
			.slot = s,
		};
		s->sg_off += n;
		len += n;
	}
	s->iov[0] = (struct iovec){ s->bounce, len };
	s->n_iov = 1;
	if (s->io->op == IOEMU_BLK_READ) {
		block_queue(s);
		return;
	}
	s->dma_open = s->n_pieces;
	for (i = 0; i < s->n_pieces; i++)
		s->hd->ops->dma_read(s->hd, &s->piece[i].dma);
}

void
block_gather(struct block_slot *s)
{
	s->n_iov = 0;
	s->n_mapped = 0;
	s->n_pieces = 0;
	if (s->io->op == IOEMU_BLK_FLUSH) {
		block_queue(s);
		return;
	}
	if (s->io->buf)
		s->iov[s->n_iov++] = (struct iovec){ s->io->buf, s->io->len };
	else if (s->mem)
		slot_map(s);
	if (s->n_iov)
		block_queue(s);
	else
		slot_bounce(s);
}

void
block_release(struct block_slot *s)
{
	bool read = s->io->op == IOEMU_BLK_READ;
	unsigned i;

	for (i = 0; i < s->n_mapped; i++)
		s->mem->unmap(s->mem->ctx, s->gpa[i],
			      (uint32_t)s->iov[i].iov_len, s->iov[i].iov_base,
			      read);
	if (!read || s->status || !s->hd)
		return;
	for (i = 0; i < s->n_pieces; i++) {
		const struct ioemu_dma *dma = &s->piece[i].dma;

		s->hd->ops->dma_write(s->hd, dma->gpa, dma->buf, dma->len);
	}
}
