/* SPDX-License-Identifier: MIT */
/*
 * events.h - where accesses come in: ports that ring wake the loop, which hands
 * them to dispatch.c in batches. While the loop stays awake the slots are
 * looked at without being rung for, and the ports stay masked.
 */
#ifndef PATH_EVENTS_H
#define PATH_EVENTS_H

#include "path/dispatch.h"
#include "xen/xen.h"

struct events;

int events_new(uv_loop_t *loop, struct xen *xen, struct dispatch *d,
	       const struct spin *spin, struct events **out);
/* What ended the loop because nothing rings any more, -errno; 0: nothing did.
 */
int events_lost(const struct events *e);
void events_free(struct events *e); /* freed by the loop */

#endif
