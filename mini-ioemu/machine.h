/* SPDX-License-Identifier: MIT */
/*
 * machine.h - one guest's device model: builds its parts in order, tears them
 * down in reverse.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include <uv.h>

#include "conf.h"

struct host_plugins;
struct machine;

/*
 * Everything up to "ready" for libxl. Failures are logged with what to do
 * about them. -errno.
 */
int machine_new(uv_loop_t *loop, const struct conf *conf,
		const struct host_plugins *plugins, struct machine **out);
/* Flushes disks and lets go of the guest; run the loop once afterwards. */
void machine_free(struct machine *m);

#endif
