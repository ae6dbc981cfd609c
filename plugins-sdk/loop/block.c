/* SPDX-License-Identifier: MIT */
/*
 * Requests to raw disk images run as preadv and pwritev on libuv's workers, in
 * slots made at open; when these are taken requests wait in line. Whose memory
 * is moved, and how it is reached, block_mem.c knows.
 */
#include "block.h"

#include <string.h>
#include <unistd.h>

/* ---- on a worker ---------------------------------------------------- */

/* Bytes moved, 0 at the end of the file, -errno. */
static ssize_t
slot_move(const struct block_slot *s, struct iovec *iov, unsigned n,
	  uint64_t offset)
{
	ssize_t rc;

	do {
		rc = s->io->op == IOEMU_BLK_READ
			     ? preadv(s->block->fd, iov, (int)n, (off_t)offset)
			     : pwritev(s->block->fd, iov, (int)n,
				       (off_t)offset);
	} while (rc < 0 && errno == EINTR);
	return rc < 0 ? -errno : rc;
}

static int
slot_transfer(struct block_slot *s)
{
	struct iovec iov[BLOCK_IOV], *v = iov;
	unsigned n = s->n_iov;

	memcpy(iov, s->iov, n * sizeof(iov[0])); /* block_release() needs it */
	while (n) {
		ssize_t rc = slot_move(s, v, n, s->io->offset + s->pos);

		if (rc <= 0) /* an image that shrank under us */
			return rc ? (int)rc : -EIO;
		s->pos += (uint64_t)rc;
		for (; n && (size_t)rc >= v->iov_len; v++, n--)
			rc -= (ssize_t)v->iov_len;
		if (n) {
			v->iov_base = (uint8_t *)v->iov_base + rc;
			v->iov_len -= (size_t)rc;
		}
	}
	return 0;
}

static void
slot_work(uv_work_t *work)
{
	struct block_slot *s = work->data;

	if (s->status)
		return;
	if (s->io->op != IOEMU_BLK_FLUSH)
		s->status = slot_transfer(s);
	else if (fdatasync(s->block->fd))
		s->status = -errno;
	s->failed = s->status != 0;
}

/* ---- lists --------------------------------------------------------- */

static void
list_add(struct block_list *list, struct ioemu_io *io)
{
	io->host[0] = NULL;
	*list->tail = io;
	list->tail = (struct ioemu_io **)&io->host[0];
}

static struct ioemu_io *
list_take(struct block_list *list)
{
	struct ioemu_io *io = list->first;

	if (!io)
		return NULL;
	list->first = io->host[0];
	if (!list->first)
		list->tail = &list->first;
	return io;
}

void
block_list_clear(struct block_list *list)
{
	list->first = NULL;
	list->tail = &list->first;
}

void
block_list_join(struct block_list *list, struct block_list *from)
{
	if (!from->first)
		return;
	*list->tail = from->first;
	list->tail = from->tail;
	block_list_clear(from);
}

/* ---- on the loop --------------------------------------------------- */

/* It has ended, well or not. */
static void
block_count(struct ioemu_block *block, const struct ioemu_io *io, int status)
{
	struct block_stats *stats = &block->stats[io->op];

	if (status) {
		stats->failed++;
		return;
	}
	stats->ops++;
	stats->bytes += io->op == IOEMU_BLK_FLUSH ? 0 : io->len;
	stats->ns += uv_hrtime() - (uintptr_t)io->host[3];
}

/* Keep it in place of telling the device? */
static bool
block_parks(struct ioemu_block *block, struct ioemu_io *io, int status)
{
	if (io->op == IOEMU_BLK_FLUSH || !block->park || block->change)
		return false;
	if (!block->park(block->park_ctx, block, io, status))
		return false;
	io->status = status;
	list_add(&block->parked, io);
	return true;
}

/* It has guest memory left, for another round. */
static bool
slot_unfinished(const struct block_slot *s)
{
	return !s->status && s->hd && s->io->op != IOEMU_BLK_FLUSH &&
	       s->pos < s->io->len;
}

static void
slot_free(struct block_slot *s)
{
	s->io = NULL;
	s->block->busy--;
	s->block->running--;
}

/* What waits goes first, as done() may ask for more. */
static void
slot_complete(struct block_slot *s)
{
	struct hostdev *hd = s->hd;
	struct ioemu_io *io = s->io;

	io->status = s->status;
	slot_free(s);
	block_start(s->block);
	if (hd)
		io->done(&hd->dev, io);
}

static void
slot_done(uv_work_t *work, int cancelled)
{
	struct block_slot *s = work->data;
	struct ioemu_block *block = s->block;

	(void)cancelled; /* nobody does */
	block_release(s);
	if (slot_unfinished(s)) {
		block_gather(s);
		return;
	}
	if (s->failed && s->io->op == IOEMU_BLK_FLUSH)
		block->lost = s->status;
	if (s->hd)
		block_count(block, s->io, s->status);
	if (s->hd && s->failed && block_parks(block, s->io, s->status)) {
		slot_free(s);
		block_start(block);
	} else {
		slot_complete(s);
	}
}

void
block_queue(struct block_slot *s)
{
	uv_queue_work(s->block->loop, &s->work, slot_work, slot_done);
}

static int
slot_check(const struct block_slot *s)
{
	const struct ioemu_io *io = s->io;
	uint64_t total = 0;
	unsigned i;

	if (s->block->fd < 0)
		return -ENOMEDIUM;
	if (io->op == IOEMU_BLK_FLUSH)
		return s->block->lost;
	if (io->offset % BLOCK_SECTOR || io->len % BLOCK_SECTOR || !io->len ||
	    io->offset > s->block->size ||
	    io->len > s->block->size - io->offset)
		return -EINVAL;
	if (io->op == IOEMU_BLK_WRITE && s->block->readonly)
		return -EROFS;
	for (i = 0; !io->buf && i < io->n_sg; i++)
		total += io->sg[i].len;
	return io->buf || total == io->len ? 0 : -EINVAL;
}

static void
slot_start(struct block_slot *s, struct ioemu_io *io)
{
	s->block->running++;
	s->io = io;
	s->failed = false;
	s->hd = io->host[1];
	s->mem = io->host[2];
	s->pos = 0;
	s->sg_i = 0;
	s->sg_off = 0;
	s->n_mapped = 0;
	s->n_pieces = 0;
	s->status = slot_check(s);
	if (s->status)
		block_queue(s); /* it is told from the loop all the same */
	else
		block_gather(s);
}

static struct block_slot *
block_free_slot(struct ioemu_block *block)
{
	unsigned i;

	for (i = 0; i < BLOCK_SLOTS; i++)
		if (!block->slot[i].io)
			return &block->slot[i];
	return NULL;
}

void
block_start(struct ioemu_block *block)
{
	struct block_slot *s;

	while (block->waiting.first && (s = block_free_slot(block)))
		slot_start(s, list_take(&block->waiting));
	if (block->change && !block->running && !block->changing)
		block_swap(block);
}

void
block_io(struct ioemu_block *block, struct hostdev *hd,
	 const struct block_mem *mem, struct ioemu_io *io)
{
	io->host[1] = hd;
	io->host[2] = (void *)(uintptr_t)mem;
	io->host[3] = (void *)(uintptr_t)uv_hrtime();
	list_add(block->change ? &block->later : &block->waiting, io);
	block->busy++;
	block_start(block);
}

unsigned
block_busy(const struct ioemu_block *block)
{
	return block->busy;
}

void
block_forget(struct ioemu_block *block)
{
	unsigned i;

	block_list_join(&block->waiting, &block->later);
	while (list_take(&block->waiting))
		block->busy--;
	block_list_clear(&block->parked);
	for (i = 0; i < BLOCK_SLOTS; i++) {
		struct block_slot *s = &block->slot[i];

		s->hd = NULL;
		if (!s->dma_open)
			continue;
		s->dma_open = 0; /* nobody will tell it */
		slot_free(s);
	}
	block_start(block); /* a change that waited for them */
}

const struct block_stats *
block_stats(const struct ioemu_block *block)
{
	return block->stats;
}

/* ---- requests that failed ------------------------------------------ */

void
block_on_failure(struct ioemu_block *block,
		 bool (*park)(void *ctx, struct ioemu_block *block,
			      const struct ioemu_io *io, int status),
		 void *ctx)
{
	block->park = park;
	block->park_ctx = ctx;
}

int
block_parked(const struct ioemu_block *block)
{
	return block->parked.first ? block->parked.first->status : 0;
}

/* In front of what came later. */
void
block_retry(struct ioemu_block *block)
{
	struct ioemu_io *io;

	for (io = block->parked.first; io; io = io->host[0])
		block->busy++;
	block_list_join(&block->parked, &block->waiting);
	block_list_join(&block->waiting, &block->parked);
	block_start(block);
}

/* Of a list of their own, as done() may ask again. */
void
block_give_up(struct ioemu_block *block)
{
	struct ioemu_io *io = block->parked.first, *next;

	block_list_clear(&block->parked);
	for (; io; io = next) {
		struct hostdev *hd = io->host[1];

		next = io->host[0];
		io->done(&hd->dev, io);
	}
}
