/* SPDX-License-Identifier: MIT */
/*
 * Xen keeps one set of ranges a type and refuses overlaps inside a server
 * (common/ioreq.c), while guests may overlap BARs as they like. So the union
 * is claimed, and a change is the difference of two unions.
 */
#include "claims.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"

#define MAX_INTERVALS (2 * ROUTE_MAX)

struct set {
	unsigned n;
	struct host_interval interval[MAX_INTERVALS];
};

struct claims {
	struct xen *xen;
	const struct route_table *routes;
	struct set claimed[ROUTE_SPACES];
	struct set wanted; /* scratch */
	bool refused;
	bool held; /* not yet */
};

int
claims_new(struct xen *xen, const struct route_table *routes,
	   struct claims **out)
{
	struct claims *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->xen = xen;
	c->routes = routes;
	*out = c;
	return 0;
}

void
claims_free(struct claims *c)
{
	free(c);
}

/*
 * The parts of x that no interval of `set` covers, one at each call; *at is
 * where to go on. Both sets are sorted.
 */
static bool
set_next_gap(const struct set *set, struct host_interval x, uint64_t *at,
	     struct host_interval *gap)
{
	unsigned i;

	for (i = 0; i < set->n; i++) {
		const struct host_interval *s = &set->interval[i];

		if (s->last < *at)
			continue;
		if (s->first > x.last)
			break;
		if (s->first > *at) {
			*gap = (struct host_interval){ *at, s->first - 1 };
			*at = s->first;
			return true;
		}
		if (s->last >= x.last)
			return false;
		*at = s->last + 1;
	}
	if (*at > x.last || *at < x.first)
		return false;
	*gap = (struct host_interval){ *at, x.last };
	*at = x.last == UINT64_MAX ? 0 : x.last + 1; /* 0: past the end */
	return true;
}

static void
claims_take(struct claims *c, enum ioemu_space space, struct host_interval gap)
{
	int rc = xen_claim(c->xen, space, gap.first, gap.last);

	if (!rc || c->refused)
		return;
	c->refused = true;
	log_warn("Xen refuses [0x%llx, 0x%llx]: %s; such addresses read all "
		 "ones (said once)",
		 (unsigned long long)gap.first, (unsigned long long)gap.last,
		 strerror(-rc));
}

void
claims_update(struct claims *c, enum ioemu_space space)
{
	struct set *old = &c->claimed[space];
	struct host_interval gap;
	uint64_t at;
	unsigned i;

	if (c->held)
		return;
	c->wanted.n = route_cover(c->routes, space, c->wanted.interval);
	for (i = 0; i < old->n; i++) {
		at = old->interval[i].first;
		while (set_next_gap(&c->wanted, old->interval[i], &at, &gap))
			(void)xen_unclaim(c->xen, space, gap.first, gap.last);
	}
	for (i = 0; i < c->wanted.n; i++) {
		at = c->wanted.interval[i].first;
		while (set_next_gap(old, c->wanted.interval[i], &at, &gap))
			claims_take(c, space, gap);
	}
	*old = c->wanted;
}

/* ---- another process's -------------------------------------------- */

int
claims_held(struct claims *c, enum ioemu_space space, uint64_t first,
	    uint64_t last)
{
	struct set *set = &c->claimed[space];

	if (set->n == MAX_INTERVALS)
		return -ENOSPC;
	if (last < first || (set->n && first <= set->interval[set->n - 1].last))
		return -EINVAL;
	set->interval[set->n++] = (struct host_interval){ first, last };
	return 0;
}

void
claims_hold(struct claims *c)
{
	c->held = true;
}

void
claims_go(struct claims *c)
{
	unsigned space;

	c->held = false;
	for (space = 0; space < ROUTE_SPACES; space++)
		claims_update(c, space);
}

bool
claims_at(const struct claims *c, enum ioemu_space space, unsigned i,
	  struct host_interval *out)
{
	if (i >= c->claimed[space].n)
		return false;
	*out = c->claimed[space].interval[i];
	return true;
}
