/* SPDX-License-Identifier: MIT
 *
 * Records on a file system that is cut off at any moment: record N is said to
 * be synced only after fsync() said so, and whoever comes back checks that
 * all that was said is there. A ring of files, each replaced by renaming, so
 * that blocks and inodes are freed and used again all the time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tool.h"

enum {
	N_SLOTS = 64,
	WORD = 8,
	MIN_WORDS = 2, /* the number and the count of words */
	MAX_WORDS = 2048,
};

struct journal {
	int folder;
	uint64_t *is, *want; /* MAX_WORDS each */
};

/* Record NUMBER is the same whenever it is made; returns its bytes. */
static size_t
record(uint64_t *out, uint64_t number)
{
	struct rng rng = { .state = number };
	uint64_t n = MIN_WORDS + rng_below(&rng, MAX_WORDS - MIN_WORDS), i;

	out[0] = number;
	out[1] = n;
	for (i = MIN_WORDS; i < n; i++)
		out[i] = rng_next(&rng);
	return n * WORD;
}

static void
slot_name(char name[16], uint64_t slot)
{
	snprintf(name, 16, "slot%02" PRIu64, slot);
}

/* What is in a slot: the number of its record, 0 for none, -1 for damage. */
static int64_t
slot_read(struct journal *j, uint64_t slot)
{
	char name[16];
	ssize_t n;
	int fd;

	slot_name(name, slot);
	fd = openat(j->folder, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	n = read(fd, j->is, MAX_WORDS * WORD);
	close(fd);
	if (n < MIN_WORDS * WORD || j->is[0] % N_SLOTS != slot ||
	    (size_t)n != record(j->want, j->is[0]) ||
	    memcmp(j->is, j->want, (size_t)n) != 0) {
		printf("JOURNAL %s: %zd bytes, damaged\n", name, n);
		return -1;
	}
	return (int64_t)j->is[0];
}

/* The newest record up to LAST that belongs into a slot, 0 for none. */
static uint64_t
slot_due(uint64_t slot, uint64_t last)
{
	uint64_t back = (last + N_SLOTS - slot) % N_SLOTS;

	return last > back ? last - back : 0;
}

/* All that was synced up to LAST; the newest record there is, or -1. */
static int64_t
journal_check(struct journal *j, uint64_t last)
{
	int64_t newest = 0;
	uint64_t slot;

	for (slot = 0; slot < N_SLOTS; slot++) {
		uint64_t due = slot_due(slot, last);
		int64_t number = slot_read(j, slot);

		if (number < 0)
			return -1;
		if ((uint64_t)number < due) {
			printf("JOURNAL record %" PRIu64 " was synced, "
			       "there is %" PRId64 "\n",
			       due, number);
			return -1;
		}
		newest = number > newest ? number : newest;
	}
	return newest;
}

static bool
journal_write(struct journal *j, uint64_t number)
{
	size_t n = record(j->want, number);
	int fd = openat(j->folder, "new",
			O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	char name[16];
	bool ok;

	slot_name(name, number % N_SLOTS);
	ok = fd >= 0 && write(fd, j->want, n) == (ssize_t)n && fsync(fd) == 0;
	if (fd >= 0)
		close(fd);
	return ok && renameat(j->folder, "new", j->folder, name) == 0 &&
	       fsync(j->folder) == 0;
}

int
cmd_journal(int argc, char **argv)
{
	struct journal j;
	int64_t newest;
	uint64_t last, number;

	if (argc != 2)
		return TOOL_USAGE;
	j.folder = open(argv[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	j.is = calloc(MAX_WORDS, WORD);
	j.want = calloc(MAX_WORDS, WORD);
	last = strtoull(argv[1], NULL, 10);
	if (j.folder < 0 || !j.is || !j.want)
		return TOOL_FAILED;
	newest = journal_check(&j, last);
	if (newest < 0)
		return TOOL_FAILED;
	printf("JOURNAL intact up to %" PRId64 ", seen %" PRIu64 "\n", newest,
	       last);
	for (number = (uint64_t)newest + 1; journal_write(&j, number); number++)
		printf("SYNCED %" PRIu64 ".\n", number);
	perror(argv[0]);
	return TOOL_FAILED;
}
