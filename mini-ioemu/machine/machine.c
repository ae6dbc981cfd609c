/* SPDX-License-Identifier: MIT */
/*
 * The list of parts and their order. Nothing here knows what any device does.
 */
#include "machine/priv.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "guest/sandbox.h"
#include "handover/handover.h"
#include "path/events.h"
#include "pci/ecam.h"

static void
machine_power(void *ctx, enum ioemu_power what)
{
	power_do(((struct machine *)ctx)->power, what);
}

/* ---- parts ----------------------------------------------------------- */

static int
machine_user(struct machine *m)
{
	if (!m->conf->run_as)
		return 0;
	m->user = &m->run_as;
	return sandbox_user(m->conf, &m->run_as);
}

static int
machine_open_xen(struct machine *m)
{
	unsigned domid = (unsigned)m->conf->domid, vcpus = m->conf->max_vcpus;
	const char *what = "find in what was handed over";
	struct xen_handover handover;
	int rc;

	if (!m->handover)
		rc = xen_open(domid, vcpus, &m->xen, &what);
	else {
		rc = handover_take_xen(m->handover, &handover, vcpus);
		if (!rc)
			rc = xen_adopt(domid, vcpus, &handover, &m->xen, &what);
	}

	if (rc)
		log_error("domain %d: cannot %s: %s", m->conf->domid, what,
			  strerror(-rc));
	else
		log_info("this Xen has, beyond a stock one: %s",
			 xen_has(m->xen));
	return rc;
}

/* ---- in the helper ---- */

static int
machine_tell(void *ctx)
{
	const struct machine *m = ctx;

	return xen_tell((unsigned)m->conf->domid, &m->news);
}

static int
machine_sleep(void *ctx, bool asleep)
{
	return xen_sleep(((struct machine *)ctx)->xen, asleep);
}

/*
 * Forked before the guest, a peer or a saved state was looked at. What it tells
 * is known by now; with -S libxl asks by query-status instead.
 */
static int
machine_spawn(struct machine *m)
{
	const struct spawn_env env = {
		.tell = machine_tell,
		.sleep = conf_restricted(m->conf) ? NULL : machine_sleep,
		.ctx = m,
	};
	int rc;

	m->news = (struct xen_news){
		.running = !m->handover && !m->conf->stopped,
		.pid = m->handover ? (int)getpid() : 0,
		.words = m->conf->words,
		.words_len = m->conf->words_len,
	};
	rc = spawn_new(&env, &m->spawn);
	if (rc)
		log_error("cannot start the process that keeps rights: %s",
			  strerror(-rc));
	return rc;
}

/* What Xen has of the one before stays as it is until machine_go(). */
static int
machine_defer(struct machine *m)
{
	enum ioemu_space space;
	uint64_t first, last;
	unsigned i;
	int rc = 0;

	if (!m->handover)
		return 0;
	irq_defer(m->irq);
	claims_defer(m->claims);
	for (i = 0;
	     !rc && handover_claim(m->handover, i, &space, &first, &last); i++)
		rc = space < ROUTE_SPACES
			     ? claims_import(m->claims, space, first, last)
			     : -EINVAL;
	return rc;
}

static int
machine_root_bus(struct machine *m)
{
	const struct bus_env env = {
		.routes = m->routes,
		.claims = m->claims,
		.irq = m->irq,
	};

	return bus_new(&env, &m->root);
}

static int
machine_dispatch(struct machine *m)
{
	const struct dispatch_env env = {
		.xen = m->xen,
		.vcpus = m->conf->max_vcpus,
		.routes = m->routes,
		.dma = m->dma,
		.spin = m->spin,
		.merge = !m->conf->no_merge,
	};

	return dispatch_new(&env, &m->dispatch);
}

static int
machine_ecam(struct machine *m)
{
	return m->conf->ecam ? ecam_new(m->routes, m->claims, &m->ecam) : 0;
}

static int
machine_core(struct machine *m)
{
	int rc = route_new(&m->routes);

	if (!rc)
		rc = claims_new(m->xen, m->routes, &m->claims);
	if (!rc)
		rc = irq_new(m->xen, &m->irq);
	if (!rc)
		rc = machine_defer(m);
	if (!rc)
		rc = power_new(m->xen, m->spawn, &m->power);
	if (!rc)
		rc = machine_root_bus(m);
	if (!rc)
		rc = machine_ecam(m);
	if (!rc)
		rc = dma_new(m->xen, &m->dma);
	if (!rc)
		rc = clock_new(m->loop, &m->clock);
	if (!rc)
		rc = spin_new(m->loop, m->conf->poll_us, &m->spin);
	if (!rc)
		rc = machine_dispatch(m);
	if (rc)
		log_error("cannot start: %s", strerror(-rc));
	return rc;
}

static int
machine_plug(struct machine *m, const struct host_plugins *plugins)
{
	const struct plug_env env = {
		.plugins = plugins,
		.conf = m->conf,
		.local = m->local,
		.peers = m->peers,
	};

	return plug_new(&env, &m->plug);
}

static int
machine_devices(struct machine *m, const struct host_plugins *plugins)
{
	const struct local_env env = {
		.loop = m->loop,
		.xen = m->xen,
		.routes = m->routes,
		.claims = m->claims,
		.irq = m->irq,
		.root = m->root,
		.dma = m->dma,
		.clock = m->clock,
		.spin = m->spin,
		.conf = m->conf,
		.user = m->user,
		.spawn = m->spawn,
		.handover = m->handover,
		.power = machine_power,
		.ctx = m,
	};
	const struct conf_device *d;
	int rc = local_new(&env, &m->local);

	if (!rc)
		rc = peers_new(&env, m->local, &m->peers);
	if (!rc)
		rc = machine_plug(m, plugins);
	for (d = m->conf->devices; !rc && d; d = d->next)
		rc = plug_device(m->plug, d);
	if (!rc)
		local_finish(m->local);
	return rc;
}

static int
machine_pause(struct machine *m)
{
	const struct pause_env pause = {
		.loop = m->loop,
		.dispatch = m->dispatch,
		.local = m->local,
		.peers = m->peers,
		.clock = m->clock,
		.name = m->conf->name,
	};
	const struct save_env save = {
		.loop = m->loop,
		.local = m->local,
		.peers = m->peers,
		.clock = m->clock,
	};
	bool stopped = m->conf->stopped || m->conf->incoming_fd >= 0;
	int rc = pause_new(&pause, stopped || m->handover, &m->pause);

	return rc ? rc : save_new(&save, &m->save);
}

int
machine_build(struct machine *m, const struct host_plugins *plugins)
{
	int rc = machine_user(m);

	if (!rc)
		rc = machine_open_xen(m);
	if (!rc)
		rc = machine_spawn(m);
	if (!rc)
		rc = machine_core(m);
	if (!rc)
		rc = machine_devices(m, plugins);
	return rc ? rc : machine_pause(m);
}

bool
machine_has_gone(const struct machine *m)
{
	return monitor_has_gone(m->monitor);
}

int
machine_result(const struct machine *m)
{
	return events_lost(m->events);
}

void
machine_free(struct machine *m)
{
	if (m->monitor)
		monitor_free(m->monitor);
	events_free(m->events);
	save_free(m->save);
	pause_free(m->pause);
	peers_free(m->peers);
	local_free(m->local);
	plug_free(m->plug);
	dispatch_free(m->dispatch);
	spin_free(m->spin);
	if (m->clock)
		clock_free(m->clock);
	dma_free(m->dma);
	ecam_free(m->ecam);
	bus_free(m->root);
	power_free(m->power);
	irq_free(m->irq);
	claims_free(m->claims);
	route_free(m->routes);
	if (m->spawn && m->ours)
		spawn_remove(m->spawn);
	spawn_free(m->spawn);
	xen_close(m->xen);
	handover_free(m->handover);
	free(m);
}
