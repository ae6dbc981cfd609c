/* SPDX-License-Identifier: MIT */
/*
 * The access engine: cuts a guest's access into what the region takes, calls
 * the device piece by piece, puts the answers together. It knows neither who
 * asks nor what the device is, and it never allocates.
 *
 * Every op that a device has in hand is in hd->busy. An answer is looked up
 * there by its address, so one given twice touches no memory.
 */
#include "hostdev.h"

#include <assert.h>
#include <string.h>

#include "le.h"

#define ONES 0xff

typedef void access_fn(struct ioemu_dev *dev, struct ioemu_access *a);

static void
op_unlink(struct hostdev *hd, const struct host_op *op)
{
	struct host_op **p = &hd->busy;

	while (*p != op)
		p = &(*p)->next;
	*p = op->next;
}

/* Where the rest of the current element is in the guest's data. */
static uint8_t *
op_data(const struct host_op *op)
{
	size_t e = op->down ? op->count - 1 - op->i : op->i;

	return op->data + e * op->width + op->pos;
}

static void
op_skip(struct host_op *op, uint32_t n)
{
	op->pos += n;
	if (op->pos == op->width) {
		op->pos = 0;
		op->i++;
	}
}

/* n bytes that reach nobody. */
static void
op_miss(struct host_op *op, uint32_t n)
{
	if (!op->write)
		memset(op_data(op), ONES, n);
	op_skip(op, n);
}

/* The device has answered op->unit. */
static void
op_answered(struct host_op *op)
{
	if (op->unit.data) {
		op->i = op->count;
		return;
	}
	if (!op->write)
		put_le(op_data(op), op->unit.value, op->unit.size);
	op_skip(op, op->unit.size);
}

/* False: the device answers later. */
static bool
op_call(struct host_op *op, access_fn *fn)
{
	struct hostdev *hd = op->window->hd;

	if (fn) {
		op->next = hd->busy;
		hd->busy = op;
		op->in_call = true;
		fn(&hd->dev, &op->unit);
		op->in_call = false;
		if (op->unit.flags & IOEMU_DEFERRED)
			return false;
		op_unlink(hd, op);
	}
	op_answered(op);
	return true;
}

/* Bytes at `at` that make one naturally aligned access of a width not above
 * the region's widest. */
static uint32_t
op_piece(const struct host_op *op, uint64_t at)
{
	const struct ioemu_region *r = &op->window->region;
	uint32_t n = r->max;

	while (n > op->width - op->pos || (at & (n - 1)) || n > r->size - at)
		n /= 2;
	return n;
}

static bool
op_step(struct host_op *op)
{
	const struct ioemu_region *r = &op->window->region;
	int64_t moved = (int64_t)op->step * (int64_t)op->i * (int64_t)op->width;
	uint64_t at = op->offset + (uint64_t)moved + op->pos;
	uint32_t n;

	if (at >= r->size) {
		op_miss(op, 1);
		return true;
	}
	n = op_piece(op, at);
	if (n < r->min) {
		op_miss(op, n);
		return true;
	}
	op->unit = (struct ioemu_access){
		.offset = at,
		.value = op->write ? get_le(op_data(op), n) : UINT64_MAX,
		.size = n,
		.flags = op->posted && op->write ? IOEMU_POSTED : 0,
		.tag = r->tag,
	};
	return op_call(op, op->write ? r->write : r->read);
}

static void
op_run(struct host_op *op)
{
	while (op->i < op->count) {
		if (!op->window)
			op_miss(op, op->width - op->pos);
		else if (!op_step(op))
			return;
	}
	op->done(op);
}

static access_fn *
op_burst_fn(const struct host_op *op)
{
	const struct ioemu_region *r;
	int8_t straight = op->down ? -1 : 1;

	if (!op->window || op->count < 2 || op->step != straight)
		return NULL;
	r = &op->window->region;
	if (!(r->flags & IOEMU_PREFETCHABLE) || op->width < r->min)
		return NULL;
	return op->write ? r->burst_write : r->burst_read;
}

/* The whole string as one call, less the bytes outside the region. */
static bool
op_burst(struct host_op *op, access_fn *fn)
{
	const struct ioemu_region *r = &op->window->region;
	uint64_t first = op->offset, skip = 0;
	uint64_t len = (uint64_t)op->width * op->count;

	if (op->down)
		first -= len - op->width;
	if (!op->write)
		memset(op->data, ONES, len);
	if (first >= r->size) /* starts before the region: wraps to its 0 */
		skip = -first;
	if (skip >= len) {
		op->i = op->count;
		return true;
	}
	first += skip;
	len -= skip;
	if (len > r->size - first)
		len = r->size - first;
	op->unit = (struct ioemu_access){
		.offset = first,
		.value = UINT64_MAX,
		.data = op->data + skip,
		.size = (uint32_t)len,
		.flags = op->posted && op->write ? IOEMU_POSTED : 0,
		.tag = r->tag,
	};
	return op_call(op, fn);
}

void
host_op_start(struct host_op *op)
{
	access_fn *burst;

	assert(op->width && op->width <= 8 && !(op->width & (op->width - 1)));
	assert(op->count && op->count <= HOST_MAX_DATA / op->width);
	op->i = 0;
	op->pos = 0;
	op->in_call = false;
	burst = op_burst_fn(op);
	if (burst && !op_burst(op, burst))
		return;
	op_run(op);
}

void
op_complete(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct hostdev *hd = (struct hostdev *)dev;
	struct host_op *op = hd->busy;

	while (op && &op->unit != a)
		op = op->next;
	if (!op || !(op->unit.flags & IOEMU_DEFERRED)) {
		hd->bad_answers++;
		hd->ops->log(hd, IOEMU_WARN,
			     "answers an access that is not open: ignored");
		return;
	}
	op->unit.flags &= (uint16_t)~IOEMU_DEFERRED;
	if (op->in_call) /* op_call() goes on */
		return;
	op_unlink(hd, op);
	op_answered(op);
	op_run(op);
}

void
op_abandon(struct hostdev *hd)
{
	while (hd->busy) {
		struct host_op *op = hd->busy;

		assert(!op->in_call);
		hd->busy = op->next;
		op->window = NULL;
		if (op->unit.data && !op->write)
			memset(op->unit.data, ONES, op->unit.size);
		if (op->unit.data)
			op->i = op->count;
		op_run(op);
	}
}
