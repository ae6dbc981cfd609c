/* SPDX-License-Identifier: MIT */
/*
 * linkhost.h - between linkhost.c (what the root asks), linkhost_call.c (what
 * devices ask) and linkhost_state.c (pausing, saving); not installed.
 */
#ifndef SDK_LINK_LINKHOST_PRIV_H
#define SDK_LINK_LINKHOST_PRIV_H

#include "link/linkhost.h"

#define LINKHOST_DEVICES 16u

/* One request of the root being worked on, run by run of enabled bytes. */
struct linkhost_access {
	struct host_op op; /* first */
	struct linkhost *lh;
	struct link_in *in;
	uint64_t addr; /* the run at hand */
	uint32_t len;
	struct linkhost_access *next; /* free, or a flush that waits */
};

struct linkhost_dma; /* a DMA read in flight */

enum linkhost_phase {
	LINKHOST_PAUSED,
	LINKHOST_BLANK, /* paused, and the last word was RESET (power) or a
			   piece of state: only now a state may come */
	LINKHOST_RUNNING,
	LINKHOST_PAUSING, /* clock stopped, not yet quiet */
};

struct linkhost {
	const struct linkhost_ops *ops;
	void *user;
	uint64_t instance;
	uint32_t caps;	   /* that its host can do */
	struct link *link; /* NULL: none */
	struct hostdev *dev[LINKHOST_DEVICES];
	unsigned n_devs;
	uint16_t id; /* bus and device, from configuration writes */
	enum linkhost_phase phase;
	uint16_t pause; /* number of the PAUSE that PAUSED answers */

	struct linkhost_access *free, *flushes;
	unsigned n_free;
	unsigned n_posted; /* posted writes begun and not done */

	uint32_t lines; /* levels that the root was told */
	struct linkhost_dma *dma_free;
	unsigned n_dma;

	uint8_t *state; /* coming in */
	uint32_t state_len, state_size, state_total;
};

/* linkhost.c: the bus and device number that its requests and completions
 * carry; 0: none yet. */
void linkhost_number(struct linkhost *lh, uint16_t id);

/* linkhost_call.c: say what windows and lines are, to a root that does not
 * know. */
void linkhost_announce(struct linkhost *lh);
void linkhost_dma_free(struct linkhost *lh);

/* linkhost_state.c: the life-cycle messages. False: it breaks the protocol. */
bool linkhost_message(struct linkhost *lh, const struct link_msg *msg);
void linkhost_lost(struct linkhost *lh);

#endif
