/* SPDX-License-Identifier: MIT */
/*
 * Requests of ours that are not answered in time, and whether the other end is
 * slow or gone.
 */
#include "priv.h"

#include <assert.h>

/* ---- giving up ------------------------------------------------------ */

/* Nobody waits for it any more, but its number is taken until it comes. */
static void
tag_late(struct link *link, uint16_t i)
{
	struct tag *t = &link->tag[i];

	linktag_take(link, &link->tag_wait, i);
	t->state = TAG_LATE;
	t->op = NULL;
	link->n_late++;
}

/* Every part of it that is under way is given up. */
static void
op_time_out(struct link *link, struct link_op *op)
{
	uint16_t i, next;

	assert(op); /* as of every tag that waits */
	for (i = link->tag_wait.first; i != TAG_NONE; i = next) {
		next = link->tag[i].next;
		if (link->tag[i].op == op)
			tag_late(link, i);
	}
	if (op == link->np.first) /* a flush, or not all of it was sent */
		(void)linkop_pop(&link->np);
	op->tags = 0;
	link->stats.timeouts++;
	linkop_end(op, -ETIMEDOUT);
}

/* ---- the clock ------------------------------------------------------ */

/* When what waits for this answer was started: what it waited for before, as
 * for credit, is time that its guest waited, too. */
static uint64_t
tag_since(const struct link *link, uint16_t i)
{
	const struct link_op *op = link->tag[i].op;

	assert(op); /* as of every tag that waits */
	return op->since_ns;
}

/* When the oldest of what is not done was started. */
static uint64_t
oldest(const struct link *link)
{
	uint64_t since = UINT64_MAX;

	if (link->tag_wait.first != TAG_NONE)
		since = tag_since(link, link->tag_wait.first);
	if (link->np.first && link->np.first->since_ns < since)
		since = link->np.first->since_ns;
	if (link->queued.first && link->queued.first->since_ns < since)
		since = link->queued.first->since_ns;
	return since;
}

/*
 * Who has said nothing at all since a request left is not slow but gone. So
 * that a device that is slow can be told from it, it is asked for a sign of
 * life after half the time.
 */
static bool
link_hung(const struct link *link, uint64_t since)
{
	return link->heard_ns <= since;
}

static bool
doubt_due(const struct link *link, uint64_t since)
{
	return link_hung(link, since) && !link->pinged &&
	       link->pinged_ns <= since;
}

/*
 * When that is given up. A process that stood still knows nothing of who is
 * silent, as the other end perhaps stood still with it: that gets half the time
 * again.
 */
static uint64_t
given_up(const struct link *link, uint64_t since)
{
	uint64_t timeout = link->config.timeout_ns;
	uint64_t due = since + timeout, again = link->woke_ns + timeout / 2;

	return link->woke_ns > since && again > due ? again : due;
}

uint64_t
linktime_deadline(const struct link *link)
{
	uint64_t since = oldest(link);

	if (since == UINT64_MAX)
		return since;
	return doubt_due(link, since) ? since + link->config.timeout_ns / 2
				      : given_up(link, since);
}

static bool
tick_tag(struct link *link, uint64_t now)
{
	uint16_t i = link->tag_wait.first;

	if (i == TAG_NONE || given_up(link, tag_since(link, i)) > now)
		return false;
	if (link_hung(link, tag_since(link, i))) {
		link->stats.timeouts++;
		link_close(link, LINK_SILENCE,
			   "no answer and nothing else heard in time");
		return false;
	}
	op_time_out(link, link->tag[i].op);
	if (link->n_late == link->n_tags)
		link_close(link, LINK_SILENCE,
			   "no request at all is answered in time");
	return link->state == LINK_UP;
}

static bool
tick_np(struct link *link, uint64_t now)
{
	struct link_op *op = link->np.first;

	if (!op || given_up(link, op->since_ns) > now)
		return false;
	if (link_hung(link, op->since_ns)) {
		link_close(link, LINK_SILENCE,
			   "it takes no requests and says nothing");
		return false;
	}
	op_time_out(link, op);
	return link->state == LINK_UP;
}

void
linktime_tick(struct link *link, uint64_t now)
{
	uint64_t due = linktime_deadline(link);

	if (now < due)
		return;
	if (now - due >= link->config.timeout_ns / 4)
		link->woke_ns = now;
	if (doubt_due(link, oldest(link)))
		link_send_ping(link, now);
	while (tick_tag(link, now) || tick_np(link, now))
		;
	if (link->state == LINK_UP && link->queued.first &&
	    given_up(link, link->queued.first->since_ns) <= now)
		link_close(link, LINK_SILENCE,
			   "it takes too little of what is sent");
}
