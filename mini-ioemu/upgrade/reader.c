/* SPDX-License-Identifier: MIT */
/*
 * QMP from the other end, one question after another. The answers come from a
 * process that may be in a guest's hands, and may be anything; so they are read
 * here, where nothing can be done but to pass on what they say.
 */
#include "upgrade/reader.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "jail/jail.h"

#include "base/fds.h"
#include "base/log.h"

#define ANSWER_MAX (4u << 20)
#define NOBODY 65534u
#define QMP_FD 3
#define SOCK_FD 4

struct reader {
	char *buf;
	size_t len, size;
	int fds[HANDOVER_FDS];
	unsigned n_fds;
};

/* ---- an answer ---------------------------------------------------- */

static int
receive(struct reader *r)
{
	ssize_t n = fds_receive(QMP_FD, r->buf + r->len, r->size - r->len,
				r->fds, &r->n_fds, HANDOVER_FDS, 0);

	if (n < 0)
		return n == -EINTR ? 0 : (int)n;
	r->len += (size_t)n;
	return n ? 0 : -ECONNRESET;
}

/* A line, which is gone from the buffer with the next. */
static int
receive_line(struct reader *r, json_t **out)
{
	size_t seen = 0;
	json_error_t error;
	char *end = NULL;
	int rc = 0;

	r->len = 0;
	while (!rc && !(end = memchr(r->buf + seen, '\n', r->len - seen))) {
		seen = r->len;
		rc = r->len == r->size ? -EMSGSIZE : receive(r);
	}
	if (rc)
		return rc;
	*out = json_loadb(r->buf, (size_t)(end - r->buf), 0, &error);
	return json_is_object(*out) ? 0 : -EPROTO;
}

/* What it returns, the caller's; NULL: that does not matter. */
static int
ask(struct reader *r, const char *command, json_t **out)
{
	json_t *answer = NULL, *value;
	const char *why;
	int rc = 0;

	if (send(QMP_FD, command, strlen(command), MSG_NOSIGNAL) < 0)
		rc = -errno;
	if (!rc)
		rc = receive_line(r, &answer);
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

/* ---- questions ---------------------------------------------------- */

static int
greet(struct reader *r)
{
	json_t *greeting = NULL;
	int rc = receive_line(r, &greeting);

	json_decref(greeting);
	if (rc) {
		log_error("the device model that runs does not greet: %s",
			  strerror(-rc));
		return rc;
	}
	return ask(r, "{\"execute\":\"qmp_capabilities\"}", NULL);
}

static int
ask_handover(struct reader *r, struct handover **out)
{
	json_t *value;
	unsigned n;
	int rc = ask(r, "{\"execute\":\"x-take-over\"}", &value);

	if (rc)
		return rc;
	n = r->n_fds;
	r->n_fds = 0;
	rc = handover_read(value, r->fds, n, out);
	json_decref(value);
	if (rc)
		log_error("what the device model that runs hands over makes no "
			  "sense: %s",
			  strerror(-rc));
	return rc;
}

static int
answer(int rc)
{
	int32_t word = rc;

	return send(SOCK_FD, &word, sizeof(word), MSG_NOSIGNAL) < 0 ? -errno
								    : 0;
}

static int
serve(struct reader *r, uint8_t what)
{
	struct handover *handover;
	int rc;

	switch (what) {
	case TAKEREAD_GREET:
		return answer(greet(r));
	case TAKEREAD_ASK:
		rc = ask_handover(r, &handover);
		if (rc)
			return answer(rc);
		rc = answer(0);
		if (!rc)
			rc = handover_send(handover, SOCK_FD);
		handover_free(handover); /* and the descriptors here with it */
		return rc;
	default:
		return answer(ask(r, "{\"execute\":\"x-taken\"}", NULL));
	}
}

/* ---- life --------------------------------------------------------- */

/* Away from where they have to go, first. */
static void
keep_two(int qmp, int sock)
{
	qmp = fcntl(qmp, F_DUPFD, SOCK_FD + 1);
	sock = fcntl(sock, F_DUPFD, SOCK_FD + 1);
	dup2(qmp, QMP_FD);
	dup2(sock, SOCK_FD);
	close_range(SOCK_FD + 1, ~0u, 0);
}

static int
shut(void)
{
	static const struct jail_table *const tables[] = { &jail_base };
	struct jail_user nobody = { NOBODY, NOBODY };
	int rc = 0;

	json_object_seed(0); /* reads a file, which it can not on first use */
	if (!geteuid())
		rc = jail_enter(NULL, &nobody);
	if (!rc)
		rc = jail_drop();
	return rc ? rc : jail_close(tables, 1);
}

void
takeread_run(int qmp, int sock)
{
	struct reader r = { .size = ANSWER_MAX };
	uint8_t what;
	int rc;

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* the other then has its guest */
	prctl(PR_SET_NAME, "ioemu-reader");
	keep_two(qmp, sock);
	r.buf = malloc(r.size);
	rc = r.buf ? shut() : -ENOMEM;
	if (rc)
		log_error("no sandbox to read in: %s", strerror(-rc));
	while (!rc && recv(SOCK_FD, &what, 1, 0) == 1)
		rc = serve(&r, what);
	_exit(rc ? EXIT_FAILURE : EXIT_SUCCESS);
}
