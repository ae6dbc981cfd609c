/* SPDX-License-Identifier: MIT */
/*
 * A guest of four vCPUs that does everything at once for as long as one likes,
 * with devices here and behind rings, Unix sockets and TCP that come and go;
 * all it reads is checked. The whole core around a scripted Xen. `make soak`:
 * soak PLUGIN-FOLDER MINUTES SEED; a few seconds of it are in `make check`.
 */
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "soak.h"

#define DEFAULT_MINUTES 0.05 /* as `make check` has it */
#define LIFE_MS 7000u
#define TICK_MS 5u
#define SAY_NS (10000 * MS)
/* Buffers of a link are touched as they are needed: a shorter run has not yet
 * seen what the longest queue takes. */
#define RSS_FROM_NS (600000 * MS)

static const char *const way_name[N_WAYS] = { "in the core", "by ring",
					      "by Unix socket", "by TCP" };

struct sample {
	bool taken;
	long rss_kib;
	unsigned fds;
};

struct run {
	struct soak *s;
	uint64_t start_ns, end_ns, said_ns;
	uint64_t said_accesses;
	struct sample early, late;
	long early_kib; /* the most that was resident in the first tenth */
	bool tick;
};

/* ---- for all parts ------------------------------------------------ */

/* xorshift64*: Vigna, "An experimental exploration of Marsaglia's xorshift
 * generators, scrambled". below 0: any number. */
uint32_t
soak_random(struct soak *s, uint32_t below)
{
	uint32_t v;

	s->random ^= s->random >> 12;
	s->random ^= s->random << 25;
	s->random ^= s->random >> 27;
	v = (uint32_t)((s->random * 0x2545f4914f6cdd1dull) >> 32);
	return below ? v % below : v;
}

void
soak_fill(struct soak *s, uint8_t *p, size_t len)
{
	uint32_t v;

	for (; len >= 4; p += 4, len -= 4) {
		v = soak_random(s, 0);
		memcpy(p, &v, 4);
	}
	v = soak_random(s, 0);
	memcpy(p, &v, len);
}

void
soak_fail(struct soak *s, const char *fmt, ...)
{
	va_list ap;

	if (!s->failed) {
		va_start(ap, fmt);
		printf("soak: WRONG: ");
		vprintf(fmt, ap);
		printf("\n");
		va_end(ap);
	}
	s->failed = true;
}

/* ---- figures ------------------------------------------------------ */

static void
sample(struct sample *out)
{
	FILE *f = fopen("/proc/self/statm", "r");
	DIR *dir = opendir("/proc/self/fd");
	long size, rss = 0;

	if (f && fscanf(f, "%ld %ld", &size, &rss) == 2)
		out->rss_kib = rss * (sysconf(_SC_PAGESIZE) / 1024);
	if (f)
		fclose(f);
	for (out->fds = 0; dir && readdir(dir); out->fds++)
		;
	if (dir)
		closedir(dir);
	out->taken = true;
}

static unsigned
seconds(const struct run *r)
{
	return (unsigned)((uv_hrtime() - r->start_ns) / 1000 / MS);
}

static void
progress(struct run *r)
{
	const struct soak *s = r->s;
	uint64_t now = uv_hrtime();
	struct sample at;

	if (now - r->said_ns < SAY_NS)
		return;
	sample(&at);
	if (!r->early.taken && at.rss_kib > r->early_kib)
		r->early_kib = at.rss_kib;
	printf("soak: %u s: %llu accesses (%.0f a second), %llu MiB, %llu "
	       "transfers, %u kills, %u stops, %u returns, resident %ld KiB\n",
	       seconds(r), (unsigned long long)s->accesses,
	       (double)(s->accesses - r->said_accesses) * 1e9 /
		       (double)(now - r->said_ns),
	       (unsigned long long)s->bytes >> 20,
	       (unsigned long long)s->dma_jobs, s->kills, s->stops, s->restarts,
	       at.rss_kib);
	r->said_ns = now;
	r->said_accesses = s->accesses;
}

static void
report(const struct run *r)
{
	const struct soak *s = r->s;
	unsigned i;

	printf("soak: %llu accesses, %llu bytes; %llu transfers of %llu bytes "
	       "by DMA, %llu interrupts\n",
	       (unsigned long long)s->accesses, (unsigned long long)s->bytes,
	       (unsigned long long)s->dma_jobs,
	       (unsigned long long)s->dma_bytes,
	       (unsigned long long)s->interrupts);
	printf("soak: %u kills, %u stops, %u returns\n", s->kills, s->stops,
	       s->restarts);
	for (i = 0; i < N_WAYS; i++)
		if (s->latency[i].n)
			printf("soak: answers %-14s mean %8.1f us, worst %8.2f "
			       "ms, of %llu\n",
			       way_name[i],
			       (double)s->latency[i].sum_ns / 1e3 /
				       (double)s->latency[i].n,
			       (double)s->latency[i].most_ns / 1e6,
			       (unsigned long long)s->latency[i].n);
	printf("soak: resident %ld KiB at most in the first tenth, %ld KiB at "
	       "the end; descriptors %u, %u\n",
	       r->early_kib, r->late.rss_kib, r->early.fds, r->late.fds);
}

/* ---- the run ------------------------------------------------------ */

static void
on_tick(uv_timer_t *timer)
{
	((struct run *)timer->data)->tick = true;
}

/* Each vCPU has its turn, as if they rang together; then the loop. */
static void
turn(struct run *r)
{
	struct soak *s = r->s;
	bool worked = false;
	unsigned i;

	for (i = 0; i <= CARETAKER; i++)
		worked |= vcpu_turn(&s->vcpu[i]);
	units_turn(s, r->tick);
	dispatch_flush(s->core.d);
	r->tick = false;
	uv_run(&s->core.loop, worked ? UV_RUN_NOWAIT : UV_RUN_ONCE);
	progress(r);
}

static bool
quiet(const struct soak *s)
{
	unsigned i;

	for (i = 0; i <= CARETAKER; i++)
		if (s->vcpu[i].busy || s->vcpu[i].job.unit)
			return false;
	return true;
}

/* No more losses until everything is there. */
static void
calm(struct run *r)
{
	uint64_t limit = uv_hrtime() + TEST_LIMIT_NS;

	r->s->calm = true;
	while (!r->s->failed && !units_all_up(r->s)) {
		turn(r);
		if (uv_hrtime() > limit)
			soak_fail(r->s, "not all came back");
	}
}

/* A busy machine may need longer for it than was asked for. */
static bool
everything_happened(const struct soak *s)
{
	unsigned i;

	for (i = 0; i < N_WAYS; i++)
		if (!s->latency[i].n)
			return false;
	return s->kills && s->restarts && s->dma_jobs;
}

static bool
at_its_end(const struct run *r)
{
	uint64_t now = uv_hrtime();

	return now >= r->end_ns &&
	       (everything_happened(r->s) || now >= r->end_ns + TEST_LIMIT_NS);
}

static void
run(struct run *r)
{
	struct soak *s = r->s;
	uint64_t tenth = r->start_ns + (r->end_ns - r->start_ns) / 10;

	while (!s->failed && !at_its_end(r)) {
		turn(r);
		if (r->early.taken || uv_hrtime() < tenth)
			continue;
		calm(r);
		sample(&r->early);
		if (r->early.rss_kib > r->early_kib)
			r->early_kib = r->early.rss_kib;
		s->calm = false;
	}
	calm(r);
	sample(&r->late);
	s->ending = true;
	while (!s->failed && !quiet(s))
		turn(r);
}

static void
judge(struct run *r)
{
	struct soak *s = r->s;

	if (r->late.fds != r->early.fds)
		soak_fail(s, "descriptors: %u, then %u", r->early.fds,
			  r->late.fds);
	if (r->end_ns - r->start_ns >= RSS_FROM_NS &&
	    r->late.rss_kib * 100 > r->early_kib * 105)
		soak_fail(s, "resident memory grew by more than 5 %%");
	if (!s->failed && units_by_ring(s) != 2)
		soak_fail(s, "%u units by ring, not 2", units_by_ring(s));
	if (!everything_happened(s))
		soak_fail(s, "not everything happened");
}

static void
soak_open(struct soak *s, const char *plugin_dir)
{
	unsigned i;

	core_open_with(&s->core, plugin_dir, SPIN_DEFAULT_US, true);
	procs_open(&s->procs, plugin_dir);
	for (i = 0; i <= CARETAKER; i++)
		s->vcpu[i] = (struct vcpu){ .s = s, .i = i };
	units_open(s);
}

static void
soak_close(struct soak *s)
{
	uv_close((uv_handle_t *)&s->timer, NULL);
	procs_close(&s->procs);
	if (!s->failed) /* else something may be in flight */
		core_close(&s->core);
}

static void
arguments(struct run *r, int argc, char **argv)
{
	double minutes = argc > 2 ? strtod(argv[2], NULL) : DEFAULT_MINUTES;
	uint64_t span_ms = (uint64_t)(minutes * 60e3);
	struct soak *s = r->s;

	s->seed = argc > 3 ? strtoull(argv[3], NULL, 0) : uv_hrtime();
	s->random = s->seed | 1;
	s->life_ms = LIFE_MS;
	if (span_ms / 4 < LIFE_MS)
		s->life_ms = (uint32_t)(span_ms / 4) + 1;
	r->end_ns = span_ms * MS;
	printf("soak: %.2f minutes, SEED=%llu\n", minutes,
	       (unsigned long long)s->seed);
}

int
main(int argc, char **argv)
{
	struct soak *s = calloc(1, sizeof(*s));
	struct run r = { .s = s };
	bool failed;

	if (argc < 2 || !s) {
		fprintf(stderr, "usage: %s PLUGIN-FOLDER [MINUTES [SEED]]\n",
			argv[0]);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	arguments(&r, argc, argv);
	soak_open(s, argv[1]);
	uv_timer_init(&s->core.loop, &s->timer);
	s->timer.data = &r;
	uv_timer_start(&s->timer, on_tick, TICK_MS, TICK_MS);
	r.start_ns = r.said_ns = uv_hrtime();
	r.end_ns += r.start_ns;
	run(&r);
	judge(&r);
	report(&r);
	soak_close(s);
	printf("soak: %s after %u s, SEED=%llu\n", s->failed ? "FAILED" : "OK",
	       seconds(&r), (unsigned long long)s->seed);
	failed = s->failed;
	free(s);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
