/* SPDX-License-Identifier: MIT */
/*
 * machine.h - one guest's device model: builds its parts in order, tears them
 * down in reverse.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <uv.h>

#include "config/conf.h"

struct handover;
struct host_plugins;
struct machine;

/*
 * Everything up to "ready" for libxl. Failures are logged with what to do
 * about them. -errno.
 */
int machine_new(uv_loop_t *loop, const struct conf *conf,
		const struct host_plugins *plugins, struct machine **out);

/*
 * The same with the guest of another process, which may go on with it if this
 * fails: neither the guest nor Xen nor the toolstack notices anything before
 * machine_go(). Takes `handover` over.
 */
int machine_take(uv_loop_t *loop, const struct conf *conf,
		 const struct host_plugins *plugins, struct handover *handover,
		 struct machine **out);
/* The guest is ours: it goes on. Logs what fails; -errno. */
int machine_go(struct machine *m);
/* It went to another process: end without machine_free(), since all is in use
 * there. */
bool machine_has_gone(const struct machine *m);

/* After the loop has ended: 0 if somebody told it to, -errno (logged) if the
 * guest can no longer be served. */
int machine_result(const struct machine *m);

/* Flushes disks and lets go of the guest; run the loop once afterwards. */
void machine_free(struct machine *m);

#endif
