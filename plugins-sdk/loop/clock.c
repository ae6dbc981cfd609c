/* SPDX-License-Identifier: MIT */
/*
 * The guest's clock: one timerfd and an ordered list through the timers
 * themselves (host[0] next, host[1] owner, host[2] the turn it was set in).
 * Re-armed only when the head moves.
 */
#include "loop/loop.h"

#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define NS 1000000000ull

struct clock {
	uv_poll_t poll; /* first: freed as the clock */
	int fd;
	bool running;
	uint64_t offset; /* running: monotonic - guest; stopped: guest time */
	uintptr_t turn;	 /* of the loop */
	struct ioemu_timer *head;
};

static uint64_t
monotonic(void)
{
	return uv_hrtime();
}

uint64_t
clock_now(const struct clock *clock)
{
	return clock->running ? monotonic() - clock->offset : clock->offset;
}

static struct ioemu_timer *
timer_next(const struct ioemu_timer *t)
{
	return t->host[0];
}

static bool
timer_armed(const struct ioemu_timer *t)
{
	return t->host[1] != NULL;
}

/* An absolute time; 0 stops the timerfd. */
static void
clock_arm(struct clock *clock)
{
	struct itimerspec its = { 0 };
	uint64_t at;

	if (clock->head && clock->running) {
		at = clock->head->deadline_ns > UINT64_MAX / 2 - clock->offset
			     ? UINT64_MAX / 2
			     : clock->head->deadline_ns + clock->offset;
		its.it_value.tv_sec = (time_t)(at / NS);
		its.it_value.tv_nsec = (long)(at % NS);
	}
	timerfd_settime(clock->fd, TFD_TIMER_ABSTIME, &its, NULL);
}

static void
clock_unlink(struct clock *clock, struct ioemu_timer *timer)
{
	struct ioemu_timer *p = clock->head;

	if (p == timer)
		clock->head = timer_next(timer);
	while (p && timer_next(p) != timer)
		p = timer_next(p);
	if (p)
		p->host[0] = timer_next(timer);
	timer->host[0] = NULL;
	timer->host[1] = NULL;
}

static void
clock_link(struct clock *clock, struct ioemu_timer *timer)
{
	struct ioemu_timer *p = clock->head;

	if (!p || timer->deadline_ns < p->deadline_ns) {
		timer->host[0] = p;
		clock->head = timer;
		return;
	}
	while (timer_next(p) &&
	       timer_next(p)->deadline_ns <= timer->deadline_ns)
		p = timer_next(p);
	timer->host[0] = timer_next(p);
	p->host[0] = timer;
}

void
clock_set(struct clock *clock, struct hostdev *hd, struct ioemu_timer *timer,
	  uint64_t deadline_ns)
{
	const struct ioemu_timer *head = clock->head;

	if (timer_armed(timer))
		clock_unlink(clock, timer);
	timer->deadline_ns = deadline_ns;
	if (deadline_ns != IOEMU_NEVER) {
		timer->host[1] = hd;
		timer->host[2] = (void *)clock->turn;
		clock_link(clock, timer);
	}
	if (clock->head != head || head == timer)
		clock_arm(clock);
}

/* Due, and set before this turn. */
static struct ioemu_timer *
clock_due(const struct clock *clock, uint64_t now)
{
	struct ioemu_timer *t = clock->head;

	while (t && t->deadline_ns <= now) {
		if ((uintptr_t)t->host[2] != clock->turn)
			return t;
		t = timer_next(t);
	}
	return NULL;
}

/* A timer that fire() sets waits for the next turn, however early its
 * deadline, so devices cannot hold the loop; and fire() may stop the clock. */
static void
clock_turn(uv_poll_t *poll, int status, int events)
{
	struct clock *clock = (struct clock *)poll;
	uint64_t now = clock_now(clock), ticks;
	ssize_t n = read(clock->fd, &ticks, sizeof(ticks));
	struct ioemu_timer *timer;

	(void)n;
	(void)status;
	(void)events;
	clock->turn++;
	while (clock->running && (timer = clock_due(clock, now))) {
		struct hostdev *hd = timer->host[1];

		clock_unlink(clock, timer);
		timer->deadline_ns = IOEMU_NEVER;
		timer->fire(&hd->dev, timer);
	}
	clock_arm(clock);
}

void
clock_forget(struct clock *clock, struct hostdev *hd)
{
	struct ioemu_timer *t = clock->head, *next;

	for (; t; t = next) {
		next = timer_next(t);
		if (t->host[1] == hd)
			clock_unlink(clock, t);
	}
	clock_arm(clock);
}

void
clock_pause(struct clock *clock)
{
	clock->offset = clock_now(clock);
	clock->running = false;
	clock_arm(clock);
}

void
clock_resume(struct clock *clock)
{
	if (!clock->running)
		clock->offset = monotonic() - clock->offset;
	clock->running = true;
	clock_arm(clock);
}

void
clock_jump(struct clock *clock, uint64_t now_ns)
{
	clock->offset = clock->running ? monotonic() - now_ns : now_ns;
	clock_arm(clock);
}

int
clock_new(uv_loop_t *loop, struct clock **out)
{
	struct clock *clock = calloc(1, sizeof(*clock));
	int rc;

	if (!clock)
		return -ENOMEM;
	clock->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	rc = clock->fd < 0 ? -errno
			   : uv_poll_init(loop, &clock->poll, clock->fd);
	if (rc) {
		if (clock->fd >= 0)
			close(clock->fd);
		free(clock);
		return rc;
	}
	clock_resume(clock);
	*out = clock;
	return uv_poll_start(&clock->poll, UV_READABLE, clock_turn);
}

static void
clock_closed(uv_handle_t *handle)
{
	close(((struct clock *)handle)->fd);
	free(handle);
}

void
clock_free(struct clock *clock)
{
	uv_close((uv_handle_t *)&clock->poll, clock_closed);
}
