/* SPDX-License-Identifier: MIT */
/*
 * What the guest wrote without waiting: the ring of buffered writes that every
 * Xen has, and that of posted writes, with its doorbells, of xen-patches/. One
 * access of the dispatcher serves both, as their order is to be kept.
 */
#include "path/priv.h"

/* As the device has it that is there. */
static void
rings_bell(struct dispatch *d)
{
	unsigned nr = (unsigned)__builtin_ctzll(d->rung);
	uint64_t addr = xen_doorbell_at(d->env.xen, nr);
	const struct range *r = route_find(d->env.routes, IOEMU_MEM, addr);

	d->rung &= d->rung - 1;
	if (!r || !(r->window->region.flags & IOEMU_DOORBELL))
		return; /* it has moved since */
	d->posted = true;
	d->ring.req = (struct request){
		.type = SLOT_COPY,
		.addr = r->base,
		.size = r->window->region.min,
		.count = 1,
	};
	access_start(&d->ring);
}

bool
rings_take(struct dispatch *d)
{
	struct slot_posted *posted = xen_posted(d->env.xen);
	unsigned n_posted, budget = SLOT_RING_ENTRIES;

	if (d->gate != GATE_SHUT)
		d->rung |= slot_rung_take(posted);
	n_posted = slot_posted_count(posted);
	while (rings_ready(d) && budget-- &&
	       slot_ring_take(xen_ring(d->env.xen), &d->ring.req)) {
		d->posted = false;
		access_start(&d->ring);
	}
	while (rings_ready(d) && n_posted--) {
		d->posted = true;
		slot_posted_peek(posted, 0, &d->ring.req);
		slot_posted_drop(posted);
		access_start(&d->ring);
	}
	while (rings_ready(d) && d->rung)
		rings_bell(d);
	return !d->ring.busy;
}

/* One of their writes is not done: does this request come after it, or after
 * one behind it? A posted write delays what must_order() it, and no other
 * device. */
static bool
rings_block(const struct dispatch *d, const struct request *req)
{
	const struct slot_posted *posted = xen_posted(d->env.xen);
	unsigned i, n = slot_posted_count(posted);
	const struct range *r, *other;
	struct request behind;

	if (req->type == SLOT_INVALIDATE)
		return false; /* their data is in them */
	if (!d->posted || d->rung)
		return true;
	r = request_range(d, req);
	if (!r || must_order(r, d->ring.target, d->ring.op.window))
		return true;
	for (i = 0; i < n; i++) {
		slot_posted_peek(posted, i, &behind);
		other = request_range(d, &behind);
		if (!other || must_order(r, other->target, other->window))
			return true;
	}
	return false;
}

bool
rings_must_wait(struct dispatch *d, const struct request *req)
{
	return !rings_take(d) && rings_block(d, req);
}
