/* SPDX-License-Identifier: MIT */
/*
 * Devices behind links, the bench being the root: connections made and ended,
 * bytes moved in pieces of any size through a real socket, the guest's
 * accesses turned into requests. What devices ask is wirereq.c's business.
 */
#include "wire.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_PAYLOAD 4096u /* a burst of a page stays one */
#define RCB 64u
/* Little, so that requests have to wait for credit. */
#define NP_CREDITS 8u
#define P_CREDITS 8u
#define P_DATA (MAX_PAYLOAD / 16)
#define TAGS 4u
#define INSTANCE 1u
#define CONFIG_SIZE 4096u
#define FIRST_BUS 0x100u
#define DEVICE_SHIFT 3
#define SIZES 14u /* of pieces: below 1, 2, 4 ... 8192 bytes */
#define ONES 0xff

/* ---- bytes -------------------------------------------------------- */

/* All sizes are as likely: headers come byte by byte, payloads at once. */
static size_t
piece(struct machine *m, size_t most)
{
	uint32_t n = 1u << machine_random(m, SIZES);

	n = 1 + machine_random(m, n);
	return n < most ? n : most;
}

static void
wire_move(struct wire *wire, enum wire_end from, enum wire_end to)
{
	const uint8_t *p;
	size_t n = link_output(wire->link[from], &p);
	uint8_t *q;
	ssize_t rc;

	if (n) {
		rc = send(wire->fd[from], p, piece(wire->m, n), MSG_DONTWAIT);
		if (rc > 0) {
			wire->coming[to] += (size_t)rc;
			link_sent(wire->link[from], (size_t)rc);
		}
	}
	if (!wire->coming[to])
		return;
	q = link_input(wire->link[to], &n);
	rc = recv(wire->fd[to], q, piece(wire->m, n), MSG_DONTWAIT);
	if (rc > 0) {
		wire->coming[to] -= (size_t)rc;
		link_received(wire->link[to], (size_t)rc);
	}
}

static bool
wire_busy(const struct wire *wire)
{
	const uint8_t *p;

	return wire->coming[ROOT] || wire->coming[PEER] ||
	       link_output(wire->link[ROOT], &p) ||
	       link_output(wire->link[PEER], &p);
}

void
wires_move(struct machine *m)
{
	unsigned i;

	for (i = 0; i < m->n_slots; i++) {
		struct wire *wire = m->slot[i].wire;

		if (!wire || !wire->link[PEER])
			continue;
		wire_move(wire, ROOT, PEER);
		wire_move(wire, PEER, ROOT);
	}
}

bool
wires_busy(const struct machine *m)
{
	unsigned i;

	for (i = 0; i < m->n_slots; i++) {
		const struct wire *wire = m->slot[i].wire;

		if (wire && wire->link[PEER] && wire_busy(wire))
			return true;
	}
	return false;
}

/* ---- accesses ----------------------------------------------------- */

static void
op_done(struct link_op *op)
{
	struct wire *wire =
		(struct wire *)((char *)op - offsetof(struct wire, op));

	wire->done = true;
}

static bool
wire_submit(struct wire *wire)
{
	wire->done = false;
	wire->op.done = op_done;
	link_submit(wire->link[ROOT], &wire->op);
	return machine_wait(wire->m, &wire->done);
}

/* As mini-ioemu/peer/path.c does it. */
static bool
wire_requests(struct wire *wire, const struct host_op *access)
{
	const struct wire_window *ww = (struct wire_window *)access->window;
	bool posted = access->write && ww->w.space == IOEMU_MEM;
	uint32_t i = 0;

	while (link_op_next(&wire->op, access, &i)) {
		if (posted && ww->fence)
			wire->op.kind = LINK_FENCE;
		if (!wire_submit(wire))
			return false;
	}
	if (!posted)
		return true;
	wire->op = (struct link_op){
		.kind = LINK_FLUSH,
		.space = IOEMU_MEM,
		.addr = ww->w.base,
	};
	return wire_submit(wire);
}

bool
wire_access(const struct host_op *access)
{
	const struct wire_window *ww = (struct wire_window *)access->window;
	size_t len = (size_t)access->width * access->count;
	struct host_op copy = *access;
	struct wire *wire = ww->w.host;

	copy.data = wire->data;
	if (access->write)
		memcpy(copy.data, access->data, len);
	else
		memset(copy.data, ONES, len);
	if (!(access->write ? ww->readonly : ww->writeonly) &&
	    !wire_requests(wire, &copy))
		return false;
	if (!access->write)
		memcpy(access->data, copy.data, len);
	return true;
}

/* ---- the root's end ------------------------------------------------ */

/* A new process: what mini-ioemu/peer/life.c tells it, for a guest that has not
 * configured anything yet. */
static void
root_up(struct link *link, const struct link_hello *hello)
{
	const struct wire *wire = link_user(link);

	(void)hello;
	link_say_reset(link, IOEMU_RESET_POWER);
	link_say_run(link, wire->m->now_ns);
}

static void
root_down(struct link *link, const char *why)
{
	const struct wire *wire = link_user(link);

	if (!wire->closing)
		fail_msg("%s: its link broke: %s", wire->slot->id, why);
}

static void
root_wake(struct link *link)
{
	(void)link;
}

static uint64_t
root_now(struct link *link)
{
	return ((struct wire *)link_user(link))->m->now_ns;
}

/* link_tick() is never called: tests wait as long as they like. */
static const struct link_ops root_ops = {
	.up = root_up,
	.request = wire_request,
	.message = wire_message,
	.down = root_down,
	.wake = root_wake,
	.now = root_now,
};

/* ---- the device's end ---------------------------------------------- */

static void
peer_run(struct linkhost *lh, uint64_t now_ns)
{
	struct wire *wire = linkhost_user(lh);

	assert_true(now_ns == wire->m->now_ns);
}

static void
peer_pause(struct linkhost *lh)
{
	(void)lh; /* the bench's clock is moved by hand */
}

static bool
peer_quiet(struct linkhost *lh)
{
	struct wire *wire = linkhost_user(lh);

	return !wire->m->requests;
}

static void
peer_up(struct linkhost *lh, const struct link_hello *root)
{
	(void)lh;
	(void)root;
}

static void
peer_down(struct linkhost *lh, const char *why)
{
	(void)lh; /* the root's end says it */
	(void)why;
}

static void
peer_wake(struct linkhost *lh)
{
	(void)lh;
}

static uint64_t
peer_now(struct linkhost *lh)
{
	return ((struct wire *)linkhost_user(lh))->m->now_ns;
}

static const struct linkhost_ops peer_ops = {
	.run = peer_run,
	.pause = peer_pause,
	.quiet = peer_quiet,
	.up = peer_up,
	.down = peer_down,
	.wake = peer_wake,
	.now = peer_now,
};

/* ---- life --------------------------------------------------------- */

struct host_window *
wire_config(struct wire *wire)
{
	return &wire->config.w;
}

void
wire_new(struct slot *s)
{
	struct wire *wire = calloc(1, sizeof(*wire));

	wire->m = s->m;
	wire->slot = s;
	wire->id = (uint16_t)(FIRST_BUS + ((s - s->m->slot) << DEVICE_SHIFT));
	wire->config.w = (struct host_window){
		.region = { .name = "config", .size = CONFIG_SIZE },
		.base = (uint64_t)wire->id << 32,
		.space = IOEMU_CONFIG,
		.host = wire,
	};
	s->wire = wire;
	assert_int_equal(linkhost_new(&peer_ops, wire, INSTANCE, &wire->lh), 0);
	s->lh = wire->lh;
}

static void
wire_up(struct wire *wire)
{
	const struct link_config config = {
		.hello = {
			.role = LINK_ROOT,
			.max_payload = MAX_PAYLOAD,
			.max_read = MAX_PAYLOAD,
			.np_credits = NP_CREDITS,
			.p_credits = P_CREDITS,
			.p_data = P_DATA,
			.rcb = RCB,
			.instance = INSTANCE,
		},
		.tags = TAGS,
		.ops = &root_ops,
		.user = wire,
	};

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, wire->fd), 0);
	assert_int_equal(link_new(&config, &wire->link[ROOT]), 0);
	assert_int_equal(linkhost_connect(wire->lh, &wire->link[PEER]), 0);
}

void
wires_up(struct machine *m)
{
	unsigned i;

	for (i = 0; i < m->n_slots; i++)
		if (m->slot[i].wire)
			wire_up(m->slot[i].wire);
	machine_arrive(m);
}

static void
wire_down(struct wire *wire)
{
	unsigned i;

	wire->closing = true;
	for (i = 0; i < N_ENDS; i++) {
		if (!wire->link[i])
			continue;
		link_close(wire->link[i], LINK_END, "the test is over");
		link_free(wire->link[i]);
		wire->link[i] = NULL;
		close(wire->fd[i]);
	}
}

void
wires_down(struct machine *m)
{
	struct request **p = &m->requests, *r;
	unsigned i;

	while ((r = *p)) {
		if (!r->in) {
			p = &r->next;
			continue;
		}
		link_answer(r->in, -ENODEV);
		*p = r->next;
		free(r);
	}
	for (i = 0; i < m->n_slots; i++)
		if (m->slot[i].wire)
			wire_down(m->slot[i].wire);
}

void
wires_free(struct machine *m)
{
	unsigned i;

	for (i = 0; i < m->n_slots; i++) {
		struct wire *wire = m->slot[i].wire;

		if (!wire)
			continue;
		if (wire->lh)
			linkhost_free(wire->lh);
		free(wire);
	}
}
