/* SPDX-License-Identifier: MIT */
/*
 * A tree of buses. Where a window of a function behind bridges can be reached
 * is what is left of it after each bridge above took its part
 * (PCI-to-PCI Bridge Architecture Specification 1.2, chapter 4): the route
 * table gets these parts, so that an access costs the same however deep its
 * target sits.
 */
#include "pci/bus.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define DEVFNS 256u
#define SLOTS 32u
#define PINS 4u
#define FIRST_FREE_SLOT 2u /* root bus: 0 and 1 are the chipset's */
#define CONFIG_SHIFT 32	   /* address of bus 0, function 1 */

struct bus {
	struct bus_env env;
	struct bus_dev *bridge; /* NULL: the root bus */
	struct host_bridge now; /* what that bridge passes on */
	struct bus_dev *at[DEVFNS];
};

/* ---- where things can be reached ---------------------------------- */

/* Add what of [r->first, r->last], addresses on `bus`, the guest reaches. */
static void
bus_route(const struct bus *bus, enum ioemu_space space, const struct range *r)
{
	unsigned i, end;

	if (!bus->bridge) {
		/* a full table is as if nobody answered there */
		(void)route_add_range(bus->env.routes, space, r);
		return;
	}
	if (bus->now.reset)
		return;
	i = space == IOEMU_PIO ? HOST_BRIDGE_IO : HOST_BRIDGE_MEM;
	end = space == IOEMU_PIO ? HOST_BRIDGE_IO : HOST_BRIDGE_PREF;
	for (; i <= end; i++) {
		const struct host_interval *w = &bus->now.window[i];
		struct range part = *r;

		if (part.first < w->first)
			part.first = w->first;
		if (part.last > w->last)
			part.last = w->last;
		if (w->first <= w->last && part.first <= part.last)
			bus_route(bus->bridge->bus, space, &part);
	}
}

/* The bus's number, if configuration cycles for it come so far down. */
static bool
bus_number(const struct bus *bus, unsigned *number)
{
	const struct bus *b;

	*number = bus->bridge ? bus->now.secondary : 0;
	for (b = bus; b->bridge; b = b->bridge->bus)
		if (b->now.reset || !b->now.secondary ||
		    *number < b->now.secondary || *number > b->now.subordinate)
			return false;
	return true;
}

static void
dev_route_config(const struct bus_dev *dev)
{
	const struct bus *bus = dev->bus;
	unsigned number;

	if (dev->config && bus_number(bus, &number))
		(void)route_add(
			bus->env.routes, IOEMU_CONFIG,
			(uint64_t)(number << 8 | dev->devfn) << CONFIG_SHIFT,
			dev->config->region.size, dev->target, dev->config);
}

static void
dev_route_window(const struct bus_dev *dev, struct host_window *w)
{
	const struct range whole = {
		.first = w->base,
		.last = w->base + w->region.size - 1,
		.target = dev->target,
		.window = w,
		.base = w->base,
		.owner = dev->owner,
	};

	bus_route(dev->bus, w->space, &whole);
}

/* All of a function, and of what is behind it. */
static void
dev_route(const struct bus_dev *dev)
{
	unsigned i;

	dev_route_config(dev);
	for (i = 0; i < dev->n_mapped; i++)
		dev_route_window(dev, dev->mapped[i]);
	for (i = 0; dev->secondary && i < DEVFNS; i++)
		if (dev->secondary->at[i])
			dev_route(dev->secondary->at[i]);
}

static void
dev_unroute(const struct bus_dev *dev)
{
	struct route_table *routes = dev->bus->env.routes;
	unsigned i;

	if (dev->config)
		route_del(routes, dev->config);
	for (i = 0; i < dev->n_mapped; i++)
		route_del(routes, dev->mapped[i]);
	for (i = 0; dev->secondary && i < DEVFNS; i++)
		if (dev->secondary->at[i])
			dev_unroute(dev->secondary->at[i]);
}

static void
bus_claim(const struct bus *bus)
{
	claims_update(bus->env.claims, IOEMU_CONFIG);
	claims_update(bus->env.claims, IOEMU_PIO);
	claims_update(bus->env.claims, IOEMU_MEM);
}

void
bus_map(struct bus_dev *dev, struct host_window *w)
{
	assert(dev->n_mapped < HOST_MAX_WINDOWS);
	dev->mapped[dev->n_mapped++] = w;
	if (!dev->bus)
		return;
	dev_route_window(dev, w);
	claims_update(dev->bus->env.claims, w->space);
}

void
bus_unmap(struct bus_dev *dev, struct host_window *w)
{
	unsigned i = 0;

	while (dev->mapped[i] != w)
		i++;
	dev->mapped[i] = dev->mapped[--dev->n_mapped];
	if (!dev->bus)
		return;
	route_del(dev->bus->env.routes, w);
	claims_update(dev->bus->env.claims, w->space);
}

/* ---- interrupts --------------------------------------------------- */

/* Behind a bridge a pin turns by the slot it is in (PCI-to-PCI Bridge
 * Architecture Specification 1.2, table 9-1), level by level. */
static void
dev_intx_up(const struct bus_dev *dev, unsigned pin, bool level)
{
	while (dev->bus->bridge) {
		pin = (pin + dev->devfn / 8) % PINS;
		dev = dev->bus->bridge;
	}
	irq_intx(dev->bus->env.irq, dev->devfn / 8, pin, level);
}

void
bus_intx(struct bus_dev *dev, unsigned pin, bool level)
{
	assert(pin < PINS && level != (dev->pins >> pin & 1));
	dev->pins ^= 1u << pin;
	if (dev->bus)
		dev_intx_up(dev, pin, level);
}

static void
dev_pins(const struct bus_dev *dev, bool level)
{
	unsigned pin;

	for (pin = 0; pin < PINS; pin++)
		if (dev->pins >> pin & 1)
			dev_intx_up(dev, pin, level);
}

/* ---- places ------------------------------------------------------- */

static int
bus_free_slot(const struct bus *bus)
{
	size_t slot = bus->bridge ? 0 : FIRST_FREE_SLOT;

	while (slot < SLOTS && bus->at[slot * 8])
		slot++;
	return slot < SLOTS ? (int)slot * 8 : -1;
}

int
bus_place(struct bus *bus, struct bus_dev *dev, int devfn)
{
	if (devfn >= (int)DEVFNS)
		return -EINVAL;
	if (devfn < 0)
		devfn = bus_free_slot(bus);
	if (devfn < 0 || bus->at[devfn])
		return -EBUSY;
	dev->bus = bus;
	dev->devfn = (unsigned)devfn;
	bus->at[devfn] = dev;
	dev_route(dev);
	bus_claim(bus);
	dev_pins(dev, true);
	return 0;
}

void
bus_remove(struct bus_dev *dev)
{
	struct bus *bus = dev->bus;

	if (!bus)
		return;
	dev_pins(dev, false);
	dev_unroute(dev);
	bus->at[dev->devfn] = NULL;
	dev->bus = NULL;
	bus_claim(bus);
	free(dev->secondary);
	dev->secondary = NULL;
}

struct bus_dev *
bus_at(const struct bus *bus, unsigned devfn)
{
	return devfn < DEVFNS ? bus->at[devfn] : NULL;
}

unsigned
bus_bdf(const struct bus_dev *dev)
{
	const struct bus *bus = dev->bus;

	return (bus && bus->bridge ? bus->now.secondary * DEVFNS : 0) |
	       dev->devfn;
}

bool
bus_is_root(const struct bus *bus)
{
	return bus && !bus->bridge;
}

void
bus_each(const struct bus *root,
	 void (*see)(void *ctx, const struct bus_dev *dev), void *ctx)
{
	unsigned i;

	for (i = 0; i < DEVFNS; i++)
		if (root->at[i])
			see(ctx, root->at[i]);
	for (i = 0; i < DEVFNS; i++)
		if (root->at[i] && root->at[i]->secondary)
			bus_each(root->at[i]->secondary, see, ctx);
}

unsigned
bus_root_slot(const struct bus_dev *dev)
{
	while (dev->bus->bridge)
		dev = dev->bus->bridge;
	return dev->devfn / 8;
}

void
bus_eject(struct bus *bus, unsigned slot)
{
	unsigned i;

	for (i = slot * 8; i < slot * 8 + 8; i++)
		if (bus->at[i] && bus->at[i]->eject)
			bus->at[i]->eject(bus->at[i]);
}

/* ---- bridges ------------------------------------------------------ */

static void
bus_reset(const struct bus *bus)
{
	unsigned i;

	for (i = 0; i < DEVFNS; i++) {
		struct bus_dev *dev = bus->at[i];

		if (dev)
			dev->reset(dev);
		if (dev && dev->secondary)
			bus_reset(dev->secondary);
	}
}

static bool
bridge_same(const struct host_bridge *a, const struct host_bridge *b)
{
	return a->secondary == b->secondary &&
	       a->subordinate == b->subordinate && a->upstream == b->upstream &&
	       a->reset == b->reset &&
	       !memcmp(a->window, b->window, sizeof(a->window));
}

void
bus_set_bridge(struct bus_dev *dev, const struct host_bridge *now)
{
	struct bus *bus = dev->secondary;
	bool reset;

	if (!bus || bridge_same(&bus->now, now))
		return;
	reset = now->reset && !bus->now.reset;
	dev_unroute(dev);
	bus->now = *now;
	dev_route(dev);
	bus_claim(bus);
	if (reset)
		bus_reset(bus);
}

bool
bus_upstream(const struct bus_dev *dev)
{
	const struct bus *bus = dev->bus;

	for (; bus && bus->bridge; bus = bus->bridge->bus)
		if (!bus->now.upstream || bus->now.reset)
			return false;
	return bus;
}

static int
bus_make(const struct bus_env *env, struct bus_dev *bridge, struct bus **out)
{
	struct bus *bus = calloc(1, sizeof(*bus));

	if (!bus)
		return -ENOMEM;
	bus->env = *env;
	bus->bridge = bridge;
	*out = bus;
	return 0;
}

int
bus_make_secondary(struct bus_dev *dev)
{
	return bus_make(&dev->bus->env, dev, &dev->secondary);
}

int
bus_new(const struct bus_env *env, struct bus **root)
{
	return bus_make(env, NULL, root);
}

void
bus_free(struct bus *root)
{
	free(root);
}
