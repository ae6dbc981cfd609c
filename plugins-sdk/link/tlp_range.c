/* SPDX-License-Identifier: MIT */
/*
 * Which bytes a request is for, and which of them a completion brings (PCI
 * Express base specification, 2.2.5 and 2.3.1.1). It knows nothing of how they
 * are encoded.
 */
#include "tlp.h"

#define DW 4u

/* ---- requests -------------------------------------------------------- */

static uint32_t
min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

void
tlp_set_range(struct tlp *t, uint64_t addr, uint32_t len)
{
	uint32_t skip = addr % DW, end = skip + len;

	t->addr = addr - skip;
	t->dw = len ? (uint16_t)((end + DW - 1) / DW) : 1;
	t->first_be = (uint8_t)(0xf << skip & 0xf);
	t->last_be = (uint8_t)(0xf >> (-end & (DW - 1)));
	if (t->dw == 1) {
		t->first_be = len ? t->first_be & t->last_be : 0;
		t->last_be = 0;
	}
}

struct tlp_range
tlp_range(const struct tlp *t)
{
	uint8_t last_be = t->dw == 1 ? t->first_be : t->last_be;
	uint32_t first, last;

	if (!t->first_be || !last_be)
		return (struct tlp_range){ t->addr, 0 };
	first = (uint32_t)__builtin_ctz(t->first_be);
	last = (t->dw - 1u) * DW + 31 - (uint32_t)__builtin_clz(last_be);
	return (struct tlp_range){ t->addr + first, last - first + 1 };
}

bool
tlp_next_run(const struct tlp *t, struct tlp_range *run)
{
	uint32_t mask = t->first_be, from = 0;

	if (t->dw > 2) { /* no gaps */
		if (run->len)
			return false;
		*run = tlp_range(t);
		return true;
	}
	if (t->dw == 2)
		mask |= (uint32_t)t->last_be << DW;
	if (run->len)
		from = (uint32_t)(run->addr - t->addr) + run->len;
	mask = mask >> from << from;
	if (!mask)
		return false;
	from = (uint32_t)__builtin_ctz(mask);
	run->addr = t->addr + from;
	run->len = (uint32_t)__builtin_ctz(~(mask >> from));
	return true;
}

uint32_t
tlp_chunk(uint64_t addr, uint32_t len, unsigned max)
{
	/* Up to a multiple of max: such a one is every 4 KiB boundary too. */
	return min_u32(len, max - (uint32_t)(addr & (max - 1)));
}

/* ---- completions ----------------------------------------------------- */

struct tlp_range
tlp_answer(const struct tlp *req)
{
	struct tlp_range r = { 0, DW }; /* 2.2.9: all that is no memory read */

	switch (req->kind) {
	case TLP_MRD:
	case TLP_MRDLK:
		r = tlp_range(req);
		if (!r.len)
			r.len = 1;
		break;
	case TLP_FETCHADD:
	case TLP_SWAP:
		r.len = req->dw * DW;
		break;
	case TLP_CAS:
		r.len = req->dw * DW / 2;
		break;
	default:
		break;
	}
	return r;
}

void
tlp_complete(const struct tlp *req, uint16_t completer, enum tlp_status status,
	     struct tlp *cpl)
{
	struct tlp_range r = tlp_answer(req);

	*cpl = (struct tlp){
		.kind = TLP_CPL,
		.tc = req->tc,
		.attr = req->attr,
		.requester = req->requester,
		.tag = req->tag,
		.completer = completer,
		.status = (uint8_t)status,
		.byte_count = (uint16_t)r.len,
		.lower_addr = r.addr & 0x7f,
	};
}

static void
range_advance(struct tlp_range *r, uint32_t n)
{
	r->addr += n;
	r->len -= n;
}

uint32_t
tlp_cpl_next(struct tlp *cpl, struct tlp_range *left, unsigned rcb,
	     unsigned mps)
{
	uint32_t skip = left->addr % DW;
	uint32_t n =
		min_u32(left->len, mps - (uint32_t)(left->addr & (rcb - 1)));

	cpl->kind = TLP_CPLD;
	cpl->dw = (uint16_t)((skip + n + DW - 1) / DW);
	cpl->byte_count = (uint16_t)left->len;
	cpl->lower_addr = left->addr & 0x7f;
	range_advance(left, n);
	return n;
}

uint32_t
tlp_cpl_take(const struct tlp *cpl, struct tlp_range *left, unsigned rcb)
{
	uint32_t skip = left->addr % DW, n;

	if (cpl->kind != TLP_CPLD || cpl->byte_count != left->len ||
	    cpl->lower_addr != (left->addr & 0x7f))
		return 0;
	n = min_u32(left->len, cpl->dw * DW - skip);
	if (cpl->dw != (skip + n + DW - 1) / DW)
		return 0;
	if (n < left->len && (left->addr + n) & (rcb - 1))
		return 0;
	range_advance(left, n);
	return n;
}
