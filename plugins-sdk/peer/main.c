/* SPDX-License-Identifier: MIT */
/*
 * ioemu-peer: one device of a plugin in a process of its own, at the far end
 * of a socket. Everything that needs rights is done before the first byte is
 * read; then the process can only move bytes.
 */
#include "peer.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define MAX_FD 65535
#define AGAIN_MIN_MS 5u
#define AGAIN_MAX_MS 200u
#define NS_PER_MS 1000000ull

struct options {
	const char *plugin, *type;
	const char *connect, *listen;
	bool again; /* connect */
	int fd;	    /* -1: none */
	unsigned poll_us;
	bool no_ring;
	const char *chroot, *run_as;
	char **props;
	int n_props;
};

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

static const char usage[] =
	"usage: ioemu-peer DEVICE.so\n"
	"                  {--connect ADDR [--again] | --listen ADDR | --fd "
	"N}\n"
	"                  [--type NAME] [key=value ...]\n"
	"\n"
	"Runs a device of a plugin as a process of its own.\n"
	"\n"
	"  --connect ADDR  go to the device model; end when it goes\n"
	"  --again         but go to it again and again; state is kept\n"
	"  --listen ADDR   wait for it, again and again; state is kept\n"
	"  --fd N          use a connected socket that was inherited\n"
	"  --type NAME     which device, if the plugin has several\n"
	"  --poll-us=N     look around for N us before sleeping; 0: never\n"
	"  --no-ring       all goes over the socket\n"
	"  --chroot DIR    when all is open, nothing outside DIR is there\n"
	"  --runas USER    then be this user, or UID:GID\n"
	"  --help, --version\n"
	"\n"
	"ADDR is unix:PATH or tcp:HOST:PORT. key=value are properties of the\n"
	"device (mini-ioemu --list-devices). Exit status: 0 the other side is\n"
	"gone, 1 failure, 2 usage.\n";

static int
usage_error(const char *what)
{
	fprintf(stderr, "ioemu-peer: %s\n%s", what, usage);
	return 2;
}

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
				rc == -ENOKEY ? "no such property"
					      : strerror(-rc));
			return rc;
		}
	}
	return 0;
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
		fprintf(stderr, "ioemu-peer: no type '%s' in %s\n", o->type,
			o->plugin);
		return -ENOENT;
	}
	rc = hostdev_new(&peer_ops, peer, type, type->type.name, NULL,
			 &peer->hd);
	if (!rc)
		rc = linkhost_add(peer->lh, peer->hd);
	if (!rc)
		rc = set_props(peer->hd, o);
	if (!rc)
		rc = hostdev_attach(peer->hd);
	if (rc)
		fprintf(stderr, "ioemu-peer: %s does not start: %s\n",
			type->type.name, strerror(-rc));
	return rc;
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
	fprintf(stderr, "ioemu-peer: %s\n", strerror(-rc));
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
		fprintf(stderr, "%s: %s\n", peer->hd->dev.id, why);
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
			fprintf(stderr, "ioemu-peer: address '%s': %s\n", text,
				strerror(-rc));
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
	fprintf(stderr, "%s: ready\n", peer->hd->dev.id);
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

/* ---- arguments ---------------------------------------------------- */

enum {
	OPT_CONNECT = 256,
	OPT_AGAIN,
	OPT_LISTEN,
	OPT_FD,
	OPT_TYPE,
	OPT_POLL_US,
	OPT_NO_RING,
	OPT_CHROOT,
	OPT_RUNAS,
	OPT_HELP,
	OPT_VERSION
};

static const struct option long_options[] = {
	{ "connect", required_argument, NULL, OPT_CONNECT },
	{ "again", no_argument, NULL, OPT_AGAIN },
	{ "listen", required_argument, NULL, OPT_LISTEN },
	{ "fd", required_argument, NULL, OPT_FD },
	{ "type", required_argument, NULL, OPT_TYPE },
	{ "poll-us", required_argument, NULL, OPT_POLL_US },
	{ "no-ring", no_argument, NULL, OPT_NO_RING },
	{ "chroot", required_argument, NULL, OPT_CHROOT },
	{ "runas", required_argument, NULL, OPT_RUNAS },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ 0 },
};

/* 0 to most, or -1. */
static int
parse_number(const char *text, uint64_t most)
{
	uint64_t n;

	return host_number(text, most, &n) ? -1 : (int)n;
}

static const char *
parse_option(struct options *o, int c)
{
	int n;

	switch (c) {
	case OPT_CONNECT:
		o->connect = optarg;
		return NULL;
	case OPT_AGAIN:
		o->again = true;
		return NULL;
	case OPT_LISTEN:
		o->listen = optarg;
		return NULL;
	case OPT_FD:
		o->fd = parse_number(optarg, MAX_FD);
		return o->fd < 0 ? "--fd wants a number" : NULL;
	case OPT_TYPE:
		o->type = optarg;
		return NULL;
	case OPT_POLL_US:
		n = parse_number(optarg, SPIN_MAX_US);
		o->poll_us = (unsigned)n;
		return n < 0 ? "--poll-us wants 0 to 1000" : NULL;
	case OPT_NO_RING:
		o->no_ring = true;
		return NULL;
	case OPT_CHROOT:
		o->chroot = optarg;
		return NULL;
	case OPT_RUNAS:
		o->run_as = optarg;
		return NULL;
	default:
		return "unknown option";
	}
}

/* What they do not go together for; NULL: they do. */
static const char *
options_hindrance(const struct options *o)
{
	if ((o->connect != NULL) + (o->listen != NULL) + (o->fd >= 0) != 1)
		return "one of --connect, --listen, --fd is needed";
	if (o->again && !o->connect)
		return "--again wants --connect";
	if (o->again && o->chroot && !strncmp(o->connect, "unix:", 5))
		return "--again and --chroot: no unix: is in reach then";
	return NULL;
}

int
main(int argc, char **argv)
{
	struct options o = { .fd = -1, .poll_us = SPIN_DEFAULT_US };
	const char *wrong = NULL;
	int c;

	while (!wrong &&
	       (c = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		if (c == OPT_HELP) {
			printf("%s", usage);
			return 0;
		}
		if (c == OPT_VERSION) {
			puts("ioemu-peer " IOEMU_VERSION);
			return 0;
		}
		wrong = parse_option(&o, c);
	}
	if (!wrong)
		wrong = optind == argc ? "no plugin is named"
				       : options_hindrance(&o);
	if (wrong)
		return usage_error(wrong);
	o.plugin = argv[optind];
	o.props = argv + optind + 1;
	o.n_props = argc - optind - 1;
	return serve(&o) ? EXIT_FAILURE : EXIT_SUCCESS;
}
