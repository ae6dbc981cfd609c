/* SPDX-License-Identifier: MIT */
/*
 * Disk images by name. An image that a device in a process of its own opened
 * is that process's affair.
 */
#include "handover/handover.h"
#include "local/disks_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FLUSHING 1 /* a status that no end has */

/* ---- in guest memory ---------------------------------------------- */

static void *
disks_pin(void *ctx, uint64_t gpa, uint32_t len, bool write)
{
	(void)write;
	return dma_pin(ctx, gpa, len);
}

static void
disks_unpin(void *ctx, uint64_t gpa, uint32_t len, void *ptr, bool write)
{
	(void)len;
	dma_unpin(ctx, gpa, ptr, write);
}

void
disks_io(struct disks *disks, struct hostdev *hd, struct ioemu_io *io)
{
	block_io(io->block, hd, &disks->mem, io);
}

/* ---- errors ------------------------------------------------------- */

static bool
no_space(int status)
{
	return status == -ENOSPC || status == -EDQUOT;
}

static struct disk *
disk_of(struct disks *disks, const struct ioemu_block *block)
{
	struct disk *disk = disks->disk;

	while (disk->block != block)
		disk++;
	return disk;
}

static bool
disks_park(void *ctx, struct ioemu_block *block, const struct ioemu_io *io,
	   int status)
{
	struct disks *disks = ctx;
	const struct disk *disk = disk_of(disks, block);
	bool write = io->op == IOEMU_BLK_WRITE;
	enum conf_errors word =
		conf_drive_errors(disks->conf, disk->drive, write);
	char why[400];

	if (!disks->stop || word == CONF_ERRORS_REPORT ||
	    (word == CONF_ERRORS_ENOSPC && !no_space(status)))
		return false;
	snprintf(why, sizeof(why), "%s cannot be %s at byte %llu: %s",
		 disk->name, write ? "written" : "read",
		 (unsigned long long)io->offset, strerror(-status));
	disks->stop(disks->ctx, why);
	return true;
}

void
disks_on_error(struct disks *disks, void (*stop)(void *ctx, const char *why),
	       void *ctx)
{
	disks->stop = stop;
	disks->ctx = ctx;
}

int
disks_parked(const struct disks *disks, const char **name)
{
	const struct disk *disk;
	int rc;

	for (disk = disks->disk; disk < disks->disk + MAX_DISKS; disk++) {
		rc = disk->block ? block_parked(disk->block) : 0;
		*name = disk->name;
		if (rc)
			return rc;
	}
	return 0;
}

void
disks_retry(struct disks *disks)
{
	struct disk *disk;

	for (disk = disks->disk; disk < disks->disk + MAX_DISKS; disk++)
		if (disk->block)
			block_retry(disk->block);
}

void
disks_give_up(struct disks *disks)
{
	struct disk *disk;

	for (disk = disks->disk; disk < disks->disk + MAX_DISKS; disk++)
		if (disk->block)
			block_give_up(disk->block);
}

/* ---- open and close ----------------------------------------------- */

static const struct conf_drive *
disks_drive(const struct disks *disks, const char *id)
{
	const struct conf_drive *d = disks->conf->drives;

	while (d && strcmp(d->id, id) != 0)
		d = d->next;
	return d;
}

int
disks_open(struct disks *disks, struct hostdev *hd, const char *value,
	   struct ioemu_block **out)
{
	const struct conf_drive *d = disks_drive(disks, value);
	const char *path = d ? d->file : value;
	struct disk *disk = disks->disk;
	struct handover_disk handed;
	struct ioemu_block *block;
	char name[HANDOVER_NAME];
	int rc;

	while (disk < disks->disk + MAX_DISKS && disk->block)
		disk++;
	if (disk == disks->disk + MAX_DISKS)
		return hostdev_refuse(hd, -ENOSPC, "more than %u drives",
				      MAX_DISKS);
	snprintf(name, sizeof(name), "%s", path ? path : "");
	if (disks->handover &&
	    !handover_take_disk(disks->handover, hd->dev.id, value, &handed)) {
		memcpy(name, handed.name, sizeof(name));
		rc = block_open_fd(disks->loop, handed.fd, handed.readonly,
				   handed.lost, &block);
	} else {
		rc = block_open(disks->loop, path, d && d->readonly, &block);
	}
	if (rc)
		return hostdev_refuse(hd, rc, "%s: %s%s", name, strerror(-rc),
				      d ? "" : " (nor is it a -drive's id)");
	*disk = (struct disk){
		.disks = disks,
		.block = block,
		.hd = hd,
		.drive = d,
	};
	memcpy(disk->name, name, sizeof(disk->name));
	snprintf(disk->value, sizeof(disk->value), "%s", value);
	block_on_failure(block, disks_park, disks);
	*out = block;
	return 0;
}

void
disks_close(struct disks *disks, struct ioemu_block *block)
{
	struct disk *disk = disk_of(disks, block);

	disk->hd = NULL;
	block_forget(block);
	while (block_busy(block))
		uv_run(disks->loop, UV_RUN_ONCE);
	block_close(block);
	disk->block = NULL;
}

/* ---- from one process to the next --------------------------------- */

void
disks_handover_over(const struct disks *disks, struct handover *handover)
{
	struct ioemu_block_info info;
	const struct disk *disk;

	for (disk = disks->disk; disk < disks->disk + MAX_DISKS; disk++) {
		struct handover_disk out;

		if (!disk->block || !disk->hd)
			continue;
		block_info(disk->block, &info);
		out.readonly = info.readonly;
		out.fd = block_handover(disk->block, &out.lost);
		memcpy(out.name, disk->name, sizeof(out.name));
		handover_put_disk(handover, disk->hd->dev.id, disk->value,
				  &out);
	}
}

void
disks_take_over(struct disks *disks, struct handover *handover)
{
	disks->handover = handover;
}

/* ---- all of them -------------------------------------------------- */

uint64_t
disks_file_size(const struct disks *disks)
{
	const struct disk *disk;
	uint64_t size, most = 0;

	for (disk = disks->disk; disk < disks->disk + MAX_DISKS; disk++) {
		size = disk->block ? block_file_size(disk->block) : 0;
		if (size > most)
			most = size;
	}
	return most;
}

/* hd NULL: anybody's */
static bool
busy_of(const struct disks *disks, const struct hostdev *hd)
{
	const struct disk *disk;

	for (disk = disks->disk; disk < disks->disk + MAX_DISKS; disk++)
		if (disk->block && (!hd || disk->hd == hd) &&
		    block_busy(disk->block))
			return true;
	return false;
}

bool
disks_busy(const struct disks *disks)
{
	return busy_of(disks, NULL);
}

bool
disks_busy_of(const struct disks *disks, const struct hostdev *hd)
{
	return busy_of(disks, hd);
}

void
disks_flush(struct disks *disks)
{
	struct ioemu_block_info info;
	struct disk *disk;

	for (disk = disks->disk; disk < disks->disk + MAX_DISKS; disk++) {
		if (!disk->block)
			continue;
		block_info(disk->block, &info);
		if (info.readonly || !info.size || disk->flush.status > 0)
			continue;
		disk->flush = (struct ioemu_io){
			.op = IOEMU_BLK_FLUSH,
			.status = FLUSHING,
		};
		block_io(disk->block, NULL, NULL, &disk->flush);
	}
}

int
disks_flushed(const struct disks *disks, const char **name)
{
	const struct disk *disk;

	for (disk = disks->disk; disk < disks->disk + MAX_DISKS; disk++) {
		*name = disk->name;
		if (disk->block && disk->flush.status)
			return disk->flush.status;
	}
	return 0;
}

int
disks_new(uv_loop_t *loop, const struct conf *conf, struct dma *dma,
	  struct disks **out)
{
	struct disks *disks = calloc(1, sizeof(*disks));

	if (!disks)
		return -ENOMEM;
	disks->loop = loop;
	disks->conf = conf;
	disks->mem = (struct block_mem){
		.map = disks_pin,
		.unmap = disks_unpin,
		.ctx = dma,
	};
	*out = disks;
	return 0;
}

void
disks_free(struct disks *disks)
{
	free(disks);
}
