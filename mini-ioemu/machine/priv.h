/* SPDX-License-Identifier: MIT */
/*
 * machine/priv.h - between machine.c (the parts and their order) and
 * start.c (from "all is open" to "ready", in each kind of start).
 */
#ifndef MACHINE_PRIV_H
#define MACHINE_PRIV_H

#include "machine/machine.h"

#include "control/monitor.h"
#include "guest/plug.h"
#include "guest/power.h"
#include "helper/spawn.h"
#include "local/local.h"
#include "peer/peer.h"

struct machine {
	uv_loop_t *loop;
	const struct conf *conf;
	struct handover *handover; /* of the one before; NULL: a fresh guest */
	struct jail_user run_as;
	const struct jail_user *user; /* NULL: who we are */
	struct xen *xen;
	struct xen_news news;
	struct spawn *spawn;
	bool ours; /* the guest, for good */
	struct route_table *routes;
	struct claims *claims;
	struct irq *irq;
	struct bus *root;
	struct ecam *ecam; /* NULL: none */
	struct dma *dma;
	struct clock *clock;
	struct spin *spin;
	struct dispatch *dispatch;
	struct local *local;
	struct peers *peers;
	struct plug *plug;
	struct power *power;
	struct pause *pause;
	struct save *save;
	struct monitor *monitor;
	struct events *events;
};

/* All that a guest has, and nothing of it moves. Logs what fails; -errno. */
int machine_build(struct machine *m, const struct host_plugins *plugins);

#endif
