/* SPDX-License-Identifier: MIT */
/*
 * hmp.c - lines for humans: `xl qemu-monitor-command` sends one and shows
 * the text that comes back.
 */
#include "control/priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Bounded text. */
struct text {
	char *buf;
	size_t size, len;
};

static void IOEMU_PRINTF(2, 3) text_add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->buf + t->len, t->size - t->len, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	t->len += (size_t)n;
	if (t->len >= t->size)
		t->len = t->size - 1;
}

static int
command_devices(struct monitor *mon, const char *arg, struct text *t)
{
	struct hostdev *hd;
	unsigned i;

	(void)arg;
	for (i = 0; (hd = local_at(mon->env.local, i)); i++)
		text_add(t, "%-16s %-14s %s\n", hd->dev.id, hd->type->type.name,
			 hd->type->path);
	return 0;
}

static int
command_ranges(struct monitor *mon, const char *arg, struct text *t)
{
	static const char *const space[] = { "io", "mem", "config" };
	const struct range *r;
	unsigned s, i;

	(void)arg;
	for (s = 0; s < ROUTE_SPACES; s++)
		for (i = 0; (r = route_at(mon->env.routes, s, i)); i++)
			text_add(t, "%-6s %012llx-%012llx %s %s\n", space[s],
				 (unsigned long long)r->first,
				 (unsigned long long)r->last,
				 r->target->name ? r->target->name
						 : r->window->hd->dev.id,
				 r->window->region.name);
	return 0;
}

static int
command_peers(struct monitor *mon, const char *arg, struct text *t)
{
	char line[320];
	unsigned i;

	(void)arg;
	for (i = 0; peers_describe(mon->env.peers, i, line, sizeof(line)); i++)
		text_add(t, "%s\n", line);
	return 0;
}

static void
text_line(void *ctx, const char *line)
{
	text_add(ctx, "%s\n", line);
}

static int
command_times(struct monitor *mon, const char *arg, struct text *t)
{
	(void)arg;
	dispatch_report(mon->env.dispatch, peers_targets(mon->env.peers),
			text_line, t);
	return 0;
}

/* "ask DEVICE WORDS": the device's own query. */
static int
command_ask(struct monitor *mon, const char *arg, struct text *t)
{
	char id[64];
	size_t n = strcspn(arg, " ");
	struct hostdev *hd;
	int rc;

	snprintf(id, sizeof(id), "%.*s", (int)(n < 63 ? n : 63), arg);
	hd = local_find(mon->env.local, id);
	if (!hd) {
		text_add(t, "no device '%s'; 'devices' lists them\n", id);
		return 0;
	}
	arg += n;
	rc = hostdev_query(hd, arg + strspn(arg, " "), t->buf, t->size);
	if (rc < 0)
		text_add(t, "%s does not know '%s'\n", id, arg);
	else
		t->len = (size_t)rc;
	return 0;
}

/* As QEMU's monitor takes them, and silent where all is well. */
static int
command_plug(struct monitor *mon, const char *arg, struct text *t,
	     int (*plug)(void *ctx, const char *what, char *why, size_t size))
{
	char why[256] = "";

	if (plug(mon, arg, why, sizeof(why)))
		text_add(t, "%s\n", why);
	return 0;
}

static int
command_add(struct monitor *mon, const char *arg, struct text *t)
{
	return command_plug(mon, arg, t, monitor_add_device);
}

static int
command_del(struct monitor *mon, const char *arg, struct text *t)
{
	return command_plug(mon, arg, t, monitor_del_device);
}

static void
info_chardev(struct monitor *mon, struct text *t)
{
	const char *label, *name;
	unsigned i;

	for (i = 0; local_chardev(mon->env.local, i, &label, &name); i++)
		text_add(t, "%s: %s, %llu bytes lost\n", label, name,
			 (unsigned long long)local_chardev_lost(mon->env.local,
								i));
}

static int
command_info(struct monitor *mon, const char *arg, struct text *t)
{
	if (!strcmp(arg, "status"))
		text_add(t, "VM status: %s\n", monitor_status(mon));
	else if (!strcmp(arg, "chardev"))
		info_chardev(mon, t);
	else
		text_add(t, "'info status' and 'info chardev' are all there "
			    "is\n");
	return 0;
}

static int
command_cont(struct monitor *mon, const char *arg, struct text *t)
{
	(void)arg;
	if (!monitor_run(mon))
		text_add(t, "the devices are being saved\n");
	return 0;
}

static int
command_help(struct monitor *mon, const char *arg, struct text *t)
{
	(void)mon;
	(void)arg;
	text_add(t, "devices            the devices, their types and files\n"
		    "device_add TYPE,id=ID,KEY=VALUE...  plug a device in\n"
		    "device_del ID      ask the guest to give it up\n"
		    "info status        running, paused, suspended ...\n"
		    "info chardev       serial ports' ends, and bytes lost\n"
		    "peers              the peers and their links' counters\n"
		    "ranges             who answers which addresses\n"
		    "times              how long accesses take, the slowest\n"
		    "ask DEVICE WORDS   a question to one device\n"
		    "cont               go on, after a disk failed\n");
	return 0;
}

static const struct {
	const char *word;
	int (*run)(struct monitor *mon, const char *arg, struct text *t);
} commands[] = {
	{ "ask", command_ask },		{ "cont", command_cont },
	{ "device_add", command_add },	{ "device_del", command_del },
	{ "devices", command_devices }, { "help", command_help },
	{ "info", command_info },	{ "peers", command_peers },
	{ "ranges", command_ranges },	{ "times", command_times },
};

int
monitor_command(void *ctx, const char *line, char *buf, size_t size)
{
	struct text text = { .buf = buf, .size = size };
	size_t n, i;

	line += strspn(line, " ");
	n = strcspn(line, " ");
	buf[0] = '\0';
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strlen(commands[i].word) != n ||
		    strncmp(commands[i].word, line, n))
			continue;
		line += n;
		line += strspn(line, " ");
		if (((struct monitor *)ctx)->env.local)
			(void)commands[i].run(ctx, line, &text);
		return (int)text.len;
	}
	return -ENOENT;
}
