/* SPDX-License-Identifier: MIT */
/*
 * Byte streams to the host. Output waits in a ring and leaves at most once a
 * turn of the loop; the guest never waits for whoever listens. What is at the
 * other end, and when it comes back, only the kinds know.
 */
#include "chardev.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_READ 256u
#define TICK_MS 200u /* how soon a new reader of a pty is seen */

/* ---- the other side goes ------------------------------------------- */

static void
chr_drop_output(struct chr_fd *f)
{
	if (!(f->ways & CHR_OUT))
		return;
	f->chr->lost += f->chr->used;
	f->chr->used = 0;
	f->ways &= ~CHR_OUT;
}

/* Nothing left to read either. */
static void
chr_finish(struct chr_fd *f)
{
	chr_drop_output(f);
	if (f->chr->kind->hangup)
		f->chr->kind->hangup(f);
	else
		chr_detach(f);
}

static bool
chr_unread(const struct chr_fd *f)
{
	int n;

	return f->ways & CHR_IN && (ioctl(f->fd, FIONREAD, &n) || n > 0);
}

/* What was sent before the other side went is for the guest still, however
 * slowly it reads; what it would answer is lost. */
static void
chr_end(struct chr_fd *f)
{
	chr_drop_output(f);
	if (!chr_unread(f)) {
		chr_finish(f);
		return;
	}
	f->ended = true;
	if (f->poll)
		uv_poll_stop(f->poll);
	if (f->chr->kind->tick)
		chr_start_ticks(f->chr);
}

/* ---- output -------------------------------------------------------- */

static struct chr_fd *
chr_out(struct ioemu_chardev *chr)
{
	unsigned i;

	for (i = 0; i < CHR_ENDS; i++)
		if (chr->end[i].ways & CHR_OUT)
			return &chr->end[i];
	return NULL;
}

/* Bytes of the ring, as many as lie together; -errno. */
static ssize_t
chr_put(const struct chr_fd *f)
{
	const struct ioemu_chardev *chr = f->chr;
	const uint8_t *from = chr->ring + chr->head;
	size_t n = chr->used;
	ssize_t rc;

	if (n > CHR_RING - chr->head)
		n = CHR_RING - chr->head;
	rc = f->sock ? send(f->fd, from, n, MSG_DONTWAIT | MSG_NOSIGNAL)
		     : write(f->fd, from, n);
	return rc < 0 ? -errno : rc;
}

static void
chr_flush(struct ioemu_chardev *chr)
{
	struct chr_fd *f;

	while (chr->used && (f = chr_out(chr))) {
		ssize_t rc = chr_put(f);

		if (rc == -EINTR)
			continue;
		if (rc == -EAGAIN || rc == 0)
			return;
		if (rc > 0) {
			chr->head = (chr->head + (uint32_t)rc) % CHR_RING;
			chr->used -= (uint32_t)rc;
		} else if (f->poll) {
			chr_end(f);
		} else { /* disk full: there may be room for what follows */
			chr->lost += chr->used;
			chr->used = 0;
		}
	}
}

static void chr_idle(uv_idle_t *idle);

void
chr_write(struct ioemu_chardev *chr, const void *data, size_t len)
{
	const uint8_t *from = data;
	size_t i, n = chr_out(chr) ? CHR_RING - chr->used : 0;

	if (n > len)
		n = len;
	for (i = 0; i < n; i++)
		chr->ring[(chr->head + chr->used + i) % CHR_RING] = from[i];
	chr->used += (uint32_t)n;
	chr->lost += len - n;
	if (n)
		uv_idle_start(&chr->idle, chr_idle);
}

/* ---- input --------------------------------------------------------- */

/* The device can take bytes and f may have some. */
static bool
chr_wants(const struct chr_fd *f)
{
	return f->ways & CHR_IN && f->chr->room && f->chr->hd &&
	       f->chr->flow == CHR_RUNNING;
}

static void
chr_read(struct chr_fd *f)
{
	struct ioemu_chardev *chr = f->chr;
	uint8_t buf[MAX_READ];
	size_t want = chr->room < MAX_READ ? chr->room : MAX_READ;
	ssize_t n = f->sock ? recv(f->fd, buf, want, MSG_DONTWAIT)
			    : read(f->fd, buf, want);

	if (n > 0) {
		chr->room -= (size_t)n;
		chr->input_seen = true;
		hostdev_input(chr->hd, chr, buf, (size_t)n);
		return;
	}
	if (n < 0 && (errno == EINTR || (errno == EAGAIN && !f->ended)))
		return;
	chr_finish(f);
}

/* ---- the loop ------------------------------------------------------ */

static void
chr_event(uv_poll_t *poll, int status, int events)
{
	struct chr_fd *f = poll->data;
	struct ioemu_chardev *chr = f->chr;

	if (events & UV_READABLE && chr_wants(f))
		chr_read(f);
	if (events & UV_WRITABLE)
		chr_flush(chr);
	/* Reading or writing may have told the same already. */
	if (f->poll == poll && !f->ended &&
	    (status < 0 || events & UV_DISCONNECT))
		chr_end(f);
	chr_watch(chr);
}

static void
chr_idle(uv_idle_t *idle)
{
	struct ioemu_chardev *chr = idle->data;
	unsigned i;

	uv_idle_stop(idle);
	if (chr->flow == CHR_FROZEN)
		return;
	for (i = 0; i < CHR_ENDS; i++) {
		struct chr_fd *f = &chr->end[i];

		if ((!f->poll || f->ended) && chr_wants(f))
			chr_read(f);
	}
	chr_flush(chr);
	chr_watch(chr);
}

static void
chr_watch_end(struct chr_fd *f)
{
	int events = UV_DISCONNECT;

	if (!f->poll || f->ended) {
		if (chr_wants(f))
			uv_idle_start(&f->chr->idle, chr_idle);
		return;
	}
	if (chr_wants(f))
		events |= UV_READABLE;
	if (f->ways & CHR_OUT && f->chr->used)
		events |= UV_WRITABLE;
	uv_poll_start(f->poll, events, chr_event);
}

void
chr_watch(struct ioemu_chardev *chr)
{
	unsigned i;

	for (i = 0; chr->flow != CHR_FROZEN && i < CHR_ENDS; i++)
		chr_watch_end(&chr->end[i]);
}

static void
chr_timer(uv_timer_t *timer)
{
	struct ioemu_chardev *chr = timer->data;

	chr->kind->tick(chr);
	chr->input_seen = false;
}

void
chr_start_ticks(struct ioemu_chardev *chr)
{
	uv_timer_start(&chr->timer, chr_timer, TICK_MS, TICK_MS);
}

static void
chr_thaw(struct ioemu_chardev *chr)
{
	if (chr->kind->thaw)
		chr->kind->thaw(chr);
	if (chr->used)
		uv_idle_start(&chr->idle, chr_idle);
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
chr_defer_input(struct ioemu_chardev *chr, bool on)
{
	bool was_frozen = chr->flow == CHR_FROZEN;

	if (on && was_frozen)
		return;
	chr->flow = on ? CHR_INPUT_DEFERRED : CHR_RUNNING;
	if (was_frozen)
		chr_thaw(chr);
	chr_watch(chr);
}

void
chr_bind(struct ioemu_chardev *chr, struct hostdev *hd)
{
	chr->hd = hd;
	chr_watch(chr);
}

/* ---- life ---------------------------------------------------------- */

int
chr_attach(struct chr_fd *f, int fd, unsigned ways)
{
	struct stat st;
	int rc;

	f->fd = fd;
	f->sock = !fstat(fd, &st) && S_ISSOCK(st.st_mode);
	f->poll = malloc(sizeof(*f->poll));
	rc = f->poll ? uv_poll_init(f->chr->loop, f->poll, fd) : -ENOMEM;
	if (rc) {
		free(f->poll);
		f->poll = NULL;
	} else {
		f->poll->data = f;
	}
	if (rc && rc != -EPERM) { /* epoll's word for a plain file */
		chr_detach(f);
		return rc;
	}
	f->ways = ways;
	chr_watch(f->chr);
	return 0;
}

void
chr_detach(struct chr_fd *f)
{
	if (f->poll)
		uv_close((uv_handle_t *)f->poll, (uv_close_cb)free);
	if (f->fd >= 0)
		close(f->fd);
	*f = (struct chr_fd){ .chr = f->chr, .fd = -1 };
}

void
chr_closed(uv_handle_t *handle)
{
	struct ioemu_chardev *chr = handle->data;

	if (--chr->handles == 0)
		free(chr);
}

void
chr_close(struct ioemu_chardev *chr)
{
	unsigned i;

	if (chr->flow != CHR_FROZEN)
		chr_flush(chr);
	if (chr->kind->close)
		chr->kind->close(chr);
	for (i = 0; i < CHR_ENDS; i++)
		chr_detach(&chr->end[i]);
	uv_close((uv_handle_t *)&chr->timer, chr_closed);
	uv_close((uv_handle_t *)&chr->idle, chr_closed);
}

static int
chr_open_kind(struct ioemu_chardev *chr, const char *spec)
{
	if (!strcmp(spec, "pty"))
		return chr_open_pty(chr);
	if (!strncmp(spec, "unix:", 5))
		return chr_open_unix(chr, spec + 5);
	if (!strncmp(spec, "file:", 5))
		return chr_open_file(chr, spec + 5);
	if (!strcmp(spec, "stdio"))
		return chr_open_stdio(chr);
	if (spec[0] == '/')
		return chr_open_tty(chr, spec);
	if (strcmp(spec, "none") && strcmp(spec, "null"))
		return -EINVAL;
	snprintf(chr->name, sizeof(chr->name), "null");
	return 0;
}

struct ioemu_chardev *
chr_new(uv_loop_t *loop)
{
	static const struct chr_kind plain = { 0 };
	struct ioemu_chardev *chr = calloc(1, sizeof(*chr));
	unsigned i;

	if (!chr)
		return NULL;
	chr->loop = loop;
	chr->kind = &plain;
	chr->listen_fd = -1;
	for (i = 0; i < CHR_ENDS; i++)
		chr->end[i] = (struct chr_fd){ .chr = chr, .fd = -1 };
	uv_timer_init(loop, &chr->timer);
	uv_idle_init(loop, &chr->idle);
	chr->timer.data = chr;
	chr->idle.data = chr;
	chr->handles = 2;
	return chr;
}

int
chr_open(uv_loop_t *loop, const char *spec, struct ioemu_chardev **out)
{
	struct ioemu_chardev *chr = chr_new(loop);
	int rc;

	if (!chr)
		return -ENOMEM;
	rc = chr_open_kind(chr, spec);
	if (rc) {
		chr_close(chr);
		return rc;
	}
	*out = chr;
	return 0;
}

void
chr_leave_path(struct ioemu_chardev *chr)
{
	chr->leaves = true;
}

const char *
chr_why(int rc)
{
	switch (rc) {
	case -EINVAL:
		return "none of pty, null, stdio, file:PATH, unix:PATH, "
		       "/dev/TTY, nor the id of a -chardev";
	case -EADDRINUSE:
		return "somebody listens there already";
	case -EEXIST:
		return "what is there is no socket";
	case -ENOTTY:
		return "it is no terminal";
	default:
		return strerror(-rc);
	}
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
