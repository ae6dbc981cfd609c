/* SPDX-License-Identifier: MIT */
/*
 * The guest goes to another process: its devices stop, their state and all that
 * must stay open goes out, and this process waits. Whatever happens but that
 * the other says "taken", in time, the devices run on here.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/log.h"
#include "control/priv.h"
#include "path/claims.h"

#define LIMIT_MS 10000u /* until the other has it */

static const char *
handover_hindrance(const struct monitor *mon)
{
	if (!mon->env.pause)
		return "There is no guest";
	if (mon->handover.step != MON_HANDOVER_NONE)
		return "Another client takes the guest over";
	if (mon->stop || mon->save ||
	    pause_state(mon->env.pause) != PAUSE_RUNNING)
		return "The guest's devices stand still: 'cont' first";
	if (power_asleep(mon->env.power))
		return "The guest sleeps: wake it first";
	if (dma_logs(mon->env.dma))
		return "The guest is being copied to another host";
	return NULL;
}

static void
handover_back(void *ctx)
{
	struct monitor *mon = ctx;

	mon->handover.step = MON_HANDOVER_NONE;
	pause_cont(mon->env.pause);
}

static void
handover_end(struct monitor *mon)
{
	uv_timer_stop(&mon->handover.limit);
	mon->handover.step = MON_HANDOVER_BACK;
	qmp_take_back(mon->qmp);
	handover_free(mon->handover.out);
	mon->handover.out = NULL;
	peers_handover_abort(mon->env.peers, handover_back, mon);
}

static void
handover_fail(struct monitor *mon, const char *why)
{
	struct qmp_call *call = mon->handover.call;

	log_warn("the guest is not handed over: %s", why);
	mon->handover.call = NULL;
	handover_end(mon);
	qmp_fail(call, why);
}

static void
handover_late(uv_timer_t *timer)
{
	struct monitor *mon = timer->data;

	log_warn("the guest was not taken over within %u s: it goes on here",
		 LIMIT_MS / 1000);
	handover_end(mon);
}

/* ---- what there is ------------------------------------------------ */

static void
put_claims(const struct monitor *mon, struct handover *h)
{
	struct host_interval c;
	unsigned space, i;

	for (space = 0; space < ROUTE_SPACES; space++)
		for (i = 0; claims_at(mon->env.claims, space, i, &c); i++)
			handover_put_claim(h, space, c.first, c.last);
}

static void
put_monitors(const struct monitor *mon, struct handover *h)
{
	const struct conf_monitor *c = mon->env.conf->monitors;
	unsigned i;

	for (i = 0; c; c = c->next, i++)
		handover_put_fd(h, c->id, qmp_listens(mon->qmp, i));
}

static int
put_all(struct monitor *mon)
{
	struct handover *h = mon->handover.out;
	struct xen_handover xen;

	xen_handover_over(mon->env.xen, &xen);
	handover_put_xen(h, &xen, mon->env.conf->max_vcpus);
	put_claims(mon, h);
	put_monitors(mon, h);
	plug_handover_over(mon->env.plug, h);
	handover_put_fd(h, "log", STDERR_FILENO);
	handover_put_u64(h, "pid", (uint64_t)getpid());
	handover_put_u64(h, "since", mon->handover.since);
	peers_handover_begin(mon->env.peers, h);
	return local_handover_over(mon->env.local, h);
}

/* ---- its steps ---------------------------------------------------- */

static void
handover_saved(void *ctx, int err, const char *why)
{
	struct monitor *mon = ctx;
	struct qmp_call *call = mon->handover.call;

	if (!err && lseek(mon->handover.state, 0, SEEK_SET))
		err = -errno;
	if (!err) {
		handover_put_own(mon->handover.out, "state",
				 mon->handover.state);
		err = put_all(mon);
	} else {
		close(mon->handover.state);
	}
	if (err) {
		handover_fail(mon, *why ? why : strerror(-err));
		return;
	}
	mon->handover.call = NULL;
	mon->handover.step = MON_HANDOVER_GIVEN;
	uv_timer_start(&mon->handover.limit, handover_late, LIMIT_MS, 0);
	log_info("the guest's devices are handed over");
	qmp_give(call, mon->handover.out);
}

static void
handover_stopped(void *ctx, int err, const char *why)
{
	struct monitor *mon = ctx;
	int fd = -1;

	if (!err) {
		mon->handover.state = memfd_create("state", MFD_CLOEXEC);
		fd = fcntl(mon->handover.state, F_DUPFD_CLOEXEC, 0);
		if (fd < 0)
			err = -errno;
		if (fd < 0 && mon->handover.state >= 0)
			close(mon->handover.state);
	}
	if (err)
		handover_fail(mon, *why ? why : strerror(-err));
	else
		save_write(mon->env.save, fd, true, handover_saved, mon);
}

void
monitor_take_over(void *ctx, struct qmp_call *call)
{
	struct monitor *mon = ctx;
	const char *why = handover_hindrance(mon);
	char text[200];

	if (!why && peers_can_hand_over(mon->env.peers, text, sizeof(text)))
		why = text;
	if (why) {
		qmp_fail(call, why);
		return;
	}
	if (handover_new(&mon->handover.out)) {
		qmp_done(call, -ENOMEM);
		return;
	}
	mon->handover.since = uv_hrtime();
	mon->handover.call = call;
	mon->handover.step = MON_HANDOVER_STOPPING;
	pause_stop(mon->env.pause, handover_stopped, mon);
}

/* ---- its end ------------------------------------------------------ */

void
monitor_untake(void *ctx)
{
	struct monitor *mon = ctx;

	if (mon->handover.step != MON_HANDOVER_GIVEN)
		return;
	log_warn("whoever took the guest over has gone: it goes on here");
	handover_end(mon);
}

bool
monitor_taking(void *ctx)
{
	return ((struct monitor *)ctx)->handover.step != MON_HANDOVER_NONE;
}

bool
monitor_given(void *ctx)
{
	return ((struct monitor *)ctx)->handover.step == MON_HANDOVER_GIVEN;
}

void
monitor_gone(void *ctx)
{
	struct monitor *mon = ctx;

	mon->handover.step = MON_HANDOVER_GONE;
	uv_timer_stop(&mon->handover.limit);
	log_info("the guest goes on in another process");
	uv_stop(mon->env.loop);
}

bool
monitor_has_gone(const struct monitor *mon)
{
	return mon->handover.step == MON_HANDOVER_GONE;
}
