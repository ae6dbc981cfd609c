/* SPDX-License-Identifier: MIT */
/*
 * save.h - all devices of a guest as one run of bytes in a file, and back. What
 * is in the guest's memory and in Xen the toolstack saves itself.
 */
#ifndef GUEST_SAVE_H
#define GUEST_SAVE_H

#include "peer/peer.h"

struct save;

struct save_env {
	uv_loop_t *loop;
	struct local *local;
	struct peers *peers;
	struct clock *clock;
};

int save_new(const struct save_env *env, struct save **out);
void save_free(struct save *s); /* run the loop once afterwards */

/*
 * Save into fd, over what is there; the guest is stopped (pause.h) and stays
 * so. `hand_over`: for another process here, so peers that will be handed over
 * to it are not in the way, and what they gave is kept. Takes fd over. done(),
 * once, inside or later: 0, or -errno and a sentence that says why.
 */
void save_write(struct save *s, int fd, bool hand_over,
		void (*done)(void *ctx, int err, const char *why), void *ctx);

/*
 * Into devices as they were just made, before the guest runs; the clock stands
 * still. Nothing is touched before all is read and fits. Turns the loop until
 * the peers have theirs, at most for `ms`. Logs what is wrong; -errno, and the
 * devices are then good for nothing. Takes fd over.
 */
int save_load(struct save *s, int fd, unsigned ms);

#endif
