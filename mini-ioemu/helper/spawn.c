/* SPDX-License-Identifier: MIT */
/*
 * Asking the helper. It answers at once but for what its answer is about: the
 * program that begins to run, or its end.
 */
#include "helper/priv.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fds.h"

struct spawn {
	int sock;
	pid_t pid; /* 0: it has ended */
};

/* ---- asking ------------------------------------------------------- */

/* *fd: what came along, or -1. */
static int
spawn_receive(const struct spawn *s, struct spawn_reply *reply, int *fd)
{
	unsigned fds = 0;
	ssize_t n;

	*fd = -1;
	do
		n = fds_receive(s->sock, reply, sizeof(*reply), fd, &fds, 1, 0);
	while (n == -EINTR);
	return n == sizeof(*reply) ? 0 : -ESHUTDOWN; /* it is gone */
}

/* `len` of req->bytes count, and `fd` goes with it, unless it is -1. */
static int
spawn_ask(struct spawn *s, const struct spawn_request *req, size_t len, int fd,
	  struct spawn_reply *reply, int *out_fd)
{
	ssize_t n = fds_send(s->sock, req, SPAWN_HEAD + len, &fd, fd >= 0, 0);
	int came, rc = n < 0 ? (int)n : 0;

	*reply = (struct spawn_reply){ .value = 0 };
	if (!rc)
		rc = spawn_receive(s, reply, &came);
	if (rc)
		return rc;
	if (reply->last) {
		(void)waitpid(s->pid, NULL, 0);
		s->pid = 0;
	}
	if (out_fd)
		*out_fd = came;
	else if (came >= 0)
		close(came);
	return reply->rc;
}

/* With nothing but numbers. */
static int
spawn_say(struct spawn *s, enum spawn_what what, int number, unsigned arg)
{
	const struct spawn_request req = {
		.what = what,
		.number = number,
		.arg = arg,
	};
	struct spawn_reply reply;

	return spawn_ask(s, &req, 0, -1, &reply, NULL);
}

/* ---- before it is closed ------------------------------------------ */

int
spawn_add(struct spawn *s, char *const *argv, const struct jail_user *user)
{
	struct spawn_request req = { .what = SPAWN_ADD, .arg = user != NULL };
	struct spawn_reply reply;
	size_t len = 0;

	if (user)
		req.user = *user;
	for (; *argv; argv++) {
		size_t n = strlen(*argv) + 1;

		if (n > sizeof(req.bytes) - len)
			return -E2BIG;
		memcpy(req.bytes + len, *argv, n);
		len += n;
	}
	return spawn_ask(s, &req, len, -1, &reply, NULL);
}

int
spawn_add_address(struct spawn *s, const struct linkaddr *addr)
{
	struct spawn_request req = { .what = SPAWN_ADD_ADDRESS };
	struct spawn_reply reply;

	memcpy(req.bytes, addr, sizeof(*addr));
	return spawn_ask(s, &req, sizeof(*addr), -1, &reply, NULL);
}

int
spawn_add_path(struct spawn *s, const char *path)
{
	struct spawn_request req = { .what = SPAWN_ADD_PATH };
	size_t len = strlen(path) + 1;
	struct spawn_reply reply;

	if (len > sizeof(req.bytes))
		return -E2BIG;
	memcpy(req.bytes, path, len);
	return spawn_ask(s, &req, len, -1, &reply, NULL);
}

void
spawn_close(struct spawn *s)
{
	(void)spawn_say(s, SPAWN_CLOSE, 0, 0);
}

/* ---- programs ----------------------------------------------------- */

int
spawn_start(struct spawn *s, int number, int sock, pid_t *pid, int *words)
{
	const struct spawn_request req = {
		.what = SPAWN_START,
		.number = number,
	};
	struct spawn_reply reply;
	int rc = spawn_ask(s, &req, 0, sock, &reply, words);

	*pid = reply.value;
	if (!rc && *words < 0) /* there was no room for one more */
		rc = -EMFILE;
	return rc;
}

bool
spawn_ended(struct spawn *s, int number, int *status)
{
	const struct spawn_request req = {
		.what = SPAWN_ENDED,
		.number = number,
	};
	struct spawn_reply reply;
	int rc = spawn_ask(s, &req, 0, -1, &reply, NULL);

	*status = reply.value;
	return rc != -EBUSY; /* gone itself, it took it along */
}

void
spawn_kill(struct spawn *s, int number)
{
	(void)spawn_say(s, SPAWN_KILL, number, 0);
}

void
spawn_end(struct spawn *s, int number, unsigned grace_ms)
{
	(void)spawn_say(s, SPAWN_END, number, grace_ms);
}

void
spawn_del(struct spawn *s, int number, unsigned grace_ms)
{
	(void)spawn_say(s, SPAWN_DEL, number, grace_ms);
}

/* ---- the rest ----------------------------------------------------- */

int
spawn_connect(struct spawn *s, int number)
{
	const struct spawn_request req = {
		.what = SPAWN_CONNECT,
		.number = number,
	};
	struct spawn_reply reply;
	int fd, rc = spawn_ask(s, &req, 0, -1, &reply, &fd);

	if (!rc)
		return fd < 0 ? -ESHUTDOWN : fd;
	return rc;
}

void
spawn_remove(struct spawn *s)
{
	(void)spawn_say(s, SPAWN_REMOVE, 0, 0);
}

int
spawn_tell(struct spawn *s)
{
	return spawn_say(s, SPAWN_TELL, 0, 0);
}

int
spawn_sleep(struct spawn *s, bool asleep)
{
	return spawn_say(s, SPAWN_SLEEP, 0, asleep);
}

/* ---- life --------------------------------------------------------- */

int
spawn_new(const struct spawn_env *env, struct spawn **out)
{
	pid_t parent = getpid();
	struct spawn *s = calloc(1, sizeof(*s));
	int sock[2], rc = s ? 0 : -ENOMEM;

	if (!rc && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock))
		rc = -errno;
	if (rc) {
		free(s);
		return rc;
	}
	s->pid = fork();
	if (!s->pid)
		spawner_run(sock[1], parent, env);
	rc = s->pid < 0 ? -errno : 0;
	close(sock[1]);
	s->sock = sock[0];
	*out = s;
	if (rc)
		spawn_free(s);
	return rc;
}

void
spawn_free(struct spawn *s)
{
	if (!s)
		return;
	close(s->sock);
	if (s->pid > 0)
		(void)waitpid(s->pid, NULL, 0);
	free(s);
}
