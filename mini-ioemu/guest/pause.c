/* SPDX-License-Identifier: MIT */
/*
 * Stopping goes outside in: the guest's accesses, for which the clock must run
 * as a device may answer one by a timer; then the clock; DMA and disk I/O,
 * which end by themselves; the peers, which may be told to pause only when
 * nothing is asked of them (doc/wire.md, section 8); last the disks' caches.
 */
#include "guest/pause.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/await.h"
#include "base/log.h"
#include "local/disks.h"

#define LIMIT_MS 8000u /* libxl waits 10 s (LIBXL_QMP_CMD_TIMEOUT) */
#define MS_PER_S 1000u

enum pause_step { STEP_DEVICES, STEP_PEERS, STEP_DISKS };

struct pause {
	struct await await; /* first: freed as this */
	struct pause_env env;
	enum pause_state state;
	enum pause_step step;
	bool failed; /* a disk; what is parked cannot be written out */
	void (*done)(void *ctx, int err, const char *why);
	void *ctx;
};

enum pause_state
pause_state(const struct pause *p)
{
	return p->state;
}

/* A device that refused a request to itself ends it by the clock too. */
static bool
pause_devices(struct pause *p)
{
	const struct pause_env *env = &p->env;

	if (!dispatch_shut(env->dispatch) || local_waiting(env->local)) {
		clock_resume(env->clock);
		return false;
	}
	clock_pause(env->clock);
	return local_quiet(env->local);
}

static bool
pause_over(void *ctx)
{
	struct pause *p = ctx;

	if (p->step == STEP_DEVICES) {
		if (!pause_devices(p))
			return false;
		peers_pause(p->env.peers);
		p->step = STEP_PEERS;
	}
	if (p->step == STEP_PEERS) {
		if (peers_waiting(p->env.peers))
			return false;
		if (!p->failed)
			disks_flush(local_disks(p->env.local));
		p->step = STEP_DISKS;
	}
	return !disks_busy(local_disks(p->env.local));
}

/* What it still waits for. */
static void
pause_hindrance(const struct pause *p, char *why, size_t size)
{
	const char *id = NULL;

	if (p->step == STEP_DEVICES)
		id = local_waiting(p->env.local);
	else if (p->step == STEP_PEERS)
		id = peers_waiting(p->env.peers);
	if (id)
		snprintf(why, size, "'%s' does not come to rest", id);
	else if (p->step == STEP_DEVICES && dispatch_busy(p->env.dispatch))
		snprintf(why, size, "an access of the guest is not answered");
	else
		snprintf(why, size, "disk I/O or DMA takes more than %u s",
			 p->env.limit_ms / MS_PER_S);
}

static void
pause_tell(struct pause *p, int err, const char *why)
{
	void (*done)(void *ctx, int err, const char *why) = p->done;

	p->done = NULL;
	if (done)
		done(p->ctx, err, why);
}

static void
pause_run(struct pause *p)
{
	await_stop(&p->await);
	p->state = PAUSE_RUNNING;
	p->failed = false;
	clock_resume(p->env.clock);
	local_defer_input(p->env.local, false);
	peers_run(p->env.peers);
	dispatch_open(p->env.dispatch);
}

/* As before, and the caller is told why. */
static void
pause_cancel(struct pause *p, int err, const char *why)
{
	pause_run(p);
	pause_tell(p, err, why);
	disks_retry(local_disks(p->env.local));
}

static void
pause_done(void *ctx, bool late)
{
	struct pause *p = ctx;
	const char *disk = "";
	char why[320];
	int rc = 0;

	if (!late && !p->failed)
		rc = disks_flushed(local_disks(p->env.local), &disk);
	if (late) {
		pause_hindrance(p, why, sizeof(why));
		pause_cancel(p, -ETIMEDOUT, why);
	} else if (rc) {
		snprintf(why, sizeof(why), "%s cannot be written out: %s", disk,
			 strerror(-rc));
		pause_cancel(p, rc, why);
	} else {
		p->state = PAUSE_STOPPED;
		pause_tell(p, 0, "");
	}
}

static void
pause_begin(struct pause *p, bool failed,
	    void (*done)(void *ctx, int err, const char *why), void *ctx)
{
	if (p->state == PAUSE_STOPPED) {
		done(ctx, 0, "");
	} else if (p->state == PAUSE_STOPPING) {
		done(ctx, -EBUSY, "it is being stopped already");
	} else {
		p->state = PAUSE_STOPPING;
		p->step = STEP_DEVICES;
		p->failed = failed;
		p->done = done;
		p->ctx = ctx;
		local_defer_input(p->env.local, true);
		await_start(&p->await, p->env.limit_ms, pause_over, pause_done,
			    p);
	}
}

void
pause_stop(struct pause *p, void (*done)(void *ctx, int err, const char *why),
	   void *ctx)
{
	pause_begin(p, false, done, ctx);
}

void
pause_cont(struct pause *p)
{
	if (p->state != PAUSE_RUNNING)
		pause_cancel(p, -ECANCELED, "told to continue instead");
}

/* ---- disks that fail ---------------------------------------------- */

/* Waiting for what the disk owes, a device would wait for ever. */
static void
pause_failed(void *ctx, int err, const char *why)
{
	struct pause *p = ctx;

	if (!err || err == -ECANCELED)
		return;
	log_warn("the guest's devices do not stop (%s): they are told of the "
		 "disk's error",
		 why);
	disks_give_up(local_disks(p->env.local));
}

/* The first of them is told: others of the same cause follow it. */
static void
pause_on_error(void *ctx, const char *why)
{
	struct pause *p = ctx;

	if (p->failed)
		return;
	log_error("%s; the guest's devices stop: mend that, then `xl "
		  "qemu-monitor-command %s cont` tries again",
		  why, p->env.name ? p->env.name : "NAME");
	if (p->state == PAUSE_RUNNING)
		pause_begin(p, true, pause_failed, p);
	else
		p->failed = true;
}

int
pause_new(const struct pause_env *env, bool stopped, struct pause **out)
{
	struct pause *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->env = *env;
	if (!p->env.limit_ms)
		p->env.limit_ms = LIMIT_MS;
	await_init(&p->await, env->loop);
	disks_on_error(local_disks(env->local), pause_on_error, p);
	if (stopped) {
		p->state = PAUSE_STOPPED;
		clock_pause(env->clock);
		local_defer_input(env->local, true);
		peers_pause(env->peers);
		dispatch_keep_shut(env->dispatch);
	}
	*out = p;
	return 0;
}

void
pause_free(struct pause *p)
{
	if (!p)
		return;
	disks_on_error(local_disks(p->env.local), NULL, NULL);
	await_free(&p->await);
}
