/* SPDX-License-Identifier: MIT */
/*
 * Any first sector of a disk of any size, as a guest may leave it: whatever it
 * says, the geometry is one that a drive can have, and lies inside the disk
 * unless that is smaller than the smallest.
 */
#include <assert.h>
#include <string.h>

#include <ioemu/device.h>

#include "config/geometry.h"

#define SMALLEST (2u * 16 * 63)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t first[GEOMETRY_SECTOR] = { 0 };
	struct geometry g;
	uint64_t sectors;

	if (size < 8)
		return 0;
	sectors = ioemu_get_le64(data);
	size -= 8;
	/* from the end: the table is there */
	if (size > sizeof(first))
		size = sizeof(first);
	memcpy(first + sizeof(first) - size, data + 8, size);
	geometry_guess(sectors, first, &g);
	assert(g.cyls >= 1 && g.cyls <= 16383);
	assert(g.heads >= 1 && g.heads <= 16);
	assert(g.secs >= 1 && g.secs <= 63);
	assert(sectors < SMALLEST ||
	       (uint64_t)g.cyls * g.heads * g.secs <= sectors);
	assert(!strcmp(g.translation, "none") ||
	       !strcmp(g.translation, "lba") ||
	       !strcmp(g.translation, "large"));
	return 0;
}
