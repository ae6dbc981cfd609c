/* SPDX-License-Identifier: MIT */
/*
 * Byte streams to the host. Output waits in a ring and leaves at most once a
 * turn of the loop; the guest never waits for whoever listens. All kinds are
 * one file descriptor, watched while there is something to do; a unix socket
 * has the listening one besides.
 */
#include <ioemu/loop.h>

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#define RING 65536u
#define MAX_READ 256u
#define HANGUP_POLL_MS 200u /* how soon a new reader of a pty is seen */

enum kind { KIND_NULL, KIND_FILE, KIND_STREAM, KIND_PTY, KIND_UNIX };

struct ioemu_chardev {
	uv_loop_t *loop;
	enum kind kind;
	char name[160];
	char path[108]; /* of our unix socket */
	int fd;		/* -1: nobody connected */
	int listen_fd;
	struct hostdev *hd;
	size_t room;
	uint64_t lost;
	uint32_t head, used;
	bool polling, gone, no_poll;
	unsigned handles; /* still to close */
	uv_poll_t *poll;
	uv_poll_t listen;
	uv_timer_t timer;
	uv_idle_t idle; /* "flush in this turn" */
	uint8_t ring[RING];
};

static void chr_watch(struct ioemu_chardev *chr);

/* ---- output
 * ------------------------------------------------------------------------ */

static bool
chr_connected(const struct ioemu_chardev *chr)
{
	return chr->fd >= 0 && !chr->gone;
}

static void
chr_drop_output(struct ioemu_chardev *chr)
{
	chr->lost += chr->used;
	chr->used = 0;
}

/* The other side went away: a pty waits for the next reader, a socket for the
 * next client. */
static void
chr_hangup(struct ioemu_chardev *chr)
{
	chr_drop_output(chr);
	if (chr->kind == KIND_PTY) {
		chr->gone = true;
		uv_poll_stop(chr->poll);
		chr->polling = false;
		return;
	}
	if (chr->poll) {
		uv_close((uv_handle_t *)chr->poll, (uv_close_cb)free);
		chr->poll = NULL;
	}
	chr->polling = false;
	if (chr->fd >= 0)
		close(chr->fd);
	chr->fd = -1;
}

static void
chr_flush(struct ioemu_chardev *chr)
{
	while (chr->used && chr_connected(chr)) {
		uint32_t n = chr->used;
		ssize_t rc;

		if (n > RING - chr->head)
			n = RING - chr->head;
		rc = write(chr->fd, chr->ring + chr->head, n);
		if (rc < 0 && errno == EINTR)
			continue;
		if (rc < 0 && errno == EAGAIN)
			break;
		if (rc < 0) {
			if (chr->kind == KIND_FILE) /* disk full: drop */
				chr_drop_output(chr);
			else
				chr_hangup(chr);
			break;
		}
		chr->head = (chr->head + (uint32_t)rc) % RING;
		chr->used -= (uint32_t)rc;
	}
}

static void
chr_idle(uv_idle_t *idle)
{
	struct ioemu_chardev *chr = idle->data;

	uv_idle_stop(idle);
	chr_flush(chr);
	chr_watch(chr);
}

void
chr_write(struct ioemu_chardev *chr, const void *data, size_t len)
{
	const uint8_t *from = data;
	size_t i, n = RING - chr->used;

	if (!chr_connected(chr))
		n = 0;
	if (n > len)
		n = len;
	for (i = 0; i < n; i++)
		chr->ring[(chr->head + chr->used + i) % RING] = from[i];
	chr->used += (uint32_t)n;
	chr->lost += len - n;
	if (n)
		uv_idle_start(&chr->idle, chr_idle);
}

/* ---- input
 * ---------------------------------------------------------------------------
 */

static void
chr_read(struct ioemu_chardev *chr)
{
	uint8_t buf[MAX_READ];
	size_t want = chr->room < MAX_READ ? chr->room : MAX_READ;
	ssize_t n = read(chr->fd, buf, want);

	if (n > 0) {
		chr->room -= (size_t)n;
		hostdev_input(chr->hd, chr, buf, (size_t)n);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		chr_hangup(chr);
	}
}

static void
chr_event(uv_poll_t *poll, int status, int events)
{
	struct ioemu_chardev *chr = poll->data;

	if (status < 0 || (events & UV_DISCONNECT && !(events & UV_READABLE))) {
		chr_hangup(chr);
		return;
	}
	if (events & UV_WRITABLE)
		chr_flush(chr);
	if (events & UV_READABLE && chr->room && chr->hd)
		chr_read(chr);
	chr_watch(chr);
}

/* Watch for what is of use now. */
static void
chr_watch(struct ioemu_chardev *chr)
{
	int events = 0;

	if (!chr->poll || !chr_connected(chr))
		return;
	if (chr->room && chr->hd)
		events |= UV_READABLE;
	if (chr->used)
		events |= UV_WRITABLE;
	if (chr->kind == KIND_UNIX || chr->kind == KIND_PTY)
		events |= UV_DISCONNECT;
	chr->polling = events != 0;
	if (events)
		uv_poll_start(chr->poll, events, chr_event);
	else
		uv_poll_stop(chr->poll);
}

void
chr_accept(struct ioemu_chardev *chr, size_t room)
{
	bool had = chr->room != 0;

	chr->room = room;
	if (had != (room != 0))
		chr_watch(chr);
}

void
chr_bind(struct ioemu_chardev *chr, struct hostdev *hd)
{
	chr->hd = hd;
	chr_watch(chr);
}

static int
chr_poll_fd(struct ioemu_chardev *chr)
{
	int rc;

	if (chr->no_poll)
		return 0;
	chr->poll = malloc(sizeof(*chr->poll));
	if (!chr->poll)
		return -ENOMEM;
	rc = uv_poll_init(chr->loop, chr->poll, chr->fd);
	if (rc) {
		free(chr->poll);
		chr->poll = NULL;
		return rc;
	}
	chr->poll->data = chr;
	chr_watch(chr);
	return 0;
}

/* ---- kinds
 * ------------------------------------------------------------------------------
 */

static int
set_nonblock(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) ? -errno : 0;
}

/* While nobody has the slave side open a pty reads EIO and polls HUP for ever,
 * so the fd is left alone and looked at now and then. */
static void
pty_timer(uv_timer_t *timer)
{
	struct ioemu_chardev *chr = timer->data;
	struct pollfd pfd = { .fd = chr->fd, .events = POLLOUT };

	if (!chr->gone || poll(&pfd, 1, 0) < 0 || pfd.revents & POLLHUP)
		return;
	chr->gone = false;
	chr_watch(chr);
}

static int
open_pty(struct ioemu_chardev *chr)
{
	struct termios tio;
	char slave_name[64];
	int slave, rc;

	if (openpty(&chr->fd, &slave, slave_name, NULL, NULL))
		return -errno;
	tcgetattr(slave, &tio);
	cfmakeraw(&tio);
	tcsetattr(slave, TCSAFLUSH, &tio);
	close(slave);
	(void)fcntl(chr->fd, F_SETFD, FD_CLOEXEC);
	rc = set_nonblock(chr->fd);
	snprintf(chr->name, sizeof(chr->name), "pty:%s", slave_name);
	chr->kind = KIND_PTY;
	if (!rc)
		rc = chr_poll_fd(chr);
	if (!rc)
		uv_timer_start(&chr->timer, pty_timer, HANGUP_POLL_MS,
			       HANGUP_POLL_MS);
	return rc;
}

static int
open_file(struct ioemu_chardev *chr, const char *path)
{
	chr->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (chr->fd < 0)
		return -errno;
	chr->kind = KIND_FILE;
	chr->no_poll = true;
	snprintf(chr->name, sizeof(chr->name), "file:%s", path);
	return 0;
}

static int
open_tty(struct ioemu_chardev *chr, const char *path)
{
	chr->fd = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (chr->fd < 0)
		return -errno;
	chr->kind = KIND_STREAM;
	snprintf(chr->name, sizeof(chr->name), "%s", path);
	return chr_poll_fd(chr);
}

static int
open_stdio(struct ioemu_chardev *chr)
{
	chr->fd = dup(STDOUT_FILENO);
	if (chr->fd < 0)
		return -errno;
	chr->kind = KIND_FILE;
	chr->no_poll = true;
	snprintf(chr->name, sizeof(chr->name), "stdio");
	return 0;
}

static void
unix_client(uv_poll_t *poll, int status, int events)
{
	struct ioemu_chardev *chr = poll->data;
	int fd;

	(void)status;
	(void)events;
	if (chr->fd >= 0) { /* one at a time: look again later */
		uv_poll_stop(&chr->listen);
		return;
	}
	fd = accept4(chr->listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0)
		return;
	chr->fd = fd;
	if (chr_poll_fd(chr))
		chr_hangup(chr);
}

static void
unix_timer(uv_timer_t *timer)
{
	struct ioemu_chardev *chr = timer->data;

	if (chr->fd < 0)
		uv_poll_start(&chr->listen, UV_READABLE, unix_client);
}

static int
open_unix(struct ioemu_chardev *chr, const char *spec)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	size_t n = strcspn(spec, ",");
	int rc;

	if (!n || n >= sizeof(sa.sun_path))
		return -EINVAL;
	memcpy(sa.sun_path, spec, n);
	(void)unlink(sa.sun_path);
	chr->listen_fd =
		socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (chr->listen_fd < 0 ||
	    bind(chr->listen_fd, (struct sockaddr *)&sa, sizeof(sa)) ||
	    listen(chr->listen_fd, 4))
		return -errno;
	chr->kind = KIND_UNIX;
	memcpy(chr->path, sa.sun_path, n);
	snprintf(chr->name, sizeof(chr->name), "unix:%.*s", (int)n, spec);
	rc = uv_poll_init(chr->loop, &chr->listen, chr->listen_fd);
	if (rc)
		return rc;
	chr->handles++;
	chr->listen.data = chr;
	uv_timer_start(&chr->timer, unix_timer, HANGUP_POLL_MS, HANGUP_POLL_MS);
	return uv_poll_start(&chr->listen, UV_READABLE, unix_client);
}

static int
open_kind(struct ioemu_chardev *chr, const char *spec)
{
	if (!strcmp(spec, "pty"))
		return open_pty(chr);
	if (!strncmp(spec, "file:", 5))
		return open_file(chr, spec + 5);
	if (!strncmp(spec, "unix:", 5))
		return open_unix(chr, spec + 5);
	if (!strcmp(spec, "stdio"))
		return open_stdio(chr);
	if (spec[0] == '/')
		return open_tty(chr, spec);
	if (strcmp(spec, "none") && strcmp(spec, "null"))
		return -EINVAL;
	snprintf(chr->name, sizeof(chr->name), "null");
	return 0;
}

/* ---- life
 * --------------------------------------------------------------------------------
 */

static void
chr_closed(uv_handle_t *handle)
{
	struct ioemu_chardev *chr = handle->data;

	if (--chr->handles == 0)
		free(chr);
}

void
chr_close(struct ioemu_chardev *chr)
{
	chr_flush(chr);
	if (chr->poll)
		uv_close((uv_handle_t *)chr->poll, (uv_close_cb)free);
	if (chr->fd >= 0)
		close(chr->fd);
	chr->fd = -1;
	chr->poll = NULL;
	if (chr->kind == KIND_UNIX) {
		uv_close((uv_handle_t *)&chr->listen, chr_closed);
		close(chr->listen_fd);
		(void)unlink(chr->path);
	}
	uv_close((uv_handle_t *)&chr->timer, chr_closed);
	uv_close((uv_handle_t *)&chr->idle, chr_closed);
}

int
chr_open(uv_loop_t *loop, const char *spec, struct ioemu_chardev **out)
{
	struct ioemu_chardev *chr = calloc(1, sizeof(*chr));
	int rc;

	if (!chr)
		return -ENOMEM;
	chr->loop = loop;
	chr->fd = -1;
	chr->listen_fd = -1;
	uv_timer_init(loop, &chr->timer);
	uv_idle_init(loop, &chr->idle);
	chr->timer.data = chr;
	chr->idle.data = chr;
	chr->handles = 2;
	rc = open_kind(chr, spec);
	if (rc) {
		chr_close(chr);
		return rc;
	}
	*out = chr;
	return 0;
}

const char *
chr_name(const struct ioemu_chardev *chr)
{
	return chr->name;
}

uint64_t
chr_lost(const struct ioemu_chardev *chr)
{
	return chr->lost;
}
