/* SPDX-License-Identifier: MIT */
/*
 * A device at the far end of a link, and a root that says any message at any
 * time (doc/wire.md, sections 7 and 8). The input is a script of messages,
 * requests, disk I/O that begins and ends, and links that are lost. A model of
 * a dozen lines says what must follow: which message closes the link, when
 * PAUSED, STATE and LOADED come, and with what in them.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "link/linkhost.h"

#include "link/tlp.h"

#define MMIO 0xe0000000u
#define BIG 300u /* bytes of the device: several pieces of state */
#define SCRATCH 4096u
#define MPS 128u
#define STEPS 64u /* of one script */

enum phase { PAUSED, BLANK, RUNNING, PAUSING };

struct box {
	uint8_t bytes[BIG];
};

struct far {
	struct linkhost *lh; /* first */
	struct hostdev *hd;
	struct link *root, *peer;
	const uint8_t *p, *limit; /* the script */
	bool io;		  /* disk I/O in flight */
	bool running;		  /* as the host was told */

	/* the model */
	enum phase phase;
	uint16_t pause;
	uint32_t got, total; /* of a state that comes */
	bool saving, loading;
	uint8_t state[SCRATCH]; /* that was saved last */
	uint32_t state_len, state_total;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- the script ------------------------------------------------------ */

static unsigned
take8(struct far *f)
{
	return f->p < f->limit ? *f->p++ : 0;
}

static unsigned
take16(struct far *f)
{
	unsigned high = take8(f);

	return high << 8 | take8(f);
}

/* ---- a device --------------------------------------------------------- */

static void
box_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	const struct box *box = ioemu_state(dev);

	a->value = box->bytes[a->offset];
}

static void
box_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct box *box = ioemu_state(dev);

	box->bytes[a->offset] = (uint8_t)a->value;
	ioemu_irq(dev, 5, a->value & 1);
}

static void
box_reset(struct ioemu_dev *dev, enum ioemu_reset why)
{
	(void)why;
	memset(ioemu_state(dev), 0, sizeof(struct box));
	ioemu_irq(dev, 5, false);
}

static int
box_attach(struct ioemu_dev *dev)
{
	static const struct ioemu_region region = {
		.name = "box",
		.size = 256,
		.min = 1,
		.max = 1,
		.read = box_read,
		.write = box_write,
	};

	return ioemu_window(dev, IOEMU_MEM, MMIO, &region);
}

static const struct ioemu_field box_fields[] = {
	IOEMU_FIELD_ARRAY(struct box, bytes),
	{ 0 },
};

static const struct host_type box_type = {
	.type = {
		.name = "box",
		.state_size = sizeof(struct box),
		.fields = box_fields,
		.attach = box_attach,
		.reset = box_reset,
	},
};

/* ---- its host ---------------------------------------------------------- */

static void
on_run(struct linkhost *lh, uint64_t now_ns)
{
	(void)now_ns;
	((struct far *)linkhost_user(lh))->running = true;
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
	(void)lh;
	assert(*why);
}

static void
on_wake(struct linkhost *lh)
{
	(void)lh;
}

static uint64_t
on_now(struct linkhost *lh)
{
	(void)lh;
	return 1;
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
	(void)hd;
	return 1;
}

static const struct host_ops dev_ops = {
	.map = linkhost_map,
	.unmap = linkhost_map,
	.irq = linkhost_irq,
	.now = dev_now,
	.forget = linkhost_forget,
};

/* ---- the root: what it hears ------------------------------------------ */

static void
heard_state(struct far *f, const struct link_msg *msg)
{
	uint32_t at, total;

	assert(f->saving && link_state_decode(msg, &at, &total));
	assert(at == f->state_len && (!at || total == f->state_total));
	assert(msg->b || !total);
	assert(total <= sizeof(f->state));
	if (msg->b)
		memcpy(f->state + at, msg->data + LINK_STATE_HEAD, msg->b);
	f->state_len += msg->b;
	f->state_total = total;
	f->saving = f->state_len < total;
	assert(!total == (f->phase == RUNNING || f->phase == PAUSING));
}

static void
root_message(struct link *link, const struct link_msg *msg)
{
	struct far *f = link_user(link);

	assert(msg->code == LINK_VENDOR_MSG);
	switch (msg->word) {
	case LINK_PAUSED:
		assert(f->phase == PAUSING && msg->b == f->pause);
		assert(!f->io && msg->len == 8);
		f->phase = PAUSED;
		break;
	case LINK_LOADED:
		assert(f->loading && msg->a <= LINK_LOADED_FAILED);
		f->loading = false;
		break;
	case LINK_STATE:
		heard_state(f, msg);
		break;
	default:
		assert(msg->word == LINK_WINDOW || msg->word == LINK_LINE);
	}
}

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
	(void)in;
	abort(); /* the device asks nothing */
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
	(void)link;
	return 1;
}

static const struct link_ops root_ops = {
	.up = root_up,
	.request = root_request,
	.message = root_message,
	.down = root_down,
	.wake = root_wake,
	.now = root_now,
};

/* ---- the wire ----------------------------------------------------------- */

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
			.max_payload = MPS,
			.max_read = MPS,
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

	if (link_new(&config, &f->root) || linkhost_connect(f->lh, &f->peer))
		abort();
	f->phase = PAUSED;
	f->got = 0;
	f->saving = f->loading = false;
	run(f);
	assert(link_is_up(f->root) && !f->running);
}

static void
far_lose(struct far *f)
{
	link_close(f->peer, LINK_END, "lost");
	link_close(f->root, LINK_END, "lost");
	link_free(f->peer);
	link_free(f->root);
}

/* ---- the root: what it says --------------------------------------------- */

static void
say(struct far *f, enum link_word word, uint8_t a, uint16_t b,
    const uint8_t *data, uint32_t len)
{
	link_say(f->root, &(struct link_msg){
				  .code = LINK_VENDOR_MSG,
				  .word = word,
				  .a = a,
				  .b = b,
				  .data = data,
				  .len = len,
			  });
	run(f);
}

/* What the last word must have led to. */
static void
check(struct far *f, bool good)
{
	assert(link_is_up(f->root) == good);
	if (!good) { /* the end of the script: a new link takes long */
		far_lose(f);
		far_connect(f);
		f->p = f->limit;
		return;
	}
	assert(!f->saving && !f->loading);
	assert(f->phase != PAUSING || f->io);
	assert(f->running == (f->phase == RUNNING));
}

/* Any word but STATE ends a loading. */
static void
load_ends(struct far *f)
{
	f->got = 0;
	if (f->phase == BLANK)
		f->phase = PAUSED;
}

static void
say_state(struct far *f)
{
	unsigned how = take8(f);
	uint8_t data[MPS] = { 0 };
	uint32_t n = MPS - LINK_STATE_HEAD, at = f->got, total = f->state_total;
	bool good;

	if (f->state_total - at < n)
		n = f->state_total - at;
	if (at + n <= f->state_len)
		memcpy(data + LINK_STATE_HEAD, f->state + at, n);
	if (how & 1) /* something is wrong with it */
		at += take8(f);
	if (how & 2)
		total = (uint32_t)take16(f) << 12;
	if (how & 4)
		n = take8(f) % (MPS - LINK_STATE_HEAD + 1);
	if (how & 8)
		data[LINK_STATE_HEAD + take8(f) % 100] ^= 0x40;
	put_be32(data, at);
	put_be32(data + 4, total);
	good = f->phase == BLANK && n && at == f->got &&
	       (!at || total == f->total) && total <= LINK_STATE_MAX &&
	       at <= total && n <= total - at;
	if (good) {
		f->got += n;
		f->total = total;
		f->loading = f->got == total;
		if (f->loading) {
			f->phase = PAUSED;
			f->got = 0;
		}
	}
	say(f, LINK_STATE, 0, (uint16_t)n, data,
	    LINK_STATE_HEAD + ((n + 3) & ~3u));
	check(f, good);
}

static void
say_run(struct far *f)
{
	static const uint8_t now[8];

	load_ends(f);
	f->phase = RUNNING;
	say(f, LINK_RUN, 0, 0, now, sizeof(now));
	check(f, true);
}

static void
say_pause(struct far *f)
{
	load_ends(f);
	f->phase = PAUSING;
	f->pause = (uint16_t)take16(f);
	say(f, LINK_PAUSE, 0, f->pause, NULL, 0);
	check(f, true);
}

static void
say_reset(struct far *f)
{
	uint8_t why = take8(f) % 4;

	load_ends(f);
	if (!why && f->phase == PAUSED)
		f->phase = BLANK;
	say(f, LINK_RESET, why, 0, NULL, 0);
	check(f, why <= 1);
}

static void
say_save(struct far *f)
{
	load_ends(f);
	f->saving = true;
	f->state_len = f->state_total = 0;
	say(f, LINK_SAVE, 0, 0, NULL, 0);
	check(f, true);
}

/* Length of the payload that a word of the root has; -1: not the root's. */
static int
payload(unsigned word)
{
	if (word == LINK_RUN)
		return 8;
	if (word >= LINK_PAUSE && word <= LINK_SAVE)
		return 0;
	return word == LINK_STATE || word == 0 || word > LINK_LOG ? INT32_MAX
								  : -1;
}

/* With a payload that it must not have, or not the root's to say. */
static void
say_wrong(struct far *f)
{
	static const uint8_t zeros[MPS];
	unsigned word = take8(f), len = take8(f) % (MPS / 4) * 4;
	int right = payload(word);

	if (word == LINK_STATE || right == (int)len)
		return;
	say(f, word, 0, 0, zeros, len);
	if (right == INT32_MAX) /* a later version's: dropped */
		check(f, true);
	else
		check(f, false);
}

static void
request_done(struct link_op *op)
{
	*(bool *)(op + 1) = true;
}

static void
ask(struct far *f)
{
	unsigned what = take8(f);
	uint8_t data[4] = { (uint8_t)what };
	struct {
		struct link_op op; /* first */
		bool done;
	} r = {
		.op = {
			.kind = what & 1   ? LINK_FENCE
				: what & 2 ? LINK_FLUSH
					   : LINK_READ,
			.space = IOEMU_MEM,
			.addr = MMIO + take8(f) % 252,
			.len = what & 2 && !(what & 1) ? 0 : 4,
			.data = data,
			.done = request_done,
		},
	};

	link_submit(f->root, &r.op);
	run(f);
	assert(r.done && !r.op.status);
	check(f, true);
}

static void
toggle_io(struct far *f)
{
	f->io = !f->io;
	linkhost_poll(f->lh);
	run(f);
	check(f, true);
}

static void
step(struct far *f)
{
	static void (*const steps[])(struct far * f) = {
		say_state, say_state, say_state, say_run,
		say_pause, say_reset, say_reset, say_save,
		say_wrong, toggle_io, ask,
	};
	unsigned what = take8(f);

	if (what == 0xff && f->p == f->limit) {
		far_lose(f);
		far_connect(f);
		return;
	}
	steps[what % (sizeof(steps) / sizeof(steps[0]))](f);
}

static void
far_open(struct far *f)
{
	if (linkhost_new(&linkhost_ops, f, 7, &f->lh) ||
	    hostdev_new(&dev_ops, f, &box_type, "box", NULL, &f->hd) ||
	    linkhost_add(f->lh, f->hd) || hostdev_attach(f->hd))
		abort();
	far_connect(f);
}

/* As it was opened, whatever the script before it did. */
static void
far_again(struct far *f)
{
	f->io = false;
	f->p = f->limit; /* numbers are 0 */
	linkhost_poll(f->lh);
	run(f);
	say_pause(f);
	say_reset(f);
	load_ends(f);
	say_pause(f);
	memset(f->state, 0, sizeof(f->state));
	f->state_len = f->state_total = 0;
}

/* To make a link takes far longer than a script, so one is kept. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct far f;
	unsigned i;

	if (!f.lh)
		far_open(&f);
	far_again(&f);
	f.p = data;
	f.limit = data + size;
	for (i = 0; i < STEPS && f.p < f.limit; i++)
		step(&f);
	return 0;
}
