/* SPDX-License-Identifier: MIT */
/*
 * The devices of this process: made, put on their bus, found, taken out. It is
 * here that a device turns out to be a PCI function.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "handover/handover.h"
#include "local/priv.h"

/* ---- taking out --------------------------------------------------- */

static void
local_drop(struct localdev *ld)
{
	bus_remove(&ld->place);
	hostdev_free(ld->hd);
	free(ld);
}

/* Runs before the loop sleeps, so never inside a call to a device. */
static void
local_leave(uv_prepare_t *prepare)
{
	struct local *l = prepare->data;
	struct localdev **at = &l->leaving, *ld;

	while ((ld = *at)) {
		if (disks_busy_of(l->disks, ld->hd)) {
			at = &ld->next;
			continue;
		}
		*at = ld->next;
		local_drop(ld);
	}
	if (!l->leaving)
		uv_prepare_stop(prepare);
}

/* Without memory for that it is not known, and taking the guest over fails. */
void
local_mark_removed(struct local *l, const char *id)
{
	struct localgone *g = l->gone;

	while (g && strcmp(g->id, id) != 0)
		g = g->next;
	if (g)
		return;
	g = calloc(1, sizeof(*g));
	if (!g)
		return;
	snprintf(g->id, sizeof(g->id), "%s", id);
	g->next = l->gone;
	l->gone = g;
}

/* Devices are plugged into it: they have its state in their hands. */
static bool
local_is_parent(const struct localdev *parent)
{
	const struct localdev *ld;

	for (ld = parent->local->first; ld; ld = ld->next)
		if (ld->hd->dev.parent == &parent->hd->dev)
			return true;
	return false;
}

/* The guest gave it up: it is gone from where the guest looks at once. */
static void
local_ejected(struct bus_dev *place)
{
	struct localdev *ld = (struct localdev *)place, **at;
	struct local *l = ld->local;

	if (local_is_parent(ld))
		return;
	bus_remove(place);
	local_mark_removed(l, ld->id);
	for (at = &l->first; *at != ld; at = &(*at)->next)
		;
	*at = ld->next;
	ld->next = l->leaving;
	l->leaving = ld;
	uv_prepare_start(&l->leave, local_leave);
	log_guest(ld->id, IOEMU_INFO, "taken out by the guest");
}

int
local_request_unplug(struct local *l, const struct hostdev *hd)
{
	const struct bus_dev *place = &localdev(hd)->place;

	if (!place->eject || local_is_parent(localdev(hd)))
		return -EPERM;
	if (!bus_is_root(place->bus))
		return -EXDEV;
	local_hotplug(l, bus_root_slot(place), IOEMU_HOTPLUG_REMOVE_REQUEST);
	return 0;
}

/* ---- making ------------------------------------------------------- */

static void
local_reset(struct bus_dev *place)
{
	hostdev_reset(((struct localdev *)place)->hd, IOEMU_RESET_BUS);
}

/* Onto the bus behind the bridge `parent`, or the root bus. */
static int
local_place(struct localdev *ld, const struct hostdev *parent,
	    const struct conf_device *conf)
{
	struct bus *bus = ld->local->env.root;
	struct host_bridge now;
	bool bridge = hostdev_bridge(ld->hd, &now);
	int rc;

	if (parent && localdev(parent)->place.secondary)
		bus = localdev(parent)->place.secondary;
	ld->place.target = &ld->local->target;
	ld->place.config = ld->hd->config;
	ld->place.reset = local_reset;
	ld->place.eject = conf->removable && !bridge ? local_ejected : NULL;
	rc = bus_place(bus, &ld->place, ld->devfn);
	if (rc && ld->devfn < 0)
		log_error("%s (%s): no PCI slot is free", conf->type,
			  conf->source);
	else if (rc)
		log_error("%s (%s): PCI slot %d.%d is taken", conf->type,
			  conf->source, ld->devfn / 8, ld->devfn % 8);
	if (!rc && bridge)
		rc = bus_make_secondary(&ld->place);
	if (!rc)
		local_bridge(ld->hd);
	return rc;
}

static int
local_set_props(struct hostdev *hd, const struct conf_device *conf)
{
	const struct conf_prop *p;
	int rc;

	for (p = conf->props; p; p = p->next) {
		rc = hostdev_set(hd, p->key, p->value);
		if (rc)
			log_error("%s (%s): %s=%s: %s", conf->type,
				  conf->source, p->key, p->value,
				  hostdev_why(hd, rc));
		if (rc)
			return rc;
	}
	return 0;
}

static int
local_make(struct localdev *ld, struct hostdev *parent,
	   const struct host_type *type, const struct conf_device *conf)
{
	int rc = hostdev_new(&local_ops, ld, type, ld->id, parent, &ld->hd);

	if (rc)
		log_error("%s (%s): cannot be made: %s%s%s", conf->type,
			  conf->source, strerror(-rc),
			  type->type.parent ? "; it wants bus= of a " : "",
			  type->type.parent ? type->type.parent : "");
	return rc;
}

/* From its properties to its place; what was done when it fails stays. */
static int
local_start(struct localdev *ld, const struct hostdev *parent,
	    const struct conf_device *conf)
{
	int rc = local_set_props(ld->hd, conf);

	if (!rc)
		rc = irq_wire(ld->local->env.irq, conf);
	if (rc)
		return rc;
	ld->gsi = conf->gsi;
	rc = hostdev_attach(ld->hd);
	if (rc) {
		log_error("%s (%s): does not start: %s", conf->type,
			  conf->source, hostdev_why(ld->hd, rc));
	} else if (ld->hd->func && conf->gsi) {
		log_error("%s (%s): gsi=: a PCI device has pins of its own",
			  conf->type, conf->source);
		rc = -EINVAL;
	} else if (ld->hd->func) {
		rc = local_place(ld, parent, conf);
	} else if (conf->later) {
		rc = -EOPNOTSUPP;
	}
	if (rc == -EOPNOTSUPP && conf->later)
		log_error(
			"%s (%s): no PCI device: a guest cannot be told of it",
			conf->type, conf->source);
	return rc;
}

int
local_add(struct local *l, const struct host_type *type,
	  const struct conf_device *conf)
{
	struct hostdev *parent;
	struct localdev *ld = calloc(1, sizeof(*ld)), **last = &l->first;
	int rc;

	if (!ld)
		return -ENOMEM;
	ld->local = l;
	if (conf->id)
		snprintf(ld->id, sizeof(ld->id), "%s", conf->id);
	else
		snprintf(ld->id, sizeof(ld->id), "%.40s#%u", conf->type,
			 l->n_auto++);
	ld->devfn = conf->devfn;
	handover_device(l->env.handover, ld->id, &ld->devfn);
	if (!conf->later && handover_gone(l->env.handover, ld->id)) {
		local_mark_removed(l, ld->id);
		free(ld);
		return 0;
	}
	parent = conf->bus ? local_find(l, conf->bus) : NULL;
	rc = local_make(ld, parent, type, conf);
	if (rc) {
		free(ld);
		return rc;
	}
	rc = local_start(ld, parent, conf);
	if (rc) {
		local_drop(ld);
		return rc;
	}
	while (*last)
		last = &(*last)->next;
	*last = ld;
	return 0;
}

void
local_finish(struct local *l)
{
	const struct localdev *ld;

	for (ld = l->first; ld; ld = ld->next) {
		const struct bus_dev *place = &ld->place;
		struct bus_dev *first;

		if (!place->bus || place->devfn % 8 == 0)
			continue;
		first = bus_at(place->bus, place->devfn & ~7u);
		if (first && first->target == &l->target)
			hostdev_set_multifunction(
				((struct localdev *)first)->hd);
	}
}

/* ---- finding ------------------------------------------------------ */

void
local_hotplug(struct local *l, unsigned which, enum ioemu_hotplug what)
{
	const struct localdev *ld;

	for (ld = l->first; ld; ld = ld->next)
		hostdev_hotplug(ld->hd, which, what);
}

void
local_wake(struct local *l)
{
	const struct localdev *ld;

	for (ld = l->first; ld; ld = ld->next)
		hostdev_reset(ld->hd, IOEMU_RESET_WAKE);
}

struct hostdev *
local_at(struct local *l, unsigned i)
{
	const struct localdev *ld = l->first;

	while (ld && i--)
		ld = ld->next;
	return ld ? ld->hd : NULL;
}

struct hostdev *
local_find(struct local *l, const char *id)
{
	struct hostdev *found = NULL;
	const struct localdev *ld;

	for (ld = l->first; ld; ld = ld->next) {
		if (!strcmp(ld->id, id))
			return ld->hd;
		if (!found && !strcmp(ld->hd->type->type.name, id))
			found = ld->hd;
	}
	return found;
}

const struct bus_dev *
local_place_of(const struct hostdev *hd)
{
	return hd->func ? &localdev(hd)->place : NULL;
}

struct bus *
local_bus(struct local *l, const char *id)
{
	const struct hostdev *hd = id ? local_find(l, id) : NULL;

	if (!id)
		return l->env.root;
	return hd ? localdev(hd)->place.secondary : NULL;
}

/* ---- all of them -------------------------------------------------- */

void
localdev_init(struct local *l)
{
	uv_prepare_init(l->env.loop, &l->leave);
	l->leave.data = l;
}

/* The last in a list first. */
static void
list_free(struct localdev **list)
{
	struct localdev *ld, **at;

	while (*list) {
		for (at = list; (*at)->next; at = &(*at)->next)
			;
		ld = *at;
		*at = NULL;
		local_drop(ld);
	}
}

void
localdev_free(struct local *l)
{
	struct localgone *g;

	list_free(&l->leaving);
	list_free(&l->first);
	while ((g = l->gone)) {
		l->gone = g->next;
		free(g);
	}
}
