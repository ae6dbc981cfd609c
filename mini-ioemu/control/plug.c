/* SPDX-License-Identifier: MIT */
/*
 * Devices, processors and power as the control sockets see them. While the
 * guest's devices stand still, to be saved perhaps, none comes or goes.
 */
#include <stdio.h>

#include "control/priv.h"
#include "path/report.h"

static bool
stands_still(const struct monitor *mon, char *why, size_t size)
{
	if (mon->env.pause && pause_state(mon->env.pause) == PAUSE_RUNNING)
		return false;
	snprintf(why, size, "The guest's devices stand still: 'cont' first");
	return true;
}

int
monitor_add_device(void *ctx, const char *text, char *why, size_t size)
{
	struct monitor *mon = ctx;

	return stands_still(mon, why, size)
		       ? -EBUSY
		       : plug_add(mon->env.plug, text, why, size);
}

int
monitor_del_device(void *ctx, const char *id, char *why, size_t size)
{
	struct monitor *mon = ctx;

	return stands_still(mon, why, size)
		       ? -EBUSY
		       : plug_del(mon->env.plug, id, why, size);
}

int
monitor_add_cpu(void *ctx, unsigned cpu, char *why, size_t size)
{
	struct monitor *mon = ctx;

	return stands_still(mon, why, size)
		       ? -EBUSY
		       : plug_cpu(mon->env.plug, cpu, why, size);
}

/* ---- what there is ------------------------------------------------ */

struct pci_search {
	unsigned left;
	const struct bus_dev *found;
};

static void
pci_see(void *ctx, const struct bus_dev *dev)
{
	struct pci_search *search = ctx;

	if (!search->left--)
		search->found = dev;
}

bool
monitor_pci(void *ctx, unsigned i, struct qmp_pci *out)
{
	const struct monitor *mon = ctx;
	struct pci_search search = { .left = i };
	unsigned bdf;

	if (mon->env.root)
		bus_each(mon->env.root, pci_see, &search);
	if (!search.found)
		return false;
	bdf = bus_bdf(search.found);
	*out = (struct qmp_pci){
		.bus = bdf >> 8,
		.slot = bdf >> 3 & 0x1f,
		.function = bdf & 7,
		.id = report_who(search.found->target, search.found->config),
	};
	return true;
}

unsigned
monitor_max_cpus(void *ctx)
{
	return ((struct monitor *)ctx)->env.conf->max_vcpus;
}

/* -machine none: what was asked for. */
bool
monitor_cpu_is_on(void *ctx, unsigned cpu)
{
	const struct monitor *mon = ctx;

	return mon->env.plug ? plug_cpu_is_on(mon->env.plug, cpu)
			     : cpu < mon->env.conf->vcpus;
}

int
monitor_wake(void *ctx)
{
	struct monitor *mon = ctx;

	if (!mon->env.power)
		return -EINVAL;
	return power_wake(mon->env.power, mon->env.local, mon->env.peers);
}
