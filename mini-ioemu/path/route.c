/* SPDX-License-Identifier: MIT */
/*
 * Two lists: `wanted`, in order of precedence, and for each space `holds`,
 * sorted pieces without overlap, made anew from `wanted` on every change.
 * Changes are rare (a BAR moves), look-ups are not.
 */
#include "path/route.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* n wanted ranges cut each other into at most 2n - 1 pieces. */
#define MAX_PIECES (2 * ROUTE_MAX)

struct wanted {
	enum ioemu_space space;
	struct range range;
};

struct pieces {
	unsigned n;
	struct range range[MAX_PIECES];
};

struct route_table {
	struct route_owner *owners;
	unsigned n_own[ROUTE_SPACES]; /* of `wanted`, the machine's */
	unsigned n_wanted;
	struct wanted wanted[ROUTE_SPACES * ROUTE_MAX];
	struct pieces holds[ROUTE_SPACES];
};

int
route_new(struct route_table **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

void
route_free(struct route_table *t)
{
	free(t);
}

/* ---- room ------------------------------------------------------------- */

void
route_join(struct route_table *t, struct route_owner *owner)
{
	owner->next = t->owners;
	t->owners = owner;
}

void
route_leave(struct route_table *t, struct route_owner *owner)
{
	struct route_owner **at = &t->owners;

	while (*at != owner)
		at = &(*at)->next;
	*at = owner->next;
}

static unsigned
pool_share(const struct route_table *t)
{
	const struct route_owner *o;
	unsigned n = 0, share;

	for (o = t->owners; o; o = o->next)
		n++;
	share = n ? ROUTE_POOL / n : ROUTE_SHARE;
	return share < ROUTE_SHARE ? share : ROUTE_SHARE;
}

static unsigned *
room_of(struct route_table *t, enum ioemu_space space,
	struct route_owner *owner)
{
	return owner ? &owner->used[space] : &t->n_own[space];
}

static unsigned
pool_used(const struct route_table *t, enum ioemu_space space)
{
	const struct route_owner *o;
	unsigned n = 0;

	for (o = t->owners; o; o = o->next)
		n += o->used[space];
	return n;
}

/* The youngest window of those who have more than their share goes. */
static void
pool_reclaim(struct route_table *t, enum ioemu_space space, unsigned share)
{
	const struct wanted *w = &t->wanted[t->n_wanted - 1];
	size_t after;

	while (w->space != space || !w->range.owner ||
	       w->range.owner->used[space] <= share)
		w--; /* there is one: the pool is full, and somebody has less */
	w->range.owner->used[space]--;
	after = (size_t)(t->wanted + t->n_wanted-- - (w + 1));
	memmove(&t->wanted[w - t->wanted], w + 1, after * sizeof(*w));
}

static bool
room_make(struct route_table *t, enum ioemu_space space,
	  const struct route_owner *owner)
{
	/* who sits on a bus is the user's word, so there is no pool */
	unsigned pool = space == IOEMU_CONFIG ? 0 : ROUTE_POOL, share;

	if (!owner)
		return t->n_own[space] < ROUTE_MAX - pool;
	if (pool_used(t, space) < pool)
		return true;
	share = pool_share(t);
	if (!pool || owner->used[space] >= share)
		return false;
	pool_reclaim(t, space, share);
	return true;
}

/* ---- places ----------------------------------------------------------- */

/* Index of the first piece that ends at or after addr. */
static unsigned
pieces_find(const struct pieces *p, uint64_t addr)
{
	unsigned lo = 0, hi = p->n;

	while (lo < hi) {
		unsigned mid = (lo + hi) / 2;

		if (p->range[mid].last < addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void
pieces_insert(struct pieces *p, unsigned at, const struct range *r,
	      struct host_interval part)
{
	assert(p->n < MAX_PIECES);
	memmove(&p->range[at + 1], &p->range[at],
		(p->n - at) * sizeof(p->range[0]));
	p->range[at] = *r;
	p->range[at].first = part.first;
	p->range[at].last = part.last;
	p->n++;
}

/* Add what of r is not yet held by others. */
static void
pieces_fill(struct pieces *p, const struct range *r)
{
	uint64_t next = r->first;
	unsigned i = pieces_find(p, next);

	for (;;) {
		bool more = i < p->n && p->range[i].first <= r->last;
		uint64_t end = more ? p->range[i].first : r->last;

		if (more && end > next) {
			pieces_insert(p, i++, r,
				      (struct host_interval){ next, end - 1 });
		} else if (!more) {
			pieces_insert(p, i, r,
				      (struct host_interval){ next, end });
			return;
		}
		if (p->range[i].last >= r->last)
			return;
		next = p->range[i++].last + 1;
	}
}

static void
route_rebuild(struct route_table *t, enum ioemu_space space)
{
	unsigned i;

	t->holds[space].n = 0;
	for (i = 0; i < t->n_wanted; i++)
		if (t->wanted[i].space == space)
			pieces_fill(&t->holds[space], &t->wanted[i].range);
}

int
route_add_range(struct route_table *t, enum ioemu_space space,
		const struct range *r)
{
	uint64_t end = space == IOEMU_PIO ? 0xffff : UINT64_MAX;

	if (r->first > r->last || r->last > end)
		return -EINVAL;
	if (!room_make(t, space, r->owner))
		return -ENOSPC;
	++*room_of(t, space, r->owner);
	t->wanted[t->n_wanted++] = (struct wanted){
		.space = space,
		.range = *r,
	};
	route_rebuild(t, space);
	return 0;
}

int
route_add(struct route_table *t, enum ioemu_space space, uint64_t base,
	  uint64_t size, struct target *target, struct host_window *window)
{
	const struct range whole = {
		.first = base,
		.last = base + size - 1,
		.target = target,
		.window = window,
		.base = base,
	};

	return size ? route_add_range(t, space, &whole) : -EINVAL;
}

void
route_del(struct route_table *t, const struct host_window *window)
{
	bool changed[ROUTE_SPACES] = { false };
	unsigned i, n = 0;

	for (i = 0; i < t->n_wanted; i++) {
		const struct wanted *w = &t->wanted[i];

		if (w->range.window != window) {
			t->wanted[n++] = *w;
			continue;
		}
		changed[w->space] = true;
		--*room_of(t, w->space, w->range.owner);
	}
	t->n_wanted = n;
	for (i = 0; i < ROUTE_SPACES; i++)
		if (changed[i])
			route_rebuild(t, (enum ioemu_space)i);
}

const struct range *
route_find(const struct route_table *t, enum ioemu_space space, uint64_t addr)
{
	const struct pieces *p = &t->holds[space];
	unsigned i = pieces_find(p, addr);

	if (i == p->n || p->range[i].first > addr)
		return NULL;
	return &p->range[i];
}

bool
route_taken(const struct route_table *t, enum ioemu_space space, uint64_t first,
	    uint64_t last, const struct target *target)
{
	const struct pieces *p = &t->holds[space];
	unsigned i;

	for (i = pieces_find(p, first); i < p->n && p->range[i].first <= last;
	     i++)
		if (p->range[i].target != target)
			return true;
	return false;
}

const struct range *
route_at(const struct route_table *t, enum ioemu_space space, unsigned i)
{
	const struct pieces *p = &t->holds[space];

	return i < p->n ? &p->range[i] : NULL;
}

/* A prefetchable one's may be joined, so nobody waits for each of them. */
static bool
range_posts(const struct range *r)
{
	return r->window->region.flags &
	       (IOEMU_ALLOW_POSTED | IOEMU_PREFETCHABLE | IOEMU_DOORBELL);
}

static unsigned
pieces_cover(const struct pieces *p, bool (*is)(const struct range *r),
	     struct host_interval *out)
{
	unsigned i, n = 0;

	for (i = 0; i < p->n; i++) {
		const struct range *r = &p->range[i];

		if (is && !is(r))
			continue;
		if (n && r->first && out[n - 1].last == r->first - 1)
			out[n - 1].last = r->last;
		else
			out[n++] = (struct host_interval){ r->first, r->last };
	}
	return n;
}

unsigned
route_cover(const struct route_table *t, enum ioemu_space space,
	    struct host_interval *out)
{
	return pieces_cover(&t->holds[space], NULL, out);
}

unsigned
route_cover_posted(const struct route_table *t, struct host_interval *out)
{
	return pieces_cover(&t->holds[IOEMU_MEM], range_posts, out);
}
