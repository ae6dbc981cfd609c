/* SPDX-License-Identifier: MIT */
/*
 * local.h - devices in this process: the "direct" host. A target of
 * dispatch.c, and the struct host_ops behind which a plugin finds routes,
 * interrupts, guest memory, clock, files.
 */
#ifndef LOCAL_H
#define LOCAL_H

#include "loop/loop.h"

#include "config/conf.h"
#include "path/dispatch.h"
#include "pci/bus.h"

struct jail_user;
struct local;

/* What the devices need of the machine; outlives them. */
struct spawn;

struct local_env {
	uv_loop_t *loop;
	struct xen *xen;
	struct route_table *routes;
	struct claims *claims;
	struct irq *irq;
	struct bus *root;
	struct dma *dma;
	struct clock *clock;
	struct spin *spin; /* NULL: the loop always sleeps at once */
	const struct conf *conf;
	const struct jail_user *user; /* to become; NULL: stay */
	struct spawn *spawn;
	struct handover *handover; /* of the one before; NULL: a fresh guest */
	void (*power)(void *ctx, enum ioemu_power what);
	void *ctx;
};

int local_new(const struct local_env *env, struct local **out);
/* In reverse order of making; disk I/O in flight is waited for. Run the loop
 * once afterwards. */
void local_free(struct local *l);

/* Make one device as configured. Logs what is wrong with it; -errno. */
int local_add(struct local *l, const struct host_type *type,
	      const struct conf_device *conf);
/* After the last local_add(): slots with several functions say so. */
void local_finish(struct local *l);

/*
 * Ask the guest to give a device up. When it does, at once or never, the
 * device is off its bus, and freed once its disk I/O is over. -EPERM: it
 * belongs to the board, is a bridge or no PCI function, or other devices are
 * plugged into it; -EXDEV: it is behind a bridge, where Xen's DSDT has nothing
 * to ask with.
 */
int local_request_unplug(struct local *l, const struct hostdev *hd);
/* The guest gave it up: one of the command line is not made again. */
void local_mark_removed(struct local *l, const char *id);
/* Where it is; NULL: it is no PCI function. */
const struct bus_dev *local_place_of(const struct hostdev *hd);

/* Whoever can tell the guest of it is to do so. */
void local_hotplug(struct local *l, unsigned which, enum ioemu_hotplug what);

/* Power comes back after a sleep. */
void local_wake(struct local *l);

/* The i-th device, NULL past the end; by id (or type, if only one). */
struct hostdev *local_at(struct local *l, unsigned i);
struct hostdev *local_find(struct local *l, const char *id);

/* The bus behind a bridge; the root bus for NULL. NULL: no bridge. */
struct bus *local_bus(struct local *l, const char *id);

/* Files of their sockets are not removed at the end any more: by this helper
 * (spawn.h), or, NULL, not at all. -errno. */
int local_leave_paths(struct local *l, struct spawn *spawn);
/* The i-th character device of -serial or -chardev: false past the end. */
bool local_chardev(struct local *l, unsigned i, const char **label,
		   const char **name);
/* Bytes of that one that nobody was there for, or took in time. */
uint64_t local_chardev_lost(const struct local *l, unsigned i);

/*
 * For stopping the guest. A device with an access or a refused request open,
 * whose end needs the clock, by its id; NULL: none. Nobody's DMA or disk I/O is
 * in flight. What comes in on character devices waits while deferred.
 */
const char *local_waiting(const struct local *l);
bool local_quiet(const struct local *l);
void local_defer_input(struct local *l, bool on);
struct disks *local_disks(const struct local *l);

/* To the process that comes after; input waits until local_defer_input(false).
 * -errno. */
int local_handover_over(struct local *l, struct handover *handover);

#endif
