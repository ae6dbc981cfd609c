/* SPDX-License-Identifier: MIT */
/*
 * route.h - which window answers an address. Pure: knows neither devices nor
 * Xen.
 *
 * Guests can lay BARs over each other and over fixed windows. The table keeps
 * what is wanted, and from it what holds: windows added earlier win where two
 * overlap, and the loser reappears when the winner moves away.
 *
 * There is no more room than Xen has for what it sends us. Half of it is the
 * machine's own. The other half is for owners that may not be trusted with it:
 * each has a share that it can always have, and more while nobody else wants
 * his: what was added last beyond a share goes then, as if nobody answered
 * there.
 */
#ifndef PATH_ROUTE_H
#define PATH_ROUTE_H

#include "host/host.h"

#define ROUTE_MAX 256u	/* windows in a space (Xen: MAX_NR_IO_RANGES) */
#define ROUTE_POOL 128u /* of these, for all owners together */
#define ROUTE_SHARE 8u	/* for each of them, as long as there are 16 */
#define ROUTE_SPACES 3u

struct target;

/* Embedded in whatever places windows of memory or ports on its own; zeroed. */
struct route_owner {
	unsigned used[ROUTE_SPACES];
	struct route_owner *next;
};

/* [first, last], both included. */
struct range {
	uint64_t first, last;
	struct target *target;
	struct host_window *window;
	uint64_t base;		   /* address of the window's offset 0 */
	struct route_owner *owner; /* NULL: the machine itself */
};

struct route_table;

int route_new(struct route_table **out);
void route_free(struct route_table *t);

/* One more to share with; the shares of more than 16 are smaller. */
void route_join(struct route_table *t, struct route_owner *owner);
/* When it has no window any more. */
void route_leave(struct route_table *t, struct route_owner *owner);

/* -ENOSPC: no room for whose it is, in this case the machine; -EINVAL: size 0
 * or past the end of the space. */
int route_add(struct route_table *t, enum ioemu_space space, uint64_t base,
	      uint64_t size, struct target *target, struct host_window *window);
/* A part of a window, at r->first to r->last; errors as above. */
int route_add_range(struct route_table *t, enum ioemu_space space,
		    const struct range *r);
/* All of a window's places; nothing happens if it has none. */
void route_del(struct route_table *t, const struct host_window *window);

/* NULL: nobody. Valid until the next route_add() or route_del(). */
const struct range *route_find(const struct route_table *t,
			       enum ioemu_space space, uint64_t addr);

/* Has somebody other than `target` an address in [first, last]? */
bool route_taken(const struct route_table *t, enum ioemu_space space,
		 uint64_t first, uint64_t last, const struct target *target);

/* What holds in a space, by address, pieces of one window apart; for
 * listings. NULL past the end. */
const struct range *route_at(const struct route_table *t,
			     enum ioemu_space space, unsigned i);

/*
 * What a space covers as few sorted intervals, neighbours joined: what to claim
 * from Xen. Returns their number, at most ROUTE_MAX * 2.
 */
unsigned route_cover(const struct route_table *t, enum ioemu_space space,
		     struct host_interval *out);
/* The same of memory, where writes may be posted. */
unsigned route_cover_posted(const struct route_table *t,
			    struct host_interval *out);

#endif
