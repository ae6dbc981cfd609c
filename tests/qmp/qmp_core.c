/* SPDX-License-Identifier: MIT */
#include "qmp_core.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *
core_status(void *ctx)
{
	return ((struct core *)ctx)->status;
}

static const char *
core_name(void *ctx)
{
	return ((struct core *)ctx)->name;
}

static void
core_cont(void *ctx, struct qmp_call *call)
{
	((struct core *)ctx)->status = "running";
	qmp_done(call, 0);
}

static void
core_stop(void *ctx, struct qmp_call *call)
{
	struct core *core = ctx;

	core->taken_fd = qmp_take_fd(call);
	if (core->keep)
		core->kept = call;
	else
		qmp_done(call, -EBUSY);
}

static void
core_save(void *ctx, struct qmp_call *call, int fd, bool live)
{
	struct core *core = ctx;

	core->saved_fd = fd;
	core->live = live;
	if (core->keep)
		qmp_fail(call, "the dog ate it");
	else
		qmp_done(call, 0);
}

static int
core_log_writes(void *ctx, bool on)
{
	((struct core *)ctx)->logs = on;
	return 0;
}

static bool
core_chardev(void *ctx, unsigned i, struct qmp_chardev *out)
{
	(void)ctx;
	out->label = i ? "mon\xff" : "serial0"; /* no UTF-8 */
	out->filename = i ? "null" : "pty:/dev/pts/3";
	return i < 2;
}

/* Says what it was told. */
static int
core_add_device(void *ctx, const char *text, char *why, size_t size)
{
	(void)ctx;
	snprintf(why, size, "%s", text);
	return -EINVAL;
}

static int
core_del_device(void *ctx, const char *id, char *why, size_t size)
{
	(void)ctx;
	snprintf(why, size, "%s stays", id);
	return strcmp(id, "disk") ? 0 : -EPERM;
}

/* Buses 0 and 1, two functions each. */
static bool
core_pci(void *ctx, unsigned i, struct qmp_pci *out)
{
	static const char *const id[] = { "host", "nic", "disk", "ram" };

	(void)ctx;
	if (i >= 4)
		return false;
	*out = (struct qmp_pci){
		.bus = i / 2,
		.slot = i,
		.function = i % 2,
		.id = id[i],
	};
	return true;
}

static unsigned
core_max_cpus(void *ctx)
{
	(void)ctx;
	return 3;
}

static bool
core_cpu_is_on(void *ctx, unsigned cpu)
{
	(void)ctx;
	return cpu < 2;
}

static int
core_add_cpu(void *ctx, unsigned cpu, char *why, size_t size)
{
	(void)ctx;
	(void)why;
	(void)size;
	return cpu == 2 ? 0 : -EEXIST;
}

static int
core_wake(void *ctx)
{
	return ((struct core *)ctx)->asleep ? 0 : -EINVAL;
}

static int
core_command(void *ctx, const char *line, char *buf, size_t size)
{
	(void)ctx;
	if (!strcmp(line, "fail"))
		return -EIO;
	if (strcmp(line, "hello"))
		return -ENOENT;
	return snprintf(buf, size, "hi\r\n\xe9");
}

static bool
core_drive(void *ctx, unsigned i, struct qmp_drive *out)
{
	static const struct qmp_drive drives[] = {
		{
			.drive = "ide0",
			.qdev = "ide-hd#1",
			.file = "/disk\xff",
			.size = 1 << 20,
			.status = "nospace",
			.read = { 1, 2, 3, 4 },
			.write = { 5, 6, 7, 8 },
			.flush = { 9, 0, 10, 11 },
		},
		{
			.drive = "ide-5632",
			.qdev = "cd",
			.readonly = true,
			.removable = true,
			.open = true,
			.locked = true,
			.status = "ok",
		},
	};

	(void)ctx;
	if (i < 2)
		*out = drives[i];
	return i < 2;
}

static void
core_eject(void *ctx, struct qmp_call *call, unsigned i, bool force)
{
	struct core *core = ctx;

	snprintf(core->changed, sizeof(core->changed), "eject %u%s", i,
		 force ? " force" : "");
	if (core->keep)
		qmp_fail(call, "it is stuck");
	else
		qmp_done(call, 0);
}

static void
core_insert(void *ctx, struct qmp_call *call, unsigned i, int fd, bool readonly,
	    bool force)
{
	struct core *core = ctx;

	snprintf(core->changed, sizeof(core->changed), "insert %u%s%s", i,
		 readonly ? " ro" : " rw", force ? " force" : "");
	close(fd);
	qmp_done(call, 0);
}

static void
core_quit(void *ctx)
{
	((struct core *)ctx)->quit = true;
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

const struct qmp_ops core_ops = {
	.package = "mini-ioemu test",
	.status = core_status,
	.name = core_name,
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
	.given = core_taking,
	.quit = core_quit,
};
