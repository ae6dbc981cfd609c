/* SPDX-License-Identifier: MIT */
/*
 * A saved state is what somebody wrote into a file. Each value of each field of
 * each device, and several together, is made another: the device refuses the
 * state, or it is used afterwards as any other: no byte beside its own is
 * touched (sanitizers watch), every access is answered, nothing goes on for
 * ever, and it can be saved and loaded again.
 */
#include "net.h"

#include <stdlib.h>
#include <string.h>

#define STEPS_BEFORE 60u
#define STEPS_AFTER 25u
#define TOGETHER 4u /* values changed at once */
#define EDGES 12u

/* The states of all devices of a machine, as they were saved. */
struct states {
	uint8_t *data[MAX_DEVICES];
	long used[MAX_DEVICES];
};

static void
states_take(struct states *st, struct machine *m)
{
	unsigned i;

	machine_save(m);
	for (i = 0; i < m->n_slots; i++) {
		const struct saved *was = &m->slot[i].before;

		st->used[i] = was->used;
		st->data[i] = malloc((size_t)was->used);
		memcpy(st->data[i], was->data, (size_t)was->used);
	}
}

static void
states_free(struct states *st)
{
	unsigned i;

	for (i = 0; i < MAX_DEVICES; i++)
		free(st->data[i]);
	memset(st, 0, sizeof(*st));
}

/* Into what machine_load() takes. */
static void
states_put(const struct states *st, struct machine *m)
{
	unsigned i;

	for (i = 0; i < m->n_slots; i++) {
		memcpy(m->slot[i].before.data, st->data[i],
		       (size_t)st->used[i]);
		m->slot[i].before.used = st->used[i];
	}
}

/* ---- which value, and what it becomes ----------------------------- */

static uint64_t
other_value(struct net_random *r, unsigned which, uint64_t was)
{
	switch (which) {
	case 0:
		return 0;
	case 1:
		return 1;
	case 2:
		return UINT64_MAX;
	case 3:
		return INT64_MAX;
	case 4:
		return (uint64_t)INT64_MIN;
	case 5:
		return 0x7f7f7f7f7f7f7f7full;
	case 6:
		return 0x8080808080808080ull;
	case 7:
		return was + 1;
	case 8:
		return was - 1;
	case 9:
		return was ^ 1ull << net_below(r, 64);
	case 10:
		return net_below(r, 0x400);
	default:
		return net_random(r);
	}
}

/* Ends, where counts go wrong first, and one in between. */
static unsigned
which_element(struct net_random *r, uint32_t count, unsigned round)
{
	switch (round % 4) {
	case 0:
		return 0;
	case 1:
		return count - 1;
	default:
		return net_below(r, count);
	}
}

/* ---- one try ------------------------------------------------------ */

/* The machine is made of the states in its slots; what it is then used for. */
static void
use(struct net_guest *g, struct net_random *r)
{
	unsigned i;

	g->random.state = net_random(r);
	g->phrase = NULL;
	for (i = 0; i < STEPS_AFTER; i++)
		(void)net_step(g);
	net_settle(g);
	machine_migrate(g->m);
	(void)net_step(g);
	net_settle(g);
}

static unsigned taken, refused;

static void
try(struct net_guest *g, struct net_random *r)
{
	if (machine_load(g->m)) {
		refused++;
		return;
	}
	taken++;
	use(g, r);
}

static void
change(struct slot *s, struct net_random *r, const char *name, unsigned k,
       unsigned which)
{
	uint64_t was = saved_get(&s->before, name, k);
	uint64_t value = other_value(r, which, was);

	net_at("%s: %s[%u] is %#llx and was %#llx", s->id, name, k,
	       (unsigned long long)value, (unsigned long long)was);
	saved_set(&s->before, name, k, value);
}

static void
try_field(struct net_guest *g, const struct states *st, struct net_random *r,
	  struct slot *s, unsigned field, unsigned rounds)
{
	unsigned i, which;
	uint32_t count;
	char name[256];

	for (i = 0; i < rounds; i++) {
		states_put(st, g->m);
		(void)saved_field(&s->before, field, name, &count);
		which = rounds < EDGES ? net_below(r, EDGES) : i % EDGES;
		change(s, r, name, which_element(r, count, i / 2), which);
		try(g, r);
	}
}

static void
try_together(struct net_guest *g, const struct states *st, struct net_random *r)
{
	unsigned i, n = 0;
	uint32_t count;
	char name[256];

	states_put(st, g->m);
	for (i = 0; i < TOGETHER; i++) {
		struct slot *s = &g->m->slot[net_below(r, g->m->n_slots)];

		for (n = 0; saved_field(&s->before, n, name, &count); n++)
			;
		(void)saved_field(&s->before, net_below(r, n), name, &count);
		change(s, r, name, net_below(r, count), net_below(r, EDGES));
	}
	try(g, r);
}

static unsigned
fields(const struct slot *s)
{
	unsigned n = 0;
	uint32_t count;
	char name[256];

	while (saved_field(&s->before, n, name, &count))
		n++;
	return n;
}

static void
test(struct host_plugins *plugins, const struct net_group *group,
     unsigned count, uint64_t seed)
{
	struct net_random r = { seed };
	struct states st = { 0 };
	struct net_guest g;
	unsigned i, k, n;

	taken = refused = 0;
	net_start(&g, plugins, group, seed);
	for (i = 0; i < STEPS_BEFORE; i++)
		(void)net_step(&g);
	net_settle(&g);
	states_take(&st, g.m);
	for (i = 0; i < g.m->n_slots; i++) {
		n = fields(&g.m->slot[i]);
		for (k = 0; k < n; k++)
			try_field(&g, &st, &r, &g.m->slot[i], k, count);
	}
	for (i = 0; i < count * TOGETHER; i++)
		try_together(&g, &st, &r);
	print_message("%s: %u states taken, %u refused\n", group->name, taken,
		      refused);
	assert_true(taken > 0);
	states_free(&st);
	net_end(&g);
}

int
main(int argc, char **argv)
{
	return net_main(argc, argv, 2 * EDGES, test);
}
