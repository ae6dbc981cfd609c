/* SPDX-License-Identifier: MIT */
/*
 * peer.h - between the parts of ioemu-peer: main.c (arguments, sockets),
 * peer.c (its connection), peerops.c (what the device asks of this process),
 * log.c, sandbox.c.
 */
#ifndef SDK_PEER_H
#define SDK_PEER_H

#include "link/linkhost.h"
#include "loop/loop.h"

struct peer {
	struct linkhost *lh; /* first: its calls look here */
	uv_loop_t loop;
	uv_check_t check;
	struct host_plugins *plugins;
	struct hostdev *hd;
	struct clock *clock;
	struct spin *spin;
	struct linksock *sock;
	bool met;	/* the device model, by this connection */
	bool inherited; /* that connection is by whoever started us */
	struct log_budget of_device, of_itself; /* log.c */

	struct ioemu_block *block[8];
	struct ioemu_io flush[8]; /* ours, when the guest is paused */
	unsigned n_blocks;
	bool flushed;
	struct ioemu_chardev *chr[8]; /* NULL: none */
	bool runs;		      /* the guest: input is for it */
};

/* peer.c */
int peer_new(struct peer *peer, uint64_t instance, unsigned poll_us);
void peer_free(struct peer *peer);
/* A connection was made; it takes over fd. */
int peer_attach(struct peer *peer, int fd);
/* The connection is gone; main.c says what then. */
void peer_lost(struct peer *peer, const char *why);

/* log.c: a line of this process, and one of its device. */
void peer_say(struct peer *peer, const char *fmt, ...) IOEMU_PRINTF(2, 3);
void peer_words(struct peer *peer, enum ioemu_level level, const char *text);

/* peerops.c */
extern const struct host_ops peer_ops;
/* What comes in on character devices waits while the guest stands still. */
void peer_input(struct peer *peer, bool on);

struct peer_rights {
	const char *chroot; /* NULL: stay */
	const char *run_as; /* as jail_user() reads it; NULL: stay */
	bool accepts;	    /* connections */
	int connects;	    /* AF_UNIX, AF_INET, AF_INET6; 0: not again */
};

/* sandbox.c: from here on no new files, no new sockets, no privileges. */
int sandbox_enter(struct peer *peer, const struct peer_rights *rights);

#endif
