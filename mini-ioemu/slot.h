/* SPDX-License-Identifier: MIT */
/*
 * slot.h - the pages that Xen shares with a device model: one slot a vCPU and
 * the ring of buffered writes (public/hvm/ioreq.h). Everything is copied once,
 * then only the copy is looked at.
 */
#ifndef SLOT_H
#define SLOT_H

#include <stdbool.h>
#include <stdint.h>

enum slot_type {
	SLOT_PIO = 0,
	SLOT_COPY = 1, /* memory */
	SLOT_CONFIG = 2,
	SLOT_TIMEOFFSET = 7,
	SLOT_INVALIDATE = 8,
};

/* struct ioreq without its bit-fields; xen.c checks the layout. */
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

/* READY -> INPROCESS, copied to *req; false: nothing to do there. */
bool slot_take(void *page, unsigned vcpu, struct request *req);
/* INPROCESS -> IORESP_READY with the value read. */
void slot_put(void *page, unsigned vcpu, uint64_t data);

/* Next buffered write, false when the ring is empty. */
bool slot_ring_take(void *page, struct request *req);

#endif
