/* SPDX-License-Identifier: MIT */
/* guest.h - between guest.c, what there is, and steps.c, what happens. */
#ifndef NET_GUEST_H
#define NET_GUEST_H

#include "net.h"

#define REG_BAR0 0x10u
#define LOW_RAM 0x20000u /* where drivers have their tables */

uint64_t net_mix(uint64_t hash, uint64_t v);
/* One element, or what the caller makes of it. */
struct host_op net_op(unsigned width, bool write);
/* One value for all elements. What was read, as a number. */
uint64_t net_access(struct machine *m, const struct host_op *op,
		    uint64_t value);
/* Every BAR has a place, every function answers. */
void net_place(struct machine *m);

#endif
