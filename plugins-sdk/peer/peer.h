/* SPDX-License-Identifier: MIT */
/*
 * peer.h - between the parts of ioemu-peer: main.c (arguments, sockets),
 * peer.c (what the root asks), peerops.c (what the device asks), peerstate.c
 * (pausing, saving), sandbox.c.
 */
#ifndef PEER_H
#define PEER_H

#include <ioemu/loop.h>

#define PEER_NP 128u	   /* requests of the root at a time, ... */
#define PEER_P 128u	   /* ... posted ones, and their data */
#define PEER_P_DATA 32768u /* units of 16 bytes: 512 KiB */
#define PEER_TAGS 64u	   /* requests of ours in flight */

/* One request of the root being worked on, run by run of enabled bytes. */
struct peer_access {
	struct host_op op; /* first */
	struct peer *peer;
	struct link_in *in;
	uint64_t addr; /* the run at hand */
	uint32_t len;
	struct peer_access *next; /* free, or a flush that waits */
};

struct peer_dma; /* a DMA read in flight */

struct peer {
	uv_loop_t loop;
	struct host_plugins *plugins;
	struct hostdev *hd;
	struct clock *clock;
	uint64_t instance;

	struct link *link;
	struct linksock *sock;
	uint16_t id; /* bus and device, from configuration writes */

	struct peer_access *free, *flushes;
	unsigned n_free;
	unsigned n_posted; /* posted writes begun and not done */

	struct peer_dma *dma_free;
	unsigned n_dma;

	struct ioemu_block *block[8];
	unsigned n_blocks;

	bool running, pausing;
	uint8_t *state; /* coming in */
	uint32_t state_len, state_total;
};

/* peer.c: a connection was made; it takes over fd. */
int peer_attach(struct peer *peer, int fd);
int peer_new(struct peer *peer);
void peer_free(struct peer *peer);
/* The connection is gone; main.c says what then. */
void peer_lost(struct peer *peer, const char *why);

/* peerops.c */
extern const struct host_ops peer_ops;
/* Say what windows and lines are, to a root that does not know. */
void peer_announce(struct peer *peer);
bool peer_dma_idle(const struct peer *peer);
void peer_dma_free(struct peer *peer);

/* peerstate.c: the life-cycle messages. False: it breaks the protocol. */
bool peer_message(struct peer *peer, const struct link_msg *msg);
void peer_check_quiet(struct peer *peer);

/* sandbox.c: from here on no new files, no new sockets, no privileges. */
int sandbox_enter(void);

#endif
