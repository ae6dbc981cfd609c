/* SPDX-License-Identifier: MIT */
#include "path/events.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#define N_HANDLES 3u

struct events {
	struct xen *xen;
	struct dispatch *dispatch;
	const struct spin *spin;
	int lost; /* -errno, once there are no more events */
	unsigned handles;
	uv_poll_t poll;
	uv_prepare_t prepare; /* before the loop sleeps */
	uv_idle_t again;      /* instead of sleeping */
};

static void
events_end(struct events *e, int rc)
{
	e->lost = rc;
	log_error("the event channels are lost: %s", strerror(-rc));
	uv_stop(e->poll.loop);
}

static void
events_take(uv_poll_t *poll, int status, int what)
{
	struct events *e = poll->data;
	int event[XEN_MAX_VCPUS + 1];
	int i, n;

	(void)status;
	(void)what;
	n = xen_events(e->xen, event, XEN_MAX_VCPUS + 1);
	for (i = 0; i < n; i++)
		dispatch_event(e->dispatch, event[i]);
	dispatch_flush(e->dispatch);
	if (n < 0)
		events_end(e, n);
}

static void
events_again(uv_idle_t *again)
{
	struct events *e = again->data;

	dispatch_event(e->dispatch, XEN_EVENT_RING);
	dispatch_flush(e->dispatch);
}

/* Nobody looks at the slots from here on. */
static void
events_listen(uv_prepare_t *prepare)
{
	struct events *e = prepare->data;
	int rc;

	if (dispatch_more(e->dispatch))
		uv_idle_start(&e->again, events_again);
	else
		uv_idle_stop(&e->again);
	rc = spin_awake(e->spin) ? 0 : xen_listen(e->xen);

	if (rc)
		events_end(e, rc);
}

static void
events_closed(uv_handle_t *handle)
{
	struct events *e = handle->data;

	if (!--e->handles)
		free(e);
}

int
events_new(uv_loop_t *loop, struct xen *xen, struct dispatch *d,
	   const struct spin *spin, struct events **out)
{
	struct events *e = calloc(1, sizeof(*e));
	int rc;

	if (!e)
		return -ENOMEM;
	e->xen = xen;
	e->dispatch = d;
	e->spin = spin;
	rc = uv_poll_init(loop, &e->poll, xen_fd(xen));
	if (rc) {
		free(e);
		return rc;
	}
	uv_prepare_init(loop, &e->prepare);
	uv_idle_init(loop, &e->again);
	e->poll.data = e->prepare.data = e->again.data = e;
	e->handles = N_HANDLES;
	uv_prepare_start(&e->prepare, events_listen);
	uv_poll_start(&e->poll, UV_READABLE, events_take);
	*out = e;
	return 0;
}

int
events_lost(const struct events *e)
{
	return e->lost;
}

void
events_free(struct events *e)
{
	if (!e)
		return;
	uv_close((uv_handle_t *)&e->poll, events_closed);
	uv_close((uv_handle_t *)&e->prepare, events_closed);
	uv_close((uv_handle_t *)&e->again, events_closed);
}
