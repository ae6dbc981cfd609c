/* SPDX-License-Identifier: MIT */
/*
 * The lists of requests of ours and of their tags, and how a request ends.
 */
#include "priv.h"

#include <string.h>

#define ONES 0xff

/* ---- lists ---------------------------------------------------------- */

void
linkop_list_init(struct op_list *list)
{
	list->first = NULL;
	list->last = &list->first;
}

void
linkop_push(struct op_list *list, struct link_op *op)
{
	op->next = NULL;
	*list->last = op;
	list->last = &op->next;
}

struct link_op *
linkop_pop(struct op_list *list)
{
	struct link_op *op = list->first;

	if (op) {
		list->first = op->next;
		if (!list->first)
			list->last = &list->first;
	}
	return op;
}

void
linktag_push(struct link *link, struct tag_list *list, uint16_t i)
{
	struct tag *t = &link->tag[i];

	t->next = TAG_NONE;
	t->prev = list->last;
	if (list->last == TAG_NONE)
		list->first = i;
	else
		link->tag[list->last].next = i;
	list->last = i;
}

void
linktag_take(struct link *link, struct tag_list *list, uint16_t i)
{
	struct tag *t = &link->tag[i];

	if (t->prev == TAG_NONE)
		list->first = t->next;
	else
		link->tag[t->prev].next = t->next;
	if (t->next == TAG_NONE)
		list->last = t->prev;
	else
		link->tag[t->next].prev = t->prev;
}

/* ---- ends of requests ----------------------------------------------- */

void
linkop_end(struct link_op *op, int status)
{
	if (!op->status)
		op->status = status;
	if (op->status && op->kind == LINK_READ)
		memset(op->data, ONES, op->len);
	op->done(op);
}

/* All sent and all answered? */
static bool
op_over(const struct link_op *op)
{
	return op->sent == op->len && !op->tags;
}

/* The last completion of a request is there. */
void
linktag_end(struct link *link, uint16_t i, int status)
{
	struct tag *t = &link->tag[i];
	struct link_op *op = t->op;

	linktag_take(link, &link->tag_wait, i);
	t->state = TAG_FREE;
	linktag_push(link, &link->tag_free, i);
	op->tags--;
	if (status)
		op->status = status;
	if (op_over(op))
		linkop_end(op, 0);
}
