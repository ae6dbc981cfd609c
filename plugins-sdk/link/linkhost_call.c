/* SPDX-License-Identifier: MIT */
/*
 * What devices ask of a guest at the other end of a link: windows, lines,
 * memory and text become messages and requests to the root.
 */
#include "linkhost_priv.h"

#include <stdlib.h>
#include <string.h>

#define INDEX_ROM 6u
#define INDEX_FIXED 7u
#define LOG_MAX 256u
#define N_LINES 16u /* of ISA; the next is INTx */

struct linkhost_dma {
	struct link_op op; /* first */
	struct hostdev *hd;
	struct ioemu_dma *dma;
	struct linkhost_dma *next;
};

static struct linkhost *
linkhost_of(const struct hostdev *hd)
{
	return *(struct linkhost **)hd->host;
}

/* ---- windows and lines -------------------------------------------- */

static uint8_t
window_index(const struct host_window *w)
{
	if (w->kind == HOST_WINDOW_BAR)
		return w->index;
	if (w->kind == HOST_WINDOW_ROM)
		return INDEX_ROM;
	return (uint8_t)(INDEX_FIXED + (w - w->hd->window));
}

void
linkhost_map(struct hostdev *hd, struct host_window *w)
{
	const struct linkhost *lh = linkhost_of(hd);
	const struct ioemu_region *r = &w->region;
	const struct link_window say = {
		.index = window_index(w),
		.space = w->space,
		.mapped = w->mapped,
		.prefetchable = r->flags & IOEMU_PREFETCHABLE,
		.readonly = !r->write,
		.writeonly = !r->read,
		.base = w->base,
		.size = r->size,
	};

	if (lh->link && hd == lh->dev[0])
		link_say_window(lh->link, lh->id, &say);
}

static void
say_line(struct linkhost *lh, unsigned line, bool level)
{
	struct link_msg msg = { .requester = lh->id };

	if (line == N_LINES) {
		msg.code = (uint8_t)((level ? LINK_ASSERT_INTX
					    : LINK_DEASSERT_INTX) +
				     hostdev_intx_pin(lh->dev[0]) - 1);
	} else {
		msg.code = LINK_VENDOR_MSG;
		msg.word = LINK_LINE;
		msg.a = level;
		msg.b = (uint16_t)line;
	}
	link_say(lh->link, &msg);
}

/* A wire is up while one of the devices holds it up. */
static void
update_line(struct linkhost *lh, unsigned line)
{
	uint32_t bit = 1u << line, any = 0;
	unsigned i;

	for (i = 0; i < lh->n_devs; i++)
		any |= lh->dev[i]->lines_out & bit;
	if (!lh->link || any == (lh->lines & bit))
		return;
	lh->lines ^= bit;
	say_line(lh, line, any);
}

void
linkhost_irq(struct hostdev *hd, unsigned line, bool level)
{
	struct linkhost *lh = linkhost_of(hd);

	(void)level; /* it is in hd->lines_out */
	if (line != IOEMU_INTX)
		update_line(lh, line);
	else if (hostdev_intx_pin(lh->dev[0]))
		update_line(lh, N_LINES);
}

void
linkhost_announce(struct linkhost *lh)
{
	struct hostdev *hd = lh->dev[0];
	unsigned i;

	for (i = 0; i < hd->n_windows; i++)
		if (hd->window[i].mapped)
			linkhost_map(hd, &hd->window[i]);
	lh->lines = 0;
	for (i = 0; i < N_LINES; i++)
		update_line(lh, i);
	if (hostdev_intx_pin(hd))
		update_line(lh, N_LINES);
}

void
linkhost_msi(struct hostdev *hd, uint64_t addr, uint32_t data)
{
	const struct linkhost *lh = linkhost_of(hd);
	uint8_t le[4];

	ioemu_put_le32(le, data);
	if (lh->link)
		link_post(lh->link, lh->id, addr, le, sizeof(le));
}

/* ---- memory ------------------------------------------------------- */

static void
dma_end(struct link_op *op)
{
	struct linkhost_dma *d = (struct linkhost_dma *)op;
	struct hostdev *hd = d->hd;
	struct linkhost *lh = linkhost_of(hd);
	struct ioemu_dma *dma = d->dma;

	hostdev_dma_status(dma, op->status);
	d->next = lh->dma_free;
	lh->dma_free = d;
	lh->n_dma--;
	dma->done(&hd->dev, dma);
	linkhost_poll(lh);
}

static struct linkhost_dma *
dma_take(struct linkhost *lh)
{
	struct linkhost_dma *d = lh->dma_free;

	if (!d)
		return calloc(1, sizeof(*d));
	lh->dma_free = d->next;
	return d;
}

void
linkhost_dma_read(struct hostdev *hd, struct ioemu_dma *dma)
{
	struct linkhost *lh = linkhost_of(hd);
	struct linkhost_dma *d = NULL;

	if (lh->link && link_is_up(lh->link))
		d = dma_take(lh);
	if (!d) {
		hostdev_refuse_dma(hd, dma);
		return;
	}
	*d = (struct linkhost_dma){
		.op = {
			.kind = LINK_READ,
			.space = IOEMU_MEM,
			.addr = dma->gpa,
			.len = dma->len,
			.data = dma->buf,
			.requester = lh->id,
			.done = dma_end,
		},
		.hd = hd,
		.dma = dma,
	};
	lh->n_dma++;
	link_submit(lh->link, &d->op);
}

void
linkhost_dma_write(struct hostdev *hd, uint64_t gpa, const void *buf,
		   uint32_t len)
{
	const struct linkhost *lh = linkhost_of(hd);

	if (lh->link)
		link_post(lh->link, lh->id, gpa, buf, len);
}

void
linkhost_dma_free(struct linkhost *lh)
{
	struct linkhost_dma *d;

	while ((d = lh->dma_free)) {
		lh->dma_free = d->next;
		free(d);
	}
}

/* ---- text --------------------------------------------------------- */

void
linkhost_log(struct hostdev *hd, enum ioemu_level level, const char *text)
{
	const struct linkhost *lh = linkhost_of(hd);
	uint8_t data[LOG_MAX] = { 0 };
	size_t len = strnlen(text, LOG_MAX);
	const struct link_msg msg = {
		.code = LINK_VENDOR_MSG,
		.requester = lh->id,
		.word = LINK_LOG,
		.a = (uint8_t)level,
		.b = (uint16_t)len,
		.data = data,
		.len = (uint32_t)((len + 3) & ~3ul),
	};

	memcpy(data, text, len);
	if (lh->link && len)
		link_say(lh->link, &msg);
}

/* ---- the end ------------------------------------------------------ */

void
linkhost_forget(struct hostdev *hd)
{
	struct linkhost *lh = linkhost_of(hd);
	unsigned i, n = 0;

	for (i = 0; i < lh->n_devs; i++)
		if (lh->dev[i] != hd)
			lh->dev[n++] = lh->dev[i];
	lh->n_devs = n;
}
