/* SPDX-License-Identifier: MIT */
/*
 * One end of a link and another that says anything. The input is a script:
 * what the other end sends (bytes as they are, frames that are nearly right,
 * good ones), and what happens at this end meanwhile (requests, answers, time,
 * room in the socket, the switch to rings). Nothing crashes, nothing grows
 * without bound, a link whose deadline was served sleeps, and every request of
 * ours ends exactly once.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "link/priv.h"

#define OPS 24u
#define HELD (8u + 8u) /* all the credit there is */
#define NS_PER_MS 1000000ull
#define TIMEOUT (100 * NS_PER_MS)
/* Completions of one request, with their headers. */
#define MOST_ANSWER (2u * TLP_MAX_DATA)

struct op {
	struct link_op op; /* first */
	bool open;
};

struct end {
	struct link *link;
	const uint8_t *p, *limit; /* the script */
	uint64_t now;
	struct op op[OPS];
	struct link_in *held[HELD];
	unsigned n_held;
	bool down;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- the script ------------------------------------------------------ */

static unsigned
take8(struct end *e)
{
	return e->p < e->limit ? *e->p++ : 0;
}

static unsigned
take16(struct end *e)
{
	unsigned high = take8(e);

	return high << 8 | take8(e);
}

static uint32_t
take32(struct end *e)
{
	uint32_t high = take16(e);

	return high << 16 | take16(e);
}

/* Address and length that often meet: near 4 GiB, pages, MPS. */
static uint64_t
take_addr(struct end *e)
{
	static const uint64_t base[] = { 0,	      0xfff0,
					 0xfee00000,  0xfffff000,
					 0x100000000, 0xffffffffffffe000 };

	return base[take8(e) % 6] + (take16(e) & 0x1fff);
}

/* ---- this end -------------------------------------------------------- */

static void
on_up(struct link *link, const struct link_hello *hello)
{
	assert(link_is_up(link) && hello->instance);
}

static void
on_request(struct link *link, struct link_in *in)
{
	struct end *e = link_user(link);

	assert(e->n_held < HELD);
	if (in->space != IOEMU_CONFIG)
		assert(in->completer == link->id && !(link->id & 7));
	e->held[e->n_held++] = in;
}

static void
on_message(struct link *link, const struct link_msg *msg)
{
	struct link_window w;
	uint8_t sum = 0;
	uint32_t i;

	(void)link;
	for (i = 0; i < msg->len; i++)
		sum ^= msg->data[i];
	if (link_window_decode(msg, &w) && w.mapped)
		assert(w.size && w.base + (w.size - 1) >= w.base);
	__asm__ volatile("" : : "r"(sum)); /* every byte is there */
}

static void
on_down(struct link *link, const char *why)
{
	struct end *e = link_user(link);

	assert(!e->down && *why);
	e->down = true;
}

static void
on_wake(struct link *link)
{
	const uint8_t *p;

	assert(link_output(link, &p));
}

static uint64_t
on_now(struct link *link)
{
	return ((struct end *)link_user(link))->now;
}

static const struct link_ops ops = {
	.up = on_up,
	.request = on_request,
	.message = on_message,
	.down = on_down,
	.wake = on_wake,
	.now = on_now,
};

static void
answer(struct end *e, unsigned i, int status)
{
	struct link_in *in = e->held[i];
	uint64_t addr = 0;
	uint32_t len = 0;
	unsigned runs = 0;

	e->held[i] = e->held[--e->n_held];
	while (link_in_run(in, &addr, &len)) {
		assert(len && addr >= in->base && ++runs <= 4);
		memset(in->data + (addr - in->base), in->write ? 1 : 2, len);
	}
	link_answer(in, status);
}

static void
on_done(struct link_op *link_op)
{
	struct op *op = (struct op *)link_op;

	assert(op->open);
	op->open = false;
	free(op->op.data);
	op->op.data = NULL;
}

static void
submit(struct end *e)
{
	struct op *op = &e->op[take8(e) % OPS];
	unsigned what = take8(e);

	if (op->open || link_crowded(e->link))
		return;
	op->open = true;
	op->op = (struct link_op){
		.kind = (enum link_op_kind)(what & 3),
		.space = (enum ioemu_space)(what >> 2 & 3) % 3,
		.addr = take_addr(e),
		.len = 1 + take16(e) % HOST_MAX_DATA,
		.requester = (uint16_t)(what >> 4),
		.done = on_done,
	};
	if (op->op.kind == LINK_FLUSH || op->op.kind == LINK_FENCE)
		op->op.space = IOEMU_MEM;
	if (op->op.kind == LINK_FLUSH)
		op->op.len = 0;
	if (op->op.space != IOEMU_MEM) {
		op->op.addr &= 0xffc;
		op->op.len = 1 + (op->op.len & 3);
	}
	op->op.data = calloc(1, op->op.len);
	link_submit(e->link, &op->op);
}

static void
say(struct end *e)
{
	static const uint8_t data[16];
	struct link_msg msg = {
		.code = LINK_VENDOR_MSG,
		.word = LINK_LINE,
		.data = data,
		.len = (take8(e) & 3) * 4,
	};

	if (link_crowded(e->link))
		return;
	link_say(e->link, &msg);
	link_post(e->link, 0, take_addr(e), data, 1 + take8(e) % 16);
}

/* What is served may bring the next thing to do, but not for ever. */
static void
pass_time(struct end *e)
{
	unsigned ticks = 0;

	e->now += take16(e) * NS_PER_MS / 8;
	do {
		link_tick(e->link);
		assert(++ticks <= 3);
	} while (link_deadline(e->link) <= e->now);
}

static void
drain(struct end *e)
{
	const uint8_t *p;
	size_t n = link_output(e->link, &p), most = take16(e);

	assert(n || !e->link->out.used);
	if (n)
		link_sent(e->link, n < most ? n : most);
}

/* As whoever moves the bytes does: an offer, or the answer to one. */
static void
change_way(struct end *e)
{
	const struct link_ring ring = { .total = 4096 };

	if (link_ring_due(e->link))
		link_ring_say(e->link, &ring);
	else if (e->link->config.hello.role == LINK_PEER &&
		 link_way_in(e->link) == LINK_RING &&
		 link_way_out(e->link) == LINK_SOCKET && !e->link->ring.said)
		link_ring_say(e->link, NULL);
	if (link_way_in(e->link) == LINK_RING && take8(e) & 1)
		link_doorbell(e->link, (const uint8_t *)"", take8(e) & 1);
}

/* ---- the other end --------------------------------------------------- */

/* In pieces, as a socket brings them. */
static void
give(struct end *e, const uint8_t *bytes, size_t n)
{
	size_t piece = take8(e), room;

	while (n) {
		uint8_t *p = link_input(e->link, &room);

		assert(room);
		room = room < n ? room : n;
		room = piece && piece < room ? piece : room;
		memcpy(p, bytes, room);
		link_received(e->link, room);
		bytes += room;
		n -= room;
	}
}

static void
give_raw(struct end *e, size_t most)
{
	size_t n = (size_t)(e->limit - e->p);
	const uint8_t *bytes = e->p;

	n = n < most ? n : most;
	e->p += n;
	give(e, bytes, n);
}

static void
give_frame(struct end *e, enum frame_type type, uint8_t *frame, size_t len)
{
	frame[0] = (uint8_t)type;
	frame[1] = 0;
	put_be16(frame + 2, (uint16_t)len);
	give(e, frame, FRAME_HEADER + len);
}

static void
give_hello(struct end *e)
{
	uint8_t frame[FRAME_HEADER + HELLO_MAX];
	unsigned more = take8(e);
	const struct link_hello hello = {
		.role = e->link->config.hello.role ^ 3,
		.kind = LINK_KIND_PCI,
		.functions = 1,
		.max_payload = (uint16_t)(128 << take8(e) % 6),
		.max_read = (uint16_t)(128 << take8(e) % 6),
		.np_credits = (uint16_t)(1 + take8(e)),
		.p_credits = (uint16_t)(1 + take8(e)),
		.p_data = (uint16_t)(256 + take8(e)),
		.rcb = take8(e) & 1 ? 64 : 128,
		.keepalive_ms = more & 1 ? 100 : 0,
		.caps = more & 2 ? LINK_CAP_RING : 0,
		.instance = 1,
	};
	size_t n = hello_encode(&hello, frame + FRAME_HEADER);

	if (take8(e) & 1) /* one byte of it is something else */
		frame[FRAME_HEADER + take8(e) % n] = (uint8_t)take8(e);
	give_frame(e, FRAME_HELLO, frame, n);
}

static void
give_credit(struct end *e)
{
	const struct credits *c = &e->link->limit;
	uint8_t frame[FRAME_HEADER + CREDIT_SIZE];

	put_be32(frame + FRAME_HEADER, c->p + take8(e));
	put_be32(frame + FRAME_HEADER + 4, c->data + take16(e));
	put_be32(frame + FRAME_HEADER + 8, c->np + take8(e));
	give_frame(e, FRAME_CREDIT, frame, CREDIT_SIZE);
}

/* PONG with the cookie it must have, as a rule. */
static void
give_ping(struct end *e, enum frame_type type)
{
	uint8_t frame[FRAME_HEADER + 8] = { 0 };

	if (type == FRAME_PONG && take8(e) & 7)
		put_be64(frame + FRAME_HEADER, e->link->pinged_ns);
	give_frame(e, type, frame, 8);
}

/* Good, or with a bit that is something else. */
static void
give_ring(struct end *e)
{
	static const uint32_t good[] = { 1,    0x3000, 0,      0x100,
					 4096, 4096,   0x2000, 4096 };
	uint8_t frame[FRAME_HEADER + sizeof(good)];
	bool to_peer = e->link->config.hello.role == LINK_PEER;
	unsigned bad = take16(e), i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		put_be32(frame + FRAME_HEADER + 4 * (size_t)i, good[i]);
	if (bad & 1)
		frame[FRAME_HEADER + (bad >> 8) % sizeof(good)] ^=
			(uint8_t)(1 << (bad >> 1 & 7));
	if (bad & 0x10)
		to_peer = !to_peer;
	give_frame(e, FRAME_RING, frame, to_peer ? sizeof(good) : 0);
}

static void
give_tlp(struct end *e, const struct tlp *t)
{
	uint8_t frame[FRAME_MAX] = { 0 };
	unsigned n = tlp_encode_header(t, frame + FRAME_HEADER);
	unsigned i, bad = take8(e);

	n += tlp_data_dw(t) * 4;
	for (i = 0; i < 4; i++) /* of the data */
		frame[FRAME_HEADER + n - 1 - i] ^= (uint8_t)(t->tag + i);
	if (bad & 1) /* a bit of the header is something else */
		frame[FRAME_HEADER + (bad >> 4)] ^=
			(uint8_t)(1 << (bad >> 1 & 7));
	give_frame(e, FRAME_TLP, frame, n);
}

static void
give_request(struct end *e)
{
	unsigned what = take8(e), mps = e->link->mps ? e->link->mps : 128;
	struct tlp t = {
		.kind = (enum tlp_kind)(what % (TLP_CPLDLK + 1)),
		.tc = what & 0x80 ? 3 : 0,
		.requester = (uint16_t)take8(e),
		.tag = (uint16_t)take16(e) % TLP_TAGS,
		.poisoned = what & 0x40,
		.dw = 1,
	};
	uint64_t addr = take_addr(e);
	uint32_t len = take16(e) % (2 * mps);

	if (t.kind == TLP_MRD || t.kind == TLP_MWR)
		tlp_set_range(&t, addr, tlp_chunk(addr, len, mps));
	else
		tlp_set_range(&t, addr & 0xffc, 1 + (len & 3));
	if (t.kind == TLP_MSG || t.kind == TLP_MSGD) {
		t.code = LINK_VENDOR_MSG;
		t.routing = what & 0x20 ? TLP_TO_ROOT : TLP_LOCAL;
		t.msg[0] = 0xffff;
		t.msg[1] = take32(e);
		t.dw = t.kind == TLP_MSGD ? 4 : 0;
	}
	give_tlp(e, &t);
}

/* To one of the requests that are open or were given up, if there are any. */
static void
give_completion(struct end *e)
{
	unsigned what = take8(e), skip = take8(e) & 7;
	uint16_t i = 0, n = (uint16_t)e->link->n_tags;
	struct tlp_range left;
	struct tlp t = { .status = TLP_SC };

	while (i < n && (e->link->tag[i].state == TAG_FREE || skip--))
		i++;
	if (i == n)
		return;
	left = e->link->tag[i].left;
	t.tag = i;
	t.requester = e->link->tag[i].requester;
	t.kind = e->link->tag[i].data ? TLP_CPLD : TLP_CPL;
	t.dw = 1;
	t.byte_count = 4;
	if (what & 1 && t.kind == TLP_CPLD)
		(void)tlp_cpl_next(&t, &left, e->link->other.rcb, e->link->mps);
	if (what & 2) {
		t.kind = TLP_CPL;
		t.status = what >> 2 & 7;
	}
	give_tlp(e, &t);
}

/* ---- steps ----------------------------------------------------------- */

static void
step_of_other(struct end *e, unsigned what)
{
	switch (what & 7) {
	case 0:
		give_raw(e, take16(e));
		break;
	case 1:
		give_hello(e);
		break;
	case 2:
		give_credit(e);
		break;
	case 3:
		if (what & 32)
			give_ring(e);
		else
			give_ping(e, what & 8 ? FRAME_PING : FRAME_PONG);
		break;
	case 4:
	case 5:
		give_request(e);
		break;
	case 6:
	case 7:
		give_completion(e);
		break;
	}
}

static void
step_of_ours(struct end *e, unsigned what)
{
	switch (what & 7) {
	case 0:
	case 1:
	case 2:
		submit(e);
		break;
	case 3:
		if (what & 32)
			change_way(e);
		else
			say(e);
		break;
	case 4:
		pass_time(e);
		break;
	case 5:
		drain(e);
		break;
	case 6:
		if (e->n_held)
			answer(e, take8(e) % e->n_held, what & 8 ? -1 : 0);
		break;
	case 7:
		if (what == 0xff)
			link_close(e->link, LINK_END, "enough");
		else
			link_set_id(e->link, (uint16_t)take16(e));
		break;
	}
}

/* Whatever the other end does, this is all that may wait for it. */
static void
check_size(const struct link *link)
{
	size_t answers = link->config.hello.np_credits * MOST_ANSWER;

	assert(link->out.used <= 2 * OUT_HIGH + 2 * FRAME_MAX);
	assert(link->fifo.used <= FIFO_HIGH + 2 * MOST_ANSWER + answers);
}

static void
end_open(struct end *e)
{
	unsigned how = take8(e);
	const struct link_config config = {
		.hello = {
			.role = how & 1 ? LINK_ROOT : LINK_PEER,
			.kind = how & 1 ? 0 : LINK_KIND_PCI,
			.functions = !(how & 1),
			.max_payload = how & 2 ? 128 : 4096,
			.max_read = how & 4 ? 128 : 4096,
			.np_credits = how & 8 ? 1 : 8,
			.p_credits = how & 16 ? 1 : 8,
			.p_data = how & 32 ? 256 : 4096,
			.rcb = 64,
			.keepalive_ms = how & 64 ? 100 : 0,
			.caps = LINK_CAP_RING,
			.instance = 1,
		},
		.tags = how & 128 ? 1 : 32,
		.timeout_ns = TIMEOUT,
		.ops = &ops,
		.user = e,
	};

	e->now = NS_PER_MS;
	if (link_new(&config, &e->link))
		abort();
}

static void
end_close(struct end *e)
{
	unsigned i;

	link_close(e->link, LINK_END, "the end");
	assert(e->down && link_deadline(e->link) == UINT64_MAX);
	for (i = 0; i < OPS; i++)
		assert(!e->op[i].open);
	if (e->limit[-1] & 1) { /* freed while requests are out, or not */
		while (e->n_held)
			answer(e, 0, 0);
		link_free(e->link);
		return;
	}
	link_free(e->link);
	while (e->n_held)
		answer(e, 0, 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct end e = { .p = data, .limit = data + size };

	if (!size)
		return 0;
	end_open(&e);
	if (take8(&e) & 1) {
		give_hello(&e);
		if (take8(&e) & 1)
			give_raw(&e, SIZE_MAX);
	}
	while (e.p < e.limit) {
		unsigned what = take8(&e);

		if (what & 16)
			step_of_ours(&e, what);
		else
			step_of_other(&e, what);
		check_size(e.link);
	}
	end_close(&e);
	return 0;
}
