/* SPDX-License-Identifier: MIT */
/* image.h - a file of the host, to be read by the guest. */
#ifndef FW_CFG_IMAGE_H
#define FW_CFG_IMAGE_H

#include <ioemu/device.h>

struct image {
	const uint8_t *data; /* NULL: none */
	uint32_t size;
};

/* -errno of open(2); -EINVAL: empty or no plain file; -EFBIG: 4 GiB or more. */
int image_open(struct image *image, const char *path) IOEMU_MUST_CHECK;
void image_close(struct image *image);

/* The guest has had it: give the memory back; it is still there if asked. */
void image_forget(const struct image *image);

#endif
