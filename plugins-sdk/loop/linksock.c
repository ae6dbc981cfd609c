/* SPDX-License-Identifier: MIT */
/*
 * The socket under a link: moves bytes both ways, keeps the link's time, and
 * opens sockets by name. What the bytes mean is the link's business.
 *
 * Output leaves once a turn of the loop, after everything that was there to be
 * worked on has been: many requests then go in one write.
 */
#include <ioemu/loop.h>

#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define N_HANDLES 4u
#define NS_PER_MS 1000000ull
#define BACKLOG 8

struct linksock {
	struct link *link;
	int fd;
	int events;	 /* polled for at present */
	uint64_t due_ns; /* when the timer will fire */
	bool closing;
	unsigned handles;
	uv_poll_t poll;
	uv_timer_t timer;
	uv_prepare_t prepare; /* before the loop sleeps, and ... */
	uv_check_t check;     /* ... after it woke: flush */
};

static void linksock_wake(struct linksock *s);

/* ---- time --------------------------------------------------------- */

static void
linksock_timer(uv_timer_t *timer)
{
	struct linksock *s = timer->data;

	s->due_ns = UINT64_MAX;
	link_tick(s->link);
	linksock_wake(s);
}

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

/* ---- bytes -------------------------------------------------------- */

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
linksock_write(struct linksock *s)
{
	const uint8_t *p;
	size_t n;

	while (s->fd >= 0 && (n = link_output(s->link, &p))) {
		ssize_t rc = send(s->fd, p, n, MSG_NOSIGNAL);

		if (rc < 0 && errno == EINTR)
			continue;
		if (rc < 0 && errno == EAGAIN) {
			linksock_poll(s, UV_READABLE | UV_WRITABLE);
			return;
		}
		if (rc < 0) { /* the reading side will say it */
			link_close(s->link, LINK_FAILURE, strerror(errno));
			return;
		}
		link_sent(s->link, (size_t)rc);
	}
	if (s->fd >= 0)
		linksock_poll(s, UV_READABLE);
}

static void
linksock_read(struct linksock *s)
{
	size_t room;
	uint8_t *p = link_input(s->link, &room);
	ssize_t n = recv(s->fd, p, room, 0);

	if (n > 0)
		link_received(s->link, (size_t)n);
	else if (n == 0)
		link_close(s->link, LINK_END,
			   "the other end closed the connection");
	else if (errno != EAGAIN && errno != EINTR)
		link_close(s->link, LINK_FAILURE, strerror(errno));
}

static void
linksock_event(uv_poll_t *poll, int status, int events)
{
	struct linksock *s = poll->data;

	if (status < 0) {
		link_close(s->link, LINK_FAILURE, "the connection broke");
		return;
	}
	if (events & UV_READABLE)
		linksock_read(s);
	linksock_wake(s);
}

static void
linksock_flush(struct linksock *s)
{
	uv_prepare_stop(&s->prepare);
	uv_check_stop(&s->check);
	linksock_write(s);
	if (s->fd >= 0)
		linksock_arm(s);
}

static void
linksock_prepare(uv_prepare_t *prepare)
{
	linksock_flush(prepare->data);
}

static void
linksock_check(uv_check_t *check)
{
	linksock_flush(check->data);
}

static void
linksock_wake(struct linksock *s)
{
	if (s->fd < 0)
		return;
	uv_prepare_start(&s->prepare, linksock_prepare);
	uv_check_start(&s->check, linksock_check);
}

void
linksock_kick(struct linksock *s)
{
	linksock_wake(s);
}

/* ---- life --------------------------------------------------------- */

static void
linksock_closed(uv_handle_t *handle)
{
	struct linksock *s = handle->data;

	if (--s->handles)
		return;
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
	uv_close((uv_handle_t *)&s->poll, linksock_closed);
	uv_close((uv_handle_t *)&s->timer, linksock_closed);
	uv_close((uv_handle_t *)&s->prepare, linksock_closed);
	uv_close((uv_handle_t *)&s->check, linksock_closed);
	close(s->fd);
	s->fd = -1;
}

static void
linksock_handles(uv_loop_t *loop, struct linksock *s)
{
	s->handles = N_HANDLES;
	s->poll.data = s->timer.data = s;
	s->prepare.data = s->check.data = s;
	uv_timer_init(loop, &s->timer);
	uv_prepare_init(loop, &s->prepare);
	uv_check_init(loop, &s->check);
}

int
linksock_new(uv_loop_t *loop, int fd, struct link *link, struct linksock **out)
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
	s->fd = fd;
	s->link = link;
	s->due_ns = UINT64_MAX;
	linksock_handles(loop, s);
	linksock_poll(s, UV_READABLE);
	linksock_wake(s);
	*out = s;
	return 0;
}

/* ---- addresses ---------------------------------------------------- */

/* "HOST:PORT", HOST in brackets or not; resolved here and now. */
static int
addr_tcp(const char *text, struct linkaddr *out)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	const char *colon = strrchr(text, ':');
	struct addrinfo *found;
	char host[256];
	size_t n;

	if (!colon || colon == text || !colon[1])
		return -EINVAL;
	if (*text == '[' && colon[-1] == ']')
		n = (size_t)(colon - ++text) - 1;
	else
		n = (size_t)(colon - text);
	if (n >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, n);
	host[n] = '\0';
	if (getaddrinfo(host, colon + 1, &hints, &found))
		return -ENOENT;
	memcpy(&out->sa, found->ai_addr, found->ai_addrlen);
	out->len = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

static int
addr_unix(const char *path, struct linkaddr *out)
{
	struct sockaddr_un *sa = (struct sockaddr_un *)&out->sa;
	size_t n = strlen(path);

	if (!n || n >= sizeof(sa->sun_path))
		return n ? -ENAMETOOLONG : -EINVAL;
	sa->sun_family = AF_UNIX;
	memcpy(sa->sun_path, path, n + 1);
	out->len = sizeof(*sa);
	return 0;
}

int
linkaddr_parse(const char *text, struct linkaddr *out)
{
	*out = (struct linkaddr){ .len = 0 };
	if (!strncmp(text, "unix:", 5))
		return addr_unix(text + 5, out);
	if (!strncmp(text, "tcp:", 4))
		return addr_tcp(text + 4, out);
	return -EINVAL;
}

static int
addr_socket(const struct linkaddr *addr)
{
	int family = addr->sa.ss_family, on = 1;
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (family != AF_UNIX) /* a request is small and waited for */
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

int
linkaddr_connect(const struct linkaddr *addr)
{
	int fd = addr_socket(addr), err;

	if (fd < 0 ||
	    !connect(fd, (const struct sockaddr *)&addr->sa, addr->len) ||
	    errno == EINPROGRESS)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int
linkaddr_listen(const struct linkaddr *addr)
{
	const struct sockaddr_un *sa = (const struct sockaddr_un *)&addr->sa;
	int fd = addr_socket(addr), err, on = 1;
	struct stat st;

	if (fd < 0)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	/* what an earlier run left; never a file */
	if (addr->sa.ss_family == AF_UNIX && !lstat(sa->sun_path, &st) &&
	    S_ISSOCK(st.st_mode))
		(void)unlink(sa->sun_path);
	if (!bind(fd, (const struct sockaddr *)&addr->sa, addr->len) &&
	    !listen(fd, BACKLOG))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int
linkaddr_accept(int listen_fd)
{
	int on = 1;
	int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return -errno;
	/* fails on a Unix socket, which needs it not */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}
