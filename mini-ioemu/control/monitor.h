/* SPDX-License-Identifier: MIT */
/*
 * monitor.h - what an operator can ask and say: connects the QMP server to the
 * machine.
 */
#ifndef CONTROL_MONITOR_H
#define CONTROL_MONITOR_H

#include <uv.h>

#include "config/conf.h"
#include "guest/pause.h"
#include "guest/plug.h"
#include "guest/power.h"
#include "guest/save.h"
#include "path/route.h"

struct monitor;

/* struct monitor, the context of struct qmp_ops, begins with this. */
struct monitor_env {
	uv_loop_t *loop;
	const struct conf *conf;
	struct local *local; /* NULL, as all below: -machine none */
	struct peers *peers;
	struct plug *plug;
	struct power *power;
	struct bus *root;
	const struct route_table *routes;
	const struct dispatch *dispatch;
	struct pause *pause;
	struct save *save;
	struct dma *dma;
	struct xen *xen;
	const struct claims *claims;
	struct handover *handover; /* of the one before; NULL: none */
};

/* It listens, but answers nobody before monitor_go(). Logs what fails; -errno.
 */
int monitor_new(const struct monitor_env *env, struct monitor **out);
void monitor_go(struct monitor *mon);
/* Somebody else removes its sockets at the end. */
void monitor_leave_paths(struct monitor *mon);
/* Run the loop once afterwards. */
void monitor_free(struct monitor *mon);
/* The guest is another process's: leave all as it is. */
bool monitor_has_gone(const struct monitor *mon);

/* ---- disks.c: the answers about disks ---------------------------------- */

struct qmp_call;
struct qmp_drive;

bool diskqmp_drive(void *ctx, unsigned i, struct qmp_drive *out);
void diskqmp_eject(void *ctx, struct qmp_call *call, unsigned i, bool force);
void diskqmp_insert(void *ctx, struct qmp_call *call, unsigned i, int fd,
		    bool readonly, bool force);

#endif
