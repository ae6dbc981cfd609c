/* SPDX-License-Identifier: MIT */
/*
 * What a peer says of its windows takes effect at most once a turn of the loop,
 * however often it says it: to move one costs calls of Xen, and all others wait
 * for that. The last word on each is kept until then, or until something comes
 * that must find it done: an answer to the guest, or a request of the peer
 * (doc/wire.md, section 6). A second such request in one turn waits for the
 * next.
 */
#include "peer/priv.h"

static void
windows_settle(struct peer *peer)
{
	unsigned i, n = peer->n_news;

	peer->n_news = 0;
	for (i = 0; i < n; i++)
		peer_window_set(peer, peer->news[i].function,
				&peer->news[i].window);
}

static void
windows_turn(uv_idle_t *idle)
{
	struct peer *peer = idle->data;
	struct link_in *in, *next;

	uv_idle_stop(idle);
	peer->settled = false;
	windows_settle(peer);
	in = peer->behind;
	peer->behind = NULL;
	peer->behind_last = &peer->behind;
	for (; in; in = next) {
		next = in->user;
		peer_serve(peer, in);
	}
}

/* Once more in the next turn, so that the loop does not sleep until then. */
static void
windows_later(struct peer *peer)
{
	uv_idle_start(&peer->turn, windows_turn);
}

void
peer_windows_now(struct peer *peer)
{
	if (peer->n_news)
		windows_settle(peer);
}

void
peer_windows_say(struct peer *peer, unsigned function,
		 const struct link_window *w)
{
	struct peer_news *news = peer->news;

	while (news < peer->news + peer->n_news &&
	       (news->function != function || news->window.index != w->index))
		news++;
	if (news == peer->news + PEER_WINDOWS) { /* more names than windows */
		windows_settle(peer);
		news = peer->news;
	}
	if (news == peer->news + peer->n_news)
		peer->n_news++;
	*news = (struct peer_news){ (uint8_t)function, *w };
	windows_later(peer);
}

bool
peer_windows_wait(struct peer *peer, struct link_in *in)
{
	if (!peer->n_news || in->posted)
		return false;
	if (!peer->settled) {
		peer->settled = true;
		windows_settle(peer);
		windows_later(peer);
		return false;
	}
	in->user = NULL;
	*peer->behind_last = in;
	peer->behind_last = (struct link_in **)&in->user;
	return true;
}

void
peer_windows_init(struct peer *peer)
{
	uv_idle_init(peer->env->loop, &peer->turn);
	peer->turn.data = peer;
	peer->behind_last = &peer->behind;
}

void
peer_windows_lost(struct peer *peer)
{
	struct link_in *in = peer->behind, *next;

	peer->n_news = 0;
	peer->behind = NULL;
	peer->behind_last = &peer->behind;
	for (; in; in = next) {
		next = in->user;
		link_answer(in, -ENOTCONN);
	}
}
