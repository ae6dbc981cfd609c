/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's side of the contract as common/ioreq.c keeps it: what it
 * refuses, this refuses.
 */
#include "fake_xen.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define STATE(slot) ((slot)->bits & 0x0fu)

struct xen *
fake_xen_new(void)
{
	/* the helper of spawn.h has it, too */
	struct xen *xen = mmap(NULL, sizeof(*xen), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (xen == MAP_FAILED)
		return NULL;
	xen->power = -1;
	return xen;
}

void
fake_xen_free(struct xen *xen)
{
	munmap(xen, sizeof(*xen));
}

static void
slot_fill(struct slot *slot, uint32_t port, const struct request *req)
{
	*slot = (struct slot){
		.addr = req->addr,
		.data = req->data,
		.count = req->count,
		.size = req->size,
		.port = port,
		.type = req->type,
		.bits = (uint8_t)(1u | (req->ptr ? SLOT_PTR : 0) |
				  (req->read ? SLOT_READ : 0) |
				  (req->down ? SLOT_DOWN : 0)),
	};
}

void
fake_xen_ask(struct xen *xen, unsigned vcpu, const struct request *req)
{
	slot_fill((struct slot *)xen_slots(xen) + vcpu, 100 + vcpu, req);
}

bool
fake_xen_post(struct xen *xen, const struct request *req)
{
	struct slot_posted *ring = &xen->posted;

	if (ring->in - ring->out >= SLOT_POSTED_ENTRIES)
		return false;
	slot_fill(&ring->entry[ring->in % SLOT_POSTED_ENTRIES], 0, req);
	if (ring->in++ == ring->out)
		xen->rung++;
	return true;
}

int
fake_xen_bell(const struct xen *xen, uint64_t addr)
{
	int i;

	for (i = 0; i < (int)XEN_DOORBELLS; i++)
		if (xen->bell[i].last && addr >= xen->bell[i].first &&
		    addr <= xen->bell[i].last)
			return i;
	return -1;
}

void
fake_xen_ring(struct xen *xen, unsigned nr)
{
	if (!(xen->posted.rung >> nr & 1))
		xen->rung++;
	xen->posted.rung |= 1ull << nr;
}

bool
fake_xen_posts(const struct xen *xen, uint64_t addr)
{
	unsigned i;

	for (i = 0; i < xen->n_postable; i++)
		if (addr >= xen->postable[i].first &&
		    addr <= xen->postable[i].last)
			return true;
	return false;
}

bool
fake_xen_answer(struct xen *xen, unsigned vcpu, uint64_t *data)
{
	struct slot *slot = (struct slot *)xen_slots(xen) + vcpu;

	if (STATE(slot) != 3)
		return false;
	*data = slot->data;
	slot->bits = 0;
	return true;
}

bool
fake_xen_buffer(struct xen *xen, uint64_t addr, unsigned size, uint64_t data)
{
	uint32_t *ptr = (uint32_t *)xen_ring(xen);
	uint64_t *entry = (uint64_t *)xen_ring(xen) + 1;
	uint64_t code = size == 8 ? 3 : size == 4 ? 2 : size == 2 ? 1 : 0;
	unsigned used = size == 8 ? 2 : 1;

	if (ptr[1] - ptr[0] + used > SLOT_RING_ENTRIES)
		return false;
	entry[ptr[1] % SLOT_RING_ENTRIES] =
		SLOT_COPY | code << 10 | addr << 12 | data << 32;
	if (used == 2)
		entry[(ptr[1] + 1) % SLOT_RING_ENTRIES] = data >> 32 << 32;
	ptr[1] += used;
	return true;
}

bool
fake_xen_claims(const struct xen *xen, enum ioemu_space space, uint64_t addr)
{
	unsigned i;

	for (i = 0; i < xen->n_claimed; i++)
		if (xen->claimed[i].space == space &&
		    addr >= xen->claimed[i].first &&
		    addr <= xen->claimed[i].last)
			return true;
	return false;
}

/* ---- xen.h ----------------------------------------------------------- */

void *
xen_slots(struct xen *xen)
{
	if (xen->meanwhile)
		xen->meanwhile(xen, xen->ctx);
	return xen->page[1];
}

void *
xen_ring(struct xen *xen)
{
	return xen->page[0];
}

struct slot_posted *
xen_posted(struct xen *xen)
{
	return xen->posts ? &xen->posted : NULL;
}

static bool
postable_add(struct xen *xen, uint64_t first, uint64_t last)
{
	if (xen->n_postable == 256)
		return false;
	xen->postable[xen->n_postable++] =
		(struct host_interval){ first, last };
	return true;
}

static void
postable_remove(struct xen *xen, uint64_t first, uint64_t last)
{
	unsigned i = 0;

	for (i = 0; i < XEN_DOORBELLS; i++)
		if (first <= xen->bell[i].last && last >= xen->bell[i].first)
			xen->bell[i] = (struct host_interval){ 0 };
	i = 0;
	while (i < xen->n_postable) {
		struct host_interval p = xen->postable[i];

		if (last < p.first || first > p.last) {
			i++;
			continue;
		}
		xen->postable[i] = xen->postable[--xen->n_postable];
		if (p.first < first)
			postable_add(xen, p.first, first - 1);
		if (p.last > last)
			postable_add(xen, last + 1, p.last);
	}
}

int
xen_post(struct xen *xen, uint64_t first, uint64_t last, bool on)
{
	if (!xen->posts)
		return 0;
	if (!fake_xen_claims(xen, IOEMU_MEM, first) ||
	    !fake_xen_claims(xen, IOEMU_MEM, last)) {
		xen->refused++;
		return -ENOENT;
	}
	postable_remove(xen, first, last);
	return !on || postable_add(xen, first, last) ? 0 : -ENOSPC;
}

int
xen_doorbell(struct xen *xen, unsigned nr, uint64_t first, uint64_t last)
{
	unsigned i;

	if (!xen->posts)
		return -ENOTSUP;
	for (i = 0; last && i < XEN_DOORBELLS; i++)
		if (i != nr && xen->bell[i].last &&
		    first <= xen->bell[i].last && last >= xen->bell[i].first) {
			xen->refused++;
			return -EEXIST;
		}
	if (last && !fake_xen_posts(xen, first)) {
		xen->refused++;
		return -ENOENT;
	}
	xen->bell[nr] = (struct host_interval){ last ? first : 0, last };
	return 0;
}

uint64_t
xen_doorbell_at(struct xen *xen, unsigned nr)
{
	return xen->bell[nr].first;
}

void
xen_notify(struct xen *xen, unsigned vcpu)
{
	xen->notified[vcpu]++;
}

int
xen_claim(struct xen *xen, enum ioemu_space space, uint64_t first,
	  uint64_t last)
{
	unsigned i;

	for (i = 0; i < xen->n_claimed; i++)
		if (xen->claimed[i].space == space &&
		    first <= xen->claimed[i].last &&
		    last >= xen->claimed[i].first) {
			xen->refused++;
			return -EEXIST;
		}
	if (xen->n_claimed == 256)
		return -ENOSPC;
	xen->claimed[xen->n_claimed].space = space;
	xen->claimed[xen->n_claimed].first = first;
	xen->claimed[xen->n_claimed].last = last;
	xen->n_claimed++;
	xen->claims++;
	return 0;
}

/* Xen joins neighbours, so what is given back may span several claims. */
int
xen_unclaim(struct xen *xen, enum ioemu_space space, uint64_t first,
	    uint64_t last)
{
	unsigned i;

	for (i = 0; i < xen->n_claimed; i++) {
		uint64_t f = xen->claimed[i].first, l = xen->claimed[i].last;

		if (xen->claimed[i].space != space || first < f || first > l)
			continue;
		xen->claimed[i] = xen->claimed[--xen->n_claimed];
		xen->unclaims++;
		if (space == IOEMU_MEM)
			postable_remove(xen, first, l < last ? l : last);
		if (f < first)
			(void)xen_claim(xen, space, f, first - 1);
		if (l > last)
			return xen_claim(xen, space, last + 1, l);
		return l == last ? 0 : xen_unclaim(xen, space, l + 1, last);
	}
	xen->refused++;
	return -ENOENT;
}

void *
xen_map(struct xen *xen, uint64_t gfn, unsigned n, bool *ok)
{
	unsigned i;

	xen->maps++;
	if (gfn * 4096 >= FAKE_RAM)
		return NULL;
	for (i = 0; i < n; i++)
		ok[i] = (gfn + i) * 4096 < FAKE_RAM;
	return xen->ram + gfn * 4096;
}

void
xen_unmap(struct xen *xen, void *addr, unsigned n)
{
	(void)addr;
	(void)n;
	xen->unmaps++;
}

void
xen_modified(struct xen *xen, uint64_t gfn)
{
	if (gfn < FAKE_RAM / 4096)
		xen->modified[gfn]++;
}

int
xen_isa_irq(struct xen *xen, unsigned irq, bool level)
{
	xen->isa[irq] = level;
	xen->isa_calls++;
	return 0;
}

int
xen_intx(struct xen *xen, unsigned slot, unsigned pin, bool level)
{
	xen->intx[slot][pin] = level;
	return 0;
}

int
xen_link_route(struct xen *xen, unsigned link, unsigned irq)
{
	(void)xen;
	(void)link;
	(void)irq;
	return 0;
}

/* As hvm/dm.c of a patched Xen, and the library where there is none. */
int
xen_gsis(struct xen *xen, bool enable, struct xen_gsis *out)
{
	if (!xen->gsis.n)
		return -EOPNOTSUPP;
	if (enable && !xen->gsis.on && xen->runs)
		return -EBUSY;
	xen->gsis.on |= enable;
	*out = xen->gsis;
	return 0;
}

int
xen_gsi(struct xen *xen, unsigned gsi, bool level)
{
	if (!xen->gsis.on || gsi - xen->gsis.first >= xen->gsis.n)
		return -EINVAL;
	xen->gsi[gsi] = level;
	xen->gsi_calls++;
	return 0;
}

int
xen_msi(struct xen *xen, uint64_t addr, uint32_t data)
{
	(void)addr;
	xen->msi[data & 0xff]++;
	return 0;
}

int
xen_shutdown(struct xen *xen, enum ioemu_power how)
{
	xen->power = (int)how;
	return 0;
}

int
xen_sleep(struct xen *xen, bool asleep)
{
	if (!xen->sleep_rc)
		xen->asleep = asleep;
	return xen->sleep_rc;
}
