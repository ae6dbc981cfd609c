/* SPDX-License-Identifier: MIT
 *
 * Single accesses between two marks that QEMU's plugin sees (exitcost/): how
 * many instructions each takes, whoever executes them. Ends with the names of
 * the kinds, in their order. Without the plugin the marks are nothing.
 */
#include <stdio.h>
#include <unistd.h>

#include "tool.h"

/* A NOP with a number in it; exitcost/counter.c has the same. */
#define MARK(number)                                                           \
	__asm__ volatile("nopl %c0(%%rax)" : : "i"(number) : "memory")
#define MARK_BEGIN MARK(0x4c414201)
#define MARK_END MARK(0x4c414202)
#define MARK_KIND MARK(0x4c414203)

enum {
	RUNS = 400,
	WARM = 50, /* before them */
	CALM_US = 2000,
	MERGED_BAR = 0, /* of membar: devices/membar/README.md */
	PLAIN_BAR = 2,
	POSTED_BAR = 3,
	BELL_BAR = 5,
	CHAIN = 0x100, /* in BAR 2 */
	UART_SCR = COM1 + 7,
	SPEAKER = 0x61,
	IO_APIC = 0xfec00000,
};

struct places {
	struct mem_window merged, plain, posted, bell, io_apic;
};

struct kind {
	const char *name;
	void (*run)(const struct places *p);
	/* The guest does not wait for the device: it and dom0 come to rest
	 * before the next. */
	int calm;
};

static uint32_t
read_4(const struct mem_window *w, unsigned int at)
{
	return *(volatile uint32_t *)(w->map + at);
}

static void
write_4(const struct mem_window *w, unsigned int at)
{
	*(volatile uint32_t *)(w->map + at) = 0x5a5aa5a5;
}

static void
nothing(const struct places *p)
{
	(void)p;
}

static void
run_cpuid(const struct places *p)
{
	uint32_t a = 0, b, c = 0, d;

	(void)p;
	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
}

static void
xen_port_read(const struct places *p)
{
	(void)p;
	port_read(SPEAKER, 1);
}

static void
xen_mem_read(const struct places *p)
{
	(void)read_4(&p->io_apic, 0);
}

static void
run_port_read(const struct places *p)
{
	(void)p;
	port_read(UART_SCR, 1);
}

static void
run_config_address(const struct places *p)
{
	(void)p;
	port_write(CONFIG_ADDRESS, 4, config_address(0, 0));
}

static void
run_config_data(const struct places *p)
{
	(void)p;
	port_read(CONFIG_DATA, 4);
}

static void
run_mem_read(const struct places *p)
{
	(void)read_4(&p->plain, CHAIN);
}

static void
run_mem_write(const struct places *p)
{
	write_4(&p->plain, CHAIN);
}

static void
run_merged_write(const struct places *p)
{
	write_4(&p->merged, 0);
}

static void
run_posted_write(const struct places *p)
{
	write_4(&p->posted, 0);
}

static void
run_bell(const struct places *p)
{
	write_4(&p->bell, 0);
}

static const struct kind kinds[] = {
	{ "nothing", nothing, 0 },
	{ "cpuid", run_cpuid, 0 },
	{ "xen-port-read", xen_port_read, 0 },
	{ "xen-mmio-read", xen_mem_read, 0 },
	{ "port-read", run_port_read, 0 },
	{ "config-address", run_config_address, 0 },
	{ "config-data", run_config_data, 0 },
	{ "mmio-read", run_mem_read, 0 },
	{ "mmio-write", run_mem_write, 0 },
	{ "mmio-write-merged", run_merged_write, 0 },
	{ "mmio-write-posted", run_posted_write, 1 },
	{ "doorbell", run_bell, 1 },
};

#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void
measure(const struct kind *k, const struct places *p)
{
	int i;

	for (i = -WARM; i < RUNS; i++) {
		if (k->calm)
			usleep(CALM_US);
		if (i < 0) {
			k->run(p);
			continue;
		}
		MARK_BEGIN;
		k->run(p);
		MARK_END;
	}
	MARK_KIND;
}

int
cmd_exitcost(int argc, char **argv)
{
	struct places p;
	size_t i;

	if (argc != 1)
		return TOOL_USAGE;
	if (ports_open() < 0 || bar_open(argv[0], MERGED_BAR, &p.merged) < 0 ||
	    bar_open(argv[0], PLAIN_BAR, &p.plain) < 0 ||
	    bar_open(argv[0], POSTED_BAR, &p.posted) < 0 ||
	    bar_open(argv[0], BELL_BAR, &p.bell) < 0 ||
	    mem_open(IO_APIC, PAGE, &p.io_apic) < 0) {
		printf("GUEST-FAIL exitcost: no BARs 0, 2, 3 and 5 in %s, or "
		       "no I/O APIC\n",
		       argv[0]);
		return TOOL_FAILED;
	}
	for (i = 0; i < N_KINDS; i++)
		measure(&kinds[i], &p);
	for (i = 0; i < N_KINDS; i++)
		printf("EXITCOST kind %s\n", kinds[i].name);
	printf("EXITCOST done\n");
	return TOOL_OK;
}
