/* SPDX-License-Identifier: MIT */
/*
 * membars.h - a core with membars at slots of its bus, in processes of their
 * own or in ours; a slot says where their BARs are.
 */
#ifndef MEMBARS_H
#define MEMBARS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core_fixture.h"
#include "processes.h"

#define MEMBAR_ID 0x11e91234u
#define ONES 0xffffffffu

/* Where a function's BARs are put; RAM is 1 MiB at most. */
#define RAM(devfn) (0xf0000000ull + ((uint64_t)(devfn) << 20))
#define REG(devfn) (RAM(devfn) + 0x400000)
#define PORT(devfn) (0xc000u + 8 * (devfn))
#define REG_COUNT 0x04
#define REG_LATE 0x80
#define REG_OPEN 0x98 /* late reads that wait; a write answers them */
#define NEVER_US "delay-us=4000000000" /* but when a test says so */
#define PORT_LATE 12

struct membars {
	struct core core; /* first */
	struct procs procs;
};

/* For cmocka_unit_test_setup_teardown(): *state is a struct membars. */
int membars_setup(void **state);
int membars_setup_no_merge(void **state);
int membars_teardown(void **state);
/* The folder of plugins, before them. */
void membars_plugins(const char *dir);

/* Waits until it is there, then places it. */
void membars_up(struct core *core, unsigned devfn);
/* One behind a Unix socket: `keys` (",key=value") are the peer's, `prop` the
 * device's, or NULL. The i-th of them is procs.pid[i]. */
void membars_add_peer(struct membars *m, unsigned devfn, const char *keys,
		      const char *prop);
/* One in this process: `props` as `keys` above. */
void membars_add_here(struct membars *m, unsigned devfn, const char *props);

/* vCPU `vcpu` looks until so many late reads wait in the device, and has them
 * answered. */
void membars_await_open(struct core *core, unsigned vcpu, unsigned devfn,
			unsigned n);
void membars_release(struct core *core, unsigned vcpu, unsigned devfn);

#endif
