/* SPDX-License-Identifier: MIT
 *
 * A guest that means harm: random port, memory and configuration accesses of
 * every width, alignment, direction and count, over all that a device model
 * claims, for a bounded time. The seed makes a run repeatable.
 *
 * "mild" spares the few accesses that would only end this guest (reset, power
 * off, bus-master transfers into its own kernel); "wild" spares nothing, and
 * may not live to say that it is done.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "tool.h"

enum {
	MAX_PORTS = 48,
	MAX_WINDOWS = 24,
	RAM_BYTES = 4 * PAGE,
	REPORT_BYTES = 160,
	KBC_COMMAND = 0x64,
	KBC_WRITE_OUTPUT_PORT = 0xd1, /* 8042: bit 0 low resets the CPU */
	KBC_PULSE = 0xf0,
	PORT_A = 0x92, /* bit 0 resets */
	RESET_CONTROL = 0xcf9,
	PM1A_CNT = 0xb004, /* SLP_EN powers off */
	DMA_FW_CFG = 0x514,
	DMA_FW_CFG_LAST = 0x51b,
	IDE_DEVFN = 1 << 3 | 1,
	REG_COMMAND = 0x04,
	REG_BAR4 = 0x20,
	BAR_IO_MASK = 0xfffc,
	BM_BYTES = 16,
};

struct span {
	uint16_t first, last;
};

/* What an HVM guest's device model usually claims. Not the ports Xen emulates
 * itself (interrupt controllers, timer): they would only stop this guest.
 */
static const struct span usual_ports[] = {
	{ 0x00, 0x1f }, /* DMA controller, platform device */
	{ 0x60, 0x60 },	    { 0x64, 0x64 },	{ 0x70, 0x77 },
	{ 0x80, 0x92 },	    { 0xb2, 0xb3 },	{ 0xc0, 0xdf },
	{ 0x170, 0x177 },   { 0x1f0, 0x1f7 },	{ 0x376, 0x376 },
	{ 0x3f6, 0x3f6 },   { 0x1ce, 0x1d1 },	{ 0x3b0, 0x3df },
	{ 0x3f0, 0x3ff },   { 0x402, 0x402 },	{ 0x510, 0x51b },
	{ 0xcf8, 0xcff },   { 0xae00, 0xae13 }, { 0xaf00, 0xaf1f },
	{ 0xafe0, 0xafe3 }, { 0xb000, 0xb03f }, { 0xb100, 0xb10f },
	{ 0xc000, 0xc3ff },
};

struct hostile {
	struct rng rng;
	bool mild;
	struct span ports[MAX_PORTS];
	struct span spared[8];
	int n_ports, n_spared;
	struct mem_window windows[MAX_WINDOWS];
	int n_windows;
	uint8_t *ram;
	uint64_t n_done;
	uint64_t n_faults;
};

/* Written by the signal handler's way back. */
static sigjmp_buf fault_exit;

static void
on_fault(int sig)
{
	siglongjmp(fault_exit, sig);
}

static void
ports_add(struct hostile *h, uint64_t first, uint64_t last)
{
	if (h->n_ports < MAX_PORTS && first <= last && last <= 0xffff)
		h->ports[h->n_ports++] =
			(struct span){ (uint16_t)first, (uint16_t)last };
}

static void
spare(struct hostile *h, uint16_t first, uint16_t last)
{
	h->spared[h->n_spared++] = (struct span){ first, last };
}

static bool
port_spared(const struct hostile *h, unsigned int port, unsigned int size)
{
	int i;

	for (i = 0; i < h->n_spared; i++) {
		if (port <= h->spared[i].last &&
		    port + size > h->spared[i].first)
			return true;
	}
	return false;
}

static void
spare_bus_master(struct hostile *h)
{
	uint32_t base;

	port_write(CONFIG_ADDRESS, 4, config_address(IDE_DEVFN, REG_BAR4));
	base = port_read(CONFIG_DATA, 4) & BAR_IO_MASK;
	if (base && base != BAR_IO_MASK)
		spare(h, (uint16_t)base, (uint16_t)(base + BM_BYTES - 1));
}

static void
be_mild(struct hostile *h)
{
	spare(h, KBC_COMMAND, KBC_COMMAND);
	spare(h, PORT_A, PORT_A);
	spare(h, RESET_CONTROL, RESET_CONTROL);
	spare(h, PM1A_CNT, PM1A_CNT + 1);
	spare(h, DMA_FW_CFG, DMA_FW_CFG_LAST);
	spare_bus_master(h);
}

/* Any byte of RAM, now and then device memory: a port's data may come from
 * another device.
 */
static void *
pick_buffer(struct hostile *h, size_t bytes)
{
	struct mem_window *w;

	if (h->n_windows && rng_below(&h->rng, 8) == 0) {
		w = &h->windows[rng_below(&h->rng, (uint64_t)h->n_windows)];
		if (w->size >= 2 * bytes)
			return (void *)(uintptr_t)(w->map +
						   rng_below(&h->rng,
							     w->size - bytes));
	}
	return h->ram + rng_below(&h->rng, RAM_BYTES - bytes);
}

static size_t
pick_count(struct hostile *h, unsigned int size)
{
	uint64_t limit = rng_below(&h->rng, 4) ? 8 : PAGE / size;

	return 1 + rng_below(&h->rng, limit);
}

/* Each string instruction with the direction flag both ways; with it set, the
 * addresses step down from the buffer's last element.
 */
#define STRING_OP(insn, down, di, si, n, port, value)                          \
	do {                                                                   \
		void *d_ = (di);                                               \
		const void *s_ = (si);                                         \
		size_t n_ = (n);                                               \
		if (down)                                                      \
			__asm__ volatile("std; rep " insn "; cld"              \
					 : "+D"(d_), "+S"(s_), "+c"(n_)        \
					 : "d"(port), "a"(value)               \
					 : "memory", "cc");                    \
		else                                                           \
			__asm__ volatile("cld; rep " insn                      \
					 : "+D"(d_), "+S"(s_), "+c"(n_)        \
					 : "d"(port), "a"(value)               \
					 : "memory", "cc");                    \
	} while (0)

static void
port_string(struct hostile *h, uint16_t port, unsigned int size, bool write)
{
	size_t n = pick_count(h, size);
	uint8_t *buf = pick_buffer(h, n * size);
	bool down = rng_below(&h->rng, 2);

	if (down)
		buf += (n - 1) * size;
	if (write && size == 1)
		STRING_OP("outsb", down, NULL, buf, n, port, 0);
	else if (write && size == 2)
		STRING_OP("outsw", down, NULL, buf, n, port, 0);
	else if (write)
		STRING_OP("outsl", down, NULL, buf, n, port, 0);
	else if (size == 1)
		STRING_OP("insb", down, buf, NULL, n, port, 0);
	else if (size == 2)
		STRING_OP("insw", down, buf, NULL, n, port, 0);
	else
		STRING_OP("insl", down, buf, NULL, n, port, 0);
}

/* A controller command is let through when it cannot pulse the reset line. */
static bool
kbc_harmless(uint16_t port, unsigned int size, uint32_t value)
{
	return port == KBC_COMMAND && size == 1 && (value & 0xff) < KBC_PULSE &&
	       (value & 0xff) != KBC_WRITE_OUTPUT_PORT;
}

static void
attack_port(struct hostile *h)
{
	const struct span *s =
		&h->ports[rng_below(&h->rng, (uint64_t)h->n_ports)];
	uint16_t port = (uint16_t)(s->first +
				   rng_below(&h->rng, s->last - s->first + 1u));
	unsigned int size = 1u << rng_below(&h->rng, 3);
	bool write = rng_below(&h->rng, 2), string = !rng_below(&h->rng, 4);
	uint32_t value = (uint32_t)rng_next(&h->rng);

	if (write && port_spared(h, port, size) &&
	    (string || !kbc_harmless(port, size, value)))
		return;
	if (string)
		port_string(h, port, size, write);
	else if (write)
		port_write(port, size, value);
	else
		port_read(port, size);
}

/* Mostly functions that exist, with any register, sometimes anything at all. */
static void
attack_config(struct hostile *h)
{
	uint32_t address = 0x80000000u | (uint32_t)rng_below(&h->rng, 1 << 16);
	unsigned int size = 1u << rng_below(&h->rng, 3);
	uint16_t port = (uint16_t)(CONFIG_DATA + rng_below(&h->rng, 4));
	unsigned int devfn, reg;
	bool write;

	if (rng_below(&h->rng, 4))
		address &= 0xffff0fffu; /* slots 0 and 1 */
	if (rng_below(&h->rng, 16) == 0)
		address = (uint32_t)rng_next(&h->rng);
	write = rng_below(&h->rng, 2);
	devfn = address >> 8 & 0xffff;
	reg = address & 0xfc;
	if (h->mild && write && devfn == IDE_DEVFN &&
	    (reg == REG_COMMAND || reg == REG_BAR4))
		return;
	if (h->mild && port + size > CONFIG_DATA + 4)
		return;
	port_write(CONFIG_ADDRESS, 4, address);
	if (write)
		port_write(port, size, (uint32_t)rng_next(&h->rng));
	else
		port_read(port, size);
}

static void
mem_string(struct hostile *h, uint8_t *at, uint64_t room, unsigned int size)
{
	size_t n = pick_count(h, size);
	bool down = rng_below(&h->rng, 2), store = rng_below(&h->rng, 2);
	uint8_t *buf, *to, *from;

	if (n * size > room)
		n = room / size;
	if (n == 0)
		return;
	buf = pick_buffer(h, n * size);
	to = store ? at : buf;
	from = store ? buf : at;
	if (down) {
		to += (n - 1) * size;
		from += (n - 1) * size;
	}
	if (size == 1)
		STRING_OP("movsb", down, to, from, n, 0, 0);
	else if (size == 2)
		STRING_OP("movsw", down, to, from, n, 0, 0);
	else if (size == 4)
		STRING_OP("movsl", down, to, from, n, 0, 0);
	else
		STRING_OP("movsq", down, to, from, n, 0, 0);
}

static void
mem_fill(struct hostile *h, uint8_t *at, uint64_t room, unsigned int size)
{
	size_t n = pick_count(h, size);
	bool down = rng_below(&h->rng, 2);
	uint64_t value = rng_next(&h->rng);

	if (n * size > room)
		n = room / size;
	if (n == 0)
		return;
	if (down)
		at += (n - 1) * size;
	if (size == 1)
		STRING_OP("stosb", down, at, NULL, n, 0, value);
	else if (size == 2)
		STRING_OP("stosw", down, at, NULL, n, 0, value);
	else if (size == 4)
		STRING_OP("stosl", down, at, NULL, n, 0, value);
	else
		STRING_OP("stosq", down, at, NULL, n, 0, value);
}

/* One plain instruction of the given width: no memcpy that might split it. */
static void
mem_single(struct hostile *h, uint8_t *at, unsigned int size)
{
	uint64_t v = rng_next(&h->rng);
	bool write = rng_below(&h->rng, 2);

	if (write && size == 1)
		__asm__ volatile("movb %b0, (%1)"
				 :
				 : "q"(v), "r"(at)
				 : "memory");
	else if (write && size == 2)
		__asm__ volatile("movw %w0, (%1)"
				 :
				 : "r"(v), "r"(at)
				 : "memory");
	else if (write && size == 4)
		__asm__ volatile("movl %k0, (%1)"
				 :
				 : "r"(v), "r"(at)
				 : "memory");
	else if (write)
		__asm__ volatile("movq %0, (%1)"
				 :
				 : "r"(v), "r"(at)
				 : "memory");
	else if (size == 1)
		__asm__ volatile("movb (%1), %b0"
				 : "=q"(v)
				 : "r"(at)
				 : "memory");
	else if (size == 2)
		__asm__ volatile("movw (%1), %w0"
				 : "=r"(v)
				 : "r"(at)
				 : "memory");
	else if (size == 4)
		__asm__ volatile("movl (%1), %k0"
				 : "=r"(v)
				 : "r"(at)
				 : "memory");
	else
		__asm__ volatile("movq (%1), %0"
				 : "=r"(v)
				 : "r"(at)
				 : "memory");
}

static void
attack_memory(struct hostile *h)
{
	struct mem_window *w;
	unsigned int size = 1u << rng_below(&h->rng, 4);
	uint64_t offset;
	uint8_t *at;

	if (!h->n_windows)
		return;
	w = &h->windows[rng_below(&h->rng, (uint64_t)h->n_windows)];
	offset = rng_below(&h->rng, w->size - size + 1);
	if (rng_below(&h->rng, 2))
		offset &= 0xff; /* registers are at the start */
	if (rng_below(&h->rng, 2))
		offset &= ~(uint64_t)(size - 1);
	at = (uint8_t *)(uintptr_t)(w->map + offset);
	switch (rng_below(&h->rng, 6)) {
	case 0:
		mem_string(h, at, w->size - offset, size);
		break;
	case 1:
		mem_fill(h, at, w->size - offset, size);
		break;
	default:
		mem_single(h, at, size);
	}
}

static void
attack(struct hostile *h)
{
	switch (rng_below(&h->rng, 4)) {
	case 0:
		attack_config(h);
		break;
	case 1:
		attack_memory(h);
		break;
	default:
		attack_port(h);
	}
}

static void
windows_add(struct hostile *h, uint64_t first, uint64_t last)
{
	if (h->n_windows < MAX_WINDOWS && first < last &&
	    mem_open(first, last - first + 1, &h->windows[h->n_windows]) == 0)
		h->n_windows++;
}

/* All memory BARs, the legacy VGA window, and a hole nobody claims. */
static void
find_targets(struct hostile *h, int argc, char **argv)
{
	uint64_t first, last;
	size_t j;
	int i;

	for (j = 0; j < sizeof(usual_ports) / sizeof(usual_ports[0]); j++)
		ports_add(h, usual_ports[j].first, usual_ports[j].last);
	h->n_windows = bar_list(h->windows, MAX_WINDOWS / 2);
	windows_add(h, 0xa0000, 0xbffff);
	windows_add(h, 0xe0000000, 0xe000ffff);
	for (i = 0; i < argc; i++) {
		if (sscanf(argv[i], "io=%" SCNx64 "-%" SCNx64, &first, &last) ==
		    2)
			ports_add(h, first, last);
		else if (sscanf(argv[i], "mem=%" SCNx64 "-%" SCNx64, &first,
				&last) == 2)
			windows_add(h, first, last);
	}
}

static void
catch_faults(void)
{
	struct sigaction sa = { .sa_handler = on_fault,
				.sa_flags = SA_NODEFER };

	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
	sigaction(SIGILL, &sa, NULL);
	sigaction(SIGTRAP, &sa, NULL);
	sigaction(SIGFPE, &sa, NULL);
}

/* Static, so that it survives the long jumps out of faults. */
static struct hostile self;

int
cmd_hostile(int argc, char **argv)
{
	struct hostile *h = &self;
	char report[REPORT_BYTES];
	uint64_t deadline;

	if (argc < 3)
		return TOOL_USAGE;
	if (ports_open() < 0)
		return TOOL_FAILED;
	h->mild = strcmp(argv[0], "mild") == 0;
	h->rng.state = strtoull(argv[2], NULL, 0);
	h->ram = mmap(NULL, RAM_BYTES, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (h->ram == MAP_FAILED)
		return TOOL_FAILED;
	find_targets(h, argc - 3, argv + 3);
	if (h->mild)
		be_mild(h);
	printf("HOSTILE-START %s %s s seed %s: %d port ranges, %d windows\n",
	       argv[0], argv[1], argv[2], h->n_ports, h->n_windows);
	fflush(stdout);
	catch_faults();
	deadline = now_ns() + strtoull(argv[1], NULL, 10) * 1000000000u;
	if (sigsetjmp(fault_exit, 1))
		h->n_faults++;
	for (; now_ns() < deadline; h->n_done++)
		attack(h);
	snprintf(report, sizeof(report),
		 "\r\nHOSTILE-DONE %s %" PRIu64 " accesses %" PRIu64
		 " faults\r\n",
		 argv[0], h->n_done, h->n_faults);
	uart_say(report);
	return TOOL_OK;
}
