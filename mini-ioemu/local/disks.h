/* SPDX-License-Identifier: MIT */
/*
 * disks.h - the disk images of the devices in this process: opened by the name
 * of a -drive, their I/O in guest memory, and all of them as one when the guest
 * is stopped.
 */
#ifndef LOCAL_DISKS_H
#define LOCAL_DISKS_H

#include "loop/loop.h"

#include "config/conf.h"
#include "path/dma.h"

struct disks;

int disks_new(uv_loop_t *loop, const struct conf *conf, struct dma *dma,
	      struct disks **out);
void disks_free(struct disks *disks); /* all are closed */

/* A -drive's id, or a path, for one device. -errno as of open(2). */
int disks_open(struct disks *disks, struct hostdev *hd, const char *value,
	       struct ioemu_block **out);
/* Waits for its I/O. */
void disks_close(struct disks *disks, struct ioemu_block *block);
void disks_io(struct disks *disks, struct hostdev *hd, struct ioemu_io *io);

/* The largest of the files that are written, as block_file_size(). */
uint64_t disks_file_size(const struct disks *disks);

/* Is any I/O in flight, flushes and changes of media included? */
bool disks_busy(const struct disks *disks);
/* The same for those of one device. */
bool disks_busy_of(const struct disks *disks, const struct hostdev *hd);
/* Starts to write out what the host caches of all of them. */
void disks_flush(struct disks *disks);
/* How that went, once they are not busy: 0, or -errno of the first that could
 * not be written, and its name. */
int disks_flushed(const struct disks *disks, const char **name);

/* To the process that comes after, and from the one before
 * (handover/handover.h): opened from there, where it has it. The hand outlives
 * the disks; NULL: none. */
struct handover;
void disks_handover_over(const struct disks *disks, struct handover *handover);
void disks_take_over(struct disks *disks, struct handover *handover);

/* ---- errors of the host's disks ------------------------------------------ */

/*
 * Who stops the guest's devices when a request fails whose drive says so; it is
 * then parked. Called for each, from the loop; `why` is a sentence.
 */
void disks_on_error(struct disks *disks,
		    void (*stop)(void *ctx, const char *why), void *ctx);
/* -errno of a request that is parked, and the name of its image; 0: none. */
int disks_parked(const struct disks *disks, const char **name);
/* Everything that is parked is made anew, or ends with its error. */
void disks_retry(struct disks *disks);
void disks_give_up(struct disks *disks);

/* ---- media (medium.c) ------------------------------------------------ */

struct disk_info {
	const char *drive; /* id of the -drive; "": it has none */
	const char *qdev;  /* id of the device */
	const char *file;  /* "": no medium */
	uint64_t size;
	bool readonly;
	bool removable, open, locked; /* enum ioemu_medium */
	int parked;		      /* as of disks_parked() */
	const struct block_stats *stats;
};

/* The i-th image of the devices here; false past the end. */
bool disks_at(struct disks *disks, unsigned i, struct disk_info *out);

/*
 * Take the medium out of the i-th, or (fd) put another in; done() comes once,
 * from the loop, unless they fail at once: -ENOTSUP: not removable; -EBUSY:
 * locked by the guest, which was asked for it now; -EALREADY: the last change
 * is not over; or as block_check(). done(): -ENODEV: the drive has gone.
 */
int disks_eject(struct disks *disks, unsigned i, bool force,
		void (*done)(void *ctx, int err), void *ctx);
/* The fd is closed if this fails. */
int disks_insert(struct disks *disks, unsigned i, int fd, bool readonly,
		 bool force, void (*done)(void *ctx, int err), void *ctx);

#endif
