/* SPDX-License-Identifier: MIT */
/*
 * One access, from its slot to its answer. Guest data goes through a buffer of
 * the access, filled before the target sees a write and emptied after it
 * answered a read, so guest memory is touched (and mapped) once a request,
 * whatever its count.
 */
#include "path/priv.h"

#include <stdlib.h>
#include <string.h>

#define ALL_ONES UINT64_MAX
#define GATHER_NS 3000u	      /* a pending write waits for its continuation */
#define GATHER_MAX_NS 100000u /* ... in all */

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
		(void)dma_read(a->d->env.dma, access_lowest(req), a->data, len);
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
		(void)dma_write(a->d->env.dma, access_lowest(req), a->data,
				len);
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

/* The vCPU goes on. */
static void
access_answer(const struct access *a, uint64_t value)
{
	const struct dispatch_env *env = &a->d->env;

	if (a->vcpu < 0)
		return;
	slot_put(xen_slots(env->xen), (unsigned)a->vcpu, value);
	xen_notify(env->xen, (unsigned)a->vcpu);
	spin_touch(env->spin); /* the guest may ask again at once */
}

static void
access_done(struct access *a, uint64_t value)
{
	struct dispatch *d = a->d;

	a->busy = false;
	d->busy--;
	report_access_done(&d->report, &a->req, a->vcpu, a->since, a->target,
			   a->op.window);
	access_answer(a, value);
	if (a == &d->merge.access)
		merge_done(d);
}

void
access_start(struct access *a)
{
	const struct request *req = &a->req;
	bool valid = req->type <= SLOT_CONFIG && request_valid(req);

	a->d->taken++;
	a->next = 0;
	a->target = NULL;
	a->op.window = NULL;
	a->since = report_ticks();
	if (valid)
		access_gather(a);
	if (valid && merge_take(a->d, a)) {
		access_answer(a, req->data);
		return;
	}
	merge_flush(a->d);
	a->busy = true;
	a->d->busy++;
	if (req->type == SLOT_INVALIDATE)
		dma_invalidate(a->d->env.dma);
	/* TIMEOFFSET: the guest set its clock; nobody keeps it (QEMU, libxl) */
	if (valid)
		access_run(a);
	else
		access_done(a, ALL_ONES);
}

/* ---- route and submit ------------------------------------------------ */

static enum ioemu_space
request_space(const struct request *req)
{
	switch ((enum slot_type)req->type) {
	case SLOT_PIO:
		return IOEMU_PIO;
	case SLOT_COPY:
		return IOEMU_MEM;
	default: /* what else there is has not got this far */
		return IOEMU_CONFIG;
	}
}

static uint64_t
element_addr(const struct request *req, uint32_t i)
{
	uint64_t step = (uint64_t)i * req->size;

	if (req->type != SLOT_COPY) /* a port stays where it is */
		return req->addr;
	return req->down ? req->addr - step : req->addr + step;
}

/* Outside of any batch of events. */
void
access_resume(struct access *a)
{
	access_run(a);
	if (a->vcpu != XEN_EVENT_RING || a->busy)
		return;
	dispatch_event(a->d, XEN_EVENT_RING);
	dispatch_flush(a->d);
}

static void
access_part_done(struct host_op *op)
{
	struct access *a = (struct access *)op;

	a->answered = true;
	if (!a->in_submit)
		access_resume(a);
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
	a->target = r->target;
	r->target->submit(r->target, &a->op);
}

/* A peer's windows are all of one target. */
bool
must_order(const struct range *r, const struct target *target,
	   const struct host_window *w)
{
	return r->window->space == IOEMU_CONFIG ||
	       (w && r->target == target && r->window->hd == w->hd);
}

const struct range *
request_range(const struct dispatch *d, const struct request *req)
{
	const struct range *r =
		route_find(d->env.routes, request_space(req), req->addr);
	uint64_t last;

	if (!r || !request_valid(req))
		return NULL;
	last = element_addr(req, req->count - 1);
	return last >= r->first && last <= r->last ? r : NULL;
}

/* Part by part until the end, or until a part will be answered later. */
void
access_run(struct access *a)
{
	const struct request *req = &a->req;

	while (a->next < req->count) {
		const struct range *r =
			route_find(a->d->env.routes, request_space(req),
				   element_addr(req, a->next));

		if (!r) { /* nobody there: all ones, or lost */
			a->next++;
			continue;
		}
		if (merge_wait(a, r))
			return;
		a->answered = false;
		a->in_submit = true;
		access_submit(a, r);
		a->in_submit = false;
		if (!a->answered)
			return;
	}
	access_done(a, access_scatter(a));
}

/* ---- events ---------------------------------------------------------- */

/* What became of a slot that was looked at. */
enum slot_outcome {
	TAKEN,
	IDLE,	   /* it asks nothing, or its request is not to be taken yet */
	MUST_WAIT, /* for what the guest wrote before, to a ring */
};

/* The rings are looked at after the slot was seen to be ready, so what the
 * guest wrote before is there. */
static enum slot_outcome
dispatch_slot(struct dispatch *d, unsigned vcpu)
{
	struct access *a = &d->access[vcpu];
	void *slots = xen_slots(d->env.xen);

	if (d->gate != GATE_OPEN || a->busy || !slot_peek(slots, vcpu, &a->req))
		return IDLE;
	if (!rings_idle(d) && rings_must_wait(d, &a->req))
		return MUST_WAIT;
	slot_take(slots, vcpu);
	access_start(a);
	return TAKEN;
}

void
dispatch_all(struct dispatch *d)
{
	unsigned i;

	d->slots_wait = false;
	(void)rings_take(d);
	for (i = 0; i < d->env.vcpus; i++)
		if (dispatch_slot(d, i) == MUST_WAIT)
			d->slots_wait = true;
}

void
dispatch_event(struct dispatch *d, int event)
{
	if (d->slots_wait)
		dispatch_all(d);
	else if (event == XEN_EVENT_RING)
		(void)rings_take(d);
	else
		d->slots_wait = dispatch_slot(d, (unsigned)event) == MUST_WAIT;
}

bool
dispatch_more(const struct dispatch *d)
{
	return rings_ready(d) && (d->slots_wait || !rings_idle(d));
}

void
dispatch_flush(struct dispatch *d)
{
	merge_flush(d);
}

static bool
dispatch_scan(struct dispatch *d)
{
	unsigned before = d->taken;

	dispatch_all(d);
	return d->taken != before;
}

/* While the loop is awake: no port has to ring. A write that may be merged
 * waits a moment for the next one, as its vCPU has just been told to go on. */
static bool
dispatch_poll(struct spin_source *source)
{
	struct dispatch *d = (struct dispatch *)source;
	bool worked = dispatch_scan(d);
	uint64_t now, until, end;

	if (!d->merge.pending)
		return worked;
	now = uv_hrtime();
	end = now + GATHER_MAX_NS;
	until = now + GATHER_NS;
	while (d->merge.pending && now < until && now < end) {
		bool more = dispatch_scan(d);

		now = uv_hrtime();
		if (more)
			until = now + GATHER_NS;
	}
	merge_flush(d);
	return worked;
}

unsigned
dispatch_busy(const struct dispatch *d)
{
	return d->busy;
}

bool
dispatch_shut(struct dispatch *d)
{
	dispatch_all(d);
	merge_flush(d);
	if (d->gate == GATE_OPEN)
		d->gate = GATE_RING;
	if (!d->busy)
		d->gate = GATE_SHUT;
	return d->gate == GATE_SHUT;
}

void
dispatch_open(struct dispatch *d)
{
	d->gate = GATE_OPEN;
	dispatch_all(d);
	merge_flush(d);
}

void
dispatch_keep_shut(struct dispatch *d)
{
	d->gate = GATE_SHUT;
}

void
dispatch_report(const struct dispatch *d, struct target_list links,
		void (*say)(void *ctx, const char *line), void *ctx)
{
	char line[REPORT_LINE];
	unsigned i;

	report_tell(&d->report, d->env.routes, links, say, ctx);
	for (i = 0; i < d->env.vcpus; i++) {
		const struct access *a = &d->access[i];

		if (!a->busy)
			continue;
		report_waits(&d->report, &a->req, a->vcpu, a->since,
			     report_who(a->target, a->op.window), line,
			     sizeof(line));
		say(ctx, line);
	}
}

/* ---- life ------------------------------------------------------------ */

static void
access_init(struct access *a, struct dispatch *d, int vcpu)
{
	a->d = d;
	a->vcpu = vcpu;
}

int
dispatch_new(const struct dispatch_env *env, struct dispatch **out)
{
	struct dispatch *d =
		calloc(1, sizeof(*d) + env->vcpus * sizeof(d->access[0]));
	unsigned i;

	if (!d)
		return -ENOMEM;
	d->env = *env;
	report_init(&d->report);
	access_init(&d->merge.access, d, MERGED);
	access_init(&d->ring, d, XEN_EVENT_RING);
	for (i = 0; i < env->vcpus; i++)
		access_init(&d->access[i], d, (int)i);
	d->source.poll = dispatch_poll;
	if (env->spin)
		spin_add(env->spin, &d->source);
	*out = d;
	return 0;
}

void
dispatch_free(struct dispatch *d)
{
	if (d && d->env.spin)
		spin_del(d->env.spin, &d->source);
	free(d);
}
