/* SPDX-License-Identifier: MIT */
/*
 * Who says which system call was refused, so that an author of a device need
 * not look for the kernel's log. A process has one handler of SIGSYS, which is
 * why there is state here.
 */
#include "priv.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#define MAX_CALLS 512 /* of x86-64 there are fewer */

/* The result register, and the address after the call. */
#if defined(__x86_64__)
#define RESULT(context) ((context)->uc_mcontext.gregs[REG_RAX])
#elif defined(__aarch64__)
#define RESULT(context) ((context)->uc_mcontext.regs[0])
#endif

#ifdef RESULT
static struct {
	char line[MAX_CALLS][96];
	atomic_bool told[MAX_CALLS];
} calls;

/* Of what a handler of a signal may use (signal-safety(7)). */
static void
refused(int signum, siginfo_t *info, void *context)
{
	int call = info->si_syscall;

	(void)signum;
	if (call >= 0 && call < MAX_CALLS &&
	    !atomic_exchange(&calls.told[call], true) &&
	    write(STDERR_FILENO, calls.line[call], strlen(calls.line[call])) <
		    0)
		(void)0; /* nobody to tell */
	RESULT((ucontext_t *)context) = -EPERM;
}

bool
jail_tell(void)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO | SA_NODEFER };
	int call;
	char *name;

	for (call = 0; call < MAX_CALLS; call++) {
		name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, call);
		snprintf(calls.line[call], sizeof(calls.line[call]),
			 "sandbox: %s() is refused, here and from now on\n",
			 name ? name : "an unknown system call");
		free(name);
	}
	action.sa_sigaction = refused;
	return !sigaction(SIGSYS, &action, NULL);
}
#else
bool
jail_tell(void)
{
	return false;
}
#endif
