/* SPDX-License-Identifier: MIT */
/*
 * Pages are mapped in chunks of 32, as a mapping costs a hypercall. A chunk's
 * place in the table follows from its address, so finding it is one compare;
 * a chunk with pins that must make room moves to the `stale` list instead.
 */
#include "path/dma.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define PAGE 4096u
#define CHUNK_PAGES 32u
#define CHUNK ((uint64_t)CHUNK_PAGES * PAGE)
#define N_CHUNKS 1024u
#define N_STALE 64u /* pinned chunks that lost their place */

struct chunk {
	uint8_t *addr;	/* NULL: empty */
	uint64_t index; /* guest address / CHUNK */
	uint32_t valid; /* a bit a page */
	uint32_t pins;
};

struct dma {
	struct xen *xen;
	bool log;
	struct chunk chunk[N_CHUNKS];
	struct chunk stale[N_STALE];
};

int
dma_new(struct xen *xen, struct dma **out)
{
	struct dma *dma = calloc(1, sizeof(*dma));

	if (!dma)
		return -ENOMEM;
	dma->xen = xen;
	*out = dma;
	return 0;
}

static void
chunk_drop(struct dma *dma, struct chunk *c)
{
	if (c->addr)
		xen_unmap(dma->xen, c->addr, CHUNK_PAGES);
	*c = (struct chunk){ .addr = NULL };
}

/* Make the place free; false if that cannot be done now. */
static bool
chunk_evict(struct dma *dma, struct chunk *c)
{
	unsigned i;

	if (!c->pins) {
		chunk_drop(dma, c);
		return true;
	}
	for (i = 0; i < N_STALE; i++) {
		if (!dma->stale[i].addr) {
			dma->stale[i] = *c;
			*c = (struct chunk){ .addr = NULL };
			return true;
		}
	}
	return false;
}

void
dma_invalidate(struct dma *dma)
{
	unsigned i;

	for (i = 0; i < N_CHUNKS; i++)
		if (dma->chunk[i].addr && !chunk_evict(dma, &dma->chunk[i]))
			dma->chunk[i].valid = 0; /* no new use; goes later */
}

void
dma_free(struct dma *dma)
{
	unsigned i;

	if (!dma)
		return;
	for (i = 0; i < N_CHUNKS; i++)
		chunk_drop(dma, &dma->chunk[i]);
	for (i = 0; i < N_STALE; i++)
		chunk_drop(dma, &dma->stale[i]);
	free(dma);
}

/* The chunk of a page that is memory, or NULL. A page that was none at the
 * time of mapping may be by now: mapped again before giving up. */
static struct chunk *
chunk_get(struct dma *dma, uint64_t gpa)
{
	uint64_t index = gpa / CHUNK;
	uint32_t bit = 1u << (gpa / PAGE % CHUNK_PAGES);
	struct chunk *c = &dma->chunk[index % N_CHUNKS];
	bool ok[CHUNK_PAGES];
	unsigned i;

	if (c->addr && c->index == index && c->valid & bit)
		return c;
	if (!chunk_evict(dma, c))
		return NULL;
	c->addr = xen_map(dma->xen, index * CHUNK_PAGES, CHUNK_PAGES, ok);
	if (!c->addr)
		return NULL;
	c->index = index;
	for (i = 0; i < CHUNK_PAGES; i++)
		c->valid |= (uint32_t)ok[i] << i;
	return c->valid & bit ? c : NULL;
}

static uint8_t *
dma_page(struct dma *dma, uint64_t gpa)
{
	struct chunk *c = chunk_get(dma, gpa);

	return c ? c->addr + gpa % CHUNK : NULL;
}

/* Bytes up to the end of the page. */
static uint32_t
dma_step(uint64_t gpa, uint32_t len)
{
	uint32_t left = PAGE - (uint32_t)(gpa % PAGE);

	return len < left ? len : left;
}

int
dma_read(struct dma *dma, uint64_t gpa, void *buf, uint32_t len)
{
	uint8_t *to = buf;
	int rc = 0;

	while (len) {
		uint32_t n = dma_step(gpa, len);
		const uint8_t *from = dma_page(dma, gpa);

		if (from) {
			memcpy(to, from, n);
		} else {
			memset(to, 0xff, n);
			rc = -EFAULT;
		}
		gpa += n;
		to += n;
		len -= n;
	}
	return rc;
}

void
dma_log(struct dma *dma, bool on)
{
	dma->log = on;
}

bool
dma_logs(const struct dma *dma)
{
	return dma->log;
}

/* After the bytes are there: what is copied in between is copied again. */
static void
dma_wrote(const struct dma *dma, uint64_t gpa)
{
	if (dma->log)
		xen_modified(dma->xen, gpa / PAGE);
}

int
dma_write(struct dma *dma, uint64_t gpa, const void *buf, uint32_t len)
{
	const uint8_t *from = buf;
	int rc = 0;

	while (len) {
		uint32_t n = dma_step(gpa, len);
		uint8_t *to = dma_page(dma, gpa);

		if (to) {
			memcpy(to, from, n);
			dma_wrote(dma, gpa);
		} else {
			rc = -EFAULT;
		}
		gpa += n;
		from += n;
		len -= n;
	}
	return rc;
}

void *
dma_pin(struct dma *dma, uint64_t gpa, uint32_t len)
{
	struct chunk *c = chunk_get(dma, gpa);

	assert(len && dma_step(gpa, len) == len);
	if (!c)
		return NULL;
	c->pins++;
	return c->addr + gpa % CHUNK;
}

static bool
chunk_has(const struct chunk *c, const uint8_t *ptr)
{
	return c->addr && ptr >= c->addr && ptr < c->addr + CHUNK;
}

bool
dma_holds(struct dma *dma, uint64_t first, uint64_t last)
{
	uint64_t gpa = first & ~(uint64_t)(PAGE - 1), left;

	for (left = (last - gpa) / PAGE + 1; left; left--, gpa += PAGE)
		if (chunk_get(dma, gpa))
			return true;
	return false;
}

void
dma_unpin(struct dma *dma, uint64_t gpa, void *ptr, bool wrote)
{
	unsigned i;

	if (wrote)
		dma_wrote(dma, gpa);
	for (i = 0; i < N_STALE; i++) {
		struct chunk *c = &dma->stale[i];

		if (chunk_has(c, ptr)) {
			if (!--c->pins)
				chunk_drop(dma, c);
			return;
		}
	}
	for (i = 0; i < N_CHUNKS; i++) {
		struct chunk *c = &dma->chunk[i];

		if (chunk_has(c, ptr)) {
			c->pins--;
			return;
		}
	}
	assert(false); /* unpinned what was never pinned */
}
