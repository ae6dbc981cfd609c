/* SPDX-License-Identifier: MIT */
/* Two ends of a link, with the bytes between them in the test's hands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "link/link.h"

#define MS 1000000ull
#define TIMEOUT (1000 * MS)
#define RAM 65536u
#define BASE 0xf0000000ull

struct end {
	struct link *link;
	struct pair *pair;
	uint8_t ram[RAM]; /* what requests of the other end reach */
	bool up, hold, refuse;
	char why[200];
	struct link_in *held[64];
	unsigned n_held, n_requests, n_messages;
	struct link_in last;
	struct link_msg msg;
	uint8_t msg_data[64];
};

struct pair {
	uint64_t now;
	struct end root, peer;
};

/* ---- a receiver that is memory ------------------------------------ */

static void
serve(struct end *e, struct link_in *in)
{
	uint64_t addr = 0;
	uint32_t len = 0;

	while (!e->refuse && link_in_run(in, &addr, &len)) {
		uint8_t *ram = e->ram + addr % RAM;
		uint8_t *data = in->data + (addr - in->base);

		assert_true(addr % RAM + len <= RAM);
		if (in->write)
			memcpy(ram, data, len);
		else
			memcpy(data, ram, len);
	}
	link_answer(in, e->refuse ? -1 : 0);
}

static void
on_up(struct link *link, const struct link_hello *hello)
{
	(void)hello;
	((struct end *)link_user(link))->up = true;
}

static void
on_request(struct link *link, struct link_in *in)
{
	struct end *e = link_user(link);

	e->n_requests++;
	e->last = *in;
	if (e->hold)
		e->held[e->n_held++] = in;
	else
		serve(e, in);
}

static void
on_message(struct link *link, const struct link_msg *msg)
{
	struct end *e = link_user(link);

	e->n_messages++;
	e->msg = *msg;
	assert_true(msg->len <= sizeof(e->msg_data));
	if (msg->len)
		memcpy(e->msg_data, msg->data, msg->len);
}

static void
on_down(struct link *link, const char *why)
{
	struct end *e = link_user(link);

	assert_int_equal(e->why[0], 0);
	strncpy(e->why, why, sizeof(e->why) - 1);
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

static struct link_config
config_of(struct end *e, enum link_role role)
{
	return (struct link_config){
		.hello = {
			.role = role,
			.kind = role == LINK_PEER ? LINK_KIND_PCI : 0,
			.functions = role == LINK_PEER,
			.max_payload = 256,
			.max_read = 512,
			.np_credits = 8,
			.p_credits = 8,
			.p_data = 256,
			.rcb = 64,
			.instance = 7,
			.name = "test",
		},
		.tags = 16,
		.timeout_ns = TIMEOUT,
		.ops = &ops,
		.user = e,
	};
}

/* ---- the wire ----------------------------------------------------- */

/* Some bytes of what `from` has to say; how many. */
static size_t
carry(struct end *from, struct end *to, size_t most)
{
	const uint8_t *p;
	size_t n = link_output(from->link, &p), room;
	uint8_t *q = link_input(to->link, &room);

	if (n > most)
		n = most;
	if (n > room)
		n = room;
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
	while (carry(&p->root, &p->peer, SIZE_MAX) +
	       carry(&p->peer, &p->root, SIZE_MAX))
		;
}

static void
give(struct end *to, const void *bytes, size_t n)
{
	size_t room;
	uint8_t *q = link_input(to->link, &room);

	assert_true(n <= room);
	memcpy(q, bytes, n);
	link_received(to->link, n);
}

static struct pair *
pair_make(void)
{
	struct pair *p = calloc(1, sizeof(*p));

	p->now = 5000 * MS;
	p->root.pair = p->peer.pair = p;
	return p;
}

static void
pair_open(struct pair *p, const struct link_config *root,
	  const struct link_config *peer)
{
	assert_int_equal(link_new(root, &p->root.link), 0);
	assert_int_equal(link_new(peer, &p->peer.link), 0);
}

static int
setup(void **state)
{
	struct pair *p = pair_make();
	struct link_config root = config_of(&p->root, LINK_ROOT);
	struct link_config peer = config_of(&p->peer, LINK_PEER);
	unsigned i;

	pair_open(p, &root, &peer);
	run(p);
	for (i = 0; i < RAM; i++) {
		p->root.ram[i] = (uint8_t)(i * 7 + i / 256);
		p->peer.ram[i] = (uint8_t)(i * 5 + i / 256);
	}
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct pair *p = *state;

	link_free(p->root.link);
	link_free(p->peer.link);
	free(p);
	return 0;
}

/* ---- requests ----------------------------------------------------- */

struct op {
	struct link_op op; /* first */
	bool done;
	uint8_t data[4096];
};

static void
op_done(struct link_op *op)
{
	struct op *o = (struct op *)op;

	assert_false(o->done);
	o->done = true;
}

static void
op_start(struct op *o, struct end *e, enum link_op_kind kind, uint64_t addr,
	 uint32_t len)
{
	o->done = false;
	o->op = (struct link_op){
		.kind = kind,
		.space = IOEMU_MEM,
		.addr = addr,
		.len = len,
		.data = o->data,
		.done = op_done,
	};
	link_submit(e->link, &o->op);
}

static void
both_ends_come_up(void **state)
{
	struct pair *p = *state;

	assert_true(p->root.up && p->peer.up);
	assert_true(link_is_up(p->root.link) && link_is_up(p->peer.link));
	assert_string_equal(link_other(p->root.link)->name, "test");
	assert_int_equal(link_other(p->root.link)->functions, 1);
}

static void
a_read_of_every_width_and_place_brings_its_bytes(void **state)
{
	struct pair *p = *state;
	uint32_t at, len;
	struct op o;

	for (at = 0; at < 9; at++)
		for (len = 1; len <= 8; len++) {
			op_start(&o, &p->root, LINK_READ, BASE + at, len);
			assert_false(o.done);
			run(p);
			assert_true(o.done);
			assert_int_equal(o.op.status, 0);
			assert_memory_equal(o.data, p->peer.ram + at, len);
		}
}

static void
a_long_read_is_split_and_put_together(void **state)
{
	struct pair *p = *state;
	struct op o;

	op_start(&o, &p->root, LINK_READ, BASE + 0x123, 4096);
	run(p);
	assert_true(o.done);
	assert_memory_equal(o.data, p->peer.ram + 0x123, 4096);
	/* 512 bytes a request and none over a page: 0x123 to the page's end
	 * in 8, the rest in one */
	assert_int_equal(p->peer.n_requests, 9);
}

static void
a_long_write_arrives_whole_though_the_bytes_come_one_by_one(void **state)
{
	struct pair *p = *state;
	struct op o;
	unsigned i;

	for (i = 0; i < 4096; i++)
		o.data[i] = (uint8_t)(i ^ i >> 8);
	op_start(&o, &p->peer, LINK_WRITE, 0x1001, 4095);
	assert_true(o.done);
	while (carry(&p->peer, &p->root, 1) + carry(&p->root, &p->peer, 1))
		;
	assert_memory_equal(p->root.ram + 0x1001, o.data, 4095);
	assert_int_equal(p->root.ram[0x1000], (uint8_t)(0x1000 * 7 + 0x10));
	assert_true(p->root.last.posted);
}

static void
ports_and_configuration_are_not_posted(void **state)
{
	struct pair *p = *state;
	struct op o;

	o.op = (struct link_op){
		.kind = LINK_WRITE,
		.space = IOEMU_CONFIG,
		.addr = 0x0118ull << 32 | 0x3d,
		.len = 1,
		.data = o.data,
		.done = op_done,
	};
	o.data[0] = 0x5a;
	o.done = false;
	link_submit(p->root.link, &o.op);
	assert_false(o.done);
	run(p);
	assert_true(o.done);
	assert_int_equal(p->peer.last.space, IOEMU_CONFIG);
	assert_false(p->peer.last.posted);
	assert_int_equal(p->peer.last.base, 0x0118ull << 32 | 0x3c);
	assert_int_equal(p->peer.ram[0x3d], 0x5a);

	o.op.kind = LINK_READ;
	o.op.space = IOEMU_PIO;
	o.op.addr = 0x3fe;
	o.op.len = 4; /* two double words */
	o.done = false;
	link_submit(p->root.link, &o.op);
	run(p);
	assert_true(o.done);
	assert_memory_equal(o.data, p->peer.ram + 0x3fe, 4);
	assert_int_equal(p->peer.n_requests, 3);
}

static void
requests_are_answered_in_any_order(void **state)
{
	struct pair *p = *state;
	struct op o[4];
	unsigned i;

	p->peer.hold = true;
	for (i = 0; i < 4; i++)
		op_start(&o[i], &p->root, LINK_READ, BASE + 16 * i, 4);
	run(p);
	assert_int_equal(p->peer.n_held, 4);
	for (i = 4; i-- > 0;) {
		serve(&p->peer, p->peer.held[i]);
		run(p);
		assert_true(o[i].done);
		assert_memory_equal(o[i].data, p->peer.ram + 16 * i, 4);
		assert_true(!i || !o[i - 1].done);
	}
}

static void
more_requests_than_credits_wait_their_turn(void **state)
{
	static struct op o[40];
	struct pair *p = *state;
	unsigned i;

	p->peer.hold = true;
	for (i = 0; i < 40; i++)
		op_start(&o[i], &p->root, LINK_READ, BASE + 4 * i, 4);
	run(p);
	assert_int_equal(p->peer.n_held, 8);
	p->peer.hold = false;
	for (i = 0; i < 8; i++)
		serve(&p->peer, p->peer.held[i]);
	run(p);
	for (i = 0; i < 40; i++) {
		assert_true(o[i].done);
		assert_memory_equal(o[i].data, p->peer.ram + 4 * i, 4);
	}
	assert_true(link_is_up(p->root.link));
}

static void
posted_passes_blocked_requests_and_never_the_other_way(void **state)
{
	static struct op reads[9], write, after;
	struct pair *p = *state;
	unsigned i;

	p->peer.hold = true;
	for (i = 0; i < 9; i++)
		op_start(&reads[i], &p->root, LINK_READ, BASE + 4 * i, 4);
	memset(write.data, 0xc3, 4);
	op_start(&write, &p->root, LINK_WRITE, BASE + 0x100, 4);
	run(p);
	/* eight reads, the ninth is blocked, the write passed it */
	assert_int_equal(p->peer.n_held, 9);
	assert_true(p->peer.held[8]->write);
	/* and no read passes a write: the tenth comes after it */
	op_start(&after, &p->root, LINK_READ, BASE + 0x100, 4);
	p->peer.hold = false;
	for (i = 0; i < 9; i++)
		serve(&p->peer, p->peer.held[i]);
	run(p);
	assert_true(after.done && reads[8].done);
	assert_memory_equal(after.data, write.data, 4);
}

static void
posted_credits_hold_the_sender_back(void **state)
{
	static struct op o[64];
	struct pair *p = *state;
	unsigned i;

	p->peer.hold = true;
	for (i = 0; i < 64; i++) {
		memset(o[i].data, (int)i, 4096);
		op_start(&o[i], &p->root, LINK_WRITE, BASE + 4096 * (i % 16),
			 4096);
	}
	run(p);
	assert_int_equal(p->peer.n_held, 8);
	assert_false(o[63].done); /* 64 KiB wait at most, then the guest */
	p->peer.hold = false;
	for (i = 0; i < 8; i++)
		serve(&p->peer, p->peer.held[i]);
	run(p);
	assert_true(o[63].done);
	for (i = 0; i < 16; i++)
		assert_int_equal(p->peer.ram[4096 * i], 48 + i);
	assert_int_equal(p->peer.n_requests, 64 * 16);
}

/* Frames that the root has got for an op of its own. */
static uint64_t
frames_for(struct pair *p, enum link_op_kind kind, uint32_t len)
{
	uint64_t before = link_stats(p->root.link)->frames_in;
	struct op o = { .done = false };

	op_start(&o, &p->root, kind, BASE, len);
	run(p);
	assert_true(o.done);
	return link_stats(p->root.link)->frames_in - before;
}

/* doc/wire.md, section 3: half of an odd number is rounded up. */
static void
credit_comes_back_at_half_of_what_was_granted(void **state)
{
	struct pair *p = pair_make();
	struct link_config root = config_of(&p->root, LINK_ROOT);
	struct link_config peer = config_of(&p->peer, LINK_PEER);
	unsigned i;

	(void)state;
	peer.hello.np_credits = 5;
	peer.hello.p_credits = 7;
	peer.hello.p_data = 33; /* two writes of MPS, and one unit */
	pair_open(p, &root, &peer);
	run(p);
	for (i = 1; i <= 12; i++) /* each is answered, the third with CREDIT */
		assert_int_equal(frames_for(p, LINK_READ, 4), 1 + !(i % 3));
	for (i = 1; i <= 12; i++) /* headers: the fourth */
		assert_int_equal(frames_for(p, LINK_WRITE, 4), !(i % 4));
	for (i = 1; i <= 8; i++) /* data: the second */
		assert_int_equal(frames_for(p, LINK_WRITE, 256), !(i % 2));
	link_free(p->root.link);
	link_free(p->peer.link);
	free(p);
}

static void
a_fence_ends_when_all_before_it_arrived(void **state)
{
	struct pair *p = *state;
	struct op o, w;

	memset(w.data, 1, 64);
	memset(o.data, 2, 4);
	p->peer.hold = true;
	op_start(&w, &p->root, LINK_WRITE, BASE, 64);
	op_start(&o, &p->root, LINK_FENCE, BASE + 64, 4);
	run(p);
	assert_true(w.done);
	assert_false(o.done);
	assert_int_equal(p->peer.n_held, 3);
	serve(&p->peer, p->peer.held[0]);
	serve(&p->peer, p->peer.held[1]);
	run(p);
	assert_false(o.done);
	serve(&p->peer, p->peer.held[2]);
	run(p);
	assert_true(o.done);
	assert_int_equal(p->peer.ram[63], 1);
	assert_int_equal(p->peer.ram[64], 2);
}

static void
messages_keep_their_place_among_writes(void **state)
{
	struct pair *p = *state;
	struct op w;

	memset(w.data, 9, 4);
	op_start(&w, &p->peer, LINK_WRITE, 0, 4);
	link_say(p->peer.link, &(struct link_msg){
				       .code = LINK_VENDOR_MSG,
				       .word = LINK_LINE,
				       .a = 1,
				       .b = 77,
				       .data = (const uint8_t *)"abcdefgh",
				       .len = 8,
			       });
	run(p);
	assert_int_equal(p->root.ram[0], 9);
	assert_int_equal(p->root.n_messages, 1);
	assert_int_equal(p->root.msg.word, LINK_LINE);
	assert_int_equal(p->root.msg.b, 77);
	assert_memory_equal(p->root.msg_data, "abcdefgh", 8);
}

/* ---- what goes wrong ---------------------------------------------- */

static void
what_nobody_takes_reads_ones(void **state)
{
	struct pair *p = *state;
	struct op o;

	p->peer.refuse = true;
	op_start(&o, &p->root, LINK_READ, BASE, 8);
	run(p);
	assert_true(o.done);
	assert_int_equal(o.op.status, -EIO);
	assert_memory_equal(o.data, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
	assert_int_equal(link_stats(p->root.link)->refused, 1);
	assert_int_equal(link_stats(p->peer.link)->unsupported, 1);
}

static void
tick(struct pair *p, uint64_t ns)
{
	p->now += ns;
	link_tick(p->root.link);
}

static void
a_slow_answer_times_out_and_is_dropped_when_it_comes(void **state)
{
	struct pair *p = *state;
	struct op o, again;
	unsigned i;

	p->peer.hold = true;
	op_start(&o, &p->root, LINK_READ, BASE, 4);
	run(p);
	tick(p, TIMEOUT / 2);
	run(p); /* the peer answers the ping: it lives */
	tick(p, TIMEOUT / 2 - 1);
	assert_false(o.done);
	assert_int_equal(link_deadline(p->root.link), p->now + 1);
	tick(p, 1);
	assert_true(o.done);
	assert_int_equal(o.op.status, -ETIMEDOUT);
	assert_memory_equal(o.data, "\xff\xff\xff\xff", 4);
	assert_true(link_is_up(p->root.link));
	/* its number is not used again before the late answer came */
	p->peer.hold = false;
	for (i = 0; i < 40; i++) {
		op_start(&again, &p->root, LINK_READ, BASE + 64, 4);
		run(p);
		assert_memory_equal(again.data, p->peer.ram + 64, 4);
	}
	serve(&p->peer, p->peer.held[0]);
	run(p);
	assert_int_equal(link_stats(p->root.link)->late, 1);
	assert_int_equal(link_stats(p->root.link)->timeouts, 1);
	assert_int_equal(link_stats(p->root.link)->unexpected, 0);
}

/* Whatever it waits for: room at the other end, or an answer. */
static void
the_time_out_counts_from_when_a_request_was_made(void **state)
{
	static struct op o[20];
	struct pair *p = *state;
	unsigned i;

	p->peer.hold = true;
	for (i = 0; i < 20; i++)
		op_start(&o[i], &p->root, LINK_READ, BASE, 4);
	run(p);
	assert_int_equal(p->peer.n_held, 8); /* its credits */
	tick(p, TIMEOUT / 2);
	run(p);
	tick(p, TIMEOUT / 2 - 1);
	for (i = 0; i < 8; i++)
		serve(&p->peer, p->peer.held[i]);
	run(p);
	assert_true(p->peer.n_held > 8); /* it said so late */
	for (i = 0; i < 20; i++)
		assert_int_equal(o[i].done, i < 8);
	tick(p, 1);
	for (i = 8; i < 20; i++) {
		assert_true(o[i].done);
		assert_int_equal(o[i].op.status, -ETIMEDOUT);
	}
	assert_true(link_is_up(p->root.link));
	for (i = 8; i < p->peer.n_held; i++)
		serve(&p->peer, p->peer.held[i]);
}

static void
a_silent_peer_is_given_up(void **state)
{
	struct pair *p = *state;
	struct op o[3];
	unsigned i;

	for (i = 0; i < 3; i++)
		op_start(&o[i], &p->root, LINK_READ, BASE, 4);
	tick(p, TIMEOUT / 2);
	tick(p, TIMEOUT / 2);
	for (i = 0; i < 3; i++)
		assert_true(o[i].done);
	assert_false(link_is_up(p->root.link));
	assert_non_null(strstr(p->root.why, "no answer"));
	op_start(&o[0], &p->root, LINK_READ, BASE, 4);
	assert_true(o[0].done);
	assert_int_equal(o[0].op.status, -ENOTCONN);
}

/* Whoever stood still gives the other time to say something before it judges.
 */
static void
a_request_outlives_our_own_standstill(void **state)
{
	struct pair *p = *state;
	struct op o;

	p->peer.hold = true;
	op_start(&o, &p->root, LINK_READ, BASE, 4);
	tick(p, 10 * TIMEOUT); /* both did; it is pinged now */
	assert_true(link_is_up(p->root.link));
	assert_false(o.done);
	assert_int_equal(link_deadline(p->root.link), p->now + TIMEOUT / 2);
	run(p);
	p->peer.hold = false;
	serve(&p->peer, p->peer.held[0]);
	run(p);
	assert_true(o.done);
	assert_int_equal(o.op.status, 0);
	/* again, and the other is gone */
	op_start(&o, &p->root, LINK_READ, BASE, 4);
	tick(p, 10 * TIMEOUT);
	assert_true(link_is_up(p->root.link));
	tick(p, TIMEOUT / 2);
	assert_true(o.done);
	assert_false(link_is_up(p->root.link));
	assert_non_null(strstr(p->root.why, "no answer"));
}

static void
a_peer_that_takes_nothing_is_given_up(void **state)
{
	static struct op o[64];
	struct pair *p = *state;
	unsigned i;

	for (i = 0; i < 64; i++)
		op_start(&o[i], &p->root, LINK_WRITE, BASE, 4096);
	assert_false(o[63].done);
	tick(p, TIMEOUT / 2);
	tick(p, TIMEOUT / 2);
	for (i = 0; i < 64; i++)
		assert_true(o[i].done);
	assert_false(link_is_up(p->root.link));
}

static void
closing_answers_everything_in_flight(void **state)
{
	static struct op o[20];
	struct pair *p = *state;
	unsigned i;

	p->peer.hold = true;
	for (i = 0; i < 20; i++)
		op_start(&o[i], &p->root, LINK_READ, BASE, 1024);
	run(p);
	link_close(p->root.link, LINK_END, "enough");
	for (i = 0; i < 20; i++) {
		assert_true(o[i].done);
		assert_int_equal(o[i].op.status, -ENOTCONN);
		assert_int_equal(o[i].data[1023], 0xff);
	}
	run(p);
	assert_string_equal(p->peer.why, "the other end said goodbye: enough");
	for (i = 0; i < p->peer.n_held; i++)
		serve(&p->peer, p->peer.held[i]); /* too late, harmless */
}

static void
keep_alive_is_kept_and_notices_silence(void **state)
{
	struct pair *p = pair_make();
	struct link_config root = config_of(&p->root, LINK_ROOT);
	struct link_config peer = config_of(&p->peer, LINK_PEER);
	void *s = p;
	unsigned i;

	(void)state;
	root.hello.keepalive_ms = 100;
	pair_open(p, &root, &peer);
	run(p);
	for (i = 0; i < 10; i++) {
		/* the peer knows what the root bears */
		assert_int_equal(link_deadline(p->peer.link), p->now + 50 * MS);
		p->now += 50 * MS;
		link_tick(p->peer.link);
		run(p);
		link_tick(p->root.link);
	}
	assert_true(link_is_up(p->root.link));
	assert_int_equal(link_deadline(p->root.link), p->now + 100 * MS);
	tick(p, 100 * MS);
	assert_false(link_is_up(p->root.link));
	assert_string_equal(p->root.why, "nothing heard of it");
	teardown(&s);
}

static void
who_slept_himself_does_not_take_others_for_silent(void **state)
{
	struct pair *p = pair_make();
	struct link_config root = config_of(&p->root, LINK_ROOT);
	struct link_config peer = config_of(&p->peer, LINK_PEER);
	void *s = p;

	(void)state;
	root.hello.keepalive_ms = 100;
	pair_open(p, &root, &peer);
	run(p);
	tick(p, 5000 * MS); /* both stood still */
	assert_true(link_is_up(p->root.link));
	assert_int_equal(link_deadline(p->root.link), p->now + 50 * MS);
	link_tick(p->peer.link);
	run(p);
	tick(p, 50 * MS);
	assert_true(link_is_up(p->root.link));
	tick(p, 5000 * MS); /* now the other is gone */
	assert_true(link_is_up(p->root.link));
	tick(p, 50 * MS);
	assert_false(link_is_up(p->root.link));
	assert_string_equal(p->root.why, "nothing heard of it");
	teardown(&s);
}

static void
who_never_says_hello_is_given_up(void **state)
{
	struct pair *p = pair_make();
	struct link_config root = config_of(&p->root, LINK_ROOT);
	struct link_config peer = config_of(&p->peer, LINK_PEER);
	void *s = p;

	(void)state;
	pair_open(p, &root, &peer);
	p->now = link_deadline(p->root.link);
	link_tick(p->root.link);
	assert_string_equal(p->root.why, "it does not say HELLO");
	teardown(&s);
}

/* Each of these, given to the root, ends the link with that reason. */
static const struct {
	const char *what, *bytes;
	size_t n;
	const char *why;
} wrong[] = {
#define B(s) s, sizeof(s) - 1
	{ "unknown type", B("\x08\x00\x00\x00"), "unknown type of frame" },
	{ "RING", B("\x07\x00\x00\x00"), "RING that nobody waits for" },
	{ "flags", B("\x04\x01\x00\x08________"), "flags" },
	{ "too long", B("\x03\x00\xff\xff"), "length of a frame" },
	{ "second HELLO", B("\x01\x00\x00\x04____"), "second HELLO" },
	{ "short ping", B("\x04\x00\x00\x01_"), "length of a frame" },
	{ "credits back", B("\x02\x00\x00\x0c\0\0\0\0\0\0\0\0\0\0\0\0"),
	  "takes credits back" },
	{ "pong alone", B("\x05\x00\x00\x08________"), "PONG" },
	{ "short credits", B("\x02\x00\x00\x04\0\0\0\0"), "length of CREDIT" },
	{ "reserved TLP", B("\x03\x00\x00\x0c\xff\0\0\0\0\0\0\0\0\0\0\0"), "" },
#undef B
};

static void
what_breaks_the_protocol_ends_the_link_and_says_why(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		void *s;

		setup(&s);
		give(&((struct pair *)s)->root, wrong[i].bytes, wrong[i].n);
		assert_false(link_is_up(((struct pair *)s)->root.link));
		assert_non_null(
			strstr(((struct pair *)s)->root.why, wrong[i].why));
		assert_int_equal(
			link_stats(((struct pair *)s)->root.link)->malformed,
			1);
		teardown(&s);
	}
}

static void
a_completion_nobody_asked_for_is_dropped(void **state)
{
	/* CplD, one DW, tag 3, to requester 0 */
	static const uint8_t cpl[] = { 3, 0, 0, 16, 0x4a, 0, 0, 1, 0, 0,
				       0, 4, 0, 0,  3,	  0, 1, 2, 3, 4 };
	struct pair *p = *state;
	unsigned i;

	for (i = 0; i < 1000; i++)
		give(&p->root, cpl, sizeof(cpl));
	assert_true(link_is_up(p->root.link));
	assert_int_equal(link_stats(p->root.link)->unexpected, 1000);
	give(&p->root, cpl, sizeof(cpl));
	assert_false(link_is_up(p->root.link));
}

static void
who_takes_more_than_its_credits_is_cut_off(void **state)
{
	/* MRd, one DW */
	static const uint8_t mrd[] = { 3, 0, 0, 12, 0,	  0, 0, 1,
				       0, 0, 0, 15, 0xf0, 0, 0, 0 };
	struct pair *p = *state;
	unsigned i;

	p->root.hold = true;
	for (i = 0; i < 8; i++)
		give(&p->root, mrd, sizeof(mrd));
	assert_true(link_is_up(p->root.link));
	give(&p->root, mrd, sizeof(mrd));
	assert_false(link_is_up(p->root.link));
	assert_non_null(strstr(p->root.why, "credit"));
	for (i = 0; i < 8; i++)
		serve(&p->root, p->root.held[i]);
}

static void
an_end_of_the_same_role_or_none_is_refused(void **state)
{
	struct pair *p = pair_make();
	struct link_config root = config_of(&p->root, LINK_ROOT);
	struct link_config peer = config_of(&p->peer, LINK_ROOT);
	void *s = p;

	(void)state;
	pair_open(p, &root, &peer);
	run(p);
	assert_non_null(strstr(p->root.why, "same role"));
	link_free(p->root.link);
	p->root.why[0] = '\0';
	assert_int_equal(link_new(&root, &p->root.link), 0);
	give(&p->root, "GET / HTTP/1.1\r\n\r\n", 18);
	assert_false(link_is_up(p->root.link));
	teardown(&s);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
		T(both_ends_come_up),
		T(a_read_of_every_width_and_place_brings_its_bytes),
		T(a_long_read_is_split_and_put_together),
		T(a_long_write_arrives_whole_though_the_bytes_come_one_by_one),
		T(ports_and_configuration_are_not_posted),
		T(requests_are_answered_in_any_order),
		T(more_requests_than_credits_wait_their_turn),
		T(posted_passes_blocked_requests_and_never_the_other_way),
		T(posted_credits_hold_the_sender_back),
		cmocka_unit_test(credit_comes_back_at_half_of_what_was_granted),
		T(a_fence_ends_when_all_before_it_arrived),
		T(messages_keep_their_place_among_writes),
		T(what_nobody_takes_reads_ones),
		T(a_slow_answer_times_out_and_is_dropped_when_it_comes),
		T(the_time_out_counts_from_when_a_request_was_made),
		T(a_silent_peer_is_given_up),
		T(a_request_outlives_our_own_standstill),
		T(a_peer_that_takes_nothing_is_given_up),
		T(closing_answers_everything_in_flight),
		cmocka_unit_test(keep_alive_is_kept_and_notices_silence),
		cmocka_unit_test(
			who_slept_himself_does_not_take_others_for_silent),
		cmocka_unit_test(who_never_says_hello_is_given_up),
		cmocka_unit_test(
			what_breaks_the_protocol_ends_the_link_and_says_why),
		T(a_completion_nobody_asked_for_is_dropped),
		T(who_takes_more_than_its_credits_is_cut_off),
		cmocka_unit_test(an_end_of_the_same_role_or_none_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
