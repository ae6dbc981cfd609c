/* SPDX-License-Identifier: MIT */
/*
 * Requests of ours: cut into TLPs, sent as far as the other end has room,
 * matched with their completions.
 *
 * Posted requests and completions become bytes at once and wait, in order, in
 * `fifo`; non-posted requests wait as they are, each with the number of frames
 * that must go before it. So a blocked non-posted request is passed by the
 * others and passes none, and no completion passes a posted request (PCI
 * Express Base Specification, 2.4.1, transaction ordering).
 */
#include "priv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define DW 4u

/* ---- TLPs out ------------------------------------------------------- */

/* Put a TLP at the end of a queue; `data` is from the first enabled byte on.
 * False: no memory, the link is closed. */
static bool
tlp_put(struct link *link, struct bytes *b, const struct tlp *t,
	const uint8_t *data, uint32_t len)
{
	uint8_t header[TLP_MAX_HEADER];
	unsigned n = tlp_encode_header(t, header);
	unsigned size = tlp_data_dw(t) * DW, lead = 0;
	uint8_t *p = link_frame(link, b, FRAME_TLP, n + size);

	if (!p)
		return false;
	memcpy(p, header, n);
	if (!size)
		return true;
	assert(data); /* a kind that carries some */
	if (t->kind != TLP_MSGD && t->kind != TLP_CPLD)
		lead = (unsigned)tlp_range(t).addr & 3;
	if (len < size)
		memset(p + n, 0, size);
	memcpy(p + n + lead, data, len);
	return true;
}

/* Does it end in a read of no bytes? That one pushes writes before it. */
static bool
op_flushes(const struct link_op *op)
{
	return op->kind == LINK_FLUSH ||
	       (op->kind == LINK_FENCE && op->space == IOEMU_MEM);
}

/* Bytes of the op that its next TLP carries or asks for, and that TLP. */
static uint32_t
op_next(const struct link *link, const struct link_op *op, struct tlp *t)
{
	uint64_t addr = op->addr + op->sent;
	uint32_t left = op->len - op->sent, n;
	bool write = op->kind != LINK_READ;

	*t = (struct tlp){ .requester = op->requester };
	if (op->space == IOEMU_MEM && !left) {
		t->kind = TLP_MRD;
		addr = op->addr;
		n = 0;
	} else if (op->space == IOEMU_MEM) {
		t->kind = write ? TLP_MWR : TLP_MRD;
		n = tlp_chunk(addr, left, write ? link->mps : link->mrrs);
	} else {
		n = DW - (uint32_t)(addr & 3);
		n = n < left ? n : left;
		t->kind = write ? TLP_IOWR : TLP_IORD;
	}
	if (op->space == IOEMU_CONFIG) {
		t->kind = write ? TLP_CFGWR0 : TLP_CFGRD0;
		t->completer = (uint16_t)(addr >> 32);
		addr &= 0xfff;
	}
	tlp_set_range(t, addr, n);
	return n;
}

bool
linkout_queue(struct link *link, const struct tlp *t, const uint8_t *data,
	      uint32_t len)
{
	if (!tlp_put(link, &link->fifo, t, data, len))
		return false;
	link->fifo_queued++;
	return true;
}

static void
post_write(struct link *link, struct link_op *op)
{
	while (op->sent < op->len) {
		struct tlp t;
		uint32_t n = op_next(link, op, &t);

		if (!linkout_queue(link, &t, op->data + op->sent, n))
			return;
		op->sent += n;
	}
}

/* The first frame, and what it costs in posted credits. */
static size_t
fifo_first(const struct link *link, struct credits *cost)
{
	const uint8_t *p = link->fifo.p + link->fifo.head;
	size_t len = get_be16(p + 2), data;
	uint8_t fmt = p[FRAME_HEADER] >> 5; /* bit 0: four DW, bit 1: data */
	bool completion = (p[FRAME_HEADER] & 0x1f) == 0x0a;

	data = fmt & 2 ? len - (fmt & 1 ? 16 : 12) : 0;
	*cost = (struct credits){ 0 };
	if (!completion) {
		cost->p = 1;
		cost->data = (uint32_t)((data + P_UNIT - 1) / P_UNIT);
	}
	return FRAME_HEADER + len;
}

static bool
send_fifo(struct link *link)
{
	struct credits cost;
	size_t n;
	uint8_t *p;

	if (!link->fifo.used)
		return false;
	n = fifo_first(link, &cost);
	if (link->limit.p - link->used.p < cost.p ||
	    link->limit.data - link->used.data < cost.data)
		return false;
	p = link_frame(link, &link->out, FRAME_TLP, n - FRAME_HEADER);
	if (!p)
		return false;
	memcpy(p - FRAME_HEADER, link->fifo.p + link->fifo.head, n);
	bytes_drop(&link->fifo, n);
	link->used.p += cost.p;
	link->used.data += cost.data;
	link->fifo_sent++;
	return true;
}

static void
tag_start(struct link *link, uint16_t i, struct link_op *op, uint32_t n,
	  const struct tlp *t)
{
	link->tag[i] = (struct tag){
		.state = TAG_WAIT,
		.op = op,
		.left = tlp_answer(t),
		.addr = op->addr + op->sent,
		.at = op->sent,
		.len = n,
		.requester = t->requester,
		.data = op->kind == LINK_READ || op_flushes(op),
	};
	linktag_push(link, &link->tag_wait, i);
	op->tags++;
	link->used.np++;
}

static bool
send_np(struct link *link)
{
	struct link_op *op = link->np.first;
	uint16_t i = link->tag_free.first;
	struct tlp t;
	uint32_t n;

	if (!op || op->after > link->fifo_sent || i == TAG_NONE ||
	    link->limit.np == link->used.np)
		return false;
	n = op_next(link, op, &t);
	t.tag = i;
	if (!tlp_put(link, &link->out, &t,
		     op->data ? op->data + op->sent : NULL, n))
		return false;
	linktag_take(link, &link->tag_free, i);
	tag_start(link, i, op, n, &t);
	op->sent += n;
	if (op->sent == op->len)
		(void)linkop_pop(&link->np);
	return true;
}

/* Those whose bytes no longer crowd. */
static void
queued_send(struct link *link)
{
	struct link_op *op;

	while (link->fifo.used <= FIFO_HIGH && (op = linkop_pop(&link->queued)))
		linkop_end(op, 0);
}

void
linkout_pump(struct link *link)
{
	linkin_credits_tell(link); /* before TLPs fill the room there is */
	while (link->state == LINK_UP && link->out.used < OUT_HIGH)
		if (!send_np(link) && !send_fifo(link))
			break;
	queued_send(link);
}

/* ---- what the caller starts ----------------------------------------- */

/* Done at once as a rule, and then not worth a look at the clock. */
static void
submit_posted(struct link *link, struct link_op *op)
{
	linkout_pump(link);
	if (link->state == LINK_UP && link_crowded(link)) {
		op->since_ns = link_now(link);
		linkop_push(&link->queued, op);
	} else {
		linkop_end(op, link->state == LINK_UP ? 0 : -ENOTCONN);
	}
}

void
link_submit(struct link *link, struct link_op *op)
{
	bool writes = op->kind == LINK_WRITE || op->kind == LINK_FENCE;

	op->status = 0;
	op->sent = 0;
	op->tags = 0;
	if (link->state == LINK_UP && writes && op->space == IOEMU_MEM)
		post_write(link, op);
	if (link->state != LINK_UP) {
		linkop_end(op, -ENOTCONN);
	} else if (op->kind == LINK_WRITE && op->space == IOEMU_MEM) {
		submit_posted(link, op);
	} else {
		op->since_ns = link_now(link);
		op->after = link->fifo_queued;
		linkop_push(&link->np, op);
		linkout_pump(link);
	}
}

void
link_post(struct link *link, uint16_t requester, uint64_t addr,
	  const void *data, uint32_t len)
{
	struct link_op op = {
		.kind = LINK_WRITE,
		.space = IOEMU_MEM,
		.addr = addr,
		.len = len,
		.data = (uint8_t *)(uintptr_t)data, /* only read */
		.requester = requester,
	};

	if (link->state != LINK_UP)
		return;
	post_write(link, &op);
	linkout_pump(link);
}

bool
link_crowded(const struct link *link)
{
	return link->fifo.used > FIFO_HIGH;
}

/* ---- what comes back ------------------------------------------------ */

const char *
linkout_credit(struct link *link, const uint8_t *p, size_t len)
{
	struct credits c;

	if (len != CREDIT_SIZE)
		return "length of CREDIT";
	c = (struct credits){ get_be32(p), get_be32(p + 4), get_be32(p + 8) };
	/* totals that run on, modulo 2^32; they never go back */
	if (c.p - link->limit.p > INT32_MAX ||
	    c.data - link->limit.data > INT32_MAX ||
	    c.np - link->limit.np > INT32_MAX)
		return "CREDIT takes credits back";
	link->limit = c;
	return NULL;
}

/* Data of a memory read: its part of op->data. False: not what is due. */
static bool
tag_data(const struct link *link, struct tag *t, const struct tlp *cpl)
{
	uint32_t done = t->len - t->left.len;
	uint32_t n = tlp_cpl_take(cpl, &t->left, link->other.rcb);

	if (!n)
		return false;
	if (t->op->kind == LINK_READ && !cpl->poisoned)
		memcpy(t->op->data + t->at + done,
		       cpl->data + (cpl->lower_addr & 3), n);
	return true;
}

/* Port and configuration reads: one DW, from its byte 0. */
static bool
tag_dword(struct tag *t, const struct tlp *cpl)
{
	if (cpl->dw != 1 || cpl->byte_count != DW || cpl->lower_addr)
		return false;
	if (!cpl->poisoned)
		memcpy(t->op->data + t->at, cpl->data + (t->addr & 3), t->len);
	t->left.len = 0;
	return true;
}

static void
tag_complete(struct link *link, uint16_t i, const struct tlp *cpl)
{
	struct tag *t = &link->tag[i];
	int status = 0;

	if (cpl->status != TLP_SC) {
		link->stats.refused++;
		linktag_end(link, i, -EIO);
		return;
	}
	if (t->data != (cpl->kind == TLP_CPLD)) {
		link->stats.unexpected++;
		return;
	}
	if (t->data && !(t->op->space == IOEMU_MEM ? tag_data(link, t, cpl)
						   : tag_dword(t, cpl))) {
		link->stats.unexpected++;
		return;
	}
	if (t->data && cpl->poisoned)
		status = -EIO;
	if (!t->data || !t->left.len)
		linktag_end(link, i, status);
	else if (status)
		t->op->status = status;
}

/* A completion for a request that was given up: dropped, and its number is
 * free once nothing more can come. */
static void
tag_late_in(struct link *link, uint16_t i, const struct tlp *cpl)
{
	struct tag *t = &link->tag[i];

	link->stats.late++;
	if (cpl->kind == TLP_CPLD && cpl->status == TLP_SC && t->data &&
	    tlp_cpl_take(cpl, &t->left, link->other.rcb) && t->left.len)
		return;
	t->state = TAG_FREE;
	linktag_push(link, &link->tag_free, i);
	link->n_late--;
}

void
linkout_completion(struct link *link, const struct tlp *cpl)
{
	struct tag *t = cpl->tag < link->n_tags ? &link->tag[cpl->tag] : NULL;

	if (!t || t->state == TAG_FREE || t->requester != cpl->requester ||
	    cpl->kind > TLP_CPLD) {
		link->stats.unexpected++;
		return;
	}
	if (t->state == TAG_LATE)
		tag_late_in(link, cpl->tag, cpl);
	else
		tag_complete(link, cpl->tag, cpl);
	if (link->state == LINK_UP)
		linkout_pump(link);
}

/* ---- life ----------------------------------------------------------- */

void
linkout_up(struct link *link)
{
	const struct link_hello *o = &link->other;
	unsigned i;

	link->limit =
		(struct credits){ o->p_credits, o->p_data, o->np_credits };
	if (link->n_tags > o->np_credits)
		link->n_tags = o->np_credits;
	for (i = 0; i < link->n_tags; i++)
		linktag_push(link, &link->tag_free, (uint16_t)i);
}

void
linkout_close(struct link *link)
{
	struct link_op *op;
	uint16_t i;

	while ((i = link->tag_wait.first) != TAG_NONE) {
		op = link->tag[i].op;
		assert(op); /* as of every tag that waits */
		if (op == link->np.first)
			(void)linkop_pop(&link->np);
		op->sent = op->len;
		linktag_end(link, i, -ENOTCONN);
	}
	while ((op = linkop_pop(&link->np)) || (op = linkop_pop(&link->queued)))
		linkop_end(op, -ENOTCONN);
}

int
linkout_new(struct link *link)
{
	const struct link_config *c = &link->config;

	linkop_list_init(&link->np);
	linkop_list_init(&link->queued);
	link->tag_free = link->tag_wait =
		(struct tag_list){ TAG_NONE, TAG_NONE };
	link->n_tags = c->tags < TLP_TAGS ? c->tags : TLP_TAGS;
	link->tag = calloc(link->n_tags, sizeof(link->tag[0]));
	if (!link->tag || !bytes_room(&link->out, 2ul * OUT_HIGH) ||
	    !bytes_room(&link->fifo, 2ul * FIFO_HIGH))
		return -ENOMEM;
	return 0;
}

void
linkout_free(struct link *link)
{
	free(link->tag);
	free(link->out.p);
	free(link->fifo.p);
}
