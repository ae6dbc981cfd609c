/* SPDX-License-Identifier: MIT */
/*
 * Requests of the other end: copied into memory set aside for as many as it
 * was given credits for, handed to the receiver, answered, and their credits
 * given back.
 */
#include "priv.h"

#include <stdlib.h>
#include <string.h>

#define DW 4u
#define FUNCTION_MASK 7u

/* ---- credits -------------------------------------------------------- */

static uint32_t
data_units(const struct tlp *t)
{
	return (tlp_data_dw(t) * DW + P_UNIT - 1) / P_UNIT;
}

/*
 * Tell it when half of what one kind holds can be used again, or when what it
 * can still use would not do for the largest TLP.
 *
 * Who sends requests and reads nothing must not make what waits for it grow:
 * nothing is told while it would wait behind much else, no room for requests
 * while answers crowd. Both pass when it reads and takes what is posted, which
 * it must do whatever else it waits for, so nothing gets stuck by this.
 */
void
linkin_credits_tell(struct link *link)
{
	const struct link_hello *h = &link->config.hello;
	const struct credits *t = &link->told, *taken = &link->taken;
	struct credits g = link->granted;
	uint8_t *p;

	if (link_crowded(link))
		g.np = t->np;
	if (link->state != LINK_UP || link->out.used >= OUT_HIGH ||
	    !memcmp(&g, t, sizeof(g)))
		return;
	if (g.p - t->p < (h->p_credits + 1u) / 2 &&
	    g.data - t->data < (h->p_data + 1u) / 2 &&
	    g.np - t->np < (h->np_credits + 1u) / 2 && t->p != taken->p &&
	    t->np != taken->np && t->data - taken->data >= link->mps / P_UNIT)
		return;
	p = link_frame(link, &link->out, FRAME_CREDIT, CREDIT_SIZE);
	if (!p)
		return;
	put_be32(p, g.p);
	put_be32(p + 4, g.data);
	put_be32(p + 8, g.np);
	link->told = g;
}

/* False: the other end took more than it was told of. */
static bool
credits_take(struct link *link, const struct tlp *t)
{
	struct credits *taken = &link->taken;

	if (tlp_class(t->kind) == TLP_NON_POSTED)
		return taken->np++ != link->told.np;
	taken->data += data_units(t);
	return taken->p++ != link->told.p &&
	       link->told.data - taken->data <= INT32_MAX;
}

void
linkin_credits_return(struct link *link, const struct tlp *t)
{
	if (tlp_class(t->kind) == TLP_NON_POSTED) {
		link->granted.np++;
	} else {
		link->granted.p++;
		link->granted.data += data_units(t);
	}
	linkin_credits_tell(link);
}

bool
linkin_credits_ok(struct link *link, const struct tlp *t)
{
	if (credits_take(link, t))
		return true;
	link->stats.malformed++;
	link_close(link, LINK_NO_CREDIT,
		   "more requests than it has credit for");
	return false;
}

/* ---- answers -------------------------------------------------------- */

static void
send_cpl(struct link *link, const struct tlp *cpl)
{
	(void)linkout_queue(link, cpl, cpl->data, tlp_data_dw(cpl) * DW);
}

/* Data of a port or configuration read: always its one DW. Of memory: from
 * the DW of the first byte on, in as many completions as it takes. */
static void
answer_data(struct link *link, const struct request *r, struct tlp *cpl)
{
	struct tlp_range left = tlp_answer(&r->tlp);
	const uint8_t *data = r->data;
	uint64_t at = left.addr & ~3ull;

	while (left.len && link->state == LINK_UP) {
		uint64_t first = left.addr;

		(void)tlp_cpl_next(cpl, &left, link->config.hello.rcb,
				   link->mps);
		cpl->data = data + ((first & ~3ull) - at);
		send_cpl(link, cpl);
	}
}

static bool
wants_data(enum tlp_kind kind)
{
	return kind == TLP_MRD || kind == TLP_IORD || kind == TLP_CFGRD0 ||
	       kind == TLP_CFGRD1;
}

static void
answer(struct link *link, const struct request *r, bool taken)
{
	struct tlp cpl;

	tlp_complete(&r->tlp, r->in.completer, taken ? TLP_SC : TLP_UR, &cpl);
	if (taken && wants_data(r->tlp.kind))
		answer_data(link, r, &cpl);
	else
		send_cpl(link, &cpl);
}

void
link_answer(struct link_in *in, int status)
{
	struct request *r = (struct request *)in;
	struct link *link = in->link;

	if (status)
		link->stats.unsupported++;
	link->n_open--;
	if (link->state == LINK_UP) {
		if (!in->posted)
			answer(link, r, !status);
		linkin_credits_return(link, &r->tlp);
		linkout_pump(link);
	}
	r->next = link->pool_free;
	link->pool_free = r;
	if (link->freed && !link->n_open)
		link_free(link);
}

/* ---- requests in ---------------------------------------------------- */

bool
link_in_run(const struct link_in *in, uint64_t *addr, uint32_t *len)
{
	const struct request *r = (const struct request *)in;
	struct tlp_range run = { *len ? *addr - in->base : 0, *len };

	if (*len)
		run.addr = r->tlp.addr + (*addr - in->base);
	if (!tlp_next_run(&r->tlp, &run))
		return false;
	*addr = in->base + (run.addr - r->tlp.addr);
	*len = run.len;
	return true;
}

/* PCI Express, 2.2.9, leaves open who answers for an address that nobody has:
 * here it is function 0. For a function that is not there its target answers.
 */
static uint16_t
completer(const struct link *link, const struct tlp *t)
{
	unsigned function = t->completer & FUNCTION_MASK;

	if (t->kind != TLP_CFGRD0 && t->kind != TLP_CFGWR0)
		return link->id;
	if (link->config.hello.functions >> function & 1)
		return link->id | (uint16_t)function;
	return t->completer;
}

static void
request_describe(struct request *r)
{
	const struct tlp *t = &r->tlp;
	struct link_in *in = &r->in;

	in->write = t->kind == TLP_MWR || t->kind == TLP_IOWR ||
		    t->kind == TLP_CFGWR0 || t->kind == TLP_CFGWR1;
	in->posted = t->kind == TLP_MWR;
	in->requester = t->requester;
	in->space = IOEMU_MEM;
	in->base = t->addr;
	in->completer = completer(in->link, t);
	if (t->kind == TLP_IORD || t->kind == TLP_IOWR)
		in->space = IOEMU_PIO;
	if (t->kind >= TLP_CFGRD0 && t->kind <= TLP_CFGWR1) {
		in->space = IOEMU_CONFIG;
		in->base |= (uint64_t)t->completer << 32;
	}
}

/* The other end's mistake or wish that nobody grants: no memory is needed. */
static void
request_refuse(struct link *link, const struct tlp *t)
{
	struct tlp cpl;

	link->stats.unsupported++;
	if (tlp_class(t->kind) == TLP_NON_POSTED) {
		tlp_complete(t, completer(link, t), TLP_UR, &cpl);
		send_cpl(link, &cpl);
	}
	linkin_credits_return(link, t);
	linkout_pump(link);
}

void
linkin_request(struct link *link, const struct tlp *t)
{
	struct request *r = link->pool_free;

	if (!linkin_credits_ok(link, t))
		return;
	/* poisoned writes change nothing (PCI Express, 2.7.2.2) */
	if (!tlp_supported(t) || t->poisoned ||
	    (t->kind == TLP_MRD && t->dw * DW > link->mrrs)) {
		request_refuse(link, t);
		return;
	}
	link->pool_free = r->next;
	link->n_open++;
	r->tlp = *t;
	if (tlp_data_dw(t))
		memcpy(r->data, t->data, (size_t)tlp_data_dw(t) * DW);
	else
		memset(r->data, 0xff, (size_t)t->dw * DW);
	r->tlp.data = r->data;
	request_describe(r);
	link->ops->request(link, &r->in);
}

void
link_set_id(struct link *link, uint16_t id)
{
	link->id = id & (uint16_t)~FUNCTION_MASK;
}

/* ---- life ----------------------------------------------------------- */

int
linkin_new(struct link *link)
{
	const struct link_hello *h = &link->config.hello;
	unsigned i;

	link->granted =
		(struct credits){ h->p_credits, h->p_data, h->np_credits };
	link->told = link->granted;
	link->n_pool = (unsigned)h->p_credits + h->np_credits;
	link->pool = calloc(link->n_pool, sizeof(link->pool[0]));
	if (!link->pool)
		return -ENOMEM;
	for (i = 0; i < link->n_pool; i++) {
		struct request *r = &link->pool[i];

		r->in.link = link;
		r->in.data = r->data;
		r->next = link->pool_free;
		link->pool_free = r;
	}
	return 0;
}

void
linkin_free(struct link *link)
{
	free(link->pool);
}
