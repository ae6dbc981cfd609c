/* SPDX-License-Identifier: MIT */
/*
 * Merging changes nothing that anyone can see. The same random stream of
 * accesses by four vCPUs runs with merging and without, against a device that
 * remembers (recorder.c): in the core, and in a process of its own. What the
 * guest reads, what its memory holds, what the prefetchable range holds at
 * each moment that counts, and the sequence that the other ranges see must be
 * the same.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/core_fixture.h"
#include "support/processes.h"

#define RECORDER "../tests/recorder" /* from the plugin folder */
#define SLOT 0x18		     /* 03.0 */
#define RECORDER_ID 0x11ec1234u
#define RAM 0xf0000000ull
#define RAM_SIZE 0x10000u
#define REGS (RAM + RAM_SIZE) /* the neighbour: ranges end in mid-burst */
#define REGS_SIZE 0x1000u
#define PORTS 0xc100u
#define PORTS_PLAIN 16u
#define PORT_HASH (PORTS + 0x10)
#define PORT_SUM (PORTS + 0x14)
#define PORT_CALLS (PORTS + 0x18)
#define BUFFER 0x10000u /* guest memory that strings use */
#define BUFFER_SIZE 0x8000u
#define STEPS 20000u
#define STEPS_PEER 4000u

static const char *plugin_dir;

struct fix {
	struct core core; /* first */
	struct procs procs;
	uint32_t seed;
	uint64_t next; /* where a run of writes goes on */
	uint32_t size;
	uint64_t seen; /* hash of all answers */
	uint32_t calls;
};

static uint32_t
any(struct fix *f, uint32_t below)
{
	f->seed = f->seed * 1103515245u + 12345u;
	return (f->seed >> 8) % below;
}

/* ---- the world ------------------------------------------------------ */

static bool
is_there(void *ctx)
{
	return core_config_read(ctx, 0, SLOT, 0) == RECORDER_ID;
}

static struct fix *
world_new(bool peer, bool merge)
{
	struct fix *f = calloc(1, sizeof(*f));
	char so[512];
	unsigned i;

	core_open_with(&f->core, plugin_dir, 0, merge);
	procs_open(&f->procs, plugin_dir);
	if (peer) {
		core_add_spec(
			&f->core,
			procs_text(&f->procs, "peer,slot=3,listen=unix:%s/p0"));
		procs_start(&f->procs, RECORDER, "--connect",
			    procs_text(&f->procs, "unix:%s/p0"), NULL);
		core_until(&f->core, is_there, &f->core);
	} else {
		snprintf(so, sizeof(so), "%s/" RECORDER ".so", plugin_dir);
		assert_int_equal(host_plugins_load(f->core.plugins, so, NULL),
				 0);
		core_add_spec(&f->core, "recorder,addr=3");
	}
	core_config_write(&f->core, 0, SLOT, 0x10, (uint32_t)RAM);
	core_config_write(&f->core, 0, SLOT, 0x18, (uint32_t)REGS);
	core_config_write(&f->core, 0, SLOT, 0x20, PORTS);
	core_config_write(&f->core, 0, SLOT, 0x04, 7);
	for (i = 0; i < BUFFER_SIZE; i++)
		f->core.xen->ram[BUFFER + i] = (uint8_t)(i * 7 + i / 251);
	return f;
}

static void
world_free(struct fix *f)
{
	procs_close(&f->procs);
	core_close(&f->core);
	free(f);
}

/* ---- the stream ----------------------------------------------------- */

/* A place in the ranges; now and then across an end of one. */
static uint64_t
any_place(struct fix *f)
{
	switch (any(f, 8)) {
	case 0:
		return REGS - 64 + any(f, 64);
	case 1:
		return REGS + any(f, REGS_SIZE);
	case 2:
		return RAM - 16 + any(f, 32);
	default:
		return RAM + any(f, RAM_SIZE);
	}
}

/* Most go on where the last one ended, as drivers do. */
static struct request
any_write(struct fix *f)
{
	struct request req = { .type = SLOT_COPY, .count = 1 };

	if (any(f, 8) == 0) {
		f->next = any_place(f);
		f->size = 1u << any(f, 4);
	}
	req.addr = f->next;
	req.size = f->size;
	req.data = (uint64_t)any(f, 1u << 24) << 32 | any(f, 1u << 24);
	f->next += req.size;
	return req;
}

/* rep movs, rep stos; either direction. */
static struct request
any_string(struct fix *f)
{
	struct request req = any_write(f);

	req.count = 1 + any(f, any(f, 4) ? 16 : HOST_MAX_DATA / req.size);
	req.down = any(f, 4) == 0;
	req.read = any(f, 3) == 0;
	req.ptr = req.read || any(f, 4);
	if (req.ptr)
		req.data = BUFFER + HOST_MAX_DATA +
			   any(f, BUFFER_SIZE - 2 * HOST_MAX_DATA);
	if (!req.down)
		f->next = req.addr + req.size * req.count;
	/* Xen sends no string over the end of a page of either side */
	if (req.down)
		req.addr |= 0xfff & ~(uint64_t)(req.size - 1);
	return req;
}

static struct request
any_other(struct fix *f)
{
	struct request req = { .type = SLOT_PIO, .count = 1 };

	switch (any(f, 4)) {
	case 0:
		req.size = 1u << any(f, 3);
		req.addr = PORTS + any(f, PORTS_PLAIN - 3);
		req.read = any(f, 2);
		req.data = any(f, 1u << 24);
		return req;
	case 1:
		req.type = SLOT_CONFIG;
		req.addr = (uint64_t)SLOT << 32 | any(f, 16) * 4;
		req.size = 4;
		req.read = true;
		return req;
	default:
		req.type = SLOT_COPY;
		req.size = 1u << any(f, 4);
		req.addr = any_place(f);
		req.read = any(f, 4);
		req.data = any(f, 1u << 24);
		return req;
	}
}

static struct request
any_request(struct fix *f)
{
	switch (any(f, 16)) {
	case 0:
		return any_other(f);
	case 1:
		return any_string(f);
	default:
		return any_write(f);
	}
}

static void
see(struct fix *f, uint64_t v)
{
	f->seen = (f->seen ^ v) * 1099511628211ull;
}

/* One access of some vCPU to its end; batches end now and then. */
static void
step(struct fix *f)
{
	struct request req = any_request(f);
	unsigned vcpu = any(f, FAKE_VCPUS);
	uint64_t data;

	if (any(f, 64) == 0)
		dispatch_flush(f->core.d);
	core_ring(&f->core, vcpu, &req);
	while (!fake_xen_answer(f->core.xen, vcpu, &data)) {
		dispatch_flush(f->core.d);
		uv_run(&f->core.loop, UV_RUN_ONCE);
	}
	if (req.read && !req.ptr)
		see(f,
		    req.size == 8 ? data : data & ((1ull << 8 * req.size) - 1));
}

static void
run(struct fix *f, uint32_t seed, unsigned steps)
{
	unsigned i;

	f->seed = seed;
	f->next = RAM;
	f->size = 4;
	for (i = 0; i < steps; i++)
		step(f);
	dispatch_flush(f->core.d);
	see(f, core_port_read(&f->core, PORT_HASH));
	see(f, core_port_read(&f->core, PORT_SUM));
	for (i = 0; i < BUFFER_SIZE; i++)
		see(f, f->core.xen->ram[BUFFER + i]);
	f->calls = core_port_read(&f->core, PORT_CALLS);
}

/* ---- the property --------------------------------------------------- */

static void
compare(bool peer, unsigned steps, uint32_t seed)
{
	struct fix *plain = world_new(peer, false);
	struct fix *merged = world_new(peer, true);

	run(plain, seed, steps);
	run(merged, seed, steps);
	if (plain->seen != merged->seen)
		fail_msg("seed %u: merging can be seen", seed);
	/* and it did merge */
	assert_true(merged->calls < plain->calls / 2);
	world_free(plain);
	world_free(merged);
}

static void
test_local(void **state)
{
	uint32_t seed;

	(void)state;
	for (seed = 1; seed <= 40; seed++)
		compare(false, STEPS, seed);
}

static void
test_peer(void **state)
{
	uint32_t seed;

	(void)state;
	for (seed = 1; seed <= 3; seed++)
		compare(true, STEPS_PEER, seed);
}

/* ---- by hand -------------------------------------------------------- */

static void
post(struct fix *f, uint64_t addr, uint32_t size, uint64_t v)
{
	const struct request req =
		core_request(SLOT_COPY, false, addr, size, v);
	uint64_t data;

	core_ring(&f->core, 0, &req);
	assert_true(fake_xen_answer(f->core.xen, 0, &data));
}

static void
test_one_call(void **state)
{
	struct fix *f = world_new(false, true);
	unsigned i;

	(void)state;
	for (i = 0; i < 1024; i++)
		post(f, RAM + 4 * i, 4, i);
	post(f, RAM + 0x2000, 4, 1); /* a gap */
	post(f, RAM + 0x2004, 2, 2); /* another width */
	post(f, RAM + 0x2000, 4, 3); /* going back */
	assert_int_equal(core_port_read(&f->core, PORT_CALLS), 4);
	post(f, REGS, 4, 1); /* registers: each by itself */
	post(f, REGS + 4, 4, 1);
	assert_int_equal(core_mem_read(&f->core, RAM + 0x2000), 3);
	assert_int_equal(core_mem_read(&f->core, RAM + 4 * 777), 777);
	world_free(f);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_call),
		cmocka_unit_test(test_local),
		cmocka_unit_test(test_peer),
	};

	if (argc != 2)
		return EXIT_FAILURE;
	plugin_dir = argv[1];
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
