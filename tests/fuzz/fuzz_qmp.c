/* SPDX-License-Identifier: MIT */
/*
 * Any bytes from a QMP client. The first byte says how they are cut into
 * writes and whether capabilities are negotiated first. A `stop` is answered a
 * turn later. Whatever comes, every answer is a JSON object and ends with \r\n,
 * and the client's end leaves nothing behind (the leak checker looks).
 */
#include <assert.h>
#include <errno.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "qmp/qmp_core.h"

#define GREET 0x80u /* of the first byte */
#define CUT 0x7fu
#define MAX_ANSWER (1u << 22)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct fuzz {
	struct core core; /* first: the context of its operations */
	struct sockaddr_un addr;
	socklen_t addr_len;
	char *answer; /* bytes of a line so far */
	size_t len;
};

/* What no test looks at afterwards is closed. */
static void
fuzz_save(void *ctx, struct qmp_call *call, int fd, bool live)
{
	(void)ctx;
	close(fd);
	qmp_fail(call, live ? "live" : "dead");
}

static void
fuzz_stop(void *ctx, struct qmp_call *call)
{
	((struct core *)ctx)->kept = call;
}

/* Once: a server on a socket with a name only the kernel knows. */
static struct fuzz *
fuzz_get(void)
{
	static struct fuzz fuzz = { .addr_len = sizeof(fuzz.addr) };
	static struct qmp_ops ops;
	struct core *core = &fuzz.core;
	struct sockaddr_un any = { .sun_family = AF_UNIX };
	int fd;

	if (core->qmp)
		return &fuzz;
	ops = core_ops;
	ops.save = fuzz_save;
	ops.stop = fuzz_stop;
	core->status = "running";
	core->name = "guest";
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	fuzz.answer = malloc(MAX_ANSWER);
	if (bind(fd, (struct sockaddr *)&any, sizeof(any.sun_family)) ||
	    listen(fd, 1) ||
	    getsockname(fd, (struct sockaddr *)&fuzz.addr, &fuzz.addr_len) ||
	    uv_loop_init(&core->loop) || !fuzz.answer ||
	    qmp_new(&core->loop, &ops, core, &core->qmp) ||
	    qmp_listen_fd(core->qmp, fd))
		abort();
	return &fuzz;
}

static void
check_line(const char *text, size_t len)
{
	json_t *message = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);

	assert(len >= 2 && !memcmp(text + len - 2, "\r\n", 2));
	assert(json_is_object(message));
	assert(json_object_get(message, "return") ||
	       json_object_get(message, "error") ||
	       json_object_get(message, "QMP"));
	json_decref(message);
}

/* Read what there is, check whole lines. */
static void
fuzz_drain(struct fuzz *fuzz, int fd)
{
	ssize_t n;
	char *eol;

	while ((n = recv(fd, fuzz->answer + fuzz->len, 65536, MSG_DONTWAIT)) >
	       0) {
		fuzz->len += (size_t)n;
		while ((eol = memchr(fuzz->answer, '\n', fuzz->len))) {
			eol++;
			check_line(fuzz->answer, (size_t)(eol - fuzz->answer));
			fuzz->len -= (size_t)(eol - fuzz->answer);
			memmove(fuzz->answer, eol, fuzz->len);
		}
		assert(fuzz->len < MAX_ANSWER - 65536);
	}
}

static void
fuzz_turn(struct fuzz *fuzz, int fd)
{
	struct qmp_call *call = fuzz->core.kept;

	fuzz->core.kept = NULL;
	if (call)
		qmp_done(call, 0);
	uv_run(&fuzz->core.loop, UV_RUN_NOWAIT);
	fuzz_drain(fuzz, fd);
}

static void
fuzz_feed(struct fuzz *fuzz, int fd, const uint8_t *data, size_t size)
{
	size_t cut = (data[0] & CUT) ? (data[0] & CUT) * 3u : SIZE_MAX;
	ssize_t n;

	for (data++, size--; size; data += n, size -= (size_t)n) {
		n = send(fd, data, size < cut ? size : cut,
			 MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			return;
		if (n < 0)
			n = 0;
		fuzz_turn(fuzz, fd);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char greet[] = "{\"execute\":\"qmp_capabilities\"}";
	struct fuzz *fuzz = fuzz_get();
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), i;

	if (connect(fd, (struct sockaddr *)&fuzz->addr, fuzz->addr_len))
		abort();
	fuzz->len = 0;
	if (size && (data[0] & GREET))
		assert(send(fd, greet, sizeof(greet) - 1, 0) > 0);
	if (size)
		fuzz_feed(fuzz, fd, data, size);
	fuzz_turn(fuzz, fd);
	close(fd);
	for (i = 0; i < 4; i++)
		fuzz_turn(fuzz, -1);
	return 0;
}
