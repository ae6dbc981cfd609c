/* SPDX-License-Identifier: MIT */
/*
 * dispatch.h - the path of an access: take -> route -> target ... done -> put.
 *
 * There is one struct access for each vCPU, as a vCPU waits for one thing at a
 * time, and one for the buffered ring. Accesses of different vCPUs are
 * answered in whatever order their targets finish.
 */
#ifndef DISPATCH_H
#define DISPATCH_H

#include <ioemu/host.h>

#include "dma.h"
#include "route.h"

/*
 * Where a window's accesses go: devices in this process, or a peer. submit()
 * ends in op->done(op), inside the call or later.
 */
struct target {
	const char *name; /* for listings; NULL: that of the window's device */
	void (*submit)(struct target *target, struct host_op *op);
};

struct dispatch;

int dispatch_new(struct xen *xen, unsigned vcpus,
		 const struct route_table *routes, struct dma *dma,
		 struct dispatch **out);
void dispatch_free(struct dispatch *d); /* nothing in flight is answered */

/* A vCPU's port rang, or the ring's (XEN_EVENT_RING). */
void dispatch_event(struct dispatch *d, int event);

/* Every slot, after nothing was taken for a while. */
void dispatch_all(struct dispatch *d);

/* Accesses being worked on. */
unsigned dispatch_busy(const struct dispatch *d);

#endif
