/* SPDX-License-Identifier: MIT */
/*
 * DMA reads and disk I/O on their way to the host: what the rules forbid never
 * gets there, and fails from the loop as everything else ends. It does not
 * move a byte itself.
 */
#include "hostdev.h"

#include <assert.h>
#include <string.h>

#define SECTOR 512u
#define ONES 0xff

/* A PCI function without bus master enable, or a device behind one, gets no
 * answer to what it asks of memory: a master abort. */
bool
request_may_dma(struct hostdev *hd)
{
	for (; hd; hd = (struct hostdev *)hd->dev.parent)
		if (hd->func)
			return pcifunc_master(hd->func) &&
			       (!hd->ops->upstream || hd->ops->upstream(hd));
	return true;
}

static void
refused_fire(struct ioemu_dev *dev, struct ioemu_timer *timer)
{
	struct hostdev *hd = (struct hostdev *)dev;
	struct ioemu_dma *dma = hd->refused_dma;
	struct ioemu_io *io = hd->refused_io;

	(void)timer;
	/* done() may ask again: that is for the next time */
	hd->refused_dma = NULL;
	hd->refused_io = NULL;
	while (dma) {
		struct ioemu_dma *next = dma->host[0];

		dma->done(dev, dma);
		dma = next;
	}
	while (io) {
		struct ioemu_io *next = io->host[0];

		io->done(dev, io);
		io = next;
	}
}

void
request_init(struct hostdev *hd)
{
	hd->refused.fire = refused_fire;
}

/* Have refused_fire() called from the loop. */
static void
refused_kick(struct hostdev *hd)
{
	hd->ops->timer_set(hd, &hd->refused, hd->ops->now(hd));
}

void
request_dma_read(struct hostdev *hd, struct ioemu_dma *dma)
{
	assert(dma->done); /* our device's mistake */
	if (request_may_dma(hd))
		hd->ops->dma_read(hd, dma);
	else
		hostdev_refuse_dma(hd, dma, -EPERM);
}

void
hostdev_refuse_dma(struct hostdev *hd, struct ioemu_dma *dma, int status)
{
	struct ioemu_dma *last = hd->refused_dma;

	dma->status = status;
	memset(dma->buf, ONES, dma->len);
	dma->host[0] = NULL;
	while (last && last->host[0])
		last = last->host[0];
	if (last)
		last->host[0] = dma;
	else
		hd->refused_dma = dma;
	refused_kick(hd);
}

static bool
io_sg_valid(const struct ioemu_io *io)
{
	uint64_t total = 0;
	uint32_t i;

	if (!io->sg || io->n_sg > IOEMU_IO_MAX_SG)
		return false;
	for (i = 0; i < io->n_sg; i++)
		total += io->sg[i].len;
	return total == io->len;
}

static int
io_check(struct hostdev *hd, const struct ioemu_io *io)
{
	struct ioemu_block_info info;

	if (!io->block)
		return -ENOMEDIUM;
	if (io->op == IOEMU_IO_FLUSH)
		return 0;
	if (io->op != IOEMU_IO_READ && io->op != IOEMU_IO_WRITE)
		return -EINVAL;
	hd->ops->block_info(hd, io->block, &info);
	if (!info.size)
		return -ENOMEDIUM;
	if (!io->len || io->len % SECTOR || io->offset % SECTOR ||
	    io->offset > info.size || io->len > info.size - io->offset)
		return -EINVAL;
	if (io->op == IOEMU_IO_WRITE && info.readonly)
		return -EROFS;
	if (io->buf)
		return 0;
	if (!io_sg_valid(io))
		return -EINVAL;
	return request_may_dma(hd) ? 0 : -EPERM;
}

void
request_io(struct hostdev *hd, struct ioemu_io *io)
{
	struct ioemu_io *last = hd->refused_io;
	int rc = io_check(hd, io);

	assert(io->done); /* our device's mistake */
	if (!rc) {
		hd->ops->io(hd, io);
		return;
	}
	io->status = rc;
	io->host[0] = NULL;
	while (last && last->host[0])
		last = last->host[0];
	if (last)
		last->host[0] = io;
	else
		hd->refused_io = io;
	refused_kick(hd);
}
