/* SPDX-License-Identifier: MIT */
/*
 * What is in a drive: shown, taken out, put in. The drive opens its tray first
 * and closes it last; between the two no request is in flight.
 */
#include "local/disks_priv.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

/* The i-th in use; NULL past the end. */
static struct disk *
disks_used(struct disks *disks, unsigned i)
{
	struct disk *disk;

	for (disk = disks->disk; disk < disks->disk + MAX_DISKS; disk++)
		if (disk->block && disk->hd && !i--)
			return disk;
	return NULL;
}

bool
disks_at(struct disks *disks, unsigned i, struct disk_info *out)
{
	const struct disk *disk = disks_used(disks, i);
	struct ioemu_block_info info;
	int rc;

	if (!disk)
		return false;
	block_info(disk->block, &info);
	rc = hostdev_medium(disk->hd, disk->block, IOEMU_MEDIUM_QUERY);
	*out = (struct disk_info){
		.drive = disk->drive ? disk->drive->id : "",
		.qdev = disk->hd->dev.id,
		.file = disk->name,
		.size = info.size,
		.readonly = info.readonly,
		.removable = rc >= 0,
		.open = rc > 0 && rc & (int)IOEMU_MEDIUM_IS_OPEN,
		.locked = rc > 0 && rc & (int)IOEMU_MEDIUM_IS_LOCKED,
		.parked = block_parked(disk->block),
		.stats = block_stats(disk->block),
	};
	return true;
}

/* ---- changing it -------------------------------------------------- */

/* The file's name as the system has it: a descriptor came without. */
static void
disk_rename(struct disk *disk)
{
	char link[32];
	ssize_t n;

	disk->name[0] = '\0';
	if (disk->change.fd < 0)
		return;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", disk->change.fd);
	n = readlink(link, disk->name, sizeof(disk->name) - 1);
	if (n < 0)
		snprintf(disk->name, sizeof(disk->name), "%s", link);
	else
		disk->name[n] = '\0';
}

static void
disk_changed(struct block_change *change)
{
	struct disk *disk = (struct disk *)change;
	void (*changed)(void *ctx, int err) = disk->changed;

	disk->changed = NULL;
	disk_rename(disk);
	if (disk->hd)
		log_info("%s: %s", disk->hd->dev.id,
			 *disk->name ? disk->name : "no medium");
	if (disk->hd && change->fd >= 0)
		(void)hostdev_medium(disk->hd, disk->block, IOEMU_MEDIUM_CLOSE);
	changed(disk->ctx, disk->hd ? 0 : -ENODEV);
}

static int
disk_change(struct disk *disk, bool force, int fd, bool readonly,
	    void (*done)(void *ctx, int err), void *ctx)
{
	int rc;

	if (disk->changed)
		return -EALREADY;
	rc = hostdev_medium(disk->hd, disk->block,
			    force ? IOEMU_MEDIUM_FORCE : IOEMU_MEDIUM_OPEN);
	if (rc < 0)
		return rc;
	disk->change = (struct block_change){
		.fd = fd,
		.readonly = readonly,
		.done = disk_changed,
	};
	rc = block_change(disk->block, &disk->change);
	if (rc)
		return rc;
	disk->changed = done;
	disk->ctx = ctx;
	return 0;
}

int
disks_eject(struct disks *disks, unsigned i, bool force,
	    void (*done)(void *ctx, int err), void *ctx)
{
	struct disk *disk = disks_used(disks, i);
	struct ioemu_block_info info;

	if (!disk)
		return -ENODEV;
	block_info(disk->block, &info);
	return disk_change(disk, force, -1, info.readonly, done, ctx);
}

int
disks_insert(struct disks *disks, unsigned i, int fd, bool readonly, bool force,
	     void (*done)(void *ctx, int err), void *ctx)
{
	struct disk *disk = disks_used(disks, i);
	int rc = disk ? block_check(fd, readonly) : -ENODEV;

	if (!rc)
		rc = disk_change(disk, force, fd, readonly, done, ctx);
	if (rc)
		close(fd);
	return rc;
}
