/* SPDX-License-Identifier: MIT */
/*
 * peer.h - devices in processes of their own, behind sockets: the second kind
 * of target. To the guest a peer is a slot of a bus or ranges at fixed
 * addresses; it may come late, go at any moment, and come back.
 */
#ifndef PEER_H
#define PEER_H

#include "local.h"

struct peers;

/* The devices of `local` name the buses; both outlive the peers. */
int peers_new(const struct local_env *env, struct local *local,
	      struct peers **out);
void peers_free(struct peers *peers);

/* -device peer,... and -device raw-mmio,...: is this type one of them? */
bool peers_type(const char *type);
/* Logs what is wrong; -errno. The peer need not be there. */
int peers_add(struct peers *peers, const struct conf_device *conf);
/* A device of a plugin, in a process that is started here. */
int peers_isolate(struct peers *peers, const struct host_type *type,
		  const struct conf_device *conf);

/* Lines for a person: state and counters of the i-th; false past the end. */
bool peers_describe(const struct peers *peers, unsigned i, char *buf,
		    size_t size);
/* The link of the i-th; NULL past the end. */
const struct target *peers_target(const struct peers *peers, unsigned i);

#endif
