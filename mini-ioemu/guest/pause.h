/* SPDX-License-Identifier: MIT */
/*
 * pause.h - the devices stand still: nothing is taken of the guest, nothing of
 * theirs is in flight, the guest's clock stops, the disks are written out. Only
 * then can they be saved. The toolstack pauses the vCPUs itself.
 */
#ifndef GUEST_PAUSE_H
#define GUEST_PAUSE_H

#include "path/dispatch.h"
#include "peer/peer.h"

struct pause;

struct pause_env {
	uv_loop_t *loop;
	struct dispatch *dispatch;
	struct local *local;
	struct peers *peers;
	struct clock *clock;
	const char *name;  /* the guest's, for messages; NULL: none */
	unsigned limit_ms; /* until stopping is given up; 0: as libxl waits */
};

/*
 * Also stops by itself when a disk image fails whose drive says so (disks.h);
 * nothing is written out then. pause_cont() tries again what failed.
 */
enum pause_state { PAUSE_RUNNING, PAUSE_STOPPING, PAUSE_STOPPED };

/* `stopped`: from the start, until pause_cont(). */
int pause_new(const struct pause_env *env, bool stopped, struct pause **out);
void pause_free(struct pause *p); /* run the loop once afterwards */
enum pause_state pause_state(const struct pause *p);

/*
 * Stop. done(), once, inside or later: 0, or -errno and a sentence that says
 * what hinders, and everything runs as before.
 */
void pause_stop(struct pause *p,
		void (*done)(void *ctx, int err, const char *why), void *ctx);
void pause_cont(struct pause *p);

#endif
