/* SPDX-License-Identifier: MIT */
/*
 * The device's connection, one at a time, and what the root does to this
 * process with it: its clock runs or stands still.
 */
#include "peer.h"

/* ---- what the link tells ------------------------------------------ */

static void
on_run(struct linkhost *lh, uint64_t now_ns)
{
	struct peer *peer = linkhost_user(lh);

	clock_jump(peer->clock, now_ns);
	clock_resume(peer->clock);
	peer_input(peer, true);
}

static void
on_pause(struct linkhost *lh)
{
	struct peer *peer = linkhost_user(lh);

	clock_pause(peer->clock);
	peer_input(peer, false);
	peer->flushed = false;
}

static bool
peer_disks_busy(const struct peer *peer)
{
	unsigned i;

	for (i = 0; i < peer->n_blocks; i++)
		if (block_busy(peer->block[i]))
			return true;
	return false;
}

/* All I/O has ended: the guest may go on where another host reads the disks. */
static void
peer_flush(struct peer *peer)
{
	unsigned i;

	for (i = 0; i < peer->n_blocks; i++) {
		peer->flush[i] = (struct ioemu_io){ .op = IOEMU_BLK_FLUSH };
		block_io(peer->block[i], NULL, NULL, &peer->flush[i]);
	}
	peer->flushed = true;
}

static bool
on_quiet(struct linkhost *lh)
{
	struct peer *peer = linkhost_user(lh);

	if (peer_disks_busy(peer))
		return false;
	if (!peer->flushed)
		peer_flush(peer);
	return !peer_disks_busy(peer);
}

static void
on_up(struct linkhost *lh, const struct link_hello *root)
{
	struct peer *peer = linkhost_user(lh);

	peer->met = true;
	peer_say(peer, "connected to '%s'", root->name);
}

static void
on_down(struct linkhost *lh, const char *why)
{
	peer_lost(linkhost_user(lh), why);
}

static void
on_wake(struct linkhost *lh)
{
	struct peer *peer = linkhost_user(lh);

	if (peer->sock)
		linksock_kick(peer->sock);
}

static uint64_t
on_now(struct linkhost *lh)
{
	(void)lh;
	return uv_hrtime();
}

static const struct linkhost_ops linkhost_ops = {
	.run = on_run,
	.pause = on_pause,
	.quiet = on_quiet,
	.up = on_up,
	.down = on_down,
	.wake = on_wake,
	.now = on_now,
};

/* ---- connections -------------------------------------------------- */

int
peer_attach(struct peer *peer, int fd)
{
	struct link *link;
	int rc = linkhost_connect(peer->lh, &link);

	if (rc)
		return rc;
	rc = linksock_new(&peer->loop, fd, link, peer->spin, &peer->sock);
	if (rc) {
		link_close(link, LINK_FAILURE, "its socket cannot be used");
		link_free(link);
	}
	return rc;
}

/* ---- life --------------------------------------------------------- */

/* Disk I/O that ended did so in this turn of the loop. */
static void
peer_check(uv_check_t *check)
{
	struct peer *peer = check->data;

	linkhost_poll(peer->lh);
}

int
peer_new(struct peer *peer, uint64_t instance, unsigned poll_us)
{
	int rc = linkhost_new(&linkhost_ops, peer, instance, &peer->lh);

	if (!rc)
		rc = clock_new(&peer->loop, &peer->clock);
	if (!rc)
		rc = spin_new(&peer->loop, poll_us, &peer->spin);
	if (rc)
		return rc;
	clock_pause(peer->clock);
	uv_check_init(&peer->loop, &peer->check);
	peer->check.data = peer;
	return uv_check_start(&peer->check, peer_check);
}

void
peer_free(struct peer *peer)
{
	if (peer->sock)
		linksock_close(peer->sock);
	hostdev_free(peer->hd);
	clock_free(peer->clock);
	spin_free(peer->spin);
	uv_close((uv_handle_t *)&peer->check, NULL);
	uv_run(&peer->loop, UV_RUN_DEFAULT);
	linkhost_free(peer->lh);
}
