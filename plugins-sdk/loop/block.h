/* SPDX-License-Identifier: MIT */
/* block.h - between disk images (block.c) and the guest memory their requests
 * move (block_mem.c); not installed. */
#ifndef BLOCK_H
#define BLOCK_H

#include <ioemu/loop.h>
#include <sys/uio.h>

#define BLOCK_IOV 256u	 /* pages of one round */
#define BLOCK_BOUNCE 16u /* of those that cannot be mapped */
#define BLOCK_PAGE 4096u

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

/* block_mem.c: fill iov for the next round, then block_queue(); and after it.
 */
void block_gather(struct block_slot *s);
void block_release(struct block_slot *s);

/* block.c: to a worker. */
void block_queue(struct block_slot *s);

#endif
