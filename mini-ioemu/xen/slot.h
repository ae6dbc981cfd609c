/* SPDX-License-Identifier: MIT */
/*
 * slot.h - the pages that Xen shares with a device model: one slot a vCPU and
 * the ring of buffered writes (public/hvm/ioreq.h). Everything is copied once,
 * then only the copy is looked at.
 */
#ifndef XEN_SLOT_H
#define XEN_SLOT_H

#include <stdbool.h>
#include <stdint.h>

enum slot_type {
	SLOT_PIO = 0,
	SLOT_COPY = 1, /* memory */
	SLOT_CONFIG = 2,
	SLOT_TIMEOFFSET = 7,
	SLOT_INVALIDATE = 8,
};

/* struct ioreq without its bit-fields; open.c checks the layout. */
struct slot {
	uint64_t addr;
	uint64_t data;
	uint32_t count;
	uint32_t size;
	uint32_t port; /* never written: Xen compares it */
	uint16_t pad;
	uint8_t bits; /* state 3:0, data_is_ptr 4, dir 5, df 6 */
	uint8_t type;
};

#define SLOT_PTR 0x10u
#define SLOT_READ 0x20u
#define SLOT_DOWN 0x40u

#define SLOT_RING_ENTRIES 511u

/*
 * The ring of posted writes that a Xen of xen-patches/ has: a page with the two
 * indices, then pages of entries, which are as slots but for `port`. A pointer
 * to it may be NULL: there is none, and it is empty.
 */
#define SLOT_POSTED_ENTRIES 1024u

struct slot_posted {
	uint32_t in; /* Xen's */
	uint32_t pad0[15];
	uint32_t out; /* ours */
	uint32_t pad1[15];
	uint64_t rung; /* doorbells: Xen sets bits, we take them */
	uint32_t pad2[990];
	struct slot entry[SLOT_POSTED_ENTRIES];
};

/* What the guest asks, ours alone. */
struct request {
	uint64_t addr;
	uint64_t data; /* the value, or where it is in guest memory */
	uint32_t count;
	uint32_t size;
	uint8_t type;
	bool read;
	bool down; /* direction flag: addresses step down */
	bool ptr;
};

/* What a slot that is READY asks; false: nothing to do there. */
bool slot_peek(const void *page, unsigned vcpu, struct request *req);
/* READY -> INPROCESS, after that. */
void slot_take(void *page, unsigned vcpu);
/* INPROCESS -> IORESP_READY with the value read. */
void slot_put(void *page, unsigned vcpu, uint64_t data);

/* The ring's two indices: both run on, and are equal when it is empty. */
static inline bool
slot_ring_empty(const void *page)
{
	uint64_t both =
		__atomic_load_n((const uint64_t *)page, __ATOMIC_ACQUIRE);

	return (uint32_t)both == (uint32_t)(both >> 32);
}

/* Next buffered write, false when the ring is empty. */
bool slot_ring_take(void *page, struct request *req);

/* How many posted writes wait now, and the i-th of them. */
unsigned slot_posted_count(const struct slot_posted *ring);
void slot_posted_peek(const struct slot_posted *ring, unsigned i,
		      struct request *req);
/* Doorbells that rang since the last time. What was posted before them is in
 * the ring already. */
uint64_t slot_rung_take(struct slot_posted *ring);
/* The first is done with. */
void slot_posted_drop(struct slot_posted *ring);

/* Neither a write nor a doorbell. */
static inline bool
slot_posted_empty(const struct slot_posted *ring)
{
	return __atomic_load_n(&ring->in, __ATOMIC_ACQUIRE) == ring->out &&
	       !__atomic_load_n(&ring->rung, __ATOMIC_ACQUIRE);
}

#endif
