/* SPDX-License-Identifier: MIT */
/*
 * Nothing waits for what it did not ask for: one vCPU's access is stuck in a
 * peer that is slow, stopped or silent, and everything else goes on. Whole
 * core, real ioemu-peer processes, vCPUs of a scripted Xen.
 *
 * "At once" is meant literally: the answer is there when dispatch returns, no
 * turn of the loop in between. Nothing here depends on how fast the machine is:
 * a slow peer answers when it is told to, so what went on before is proven by
 * order. How fast it all is, bench_timing.c shows.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/membars.h"
#include "support/qmp_client.h"

#define SLOW 0x18u  /* 03.0: the peer in question */
#define QUICK 0x20u /* 04.0: another peer */
#define HERE 0x28u  /* 05.0: a device in our own process */
#define HERE_DELAY_US 5000u
#define MS 1000000ull

static const char *plugin_dir;

/* procs.pid[0] is the one in question. */
static void
add_all(struct membars *m, const char *keys, const char *prop)
{
	char props[32];

	membars_add_peer(m, SLOW, keys, prop);
	membars_add_peer(m, QUICK, "", NULL);
	snprintf(props, sizeof(props), ",delay-us=%u", HERE_DELAY_US);
	membars_add_here(m, HERE, props);
}

/* ---- those who must not wait -------------------------------------- */

static bool
waits(struct core *core, unsigned vcpu)
{
	uint64_t data;

	return !fake_xen_answer(core->xen, vcpu, &data);
}

static void
at_once(struct core *core, unsigned vcpu, struct request req, uint32_t want)
{
	uint64_t data;

	core_begin(core, vcpu, &req);
	assert_true(fake_xen_answer(core->xen, vcpu, &data));
	if (req.read)
		assert_int_equal((uint32_t)data, want);
}

static void
what_is_here_answers_at_once(struct core *core, unsigned vcpu, uint32_t v)
{
	at_once(core, vcpu, core_request(SLOT_COPY, false, RAM(HERE), 4, v), 0);
	at_once(core, vcpu, core_request(SLOT_COPY, true, RAM(HERE), 4, 0), v);
	at_once(core, vcpu, core_request(SLOT_PIO, false, PORT(HERE), 4, v), 0);
	at_once(core, vcpu, core_request(SLOT_PIO, true, PORT(HERE), 4, 0), v);
	at_once(core, vcpu,
		core_request(SLOT_CONFIG, true, core_config_addr(0, HERE, 0), 4,
			     0),
		MEMBAR_ID);
}

/* A device's timer is what answers here. */
static void
the_guests_clock_goes_on(struct core *core, unsigned vcpu)
{
	const struct request late =
		core_request(SLOT_COPY, true, REG(HERE) + REG_LATE, 4, 0);
	unsigned i;

	for (i = 0; i < 5; i++)
		core_access_by(core, vcpu, &late);
}

static void
another_peer_answers(struct core *core, unsigned vcpu, uint32_t v)
{
	struct request req = core_request(SLOT_COPY, false, RAM(QUICK), 4, v);

	core_access_by(core, vcpu, &req);
	req.read = true;
	assert_int_equal((uint32_t)core_access_by(core, vcpu, &req), v);
	req = core_request(SLOT_PIO, false, PORT(QUICK), 4, ~v);
	core_access_by(core, vcpu, &req);
	req.read = true;
	assert_int_equal((uint32_t)core_access_by(core, vcpu, &req), ~v);
	req = core_request(SLOT_CONFIG, true, core_config_addr(0, QUICK, 0), 4,
			   0);
	assert_int_equal((uint32_t)core_access_by(core, vcpu, &req), MEMBAR_ID);
}

/* While vCPU 0 waits, and it waits all the time. */
static void
the_others_go_on(struct core *core, uint32_t v)
{
	assert_true(waits(core, 0));
	what_is_here_answers_at_once(core, 1, v);
	another_peer_answers(core, 2, v);
	the_guests_clock_goes_on(core, 3);
	what_is_here_answers_at_once(core, 1, ~v);
	assert_true(waits(core, 0));
}

/* ---- a slow peer -------------------------------------------------- */

static struct request
string(struct request req, uint32_t count, uint64_t ram)
{
	req.count = count;
	req.ptr = true;
	req.data = ram;
	return req;
}

static void
nobody_waits_for_a_slow_peer(void **state)
{
	const struct request stuck[] = {
		core_request(SLOT_COPY, true, REG(SLOW) + REG_LATE, 4, 0),
		core_request(SLOT_PIO, true, PORT(SLOW) + PORT_LATE, 4, 0),
		string(core_request(SLOT_COPY, true, REG(SLOW) + REG_LATE, 4,
				    0),
		       2, 0x2000),
		string(core_request(SLOT_PIO, true, PORT(SLOW) + PORT_LATE, 4,
				    0),
		       2, 0x2000),
	};
	/* Of the third, the second element is another register. */
	const unsigned waiting[] = { 1, 1, 1, 2 };
	const uint32_t want[] = { 1, 0x55aa, 2, 0x55aa };
	struct membars *m = *state;
	struct core *core = &m->core;
	unsigned i;

	add_all(m, ",timeout-ms=60000", NEVER_US);
	core_port_write(core, PORT(SLOW) + PORT_LATE, 0x55aa);
	for (i = 0; i < 4; i++) {
		uint32_t v, n;

		core_begin(core, 0, &stuck[i]);
		for (n = 0; n < waiting[i]; n++) {
			membars_await_open(core, 1, SLOW, 1);
			the_others_go_on(core, i + n);
			membars_release(core, 1, SLOW);
		}
		v = (uint32_t)core_finish(core, 0);
		if (stuck[i].ptr)
			memcpy(&v, core->xen->ram + 0x2000, 4);
		assert_int_equal(v, want[i]);
	}
}

/* All four are in the peer before any is answered. */
static void
accesses_of_all_vcpus_wait_in_a_peer_together(void **state)
{
	enum { WAITERS = 4, LOOKS = 5 };
	const struct request late =
		core_request(SLOT_COPY, true, REG(SLOW) + REG_LATE, 4, 0);
	struct membars *m = *state;
	struct core *core = &m->core;
	uint64_t sum = 0;
	unsigned i;

	membars_add_peer(m, SLOW, ",timeout-ms=60000", NEVER_US);
	for (i = 0; i < WAITERS; i++)
		core_begin(core, i, &late);
	membars_await_open(core, LOOKS, SLOW, WAITERS);
	for (i = 0; i < WAITERS; i++)
		assert_true(waits(core, i));
	membars_release(core, LOOKS, SLOW);
	for (i = 0; i < WAITERS; i++)
		sum += core_finish(core, i);
	assert_int_equal(sum, 1 + 2 + 3 + 4); /* each has one of its own */
}

/* ---- a stopped one ------------------------------------------------ */

static struct request
stopped_on(unsigned i)
{
	switch (i) {
	case 0:
		return core_request(SLOT_COPY, true, REG(SLOW), 4, 0);
	case 1: /* joined: one request */
		return string(core_request(SLOT_COPY, true, RAM(SLOW), 4, 0),
			      1024, 0x3000);
	case 2: /* element by element */
		return string(core_request(SLOT_COPY, true, REG(SLOW), 4, 0), 3,
			      0x3000);
	case 3:
		return core_request(SLOT_PIO, true, PORT(SLOW), 4, 0);
	case 4:
		return core_request(SLOT_PIO, false, PORT(SLOW), 4, 0x1234);
	case 5:
		return core_request(SLOT_CONFIG, true,
				    core_config_addr(0, SLOW, 0), 4, 0);
	default:
		return core_request(SLOT_CONFIG, false,
				    core_config_addr(0, SLOW, 0x3c), 4, 0x0b);
	}
}

static void
nobody_waits_for_a_stopped_peer(void **state)
{
	struct membars *m = *state;
	struct core *core = &m->core;
	unsigned i;

	add_all(m, ",timeout-ms=60000", NULL);
	core_mem_write(core, RAM(SLOW) + 4092, 0x77);
	for (i = 0; i < 7; i++) {
		const struct request req = stopped_on(i);

		kill(m->procs.pid[0], SIGSTOP);
		core_begin(core, 0, &req);
		the_others_go_on(core, i);
		kill(m->procs.pid[0], SIGCONT);
		core_finish(core, 0);
		/* none was lost, none was answered with what it was not */
		if (i == 1)
			assert_int_equal(core->xen->ram[0x3000 + 4092], 0x77);
		if (i == 4)
			assert_int_equal(core_port_read(core, PORT(SLOW)),
					 0x1234);
		assert_int_equal(core_mem_read(core, REG(SLOW)), MEMBAR_ID);
	}
	assert_int_equal(core_config_read(core, 0, SLOW, 0x3c) & 0xff, 0x0b);
}

/* Writes that nobody waits for fill what there is of room; then whoever writes
 * waits, and nobody else. Not one is lost, and they arrive in order. */
static void
posted_writes_that_pile_up_hold_their_writer_only(void **state)
{
	struct membars *m = *state;
	struct core *core = &m->core;
	struct request req = core_request(SLOT_COPY, false, RAM(SLOW), 4, 0);
	uint64_t data;
	uint32_t n = 0;

	add_all(m, ",timeout-ms=60000", NULL);
	core_mem_write(core, REG(SLOW) + REG_COUNT, 0);
	assert_int_equal(core_mem_read(core, REG(SLOW)), MEMBAR_ID);
	kill(m->procs.pid[0], SIGSTOP);
	do {
		req.data = ++n;
		core_begin(core, 0, &req);
		uv_run(&core->loop, UV_RUN_NOWAIT);
	} while (n < 200000 && fake_xen_answer(core->xen, 0, &data));
	assert_true(n > 1 && n < 200000);
	the_others_go_on(core, n);
	kill(m->procs.pid[0], SIGCONT);
	core_finish(core, 0);
	assert_int_equal(core_mem_read(core, RAM(SLOW)), n);
	/* with that read */
	assert_int_equal(core_mem_read(core, REG(SLOW) + REG_COUNT), n + 1);
}

/* ---- one that never answers --------------------------------------- */

enum { TIMEOUT_MS = 1000, SILENT = 8 };

/* The peer lives and is asked other things; what it is too late for ends with
 * all ones, never early, and what was asked first ends first. */
static void
time_outs_are_never_early_and_in_order(void **state)
{
	const struct request late =
		core_request(SLOT_COPY, true, REG(SLOW) + REG_LATE, 4, 0);
	struct membars *m = *state;
	struct core *core = &m->core;
	uint64_t start[SILENT], data;
	unsigned i;

	membars_add_peer(m, SLOW, ",timeout-ms=1000", NEVER_US);
	for (i = 0; i < SILENT; i++) {
		start[i] = uv_hrtime();
		core_begin(core, i, &late);
	}
	for (i = 0; i < SILENT; i++) {
		data = core_finish(core, i);
		assert_int_equal((uint32_t)data, ONES);
		assert_true(uv_hrtime() - start[i] >= TIMEOUT_MS * MS);
	}
	/* Too late, whatever it answers: these are nobody else's answers. A
	 * machine that stood still may have lost the peer altogether. */
	membars_up(core, SLOW);
	membars_release(core, 0, SLOW);
	for (i = 0; i < SILENT; i++)
		assert_int_equal(core_mem_read(core, REG(SLOW)), MEMBAR_ID);
}

/* ---- order -------------------------------------------------------- */

static void
begin_step(struct core *core, unsigned vcpu, unsigned step)
{
	struct request req = core_request(SLOT_COPY, step % 3 == 2,
					  RAM(SLOW) + 64 * vcpu, 4, step);

	core_begin(core, vcpu, &req);
}

/* Two posted writes and a read, over and over, by each; what is read is what
 * the same vCPU wrote last. */
static void
one_vcpus_accesses_stay_in_order(void **state)
{
	enum { STEPS = 3 * 200 };
	struct membars *m = *state;
	struct core *core = &m->core;
	uint64_t end = uv_hrtime() + TEST_LIMIT_NS;
	unsigned step[4] = { 0 }, left = 4, i;

	membars_add_peer(m, SLOW, ",timeout-ms=60000", NULL);
	for (i = 0; i < 4; i++)
		begin_step(core, i, 0);
	while (left) {
		assert_true(uv_hrtime() < end);
		for (i = 0; i < 4; i++) {
			uint64_t data;

			if (step[i] == STEPS ||
			    !fake_xen_answer(core->xen, i, &data))
				continue;
			if (step[i] % 3 == 2)
				assert_int_equal((uint32_t)data, step[i] - 1);
			if (++step[i] < STEPS)
				begin_step(core, i, step[i]);
			else
				left--;
		}
		uv_run(&core->loop, UV_RUN_NOWAIT);
	}
}

/* ---- the operator ------------------------------------------------- */

static uint32_t
whole_plain(struct whole *w, uint8_t type, bool read, uint64_t addr,
	    uint32_t data)
{
	const struct request req = core_request(type, read, addr, 4, data);

	return (uint32_t)whole_access(w, &req);
}

static void
place_slow(struct whole *w)
{
	const uint64_t config = core_config_addr(0, SLOW, 0);
	uint64_t end = uv_hrtime() + TEST_LIMIT_NS;

	while (!fake_xen_claims(whole_end.xen, IOEMU_CONFIG, config) ||
	       whole_plain(w, SLOT_CONFIG, true, config, 0) != MEMBAR_ID) {
		assert_true(uv_hrtime() < end);
		uv_run(&w->loop, UV_RUN_NOWAIT);
	}
	whole_plain(w, SLOT_CONFIG, false, config | 0x18, (uint32_t)REG(SLOW));
	whole_plain(w, SLOT_CONFIG, false, config | 0x04, 0x6);
}

/* By another vCPU, as the first one waits. */
static void
release_slow(struct whole *w)
{
	const struct request req =
		core_request(SLOT_COPY, false, REG(SLOW) + REG_OPEN, 4, 1);
	uint64_t end = uv_hrtime() + TEST_LIMIT_NS, data;

	fake_xen_ask(whole_end.xen, 1, &req);
	whole_ring_by(1);
	while (!fake_xen_answer(whole_end.xen, 1, &data)) {
		assert_true(uv_hrtime() < end);
		uv_run(&w->loop, UV_RUN_ONCE);
	}
}

static void
the_monitor_answers_while_the_guest_waits(void **state)
{
	static const char *const words[] = {
		"-smp", "2", "-device",
		"membar,isolate=on,addr=3,timeout-ms=60000," NEVER_US, NULL
	};
	const struct request late =
		core_request(SLOT_COPY, true, REG(SLOW) + REG_LATE, 4, 0);
	struct whole *w = *state;
	struct client c;
	uint64_t data, end;
	unsigned i;

	assert_int_equal(whole_start(w, plugin_dir, words), 0);
	place_slow(w);
	fake_xen_ask(whole_end.xen, 0, &late);
	whole_ring();
	client_open(&c, w);
	for (i = 0; i < 10; i++) {
		assert_non_null(
			strstr(client_qmp(&c, "{\"execute\":\"query-status\"}"),
			       "running"));
		assert_non_null(strstr(client_hmp(&c, "peers"), "membar"));
	}
	assert_false(fake_xen_answer(whole_end.xen, 0, &data));
	release_slow(w);
	end = uv_hrtime() + TEST_LIMIT_NS;
	while (!fake_xen_answer(whole_end.xen, 0, &data)) {
		assert_true(uv_hrtime() < end);
		uv_run(&w->loop, UV_RUN_ONCE);
	}
	assert_int_equal((uint32_t)data, 1);
	client_close(&c);
}

int
main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
#define T(fn)                                                                  \
	cmocka_unit_test_setup_teardown(fn, membars_setup, membars_teardown)
#define N(fn)                                                                  \
	cmocka_unit_test_setup_teardown(fn, membars_setup_no_merge,            \
					membars_teardown)
#define W(fn) cmocka_unit_test_setup_teardown(fn, whole_setup, whole_teardown)
		T(nobody_waits_for_a_slow_peer),
		T(accesses_of_all_vcpus_wait_in_a_peer_together),
		T(time_outs_are_never_early_and_in_order),
		T(nobody_waits_for_a_stopped_peer),
		N(posted_writes_that_pile_up_hold_their_writer_only),
		T(one_vcpus_accesses_stay_in_order),
		N(one_vcpus_accesses_stay_in_order),
		W(the_monitor_answers_while_the_guest_waits),
	};

	if (argc < 2) {
		fprintf(stderr, "usage: %s PLUGIN-FOLDER\n", argv[0]);
		return 2;
	}
	plugin_dir = argv[1];
	membars_plugins(plugin_dir);
	whole_find_peer(plugin_dir);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
