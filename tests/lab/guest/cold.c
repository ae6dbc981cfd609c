/* SPDX-License-Identifier: MIT
 *
 * Memory that only a disk writes: buffers filled by direct reads in turn, each
 * compared when its turn comes again, while the disk is written with something
 * new all the time. kmod/cold.c does the same with a device's DMA.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

enum {
	CHUNK = 64 * 1024,
	N_CHUNKS = 64, /* of the disk */
};

struct cold {
	int disk;
	uint8_t *want;
	uint64_t
		on_disk[N_CHUNKS]; /* what was written to it last; 0: nothing */
	uint64_t n_done;
};

struct buffer {
	uint8_t *data;
	uint64_t has; /* 0: nothing yet */
};

static void
pattern(uint8_t *out, uint64_t seed)
{
	struct rng rng = { .state = seed };
	uint64_t word;
	size_t i;

	for (i = 0; i < CHUNK; i += sizeof(word)) {
		word = rng_next(&rng);
		memcpy(out + i, &word, sizeof(word));
	}
}

static bool
buffer_right(const struct cold *c, const struct buffer *b)
{
	size_t i = 0;

	if (!b->has)
		return true;
	pattern(c->want, b->has);
	while (i < CHUNK && b->data[i] == c->want[i])
		i++;
	if (i == CHUNK)
		return true;
	printf("COLD buffer differs from byte %zu on, read %llu\n", i,
	       (unsigned long long)c->n_done);
	return false;
}

/* Something new on the disk, something older from it. */
static bool
buffer_fill(struct cold *c, struct buffer *b)
{
	uint64_t new = ++c->n_done, out = new % N_CHUNKS, in;
	struct rng rng = { .state = new };

	pattern(c->want, new);
	if (pwrite(c->disk, c->want, CHUNK, (off_t)out * CHUNK) != CHUNK)
		return false;
	c->on_disk[out] = new;
	in = rng_below(&rng, new < N_CHUNKS ? new : N_CHUNKS);
	if (new < N_CHUNKS)
		in++;
	b->has = c->on_disk[in];
	return pread(c->disk, b->data, CHUNK, (off_t)in * CHUNK) == CHUNK;
}

int
cmd_cold(int argc, char **argv)
{
	struct cold c = { .n_done = 0 };
	struct buffer *buffers;
	unsigned long i, n;
	unsigned int pass;

	if (argc != 2)
		return TOOL_USAGE;
	n = strtoul(argv[1], NULL, 10);
	buffers = calloc(n, sizeof(*buffers));
	c.want = aligned_alloc(PAGE, CHUNK);
	c.disk = open(argv[0], O_RDWR | O_DIRECT | O_CLOEXEC);
	if (!buffers || !c.want || c.disk < 0)
		return TOOL_FAILED;
	for (i = 0; i < n; i++) {
		buffers[i].data = aligned_alloc(PAGE, CHUNK);
		if (!buffers[i].data)
			return TOOL_FAILED;
	}
	for (pass = 0;; pass++) {
		for (i = 0; i < n; i++) {
			if (!buffer_right(&c, &buffers[i]) ||
			    !buffer_fill(&c, &buffers[i]))
				return TOOL_FAILED;
		}
		if (pass)
			printf("COLD pass %u, %llu reads right\n", pass,
			       (unsigned long long)(c.n_done - n));
	}
}
