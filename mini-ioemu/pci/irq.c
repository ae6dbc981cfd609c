/* SPDX-License-Identifier: MIT */
/*
 * Counts the asserted sources of each line; Xen hears of the first and the
 * last.
 */
#include "pci/irq.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#define ISA_LINES 16u
#define SLOTS 32u
#define PINS 4u
#define LINKS 4u
#define GSIS 256u

struct irq {
	struct xen *xen;
	uint16_t isa[ISA_LINES];
	uint16_t intx[SLOTS][PINS];
	uint16_t gsi[GSIS];
	bool deferred;
	/* while deferred: those that were set */
	bool routed[LINKS];
	unsigned link[LINKS];
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

static void
irq_isa(struct irq *irq, unsigned line, bool level)
{
	assert(line < ISA_LINES);
	if (irq_count(&irq->isa[line], level) && !irq->deferred)
		(void)xen_isa_irq(irq->xen, line, level);
}

void
irq_intx(struct irq *irq, unsigned slot, unsigned pin, bool level)
{
	assert(slot < SLOTS && pin < PINS);
	if (irq_count(&irq->intx[slot][pin], level) && !irq->deferred)
		(void)xen_intx(irq->xen, slot, pin, level);
}

static void
irq_gsi(struct irq *irq, unsigned gsi, bool level)
{
	assert(gsi < GSIS);
	if (irq_count(&irq->gsi[gsi], level) && !irq->deferred)
		(void)xen_gsi(irq->xen, gsi, level);
}

void
irq_line(struct irq *irq, unsigned line, unsigned gsi, bool level)
{
	if (gsi)
		irq_gsi(irq, gsi, level);
	else
		irq_isa(irq, line, level);
}

/* ---- pins that not every Xen has ------------------------------------ */

static int
irq_refuse(const struct conf_device *conf, int rc)
{
	const char *why =
		rc == -EOPNOTSUPP ? "this Xen has no such pins (xen-patches)"
		: rc == -EBUSY	  ? "the guest runs already, without such pins"
				  : strerror(-rc);

	log_error("%s (%s): gsi=%u: %s; without gsi= its line is an ISA "
		  "interrupt, and MSIs need no pin",
		  conf->type, conf->source, conf->gsi, why);
	return rc;
}

int
irq_wire(struct irq *irq, const struct conf_device *conf)
{
	struct xen_gsis has;
	int rc;

	if (!conf->gsi)
		return 0;
	rc = xen_gsis(irq->xen, true, &has);
	if (rc)
		return irq_refuse(conf, rc);
	if (conf->gsi >= has.first && conf->gsi - has.first < has.n)
		return 0;
	log_error("%s (%s): gsi=%u: %u to %u", conf->type, conf->source,
		  conf->gsi, has.first, has.first + has.n - 1);
	return -EINVAL;
}

/* ---- links -------------------------------------------------------- */

void
irq_route(struct irq *irq, unsigned link, unsigned isa)
{
	if (!irq->deferred) {
		(void)xen_link_route(irq->xen, link, isa);
	} else if (link < LINKS) {
		irq->routed[link] = true;
		irq->link[link] = isa;
	}
}

/* ---- as another process left them --------------------------------- */

void
irq_defer(struct irq *irq)
{
	irq->deferred = true;
}

/* Setting what is set already is nothing to Xen (hvm/irq.c). */
void
irq_go(struct irq *irq)
{
	unsigned i, pin;

	irq->deferred = false;
	for (i = 0; i < LINKS; i++)
		if (irq->routed[i])
			(void)xen_link_route(irq->xen, i, irq->link[i]);
	for (i = 0; i < ISA_LINES; i++)
		if (irq->isa[i])
			(void)xen_isa_irq(irq->xen, i, true);
	for (i = 0; i < GSIS; i++)
		if (irq->gsi[i])
			(void)xen_gsi(irq->xen, i, true);
	for (i = 0; i < SLOTS; i++)
		for (pin = 0; pin < PINS; pin++)
			if (irq->intx[i][pin])
				(void)xen_intx(irq->xen, i, pin, true);
}
