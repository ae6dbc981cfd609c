/* SPDX-License-Identifier: MIT */
/* image.h - a file of the host, to be read by the guest. */
#ifndef FW_CFG_IMAGE_H
#define FW_CFG_IMAGE_H

#include <ioemu/device.h>

struct image {
	const uint8_t *data; /* NULL: none */
	uint32_t size;
};

/* A copy. -errno of open(2) and read(2); -EINVAL: empty or no plain file;
 * -EFBIG: 4 GiB or more; -EIO: it became shorter meanwhile. */
int image_open(struct image *image, const char *path) IOEMU_MUST_CHECK;
void image_close(struct image *image);

#endif
