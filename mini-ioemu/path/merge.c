/* SPDX-License-Identifier: MIT */
/*
 * Merging: writes to prefetchable memory that follow each other become one, as
 * a host bridge combines posted writes (PCI Local Bus Specification 3.0,
 * 3.2.3). The guest is answered at once, as with any posted write.
 *
 * One merged write is pending at most, and every access that is not its
 * continuation sends it on first; so does the end of the batch of events it
 * came in. Between batches nothing is pending: devices' timers, peers and
 * interrupts never meet one.
 */
#include "path/priv.h"

#include <string.h>

static uint32_t
request_bytes(const struct request *req)
{
	return req->size * req->count;
}

/* Upwards, through one prefetchable window. */
static bool
merge_can(const struct dispatch *d, const struct request *req)
{
	const struct range *r;

	if (req->type != SLOT_COPY || req->read ||
	    (req->down && req->count > 1) ||
	    request_bytes(req) == HOST_MAX_DATA)
		return false;
	r = route_find(d->env.routes, IOEMU_MEM, req->addr);
	return r && r->window->region.flags & IOEMU_PREFETCHABLE &&
	       r->last - req->addr >= request_bytes(req) - 1;
}

/* One width, no gap, not more than a request moves. */
static bool
merge_continues(const struct request *merged, const struct request *req)
{
	return req->size == merged->size &&
	       req->addr == merged->addr + request_bytes(merged) &&
	       request_bytes(merged) + request_bytes(req) <= HOST_MAX_DATA;
}

bool
merge_take(struct dispatch *d, const struct access *a)
{
	struct merge *m = &d->merge;
	struct request *merged = &m->access.req;
	const struct request *req = &a->req;

	if (!d->env.merge || !merge_can(d, req))
		return false;
	if (m->pending && !merge_continues(merged, req))
		merge_flush(d);
	if (m->access.busy) /* the last one is slow to arrive */
		return false;
	if (!m->pending) {
		m->pending = true;
		m->access.since = report_ticks();
		*merged = (struct request){
			.type = SLOT_COPY,
			.addr = req->addr,
			.size = req->size,
		};
	}
	memcpy(m->access.data + request_bytes(merged), a->data,
	       request_bytes(req));
	merged->count += req->count;
	return true;
}

void
merge_flush(struct dispatch *d)
{
	struct merge *m = &d->merge;

	if (!m->pending)
		return;
	m->pending = false;
	m->access.busy = true;
	m->access.next = 0;
	d->busy++;
	access_run(&m->access);
}

bool
merge_wait(struct access *a, const struct range *r)
{
	struct merge *m = &a->d->merge;
	struct access **at = &m->waiting;

	if (!m->access.busy || a == &m->access ||
	    !must_order(r, m->access.target, m->access.op.window))
		return false;
	while (*at) /* as many as there are vCPUs */
		at = &(*at)->waiting;
	/* who had its last part may be gone before it goes on */
	a->target = NULL;
	a->op.window = NULL;
	a->waiting = NULL;
	*at = a;
	return true;
}

void
merge_done(struct dispatch *d)
{
	struct access *a = d->merge.waiting, *next;

	d->merge.waiting = NULL;
	for (; a; a = next) {
		next = a->waiting;
		access_resume(a);
	}
}
