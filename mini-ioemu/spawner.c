/* SPDX-License-Identifier: MIT */
/*
 * The helper: a process that only starts what it was told before, and says how
 * it ended. Its requests come from a process that may be in a guest's hands,
 * so all it takes is numbers, once it was closed.
 */
#include "spawnpriv.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fds.h"

#define MAX_GRACE_MS 5000u

struct command {
	char *bytes; /* NULL: unused */
	char *argv[SPAWN_ARGS + 1];
	bool rights;
	pid_t pid; /* 0: none at present */
};

struct spawner {
	int sock;
	const struct jail_user *user;
	bool closed;
	struct command command[SPAWN_COMMANDS];
	struct spawn_request req;
	size_t len; /* of req.bytes */
	int fd;	    /* that came with it, or -1 */
};

static const int ignored[] = { SIGHUP, SIGINT, SIGTERM, SIGPIPE };

/* ---- a process ---------------------------------------------------- */

/* It has the socket as SPAWN_FD, our standard output and error, and nothing
 * else of ours; it dies with us. */
static int
child_prepare(int sock, pid_t parent, const struct jail_user *user)
{
	sigset_t none;
	size_t i;
	int null, rc;

	/* first away from where they have to go */
	sock = fcntl(sock, F_DUPFD, SPAWN_FD + 1);
	null = open("/dev/null", O_RDWR);
	dup2(sock, SPAWN_FD);
	dup2(null, STDIN_FILENO);
	close_range(SPAWN_FD + 1, ~0u, CLOSE_RANGE_CLOEXEC);
	for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		(void)signal(ignored[i], SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	rc = jail_enter(NULL, user);
	if (!rc && user)
		rc = jail_drop();
	if (getppid() != parent) /* died before that */
		_exit(EXIT_FAILURE);
	return rc;
}

static _Noreturn void
child_run(char **argv, int sock, int report, pid_t parent,
	  const struct jail_user *user)
{
	int err;

	report = fcntl(report, F_DUPFD_CLOEXEC, SPAWN_FD + 1);
	err = -child_prepare(sock, parent, user);
	if (!err) {
		execvp(argv[0], argv);
		err = errno;
	}
	if (write(report, &err, sizeof(err)) < 0)
		err = 0;
	_exit(EXIT_FAILURE);
}

/* `report` closes when the program runs, or says why it does not. */
static int
command_fork(struct command *c, int sock, const struct jail_user *user)
{
	pid_t parent = getpid();
	int report[2], err = 0;
	ssize_t n;

	if (pipe2(report, O_CLOEXEC))
		return -errno;
	/* without what libuv does at a fork: it closes its own descriptors,
	 * whose numbers are ours now */
	c->pid = _Fork();
	if (!c->pid)
		child_run(c->argv, sock, report[1], parent, user);
	if (c->pid < 0)
		err = errno;
	close(report[1]);
	do
		n = read(report[0], &err, sizeof(err));
	while (n < 0 && errno == EINTR);
	close(report[0]);
	if (err && c->pid > 0)
		waitpid(c->pid, NULL, 0);
	if (err)
		c->pid = 0;
	return -err;
}

/* -EBUSY: it runs. */
static int
command_ended(struct command *c, int *status)
{
	if (!c->pid)
		return 0;
	if (!waitpid(c->pid, status, WNOHANG))
		return -EBUSY;
	c->pid = 0;
	return 0;
}

static void
command_end(struct command *c, unsigned grace_ms)
{
	struct pollfd p = { .events = POLLIN };

	if (!c->pid)
		return;
	p.fd = pidfd_open(c->pid, 0);
	if (p.fd >= 0) {
		(void)poll(&p, 1, (int)grace_ms);
		close(p.fd);
	}
	kill(c->pid, SIGKILL);
	waitpid(c->pid, NULL, 0);
	c->pid = 0;
}

/* ---- requests ----------------------------------------------------- */

static unsigned
words_in(const char *bytes, size_t len)
{
	unsigned n = 0;

	while (len)
		n += !bytes[--len];
	return n;
}

static void
command_words(struct command *c, size_t len)
{
	unsigned n = 0;
	size_t at;

	for (at = 0; at < len; at += strlen(c->bytes + at) + 1)
		c->argv[n++] = c->bytes + at;
}

static int
request_add(struct spawner *s)
{
	struct command *c = s->command;

	if (s->closed)
		return -EPERM;
	if (!s->len || s->req.bytes[s->len - 1])
		return -EINVAL;
	if (words_in(s->req.bytes, s->len) > SPAWN_ARGS)
		return -E2BIG;
	while (c < s->command + SPAWN_COMMANDS && c->bytes)
		c++;
	if (c == s->command + SPAWN_COMMANDS)
		return -ENOSPC;
	c->bytes = malloc(s->len);
	if (!c->bytes)
		return -ENOMEM;
	memcpy(c->bytes, s->req.bytes, s->len);
	command_words(c, s->len);
	c->rights = s->req.arg;
	return (int)(c - s->command);
}

static int
request_start(struct spawner *s, struct command *c, int *pid)
{
	int status, rc = command_ended(c, &status);

	if (!rc && s->fd < 0)
		rc = -EBADF;
	if (!rc)
		rc = command_fork(c, s->fd, c->rights ? NULL : s->user);
	*pid = c->pid;
	return rc;
}

static int
request_del(struct command *c, unsigned grace_ms)
{
	command_end(c, grace_ms < MAX_GRACE_MS ? grace_ms : MAX_GRACE_MS);
	free(c->bytes);
	*c = (struct command){ .bytes = NULL };
	return 0;
}

static int
request_command(struct spawner *s, int *value)
{
	struct command *c = &s->command[s->req.number];

	switch (s->req.what) {
	case SPAWN_START:
		return request_start(s, c, value);
	case SPAWN_ENDED:
		return command_ended(c, value);
	case SPAWN_KILL:
		return c->pid && kill(c->pid, SIGKILL) ? -errno : 0;
	case SPAWN_DEL:
		return request_del(c, s->req.arg);
	default:
		return -EINVAL;
	}
}

static bool
spawner_used(const struct spawner *s)
{
	unsigned i;

	for (i = 0; i < SPAWN_COMMANDS; i++)
		if (s->command[i].bytes)
			return true;
	return false;
}

static int
request_run(struct spawner *s, int *value)
{
	if (s->req.what == SPAWN_ADD)
		return request_add(s);
	if (s->req.what == SPAWN_CLOSE) {
		s->closed = true;
		*value = spawner_used(s);
		return 0;
	}
	if (s->req.number < 0 || s->req.number >= SPAWN_COMMANDS ||
	    !s->command[s->req.number].bytes)
		return -ENOENT;
	return request_command(s, value);
}

/* ---- life --------------------------------------------------------- */

static bool
spawner_receive(struct spawner *s)
{
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec iov = { .iov_base = &s->req, .iov_len = sizeof(s->req) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	unsigned fds = 0;
	ssize_t n;

	do
		n = recvmsg(s->sock, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < (ssize_t)SPAWN_HEAD)
		return false;
	s->len = (size_t)n - SPAWN_HEAD;
	/* for one there is room for two (cmsg(3), alignment) */
	s->fd = -1;
	fds_take(&msg, &s->fd, &fds, 1);
	return true;
}

static void
spawner_loop(struct spawner *s)
{
	while (spawner_receive(s)) {
		struct spawn_reply reply = { .value = 0 };

		reply.rc = request_run(s, &reply.value);
		if (s->fd >= 0)
			close(s->fd);
		if (send(s->sock, &reply, sizeof(reply), 0) < 0)
			return;
		if (s->closed && !spawner_used(s))
			return;
	}
}

/* Of what the device model has open it keeps the log. */
void
spawner_run(int sock, pid_t parent, const struct jail_user *user)
{
	struct spawner *s;
	size_t i;

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* what it started goes with it */
	prctl(PR_SET_NAME, "ioemu-spawner");
	for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		(void)signal(ignored[i], SIG_IGN);
	if (sock != SPAWN_FD)
		dup3(sock, SPAWN_FD, O_CLOEXEC);
	close_range(SPAWN_FD + 1, ~0u, 0);
	s = calloc(1, sizeof(*s));
	if (s && getppid() == parent) {
		s->sock = SPAWN_FD;
		s->user = user;
		spawner_loop(s);
	}
	_exit(EXIT_SUCCESS);
}
