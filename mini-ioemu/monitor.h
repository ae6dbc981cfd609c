/* SPDX-License-Identifier: MIT */
/*
 * monitor.h - what an operator can ask and say: connects the QMP server to the
 * machine.
 */
#ifndef MONITOR_H
#define MONITOR_H

#include <uv.h>

#include "conf.h"
#include "peer.h"
#include "route.h"

struct monitor;

/* local and routes may be NULL (-machine none). Logs what fails; -errno. */
int monitor_new(uv_loop_t *loop, const struct conf *conf, struct local *local,
		const struct peers *peers, const struct route_table *routes,
		struct monitor **out);
void monitor_free(struct monitor *mon);

#endif
