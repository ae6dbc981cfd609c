/* SPDX-License-Identifier: MIT */
/*
 * When answers come: how late the time-outs of a peer that does not answer are,
 * and how much several vCPUs get done at a peer that is slow. Run by
 * `make bench` with the plugin folder as argument. It shows figures and judges
 * none: a shared machine may be late. test_async.c proves what must hold.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/membars.h"

#define SLOW 0x18u /* 03.0 */
#define MS 1000000ull

/* ---- time-outs ---------------------------------------------------- */

enum { TIMEOUT_MS = 50, ANSWER_MS = 200, TIMEOUTS = 1024, N_SILENT = 16 };

struct silent {
	uint64_t start[N_SILENT];
	uint64_t late[TIMEOUTS];
	unsigned begun, ended;
	bool lost;
};

/* All answers come at once when a link closes, as it does when this machine
 * stands still for so long that the peer seems to. */
static bool
peer_lost(const struct core *core)
{
	char line[320];

	assert_true(peers_describe(core->peers, 0, line, sizeof(line)));
	return strstr(line, "not there") || !strstr(line, "lost 0 times");
}

static void
silent_begin(struct core *core, struct silent *s, unsigned vcpu)
{
	struct request late =
		core_request(SLOT_COPY, true, REG(SLOW) + REG_LATE, 4, 0);

	s->start[vcpu] = uv_hrtime();
	s->begun++;
	core_begin(core, vcpu, &late);
}

static void
silent_answered(struct core *core, struct silent *s, unsigned vcpu)
{
	uint64_t data, took;

	if (!fake_xen_answer(core->xen, vcpu, &data))
		return;
	took = uv_hrtime() - s->start[vcpu];
	s->lost = peer_lost(core);
	if (s->lost)
		return;
	s->late[s->ended++] = took - TIMEOUT_MS * MS;
	s->start[vcpu] = 0;
	if (s->begun < TIMEOUTS)
		silent_begin(core, s, vcpu);
}

/* The peer lives, and answers these too late. They are begun at different
 * times, so that each has a deadline of its own. */
static bool
time_outs(struct membars *m, struct silent *s)
{
	uint64_t first = uv_hrtime();
	unsigned i, started = 0;

	membars_add_peer(m, SLOW, ",timeout-ms=50", "delay-us=200000");
	while (s->ended < TIMEOUTS && !s->lost) {
		if (started < N_SILENT &&
		    uv_hrtime() - first > started * 3 * MS)
			silent_begin(&m->core, s, started++);
		for (i = 0; i < started && !s->lost; i++)
			if (s->start[i])
				silent_answered(&m->core, s, i);
		uv_run(&m->core.loop,
		       started < N_SILENT ? UV_RUN_NOWAIT : UV_RUN_ONCE);
	}
	return !s->lost;
}

static int
by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void
a_thousand_time_outs(void **state)
{
	struct silent *s = calloc(1, sizeof(*s));
	bool done;
	void *m;

	(void)state;
	assert_non_null(s);
	do {
		*s = (struct silent){ .begun = 0 };
		assert_int_equal(membars_setup(&m), 0);
		done = time_outs(m, s);
		assert_int_equal(membars_teardown(&m), 0);
	} while (!done);
	qsort(s->late, TIMEOUTS, sizeof(s->late[0]), by_size);
	print_message("time-outs: %u of %d ms, late by %.2f ms (median), "
		      "%.2f ms (99 %%), %.2f ms (most)\n",
		      TIMEOUTS, TIMEOUT_MS, (double)s->late[TIMEOUTS / 2] / MS,
		      (double)s->late[TIMEOUTS * 99 / 100] / MS,
		      (double)s->late[TIMEOUTS - 1] / MS);
	free(s);
}

/* ---- at the same time --------------------------------------------- */

/* Reads a second by `vcpus` that each do one after the other. */
static double
rate(struct core *core, unsigned vcpus)
{
	const struct request late =
		core_request(SLOT_COPY, true, REG(SLOW) + REG_LATE, 4, 0);
	const uint64_t start = uv_hrtime(), span = 150 * MS;
	uint64_t now = start, data;
	unsigned n = 0, left = vcpus, i;

	for (i = 0; i < vcpus; i++)
		core_begin(core, i, &late);
	while (left) {
		uv_run(&core->loop, UV_RUN_ONCE);
		now = uv_hrtime();
		assert_true(now - start < TEST_LIMIT_NS);
		for (i = 0; i < vcpus; i++) {
			if (!fake_xen_answer(core->xen, i, &data))
				continue;
			n++;
			if (now - start < span)
				core_begin(core, i, &late);
			else
				left--;
		}
	}
	return n * 1e9 / (double)(now - start);
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* In turn, so that a machine that is busy for a while disturbs both. */
static void
four_vcpus_at_once(void **state)
{
	enum { PAIRS = 5 };
	struct membars *m = *state;
	double one[PAIRS], four[PAIRS];
	unsigned i;

	membars_add_peer(m, SLOW, "", "delay-us=1000");
	for (i = 0; i < PAIRS; i++) {
		one[i] = rate(&m->core, 1);
		four[i] = rate(&m->core, 4);
	}
	qsort(one, PAIRS, sizeof(one[0]), by_value);
	qsort(four, PAIRS, sizeof(four[0]), by_value);
	print_message("a peer of 1 ms: one vCPU %.0f reads/s, four %.0f\n",
		      one[PAIRS / 2], four[PAIRS / 2]);
}

int
main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
#define T(fn)                                                                  \
	cmocka_unit_test_setup_teardown(fn, membars_setup, membars_teardown)
		cmocka_unit_test(a_thousand_time_outs),
		T(four_vcpus_at_once),
	};

	if (argc < 2) {
		fprintf(stderr, "usage: %s PLUGIN-FOLDER\n", argv[0]);
		return 2;
	}
	membars_plugins(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
