/* SPDX-License-Identifier: MIT */
/* jailpriv.h - between the list of system calls (jail.c) and who says what was
 * refused (jailtell.c); not installed. */
#ifndef JAILPRIV_H
#define JAILPRIV_H

#include "jail/jail.h"

/*
 * From now on a system call that a filter answers by SIGSYS (seccomp(2),
 * SECCOMP_RET_TRAP) fails with EPERM, and the first of each number says so on
 * standard error. False: not on this processor.
 */
bool jail_tell(void);

#endif
