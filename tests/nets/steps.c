/* SPDX-License-Identifier: MIT */
/*
 * What the guest does: a step is an access, a word of a driver's phrase, memory
 * that changes, time that passes, or something that the host does to a device.
 */
#include "guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_START 0xcbf29ce484222325ull

/* What registers are likely to care for. */
static uint64_t
any_value(struct net_random *r)
{
	switch (net_below(r, 8)) {
	case 0:
		return 0;
	case 1:
		return UINT64_MAX;
	case 2:
		return 1ull << net_below(r, 64);
	case 3:
		return net_below(r, LOW_RAM) & ~0xfull;
	case 4:
	case 5:
		return net_below(r, 0x100);
	default:
		return net_random(r);
	}
}

/* ---- steps -------------------------------------------------------- */

/* The next that is mapped, in the order of devices, as that in which windows
 * appeared is another after loading. *i begins at 0. */
static struct host_window *
next_window(const struct machine *m, unsigned *i)
{
	while (*i < m->n_slots * HOST_MAX_WINDOWS) {
		struct hostdev *hd = m->slot[*i / HOST_MAX_WINDOWS].hd;
		unsigned k = (*i)++ % HOST_MAX_WINDOWS;

		if (k < hd->n_windows && hd->window[k].mapped)
			return &hd->window[k];
	}
	return NULL;
}

static struct host_window *
any_window(const struct machine *m, unsigned pick)
{
	struct host_window *w = NULL;
	unsigned i = 0;

	if (!m->n_routes)
		return NULL;
	for (pick = pick % m->n_routes + 1; pick; pick--)
		w = next_window(m, &i);
	return w;
}

static struct host_window *
window_at(const struct machine *m, enum ioemu_space space, uint64_t addr)
{
	struct host_window *w;
	unsigned i = 0;

	while ((w = next_window(m, &i)))
		if (w->space == space && addr - w->base < w->region.size)
			return w;
	return NULL;
}

static uint64_t
step_access(struct net_guest *g)
{
	struct net_random *r = &g->random;
	struct host_op op = net_op(1u << net_below(r, 3), net_below(r, 2));
	uint32_t pick = net_below(r, 1u << 16), at = net_below(r, 1u << 30);
	unsigned how = net_below(r, 16);
	uint64_t v = any_value(r);
	struct host_window *w = any_window(g->m, pick);
	uint64_t size;

	if (!w)
		return 0;
	size = w->region.size;
	op.window = w;
	op.offset = at % (size > 16 && how < 10 ? 16 : size);
	op.posted = op.write && w->space == IOEMU_MEM;
	if (how & 3)
		op.width = (uint32_t)w->region.min << at % 2;
	if (op.width > 8)
		op.width = 8;
	if (how & 4)
		op.offset &= ~(uint64_t)(op.width - 1);
	if (how == 15)
		op.count = 1 + at % (HOST_MAX_DATA / op.width);
	if (w->space == IOEMU_PIO)
		op.step = 0;
	return net_access(g->m, &op, v);
}

static uint64_t
step_config(struct net_guest *g)
{
	struct net_random *r = &g->random;
	struct host_op op = net_op(1u << net_below(r, 3), net_below(r, 2));
	const struct slot *s = &g->m->slot[net_below(r, g->m->n_slots)];
	unsigned reg = net_below(r, 0x100);
	uint64_t v = any_value(r);

	op.window = s->hd->config;
	/* what firmware placed mostly stays */
	op.offset = reg >= REG_BAR0 && reg < 0x30 && reg % 5 ? 0x40 : reg;
	return net_access(g->m, &op, v);
}

/* ADDR[.WIDTH][*COUNT][=VALUE] */
static uint64_t
step_phrase(struct net_guest *g)
{
	uint64_t any = any_value(&g->random), value = 0;
	struct host_op op = net_op(1, false);
	const char *p = g->phrase;
	struct host_window *w;
	enum ioemu_space space;
	uint64_t addr;
	char *end;

	addr = strtoull(p, &end, 16);
	if (*end == '.')
		op.width = (uint32_t)strtoul(end + 1, &end, 16);
	if (*end == '*')
		op.count = (uint32_t)strtoul(end + 1, &end, 16);
	if (*end == '=') {
		op.write = true;
		value = end[1] == '?' ? any : strtoull(end + 1, NULL, 16);
		end += strcspn(end, " ");
	}
	g->phrase = *end ? end + 1 : NULL;
	space = addr < 0x10000 ? IOEMU_PIO : IOEMU_MEM;
	w = window_at(g->m, space, addr);
	op.step = space == IOEMU_MEM ? 1 : 0;
	op.posted = op.write && space == IOEMU_MEM;
	op.window = w;
	op.offset = w ? addr - w->base : 0;
	return net_access(g->m, &op, value);
}

/* Of one of the devices there are. */
static void
phrase_begin(struct net_guest *g)
{
	const struct slot *s = &g->m->slot[0];
	const char *const *list = NULL;
	char name[NAME_SIZE];
	unsigned n = 0, k = net_below(&g->random, 1u << 16);
	const char *w;

	snprintf(name, sizeof(name), "%s", s->type->type.name);
	for (w = s->spec; *w; w += strlen(w) + 1)
		if (!strcmp(w, "native=on"))
			snprintf(name, sizeof(name), "%s,%s",
				 s->type->type.name, w);
	list = net_phrases(name);
	while (list && list[n])
		n++;
	g->phrase = n ? list[k % n] : NULL;
}

static void
step_poke(struct net_guest *g)
{
	uint32_t at = net_below(&g->random, LOW_RAM - 8) & ~3u;

	ioemu_put_le32(g->m->ram + at, (uint32_t)any_value(&g->random));
}

static void
step_input(struct net_guest *g)
{
	uint8_t data[40];
	unsigned n = 1 + net_below(&g->random, sizeof(data)), i;

	for (i = 0; i < n; i++)
		data[i] = (uint8_t)net_random(&g->random);
	for (i = 0; i < MAX_BACKENDS && g->m->chr[i]; i++)
		backend_append(&g->m->chr[i]->in, &g->m->chr[i]->in_len, data,
			       n);
}

/* The disk that a device was made with: no other is its to change. */
static struct ioemu_block *
disk_of(const struct slot *s)
{
	struct ioemu_block *const *block = s->m->block;
	const char *w, *value;
	unsigned i;

	for (w = s->spec; *w; w += strlen(w) + 1)
		for (i = 0; i < MAX_BACKENDS && block[i]; i++) {
			size_t n = strlen(block[i]->name);

			value = strchr(w, '=');
			if (value && !strncmp(value + 1, block[i]->name, n) &&
			    value[1 + n] == ':')
				return block[i];
		}
	return NULL;
}

/* Of a drive that has one which can be changed. */
static void
step_medium(struct net_guest *g)
{
	enum ioemu_medium what = (enum ioemu_medium)net_below(&g->random, 4);
	unsigned size = net_below(&g->random, 3) * 0x10000;
	unsigned which = net_below(&g->random, g->m->n_slots);
	const struct slot *s = &g->m->slot[which];
	struct ioemu_block *disk = disk_of(s);

	if (!disk || !machine_quiet(g->m) ||
	    hostdev_medium(s->hd, disk, IOEMU_MEDIUM_QUERY) < 0)
		return;
	if (what == IOEMU_MEDIUM_CLOSE)
		backend_load(disk, size);
	(void)hostdev_medium(s->hd, disk, what);
}

/* What the host does. */
static void
step_host(struct net_guest *g)
{
	struct net_random *r = &g->random;
	unsigned what = net_below(r, 8), which = net_below(r, MAX_BACKENDS);
	unsigned slot = net_below(r, 32), i;
	struct machine *m = g->m;

	switch (what) {
	case 0:
		if (m->block[which])
			m->block[which]->fail = -EIO;
		break;
	case 1:
		machine_reset(m);
		net_place(m);
		break;
	case 2:
		for (i = 0; i < m->n_slots; i++)
			hostdev_hotplug(m->slot[i].hd, slot % 4,
					(enum ioemu_hotplug)(slot % 3));
		break;
	case 3:
		net_place(m);
		break;
	case 4:
		step_medium(g);
		break;
	default:
		step_input(g);
		break;
	}
}

static uint64_t
step_any(struct net_guest *g)
{
	switch (net_below(&g->random, 32)) {
	case 0:
		step_host(g);
		return 0;
	case 1:
		step_poke(g);
		return 0;
	case 2:
		return step_config(g);
	case 3:
		machine_advance(g->m, 1ull << net_below(&g->random, 30));
		return 0;
	case 4: /* in a while, or while something is on its way */
	case 5:
		machine_advance(g->m, net_below(&g->random, 100000));
		return 0;
	case 6:
	case 7:
	case 8:
		phrase_begin(g);
		return 0;
	default:
		return step_access(g);
	}
}

uint64_t
net_step(struct net_guest *g)
{
	struct machine *m = g->m;
	bool goes_on = g->phrase && !net_one_in(&g->random, 64);
	uint64_t seen = HASH_START;
	unsigned i;

	if (!goes_on)
		g->phrase = NULL;
	seen = net_mix(seen, goes_on ? step_phrase(g) : step_any(g));
	machine_turn(m);
	machine_check(m);
	for (i = 0; i < m->n_slots; i++)
		seen = net_mix(seen, m->slot[i].lines);
	seen = net_mix(seen, m->n_msi);
	seen = net_mix(seen, m->msi_data);
	seen = net_mix(seen, (uint64_t)m->power << 32 | m->unplugged);
	return net_mix(seen, m->ejected);
}

void
net_settle(struct net_guest *g)
{
	if (!machine_wait(g->m, NULL))
		fail_msg("the devices do not come to rest");
	machine_check(g->m);
}

uint64_t
net_seen(const struct net_guest *g)
{
	const struct machine *m = g->m;
	uint64_t seen = host_sum(m->ram, BENCH_RAM_SIZE);
	unsigned i;

	for (i = 0; i < MAX_BACKENDS && m->block[i]; i++)
		seen = net_mix(seen,
			       host_sum(m->block[i]->data, m->block[i]->size));
	for (i = 0; i < MAX_BACKENDS && m->chr[i]; i++)
		seen = net_mix(seen,
			       host_sum(m->chr[i]->out, m->chr[i]->out_len));
	for (i = 0; i < N_LINKS; i++)
		seen = net_mix(seen, (uint64_t)m->link[i]);
	return net_mix(seen, host_sum(m->log, m->log_len));
}
