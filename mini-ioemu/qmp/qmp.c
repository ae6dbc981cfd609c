/* SPDX-License-Identifier: MIT */
/*
 * The sockets that listen: made, accepted from, closed. A full socket leaves
 * newcomers in its backlog until a client goes.
 */
#include "qmp/qmp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "loop/loop.h"

#include "base/fds.h"
#include "qmp/priv.h"

#define BACKLOG 8
#define RETRY_MS 100

static void listener_watch(struct qmp_listener *l);

static void
retry_accept(uv_timer_t *timer)
{
	struct qmp *qmp = timer->data;
	struct qmp_listener *l;

	for (l = qmp->listeners; l; l = l->next)
		listener_watch(l);
}

static void
listener_accept(uv_poll_t *poll, int status, int events)
{
	struct qmp_listener *l = poll->data;
	int fd;

	(void)status;
	(void)events;
	while (l->n_clients < QMP_MAX_CLIENTS) {
		fd = accept4(l->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0 && !qmp_client_new(l, fd))
			continue;
		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		if (fd < 0 && errno == EAGAIN)
			return;
		/* Out of descriptors or memory: would be called at once. */
		uv_timer_start(&l->qmp->retry, retry_accept, RETRY_MS, 0);
		break;
	}
	uv_poll_stop(poll);
}

static void
listener_watch(struct qmp_listener *l)
{
	if (l->qmp->deferred)
		return;
	uv_poll_start(&l->poll, UV_READABLE, listener_accept);
}

void
qmp_client_left(struct qmp_listener *l)
{
	l->n_clients--;
	listener_watch(l);
}

static void
listener_closed(uv_handle_t *handle)
{
	struct qmp_listener *l = handle->data;

	free(l->path);
	free(l);
}

static void
listener_free(struct qmp_listener *l)
{
	struct qmp_client *client, *next;

	for (client = l->clients; client; client = next) {
		next = client->next;
		qmp_client_close(client);
	}
	uv_close((uv_handle_t *)&l->poll, listener_closed);
	close(l->fd);
	if (l->path)
		unlink(l->path);
}

static int
listener_new(struct qmp *qmp, int fd, const char *path)
{
	struct qmp_listener *l = calloc(1, sizeof(*l));
	int ret;

	if (!l)
		return -ENOMEM;
	l->path = path ? strdup(path) : NULL;
	ret = path && !l->path ? -ENOMEM : 0;
	if (!ret)
		ret = uv_poll_init(qmp->loop, &l->poll, fd);
	if (ret) {
		free(l->path);
		free(l);
		return ret;
	}
	l->qmp = qmp;
	l->fd = fd;
	l->poll.data = l;
	l->next = qmp->listeners;
	qmp->listeners = l;
	listener_watch(l);
	return 0;
}

int
qmp_listen_fd(struct qmp *qmp, int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0 && !fds_listens(fd))
		return -EINVAL;
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC))
		return -errno;
	return listener_new(qmp, fd, NULL);
}

int
qmp_listen_handed(struct qmp *qmp, int fd, const char *path)
{
	return fds_listens(fd) ? listener_new(qmp, fd, path) : -EBADF;
}

int
qmp_listens(const struct qmp *qmp, unsigned i)
{
	const struct qmp_listener *l = qmp->listeners;
	unsigned n = 0;

	for (; l; l = l->next)
		n++;
	if (i >= n)
		return -1;
	for (l = qmp->listeners; ++i < n; l = l->next)
		;
	return l->fd;
}

/* A socket left behind by one that died; anything else stays and bind() says
 * so. */
static void
remove_stale(const char *path)
{
	struct stat st;

	if (!lstat(path, &st) && S_ISSOCK(st.st_mode))
		unlink(path);
}

static int
bind_path(int fd, const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, strlen(path));
	remove_stale(path);
	return bind_private(fd, &addr);
}

int
qmp_listen_path(struct qmp *qmp, const char *path)
{
	int fd, ret;

	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	ret = bind_path(fd, path);
	if (ret)
		goto err_close;
	ret = listen(fd, BACKLOG) ? -errno : listener_new(qmp, fd, path);
	if (!ret)
		return 0;
	unlink(path);
err_close:
	close(fd);
	return ret;
}

void
qmp_defer(struct qmp *qmp, bool on)
{
	struct qmp_listener *l;

	qmp->deferred = on;
	for (l = qmp->listeners; l; l = l->next) {
		if (on)
			uv_poll_stop(&l->poll);
		else
			listener_watch(l);
	}
}

void
qmp_leave_paths(struct qmp *qmp)
{
	struct qmp_listener *l;

	for (l = qmp->listeners; l; l = l->next) {
		free(l->path);
		l->path = NULL;
	}
}

int
qmp_new(uv_loop_t *loop, const struct qmp_ops *ops, void *ctx, struct qmp **out)
{
	struct qmp *qmp = calloc(1, sizeof(*qmp));

	if (!qmp)
		return -ENOMEM;
	qmp->loop = loop;
	qmp->ops = ops;
	qmp->ctx = ctx;
	uv_timer_init(loop, &qmp->retry);
	qmp->retry.data = qmp;
	*out = qmp;
	return 0;
}

static void
qmp_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void
qmp_free(struct qmp *qmp)
{
	struct qmp_listener *l, *next;

	for (l = qmp->listeners; l; l = next) {
		next = l->next;
		listener_free(l);
	}
	uv_close((uv_handle_t *)&qmp->retry, qmp_closed);
}
