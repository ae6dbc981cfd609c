/* SPDX-License-Identifier: MIT */
/*
 * The states of a peer: every event in every state, against the picture in
 * mini-ioemu/peer/states.c, and what must hold however it is drawn.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "peer/priv.h"

static const struct {
	enum peer_life from;
	enum peer_event event;
	enum peer_life to;
} arrows[] = {
	{ PEER_AWAY, PEER_CONNECTED, PEER_COMING },
	{ PEER_AWAY, PEER_HAND_OVER, PEER_AWAY },
	{ PEER_AWAY, PEER_LEAVE, PEER_LEAVING },
	{ PEER_AWAY, PEER_DROP, PEER_GONE },
	{ PEER_COMING, PEER_REPLAYED, PEER_READY },
	{ PEER_COMING, PEER_DOWN, PEER_AWAY },
	{ PEER_COMING, PEER_HAND_OVER, PEER_COMING },
	{ PEER_COMING, PEER_LEAVE, PEER_LEAVING },
	{ PEER_COMING, PEER_DROP, PEER_GONE },
	{ PEER_READY, PEER_DOWN, PEER_AWAY },
	{ PEER_READY, PEER_HAND_OVER, PEER_HANDED_OVER },
	{ PEER_READY, PEER_LEAVE, PEER_LEAVING },
	{ PEER_READY, PEER_DROP, PEER_GONE },
	{ PEER_HANDED_OVER, PEER_CONNECTED, PEER_RETURNING },
	{ PEER_HANDED_OVER, PEER_DOWN, PEER_HANDED_OVER },
	{ PEER_HANDED_OVER, PEER_HAND_OVER, PEER_HANDED_OVER },
	{ PEER_HANDED_OVER, PEER_NOT_BACK, PEER_READY },
	{ PEER_HANDED_OVER, PEER_LEAVE, PEER_LEAVING },
	{ PEER_HANDED_OVER, PEER_DROP, PEER_GONE },
	{ PEER_RETURNING, PEER_REPLAYED, PEER_READY },
	{ PEER_RETURNING, PEER_DOWN, PEER_HANDED_OVER },
	{ PEER_RETURNING, PEER_HAND_OVER, PEER_RETURNING },
	{ PEER_RETURNING, PEER_NOT_BACK, PEER_READY },
	{ PEER_RETURNING, PEER_LEAVE, PEER_LEAVING },
	{ PEER_RETURNING, PEER_DROP, PEER_GONE },
	{ PEER_LEAVING, PEER_CONNECTED, PEER_LEAVING },
	{ PEER_LEAVING, PEER_REPLAYED, PEER_LEAVING },
	{ PEER_LEAVING, PEER_DOWN, PEER_LEAVING },
	{ PEER_LEAVING, PEER_HAND_OVER, PEER_LEAVING },
	{ PEER_LEAVING, PEER_LEAVE, PEER_LEAVING },
	{ PEER_LEAVING, PEER_DROP, PEER_GONE },
	{ PEER_GONE, PEER_DOWN, PEER_GONE },
};

static enum peer_life
drawn(enum peer_life from, enum peer_event event)
{
	unsigned i;

	for (i = 0; i < sizeof(arrows) / sizeof(arrows[0]); i++)
		if (arrows[i].from == from && arrows[i].event == event)
			return arrows[i].to;
	return PEER_IMPOSSIBLE;
}

static void
each_event_in_each_state_is_as_drawn(void **state)
{
	unsigned s, e;

	(void)state;
	for (s = PEER_AWAY; s < PEER_STATES; s++)
		for (e = 0; e < PEER_EVENTS; e++)
			assert_int_equal(peer_next(s, e), drawn(s, e));
}

static void
every_state_is_reached_from_away(void **state)
{
	unsigned reached = 1u << PEER_AWAY, s, e, again;

	(void)state;
	for (again = 0; again < PEER_STATES; again++)
		for (s = PEER_AWAY; s < PEER_STATES; s++)
			for (e = 0; reached >> s & 1 && e < PEER_EVENTS; e++)
				if (peer_next(s, e) != PEER_IMPOSSIBLE)
					reached |= 1u << peer_next(s, e);
	assert_int_equal(reached, (1u << PEER_STATES) - (1u << PEER_AWAY));
}

/* A guest that never heard of the device being lost does not meet it as new. */
static void
a_peer_that_was_handed_over_is_away_only_after_the_guest_lost_it(void **state)
{
	unsigned e;

	(void)state;
	for (e = 0; e < PEER_EVENTS; e++) {
		assert_int_not_equal(peer_next(PEER_HANDED_OVER, e), PEER_AWAY);
		assert_int_not_equal(peer_next(PEER_HANDED_OVER, e),
				     PEER_COMING);
		assert_int_not_equal(peer_next(PEER_RETURNING, e), PEER_AWAY);
		assert_int_not_equal(peer_next(PEER_RETURNING, e), PEER_COMING);
	}
}

static void
who_leaves_does_nothing_else(void **state)
{
	unsigned e;

	(void)state;
	for (e = 0; e < PEER_EVENTS; e++) {
		enum peer_life to = peer_next(PEER_LEAVING, e);

		assert_true(to == PEER_LEAVING || to == PEER_IMPOSSIBLE ||
			    (to == PEER_GONE && e == PEER_DROP));
		to = peer_next(PEER_GONE, e);
		assert_true(to == PEER_GONE || to == PEER_IMPOSSIBLE);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_event_in_each_state_is_as_drawn),
		cmocka_unit_test(every_state_is_reached_from_away),
		cmocka_unit_test(
			a_peer_that_was_handed_over_is_away_only_after_the_guest_lost_it),
		cmocka_unit_test(who_leaves_does_nothing_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
