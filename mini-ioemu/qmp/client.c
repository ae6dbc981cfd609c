/* SPDX-License-Identifier: MIT */
/*
 * One client: takes bytes and file descriptors, finds messages, runs one after
 * another. It reads nothing while a call is unanswered or an answer unsent, so
 * a client that only writes fills its own socket and nothing of ours.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fds.h"
#include "handover/handover.h"
#include "qmp/priv.h"

/* Bytes of one read: bounds what a turn of the loop spends on one client. */
#define READ_SIZE 4096u

static void client_run(struct qmp_client *c);

/* ---- the end ----------------------------------------------------------------
 */

static void
client_free(struct qmp_client *c)
{
	free(c->in);
	free(c->out);
	free(c);
}

static void
client_closed(uv_handle_t *handle)
{
	struct qmp_client *c = handle->data;

	c->gone = true;
	if (!c->called)
		client_free(c);
}

void
qmp_client_close(struct qmp_client *c)
{
	struct qmp_listener *listener = c->listener;
	struct qmp_client **at;
	struct qmp_set *set;

	if (!listener)
		return;
	for (at = &listener->clients; *at != c; at = &(*at)->next)
		;
	*at = c->next;
	c->listener = NULL;
	qmp_handover_left(c);
	while (c->n_fds)
		close(c->fds[--c->n_fds]);
	for (set = c->set; set < c->set + QMP_MAX_SETS; set++)
		if (set->id)
			close(set->fd);
	uv_close((uv_handle_t *)&c->poll, client_closed);
	close(c->fd);
	qmp_client_left(listener);
}

/* ---- out -------------------------------------------------------------------
 */

static bool
client_unsent(const struct qmp_client *c)
{
	return c->out_sent < c->out_len;
}

/* With descriptors: on its first byte alone, which is all that is sent. */
static ssize_t
client_send_some(struct qmp_client *c)
{
	size_t left = c->n_out_fds ? 1 : c->out_len - c->out_sent;
	ssize_t n = fds_send(c->fd, c->out + c->out_sent, left, c->out_fds,
			     c->n_out_fds, MSG_DONTWAIT);

	if (n > 0)
		c->n_out_fds = 0;
	return n;
}

static void
client_flush(struct qmp_client *c)
{
	ssize_t n;

	while (client_unsent(c)) {
		n = client_send_some(c);
		if (n == -EINTR)
			continue;
		if (n < 0 && n != -EAGAIN)
			qmp_client_close(c);
		if (n < 0)
			return;
		c->out_sent += (size_t)n;
	}
	if (c->last)
		qmp_client_close(c);
}

/* The text of a message and the line end that libxl waits for. */
static int
client_send(struct qmp_client *c, const json_t *message)
{
	const size_t flags = JSON_ENSURE_ASCII;
	size_t len = message ? json_dumpb(message, NULL, 0, flags) : 0;
	char *text = len ? malloc(len + 2) : NULL;

	if (!text)
		return -ENOMEM;
	json_dumpb(message, text, len, flags);
	text[len] = '\r';
	text[len + 1] = '\n';
	free(c->out);
	c->out = text;
	c->out_len = len + 2;
	c->out_sent = 0;
	client_flush(c);
	return 0;
}

void
qmp_client_answer(struct qmp_client *c, json_t *message)
{
	c->called = false;
	if (c->listener && client_send(c, message))
		qmp_client_close(c);
	json_decref(message);
	if (c->gone)
		client_free(c);
	else if (!c->running)
		client_run(c);
}

/* ---- in --------------------------------------------------------------------
 */

static int
client_make_room(struct qmp_client *c)
{
	size_t size = 2 * c->in_size + READ_SIZE;
	char *in;

	if (c->in_size - c->in_len >= READ_SIZE)
		return 0;
	in = realloc(c->in, size);
	if (!in)
		return -ENOMEM;
	c->in = in;
	c->in_size = size;
	return 0;
}

/* Returns 0 if nothing came and the client is still there. */
static ssize_t
client_read(struct qmp_client *c)
{
	ssize_t n;

	if (client_make_room(c))
		return -ENOMEM;
	n = fds_receive(c->fd, c->in + c->in_len, READ_SIZE, c->fds, &c->n_fds,
			QMP_MAX_FDS, MSG_DONTWAIT);
	if (n < 0)
		return n == -EAGAIN || n == -EINTR ? 0 : n;
	c->in_len += (size_t)n;
	return n ? n : -EPIPE;
}

static void
client_drop_input(struct qmp_client *c, size_t len)
{
	memmove(c->in, c->in + len, c->in_len - len);
	c->in_len -= len;
	c->in_scanned = 0;
	c->scan = (struct qmp_scan){ .depth = 0 };
}

static void
client_refuse(struct qmp_client *c, int err)
{
	c->last = true;
	c->called = true;
	qmp_call_refuse(&c->call, err);
}

/* Run the first message of the input, if it is all there. */
static bool
client_step(struct qmp_client *c)
{
	size_t used = 0, len;
	int ret;

	ret = qmp_scan(&c->scan, c->in + c->in_scanned,
		       c->in_len - c->in_scanned, &used);
	c->in_scanned += used;
	len = c->in_scanned;
	if (ret >= 0 && len > QMP_MAX_MESSAGE)
		ret = -EMSGSIZE;
	if (ret < 0) {
		client_refuse(c, ret);
		return false;
	}
	if (!c->scan.depth && !ret) /* blanks between messages */
		client_drop_input(c, len);
	if (!ret)
		return false;
	c->called = true;
	qmp_call_start(&c->call, c->in, len);
	client_drop_input(c, len);
	return true;
}

static void
client_event(uv_poll_t *poll, int status, int events)
{
	struct qmp_client *c = poll->data;

	if (status < 0) {
		qmp_client_close(c);
		return;
	}
	if (events & UV_WRITABLE)
		client_flush(c);
	if (c->listener && (events & UV_READABLE) && client_read(c) < 0)
		qmp_client_close(c);
	client_run(c);
}

/* All messages that can run now, then wait for what is missing. */
static void
client_run(struct qmp_client *c)
{
	int events;

	c->running = true;
	while (c->listener && !c->called && !client_unsent(c) && c->in_len)
		if (!client_step(c))
			break;
	c->running = false;
	if (!c->listener)
		return;
	events = client_unsent(c) ? UV_WRITABLE : c->called ? 0 : UV_READABLE;
	if (events)
		uv_poll_start(&c->poll, events, client_event);
	else
		uv_poll_stop(&c->poll);
}

/* ---- the beginning ---------------------------------------------------------
 */

int
qmp_client_new(struct qmp_listener *listener, int fd)
{
	struct qmp_client *c = calloc(1, sizeof(*c));
	int ret;

	ret = c ? uv_poll_init(listener->qmp->loop, &c->poll, fd) : -ENOMEM;
	if (ret) {
		free(c);
		close(fd);
		return ret;
	}
	c->fd = fd;
	c->qmp = listener->qmp;
	c->poll.data = c;
	c->call.client = c;
	c->listener = listener;
	c->next = listener->clients;
	listener->clients = c;
	listener->n_clients++;
	c->called = true; /* the greeting is the answer to connecting */
	qmp_client_answer(c, qmp_greeting(c->qmp->ops));
	return 0;
}
