/* SPDX-License-Identifier: MIT */
/*
 * dispatchpriv.h - what dispatch.c and merge.c share: the access.
 */
#ifndef DISPATCHPRIV_H
#define DISPATCHPRIV_H

#include "dispatch.h"
#include "report.h"
#include "slot.h"

#define MERGED (-2) /* in place of a vCPU: merged writes, nobody waits */

struct access {
	struct host_op op; /* first: op_done() finds the access */
	struct dispatch *d;
	int vcpu; /* XEN_EVENT_RING: nobody waits */
	bool busy;
	bool in_submit, answered; /* of the part at hand */
	uint32_t next;		  /* first element not yet submitted */
	uint64_t since;		  /* report_ticks() when it was taken */
	struct target *target;	  /* of the last part; NULL: nobody */
	struct access *waiting;	  /* in merge.waiting */
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
	unsigned taken; /* accesses so far, to see whether there were any */
	bool held;	/* slots wait for what is in the rings */
	bool posted;	/* the ring's access is a posted write */
	uint64_t rung;	/* doorbells that nobody was told of yet */
	enum dispatch_gate gate;
	struct merge merge;
	struct access ring;
	struct access access[];
};

/* dispatch.c */
void access_run(struct access *a);
/* The same, when it had to wait. */
void access_resume(struct access *a);

/* Does the range belong to the device of that access's last part? */
bool access_meets(const struct access *a, const struct range *r);

/* merge.c */
/* Takes a write over; false: it goes its own way. */
bool merge_take(struct dispatch *d, const struct access *a);
/* What was merged goes out. */
void merge_flush(struct dispatch *d);
/* True: the access waits, as merged writes to the same device are on their
 * way, and is run after them. */
bool merge_wait(struct access *a, const struct range *r);
/* They have arrived. */
void merge_done(struct dispatch *d);

#endif
