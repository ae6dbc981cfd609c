/* SPDX-License-Identifier: MIT */
/*
 * The peers there are: made as configured, listed, freed.
 */
#include "peer/priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/log.h"
#include "handover/handover.h"

#define ALL_LINES ((1u << PEER_ISA_LINES) - 1)

/* ---- making ------------------------------------------------------- */

static void
peer_closed(uv_handle_t *handle)
{
	struct peer *peer = handle->data;

	if (--peer->handles == 0)
		free(peer);
}

/* Where it is waited for; NULL: at no file. */
static const char *
peer_path(const struct peer *peer)
{
	return peer->listen_fd >= 0 && peer->addr.sa.ss_family == AF_UNIX
		       ? peer->conf.listen + strlen("unix:")
		       : NULL;
}

void
peer_drop(struct peer *peer)
{
	struct linksock *sock = peer->sock;
	struct peer_window *pw;

	peer_event(peer, PEER_DROP); /* it is not lost: we go */
	if (sock)
		linksock_close(sock);
	peer_exec_end(peer);
	for (pw = peer->window; pw < peer->window + PEER_WINDOWS; pw++)
		peer_window_unmap(peer, pw);
	peer_remove(peer);
	route_leave(peer->env->routes, &peer->owner);
	blob_free(&peer->state.bytes);
	if (!peer->handles) {
		free(peer);
		return;
	}
	uv_close((uv_handle_t *)&peer->retry, peer_closed);
	uv_close((uv_handle_t *)&peer->turn, peer_closed);
	if (peer->listen_fd >= 0) {
		uv_close((uv_handle_t *)&peer->accept, peer_closed);
		close(peer->listen_fd);
		if (peer_path(peer) && peer->peers->ours &&
		    !peer->peers->leaves)
			(void)unlink(peer_path(peer));
	}
}

static int
peer_bus(struct peer *peer, const struct conf_device *conf)
{
	int rc;

	peer->devfn = conf->devfn;
	if (!peer->conf.isolated) {
		rc = peer_conf_devfn(conf, &peer->devfn);
		if (rc || !strcmp(conf->type, "raw-mmio") ||
		    (!conf->bus && peer->devfn < 0)) /* ranges only */
			return rc;
	}
	peer->bus = peer->pci_bus = local_bus(peer->peers->local, conf->bus);
	if (peer->bus)
		return 0;
	log_error("%s (%s): bus=%s is no bridge", conf->type, conf->source,
		  conf->bus);
	return -ENOENT;
}

void
peer_init(struct peer *peer, struct peers *peers,
	  const struct conf_device *conf)
{
	unsigned i;

	peer->env = &peers->env;
	peer->life = PEER_AWAY;
	peer->instance_of_ours = peers->instance;
	peer->peers = peers;
	peer->local = peers->local;
	peer->listen_fd = -1;
	peer_path_init(peer);
	route_join(peer->env->routes, &peer->owner);
	peer->target.name = peer->id;
	snprintf(peer->type, sizeof(peer->type), "%s", conf->type);
	if (conf->id)
		snprintf(peer->id, sizeof(peer->id), "%s", conf->id);
	else
		snprintf(peer->id, sizeof(peer->id), "%.40s#%u", conf->type,
			 peers->n_auto++);
	for (i = 0; i < PEER_FUNCTIONS; i++) {
		struct peer_function *fn = &peer->fn[i];

		fn->peer = peer;
		fn->config = (struct host_window){
			.region = { .name = "config", .size = PEER_CONFIG },
			.space = IOEMU_CONFIG,
			.host = fn,
		};
		fn->place.target = &peer->target;
		fn->place.owner = &peer->owner;
		fn->place.config = &fn->config;
		fn->place.reset = peer_bus_reset;
		fn->place.eject = peer_bus_eject;
	}
}

/* gsi=: of lines that come with it, as bits. */
static int
peer_wire(struct peer *peer, const struct conf_device *conf, uint32_t lines)
{
	bool pci = peer->bus && !peer->conf.isolated;
	unsigned i;

	if (conf->gsi && (pci || !lines)) {
		log_error("%s (%s): gsi=: %s", conf->type, conf->source,
			  pci ? "a PCI device has pins of its own"
			      : "irq= is missing, the number by which "
				"its process calls the line");
		return -EINVAL;
	}
	for (i = 0; conf->gsi && i < PEER_ISA_LINES; i++)
		if (lines >> i & 1)
			peer->conf.gsi[i] = (uint8_t)conf->gsi;
	return irq_wire(peer->env->irq, conf);
}

static int
peer_add_range(struct peer *peer, const struct conf_device *conf)
{
	struct peer_window *pw = peer->window;
	int rc;

	while (pw < peer->window + PEER_WINDOWS && pw->used)
		pw++;
	if (pw == peer->window + PEER_WINDOWS || peer->bus) {
		log_error("%s (%s): %s", conf->type, conf->source,
			  peer->bus ? "its peer is a PCI device"
				    : "more than 64 ranges of one peer");
		return -EINVAL;
	}
	rc = peer_conf_range(conf, pw);
	if (!rc)
		rc = peer_wire(peer, conf, pw->isa);
	if (rc) {
		pw->used = false;
		return rc;
	}
	peer->conf.isa |= pw->isa;
	peer_window_map(peer, pw);
	return 0;
}

static struct peer *
peer_find(const struct peers *peers, const char *id)
{
	struct peer *peer = peers->first;

	while (peer && strcmp(peer->id, id) != 0)
		peer = peer->next;
	return peer;
}

bool
peers_have(const struct peers *peers, const char *id)
{
	return peer_find(peers, id);
}

/* raw-mmio,peer=ID: one more range of a peer that is there. */
static int
peers_add_range(struct peers *peers, const struct conf_device *conf,
		const char *owner)
{
	struct peer *peer = peer_find(peers, owner);

	if (peer)
		return peer_add_range(peer, conf);
	log_error("%s (%s): peer=%s: no such peer before it", conf->type,
		  conf->source, owner);
	return -ENOENT;
}

/* A device of the board is not to be taken out, in whatever process it is. */
static void
peer_stays(struct peer *peer)
{
	unsigned i;

	for (i = 0; i < PEER_FUNCTIONS; i++)
		peer->fn[i].place.eject = NULL;
}

/* What the user says of it, and all that it has because of that. */
static int
peer_configure(struct peer *peer, const struct host_type *type,
	       const struct conf_device *conf)
{
	int rc = peer_conf_read(conf, type, &peer->conf);

	if (!rc && type)
		rc = peer_exec_device(peer, type, conf);
	else if (!rc && peer->conf.exec)
		rc = peer_exec_words(peer, peer->conf.exec);
	if (!rc)
		rc = peer_bus(peer, conf);
	if (!rc && !type && !strcmp(conf->type, "raw-mmio"))
		rc = peer_add_range(peer, conf);
	else if (!rc)
		rc = peer_wire(peer, conf, type ? ALL_LINES : peer->conf.isa);
	return rc;
}

/* `type` NULL: a peer by itself. */
static int
peers_make(struct peers *peers, const struct host_type *type,
	   const struct conf_device *conf)
{
	struct peer *peer = calloc(1, sizeof(*peer));
	int rc;

	if (!peer)
		return -ENOMEM;
	peer_init(peer, peers, conf);
	if (type && !conf->removable)
		peer_stays(peer);
	if (!conf->later && handover_gone(peers->env.handover, peer->id)) {
		local_mark_removed(peers->local, peer->id);
		peer_drop(peer);
		return 0;
	}
	rc = peer_configure(peer, type, conf);
	if (!rc)
		rc = peer_open(peer);
	if (rc) {
		peer_drop(peer);
		return rc;
	}
	*peers->last = peer;
	peers->last = &peer->next;
	return 0;
}

void
peer_forget(struct peer *peer)
{
	struct peers *peers = peer->peers;
	struct peer **at = &peers->first;

	while (*at != peer)
		at = &(*at)->next;
	*at = peer->next;
	local_mark_removed(peers->local, peer->id);
	if (!*at)
		peers->last = at;
	peer_drop(peer);
}

int
peers_request_unplug(struct peers *peers, const char *id)
{
	struct peer *peer = peer_find(peers, id);
	unsigned i;

	if (!peer)
		return -ENODEV;
	if (!peer->bus || !peer->fn[0].place.eject)
		return -EPERM;
	if (!bus_is_root(peer->bus))
		return -EXDEV;
	peer->seat = PEER_UNPLUG_ASKED;
	for (i = 0; i < PEER_FUNCTIONS; i++) {
		const struct bus_dev *place = &peer->fn[i].place;

		if (!place->bus)
			continue;
		local_hotplug(peers->local, bus_root_slot(place),
			      IOEMU_HOTPLUG_REMOVE_REQUEST);
		return 0; /* all are in one slot */
	}
	peer_leave(peer);
	return 0;
}

int
peers_add(struct peers *peers, const struct conf_device *conf)
{
	const char *owner = peer_conf_owner(conf);

	if (conf->isolate) {
		log_error("%s (%s): isolate=on: it is a process of its own "
			  "already",
			  conf->type, conf->source);
		return -EINVAL;
	}
	return owner ? peers_add_range(peers, conf, owner)
		     : peers_make(peers, NULL, conf);
}

int
peers_isolate(struct peers *peers, const struct host_type *type,
	      const struct conf_device *conf)
{
	return peers_make(peers, type, conf);
}

bool
peers_type(const char *type)
{
	return !strcmp(type, "peer") || !strcmp(type, "raw-mmio");
}

int
peers_new(const struct local_env *env, struct local *local, struct peers **out)
{
	struct peers *peers = calloc(1, sizeof(*peers));

	if (!peers)
		return -ENOMEM;
	peers->env = *env;
	peers->spawn = env->spawn;
	peers->local = local;
	peers->last = &peers->first;
	peers->ours = !env->handover;
	await_init(&peers->back, env->loop);
	while (!peers->instance)
		if (getrandom(&peers->instance, sizeof(peers->instance), 0) < 0)
			peers->instance = uv_hrtime();
	*out = peers;
	return 0;
}

void
peers_free(struct peers *peers)
{
	struct peer *peer;

	if (!peers)
		return;
	while ((peer = peers->first)) {
		peers->first = peer->next;
		peer_drop(peer);
	}
	peer_logs_free(peers);
	peers_named_free(peers);
	await_free(&peers->back);
}

int
peers_leave_paths(struct peers *peers, bool removed)
{
	const struct peer *peer;
	int rc = 0;

	peers->leaves = true;
	for (peer = peers->first; removed && !rc && peer; peer = peer->next)
		if (peer_path(peer))
			rc = spawn_add_path(peers->spawn, peer_path(peer));
	return rc;
}

struct peer *
peer_at(const struct peers *peers, unsigned i)
{
	struct peer *peer = peers ? peers->first : NULL;

	while (peer && i--)
		peer = peer->next;
	return peer;
}

static const struct target *
target_at(const void *peers, unsigned i)
{
	const struct peer *peer = peer_at(peers, i);

	return peer ? &peer->target : NULL;
}

struct target_list
peers_targets(const struct peers *peers)
{
	return (struct target_list){ .at = target_at, .owner = peers };
}

bool
peers_describe(const struct peers *peers, unsigned i, char *buf, size_t size)
{
	const struct peer *peer = peer_at(peers, i);
	const struct link_stats *s;
	char process[32] = "";

	if (!peer)
		return false;
	if (peer->exec.pid)
		snprintf(process, sizeof(process), "process %d, ",
			 (int)peer->exec.pid);
	if (!peer->link) {
		snprintf(buf, size, "%-16s not there, %slost %u times",
			 peer->id, process, peer->lost);
		return true;
	}
	s = link_stats(peer->link);
	snprintf(buf, size,
		 "%-16s %s '%s', %s%slost %u times; frames in %llu out %llu, "
		 "timeouts %llu late %llu unexpected %llu refused %llu "
		 "unsupported %llu poisoned %llu",
		 peer->id, peer->life == PEER_READY ? "there" : "coming",
		 link_other(peer->link)->name,
		 link_way_in(peer->link) == LINK_RING ? "ring, " : "", process,
		 peer->lost, (unsigned long long)s->frames_in,
		 (unsigned long long)s->frames_out,
		 (unsigned long long)s->timeouts, (unsigned long long)s->late,
		 (unsigned long long)s->unexpected,
		 (unsigned long long)s->refused,
		 (unsigned long long)s->unsupported,
		 (unsigned long long)s->poisoned);
	return true;
}
