/* SPDX-License-Identifier: MIT
 *
 * A guest whose device comes and goes: one process uses a membar that is a
 * peer and says when it is lost and back, checking what it wrote; another uses
 * a device that is not touched: it says so when it goes on while a read of the
 * first one waits, and the longest it had to wait.
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

/* So many accesses of the other device while one of the peer waits are more
 * than fit into the time before that access reaches the device model. */
enum { BLOCK = 4096, NS_PER_MS = 1000000, BESIDE = 200 };

struct shared {
	volatile bool stop;
	volatile uint32_t turn; /* odd: a read of the peer is under way */
	volatile uint64_t longest_ns, accesses;
};

/* Says so when many accesses have begun and ended within one of the peer's. */
static void
note_beside(uint32_t turn)
{
	static uint32_t last, n;

	n = turn == last ? n + 1 : 0;
	last = turn;
	if (n == BESIDE && turn & 1)
		printf("SURVIVE others went on\n");
}

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
		note_beside(s->turn);
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

struct peer {
	struct shared *s;
	struct mem_window ram, regs;
};

static uint32_t
peer_read(const struct peer *p, const volatile uint32_t *word)
{
	uint32_t v;

	p->s->turn++;
	v = *word;
	p->s->turn++;
	return v;
}

static bool
present(const struct peer *p)
{
	return peer_read(p, (volatile uint32_t *)p->regs.map) == PEER_ID;
}

/* False: it was lost on the way, which is no fault. */
static bool
block_right(const struct peer *p, uint32_t seed, bool *wrong)
{
	volatile uint32_t *word = (volatile uint32_t *)p->ram.map;
	uint32_t i;

	for (i = 0; i < BLOCK / 4; i += 16)
		word[i] = seed + i;
	for (i = 0; i < BLOCK / 4; i += 16) {
		if (peer_read(p, &word[i]) == seed + i)
			continue;
		*wrong = present(p) && peer_read(p, &word[i]) != seed + i;
		return false;
	}
	return true;
}

static int
watch_peer(struct shared *s, unsigned int times)
{
	struct peer p = { .s = s };
	unsigned int lost = 0, blocks = 0;
	bool there = true, good = true, wrong = false;
	uint32_t seed = 0;

	if (bar_open(PEER, 0, &p.ram) || bar_open(PEER, 2, &p.regs))
		return TOOL_FAILED;
	printf("SURVIVE start\n");
	while (lost < times || !good) {
		bool now = present(&p);

		if (there && !now) {
			printf("SURVIVE lost %u\n", ++lost);
			good = false;
		}
		there = now;
		if (there && block_right(&p, seed += 0x10001, &wrong)) {
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
	rc = watch_peer(s, times);
	s->stop = true;
	waitpid(pid, &status, 0);
	printf("SURVIVE other accesses %" PRIu64 " longest-ms %" PRIu64 "\n",
	       s->accesses, s->longest_ns / NS_PER_MS);
	return status ? TOOL_FAILED : rc;
}
