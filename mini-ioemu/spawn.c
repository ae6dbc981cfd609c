/* SPDX-License-Identifier: MIT */
/*
 * Asking the helper. It answers at once but for what its answer is about: the
 * program that begins to run, or its end.
 */
#include "spawnpriv.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct spawn {
	int sock;
	pid_t pid;
};

/* ---- asking ------------------------------------------------------- */

/* `fd` -1: none goes with it. */
static int
spawn_send(struct spawn *s, const struct spawn_request *req, size_t len, int fd)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control = { .buf = { 0 } };
	struct iovec iov = {
		.iov_base = (void *)(uintptr_t)req,
		.iov_len = SPAWN_HEAD + len,
	};
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd >= 0) {
		msg.msg_control = control.buf;
		msg.msg_controllen = sizeof(control.buf);
		control.align = (struct cmsghdr){
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
			.cmsg_len = CMSG_LEN(sizeof(fd)),
		};
		memcpy(CMSG_DATA(&control.align), &fd, sizeof(fd));
	}
	return sendmsg(s->sock, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* `len` of req->bytes count. */
static int
spawn_ask(struct spawn *s, const struct spawn_request *req, size_t len, int fd,
	  int *value)
{
	struct spawn_reply reply;
	int rc = spawn_send(s, req, len, fd);
	ssize_t n;

	if (rc)
		return rc;
	do
		n = recv(s->sock, &reply, sizeof(reply), 0);
	while (n < 0 && errno == EINTR);
	if (n != sizeof(reply)) /* it is gone */
		return -ESHUTDOWN;
	if (value)
		*value = reply.value;
	return reply.rc;
}

int
spawn_add(struct spawn *s, char *const *argv, bool rights)
{
	struct spawn_request req = { .what = SPAWN_ADD, .arg = rights };
	size_t len = 0;

	for (; *argv; argv++) {
		size_t n = strlen(*argv) + 1;

		if (n > sizeof(req.bytes) - len)
			return -E2BIG;
		memcpy(req.bytes + len, *argv, n);
		len += n;
	}
	return spawn_ask(s, &req, len, -1, NULL);
}

void
spawn_close(struct spawn *s)
{
	const struct spawn_request req = { .what = SPAWN_CLOSE };
	int used = 1;

	if (spawn_ask(s, &req, 0, -1, &used) || used)
		return;
	(void)waitpid(s->pid, NULL, 0); /* it ends */
	s->pid = 0;
}

int
spawn_start(struct spawn *s, int number, int sock, pid_t *pid)
{
	const struct spawn_request req = {
		.what = SPAWN_START,
		.number = number,
	};

	return spawn_ask(s, &req, 0, sock, pid);
}

bool
spawn_ended(struct spawn *s, int number, int *status)
{
	const struct spawn_request req = {
		.what = SPAWN_ENDED,
		.number = number,
	};

	*status = 0;
	/* gone itself, it took it along */
	return spawn_ask(s, &req, 0, -1, status) != -EBUSY;
}

void
spawn_kill(struct spawn *s, int number)
{
	const struct spawn_request req = {
		.what = SPAWN_KILL,
		.number = number,
	};

	(void)spawn_ask(s, &req, 0, -1, NULL);
}

void
spawn_del(struct spawn *s, int number, unsigned grace_ms)
{
	const struct spawn_request req = {
		.what = SPAWN_DEL,
		.number = number,
		.arg = grace_ms,
	};

	(void)spawn_ask(s, &req, 0, -1, NULL);
}

/* ---- life --------------------------------------------------------- */

int
spawn_new(const struct jail_user *user, struct spawn **out)
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
		spawner_run(sock[1], parent, user);
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
