/* SPDX-License-Identifier: MIT */
/*
 * From "all is open" to "ready": rights go, then what came from outside is
 * looked at, then the toolstack is told. A fresh guest, one that was saved, and
 * one of another process.
 */
#include "machine/priv.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fds.h"
#include "base/log.h"
#include "guest/sandbox.h"
#include "handover/handover.h"
#include "path/claims.h"
#include "path/events.h"
#include "pci/irq.h"

#define LOAD_MS 20000u /* libxl waits a minute for us to be ready */
#define TAKE_MS                                                                \
	8000u /* the other waits 10 s for our word (control/handover.c) */

/* What the one before saved: reading it must not wait for anybody. */
static int
machine_state(struct machine *m)
{
	int fd = handover_take_fd(m->handover, "state");

	if (fd >= 0 && fds_is_memory(fd))
		return fd;
	log_error("the state of the devices is not handed over as a file in "
		  "memory");
	if (fd >= 0)
		close(fd);
	return -EBADF;
}

/* As saved, if there is something: before anyone can see or ask. */
static int
machine_restore(struct machine *m)
{
	int fd = m->handover ? machine_state(m) : m->conf->incoming_fd;

	if (fd >= 0)
		return save_load(m->save, fd, m->handover ? TAKE_MS : LOAD_MS);
	return m->handover ? fd : 0;
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
		.xen = m->xen,
		.claims = m->claims,
		.handover = m->handover,
	};

	int rc = monitor_new(&env, &m->monitor);

	if (!rc)
		monitor_leave_paths(m->monitor);
	return rc;
}

/*
 * Files of sockets that listen are the helper's to remove at the end, as no
 * name means anything in the sandbox; with dm_restrict nobody's, so that it
 * need not stay for that.
 */
static int
machine_paths(struct machine *m)
{
	bool removed = !conf_restricted(m->conf);
	const struct conf_monitor *c = m->conf->monitors;
	int rc = peers_leave_paths(m->peers, removed);

	if (!rc)
		rc = local_leave_paths(m->local, removed ? m->spawn : NULL);
	for (; removed && !rc && c; c = c->next)
		rc = c->path ? spawn_add_path(m->spawn, c->path) : 0;
	if (rc)
		log_error("too many sockets: %s", strerror(-rc));
	return rc;
}

/* All is open, and nothing from outside was looked at. */
static int
machine_sandbox(struct machine *m)
{
	const struct sandbox_env env = {
		.loop = m->loop,
		.conf = m->conf,
		.user = m->user,
		.xen = m->xen,
		.disks = local_disks(m->local),
		.spawn = m->spawn,
	};
	int rc = machine_paths(m);

	return rc ? rc : sandbox_enter(&env);
}

static int
machine_ready(struct machine *m)
{
	int rc = spawn_tell(m->spawn);

	if (rc)
		log_error("cannot write 'running' to xenstore: %s",
			  strerror(-rc));
	return rc;
}

/* The state is looked at with no more rights than are needed for that. */
static int
machine_fresh(struct machine *m)
{
	int rc = machine_monitor(m);

	if (!rc)
		rc = machine_sandbox(m);
	if (!rc)
		rc = machine_restore(m);
	if (!rc)
		rc = events_new(m->loop, m->xen, m->dispatch, m->spin,
				&m->events);
	if (rc)
		return rc;
	monitor_go(m->monitor);
	return machine_ready(m);
}

/* Those that came while it ran: with the rights that the other had then. */
static int
machine_later(struct machine *m)
{
	const char *text;
	char why[256];
	unsigned i;
	int rc = 0;

	for (i = 0; !rc && (text = handover_later(m->handover, i)); i++) {
		rc = plug_restore(m->plug, text, why, sizeof(why));
		if (rc)
			log_error("a device that came later: %s", why);
	}
	plug_take_cpus(m->plug, m->handover);
	local_finish(m->local);
	return rc;
}

static int
machine_taken(struct machine *m)
{
	int rc = machine_sandbox(m);

	if (!rc)
		rc = machine_later(m);
	return rc ? rc : machine_restore(m);
}

int
machine_take(uv_loop_t *loop, const struct conf *conf,
	     const struct host_plugins *plugins, struct handover *handover,
	     struct machine **out)
{
	struct machine *m = calloc(1, sizeof(*m));
	int rc;

	if (!m) {
		handover_free(handover);
		return -ENOMEM;
	}
	m->loop = loop;
	m->conf = conf;
	m->handover = handover;
	m->ours = !handover;
	rc = machine_build(m, plugins);
	if (!rc)
		rc = handover ? machine_taken(m) : machine_fresh(m);
	if (rc) {
		machine_free(m);
		return rc;
	}
	*out = m;
	return 0;
}

int
machine_new(uv_loop_t *loop, const struct conf *conf,
	    const struct host_plugins *plugins, struct machine **out)
{
	return machine_take(loop, conf, plugins, NULL, out);
}

int
machine_go(struct machine *m)
{
	int rc = events_new(m->loop, m->xen, m->dispatch, m->spin, &m->events);

	if (rc) {
		log_error("cannot listen to the guest: %s", strerror(-rc));
		return rc;
	}
	m->ours = true;
	claims_go(m->claims);
	irq_go(m->irq);
	pause_cont(m->pause);
	rc = machine_monitor(m);
	if (rc)
		return rc;
	monitor_go(m->monitor);
	return machine_ready(m);
}
