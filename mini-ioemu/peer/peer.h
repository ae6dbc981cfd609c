/* SPDX-License-Identifier: MIT */
/*
 * peer.h - devices in processes of their own, behind sockets: the second kind
 * of target. To the guest a peer is a slot of a bus or ranges at fixed
 * addresses; it may come late, go at any moment, and come back.
 */
#ifndef PEER_H
#define PEER_H

#include "base/blob.h"
#include "local/local.h"

struct peers;

/* The devices of `local` name the buses; both outlive the peers. */
int peers_new(const struct local_env *env, struct local *local,
	      struct peers **out);
void peers_free(struct peers *peers);
/* Sockets that listen for peers are not removed at the end any more: by the
 * helper (spawn.h), or not at all. -errno. */
int peers_leave_paths(struct peers *peers, bool removed);

/* -device peer,... and -device raw-mmio,...: is this type one of them? */
bool peers_type(const char *type);
/* Logs what is wrong; -errno. The peer need not be there. */
int peers_add(struct peers *peers, const struct conf_device *conf);
/* A device of a plugin, in a process that is started here. */
int peers_isolate(struct peers *peers, const struct host_type *type,
		  const struct conf_device *conf);

/*
 * One that comes later (later=on): what it is goes to the helper now, and
 * nothing else happens. Logs what is wrong; -errno. `type` NULL: a peer by
 * itself.
 */
int peers_name(struct peers *peers, const struct host_type *type,
	       const struct conf_device *conf);
/*
 * It comes: what to make of it, as it was named, and where it was asked for.
 * -EPERM, and a sentence: it was not named, or not like that.
 */
int peers_named(const struct peers *peers, const struct conf_device *asked,
		struct conf_device *out, char *why, size_t size);

bool peers_have(const struct peers *peers, const char *id);
/*
 * As local_request_unplug(): a peer that is not there at the time is dropped at
 * once, from the loop. -ENODEV: none of that id.
 */
int peers_request_unplug(struct peers *peers, const char *id);
/* Power comes back after a sleep: all start anew, as the guest's memory of
 * their configuration does. */
void peers_wake(struct peers *peers);

/*
 * The guest goes to another process (handover.c), which starts its own
 * processes from the saved state; all others lose their link and wait for the
 * other's. Could it? -EOPNOTSUPP, and a sentence that names who cannot. Put in
 * the handover: who they are, and where we listen for them. Or have them back:
 * done(), inside or later, when they are, or lost.
 */
int peers_can_hand_over(const struct peers *peers, char *why, size_t size);
void peers_handover_begin(struct peers *peers, struct handover *handover);
void peers_handover_abort(struct peers *peers, void (*done)(void *ctx),
			  void *ctx);

/* ---- the guest stopped, saved, loaded (state.c) -----------------------
 */

/* Tell all to pause, and whoever connects later not to run. */
void peers_pause(struct peers *peers);
void peers_run(struct peers *peers);
/* One that is not quiet yet, or not ready, by its id; NULL: none. */
const char *peers_waiting(const struct peers *peers);

/* Ask all for their state. `hand_over`: those that will be handed over need not
 * have any. -errno, and a sentence that names who cannot. */
int peers_save(struct peers *peers, bool hand_over, char *why, size_t size);
/* Asked, or to be loaded: 1: not over, 0: all good, or as above. */
int peers_state(const struct peers *peers, char *why, size_t size);
/* What was collected is not needed any more. */
void peers_forget(struct peers *peers);

/* Id and type of the i-th; false past the end. */
bool peers_who(const struct peers *peers, unsigned i, const char **id,
	       const char **type);
/* All about the i-th; taken over before the loop turns for the first time. */
void peers_put(const struct peers *peers, unsigned i, struct blob *out);
int peers_get(struct peers *peers, unsigned i, struct view *in, char *why,
	      size_t size);

/* Lines for a person: state and counters of the i-th; false past the end. */
bool peers_describe(const struct peers *peers, unsigned i, char *buf,
		    size_t size);
/* Their links, for dispatch_report(). */
struct target_list peers_targets(const struct peers *peers);

#endif
