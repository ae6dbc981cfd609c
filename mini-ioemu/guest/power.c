/* SPDX-License-Identifier: MIT */
#include "guest/power.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "helper/spawn.h"

#define SOURCE "machine"

struct power {
	struct xen *xen;
	struct spawn *spawn; /* for what takes rights */
	bool asleep;
};

void
power_do(struct power *p, enum ioemu_power what)
{
	static const char *const word[] = { "power-off", "reset", "sleep" };
	char text[96];
	int rc;

	log_guest(SOURCE, IOEMU_INFO, word[what]);
	rc = what == IOEMU_POWER_SUSPEND ? spawn_sleep(p->spawn, true)
					 : xen_shutdown(p->xen, what);
	if (!rc) {
		p->asleep = p->asleep || what == IOEMU_POWER_SUSPEND;
		return;
	}
	snprintf(text, sizeof(text), "Xen refuses the guest's %s: %s",
		 word[what], strerror(-rc));
	log_guest(SOURCE, IOEMU_WARN, text);
}

bool
power_asleep(const struct power *p)
{
	return p->asleep;
}

int
power_wake(struct power *p, struct local *local, struct peers *peers)
{
	if (!p->asleep)
		return -EINVAL;
	local_wake(local);
	peers_wake(peers);
	p->asleep = false;
	return spawn_sleep(p->spawn, false);
}

int
power_new(struct xen *xen, struct spawn *spawn, struct power **out)
{
	struct power *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->xen = xen;
	p->spawn = spawn;
	*out = p;
	return 0;
}

void
power_free(struct power *p)
{
	free(p);
}
