/* SPDX-License-Identifier: MIT */
/*
 * What a device in a process of its own costs: accesses of a guest through the
 * whole core and a socket to membar in a real ioemu-peer, beside two processes
 * that do nothing but send each other 16 bytes over the same kind of socket.
 * Run by `make bench` with the plugin folder as argument.
 *
 * Where the scheduler puts two processes decides more than anything they do,
 * so all is measured left to it, on one processor, where what counts is how
 * much there is to do, and on two, where what counts is who has to be woken.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/core_fixture.h"

#define SLOT 0x18 /* 03.0 */
#define BAR 0xf0000000u
#define GUEST_BUFFER 0x2000u
#define MEMBAR_ID 0x11e91234u

#define PING_SIZE 16u
#define ROUNDS 7u /* of which the middle one is told */
#define TRIPS 2000u
#define WRITES 200000u
#define BURSTS 4000u

enum figure {
	PING_READ,
	PING_POLL,
	READ_4,
	READ_4K,
	WRITE_4,
	WRITE_4K,
	N_FIGURES
};

enum placement { ANYWHERE, TOGETHER, APART };

/* How the peer is reached. */
struct way {
	const char *name;
	bool tcp, ring;
	unsigned poll_us; /* of both sides */
	enum placement placement;
};

struct bench {
	struct core core; /* first */
	const char *plugin_dir;
	struct way way;
	char dir[32], addr[64];
	pid_t peer;
	int ping[2]; /* descriptors: sleeps in read, sleeps in poll */
	pid_t pong[2];
	double ns[N_FIGURES][ROUNDS];
};

static void
check(bool good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(EXIT_FAILURE);
}

/* Where this process and those it starts run. */
static void
place(const struct way *way, bool peer)
{
	static cpu_set_t all;
	cpu_set_t one;

	if (!CPU_COUNT(&all))
		check(!sched_getaffinity(0, sizeof(all), &all),
		      "sched_getaffinity");
	CPU_ZERO(&one);
	CPU_SET(peer && way->placement == APART, &one);
	check(!sched_setaffinity(0, sizeof(one),
				 way->placement == ANYWHERE ? &all : &one),
	      "sched_setaffinity");
}

/* ---- the measure ---------------------------------------------------- */

static in_port_t
any_port(int fd)
{
	struct sockaddr_in sa = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(sa);

	check(!bind(fd, (struct sockaddr *)&sa, len), "bind");
	check(!getsockname(fd, (struct sockaddr *)&sa, &len), "getsockname");
	return ntohs(sa.sin_port);
}

static void
tcp_pair(int fd[2])
{
	int server = socket(AF_INET, SOCK_STREAM, 0), on = 1;
	struct sockaddr_in sa = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(any_port(server)),
	};

	fd[0] = socket(AF_INET, SOCK_STREAM, 0);
	check(!listen(server, 1), "listen");
	check(!connect(fd[0], (struct sockaddr *)&sa, sizeof(sa)), "connect");
	fd[1] = accept(server, NULL, NULL);
	close(server);
	setsockopt(fd[0], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd[1], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static bool
ping_take(int fd, bool polls)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char data[PING_SIZE];

	if (polls)
		poll(&p, 1, -1);
	return recv(fd, data, sizeof(data), 0) == sizeof(data);
}

static void
ping_send(int fd)
{
	static const char data[PING_SIZE];

	check(send(fd, data, sizeof(data), MSG_NOSIGNAL) == sizeof(data),
	      "send");
}

static void
pong_start(struct bench *b, unsigned polls)
{
	int fd[2];

	if (b->way.tcp)
		tcp_pair(fd);
	else
		check(!socketpair(AF_UNIX, SOCK_STREAM, 0, fd), "socketpair");
	b->ping[polls] = fd[0];
	b->pong[polls] = fork();
	check(b->pong[polls] >= 0, "fork");
	if (!b->pong[polls]) {
		place(&b->way, true);
		close(fd[0]);
		while (ping_take(fd[1], polls))
			ping_send(fd[1]);
		_exit(0);
	}
	close(fd[1]);
}

/* ---- the peer ------------------------------------------------------- */

static void
peer_address(struct bench *b)
{
	int fd;

	strcpy(b->dir, "/tmp/ioemu-bench-XXXXXX");
	check(mkdtemp(b->dir), "mkdtemp");
	if (!b->way.tcp) {
		snprintf(b->addr, sizeof(b->addr), "unix:%s/p0", b->dir);
		return;
	}
	fd = socket(AF_INET, SOCK_STREAM, 0);
	snprintf(b->addr, sizeof(b->addr), "tcp:127.0.0.1:%u", any_port(fd));
	close(fd);
}

static void
peer_start(struct bench *b)
{
	char program[512], so[512], poll[32];

	snprintf(poll, sizeof(poll), "--poll-us=%u", b->way.poll_us);
	snprintf(program, sizeof(program), "%s/../ioemu-peer", b->plugin_dir);
	snprintf(so, sizeof(so), "%s/membar.so", b->plugin_dir);
	b->peer = fork();
	check(b->peer >= 0, "fork");
	if (!b->peer) {
		place(&b->way, true);
		freopen("/dev/null", "w", stderr);
		execl(program, "ioemu-peer", "--connect", b->addr, poll, so,
		      (char *)NULL);
		_exit(127);
	}
}

static bool
is_there(void *ctx)
{
	return core_config_read(ctx, 0, SLOT, 0) == MEMBAR_ID;
}

static void
bench_open(struct bench *b)
{
	char spec[128];

	peer_address(b);
	pong_start(b, false);
	pong_start(b, true);
	core_open_with(&b->core, b->plugin_dir, b->way.poll_us, true);
	snprintf(spec, sizeof(spec), "peer,slot=3,ring=%s,listen=%s",
		 b->way.ring ? "on" : "off", b->addr);
	core_add_spec(&b->core, spec);
	peer_start(b);
	core_until(&b->core, is_there, &b->core);
	core_config_write(&b->core, 0, SLOT, 0x10, BAR);
	core_config_write(&b->core, 0, SLOT, 0x04, 7);
}

static void
bench_close(struct bench *b)
{
	unsigned i;

	for (i = 0; i < 2; i++) {
		close(b->ping[i]);
		kill(b->pong[i], SIGKILL); /* the others have the socket too */
		waitpid(b->pong[i], NULL, 0);
	}
	core_close(&b->core);
	waitpid(b->peer, NULL, 0);
	rmdir(b->dir);
}

/* ---- what is measured ----------------------------------------------- */

static void
ping(struct bench *b, unsigned polls)
{
	ping_send(b->ping[polls]);
	check(ping_take(b->ping[polls], polls), "recv");
}

static void
ping_read(struct bench *b)
{
	ping(b, false);
}

static void
ping_poll(struct bench *b)
{
	ping(b, true);
}

static void
read_4(struct bench *b)
{
	(void)core_mem_read(&b->core, BAR);
}

static struct request
rep_movsl(bool read)
{
	return (struct request){
		.type = SLOT_COPY,
		.addr = BAR,
		.data = GUEST_BUFFER,
		.size = 4,
		.count = 1024,
		.ptr = true,
		.read = read,
	};
}

static void
read_4k(struct bench *b)
{
	const struct request req = rep_movsl(true);

	(void)core_access(&b->core, &req);
}

/* As fast as the core takes them: the loop runs only when one has to wait.
 * Bytes that leave may let it go on, and then nothing more is to be slept
 * for. */
static void
post(struct bench *b, const struct request *req)
{
	struct core *core = &b->core;
	uint64_t data;
	bool sleep = false;

	if (core_ask(core, req, &data))
		return;
	do {
		uv_run(&core->loop, sleep ? UV_RUN_ONCE : UV_RUN_NOWAIT);
		sleep = !sleep;
	} while (!fake_xen_answer(core->xen, 0, &data));
}

static void
write_4(struct bench *b)
{
	const struct request req = {
		.type = SLOT_COPY,
		.addr = BAR,
		.size = 4,
		.count = 1,
	};

	post(b, &req);
}

static void
write_4k(struct bench *b)
{
	const struct request req = rep_movsl(false);

	post(b, &req);
}

static const struct {
	const char *name;
	void (*run)(struct bench *b);
	unsigned n;
	bool posted; /* a read at the end waits for all of it */
} figures[N_FIGURES] = {
	[PING_READ] = { "ping-pong, asleep in read", ping_read, TRIPS },
	[PING_POLL] = { "ping-pong, asleep in poll", ping_poll, TRIPS },
	[READ_4] = { "4-byte read", read_4, TRIPS },
	[READ_4K] = { "4 KiB read, rep movsl", read_4k, TRIPS },
	[WRITE_4] = { "4-byte posted write", write_4, WRITES, true },
	[WRITE_4K] = { "4 KiB posted write, rep movsl", write_4k, BURSTS,
		       true },
};

static void
measure(struct bench *b, unsigned f, unsigned round)
{
	uint64_t start = uv_hrtime();
	unsigned i;

	for (i = 0; i < figures[f].n; i++)
		figures[f].run(b);
	if (figures[f].posted)
		read_4(b);
	b->ns[f][round] = (double)(uv_hrtime() - start) / figures[f].n;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void
tell(const struct bench *b)
{
	double ping_ns = b->ns[PING_READ][ROUNDS / 2];
	unsigned f;

	for (f = 0; f < N_FIGURES; f++) {
		double ns = b->ns[f][ROUNDS / 2];

		printf("  %-32s %9.0f ns", figures[f].name, ns);
		if (figures[f].posted)
			printf("  %.2f M/s\n", 1e3 / ns);
		else
			printf("  x %.2f, x %.2f asleep in poll\n",
			       ns / ping_ns, ns / b->ns[PING_POLL][ROUNDS / 2]);
	}
}

/* Rounds of all by turns: what disturbs one disturbs its neighbours. */
static void
bench_run(const char *plugin_dir, const struct way *way)
{
	struct bench *b = calloc(1, sizeof(*b));
	unsigned f, round;

	check(b, "memory");
	b->plugin_dir = plugin_dir;
	b->way = *way;
	place(way, false);
	bench_open(b);
	for (round = 0; round < ROUNDS; round++)
		for (f = 0; f < N_FIGURES; f++)
			measure(b, f, round);
	for (f = 0; f < N_FIGURES; f++)
		qsort(b->ns[f], ROUNDS, sizeof(b->ns[f][0]), by_value);
	bench_close(b);
	tell(b);
	free(b);
}

static const struct way ways[] = {
	{ .name = "a Unix socket" },
	{ .name = "TCP, loopback", .tcp = true },
	{ .name = "a shared-memory ring",
	  .ring = true,
	  .poll_us = SPIN_DEFAULT_US },
	{ .name = "a Unix socket, all on one processor",
	  .placement = TOGETHER },
	{ .name = "TCP, loopback, all on one processor",
	  .tcp = true,
	  .placement = TOGETHER },
	{ .name = "a shared-memory ring, all on one processor",
	  .ring = true,
	  .poll_us = SPIN_DEFAULT_US,
	  .placement = TOGETHER },
	{ .name = "a Unix socket, each on its own processor",
	  .placement = APART },
	{ .name = "TCP, loopback, each on its own processor, polling",
	  .tcp = true,
	  .poll_us = SPIN_DEFAULT_US,
	  .placement = APART },
	{ .name = "a shared-memory ring, each on its own processor, no polling",
	  .ring = true,
	  .placement = APART },
	{ .name = "a shared-memory ring, each on its own processor",
	  .ring = true,
	  .poll_us = SPIN_DEFAULT_US,
	  .placement = APART },
};

int
main(int argc, char **argv)
{
	size_t i;

	if (argc != 2) {
		fprintf(stderr, "usage: %s PLUGIN-FOLDER\n", argv[0]);
		return EXIT_FAILURE;
	}
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (ways[i].placement == APART &&
		    sysconf(_SC_NPROCESSORS_ONLN) < 2)
			continue;
		printf("peer on %s:\n", ways[i].name);
		fflush(stdout);
		bench_run(argv[1], &ways[i]);
	}
	return EXIT_SUCCESS;
}
