/* SPDX-License-Identifier: MIT */
/*
 * What is under a link: moves bytes both ways, over a socket or, from some
 * time on, through rings in shared memory; keeps the link's time. What the
 * bytes mean is the link's business.
 *
 * Output leaves once a turn of the loop, after everything that was there to be
 * worked on has been: many requests then go in one write.
 *
 * With rings the socket stays for doorbells and for its end (doc/wire.md,
 * section 13). The loop that is awake looks at the memory by itself.
 */
#include "loop/loop.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "linkfd.h"
#include "linkring.h"

#define N_HANDLES 5u
#define NS_PER_MS 1000000ull
#define DRAINS 4u /* what a ring holds, at least */
#define DOORBELLS 64u

struct linksock {
	struct spin_source source; /* first */
	struct link *link;
	struct spin *spin;
	struct linkring *ring; /* NULL: all goes over the socket */
	int ring_fd;	       /* its memory, on its way to us or them; -1 */
	bool no_ring;	       /* it was tried in vain */
	int fd;
	int events;	 /* polled for at present */
	uint64_t due_ns; /* when the timer will fire */
	bool kicked;	 /* there is output */
	bool closing;
	unsigned handles;
	uv_poll_t poll;
	uv_timer_t timer;
	uv_prepare_t prepare; /* before the loop sleeps, and ... */
	uv_check_t check;     /* ... after it woke: flush */
	uv_idle_t idle;	      /* there is something to do: no sleep */
};

static void linksock_timer(uv_timer_t *timer);
static void linksock_wake(struct linksock *s);

/* ---- time --------------------------------------------------------- */

/* A timer that fires too early is set again: cheaper than moving it at every
 * request. */
static void
linksock_arm(struct linksock *s)
{
	uint64_t due = link_deadline(s->link), now;

	if (due >= s->due_ns)
		return;
	now = uv_hrtime();
	s->due_ns = due;
	uv_update_time(s->poll.loop);
	uv_timer_start(&s->timer, linksock_timer,
		       due > now ? (due - now + NS_PER_MS - 1) / NS_PER_MS : 0,
		       0);
}

/* ---- output ------------------------------------------------------- */

static void linksock_event(uv_poll_t *poll, int status, int events);

static void
linksock_poll(struct linksock *s, int events)
{
	if (s->events == events)
		return;
	s->events = events;
	uv_poll_start(&s->poll, events, linksock_event);
}

static void
ring_fd_close(struct linksock *s)
{
	if (s->ring_fd >= 0)
		close(s->ring_fd);
	s->ring_fd = -1;
}

/* Bytes that went, or -errno; -EAGAIN: no room. */
static ssize_t
linksock_put(struct linksock *s, const uint8_t *p, size_t n)
{
	enum link_way way = link_way_out(s->link);
	ssize_t rc;

	if (way == LINK_RING) {
		rc = linkring_put(s->ring, p, n);
		return rc ? rc : -EAGAIN;
	}
	if (way == LINK_RING_FRAME && s->ring_fd >= 0) {
		rc = linkfd_send(s->fd, p, n, s->ring_fd);
		if (rc > 0)
			ring_fd_close(s);
		return rc;
	}
	rc = send(s->fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);
	return rc < 0 ? -errno : rc;
}

/* Among what is still to go over the socket it would be taken for a part of
 * that. No room for it: there are doorbells not heard yet. */
static void
linksock_bell(struct linksock *s)
{
	static const char zero;

	if (s->ring && s->fd >= 0 && link_way_out(s->link) == LINK_RING &&
	    linkring_bell(s->ring))
		(void)send(s->fd, &zero, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void
linksock_broke(struct linksock *s, int err)
{
	if (err == -EPROTO)
		link_close(s->link, LINK_MALFORMED, "an index of its ring");
	else /* the reading side will say it */
		link_close(s->link, LINK_FAILURE, strerror(-err));
}

static void
linksock_write(struct linksock *s)
{
	int events = UV_READABLE;
	ssize_t rc = 0;
	const uint8_t *p;
	size_t n;

	while (s->fd >= 0 && (n = link_output(s->link, &p))) {
		rc = linksock_put(s, p, n);
		if (rc == -EAGAIN || (rc < 0 && rc != -EINTR))
			break;
		if (rc > 0)
			link_sent(s->link, (size_t)rc);
	}
	if (rc < 0 && rc != -EAGAIN) {
		linksock_broke(s, (int)rc);
		return;
	}
	linksock_bell(s);
	/* room in a ring is told by a doorbell */
	if (rc == -EAGAIN && link_way_out(s->link) != LINK_RING)
		events |= UV_WRITABLE;
	if (s->fd >= 0)
		linksock_poll(s, events);
}

/* ---- the switch --------------------------------------------------- */

static void
linksock_offer(struct linksock *s)
{
	struct link_ring layout;

	s->no_ring = linkring_new(&s->ring, &layout, &s->ring_fd);
	if (!s->no_ring) /* else the socket does as well */
		link_ring_say(s->link, &layout);
}

static void
linksock_agree(struct linksock *s)
{
	int rc = linkring_open(link_ring(s->link), s->ring_fd, &s->ring);

	ring_fd_close(s);
	if (rc == -EPROTO)
		link_close(s->link, LINK_MALFORMED, "memory of RING");
	else if (rc)
		link_close(s->link, LINK_FAILURE, strerror(-rc));
	else
		link_ring_say(s->link, NULL);
}

static void linksock_prepare(uv_prepare_t *prepare);
static void linksock_check(uv_check_t *check);

/* Something came over the socket: is it time? */
static void
linksock_switch(struct linksock *s)
{
	bool in = link_way_in(s->link) == LINK_RING;

	if (s->fd < 0 || s->no_ring)
		return;
	if (s->ring) { /* root: the peer has agreed */
		if (in)
			linkring_listen(s->ring);
		return;
	}
	if (in)
		linksock_agree(s);
	else if (link_ring_due(s->link))
		linksock_offer(s);
	if (!s->ring || s->fd < 0)
		return;
	uv_prepare_start(&s->prepare, linksock_prepare);
	uv_check_start(&s->check, linksock_check);
	if (s->spin)
		spin_add(s->spin, &s->source);
}

/* ---- input -------------------------------------------------------- */

/* All that is in the ring now, and a little more; true: there was something. */
static bool
linksock_drain(struct linksock *s)
{
	unsigned i;
	ssize_t n = 1;

	for (i = 0; i < DRAINS && n > 0 && s->fd >= 0; i++) {
		size_t room;
		uint8_t *p = link_input(s->link, &room);

		n = linkring_get(s->ring, p, room);
		if (n > 0)
			link_received(s->link, (size_t)n);
		else if (n < 0)
			linksock_broke(s, (int)n);
	}
	return i > 1;
}

/* The other end is gone; its last words may be in the ring. */
static void
linksock_end(struct linksock *s, enum link_reason reason, const char *why)
{
	if (s->ring)
		(void)linksock_drain(s);
	link_close(s->link, reason, why);
}

/* Peer: one descriptor, on the first byte of RING, and no other (doc/wire.md,
 * section 13). One kept from an earlier frame would pass for RING's. NULL: so
 * it is. */
static const char *
ring_fd_wrong(struct linksock *s, bool more)
{
	bool begun = link_ring_begun(s->link);

	if (!link_ring_awaited(s->link) && !begun) {
		ring_fd_close(s); /* HELLO says that there are no rings */
		return NULL;
	}
	if (more)
		return "more than one descriptor";
	if ((s->ring_fd >= 0) == begun)
		return NULL;
	return begun ? "RING without a descriptor"
		     : "a descriptor without RING";
}

/* `more`: descriptors beside the first. */
static void
linksock_received(struct linksock *s, size_t n, bool awaited, bool more)
{
	const char *wrong;

	spin_touch(s->spin);
	link_received(s->link, n);
	wrong = awaited ? ring_fd_wrong(s, more) : NULL;
	if (wrong)
		link_close(s->link, LINK_MALFORMED, wrong);
	else
		linksock_switch(s);
}

static void
linksock_read(struct linksock *s)
{
	bool ring = link_way_in(s->link) == LINK_RING;
	uint8_t bells[DOORBELLS];
	size_t room = sizeof(bells);
	uint8_t *p = ring ? bells : link_input(s->link, &room);
	bool awaited = link_ring_awaited(s->link), more = false;
	ssize_t n = awaited ? linkfd_recv(s->fd, p, room, &s->ring_fd, &more)
			    : recv(s->fd, p, room, MSG_DONTWAIT);

	if (n > 0 && ring)
		link_doorbell(s->link, bells, (size_t)n);
	else if (n > 0)
		linksock_received(s, (size_t)n, awaited, more);
	else if (n == 0)
		linksock_end(s, LINK_END,
			     "the other end closed the connection");
	else if (errno != EAGAIN && errno != EINTR)
		linksock_end(s, LINK_FAILURE, strerror(errno));
}

static void
linksock_event(uv_poll_t *poll, int status, int events)
{
	struct linksock *s = poll->data;

	if (status < 0) {
		linksock_end(s, LINK_FAILURE, "the connection broke");
		return;
	}
	if (events & UV_READABLE)
		linksock_read(s);
	linksock_wake(s);
}

/* ---- turns of the loop -------------------------------------------- */

static void
linksock_flush(struct linksock *s)
{
	linksock_write(s); /* all of it, or until there is room again */
	s->kicked = false;
	uv_idle_stop(&s->idle);
	if (!s->ring) {
		uv_prepare_stop(&s->prepare);
		uv_check_stop(&s->check);
	}
	if (s->fd >= 0)
		linksock_arm(s);
}

static void
no_sleep(uv_idle_t *idle)
{
	(void)idle;
}

static void
linksock_prepare(uv_prepare_t *prepare)
{
	struct linksock *s = prepare->data;

	linksock_flush(s);
	if (s->ring && s->fd >= 0 && !spin_awake(s->spin) &&
	    !linkring_sleep(s->ring))
		uv_idle_start(&s->idle, no_sleep);
}

static void
linksock_check(uv_check_t *check)
{
	struct linksock *s = check->data;

	if (s->ring)
		linkring_wake(s->ring);
	if (s->ring && linksock_drain(s))
		spin_touch(s->spin);
	linksock_flush(s);
}

static bool
linksock_spin(struct spin_source *source)
{
	struct linksock *s = (struct linksock *)source;
	bool came;

	if (s->fd < 0 || (!s->kicked && !linkring_news(s->ring)))
		return false;
	came = linksock_drain(s);
	linksock_flush(s);
	return came;
}

/* The idle handle: who wakes it from another's prepare handle comes after its
 * own, and the loop would sleep on it. */
static void
linksock_wake(struct linksock *s)
{
	if (s->fd < 0)
		return;
	s->kicked = true;
	uv_prepare_start(&s->prepare, linksock_prepare);
	uv_check_start(&s->check, linksock_check);
	uv_idle_start(&s->idle, no_sleep);
}

void
linksock_kick(struct linksock *s)
{
	linksock_wake(s);
}

/* Timers come before what waits to be read (uv_run(3)): where this process was
 * late itself, an answer may be there, so that is looked at first. */
static void
linksock_timer(uv_timer_t *timer)
{
	struct linksock *s = timer->data;

	s->due_ns = UINT64_MAX;
	linksock_read(s);
	if (s->fd >= 0 && link_way_in(s->link) == LINK_RING)
		(void)linksock_drain(s);
	if (s->fd >= 0)
		link_tick(s->link);
	linksock_wake(s);
}

/* ---- life --------------------------------------------------------- */

static void
linksock_closed(uv_handle_t *handle)
{
	struct linksock *s = handle->data;

	if (--s->handles)
		return;
	linkring_free(s->ring); /* here: who reads it may have closed us */
	link_free(s->link);
	free(s);
}

void
linksock_close(struct linksock *s)
{
	if (s->closing)
		return;
	s->closing = true;
	link_close(s->link, LINK_END, "closed"); /* may come back here */
	linksock_write(s); /* the goodbye, if it goes at once */
	if (s->ring && s->spin)
		spin_del(s->spin, &s->source);
	uv_close((uv_handle_t *)&s->poll, linksock_closed);
	uv_close((uv_handle_t *)&s->timer, linksock_closed);
	uv_close((uv_handle_t *)&s->prepare, linksock_closed);
	uv_close((uv_handle_t *)&s->check, linksock_closed);
	uv_close((uv_handle_t *)&s->idle, linksock_closed);
	ring_fd_close(s);
	close(s->fd);
	s->fd = -1;
}

static void
linksock_handles(uv_loop_t *loop, struct linksock *s)
{
	s->handles = N_HANDLES;
	s->poll.data = s->timer.data = s;
	s->prepare.data = s->check.data = s->idle.data = s;
	uv_timer_init(loop, &s->timer);
	uv_prepare_init(loop, &s->prepare);
	uv_check_init(loop, &s->check);
	uv_idle_init(loop, &s->idle);
}

int
linksock_new(uv_loop_t *loop, int fd, struct link *link, struct spin *spin,
	     struct linksock **out)
{
	struct linksock *s = calloc(1, sizeof(*s));
	int rc;

	if (!s)
		return -ENOMEM;
	rc = uv_poll_init(loop, &s->poll, fd);
	if (rc) {
		free(s);
		return rc;
	}
	s->source.poll = linksock_spin;
	s->spin = spin;
	s->ring_fd = -1;
	s->fd = fd;
	s->link = link;
	s->due_ns = UINT64_MAX;
	linksock_handles(loop, s);
	linksock_poll(s, UV_READABLE);
	linksock_wake(s);
	*out = s;
	return 0;
}
