/* SPDX-License-Identifier: MIT */
/*
 * procs.h - processes of ioemu-peer that a test starts, stops and kills, and
 * the folder with their sockets. None outlives the test, however that ends.
 */
#ifndef PROCS_H
#define PROCS_H

#include <stdbool.h>
#include <sys/types.h>

#define PROCS_MAX 16u

struct procs {
	const char *plugin_dir; /* beside ioemu-peer */
	char dir[64];
	char text[160];
	pid_t pid[PROCS_MAX];
	unsigned n;
};

void procs_open(struct procs *p, const char *plugin_dir);
/* The folder must be empty but for sockets. */
void procs_close(struct procs *p);

/* `form` with the folder's name for %s, until the next call. */
const char *procs_text(struct procs *p, const char *form);
/* ioemu-peer `how` (--connect or --listen) `addr`, with a property or NULL. */
pid_t procs_start(struct procs *p, const char *plugin, const char *how,
		  const char *addr, const char *prop);
/* Sends a signal and waits for its end; it may be stopped. */
void procs_end(struct procs *p, pid_t pid, int sig);
/* Has it ended? Then it is forgotten. */
bool procs_ended(struct procs *p, pid_t pid);

#endif
