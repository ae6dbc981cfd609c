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

#include "qmp.h"

#define GREET 0x80u /* of the first byte */
#define CUT 0x7fu
#define MAX_ANSWER (1u << 22)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct core {
	uv_loop_t loop;
	struct qmp *qmp;
	struct qmp_call *kept;
	struct sockaddr_un addr;
	socklen_t addr_len;
	char *answer; /* bytes of a line so far */
	size_t len;
};

static const char *
core_word(void *ctx)
{
	(void)ctx;
	return "running";
}

static void
core_cont(void *ctx, struct qmp_call *call)
{
	(void)ctx;
	qmp_done(call, -EIO);
}

static void
core_stop(void *ctx, struct qmp_call *call)
{
	((struct core *)ctx)->kept = call;
}

static void
core_save(void *ctx, struct qmp_call *call, int fd, bool live)
{
	(void)ctx;
	close(fd);
	qmp_fail(call, live ? "live" : "dead");
}

static int
core_log_writes(void *ctx, bool on)
{
	(void)ctx;
	return on ? 0 : -EIO;
}

static bool
core_chardev(void *ctx, unsigned i, struct qmp_chardev *out)
{
	(void)ctx;
	out->label = "serial0";
	out->filename = "pty:/\xff";
	return !i;
}

static int
core_add_device(void *ctx, const char *text, char *why, size_t size)
{
	(void)ctx;
	snprintf(why, size, "%s", text);
	return -EIO;
}

static int
core_del_device(void *ctx, const char *id, char *why, size_t size)
{
	(void)ctx;
	snprintf(why, size, "%s", id);
	return *id == 'a' ? 0 : -EIO;
}

static bool
core_pci(void *ctx, unsigned i, struct qmp_pci *out)
{
	(void)ctx;
	*out = (struct qmp_pci){ .bus = i, .id = "\xff" };
	return i < 2;
}

static unsigned
core_max_cpus(void *ctx)
{
	(void)ctx;
	return 2;
}

static bool
core_cpu_is_on(void *ctx, unsigned cpu)
{
	(void)ctx;
	return cpu;
}

static int
core_add_cpu(void *ctx, unsigned cpu, char *why, size_t size)
{
	(void)ctx;
	snprintf(why, size, "%u", cpu);
	return -EIO;
}

static int
core_wake(void *ctx)
{
	(void)ctx;
	return -EINVAL;
}

static int
core_command(void *ctx, const char *line, char *buf, size_t size)
{
	(void)ctx;
	if (*line != '\'')
		return -ENOENT;
	return snprintf(buf, size, "%s", line);
}

static bool
core_drive(void *ctx, unsigned i, struct qmp_drive *out)
{
	(void)ctx;
	*out = (struct qmp_drive){
		.drive = "ide0",
		.qdev = i ? "cd" : "hd",
		.file = i ? NULL : "/\xff",
		.removable = i,
		.status = "ok",
	};
	return i < 2;
}

static void
core_eject(void *ctx, struct qmp_call *call, unsigned i, bool force)
{
	(void)ctx;
	qmp_done(call, i && force ? 0 : -EIO);
}

static void
core_insert(void *ctx, struct qmp_call *call, unsigned i, int fd, bool readonly,
	    bool force)
{
	(void)ctx;
	(void)i;
	close(fd);
	qmp_done(call, readonly && force ? 0 : -EIO);
}

static void
core_quit(void *ctx)
{
	(void)ctx;
}

static void
core_take_over(void *ctx, struct qmp_call *call)
{
	(void)ctx;
	qmp_fail(call, "no");
}

static bool
core_taking(void *ctx)
{
	(void)ctx;
	return false;
}

static const struct qmp_ops core_ops = {
	.package = "fuzz",
	.status = core_word,
	.name = core_word,
	.cont = core_cont,
	.stop = core_stop,
	.save = core_save,
	.log_writes = core_log_writes,
	.chardev = core_chardev,
	.add_device = core_add_device,
	.del_device = core_del_device,
	.pci = core_pci,
	.max_cpus = core_max_cpus,
	.cpu_is_on = core_cpu_is_on,
	.add_cpu = core_add_cpu,
	.wake = core_wake,
	.command = core_command,
	.drive = core_drive,
	.eject = core_eject,
	.insert = core_insert,
	.take_over = core_take_over,
	.taking = core_taking,
	.quit = core_quit,
};

/* Once: a server on a socket with a name only the kernel knows. */
static struct core *
core_get(void)
{
	static struct core core = { .addr_len = sizeof(core.addr) };
	struct sockaddr_un any = { .sun_family = AF_UNIX };
	int fd;

	if (core.qmp)
		return &core;
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	core.answer = malloc(MAX_ANSWER);
	if (bind(fd, (struct sockaddr *)&any, sizeof(any.sun_family)) ||
	    listen(fd, 1) ||
	    getsockname(fd, (struct sockaddr *)&core.addr, &core.addr_len) ||
	    uv_loop_init(&core.loop) || !core.answer ||
	    qmp_new(&core.loop, &core_ops, &core, &core.qmp) ||
	    qmp_listen_fd(core.qmp, fd))
		abort();
	return &core;
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
core_drain(struct core *core, int fd)
{
	ssize_t n;
	char *eol;

	while ((n = recv(fd, core->answer + core->len, 65536, MSG_DONTWAIT)) >
	       0) {
		core->len += (size_t)n;
		while ((eol = memchr(core->answer, '\n', core->len))) {
			eol++;
			check_line(core->answer, (size_t)(eol - core->answer));
			core->len -= (size_t)(eol - core->answer);
			memmove(core->answer, eol, core->len);
		}
		assert(core->len < MAX_ANSWER - 65536);
	}
}

static void
core_turn(struct core *core, int fd)
{
	struct qmp_call *call = core->kept;

	core->kept = NULL;
	if (call)
		qmp_done(call, 0);
	uv_run(&core->loop, UV_RUN_NOWAIT);
	core_drain(core, fd);
}

static void
core_feed(struct core *core, int fd, const uint8_t *data, size_t size)
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
		core_turn(core, fd);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char greet[] = "{\"execute\":\"qmp_capabilities\"}";
	struct core *core = core_get();
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), i;

	if (connect(fd, (struct sockaddr *)&core->addr, core->addr_len))
		abort();
	core->len = 0;
	if (size && (data[0] & GREET))
		assert(send(fd, greet, sizeof(greet) - 1, 0) > 0);
	if (size)
		core_feed(core, fd, data, size);
	core_turn(core, fd);
	close(fd);
	for (i = 0; i < 4; i++)
		core_turn(core, -1);
	return 0;
}
