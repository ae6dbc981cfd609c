/* SPDX-License-Identifier: MIT */
/*
 * spawnpriv.h - between spawn.c (the device model's side) and spawner.c (the
 * helper). One request, one reply, one after the other, each a datagram.
 */
#ifndef SPAWNPRIV_H
#define SPAWNPRIV_H

#include "spawn.h"

enum spawn_what {
	SPAWN_ADD,   /* bytes: words, each with its end; arg: rights */
	SPAWN_START, /* with a socket */
	SPAWN_ENDED,
	SPAWN_KILL,
	SPAWN_DEL, /* arg: milliseconds */
	SPAWN_CLOSE,
};

struct spawn_request {
	uint32_t what; /* enum spawn_what */
	int32_t number;
	uint32_t arg;
	char bytes[SPAWN_BYTES]; /* as many as were sent */
};

struct spawn_reply {
	int32_t rc;
	int32_t value; /* pid; status; are there commands */
};

#define SPAWN_HEAD offsetof(struct spawn_request, bytes)

/* The helper's life. `user` NULL: who we are. */
_Noreturn void spawner_run(int sock, pid_t parent,
			   const struct jail_user *user);

#endif
