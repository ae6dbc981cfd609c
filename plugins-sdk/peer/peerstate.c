/* SPDX-License-Identifier: MIT */
/*
 * Running, pausing, resetting, saving and loading on the root's word
 * (doc/wire.md, sections 7 and 8).
 */
#include "peer.h"

#include <stdlib.h>
#include <string.h>

#include "host/tlp.h"

#define STATE_MAX (64u << 20)
#define STATE_HEAD 8u	 /* offset and total */
#define STATE_PIECE 112u /* fits the smallest maximum payload */
#define FIRST_STATE_SIZE 65536u

enum loaded { LOADED_GOOD, LOADED_CORRUPT, LOADED_FAILED = 4 };

static void
say(struct peer *peer, enum link_word word, uint8_t a)
{
	const struct link_msg msg = {
		.code = LINK_VENDOR_MSG,
		.requester = peer->id,
		.word = word,
		.a = a,
	};

	link_say(peer->link, &msg);
}

/* ---- pausing ------------------------------------------------------ */

static bool
peer_quiet(const struct peer *peer)
{
	unsigned i;

	for (i = 0; i < peer->n_blocks; i++)
		if (block_busy(peer->block[i]))
			return false;
	return peer_dma_idle(peer) && !hostdev_busy(peer->hd);
}

void
peer_check_quiet(struct peer *peer)
{
	uint8_t data[8];
	const struct link_msg msg = {
		.code = LINK_VENDOR_MSG,
		.requester = peer->id,
		.word = LINK_PAUSED,
		.data = data,
		.len = sizeof(data),
	};

	if (!peer->pausing || !peer_quiet(peer))
		return;
	peer->pausing = false;
	put_be64(data, clock_now(peer->clock));
	link_say(peer->link, &msg);
}

/* ---- saving ------------------------------------------------------- */

static void
say_state(struct peer *peer, const uint8_t *state, uint32_t total)
{
	uint8_t data[STATE_HEAD + STATE_PIECE];
	uint32_t at = 0, n;

	do {
		n = total - at < STATE_PIECE ? total - at : STATE_PIECE;
		memset(data, 0, sizeof(data));
		put_be32(data, at);
		put_be32(data + 4, total);
		if (n)
			memcpy(data + STATE_HEAD, state + at, n);
		link_say(peer->link,
			 &(struct link_msg){
				 .code = LINK_VENDOR_MSG,
				 .requester = peer->id,
				 .word = LINK_STATE,
				 .b = (uint16_t)n,
				 .data = data,
				 .len = STATE_HEAD + ((n + 3) & ~3u),
			 });
		at += n;
	} while (at < total);
}

static bool
peer_save(struct peer *peer)
{
	size_t size = FIRST_STATE_SIZE;
	uint8_t *state = NULL, *bigger;
	long used = -ENOSPC;

	if (peer->running || peer->pausing)
		used = -EBUSY;
	while (used == -ENOSPC && size <= STATE_MAX) {
		bigger = realloc(state, size);
		if (!bigger)
			break;
		state = bigger;
		used = hostdev_save(peer->hd, state, size);
		size *= 2;
	}
	say_state(peer, state, used > 0 ? (uint32_t)used : 0);
	free(state);
	return true;
}

/* ---- loading ------------------------------------------------------ */

/* What came in so far. */
static void
state_drop(struct peer *peer)
{
	free(peer->state);
	peer->state = NULL;
	peer->state_len = 0;
}

static void
peer_load(struct peer *peer)
{
	int rc = hostdev_load(peer->hd, peer->state, peer->state_total);

	state_drop(peer);
	peer_announce(peer);
	say(peer, LINK_LOADED,
	    !rc		    ? LOADED_GOOD
	    : rc == -EINVAL ? LOADED_CORRUPT
			    : LOADED_FAILED);
}

static bool
peer_state_in(struct peer *peer, const struct link_msg *msg)
{
	uint32_t at, total;

	if (msg->len < STATE_HEAD + msg->b)
		return false;
	at = get_be32(msg->data);
	total = get_be32(msg->data + 4);
	if (!msg->b || at != peer->state_len || total > STATE_MAX ||
	    (at && total != peer->state_total) || msg->b > total - at)
		return false;
	if (!at) {
		free(peer->state);
		peer->state = malloc(total);
		peer->state_total = total;
	}
	if (!peer->state)
		return false;
	memcpy(peer->state + at, msg->data + STATE_HEAD, msg->b);
	peer->state_len += msg->b;
	if (peer->state_len == total)
		peer_load(peer);
	return true;
}

/* ---- all of them -------------------------------------------------- */

static bool
peer_run(struct peer *peer, const struct link_msg *msg)
{
	if (msg->len != 8)
		return false;
	peer->running = true;
	peer->pausing = false;
	clock_jump(peer->clock, get_be64(msg->data));
	clock_resume(peer->clock);
	return true;
}

static bool
peer_pause(struct peer *peer)
{
	clock_pause(peer->clock);
	peer->running = false;
	peer->pausing = true;
	peer_check_quiet(peer);
	return true;
}

static bool
peer_reset(struct peer *peer, bool bus)
{
	state_drop(peer); /* of a link that was cut */
	if (!bus)
		peer->id = 0;
	hostdev_reset(peer->hd, bus ? IOEMU_RESET_BUS : IOEMU_RESET_POWER);
	return true;
}

bool
peer_message(struct peer *peer, const struct link_msg *msg)
{
	if (msg->code != LINK_VENDOR_MSG) /* INTx: not for a root to send */
		return true;
	switch (msg->word) {
	case LINK_RUN:
		return peer_run(peer, msg);
	case LINK_PAUSE:
		return !msg->len && peer_pause(peer);
	case LINK_RESET:
		return !msg->len && msg->a <= 1 && peer_reset(peer, msg->a);
	case LINK_SAVE:
		return !msg->len && peer_save(peer);
	case LINK_STATE:
		return peer_state_in(peer, msg);
	case LINK_WINDOW:
	case LINK_LINE:
	case LINK_PAUSED:
	case LINK_LOADED:
	case LINK_LOG:
		return false;
	}
	return true; /* a later version's: dropped */
}
