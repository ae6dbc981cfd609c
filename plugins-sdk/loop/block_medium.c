/* SPDX-License-Identifier: MIT */
/*
 * What a disk image is of: a file or a block device, opened by its name or
 * handed over, and changed while its device runs.
 */
#include "block.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Its size in whole sectors, and whether it is a plain file. */
static int
medium_size(int fd, uint64_t *size, bool *file)
{
	struct stat st;

	if (fstat(fd, &st))
		return -errno;
	*file = S_ISREG(st.st_mode);
	if (*file)
		*size = (uint64_t)st.st_size;
	else if (!S_ISBLK(st.st_mode))
		return -ENOTBLK;
	else if (ioctl(fd, BLKGETSIZE64, size))
		return -errno;
	*size = *size / BLOCK_SECTOR * BLOCK_SECTOR;
	return 0;
}

static int
block_open_file(struct ioemu_block *block, const char *path)
{
	block->fd =
		open(path, (block->readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (block->fd < 0)
		return -errno;
	return medium_size(block->fd, &block->size, &block->file);
}

static struct ioemu_block *
block_new(uv_loop_t *loop, bool readonly)
{
	struct ioemu_block *block = calloc(1, sizeof(*block));
	unsigned i;

	if (!block)
		return NULL;
	block->loop = loop;
	block->readonly = readonly;
	block->fd = -1;
	block_list_clear(&block->waiting);
	block_list_clear(&block->later);
	block_list_clear(&block->parked);
	block->change_work.data = block;
	for (i = 0; i < BLOCK_SLOTS; i++) {
		block->slot[i].block = block;
		block->slot[i].work.data = &block->slot[i];
	}
	return block;
}

int
block_open(uv_loop_t *loop, const char *path, bool readonly,
	   struct ioemu_block **out)
{
	struct ioemu_block *block = block_new(loop, readonly);
	int rc = 0;

	if (!block)
		return -ENOMEM;
	if (path && *path)
		rc = block_open_file(block, path);
	if (rc) {
		block_close(block);
		return rc;
	}
	*out = block;
	return 0;
}

static void
medium_close(const struct ioemu_block *block)
{
	if (block->fd < 0)
		return;
	if (!block->readonly)
		(void)fdatasync(block->fd);
	close(block->fd);
}

void
block_close(struct ioemu_block *block)
{
	medium_close(block);
	free(block);
}

void
block_info(const struct ioemu_block *block, struct ioemu_block_info *info)
{
	info->size = block->size;
	info->readonly = block->readonly;
}

uint64_t
block_file_size(const struct ioemu_block *block)
{
	return block->file && !block->readonly ? block->size : 0;
}

/* ---- changing it --------------------------------------------------- */

static int
medium_check(int fd, bool readonly, uint64_t *size, bool *file)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || flags & O_PATH || (flags & O_ACCMODE) == O_WRONLY)
		return -EBADF;
	/* O_APPEND: it would be written elsewhere */
	if (!readonly && ((flags & O_ACCMODE) == O_RDONLY || flags & O_APPEND))
		return -EACCES;
	return medium_size(fd, size, file);
}

int
block_check(int fd, bool readonly)
{
	uint64_t size;
	bool file;

	return medium_check(fd, readonly, &size, &file);
}

/* ---- handed over -------------------------------------------------- */

int
block_open_fd(uv_loop_t *loop, int fd, bool readonly, int lost,
	      struct ioemu_block **out)
{
	struct ioemu_block *block = block_new(loop, readonly);
	int rc = block ? 0 : -ENOMEM;

	if (!rc && fd >= 0)
		rc = medium_check(fd, readonly, &block->size, &block->file);
	if (rc) {
		if (fd >= 0)
			close(fd);
		free(block);
		return rc;
	}
	block->fd = fd;
	block->lost = lost;
	*out = block;
	return 0;
}

int
block_handover(const struct ioemu_block *block, int *lost)
{
	*lost = block->lost;
	return block->fd;
}

/* ---- another medium ----------------------------------------------- */

static void
swap_work(uv_work_t *work)
{
	medium_close(work->data);
}

static void
swap_done(uv_work_t *work, int cancelled)
{
	struct ioemu_block *block = work->data;
	struct block_change *change = block->change;

	(void)cancelled; /* nobody does */
	block->fd = change->fd;
	block->readonly = change->readonly;
	block->size = change->size;
	block->file = change->file;
	block->lost = 0;
	block->changing = false;
	block->change = NULL;
	block->busy--;
	block_list_join(&block->waiting, &block->later);
	change->done(change);
	block_start(block);
}

void
block_swap(struct ioemu_block *block)
{
	block->changing = true;
	uv_queue_work(block->loop, &block->change_work, swap_work, swap_done);
}

int
block_change(struct ioemu_block *block, struct block_change *change)
{
	int rc = 0;

	if (block->change)
		return -EBUSY;
	change->size = 0;
	change->file = false;
	if (change->fd >= 0)
		rc = medium_check(change->fd, change->readonly, &change->size,
				  &change->file);
	if (rc)
		return rc;
	block->change = change;
	block->busy++;
	block_give_up(block);
	block_start(block);
	return 0;
}
