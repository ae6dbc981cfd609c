/* SPDX-License-Identifier: MIT */
/*
 * One table of calls, each a few lines onto the part of the core that does
 * the work. It is here that a device turns out to be a PCI function, so it is
 * put on its bus here.
 */
#include "local.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disks.h"
#include "log.h"

#define MAX_DEVICES 128u
#define MAX_CHARDEVS 32u

struct localdev {
	struct bus_dev place; /* first; of a PCI function */
	struct local *local;
	struct hostdev *hd;
	char id[64];
};

/* A character device by its configured name. */
struct localchr {
	struct ioemu_chardev *chr;
	char label[32];
};

struct local {
	struct target target;
	struct local_env env;
	struct disks *disks;
	unsigned n;
	struct localdev dev[MAX_DEVICES];
	struct localchr chr[MAX_CHARDEVS];
	unsigned n_chr;
	unsigned n_auto; /* ids given to devices without one */
	/* DMA reads done, to be told from the loop: linked by host[0] */
	struct ioemu_dma *done, **done_tail;
	uv_idle_t idle;
};

static struct localdev *
localdev(const struct hostdev *hd)
{
	return hd->host;
}

/* ---- addresses
 * --------------------------------------------------------------- */

static void
local_submit(struct target *target, struct host_op *op)
{
	(void)target;
	host_op_start(op);
}

static void
local_route(struct local *l, struct host_window *w)
{
	int rc = route_add(l->env.routes, w->space, w->base, w->region.size,
			   &l->target, w);

	if (rc)
		log_guest(w->hd->dev.id, IOEMU_DEBUG,
			  "a window of this device cannot be placed");
	else
		claims_update(l->env.claims, w->space);
}

static void
local_map(struct hostdev *hd, struct host_window *w)
{
	if (hd->func)
		bus_map(&localdev(hd)->place, w);
	else
		local_route(localdev(hd)->local, w);
}

static void
local_unmap(struct hostdev *hd, struct host_window *w)
{
	struct local *l = localdev(hd)->local;

	if (hd->func) {
		bus_unmap(&localdev(hd)->place, w);
		return;
	}
	route_del(l->env.routes, w);
	claims_update(l->env.claims, w->space);
}

/* ---- interrupts, DMA, time
 * ------------------------------------------------------ */

static void
local_irq(struct hostdev *hd, unsigned line, bool level)
{
	struct localdev *ld = localdev(hd);
	unsigned pin = hostdev_intx_pin(hd);

	if (line != IOEMU_INTX)
		irq_isa(ld->local->env.irq, line, level);
	else if (pin)
		bus_intx(&ld->place, pin - 1, level);
}

static void
local_msi(struct hostdev *hd, uint64_t addr, uint32_t data)
{
	(void)xen_msi(localdev(hd)->local->env.xen, addr, data);
}

/* The copy is made at once, told in the next turn of the loop, so that a
 * device sees the same order of events here and behind a socket. */
static void
local_dma_turn(uv_idle_t *idle)
{
	struct local *l = idle->data;
	struct ioemu_dma *dma = l->done;

	l->done = NULL;
	l->done_tail = &l->done;
	uv_idle_stop(idle);
	while (dma) {
		struct ioemu_dma *next = dma->host[0];
		struct hostdev *hd = dma->host[1];

		dma->done(&hd->dev, dma);
		dma = next;
	}
}

static void
local_dma_read(struct hostdev *hd, struct ioemu_dma *dma)
{
	struct local *l = localdev(hd)->local;

	dma->status = dma_read(l->env.dma, dma->gpa, dma->buf, dma->len);
	dma->host[0] = NULL;
	dma->host[1] = hd;
	*l->done_tail = dma;
	l->done_tail = (struct ioemu_dma **)&dma->host[0];
	uv_idle_start(&l->idle, local_dma_turn);
}

/* The device goes away: nothing may call it any more. */
static void
local_forget(struct hostdev *hd)
{
	struct local *l = localdev(hd)->local;
	struct ioemu_dma *dma = l->done, *next;

	clock_forget(l->env.clock, hd);
	l->done = NULL;
	l->done_tail = &l->done;
	for (; dma; dma = next) {
		next = dma->host[0];
		dma->host[0] = NULL;
		if (dma->host[1] == hd)
			continue;
		*l->done_tail = dma;
		l->done_tail = (struct ioemu_dma **)&dma->host[0];
	}
}

static void
local_dma_write(struct hostdev *hd, uint64_t gpa, const void *buf, uint32_t len)
{
	(void)dma_write(localdev(hd)->local->env.dma, gpa, buf, len);
}

static uint64_t
local_now(struct hostdev *hd)
{
	return clock_now(localdev(hd)->local->env.clock);
}

static void
local_timer_set(struct hostdev *hd, struct ioemu_timer *timer,
		uint64_t deadline_ns)
{
	clock_set(localdev(hd)->local->env.clock, hd, timer, deadline_ns);
}

/* ---- files
 * ------------------------------------------------------------------------ */

static int
local_block_open(struct hostdev *hd, const char *value,
		 struct ioemu_block **out)
{
	return disks_open(localdev(hd)->local->disks, hd, value, out);
}

static void
local_block_close(struct hostdev *hd, struct ioemu_block *block)
{
	disks_close(localdev(hd)->local->disks, block);
}

static void
local_block_info(struct hostdev *hd, struct ioemu_block *block,
		 struct ioemu_block_info *info)
{
	(void)hd;
	block_info(block, info);
}

static void
local_io(struct hostdev *hd, struct ioemu_io *io)
{
	disks_io(localdev(hd)->local->disks, hd, io);
}

/* A -chardev's id, or what chr_open() takes. */
static int
local_chr_open(struct hostdev *hd, const char *value,
	       struct ioemu_chardev **out)
{
	struct local *l = localdev(hd)->local;
	struct localchr *lc = &l->chr[l->n_chr];
	const struct conf_chardev *c;
	const char *spec = value;
	int rc;

	if (l->n_chr == MAX_CHARDEVS)
		return -ENOSPC;
	for (c = l->env.conf->chardevs; c; c = c->next)
		if (!strcmp(c->id, value))
			spec = c->spec;
	rc = chr_open(l->env.loop, spec, out);
	if (rc)
		return rc;
	chr_bind(*out, hd);
	lc->chr = *out;
	snprintf(lc->label, sizeof(lc->label), "%s", value);
	l->n_chr++;
	return 0;
}

static void
local_chr_close(struct hostdev *hd, struct ioemu_chardev *chr)
{
	(void)hd;
	chr_close(chr);
}

static void
local_chr_write(struct hostdev *hd, struct ioemu_chardev *chr, const void *data,
		size_t len)
{
	(void)hd;
	chr_write(chr, data, len);
}

static void
local_chr_accept(struct hostdev *hd, struct ioemu_chardev *chr, size_t room)
{
	(void)hd;
	chr_accept(chr, room);
}

/* ---- machine
 * ------------------------------------------------------------------------ */

static void
local_power(struct hostdev *hd, enum ioemu_power what)
{
	struct local_env *env = &localdev(hd)->local->env;

	env->power(env->ctx, what);
}

static void
local_link_route(struct hostdev *hd, unsigned link, unsigned irq)
{
	(void)xen_link_route(localdev(hd)->local->env.xen, link, irq);
}

static void
local_unplug(struct hostdev *hd, unsigned what)
{
	struct local *l = localdev(hd)->local;
	unsigned i;

	for (i = 0; i < l->n; i++)
		hostdev_unplug(l->dev[i].hd, what);
}

static void
local_eject(struct hostdev *hd, unsigned slot)
{
	bus_eject(localdev(hd)->local->env.root, slot);
}

static bool
local_upstream(struct hostdev *hd)
{
	return bus_upstream(&localdev(hd)->place);
}

static void
local_bridge(struct hostdev *hd)
{
	struct host_bridge now;

	if (hostdev_bridge(hd, &now))
		bus_set_bridge(&localdev(hd)->place, &now);
}

static void
local_log(struct hostdev *hd, enum ioemu_level level, const char *text)
{
	log_guest(hd->dev.id, level, text);
}

static const struct host_ops local_ops = {
	.map = local_map,
	.unmap = local_unmap,
	.irq = local_irq,
	.msi = local_msi,
	.dma_read = local_dma_read,
	.dma_write = local_dma_write,
	.now = local_now,
	.timer_set = local_timer_set,
	.block_open = local_block_open,
	.block_close = local_block_close,
	.chr_open = local_chr_open,
	.chr_close = local_chr_close,
	.chr_write = local_chr_write,
	.chr_accept = local_chr_accept,
	.block_info = local_block_info,
	.io = local_io,
	.power = local_power,
	.link_route = local_link_route,
	.unplug = local_unplug,
	.log = local_log,
	.upstream = local_upstream,
	.bridge = local_bridge,
	.forget = local_forget,
	.eject = local_eject,
};

/* ---- making devices
 * --------------------------------------------------------------------- */

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
	int rc;

	if (parent && localdev(parent)->place.secondary)
		bus = localdev(parent)->place.secondary;
	ld->place.target = &ld->local->target;
	ld->place.config = ld->hd->config;
	ld->place.reset = local_reset;
	rc = bus_place(bus, &ld->place, conf->devfn);
	if (rc)
		log_error("%s (%s): PCI slot %d.%d is taken", conf->type,
			  conf->source, conf->devfn / 8, conf->devfn % 8);
	if (!rc && hostdev_bridge(ld->hd, &now))
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
		if (rc == -ENOKEY)
			log_error("%s (%s): no property '%s'; --list-devices "
				  "shows what there is",
				  conf->type, conf->source, p->key);
		else if (rc)
			log_error("%s (%s): %s=%s: %s", conf->type,
				  conf->source, p->key, p->value,
				  strerror(-rc));
		if (rc)
			return rc;
	}
	return 0;
}

static void
local_drop(struct localdev *ld)
{
	bus_remove(&ld->place);
	hostdev_free(ld->hd);
}

int
local_add(struct local *l, const struct host_type *type,
	  const struct conf_device *conf)
{
	struct localdev *ld = &l->dev[l->n];
	struct hostdev *parent = conf->bus ? local_find(l, conf->bus) : NULL;
	int rc;

	if (l->n == MAX_DEVICES) {
		log_error("more than %u devices", MAX_DEVICES);
		return -ENOSPC;
	}
	*ld = (struct localdev){ .local = l };
	if (conf->id)
		snprintf(ld->id, sizeof(ld->id), "%s", conf->id);
	else
		snprintf(ld->id, sizeof(ld->id), "%.40s#%u", conf->type,
			 l->n_auto++);
	rc = hostdev_new(&local_ops, ld, type, ld->id, parent, &ld->hd);
	if (rc) {
		log_error("%s (%s): cannot be made: %s%s%s", conf->type,
			  conf->source, strerror(-rc),
			  type->type.parent ? "; it wants bus= of a " : "",
			  type->type.parent ? type->type.parent : "");
		return rc;
	}
	rc = local_set_props(ld->hd, conf);
	if (!rc) {
		rc = hostdev_attach(ld->hd);
		if (rc)
			log_error("%s (%s): does not start: %s", conf->type,
				  conf->source, strerror(-rc));
	}
	if (!rc && ld->hd->func)
		rc = local_place(ld, parent, conf);
	if (rc) {
		local_drop(ld);
		return rc;
	}
	l->n++;
	return 0;
}

void
local_finish(struct local *l)
{
	unsigned i;

	for (i = 0; i < l->n; i++) {
		const struct bus_dev *place = &l->dev[i].place;
		struct bus_dev *first;

		if (!place->bus || place->devfn % 8 == 0)
			continue;
		first = bus_at(place->bus, place->devfn & ~7u);
		if (first)
			hostdev_set_multifunction(
				((struct localdev *)first)->hd);
	}
}

void
local_hotplug(struct local *l, unsigned slot, enum ioemu_hotplug what)
{
	unsigned i;

	for (i = 0; i < l->n; i++)
		hostdev_hotplug(l->dev[i].hd, slot, what);
}

struct hostdev *
local_at(struct local *l, unsigned i)
{
	return i < l->n ? l->dev[i].hd : NULL;
}

struct hostdev *
local_find(struct local *l, const char *id)
{
	struct hostdev *found = NULL;
	unsigned i;

	for (i = 0; i < l->n; i++) {
		struct hostdev *hd = l->dev[i].hd;

		if (!strcmp(l->dev[i].id, id))
			return hd;
		if (!found && !strcmp(hd->type->type.name, id))
			found = hd;
	}
	return found;
}

struct bus *
local_bus(struct local *l, const char *id)
{
	const struct hostdev *hd = id ? local_find(l, id) : NULL;

	if (!id)
		return l->env.root;
	return hd ? localdev(hd)->place.secondary : NULL;
}

bool
local_chardev(struct local *l, unsigned i, const char **label,
	      const char **name)
{
	if (i >= l->n_chr)
		return false;
	*label = l->chr[i].label;
	*name = chr_name(l->chr[i].chr);
	return true;
}

/* ---- all of them, when the guest is stopped ----------------------- */

struct disks *
local_disks(const struct local *l)
{
	return l->disks;
}

const char *
local_waiting(const struct local *l)
{
	unsigned i;

	for (i = 0; i < l->n; i++)
		if (hostdev_busy(l->dev[i].hd))
			return l->dev[i].id;
	return NULL;
}

bool
local_quiet(const struct local *l)
{
	return !l->done && !disks_busy(l->disks);
}

void
local_hold_input(struct local *l, bool on)
{
	unsigned i;

	for (i = 0; i < l->n_chr; i++)
		chr_hold(l->chr[i].chr, on);
}

int
local_new(const struct local_env *env, struct local **out)
{
	struct local *l = calloc(1, sizeof(*l));
	int rc;

	if (!l)
		return -ENOMEM;
	rc = disks_new(env->loop, env->conf, env->dma, &l->disks);
	if (rc) {
		free(l);
		return rc;
	}
	l->target.submit = local_submit;
	l->env = *env;
	l->done_tail = &l->done;
	uv_idle_init(env->loop, &l->idle);
	l->idle.data = l;
	*out = l;
	return 0;
}

static void
local_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void
local_free(struct local *l)
{
	if (!l)
		return;
	while (l->n)
		local_drop(&l->dev[--l->n]);
	disks_free(l->disks);
	uv_close((uv_handle_t *)&l->idle, local_closed);
}
