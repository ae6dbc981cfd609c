/* SPDX-License-Identifier: MIT */
/*
 * Counts the asserted sources of each line; Xen hears of the first and the
 * last.
 */
#include "irq.h"

#include <assert.h>
#include <stdlib.h>

#define ISA_LINES 16u
#define SLOTS 32u
#define PINS 4u

struct irq {
	struct xen *xen;
	uint16_t isa[ISA_LINES];
	uint16_t intx[SLOTS][PINS];
};

int
irq_new(struct xen *xen, struct irq **out)
{
	struct irq *irq = calloc(1, sizeof(*irq));

	if (!irq)
		return -ENOMEM;
	irq->xen = xen;
	*out = irq;
	return 0;
}

void
irq_free(struct irq *irq)
{
	free(irq);
}

/* True if the line itself changed. */
static bool
irq_count(uint16_t *count, bool level)
{
	assert(level || *count);
	*count = (uint16_t)(level ? *count + 1 : *count - 1);
	return *count == (level ? 1 : 0);
}

void
irq_isa(struct irq *irq, unsigned line, bool level)
{
	assert(line < ISA_LINES);
	if (irq_count(&irq->isa[line], level))
		(void)xen_isa_irq(irq->xen, line, level);
}

void
irq_intx(struct irq *irq, unsigned slot, unsigned pin, bool level)
{
	assert(slot < SLOTS && pin < PINS);
	if (irq_count(&irq->intx[slot][pin], level))
		(void)xen_intx(irq->xen, slot, pin, level);
}
