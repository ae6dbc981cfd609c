/* SPDX-License-Identifier: MIT */
/*
 * link/link.h - one end of a link between a device model ("root") and a
 * device in a process of its own ("peer"): requests, completions and messages
 * over a byte stream that somebody else moves. doc/wire.md is what goes over
 * it; libioemu-host.a holds both ends, which differ in little.
 *
 * Everything the other end sends is checked before anyone sees it. What it
 * must not do closes the link, with one reason; the link then takes nothing
 * more, and everything it had promised to answer is answered with all ones.
 *
 * All callbacks come from inside link_received(), link_tick(),
 * link_submit(), link_answer() or link_close(), and may call any of them.
 */
#ifndef SDK_LINK_H
#define SDK_LINK_H

#include "host/host.h"

enum link_role { LINK_ROOT = 1, LINK_PEER = 2 };

/* What the peer is. */
enum link_kind {
	LINK_KIND_PCI = 1, /* functions in a slot */
	LINK_KIND_RAW = 2, /* windows at fixed addresses */
};

#define LINK_CAP_STATE 0x1u   /* can save and load its state */
#define LINK_CAP_RING 0x2u    /* may change to shared-memory rings */
#define LINK_CAP_WINDOWS 0x4u /* names raw windows of its own */
#define LINK_CAP_AGAIN 0x8u   /* connects again, its state intact */

#define LINK_NAME_SIZE 25u /* with the terminating 0 */

/* What each end says of itself (HELLO). */
struct link_hello {
	uint8_t major, minor;
	enum link_role role;
	enum link_kind kind;   /* peers */
	uint8_t functions;     /* peers: a bit for each function there is */
	uint16_t max_payload;  /* bytes, 128 to 4096, as PCIe's MPS ... */
	uint16_t max_read;     /* ... and MRRS */
	uint16_t np_credits;   /* non-posted requests it has room for */
	uint16_t p_credits;    /* posted requests, */
	uint16_t p_data;       /* and their data, units of 16 bytes */
	uint16_t rcb;	       /* its completions end on multiples: 64, 128 */
	uint16_t keepalive_ms; /* longest silence it bears; 0: any */
	uint64_t instance;     /* who it is, while it has its state */
	uint32_t caps;
	char name[LINK_NAME_SIZE];
};

/* ---- requests of ours ------------------------------------------------------
 */

enum link_op_kind {
	LINK_READ,
	LINK_WRITE, /* memory: posted; ports and configuration: not */
	LINK_FENCE, /* a memory write that ends when it has arrived */
	LINK_FLUSH, /* no data; ends when all posted before has arrived */
};

/*
 * A request. The caller's until link_submit(), the link's until
 * done(). A posted one is done when its bytes are in the link's hands, which
 * may be inside link_submit(); if the other end takes too little, later.
 */
struct link_op {
	enum link_op_kind kind;
	enum ioemu_space space; /* IOEMU_CONFIG: addr is bus, device and
				   function << 32 | register */
	uint64_t addr;
	uint32_t len;  /* 1 to HOST_MAX_DATA; ports, configuration: to 4 */
	uint8_t *data; /* guest memory order; read: preset by the link */
	uint16_t requester;
	/* In done(): 0; -EIO: refused (UR, CA); -ETIMEDOUT; -ENOTCONN: the
	 * link closed. Not 0: all data of a read is ones. */
	int status;
	void (*done)(struct link_op *op);

	struct link_op *next; /* the link's own ... */
	uint32_t sent;	      /* bytes asked for or sent */
	unsigned tags;	      /* requests not yet answered */
	uint64_t after;	      /* posted frames to go out first */
	uint64_t since_ns;
};

/*
 * A guest's access to a window, as requests (doc/wire.md, section 4): a string
 * over consecutive addresses is one if the window is prefetchable, else each
 * element is one. Puts what the next one says, from element *i on, into op and
 * moves *i on; false: there is none. access->window->base is the address that
 * goes out; what lies outside the window does not: a read finds its data preset
 * to ones.
 */
bool link_op_next(struct link_op *op, const struct host_op *access,
		  uint32_t *i);

/* ---- requests of the other end ----------------------------------------------
 */

/*
 * A request that came in. The receiver's until link_answer(), which every one
 * must get, posted or not: it gives the credit back. Bytes the request does
 * not enable are not to be touched: go through its runs.
 */
struct link_in {
	enum ioemu_space space;
	bool write, posted;
	uint16_t requester;
	uint64_t base; /* address of data[0], as in struct link_op */
	uint8_t *data; /* write: what came; read: put it here, preset to ones */
	uint16_t completer; /* id of who answers, as link_set_id() says, or the
			       target of a configuration request to a function
			       that is not there */
	struct link *link;
	void *user; /* the receiver's own */
};

/* The enabled bytes in ascending order: start with *addr and *len 0. False:
 * no more; a flush has none. */
bool link_in_run(const struct link_in *in, uint64_t *addr, uint32_t *len);

/* 0: done, or a negative value: nobody takes it (completion status UR). */
void link_answer(struct link_in *in, int status);

/* ---- messages --------------------------------------------------------------
 */

#define LINK_ASSERT_INTX 0x20u	 /* + 0 for INTA# ... 3 for INTD# */
#define LINK_DEASSERT_INTX 0x24u /* likewise */
#define LINK_VENDOR_MSG 0x7fu	 /* of ours: the rest has a meaning */

/* What messages of ours say; doc/wire.md has the payloads. */
enum link_word {
	LINK_WINDOW = 0x01, /* peer: a window appears or goes */
	LINK_LINE = 0x02,   /* peer: an ISA interrupt's level */
	LINK_PAUSED =
		0x03, /* peer: it is quiet, and its clock; b as in PAUSE */
	LINK_LOADED = 0x04, /* peer: state was taken, or not */
	LINK_LOG = 0x05,    /* peer: a line of text */
	LINK_STATE = 0x10,  /* both: a piece of saved state */
	LINK_RUN = 0x81,    /* root: the guest runs, and its clock */
	LINK_PAUSE = 0x82,  /* root: become quiet; b: a number */
	LINK_RESET = 0x83,  /* root: enum ioemu_reset */
	LINK_SAVE = 0x84,   /* root: send your state */
};

#define LINK_STATE_MAX (64u << 20) /* bytes of saved state */
#define LINK_STATE_HEAD 8u	   /* of a STATE message: offset and total */

/* What LOADED says. */
enum link_loaded {
	LINK_LOADED_GOOD,
	LINK_LOADED_CORRUPT,
	LINK_LOADED_TYPE,
	LINK_LOADED_VERSION,
	LINK_LOADED_FAILED,
};

struct link_msg {
	uint8_t code;
	uint16_t requester;
	enum link_word word; /* LINK_VENDOR_MSG: these three */
	uint8_t a;
	uint16_t b;
	const uint8_t *data; /* a multiple of 4 bytes, or NULL */
	uint32_t len;
};

struct link_window {
	uint8_t index; /* PCI: BAR 0 to 5, 6 ROM; raw: the peer's number */
	enum ioemu_space space;
	bool mapped;
	bool prefetchable, readonly, writeonly, fence;
	uint64_t base, size; /* inside the space; size not 0 if mapped */
};

/* Root: the guest runs, and this is its clock; a reset. */
void link_say_run(struct link *link, uint64_t now_ns);
void link_say_reset(struct link *link, enum ioemu_reset why);
/* Its state, in pieces; no bytes: it cannot be had. */
void link_say_state(struct link *link, uint16_t requester, const void *state,
		    uint32_t total);
/* A piece of it: its offset, its msg->b bytes at msg->data + LINK_STATE_HEAD.
 * False: it breaks the protocol. */
bool link_state_decode(const struct link_msg *msg, uint32_t *at,
		       uint32_t *total);
/* Peer: */
void link_say_window(struct link *link, uint16_t requester,
		     const struct link_window *w);
/* False: it breaks the protocol. */
bool link_window_decode(const struct link_msg *msg, struct link_window *out);

/* ---- the link --------------------------------------------------------------
 */

/* Counters in the manner of PCIe's Advanced Error Reporting. */
struct link_stats {
	uint64_t frames_in, frames_out, bytes_in, bytes_out;
	uint64_t timeouts;    /* requests of ours, not answered in time */
	uint64_t unexpected;  /* completions nobody asked for: dropped */
	uint64_t late;	      /* completions after the time-out: dropped */
	uint64_t unsupported; /* requests of the other end, answered UR */
	uint64_t refused;     /* requests of ours, answered UR or CA */
	uint64_t poisoned;    /* data marked wrong */
	uint64_t malformed;   /* closed the link */
};

struct link;

struct link_ops {
	/* The other end's HELLO is there and fits: requests may go. */
	void (*up)(struct link *link, const struct link_hello *hello);
	void (*request)(struct link *link, struct link_in *in);
	void (*message)(struct link *link, const struct link_msg *msg);
	/* Closed, once; `why` is a sentence for a log. Everything in flight is
	 * answered before. */
	void (*down)(struct link *link, const char *why);
	/* There is output, where there was none. */
	void (*wake)(struct link *link);
	uint64_t (*now)(struct link *link); /* ns, monotonic */
};

struct link_config {
	struct link_hello hello; /* ours */
	unsigned tags;		 /* most requests of ours in flight, to 1024 */
	uint64_t timeout_ns;	 /* completion time-out */
	const struct link_ops *ops;
	void *user;
};

/* Allocates all it needs as long as the other end keeps to its credits and
 * `high` posted bytes wait. Its HELLO is the first output. */
int link_new(const struct link_config *config, struct link **out);
/* Bus and device number of this end, in bits 15:3: who completes what the
 * other end asks. 0 before it is set. */
void link_set_id(struct link *link, uint16_t id);
/* Closed before; not from a callback. */
void link_free(struct link *link);
void *link_user(const struct link *link);
bool link_is_up(const struct link *link);
const struct link_hello *link_other(const struct link *link);
const struct link_stats *link_stats(const struct link *link);

/* Never fails: a link that is not up answers at once, -ENOTCONN. */
void link_submit(struct link *link, struct link_op *op);

/*
 * Post without being told when it is out: a memory write, a message. Copied.
 * Nothing happens on a link that is not up. Who does this much looks at
 * link_crowded() and does less.
 */
void link_post(struct link *link, uint16_t requester, uint64_t addr,
	       const void *data, uint32_t len);
void link_say(struct link *link, const struct link_msg *msg);
bool link_crowded(const struct link *link);

enum link_reason {
	LINK_END = 0,
	LINK_BAD_VERSION = 1,
	LINK_BAD_HELLO = 2,
	LINK_MALFORMED = 3,
	LINK_NO_CREDIT = 4,
	LINK_UNEXPECTED = 5,
	LINK_SILENCE = 6,
	LINK_NO_PLACE = 7,
	LINK_FAILURE = 8,
};

/* Ends it from our side; BYE goes out if it can. */
void link_close(struct link *link, enum link_reason reason, const char *why);

/* The next byte to send; 0: nothing now. */
size_t link_output(const struct link *link, const uint8_t **bytes);
void link_sent(struct link *link, size_t n);

/* Where bytes that arrive go, always at least one; then how many did. */
uint8_t *link_input(struct link *link, size_t *room);
void link_received(struct link *link, size_t n);

/*
 * Its bytes may change their way, once: from a socket to rings of bytes in
 * shared memory (doc/wire.md, section 13). The link says when; whoever moves
 * them has memory and descriptors. Where neither end sets LINK_CAP_RING, all
 * go one way.
 */
enum link_way {
	LINK_SOCKET,
	LINK_RING_FRAME, /* the socket: RING, from its first byte on */
	LINK_RING,
};

/* Where things are in that memory. */
struct link_ring {
	uint32_t total;
	struct {
		uint32_t block, ring, size;
	} root, peer;
};

/* The way of what link_output() gives next, and of what comes next. */
enum link_way link_way_out(const struct link *link);
enum link_way link_way_in(const struct link *link);
/* Root: RING may be said, and was not. */
bool link_ring_due(const struct link *link);
/* Peer: RING, and a descriptor with it, may come. */
bool link_ring_awaited(const struct link *link);
/* Peer: its first byte came, and the descriptor with that. */
bool link_ring_begun(const struct link *link);
/* Root: offers `ring`. Peer: agrees to what came, with NULL. */
void link_ring_say(struct link *link, const struct link_ring *ring);
/* Peer: what came, checked. */
const struct link_ring *link_ring(const struct link *link);
/* Bytes that came over the socket when link_way_in() is LINK_RING. */
void link_doorbell(struct link *link, const uint8_t *p, size_t n);

/* When link_tick() wants to be called, UINT64_MAX: never. */
uint64_t link_deadline(const struct link *link);
void link_tick(struct link *link);

#endif
