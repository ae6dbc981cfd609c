/* SPDX-License-Identifier: MIT */
/* A disk's geometry, by its partition table and its size. */
#include "config/geometry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ioemu/device.h>

/* What an ATA disk says without any other reason (ATA/ATAPI-6, annex C). */
#define HEADS 16u
#define SECS 63u
#define MIN_CYLS 2u
#define MAX_CYLS 16383u

#define INT13_CYLS 1024u
/* Up to here heads are doubled and cylinders halved ("large"); beyond it the
 * numbers are made of the size ("lba"): cylinders times heads. */
#define MAX_LARGE 131072u

/* The master boot record: a table of four entries and a signature. */
#define MBR_TABLE 446u
#define MBR_ENTRY 16u
#define MBR_ENTRIES 4u
#define MBR_END_HEAD 5u /* of an entry */
#define MBR_END_SEC 6u
#define MBR_SECTORS 12u
#define MBR_SIGNATURE 510u
#define SIGNATURE 0xaa55u

/* Partitions end where a cylinder ends, so the end of one has the last head and
 * sector in it. False: nothing there says so. */
static bool
geometry_of_table(uint64_t sectors, const uint8_t *first, struct geometry *out)
{
	const uint8_t *p = first + MBR_TABLE;
	unsigned i;

	if (ioemu_get_le16(first + MBR_SIGNATURE) != SIGNATURE)
		return false;
	for (i = 0; i < MBR_ENTRIES; i++, p += MBR_ENTRY) {
		unsigned heads = p[MBR_END_HEAD] + 1u;
		unsigned secs = p[MBR_END_SEC] & 0x3f;
		uint64_t cyls;

		if (!ioemu_get_le32(p + MBR_SECTORS) || heads == 1 || !secs)
			continue;
		cyls = sectors / heads / secs;
		if (cyls < 1 || cyls > MAX_CYLS)
			continue;
		*out = (struct geometry){
			.cyls = (unsigned)cyls,
			.heads = heads,
			.secs = secs,
			.translation = "none",
		};
		return true;
	}
	return false;
}

/* More heads than an ATA disk can have: firmware translated. With no more they
 * are the drive's own. */
void
geometry_guess(uint64_t sectors, const uint8_t first[GEOMETRY_SECTOR],
	       struct geometry *out)
{
	uint64_t cyls = sectors / HEADS / SECS;
	bool table = geometry_of_table(sectors, first, out);

	if (table && out->heads <= HEADS)
		return;
	out->cyls = cyls < MIN_CYLS   ? MIN_CYLS
		    : cyls > MAX_CYLS ? MAX_CYLS
				      : (unsigned)cyls;
	out->heads = HEADS;
	out->secs = SECS;
	if (table)
		out->translation =
			out->cyls * HEADS <= MAX_LARGE ? "large" : "lba";
	else
		out->translation = out->cyls <= INT13_CYLS ? "none" : "lba";
}

static int
geometry_read(int fd, struct geometry *out)
{
	uint8_t first[GEOMETRY_SECTOR];
	struct stat st;
	off_t size;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode))
		return -EINVAL;
	size = lseek(fd, 0, SEEK_END);
	if (size < 0 || pread(fd, first, sizeof(first), 0) != sizeof(first))
		return -EINVAL;
	geometry_guess((uint64_t)size / GEOMETRY_SECTOR, first, out);
	return 0;
}

int
geometry_of(const char *path, struct geometry *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int rc = fd < 0 ? -errno : geometry_read(fd, out);

	if (fd >= 0)
		close(fd);
	return rc;
}
