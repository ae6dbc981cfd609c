/* SPDX-License-Identifier: MIT */
/*
 * spawn.h - what this process may not do any more is done by a helper, forked
 * before rights are given up, which keeps them: it starts programs, goes to
 * addresses, removes files and tells Xen. It is told of each of these while
 * this process is still what it was; after spawn_close() all that it takes is
 * their numbers, so that whoever has this process in hand by then gets nothing
 * else done.
 *
 * It ends when the device model does, however that happens, and all that it
 * started with it.
 */
#ifndef HELPER_SPAWN_H
#define HELPER_SPAWN_H

#include "jail/jail.h"
#include "loop/loop.h"
#include <sys/types.h>

#define SPAWN_COMMANDS 64
#define SPAWN_ADDRESSES 64
#define SPAWN_PATHS 64
#define SPAWN_ARGS 64u	   /* words of a command */
#define SPAWN_BYTES 16384u /* of its words, ends included */
#define SPAWN_FD 3	   /* the socket, in the process */

struct spawn;

/* What the helper does beside that, in its own process: 0 or -errno. */
struct spawn_env {
	int (*tell)(void *ctx);		      /* once; NULL: nothing */
	int (*sleep)(void *ctx, bool asleep); /* NULL: there is no such thing */
	void *ctx;
};

int spawn_new(const struct spawn_env *env, struct spawn **out) IOEMU_MUST_CHECK;
/* Ends the helper, and what still runs at once. */
void spawn_free(struct spawn *s);

/* ---- before spawn_close() -------------------------------------------------
 * Numbers, or -errno: -E2BIG, -ENOSPC; -EPERM: it is closed.
 */

/*
 * A program, argv ending with NULL. It runs as `user` with no capabilities, and
 * with none to be had; NULL: as we are, with all that we have.
 */
int spawn_add(struct spawn *s, char *const *argv,
	      const struct jail_user *user) IOEMU_MUST_CHECK;
int spawn_add_address(struct spawn *s,
		      const struct linkaddr *addr) IOEMU_MUST_CHECK;
/* A file that spawn_remove() removes. 0 or -errno. */
int spawn_add_path(struct spawn *s, const char *path) IOEMU_MUST_CHECK;
/* Nothing is added any more. A helper with nothing to do ends. */
void spawn_close(struct spawn *s);

/* ---- programs ------------------------------------------------------------ */

/*
 * Start a process of it: it has `sock`, which stays the caller's, as SPAWN_FD,
 * and nothing else of ours. Its standard output and error are a pipe, and
 * *words, which does not block and is the caller's, the end to read. -EBUSY:
 * the last one has not ended; -errno of execvp(3): it does not run.
 */
int spawn_start(struct spawn *s, int number, int sock, pid_t *pid,
		int *words) IOEMU_MUST_CHECK;
/* True once it ended; *status as of wait(2), for the one who asks first. */
bool spawn_ended(struct spawn *s, int number, int *status);
void spawn_kill(struct spawn *s, int number);
/* Wait so long for its end, then kill it. It can be started again ... */
void spawn_end(struct spawn *s, int number, unsigned grace_ms);
/* ... or not: forget the command. */
void spawn_del(struct spawn *s, int number, unsigned grace_ms);

/* ---- the rest ------------------------------------------------------------ */

/* As linkaddr_connect(). */
int spawn_connect(struct spawn *s, int number) IOEMU_MUST_CHECK;
/* All files that were named. */
void spawn_remove(struct spawn *s);
/* What tell() and sleep() say; -EPERM: it has none, or was told. */
int spawn_tell(struct spawn *s) IOEMU_MUST_CHECK;
int spawn_sleep(struct spawn *s, bool asleep) IOEMU_MUST_CHECK;

#endif
