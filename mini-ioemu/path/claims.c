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

/* Addresses that Xen treats in one way, and what is to become of them. */
struct cover {
	struct set now, wanted;
	void (*tell)(struct claims *c, enum ioemu_space space,
		     struct host_interval part, bool on);
};

struct bells {
	struct host_interval at[XEN_DOORBELLS]; /* last 0: none */
};

struct claims {
	struct xen *xen;
	const struct route_table *routes;
	struct cover claimed[ROUTE_SPACES];
	struct cover posted; /* of what is claimed in memory */
	struct bells bells;
	bool refused;
	bool deferred; /* not yet */
};

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

/* Tell Xen of what is in `a` and not in `b`. */
static void
tell_difference(struct claims *c, enum ioemu_space space,
		const struct cover *cover, const struct set *a,
		const struct set *b, bool on)
{
	struct host_interval gap;
	uint64_t at;
	unsigned i;

	for (i = 0; i < a->n; i++) {
		at = a->interval[i].first;
		while (set_next_gap(b, a->interval[i], &at, &gap))
			cover->tell(c, space, gap, on);
	}
}

static void
cover_shrink(struct claims *c, enum ioemu_space space,
	     const struct cover *cover)
{
	tell_difference(c, space, cover, &cover->now, &cover->wanted, false);
}

static void
cover_grow(struct claims *c, enum ioemu_space space, struct cover *cover)
{
	tell_difference(c, space, cover, &cover->wanted, &cover->now, true);
	cover->now = cover->wanted;
}

/* ---- what Xen is told ------------------------------------------------ */

static void
tell_claim(struct claims *c, enum ioemu_space space, struct host_interval part,
	   bool on)
{
	int rc = on ? xen_claim(c->xen, space, part.first, part.last)
		    : xen_unclaim(c->xen, space, part.first, part.last);

	if (!rc || !on || c->refused)
		return;
	c->refused = true;
	log_warn("Xen refuses [0x%llx, 0x%llx]: %s; such addresses read all "
		 "ones (said once)",
		 (unsigned long long)part.first, (unsigned long long)part.last,
		 strerror(-rc));
}

/* If Xen has no room for one more, these writes stay as they were. */
static void
tell_post(struct claims *c, enum ioemu_space space, struct host_interval part,
	  bool on)
{
	(void)space;
	(void)xen_post(c->xen, part.first, part.last, on);
}

/* ---- doorbells: each a whole range with its number -------------------- */

/* Those that fit, in the order of their addresses: a device model that takes
 * over has them in the same. The others are posted like any write. */
static void
bells_wanted(const struct claims *c, struct bells *out)
{
	const struct range *r;
	unsigned i, n = 0;

	*out = (struct bells){ 0 };
	for (i = 0;
	     n < XEN_DOORBELLS && (r = route_at(c->routes, IOEMU_MEM, i)); i++)
		if (r->window->region.flags & IOEMU_DOORBELL)
			out->at[n++] =
				(struct host_interval){ r->first, r->last };
}

static bool
bell_differs(struct host_interval a, struct host_interval b)
{
	return a.last && (a.first != b.first || a.last != b.last);
}

static void
bells_update(struct claims *c)
{
	struct bells *now = &c->bells, want;
	unsigned i;

	bells_wanted(c, &want);
	/* what moves must not meet what is there yet */
	for (i = 0; i < XEN_DOORBELLS; i++)
		if (bell_differs(now->at[i], want.at[i])) {
			(void)xen_doorbell(c->xen, i, 0, 0);
			now->at[i] = (struct host_interval){ 0 };
		}
	for (i = 0; i < XEN_DOORBELLS; i++)
		if (bell_differs(want.at[i], now->at[i]) &&
		    !xen_doorbell(c->xen, i, want.at[i].first, want.at[i].last))
			now->at[i] = want.at[i];
}

/* ---- after the table changed ------------------------------------------ */

/* What is posted is claimed, too: it is the last to come and the first to go.
 */
void
claims_update(struct claims *c, enum ioemu_space space)
{
	struct cover *claimed = &c->claimed[space], *posted = NULL;

	if (c->deferred)
		return;
	claimed->wanted.n =
		route_cover(c->routes, space, claimed->wanted.interval);
	if (space == IOEMU_MEM && xen_posted(c->xen)) {
		posted = &c->posted;
		posted->wanted.n =
			route_cover_posted(c->routes, posted->wanted.interval);
		cover_shrink(c, space, posted);
	}
	cover_shrink(c, space, claimed);
	cover_grow(c, space, claimed);
	if (posted) {
		cover_grow(c, space, posted);
		bells_update(c);
	}
}

/* ---- life ------------------------------------------------------------- */

int
claims_new(struct xen *xen, const struct route_table *routes,
	   struct claims **out)
{
	struct claims *c = calloc(1, sizeof(*c));
	unsigned space;

	if (!c)
		return -ENOMEM;
	c->xen = xen;
	c->routes = routes;
	for (space = 0; space < ROUTE_SPACES; space++)
		c->claimed[space].tell = tell_claim;
	c->posted.tell = tell_post;
	*out = c;
	return 0;
}

void
claims_free(struct claims *c)
{
	free(c);
}

/* ---- another process's -------------------------------------------- */

int
claims_import(struct claims *c, enum ioemu_space space, uint64_t first,
	      uint64_t last)
{
	struct set *set = &c->claimed[space].now;

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
	tell_difference(c, IOEMU_MEM, &c->posted, &c->claimed[IOEMU_MEM].now,
			&none, false);
	for (space = 0; space < ROUTE_SPACES; space++)
		claims_update(c, space);
}

bool
claims_at(const struct claims *c, enum ioemu_space space, unsigned i,
	  struct host_interval *out)
{
	const struct set *set = &c->claimed[space].now;

	if (i >= set->n)
		return false;
	*out = set->interval[i];
	return true;
}
