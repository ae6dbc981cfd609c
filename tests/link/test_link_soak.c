/* SPDX-License-Identifier: MIT */
/*
 * Two ends of a link at their worst: both flood it with every class of TLP at
 * once, bytes come in pieces of any size, answers in any order, and all data
 * is checked; then what an end must bear from another that does not do its
 * part.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "link/priv.h"

#define BASE 0x1f0000000ull /* above 4 GiB: headers of four DW */
#define SLOT 8192u	    /* memory comes in slots, */
#define SLOTS 16u	    /* each used by one op that looks at it */
#define MAX_OPS 64u
#define MAX_HELD 512u
#define OPS 40000u
#define MS 1000000ull
#define TIMEOUT (1000 * MS)

struct op {
	struct link_op op; /* first */
	struct end *end;
	bool open;
	unsigned slot;
	uint8_t data[4096], want[4096];
};

struct end {
	struct link *link;
	struct pair *pair;
	uint8_t memory[SLOTS * SLOT]; /* what the other end wrote */
	uint8_t shadow[SLOTS * SLOT]; /* what this end wrote there */
	bool taken[SLOTS];	      /* by an op that looks */
	struct op op[MAX_OPS];
	unsigned started, done;
	uint16_t said, heard; /* messages */
	struct link_in *held[MAX_HELD];
	unsigned n_held;
	bool up, down;
};

struct pair {
	uint64_t now, seed;
	struct end root, peer;
};

static uint32_t
any(struct pair *p, uint32_t below)
{
	p->seed ^= p->seed << 13;
	p->seed ^= p->seed >> 7;
	p->seed ^= p->seed << 17;
	return (uint32_t)(p->seed >> 11) % below;
}

static struct end *
other(struct end *e)
{
	return e == &e->pair->root ? &e->pair->peer : &e->pair->root;
}

/* ---- a receiver ------------------------------------------------------ */

static uint8_t
port_value(uint64_t port)
{
	return (uint8_t)(port * 37 + 11);
}

static void
move(struct end *e, struct link_in *in)
{
	uint64_t addr = 0, i;
	uint32_t len = 0;

	while (link_in_run(in, &addr, &len)) {
		uint8_t *data = in->data + (addr - in->base);

		if (in->space == IOEMU_PIO) {
			for (i = 0; i < len; i++)
				data[i] = port_value(addr + i);
			continue;
		}
		assert_true(addr >= BASE &&
			    addr - BASE + len <= sizeof(e->memory));
		if (in->write)
			memcpy(e->memory + (addr - BASE), data, len);
		else
			memcpy(data, e->memory + (addr - BASE), len);
	}
}

/* Posted writes take effect as they come; the credit they hold on to. */
static void
on_request(struct link *link, struct link_in *in)
{
	struct end *e = link_user(link);

	if (in->posted)
		move(e, in);
	assert_true(e->n_held < MAX_HELD);
	e->held[e->n_held++] = in;
}

static void
answer_any(struct end *e)
{
	unsigned i;
	struct link_in *in;

	if (!e->n_held)
		return;
	i = any(e->pair, e->n_held);
	in = e->held[i];
	e->held[i] = e->held[--e->n_held];
	if (!in->posted)
		move(e, in);
	link_answer(in, 0);
}

static void
on_message(struct link *link, const struct link_msg *msg)
{
	struct end *e = link_user(link);

	assert_int_equal(msg->b, e->heard);
	e->heard++;
}

static void
on_up(struct link *link, const struct link_hello *hello)
{
	(void)hello;
	((struct end *)link_user(link))->up = true;
}

static void
on_down(struct link *link, const char *why)
{
	(void)why;
	((struct end *)link_user(link))->down = true;
}

static void
on_wake(struct link *link)
{
	(void)link;
}

static uint64_t
on_now(struct link *link)
{
	return ((struct end *)link_user(link))->pair->now;
}

static const struct link_ops ops = {
	.up = on_up,
	.request = on_request,
	.message = on_message,
	.down = on_down,
	.wake = on_wake,
	.now = on_now,
};

/* ---- a requester ----------------------------------------------------- */

static void
on_done(struct link_op *link_op)
{
	struct op *op = (struct op *)link_op;
	struct end *e = op->end;

	assert_true(op->open);
	op->open = false;
	e->done++;
	if (op->slot < SLOTS)
		e->taken[op->slot] = false;
	if (link_op->status) /* only where a test closes the link */
		return;
	if (link_op->kind == LINK_READ)
		assert_memory_equal(op->data, op->want, link_op->len);
	if (link_op->kind == LINK_FENCE)
		assert_memory_equal(other(e)->memory + (link_op->addr - BASE),
				    op->want, link_op->len);
}

static uint32_t
any_length(struct pair *p)
{
	static const uint32_t most[] = { 4, 8, 64, 300, 4096, 4096 };

	return 1 + any(p, most[any(p, 6)]);
}

static void
start_port_read(struct end *e, struct op *op)
{
	uint32_t i;

	op->op.kind = LINK_READ;
	op->op.space = IOEMU_PIO;
	op->op.addr = any(e->pair, 65000);
	op->op.len = 1 + any(e->pair, 4);
	for (i = 0; i < op->op.len; i++)
		op->want[i] = port_value(op->op.addr + i);
}

/* Whatever looks at a slot has it for itself until it is done. */
static void
start_memory(struct end *e, struct op *op)
{
	static const enum link_op_kind kind[] = { LINK_READ,  LINK_WRITE,
						  LINK_WRITE, LINK_WRITE,
						  LINK_FENCE, LINK_FLUSH };
	struct pair *p = e->pair;
	unsigned slot = any(p, SLOTS);
	uint32_t i, len = any_length(p), at = slot * SLOT + any(p, SLOT - len);

	op->op.kind = e->taken[slot] ? LINK_FLUSH : kind[any(p, 6)];
	op->op.space = IOEMU_MEM;
	op->op.addr = BASE + at;
	op->op.len = op->op.kind == LINK_FLUSH ? 0 : len;
	if (op->op.kind == LINK_WRITE || op->op.kind == LINK_FENCE) {
		for (i = 0; i < len; i++)
			op->data[i] = (uint8_t)any(p, 256);
		memcpy(e->shadow + at, op->data, len);
	}
	memcpy(op->want, e->shadow + at, len);
	if (op->op.kind == LINK_READ || op->op.kind == LINK_FENCE) {
		op->slot = slot;
		e->taken[slot] = true;
	}
}

static void
start_any(struct end *e)
{
	struct op *op = e->op;

	while (op < e->op + MAX_OPS && op->open)
		op++;
	if (op == e->op + MAX_OPS || e->started == OPS)
		return;
	e->started++;
	op->op = (struct link_op){ .data = op->data, .done = on_done };
	op->end = e;
	op->open = true;
	op->slot = SLOTS;
	if (any(e->pair, 8))
		start_memory(e, op);
	else
		start_port_read(e, op);
	if (!any(e->pair, 16))
		link_say(e->link, &(struct link_msg){
					  .code = LINK_VENDOR_MSG,
					  .word = LINK_LINE,
					  .b = e->said++,
				  });
	link_submit(e->link, &op->op);
}

/* ---- the wire -------------------------------------------------------- */

static size_t
carry(struct end *from, size_t most)
{
	struct end *to = other(from);
	const uint8_t *p;
	size_t n = link_output(from->link, &p), room;
	uint8_t *q = link_input(to->link, &room);

	n = n < most ? n : most;
	n = n < room ? n : room;
	if (!n)
		return 0;
	memcpy(q, p, n);
	link_sent(from->link, n);
	link_received(to->link, n);
	return n;
}

static void
run(struct pair *p)
{
	while (carry(&p->root, SIZE_MAX) + carry(&p->peer, SIZE_MAX))
		;
}

static struct link_config
config_of(struct end *e, enum link_role role)
{
	return (struct link_config){
		.hello = {
			.role = role,
			.kind = role == LINK_PEER ? LINK_KIND_PCI : 0,
			.functions = role == LINK_PEER,
			.max_payload = 128,
			.max_read = 128,
			.np_credits = 1,
			.p_credits = 1,
			.p_data = 8,
			.rcb = 64,
			.instance = 7,
		},
		.tags = 1,
		.timeout_ns = TIMEOUT,
		.ops = &ops,
		.user = e,
	};
}

static struct pair *
pair_make(void)
{
	struct pair *p = calloc(1, sizeof(*p));

	assert_non_null(p);
	p->now = 5000 * MS;
	p->seed = 20;
	p->root.pair = p->peer.pair = p;
	return p;
}

static void
pair_open(struct pair *p, const struct link_config *root,
	  const struct link_config *peer)
{
	assert_int_equal(link_new(root, &p->root.link), 0);
	assert_int_equal(link_new(peer, &p->peer.link), 0);
	run(p);
}

static void
pair_close(struct pair *p)
{
	link_close(p->root.link, LINK_END, "enough");
	link_close(p->peer.link, LINK_END, "enough");
	while (p->root.n_held)
		answer_any(&p->root);
	while (p->peer.n_held)
		answer_any(&p->peer);
	link_free(p->root.link);
	link_free(p->peer.link);
	free(p);
}

/* ---- the flood ------------------------------------------------------- */

static bool
over(const struct end *e)
{
	return e->started == OPS && e->done == OPS && !e->n_held;
}

static void
flood(struct pair *p)
{
	while (!over(&p->root) || !over(&p->peer)) {
		struct end *e = any(p, 2) ? &p->root : &p->peer;

		switch (any(p, 4)) {
		case 0:
			start_any(e);
			break;
		case 1:
			answer_any(e);
			break;
		default:
			carry(e, 1 + any(p, any(p, 4) ? 6000 : 20));
			break;
		}
		assert_false(p->root.down || p->peer.down);
	}
	run(p);
}

static void
check_end(struct end *e)
{
	const struct link_stats *s = link_stats(e->link);

	assert_memory_equal(e->shadow, other(e)->memory, sizeof(e->shadow));
	assert_int_equal(e->said, other(e)->heard);
	assert_int_equal(s->unexpected + s->late + s->timeouts + s->refused +
				 s->unsupported + s->malformed + s->poisoned,
			 0);
	assert_memory_equal(&e->link->used, &other(e)->link->taken,
			    sizeof(e->link->used));
	assert_memory_equal(&e->link->limit, &other(e)->link->told,
			    sizeof(e->link->limit));
}

static void
flood_with(const struct link_config *root, const struct link_config *peer,
	   struct pair *p)
{
	pair_open(p, root, peer);
	flood(p);
	check_end(&p->root);
	check_end(&p->peer);
	pair_close(p);
}

static void
a_flood_with_the_least_credits_arrives_whole(void **state)
{
	struct pair *p = pair_make();
	struct link_config root = config_of(&p->root, LINK_ROOT);
	struct link_config peer = config_of(&p->peer, LINK_PEER);

	(void)state;
	flood_with(&root, &peer, p);
}

static void
a_flood_with_unequal_ends_arrives_whole(void **state)
{
	struct pair *p = pair_make();
	struct link_config root = config_of(&p->root, LINK_ROOT);
	struct link_config peer = config_of(&p->peer, LINK_PEER);

	(void)state;
	root.hello.max_payload = 4096;
	root.hello.max_read = 4096;
	root.hello.np_credits = 3;
	root.hello.p_credits = 200;
	root.hello.p_data = 4096 / 16;
	root.tags = 64;
	peer.hello.max_payload = 256;
	peer.hello.max_read = 1024;
	peer.hello.np_credits = 64;
	peer.hello.p_credits = 2;
	peer.hello.p_data = 17;
	peer.hello.rcb = 128;
	peer.tags = 5;
	flood_with(&root, &peer, p);
}

static void
a_flood_with_much_room_arrives_whole(void **state)
{
	struct pair *p = pair_make();
	struct link_config root = config_of(&p->root, LINK_ROOT);
	struct link_config peer = config_of(&p->peer, LINK_PEER);

	(void)state;
	root.hello.max_payload = peer.hello.max_payload = 4096;
	root.hello.max_read = peer.hello.max_read = 4096;
	root.hello.np_credits = peer.hello.np_credits = 64;
	root.hello.p_credits = peer.hello.p_credits = 128;
	root.hello.p_data = peer.hello.p_data = 8192;
	root.tags = peer.tags = 128;
	flood_with(&root, &peer, p);
}

/* ---- an end that does not do its part -------------------------------- */

static void
start(struct end *e, enum link_op_kind kind, uint64_t addr, uint32_t len)
{
	struct op *op = &e->op[e->started++];

	op->op = (struct link_op){
		.kind = kind,
		.space = IOEMU_MEM,
		.addr = addr,
		.len = len,
		.data = op->data,
		.done = on_done,
	};
	op->end = e;
	op->open = true;
	op->slot = SLOTS;
	link_submit(e->link, &op->op);
}

static struct pair *
pair_plain(void)
{
	struct pair *p = pair_make();
	struct link_config root = config_of(&p->root, LINK_ROOT);
	struct link_config peer = config_of(&p->peer, LINK_PEER);

	root.hello.keepalive_ms = 1000;
	pair_open(p, &root, &peer);
	return p;
}

static void
what_is_written_before_hello_is_not_sent_later(void **state)
{
	struct pair *p = pair_make();
	struct link_config root = config_of(&p->root, LINK_ROOT);
	struct link_config peer = config_of(&p->peer, LINK_PEER);

	(void)state;
	assert_int_equal(link_new(&root, &p->root.link), 0);
	start(&p->root, LINK_WRITE, 0, 4);
	start(&p->root, LINK_FENCE, 0, 4);
	assert_int_equal(p->root.done, 2);
	assert_int_equal(p->root.op[0].op.status, -ENOTCONN);
	assert_int_equal(link_new(&peer, &p->peer.link), 0);
	run(p);
	assert_true(p->root.up && p->peer.up);
	assert_int_equal(p->peer.n_held, 0);
	pair_close(p);
}

static void
a_flush_that_never_left_times_out_once(void **state)
{
	struct pair *p = pair_plain();
	unsigned i;

	(void)state;
	start(&p->root, LINK_WRITE, BASE, 4); /* takes the one credit, ... */
	start(&p->root, LINK_WRITE, BASE, 4);
	start(&p->root, LINK_FLUSH, BASE, 0); /* so this has to wait */
	for (i = 0; i < 2; i++) {
		run(p); /* the peer lives: it answers PING */
		p->now += TIMEOUT / 2;
		link_tick(p->root.link);
	}
	assert_int_equal(p->root.op[2].op.status, -ETIMEDOUT);
	assert_true(link_is_up(p->root.link));
	assert_int_equal(p->root.done, 3);
	pair_close(p);
}

/* A deadline in the past would keep the loop from sleeping. */
static void
who_waits_for_a_pong_sleeps(void **state)
{
	struct pair *p = pair_plain();
	unsigned i;

	(void)state;
	/* the root, stopped, reads nothing: the peer can only wait */
	for (i = 0; i < 40; i++) {
		uint64_t due = link_deadline(p->peer.link);

		p->now += 100 * MS;
		if (due <= p->now)
			link_tick(p->peer.link);
		assert_true(link_deadline(p->peer.link) > p->now);
		if (i == 20)
			start(&p->peer, LINK_READ, BASE, 4);
	}
	assert_int_equal(p->peer.done, 1);
	pair_close(p);
}

/* It answers what it gets, in the order it comes. */
static void
answer_all(struct end *e)
{
	unsigned i;

	for (i = 0; i < e->n_held; i++)
		link_answer(e->held[i], 0);
	e->n_held = 0;
}

static void
who_reads_nothing_cannot_make_memory_grow(void **state)
{
	/* MRd of 128 bytes; that there is credit again the sender can guess */
	static const uint8_t mrd[] = { 3, 0, 0, 12,   0, 0, 0, 32,
				       0, 0, 0, 0xff, 0, 0, 0, 0 };
	struct pair *p = pair_plain();
	struct link *root = p->root.link;
	unsigned i;

	(void)state;
	for (i = 0; i < 100000 && link_is_up(root); i++) {
		size_t room;

		memcpy(link_input(root, &room), mrd, sizeof(mrd));
		link_received(root, sizeof(mrd));
		answer_all(&p->root);
		assert_true(root->out.used + root->fifo.used <
			    OUT_HIGH + FIFO_HIGH + 2 * FRAME_MAX);
	}
	assert_false(link_is_up(root));
	pair_close(p);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flood_with_the_least_credits_arrives_whole),
		cmocka_unit_test(a_flood_with_unequal_ends_arrives_whole),
		cmocka_unit_test(a_flood_with_much_room_arrives_whole),
		cmocka_unit_test(
			what_is_written_before_hello_is_not_sent_later),
		cmocka_unit_test(a_flush_that_never_left_times_out_once),
		cmocka_unit_test(who_waits_for_a_pong_sleeps),
		cmocka_unit_test(who_reads_nothing_cannot_make_memory_grow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
