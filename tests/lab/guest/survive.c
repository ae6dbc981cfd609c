/* SPDX-License-Identifier: MIT
 *
 * A guest whose device comes and goes: one process uses a membar that is a
 * peer and says when it is lost and back, checking what it wrote; another uses
 * a device that is not touched and measures the longest it had to wait.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tool.h"

#define PEER "1234.11e9"    /* membar */
#define STEADY "1234.11ea"  /* dma-engine, for its memory */
#define PEER_ID 0x11e91234u /* first register of membar's BAR 2 */

enum { BLOCK = 4096, NS_PER_MS = 1000000 };

struct shared {
	volatile bool stop;
	volatile uint64_t longest_ns, accesses;
};

/* The other device: every access right, and how long one took. */
static int
steady(struct shared *s)
{
	struct mem_window bar;
	volatile uint32_t *word;
	uint32_t i = 0;

	if (bar_open(STEADY, 0, &bar))
		return TOOL_FAILED;
	word = (volatile uint32_t *)bar.map;
	while (!s->stop) {
		uint64_t start = now_ns(), took;

		i++;
		word[i % 256] = i;
		if (word[i % 256] != i)
			return TOOL_FAILED;
		took = now_ns() - start;
		if (took > s->longest_ns)
			s->longest_ns = took;
		s->accesses++;
	}
	return TOOL_OK;
}

static bool
present(const struct mem_window *regs)
{
	return *(volatile uint32_t *)regs->map == PEER_ID;
}

/* False: it was lost on the way, which is no fault. */
static bool
block_right(const struct mem_window *ram, const struct mem_window *regs,
	    uint32_t seed, bool *wrong)
{
	volatile uint32_t *word = (volatile uint32_t *)ram->map;
	uint32_t i;

	for (i = 0; i < BLOCK / 4; i += 16)
		word[i] = seed + i;
	for (i = 0; i < BLOCK / 4; i += 16) {
		if (word[i] == seed + i)
			continue;
		*wrong = present(regs) && word[i] != seed + i;
		return false;
	}
	return true;
}

static int
watch_peer(unsigned int times)
{
	struct mem_window ram, regs;
	unsigned int lost = 0, blocks = 0;
	bool there = true, good = true, wrong = false;
	uint32_t seed = 0;

	if (bar_open(PEER, 0, &ram) || bar_open(PEER, 2, &regs))
		return TOOL_FAILED;
	printf("SURVIVE start\n");
	while (lost < times || !good) {
		bool now = present(&regs);

		if (there && !now) {
			printf("SURVIVE lost %u\n", ++lost);
			good = false;
		}
		there = now;
		if (there &&
		    block_right(&ram, &regs, seed += 0x10001, &wrong)) {
			if (!good)
				printf("SURVIVE good again %u\n", lost);
			good = true;
			blocks++;
		}
		if (wrong) {
			printf("SURVIVE wrong data\n");
			return TOOL_FAILED;
		}
	}
	printf("SURVIVE blocks %u\n", blocks);
	return TOOL_OK;
}

int
cmd_survive(int argc, char **argv)
{
	unsigned int times = argc ? (unsigned int)atoi(argv[0]) : 1;
	struct shared *s = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = 0, rc;
	pid_t pid;

	if (s == MAP_FAILED)
		return TOOL_FAILED;
	pid = fork();
	if (pid == 0)
		_exit(steady(s));
	rc = watch_peer(times);
	s->stop = true;
	waitpid(pid, &status, 0);
	printf("SURVIVE other accesses %" PRIu64 " longest-ms %" PRIu64 "\n",
	       s->accesses, s->longest_ns / NS_PER_MS);
	return status ? TOOL_FAILED : rc;
}
