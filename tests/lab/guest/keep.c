/* SPDX-License-Identifier: MIT
 *
 * A guest that can tell whether it is still itself: memory, a disk and the
 * memory of two devices are written and compared all the time, each round
 * against what rounds long before left there. It says so once a second.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

#define FIRST "1234.11e9"  /* membar */
#define SECOND "1234.11ea" /* dma-engine, for its memory */

enum {
	CHUNK = 16 * 1024,
	N_CHUNKS = 16, /* of memory and of the disk */
	N_WORDS = 16,  /* of a device, one a round */
	NS_PER_S = 1000000000,
};

struct keep {
	uint8_t *memory, *buf, *want;
	int disk;
	struct mem_window device[2];
	uint64_t round;
};

/* What `round` left at its place; 0: nothing yet. */
static void
pattern(uint8_t *out, uint64_t round)
{
	struct rng rng = { .state = round };
	uint64_t word;
	size_t i;

	for (i = 0; i < CHUNK; i += sizeof(word)) {
		word = round ? rng_next(&rng) : 0;
		memcpy(out + i, &word, sizeof(word));
	}
}

static bool
same(const struct keep *k, const uint8_t *is, const char *what)
{
	if (!memcmp(is, k->want, CHUNK))
		return true;
	printf("KEEP round %llu: %s differs\n", (unsigned long long)k->round,
	       what);
	return false;
}

/* The place of this round: what is there, then something new. */
static bool
keep_chunk(struct keep *k)
{
	off_t at = (off_t)(k->round % N_CHUNKS) * CHUNK;

	pattern(k->want, k->round < N_CHUNKS ? 0 : k->round - N_CHUNKS);
	if (pread(k->disk, k->buf, CHUNK, at) != CHUNK ||
	    (k->round >= N_CHUNKS && !same(k, k->buf, "the disk")) ||
	    !same(k, k->memory + at, "memory"))
		return false;
	pattern(k->want, k->round);
	memcpy(k->memory + at, k->want, CHUNK);
	return pwrite(k->disk, k->want, CHUNK, at) == CHUNK;
}

static bool
keep_word(const struct keep *k, unsigned int i)
{
	volatile uint32_t *word = (volatile uint32_t *)k->device[i].map;
	uint64_t n = k->round % N_WORDS;
	uint32_t was = (uint32_t)(k->round - N_WORDS);

	if (k->round >= 2 * N_WORDS && word[n] != was) {
		printf("KEEP round %llu: device %u has %x, not %x\n",
		       (unsigned long long)k->round, i, word[n], was);
		return false;
	}
	word[n] = (uint32_t)k->round;
	return word[n] == (uint32_t)k->round;
}

int
cmd_keep(int argc, char **argv)
{
	struct keep k = { .round = 0 };
	uint64_t next = 0;

	if (argc != 1)
		return TOOL_USAGE;
	k.memory = calloc(N_CHUNKS, CHUNK);
	k.buf = aligned_alloc(PAGE, CHUNK);
	k.want = aligned_alloc(PAGE, CHUNK);
	k.disk = open(argv[0], O_RDWR | O_DIRECT | O_CLOEXEC);
	if (!k.memory || !k.buf || !k.want || k.disk < 0 ||
	    bar_open(FIRST, 0, &k.device[0]) ||
	    bar_open(SECOND, 0, &k.device[1]))
		return TOOL_FAILED;
	for (;;) {
		k.round++;
		if (!keep_chunk(&k) || !keep_word(&k, 0) || !keep_word(&k, 1))
			return TOOL_FAILED;
		if (now_ns() < next)
			continue;
		printf("KEEP %llu good\n", (unsigned long long)k.round);
		next = now_ns() + NS_PER_S;
	}
}
