/* SPDX-License-Identifier: MIT */
/*
 * Raw disk images. Requests run as preadv and pwritev on libuv's workers; the
 * requests a device may have in flight at once wait in slots made at open.
 */
#include <ioemu/loop.h>

#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define SECTOR 512u
#define PAGE 4096u
#define N_SLOTS 16u
#define MAX_IOV 1024u

struct slot {
	uv_work_t work;
	struct ioemu_block *block;
	struct hostdev *hd;
	const struct block_mem *mem;
	struct ioemu_io *io; /* NULL: free */
	struct iovec iov[MAX_IOV];
	uint64_t gpa[MAX_IOV]; /* of pinned pages */
	unsigned n_iov;
	bool pinned;
	int status;
};

struct ioemu_block {
	uv_loop_t *loop;
	int fd;
	bool readonly;
	uint64_t size;
	unsigned busy;
	struct ioemu_io *waiting, **tail; /* host[0] next, [1] hd, [2] mem */
	struct slot slot[N_SLOTS];
};

/* ---- guest memory
 * ----------------------------------------------------------------- */

static void
slot_unpin(struct slot *s)
{
	bool write = s->io->op == IOEMU_IO_READ;
	unsigned i;

	for (i = 0; s->pinned && i < s->n_iov; i++)
		s->mem->unmap(s->mem->ctx, s->gpa[i],
			      (uint32_t)s->iov[i].iov_len, s->iov[i].iov_base,
			      write);
	s->n_iov = 0;
}

static int
slot_pin_one(struct slot *s, uint64_t gpa, uint32_t len)
{
	bool write = s->io->op == IOEMU_IO_READ;

	while (len) {
		uint32_t n = PAGE - (uint32_t)(gpa % PAGE);
		void *ptr;

		if (n > len)
			n = len;
		if (s->n_iov == MAX_IOV)
			return -EINVAL;
		ptr = s->mem->map(s->mem->ctx, gpa, n, write);
		if (!ptr)
			return -EFAULT;
		s->gpa[s->n_iov] = gpa;
		s->iov[s->n_iov++] = (struct iovec){ ptr, n };
		gpa += n;
		len -= n;
	}
	return 0;
}

static int
slot_prepare(struct slot *s)
{
	const struct ioemu_io *io = s->io;
	uint64_t total = 0;
	unsigned i;
	int rc = 0;

	s->n_iov = 0;
	s->pinned = !io->buf;
	if (io->op == IOEMU_IO_FLUSH)
		return 0;
	if (io->offset % SECTOR || io->len % SECTOR || !io->len ||
	    io->offset > s->block->size ||
	    io->len > s->block->size - io->offset)
		return -EINVAL;
	if (io->op == IOEMU_IO_WRITE && s->block->readonly)
		return -EROFS;
	if (io->buf) {
		s->iov[s->n_iov++] = (struct iovec){ io->buf, io->len };
		return 0;
	}
	for (i = 0; !rc && i < io->n_sg; i++) {
		total += io->sg[i].len;
		rc = slot_pin_one(s, io->sg[i].gpa, io->sg[i].len);
	}
	return rc || total == io->len ? rc : -EINVAL;
}

/* ---- on a worker
 * ------------------------------------------------------------------- */

/* Bytes moved, 0 at the end of the file, -errno. */
static ssize_t
slot_move(const struct slot *s, struct iovec *iov, unsigned n, uint64_t offset)
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
slot_transfer(struct slot *s)
{
	struct iovec iov[MAX_IOV], *v = iov;
	uint64_t offset = s->io->offset;
	unsigned n = s->n_iov;

	memcpy(iov, s->iov, n * sizeof(iov[0]));
	while (n) {
		ssize_t rc = slot_move(s, v, n, offset);

		if (rc <= 0) /* an image that shrank under us */
			return rc ? (int)rc : -EIO;
		offset += (uint64_t)rc;
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
	struct slot *s = work->data;

	if (s->status)
		return;
	if (s->io->op != IOEMU_IO_FLUSH)
		s->status = slot_transfer(s);
	else if (fdatasync(s->block->fd))
		s->status = -errno;
}

/* ---- on the loop
 * --------------------------------------------------------------------- */

static void block_start(struct ioemu_block *block);

static void
slot_done(uv_work_t *work, int cancelled)
{
	struct slot *s = work->data;
	struct ioemu_block *block = s->block;
	struct ioemu_io *io = s->io;
	struct hostdev *hd = s->hd;

	slot_unpin(s);
	io->status = cancelled ? -ECANCELED : s->status;
	s->io = NULL;
	block->busy--;
	block_start(block);
	io->done(&hd->dev, io);
}

static struct slot *
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
	struct slot *s;

	while (block->waiting && (s = block_free_slot(block))) {
		io = block->waiting;
		block->waiting = io->host[0];
		if (!block->waiting)
			block->tail = &block->waiting;
		s->io = io;
		s->hd = io->host[1];
		s->mem = io->host[2];
		s->status = slot_prepare(s);
		uv_queue_work(block->loop, &s->work, slot_work, slot_done);
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
block_info(const struct ioemu_block *block, struct ioemu_block_info *info)
{
	info->size = block->size;
	info->readonly = block->readonly;
}

/* ---- open and close
 * --------------------------------------------------------------------- */

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
