/* SPDX-License-Identifier: MIT */
/*
 * The processes that the helper starts: from the fork to the program, and to
 * its end.
 */
#include "helper/priv.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static const int ignored[] = { SIGHUP, SIGINT, SIGTERM, SIGPIPE };

static void
set_signals(void (*how)(int signum))
{
	size_t i;

	for (i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		(void)signal(ignored[i], how);
}

void
spawn_ignore_signals(void)
{
	set_signals(SIG_IGN);
}

/* ---- the beginning ------------------------------------------------ */

static int
child_drop(const struct spawn_command *c)
{
	int rc = 0;

	if (!c->drops)
		return 0;
	if (c->user.uid != geteuid()) /* else there is nothing to become */
		rc = jail_enter(NULL, &c->user);
	return rc ? rc : jail_drop();
}

/* It has the socket as SPAWN_FD, the pipe as standard output and error, and
 * nothing else of ours; it dies with us. */
static int
child_prepare(const struct spawn_command *c, int sock, int words, pid_t parent)
{
	sigset_t none;
	int null, rc;

	/* first away from where they have to go */
	sock = fcntl(sock, F_DUPFD, SPAWN_FD + 1);
	words = fcntl(words, F_DUPFD, SPAWN_FD + 1);
	null = open("/dev/null", O_RDWR);
	dup2(sock, SPAWN_FD);
	dup2(words, STDOUT_FILENO);
	dup2(words, STDERR_FILENO);
	dup2(null, STDIN_FILENO);
	close_range(SPAWN_FD + 1, ~0u, CLOSE_RANGE_CLOEXEC);
	set_signals(SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	rc = child_drop(c);
	if (getppid() != parent) /* died before that */
		_exit(EXIT_FAILURE);
	return rc;
}

static _Noreturn void
child_run(struct spawn_command *c, int sock, int words, int report,
	  pid_t parent)
{
	int err;

	report = fcntl(report, F_DUPFD_CLOEXEC, SPAWN_FD + 1);
	err = -child_prepare(c, sock, words, parent);
	if (!err) {
		execvp(c->argv[0], c->argv);
		err = errno;
	}
	if (write(report, &err, sizeof(err)) < 0)
		err = 0;
	_exit(EXIT_FAILURE);
}

/* `report` closes when the program runs, or says why it does not. */
static int
command_fork(struct spawn_command *c, int sock, int words)
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
		child_run(c, sock, words, report[1], parent);
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

int
spawn_command_start(struct spawn_command *c, int sock, int *words)
{
	int pipe[2], rc;

	if (pipe2(pipe, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	rc = fcntl(pipe[1], F_SETFL, 0) ? -errno : 0; /* a program's may wait */
	if (!rc)
		rc = command_fork(c, sock, pipe[1]);
	close(pipe[1]);
	if (rc)
		close(pipe[0]);
	else
		*words = pipe[0];
	return rc;
}

/* ---- the end ------------------------------------------------------ */

int
spawn_command_ended(struct spawn_command *c, int *status)
{
	if (!c->pid)
		return 0;
	if (!waitpid(c->pid, status, WNOHANG))
		return -EBUSY;
	c->pid = 0;
	return 0;
}

void
spawn_command_end(struct spawn_command *c, unsigned grace_ms)
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
