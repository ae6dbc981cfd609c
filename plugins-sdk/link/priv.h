/* SPDX-License-Identifier: MIT */
/*
 * link/priv.h - between link.c (life, frames), out.c (requests of ours), tag.c
 * (their lists and ends), timeout.c, in.c (requests of the other end), switch.c
 * (from a socket to rings) and hello.c.
 */
#ifndef SDK_LINK_PRIV_H
#define SDK_LINK_PRIV_H

#include "link/link.h"

#include "tlp.h"

#define FRAME_HEADER 4u
#define FRAME_MAX (FRAME_HEADER + TLP_MAX)

enum frame_type {
	FRAME_HELLO = 1,
	FRAME_CREDIT = 2,
	FRAME_TLP = 3,
	FRAME_PING = 4,
	FRAME_PONG = 5,
	FRAME_BYE = 6,
	FRAME_RING = 7,
};

#define CREDIT_SIZE 12u /* counters of P headers, P data, NP headers */
#define P_UNIT 16u	/* bytes of posted data a credit is worth */

#define IN_SIZE 65536u
/* Bytes in `out` above which no TLP is added, and bytes in `fifo` above which
 * those who post wait. */
#define OUT_HIGH 65536u
#define FIFO_HIGH 65536u

/* A queue of bytes. */
struct bytes {
	uint8_t *p;
	size_t head, used, cap;
};

/* Room for n more at the end, or NULL; then used += n is the caller's. */
uint8_t *bytes_room(struct bytes *b, size_t n);
void bytes_drop(struct bytes *b, size_t n);

enum tag_state {
	TAG_FREE,
	TAG_WAIT,
	TAG_LATE, /* timed out: not used again before its answer came */
};

#define TAG_NONE UINT16_MAX

struct tag {
	enum tag_state state;
	struct link_op *op;
	struct tlp_range left; /* bytes still to come */
	uint64_t addr;	       /* of this request ... */
	uint32_t at, len;      /* ... and its place in op->data */
	uint16_t requester;
	bool data;	     /* answered with data */
	uint16_t next, prev; /* waiting: by age; free: a queue */
};

struct tag_list {
	uint16_t first, last;
};

/* What a receiver grants, as PCIe counts it: totals since HELLO. */
struct credits {
	uint32_t p, data, np;
};

struct op_list {
	struct link_op *first, **last;
};

struct request {
	struct link_in in; /* first */
	struct tlp tlp;
	struct request *next; /* free */
	uint8_t data[TLP_MAX_DATA];
};

/* The switch from a socket to rings, each direction by itself. */
struct link_switch {
	bool said, came; /* RING of ours, of the other end */
	size_t left;	 /* bytes of `out` up to the end of ours, and ... */
	size_t size;	 /* ... its own size */
	struct link_ring ring;
};

enum link_state { LINK_WAITS, LINK_UP, LINK_CLOSED };

struct link {
	struct link_config config;
	const struct link_ops *ops;
	enum link_state state;
	bool freed;
	struct link_hello other;
	unsigned mps, mrrs; /* in effect */
	struct link_stats stats;

	/* out.c */
	struct bytes out;  /* frames on their way */
	struct bytes fifo; /* posted requests and completions, as frames */
	uint64_t fifo_queued, fifo_sent; /* frames so far */
	struct op_list np, queued;
	struct credits limit, used; /* the other end's, what we took of it */
	struct tag *tag;
	unsigned n_tags, n_late;
	struct tag_list tag_free, tag_wait;

	/* timeout.c */
	uint64_t woke_ns; /* when it was last seen that we had stood still */

	/* in.c */
	struct request *pool, *pool_free;
	unsigned n_pool, n_open;
	uint16_t id; /* bus and device of this end */
	struct credits granted, taken, told;

	/* switch.c */
	struct link_switch ring;

	/* link.c */
	uint64_t made_ns, heard_ns, said_ns, pinged_ns;
	bool pinged; /* and no PONG yet */
	size_t in_used;
	uint8_t in[IN_SIZE];
};

/* link.c */
void link_malformed(struct link *link, const char *what);
/* A frame's body, to be filled in; NULL: no memory, the link is closed. */
uint8_t *link_frame(struct link *link, struct bytes *b, enum frame_type type,
		    size_t len);
uint64_t link_now(struct link *link);
void link_send_ping(struct link *link, uint64_t now);

/* hello.c */
size_t hello_encode(const struct link_hello *h, uint8_t *out);
/* NULL, or what is wrong with it. */
const char *hello_decode(const uint8_t *p, size_t len, struct link_hello *out);
#define HELLO_MAJOR 1u
#define HELLO_MINOR 1u
#define HELLO_MAX 512u /* bytes, options included */

/* out.c */
int linkout_new(struct link *link);
void linkout_up(struct link *link);
void linkout_pump(struct link *link);
/* Put a posted TLP or a completion into the queue; false: no memory, the link
 * is closed. `data` is from the first enabled byte on. */
bool linkout_queue(struct link *link, const struct tlp *t, const uint8_t *data,
		   uint32_t len);
const char *linkout_credit(struct link *link, const uint8_t *p, size_t len);
void linkout_completion(struct link *link, const struct tlp *t);
void linkout_close(struct link *link); /* everything is answered */
void linkout_free(struct link *link);

/* tag.c */
void linkop_list_init(struct op_list *list);
void linkop_push(struct op_list *list, struct link_op *op);
struct link_op *linkop_pop(struct op_list *list); /* NULL: empty */
void linkop_end(struct link_op *op, int status);
void linktag_push(struct link *link, struct tag_list *list, uint16_t i);
void linktag_take(struct link *link, struct tag_list *list, uint16_t i);
/* The last completion of a request is there. */
void linktag_end(struct link *link, uint16_t i, int status);

/* timeout.c */
void linktime_tick(struct link *link, uint64_t now);
/* When that is due; UINT64_MAX: never, as nothing waits. */
uint64_t linktime_deadline(const struct link *link);

/* switch.c */
void linkswitch_in(struct link *link, const uint8_t *p, size_t len);
/* Bytes of `out` that go the same way. */
size_t linkswitch_room(const struct link *link);
void linkswitch_sent(struct link *link, size_t n);

/* message.c */
void linkmsg_in(struct link *link, const struct tlp *t);

/* in.c */
int linkin_new(struct link *link);
void linkin_request(struct link *link, const struct tlp *t);
/* False: more than was granted, and the link is closed. */
bool linkin_credits_ok(struct link *link, const struct tlp *t);
void linkin_credits_return(struct link *link, const struct tlp *t);
void linkin_credits_tell(struct link *link);
void linkin_free(struct link *link);

#endif
