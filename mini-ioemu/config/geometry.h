/* SPDX-License-Identifier: MIT */
/*
 * geometry.h - what a PC's firmware is to think of a disk: its cylinders, heads
 * and sectors, and how INT 13h counts them. Programs of the 1990s put such
 * numbers on the disk, so a disk must look as it did where it was partitioned:
 * this is how QEMU and Bochs tell. Knows files, and neither guests nor devices.
 */
#ifndef CONFIG_GEOMETRY_H
#define CONFIG_GEOMETRY_H

#include <stdint.h>

#define GEOMETRY_SECTOR 512u

struct geometry {
	unsigned cyls, heads, secs; /* of the drive: up to 16383, 16, 63 */
	const char *translation;    /* "none", "large" or "lba": a constant */
};

/* From a disk's size in sectors, and its first one. */
void geometry_guess(uint64_t sectors, const uint8_t first[GEOMETRY_SECTOR],
		    struct geometry *out);

/* Of an image or block device. -errno as of open(2); -EINVAL: neither, or it
 * has not one sector. */
int geometry_of(const char *path, struct geometry *out);

#endif
