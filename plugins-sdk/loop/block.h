/* SPDX-License-Identifier: MIT */
/* block.h - between the requests of disk images (block.c), the guest memory
 * these move (block_mem.c) and the media (block_medium.c); not installed. */
#ifndef SDK_LOOP_BLOCK_H
#define SDK_LOOP_BLOCK_H

#include "loop/loop.h"
#include <sys/uio.h>

#define BLOCK_IOV 256u	 /* pages of one round */
#define BLOCK_BOUNCE 16u /* of those that cannot be mapped */
#define BLOCK_PAGE 4096u
#define BLOCK_SECTOR 512u
#define BLOCK_SLOTS 16u

struct block_slot;

/* Part of a page, on its way through the bounce buffer. */
struct block_piece {
	struct ioemu_dma dma; /* first: what done() gets */
	struct block_slot *slot;
};

/*
 * A request in progress, in rounds of as much guest memory as can be had at a
 * time. A worker moves what is in iov.
 */
struct block_slot {
	uv_work_t work;
	struct ioemu_block *block;
	struct hostdev *hd; /* NULL: nobody to tell */
	const struct block_mem *mem;
	struct ioemu_io *io; /* NULL: free */
	int status;
	bool failed;  /* at the medium */
	uint64_t pos; /* bytes moved */
	uint32_t sg_i, sg_off;
	struct iovec iov[BLOCK_IOV];
	unsigned n_iov;
	uint64_t gpa[BLOCK_IOV]; /* of mapped pages, as many as n_mapped */
	unsigned n_mapped;
	struct block_piece piece[BLOCK_BOUNCE];
	unsigned n_pieces, dma_open;
	uint8_t bounce[BLOCK_BOUNCE * BLOCK_PAGE];
};

/* In line, by host[0]. */
struct block_list {
	struct ioemu_io *first, **tail;
};

struct ioemu_block {
	uv_loop_t *loop;
	int fd; /* -1: no medium */
	bool readonly;
	bool file; /* a plain one: RLIMIT_FSIZE holds for it */
	uint64_t size;
	int lost;      /* -errno of a flush that failed: so will all */
	unsigned busy; /* all but those that are parked */
	unsigned running;
	struct block_list waiting; /* host[0] next, [1] hd, [2] mem, [3] ns */
	struct block_list later;   /* likewise; for the next medium */
	struct block_list parked;  /* likewise; io->status is the error */
	bool (*park)(void *ctx, struct ioemu_block *block,
		     const struct ioemu_io *io, int status);
	void *park_ctx;
	struct block_stats stats[BLOCK_OPS];
	struct block_change *change; /* NULL: none is under way */
	uv_work_t change_work;
	bool changing; /* on a worker */
	struct block_slot slot[BLOCK_SLOTS];
};

/* block_mem.c: fill iov for the next round, then block_queue(); and after it.
 */
void block_gather(struct block_slot *s);
void block_release(struct block_slot *s);

/* block.c */
void block_list_clear(struct block_list *list);
/* All of `from`, which is empty then, behind the others. */
void block_list_join(struct block_list *list, struct block_list *from);
/* To a worker. */
void block_queue(struct block_slot *s);
/* Start what waits, if that is possible. */
void block_start(struct ioemu_block *block);

/* block_medium.c: the medium is changed, now that nothing is running. */
void block_swap(struct ioemu_block *block);

#endif
