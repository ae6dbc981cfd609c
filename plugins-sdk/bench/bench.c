/* SPDX-License-Identifier: MIT */
/*
 * What a test calls as a guest: accesses. Runs every test in every mode beside
 * a machine that does nothing.
 */
#include "priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char *const mode_names[N_MODES] = { "direct", "migrate", "peer" };

/* One test in one mode. */
struct run {
	const struct bench_test *test;
	struct host_plugins *plugins;
	const char *const *devices;
	enum mode mode;
	char name[160];
	struct bench b;
};

/* ---- accesses ----------------------------------------------------- */

static void
access_done(struct host_op *op)
{
	struct bench *b =
		(struct bench *)((char *)op - offsetof(struct bench, op));

	b->done = true;
}

/* What a line does meanwhile the guest does not see. */
static void
bench_migrate(struct machine *m)
{
	unsigned rises[INTX_LINE + 1];

	memcpy(rises, m->rises, sizeof(rises));
	machine_migrate(m);
	memcpy(m->rises, rises, sizeof(rises));
}

void
bench_after(struct bench *b)
{
	machine_check(b->m);
	machine_turn(b->m);
	machine_arrive(b->m);
	machine_check(b->m);
	machine_turn(b->twin);
	/* state that is shared would now be gone */
	if (b->mode != MODE_MIGRATE)
		machine_reset(b->twin);
	else if (machine_quiet(b->m))
		bench_migrate(b->m);
}

/* False: never. */
static bool
bench_answered(struct bench *b)
{
	const struct host_window *w = b->op.window;

	if (w && !w->hd)
		return wire_access(&b->op);
	b->op.done = access_done;
	b->done = false;
	host_op_start(&b->op);
	/* what nobody claims is answered at once */
	return !w || machine_wait(b->m, &b->done);
}

static void
bench_access(struct bench *b, struct host_window *w)
{
	b->op.window = w;
	if (!bench_answered(b))
		fail_msg("an access to %s was deferred and never answered",
			 w->region.name);
	bench_after(b);
}

/* All but the window is in b->op. */
static void
bench_access_at(struct bench *b, enum ioemu_space space, uint64_t addr)
{
	struct host_window *w = machine_route(b->m, space, addr);

	b->op.offset = w ? addr - w->base : addr;
	bench_access(b, w);
}

uint64_t
bench_read(struct bench *b, enum ioemu_space space, uint64_t addr,
	   unsigned size)
{
	uint8_t data[8] = { 0 };

	b->op = (struct host_op){
		.data = data,
		.width = size,
		.count = 1,
		.step = 1,
	};
	bench_access_at(b, space, addr);
	return ioemu_get_le64(data);
}

void
bench_write(struct bench *b, enum ioemu_space space, uint64_t addr,
	    unsigned size, uint64_t value)
{
	uint8_t data[8];

	ioemu_put_le64(data, value);
	b->op = (struct host_op){
		.data = data,
		.width = size,
		.count = 1,
		.step = 1,
		.write = true,
		.posted = space == IOEMU_MEM,
	};
	bench_access_at(b, space, addr);
}

uint8_t
bench_in8(struct bench *b, unsigned port)
{
	return (uint8_t)bench_read(b, IOEMU_PIO, port, 1);
}

uint16_t
bench_in16(struct bench *b, unsigned port)
{
	return (uint16_t)bench_read(b, IOEMU_PIO, port, 2);
}

uint32_t
bench_in32(struct bench *b, unsigned port)
{
	return (uint32_t)bench_read(b, IOEMU_PIO, port, 4);
}

void
bench_out8(struct bench *b, unsigned port, uint8_t v)
{
	bench_write(b, IOEMU_PIO, port, 1, v);
}

void
bench_out16(struct bench *b, unsigned port, uint16_t v)
{
	bench_write(b, IOEMU_PIO, port, 2, v);
}

void
bench_out32(struct bench *b, unsigned port, uint32_t v)
{
	bench_write(b, IOEMU_PIO, port, 4, v);
}

void
bench_string(struct bench *b, enum ioemu_space space, uint64_t addr,
	     unsigned size, unsigned count, bool write, void *data)
{
	unsigned most = HOST_MAX_DATA / size, n;
	uint8_t *p = data;

	for (; count; count -= n, p += (size_t)n * size) {
		n = count < most ? count : most;
		b->op = (struct host_op){
			.data = p,
			.width = size,
			.count = n,
			.step = space == IOEMU_MEM ? 1 : 0,
			.write = write,
			.posted = write && space == IOEMU_MEM,
		};
		bench_access_at(b, space, addr);
		addr += space == IOEMU_MEM ? n * size : 0;
	}
}

static void
bench_cfg(struct bench *b, const char *id, unsigned reg)
{
	struct host_window *w = machine_config(machine_find(b->m, id));

	if (!w)
		fail_msg("%s is no PCI function", id);
	b->op.offset = reg;
	bench_access(b, w);
}

uint32_t
bench_cfg_read(struct bench *b, const char *id, unsigned reg, unsigned size)
{
	uint8_t data[4] = { 0 };

	b->op = (struct host_op){ .data = data, .width = size, .count = 1 };
	bench_cfg(b, id, reg);
	return ioemu_get_le32(data);
}

void
bench_cfg_write(struct bench *b, const char *id, unsigned reg, unsigned size,
		uint32_t v)
{
	uint8_t data[4];

	ioemu_put_le32(data, v);
	b->op = (struct host_op){
		.data = data,
		.width = size,
		.count = 1,
		.write = true,
	};
	bench_cfg(b, id, reg);
}

/* ---- running ------------------------------------------------------ */

static void
test_run(void **state)
{
	struct run *run = *state;
	const char *const *devices = run->test->devices;
	struct bench *b = &run->b;

	if (!devices)
		devices = run->devices;
	b->mode = run->mode;
	b->m = machine_new(run->plugins);
	b->m->links = b->mode == MODE_PEER;
	machine_add(b->m, devices);
	b->twin = machine_new(run->plugins);
	machine_add(b->twin, devices);
	run->test->run(b);
	bench_settle(b);
}

/* After failures too. */
static int
test_end(void **state)
{
	struct run *run = *state;

	if (run->b.twin)
		machine_free(run->b.twin);
	if (run->b.m)
		machine_free(run->b.m);
	return 0;
}

static int
plugin_load(struct host_plugins *plugins, const char *path)
{
	const char *why;
	int rc = host_plugins_load(plugins, path, &why);

	if (rc)
		fprintf(stderr, "%s: %s: %s\n", path, strerror(-rc), why);
	return rc;
}

static int
run_all(struct run *runs, struct CMUnitTest *units, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		snprintf(runs[i].name, sizeof(runs[i].name), "%s: %s",
			 mode_names[runs[i].mode], runs[i].test->name);
		units[i] = (struct CMUnitTest){
			.name = runs[i].name,
			.test_func = test_run,
			.teardown_func = test_end,
			.initial_state = &runs[i],
		};
	}
	return _cmocka_run_group_tests("bench", units, n, NULL, NULL);
}

int
bench_main(int argc, char **argv, const char *const *devices,
	   const struct bench_test *tests, unsigned n_tests)
{
	unsigned n = n_tests * N_MODES, i;
	struct CMUnitTest *units = calloc(n, sizeof(*units));
	struct run *runs = calloc(n, sizeof(*runs));
	struct host_plugins *plugins = NULL;
	int rc = host_plugins_new(&plugins), a;

	for (a = 1; !rc && a < argc; a++)
		rc = plugin_load(plugins, argv[a]);
	for (i = 0; i < n; i++)
		runs[i] = (struct run){
			.test = &tests[i / N_MODES],
			.plugins = plugins,
			.devices = devices,
			.mode = (enum mode)(i % N_MODES),
		};
	if (!rc)
		rc = run_all(runs, units, n);
	host_plugins_free(plugins);
	free(runs);
	free(units);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}
