/* SPDX-License-Identifier: MIT */
/*
 * helper/priv.h - between spawn.c (the device model's side) and server.c and
 * run.c (the helper). One request, one reply, one after the other, each a
 * datagram.
 */
#ifndef HELPER_PRIV_H
#define HELPER_PRIV_H

#include "helper/spawn.h"

enum spawn_what {
	/* not after SPAWN_CLOSE */
	SPAWN_ADD, /* bytes: words, each with its end; arg: as that user */
	SPAWN_ADD_ADDRESS, /* bytes: struct linkaddr */
	SPAWN_ADD_PATH,	   /* bytes: it, with its end */
	SPAWN_CLOSE,
	/* at any time */
	SPAWN_START, /* with a socket; a pipe comes back */
	SPAWN_ENDED,
	SPAWN_KILL,
	SPAWN_END, /* arg: milliseconds */
	SPAWN_DEL, /* likewise */
	SPAWN_CONNECT,
	SPAWN_REMOVE,
	SPAWN_TELL,
	SPAWN_SLEEP, /* arg: asleep */
};

struct spawn_request {
	uint32_t what; /* enum spawn_what */
	int32_t number;
	uint32_t arg;
	struct jail_user user;
	char bytes[SPAWN_BYTES]; /* as many as were sent */
};

struct spawn_reply {
	int32_t rc;
	int32_t value; /* pid; status */
	int32_t last;  /* the helper has nothing more to do, and ends */
};

#define SPAWN_HEAD offsetof(struct spawn_request, bytes)

/* The helper's life. */
_Noreturn void spawner_run(int sock, pid_t parent, const struct spawn_env *env);

/* ---- a command and its process (run.c) -------------------------------
 */

struct spawn_command {
	char *bytes; /* NULL: unused */
	char *argv[SPAWN_ARGS + 1];
	bool drops; /* it is `user`, with no capabilities */
	struct jail_user user;
	pid_t pid; /* 0: none at present */
};

/* Signals that the helper does not hear. */
void spawn_ignore_signals(void);
/* `sock` stays the caller's, *words is. -errno, of execvp(3) too. */
int spawn_command_start(struct spawn_command *c, int sock, int *words);
/* -EBUSY: it runs. */
int spawn_command_ended(struct spawn_command *c, int *status);
void spawn_command_end(struct spawn_command *c, unsigned grace_ms);

#endif
