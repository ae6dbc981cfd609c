/* SPDX-License-Identifier: MIT
 *
 * One vCPU waits for a slow device all the time; what does that cost another?
 * A child on processor 0 reads membar's late register over and over; the
 * parent on processor 1 reads a port of another device, and then sleeps and
 * looks how late it wakes. Both are measured with the child at work and
 * without, in turn, as the host has other things to do too.
 *
 * Where both vCPUs share one real processor, what the child's accesses take of
 * it is missed by the parent even if nobody ever waits in vain. So membar's
 * first register, which answers at once, is read too: that costs about what a
 * late read does, less the waiting. What is "busy" is the share of the parent
 * and that of the child, by this measure, together.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

#define SLOW "1234.11e9" /* membar, with delay-us */

enum {
	LATE = 0x80, /* in its BAR 2: counts its answers, from 1 */
	UART_SCR = COM1 + 7,
	MAX_ROUNDS = 64,
	SLEEPS = 10, /* a round */
	SLEEP_NS = 10000000,
	NS_PER_US = 1000,
	NS_PER_MS = 1000000,
	PERMILLE = 1000,
};

struct shared {
	volatile bool slow; /* the child's work */
	volatile bool idle; /* it waits for some */
	volatile uint64_t reads, slowest_ns, fastest_ns;
	volatile bool wrong;
};

struct figures {
	uint64_t rate[MAX_ROUNDS]; /* port reads in two windows */
	uint64_t late_ns[MAX_ROUNDS * SLEEPS];
};

struct run {
	struct shared *s;
	struct mem_window regs;
	int go; /* the child's orders */
	unsigned int rounds;
	uint64_t window_ns;
	struct figures alone, beside;
	uint64_t quick[MAX_ROUNDS]; /* reads that are answered at once */
	uint64_t slow[MAX_ROUNDS];  /* the child's */
	uint64_t share[MAX_ROUNDS], busy[MAX_ROUNDS]; /* permille */
};

/* ---- the child ---------------------------------------------------- */

static void
slow_read(struct shared *s, volatile uint32_t *late)
{
	uint64_t start = now_ns(), took;
	uint32_t v = *late;

	took = now_ns() - start;
	s->reads++;
	if (v != s->reads)
		s->wrong = true;
	if (took > s->slowest_ns)
		s->slowest_ns = took;
	if (!s->fastest_ns || took < s->fastest_ns)
		s->fastest_ns = took;
}

/* A device whose process is new counts from 1: there may be an old one yet. */
static void
await_new(struct shared *s, volatile uint32_t *late)
{
	while (*late != 1)
		usleep(NS_PER_MS / NS_PER_US);
	s->reads = 1;
}

/* Each byte from the parent is a stretch of work; idle it costs nothing. */
static int
slow_reader(struct shared *s, const struct mem_window *regs, int go)
{
	volatile uint32_t *late = (volatile uint32_t *)(regs->map + LATE);
	char c;

	if (run_on_cpu(0))
		return TOOL_FAILED;
	await_new(s, late);
	for (;;) {
		s->idle = true;
		if (read(go, &c, 1) != 1)
			break;
		while (s->slow)
			slow_read(s, late);
	}
	return TOOL_OK;
}

/* Returns when it is in the midst of its reads, or has none left. */
static void
slow_work(struct run *r, bool on)
{
	struct shared *s = r->s;
	uint64_t before = s->reads;

	s->slow = on;
	if (!on) {
		while (!s->idle)
			sched_yield();
		return;
	}
	s->idle = false;
	if (write(r->go, "", 1) != 1)
		return;
	while (s->reads == before)
		sched_yield();
}

/* ---- the parent --------------------------------------------------- */

static uint64_t
port_reads(uint64_t ns)
{
	uint64_t end = now_ns() + ns, n = 0;

	for (; now_ns() < end; n++)
		port_read(UART_SCR, 1);
	return n;
}

static uint64_t
quick_reads(const struct run *r)
{
	uint64_t end = now_ns() + r->window_ns, n = 0;

	for (; now_ns() < end; n++)
		(void)*(volatile uint32_t *)r->regs.map;
	return n;
}

static void
sleeps(uint64_t *late_ns)
{
	const struct timespec ts = { .tv_nsec = SLEEP_NS };
	unsigned int i;

	for (i = 0; i < SLEEPS; i++) {
		uint64_t start = now_ns();

		nanosleep(&ts, NULL);
		late_ns[i] = now_ns() - start - SLEEP_NS;
	}
}

static void
sleep_too(struct figures *f, unsigned int round)
{
	sleeps(f->late_ns + (size_t)round * SLEEPS);
}

/* Alone, beside, beside, alone: what drifts meanwhile meets both alike. */
static void
measure(struct run *r, unsigned int i)
{
	uint64_t before;

	sleep_too(&r->alone, i);
	r->quick[i] = quick_reads(r);
	r->alone.rate[i] = port_reads(r->window_ns);
	slow_work(r, true);
	before = r->s->reads;
	r->beside.rate[i] = port_reads(2 * r->window_ns);
	r->slow[i] = r->s->reads - before;
	sleep_too(&r->beside, i);
	slow_work(r, false);
	r->alone.rate[i] += port_reads(r->window_ns);
	r->quick[i] += quick_reads(r);
}

/* ---- what came of it ---------------------------------------------- */

static int
by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void
tell_late(const char *who, struct figures *f, unsigned int rounds)
{
	size_t n = (size_t)rounds * SLEEPS;

	qsort(f->late_ns, n, sizeof(f->late_ns[0]), by_size);
	printf("ASYNC timer %s middle-us %" PRIu64 " most-us %" PRIu64 "\n",
	       who, f->late_ns[n / 2] / NS_PER_US,
	       f->late_ns[n - 1] / NS_PER_US);
}

static void
tell(struct run *r)
{
	unsigned int i;

	for (i = 0; i < r->rounds; i++) {
		uint64_t alone = r->alone.rate[i], beside = r->beside.rate[i];

		r->share[i] = beside * PERMILLE / (alone ? alone : 1);
		r->busy[i] =
			r->share[i] +
			r->slow[i] * PERMILLE / (r->quick[i] ? r->quick[i] : 1);
		printf("ASYNC window %u alone %" PRIu64 " beside %" PRIu64
		       " quick %" PRIu64 " slow %" PRIu64 "\n",
		       i, alone, beside, r->quick[i], r->slow[i]);
	}
	qsort(r->share, r->rounds, sizeof(r->share[0]), by_size);
	qsort(r->busy, r->rounds, sizeof(r->busy[0]), by_size);
	tell_late("alone", &r->alone, r->rounds);
	tell_late("beside", &r->beside, r->rounds);
	printf("ASYNC slow-reads %" PRIu64 " fastest-us %" PRIu64
	       " slowest-us %" PRIu64 "\n",
	       r->s->reads, r->s->fastest_ns / NS_PER_US,
	       r->s->slowest_ns / NS_PER_US);
	printf("ASYNC permille beside %" PRIu64 " busy %" PRIu64 "\n",
	       r->share[r->rounds / 2], r->busy[r->rounds / 2]);
}

static int
run(struct run *r)
{
	unsigned int i;

	if (run_on_cpu(1) || ports_open() < 0)
		return TOOL_FAILED;
	while (!r->s->idle)
		usleep(NS_PER_MS / NS_PER_US);
	port_reads(r->window_ns); /* the first one warms up */
	for (i = 0; i < r->rounds; i++)
		measure(r, i);
	tell(r);
	return r->s->wrong ? TOOL_FAILED : TOOL_OK;
}

int
cmd_async(int argc, char **argv)
{
	static struct run r;
	int go[2], status = 0, rc;
	pid_t pid;

	r.rounds = argc > 0 ? (unsigned int)atoi(argv[0]) : 1;
	r.window_ns = NS_PER_MS * (argc > 1 ? (uint64_t)atoi(argv[1]) : 1000);
	r.s = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (r.s == MAP_FAILED || !r.rounds || r.rounds > MAX_ROUNDS ||
	    bar_open(SLOW, 2, &r.regs) || pipe(go))
		return TOOL_FAILED;
	pid = fork();
	if (pid == 0) {
		close(go[1]);
		_exit(slow_reader(r.s, &r.regs, go[0]));
	}
	r.go = go[1];
	rc = run(&r);
	close(go[1]);
	waitpid(pid, &status, 0);
	close(go[0]);
	printf("ASYNC done\n");
	return status ? TOOL_FAILED : rc;
}
