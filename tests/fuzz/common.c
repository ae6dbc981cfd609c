/* SPDX-License-Identifier: MIT */
#include "fuzz/common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void
fuzz_plugin_dir(char dir[FUZZ_PATH], const char *argv0)
{
	const char *slash = strrchr(argv0, '/');

	snprintf(dir, FUZZ_PATH, "%.*s/devices",
		 slash ? (int)(slash - argv0) : 1, slash ? argv0 : ".");
}

/* Theirs is the descriptor, and libFuzzer has the stream from before. */
void
fuzz_quiet(void)
{
	FILE *nowhere = fopen("/dev/null", "we");

	if (nowhere)
		stderr = nowhere;
}

uint64_t
fuzz_take(struct fuzz_bytes *b, unsigned bytes)
{
	uint64_t v = 0;

	for (; bytes && b->left; bytes--, b->left--)
		v = v << 8 | *b->at++;
	return v;
}

int
fuzz_file(const void *bytes, size_t len)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);

	if (fd < 0 || pwrite(fd, bytes, len, 0) != (ssize_t)len)
		abort();
	return fd;
}
