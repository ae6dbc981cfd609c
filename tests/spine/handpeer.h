/* SPDX-License-Identifier: MIT */
/*
 * handpeer.h - a peer that a test plays by hand, in its own process: it
 * connects to where the core listens, answers requests or leaves them, says
 * what it likes, stands still whenever it is not turned, and is gone at a
 * word. A real ioemu-peer does none of that at a moment one can name.
 */
#ifndef HANDPEER_H
#define HANDPEER_H

#include "link/link.h"

#include "spine/core.h"

#define HAND_ID 0xf00d1234u
#define HAND_WORDS 256u
#define HAND_HELD 64u

struct hand_ask {
	struct link_op op; /* first */
	unsigned *answers;
};

struct handpeer {
	/* Before handpeer_connect(). */
	struct link_hello hello;
	bool quiet; /* requests are left unanswered, and ... */
	bool saves; /* SAVE and STATE are answered */
	bool obeys; /* PAUSE is answered */
	void (*up)(struct handpeer *h); /* HELLO came; or NULL */
	void *ctx;
	bool mute; /* nothing is sent but handpeer_bytes() */

	/* After it. */
	struct core *core;
	struct link *link;
	int fd; /* -1: gone */
	bool ended;
	char why[200];		   /* what ended it */
	uint64_t ahead_ns;	   /* its clock is, of ours */
	unsigned seen[HAND_WORDS]; /* messages of ours by their number */
	uint16_t b;		   /* of the last of them */
	unsigned requests;	   /* that came, and of these: */
	unsigned flushes, config_writes;
	uint64_t last_addr; /* of the last one */
	uint32_t config[64];
	uint16_t id; /* from the last CfgWr0 */
	struct hand_ask ask[HAND_HELD];
	unsigned n_ask;
	struct link_in *held[HAND_HELD];
	unsigned n_held;
};

/* A PCI device of function 0 that can save its state. */
void handpeer_init(struct handpeer *h);
/* To a Unix socket; its HELLO is on its way. */
void handpeer_connect(struct handpeer *h, struct core *core, const char *path);
/* It moves bytes, once; then the core's loop turns, once. */
void handpeer_turn(struct handpeer *h);
/* Turns until it is so. */
void handpeer_until(struct handpeer *h, bool (*is)(void *ctx), void *ctx);
/* Until the core had time for all that was sent before. */
void handpeer_settle(struct handpeer *h);
/* Until the core has said this. */
void handpeer_until_said(struct handpeer *h, enum link_word word);
/* As core_access() and its kin of core.h, while it is turned. */
uint64_t handpeer_access(struct handpeer *h, const struct request *req);
uint32_t handpeer_config_read(struct handpeer *h, unsigned devfn, unsigned reg);
void handpeer_config_write(struct handpeer *h, unsigned devfn, unsigned reg,
			   uint32_t v);
/* Its end of the connection goes, unread bytes with it. */
void handpeer_kill(struct handpeer *h);

/* As link_say(). */
void handpeer_say(struct handpeer *h, uint16_t rid, enum link_word word,
		  uint8_t a, uint16_t b, const void *data, uint32_t len);
void handpeer_window(struct handpeer *h, uint16_t rid, uint8_t index,
		     enum ioemu_space space, uint64_t base, uint64_t size);
/* Bytes as they are, beside the link's own. */
void handpeer_bytes(struct handpeer *h, const void *p, size_t n);
/* PING, as it has been silent for long. */
void handpeer_ping(struct handpeer *h);
/* A read of guest memory, waited for; its status. */
int handpeer_read(struct handpeer *h, uint16_t rid, uint64_t gpa, void *buf,
		  uint32_t len);
/* A message as a frame of its own; its length. */
#define HAND_FRAME 4200u
size_t handpeer_frame(uint8_t out[HAND_FRAME], uint8_t code, uint8_t word,
		      uint8_t a, uint16_t b, const void *data, uint32_t len);
/* A read of no bytes, at most 64 of them open; counts the answers. */
void handpeer_ask(struct handpeer *h, unsigned *answers);
/* To a read of no bytes the core has answered; false: it has closed. */
bool handpeer_alive(struct handpeer *h);
void handpeer_answer_held(struct handpeer *h);

#endif
