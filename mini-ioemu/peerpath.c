/* SPDX-License-Identifier: MIT */
/*
 * The way of an access to a peer: host_op -> requests of the link -> done.
 * What the window's owner promised decides whether a string is one request or
 * one an element.
 */
#include "peerpriv.h"

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

/* A string over consecutive addresses that may be joined. */
static bool
op_joins(const struct host_op *op)
{
	int8_t straight = op->down ? -1 : 1;

	return op->count > 1 && op->step == straight &&
	       op->window->region.flags & IOEMU_PREFETCHABLE;
}

static enum link_op_kind
op_kind(const struct host_op *op)
{
	const struct peer_window *pw = (struct peer_window *)op->window;

	if (!op->write)
		return LINK_READ;
	return op->window->space == IOEMU_MEM && pw->fence ? LINK_FENCE
							   : LINK_WRITE;
}

static uint64_t
op_base(const struct host_op *op)
{
	const struct peer_function *fn = op->window->host;

	if (op->window->space != IOEMU_CONFIG)
		return op->window->base;
	return (uint64_t)bus_bdf(&fn->place) << 32;
}

/* The next request: all of it at once, or one element. */
static void
path_request(struct peer_path *path)
{
	const struct host_op *op = path->host;
	int64_t moved = (int64_t)op->step * (int64_t)path->i * op->width;
	uint32_t at = op->down ? op->count - 1 - path->i : path->i;

	path->op = (struct link_op){
		.kind = op_kind(op),
		.space = op->window->space,
		.addr = op_base(op) + op->offset + (uint64_t)moved,
		.len = op->width,
		.data = op->data + (size_t)at * op->width,
		.done = path->op.done,
	};
	path->i++;
	if (!op_joins(op))
		return;
	path->op.len = op->width * op->count;
	path->op.data = op->data;
	if (op->down)
		path->op.addr -= path->op.len - op->width;
	path->i = op->count;
}

static void
path_run(struct peer_path *path)
{
	while (path->i < path->host->count) {
		path_request(path);
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
	if (!path->in_submit)
		path_run(path);
}

/* What a window is not for, and a peer that is not there. */
static bool
op_goes(const struct peer *peer, const struct host_op *op)
{
	const struct peer_window *pw = (struct peer_window *)op->window;

	if (!peer->ready)
		return false;
	if (op->window->space == IOEMU_CONFIG)
		return true;
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
	if (op->window->space == IOEMU_CONFIG && op->write)
		peer_cfg_wrote(op->window->host, (unsigned)op->offset, op->data,
			       op->width);
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
