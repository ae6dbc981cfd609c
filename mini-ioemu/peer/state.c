/* SPDX-License-Identifier: MIT */
/*
 * A peer when its guest is stopped, saved and loaded (doc/wire.md, sections 7
 * and 8). Its registers are its own affair; what the core remembers of it is
 * saved beside them.
 */
#include "peer/priv.h"

#include <stdio.h>
#include <string.h>

#define CLOCK_SIZE 8u
#define DEVFNS 256

/* Of a peer's record. */
#define FLAG_THERE 0x1u
#define FLAG_EJECTED 0x2u

static void
state_drop(struct peer *peer)
{
	blob_free(&peer->state.bytes);
	peer->state.got = peer->state.total = 0;
}

static void
state_fail(struct peer *peer, const char *why)
{
	state_drop(peer);
	peer->state.step = PEER_STATE_FAILED;
	snprintf(peer->state.why, sizeof(peer->state.why), "%s", why);
}

/* ---- pausing ------------------------------------------------------ */

void
peer_pause(struct peer *peer)
{
	peer->pause = peer->pause == UINT16_MAX ? 1 : peer->pause + 1;
	peer->waited = true;
	link_say(peer->link, &(struct link_msg){
				     .code = LINK_VENDOR_MSG,
				     .word = LINK_PAUSE,
				     .b = peer->pause,
			     });
}

void
peers_pause(struct peers *peers)
{
	struct peer *peer;

	peers->stopped = true;
	for (peer = peers->first; peer; peer = peer->next)
		if (peer->life == PEER_READY)
			peer_pause(peer);
}

void
peers_run(struct peers *peers)
{
	struct peer *peer;

	peers->stopped = false;
	peers->ours = true;
	for (peer = peers->first; peer; peer = peer->next) {
		peer->waited = false;
		if (peer->life == PEER_READY)
			link_say_run(peer->link, clock_now(peers->env.clock));
	}
}

/* It has said who it is and is being made ready. */
static bool
peer_coming(const struct peer *peer)
{
	return (peer->life == PEER_COMING || peer->life == PEER_RETURNING) &&
	       link_is_up(peer->link);
}

const char *
peers_waiting(const struct peers *peers)
{
	const struct peer *peer;

	for (peer = peers->first; peer; peer = peer->next)
		if (peer->waited || peer_coming(peer))
			return peer->id;
	return NULL;
}

/* ---- saving ------------------------------------------------------- */

static bool
peer_has_state(const struct peer *peer)
{
	return peer->life == PEER_READY &&
	       link_other(peer->link)->caps & LINK_CAP_STATE;
}

static const char *
peer_hindrance(const struct peer *peer, bool hand_over)
{
	if (peer->state.step == PEER_STATE_COMING)
		return "still sends what it was asked before";
	if (peer_coming(peer))
		return "is just coming up";
	if (peer->life == PEER_READY && !peer_has_state(peer) &&
	    (!hand_over || peer->exec.n))
		return "cannot save its state";
	return NULL;
}

int
peers_save(struct peers *peers, bool hand_over, char *why, size_t size)
{
	const char *hindrance;
	struct peer *peer;

	for (peer = peers->first; peer; peer = peer->next) {
		hindrance = peer_hindrance(peer, hand_over);
		if (!hindrance)
			continue;
		snprintf(why, size, "the peer '%s' %s", peer->id, hindrance);
		return -EOPNOTSUPP;
	}
	for (peer = peers->first; peer; peer = peer->next) {
		peer->state.step = PEER_STATE_NONE;
		if (!peer_has_state(peer))
			continue;
		state_drop(peer);
		peer->state.step = PEER_STATE_COMING;
		link_say(peer->link, &(struct link_msg){
					     .code = LINK_VENDOR_MSG,
					     .word = LINK_SAVE,
				     });
	}
	return 0;
}

int
peers_state(const struct peers *peers, char *why, size_t size)
{
	const struct peer *peer;

	for (peer = peers->first; peer; peer = peer->next) {
		enum peer_state_step step = peer->state.step;

		if (step == PEER_STATE_NONE || step == PEER_STATE_HERE)
			continue;
		snprintf(why, size, "the peer '%s' %s", peer->id,
			 step == PEER_STATE_FAILED    ? peer->state.why
			 : step == PEER_STATE_TO_LOAD ? "is not there"
						      : "does not answer");
		return step == PEER_STATE_FAILED ? -EIO : 1;
	}
	return 0;
}

void
peers_forget(struct peers *peers)
{
	struct peer *peer;

	/* what still comes is to be told from a next answer */
	for (peer = peers->first; peer; peer = peer->next)
		if (peer->state.step != PEER_STATE_COMING) {
			state_drop(peer);
			peer->state.step = PEER_STATE_NONE;
		}
}

/* ---- what it says ------------------------------------------------- */

static bool
state_piece(struct peer *peer, const struct link_msg *msg)
{
	struct peer_state *s = &peer->state;
	uint32_t at, total;

	if (s->step != PEER_STATE_COMING ||
	    !link_state_decode(msg, &at, &total) || at != s->got ||
	    (total && !msg->b) || (at && total != s->total))
		return false;
	s->total = total;
	s->got += msg->b;
	blob_bytes(&s->bytes, msg->data + LINK_STATE_HEAD, msg->b);
	if (!total)
		state_fail(peer, "cannot save its state now");
	else if (s->bytes.failed)
		state_fail(peer, "has more state than there is memory");
	else if (s->got == total)
		s->step = PEER_STATE_HERE;
	return true;
}

static bool
state_loaded(struct peer *peer, uint8_t what)
{
	static const char *const word[] = {
		[LINK_LOADED_CORRUPT] = "finds its saved state damaged",
		[LINK_LOADED_TYPE] = "was another device when it was saved",
		[LINK_LOADED_VERSION] = "is older than its saved state",
		[LINK_LOADED_FAILED] = "cannot load its saved state",
	};

	if (peer->state.step != PEER_STATE_LOADING || what > LINK_LOADED_FAILED)
		return false;
	state_drop(peer);
	if (what != LINK_LOADED_GOOD) {
		state_fail(peer, word[what]);
		return true;
	}
	peer->state.step = PEER_STATE_LOADED;
	peer_cfg_number(peer);
	return true;
}

bool
peer_state_message(struct peer *peer, const struct link_msg *msg)
{
	if (msg->word == LINK_STATE)
		return state_piece(peer, msg);
	if (msg->word == LINK_LOADED)
		return !msg->len && state_loaded(peer, msg->a);
	if (!peer->pause || msg->len != CLOCK_SIZE)
		return false;
	/* another number: it crossed the PAUSE it is waited for, or a RUN; a
	 * peer of 1.0 has no numbers */
	if (msg->b == peer->pause || !link_other(peer->link)->minor)
		peer->waited = false;
	return true;
}

void
peer_state_lost(struct peer *peer)
{
	peer->pause = 0;
	peer->waited = false;
	/* with all of it here, too: what is saved beside it, where it was and
	 * what the guest had set, has gone with the link */
	if (peer->state.step == PEER_STATE_COMING ||
	    peer->state.step == PEER_STATE_HERE ||
	    peer->state.step == PEER_STATE_LOADING ||
	    peer->state.step == PEER_STATE_LOADED)
		state_fail(peer, "went away meanwhile");
}

/* ---- loading ------------------------------------------------------ */

void
peer_state_expect(struct peer *peer, const char *name)
{
	snprintf(peer->state.name, sizeof(peer->state.name), "%s", name);
	peer->state.step = PEER_STATE_TO_LOAD;
}

bool
peer_state_load(struct peer *peer, bool same)
{
	struct peer_state *s = &peer->state;
	char why[sizeof(s->why)];

	if (s->step != PEER_STATE_TO_LOAD)
		return false;
	if (same) { /* it has it */
		state_drop(peer);
		s->step = PEER_STATE_LOADED;
		return false;
	}
	if (!s->bytes.len) {
		state_fail(peer, "began anew, and what it was before is lost");
		return true;
	}
	if (strcmp(s->name, link_other(peer->link)->name) != 0) {
		snprintf(why, sizeof(why), "is '%s', and was '%s' when saved",
			 link_other(peer->link)->name, s->name);
		state_fail(peer, why);
		return true;
	}
	s->step = PEER_STATE_LOADING;
	peer_cfg_power(peer);
	link_say_state(peer->link, 0, s->bytes.p, (uint32_t)s->bytes.len);
	return true;
}

/* ---- with the guest ----------------------------------------------- */

bool
peers_who(const struct peers *peers, unsigned i, const char **id,
	  const char **type)
{
	const struct peer *peer = peer_at(peers, i);

	if (!peer)
		return false;
	*id = peer->id;
	*type = peer->type;
	return true;
}

static uint32_t
peer_mask(const struct peer *peer, bool placed)
{
	uint32_t mask = 0;
	unsigned i;

	for (i = 0; i < PEER_FUNCTIONS; i++) {
		const struct peer_function *fn = &peer->fn[i];

		if (fn->exists && (!placed || fn->place.bus))
			mask |= 1u << i;
	}
	return mask;
}

/* Up to the last byte that was ever written. */
static void
put_shadow(const struct peer_function *fn, struct blob *out)
{
	uint32_t n = PEER_CONFIG;

	while (n && !fn->written[n - 1])
		n--;
	blob_u32(out, n);
	blob_bytes(out, fn->shadow, n);
	blob_bytes(out, fn->written, n);
}

void
peers_put(const struct peers *peers, unsigned i, struct blob *out)
{
	const struct peer *peer = peer_at(peers, i);
	const struct blob *state = &peer->state.bytes;
	bool there = peer->state.step == PEER_STATE_HERE;
	unsigned f;

	blob_u32(out, (there ? FLAG_THERE : 0) |
			      (peer_is_out(peer) ? FLAG_EJECTED : 0));
	blob_text(out, there ? link_other(peer->link)->name : "");
	blob_u32(out, (uint32_t)peer->devfn);
	blob_u32(out, peer_mask(peer, false));
	blob_u32(out, peer_mask(peer, true));
	for (f = 0; f < PEER_FUNCTIONS; f++)
		if (peer->fn[f].exists)
			put_shadow(&peer->fn[f], out);
	blob_u32(out, there ? (uint32_t)state->len : 0);
	if (there)
		blob_bytes(out, state->p, state->len);
}

/* One record as read. */
struct saved {
	uint32_t flags, functions, placed;
	int32_t devfn;
	char name[256];
	const uint8_t *shadow[PEER_FUNCTIONS], *written[PEER_FUNCTIONS];
	uint32_t n[PEER_FUNCTIONS]; /* bytes of each of these */
	const uint8_t *state;
	uint32_t len;
};

static bool
saved_read(struct saved *s, struct view *in)
{
	unsigned f;

	s->flags = view_u32(in);
	view_text(in, s->name);
	s->devfn = (int32_t)view_u32(in);
	s->functions = view_u32(in);
	s->placed = view_u32(in);
	if (in->failed || s->functions >> PEER_FUNCTIONS ||
	    s->placed & ~s->functions || s->devfn < -1 || s->devfn >= DEVFNS ||
	    (s->placed && s->devfn < 0) || !peer_fits(s->devfn, s->functions) ||
	    strlen(s->name) >= LINK_NAME_SIZE)
		return false;
	for (f = 0; f < PEER_FUNCTIONS; f++) {
		if (!(s->functions >> f & 1))
			continue;
		s->n[f] = view_u32(in);
		if (s->n[f] > PEER_CONFIG)
			return false;
		s->shadow[f] = view_bytes(in, s->n[f]);
		s->written[f] = view_bytes(in, s->n[f]);
	}
	s->len = view_u32(in);
	s->state = view_bytes(in, s->len);
	return !in->failed && !in->left && s->len <= LINK_STATE_MAX &&
	       (s->len != 0) == (s->flags & FLAG_THERE);
}

static void
saved_functions(const struct saved *s, struct peer *peer)
{
	unsigned f, i;

	for (f = 0; f < PEER_FUNCTIONS; f++) {
		struct peer_function *fn = &peer->fn[f];

		if (!s->shadow[f])
			continue;
		memcpy(fn->shadow, s->shadow[f], s->n[f]);
		for (i = 0; i < s->n[f]; i++)
			fn->written[i] = s->written[f][i];
		fn->exists = s->placed >> f & 1;
	}
	if (!s->placed)
		return;
	peer->devfn = s->devfn;
	peer_place(peer);
}

int
peers_get(struct peers *peers, unsigned i, struct view *in, char *why,
	  size_t size)
{
	struct peer *peer = peer_at(peers, i);
	struct saved s = { .flags = 0 };
	uint64_t instance;

	if (!peer)
		return -ENOENT;
	if (!saved_read(&s, in)) {
		snprintf(why, size, "the record of the peer '%s' is damaged",
			 peer->id);
		return -EINVAL;
	}
	if (s.placed &&
	    (!peer->bus || (peer->devfn >= 0 && peer->devfn != s.devfn))) {
		snprintf(
			why, size,
			"the peer '%s' was in PCI slot %d.%d when it was saved",
			peer->id, s.devfn / 8, s.devfn % 8);
		return -EINVAL;
	}
	saved_functions(&s, peer);
	if (s.placed && peer_mask(peer, true) != s.placed) {
		snprintf(why, size, "the place of the peer '%s' is taken",
			 peer->id);
		return -EBUSY;
	}
	instance = peer_handover_instance(peer);
	if (!(s.flags & FLAG_THERE) && !instance)
		return 0;
	if (s.flags & FLAG_EJECTED)
		peer->seat = PEER_STAYS_OUT;
	peer->instance = instance;
	state_drop(peer);
	blob_bytes(&peer->state.bytes, s.state, s.len);
	peer_state_expect(peer, s.name);
	return peer->state.bytes.failed ? -ENOMEM : 0;
}
