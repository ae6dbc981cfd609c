/* SPDX-License-Identifier: MIT */
/*
 * What the root asks: its requests become accesses to the device's windows,
 * exactly as in the device model's own process.
 */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_PAYLOAD 4096u
#define RCB 128u
#define TIMEOUT_NS 1000000000ull
#define REG_MASK 0xfffu
#define FUNCTION_MASK 7u
#define CONFIG_WIDTH 4u

/* ---- accesses ----------------------------------------------------- */

static void
access_free(struct peer_access *a)
{
	a->next = a->peer->free;
	a->peer->free = a;
	a->peer->n_free++;
}

/* One for each request that can come; what the device still holds of an
 * earlier connection is beside these. */
static int
access_pool(struct peer *peer)
{
	while (peer->n_free < PEER_NP + PEER_P) {
		struct peer_access *a = calloc(1, sizeof(*a));

		if (!a)
			return -ENOMEM;
		a->peer = peer;
		access_free(a);
	}
	return 0;
}

/* Flushes end when no posted write is under way. */
static void
peer_flushed(struct peer *peer)
{
	struct peer_access *a;

	while (!peer->n_posted && (a = peer->flushes)) {
		peer->flushes = a->next;
		link_answer(a->in, 0);
		access_free(a);
	}
}

static void
access_end(struct peer_access *a, int status)
{
	struct peer *peer = a->peer;

	if (a->in->posted)
		peer->n_posted--;
	link_answer(a->in, status);
	access_free(a);
	peer_flushed(peer);
	peer_check_quiet(peer);
}

static void access_run(struct peer_access *a);

static void
access_done(struct host_op *op)
{
	access_run((struct peer_access *)op);
}

/* The window that answers the run, and where in it. */
static struct host_window *
access_window(const struct peer_access *a, uint64_t *offset)
{
	struct hostdev *hd = a->peer->hd;
	unsigned i;

	if (a->in->space == IOEMU_CONFIG) {
		*offset = a->addr & REG_MASK;
		return a->addr >> 32 & FUNCTION_MASK ? NULL : hd->config;
	}
	for (i = 0; i < hd->n_windows; i++) {
		struct host_window *w = &hd->window[i];

		if (w->mapped && w->space == a->in->space &&
		    a->addr - w->base < w->region.size) {
			*offset = a->addr - w->base;
			return w;
		}
	}
	return NULL;
}

/* A guest's access keeps its width; a longer run is a string of the widest
 * elements that its place allows. */
static uint32_t
run_width(uint64_t addr, uint32_t len)
{
	uint32_t width = 8;

	if (len <= 8 && !(len & (len - 1)))
		return len;
	while ((addr | len) & (width - 1))
		width /= 2;
	return width;
}

/* The next run, or the end. */
static void
access_run(struct peer_access *a)
{
	struct link_in *in = a->in;
	struct host_window *w;
	uint64_t offset;

	if (!link_in_run(in, &a->addr, &a->len)) {
		access_end(a, 0);
		return;
	}
	w = access_window(a, &offset);
	if (!w) {
		access_end(a, -ENXIO);
		return;
	}
	if (in->space == IOEMU_CONFIG && offset >= w->region.size) {
		memset(in->data, 0, CONFIG_WIDTH); /* no such register */
		access_end(a, 0);
		return;
	}
	a->op = (struct host_op){
		.window = w,
		.offset = offset,
		.data = in->data + (a->addr - in->base),
		.width = run_width(a->addr, a->len),
		.step = 1,
		.write = in->write,
		.posted = in->posted,
		.done = access_done,
	};
	a->op.count = a->len / a->op.width;
	host_op_start(&a->op);
}

static void
peer_request(struct link *link, struct link_in *in)
{
	struct peer *peer = link_user(link);
	struct peer_access *a = peer->free; /* as many as there is credit */
	uint64_t addr = 0;
	uint32_t len = 0;

	if (in->requester) { /* the root is 00:00.0 */
		link_answer(in, -EPERM);
		return;
	}
	peer->free = a->next;
	peer->n_free--;
	a->in = in;
	a->len = 0;
	/* PCI Express, 2.2.6.2: a function learns where it is */
	if (in->space == IOEMU_CONFIG && in->write)
		peer->id =
			(uint16_t)(in->base >> 32) & (uint16_t)~FUNCTION_MASK;
	if (in->space != IOEMU_CONFIG || !(in->completer & FUNCTION_MASK))
		in->completer = peer->id; /* else the target: not there */
	if (in->posted)
		peer->n_posted++;
	if (peer->n_posted && !in->write && !link_in_run(in, &addr, &len)) {
		a->next = peer->flushes;
		peer->flushes = a;
		return;
	}
	access_run(a);
}

/* ---- the link ----------------------------------------------------- */

static void
peer_up(struct link *link, const struct link_hello *hello)
{
	struct peer *peer = link_user(link);

	fprintf(stderr, "%s: connected to '%s'\n", peer->hd->dev.id,
		hello->name);
	peer_announce(peer);
}

static void
peer_msg(struct link *link, const struct link_msg *msg)
{
	if (!peer_message(link_user(link), msg))
		link_close(link, LINK_MALFORMED,
			   "a message that makes no sense");
}

static void
peer_down(struct link *link, const char *why)
{
	struct peer *peer = link_user(link);

	clock_pause(peer->clock);
	peer->running = false;
	peer->pausing = false;
	peer_lost(peer, why);
}

static void
peer_wake(struct link *link)
{
	struct peer *peer = link_user(link);

	if (peer->sock)
		linksock_kick(peer->sock);
}

static uint64_t
peer_now(struct link *link)
{
	(void)link;
	return uv_hrtime();
}

static const struct link_ops link_ops = {
	.up = peer_up,
	.request = peer_request,
	.message = peer_msg,
	.down = peer_down,
	.wake = peer_wake,
	.now = peer_now,
};

int
peer_attach(struct peer *peer, int fd)
{
	struct link_config config = {
		.hello = {
			.role = LINK_PEER,
			.kind = peer->hd->func ? LINK_KIND_PCI : LINK_KIND_RAW,
			.functions = peer->hd->func ? 1 : 0,
			.max_payload = MAX_PAYLOAD,
			.max_read = MAX_PAYLOAD,
			.np_credits = PEER_NP,
			.p_credits = PEER_P,
			.p_data = PEER_P_DATA,
			.rcb = RCB,
			.instance = peer->instance,
			.caps = LINK_CAP_STATE | LINK_CAP_WINDOWS,
		},
		.tags = PEER_TAGS,
		.timeout_ns = TIMEOUT_NS,
		.ops = &link_ops,
		.user = peer,
	};
	int rc = access_pool(peer);

	if (rc)
		return rc;
	snprintf(config.hello.name, sizeof(config.hello.name), "%s",
		 peer->hd->type->type.name);
	rc = link_new(&config, &peer->link);
	if (rc)
		return rc;
	rc = linksock_new(&peer->loop, fd, peer->link, &peer->sock);
	if (rc) {
		link_free(peer->link);
		peer->link = NULL;
	}
	return rc;
}

/* ---- life --------------------------------------------------------- */

int
peer_new(struct peer *peer)
{
	int rc = clock_new(&peer->loop, &peer->clock);

	if (!rc)
		clock_pause(peer->clock);
	return rc;
}

void
peer_free(struct peer *peer)
{
	struct peer_access *a;

	if (peer->sock)
		linksock_close(peer->sock);
	if (peer->hd)
		hostdev_free(peer->hd);
	if (peer->clock)
		clock_free(peer->clock);
	uv_run(&peer->loop, UV_RUN_DEFAULT);
	peer_dma_free(peer);
	while ((a = peer->free)) {
		peer->free = a->next;
		free(a);
	}
}
