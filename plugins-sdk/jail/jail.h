/* SPDX-License-Identifier: MIT */
/*
 * jail/jail.h - how a host process gives up what it needs no more
 * (libioemu-loop.a, with libseccomp): another user, no capabilities, system
 * calls by a list. Everything that needs rights is done before.
 *
 * The order is that of this file. What is given up does not come back.
 */
#ifndef SDK_JAIL_H
#define SDK_JAIL_H

#include <seccomp.h>
#include <sys/types.h>
#include <uv.h>

#include <ioemu/device.h>

/* ---- rights (rights.c) ----------------------------------------------------
 */

struct jail_user {
	uid_t uid;
	gid_t gid;
};

/* "USER" or "UID:GID". -EINVAL: neither, or no such user; -EPERM: root, which
 * would keep what is to be given up. */
int jail_user(const char *text, struct jail_user *out) IOEMU_MUST_CHECK;

/*
 * Files may grow to `size` bytes if that is more than the limit for files
 * (RLIMIT_FSIZE) allows. -EPERM: the hard limit is lower and CAP_SYS_RESOURCE
 * is not there.
 */
int jail_file_size(uint64_t size) IOEMU_MUST_CHECK;

/*
 * Nothing outside `root` has a name any more (NULL: stay), and this is another
 * user without further groups (NULL: stay). A death signal that the parent
 * asked for (PR_SET_PDEATHSIG) still holds afterwards. -errno.
 */
int jail_enter(const char *root, const struct jail_user *user) IOEMU_MUST_CHECK;

/* No capabilities, and no program that would give any. For the thread that
 * calls; threads that it starts later have none either. */
int jail_drop(void) IOEMU_MUST_CHECK;

/* libuv's threads for disk I/O start on first use, which is too late once no
 * thread can be started. */
int jail_start_workers(uv_loop_t *loop) IOEMU_MUST_CHECK;

/* ---- system calls (jail.c) ------------------------------------------------
 */

/* A call that is allowed if all conditions hold; another rule of the same call
 * may allow it, too. */
struct jail_rule {
	int call; /* SCMP_SYS(name) */
	unsigned n;
	struct scmp_arg_cmp arg[2];
};

struct jail_table {
	const struct jail_rule *rules;
	size_t n;
};

/* clang-format off */
#define JAIL_TABLE(r) { .rules = (r), .n = sizeof(r) / sizeof((r)[0]) }
/* Any arguments; argument `i`, of 32 or 64 bits, is `v`, or that in the bits of
 * `mask`. */
#define JAIL_ANY(name) { .call = SCMP_SYS(name) }
#define JAIL_IS(name, i, v) JAIL_MASK(name, i, 0xffffffffu, v)
#define JAIL_IS64(name, i, v) JAIL_MASK(name, i, ~0ull, v)
#define JAIL_MASK(name, i, mask, v)					\
	{ .call = SCMP_SYS(name), .n = 1,				\
	  .arg = { { .arg = (i), .op = SCMP_CMP_MASKED_EQ,		\
		     .datum_a = (mask), .datum_b = (v) } } }
#define JAIL_MASK2(name, i, mask, v, j, mask2, v2)			\
	{ .call = SCMP_SYS(name), .n = 2,				\
	  .arg = { { .arg = (i), .op = SCMP_CMP_MASKED_EQ,		\
		     .datum_a = (mask), .datum_b = (v) },		\
		   { .arg = (j), .op = SCMP_CMP_MASKED_EQ,		\
		     .datum_a = (mask2), .datum_b = (v2) } } }
/* clang-format on */

/*
 * What every host on a loop needs: move bytes on descriptors that it has, tell
 * the time, sleep, use memory that cannot be executed. No names, no sockets, no
 * processes, no threads, no signals but to itself.
 */
extern const struct jail_table jail_base;
/* Beside that: somebody connects to a socket that listens. */
extern const struct jail_table jail_accept;
/* Beside jail_base: rings in shared memory for peers that connect. */
extern const struct jail_table jail_rings;
/* Beside jail_accept: going to somebody who listens. */
extern const struct jail_table jail_connect_unix;
extern const struct jail_table jail_connect_tcp;
/* Beside that: disk images. */
extern const struct jail_table jail_disk;

/* How many different system calls the tables allow. */
unsigned jail_count(const struct jail_table *const *tables, unsigned n);

/*
 * From now on every other call of this process fails with EPERM. The first of
 * each kind says so on standard error, but for new processes and threads, and
 * the kernel's log names all it can. A thread that has SIGSYS blocked is ended
 * by such a call. -errno.
 */
int jail_close(const struct jail_table *const *tables,
	       unsigned n) IOEMU_MUST_CHECK;

#endif
