/* SPDX-License-Identifier: MIT */
/*
 * Devices at the far end of a link, the test being the root: what device tests
 * on the bench and ioemu-peer's own tests do not bring about. And which
 * requests an access is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "link/linkhost.h"

#define MMIO 0xe0000000u
#define LATE 8u /* writes here are deferred */
#define LINE 5u

/* ---- a device ----------------------------------------------------- */

struct box {
	uint32_t value;
	struct ioemu_access *late;
};

static void
box_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	const struct box *box = ioemu_state(dev);

	a->value = box->value;
}

static void
box_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct box *box = ioemu_state(dev);

	if (a->offset == LATE) {
		box->late = a;
		ioemu_defer(dev, a);
		return;
	}
	box->value = (uint32_t)a->value;
	ioemu_irq(dev, LINE, box->value & 1);
}

static int
box_attach(struct ioemu_dev *dev)
{
	static const struct ioemu_region region = {
		.name = "box",
		.size = 16,
		.min = 4,
		.max = 4,
		.read = box_read,
		.write = box_write,
	};

	return dev->parent ? 0 : ioemu_window(dev, IOEMU_MEM, MMIO, &region);
}

static const struct ioemu_field box_fields[] = {
	IOEMU_FIELD(struct box, value),
	{ 0 },
};

static const struct host_type box_type = {
	.type = {
		.name = "box",
		.state_size = sizeof(struct box),
		.fields = box_fields,
		.attach = box_attach,
	},
};

static const struct host_type child_type = {
	.type = {
		.name = "child",
		.parent = "box",
		.state_size = sizeof(struct box),
		.attach = box_attach,
	},
};

/* ---- its host, and the root ---------------------------------------- */

struct far {
	struct linkhost *lh; /* first */
	struct hostdev *hd, *child;
	struct link *root, *peer;
	uint64_t now;
	bool running, io; /* disk I/O in flight */
	unsigned lost;

	struct link_msg msg; /* the last one, and of each word so many */
	uint8_t data[256];
	unsigned said[256];
	bool line;
	uint8_t state[4096];
	uint32_t state_len, state_total;
};

static void
on_run(struct linkhost *lh, uint64_t now_ns)
{
	struct far *f = linkhost_user(lh);

	f->running = true;
	f->now = now_ns;
}

static void
on_pause(struct linkhost *lh)
{
	((struct far *)linkhost_user(lh))->running = false;
}

static bool
on_quiet(struct linkhost *lh)
{
	return !((struct far *)linkhost_user(lh))->io;
}

static void
on_up(struct linkhost *lh, const struct link_hello *root)
{
	(void)lh;
	(void)root;
}

static void
on_down(struct linkhost *lh, const char *why)
{
	(void)why;
	((struct far *)linkhost_user(lh))->lost++;
}

static void
on_wake(struct linkhost *lh)
{
	(void)lh;
}

static uint64_t
on_now(struct linkhost *lh)
{
	return ((struct far *)linkhost_user(lh))->now;
}

static const struct linkhost_ops linkhost_ops = {
	.run = on_run,
	.pause = on_pause,
	.quiet = on_quiet,
	.up = on_up,
	.down = on_down,
	.wake = on_wake,
	.now = on_now,
};

static uint64_t
dev_now(struct hostdev *hd)
{
	return ((struct far *)hd->host)->now;
}

static const struct host_ops dev_ops = {
	.map = linkhost_map,
	.unmap = linkhost_map,
	.irq = linkhost_irq,
	.now = dev_now,
	.forget = linkhost_forget,
};

static void
root_up(struct link *link, const struct link_hello *hello)
{
	(void)link;
	(void)hello;
}

static void
root_request(struct link *link, struct link_in *in)
{
	(void)link;
	link_answer(in, -1);
}

static void
root_state(struct far *f, const struct link_msg *msg)
{
	assert_true(f->state_len + msg->b <= sizeof(f->state));
	if (msg->b)
		memcpy(f->state + f->state_len, msg->data + 8, msg->b);
	f->state_len += msg->b;
	f->state_total = msg->data[6] * 256u + msg->data[7];
}

static void
root_message(struct link *link, const struct link_msg *msg)
{
	struct far *f = link_user(link);

	assert_int_equal(msg->code, LINK_VENDOR_MSG);
	f->msg = *msg;
	f->said[msg->word]++;
	assert_true(msg->len <= sizeof(f->data));
	if (msg->len)
		memcpy(f->data, msg->data, msg->len);
	if (msg->word == LINK_LINE && msg->b == LINE)
		f->line = msg->a;
	if (msg->word == LINK_STATE)
		root_state(f, msg);
}

static void
root_down(struct link *link, const char *why)
{
	(void)link;
	(void)why;
}

static void
root_wake(struct link *link)
{
	(void)link;
}

static uint64_t
root_now(struct link *link)
{
	return ((struct far *)link_user(link))->now;
}

static const struct link_ops root_ops = {
	.up = root_up,
	.request = root_request,
	.message = root_message,
	.down = root_down,
	.wake = root_wake,
	.now = root_now,
};

/* ---- the wire ----------------------------------------------------- */

static bool
carry(struct link *from, struct link *to)
{
	const uint8_t *p;
	size_t n = link_output(from, &p), room;
	uint8_t *q = link_input(to, &room);

	n = n < room ? n : room;
	if (!n)
		return false;
	memcpy(q, p, n);
	link_sent(from, n);
	link_received(to, n);
	return true;
}

static void
run(struct far *f)
{
	bool moved = true;

	while (moved) {
		moved = carry(f->root, f->peer);
		moved |= carry(f->peer, f->root);
	}
}

static void
far_connect(struct far *f)
{
	const struct link_config config = {
		.hello = {
			.role = LINK_ROOT,
			.max_payload = 256,
			.max_read = 256,
			.np_credits = 4,
			.p_credits = 4,
			.p_data = 16,
			.rcb = 64,
			.instance = 1,
		},
		.tags = 4,
		.timeout_ns = 1000000000,
		.ops = &root_ops,
		.user = f,
	};

	assert_int_equal(link_new(&config, &f->root), 0);
	assert_int_equal(linkhost_connect(f->lh, &f->peer), 0);
	run(f);
	assert_true(link_is_up(f->root));
}

static void
far_lose(struct far *f)
{
	link_close(f->peer, LINK_END, "lost");
	link_close(f->root, LINK_END, "lost");
	link_free(f->peer);
	link_free(f->root);
}

static struct hostdev *
far_device(struct far *f, const struct host_type *type, struct hostdev *parent)
{
	struct hostdev *hd;

	assert_int_equal(hostdev_new(&dev_ops, f, type, "box", parent, &hd), 0);
	assert_int_equal(linkhost_add(f->lh, hd), 0);
	assert_int_equal(hostdev_attach(hd), 0);
	return hd;
}

static int
setup(void **state)
{
	struct far *f = calloc(1, sizeof(*f));

	f->now = 1000;
	assert_int_equal(linkhost_new(&linkhost_ops, f, 7, &f->lh), 0);
	f->hd = far_device(f, &box_type, NULL);
	far_connect(f);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct far *f = *state;

	far_lose(f);
	if (f->child)
		hostdev_free(f->child);
	hostdev_free(f->hd);
	linkhost_free(f->lh);
	free(f);
	return 0;
}

/* ---- what a root does ---------------------------------------------- */

static void
tell(struct far *f, enum link_word word, const void *data, uint32_t len)
{
	link_say(f->root, &(struct link_msg){
				  .code = LINK_VENDOR_MSG,
				  .word = word,
				  .data = data,
				  .len = len,
			  });
	run(f);
}

static void
tell_run(struct far *f)
{
	static const uint8_t now[8] = { [6] = 0x20 };

	tell(f, LINK_RUN, now, sizeof(now));
}

/* A piece of state: all that is said of it in one byte each. */
static void
tell_state(struct far *f, uint32_t at, uint32_t n)
{
	uint8_t data[8 + 112] = { 0 };

	data[2] = (uint8_t)(at >> 8);
	data[3] = (uint8_t)at;
	data[6] = (uint8_t)(f->state_total >> 8);
	data[7] = (uint8_t)f->state_total;
	memcpy(data + 8, f->state + at, n);
	link_say(f->root, &(struct link_msg){
				  .code = LINK_VENDOR_MSG,
				  .word = LINK_STATE,
				  .b = (uint16_t)n,
				  .data = data,
				  .len = 8 + ((n + 3) & ~3u),
			  });
	run(f);
}

struct request {
	struct link_op op; /* first */
	bool done;
	uint8_t data[4];
};

static void
request_done(struct link_op *op)
{
	((struct request *)op)->done = true;
}

static void
ask(struct far *f, struct request *r, enum link_op_kind kind, unsigned at)
{
	r->done = false;
	r->op = (struct link_op){
		.kind = kind,
		.space = IOEMU_MEM,
		.addr = MMIO + at,
		.len = kind == LINK_FLUSH ? 0 : 4,
		.data = r->data,
		.done = request_done,
	};
	link_submit(f->root, &r->op);
	run(f);
}

static void
put(struct far *f, unsigned at, uint32_t value)
{
	struct request r;

	ioemu_put_le32(r.data, value);
	ask(f, &r, LINK_FENCE, at);
	assert_true(r.done && !r.op.status);
}

static uint32_t
take(struct far *f)
{
	struct request r;

	ask(f, &r, LINK_READ, 0);
	assert_true(r.done && !r.op.status);
	return ioemu_get_le32(r.data);
}

static struct box *
box_of(struct far *f)
{
	return f->hd->dev.state;
}

/* ---- tests: the far end --------------------------------------------- */

static void
a_flush_ends_after_a_deferred_write(void **state)
{
	struct far *f = *state;
	struct request write = { .data = { 1 } }, flush;

	ask(f, &write, LINK_WRITE, LATE);
	assert_true(write.done);
	ask(f, &flush, LINK_FLUSH, 0);
	assert_false(flush.done);
	assert_int_equal(take(f), 0); /* others go on */
	ioemu_complete(&f->hd->dev, box_of(f)->late);
	run(f);
	assert_true(flush.done);
}

static void
paused_means_that_the_hosts_own_io_is_over(void **state)
{
	struct far *f = *state;

	tell_run(f);
	assert_true(f->running);
	f->io = true;
	tell(f, LINK_PAUSE, NULL, 0);
	assert_false(f->running);
	assert_int_equal(f->said[LINK_PAUSED], 0);
	f->io = false;
	linkhost_poll(f->lh);
	linkhost_poll(f->lh);
	run(f);
	assert_int_equal(f->said[LINK_PAUSED], 1);
	assert_int_equal(f->data[6] * 256 + f->data[7], 0x2000);
}

static void
a_line_is_up_while_the_device_or_its_child_holds_it(void **state)
{
	struct far *f = *state;

	f->child = far_device(f, &child_type, f->hd);
	put(f, 0, 1);
	assert_true(f->line);
	ioemu_irq(&f->child->dev, LINE, true);
	put(f, 0, 0);
	assert_true(f->line);
	assert_int_equal(f->said[LINK_LINE], 1);
	ioemu_irq(&f->child->dev, LINE, false);
	run(f);
	assert_false(f->line);
}

static void
a_new_link_is_told_of_windows_and_lines(void **state)
{
	struct far *f = *state;

	put(f, 0, 1);
	far_lose(f);
	assert_int_equal(f->lost, 1);
	f->line = false;
	f->said[LINK_WINDOW] = 0;
	far_connect(f);
	assert_int_equal(f->said[LINK_WINDOW], 1);
	assert_true(f->line);
	assert_int_equal(take(f), 1);
}

static void
what_was_open_when_the_link_was_lost_ends_in_silence(void **state)
{
	struct far *f = *state;
	struct request write = { .data = { 1 } }, flush;

	ask(f, &write, LINK_WRITE, LATE);
	ask(f, &flush, LINK_FLUSH, 0);
	far_lose(f);
	assert_true(flush.done);
	assert_int_equal(flush.op.status, -ENOTCONN);
	far_connect(f);
	ioemu_complete(&f->hd->dev, box_of(f)->late);
	run(f);
	assert_int_equal(take(f), 0);
}

static void
state_comes_back_as_it_was_saved(void **state)
{
	struct far *f = *state;

	put(f, 0, 0x1235);
	tell(f, LINK_SAVE, NULL, 0);
	assert_true(f->state_total > 8);
	assert_int_equal(f->state_len, f->state_total);
	tell(f, LINK_RESET, NULL, 0);
	assert_false(f->line);
	put(f, 0, 0);
	tell_state(f, 0, 8);
	tell_state(f, 8, f->state_total - 8);
	assert_int_equal(f->said[LINK_LOADED], 1);
	assert_int_equal(f->msg.a, 0);
	assert_int_equal(take(f), 0x1235);
	assert_true(f->line);
}

static void
who_runs_or_has_children_cannot_be_saved(void **state)
{
	struct far *f = *state;

	tell_run(f);
	tell(f, LINK_SAVE, NULL, 0);
	assert_int_equal(f->said[LINK_STATE], 1);
	assert_int_equal(f->state_total, 0);
	tell(f, LINK_PAUSE, NULL, 0);
	tell(f, LINK_SAVE, NULL, 0);
	assert_true(f->state_total);
	f->child = far_device(f, &child_type, f->hd);
	f->state_len = 0;
	tell(f, LINK_SAVE, NULL, 0);
	assert_int_equal(f->state_total, 0);
	far_lose(f);
	far_connect(f);
	assert_false(link_other(f->root)->caps & LINK_CAP_STATE);
}

static void
half_a_state_is_forgotten_with_the_link_and_on_reset(void **state)
{
	struct far *f = *state;

	tell(f, LINK_SAVE, NULL, 0);
	tell(f, LINK_RESET, NULL, 0);
	tell_state(f, 0, 8);
	far_lose(f);
	far_connect(f);
	tell(f, LINK_RESET, NULL, 0);
	tell_state(f, 0, 8);
	tell(f, LINK_RESET, NULL, 0);
	tell_state(f, 0, f->state_total);
	assert_true(link_is_up(f->root));
	assert_int_equal(f->said[LINK_LOADED], 1);
	tell(f, LINK_RESET, NULL, 0);
	tell_state(f, 4, 4);
	assert_false(link_is_up(f->root));
}

/* doc/wire.md, section 7: it may come behind RESET (power), to who is paused.
 */
static void
a_state_that_nothing_announced_ends_the_link(void **state)
{
	struct far *f = *state;
	unsigned i;

	tell(f, LINK_SAVE, NULL, 0);
	for (i = 0; i < 5; i++) {
		tell(f, LINK_PAUSE, NULL, 0);
		if (i == 1)
			tell_run(f);
		if (i)
			tell(f, LINK_RESET, NULL, 0);
		if (i == 2)
			tell(f, LINK_PAUSE, NULL, 0);
		if (i == 3)
			tell_run(f);
		if (i == 4)
			link_say_reset(f->root, IOEMU_RESET_BUS);
		assert_true(link_is_up(f->root));
		tell_state(f, 0, 8);
		assert_false(link_is_up(f->root));
		far_lose(f);
		far_connect(f);
	}
}

/* ---- tests: which requests an access is ----------------------------- */

static struct host_window window = {
	.region = { .size = 0x100 },
	.base = MMIO,
	.space = IOEMU_MEM,
};

static uint8_t data[64];

static void
each_element_is_a_request_of_its_own(void **state)
{
	struct host_op access = {
		.window = &window,
		.offset = 0x10,
		.data = data,
		.width = 4,
		.count = 2,
		.step = -1,
		.down = true,
		.write = true,
	};
	struct link_op op;
	uint32_t i = 0;

	(void)state;
	assert_true(link_op_next(&op, &access, &i));
	assert_int_equal(op.kind, LINK_WRITE);
	assert_true(op.addr == MMIO + 0x10 && op.data == data + 4);
	assert_true(link_op_next(&op, &access, &i));
	assert_true(op.addr == MMIO + 0xc && op.data == data);
	assert_int_equal(op.len, 4);
	assert_false(link_op_next(&op, &access, &i));
}

static void
a_string_that_may_be_joined_is_one_request(void **state)
{
	struct host_window joined = window;
	struct host_op access = {
		.window = &joined,
		.offset = 0x10,
		.data = data,
		.width = 4,
		.count = 4,
		.step = -1,
		.down = true,
	};
	struct link_op op;
	uint32_t i = 0;

	(void)state;
	joined.region.flags = IOEMU_PREFETCHABLE;
	assert_true(link_op_next(&op, &access, &i));
	assert_int_equal(op.kind, LINK_READ);
	assert_true(op.addr == MMIO + 4 && op.data == data);
	assert_int_equal(op.len, 16);
	assert_false(link_op_next(&op, &access, &i));
	access.down = false; /* not the way memory runs */
	i = 0;
	assert_true(link_op_next(&op, &access, &i));
	assert_int_equal(op.len, 4);
}

static void
what_is_outside_the_window_is_not_asked_for(void **state)
{
	struct host_op access = {
		.window = &window,
		.offset = 0xfc,
		.data = data,
		.width = 8,
		.count = 2,
		.step = 1,
	};
	struct link_op op;
	uint32_t i = 0;

	(void)state;
	assert_true(link_op_next(&op, &access, &i));
	assert_true(op.addr == MMIO + 0xfc && op.data == data);
	assert_int_equal(op.len, 4);
	assert_false(link_op_next(&op, &access, &i));
	access.offset = -6ull; /* begins before it */
	i = 0;
	assert_true(link_op_next(&op, &access, &i));
	assert_true(op.addr == MMIO && op.data == data + 6);
	assert_int_equal(op.len, 2);
	assert_true(link_op_next(&op, &access, &i));
	assert_true(op.addr == MMIO + 2 && op.data == data + 8);
	assert_int_equal(op.len, 8);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
		T(a_flush_ends_after_a_deferred_write),
		T(paused_means_that_the_hosts_own_io_is_over),
		T(a_line_is_up_while_the_device_or_its_child_holds_it),
		T(a_new_link_is_told_of_windows_and_lines),
		T(what_was_open_when_the_link_was_lost_ends_in_silence),
		T(state_comes_back_as_it_was_saved),
		T(who_runs_or_has_children_cannot_be_saved),
		T(half_a_state_is_forgotten_with_the_link_and_on_reset),
		T(a_state_that_nothing_announced_ends_the_link),
		cmocka_unit_test(each_element_is_a_request_of_its_own),
		cmocka_unit_test(a_string_that_may_be_joined_is_one_request),
		cmocka_unit_test(what_is_outside_the_window_is_not_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
