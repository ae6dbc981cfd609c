/* SPDX-License-Identifier: MIT
 *
 * A block device filled with a known pattern and compared later. The first
 * sector says how much there is, so that a fresh disk is told from a damaged
 * one. Half of the chunks pass the page cache, half do not.
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

#define DISK_MAGIC "LAB-DISK-PATTERN"

enum {
	CHUNK = 64 * 1024,
	CHUNKS_PER_MIB = 1024 * 1024 / CHUNK,
	FNV_BYTES = 8,
};

struct disk_header {
	char magic[16];
	uint64_t seed;
	uint64_t n_chunks;
};

struct disk {
	const char *path;
	int cached, direct; /* two descriptors of the same device */
	uint8_t *buf, *want;
	uint64_t sum;
};

static int
disk_open(struct disk *d, const char *path, int flags)
{
	d->path = path;
	d->cached = open(path, flags | O_CLOEXEC);
	d->direct = open(path, flags | O_CLOEXEC | O_DIRECT);
	d->buf = aligned_alloc(PAGE, CHUNK);
	d->want = aligned_alloc(PAGE, CHUNK);
	if (d->cached >= 0 && d->direct >= 0 && d->buf && d->want)
		return 0;
	perror(path);
	return -1;
}

static void
disk_pattern(uint8_t *out, uint64_t seed, uint64_t chunk)
{
	struct rng rng = { .state = seed + chunk * CHUNK };
	uint64_t word;
	size_t i;

	for (i = 0; i < CHUNK; i += sizeof(word)) {
		word = rng_next(&rng);
		memcpy(out + i, &word, sizeof(word));
	}
}

/* FNV-1a over 64-bit words: a name for the content in the log. */
static void
disk_sum(struct disk *d, const uint8_t *data)
{
	uint64_t word;
	size_t i;

	for (i = 0; i < CHUNK; i += FNV_BYTES) {
		memcpy(&word, data + i, sizeof(word));
		d->sum = (d->sum ^ word) * 0x100000001b3u;
	}
}

/* The header takes one chunk; even chunks go by the cache, odd ones direct. */
static bool
disk_transfer(struct disk *d, uint64_t chunk, bool write)
{
	off_t at = (off_t)((chunk + 1) * CHUNK);
	int fd = chunk & 1 ? d->direct : d->cached;
	ssize_t n;

	n = write ? pwrite(fd, d->want, CHUNK, at)
		  : pread(fd, d->buf, CHUNK, at);
	if (n == CHUNK)
		return true;
	fprintf(stderr, "%s: chunk %" PRIu64 ": %s\n", d->path, chunk,
		n < 0 ? strerror(errno) : "short transfer");
	return false;
}

int
cmd_disk_write(int argc, char **argv)
{
	struct disk_header head = { .magic = DISK_MAGIC };
	struct disk d = { 0 };
	uint64_t i;

	if (argc != 2)
		return TOOL_USAGE;
	if (disk_open(&d, argv[0], O_RDWR) < 0)
		return TOOL_FAILED;
	head.n_chunks = strtoull(argv[1], NULL, 10) * CHUNKS_PER_MIB;
	head.seed = now_ns();
	for (i = 0; i < head.n_chunks; i++) {
		disk_pattern(d.want, head.seed, i);
		disk_sum(&d, d.want);
		if (!disk_transfer(&d, i, true))
			return TOOL_FAILED;
	}
	/* The header goes last: it vouches for all the rest. */
	if (fsync(d.cached) < 0 ||
	    pwrite(d.cached, &head, sizeof(head), 0) != sizeof(head) ||
	    fsync(d.cached) < 0) {
		perror(d.path);
		return TOOL_FAILED;
	}
	printf("DISK-WROTE %" PRIu64 " bytes sum %016" PRIx64 "\n",
	       head.n_chunks * CHUNK, d.sum);
	return TOOL_OK;
}

static bool
disk_compare(struct disk *d, const struct disk_header *head, uint64_t chunk)
{
	size_t i = 0;

	disk_pattern(d->want, head->seed, chunk);
	if (!disk_transfer(d, chunk, false))
		return false;
	disk_sum(d, d->buf);
	while (i < CHUNK && d->buf[i] == d->want[i])
		i++;
	if (i == CHUNK)
		return true;
	fprintf(stderr,
		"%s: byte %zu of chunk %" PRIu64 " is %02x, should be %02x\n",
		d->path, i, chunk, d->buf[i], d->want[i]);
	return false;
}

int
cmd_disk_check(int argc, char **argv)
{
	struct disk_header head;
	struct disk d = { 0 };
	uint64_t i;

	if (argc != 1)
		return TOOL_USAGE;
	if (disk_open(&d, argv[0], O_RDONLY) < 0 ||
	    pread(d.cached, &head, sizeof(head), 0) != sizeof(head))
		return TOOL_FAILED;
	if (memcmp(head.magic, DISK_MAGIC, sizeof(head.magic)) != 0)
		return TOOL_NOTHING;
	for (i = 0; i < head.n_chunks; i++) {
		if (!disk_compare(&d, &head, i))
			return TOOL_FAILED;
	}
	printf("DISK-READ %" PRIu64 " bytes sum %016" PRIx64 "\n",
	       head.n_chunks * CHUNK, d.sum);
	return TOOL_OK;
}
