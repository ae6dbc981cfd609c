/* SPDX-License-Identifier: MIT */
/*
 * A unix socket that listens: one client at a time, the others wait in the
 * backlog, so the listener is watched only while there is no client.
 */
#include "chardev.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define BACKLOG 4

static void
unix_client(uv_poll_t *poll, int status, int events)
{
	struct ioemu_chardev *chr = poll->data;
	int fd = accept4(chr->listen_fd, NULL, NULL,
			 SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)status;
	(void)events;
	if (fd < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	uv_poll_stop(poll);
	if (fd < 0 || chr_attach(&chr->end[0], fd, CHR_IN | CHR_OUT))
		chr_start_ticks(chr); /* no descriptors: not at once again */
}

static void
unix_listen(struct ioemu_chardev *chr)
{
	uv_timer_stop(&chr->timer);
	uv_poll_start(&chr->listen, UV_READABLE, unix_client);
}

static void
unix_hangup(struct chr_fd *f)
{
	chr_detach(f);
	unix_listen(f->chr);
}

/* The last bytes of a client that went hold up the next one only as long as
 * the guest goes on reading them. */
static void
unix_tick(struct ioemu_chardev *chr)
{
	struct pollfd pfd = { .fd = chr->listen_fd, .events = POLLIN };

	if (chr->end[0].fd < 0)
		unix_listen(chr);
	else if (!chr->input_seen && poll(&pfd, 1, 0) > 0)
		unix_hangup(&chr->end[0]);
}

static void
unix_close(struct ioemu_chardev *chr)
{
	uv_close((uv_handle_t *)&chr->listen, chr_closed);
	close(chr->listen_fd);
	if (!chr->leaves &&
	    chr->flow != CHR_FROZEN) /* else another process listens there */
		(void)unlink(chr->addr.sun_path);
}

/* What follows the path: this is all there is, and it is the default. */
static bool
unix_options(const char *option)
{
	while (*option) {
		size_t n = strcspn(++option, ",");

		if (!(n == 9 && !memcmp(option, "server=on", n)) &&
		    !(n == 8 && !memcmp(option, "wait=off", n)))
			return false;
		option += n;
	}
	return true;
}

/* Clear away the socket of one who listens no more, and nothing else. */
static int
unix_clear(const struct sockaddr_un *addr)
{
	struct stat st;
	int fd, rc;

	if (lstat(addr->sun_path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	rc = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) ? -errno
								       : 0;
	close(fd);
	if (rc == -ECONNREFUSED)
		return unlink(addr->sun_path) ? -errno : 0;
	/* EAGAIN: its backlog is full; EPROTOTYPE: no stream, but alive */
	return !rc || rc == -EAGAIN || rc == -EPROTOTYPE ? -EADDRINUSE : rc;
}

static int
unix_bind(struct ioemu_chardev *chr)
{
	int rc = unix_clear(&chr->addr);

	if (rc)
		return rc;
	chr->listen_fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (chr->listen_fd < 0)
		return -errno;
	rc = bind_private(chr->listen_fd, &chr->addr);
	if (rc)
		goto err_close;
	rc = listen(chr->listen_fd, BACKLOG)
		     ? -errno
		     : uv_poll_init(chr->loop, &chr->listen, chr->listen_fd);
	if (!rc)
		return 0;
	(void)unlink(chr->addr.sun_path);
err_close:
	close(chr->listen_fd);
	return rc;
}

static void
unix_thaw(struct ioemu_chardev *chr)
{
	if (chr->end[0].fd < 0)
		unix_listen(chr);
	else if (chr->end[0].ended)
		chr_start_ticks(chr);
}

static int
unix_address(struct ioemu_chardev *chr, const char *spec)
{
	size_t n = strcspn(spec, ",");

	if (!n || n >= sizeof(chr->addr.sun_path) || !unix_options(spec + n))
		return -EINVAL;
	chr->addr.sun_family = AF_UNIX;
	memcpy(chr->addr.sun_path, spec, n);
	return 0;
}

/* It listens. */
static void
unix_made(struct ioemu_chardev *chr)
{
	static const struct chr_kind kind = {
		.hangup = unix_hangup,
		.tick = unix_tick,
		.thaw = unix_thaw,
		.close = unix_close,
	};

	snprintf(chr->name, sizeof(chr->name), "unix:%s", chr->addr.sun_path);
	chr->kind = &kind;
	chr->handles++;
	chr->listen.data = chr;
}

int
chr_open_unix(struct ioemu_chardev *chr, const char *spec)
{
	int rc = unix_address(chr, spec);

	if (!rc)
		rc = unix_bind(chr);
	if (rc)
		return rc;
	unix_made(chr);
	unix_listen(chr);
	return 0;
}

int
chr_handover_unix(struct ioemu_chardev *chr, const char *spec, int listen_fd)
{
	int listens = 0, rc = unix_address(chr, spec);
	socklen_t len = sizeof(listens);

	if (getsockopt(listen_fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) ||
	    !listens)
		rc = -EBADF;

	if (!rc)
		rc = uv_poll_init(chr->loop, &chr->listen, listen_fd);
	if (rc) {
		if (listen_fd >= 0)
			close(listen_fd);
		return rc;
	}
	chr->listen_fd = listen_fd;
	unix_made(chr);
	return 0;
}
