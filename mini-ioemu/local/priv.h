/* SPDX-License-Identifier: MIT */
/*
 * local/priv.h - between local.c (what a device asks of its host) and
 * devices.c (which devices there are).
 */
#ifndef LOCAL_PRIV_H
#define LOCAL_PRIV_H

#include "local/disks.h"
#include "local/local.h"

#define LOCAL_CHARDEVS 32u

struct localdev {
	struct bus_dev place; /* first; of a PCI function */
	struct local *local;
	struct hostdev *hd;
	struct localdev *next; /* in local->first, or in local->leaving */
	int devfn;	       /* where it wants to be; -1: anywhere */
	unsigned gsi;	       /* where its lines go; 0: to ISA interrupts */
	char id[64];
};

/* A device that the guest gave up. */
struct localgone {
	struct localgone *next;
	char id[64];
};

/* A character device by its configured name. */
struct localchr {
	struct ioemu_chardev *chr;
	char label[32];
};

struct local {
	struct target target;
	struct local_env env;
	struct disks *disks;
	struct localdev *first; /* in the order of making */
	/* off their bus, until their disk I/O is over: freed from the loop */
	struct localdev *leaving;
	uv_prepare_t leave;
	struct localgone *gone;
	struct localchr chr[LOCAL_CHARDEVS];
	unsigned n_chr;
	unsigned n_auto; /* ids given to devices without one */
	/* DMA reads done, to be told from the loop: linked by host[0] */
	struct ioemu_dma *done, **done_tail;
	uv_idle_t idle;
	unsigned handles;
};

static inline struct localdev *
localdev(const struct hostdev *hd)
{
	return hd->host;
}

extern const struct host_ops local_ops;

/* local.c: ask the bridge what it passes on, and place what is behind it. */
void local_bridge(struct hostdev *hd);

/* devices.c */
void localdev_init(struct local *l);
/* All, in reverse order of making; waits for disk I/O. */
void localdev_free(struct local *l);

#endif
