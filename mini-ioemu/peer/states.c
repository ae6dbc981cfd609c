/* SPDX-License-Identifier: MIT */
/*
 * The states of a peer, and what leads from one to the next. Each event is
 * reported at one place, by the code that carries out what it means; which
 * state comes of it is said here and nowhere else.
 *
 *	          connected            replayed
 *	  AWAY ---------------> COMING ----------> READY
 *	   ^ ^                    |                | |
 *	   | '------- down -------'                | | lent
 *	   '---------------- down -----------------' |
 *	                                             v
 *	                        .------ down ----- LENT <---- down
 *	                        '------------------> |          |
 *	                                             | connected|
 *	                                             v          |
 *	  READY <---- replayed ----------------- RETURNING -----'
 *	  READY <---- not back ----- LENT, RETURNING    (and is lost at once)
 *
 *	  any  ---- leave ----> LEAVING ---- drop ----> GONE
 *	  any  --------------------------- drop ----> GONE
 *
 * A link that ends on the way out (LENT, LEAVING, GONE) changes nothing more.
 */
#include "peer/priv.h"

#include <assert.h>

#define NO PEER_IMPOSSIBLE

/* clang-format off */
static const unsigned char next[PEER_STATES][PEER_EVENTS] = {
	/*                    CONNECTED       REPLAYED      DOWN          */
	/*                    LENT            NOT_BACK      LEAVE         DROP */
	[PEER_AWAY]      = { PEER_COMING,    NO,           NO,
			     PEER_AWAY,      NO,           PEER_LEAVING, PEER_GONE },
	[PEER_COMING]    = { NO,             PEER_READY,   PEER_AWAY,
			     PEER_COMING,    NO,           PEER_LEAVING, PEER_GONE },
	[PEER_READY]     = { NO,             NO,           PEER_AWAY,
			     PEER_LENT,      NO,           PEER_LEAVING, PEER_GONE },
	[PEER_LENT]      = { PEER_RETURNING, NO,           PEER_LENT,
			     PEER_LENT,      PEER_READY,   PEER_LEAVING, PEER_GONE },
	[PEER_RETURNING] = { NO,             PEER_READY,   PEER_LENT,
			     PEER_RETURNING, PEER_READY,   PEER_LEAVING, PEER_GONE },
	[PEER_LEAVING]   = { PEER_LEAVING,   PEER_LEAVING, PEER_LEAVING,
			     PEER_LEAVING,   NO,           PEER_LEAVING, PEER_GONE },
	[PEER_GONE]      = { NO,             NO,           PEER_GONE,
			     NO,             NO,           NO,           NO },
};
/* clang-format on */

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
