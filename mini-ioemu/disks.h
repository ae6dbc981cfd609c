/* SPDX-License-Identifier: MIT */
/*
 * disks.h - the disk images of the devices in this process: opened by the name
 * of a -drive, their I/O in guest memory, and all of them as one when the guest
 * is stopped.
 */
#ifndef DISKS_H
#define DISKS_H

#include <ioemu/loop.h>

#include "conf.h"
#include "dma.h"

struct disks;

int disks_new(uv_loop_t *loop, const struct conf *conf, struct dma *dma,
	      struct disks **out);
void disks_free(struct disks *disks); /* all are closed */

/* A -drive's id, or a path. -errno as of open(2). */
int disks_open(struct disks *disks, const char *value,
	       struct ioemu_block **out);
/* Waits for its I/O. */
void disks_close(struct disks *disks, struct ioemu_block *block);
void disks_io(struct disks *disks, struct hostdev *hd, struct ioemu_io *io);

/* The size of the largest image, 0 without. */
uint64_t disks_largest(const struct disks *disks);

/* Is any I/O in flight, flushes included? */
bool disks_busy(const struct disks *disks);
/* Starts to write out what the host caches of all of them. */
void disks_flush(struct disks *disks);
/* How that went, once they are not busy: 0, or -errno of the first that could
 * not be written, and its name. */
int disks_flushed(const struct disks *disks, const char **name);

#endif
