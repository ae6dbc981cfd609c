/* SPDX-License-Identifier: MIT
 *
 * What the parts of guest-tool share: ways to reach ports, configuration
 * space and BARs from a Linux process, and the verbs' entry points.
 */
#ifndef LAB_GUEST_TOOL_H
#define LAB_GUEST_TOOL_H

#include <stddef.h>
#include <stdint.h>

enum {
	PAGE = 4096,
	N_BARS = 6,
	CONFIG_ADDRESS = 0xcf8, /* PCI 2.3, 3.2.2.3.2, mechanism 1 */
	CONFIG_DATA = 0xcfc,
	COM1 = 0x3f8,
};

enum tool_status {
	TOOL_OK = 0,
	TOOL_FAILED = 1,
	TOOL_USAGE = 2,
	TOOL_NOTHING = 3, /* there is nothing to check yet */
};

/* One memory BAR, or any other stretch of physical addresses. */
struct mem_window {
	uint64_t gpa;
	uint64_t size;
	volatile uint8_t *map;
};

struct rng {
	uint64_t state;
};

/* reach.c */
int ports_open(void);
void port_write(uint16_t port, unsigned int size, uint32_t value);
uint32_t port_read(uint16_t port, unsigned int size);
uint32_t config_address(unsigned int devfn, unsigned int reg);
int bar_open(const char *id, unsigned int index, struct mem_window *out);
int bar_list(struct mem_window *out, int max);
int mem_open(uint64_t gpa, uint64_t size, struct mem_window *out);
int run_on_cpu(int cpu); /* this process, from here on */
uint64_t now_ns(void);
uint64_t rng_next(struct rng *rng);
uint64_t rng_below(struct rng *rng, uint64_t limit);
void uart_say(const char *text);

/* the verbs */
int cmd_io(int argc, char **argv);
int cmd_bars(int argc, char **argv);
int cmd_disk_write(int argc, char **argv);
int cmd_disk_check(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_hostile(int argc, char **argv);
int cmd_async(int argc, char **argv);
int cmd_beside(int argc, char **argv);
int cmd_posted(int argc, char **argv);
int cmd_exitcost(int argc, char **argv);
int cmd_survive(int argc, char **argv);
int cmd_keep(int argc, char **argv);
int cmd_beat(int argc, char **argv);
int cmd_cold(int argc, char **argv);
int cmd_journal(int argc, char **argv);

#endif
