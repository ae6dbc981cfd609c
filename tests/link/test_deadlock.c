/* SPDX-License-Identifier: MIT */
/*
 * Nothing gets stuck, and nothing comes out of order, whatever happens first:
 * two ends of the real link with as few credits and tags as the protocol
 * allows, each with a short program of requests, in every order of what can
 * happen: an end starts its next request, a frame is carried, a request that
 * an end holds is answered.
 *
 * Every such step uses up something of which there is a bounded amount, so no
 * run goes on for ever; when, besides, the only state without a next step is
 * the one where all is done, every run under any schedule gets there.
 *
 * Both ends are plain memory that is put back to try the next step: the link
 * allocates only when it is made, so all addresses stay.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "link/priv.h"

#define MPS 128u
#define LONG_WRITE 160u /* two TLPs, of 8 and 2 units */
#define LONG_READ 192u	/* two requests */
#define STRIDE 0x1000u	/* an op's number is in its address */
#define MAX_OPS 8u
#define MAX_HELD 16u
#define MAX_DEPTH 256u
#define PEER_WAITS 2u /* it may (doc/wire.md, 6) */
#define BOTH_WAIT 3u
#define SEEN (1u << 21)
#define HEAD_BYTES (offsetof(struct request, data) + MPS)

/* What the wire does to the ends, RIGHT apart. */
enum rule {
	RIGHT,
	STOPS_READING, /* while there is something to send */
	CPL_PASSES_P,
	ONLY_HALF_TOLD, /* also where too little is left for a TLP */
};

/*
 * A program is a string of: w W write, 4 and 160 bytes; r R read, 4 and 192
 * bytes; f write 4 bytes with a fence; l flush; m message.
 */
struct scene {
	const char *program[2]; /* root, peer */
	uint16_t p, p_data, np, tags;
	unsigned waits; /* ends that answer when their own are answered: */
	enum rule rule;
};

struct op {
	struct link_op op; /* first */
	struct end *end;
	uint32_t posted; /* TLPs of this end before it */
	uint32_t behind; /* TLPs of the other end before its answer */
	uint8_t least;	 /* a read: what was written last before it */
	bool done;
	uint8_t data[LONG_READ];
};

struct end {
	struct link *link;
	struct world *world;
	unsigned n_ops;		  /* started */
	uint32_t posted, arrived; /* TLPs: given to the link, come from it */
	uint8_t wrote, memory;	  /* the last value: by this end, in this end */
	struct op op[MAX_OPS];
	unsigned n_held;
	struct link_in *held[MAX_HELD];
};

struct world {
	const struct scene *scene;
	const char *wrong; /* the first rule that was broken */
	struct end end[2];
};

/* ---- what is required, as it goes ------------------------------------ */

static void
require(struct end *e, bool good, const char *what)
{
	if (!good && !e->world->wrong)
		e->world->wrong = what;
}

static struct end *
other(struct end *e)
{
	return &e->world->end[e == e->world->end];
}

/* Posted data takes effect as it comes: what is held is the credit. */
static void
on_request(struct link *link, struct link_in *in)
{
	struct end *e = link_user(link);
	const struct op *op = &other(e)->op[in->base / STRIDE];

	if (in->posted) {
		require(e, e->arrived == op->posted + in->base % STRIDE / MPS,
			"a write overtook a posted request");
		e->arrived++;
		e->memory = in->data[0];
	} else {
		require(e, e->arrived >= op->posted,
			"a non-posted request overtook a posted one");
	}
	e->held[e->n_held++] = in;
}

static void
on_message(struct link *link, const struct link_msg *msg)
{
	struct end *e = link_user(link);

	require(e, e->arrived == other(e)->op[msg->b].posted,
		"a message overtook a posted request");
	e->arrived++;
}

static void
on_done(struct link_op *link_op)
{
	struct op *op = (struct op *)link_op;
	struct end *e = op->end;
	uint32_t i;

	require(e, !op->done && !link_op->status, "a request failed");
	require(e, e->arrived >= op->behind,
		"a completion overtook a posted request");
	op->done = true;
	for (i = 0; link_op->kind == LINK_READ && i < link_op->len; i++)
		require(e, op->data[i] >= op->least && op->data[i] <= e->wrote,
			"a read missed a write before it");
}

static void
on_up(struct link *link, const struct link_hello *hello)
{
	(void)link;
	(void)hello;
}

static void
on_down(struct link *link, const char *why)
{
	require(link_user(link), false, why);
}

static void
on_wake(struct link *link)
{
	(void)link;
}

static uint64_t
on_now(struct link *link)
{
	(void)link;
	return 1;
}

static const struct link_ops ops = {
	.up = on_up,
	.request = on_request,
	.message = on_message,
	.down = on_down,
	.wake = on_wake,
	.now = on_now,
};

/* ---- steps ----------------------------------------------------------- */

static void
start_message(struct end *e, struct op *op)
{
	op->done = true;
	link_say(e->link, &(struct link_msg){
				  .code = LINK_VENDOR_MSG,
				  .word = LINK_LINE,
				  .b = (uint16_t)(op - e->op),
			  });
}

static void
start_op(struct end *e, struct op *op, char what)
{
	bool write = strchr("wWf", what);

	op->op = (struct link_op){
		.kind = what == 'f'   ? LINK_FENCE
			: what == 'l' ? LINK_FLUSH
			: write	      ? LINK_WRITE
				      : LINK_READ,
		.space = IOEMU_MEM,
		.addr = (uint64_t)(op - e->op) * STRIDE,
		.len = what == 'W'   ? LONG_WRITE
		       : what == 'R' ? LONG_READ
		       : what == 'l' ? 0
				     : 4,
		.data = op->data,
		.done = on_done,
	};
	e->wrote = (uint8_t)(e->wrote + write);
	op->least = e->wrote;
	memset(op->data, e->wrote, write ? LONG_WRITE : 0);
	link_submit(e->link, &op->op);
}

static bool
step_start(struct end *e)
{
	char what = e->world->scene->program[e - e->world->end][e->n_ops];
	struct op *op = &e->op[e->n_ops];

	if (!what)
		return false;
	e->n_ops++;
	op->end = e;
	op->posted = e->posted;
	e->posted += what == 'W' ? 2 : strchr("wfm", what) ? 1 : 0;
	if (what == 'm')
		start_message(e, op);
	else
		start_op(e, op, what);
	return true;
}

static bool
all_done(const struct end *e)
{
	unsigned i;

	for (i = 0; i < e->n_ops; i++)
		if (!e->op[i].done)
			return false;
	return true;
}

static bool
step_answer(struct end *e, unsigned i)
{
	bool waits = e->world->scene->waits >> (e - e->world->end) & 1;
	struct link_in *in = i < e->n_held ? e->held[i] : NULL;
	struct op *op;
	uint64_t at = 0;
	uint32_t len = 0;

	if (!in || (!in->posted && waits && !all_done(e)))
		return false;
	op = &other(e)->op[in->base / STRIDE];
	memmove(e->held + i, e->held + i + 1,
		(--e->n_held - i) * sizeof(e->held[0]));
	if (!in->posted && link_in_run(in, &at, &len))
		memset(in->data, e->memory, len);
	if (!in->posted)
		op->behind = e->posted;
	link_answer(in, 0);
	return true;
}

/* ---- the wire, and what breaks on it --------------------------------- */

static size_t
frame_size(const uint8_t *p)
{
	return FRAME_HEADER + get_be16(p + 2);
}

static bool
is_cpl(const uint8_t *p)
{
	return p[0] == FRAME_TLP && (p[FRAME_HEADER] & 0x1f) == 0x0a;
}

static bool
is_posted(const uint8_t *p)
{
	return p[0] == FRAME_TLP &&
	       (p[FRAME_HEADER] >> 6 == 1 || p[FRAME_HEADER] >> 4 == 3) &&
	       !is_cpl(p);
}

/* A completion behind a posted request goes before it. */
static void
overtake(uint8_t *p, size_t used)
{
	size_t at = frame_size(p), n;
	uint8_t cpl[FRAME_MAX];

	while (is_posted(p) && at < used && !is_cpl(p + at))
		at += frame_size(p + at);
	if (!is_posted(p) || at >= used)
		return;
	n = frame_size(p + at);
	memcpy(cpl, p + at, n);
	memmove(p + n, p, at);
	memcpy(p, cpl, n);
}

static bool
below_half(const struct link *to, const uint8_t *body)
{
	const struct link_hello *h = &to->other;
	const struct credits *c = &to->limit;

	return get_be32(body) - c->p < (h->p_credits + 1u) / 2 &&
	       get_be32(body + 4) - c->data < (h->p_data + 1u) / 2 &&
	       get_be32(body + 8) - c->np < (h->np_credits + 1u) / 2;
}

static bool
step_carry(struct end *from)
{
	struct link *to = other(from)->link;
	uint8_t *p = from->link->out.p + from->link->out.head, *q;
	size_t used = from->link->out.used, n, room;
	enum rule rule = from->world->scene->rule;
	bool lost;

	if (!used || (rule == STOPS_READING && to->out.used))
		return false;
	if (rule == CPL_PASSES_P)
		overtake(p, used);
	n = frame_size(p);
	lost = rule == ONLY_HALF_TOLD && p[0] == FRAME_CREDIT &&
	       below_half(to, p + FRAME_HEADER);
	q = link_input(to, &room);
	memcpy(q, p, n);
	link_sent(from->link, n);
	if (!lost)
		link_received(to, n);
	return true;
}

/* The n-th of all steps there might be; false: it cannot be taken now. */
#define N_STEPS (4 + 2 * MAX_HELD)

static bool
step(struct world *w, unsigned n)
{
	struct end *e = &w->end[n & 1];

	if (n < 2)
		return step_start(e);
	if (n < 4)
		return step_carry(e);
	return step_answer(e, (n - 4) / 2);
}

/* Where nothing more can happen: all is done, and nothing was lost. */
static bool
is_final(struct end *e)
{
	const struct link *a = e->link, *b = other(e)->link;
	const struct link_hello *h = &a->config.hello;

	return !e->world->scene->program[e - e->world->end][e->n_ops] &&
	       all_done(e) && !e->n_held && e->arrived == other(e)->posted &&
	       a->state == LINK_UP && !a->out.used && !a->fifo.used &&
	       !a->in_used && !a->np.first && !a->queued.first && !a->n_open &&
	       a->tag_wait.first == TAG_NONE &&
	       !memcmp(&a->limit, &b->told, sizeof(a->limit)) &&
	       !memcmp(&a->used, &b->taken, sizeof(a->used)) &&
	       a->granted.p - a->taken.p == h->p_credits &&
	       a->granted.data - a->taken.data == h->p_data &&
	       a->granted.np - a->taken.np == h->np_credits;
}

/* ---- states ---------------------------------------------------------- */

struct snap {
	uint8_t *at;
	uint8_t bytes[16384];
};

static void
snap_take(struct snap *s, const void *p, size_t n)
{
	assert_true(s->at + sizeof(p) + sizeof(n) + n <=
		    s->bytes + sizeof(s->bytes));
	memcpy(s->at, &p, sizeof(p));
	memcpy(s->at + sizeof(p), &n, sizeof(n));
	memcpy(s->at + sizeof(p) + sizeof(n), p, n);
	s->at += sizeof(p) + sizeof(n) + n;
}

static void
snap_link(struct snap *s, const struct link *l)
{
	unsigned i;

	snap_take(s, l, offsetof(struct link, in));
	snap_take(s, l->in, l->in_used);
	snap_take(s, l->tag, l->n_tags * sizeof(l->tag[0]));
	for (i = 0; i < l->n_pool; i++)
		snap_take(s, &l->pool[i], HEAD_BYTES);
	snap_take(s, l->out.p + l->out.head, l->out.used);
	snap_take(s, l->fifo.p + l->fifo.head, l->fifo.used);
}

static void
save(const struct world *w, struct snap *s)
{
	s->at = s->bytes;
	snap_take(s, w, sizeof(*w));
	snap_link(s, w->end[0].link);
	snap_link(s, w->end[1].link);
}

static void
restore(const struct snap *s)
{
	const uint8_t *p = s->bytes;

	while (p < s->at) {
		void *to;
		size_t n;

		memcpy(&to, p, sizeof(to));
		memcpy(&n, p + sizeof(to), sizeof(n));
		p += sizeof(to) + sizeof(n);
		memcpy(to, p, n);
		p += n;
	}
}

static uint64_t
mix(uint64_t h, const void *p, size_t n)
{
	const uint8_t *b = p;
	uint64_t v;

	for (; n; n -= n < 8 ? n : 8, b += 8) {
		v = 0;
		memcpy(&v, b, n < 8 ? n : 8);
		h = (h ^ v) * 0x9e3779b97f4a7c15u;
		h ^= h >> 29;
	}
	return h;
}

static uint64_t
mix_bytes(uint64_t h, const struct bytes *b)
{
	h = mix(h, &b->used, sizeof(b->used));
	return mix(h, b->p + b->head, b->used);
}

static uint64_t
hash_op(uint64_t h, const struct op *op, uint64_t fifo_sent)
{
	const struct link_op *o = &op->op;
	const uint64_t after = o->after > fifo_sent ? o->after - fifo_sent : 0;
	const uint64_t v[] = { op->behind, o->sent, o->tags, after };

	h = mix(h, &op->done, sizeof(op->done));
	if (op->done)
		return h;
	h = mix(h, op->data, sizeof(op->data));
	return mix(h, v, sizeof(v));
}

/* What decides about the future: not the past, not where in memory it is. */
static uint64_t
hash_end(uint64_t h, const struct end *e)
{
	const struct link *l = e->link;
	unsigned i;

	h = mix(h, &e->n_ops,
		offsetof(struct end, op) - offsetof(struct end, n_ops));
	for (i = 0; i < e->n_ops; i++)
		h = hash_op(h, &e->op[i], l->fifo_sent);
	h = mix(h, &e->n_held, sizeof(e->n_held));
	for (i = 0; i < e->n_held; i++) {
		const struct tlp *t = &((struct request *)e->held[i])->tlp;
		const uint64_t v[] = { t->addr, t->kind, t->tag };

		h = mix(h, v, sizeof(v));
	}
	h = mix_bytes(mix_bytes(h, &l->out), &l->fifo);
	h = mix(h, &l->limit, 2 * sizeof(l->limit));	 /* used */
	h = mix(h, &l->granted, 3 * sizeof(l->granted)); /* taken, told */
	for (i = 0; i < l->n_tags; i++) {
		const struct tag *t = &l->tag[i];
		const uint64_t v[] = { t->state, t->left.len, t->addr };

		h = mix(h, v, t->state == TAG_FREE ? 8 : sizeof(v));
	}
	return mix(h, &l->tag_free, sizeof(l->tag_free));
}

struct search {
	struct world *w;
	struct snap *snap;
	uint64_t *seen;
	size_t states, ends;
};

static bool
is_new(struct search *s)
{
	uint64_t h = hash_end(hash_end(1, &s->w->end[0]), &s->w->end[1]) | 1;
	size_t i = h % SEEN;

	for (; s->seen[i]; i = (i + 1) % SEEN)
		if (s->seen[i] == h)
			return false;
	s->seen[i] = h;
	assert_true(++s->states < SEEN / 2);
	return true;
}

/* False: this state or one after it is wrong. */
static bool
explore(struct search *s, unsigned depth)
{
	bool stuck = true;
	unsigned n;

	if (!is_new(s))
		return true;
	assert_true(depth < MAX_DEPTH);
	save(s->w, &s->snap[depth]);
	for (n = 0; n < N_STEPS; n++) {
		if (!step(s->w, n))
			continue;
		stuck = false;
		if (s->w->wrong || !explore(s, depth + 1))
			return false;
		restore(&s->snap[depth]);
	}
	if (!stuck)
		return true;
	s->ends++;
	if (!is_final(&s->w->end[0]) || !is_final(&s->w->end[1]))
		s->w->wrong = "stuck";
	return !s->w->wrong;
}

/* ---- scenes ---------------------------------------------------------- */

static void
world_open(struct world *w, const struct scene *scene)
{
	struct link_config config = {
		.hello = {
			.role = LINK_ROOT,
			.max_payload = MPS,
			.max_read = MPS,
			.np_credits = scene->np,
			.p_credits = scene->p,
			.p_data = scene->p_data,
			.rcb = 64,
			.instance = 1,
		},
		.tags = scene->tags,
		.timeout_ns = UINT64_MAX,
		.ops = &ops,
	};
	static const struct scene right = { .rule = RIGHT };
	unsigned i;

	w->scene = &right;
	for (i = 0; i < 2; i++) {
		w->end[i].world = w;
		config.user = &w->end[i];
		assert_int_equal(link_new(&config, &w->end[i].link), 0);
		config.hello.role = LINK_PEER;
		config.hello.kind = LINK_KIND_PCI;
		config.hello.functions = 1;
	}
	assert_true(step_carry(&w->end[0]) && step_carry(&w->end[1]));
	assert_true(link_is_up(w->end[0].link) && link_is_up(w->end[1].link));
	w->scene = scene;
}

/* NULL: nothing can go wrong, else what does. */
static const char *
search(const struct scene *scene)
{
	struct search s = {
		.w = calloc(1, sizeof(*s.w)),
		.snap = malloc(MAX_DEPTH * sizeof(*s.snap)),
		.seen = calloc(SEEN, sizeof(s.seen[0])),
	};
	struct snap *start = malloc(sizeof(*start));
	const char *wrong = NULL;

	world_open(s.w, scene);
	save(s.w, start);
	if (!explore(&s, 0))
		wrong = s.w->wrong;
	print_message("%s | %s: %zu states, %zu ends: %s\n", scene->program[0],
		      scene->program[1], s.states, s.ends,
		      wrong ? wrong : "all is done");
	restore(start); /* with every request in the link's own hands */
	link_free(s.w->end[0].link);
	link_free(s.w->end[1].link);
	free(start);
	free(s.seen);
	free(s.snap);
	free(s.w);
	return wrong;
}

static void
with_one_credit_of_each_kind_everything_ends(void **state)
{
	static const struct scene scene[] = {
		{ { "wrWrf", "wrmRw" }, 1, 8, 1, 1, 0, RIGHT },
		{ { "wfRlw", "mwfWr" }, 1, 8, 1, 1, 0, RIGHT },
		{ { "rrwwrr", "WWRR" }, 1, 8, 1, 1, 0, RIGHT },
	};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(scene) / sizeof(scene[0]); i++)
		assert_null(search(&scene[i]));
}

static void
with_answers_in_any_order_everything_ends(void **state)
{
	static const struct scene scene[] = {
		{ { "rwRr", "rwW" }, 2, 9, 2, 2, 0, RIGHT },
		{ { "lwfr", "rmr" }, 4, 8, 2, 2, 0, RIGHT },
	};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(scene) / sizeof(scene[0]); i++)
		assert_null(search(&scene[i]));
}

static void
a_peer_may_wait_for_its_own_requests_first(void **state)
{
	static const struct scene scene[] = {
		{ { "rwrW", "rwRw" }, 1, 8, 1, 1, PEER_WAITS, RIGHT },
		{ { "Rwf", "rWr" }, 2, 8, 2, 2, PEER_WAITS, RIGHT },
	};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(scene) / sizeof(scene[0]); i++)
		assert_null(search(&scene[i]));
}

/* The search sees what it should: each of these breaks one rule. */
static void
broken_rules_are_found(void **state)
{
	static const struct scene stops = {
		{ "wr", "wr" }, 1, 8, 1, 1, 0, STOPS_READING,
	};
	static const struct scene passes = {
		{ "r", "w" }, 1, 8, 1, 1, 0, CPL_PASSES_P,
	};
	static const struct scene half = {
		{ "wW", "" }, 4, 8, 1, 1, 0, ONLY_HALF_TOLD,
	};
	static const struct scene wait = {
		{ "r", "r" }, 1, 8, 1, 1, BOTH_WAIT, RIGHT,
	};

	(void)state;
	assert_string_equal(search(&wait), "stuck");
	assert_string_equal(search(&stops), "stuck");
	assert_string_equal(search(&passes),
			    "a completion overtook a posted request");
	assert_string_equal(search(&half), "stuck");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_one_credit_of_each_kind_everything_ends),
		cmocka_unit_test(with_answers_in_any_order_everything_ends),
		cmocka_unit_test(a_peer_may_wait_for_its_own_requests_first),
		cmocka_unit_test(broken_rules_are_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
