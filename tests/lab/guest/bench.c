/* SPDX-License-Identifier: MIT
 *
 * How long single accesses take as the guest sees it. Each kind is timed in
 * batches, all kinds in turn, and the fastest batch is printed, "BENCH kind
 * nanoseconds": what it costs when nothing else of dom0's is in the way. Needs
 * a function with a memory BAR 0 that can be read and written without harm.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "tool.h"

enum {
	N_BATCHES = 15,
	BATCH = 20,
	N_LONG = 3, /* of those that take a thousand exits each */
	BLOCK = 4096,
	UART_SCR = COM1 + 7, /* 16550D: scratch register, no side effect */
};

struct bench {
	struct mem_window bar;
	volatile uint8_t *reg;	 /* for single accesses */
	volatile uint8_t *block; /* for 4 KiB copies */
	uint8_t *ram;
};

struct kind {
	const char *name;
	void (*run)(const struct bench *b);
	unsigned int batch, batches;
};

static void
run_port_read(const struct bench *b)
{
	(void)b;
	port_read(UART_SCR, 1);
}

static void
run_port_write(const struct bench *b)
{
	(void)b;
	port_write(UART_SCR, 1, 0x5a);
}

/* The address write is part of a config access, as every OS does it. */
static void
run_config_read(const struct bench *b)
{
	(void)b;
	port_write(CONFIG_ADDRESS, 4, config_address(0, 0));
	port_read(CONFIG_DATA, 4);
}

static void
run_mem_read(const struct bench *b)
{
	(void)*(volatile uint32_t *)b->reg;
}

static void
run_mem_write(const struct bench *b)
{
	*(volatile uint32_t *)b->reg = 0x5a5aa5a5;
}

static void
copy_dwords(volatile void *to, const volatile void *from)
{
	unsigned long n = BLOCK / 4;

	__asm__ volatile("rep movsl"
			 : "+D"(to), "+S"(from), "+c"(n)
			 :
			 : "memory");
}

static void
run_block_read(const struct bench *b)
{
	copy_dwords(b->ram, b->block);
}

static void
run_block_write(const struct bench *b)
{
	copy_dwords(b->block, b->ram);
}

static void
run_loop_read(const struct bench *b)
{
	const volatile uint32_t *from = (const volatile uint32_t *)b->block;
	uint32_t *to = (uint32_t *)(void *)b->ram;
	unsigned int i;

	for (i = 0; i < BLOCK / 4; i++)
		to[i] = from[i];
}

static void
run_loop_write(const struct bench *b)
{
	const uint32_t *from = (const uint32_t *)(const void *)b->ram;
	volatile uint32_t *to = (volatile uint32_t *)b->block;
	unsigned int i;

	for (i = 0; i < BLOCK / 4; i++)
		to[i] = from[i];
}

static const struct kind kinds[] = {
	{ "port-read", run_port_read, BATCH, N_BATCHES },
	{ "port-write", run_port_write, BATCH, N_BATCHES },
	{ "config-read", run_config_read, BATCH, N_BATCHES },
	{ "mmio-read", run_mem_read, BATCH, N_BATCHES },
	{ "mmio-write", run_mem_write, BATCH, N_BATCHES },
	{ "rep-movs-4k-read", run_block_read, 4, N_BATCHES },
	{ "rep-movs-4k-write", run_block_write, 4, N_BATCHES },
	{ "loop-4k-read", run_loop_read, 1, N_LONG },
	{ "loop-4k-write", run_loop_write, 1, N_LONG },
};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static uint64_t
batch_time(const struct kind *k, const struct bench *b)
{
	uint64_t start;
	unsigned int i;

	if (k->batch > 1)
		k->run(b); /* the first one warms caches */
	start = now_ns();
	for (i = 0; i < k->batch; i++)
		k->run(b);
	return (now_ns() - start) / k->batch;
}

static void
keep_best(uint64_t *best, uint64_t ns)
{
	if (!*best || ns < *best)
		*best = ns;
}

static uint64_t
offset_arg(int argc, char **argv, int index)
{
	return argc > index ? strtoull(argv[index], NULL, 16) : 0;
}

int
cmd_bench(int argc, char **argv)
{
	uint64_t reg = offset_arg(argc, argv, 1);
	uint64_t block = offset_arg(argc, argv, 2);
	uint64_t best[N_KINDS] = { 0 };
	struct bench b = { 0 };
	size_t i;

	if (argc < 1)
		return TOOL_USAGE;
	if (ports_open() < 0 || bar_open(argv[0], 0, &b.bar) < 0 ||
	    reg + 4 > b.bar.size || block + BLOCK > b.bar.size) {
		printf("BENCH no usable BAR 0 in %s\n", argv[0]);
		return TOOL_FAILED;
	}
	b.reg = b.bar.map + reg;
	b.block = b.bar.map + block;
	b.ram = aligned_alloc(PAGE, BLOCK); /* guest memory that is there */
	if (!b.ram)
		return TOOL_FAILED;
	for (i = 0; i < BLOCK; i++)
		b.ram[i] = 0;
	for (i = 0; i < (size_t)N_BATCHES * N_KINDS; i++)
		if (i / N_KINDS < kinds[i % N_KINDS].batches)
			keep_best(&best[i % N_KINDS],
				  batch_time(&kinds[i % N_KINDS], &b));
	for (i = 0; i < N_KINDS; i++)
		printf("BENCH %s %" PRIu64 "\n", kinds[i].name, best[i]);
	printf("BENCH-DONE\n");
	return TOOL_OK;
}
