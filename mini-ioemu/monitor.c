/* SPDX-License-Identifier: MIT */
/*
 * The answers behind struct qmp_ops. The guest itself is paused and resumed by
 * the toolstack in Xen; `stop` and `cont` are for its devices.
 */
#include "monpriv.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "disks.h"
#include "log.h"

/* QEMU's words; libxl takes "prelaunch" and "paused" for: ready to run. */
static const char *
monitor_status(void *ctx)
{
	const struct monitor *mon = ctx;
	const char *disk;

	if (!mon->env.pause) /* -machine none */
		return mon->begun ? "running" : "prelaunch";
	if (pause_state(mon->env.pause) != PAUSE_STOPPED)
		return power_asleep(mon->env.power) ? "suspended" : "running";
	if (disks_held(local_disks(mon->env.local), &disk))
		return "io-error";
	if (mon->save)
		return "save-vm";
	if (mon->gone)
		return "postmigrate";
	return mon->begun || mon->env.conf->incoming_fd >= 0 ? "paused"
							     : "prelaunch";
}

static const char *
monitor_name(void *ctx)
{
	return ((struct monitor *)ctx)->env.conf->name;
}

/* ---- stopping, saving, continuing --------------------------------- */

/* False: not now. */
static bool
monitor_run(struct monitor *mon)
{
	if (mon->save)
		return false;
	mon->begun = true;
	mon->gone = false; /* it failed, and the disks are ours again */
	if (mon->env.pause)
		pause_cont(mon->env.pause);
	return true;
}

static void
monitor_cont(void *ctx, struct qmp_call *call)
{
	if (monitor_run(ctx))
		qmp_done(call, 0);
	else
		qmp_fail(call, "The devices are being saved");
}

static void
monitor_answer(struct qmp_call **at, int err, const char *why)
{
	struct qmp_call *call = *at;

	*at = NULL;
	if (err && *why)
		qmp_fail(call, why);
	else
		qmp_done(call, err);
}

static void
monitor_stopped(void *ctx, int err, const char *why)
{
	struct monitor *mon = ctx;

	if (err)
		log_warn("the guest's devices do not stop: %s", why);
	monitor_answer(&mon->stop, err, why);
}

static void
monitor_stop(void *ctx, struct qmp_call *call)
{
	struct monitor *mon = ctx;

	if (!mon->env.pause || mon->stop) {
		qmp_done(call, mon->stop ? -EBUSY : 0);
		return;
	}
	mon->stop = call;
	pause_stop(mon->env.pause, monitor_stopped, mon);
}

static void
monitor_saved(void *ctx, int err, const char *why)
{
	struct monitor *mon = ctx;

	if (err)
		log_warn("the guest's devices are not saved: %s",
			 *why ? why : strerror(-err));
	else
		mon->gone = mon->save_live;
	monitor_answer(&mon->save, err, why);
}

/* Stopping wrote the disks out and nothing touches them before `cont`, so that
 * nothing more is to be done to hand them over. */
static void
monitor_save(void *ctx, struct qmp_call *call, int fd, bool live)
{
	struct monitor *mon = ctx;

	if (!mon->env.save || mon->save ||
	    pause_state(mon->env.pause) != PAUSE_STOPPED) {
		close(fd);
		qmp_fail(call, mon->save ? "The devices are being saved already"
					 : "The devices run: stop them first");
		return;
	}
	mon->save = call;
	mon->save_live = live;
	save_write(mon->env.save, fd, monitor_saved, mon);
}

/* The guest is about to be copied: what the host caches of its disks goes out
 * now, so that little is left when it stops. */
static int
monitor_log_writes(void *ctx, bool on)
{
	struct monitor *mon = ctx;

	if (!mon->env.dma)
		return 0;
	dma_log(mon->env.dma, on);
	if (on)
		disks_flush(local_disks(mon->env.local));
	return 0;
}

static bool
monitor_chardev(void *ctx, unsigned i, struct qmp_chardev *out)
{
	struct monitor *mon = ctx;

	return mon->env.local &&
	       local_chardev(mon->env.local, i, &out->label, &out->filename);
}

/* ---- lines for humans
 * ------------------------------------------------------------ */

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
	dispatch_report(mon->env.dispatch, mon->env.peers, text_line, t);
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

static int
command_info(struct monitor *mon, const char *arg, struct text *t)
{
	if (!strcmp(arg, "status"))
		text_add(t, "VM status: %s\n", monitor_status(mon));
	else
		text_add(t, "'info status' is all there is\n");
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

static int
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

static void
monitor_quit(void *ctx)
{
	uv_stop(((struct monitor *)ctx)->env.loop);
}

static const struct qmp_ops monitor_ops = {
	.package = "mini-ioemu " IOEMU_VERSION,
	.status = monitor_status,
	.name = monitor_name,
	.cont = monitor_cont,
	.stop = monitor_stop,
	.save = monitor_save,
	.log_writes = monitor_log_writes,
	.chardev = monitor_chardev,
	.add_device = monitor_add_device,
	.del_device = monitor_del_device,
	.pci = monitor_pci,
	.max_cpus = monitor_max_cpus,
	.cpu_is_on = monitor_cpu_is_on,
	.add_cpu = monitor_add_cpu,
	.wake = monitor_wake,
	.command = monitor_command,
	/* disks */
	.drive = diskqmp_drive,
	.eject = diskqmp_eject,
	.insert = diskqmp_insert,
	/* to the next */
	.take_over = monitor_take_over,
	.untake = monitor_untake,
	.taking = monitor_taking,
	.gone = monitor_gone,
	/* others */
	.quit = monitor_quit,
};

static int
monitor_handed(struct monitor *mon, int fd, const char *path)
{
	int rc = qmp_listen_handed(mon->qmp, fd, path);

	if (rc)
		close(fd);
	return rc;
}

static int
monitor_listen_on(struct monitor *mon, const struct conf_monitor *c)
{
	int fd;

	if (mon->env.hand) {
		fd = hand_take_fd(mon->env.hand, c->id);
		return fd < 0 ? -EBADF : monitor_handed(mon, fd, c->path);
	}
	return c->path ? qmp_listen_path(mon->qmp, c->path)
		       : qmp_listen_fd(mon->qmp, c->fd);
}

static int
monitor_listen(struct monitor *mon)
{
	const struct conf_monitor *c;
	int rc = 0;

	for (c = mon->env.conf->monitors; !rc && c; c = c->next) {
		rc = monitor_listen_on(mon, c);
		if (rc)
			log_error("QMP socket %s: %s",
				  c->path ? c->path : c->id, strerror(-rc));
	}
	return rc;
}

/* ---- SIGUSR1: the same in the log
 * ---------------------------------------------------------------------- */

static void
log_times(void *ctx, const char *line)
{
	(void)ctx;
	log_info("%s", line);
}

static void
monitor_usr1(uv_signal_t *handle, int signum)
{
	const struct monitor *mon = handle->data;

	(void)signum;
	dispatch_report(mon->env.dispatch, mon->env.peers, log_times, NULL);
}

int
monitor_new(const struct monitor_env *env, struct monitor **out)
{
	struct monitor *mon = calloc(1, sizeof(*mon));
	int rc;

	if (!mon)
		return -ENOMEM;
	mon->env = *env;
	mon->begun = !env->conf->stopped;
	uv_signal_init(env->loop, &mon->usr1);
	uv_timer_init(env->loop, &mon->hand.limit);
	mon->hand.limit.data = mon;
	mon->handles = 2;
	mon->usr1.data = mon;
	if (env->dispatch)
		uv_signal_start(&mon->usr1, monitor_usr1, SIGUSR1);
	rc = qmp_new(env->loop, &monitor_ops, mon, &mon->qmp);
	if (!rc)
		rc = monitor_listen(mon);
	if (rc) {
		monitor_free(mon);
		return rc;
	}
	*out = mon;
	return 0;
}

static void
monitor_closed(uv_handle_t *handle)
{
	struct monitor *mon = handle->data;

	if (!--mon->handles)
		free(mon);
}

void
monitor_free(struct monitor *mon)
{
	if (mon->stop)
		monitor_answer(&mon->stop, -ESHUTDOWN, "");
	if (mon->save)
		monitor_answer(&mon->save, -ESHUTDOWN, "");
	if (mon->hand.call)
		monitor_answer(&mon->hand.call, -ESHUTDOWN, "");
	mon->hand.step = MON_HAND_NONE; /* nobody goes on here */
	if (mon->qmp)
		qmp_free(mon->qmp);
	hand_free(mon->hand.out);
	uv_close((uv_handle_t *)&mon->hand.limit, monitor_closed);
	uv_close((uv_handle_t *)&mon->usr1, monitor_closed);
}
