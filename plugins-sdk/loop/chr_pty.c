/* SPDX-License-Identifier: MIT */
/*
 * A pseudoterminal of our own: readers of its slave side come and go. While
 * there is none, the master polls HUP for ever and fails with EIO, so it is
 * not watched but looked at now and then.
 */
#include "chardev.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <unistd.h>

static void
pty_hangup(struct chr_fd *f)
{
	f->ways = 0;
	f->ended = true;
	uv_poll_stop(f->poll);
	chr_start_ticks(f->chr);
}

static void
pty_tick(struct ioemu_chardev *chr)
{
	struct chr_fd *f = &chr->end[0];
	struct pollfd pfd = { .fd = f->fd, .events = POLLIN };

	if (poll(&pfd, 1, 0) < 0)
		return;
	if (!(pfd.revents & POLLHUP)) {
		f->ways = CHR_IN | CHR_OUT;
		f->ended = false;
		uv_timer_stop(&chr->timer);
	} else if (pfd.revents & POLLIN) { /* somebody was there in between */
		f->ways = CHR_IN;
	}
	chr_watch(chr);
}

static int
pty_raw(int slave)
{
	struct termios tio;

	if (tcgetattr(slave, &tio))
		return -errno;
	cfmakeraw(&tio);
	return tcsetattr(slave, TCSAFLUSH, &tio) ? -errno : 0;
}

static void
pty_thaw(struct ioemu_chardev *chr)
{
	if (chr->end[0].ended)
		chr_start_ticks(chr);
}

int
chr_handover_pty(struct ioemu_chardev *chr)
{
	static const struct chr_kind kind = {
		.hangup = pty_hangup,
		.tick = pty_tick,
		.thaw = pty_thaw,
	};

	chr->kind = &kind;
	return 0;
}

int
chr_open_pty(struct ioemu_chardev *chr)
{
	char path[64];
	int master, slave, rc;

	if (openpty(&master, &slave, path, NULL, NULL))
		return -errno;
	rc = pty_raw(slave);
	close(slave);
	(void)fcntl(master, F_SETFD, FD_CLOEXEC);
	if (rc) {
		close(master);
		return rc;
	}
	rc = chr_attach(&chr->end[0], master, 0);
	if (rc)
		return rc;
	snprintf(chr->name, sizeof(chr->name), "pty:%s", path);
	rc = chr_handover_pty(chr);
	pty_hangup(&chr->end[0]);
	return rc;
}
