/* SPDX-License-Identifier: MIT */
/*
 * What the device asks: clock, files and character devices are this process's
 * own; the rest goes to the root.
 */
#include "peer.h"

#define N_CHR (sizeof(((struct peer *)0)->chr) / sizeof(void *))

static struct peer *
peer_of(const struct hostdev *hd)
{
	return hd->host;
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

void
peer_input(struct peer *peer, bool on)
{
	unsigned i;

	peer->runs = on;
	for (i = 0; i < N_CHR; i++)
		if (peer->chr[i])
			chr_defer_input(peer->chr[i], !on);
}

/* The place of that one in the list, NULL: a free one. */
static struct ioemu_chardev **
peer_chr(struct peer *peer, const struct ioemu_chardev *chr)
{
	unsigned i;

	for (i = 0; i < N_CHR; i++)
		if (peer->chr[i] == chr)
			return &peer->chr[i];
	return NULL;
}

static int
ops_chr_open(struct hostdev *hd, const char *value, struct ioemu_chardev **out)
{
	struct peer *peer = peer_of(hd);
	struct ioemu_chardev **place = peer_chr(peer, NULL);
	int rc;

	if (!place)
		return hostdev_refuse(hd, -ENOSPC,
				      "more than %zu character devices", N_CHR);
	rc = chr_open(&peer->loop, value, out);
	if (rc)
		return hostdev_refuse(hd, rc, "%s", chr_why(rc));
	*place = *out;
	chr_defer_input(*out, !peer->runs);
	chr_bind(*out, hd);
	peer_say(peer, "%s", chr_name(*out));
	return 0;
}

static void
ops_chr_close(struct hostdev *hd, struct ioemu_chardev *chr)
{
	*peer_chr(peer_of(hd), chr) = NULL;
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
	peer_say(peer_of(hd), "%s: not for a device in a process of its own",
		 what);
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
	peer_words(peer_of(hd), level, text);
}

static void
ops_forget(struct hostdev *hd)
{
	clock_forget(peer_of(hd)->clock, hd);
	linkhost_forget(hd);
}

const struct host_ops peer_ops = {
	.map = linkhost_map,
	.unmap = linkhost_map,
	.irq = linkhost_irq,
	.msi = linkhost_msi,
	.dma_read = linkhost_dma_read,
	.dma_write = linkhost_dma_write,
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
	.pirq_route = ops_link_route,
	.unplug = ops_unplug,
	.log = ops_log,
	.forget = ops_forget,
};
