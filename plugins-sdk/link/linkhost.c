/* SPDX-License-Identifier: MIT */
/*
 * What the root asks: its requests become accesses to the device's windows,
 * exactly as in the device model's own process.
 */
#include "linkhost_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NP_CREDITS 128u /* requests of the root at a time, ... */
#define P_CREDITS 128u	/* ... posted ones, and their data */
#define P_DATA 32768u	/* units of 16 bytes: 512 KiB */
#define TAGS 64u	/* requests of ours in flight */
#define MAX_PAYLOAD 4096u
#define RCB 128u
#define TIMEOUT_NS 1000000000ull
#define REG_MASK 0xfffu
#define FUNCTION_MASK 7u
#define CONFIG_WIDTH 4u

/* ---- accesses ----------------------------------------------------- */

static void
access_free(struct linkhost_access *a)
{
	a->next = a->lh->free;
	a->lh->free = a;
	a->lh->n_free++;
}

/* One for each request that can come; what the device still holds of an
 * earlier connection is beside these. */
static int
access_pool(struct linkhost *lh)
{
	while (lh->n_free < NP_CREDITS + P_CREDITS) {
		struct linkhost_access *a = calloc(1, sizeof(*a));

		if (!a)
			return -ENOMEM;
		a->lh = lh;
		access_free(a);
	}
	return 0;
}

/* Flushes end when no posted write is under way. */
static void
access_flushed(struct linkhost *lh)
{
	struct linkhost_access *a;

	while (!lh->n_posted && (a = lh->flushes)) {
		lh->flushes = a->next;
		link_answer(a->in, 0);
		access_free(a);
	}
}

static void
access_end(struct linkhost_access *a, int status)
{
	struct linkhost *lh = a->lh;

	if (a->in->posted)
		lh->n_posted--;
	link_answer(a->in, status);
	access_free(a);
	access_flushed(lh);
	linkhost_poll(lh);
}

static void access_run(struct linkhost_access *a);

static void
access_done(struct host_op *op)
{
	access_run((struct linkhost_access *)op);
}

/* The window that answers the run, and where in it. */
static struct host_window *
access_window(const struct linkhost_access *a, uint64_t *offset)
{
	struct hostdev *hd = a->lh->dev[0];
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
access_run(struct linkhost_access *a)
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
on_request(struct link *link, struct link_in *in)
{
	struct linkhost *lh = link_user(link);
	struct linkhost_access *a = lh->free; /* as many as there is credit */
	uint64_t addr = 0;
	uint32_t len = 0;

	if (in->requester) { /* the root is 00:00.0 */
		link_answer(in, -EPERM);
		return;
	}
	lh->free = a->next;
	lh->n_free--;
	a->in = in;
	a->len = 0;
	/* PCI Express, 2.2.6.2: a function learns where it is */
	if (in->space == IOEMU_CONFIG && in->write &&
	    !(in->base >> 32 & FUNCTION_MASK)) {
		linkhost_number(lh, (uint16_t)(in->base >> 32));
		in->completer = lh->id;
	}
	if (in->posted)
		lh->n_posted++;
	if (lh->n_posted && !in->write && !link_in_run(in, &addr, &len)) {
		a->next = lh->flushes;
		lh->flushes = a;
		return;
	}
	access_run(a);
}

/* ---- the link ----------------------------------------------------- */

void
linkhost_number(struct linkhost *lh, uint16_t id)
{
	lh->id = id;
	if (lh->link)
		link_set_id(lh->link, id);
}

static void
on_up(struct link *link, const struct link_hello *root)
{
	struct linkhost *lh = link_user(link);

	lh->ops->up(lh, root);
	linkhost_announce(lh);
}

static void
on_message(struct link *link, const struct link_msg *msg)
{
	if (!linkhost_message(link_user(link), msg))
		link_close(link, LINK_MALFORMED,
			   "a message that makes no sense");
}

static void
on_down(struct link *link, const char *why)
{
	struct linkhost *lh = link_user(link);

	lh->link = NULL;
	linkhost_lost(lh);
	lh->ops->down(lh, why);
}

static void
on_wake(struct link *link)
{
	struct linkhost *lh = link_user(link);

	lh->ops->wake(lh);
}

static uint64_t
on_now(struct link *link)
{
	struct linkhost *lh = link_user(link);

	return lh->ops->now(lh);
}

static const struct link_ops link_ops = {
	.up = on_up,
	.request = on_request,
	.message = on_message,
	.down = on_down,
	.wake = on_wake,
	.now = on_now,
};

int
linkhost_connect(struct linkhost *lh, struct link **out)
{
	const struct hostdev *hd = lh->dev[0];
	struct link_config config = {
		.hello = {
			.role = LINK_PEER,
			.kind = hd->func ? LINK_KIND_PCI : LINK_KIND_RAW,
			.functions = hd->func ? 1 : 0,
			.max_payload = MAX_PAYLOAD,
			.max_read = MAX_PAYLOAD,
			.np_credits = NP_CREDITS,
			.p_credits = P_CREDITS,
			.p_data = P_DATA,
			.rcb = RCB,
			.instance = lh->instance,
			.caps = lh->caps | LINK_CAP_WINDOWS |
				(lh->n_devs == 1 ? LINK_CAP_STATE : 0),
		},
		.tags = TAGS,
		.timeout_ns = TIMEOUT_NS,
		.ops = &link_ops,
		.user = lh,
	};
	int rc = access_pool(lh);

	if (rc)
		return rc;
	snprintf(config.hello.name, sizeof(config.hello.name), "%s",
		 hd->type->type.name);
	rc = link_new(&config, &lh->link);
	if (rc)
		return rc;
	linkhost_number(lh, lh->id);
	*out = lh->link;
	return 0;
}

/* ---- life --------------------------------------------------------- */

int
linkhost_new(const struct linkhost_ops *ops, void *user, uint64_t instance,
	     struct linkhost **out)
{
	struct linkhost *lh = calloc(1, sizeof(*lh));

	if (!lh)
		return -ENOMEM;
	lh->ops = ops;
	lh->user = user;
	lh->instance = instance;
	*out = lh;
	return 0;
}

void
linkhost_free(struct linkhost *lh)
{
	struct linkhost_access *a;

	while ((a = lh->free)) {
		lh->free = a->next;
		free(a);
	}
	linkhost_dma_free(lh);
	free(lh);
}

void *
linkhost_user(const struct linkhost *lh)
{
	return lh->user;
}

void
linkhost_say(struct linkhost *lh, uint32_t caps)
{
	lh->caps |= caps;
}

int
linkhost_add(struct linkhost *lh, struct hostdev *hd)
{
	if (lh->n_devs == LINKHOST_DEVICES)
		return -ENOSPC;
	lh->dev[lh->n_devs++] = hd;
	return 0;
}

bool
linkhost_quiet(const struct linkhost *lh)
{
	unsigned i;

	for (i = 0; i < lh->n_devs; i++)
		if (hostdev_busy(lh->dev[i]))
			return false;
	return !lh->n_dma;
}
