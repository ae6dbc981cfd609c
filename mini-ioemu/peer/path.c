/* SPDX-License-Identifier: MIT */
/*
 * The way of an access to a peer: host_op -> requests of the link, one after
 * the other -> done.
 */
#include "peer/priv.h"

#include <string.h>

#define ONES 0xff

static void
path_finish(struct peer_path *path)
{
	struct peer *peer = path->peer;
	struct host_op *host = path->host;

	path->next = peer->path_free;
	peer->path_free = path;
	host->done(host);
}

/* The next request; false: none is left. */
static bool
path_request(struct peer_path *path)
{
	const struct host_window *w = path->host->window;
	const struct peer_window *pw = (const struct peer_window *)w;
	struct peer_function *fn = w->host;
	struct link_op *op = &path->op;

	if (w->space == IOEMU_CONFIG && !fn->place.bus)
		return false; /* ejected in the midst of a string */
	if (!link_op_next(op, path->host, &path->i))
		return false;
	if (w->space == IOEMU_CONFIG && path->host->write)
		peer_cfg_wrote(fn, (unsigned)op->addr, op->data, op->len);
	if (w->space == IOEMU_CONFIG) /* bus numbers may have changed */
		op->addr |= peer_cfg_target(fn, path->host->write);
	else if (path->host->write && w->space == IOEMU_MEM && pw->fence)
		op->kind = LINK_FENCE;
	return true;
}

static void
path_run(struct peer_path *path)
{
	while (path_request(path)) {
		path->answered = false;
		path->in_submit = true;
		link_submit(path->peer->link, &path->op);
		path->in_submit = false;
		if (!path->answered)
			return;
	}
	path_finish(path);
}

static void
path_answered(struct link_op *op)
{
	struct peer_path *path = (struct peer_path *)op;

	path->answered = true;
	peer_windows_now(path->peer); /* a write may have moved some */
	if (op->space == IOEMU_CONFIG && op->kind == LINK_READ && !op->status)
		peer_cfg_read(path->host->window->host, op->addr & 0xfff,
			      op->data, op->len);
	/* the guest has waited long enough: what is left of its string fails
	 * in the same way, but at once */
	if (op->status == -ETIMEDOUT)
		path->i = path->host->count;
	if (!path->in_submit)
		path_run(path);
}

/* What a window is not for, and a peer that is not there. */
static bool
op_goes(const struct peer *peer, const struct host_op *op)
{
	const struct peer_window *pw = (struct peer_window *)op->window;
	const struct peer_function *fn = op->window->host;

	if (peer->life != PEER_READY)
		return false;
	if (op->window->space == IOEMU_CONFIG) /* or ejected meanwhile */
		return fn->place.bus;
	return op->write ? !pw->readonly : !pw->writeonly;
}

static void
peer_submit(struct target *target, struct host_op *op)
{
	struct peer *peer = (struct peer *)target;
	struct peer_path *path = peer->path_free; /* one a vCPU and the ring */

	if (!op_goes(peer, op)) {
		if (!op->write)
			memset(op->data, ONES, (size_t)op->width * op->count);
		op->done(op);
		return;
	}
	peer->path_free = path->next;
	path->host = op;
	path->i = 0;
	path_run(path);
}

void
peer_path_init(struct peer *peer)
{
	unsigned i;

	peer->target.submit = peer_submit;
	for (i = 0; i < sizeof(peer->path) / sizeof(peer->path[0]); i++) {
		struct peer_path *path = &peer->path[i];

		path->peer = peer;
		path->op.done = path_answered;
		path->next = peer->path_free;
		peer->path_free = path;
	}
}
