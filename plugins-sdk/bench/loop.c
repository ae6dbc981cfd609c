/* SPDX-License-Identifier: MIT */
/*
 * The bench's event loop: a clock moved by hand, timers, requests that end
 * some turns later, links that carry some bytes a turn. Time stands still but
 * for machine_advance() and waiting.
 */
#include "machine.h"

#include <stdlib.h>
#include <string.h>

#define WAIT_NS (10 * NS_PER_S)
#define STORM 100000u /* turns at one moment: a timer that never rests */

static struct ioemu_timer *
timer_next(const struct machine *m)
{
	struct ioemu_timer *t, *first = m->timers;

	for (t = m->timers; t; t = t->host[0])
		if (t->deadline_ns < first->deadline_ns)
			first = t;
	return first;
}

static void
timer_unlink(struct machine *m, const struct ioemu_timer *timer)
{
	struct ioemu_timer *t = m->timers;

	if (t == timer) {
		m->timers = t->host[0];
		return;
	}
	for (; t; t = t->host[0])
		if (t->host[0] == timer)
			t->host[0] = timer->host[0];
}

/* Each timer that is due now, once. */
static void
timers_fire(struct machine *m)
{
	struct ioemu_timer *t;
	unsigned due = 0;

	for (t = m->timers; t; t = t->host[0])
		due += t->deadline_ns <= m->now_ns;
	while (due-- && (t = timer_next(m)) && t->deadline_ns <= m->now_ns) {
		struct hostdev *hd = t->host[1];

		timer_unlink(m, t);
		t->deadline_ns = IOEMU_NEVER;
		t->fire(&hd->dev, t);
	}
}

static void
dma_finish(struct machine *m, struct hostdev *hd, struct ioemu_dma *dma)
{
	bool ram = machine_is_ram(dma->gpa, dma->len);

	if (ram)
		memcpy(dma->buf, m->ram + dma->gpa, dma->len);
	hostdev_dma_status(dma, ram ? 0 : -EFAULT);
	dma->done(&hd->dev, dma);
}

static void
io_finish(struct machine *m, struct request *r)
{
	struct hostdev *hd = r->hd;
	const struct slot *s = hd->host;
	struct ioemu_io *io = r->io;

	if (s->lh && !r->status && io->op != IOEMU_BLK_FLUSH && !io->buf) {
		wire_io(r);
		return;
	}
	io->status = r->status ? r->status : backend_io(m, io);
	free(r);
	io->done(&hd->dev, io);
}

static void
request_finish(struct machine *m, struct request *r)
{
	struct request done = *r;

	if (r->io) {
		io_finish(m, r);
		return;
	}
	free(r);
	if (done.in)
		wire_serve(m, done.in);
	else
		dma_finish(m, done.hd, done.dma);
}

/* One that is done by now, out of the list. */
static struct request *
request_take(struct machine *m)
{
	struct request **p, *r;

	for (p = &m->requests; *p; p = &(*p)->next) {
		r = *p;
		if (!r->turns || r->due_ns <= m->now_ns) {
			*p = r->next;
			return r;
		}
	}
	return NULL;
}

void
machine_turn(struct machine *m)
{
	struct request *r;

	timers_fire(m);
	for (r = m->requests; r; r = r->next)
		r->turns -= r->turns > 0;
	while ((r = request_take(m)))
		request_finish(m, r);
	backend_deliver(m);
	wires_move(m);
}

void
machine_arrive(struct machine *m)
{
	unsigned turns = 0;

	while (wires_busy(m) && turns++ < STORM)
		machine_turn(m);
	if (turns > STORM)
		fail_msg("a link never comes to rest");
}

/* When something happens next. */
static uint64_t
machine_next(const struct machine *m)
{
	const struct ioemu_timer *t = timer_next(m);
	uint64_t next = t ? t->deadline_ns : IOEMU_NEVER;
	const struct request *r;

	for (r = m->requests; r; r = r->next)
		if (r->due_ns < next)
			next = r->due_ns;
	return next;
}

void
machine_advance(struct machine *m, uint64_t ns)
{
	uint64_t end = m->now_ns + ns, next;
	unsigned turns = 0;

	/* links take no time */
	while ((next = machine_next(m)) <= end || wires_busy(m)) {
		if (next > m->now_ns && !wires_busy(m)) {
			m->now_ns = next;
			turns = 0;
		}
		machine_turn(m);
		if (turns++ == STORM)
			fail_msg("a timer is set anew for the past for ever");
	}
	m->now_ns = end;
	machine_turn(m);
	machine_arrive(m);
}

bool
machine_wait(struct machine *m, const bool *done)
{
	uint64_t end = m->now_ns + WAIT_NS;
	unsigned turns = 0;

	while (done ? !*done : !machine_quiet(m)) {
		uint64_t next;

		machine_turn(m);
		next = machine_next(m);
		if (turns++ == STORM)
			return false;
		if (m->requests || next <= m->now_ns || wires_busy(m))
			continue;
		if (done ? *done : machine_quiet(m))
			break;
		if (next > end)
			return false;
		m->now_ns = next;
		turns = 0;
	}
	return true;
}
