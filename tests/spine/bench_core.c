/* SPDX-License-Identifier: MIT */
/*
 * Nanoseconds from a slot that is ready to its answer put, through the whole
 * core and a real plugin (membar), with Xen's system calls left out. Run by
 * `make bench` with the plugin folder as argument.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "local.h"
#include "spine/fake_xen.h"

#define BAR 0xf0000000u
#define ROUNDS 200000u

struct bench {
	uv_loop_t loop;
	struct xen *xen;
	struct local_env env;
	struct dispatch *d;
	struct local *local;
	struct host_plugins *plugins;
};

static void
bench_power(void *ctx, enum ioemu_power what)
{
	(void)ctx;
	(void)what;
}

static int
bench_open(struct bench *b, const char *plugin)
{
	static const struct conf conf = { .incoming_fd = -1 };
	static const struct conf_device device = {
		.type = "membar",
		.devfn = 0x18,
		.source = "bench",
	};
	const char *why;

	uv_loop_init(&b->loop);
	b->xen = fake_xen_new();
	b->env.loop = &b->loop;
	b->env.xen = b->xen;
	b->env.conf = &conf;
	b->env.power = bench_power;
	if (route_new(&b->env.routes) ||
	    claims_new(b->xen, b->env.routes, &b->env.claims) ||
	    irq_new(b->xen, &b->env.irq) || dma_new(b->xen, &b->env.dma) ||
	    clock_new(&b->loop, &b->env.clock) ||
	    dispatch_new(b->xen, 1, b->env.routes, b->env.dma, &b->d) ||
	    local_new(&b->env, &b->local) || host_plugins_new(&b->plugins) ||
	    host_plugins_load(b->plugins, plugin, &why))
		return -1;
	return local_add(b->local, host_plugins_find(b->plugins, "membar"),
			 &device);
}

static void
ask(struct bench *b, const struct request *req)
{
	uint64_t data;

	fake_xen_ask(b->xen, 0, req);
	dispatch_event(b->d, 0);
	if (!fake_xen_answer(b->xen, 0, &data))
		abort(); /* membar answers at once */
}

static void
config(struct bench *b, unsigned reg, uint32_t value)
{
	const struct request req = {
		.type = SLOT_CONFIG,
		.addr = 0x18ull << 32 | reg,
		.size = 4,
		.count = 1,
		.data = value,
	};

	ask(b, &req);
}

static void
measure(struct bench *b, const char *what, const struct request *req)
{
	struct timespec t0, t1;
	double ns;
	unsigned i;

	clock_gettime(CLOCK_MONOTONIC, &t0);
	for (i = 0; i < ROUNDS; i++)
		ask(b, req);
	clock_gettime(CLOCK_MONOTONIC, &t1);
	ns = (double)(t1.tv_sec - t0.tv_sec) * 1e9 +
	     (double)(t1.tv_nsec - t0.tv_nsec);
	printf("%-44s %8.1f ns\n", what, ns / ROUNDS);
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
	struct bench b = { 0 };

	if (argc != 2 || bench_open(&b, argv[1])) {
		fprintf(stderr, "usage: bench_core FOLDER/membar.so\n");
		return EXIT_FAILURE;
	}
	config(&b, 0x10, BAR);
	config(&b, 0x04, 7);
	measure(&b, "4-byte read of a memory BAR", &req);
	req.read = false;
	measure(&b, "4-byte write", &req);
	req.ptr = true;
	req.data = 0x2000;
	req.addr = BAR;
	req.count = 1024;
	measure(&b, "4 KiB write, rep movsl (one burst)", &req);
	req.read = true;
	measure(&b, "4 KiB read, rep movsl (one burst)", &req);
	req = (struct request){
		.type = SLOT_CONFIG,
		.addr = 0x18ull << 32,
		.size = 4,
		.count = 1,
		.read = true,
	};
	measure(&b, "configuration read", &req);
	req.type = SLOT_PIO;
	req.addr = 0x80;
	measure(&b, "port nobody owns", &req);
	return EXIT_SUCCESS;
}
