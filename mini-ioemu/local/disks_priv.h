/* SPDX-License-Identifier: MIT */
/* local/disks_priv.h - the disk images (disks.c) and their media (medium.c). */
#ifndef LOCAL_DISKS_PRIV_H
#define LOCAL_DISKS_PRIV_H

#include "local/disks.h"

#define MAX_DISKS 128u

struct disk {
	struct block_change change;	     /* first */
	void (*changed)(void *ctx, int err); /* NULL: none is under way */
	void *ctx;
	struct disks *disks;
	struct ioemu_block *block;	/* NULL: free */
	struct hostdev *hd;		/* NULL: it goes */
	const struct conf_drive *drive; /* NULL: given by its path */
	struct ioemu_io flush;		/* ours, of no device */
	char name[256];
	char value[256]; /* that it was opened by */
};

struct disks {
	uv_loop_t *loop;
	const struct conf *conf;
	struct handover *handover; /* NULL: none */
	struct block_mem mem;
	void (*stop)(void *ctx, const char *why); /* NULL: nobody can */
	void *ctx;
	struct disk disk[MAX_DISKS];
};

#endif
