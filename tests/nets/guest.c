/* SPDX-License-Identifier: MIT */
/*
 * The guest before its first step: numbers, accesses, what firmware and drivers
 * leave behind.
 */
#include "guest.h"

#include <stdlib.h>
#include <string.h>

#define REG_COMMAND 0x04u
#define REG_HEADER 0x0eu
#define HEADER_BRIDGE 0x01u
#define N_BARS 6u
#define COMMAND_ALL 0x7u
#define FIRST_PORT 0xc000u
#define PORT_STEP 0x100u
#define FIRST_MEM 0xe0000000u
#define MEM_STEP 0x1000u

#define PRD_AT 0x1000u
#define LIST_AT 0x2000u
#define HASH_PRIME 0x100000001b3ull

/* ---- numbers ------------------------------------------------------ */

/* splitmix64 */
uint64_t
net_random(struct net_random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

uint32_t
net_below(struct net_random *r, uint32_t below)
{
	return (uint32_t)(net_random(r) >> 32) % below;
}

bool
net_one_in(struct net_random *r, uint32_t n)
{
	return !net_below(r, n);
}

uint64_t
net_mix(uint64_t hash, uint64_t v)
{
	hash = (hash ^ v) * HASH_PRIME;
	return hash ^ hash >> 29;
}

/* ---- accesses ----------------------------------------------------- */

struct access {
	struct host_op op; /* first */
	bool done;
};

static void
access_done(struct host_op *op)
{
	((struct access *)op)->done = true;
}

/* One value for all elements. What was read, as a number. */
uint64_t
net_access(struct machine *m, const struct host_op *op, uint64_t value)
{
	struct access a = { .op = *op };
	uint32_t n = op->width * op->count, i;
	uint64_t seen;

	if (!op->window)
		return 0;
	a.op.data = malloc(n); /* of that size: a byte too many is seen */
	a.op.done = access_done;
	for (i = 0; i < n; i++)
		a.op.data[i] = (uint8_t)(value >> 8 * (i % op->width));
	host_op_start(&a.op);
	if (!machine_wait(m, &a.done))
		fail_msg("an access was deferred and never answered");
	seen = op->write ? 0 : host_sum(a.op.data, n);
	free(a.op.data);
	return seen;
}

struct host_op
net_op(unsigned width, bool write)
{
	return (struct host_op){
		.width = width,
		.count = 1,
		.step = 1,
		.write = write,
	};
}

static uint32_t
config(struct machine *m, struct slot *s, unsigned reg, bool write, uint32_t v)
{
	struct host_op op = net_op(4, write);
	struct access a = { .op = op };
	uint8_t data[4];

	ioemu_put_le32(data, v);
	a.op.window = s->hd->config;
	a.op.offset = reg;
	a.op.data = data;
	a.op.done = access_done;
	host_op_start(&a.op);
	if (!machine_wait(m, &a.done))
		fail_msg("configuration space was not answered");
	return ioemu_get_le32(data);
}

/* ---- what firmware does ------------------------------------------- */

struct places {
	uint32_t port, mem;
};

/* Sizes a BAR and gives it the next place. */
static void
place_bar(struct machine *m, struct slot *s, unsigned reg, struct places *p)
{
	uint32_t mask, size;

	(void)config(m, s, reg, true, UINT32_MAX);
	mask = config(m, s, reg, false, 0);
	if (!mask)
		return;
	size = ~(mask & ~(mask & 1 ? 3u : 0xfu)) + 1;
	if (mask & 1) {
		(void)config(m, s, reg, true, p->port);
		p->port += PORT_STEP;
		return;
	}
	if (!size || size > 1u << 26)
		return;
	if (size < MEM_STEP)
		size = MEM_STEP;
	p->mem = (p->mem + size - 1) & ~(size - 1);
	(void)config(m, s, reg, true, p->mem);
	p->mem += size;
}

void
net_place(struct machine *m)
{
	struct places p = { FIRST_PORT, FIRST_MEM };
	unsigned i, k, bars;

	for (i = 0; i < m->n_slots; i++) {
		struct slot *s = &m->slot[i];

		if (!s->hd->config)
			continue;
		bars = config(m, s, REG_HEADER & ~3u, false, 0) >> 16 &
				       HEADER_BRIDGE
			       ? 2
			       : N_BARS;
		(void)config(m, s, REG_COMMAND, true, 0);
		for (k = 0; k < bars; k++)
			if (k == 0 ||
			    (config(m, s, REG_BAR0 + 4 * (k - 1), false, 0) &
			     0x7) != 0x4)
				place_bar(m, s, REG_BAR0 + 4 * k, &p);
			else /* the upper half of the one before */
				(void)config(m, s, REG_BAR0 + 4 * k, true, 0);
		(void)config(m, s, REG_COMMAND, true, COMMAND_ALL);
	}
}

/* Tables that drivers make: physical regions of SFF-8038i, and a list of
 * devices/dma-engine. Most of them make sense. */
static void
fill_memory(struct net_guest *g)
{
	struct net_random *r = &g->random;
	uint8_t *ram = g->m->ram;
	unsigned i;

	for (i = 0; i < LOW_RAM; i += 8)
		ioemu_put_le64(ram + i, net_random(r));
	for (i = 0; i < 64; i++) {
		uint8_t *prd = ram + PRD_AT + (size_t)i * 8;
		uint8_t *d = ram + LIST_AT + (size_t)i * 16;

		ioemu_put_le32(prd, net_below(r, LOW_RAM) & ~1u);
		ioemu_put_le32(prd + 4,
			       (2u << net_below(r, 12)) |
				       (net_one_in(r, 4) ? 0x80000000u : 0));
		ioemu_put_le64(d, net_below(r, LOW_RAM));
		ioemu_put_le32(d + 8, 4u << net_below(r, 10));
		ioemu_put_le32(d + 12, net_below(r, 8));
	}
}

/* The last one that was started, for who ends in the middle. */
static struct machine *started;

void
net_abandon(void)
{
	if (started)
		machine_free(started);
	started = NULL;
}

void
net_start(struct net_guest *g, struct host_plugins *plugins,
	  const struct net_group *group, uint64_t seed)
{
	*g = (struct net_guest){ .random = { seed } };
	g->m = started = machine_new(plugins);
	machine_add(g->m, group->devices);
	fill_memory(g);
	net_place(g->m);
}

void
net_end(struct net_guest *g)
{
	net_abandon();
	g->m = NULL;
}
