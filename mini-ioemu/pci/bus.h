/* SPDX-License-Identifier: MIT */
/*
 * bus.h - the PCI buses: who sits where, what of his windows the guest reaches
 * through the bridges above him, and where his interrupt pin comes out. The
 * registers of a bridge are its own; here is only what they mean for others.
 */
#ifndef PCI_BUS_H
#define PCI_BUS_H

#include "host/host.h"

#include "path/claims.h"
#include "path/route.h"
#include "pci/irq.h"

struct bus;

/* What the buses work on; outlives them. */
struct bus_env {
	struct route_table *routes;
	struct claims *claims;
	struct irq *irq;
};

/* A function's place, embedded in whatever its owner keeps of it. */
struct bus_dev {
	/* The owner's, set before bus_place(): who gets the accesses, */
	struct target *target;
	struct route_owner *owner;	    /* of its windows, or NULL, */
	struct host_window *config;	    /* the configuration space, */
	void (*reset)(struct bus_dev *dev); /* and: the bus was reset, */
	/* and: the guest gave it up, bus_remove() it. NULL: it stays. */
	void (*eject)(struct bus_dev *dev);
	/* The rest is bus.c's. */
	struct bus *bus; /* NULL: not placed */
	unsigned devfn;
	unsigned pins; /* asserted, bit 0 INTA# */
	struct bus *secondary;
	unsigned n_mapped;
	struct host_window *mapped[HOST_MAX_WINDOWS];
};

int bus_new(const struct bus_env *env, struct bus **root);
void bus_free(struct bus *root); /* after all its functions are removed */

/*
 * Put a function on a bus, at `devfn` or (negative) function 0 of the first
 * free slot. -EBUSY: taken, or no slot free; -EINVAL: no bus has that one.
 */
int bus_place(struct bus *bus, struct bus_dev *dev, int devfn);
/* Its windows go, its pins fall. What sits behind it goes first. */
void bus_remove(struct bus_dev *dev);
/* NULL: nobody, or devfn is none. */
struct bus_dev *bus_at(const struct bus *bus, unsigned devfn);

/* Bus number << 8 | devfn of a function; number 0 if it is on no bus. */
unsigned bus_bdf(const struct bus_dev *dev);

bool bus_is_root(const struct bus *bus);
/* All functions there are, a bus after the one its bridge is on. */
void bus_each(const struct bus *root,
	      void (*see)(void *ctx, const struct bus_dev *dev), void *ctx);

/* The slot of the root bus that holds it, or the topmost bridge above it. */
unsigned bus_root_slot(const struct bus_dev *dev);
/* The guest gave up what is in that slot, 0 to 31. */
void bus_eject(struct bus *bus, unsigned slot);

/* A window of the function appears at w->base, or goes. Before bus_place() it
 * is only noted. */
void bus_map(struct bus_dev *dev, struct host_window *w);
void bus_unmap(struct bus_dev *dev, struct host_window *w);

/* INTx of the function, pin 0: INTA#; calls on changes only. */
void bus_intx(struct bus_dev *dev, unsigned pin, bool level);

/* The function is a bridge: make the bus behind it (dev->secondary). */
int bus_make_secondary(struct bus_dev *dev);
/* What the bridge passes on; places everything behind it anew on a change. */
void bus_set_bridge(struct bus_dev *dev, const struct host_bridge *now);

/* Do all bridges above pass memory requests upstream? On no bus: no. */
bool bus_upstream(const struct bus_dev *dev);

#endif
