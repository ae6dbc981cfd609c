/* SPDX-License-Identifier: MIT */
/*
 * plug.h - devices and processors that come and go while the guest runs, as an
 * operator wants it. The guest is told through ACPI and acts in its own time.
 */
#ifndef GUEST_PLUG_H
#define GUEST_PLUG_H

#include "peer/peer.h"

struct plug;

/* All outlive it. */
struct plug_env {
	const struct host_plugins *plugins;
	const struct conf *conf;
	struct local *local;
	struct peers *peers;
};

int plug_new(const struct plug_env *env, struct plug **out);
/* After the devices. */
void plug_free(struct plug *p);

/*
 * One device as configured: a plugin's, in a process of its own where it says
 * isolate=on, or a peer. Logs what is wrong with it; -errno.
 */
int plug_device(struct plug *p, const struct conf_device *conf);

/*
 * One more device, as conf_one_device() takes it; it needs an id. It must be a
 * PCI function, and the guest is told unless it is a function other than 0. On
 * failure `why` (a sentence) says what is wrong.
 */
int plug_add(struct plug *p, const char *text, char *why, size_t size);
/* The same, of a guest that knows it already. */
int plug_restore(struct plug *p, const char *text, char *why, size_t size);
/* Ask the guest to give it up. It may never do so. */
int plug_del(struct plug *p, const char *id, char *why, size_t size);

/* Is that processor on line? False past the last there may be. */
bool plug_cpu_is_on(const struct plug *p, unsigned cpu);
/* Tell the guest that a processor is there; it starts it. */
int plug_cpu(struct plug *p, unsigned cpu, char *why, size_t size);

/* What came later, in order, and processors: to the process that comes after
 * (handover/handover.h); and from the one before. */
struct handover;
void plug_handover_over(struct plug *p, struct handover *handover);
void plug_take_cpus(struct plug *p, const struct handover *handover);

#endif
