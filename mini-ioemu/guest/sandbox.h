/* SPDX-License-Identifier: MIT */
/*
 * sandbox.h - what this process gives up once all is open: other domains, its
 * root and user if the toolstack says so, all capabilities, all system calls
 * that the loop does not make.
 */
#ifndef GUEST_SANDBOX_H
#define GUEST_SANDBOX_H

#include "jail/jail.h"

#include "config/conf.h"
#include "helper/spawn.h"
#include "local/disks.h"
#include "xen/xen.h"

#define SANDBOX_TABLES 9u

struct sandbox_env {
	uv_loop_t *loop;
	const struct conf *conf;
	const struct jail_user *user; /* to become; NULL: stay */
	struct xen *xen;
	const struct disks *disks;
	struct spawn *spawn; /* closed */
};

/* -runas, looked up; logs what is wrong. */
int sandbox_user(const struct conf *conf,
		 struct jail_user *out) IOEMU_MUST_CHECK;

/* The system calls of every core. */
struct sandbox_list {
	const struct jail_table *tables[SANDBOX_TABLES];
	unsigned n;
	struct jail_table xen;
	struct jail_rule xen_rules[XEN_REQUESTS];
};

void sandbox_list(struct sandbox_list *out);

/*
 * With nothing left to open, before anything from outside is looked at. Logs
 * what is wrong; -errno: the process must end.
 */
int sandbox_enter(const struct sandbox_env *env) IOEMU_MUST_CHECK;

#endif
