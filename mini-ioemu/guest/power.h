/* SPDX-License-Identifier: MIT */
/*
 * power.h - the guest turns itself off, resets itself, or sleeps; and is woken.
 */
#ifndef GUEST_POWER_H
#define GUEST_POWER_H

#include "peer/peer.h"

struct power;
struct spawn;

int power_new(struct xen *xen, struct spawn *spawn, struct power **out);
void power_free(struct power *p);

/* As the guest wants it. Logs what Xen refuses. */
void power_do(struct power *p, enum ioemu_power what);

bool power_asleep(const struct power *p);
/* All devices start anew, then the guest, at its firmware. -EINVAL: it is not
 * asleep; or what Xen says. */
int power_wake(struct power *p, struct local *local, struct peers *peers);

#endif
