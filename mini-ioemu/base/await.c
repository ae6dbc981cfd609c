/* SPDX-License-Identifier: MIT */
#include "base/await.h"

#include <stdlib.h>

#define N_HANDLES 2u

static void
await_look(uv_prepare_t *prepare)
{
	struct await *a = (struct await *)prepare;

	if (!a->over(a->ctx))
		return;
	await_stop(a);
	a->done(a->ctx, false);
}

static void
await_late(uv_timer_t *limit)
{
	struct await *a = limit->data;

	await_stop(a);
	a->done(a->ctx, true);
}

/*
 * One turn that does not sleep comes first: whoever starts from another's
 * done(), before the loop sleeps, would be looked at only after that.
 */
static void
await_turned(uv_timer_t *limit)
{
	const struct await *a = limit->data;

	uv_timer_start(limit, await_late, a->ms, 0);
}

void
await_init(struct await *a, uv_loop_t *loop)
{
	uv_prepare_init(loop, &a->prepare);
	uv_timer_init(loop, &a->limit);
	a->limit.data = a->prepare.data = a;
	a->handles = N_HANDLES;
}

void
await_start(struct await *a, unsigned ms, bool (*over)(void *ctx),
	    void (*done)(void *ctx, bool late), void *ctx)
{
	a->over = over;
	a->done = done;
	a->ctx = ctx;
	uv_update_time(a->limit.loop);
	a->ms = ms;
	uv_timer_start(&a->limit, await_turned, 0, 0);
	uv_prepare_start(&a->prepare, await_look);
}

void
await_stop(struct await *a)
{
	uv_timer_stop(&a->limit);
	uv_prepare_stop(&a->prepare);
}

static void
await_closed(uv_handle_t *handle)
{
	struct await *a = handle->data;

	if (!--a->handles)
		free(a);
}

void
await_free(struct await *a)
{
	uv_close((uv_handle_t *)&a->prepare, await_closed);
	uv_close((uv_handle_t *)&a->limit, await_closed);
}
