/* SPDX-License-Identifier: MIT */
/*
 * The states of a peer, and what leads from one to the next. Each event is
 * reported at one place, by the code that carries out what it means; which
 * state comes of it is said here and nowhere else.
 *
 *	          connected            replayed
 *	  AWAY ---------------> COMING ----------> READY
 *	   ^ ^                    |                | |
 *	   | '------- down -------'                | | hand over
 *	   '---------------- down -----------------' |
 *	                                             v
 *	                        .------ down --- HANDED_OVER <-- down
 *	                        '------------------> |            |
 *	                                             | connected  |
 *	                                             v            |
 *	  READY <---- replayed ----------------- RETURNING -------'
 *	  READY <---- not back ----- HANDED_OVER, RETURNING  (and lost at once)
 *
 *	  any  ---- leave ----> LEAVING ---- drop ----> GONE
 *	  any  --------------------------- drop ----> GONE
 *
 * A link that ends on the way out (HANDED_OVER, LEAVING, GONE) changes nothing
 *more.
 */
#include "peer/priv.h"

#include <assert.h>

/* What is not in it is impossible: 0. */
static const unsigned char next[PEER_STATES][PEER_EVENTS] = {
	[PEER_AWAY] = {
		[PEER_CONNECTED] = PEER_COMING,
		[PEER_HAND_OVER] = PEER_AWAY,
		[PEER_LEAVE] = PEER_LEAVING,
		[PEER_DROP] = PEER_GONE,
	},
	[PEER_COMING] = {
		[PEER_REPLAYED] = PEER_READY,
		[PEER_DOWN] = PEER_AWAY,
		[PEER_HAND_OVER] = PEER_COMING,
		[PEER_LEAVE] = PEER_LEAVING,
		[PEER_DROP] = PEER_GONE,
	},
	[PEER_READY] = {
		[PEER_DOWN] = PEER_AWAY,
		[PEER_HAND_OVER] = PEER_HANDED_OVER,
		[PEER_LEAVE] = PEER_LEAVING,
		[PEER_DROP] = PEER_GONE,
	},
	[PEER_HANDED_OVER] = {
		[PEER_CONNECTED] = PEER_RETURNING,
		[PEER_DOWN] = PEER_HANDED_OVER,
		[PEER_HAND_OVER] = PEER_HANDED_OVER,
		[PEER_NOT_BACK] = PEER_READY,
		[PEER_LEAVE] = PEER_LEAVING,
		[PEER_DROP] = PEER_GONE,
	},
	[PEER_RETURNING] = {
		[PEER_REPLAYED] = PEER_READY,
		[PEER_DOWN] = PEER_HANDED_OVER,
		[PEER_HAND_OVER] = PEER_RETURNING,
		[PEER_NOT_BACK] = PEER_READY,
		[PEER_LEAVE] = PEER_LEAVING,
		[PEER_DROP] = PEER_GONE,
	},
	[PEER_LEAVING] = {
		[PEER_CONNECTED] = PEER_LEAVING,
		[PEER_REPLAYED] = PEER_LEAVING,
		[PEER_DOWN] = PEER_LEAVING,
		[PEER_HAND_OVER] = PEER_LEAVING,
		[PEER_LEAVE] = PEER_LEAVING,
		[PEER_DROP] = PEER_GONE,
	},
	[PEER_GONE] = {
		[PEER_DOWN] = PEER_GONE,
	},
};

enum peer_life
peer_next(enum peer_life life, enum peer_event event)
{
	return next[life][event];
}

void
peer_event(struct peer *peer, enum peer_event event)
{
	enum peer_life now = peer_next(peer->life, event);

	assert(now != PEER_IMPOSSIBLE);
	peer->life = now;
}
