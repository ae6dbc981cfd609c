/* SPDX-License-Identifier: MIT */
/*
 * spawn.h - programs that are started while this process itself may start
 * none. A helper, forked before rights are given up, knows commands by number
 * and starts them when asked: one process of each at a time.
 *
 * The helper keeps the rights it was made with. It ends when the device model
 * does, however that happens, and all that it started with it.
 */
#ifndef SPAWN_H
#define SPAWN_H

#include <ioemu/jail.h>
#include <sys/types.h>

#define SPAWN_COMMANDS 64
#define SPAWN_ARGS 64u	   /* words of a command */
#define SPAWN_BYTES 16384u /* of its words, ends included */
#define SPAWN_FD 3	   /* the socket, in the process */

struct spawn;

/* `user`: who processes are that do not give up rights by themselves; NULL: who
 * we are. -errno. */
int spawn_new(const struct jail_user *user,
	      struct spawn **out) IOEMU_MUST_CHECK;
/* Ends the helper, and what still runs at once. */
void spawn_free(struct spawn *s);

/*
 * A command from now on: its number, or -errno (-E2BIG, -ENOSPC; -EPERM after
 * spawn_close()). argv ends with NULL. `rights`: the program gives up rights
 * by itself.
 */
int spawn_add(struct spawn *s, char *const *argv, bool rights) IOEMU_MUST_CHECK;
/* No command is added any more. A helper without commands ends. */
void spawn_close(struct spawn *s);

/*
 * Start a process of it: it has `sock`, which stays the caller's, as SPAWN_FD,
 * standard output and error as we have, and nothing else of ours. -EBUSY: the
 * last one has not ended; -errno of execvp(3): it does not run.
 */
int spawn_start(struct spawn *s, int number, int sock,
		pid_t *pid) IOEMU_MUST_CHECK;
/* True once it ended; *status as of wait(2), for the one who asks first. */
bool spawn_ended(struct spawn *s, int number, int *status);
void spawn_kill(struct spawn *s, int number);
/* Wait so long for its end, then kill it; forget the command. */
void spawn_del(struct spawn *s, int number, unsigned grace_ms);

#endif
