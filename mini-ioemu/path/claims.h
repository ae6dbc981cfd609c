/* SPDX-License-Identifier: MIT */
/*
 * claims.h - keeps what Xen sends us equal to what the route table covers.
 */
#ifndef PATH_CLAIMS_H
#define PATH_CLAIMS_H

#include "path/route.h"
#include "xen/xen.h"

struct claims;

int claims_new(struct xen *xen, const struct route_table *routes,
	       struct claims **out);
void claims_free(struct claims *c); /* claims die with the ioreq server */

/*
 * Another process has claimed ranges for the same server. Nothing is claimed or
 * given back from claims_defer() to claims_go(), and then what differs from
 * claims_import(), called for each in order. -ENOSPC: more than there can be.
 */
void claims_defer(struct claims *c);
int claims_import(struct claims *c, enum ioemu_space space, uint64_t first,
		  uint64_t last);
void claims_go(struct claims *c);
/* The i-th that is claimed; false past the end. */
bool claims_at(const struct claims *c, enum ioemu_space space, unsigned i,
	       struct host_interval *out);

/* After the table changed: give back what is no longer covered, then claim
 * what is new. What Xen refuses stays unclaimed (reads all ones). */
void claims_update(struct claims *c, enum ioemu_space space);

#endif
