/* SPDX-License-Identifier: MIT */
/*
 * What a peer may still do once its device is attached and its socket open:
 * move bytes on descriptors it has, tell the time, sleep, use memory. A system
 * call that is not in the list fails with EPERM.
 */
#include "peer.h"

#include <linux/capability.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static const int allowed[] = {
	SCMP_SYS(read),
	SCMP_SYS(write),
	SCMP_SYS(readv),
	SCMP_SYS(writev),
	SCMP_SYS(pread64),
	SCMP_SYS(pwrite64),
	SCMP_SYS(preadv),
	SCMP_SYS(pwritev),
	SCMP_SYS(recvfrom),
	SCMP_SYS(sendto),
	SCMP_SYS(recvmsg),
	SCMP_SYS(sendmsg),
	SCMP_SYS(accept4),
	SCMP_SYS(shutdown),
	SCMP_SYS(setsockopt),
	SCMP_SYS(close),
	SCMP_SYS(fsync),
	SCMP_SYS(fdatasync),
	SCMP_SYS(lseek),
	SCMP_SYS(fcntl),
	SCMP_SYS(poll),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(timerfd_settime),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep),
	SCMP_SYS(futex),
	SCMP_SYS(sched_yield),
	SCMP_SYS(brk),
	SCMP_SYS(mmap),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(getrandom),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(ioctl),
	SCMP_SYS(tgkill), /* abort() */
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

static int
drop_capabilities(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct none[2] = { { 0 }, { 0 } };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_capset, &head, none))
		return -errno;
	return 0;
}

/* mmap only for memory that cannot be executed, ioctl only to make a socket
 * non-blocking. */
static int
allow(scmp_filter_ctx filter, int call)
{
	const struct scmp_arg_cmp not_exec =
		SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	const struct scmp_arg_cmp nonblock = SCMP_A1(SCMP_CMP_EQ, FIONBIO, 0);

	if (call == SCMP_SYS(mmap))
		return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1,
					      &not_exec);
	if (call == SCMP_SYS(ioctl))
		return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1,
					      &nonblock);
	return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 0, NULL);
}

int
sandbox_enter(void)
{
	scmp_filter_ctx filter;
	int rc = drop_capabilities();
	size_t i;

	if (rc)
		return rc;
	filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	if (!filter)
		return -ENOMEM;
	/* the worker threads of disk I/O too */
	rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	for (i = 0; !rc && i < sizeof(allowed) / sizeof(allowed[0]); i++)
		rc = allow(filter, allowed[i]);
	if (!rc)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	return rc;
}
