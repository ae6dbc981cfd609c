/* SPDX-License-Identifier: MIT */
/*
 * Devices in processes of their own, in the whole core: real ioemu-peer
 * processes on real sockets, and a guest of a scripted Xen that uses them,
 * loses them and gets them back.
 */
#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/core_fixture.h"
#include "support/processes.h"

#define SLOT 0x18 /* 03.0 */
#define BAR0 0xf0000000ull
#define BAR2 0xf0100000ull
#define MEMBAR_ID 0x11e91234u
#define ONES 0xffffffffu

static const char *plugin_dir;

struct fix {
	struct core core; /* first */
	struct procs procs;
};

/* ---- the guest ---------------------------------------------------- */

static bool
is_there(void *ctx)
{
	return core_config_read(ctx, 0, SLOT, 0) == 0x11e91234;
}

static bool
is_gone(void *ctx)
{
	return core_config_read(ctx, 0, SLOT, 0) == ONES;
}

static void
membar_up(struct fix *f)
{
	core_until(&f->core, is_there, &f->core);
	core_config_write(&f->core, 0, SLOT, 0x10, BAR0);
	core_config_write(&f->core, 0, SLOT, 0x18, BAR2);
	core_config_write(&f->core, 0, SLOT, 0x20, 0xc000);
	core_config_write(&f->core, 0, SLOT, 0x04, 0x7);
}

static void
peer_membar(struct fix *f, const char *prop)
{
	core_add_spec(&f->core, procs_text(&f->procs, "peer,id=p0,slot=3,"
						      "listen=unix:%s/p0"));
	procs_start(&f->procs, "membar", "--connect",
		    procs_text(&f->procs, "unix:%s/p0"), prop);
	membar_up(f);
}

static int
setup(void **state)
{
	struct fix *f = calloc(1, sizeof(*f));

	core_open(&f->core, plugin_dir);
	procs_open(&f->procs, plugin_dir);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fix *f = *state;

	procs_close(&f->procs);
	core_close(&f->core);
	free(f);
	return 0;
}

/* ---- what it sees ------------------------------------------------- */

static void
a_peer_appears_when_it_comes(void **state)
{
	struct fix *f = *state;

	core_add_spec(&f->core,
		      procs_text(&f->procs, "peer,slot=3,connect=unix:%s/p0"));
	assert_true(is_gone(&f->core));
	uv_run(&f->core.loop, UV_RUN_NOWAIT);
	procs_start(&f->procs, "membar", "--listen",
		    procs_text(&f->procs, "unix:%s/p0"), NULL);
	membar_up(f);
	assert_int_equal(core_mem_read(&f->core, BAR2), MEMBAR_ID);
}

static void
memory_ports_and_configuration_go_through(void **state)
{
	struct fix *f = *state;
	unsigned i;

	peer_membar(f, NULL);
	for (i = 0; i < 64; i++)
		core_mem_write(&f->core, BAR0 + 4 * i, i * 0x01010101u);
	for (i = 0; i < 64; i++)
		assert_int_equal(core_mem_read(&f->core, BAR0 + 4 * i),
				 i * 0x01010101u);
	core_port_write(&f->core, 0xc004, 0xabcd1234);
	assert_int_equal(core_port_read(&f->core, 0xc004), 0xabcd1234);
	assert_int_equal(core_config_read(&f->core, 0, SLOT, 0x10) & ~0xfu,
			 BAR0);
	assert_int_equal(core_config_read(&f->core, 0, SLOT + 1, 0), ONES);
}

static void
rep_movs_is_one_burst_at_the_device(void **state)
{
	struct fix *f = *state;
	struct request req = {
		.type = SLOT_COPY,
		.addr = BAR0,
		.data = 0x2000,
		.size = 4,
		.count = 1024,
		.ptr = true,
	};
	unsigned i;

	peer_membar(f, NULL);
	for (i = 0; i < 4096; i++)
		f->core.xen->ram[0x2000 + i] = (uint8_t)(i * 13 + i / 256);
	core_mem_write(&f->core, BAR2 + 4, 0); /* its count of accesses */
	core_access(&f->core, &req);
	assert_int_equal(core_mem_read(&f->core, BAR2 + 4), 1);
	assert_int_equal(core_mem_read(&f->core, BAR2 + 8), 4096);
	req.read = true;
	req.data = 0x4000;
	core_access(&f->core, &req);
	assert_memory_equal(f->core.xen->ram + 0x4000,
			    f->core.xen->ram + 0x2000, 4096);
}

static void
every_element_is_seen_where_joining_is_not_allowed(void **state)
{
	struct fix *f = *state;
	struct request req = {
		.type = SLOT_PIO,
		.addr = 0xc000,
		.data = 0x2000,
		.size = 4,
		.count = 5,
		.ptr = true,
	};

	peer_membar(f, NULL);
	core_mem_write(&f->core, BAR2 + 4, 0);
	core_access(&f->core, &req);
	assert_int_equal(core_mem_read(&f->core, BAR2 + 4), 5);
	assert_int_equal(core_mem_read(&f->core, BAR2 + 8), 4);
}

static void
a_killed_peer_is_surprise_removal_and_comes_back_as_it_was(void **state)
{
	struct fix *f = *state;
	unsigned round;

	peer_membar(f, NULL);
	for (round = 0; round < 5; round++) {
		core_mem_write(&f->core, BAR0, 0x1000 + round);
		assert_int_equal(core_mem_read(&f->core, BAR0), 0x1000 + round);
		procs_end(&f->procs, f->procs.pid[0], SIGKILL);
		core_until(&f->core, is_gone, &f->core);
		assert_int_equal(core_mem_read(&f->core, BAR0), ONES);
		procs_start(&f->procs, "membar", "--connect",
			    procs_text(&f->procs, "unix:%s/p0"), NULL);
		core_until(&f->core, is_there, &f->core);
		/* BARs and command are what they were; its memory is new */
		assert_int_equal(core_mem_read(&f->core, BAR2), MEMBAR_ID);
		assert_int_equal(core_mem_read(&f->core, BAR0), 0);
	}
}

static void
a_peer_that_listens_keeps_its_state_over_a_lost_connection(void **state)
{
	struct fix *f = *state;
	char addr[160];

	snprintf(addr, sizeof(addr), "unix:%s/p0", f->procs.dir);
	procs_start(&f->procs, "membar", "--listen", addr, NULL);
	core_add_spec(&f->core,
		      procs_text(&f->procs, "peer,id=p0,slot=3,timeout-ms=1000,"
					    "connect=unix:%s/p0"));
	membar_up(f);
	core_mem_write(&f->core, BAR0, 0xfeed);
	assert_int_equal(core_mem_read(&f->core, BAR0), 0xfeed);
	/* stopped, it answers nothing: the core gives it up, as hardware
	 * would, and finds it again */
	kill(f->procs.pid[0], SIGSTOP);
	assert_int_equal(core_mem_read(&f->core, BAR0), ONES);
	core_until(&f->core, is_gone, &f->core);
	kill(f->procs.pid[0], SIGCONT);
	core_until(&f->core, is_there, &f->core);
	assert_int_equal(core_mem_read(&f->core, BAR0), 0xfeed);
}

/* As a supervisor sees to it: on a busy machine it may be given up before it
 * says its first word, and it then ends. */
static bool
is_there_or_started(void *ctx)
{
	struct fix *f = ctx;

	if (f->procs.n)
		procs_ended(&f->procs, f->procs.pid[0]);
	if (!f->procs.n)
		procs_start(&f->procs, "membar", "--connect",
			    procs_text(&f->procs, "unix:%s/p0"), NULL);
	return is_there(&f->core);
}

static void
a_peer_on_hold_keeps_its_place_and_reads_ones(void **state)
{
	const uint64_t config = (uint64_t)SLOT << 32;
	struct fix *f = *state;

	core_add_spec(&f->core,
		      procs_text(&f->procs, "peer,slot=3,on-exit=hold,"
					    "listen=unix:%s/p0"));
	procs_start(&f->procs, "membar", "--connect",
		    procs_text(&f->procs, "unix:%s/p0"), NULL);
	membar_up(f);
	procs_end(&f->procs, f->procs.pid[0], SIGKILL);
	core_until(&f->core, is_gone, &f->core);
	assert_true(fake_xen_claims(f->core.xen, IOEMU_CONFIG, config));
	assert_int_equal(core_mem_read(&f->core, BAR2), ONES);
	procs_start(&f->procs, "membar", "--connect",
		    procs_text(&f->procs, "unix:%s/p0"), NULL);
	core_until(&f->core, is_there, &f->core);
	assert_int_equal(core_mem_read(&f->core, BAR2), MEMBAR_ID);
}

static bool
is_off(void *ctx)
{
	return ((struct core *)ctx)->xen->power == IOEMU_POWER_OFF;
}

static void
a_peer_that_matters_takes_the_guest_with_it(void **state)
{
	struct fix *f = *state;

	core_add_spec(&f->core,
		      procs_text(&f->procs, "peer,slot=3,on-exit=stop,"
					    "listen=unix:%s/p0"));
	procs_start(&f->procs, "membar", "--connect",
		    procs_text(&f->procs, "unix:%s/p0"), NULL);
	membar_up(f);
	assert_false(is_off(&f->core));
	procs_end(&f->procs, f->procs.pid[0], SIGKILL);
	core_until(&f->core, is_off, &f->core);
}

static unsigned
open_fds(void)
{
	unsigned n = 0;
	DIR *dir = opendir("/proc/self/fd");

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* Lose it in the way of this round, in the midst of accesses. */
static void
lose(struct fix *f, unsigned round)
{
	static const int how[] = { SIGKILL, SIGTERM, SIGSTOP };
	unsigned i;

	for (i = 0; i < round % 8; i++)
		core_mem_write(&f->core, BAR0 + 4 * i, round);
	kill(f->procs.pid[0], how[round % 3]);
	/* what is read is what was written, or ones: never anything else */
	for (i = 0; i < 8; i++) {
		uint32_t v = core_mem_read(&f->core, BAR0 + 4 * i);

		assert_true(v == ONES || v == (i < round % 8 ? round : 0));
	}
	core_until(&f->core, is_gone, &f->core);
	procs_end(&f->procs, f->procs.pid[0], SIGKILL);
}

static void
two_hundred_losses_leave_nothing_behind(void **state)
{
	struct fix *f = *state;
	unsigned round, fds = 0, claims = 0;

	core_add_spec(&f->core,
		      procs_text(&f->procs, "peer,id=p0,slot=3,timeout-ms=100,"
					    "listen=unix:%s/p0"));
	procs_start(&f->procs, "membar", "--connect",
		    procs_text(&f->procs, "unix:%s/p0"), NULL);
	membar_up(f);
	for (round = 1; round <= 200; round++) {
		lose(f, round);
		core_until(&f->core, is_there_or_started, f);
		assert_int_equal(core_mem_read(&f->core, BAR2), MEMBAR_ID);
		assert_int_equal(core_mem_read(&f->core, BAR0), 0);
		if (round == 3) { /* by now everything has been used */
			fds = open_fds();
			claims = f->core.xen->n_claimed;
		}
	}
	assert_int_equal(open_fds(), fds);
	assert_int_equal(f->core.xen->n_claimed, claims);
}

static void
a_slow_register_times_out_and_nothing_else_waits(void **state)
{
	struct fix *f = *state;
	struct request req = {
		.type = SLOT_COPY,
		.read = true,
		.addr = BAR2 + 0x80, /* answers after delay-us */
		.size = 4,
		.count = 1,
	};
	uint64_t data, start;

	core_add_spec(&f->core,
		      procs_text(&f->procs, "peer,slot=3,timeout-ms=1000,"
					    "listen=unix:%s/p0"));
	procs_start(&f->procs, "membar", "--connect",
		    procs_text(&f->procs, "unix:%s/p0"), "delay-us=4000000");
	membar_up(f);
	start = uv_hrtime();
	fake_xen_ask(f->core.xen, 1, &req);
	dispatch_event(f->core.d, 1);
	/* vCPU 0 goes on meanwhile */
	assert_int_equal(core_mem_read(&f->core, BAR2), MEMBAR_ID);
	assert_false(fake_xen_answer(f->core.xen, 1, &data));
	while (!fake_xen_answer(f->core.xen, 1, &data))
		uv_run(&f->core.loop, UV_RUN_ONCE);
	assert_int_equal((uint32_t)data, ONES);
	assert_true(uv_hrtime() - start >= 1000 * 1000000ull);
	/* the late answer is dropped: the next one is right */
	assert_int_equal(core_mem_read(&f->core, BAR2), MEMBAR_ID);
}

static void
raw_ranges_are_where_the_user_says(void **state)
{
	struct fix *f = *state;
	bool posted;

	core_add_spec(&f->core,
		      procs_text(&f->procs, "raw-mmio,id=r0,space=io,base=0xe9,"
					    "size=1,connect=unix:%s/p0"));
	assert_int_equal(core_port_read(&f->core, 0xe9) & 0xff, 0xff);
	procs_start(&f->procs, "debugcon", "--listen",
		    procs_text(&f->procs, "unix:%s/p0"), NULL);
	for (posted = false; !posted;) {
		struct request req = {
			.type = SLOT_PIO,
			.read = true,
			.addr = 0xe9,
			.size = 1,
			.count = 1,
		};

		posted = (core_access(&f->core, &req) & 0xff) == 0xe9;
		uv_run(&f->core.loop, UV_RUN_NOWAIT);
	}
}

int
main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
		T(a_peer_appears_when_it_comes),
		T(memory_ports_and_configuration_go_through),
		T(rep_movs_is_one_burst_at_the_device),
		T(every_element_is_seen_where_joining_is_not_allowed),
		T(a_killed_peer_is_surprise_removal_and_comes_back_as_it_was),
		T(a_peer_that_listens_keeps_its_state_over_a_lost_connection),
		T(a_peer_on_hold_keeps_its_place_and_reads_ones),
		T(a_peer_that_matters_takes_the_guest_with_it),
		T(two_hundred_losses_leave_nothing_behind),
		T(a_slow_register_times_out_and_nothing_else_waits),
		T(raw_ranges_are_where_the_user_says),
	};

	if (argc < 2) {
		fprintf(stderr, "usage: %s PLUGIN-FOLDER\n", argv[0]);
		return 2;
	}
	plugin_dir = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
