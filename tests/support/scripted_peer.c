/* SPDX-License-Identifier: MIT */
/* The link library's other end, moved by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "scripted_peer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TURNS_TO_SETTLE 12u
#define SILENCE_NS 10000000000ull /* the core bears no more */
#define LIMIT_NS 10000000000ull

/* ---- what the core asks and says ---------------------------------- */

static void
handover_up(struct link *link, const struct link_hello *hello)
{
	struct scripted_peer *h = link_user(link);

	(void)hello;
	if (h->up)
		h->up(h);
}

static void
handover_answer(struct scripted_peer *h, struct link_in *in)
{
	uint64_t addr = 0;
	uint32_t len = 0;

	while (in->space == IOEMU_CONFIG && link_in_run(in, &addr, &len)) {
		uint8_t *reg = (uint8_t *)h->config + (addr & 0xff);

		if ((addr & 0xfff) > 0xfc)
			continue;
		if (in->write)
			memcpy(reg, in->data + (addr - in->base), len);
		else
			memcpy(in->data + (addr - in->base), reg, len);
	}
	while (in->space != IOEMU_CONFIG && !in->write &&
	       link_in_run(in, &addr, &len))
		memset(in->data + (addr - in->base), 0x5a, len);
	link_answer(in, 0);
}

static void
handover_request(struct link *link, struct link_in *in)
{
	struct scripted_peer *h = link_user(link);
	uint64_t addr = 0;
	uint32_t len = 0;

	h->requests++;
	h->last_addr = in->base;
	if (in->space == IOEMU_CONFIG && in->write) {
		h->config_writes++;
		h->id = (uint16_t)(in->base >> 32) & 0xfff8;
	}
	h->flushes += in->space == IOEMU_MEM && !link_in_run(in, &addr, &len);
	if (h->quiet && !in->posted && h->n_held < HANDOVER_HELD)
		h->held[h->n_held++] = in;
	else
		handover_answer(h, in);
}

void
scripted_peer_answer_held(struct scripted_peer *h)
{
	unsigned i;

	for (i = 0; i < h->n_held; i++)
		handover_answer(h, h->held[i]);
	h->n_held = 0;
}

static void
handover_message(struct link *link, const struct link_msg *msg)
{
	struct scripted_peer *h = link_user(link);
	static const uint8_t clock[8];

	if (msg->code != LINK_VENDOR_MSG || msg->word >= HANDOVER_WORDS)
		return;
	h->seen[msg->word]++;
	h->b = msg->b;
	if (msg->word == LINK_PAUSE && h->obeys)
		scripted_peer_say(h, h->id, LINK_PAUSED, 0, msg->b, clock, 8);
	if (msg->word == LINK_SAVE && h->saves)
		link_say_state(link, h->id, "state", 5);
	if (msg->word == LINK_STATE && h->saves)
		scripted_peer_say(h, h->id, LINK_LOADED, 0, 0, NULL, 0);
}

static void
handover_down(struct link *link, const char *why)
{
	struct scripted_peer *h = link_user(link);

	h->ended = true;
	snprintf(h->why, sizeof(h->why), "%s", why);
}

static void
handover_wake(struct link *link)
{
	(void)link;
}

static uint64_t
handover_now(struct link *link)
{
	return uv_hrtime() +
	       ((struct scripted_peer *)link_user(link))->ahead_ns;
}

static const struct link_ops handover_ops = {
	.up = handover_up,
	.request = handover_request,
	.message = handover_message,
	.down = handover_down,
	.wake = handover_wake,
	.now = handover_now,
};

/* ---- its life ----------------------------------------------------- */

void
scripted_peer_init(struct scripted_peer *h)
{
	*h = (struct scripted_peer){
		.hello = {
			.role = LINK_PEER,
			.kind = LINK_KIND_PCI,
			.functions = 1,
			.max_payload = 4096,
			.max_read = 4096,
			.np_credits = 64,
			.p_credits = 64,
			.p_data = 4096,
			.rcb = 64,
			.instance = 0x1234,
			.caps = LINK_CAP_STATE | LINK_CAP_WINDOWS,
			.name = "hand",
		},
		.saves = true,
		.obeys = true,
		.fd = -1,
		.config = { HANDOVER_ID },
	};
}

void
scripted_peer_connect(struct scripted_peer *h, struct core *core,
		      const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	const struct link_config config = {
		.hello = h->hello,
		.tags = 64,
		.timeout_ns = UINT64_MAX / 4,
		.ops = &handover_ops,
		.user = h,
	};

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	h->core = core;
	h->ended = false;
	h->n_held = 0;
	h->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_true(h->fd >= 0);
	assert_int_equal(connect(h->fd, (struct sockaddr *)&addr, sizeof(addr)),
			 0);
	assert_int_equal(link_new(&config, &h->link), 0);
}

static void
handover_write(struct scripted_peer *h)
{
	const uint8_t *p;
	size_t n;
	ssize_t rc = h->mute ? 0 : 1;

	while (rc > 0 && (n = link_output(h->link, &p))) {
		rc = send(h->fd, p, n, MSG_NOSIGNAL);
		if (rc > 0)
			link_sent(h->link, (size_t)rc);
	}
}

static void
handover_read(struct scripted_peer *h)
{
	ssize_t rc = 1;

	while (rc > 0 && !h->ended) {
		size_t room;
		uint8_t *p = link_input(h->link, &room);

		rc = recv(h->fd, p, room, 0);
		if (rc > 0)
			link_received(h->link, (size_t)rc);
		else if (!rc || (errno != EAGAIN && errno != EINTR))
			link_close(h->link, LINK_END, "end of stream");
		h->ended |= !rc;
	}
}

void
scripted_peer_turn(struct scripted_peer *h)
{
	if (h->fd >= 0) {
		handover_write(h);
		handover_read(h);
		handover_write(h);
	}
	uv_run(&h->core->loop, UV_RUN_NOWAIT);
}

void
scripted_peer_until(struct scripted_peer *h, bool (*is)(void *ctx), void *ctx)
{
	uint64_t end = uv_hrtime() + LIMIT_NS;

	while (!is(ctx)) {
		assert_true(uv_hrtime() < end);
		scripted_peer_turn(h);
	}
}

void
scripted_peer_settle(struct scripted_peer *h)
{
	unsigned i;

	for (i = 0; i < TURNS_TO_SETTLE; i++)
		scripted_peer_turn(h);
}

void
scripted_peer_until_said(struct scripted_peer *h, enum link_word word)
{
	uint64_t end = uv_hrtime() + LIMIT_NS;

	while (!h->seen[word]) {
		assert_true(uv_hrtime() < end);
		scripted_peer_turn(h);
	}
}

uint64_t
scripted_peer_access(struct scripted_peer *h, const struct request *req)
{
	static const enum ioemu_space space[] = { IOEMU_PIO, IOEMU_MEM,
						  IOEMU_CONFIG };
	uint64_t data, end = uv_hrtime() + LIMIT_NS;

	if (!fake_xen_claims(h->core->xen, space[req->type], req->addr))
		return UINT64_MAX;
	core_begin(h->core, 0, req);
	while (!fake_xen_answer(h->core->xen, 0, &data)) {
		assert_true(uv_hrtime() < end);
		scripted_peer_turn(h);
	}
	return data;
}

uint32_t
scripted_peer_config_read(struct scripted_peer *h, unsigned devfn, unsigned reg)
{
	const struct request req = core_request(
		SLOT_CONFIG, true, core_config_addr(0, devfn, reg), 4, 0);

	return (uint32_t)scripted_peer_access(h, &req);
}

void
scripted_peer_config_write(struct scripted_peer *h, unsigned devfn,
			   unsigned reg, uint32_t v)
{
	const struct request req = core_request(
		SLOT_CONFIG, false, core_config_addr(0, devfn, reg), 4, v);

	(void)scripted_peer_access(h, &req);
}

void
scripted_peer_kill(struct scripted_peer *h)
{
	if (h->fd < 0)
		return;
	close(h->fd);
	h->fd = -1;
	link_close(h->link, LINK_END, "killed");
	scripted_peer_answer_held(h);
	link_free(h->link);
	h->link = NULL;
}

/* ---- what it says ------------------------------------------------- */

void
scripted_peer_say(struct scripted_peer *h, uint16_t rid, enum link_word word,
		  uint8_t a, uint16_t b, const void *data, uint32_t len)
{
	link_say(h->link, &(struct link_msg){
				  .code = LINK_VENDOR_MSG,
				  .requester = rid,
				  .word = word,
				  .a = a,
				  .b = b,
				  .data = data,
				  .len = len,
			  });
}

void
scripted_peer_window(struct scripted_peer *h, uint16_t rid, uint8_t index,
		     enum ioemu_space space, uint64_t base, uint64_t size)
{
	link_say_window(h->link, rid,
			&(struct link_window){
				.index = index,
				.space = space,
				.mapped = size,
				.base = base,
				.size = size,
			});
}

void
scripted_peer_bytes(struct scripted_peer *h, const void *p, size_t n)
{
	handover_write(h);
	assert_int_equal(send(h->fd, p, n, MSG_NOSIGNAL), n);
}

static void
put_be(uint8_t *p, uint32_t v, unsigned n)
{
	while (n--) {
		p[n] = (uint8_t)v;
		v >>= 8;
	}
}

size_t
scripted_peer_frame(uint8_t out[HANDOVER_FRAME], uint8_t code, uint8_t word,
		    uint8_t a, uint16_t b, const void *data, uint32_t len)
{
	uint8_t *tlp = out + 4;

	memset(out, 0, 20);
	out[0] = 3; /* TLP */
	put_be(out + 2, 16 + len, 2);
	tlp[0] = len ? 0x74 : 0x34;
	put_be(tlp + 2, len / 4, 2);
	tlp[7] = code;
	if (code == LINK_VENDOR_MSG) {
		put_be(tlp + 10, 0xffff, 2);
		tlp[12] = word;
		tlp[13] = a;
		put_be(tlp + 14, b, 2);
	}
	if (len)
		memcpy(tlp + 16, data, len);
	return 20 + len;
}

void
scripted_peer_ping(struct scripted_peer *h)
{
	h->ahead_ns += SILENCE_NS;
	link_tick(h->link);
}

struct handover_op {
	struct link_op op; /* first */
	bool done;
};

static void
handover_op_done(struct link_op *op)
{
	((struct handover_op *)op)->done = true;
}

static bool
handover_op_is_done(void *ctx)
{
	return ((struct handover_op *)ctx)->done;
}

static void
handover_answered(struct link_op *op)
{
	++*((struct handover_ask *)op)->answers;
}

void
scripted_peer_ask(struct scripted_peer *h, unsigned *answers)
{
	struct handover_ask *ask = &h->ask[h->n_ask++ % HANDOVER_HELD];

	*ask = (struct handover_ask){
		.op = {
			.kind = LINK_FLUSH,
			.space = IOEMU_MEM,
			.done = handover_answered,
		},
		.answers = answers,
	};
	link_submit(h->link, &ask->op);
}

bool
scripted_peer_alive(struct scripted_peer *h)
{
	struct handover_op o = {
		.op = {
			.kind = LINK_FLUSH,
			.space = IOEMU_MEM,
			.done = handover_op_done,
		},
	};

	if (h->ended)
		return false;
	link_submit(h->link, &o.op);
	while (!o.done)
		scripted_peer_turn(h);
	return !h->ended;
}

int
scripted_peer_read(struct scripted_peer *h, uint16_t rid, uint64_t gpa,
		   void *buf, uint32_t len)
{
	struct handover_op o = {
		.op = {
			.kind = LINK_READ,
			.space = IOEMU_MEM,
			.addr = gpa,
			.len = len,
			.data = buf,
			.requester = rid,
			.done = handover_op_done,
		},
	};

	link_submit(h->link, &o.op);
	scripted_peer_until(h, handover_op_is_done, &o);
	return o.op.status;
}
