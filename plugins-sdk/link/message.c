/* SPDX-License-Identifier: MIT */
/*
 * Messages: INTx as PCI Express has it, and ours, which are vendor-defined
 * messages of type 1 (PCI Express Base Specification, 2.2.8.6): whoever does
 * not know them drops them. doc/wire.md has the layouts.
 */
#include "priv.h"

#include <string.h>

#define VENDOR 0xffffu /* in bits 15:0 of header DW 2: nobody's */
#define WORD_SHIFT 24  /* in header DW 3 */
#define A_SHIFT 16
#define DW 4u

#define WINDOW_SIZE 16u /* bytes of payload: base and size */
#define FLAG_MAPPED 0x01u
#define FLAG_MEMORY 0x02u
#define FLAG_PREFETCHABLE 0x04u
#define FLAG_READONLY 0x08u
#define FLAG_WRITEONLY 0x10u
#define FLAG_FENCE 0x20u

void
link_say(struct link *link, const struct link_msg *msg)
{
	struct tlp t = {
		.kind = msg->len ? TLP_MSGD : TLP_MSG,
		.requester = msg->requester,
		.code = msg->code,
		.routing = TLP_LOCAL,
		.dw = (uint16_t)(msg->len / DW),
	};

	if (msg->code == LINK_VENDOR_MSG) {
		t.msg[0] = VENDOR;
		t.msg[1] = (uint32_t)msg->word << WORD_SHIFT |
			   (uint32_t)msg->a << A_SHIFT | msg->b;
	}
	if (link->state == LINK_UP &&
	    linkout_queue(link, &t, msg->data, msg->len))
		linkout_pump(link);
}

/* One that means nothing to us costs its credit and is dropped. */
void
linkmsg_in(struct link *link, const struct tlp *t)
{
	const struct link_msg msg = {
		.code = t->code,
		.requester = t->requester,
		.word = t->msg[1] >> WORD_SHIFT,
		.a = (uint8_t)(t->msg[1] >> A_SHIFT),
		.b = (uint16_t)t->msg[1],
		.data = t->data,
		.len = tlp_data_dw(t) * DW,
	};
	bool intx =
		t->code >= LINK_ASSERT_INTX && t->code < LINK_DEASSERT_INTX + 4;

	if (!linkin_credits_ok(link, t))
		return;
	if (t->poisoned) {
		link_malformed(link, "poisoned message");
		return;
	}
	/* INTx of another routing was malformed (PCI Express, 2.2.8.1) */
	if (intx || (t->code == LINK_VENDOR_MSG && t->routing == TLP_LOCAL &&
		     (t->msg[0] & UINT16_MAX) == VENDOR))
		link->ops->message(link, &msg);
	else
		link->stats.unsupported++;
	if (link->state == LINK_UP)
		linkin_credits_return(link, t);
}

void
link_say_run(struct link *link, uint64_t now_ns)
{
	uint8_t data[8];

	put_be64(data, now_ns);
	link_say(link, &(struct link_msg){
			       .code = LINK_VENDOR_MSG,
			       .word = LINK_RUN,
			       .data = data,
			       .len = sizeof(data),
		       });
}

void
link_say_reset(struct link *link, enum ioemu_reset why)
{
	link_say(link, &(struct link_msg){
			       .code = LINK_VENDOR_MSG,
			       .word = LINK_RESET,
			       .a = why == IOEMU_RESET_BUS,
		       });
}

void
link_say_state(struct link *link, uint16_t requester, const void *state,
	       uint32_t total)
{
	uint8_t data[TLP_MAX_DATA];
	uint32_t piece = (link->mps - LINK_STATE_HEAD) & ~(DW - 1), at = 0, n;

	do {
		n = total - at < piece ? total - at : piece;
		put_be32(data, at);
		put_be32(data + 4, total);
		memset(data + LINK_STATE_HEAD, 0, (n + DW - 1) & ~(DW - 1));
		if (n)
			memcpy(data + LINK_STATE_HEAD,
			       (const uint8_t *)state + at, n);
		link_say(link, &(struct link_msg){
				       .code = LINK_VENDOR_MSG,
				       .requester = requester,
				       .word = LINK_STATE,
				       .b = (uint16_t)n,
				       .data = data,
				       .len = LINK_STATE_HEAD +
					      ((n + DW - 1) & ~(DW - 1)),
			       });
		at += n;
	} while (at < total && link->state == LINK_UP);
}

bool
link_state_decode(const struct link_msg *msg, uint32_t *at, uint32_t *total)
{
	if (msg->len < LINK_STATE_HEAD || msg->b > msg->len - LINK_STATE_HEAD)
		return false;
	*at = get_be32(msg->data);
	*total = get_be32(msg->data + 4);
	return *total <= LINK_STATE_MAX && *at <= *total &&
	       msg->b <= *total - *at;
}

void
link_say_window(struct link *link, uint16_t requester,
		const struct link_window *w)
{
	uint8_t data[WINDOW_SIZE];
	const struct link_msg msg = {
		.code = LINK_VENDOR_MSG,
		.requester = requester,
		.word = LINK_WINDOW,
		.a = (uint8_t)((w->mapped ? FLAG_MAPPED : 0) |
			       (w->space == IOEMU_MEM ? FLAG_MEMORY : 0) |
			       (w->prefetchable ? FLAG_PREFETCHABLE : 0) |
			       (w->readonly ? FLAG_READONLY : 0) |
			       (w->writeonly ? FLAG_WRITEONLY : 0) |
			       (w->fence ? FLAG_FENCE : 0)),
		.b = w->index,
		.data = data,
		.len = WINDOW_SIZE,
	};

	put_be64(data, w->mapped ? w->base : 0);
	put_be64(data + 8, w->mapped ? w->size : 0);
	link_say(link, &msg);
}

bool
link_window_decode(const struct link_msg *msg, struct link_window *out)
{
	uint64_t end;

	if (msg->len != WINDOW_SIZE || msg->b > UINT8_MAX)
		return false;
	*out = (struct link_window){
		.index = (uint8_t)msg->b,
		.space = msg->a & FLAG_MEMORY ? IOEMU_MEM : IOEMU_PIO,
		.mapped = msg->a & FLAG_MAPPED,
		.prefetchable = msg->a & FLAG_PREFETCHABLE,
		.readonly = msg->a & FLAG_READONLY,
		.writeonly = msg->a & FLAG_WRITEONLY,
		.fence = msg->a & FLAG_FENCE,
		.base = get_be64(msg->data),
		.size = get_be64(msg->data + 8),
	};
	end = out->space == IOEMU_MEM ? UINT64_MAX : UINT16_MAX;
	return !out->mapped || (out->size && out->base <= end &&
				out->size - 1 <= end - out->base);
}
