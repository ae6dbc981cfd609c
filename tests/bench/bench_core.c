/* SPDX-License-Identifier: MIT */
/*
 * Nanoseconds from a slot that is ready to its answer put, through the whole
 * core and a real plugin (membar), with Xen's system calls left out. Run by
 * `make bench` with the plugin folder as argument.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "support/core_fixture.h"

#define BAR 0xf0000000u
#define ROUNDS 200000u

static void
ask(struct core *core, const struct request *req)
{
	uint64_t data;

	if (!core_ask(core, req, &data))
		abort(); /* membar answers at once */
}

static double
elapsed(const struct timespec *from, const struct timespec *to)
{
	return (double)(to->tv_sec - from->tv_sec) * 1e9 +
	       (double)(to->tv_nsec - from->tv_nsec);
}

static void
measure(struct core *core, const char *what, const struct request *req)
{
	struct timespec t0, t1;
	double ns;
	unsigned i;

	clock_gettime(CLOCK_MONOTONIC, &t0);
	for (i = 0; i < ROUNDS; i++)
		ask(core, req);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	ns = elapsed(&t0, &t1);
	printf("%-44s %8.1f ns\n", what, ns / ROUNDS);
}

/* Writes one dword after another, over and over; they go out page by page. */
static void
measure_merged(struct core *core)
{
	struct request req = {
		.type = SLOT_COPY,
		.size = 4,
		.count = 1,
	};
	struct timespec t0, t1;
	uint64_t data;
	double ns;
	unsigned i;

	clock_gettime(CLOCK_MONOTONIC, &t0);
	for (i = 0; i < ROUNDS; i++) {
		req.addr = BAR + 4 * (i % 1024);
		fake_xen_ask(core->xen, 0, &req);
		dispatch_event(core->d, 0);
		if (!fake_xen_answer(core->xen, 0, &data))
			abort();
	}
	dispatch_flush(core->d);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	ns = elapsed(&t0, &t1);
	printf("%-44s %8.1f ns, %.1f M dwords/s\n",
	       "4-byte posted write, merged", ns / ROUNDS, ROUNDS * 1e3 / ns);
}

int
main(int argc, char **argv)
{
	struct request req = {
		.type = SLOT_COPY,
		.addr = BAR + 64,
		.size = 4,
		.count = 1,
		.read = true,
	};
	struct core core;

	if (argc != 2) {
		fprintf(stderr, "usage: %s PLUGIN-FOLDER\n", argv[0]);
		return EXIT_FAILURE;
	}
	core_open(&core, argv[1]);
	core_add_spec(&core, "membar,addr=3");
	core_config_write(&core, 0, 0x18, 0x10, BAR);
	core_config_write(&core, 0, 0x18, 0x04, 7);
	measure(&core, "4-byte read of a memory BAR", &req);
	req.read = false;
	measure(&core, "4-byte write", &req);
	measure_merged(&core);
	req.ptr = true;
	req.data = 0x2000;
	req.addr = BAR;
	req.count = 1024;
	measure(&core, "4 KiB write, rep movsl (one burst)", &req);
	req.read = true;
	measure(&core, "4 KiB read, rep movsl (one burst)", &req);
	req = (struct request){
		.type = SLOT_CONFIG,
		.addr = 0x18ull << 32,
		.size = 4,
		.count = 1,
		.read = true,
	};
	measure(&core, "configuration read", &req);
	req.type = SLOT_PIO;
	req.addr = 0x80;
	measure(&core, "port nobody owns", &req);
	core_close(&core);
	return EXIT_SUCCESS;
}
