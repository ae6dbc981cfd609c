/* SPDX-License-Identifier: MIT */
/*
 * whole.h - the whole program less main.c and xen.c: a command line, the
 * machine description that is installed and the plugins as built, around a
 * scripted Xen. A failure to make it is the test's failure.
 */
#ifndef WHOLE_H
#define WHOLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_xen.h"
#include "host/host.h"
#include "limit.h"
#include "machine/machine.h"

#define WHOLE_SECTOR 512u
#define WHOLE_SERVER 7u /* what one machine tells the next */
#define WHOLE_PORT 42u
#define WHOLE_SECTORS 64u /* of the disk; sector i is full of the byte i */

#define WHOLE_PATIENT 4u

struct whole {
	uv_loop_t loop;
	struct conf conf;
	struct host_plugins *plugins;
	struct handover
		*handover; /* of the machine before; NULL: a fresh guest */
	struct machine *machine;
	bool sandbox; /* shut it: what whole_start() does, it does for good */
	char dir[32]; /* with the files "disk", "serial" and "qmp" */
	char word[4][96];
	char patient[WHOLE_PATIENT][1024]; /* words of peers (patient.h) */
};

/* What fake_xen.c leaves out: how the guest is opened and rings. */
struct whole_ends {
	struct xen *xen;
	int fd;
	int open_rc, ready_rc, events_rc, restrict_rc; /* what Xen says */
	unsigned ready;				       /* told that it serves */
	unsigned pid;	   /* and that it is another process now */
	unsigned adopted;  /* calls of xen_adopt() */
	bool any_handover; /* which may be given anything */
};

/* In memory that the helper of spawn.h has, too. */
extern struct whole_ends *whole_shared;
#define whole_end (*whole_shared)

/* For cmocka_unit_test_setup_teardown(): *state is a struct whole. */
int whole_setup(void **state);
int whole_teardown(void **state);

/* "BEFORE" and the path of a file in w->dir, until the next call with i. */
const char *whole_path(struct whole *w, unsigned i, const char *before,
		       const char *name);
/* `more` are words of the command line, or NULL: all that machine_new() needs,
 * and what that says. */
void whole_configure(struct whole *w, const char *plugin_dir,
		     const char *const *more);
int whole_start(struct whole *w, const char *plugin_dir,
		const char *const *more);
void whole_stop(struct whole *w);

/* isolate=on finds ioemu-peer beside the plugins as built. */
void whole_find_peer(const char *plugin_dir);

/* The guest is somewhere else now: its memory and lines, nothing claimed. */
void whole_move(void);

/* The event channel of a vCPU below 8 rings; of vCPU 0. */
void whole_ring_by(unsigned vcpu);
void whole_ring(void);
/* The loop turns until vCPU 0 has an answer. */
uint64_t whole_answer(struct whole *w);
/* It asks, and has one. */
uint64_t whole_access(struct whole *w, const struct request *req);
/* One access to a port. */
uint32_t whole_in(struct whole *w, uint16_t port, uint32_t size);
void whole_out(struct whole *w, uint16_t port, uint32_t size, uint32_t v);

#endif
