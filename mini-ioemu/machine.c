/* SPDX-License-Identifier: MIT */
/*
 * The list of parts and their order. Nothing here knows what any device does.
 */
#include "machine.h"

#include <stdlib.h>
#include <string.h>

#include "events.h"
#include "local.h"
#include "log.h"
#include "monitor.h"
#include "peer.h"
#include "plug.h"
#include "power.h"
#include "sandbox.h"

struct machine {
	uv_loop_t *loop;
	const struct conf *conf;
	struct jail_user run_as;
	const struct jail_user *user; /* NULL: who we are */
	struct xen *xen;
	struct route_table *routes;
	struct claims *claims;
	struct irq *irq;
	struct bus *root;
	struct dma *dma;
	struct clock *clock;
	struct spin *spin;
	struct dispatch *dispatch;
	struct local *local;
	struct peers *peers;
	struct plug *plug;
	struct power *power;
	struct pause *pause;
	struct save *save;
	struct monitor *monitor;
	struct events *events;
};

static void
machine_power(void *ctx, enum ioemu_power what)
{
	power_do(((struct machine *)ctx)->power, what);
}

/* ---- parts
 * ------------------------------------------------------------------------ */

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
	const char *what = "";
	int rc = xen_open((unsigned)m->conf->domid, m->conf->max_vcpus, &m->xen,
			  &what);

	if (rc)
		log_error("domain %d: cannot %s: %s", m->conf->domid, what,
			  strerror(-rc));
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
machine_core(struct machine *m)
{
	int rc = route_new(&m->routes);

	if (!rc)
		rc = claims_new(m->xen, m->routes, &m->claims);
	if (!rc)
		rc = irq_new(m->xen, &m->irq);
	if (!rc)
		rc = power_new(m->xen, &m->power);
	if (!rc)
		rc = machine_root_bus(m);
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

/* As saved, if there is something: before anyone can see or ask. */
static int
machine_restore(struct machine *m)
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
	bool incoming = m->conf->incoming_fd >= 0;
	int rc = pause_new(&pause, m->conf->stopped || incoming, &m->pause);

	if (!rc)
		rc = save_new(&save, &m->save);
	if (!rc && incoming)
		rc = save_load(m->save, m->conf->incoming_fd);
	return rc;
}

static int
machine_monitor(struct machine *m)
{
	const struct monitor_env env = {
		.loop = m->loop,
		.conf = m->conf,
		.local = m->local,
		.peers = m->peers,
		.plug = m->plug,
		.power = m->power,
		.root = m->root,
		.routes = m->routes,
		.dispatch = m->dispatch,
		.pause = m->pause,
		.save = m->save,
		.dma = m->dma,
	};

	return monitor_new(&env, &m->monitor);
}

/* All is open, and the guest has done nothing yet. */
static int
machine_sandbox(struct machine *m)
{
	const struct sandbox_env env = {
		.loop = m->loop,
		.conf = m->conf,
		.user = m->user,
		.xen = m->xen,
		.disks = local_disks(m->local),
		.peers = m->peers,
	};

	return sandbox_enter(&env);
}

static int
machine_ready(struct machine *m)
{
	int rc;

	if (m->conf->stopped) /* libxl asks by query-status instead */
		return 0;
	rc = xen_ready(m->xen);
	if (rc)
		log_error("cannot write 'running' to xenstore: %s",
			  strerror(-rc));
	return rc;
}

int
machine_new(uv_loop_t *loop, const struct conf *conf,
	    const struct host_plugins *plugins, struct machine **out)
{
	struct machine *m = calloc(1, sizeof(*m));
	int rc;

	if (!m)
		return -ENOMEM;
	m->loop = loop;
	m->conf = conf;
	rc = machine_user(m);
	if (!rc)
		rc = machine_open_xen(m);
	if (!rc)
		rc = machine_core(m);
	if (!rc)
		rc = machine_devices(m, plugins);
	if (!rc)
		rc = machine_restore(m);
	if (!rc)
		rc = events_new(loop, m->xen, m->dispatch, m->spin, &m->events);
	if (!rc)
		rc = machine_monitor(m);
	if (!rc)
		rc = machine_sandbox(m);
	if (!rc)
		rc = machine_ready(m);
	if (rc) {
		machine_free(m);
		return rc;
	}
	*out = m;
	return 0;
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
	bus_free(m->root);
	power_free(m->power);
	irq_free(m->irq);
	claims_free(m->claims);
	route_free(m->routes);
	xen_close(m->xen);
	free(m);
}
