/* SPDX-License-Identifier: MIT */
/*
 * irq.h - interrupt lines with several sources. Xen keeps one bit for each ISA
 * interrupt and for each pin of each slot of bus 0 (hvm/irq.c), so the OR of
 * all who share a line is made here.
 */
#ifndef PCI_IRQ_H
#define PCI_IRQ_H

#include "config/conf.h"
#include "xen/xen.h"

struct irq;

int irq_new(struct xen *xen, struct irq **out);
void irq_free(struct irq *irq);

/* One source goes up or down; each source calls on changes only. */
/* `line` of a device that is not PCI's: the ISA interrupt of that number, or if
 * `gsi` is not 0 that pin, which irq_wire() found to be there. */
void irq_line(struct irq *irq, unsigned line, unsigned gsi, bool level);
/* pin 0: INTA# */
void irq_intx(struct irq *irq, unsigned slot, unsigned pin, bool level);
/* Where a PCI interrupt link goes. */
void irq_route(struct irq *irq, unsigned link, unsigned isa);

/*
 * gsi= of a device: gives the guest the pins, if that can still be. Logs why
 * not; -errno. Nothing to do where the device has no gsi=.
 */
int irq_wire(struct irq *irq, const struct conf_device *conf);

/*
 * Between these Xen hears of nothing: it has the lines as another process left
 * them. Then of those that are up and of the links that were set.
 */
void irq_defer(struct irq *irq);
void irq_go(struct irq *irq);

#endif
