/* SPDX-License-Identifier: MIT */
/*
 * QMP from the other end, one question after another. The answers come from a
 * process that may be in a guest's hands.
 */
#include "takeover.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fds.h"
#include "log.h"

/* Where libxl has it if its words name none (libxl_qmp.c). */
#define SOCKET "/run/xen/qmp-libxl-%d"
#define ANSWER_MAX (4u << 20)
#define LIMIT_S                                                                \
	25 /* stopping and saving may take 8 s each (pause.c, save.c)          \
	    */

struct takeover {
	int fd;
	char *buf;
	size_t len, size;
	int fds[HAND_FDS];
	unsigned n_fds;
};

/* ---- its words ---------------------------------------------------- */

int
takeover_words(unsigned domid, int argc, char **argv, char ***words, int *n,
	       char **text)
{
	char *at;
	size_t len;
	int i, k = 0, rc = xen_words(domid, text, &len);

	if (rc) {
		log_error("domain %u: xenstore does not say how its device "
			  "model was started (%s): there is none, or another",
			  domid, strerror(-rc));
		return rc;
	}
	for (at = *text; at < *text + len; at += strlen(at) + 1)
		k++;
	*words = calloc((size_t)k + (size_t)argc, sizeof(**words));
	if (!*words) {
		free(*text);
		return -ENOMEM;
	}
	k = 0;
	for (at = *text; at < *text + len; at += strlen(at) + 1)
		(*words)[k++] = at;
	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--take-over") ||
		    !strcmp(argv[i], "-take-over"))
			i++;
		else
			(*words)[k++] = argv[i];
	}
	*n = k;
	return 0;
}

/* ---- its socket --------------------------------------------------- */

static int
receive(struct takeover *t)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(HAND_FDS * sizeof(int))];
	} control;
	struct iovec iov = { t->buf + t->len, t->size - t->len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	ssize_t n = recvmsg(t->fd, &msg, MSG_CMSG_CLOEXEC);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	fds_take(&msg, t->fds, &t->n_fds, HAND_FDS);
	t->len += (size_t)n;
	return n ? 0 : -ECONNRESET;
}

/* A line, which is gone from the buffer with the next. */
static int
receive_line(struct takeover *t, json_t **out)
{
	json_error_t error;
	char *end = NULL;
	int rc = 0;

	t->len = 0;
	while (!rc && !(end = memchr(t->buf, '\n', t->len)))
		rc = t->len == t->size ? -EMSGSIZE : receive(t);
	if (rc)
		return rc;
	*out = json_loadb(t->buf, (size_t)(end - t->buf), 0, &error);
	return json_is_object(*out) ? 0 : -EPROTO;
}

/* What it returns, the caller's; NULL: that does not matter. */
static int
ask(struct takeover *t, const char *command, json_t **out)
{
	json_t *answer = NULL, *value;
	const char *why;
	int rc = 0;

	if (send(t->fd, command, strlen(command), MSG_NOSIGNAL) < 0)
		rc = -errno;
	if (!rc)
		rc = receive_line(t, &answer);
	value = json_object_get(answer, "return");
	if (!rc && !value) {
		why = json_string_value(json_object_get(
			json_object_get(answer, "error"), "desc"));
		log_error("the device model that runs: %.300s",
			  why ? why : "no answer that makes sense");
		json_decref(answer);
		return -EREMOTEIO;
	}
	if (rc)
		log_error("the device model that runs does not answer: %s",
			  strerror(-rc));
	else if (out)
		*out = json_incref(value);
	json_decref(answer);
	return rc;
}

static int
reach(int fd, const char *path)
{
	const struct timeval limit = { .tv_sec = LIMIT_S };
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, strlen(path));
	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) ||
	    connect(fd, (const struct sockaddr *)&addr, sizeof(addr)))
		return -errno;
	return 0;
}

static int
greet(struct takeover *t, const struct conf *conf)
{
	const struct conf_monitor *c = conf->monitors;
	json_t *greeting = NULL;
	char path[108];
	int rc;

	while (c && !c->path)
		c = c->next;
	snprintf(path, sizeof(path), SOCKET, conf->domid);
	rc = reach(t->fd, c ? c->path : path);
	if (!rc)
		rc = receive_line(t, &greeting);
	json_decref(greeting);
	if (rc)
		log_error("%s: %s", c ? c->path : path, strerror(-rc));
	return rc ? rc : ask(t, "{\"execute\":\"qmp_capabilities\"}", NULL);
}

int
takeover_open(const struct conf *conf, struct takeover **out)
{
	struct takeover *t = calloc(1, sizeof(*t));
	int rc = 0;

	if (!t)
		return -ENOMEM;
	t->size = ANSWER_MAX;
	t->buf = malloc(t->size);
	t->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (!t->buf || t->fd < 0)
		rc = t->buf ? -errno : -ENOMEM;
	if (!rc)
		rc = greet(t, conf);
	if (rc) {
		takeover_close(t);
		return rc;
	}
	*out = t;
	return 0;
}

void
takeover_close(struct takeover *t)
{
	if (!t)
		return;
	while (t->n_fds)
		close(t->fds[--t->n_fds]);
	if (t->fd >= 0)
		close(t->fd);
	free(t->buf);
	free(t);
}

int
takeover_ask(struct takeover *t, struct hand **out)
{
	json_t *value;
	unsigned n;
	int rc = ask(t, "{\"execute\":\"x-take-over\"}", &value);

	if (rc)
		return rc;
	n = t->n_fds;
	t->n_fds = 0;
	return hand_read(value, t->fds, n, out);
}

int
takeover_commit(struct takeover *t)
{
	return ask(t, "{\"execute\":\"x-taken\"}", NULL);
}
