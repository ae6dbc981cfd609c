/* SPDX-License-Identifier: MIT */
/*
 * What a device asks of its host: one table of calls, each a few lines onto
 * the part of the core that does the work.
 */
#include "handover/handover.h"
#include "local/priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "helper/spawn.h"

/* ---- addresses ------------------------------------------------------- */

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

/* ---- interrupts, DMA, time ------------------------------------------- */

static void
local_irq(struct hostdev *hd, unsigned line, bool level)
{
	struct localdev *ld = localdev(hd);
	unsigned pin = hostdev_intx_pin(hd);

	if (line != IOEMU_INTX)
		irq_line(ld->local->env.irq, line, ld->gsi, level);
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

	hostdev_dma_status(dma,
			   dma_read(l->env.dma, dma->gpa, dma->buf, dma->len));
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

/* ---- files ----------------------------------------------------------- */

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

static int
local_chr_make(struct local *l, const char *label, const char *spec,
	       struct ioemu_chardev **out)
{
	struct chr_handover handover;

	if (!l->env.handover ||
	    handover_take_chr(l->env.handover, label, &handover))
		return chr_open(l->env.loop, spec, out);
	return chr_handover_in(l->env.loop, spec, &handover, out);
}

/* A -chardev's id, or what chr_open() takes. */
static int
local_chr_open(struct hostdev *hd, const char *value,
	       struct ioemu_chardev **out)
{
	struct local *l = localdev(hd)->local;
	const struct conf_chardev *c;
	const char *spec = value;
	struct localchr *lc;
	int rc;

	if (l->n_chr == LOCAL_CHARDEVS)
		return hostdev_refuse(hd, -ENOSPC,
				      "more than %u character devices",
				      LOCAL_CHARDEVS);
	lc = &l->chr[l->n_chr];
	snprintf(lc->label, sizeof(lc->label), "%s", value);
	for (c = l->env.conf->chardevs; c; c = c->next)
		if (!strcmp(c->id, value))
			spec = c->spec;
	rc = local_chr_make(l, lc->label, spec, out);
	if (rc)
		return hostdev_refuse(hd, rc, "%s: %s", spec, chr_why(rc));
	chr_bind(*out, hd);
	lc->chr = *out;
	l->n_chr++;
	return 0;
}

static void
local_chr_close(struct hostdev *hd, struct ioemu_chardev *chr)
{
	struct local *l = localdev(hd)->local;
	struct localchr *lc = l->chr;

	chr_close(chr);
	while (lc->chr != chr)
		lc++;
	l->n_chr--;
	memmove(lc, lc + 1, (size_t)(l->chr + l->n_chr - lc) * sizeof(*lc));
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

/* ---- machine --------------------------------------------------------- */

static void
local_power(struct hostdev *hd, enum ioemu_power what)
{
	struct local_env *env = &localdev(hd)->local->env;

	env->power(env->ctx, what);
}

static void
local_link_route(struct hostdev *hd, unsigned link, unsigned irq)
{
	irq_route(localdev(hd)->local->env.irq, link, irq);
}

static void
local_unplug(struct hostdev *hd, unsigned what)
{
	struct localdev *ld = localdev(hd)->local->first;

	for (; ld; ld = ld->next)
		hostdev_unplug(ld->hd, what);
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

void
local_bridge(struct hostdev *hd)
{
	struct host_bridge now;

	if (hostdev_bridge(hd, &now))
		bus_set_bridge(&localdev(hd)->place, &now);
}

static void
local_log(struct hostdev *hd, enum ioemu_level level, const char *text)
{
	log_words(hd->dev.id, level, text);
}

const struct host_ops local_ops = {
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
	.pirq_route = local_link_route,
	.unplug = local_unplug,
	.log = local_log,
	.upstream = local_upstream,
	.bridge = local_bridge,
	.forget = local_forget,
	.eject = local_eject,
};

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

int
local_leave_paths(struct local *l, struct spawn *spawn)
{
	static const char by_path[] = "unix:";
	const char *name;
	unsigned i;
	int rc = 0;

	for (i = 0; !rc && i < l->n_chr; i++) {
		name = chr_name(l->chr[i].chr);
		chr_leave_path(l->chr[i].chr);
		if (spawn && !strncmp(name, by_path, strlen(by_path)))
			rc = spawn_add_path(spawn, name + strlen(by_path));
	}
	return rc;
}

uint64_t
local_chardev_lost(const struct local *l, unsigned i)
{
	return chr_lost(l->chr[i].chr);
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
	const struct localdev *ld;

	for (ld = l->first; ld; ld = ld->next)
		if (hostdev_busy(ld->hd))
			return ld->id;
	return NULL;
}

bool
local_quiet(const struct local *l)
{
	return !l->done && !l->leaving && !disks_busy(l->disks);
}

void
local_defer_input(struct local *l, bool on)
{
	unsigned i;

	for (i = 0; i < l->n_chr; i++)
		chr_defer_input(l->chr[i].chr, on);
}

int
local_handover_over(struct local *l, struct handover *handover)
{
	const struct localgone *g;
	const struct localdev *ld;
	struct chr_handover chr;
	unsigned i;
	int rc = 0;

	for (ld = l->first; ld; ld = ld->next)
		handover_put_device(handover, ld->id,
				    ld->place.bus ? (int)ld->place.devfn : -1);
	for (g = l->gone; g; g = g->next)
		handover_put_gone(handover, g->id);
	for (i = 0; !rc && i < l->n_chr; i++) {
		rc = chr_handover_out(l->chr[i].chr, &chr);
		if (!rc)
			handover_put_chr(handover, l->chr[i].label, &chr);
	}
	disks_handover_over(l->disks, handover);
	return rc;
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
	disks_take_over(l->disks, env->handover);
	l->target.submit = local_submit;
	l->env = *env;
	l->done_tail = &l->done;
	uv_idle_init(env->loop, &l->idle);
	l->idle.data = l;
	localdev_init(l);
	l->handles = 2;
	*out = l;
	return 0;
}

static void
local_closed(uv_handle_t *handle)
{
	struct local *l = handle->data;

	if (!--l->handles)
		free(l);
}

void
local_free(struct local *l)
{
	if (!l)
		return;
	localdev_free(l);
	disks_free(l->disks);
	uv_close((uv_handle_t *)&l->idle, local_closed);
	uv_close((uv_handle_t *)&l->leave, local_closed);
}
