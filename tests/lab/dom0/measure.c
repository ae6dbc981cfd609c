/* SPDX-License-Identifier: MIT
 *
 * labtool's measurements of a guest that is saved or migrated: for how long
 * its console was silent, how much a device model had to say.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tool.h"

enum {
	TICK_MS = 200, /* how often the process is looked for */
	PATIENCE_MS = 60000,
};

/* Truncated is not grown. */
static bool
grew(const char *path, off_t *size)
{
	struct stat st;
	bool more;

	if (stat(path, &st) < 0)
		return false;
	more = st.st_size > 0 && st.st_size != *size;
	*size = st.st_size;
	return more;
}

int
cmd_gap(const char *path, const char *pid)
{
	struct pollfd p = { .events = POLLIN };
	double last = now_ms(), longest = 0, now;
	bool gone = false, more;
	off_t size = 0;
	char events[4096];

	p.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	grew(path, &size);
	for (;;) {
		/* Again and again, as it may be another file by now. */
		inotify_add_watch(p.fd, path, IN_MODIFY);
		if (poll(&p, 1, TICK_MS) > 0)
			while (read(p.fd, events, sizeof(events)) > 0)
				;
		more = grew(path, &size);
		now = now_ms();
		if (more && now - last > longest)
			longest = now - last;
		if (more)
			last = now;
		if (more && gone)
			break;
		if (now - last > PATIENCE_MS)
			return 1;
		gone = process_gone(pid);
	}
	printf("%.0f\n", longest);
	return 0;
}

/*
 * What xl save writes: xl's header (tools/xl/xl.h), libxl's stream
 * (docs/specs/libxl-migration-stream.pandoc) and in it, without a length,
 * libxc's (docs/specs/libxc-migration-stream.pandoc). Records of both begin
 * with type and length and are padded to 8 bytes.
 */
#define XL_MAGIC "Xen saved domain, xl format"

enum {
	LIBXL_HEADER = 16,
	LIBXL_LIBXC_CONTEXT = 1,
	LIBXL_EMULATOR_CONTEXT = 3,
	LIBXC_HEADERS = 24 + 16, /* image, domain */
	RECORD_END = 0,
	EMULATOR_HEADER = 8, /* which emulator the rest is of */
};

struct xl_header {
	char magic[32];
	uint32_t byte_order, mandatory, optional, optional_len;
};

struct record {
	uint32_t type, length;
};

static bool
next_record(FILE *f, struct record *r)
{
	return fread(r, sizeof(*r), 1, f) == 1;
}

static bool
skip(FILE *f, uint64_t bytes)
{
	return fseeko(f, (off_t)bytes, SEEK_CUR) == 0;
}

static bool
skip_body(FILE *f, const struct record *r)
{
	return skip(f, ((uint64_t)r->length + 7) / 8 * 8);
}

static bool
skip_libxc(FILE *f)
{
	struct record r;

	if (!skip(f, LIBXC_HEADERS))
		return false;
	while (next_record(f, &r) && skip_body(f, &r)) {
		if (r.type == RECORD_END)
			return true;
	}
	return false;
}

int
cmd_state(const char *path)
{
	FILE *f = fopen(path, "re");
	struct xl_header head;
	struct record r;
	bool ok = f && fread(&head, sizeof(head), 1, f) == 1 &&
		  memcmp(head.magic, XL_MAGIC, strlen(XL_MAGIC)) == 0 &&
		  skip(f, (uint64_t)head.optional_len + LIBXL_HEADER);

	while (ok && next_record(f, &r) && r.type != LIBXL_EMULATOR_CONTEXT)
		ok = r.type != RECORD_END && skip_body(f, &r) &&
		     (r.type != LIBXL_LIBXC_CONTEXT || skip_libxc(f));
	ok = ok && r.type == LIBXL_EMULATOR_CONTEXT &&
	     r.length >= EMULATOR_HEADER;
	if (ok)
		printf("%u\n", r.length - EMULATOR_HEADER);
	else
		fprintf(stderr, "labtool: no device state in %s\n", path);
	if (f)
		fclose(f);
	return ok ? 0 : 1;
}
