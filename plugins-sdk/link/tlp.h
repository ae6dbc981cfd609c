/* SPDX-License-Identifier: MIT */
/*
 * tlp.h - transaction layer packets: bytes to struct tlp and back, and the
 * arithmetic of requests and completions. Pure functions: nothing is
 * allocated, sent, timed or remembered. doc/wire.md is the specification.
 *
 * A completer:                          A requester:
 *   left = tlp_answer(&req);              tlp_set_range(&req, addr, n);
 *   tlp_complete(&req, id, TLP_SC, &cpl); left = tlp_answer(&req);
 *   while (left.len)                      for each CplD that comes in
 *           tlp_cpl_next(&cpl, &left,             n = tlp_cpl_take(&cpl,
 *                        rcb, mps);                       &left, rcb);
 *                                         until left.len is 0
 */
#ifndef SDK_LINK_TLP_H
#define SDK_LINK_TLP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TLP_MAX_HEADER 16u
#define TLP_MAX_DATA 4096u
#define TLP_MAX (TLP_MAX_HEADER + TLP_MAX_DATA)
#define TLP_TAGS 1024u

enum tlp_kind {
	TLP_MRD,
	TLP_MWR,
	TLP_CPL,
	TLP_CPLD,
	TLP_IORD,
	TLP_IOWR,
	TLP_CFGRD0,
	TLP_CFGWR0,
	TLP_CFGRD1,
	TLP_CFGWR1,
	TLP_MSG,
	TLP_MSGD,
	/* Known, never served: UR for the requests, unexpected completions. */
	TLP_MRDLK,
	TLP_FETCHADD,
	TLP_SWAP,
	TLP_CAS,
	TLP_CPLLK,
	TLP_CPLDLK,
};

/* Kinds of traffic for ordering and flow control. */
enum tlp_class {
	TLP_POSTED,
	TLP_NON_POSTED,
	TLP_COMPLETION,
};

/* Completion status; others may come in and mean UR. */
enum tlp_status {
	TLP_SC = 0,
	TLP_UR = 1,
	TLP_CRS = 2,
	TLP_CA = 4,
};

/* Attributes */
#define TLP_NO_SNOOP 0x1u
#define TLP_RELAXED 0x2u
#define TLP_ID_ORDER 0x4u

/* Message routing */
#define TLP_TO_ROOT 0u
#define TLP_LOCAL 4u /* ends at the receiver */

/* Message codes */
#define TLP_ASSERT_INTX 0x20u	/* + 0 for INTA# ... 3 for INTD# */
#define TLP_DEASSERT_INTX 0x24u /* likewise */
#define TLP_VENDOR_TYPE0 0x7eu	/* unsupported request if not known */
#define TLP_VENDOR_TYPE1 0x7fu	/* ignored if not known */

/*
 * Any TLP. What a kind does not have is 0 after tlp_decode() and ignored by
 * tlp_encode_header().
 */
struct tlp {
	enum tlp_kind kind;
	uint8_t tc;	    /* traffic class */
	uint8_t attr;	    /* TLP_NO_SNOOP ... */
	uint8_t at;	    /* address type of memory requests; 0: plain */
	bool poisoned;	    /* EP: the data is known to be wrong */
	uint16_t dw;	    /* 1 to 1024: asked for or carried; else 0 */
	uint16_t requester; /* bus 15:8, device 7:3, function 2:0 */
	uint16_t tag;	    /* 10 bits */
	uint16_t completer; /* of completions and configuration requests */

	/* Requests; AtomicOps have no byte enables */
	uint64_t addr; /* of the first DW; configuration: register number */
	uint8_t first_be, last_be;

	/* Completions */
	uint8_t status;
	uint16_t byte_count; /* 1 to 4096: still to come, these included */
	uint8_t lower_addr;  /* bits 6:0 of the first byte's address */

	/* Messages */
	uint8_t code, routing;
	uint32_t msg[2]; /* header DW 2 and 3; vendor-defined: msg[0] bits 15:0
			    are the vendor id, msg[1] is the vendor's */

	const uint8_t *data; /* dw * 4 bytes in memory order, in the caller's
				buffer; NULL: this kind carries none */
};

/* Bytes [addr, addr + len) */
struct tlp_range {
	uint64_t addr;
	uint32_t len;
};

/* What is wrong with a malformed TLP. */
enum tlp_error {
	TLP_OK,
	TLP_BAD_SIZE,	 /* shorter than its header */
	TLP_BAD_TYPE,	 /* fmt and type: reserved, or a prefix */
	TLP_BAD_TD,	 /* has a digest */
	TLP_BAD_TH,	 /* has processing hints */
	TLP_BAD_LENGTH,	 /* is not that of the payload, or of the kind */
	TLP_BAD_PAYLOAD, /* more than max_payload */
	TLP_BAD_TC,
	TLP_BAD_ATTR,
	TLP_BAD_AT,
	TLP_BAD_BE,
	TLP_BAD_ADDR,	/* four DW header for an address below 4 GiB */
	TLP_BAD_4K,	/* crosses a 4 KiB boundary */
	TLP_BAD_STATUS, /* data, but not a successful completion */
	TLP_BAD_INTX,	/* not routed locally, or with data */
};

/*
 * One whole TLP, buf[0] to buf[len - 1], with at most mps bytes of payload.
 * Reserved bits are ignored. Not TLP_OK: malformed, *out is undefined.
 */
enum tlp_error tlp_decode(const uint8_t *buf, size_t len, unsigned mps,
			  struct tlp *out);

/* The offending field in words, for a log. */
const char *tlp_error_text(enum tlp_error err);

/* Returns the number of bytes, 12 or 16; t->data goes after them. */
unsigned tlp_encode_header(const struct tlp *t, uint8_t out[TLP_MAX_HEADER]);

/* DWs of payload that follow the header. */
unsigned tlp_data_dw(const struct tlp *t);

enum tlp_class tlp_class(enum tlp_kind kind);

/* False: a request to answer with UR, of a kind no one here serves. */
bool tlp_supported(const struct tlp *t);

/* ---- requests -------------------------------------------------------- */

/*
 * Address, length and byte enables for bytes [addr, addr + len), which do not
 * cross a 4 KiB boundary. len 0: one DW with no byte enabled, the flush.
 */
void tlp_set_range(struct tlp *t, uint64_t addr, uint32_t len);

/* The inverse: from the first enabled byte to the last, gaps included. */
struct tlp_range tlp_range(const struct tlp *t);

/*
 * Runs of enabled bytes in ascending order, at most four of them: start with
 * *run zeroed; false: no more. A run's data is at
 * t->data + (run->addr - t->addr).
 */
bool tlp_next_run(const struct tlp *t, struct tlp_range *run);

/*
 * How many of the bytes [addr, addr + len) the next request takes when none
 * may exceed max (MPS of a write, MRRS of a read: a power of two, 128 to
 * 4096) nor cross 4 KiB.
 */
uint32_t tlp_chunk(uint64_t addr, uint32_t len, unsigned max);

/* ---- completions ----------------------------------------------------- */

/*
 * What the completions of a non-posted request count: byte count of the first
 * is len, its lower address addr & 0x7f. Memory reads: the bytes from the
 * first to the last enabled; of a zero-length read, one.
 */
struct tlp_range tlp_answer(const struct tlp *req);

/* A Cpl with the given status, as the only answer to req. */
void tlp_complete(const struct tlp *req, uint16_t completer,
		  enum tlp_status status, struct tlp *cpl);

/*
 * Make cpl, from tlp_complete(), the next CplD: as much of *left as fits, to
 * a multiple of rcb unless it is the end. *left shrinks. Returns the number
 * of bytes; they begin at cpl->data + (cpl->lower_addr & 3), cpl->data being
 * the caller's to set.
 */
uint32_t tlp_cpl_next(struct tlp *cpl, struct tlp_range *left, unsigned rcb,
		      unsigned mps);

/*
 * How many bytes of *left a successful CplD brings, from cpl->data +
 * (cpl->lower_addr & 3); *left shrinks. 0: it is not the completion due next
 * and *left is as it was. rcb is the completer's.
 */
uint32_t tlp_cpl_take(const struct tlp *cpl, struct tlp_range *left,
		      unsigned rcb);

/* ---- big-endian integers of headers and message payloads ------------- */

static inline uint16_t
get_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t
get_be32(const uint8_t *p)
{
	return (uint32_t)get_be16(p) << 16 | get_be16(p + 2);
}

static inline uint64_t
get_be64(const uint8_t *p)
{
	return (uint64_t)get_be32(p) << 32 | get_be32(p + 4);
}

static inline void
put_be16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void
put_be32(uint8_t *p, uint32_t v)
{
	put_be16(p, (uint16_t)(v >> 16));
	put_be16(p + 2, (uint16_t)v);
}

static inline void
put_be64(uint8_t *p, uint64_t v)
{
	put_be32(p, (uint32_t)(v >> 32));
	put_be32(p + 4, (uint32_t)v);
}

#endif
