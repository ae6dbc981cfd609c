/* SPDX-License-Identifier: MIT */
/*
 * What the device asks: windows, lines and memory become messages and requests
 * to the root; clock, files and character devices are this process's own.
 */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INDEX_ROM 6u
#define INDEX_FIXED 7u
#define LOG_MAX 256u
#define N_LINES 16u

struct peer_dma {
	struct link_op op; /* first */
	struct peer *peer;
	struct ioemu_dma *dma; /* NULL: the device went */
	struct peer_dma *next;
};

static struct peer *
peer_of(const struct hostdev *hd)
{
	return hd->host;
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

static void
say_window(struct peer *peer, const struct host_window *w)
{
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

	if (peer->link)
		link_say_window(peer->link, peer->id, &say);
}

static void
ops_map(struct hostdev *hd, struct host_window *w)
{
	say_window(peer_of(hd), w);
}

static void
say_line(struct peer *peer, unsigned line, bool level)
{
	struct link_msg msg = { .requester = peer->id };

	if (!peer->link)
		return;
	if (line == IOEMU_INTX) {
		msg.code = (uint8_t)((level ? LINK_ASSERT_INTX
					    : LINK_DEASSERT_INTX) +
				     hostdev_intx_pin(peer->hd) - 1);
	} else {
		msg.code = LINK_VENDOR_MSG;
		msg.word = LINK_LINE;
		msg.a = level;
		msg.b = (uint16_t)line;
	}
	link_say(peer->link, &msg);
}

static void
ops_irq(struct hostdev *hd, unsigned line, bool level)
{
	if (line != IOEMU_INTX || hostdev_intx_pin(hd))
		say_line(peer_of(hd), line, level);
}

void
peer_announce(struct peer *peer)
{
	struct hostdev *hd = peer->hd;
	unsigned i;

	for (i = 0; i < hd->n_windows; i++)
		if (hd->window[i].mapped)
			say_window(peer, &hd->window[i]);
	for (i = 0; i <= N_LINES; i++)
		if (hd->lines_out >> i & 1)
			ops_irq(hd, i == N_LINES ? IOEMU_INTX : i, true);
}

static void
ops_msi(struct hostdev *hd, uint64_t addr, uint32_t data)
{
	struct peer *peer = peer_of(hd);
	uint8_t le[4];

	put_le32(le, data);
	if (peer->link)
		link_post(peer->link, peer->id, addr, le, sizeof(le));
}

/* ---- memory ------------------------------------------------------- */

static void
dma_end(struct link_op *op)
{
	struct peer_dma *d = (struct peer_dma *)op;
	struct peer *peer = d->peer;
	struct ioemu_dma *dma = d->dma;

	d->next = peer->dma_free;
	peer->dma_free = d;
	peer->n_dma--;
	if (dma) {
		dma->status = op->status;
		dma->done(&peer->hd->dev, dma);
	}
	peer_check_quiet(peer);
}

static struct peer_dma *
dma_take(struct peer *peer)
{
	struct peer_dma *d = peer->dma_free;

	if (!d)
		return calloc(1, sizeof(*d));
	peer->dma_free = d->next;
	return d;
}

static void
ops_dma_read(struct hostdev *hd, struct ioemu_dma *dma)
{
	struct peer *peer = peer_of(hd);
	struct peer_dma *d;

	d = peer->link && link_is_up(peer->link) && dma->len ? dma_take(peer)
							     : NULL;
	if (!d) {
		hostdev_refuse_dma(hd, dma, -EIO);
		return;
	}
	*d = (struct peer_dma){
		.op = {
			.kind = LINK_READ,
			.space = IOEMU_MEM,
			.addr = dma->gpa,
			.len = dma->len,
			.data = dma->buf,
			.requester = peer->id,
			.done = dma_end,
		},
		.peer = peer,
		.dma = dma,
	};
	dma->host[0] = d;
	peer->n_dma++;
	link_submit(peer->link, &d->op);
}

static void
ops_dma_write(struct hostdev *hd, uint64_t gpa, const void *buf, uint32_t len)
{
	struct peer *peer = peer_of(hd);

	if (peer->link)
		link_post(peer->link, peer->id, gpa, buf, len);
}

bool
peer_dma_idle(const struct peer *peer)
{
	return !peer->n_dma;
}

void
peer_dma_free(struct peer *peer)
{
	struct peer_dma *d;

	while ((d = peer->dma_free)) {
		peer->dma_free = d->next;
		free(d);
	}
}

/* ---- this process's own ------------------------------------------- */

static uint64_t
ops_now(struct hostdev *hd)
{
	return clock_now(peer_of(hd)->clock);
}

static void
ops_timer_set(struct hostdev *hd, struct ioemu_timer *timer,
	      uint64_t deadline_ns)
{
	clock_set(peer_of(hd)->clock, hd, timer, deadline_ns);
}

static int
ops_block_open(struct hostdev *hd, const char *value, struct ioemu_block **out)
{
	struct peer *peer = peer_of(hd);
	int rc;

	if (peer->n_blocks == sizeof(peer->block) / sizeof(peer->block[0]))
		return -ENOSPC;
	rc = block_open(&peer->loop, value, false, out);
	if (!rc)
		peer->block[peer->n_blocks++] = *out;
	return rc;
}

static void
ops_block_close(struct hostdev *hd, struct ioemu_block *block)
{
	block_forget(block);
	while (block_busy(block))
		uv_run(&peer_of(hd)->loop, UV_RUN_ONCE);
	block_close(block);
}

static void
ops_block_info(struct hostdev *hd, struct ioemu_block *block,
	       struct ioemu_block_info *info)
{
	(void)hd;
	block_info(block, info);
}

static void
ops_io(struct hostdev *hd, struct ioemu_io *io)
{
	block_io(io->block, hd, NULL, io);
}

static int
ops_chr_open(struct hostdev *hd, const char *value, struct ioemu_chardev **out)
{
	int rc = chr_open(&peer_of(hd)->loop, value, out);

	if (!rc) {
		chr_bind(*out, hd);
		fprintf(stderr, "%s: %s\n", hd->dev.id, chr_name(*out));
	}
	return rc;
}

static void
ops_chr_close(struct hostdev *hd, struct ioemu_chardev *chr)
{
	(void)hd;
	chr_close(chr);
}

static void
ops_chr_write(struct hostdev *hd, struct ioemu_chardev *chr, const void *data,
	      size_t len)
{
	(void)hd;
	chr_write(chr, data, len);
}

static void
ops_chr_accept(struct hostdev *hd, struct ioemu_chardev *chr, size_t room)
{
	(void)hd;
	chr_accept(chr, room);
}

/* ---- what a peer is not ------------------------------------------- */

static void
no_chipset(struct hostdev *hd, const char *what)
{
	fprintf(stderr, "%s: %s: not for a device in a process of its own\n",
		hd->dev.id, what);
}

static void
ops_power(struct hostdev *hd, enum ioemu_power what)
{
	(void)what;
	no_chipset(hd, "power of the machine");
}

static void
ops_link_route(struct hostdev *hd, unsigned link, unsigned irq)
{
	(void)link;
	(void)irq;
	no_chipset(hd, "interrupt routing");
}

static void
ops_unplug(struct hostdev *hd, unsigned what)
{
	(void)what;
	no_chipset(hd, "unplugging of others");
}

/* ---- text --------------------------------------------------------- */

static void
ops_log(struct hostdev *hd, enum ioemu_level level, const char *text)
{
	struct peer *peer = peer_of(hd);
	uint8_t data[LOG_MAX] = { 0 };
	size_t len = strnlen(text, LOG_MAX);
	const struct link_msg msg = {
		.code = LINK_VENDOR_MSG,
		.requester = peer->id,
		.word = LINK_LOG,
		.a = (uint8_t)level,
		.b = (uint16_t)len,
		.data = data,
		.len = (uint32_t)((len + 3) & ~3ul),
	};

	fprintf(stderr, "%s: %s\n", hd->dev.id, text);
	memcpy(data, text, len);
	if (peer->link && len)
		link_say(peer->link, &msg);
}

static void
ops_forget(struct hostdev *hd)
{
	clock_forget(peer_of(hd)->clock, hd);
}

const struct host_ops peer_ops = {
	.map = ops_map,
	.unmap = ops_map, /* it looks at w->mapped */
	.irq = ops_irq,
	.msi = ops_msi,
	.dma_read = ops_dma_read,
	.dma_write = ops_dma_write,
	.now = ops_now,
	.timer_set = ops_timer_set,
	.block_open = ops_block_open,
	.block_close = ops_block_close,
	.chr_open = ops_chr_open,
	.chr_close = ops_chr_close,
	.chr_write = ops_chr_write,
	.chr_accept = ops_chr_accept,
	.block_info = ops_block_info,
	.io = ops_io,
	.power = ops_power,
	.link_route = ops_link_route,
	.unplug = ops_unplug,
	.log = ops_log,
	.forget = ops_forget,
};
