/* SPDX-License-Identifier: MIT */
/*
 * The shared pages: state machine and barriers of Xen's common/ioreq.c. What a
 * request means is dispatch.c's business.
 */
#include "xen/slot.h"

enum slot_state {
	STATE_NONE,
	STATE_READY,
	STATE_INPROCESS,
	STATE_RESP_READY,
};

#define STATE_MASK 0x0fu

/* Nobody else writes a slot between READY and RESP_READY, so the state may be
 * stored together with the flags beside it, from our copy. */
static void
slot_set_state(struct slot *slot, uint8_t bits, enum slot_state state)
{
	bits = (uint8_t)((bits & ~STATE_MASK) | state);
	__atomic_store_n(&slot->bits, bits, __ATOMIC_RELEASE);
}

static void
slot_copy(const struct slot *slot, uint8_t bits, struct request *req)
{
	*req = (struct request){
		.addr = slot->addr,
		.data = slot->data,
		.count = slot->count,
		.size = slot->size,
		.type = slot->type,
		.read = bits & SLOT_READ,
		.down = bits & SLOT_DOWN,
		.ptr = bits & SLOT_PTR,
	};
}

bool
slot_peek(const void *page, unsigned vcpu, struct request *req)
{
	const struct slot *slot = (const struct slot *)page + vcpu;
	uint8_t bits = __atomic_load_n(&slot->bits, __ATOMIC_ACQUIRE);

	if ((bits & STATE_MASK) != STATE_READY)
		return false;
	slot_copy(slot, bits, req);
	return true;
}

void
slot_take(void *page, unsigned vcpu)
{
	struct slot *slot = (struct slot *)page + vcpu;

	slot_set_state(slot, slot->bits, STATE_INPROCESS);
}

void
slot_put(void *page, unsigned vcpu, uint64_t data)
{
	struct slot *slot = (struct slot *)page + vcpu;

	slot->data = data;
	slot_set_state(slot, slot->bits, STATE_RESP_READY);
}

/*
 * The ring's two 32-bit pointers run on; Xen takes multiples of 511 off both
 * at once with a 64-bit compare-and-swap (HVM_IOREQSRV_BUFIOREQ_ATOMIC), so
 * they are read together and ours is moved by an atomic addition.
 */
bool
slot_ring_take(void *page, struct request *req)
{
	uint64_t *pointers = page;
	uint64_t *entry = pointers + 1;
	uint64_t both = __atomic_load_n(pointers, __ATOMIC_ACQUIRE);
	uint32_t rp = (uint32_t)both, wp = (uint32_t)(both >> 32);
	uint32_t used = 1;
	uint64_t e;

	if (rp == wp)
		return false;
	/* type 7:0, dir 9, size 11:10, address 31:12, data 63:32 */
	e = entry[rp % SLOT_RING_ENTRIES];
	*req = (struct request){
		.addr = (e >> 12) & 0xfffff,
		.data = e >> 32,
		.count = 1,
		.size = 1u << ((e >> 10) & 3),
		.type = (uint8_t)e,
		.read = e & 0x200,
	};
	if (req->size == 8) { /* the upper half is an entry of its own */
		e = entry[(rp + 1) % SLOT_RING_ENTRIES];
		req->data |= e >> 32 << 32;
		used = 2;
	}
	__atomic_fetch_add((uint32_t *)page, used, __ATOMIC_RELEASE);
	return true;
}

/* Not more than there can be, whatever the page says. */
unsigned
slot_posted_count(const struct slot_posted *ring)
{
	uint32_t n;

	if (!ring)
		return 0;
	n = __atomic_load_n(&ring->in, __ATOMIC_ACQUIRE) - ring->out;
	return n < SLOT_POSTED_ENTRIES ? n : SLOT_POSTED_ENTRIES;
}

void
slot_posted_peek(const struct slot_posted *ring, unsigned i,
		 struct request *req)
{
	const struct slot *slot =
		&ring->entry[(ring->out + i) % SLOT_POSTED_ENTRIES];

	slot_copy(slot, slot->bits, req);
}

/* Xen moves its index, then looks whether ours says that the ring was empty,
 * and rings only then; so ours is out before its is read again. */
void
slot_posted_drop(struct slot_posted *ring)
{
	__atomic_store_n(&ring->out, ring->out + 1, __ATOMIC_SEQ_CST);
}

uint64_t
slot_rung_take(struct slot_posted *ring)
{
	if (!ring || !__atomic_load_n(&ring->rung, __ATOMIC_ACQUIRE))
		return 0;
	return __atomic_exchange_n(&ring->rung, 0, __ATOMIC_SEQ_CST);
}
