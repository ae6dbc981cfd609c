/* SPDX-License-Identifier: MIT */
/*
 * System calls by a list. One that is not in it fails with EPERM instead of
 * ending the process: who broke in gets no further either way, and a call that
 * a library of another version makes unasked then costs an error, not a guest.
 * It is told of on standard error, by report.c.
 */
#include "loop/linkring.h"
#include "priv.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SOCKET_TYPE 0xfu /* less the flags (net.h, SOCK_TYPE_MASK) */

static const struct jail_rule base_rules[] = {
	JAIL_ANY(read), JAIL_ANY(write),
	JAIL_ANY(writev), /* what glibc says before it aborts */
	JAIL_ANY(recvfrom), JAIL_ANY(sendto), JAIL_ANY(recvmsg),
	JAIL_ANY(sendmsg), JAIL_ANY(shutdown), JAIL_ANY(close),
	JAIL_IS(lseek, 2, SEEK_END), /* how large a ring is */
	JAIL_IS(fcntl, 1, F_GETFD), JAIL_IS(fcntl, 1, F_SETFD),
	JAIL_IS(fcntl, 1, F_GETFL), JAIL_IS(fcntl, 1, F_SETFL),
	JAIL_IS(fcntl, 1, F_GET_SEALS), JAIL_IS(ioctl, 1, FIONBIO),
	JAIL_IS(ioctl, 1, FIONREAD), JAIL_ANY(poll), JAIL_ANY(epoll_wait),
	JAIL_ANY(epoll_pwait), JAIL_ANY(epoll_ctl), JAIL_ANY(timerfd_settime),
	JAIL_ANY(clock_gettime), /* where the vDSO cannot tell */
	JAIL_ANY(clock_nanosleep), JAIL_ANY(nanosleep), JAIL_ANY(futex),
	/* the first calls of a thread that was made just before, without which
	 * glibc ends the process */
	JAIL_ANY(rseq), JAIL_ANY(set_robust_list),
	JAIL_ANY(sched_getaffinity), /* malloc() in a thread */
	JAIL_ANY(sched_yield), JAIL_ANY(brk), JAIL_MASK(mmap, 2, PROT_EXEC, 0),
	JAIL_MASK(mprotect, 2, PROT_EXEC, 0), /* malloc() in a thread */
	JAIL_ANY(munmap), JAIL_ANY(mremap), JAIL_ANY(madvise),
	JAIL_ANY(getrandom), JAIL_ANY(getpid), JAIL_ANY(gettid),
	JAIL_ANY(rt_sigreturn), JAIL_ANY(rt_sigprocmask),
	JAIL_ANY(rt_sigaction), JAIL_ANY(sigaltstack),
	JAIL_ANY(restart_syscall), JAIL_ANY(exit), JAIL_ANY(exit_group),
	JAIL_ANY(tgkill), /* abort(); jail_close() says of whom */
};

static const struct jail_rule accept_rules[] = {
	JAIL_ANY(accept4),
	JAIL_IS(getsockopt, 1, SOL_SOCKET), /* what it is, what went wrong */
	JAIL_MASK2(setsockopt, 1, 0xffffffffu, IPPROTO_TCP, 2, 0xffffffffu,
		   TCP_NODELAY),
};

static const struct jail_rule unix_rules[] = {
	JAIL_MASK2(socket, 0, 0xffffffffu, AF_UNIX, 1, SOCKET_TYPE,
		   SOCK_STREAM),
	JAIL_ANY(connect),
};

static const struct jail_rule tcp_rules[] = {
	JAIL_MASK2(socket, 0, 0xffffffffu, AF_INET, 1, SOCKET_TYPE,
		   SOCK_STREAM),
	JAIL_MASK2(socket, 0, 0xffffffffu, AF_INET6, 1, SOCKET_TYPE,
		   SOCK_STREAM),
	JAIL_ANY(connect),
};

static const struct jail_rule ring_rules[] = {
	JAIL_ANY(memfd_create),
	JAIL_IS64(ftruncate, 1, LINKRING_TOTAL),
	JAIL_IS(fcntl, 1, F_ADD_SEALS),
};

static const struct jail_rule disk_rules[] = {
	JAIL_ANY(preadv),   JAIL_ANY(pwritev),	 JAIL_ANY(pread64),
	JAIL_ANY(pwrite64), JAIL_ANY(fdatasync),
};

const struct jail_table jail_base = JAIL_TABLE(base_rules);
const struct jail_table jail_accept = JAIL_TABLE(accept_rules);
const struct jail_table jail_connect_unix = JAIL_TABLE(unix_rules);
const struct jail_table jail_connect_tcp = JAIL_TABLE(tcp_rules);
const struct jail_table jail_rings = JAIL_TABLE(ring_rules);
const struct jail_table jail_disk = JAIL_TABLE(disk_rules);

static const struct jail_rule *
rule_at(const struct jail_table *const *tables, unsigned n, size_t i)
{
	for (; n; n--, tables++) {
		if (i < (*tables)->n)
			return &(*tables)->rules[i];
		i -= (*tables)->n;
	}
	return NULL;
}

static bool
is_first(const struct jail_table *const *tables, unsigned n, size_t at)
{
	int call = rule_at(tables, n, at)->call;
	size_t i;

	for (i = 0; i < at; i++)
		if (rule_at(tables, n, i)->call == call)
			return false;
	return true;
}

unsigned
jail_count(const struct jail_table *const *tables, unsigned n)
{
	unsigned count = 0;
	size_t i;

	for (i = 0; rule_at(tables, n, i); i++)
		count += is_first(tables, n, i);
	return count;
}

static int
allow(scmp_filter_ctx filter, const struct jail_rule *rule)
{
	const struct scmp_arg_cmp own = {
		.arg = 0,
		.op = SCMP_CMP_EQ,
		.datum_a = (scmp_datum_t)getpid(),
	};

	if (rule->call == SCMP_SYS(tgkill))
		return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW,
					      rule->call, 1, &own);
	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, rule->call,
				      rule->n, rule->arg);
}

/*
 * New processes and threads. glibc blocks all signals around these calls
 * (pthread_create(3), posix_spawn(3)), and a blocked SIGSYS ends the process:
 * they fail without a word of ours.
 */
static const int quiet[] = {
	SCMP_SYS(clone),
	SCMP_SYS(clone3),
	SCMP_SYS(fork),
	SCMP_SYS(vfork),
};

static int
refuse_quietly(scmp_filter_ctx filter)
{
	size_t i;
	int rc = 0;

	for (i = 0; !rc && i < COUNT(quiet); i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), quiet[i],
				      0);
	return rc;
}

int
jail_close(const struct jail_table *const *tables, unsigned n)
{
	bool tells = jail_tell();
	scmp_filter_ctx filter =
		seccomp_init(tells ? SCMP_ACT_TRAP : SCMP_ACT_ERRNO(EPERM));
	const struct jail_rule *rule;
	size_t i;
	int rc;

	if (!filter)
		return -ENOMEM;
	/* threads that are there, too */
	rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	/* Linux 4.14; without it nobody is told, and that is all */
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
	for (i = 0; !rc && (rule = rule_at(tables, n, i)); i++)
		rc = allow(filter, rule);
	if (!rc && tells)
		rc = refuse_quietly(filter);
	if (!rc)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	return rc;
}
