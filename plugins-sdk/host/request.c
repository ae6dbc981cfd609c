/* SPDX-License-Identifier: MIT */
/*
 * DMA reads and disk I/O on their way to the host and back: what the rules
 * forbid never gets there, and fails from the loop as everything else ends. It
 * does not move a byte itself.
 *
 * The host is given a copy of the request, so its lists do not run through the
 * device's memory, and a request asked for twice is seen by its address.
 */
#include "hostdev.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SECTOR 512u
#define ONES 0xff
#define WATCHED 64u /* in flight at a time; more go to the host as they are */

/* What the host has in hand. */
struct request {
	union {
		struct ioemu_dma dma;
		struct ioemu_io io;
	}; /* first: what done() gets */
	union {
		void (*done_dma)(struct ioemu_dev *dev, struct ioemu_dma *dma);
		void (*done_io)(struct ioemu_dev *dev, struct ioemu_io *io);
	}; /* the device's, as is this: */
	void *asked;
	unsigned place; /* in `order` */
};

/* The first `n` of `order` are in flight, the others are free. */
struct host_requests {
	unsigned n;
	struct request *order[WATCHED];
	struct request all[WATCHED];
};

/* ---- in flight ----------------------------------------------------- */

int
request_init(struct hostdev *hd)
{
	struct host_requests *rs = calloc(1, sizeof(*rs));
	unsigned i;

	if (!rs)
		return -ENOMEM;
	for (i = 0; i < WATCHED; i++) {
		rs->order[i] = &rs->all[i];
		rs->all[i].place = i;
	}
	hd->requests = rs;
	hd->refused.fire = request_refused_fire;
	return 0;
}

void
request_free(struct hostdev *hd)
{
	free(hd->requests);
}

static void
request_place(struct host_requests *rs, struct request *r, unsigned place)
{
	rs->order[place] = r;
	r->place = place;
}

/* NULL: as many as are watched are in flight. */
static struct request *
request_take(struct hostdev *hd, void *asked)
{
	struct host_requests *rs = hd->requests;
	struct request *r;

	if (rs->n == WATCHED)
		return NULL;
	r = rs->order[rs->n++];
	r->asked = asked;
	return r;
}

/* It has ended: the memory is the device's again, which may ask anew. */
static void *
request_give(struct ioemu_dev *dev, struct request *r)
{
	struct host_requests *rs = ((struct hostdev *)dev)->requests;
	unsigned place = r->place;

	rs->n--;
	request_place(rs, rs->order[rs->n], place);
	request_place(rs, r, rs->n);
	return r->asked;
}

/* Our device's mistake, which must not end in two of it: the first goes on,
 * and done() comes once. */
static bool
request_again(struct hostdev *hd, const void *asked)
{
	const struct host_requests *rs = hd->requests;
	unsigned i;

	for (i = 0; i < rs->n; i++) {
		if (rs->order[i]->asked != asked)
			continue;
		hd->bad_requests++;
		hd->ops->log(hd, IOEMU_WARN,
			     "asks again for a request that is in flight: "
			     "ignored");
		return true;
	}
	return false;
}

static void
request_dma_done(struct ioemu_dev *dev, struct ioemu_dma *dma)
{
	struct request *r = (struct request *)dma;
	void (*done)(struct ioemu_dev *, struct ioemu_dma *) = r->done_dma;
	int status = dma->status;
	struct ioemu_dma *asked = request_give(dev, r);

	asked->status = status;
	done(dev, asked);
}

static void
request_io_done(struct ioemu_dev *dev, struct ioemu_io *io)
{
	struct request *r = (struct request *)io;
	void (*done)(struct ioemu_dev *, struct ioemu_io *) = r->done_io;
	int status = io->status;
	struct ioemu_io *asked = request_give(dev, r);

	asked->status = status;
	done(dev, asked);
}

/* ---- refused ------------------------------------------------------- */

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

void
request_refused_fire(struct ioemu_dev *dev, struct ioemu_timer *timer)
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

/* Have request_refused_fire() called from the loop. */
static void
refused_kick(struct hostdev *hd)
{
	hd->ops->timer_set(hd, &hd->refused, hd->ops->now(hd));
}

void
hostdev_dma_status(struct ioemu_dma *dma, int rc)
{
	dma->status = rc ? -EFAULT : 0;
	if (rc)
		memset(dma->buf, ONES, dma->len);
}

/* It ends without the host. */
static void
dma_end(struct hostdev *hd, struct ioemu_dma *dma, int rc)
{
	struct ioemu_dma *last = hd->refused_dma;

	hostdev_dma_status(dma, rc);
	dma->host[0] = NULL;
	while (last && last->host[0])
		last = last->host[0];
	if (last)
		last->host[0] = dma;
	else
		hd->refused_dma = dma;
	refused_kick(hd);
}

void
hostdev_refuse_dma(struct hostdev *hd, struct ioemu_dma *dma)
{
	dma_end(hd, dma, -EFAULT);
}

void
request_dma_read(struct hostdev *hd, struct ioemu_dma *dma)
{
	struct request *r;

	assert(dma->done); /* our device's mistake */
	if (request_again(hd, dma))
		return;
	r = request_take(hd, dma);
	if (r) {
		r->dma = *dma;
		r->done_dma = dma->done;
		dma = &r->dma;
		dma->done = request_dma_done;
	}
	if (!request_may_dma(hd))
		hostdev_refuse_dma(hd, dma);
	else if (!dma->len)
		dma_end(hd, dma, 0);
	else
		hd->ops->dma_read(hd, dma);
}

static bool
io_sg_valid(const struct ioemu_io *io)
{
	uint64_t total = 0;
	uint32_t i;

	if (!io->sg || io->n_sg > IOEMU_BLK_MAX_SG)
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
	if (io->op == IOEMU_BLK_FLUSH)
		return 0;
	if (io->op != IOEMU_BLK_READ && io->op != IOEMU_BLK_WRITE)
		return -EINVAL;
	hd->ops->block_info(hd, io->block, &info);
	if (!info.size)
		return -ENOMEDIUM;
	if (!io->len || io->len % SECTOR || io->offset % SECTOR ||
	    io->offset > info.size || io->len > info.size - io->offset)
		return -EINVAL;
	if (io->op == IOEMU_BLK_WRITE && info.readonly)
		return -EROFS;
	if (io->buf)
		return 0;
	if (!io_sg_valid(io))
		return -EINVAL;
	return request_may_dma(hd) ? 0 : -EFAULT;
}

static void
refuse_io(struct hostdev *hd, struct ioemu_io *io, int status)
{
	struct ioemu_io *last = hd->refused_io;

	io->status = status;
	io->host[0] = NULL;
	while (last && last->host[0])
		last = last->host[0];
	if (last)
		last->host[0] = io;
	else
		hd->refused_io = io;
	refused_kick(hd);
}

void
request_io(struct hostdev *hd, struct ioemu_io *io)
{
	struct request *r;
	int rc;

	assert(io->done); /* our device's mistake */
	if (request_again(hd, io))
		return;
	r = request_take(hd, io);
	if (r) {
		r->io = *io;
		r->done_io = io->done;
		io = &r->io;
		io->done = request_io_done;
	}
	rc = io_check(hd, io);
	if (rc)
		refuse_io(hd, io, rc);
	else
		hd->ops->io(hd, io);
}
