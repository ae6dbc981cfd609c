/* SPDX-License-Identifier: MIT */
/*
 * image.c - host files, copied: whoever has them may cut them short or write
 * them anew while the guest runs, and a page of a mapping that is not there
 * any more ends the process (mmap(2), SIGBUS). Knows nothing of their contents.
 */
#include "image.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* -EIO: it became shorter meanwhile. */
static int
image_read(int fd, uint8_t *to, size_t left)
{
	ssize_t n;

	while (left) {
		n = read(fd, to, left);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (!n)
			return -EIO;
		if (n > 0) {
			to += n;
			left -= (size_t)n;
		}
	}
	return 0;
}

static int
image_copy(struct image *image, int fd)
{
	struct stat st;
	void *to;
	int rc;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || !st.st_size)
		return -EINVAL;
	if (st.st_size > UINT32_MAX)
		return -EFBIG;

	to = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (to == MAP_FAILED)
		return -errno;
	rc = image_read(fd, to, (size_t)st.st_size);
	if (rc) {
		munmap(to, (size_t)st.st_size);
		return rc;
	}
	image->data = to;
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
	err = image_copy(image, fd);
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
