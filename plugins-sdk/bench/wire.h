/* SPDX-License-Identifier: MIT */
/* wire.h - a link of the bench, between wire.c and wirereq.c. */
#ifndef SDK_BENCH_WIRE_H
#define SDK_BENCH_WIRE_H

#include "machine.h"

#define WIRE_WINDOWS (7u + HOST_MAX_WINDOWS) /* BARs, ROM, fixed ones */

enum wire_end { ROOT, PEER, N_ENDS };

/* What the root knows of a window. */
struct wire_window {
	struct host_window w; /* first; of no hostdev, w.host is the wire */
	bool readonly, writeonly, fence;
};

/* A device, with its children, at the other end of a socket. */
struct wire {
	struct machine *m;
	struct slot *slot;
	struct linkhost *lh;
	struct link *link[N_ENDS]; /* NULL: not yet */
	int fd[N_ENDS];
	size_t coming[N_ENDS]; /* bytes in the socket, on their way there */
	bool closing;
	uint16_t id; /* bus, device, function */
	struct wire_window config, window[WIRE_WINDOWS];

	/* The guest's access. Not its own memory: a test that fails leaves. */
	struct link_op op;
	bool done;
	uint8_t data[HOST_MAX_DATA];
};

#endif
