/* SPDX-License-Identifier: MIT */
/*
 * Xen keeps one set of ranges a type and refuses overlaps inside a server
 * (common/ioreq.c), while guests may overlap BARs as they like. So the union
 * is claimed, and a change is the difference of two unions.
 */
#include "path/claims.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#define MAX_INTERVALS (2 * ROUTE_MAX)

struct set {
	unsigned n;
	struct host_interval interval[MAX_INTERVALS];
};

struct claims {
	struct xen *xen;
	const struct route_table *routes;
	struct set claimed[ROUTE_SPACES];
	struct set posted; /* of what is claimed in memory */
	struct set wanted; /* scratch */
	struct host_interval bell[XEN_DOORBELLS]; /* last 0: none */
	bool refused;
	bool deferred; /* not yet */
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

static void
claims_give(struct claims *c, enum ioemu_space space, struct host_interval gap)
{
	(void)xen_unclaim(c->xen, space, gap.first, gap.last);
}

/* If Xen has no room for one more, these writes stay as they were. */
static void
claims_post(struct claims *c, enum ioemu_space space, struct host_interval gap)
{
	(void)space;
	(void)xen_post(c->xen, gap.first, gap.last, true);
}

static void
claims_unpost(struct claims *c, enum ioemu_space space,
	      struct host_interval gap)
{
	(void)space;
	(void)xen_post(c->xen, gap.first, gap.last, false);
}

/* What is in `a` and not in `b`. */
static void
claims_differ(struct claims *c, enum ioemu_space space, const struct set *a,
	      const struct set *b,
	      void (*tell)(struct claims *c, enum ioemu_space space,
			   struct host_interval gap))
{
	struct host_interval gap;
	uint64_t at;
	unsigned i;

	for (i = 0; i < a->n; i++) {
		at = a->interval[i].first;
		while (set_next_gap(b, a->interval[i], &at, &gap))
			tell(c, space, gap);
	}
}

/* Before what is claimed changes, and after it. */
static void
claims_update_posted(struct claims *c, bool after)
{
	c->wanted.n = route_cover_posted(c->routes, c->wanted.interval);
	if (!after) {
		claims_differ(c, IOEMU_MEM, &c->posted, &c->wanted,
			      claims_unpost);
		return;
	}
	claims_differ(c, IOEMU_MEM, &c->wanted, &c->posted, claims_post);
	c->posted = c->wanted;
}

/* Those that fit, in the order of their addresses: a device model that takes
 * over has them in the same. The others are posted like any write. */
static void
claims_update_bells(struct claims *c)
{
	struct host_interval want[XEN_DOORBELLS] = { 0 };
	const struct range *r;
	unsigned i, n = 0;

	for (i = 0;
	     n < XEN_DOORBELLS && (r = route_at(c->routes, IOEMU_MEM, i)); i++)
		if (r->window->region.flags & IOEMU_DOORBELL)
			want[n++] = (struct host_interval){ r->first, r->last };
	/* what moves must not meet what is there yet */
	for (i = 0; i < XEN_DOORBELLS; i++)
		if (c->bell[i].last && (c->bell[i].first != want[i].first ||
					c->bell[i].last != want[i].last)) {
			(void)xen_doorbell(c->xen, i, 0, 0);
			c->bell[i] = (struct host_interval){ 0 };
		}
	for (i = 0; i < n; i++)
		if (!c->bell[i].last &&
		    !xen_doorbell(c->xen, i, want[i].first, want[i].last))
			c->bell[i] = want[i];
}

void
claims_update(struct claims *c, enum ioemu_space space)
{
	struct set *old = &c->claimed[space];
	bool posts = space == IOEMU_MEM && xen_posted(c->xen);

	if (c->deferred)
		return;
	if (posts)
		claims_update_posted(c, false);
	c->wanted.n = route_cover(c->routes, space, c->wanted.interval);
	claims_differ(c, space, old, &c->wanted, claims_give);
	claims_differ(c, space, &c->wanted, old, claims_take);
	*old = c->wanted;
	if (!posts)
		return;
	claims_update_posted(c, true);
	claims_update_bells(c);
}

/* ---- another process's -------------------------------------------- */

int
claims_import(struct claims *c, enum ioemu_space space, uint64_t first,
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
claims_defer(struct claims *c)
{
	c->deferred = true;
}

void
claims_go(struct claims *c)
{
	static const struct set none;
	unsigned space;

	c->deferred = false;
	/* which of them the other had posted is not told */
	claims_differ(c, IOEMU_MEM, &c->claimed[IOEMU_MEM], &none,
		      claims_unpost);
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
