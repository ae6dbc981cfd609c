/* SPDX-License-Identifier: MIT */
/*
 * A peer's life: waited for, connected, put where the guest finds it, lost,
 * waited for again.
 */
#include "peerpriv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "log.h"

#define RETRY_MS 200u
#define MAX_PAYLOAD 4096u
#define RCB 64u
#define NP_CREDITS 64u /* DMA reads of the peer at a time */
#define P_CREDITS 128u /* its posted requests ... */
#define P_DATA 32768u  /* ... and their data, units of 16 bytes */
#define KEEPALIVE_MS 10000u
#define NS_PER_MS 1000000ull

struct peers {
	struct local_env env;
	struct local *local;
	struct peer *first, **last;
	uint64_t instance;
	unsigned n_auto;
};

/* ---- on the bus --------------------------------------------------- */

static void
peer_bus_reset(struct bus_dev *place)
{
	struct peer_function *fn = (struct peer_function *)place;
	struct peer *peer = fn->peer;
	const struct link_msg msg = {
		.code = LINK_VENDOR_MSG,
		.word = LINK_RESET,
		.a = 1,
	};

	peer_cfg_forget(fn);
	/* one message resets all functions */
	if (peer->link && fn == &peer->fn[0])
		link_say(peer->link, &msg);
}

static void
peer_place(struct peer *peer)
{
	unsigned i;

	for (i = 0; i < PEER_FUNCTIONS; i++) {
		struct peer_function *fn = &peer->fn[i];

		if (!fn->exists || fn->place.bus)
			continue;
		if (bus_place(peer->bus, &fn->place,
			      peer->devfn < 0 ? -1 : peer->devfn + (int)i))
			log_error("%s: its place on the bus is taken",
				  peer->id);
		else if (peer->devfn < 0) /* and it stays there */
			peer->devfn = (int)fn->place.devfn;
	}
}

static void
peer_remove(struct peer *peer)
{
	unsigned i;

	for (i = 0; i < PEER_FUNCTIONS; i++)
		bus_remove(&peer->fn[i].place);
}

/* ---- coming up ---------------------------------------------------- */

static void
peer_say(struct peer *peer, enum link_word word, const uint8_t *data,
	 uint32_t len)
{
	link_say(peer->link, &(struct link_msg){
				     .code = LINK_VENDOR_MSG,
				     .word = word,
				     .data = data,
				     .len = len,
			     });
}

static void
put_clock(uint8_t *p, uint64_t ns)
{
	unsigned i;

	for (i = 0; i < 8; i++)
		p[i] = (uint8_t)(ns >> (56 - 8 * i));
}

void
peer_ready(struct peer *peer)
{
	char text[80];
	uint8_t now[8];

	put_clock(now, clock_now(peer->env->clock));
	peer_say(peer, LINK_RUN, now, sizeof(now));
	peer->ready = true;
	peer->told = false;
	/* a guest may know how to make it come and go */
	snprintf(text, sizeof(text), "'%s' is there%s",
		 link_other(peer->link)->name, peer->lost ? " again" : "");
	log_guest(peer->id, IOEMU_INFO, text);
}

static void
peer_functions(struct peer *peer, const struct link_hello *hello)
{
	unsigned i;

	for (i = 0; i < PEER_FUNCTIONS; i++)
		peer->fn[i].exists = hello->functions >> i & 1;
	peer_place(peer);
}

static void
peer_up(struct link *link, const struct link_hello *hello)
{
	struct peer *peer = link_user(link);
	bool same = hello->instance == peer->instance;

	if (peer->conf.isolated)
		peer->bus = hello->kind == LINK_KIND_PCI ? peer->seat : NULL;
	if ((hello->kind == LINK_KIND_PCI) != (peer->bus != NULL)) {
		link_close(link, LINK_NO_PLACE,
			   peer->bus ? "it is no PCI device"
				     : "it is a PCI device: give it a bus=");
		return;
	}
	peer->instance = hello->instance;
	if (peer->bus)
		peer_functions(peer, hello);
	if (same) {
		peer_ready(peer);
	} else {
		peer_say(peer, LINK_RESET, NULL, 0);
		peer_cfg_replay(peer);
	}
}

/* ---- going down --------------------------------------------------- */

static void
peer_lost(struct peer *peer)
{
	bool was = peer->ready;

	peer->ready = false;
	peer->link = NULL;
	peer_quench(peer);
	if (was)
		peer->lost++;
	if (peer->conf.on_exit != PEER_HOLD)
		peer_remove(peer);
	if (was && peer->conf.on_exit == PEER_STOP)
		peer->env->power(peer->env->ctx, IOEMU_POWER_OFF);
}

static void peer_connect(struct peer *peer);

static void
peer_down(struct link *link, const char *why)
{
	struct peer *peer = link_user(link);
	char text[200];

	snprintf(text, sizeof(text), "%s; %s", why,
		 peer->exec.n		? "starting it again"
		 : peer->listen_fd >= 0 ? "waiting for it"
					: "trying again");
	if (!peer->told)
		log_guest(peer->id, IOEMU_WARN, text);
	peer->told = true;
	peer_lost(peer);
	if (peer->sock)
		linksock_close(peer->sock);
	peer->sock = NULL;
	peer_connect(peer);
}

static void
peer_wake(struct link *link)
{
	struct peer *peer = link_user(link);

	if (peer->sock)
		linksock_kick(peer->sock);
}

static uint64_t
peer_now(struct link *link)
{
	(void)link;
	return uv_hrtime();
}

static const struct link_ops link_ops = {
	.up = peer_up,
	.request = peer_request,
	.message = peer_message,
	.down = peer_down,
	.wake = peer_wake,
	.now = peer_now,
};

/* ---- connections -------------------------------------------------- */

static int
peer_attach(struct peer *peer, int fd)
{
	const struct link_config config = {
		.hello = {
			.role = LINK_ROOT,
			.max_payload = MAX_PAYLOAD,
			.max_read = MAX_PAYLOAD,
			.np_credits = NP_CREDITS,
			.p_credits = P_CREDITS,
			.p_data = P_DATA,
			.rcb = RCB,
			.keepalive_ms = KEEPALIVE_MS,
			.instance = peer->peers->instance,
		},
		.tags = 2 * XEN_MAX_VCPUS,
		.timeout_ns = peer->conf.timeout_ms * NS_PER_MS,
		.ops = &link_ops,
		.user = peer,
	};
	struct link *link;
	int rc = link_new(&config, &link);

	if (rc)
		return rc;
	rc = linksock_new(peer->env->loop, fd, link, &peer->sock);
	if (rc)
		link_free(link);
	else
		peer->link = link;
	return rc;
}

static void
peer_accept(uv_poll_t *poll, int status, int events)
{
	struct peer *peer = poll->data;
	int fd;

	(void)status;
	(void)events;
	if (peer->link) { /* one at a time: the next waits its turn */
		uv_poll_stop(poll);
		return;
	}
	fd = linkaddr_accept(peer->listen_fd);
	if (fd >= 0 && peer_attach(peer, fd))
		close(fd);
}

static void
peer_retry(uv_timer_t *timer)
{
	struct peer *peer = timer->data;
	int fd = peer->exec.n ? peer_exec_again(peer)
			      : linkaddr_connect(&peer->addr);

	if (fd >= 0 && !peer_attach(peer, fd))
		return;
	if (fd >= 0)
		close(fd);
	if (!peer->told)
		log_info("%s: nobody is at %s yet; trying again", peer->id,
			 peer->conf.connect);
	peer->told = true;
	peer_connect(peer);
}

/* Be there for it: from the loop, so that nothing is in the midst. */
static void
peer_connect(struct peer *peer)
{
	uint64_t ms = peer->told ? RETRY_MS : 0;

	if (peer->exec.n)
		ms = peer_exec_delay_ms(peer);
	if (peer->listen_fd >= 0)
		uv_poll_start(&peer->accept, UV_READABLE, peer_accept);
	else
		uv_timer_start(&peer->retry, peer_retry, ms, 0);
}

static int
peer_address(struct peer *peer)
{
	const char *text =
		peer->conf.connect ? peer->conf.connect : peer->conf.listen;
	int rc = linkaddr_parse(text, &peer->addr);

	if (!rc && peer->conf.listen) {
		rc = linkaddr_listen(&peer->addr);
		peer->listen_fd = rc;
		rc = rc < 0 ? rc : 0;
	}
	if (rc)
		log_error("%s: %s: %s", peer->id, text,
			  rc == -EINVAL ? "not unix:PATH or tcp:HOST:PORT"
					: strerror(-rc));
	return rc;
}

static int
peer_first(struct peer *peer)
{
	int fd = peer_exec_first(peer), rc;

	if (fd < 0)
		return fd;
	rc = peer_attach(peer, fd);
	if (rc)
		close(fd);
	return rc;
}

static int
peer_open(struct peer *peer)
{
	int rc = peer->exec.n ? 0 : peer_address(peer);

	if (rc)
		return rc;
	uv_timer_init(peer->env->loop, &peer->retry);
	peer->handles = 1;
	peer->retry.data = peer->accept.data = peer;
	if (peer->listen_fd >= 0) {
		rc = uv_poll_init(peer->env->loop, &peer->accept,
				  peer->listen_fd);
		peer->handles += !rc;
	}
	if (!rc && peer->exec.n)
		return peer_first(peer);
	if (!rc)
		peer_connect(peer);
	return rc;
}

/* ---- making ------------------------------------------------------- */

static void
peer_closed(uv_handle_t *handle)
{
	struct peer *peer = handle->data;

	if (--peer->handles == 0)
		free(peer);
}

static void
peer_drop(struct peer *peer)
{
	struct linksock *sock = peer->sock;
	struct peer_window *pw;

	peer->told = true;
	peer->ready = false; /* it is not lost: we go */
	if (sock) /* down() then asks for another connection: in vain */
		linksock_close(sock);
	peer_exec_end(peer);
	for (pw = peer->window; pw < peer->window + PEER_WINDOWS; pw++)
		peer_window_unmap(peer, pw);
	peer_remove(peer);
	if (!peer->handles) {
		free(peer);
		return;
	}
	uv_close((uv_handle_t *)&peer->retry, peer_closed);
	if (peer->listen_fd >= 0) {
		uv_close((uv_handle_t *)&peer->accept, peer_closed);
		close(peer->listen_fd);
		if (peer->addr.sa.ss_family == AF_UNIX)
			(void)unlink(peer->conf.listen + strlen("unix:"));
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
	peer->bus = peer->seat = local_bus(peer->peers->local, conf->bus);
	if (peer->bus)
		return 0;
	log_error("%s (%s): bus=%s is no bridge", conf->type, conf->source,
		  conf->bus);
	return -ENOENT;
}

static void
peer_init(struct peer *peer, struct peers *peers,
	  const struct conf_device *conf)
{
	unsigned i;

	peer->env = &peers->env;
	peer->peers = peers;
	peer->listen_fd = -1;
	peer_path_init(peer);
	peer->target.name = peer->id;
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
		fn->place.config = &fn->config;
		fn->place.reset = peer_bus_reset;
	}
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
	rc = peer_conf_read(conf, type, &peer->conf);
	if (!rc && type)
		rc = peer_exec_device(peer, type, conf);
	else if (!rc && peer->conf.exec)
		rc = peer_exec_words(peer, peer->conf.exec);
	if (!rc)
		rc = peer_bus(peer, conf);
	if (!rc && !type && !strcmp(conf->type, "raw-mmio"))
		rc = peer_add_range(peer, conf);
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
	peers->local = local;
	peers->last = &peers->first;
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
	free(peers);
}

bool
peers_describe(const struct peers *peers, unsigned i, char *buf, size_t size)
{
	const struct peer *peer = peers ? peers->first : NULL;
	const struct link_stats *s;
	char process[32] = "";

	while (peer && i--)
		peer = peer->next;
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
		 "%-16s %s '%s', %slost %u times; frames in %llu out %llu, "
		 "timeouts %llu late %llu unexpected %llu refused %llu "
		 "unsupported %llu poisoned %llu",
		 peer->id, peer->ready ? "there" : "coming",
		 link_other(peer->link)->name, process, peer->lost,
		 (unsigned long long)s->frames_in,
		 (unsigned long long)s->frames_out,
		 (unsigned long long)s->timeouts, (unsigned long long)s->late,
		 (unsigned long long)s->unexpected,
		 (unsigned long long)s->refused,
		 (unsigned long long)s->unsupported,
		 (unsigned long long)s->poisoned);
	return true;
}
