/* SPDX-License-Identifier: MIT */
/*
 * path/priv.h - what dispatch.c, merge.c and rings.c share: the access.
 */
#ifndef PATH_PRIV_H
#define PATH_PRIV_H

#include "path/dispatch.h"
#include "path/report.h"
#include "xen/slot.h"

#define MERGED (-2) /* in place of a vCPU: merged writes, nobody waits */

struct access {
	struct host_op op; /* first: op_done() finds the access */
	struct dispatch *d;
	int vcpu; /* XEN_EVENT_RING: nobody waits */
	bool busy;
	bool in_submit, answered; /* of the part at hand */
	uint32_t next;		  /* first element not yet submitted */
	uint64_t since;		  /* report_ticks() when it was taken */
	/* Of the last part, as is op.window, both valid while it is not done
	 * and just after; NULL: nobody, or the access waits to go on. */
	struct target *target;
	struct access *waiting; /* in merge.waiting */
	struct request req;
	uint8_t data[HOST_MAX_DATA];
};

struct merge {
	bool pending;		/* may grow yet; else, if busy, on its way */
	struct access *waiting; /* until that is done */
	struct access access;
};

/* What is taken of the guest: all, buffered writes, nothing. */
enum dispatch_gate { GATE_OPEN, GATE_RING, GATE_SHUT };

struct dispatch {
	struct spin_source source; /* first: looks at the slots */
	struct dispatch_env env;
	struct report report;
	unsigned busy;
	unsigned taken;	 /* accesses so far, to see whether there were any */
	bool slots_wait; /* slots wait for what is in the rings */
	bool posted;	 /* the ring's access is a posted write */
	uint64_t rung;	 /* doorbells that nobody was told of yet */
	enum dispatch_gate gate;
	struct merge merge;
	struct access ring;
	struct access access[];
};

/* dispatch.c */
/* Its request is set: takes it from there to the answer, now or later. */
void access_start(struct access *a);
void access_run(struct access *a);
/* The same, when it had to wait. */
void access_resume(struct access *a);

/* Is an access to the range to wait for an earlier one of that window? If it is
 * the same device's, or to config space, as that is where devices move. `w`
 * NULL: the earlier one waits itself, for merged writes; what is to come after
 * it finds the same wait (merge_wait()). */
bool must_order(const struct range *r, const struct target *target,
		const struct host_window *w);
/* The range that answers all of it; NULL: none, or more than one. */
const struct range *request_range(const struct dispatch *d,
				  const struct request *req);

/* rings.c */
/* Takes the rings' writes of this moment, for those that come meanwhile have
 * no end. False while one of them is not done. */
bool rings_take(struct dispatch *d);
/* Takes them too: does this request of a vCPU come after one that is not done?
 */
bool rings_must_wait(struct dispatch *d, const struct request *req);

/* Is their next write to be taken, if there is one? */
static inline bool
rings_ready(const struct dispatch *d)
{
	return d->gate != GATE_SHUT && !d->ring.busy;
}

/* Nothing is in them and nothing on its way: what nearly every access finds. */
static inline bool
rings_idle(const struct dispatch *d)
{
	const struct slot_posted *posted = xen_posted(d->env.xen);

	return !d->ring.busy && !d->rung &&
	       slot_ring_empty(xen_ring(d->env.xen)) &&
	       (!posted || slot_posted_empty(posted));
}

/* merge.c */
/* Takes a write over; false: it goes its own way. */
bool merge_take(struct dispatch *d, const struct access *a);
/* What was merged goes out. */
void merge_flush(struct dispatch *d);
/* True: the access waits, as merged writes that it must_order() are on their
 * way, and is run after them. */
bool merge_wait(struct access *a, const struct range *r);
/* They have arrived. */
void merge_done(struct dispatch *d);

#endif
