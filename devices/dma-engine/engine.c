/* SPDX-License-Identifier: MIT */
/*
 * The engine: fetches a list of descriptors from guest memory and does what
 * they say, between guest memory and BAR 0. It knows no register offsets and
 * no interrupt pins.
 *
 * A list is fetched whole, by one read, so it cannot be changed under way and
 * cannot form a ring. Everything that takes time is in flight (`in_flight`
 * reads, told by done()) or due (`turn`, told by fire()), and while the engine
 * runs exactly one of the two holds. After BATCH chunks it lets the loop go
 * round, by the timer: other devices get their turn, and as the guest's clock
 * stops before a guest is saved, it is there that the engine stands still.
 */
#include "engine.h"

#include <string.h>

#define FLAG_TO_GUEST 0x1u
#define FLAG_INTERRUPT 0x2u
#define FLAG_LAST 0x4u

struct desc {
	uint64_t gpa;
	uint32_t len, flags;
};

static struct desc
engine_desc(const struct engine *e)
{
	const uint8_t *p = e->list + (size_t)e->index * DESC_SIZE;

	return (struct desc){
		.gpa = ioemu_get_le64(p),
		.len = ioemu_get_le32(p + 8),
		.flags = ioemu_get_le32(p + 12),
	};
}

static enum engine_error
engine_check(const struct engine *e, const struct desc *d)
{
	if (!d->len || d->len % 4)
		return ERROR_LENGTH;
	if (e->at > e->size || d->len > e->size - e->at)
		return ERROR_RANGE;
	return ERROR_NONE;
}

/* The list has ended, one way or the other. */
static void
engine_end(struct ioemu_dev *dev, enum engine_error error)
{
	struct engine *e = ioemu_state(dev);

	e->phase = ENGINE_IDLE;
	e->error = error;
	e->status |= error ? STATUS_ERROR : STATUS_DONE;
	e->status |= STATUS_INTERRUPT;
	dma_engine_interrupt(dev, true);
}

/* ---- moving ------------------------------------------------------- */

/* Fletcher's sum with words of 32 bits, modulo 2^32: it sees words swapped. */
static void
engine_sum(struct engine *e, const uint8_t *p, uint32_t len)
{
	uint32_t a = (uint32_t)e->sum, b = (uint32_t)(e->sum >> 32), i;

	for (i = 0; i < len; i += 4) {
		a += ioemu_get_le32(p + i);
		b += a;
	}
	e->sum = (uint64_t)b << 32 | a;
}

/* `len` more bytes of the current descriptor are in place. */
static void
engine_moved(struct ioemu_dev *dev, const struct desc *d, uint32_t len)
{
	struct engine *e = ioemu_state(dev);

	engine_sum(e, e->card + e->at + e->moved, len);
	if (d->flags & FLAG_TO_GUEST)
		e->bytes_out += len;
	else
		e->bytes_in += len;
	e->moved += len;
	if (e->moved < d->len)
		return;
	e->at += d->len;
	e->moved = 0;
	e->index++;
	if (d->flags & FLAG_LAST || e->index == e->length) {
		engine_end(dev, ERROR_NONE);
	} else if (d->flags & FLAG_INTERRUPT) {
		e->status |= STATUS_INTERRUPT;
		dma_engine_interrupt(dev, true);
	}
}

/* Bytes of chunk i, counted from what is done. */
static uint32_t
engine_chunk(const struct engine *e, const struct desc *d, unsigned i)
{
	uint32_t left = d->len - e->moved - i * CHUNK;

	return left < CHUNK ? left : CHUNK;
}

/* As much of the current descriptor as the budget allows; ends in done(). */
static void
engine_read(struct ioemu_dev *dev, const struct desc *d)
{
	struct engine *e = ioemu_state(dev);
	uint64_t gpa = d->gpa + e->moved;
	uint32_t left = d->len - e->moved;
	unsigned i, n = (left + CHUNK - 1) / CHUNK;

	if (n > e->budget)
		n = e->budget;
	e->budget -= n;
	e->in_flight = e->asked = n;
	e->failed = false;
	for (i = 0; i < n; i++) {
		e->dma[i].gpa = gpa + (uint64_t)i * CHUNK;
		e->dma[i].buf = e->chunk[i];
		e->dma[i].len = engine_chunk(e, d, i);
		ioemu_dma_read(dev, &e->dma[i]);
	}
}

/* What engine_read() asked for has come: into BAR 0, in order. */
static void
engine_take(struct ioemu_dev *dev)
{
	struct engine *e = ioemu_state(dev);
	struct desc d = engine_desc(e);
	uint32_t len = 0;
	unsigned i;

	for (i = 0; i < e->asked; i++) {
		memcpy(e->card + e->at + e->moved + len, e->chunk[i],
		       e->dma[i].len);
		len += e->dma[i].len;
	}
	engine_moved(dev, &d, len);
}

/* A write is posted: there is nothing to wait for. */
static void
engine_write(struct ioemu_dev *dev, const struct desc *d)
{
	struct engine *e = ioemu_state(dev);
	uint32_t n = engine_chunk(e, d, 0);

	e->budget--;
	ioemu_dma_write(dev, d->gpa + e->moved, e->card + e->at + e->moved, n);
	engine_moved(dev, d, n);
}

/* ---- running ------------------------------------------------------ */

static void
engine_fetch(struct ioemu_dev *dev)
{
	struct engine *e = ioemu_state(dev);

	e->index = 0;
	e->at = e->start;
	e->moved = 0;
	e->in_flight = 1;
	e->failed = false;
	e->dma[0].gpa = e->list_gpa;
	e->dma[0].buf = e->list;
	e->dma[0].len = e->length * DESC_SIZE;
	ioemu_dma_read(dev, &e->dma[0]);
}

/* Until something is in flight, the budget is used up or the list ends. */
static void
engine_run(struct ioemu_dev *dev)
{
	struct engine *e = ioemu_state(dev);

	if (e->phase == ENGINE_FETCH)
		engine_fetch(dev);
	while (e->phase == ENGINE_MOVE && !e->in_flight) {
		struct desc d = engine_desc(e);
		enum engine_error error = engine_check(e, &d);

		if (error) {
			engine_end(dev, error);
		} else if (!e->budget) {
			ioemu_timer_set(dev, &e->turn, ioemu_now(dev));
			return;
		} else if (d.flags & FLAG_TO_GUEST) {
			engine_write(dev, &d);
		} else {
			engine_read(dev, &d);
		}
	}
}

static void
engine_fire(struct ioemu_dev *dev, struct ioemu_timer *timer)
{
	struct engine *e = ioemu_state(dev);

	(void)timer;
	e->budget = BATCH;
	engine_run(dev);
}

static void
engine_done(struct ioemu_dev *dev, struct ioemu_dma *dma)
{
	struct engine *e = ioemu_state(dev);

	if (dma->status)
		e->failed = true;
	if (--e->in_flight)
		return;
	if (e->stale)
		e->stale = false; /* and the next list may have been started */
	else if (e->failed)
		engine_end(dev, ERROR_DMA);
	else if (e->phase == ENGINE_FETCH)
		e->phase = ENGINE_MOVE;
	else
		engine_take(dev);
	engine_run(dev);
}

/* ---- what the registers ask --------------------------------------- */

void
engine_init(struct engine *e)
{
	unsigned i;

	for (i = 0; i < BATCH; i++)
		e->dma[i].done = engine_done;
	e->turn.fire = engine_fire;
}

void
engine_start(struct ioemu_dev *dev)
{
	struct engine *e = ioemu_state(dev);

	if (e->phase != ENGINE_IDLE)
		return;
	e->status &= ~(STATUS_DONE | STATUS_ERROR);
	e->error = ERROR_NONE;
	e->sum = 0;
	if (!e->length || e->length > LIST_MAX) {
		engine_end(dev, ERROR_LIST);
		return;
	}
	e->phase = ENGINE_FETCH;
	e->budget = BATCH;
	if (!e->in_flight) /* else when the last of it is gone */
		engine_run(dev);
}

void
engine_stop(struct ioemu_dev *dev)
{
	struct engine *e = ioemu_state(dev);

	e->phase = ENGINE_IDLE;
	e->stale = e->in_flight;
	ioemu_timer_set(dev, &e->turn, IOEMU_NEVER);
}

void
engine_abort(struct ioemu_dev *dev)
{
	struct engine *e = ioemu_state(dev);

	if (e->phase == ENGINE_IDLE)
		return;
	engine_stop(dev);
	engine_end(dev, ERROR_ABORTED);
}

/* Saved numbers are numbers like any other: believed only in bounds. */
int
engine_loaded(struct ioemu_dev *dev)
{
	struct engine *e = ioemu_state(dev);

	if (e->phase == ENGINE_IDLE)
		return 0;
	if (e->phase > ENGINE_MOVE || !e->length || e->length > LIST_MAX ||
	    e->index >= e->length || e->moved % CHUNK)
		return -EINVAL;
	if (e->phase == ENGINE_MOVE && e->moved &&
	    e->moved >= engine_desc(e).len)
		return -EINVAL;
	ioemu_timer_set(dev, &e->turn, ioemu_now(dev));
	return 0;
}
