/* SPDX-License-Identifier: MIT */
/*
 * dispatch.h - the path of an access: take -> route -> target ... done -> put.
 *
 * There is one struct access for each vCPU, as a vCPU waits for one thing at a
 * time, and one for the buffered ring. Accesses of different vCPUs are
 * answered in whatever order their targets finish.
 */
#ifndef PATH_DISPATCH_H
#define PATH_DISPATCH_H

#include "loop/loop.h"

#include "path/dma.h"
#include "path/route.h"

/*
 * Where a window's accesses go: devices in this process, or a peer. submit()
 * ends in op->done(op), inside the call or later.
 */
struct target {
	const char *name; /* for listings; NULL: that of the window's device */
	void (*submit)(struct target *target, struct host_op *op);
	uint32_t latency_log2[HOST_LATENCY_LOG2]; /* report.c's: accesses by
						     their time */
};

struct dispatch_env {
	struct xen *xen;
	unsigned vcpus;
	const struct route_table *routes;
	struct dma *dma;
	struct spin *spin; /* NULL: slots are looked at when ports ring */
	bool merge;	   /* posted writes */
};

struct dispatch;

int dispatch_new(const struct dispatch_env *env, struct dispatch **out);
void dispatch_free(struct dispatch *d); /* nothing in flight is answered */

/* A vCPU's port rang, or the rings' (XEN_EVENT_RING). After the last of those
 * that rang together: dispatch_flush(). */
void dispatch_event(struct dispatch *d, int event);
/* Merged writes go out. */
void dispatch_flush(struct dispatch *d);

/* There is something to take that no port will ring for: call dispatch_event()
 * as if the rings' had, before the loop sleeps. */
bool dispatch_more(const struct dispatch *d);

/* Every slot, after nothing was taken for a while. */
void dispatch_all(struct dispatch *d);

/* Accesses being worked on. */
unsigned dispatch_busy(const struct dispatch *d);

/*
 * Takes what the guest has asked, then nothing more of its vCPUs: they wait
 * until dispatch_open(). True when all of it is answered, buffered writes
 * included; from then on the ring stands still too. Call it until it is.
 */
bool dispatch_shut(struct dispatch *d);
void dispatch_open(struct dispatch *d);
/* Before the first: nothing is taken until dispatch_open(). */
void dispatch_keep_shut(struct dispatch *d);

/* Targets that are listed beside the windows. */
struct target_list {
	/* the i-th, NULL past the end; at NULL: there are none */
	const struct target *(*at)(const void *owner, unsigned i);
	const void *owner;
};

/* How long accesses took and which take long now, line by line. */
void dispatch_report(const struct dispatch *d, struct target_list links,
		     void (*say)(void *ctx, const char *line), void *ctx);

#endif
