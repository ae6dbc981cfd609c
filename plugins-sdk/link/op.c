/* SPDX-License-Identifier: MIT */
/*
 * Which requests an access of the guest is. It sends none.
 */
#include "link/link.h"

/* A string over consecutive addresses that may be joined. */
static bool
access_joins(const struct host_op *access)
{
	int8_t straight = access->down ? -1 : 1;

	return access->count > 1 && access->step == straight &&
	       access->window->region.flags & IOEMU_PREFETCHABLE;
}

/* What lies outside the window would reach others, or nobody: and then all of
 * the request would have failed. */
static void
op_clip(struct link_op *op, uint64_t offset, uint64_t size)
{
	uint64_t before = offset < size ? 0 : -offset; /* its start */

	if (before >= op->len) {
		op->len = 0;
		return;
	}
	op->len -= (uint32_t)before;
	op->data += before;
	op->addr += before;
	if (op->len > size - (offset + before))
		op->len = (uint32_t)(size - (offset + before));
}

bool
link_op_next(struct link_op *op, const struct host_op *access, uint32_t *i)
{
	const struct host_window *w = access->window;
	bool joins = access_joins(access);

	op->kind = access->write ? LINK_WRITE : LINK_READ;
	op->space = w->space;
	for (op->len = 0; !op->len && *i < access->count;
	     *i += joins ? access->count : 1) {
		int64_t moved = (int64_t)access->step * (int64_t)*i *
				(int64_t)access->width;
		uint64_t offset = access->offset + (uint64_t)moved;
		uint32_t at = access->down ? access->count - 1 - *i : *i;

		op->len = access->width;
		if (joins) {
			op->len *= access->count;
			at = 0;
			if (access->down)
				offset -= op->len - access->width;
		}
		op->data = access->data + (size_t)at * access->width;
		op->addr = w->base + offset;
		op_clip(op, offset, w->region.size);
	}
	return op->len;
}
