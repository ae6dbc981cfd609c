/* SPDX-License-Identifier: MIT */
/*
 * Running, pausing, resetting, saving and loading on the root's word
 * (doc/wire.md, sections 7 and 8).
 */
#include "linkhost_priv.h"

#include <stdlib.h>
#include <string.h>

#include "tlp.h"

#define FIRST_STATE_SIZE 65536u

/* What one word leads to may have closed the link before the next. */
static void
say(const struct linkhost *lh, struct link_msg *msg)
{
	msg->code = LINK_VENDOR_MSG;
	msg->requester = lh->id;
	if (lh->link)
		link_say(lh->link, msg);
}

/* ---- pausing ------------------------------------------------------ */

void
linkhost_poll(struct linkhost *lh)
{
	uint8_t data[8];
	struct link_msg msg = {
		.word = LINK_PAUSED,
		.b = lh->pause,
		.data = data,
		.len = sizeof(data),
	};

	if (lh->phase != LINKHOST_PAUSING || !linkhost_quiet(lh) ||
	    !lh->ops->quiet(lh))
		return;
	lh->phase = LINKHOST_PAUSED;
	put_be64(data, lh->dev[0]->ops->now(lh->dev[0]));
	say(lh, &msg);
}

static void
pause_clock(struct linkhost *lh, uint16_t number)
{
	lh->pause = number;
	lh->phase = LINKHOST_PAUSING;
	lh->ops->pause(lh);
	linkhost_poll(lh);
}

static void
run_clock(struct linkhost *lh, uint64_t now_ns)
{
	lh->phase = LINKHOST_RUNNING;
	lh->ops->run(lh, now_ns);
}

/* ---- saving ------------------------------------------------------- */

/* Total 0: it cannot be. */
static void
save(struct linkhost *lh)
{
	bool may = lh->phase == LINKHOST_PAUSED && lh->n_devs == 1;
	size_t size = FIRST_STATE_SIZE;
	uint8_t *state = NULL, *bigger;
	long used = -ENOSPC;

	while (may && used == -ENOSPC && size <= LINK_STATE_MAX) {
		bigger = realloc(state, size);
		if (!bigger)
			break;
		state = bigger;
		used = hostdev_save(lh->dev[0], state, size);
		size *= 2;
	}
	if (lh->link)
		link_say_state(lh->link, lh->id, state,
			       used > 0 ? (uint32_t)used : 0);
	free(state);
}

/* ---- loading ------------------------------------------------------ */

static void
state_drop(struct linkhost *lh)
{
	free(lh->state);
	lh->state = NULL;
	lh->state_len = lh->state_size = 0;
}

static void
load(struct linkhost *lh)
{
	struct link_msg msg = { .word = LINK_LOADED, .a = LINK_LOADED_FAILED };
	int rc = -ENOTSUP;

	if (lh->n_devs == 1)
		rc = hostdev_load(lh->dev[0], lh->state, lh->state_total);
	state_drop(lh);
	lh->phase = LINKHOST_PAUSED;
	linkhost_announce(lh);
	if (!rc)
		msg.a = LINK_LOADED_GOOD;
	else if (rc == -EINVAL)
		msg.a = LINK_LOADED_CORRUPT;
	say(lh, &msg);
}

/* Room for n bytes more: as they come, whatever the total says. */
static bool
state_room(struct linkhost *lh, uint32_t n)
{
	uint32_t size = lh->state_size ? lh->state_size : FIRST_STATE_SIZE;
	uint8_t *p;

	while (size - lh->state_len < n)
		size *= 2;
	if (size == lh->state_size)
		return true;
	p = realloc(lh->state, size);
	if (!p)
		return false;
	lh->state = p;
	lh->state_size = size;
	return true;
}

static bool
state_in(struct linkhost *lh, const struct link_msg *msg)
{
	uint32_t at, total;

	if (lh->phase != LINKHOST_BLANK ||
	    !link_state_decode(msg, &at, &total) || !msg->b ||
	    at != lh->state_len || (at && total != lh->state_total))
		return false;
	if (!state_room(lh, msg->b))
		return false;
	lh->state_total = total;
	memcpy(lh->state + at, msg->data + LINK_STATE_HEAD, msg->b);
	lh->state_len += msg->b;
	if (lh->state_len == total)
		load(lh);
	return true;
}

/* ---- all of them -------------------------------------------------- */

static void
reset(struct linkhost *lh, enum ioemu_reset why)
{
	unsigned i;

	if (why == IOEMU_RESET_POWER) {
		linkhost_number(lh, 0);
		if (lh->phase == LINKHOST_PAUSED)
			lh->phase = LINKHOST_BLANK;
	}
	for (i = 0; i < lh->n_devs; i++)
		hostdev_reset(lh->dev[i], why);
}

/* Any other word than STATE: a loading that was begun is given up. */
static void
load_end(struct linkhost *lh)
{
	state_drop(lh);
	if (lh->phase == LINKHOST_BLANK)
		lh->phase = LINKHOST_PAUSED;
}

/* What the root tells in a word. */
static bool
command(struct linkhost *lh, const struct link_msg *msg)
{
	if (msg->word == LINK_PAUSE)
		pause_clock(lh, msg->b);
	else if (msg->word == LINK_SAVE)
		save(lh);
	else if (msg->a > 1)
		return false;
	else
		reset(lh, msg->a ? IOEMU_RESET_BUS : IOEMU_RESET_POWER);
	return true;
}

bool
linkhost_message(struct linkhost *lh, const struct link_msg *msg)
{
	if (msg->code != LINK_VENDOR_MSG) /* INTx: not for a root to send */
		return true;
	switch (msg->word) {
	case LINK_RUN:
		if (msg->len != 8)
			return false;
		load_end(lh);
		run_clock(lh, get_be64(msg->data));
		return true;
	case LINK_PAUSE:
	case LINK_RESET:
	case LINK_SAVE:
		load_end(lh);
		return !msg->len && command(lh, msg);
	case LINK_STATE:
		return state_in(lh, msg);
	case LINK_WINDOW:
	case LINK_LINE:
	case LINK_PAUSED:
	case LINK_LOADED:
	case LINK_LOG:
		return false;
	}
	return true; /* a later version's: dropped */
}

void
linkhost_lost(struct linkhost *lh)
{
	lh->phase = LINKHOST_PAUSED;
	state_drop(lh);
	lh->ops->pause(lh);
}
