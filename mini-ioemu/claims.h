/* SPDX-License-Identifier: MIT */
/*
 * claims.h - keeps what Xen sends us equal to what the route table covers.
 */
#ifndef CLAIMS_H
#define CLAIMS_H

#include "route.h"
#include "xen.h"

struct claims;

int claims_new(struct xen *xen, const struct route_table *routes,
	       struct claims **out);
void claims_free(struct claims *c); /* claims die with the ioreq server */

/* After the table changed: give back what is no longer covered, then claim
 * what is new. What Xen refuses stays unclaimed (reads all ones). */
void claims_update(struct claims *c, enum ioemu_space space);

#endif
