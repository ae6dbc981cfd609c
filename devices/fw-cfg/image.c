/* SPDX-License-Identifier: MIT */
/*
 * image.c - host files, mapped read-only: the kernel and the initrd cost no
 * memory of ours, and a running transfer takes them from the page cache. Knows
 * nothing of their contents.
 */
#include "image.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int
image_map(struct image *image, int fd)
{
	struct stat st;
	void *map;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || !st.st_size)
		return -EINVAL;
	if (st.st_size > UINT32_MAX)
		return -EFBIG;

	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	/* Read ahead now, so that a transfer does not wait for the disk. */
	(void)madvise(map, (size_t)st.st_size, MADV_WILLNEED);
	image->data = map;
	image->size = (uint32_t)st.st_size;
	return 0;
}

int
image_open(struct image *image, const char *path)
{
	/* O_NONBLOCK: opening a FIFO must not wait for a writer. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int err;

	if (fd < 0)
		return -errno;
	err = image_map(image, fd);
	close(fd);
	return err;
}

void
image_close(struct image *image)
{
	if (image->data)
		munmap((void *)(uintptr_t)image->data, image->size);
	image->data = NULL;
}

void
image_forget(const struct image *image)
{
	if (image->data)
		(void)madvise((void *)(uintptr_t)image->data, image->size,
			      MADV_DONTNEED);
}
