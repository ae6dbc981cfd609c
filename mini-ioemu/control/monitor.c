/* SPDX-License-Identifier: MIT */
/*
 * The answers behind struct qmp_ops. The guest itself is paused and resumed by
 * the toolstack in Xen; `stop` and `cont` are for its devices.
 */
#include "control/priv.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "local/disks.h"

/* QEMU's words; libxl takes "prelaunch" and "paused" for: ready to run. */
const char *
monitor_status(void *ctx)
{
	const struct monitor *mon = ctx;
	const char *disk;

	if (!mon->env.pause) /* -machine none */
		return mon->begun ? "running" : "prelaunch";
	if (pause_state(mon->env.pause) != PAUSE_STOPPED)
		return power_asleep(mon->env.power) ? "suspended" : "running";
	if (disks_parked(local_disks(mon->env.local), &disk))
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

bool
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
	save_write(mon->env.save, fd, false, monitor_saved, mon);
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
	.given = monitor_given,
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

	if (mon->env.handover) {
		fd = handover_take_fd(mon->env.handover, c->id);
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

/* ---- SIGUSR1: the same in the log ------------------------------------ */

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
	dispatch_report(mon->env.dispatch, peers_targets(mon->env.peers),
			log_times, NULL);
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
	uv_timer_init(env->loop, &mon->handover.limit);
	mon->handover.limit.data = mon;
	mon->handles = 2;
	mon->usr1.data = mon;
	if (env->dispatch)
		uv_signal_start(&mon->usr1, monitor_usr1, SIGUSR1);
	rc = qmp_new(env->loop, &monitor_ops, mon, &mon->qmp);
	if (!rc) {
		qmp_defer(mon->qmp, true);
		rc = monitor_listen(mon);
	}
	if (rc) {
		monitor_free(mon);
		return rc;
	}
	*out = mon;
	return 0;
}

void
monitor_go(struct monitor *mon)
{
	qmp_defer(mon->qmp, false);
}

void
monitor_leave_paths(struct monitor *mon)
{
	qmp_leave_paths(mon->qmp);
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
	if (mon->handover.call)
		monitor_answer(&mon->handover.call, -ESHUTDOWN, "");
	mon->handover.step = MON_HANDOVER_NONE; /* nobody goes on here */
	if (mon->qmp)
		qmp_free(mon->qmp);
	handover_free(mon->handover.out);
	uv_close((uv_handle_t *)&mon->handover.limit, monitor_closed);
	uv_close((uv_handle_t *)&mon->usr1, monitor_closed);
}
