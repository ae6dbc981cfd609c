/* SPDX-License-Identifier: MIT */
/*
 * Raw disk images. Requests run as preadv and pwritev on libuv's workers, in
 * slots made at open; when these are taken requests wait in line. Whose memory
 * is moved, and how it is reached, block_mem.c knows.
 */
#include "block.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR 512u
#define N_SLOTS 16u

struct ioemu_block {
	uv_loop_t *loop;
	int fd;
	bool readonly;
	uint64_t size;
	unsigned busy;
	struct ioemu_io *waiting, **tail; /* host[0] next, [1] hd, [2] mem */
	struct block_slot slot[N_SLOTS];
};

/* ---- on a worker ---------------------------------------------------- */

/* Bytes moved, 0 at the end of the file, -errno. */
static ssize_t
slot_move(const struct block_slot *s, struct iovec *iov, unsigned n,
	  uint64_t offset)
{
	ssize_t rc;

	do {
		rc = s->io->op == IOEMU_IO_READ
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
	if (s->io->op != IOEMU_IO_FLUSH)
		s->status = slot_transfer(s);
	else if (fdatasync(s->block->fd))
		s->status = -errno;
}

/* ---- on the loop --------------------------------------------------- */

static void block_start(struct ioemu_block *block);

static void
slot_done(uv_work_t *work, int cancelled)
{
	struct block_slot *s = work->data;
	struct ioemu_block *block = s->block;
	struct ioemu_io *io = s->io;
	struct hostdev *hd = s->hd;

	(void)cancelled; /* nobody does */
	block_release(s);
	if (!s->status && hd && io->op != IOEMU_IO_FLUSH && s->pos < io->len) {
		block_gather(s);
		return;
	}
	io->status = s->status;
	s->io = NULL;
	block->busy--;
	block_start(block);
	if (hd)
		io->done(&hd->dev, io);
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
	if (io->op == IOEMU_IO_FLUSH)
		return 0;
	if (io->offset % SECTOR || io->len % SECTOR || !io->len ||
	    io->offset > s->block->size ||
	    io->len > s->block->size - io->offset)
		return -EINVAL;
	if (io->op == IOEMU_IO_WRITE && s->block->readonly)
		return -EROFS;
	for (i = 0; !io->buf && i < io->n_sg; i++)
		total += io->sg[i].len;
	return io->buf || total == io->len ? 0 : -EINVAL;
}

static void
slot_start(struct block_slot *s, struct ioemu_io *io)
{
	s->io = io;
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

	for (i = 0; i < N_SLOTS; i++)
		if (!block->slot[i].io)
			return &block->slot[i];
	return NULL;
}

static void
block_start(struct ioemu_block *block)
{
	struct ioemu_io *io;
	struct block_slot *s;

	while (block->waiting && (s = block_free_slot(block))) {
		io = block->waiting;
		block->waiting = io->host[0];
		if (!block->waiting)
			block->tail = &block->waiting;
		slot_start(s, io);
	}
}

void
block_io(struct ioemu_block *block, struct hostdev *hd,
	 const struct block_mem *mem, struct ioemu_io *io)
{
	io->host[0] = NULL;
	io->host[1] = hd;
	io->host[2] = (void *)(uintptr_t)mem;
	*block->tail = io;
	block->tail = (struct ioemu_io **)&io->host[0];
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
	struct ioemu_io *io;
	unsigned i;

	for (io = block->waiting; io; io = io->host[0])
		block->busy--;
	block->waiting = NULL;
	block->tail = &block->waiting;
	for (i = 0; i < N_SLOTS; i++) {
		struct block_slot *s = &block->slot[i];

		s->hd = NULL;
		if (!s->dma_open)
			continue;
		s->dma_open = 0; /* nobody will tell it */
		s->io = NULL;
		block->busy--;
	}
}

void
block_info(const struct ioemu_block *block, struct ioemu_block_info *info)
{
	info->size = block->size;
	info->readonly = block->readonly;
}

/* ---- open and close ------------------------------------------------ */

static int
block_open_file(struct ioemu_block *block, const char *path)
{
	struct stat st;
	uint64_t size;

	block->fd =
		open(path, (block->readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (block->fd < 0 || fstat(block->fd, &st))
		return -errno;
	if (S_ISBLK(st.st_mode)) {
		if (ioctl(block->fd, BLKGETSIZE64, &size))
			return -errno;
	} else if (S_ISREG(st.st_mode)) {
		size = (uint64_t)st.st_size;
	} else {
		return -ENOTBLK;
	}
	block->size = size / SECTOR * SECTOR;
	return 0;
}

int
block_open(uv_loop_t *loop, const char *path, bool readonly,
	   struct ioemu_block **out)
{
	struct ioemu_block *block = calloc(1, sizeof(*block));
	unsigned i;
	int rc = 0;

	if (!block)
		return -ENOMEM;
	block->loop = loop;
	block->readonly = readonly;
	block->fd = -1;
	block->tail = &block->waiting;
	for (i = 0; i < N_SLOTS; i++) {
		block->slot[i].block = block;
		block->slot[i].work.data = &block->slot[i];
	}
	if (path && *path)
		rc = block_open_file(block, path);
	if (rc) {
		block_close(block);
		return rc;
	}
	*out = block;
	return 0;
}

void
block_close(struct ioemu_block *block)
{
	if (block->fd >= 0) {
		if (!block->readonly)
			(void)fdatasync(block->fd);
		close(block->fd);
	}
	free(block);
}
