/* SPDX-License-Identifier: MIT */
/*
 * Peers whose guest goes to another process. Those that we start stay with us:
 * the other starts its own from the saved state. All others are left alone, and
 * a process that is still the one it was goes on where it stands (doc/wire.md,
 * section 8): its link ends, as credits, tags and rings cannot be written down,
 * and the other makes a new one. Whatever the guest sees of it, windows and
 * lines, stays meanwhile.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fds.h"
#include "base/log.h"
#include "handover/handover.h"
#include "peer/priv.h"

#define BACK_MS 3000u /* the guest stands still, and they know the way */
#define KEY_SIZE (sizeof(((struct peer *)NULL)->id) + 16)

static const char *
handover_key(char key[KEY_SIZE], const char *what, const struct peer *peer)
{
	snprintf(key, KEY_SIZE, "%s %s", what, peer->id);
	return key;
}

/* ---- the old one -------------------------------------------------- */

int
peers_can_hand_over(const struct peers *peers, char *why, size_t size)
{
	const struct peer *peer;

	for (peer = peers->first; peer; peer = peer->next) {
		if (peer->exec.n || peer->life != PEER_READY ||
		    link_other(peer->link)->caps & LINK_CAP_AGAIN)
			continue;
		snprintf(why, size,
			 "the peer '%s' does not connect again when its link "
			 "ends, so it cannot be handed over (of ioemu-peer: "
			 "--again)",
			 peer->id);
		return -EOPNOTSUPP;
	}
	return 0;
}

static void
peer_hand_over(struct peer *peer, struct handover *handover)
{
	char key[KEY_SIZE];

	uv_timer_stop(&peer->retry);
	if (peer->listen_fd >= 0) {
		uv_poll_stop(&peer->accept);
		handover_put_fd(handover, handover_key(key, "listen", peer),
				peer->listen_fd);
	}
	if (peer->life == PEER_READY) {
		handover_put_u64(handover, handover_key(key, "instance", peer),
				 peer->instance);
		peer_state_expect(peer, link_other(peer->link)->name);
		if (peer->seat == PEER_EJECTED)
			peer->seat = PEER_STAYS_OUT;
	}
	peer_event(peer, PEER_HAND_OVER);
	if (peer->link)
		link_close(peer->link, LINK_END,
			   "another device model goes on with the guest");
}

void
peers_handover_begin(struct peers *peers, struct handover *handover)
{
	struct peer *peer;

	peers->handing_over = true;
	for (peer = peers->first; peer; peer = peer->next)
		if (!peer->exec.n)
			peer_hand_over(peer, handover);
}

/* ---- and it goes on after all ------------------------------------- */

/* The guest had it until now, so it loses it. */
static void
peer_not_back(struct peer *peer)
{
	log_guest(peer->id, IOEMU_WARN,
		  peer->state.step == PEER_STATE_FAILED
			  ? peer->state.why
			  : "did not come back from the other device model");
	peer_event(peer, PEER_NOT_BACK);
	if (peer->link)
		link_close(peer->link, LINK_FAILURE,
			   "it is not the device that it was");
	else
		peer_lost(peer);
}

static void
peers_back(void *ctx, bool late)
{
	struct peers *peers = ctx;
	struct peer *peer;

	(void)late; /* so they are still handed over */
	for (peer = peers->first; peer; peer = peer->next)
		if (peer_is_handed_over(peer))
			peer_not_back(peer);
	peers_forget(peers);
	peers->back_done(peers->back_ctx);
}

/* Or will not be: one of whom that is known holds up no other. */
static bool
peers_are_back(void *ctx)
{
	const struct peers *peers = ctx;
	const struct peer *peer;

	for (peer = peers->first; peer; peer = peer->next)
		if (peer_is_handed_over(peer) &&
		    peer->state.step != PEER_STATE_FAILED)
			return false;
	return true;
}

void
peers_handover_abort(struct peers *peers, void (*done)(void *ctx), void *ctx)
{
	struct peer *peer;

	peers->back_done = done;
	peers->back_ctx = ctx;
	if (!peers->handing_over) {
		peers_back(peers, false);
		return;
	}
	peers->handing_over = false;
	for (peer = peers->first; peer; peer = peer->next)
		if (!peer->exec.n)
			peer_connect(peer);
	await_start(&peers->back, BACK_MS, peers_are_back, peers_back, peers);
}

/* ---- the new one -------------------------------------------------- */

int
peer_handover_listen(struct peer *peer)
{
	char key[KEY_SIZE];
	int fd;

	fd = handover_take_fd(peer->env->handover,
			      handover_key(key, "listen", peer));
	if (fd < 0)
		return fd;
	if (fds_listens(fd))
		return fd;
	close(fd);
	return -EBADF;
}

uint64_t
peer_handover_instance(const struct peer *peer)
{
	char key[KEY_SIZE];

	return peer->env->handover
		       ? handover_u64(peer->env->handover,
				      handover_key(key, "instance", peer))
		       : 0;
}
