/* SPDX-License-Identifier: MIT */
/*
 * await.h - wait, in a loop, until something is so or its time is over. It is
 * looked at each time before the loop sleeps, so whatever makes it so needs to
 * tell nobody.
 */
#ifndef BASE_AWAIT_H
#define BASE_AWAIT_H

#include <stdbool.h>
#include <uv.h>

struct await {
	uv_prepare_t prepare; /* first */
	uv_timer_t limit;
	bool (*over)(void *ctx);
	void (*done)(void *ctx, bool late);
	void *ctx;
	unsigned ms, handles;
};

void await_init(struct await *a, uv_loop_t *loop);
/* done() comes once, from the loop, unless await_stop() comes first. */
void await_start(struct await *a, unsigned ms, bool (*over)(void *ctx),
		 void (*done)(void *ctx, bool late), void *ctx);
void await_stop(struct await *a);
/* `a` begins what was allocated with malloc(), and is freed by the loop. */
void await_free(struct await *a);

#endif
