/* SPDX-License-Identifier: MIT */
/*
 * The spine. Guest data crosses it in a buffer of the access, filled before
 * the target sees a write and emptied after it answered a read, so guest
 * memory is touched (and mapped) once a request, whatever its count.
 */
#include "dispatch.h"

#include <stdlib.h>
#include <string.h>

#include "slot.h"

#define ALL_ONES UINT64_MAX

struct access {
	struct host_op op; /* first: op_done() finds the access */
	struct dispatch *d;
	int vcpu; /* XEN_EVENT_RING: nobody waits */
	bool busy;
	bool in_submit, answered; /* of the part at hand */
	uint32_t next;		  /* first element not yet submitted */
	struct request req;
	uint8_t data[HOST_MAX_DATA];
};

struct dispatch {
	struct xen *xen;
	const struct route_table *routes;
	struct dma *dma;
	unsigned vcpus, busy;
	bool held; /* slots wait until the ring is empty */
	struct access ring;
	struct access access[];
};

static void access_run(struct access *a);

/* ---- data: guest memory or the slot's value <-> the buffer -----------------
 */

static uint64_t
access_lowest(const struct request *req)
{
	return req->down ? req->data - (uint64_t)(req->count - 1) * req->size
			 : req->data;
}

static void
access_gather(struct access *a)
{
	const struct request *req = &a->req;
	uint32_t i, len = req->size * req->count;

	if (req->read) {
		memset(a->data, 0xff, len);
	} else if (req->ptr) {
		(void)dma_read(a->d->dma, access_lowest(req), a->data, len);
	} else {
		/* rep stos: the same value each time; little-endian, as the
		 * guest and this program are both x86 */
		for (i = 0; i < len; i += req->size)
			memcpy(a->data + i, &req->data, req->size);
	}
}

/* The value for the slot. */
static uint64_t
access_scatter(struct access *a)
{
	const struct request *req = &a->req;
	uint32_t len = req->size * req->count;
	uint64_t value = 0;

	if (!req->read)
		return req->data;
	if (req->ptr) {
		(void)dma_write(a->d->dma, access_lowest(req), a->data, len);
		return req->data;
	}
	memcpy(&value, a->data + (req->down ? 0 : len - req->size), req->size);
	return value;
}

/* ---- take -------------------------------------------------------------------
 */

static bool
request_valid(const struct request *req)
{
	bool width = req->size == 1 || req->size == 2 || req->size == 4 ||
		     req->size == 8;

	return width && req->count && req->count <= HOST_MAX_DATA / req->size;
}

static void
access_done(struct access *a, uint64_t value)
{
	struct dispatch *d = a->d;

	a->busy = false;
	d->busy--;
	if (a->vcpu == XEN_EVENT_RING)
		return;
	slot_put(xen_slots(d->xen), (unsigned)a->vcpu, value);
	xen_notify(d->xen, (unsigned)a->vcpu);
}

static void
access_start(struct access *a)
{
	const struct request *req = &a->req;

	a->busy = true;
	a->d->busy++;
	a->next = 0;
	if (req->type == SLOT_INVALIDATE)
		dma_invalidate(a->d->dma);
	/* TIMEOFFSET: the guest set its clock; nobody keeps it (QEMU, libxl) */
	if (req->type > SLOT_CONFIG || !request_valid(req)) {
		access_done(a, ALL_ONES);
		return;
	}
	access_gather(a);
	access_run(a);
}

/* ---- route and submit
 * --------------------------------------------------------- */

static enum ioemu_space
request_space(const struct request *req)
{
	static const enum ioemu_space space[] = {
		[SLOT_PIO] = IOEMU_IO,
		[SLOT_COPY] = IOEMU_MEM,
		[SLOT_CONFIG] = IOEMU_CONFIG,
	};

	return space[req->type];
}

static uint64_t
element_addr(const struct request *req, uint32_t i)
{
	uint64_t step = (uint64_t)i * req->size;

	if (req->type != SLOT_COPY) /* a port stays where it is */
		return req->addr;
	return req->down ? req->addr - step : req->addr + step;
}

static void
access_part_done(struct host_op *op)
{
	struct access *a = (struct access *)op;

	a->answered = true;
	if (a->in_submit)
		return;
	access_run(a);
	if (a->vcpu == XEN_EVENT_RING && !a->busy)
		dispatch_event(a->d, XEN_EVENT_RING);
}

/* Elements from a->next on that the range answers; at least one. */
static uint32_t
access_part(const struct access *a, const struct range *r)
{
	const struct request *req = &a->req;
	uint32_t n = 1;

	if (req->type != SLOT_COPY)
		return req->count - a->next;
	while (a->next + n < req->count) {
		uint64_t addr = element_addr(req, a->next + n);

		if (addr < r->first || addr > r->last)
			break;
		n++;
	}
	return n;
}

static void
access_submit(struct access *a, const struct range *r)
{
	const struct request *req = &a->req;
	uint32_t n = access_part(a, r);
	uint32_t at = req->down ? req->count - a->next - n : a->next;
	bool moves = req->type == SLOT_COPY;

	a->op = (struct host_op){
		.window = r->window,
		.offset = element_addr(req, a->next) - r->base,
		.data = a->data + (size_t)at * req->size,
		.width = req->size,
		.count = n,
		.step = (int8_t)(!moves	     ? 0
				 : req->down ? -1
					     : 1),
		.down = req->down,
		.write = !req->read,
		.posted = moves && !req->read,
		.done = access_part_done,
	};
	a->next += n;
	r->target->submit(r->target, &a->op);
}

/* Part by part until the end, or until a part will be answered later. */
static void
access_run(struct access *a)
{
	const struct request *req = &a->req;

	while (a->next < req->count) {
		const struct range *r =
			route_find(a->d->routes, request_space(req),
				   element_addr(req, a->next));

		if (!r) { /* nobody there: all ones, or lost */
			a->next++;
			continue;
		}
		a->answered = false;
		a->in_submit = true;
		access_submit(a, r);
		a->in_submit = false;
		if (!a->answered)
			return;
	}
	access_done(a, access_scatter(a));
}

/* ---- events
 * --------------------------------------------------------------------- */

/* Buffered writes come before any slot of the same moment. False while one of
 * them is not done. */
static bool
dispatch_ring(struct dispatch *d)
{
	unsigned budget = SLOT_RING_ENTRIES;

	while (!d->ring.busy && budget-- &&
	       slot_ring_take(xen_ring(d->xen), &d->ring.req))
		access_start(&d->ring);
	return !d->ring.busy;
}

static void
dispatch_slot(struct dispatch *d, unsigned vcpu)
{
	struct access *a = &d->access[vcpu];

	if (!a->busy && slot_take(xen_slots(d->xen), vcpu, &a->req))
		access_start(a);
}

void
dispatch_all(struct dispatch *d)
{
	unsigned i;

	if (!dispatch_ring(d)) {
		d->held = true;
		return;
	}
	d->held = false;
	for (i = 0; i < d->vcpus; i++)
		dispatch_slot(d, i);
}

void
dispatch_event(struct dispatch *d, int event)
{
	if (event == XEN_EVENT_RING || d->held) {
		if (d->held)
			dispatch_all(d);
		else
			(void)dispatch_ring(d);
		return;
	}
	if (dispatch_ring(d))
		dispatch_slot(d, (unsigned)event);
	else
		d->held = true;
}

unsigned
dispatch_busy(const struct dispatch *d)
{
	return d->busy;
}

int
dispatch_new(struct xen *xen, unsigned vcpus, const struct route_table *routes,
	     struct dma *dma, struct dispatch **out)
{
	struct dispatch *d =
		calloc(1, sizeof(*d) + vcpus * sizeof(d->access[0]));
	unsigned i;

	if (!d)
		return -ENOMEM;
	d->xen = xen;
	d->vcpus = vcpus;
	d->routes = routes;
	d->dma = dma;
	d->ring.d = d;
	d->ring.vcpu = XEN_EVENT_RING;
	for (i = 0; i < vcpus; i++) {
		d->access[i].d = d;
		d->access[i].vcpu = (int)i;
	}
	*out = d;
	return 0;
}

void
dispatch_free(struct dispatch *d)
{
	free(d);
}
