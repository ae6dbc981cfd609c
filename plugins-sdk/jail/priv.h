/* SPDX-License-Identifier: MIT */
/* jail/priv.h - between the list of system calls (jail.c) and who says what was
 * refused (report.c); not installed. */
#ifndef SDK_JAIL_PRIV_H
#define SDK_JAIL_PRIV_H

#include "jail/jail.h"

/*
 * From now on a system call that a filter answers by SIGSYS (seccomp(2),
 * SECCOMP_RET_TRAP) fails with EPERM, and the first of each number says so on
 * standard error. False: not on this processor.
 */
bool jail_tell(void);

#endif
