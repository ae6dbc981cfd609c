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
hand_hindrance(const struct monitor *mon)
{
	if (!mon->env.pause)
		return "There is no guest";
	if (mon->hand.step != MON_HAND_NONE)
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
hand_back(void *ctx)
{
	struct monitor *mon = ctx;

	mon->hand.step = MON_HAND_NONE;
	pause_cont(mon->env.pause);
}

static void
hand_end(struct monitor *mon)
{
	uv_timer_stop(&mon->hand.limit);
	mon->hand.step = MON_HAND_BACK;
	qmp_take_back(mon->qmp);
	hand_free(mon->hand.out);
	mon->hand.out = NULL;
	peers_take_back(mon->env.peers, hand_back, mon);
}

static void
hand_fail(struct monitor *mon, const char *why)
{
	struct qmp_call *call = mon->hand.call;

	log_warn("the guest is not handed over: %s", why);
	mon->hand.call = NULL;
	hand_end(mon);
	qmp_fail(call, why);
}

static void
hand_late(uv_timer_t *timer)
{
	struct monitor *mon = timer->data;

	log_warn("the guest was not taken over within %u s: it goes on here",
		 LIMIT_MS / 1000);
	hand_end(mon);
}

/* ---- what there is ------------------------------------------------ */

static void
put_claims(const struct monitor *mon, struct hand *h)
{
	struct host_interval c;
	unsigned space, i;

	for (space = 0; space < ROUTE_SPACES; space++)
		for (i = 0; claims_at(mon->env.claims, space, i, &c); i++)
			hand_put_claim(h, space, c.first, c.last);
}

static void
put_monitors(const struct monitor *mon, struct hand *h)
{
	const struct conf_monitor *c = mon->env.conf->monitors;
	unsigned i;

	for (i = 0; c; c = c->next, i++)
		hand_put_fd(h, c->id, qmp_listens(mon->qmp, i));
}

static int
put_all(struct monitor *mon)
{
	struct hand *h = mon->hand.out;
	struct xen_hand xen;

	xen_hand_over(mon->env.xen, &xen);
	hand_put_xen(h, &xen, mon->env.conf->max_vcpus);
	put_claims(mon, h);
	put_monitors(mon, h);
	plug_hand_over(mon->env.plug, h);
	hand_put_fd(h, "log", STDERR_FILENO);
	hand_put_u64(h, "pid", (uint64_t)getpid());
	hand_put_u64(h, "since", mon->hand.since);
	peers_lend(mon->env.peers, h);
	return local_hand_over(mon->env.local, h);
}

/* ---- its steps ---------------------------------------------------- */

static void
hand_saved(void *ctx, int err, const char *why)
{
	struct monitor *mon = ctx;
	struct qmp_call *call = mon->hand.call;

	if (!err && lseek(mon->hand.state, 0, SEEK_SET))
		err = -errno;
	if (!err) {
		hand_put_own(mon->hand.out, "state", mon->hand.state);
		err = put_all(mon);
	} else {
		close(mon->hand.state);
	}
	if (err) {
		hand_fail(mon, *why ? why : strerror(-err));
		return;
	}
	mon->hand.call = NULL;
	mon->hand.step = MON_HAND_GIVEN;
	uv_timer_start(&mon->hand.limit, hand_late, LIMIT_MS, 0);
	log_info("the guest's devices are handed over");
	qmp_give(call, mon->hand.out);
}

static void
hand_stopped(void *ctx, int err, const char *why)
{
	struct monitor *mon = ctx;
	int fd = -1;

	if (!err) {
		mon->hand.state = memfd_create("state", MFD_CLOEXEC);
		fd = fcntl(mon->hand.state, F_DUPFD_CLOEXEC, 0);
		if (fd < 0)
			err = -errno;
		if (fd < 0 && mon->hand.state >= 0)
			close(mon->hand.state);
	}
	if (err)
		hand_fail(mon, *why ? why : strerror(-err));
	else
		save_write(mon->env.save, fd, true, hand_saved, mon);
}

void
monitor_take_over(void *ctx, struct qmp_call *call)
{
	struct monitor *mon = ctx;
	const char *why = hand_hindrance(mon);
	char text[200];

	if (!why && peers_can_go(mon->env.peers, text, sizeof(text)))
		why = text;
	if (why) {
		qmp_fail(call, why);
		return;
	}
	if (hand_new(&mon->hand.out)) {
		qmp_done(call, -ENOMEM);
		return;
	}
	mon->hand.since = uv_hrtime();
	mon->hand.call = call;
	mon->hand.step = MON_HAND_STOPPING;
	pause_stop(mon->env.pause, hand_stopped, mon);
}

/* ---- its end ------------------------------------------------------ */

void
monitor_untake(void *ctx)
{
	struct monitor *mon = ctx;

	if (mon->hand.step != MON_HAND_GIVEN)
		return;
	log_warn("whoever took the guest over has gone: it goes on here");
	hand_end(mon);
}

bool
monitor_taking(void *ctx)
{
	return ((struct monitor *)ctx)->hand.step != MON_HAND_NONE;
}

bool
monitor_given(void *ctx)
{
	return ((struct monitor *)ctx)->hand.step == MON_HAND_GIVEN;
}

void
monitor_gone(void *ctx)
{
	struct monitor *mon = ctx;

	mon->hand.step = MON_HAND_GONE;
	uv_timer_stop(&mon->hand.limit);
	log_info("the guest goes on in another process");
	uv_stop(mon->env.loop);
}

bool
monitor_has_gone(const struct monitor *mon)
{
	return mon->hand.step == MON_HAND_GONE;
}
