/* SPDX-License-Identifier: MIT */
/*
 * ioemu-peer: one device of a plugin in a process of its own, at the far end
 * of a socket. Everything that needs rights is done before the first byte is
 * read; then the process can only move bytes.
 */
#include "peer.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "options.h"

#define AGAIN_MIN_MS 5u
#define AGAIN_MAX_MS 200u
#define NS_PER_MS 1000000ull

struct serve {
	struct peer peer; /* first */
	uv_poll_t accept;
	int listen_fd; /* -1: we do not */
	struct linkaddr addr;
	uv_timer_t retry;
	uint64_t since_ns; /* when it last went there */
	unsigned delay_ms; /* before it goes again; 0: it does not */
	bool told;	   /* that nobody is there */
	bool failed;
};

/* ---- the device --------------------------------------------------- */

static const struct host_type *
find_type(const struct host_plugins *plugins, const char *name)
{
	return name ? host_plugins_find(plugins, name)
		    : host_plugins_at(plugins, 0);
}

static int
set_props(struct hostdev *hd, const struct options *o)
{
	char key[64];
	int i, rc;

	for (i = 0; i < o->n_props; i++) {
		const char *p = o->props[i], *eq = strchr(p, '=');

		if (!eq || (size_t)(eq - p) >= sizeof(key)) {
			fprintf(stderr, "ioemu-peer: '%s' is not key=value\n",
				p);
			return -EINVAL;
		}
		snprintf(key, sizeof(key), "%.*s", (int)(eq - p), p);
		rc = hostdev_set(hd, key, eq + 1);
		if (rc) {
			fprintf(stderr, "ioemu-peer: %s: %s\n", p,
				hostdev_why(hd, rc));
			return rc;
		}
	}
	return 0;
}

static void
say_types(const struct host_plugins *plugins, const struct options *o)
{
	const struct host_type *t;
	unsigned i;

	fprintf(stderr, "ioemu-peer: no type '%s' in %s: it has", o->type,
		o->plugin);
	for (i = 0; (t = host_plugins_at(plugins, i)); i++)
		fprintf(stderr, "%s %s", i ? "," : "", t->type.name);
	(void)fputs("\n", stderr);
}

static int
start_device(struct peer *peer, const struct options *o)
{
	int rc = set_props(peer->hd, o);

	if (rc)
		return rc;
	rc = hostdev_attach(peer->hd);
	if (rc)
		fprintf(stderr, "ioemu-peer: %s does not start: %s\n",
			peer->hd->dev.id, hostdev_why(peer->hd, rc));
	return rc;
}

static int
make_device(struct peer *peer, const struct options *o)
{
	const struct host_type *type;
	const char *why = NULL;
	int rc = host_plugins_new(&peer->plugins);

	if (!rc)
		rc = host_plugins_load(peer->plugins, o->plugin, &why);
	if (rc) {
		fprintf(stderr, "ioemu-peer: %s: %s\n", o->plugin,
			why ? why : strerror(-rc));
		return rc;
	}
	type = find_type(peer->plugins, o->type);
	if (!type) {
		say_types(peer->plugins, o);
		return -ENOENT;
	}
	if (type->type.parent) {
		fprintf(stderr,
			"ioemu-peer: %s is part of a %s and cannot be "
			"without it\n",
			type->type.name, type->type.parent);
		return -EOPNOTSUPP;
	}
	rc = hostdev_new(&peer_ops, peer, type, type->type.name, NULL,
			 &peer->hd);
	if (!rc)
		rc = linkhost_add(peer->lh, peer->hd);
	if (rc)
		fprintf(stderr, "ioemu-peer: %s cannot be made: %s\n",
			type->type.name, strerror(-rc));
	return rc ? rc : start_device(peer, o);
}

/* ---- connections -------------------------------------------------- */

static void serve_connect(uv_timer_t *retry);

static void
serve_attach(struct serve *s, int fd)
{
	int rc = peer_attach(&s->peer, fd);

	if (!rc)
		return;
	close(fd);
	fprintf(stderr, "ioemu-peer: its connection cannot be used: %s\n",
		strerror(-rc));
	s->failed = true;
	uv_stop(&s->peer.loop);
}

static void
serve_accept(uv_poll_t *poll, int status, int events)
{
	struct serve *s = poll->data;
	int fd;

	(void)status;
	(void)events;
	if (s->peer.sock) { /* one at a time: looked at again after it */
		uv_poll_stop(poll);
		return;
	}
	fd = linkaddr_accept(s->listen_fd);
	if (fd >= 0)
		serve_attach(s, fd);
}

static void
serve_listen(struct serve *s, int fd)
{
	int rc = uv_poll_init(&s->peer.loop, &s->accept, fd);

	s->accept.data = s;
	if (!rc)
		rc = uv_poll_start(&s->accept, UV_READABLE, serve_accept);
	if (rc)
		fprintf(stderr, "ioemu-peer: %s\n", uv_strerror(rc));
	s->failed = rc;
}

/* Sooner where a connection lasted; who is refused each time waits longer. */
static void
serve_wait(struct serve *s)
{
	if (uv_hrtime() - s->since_ns >= AGAIN_MAX_MS * NS_PER_MS)
		s->delay_ms = AGAIN_MIN_MS;
	else if (s->delay_ms < AGAIN_MAX_MS)
		s->delay_ms *= 2;
	uv_timer_start(&s->retry, serve_connect, s->delay_ms, 0);
}

static void
serve_connect(uv_timer_t *retry)
{
	struct serve *s = retry->data;
	int fd = linkaddr_connect(&s->addr);

	s->since_ns = uv_hrtime();
	if (fd >= 0)
		serve_attach(s, fd);
	else
		peer_lost(&s->peer, strerror(-fd));
}

void
peer_lost(struct peer *peer, const char *why)
{
	struct serve *s = (struct serve *)peer;

	if (peer->met || !s->told)
		peer_say(peer, "%s", why);
	s->told = true;
	peer->met = false;
	if (peer->sock)
		linksock_close(peer->sock);
	peer->sock = NULL;
	if (uv_is_closing((uv_handle_t *)&s->retry)) /* it is the end */
		return;
	if (s->listen_fd >= 0)
		uv_poll_start(&s->accept, UV_READABLE, serve_accept);
	else if (s->delay_ms)
		serve_wait(s);
	else
		uv_stop(&peer->loop);
}

static void
serve_again(struct serve *s)
{
	s->delay_ms = AGAIN_MIN_MS;
	serve_connect(&s->retry);
}

static int
serve_open(struct serve *s, const struct options *o)
{
	const char *text = o->connect ? o->connect : o->listen;
	int fd = o->fd;

	if (text) {
		int rc = linkaddr_parse(text, &s->addr);

		if (rc) {
			fprintf(stderr, "ioemu-peer: %s: %s\n", text,
				rc == -EINVAL ? "not unix:PATH or tcp:HOST:PORT"
					      : strerror(-rc));
			return rc;
		}
		if (o->again)
			return 0; /* from the loop */
		fd = o->connect ? linkaddr_connect(&s->addr)
				: linkaddr_listen(&s->addr);
	}
	if (fd < 0)
		fprintf(stderr, "ioemu-peer: %s: %s\n", text, strerror(-fd));
	if (fd >= 0 && o->listen)
		s->listen_fd = fd;
	return fd;
}

static uint32_t
serve_caps(const struct serve *s, const struct options *o, int fd)
{
	uint32_t caps = o->listen || o->again ? LINK_CAP_AGAIN : 0;
	bool by_unix = o->again ? s->addr.sa.ss_family == AF_UNIX
				: linkaddr_is_unix(fd);

	return caps | (by_unix && !o->no_ring ? LINK_CAP_RING : 0);
}

/* ---- run ---------------------------------------------------------- */

static void
serve_signal(uv_signal_t *handle, int signum)
{
	(void)signum;
	uv_stop(handle->loop);
}

static int
serve_run(struct serve *s, const struct options *o)
{
	struct peer *peer = &s->peer;
	struct peer_rights rights = {
		.chroot = o->chroot,
		.run_as = o->run_as,
		.accepts = o->listen,
	};
	uv_signal_t term;
	int fd = serve_open(s, o), rc;

	if (fd < 0)
		return fd;
	peer->inherited = o->fd >= 0;
	linkhost_say(peer->lh, serve_caps(s, o, fd));
	if (o->again)
		rights.connects = s->addr.sa.ss_family;
	uv_signal_init(&peer->loop, &term);
	uv_signal_start(&term, serve_signal, SIGTERM);
	rc = sandbox_enter(peer, &rights);
	if (rc) {
		fprintf(stderr, "ioemu-peer: no sandbox: %s\n", strerror(-rc));
		return rc;
	}
	uv_timer_init(&peer->loop, &s->retry);
	s->retry.data = s;
	if (o->listen)
		serve_listen(s, fd);
	else if (o->again)
		serve_again(s);
	else
		serve_attach(s, fd);
	peer_say(peer, "ready");
	if (!s->failed)
		uv_run(&peer->loop, UV_RUN_DEFAULT);
	if (o->listen)
		uv_close((uv_handle_t *)&s->accept, NULL);
	uv_close((uv_handle_t *)&s->retry, NULL);
	uv_close((uv_handle_t *)&term, NULL);
	peer_free(peer);
	return s->failed ? -EIO : 0;
}

static int
serve(const struct options *o)
{
	static struct serve s = { .listen_fd = -1 };
	struct peer *peer = &s.peer;
	uint64_t instance = 0;
	int rc;

	(void)signal(SIGPIPE, SIG_IGN);
	uv_loop_init(&peer->loop);
	while (!instance)
		if (getrandom(&instance, sizeof(instance), 0) < 0)
			return -errno;
	rc = peer_new(peer, instance, o->poll_us);
	if (!rc)
		rc = make_device(peer, o);
	return rc ? rc : serve_run(&s, o);
}

int
main(int argc, char **argv)
{
	struct options o;

	if (!options_read(&o, argc, argv))
		return 2;
	if (o.help) {
		printf("%s", options_usage);
		return 0;
	}
	if (o.version) {
		puts("ioemu-peer " IOEMU_VERSION);
		return 0;
	}
	return serve(&o) ? EXIT_FAILURE : EXIT_SUCCESS;
}
