/* SPDX-License-Identifier: MIT */
/*
 * scripted_peer.h - a peer that a test plays by hand, in its own process: it
 * connects to where the core listens, answers requests or leaves them, says
 * what it likes, stands still whenever it is not turned, and is gone at a
 * word. A real ioemu-peer does none of that at a moment one can name.
 */
#ifndef SCRIPTED_PEER_H
#define SCRIPTED_PEER_H

#include "link/link.h"

#include "core_fixture.h"

#define HANDOVER_ID 0xf00d1234u
#define HANDOVER_WORDS 256u
#define HANDOVER_HELD 64u

struct handover_ask {
	struct link_op op; /* first */
	unsigned *answers;
};

struct scripted_peer {
	/* Before scripted_peer_connect(). */
	struct link_hello hello;
	bool quiet; /* requests are left unanswered, and ... */
	bool saves; /* SAVE and STATE are answered */
	bool obeys; /* PAUSE is answered */
	void (*up)(struct scripted_peer *h); /* HELLO came; or NULL */
	void *ctx;
	bool mute; /* nothing is sent but scripted_peer_bytes() */

	/* After it. */
	struct core *core;
	struct link *link;
	int fd; /* -1: gone */
	bool ended;
	char why[200];		       /* what ended it */
	uint64_t ahead_ns;	       /* its clock is, of ours */
	unsigned seen[HANDOVER_WORDS]; /* messages of ours by their number */
	uint16_t b;		       /* of the last of them */
	unsigned requests;	       /* that came, and of these: */
	unsigned flushes, config_writes;
	uint64_t last_addr; /* of the last one */
	uint32_t config[64];
	uint16_t id; /* from the last CfgWr0 */
	struct handover_ask ask[HANDOVER_HELD];
	unsigned n_ask;
	struct link_in *held[HANDOVER_HELD];
	unsigned n_held;
};

/* A PCI device of function 0 that can save its state. */
void scripted_peer_init(struct scripted_peer *h);
/* To a Unix socket; its HELLO is on its way. */
void scripted_peer_connect(struct scripted_peer *h, struct core *core,
			   const char *path);
/* It moves bytes, once; then the core's loop turns, once. */
void scripted_peer_turn(struct scripted_peer *h);
/* Turns until it is so. */
void scripted_peer_until(struct scripted_peer *h, bool (*is)(void *ctx),
			 void *ctx);
/* Until the core had time for all that was sent before. */
void scripted_peer_settle(struct scripted_peer *h);
/* Until the core has said this. */
void scripted_peer_until_said(struct scripted_peer *h, enum link_word word);
/* As core_access() and its kin of core.h, while it is turned. */
uint64_t scripted_peer_access(struct scripted_peer *h,
			      const struct request *req);
uint32_t scripted_peer_config_read(struct scripted_peer *h, unsigned devfn,
				   unsigned reg);
void scripted_peer_config_write(struct scripted_peer *h, unsigned devfn,
				unsigned reg, uint32_t v);
/* Its end of the connection goes, unread bytes with it. */
void scripted_peer_kill(struct scripted_peer *h);

/* As link_say(). */
void scripted_peer_say(struct scripted_peer *h, uint16_t rid,
		       enum link_word word, uint8_t a, uint16_t b,
		       const void *data, uint32_t len);
void scripted_peer_window(struct scripted_peer *h, uint16_t rid, uint8_t index,
			  enum ioemu_space space, uint64_t base, uint64_t size);
/* Bytes as they are, beside the link's own. */
void scripted_peer_bytes(struct scripted_peer *h, const void *p, size_t n);
/* PING, as it has been silent for long. */
void scripted_peer_ping(struct scripted_peer *h);
/* A read of guest memory, waited for; its status. */
int scripted_peer_read(struct scripted_peer *h, uint16_t rid, uint64_t gpa,
		       void *buf, uint32_t len);
/* A message as a frame of its own; its length. */
#define HANDOVER_FRAME 4200u
size_t scripted_peer_frame(uint8_t out[HANDOVER_FRAME], uint8_t code,
			   uint8_t word, uint8_t a, uint16_t b,
			   const void *data, uint32_t len);
/* A read of no bytes, at most 64 of them open; counts the answers. */
void scripted_peer_ask(struct scripted_peer *h, unsigned *answers);
/* To a read of no bytes the core has answered; false: it has closed. */
bool scripted_peer_alive(struct scripted_peer *h);
void scripted_peer_answer_held(struct scripted_peer *h);

#endif
