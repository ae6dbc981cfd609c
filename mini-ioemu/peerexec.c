/* SPDX-License-Identifier: MIT */
/*
 * Peers that are processes of ours: started with one end of a socket, started
 * again when they end, never outliving us. What is said over the socket is not
 * known here.
 */
#include "peerpriv.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"

#define PROGRAM "ioemu-peer"
#define CHILD_FD 3	 /* the socket, in the process */
#define GREETING_MS 5000 /* until it has said hello */
#define PERIOD_MS 1000u	 /* from one start to the next, at least */
#define BUSY_MS 200u	 /* while the last one has not ended */
#define GRACE_MS 1000	 /* to write out what it has, when we end */
#define NS_PER_MS 1000000ull

/* ---- words -------------------------------------------------------- */

static int IOEMU_PRINTF(2, 3)
	exec_add(struct peer_exec *x, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (x->n == PEER_ARGS)
		return -E2BIG;
	va_start(ap, fmt);
	n = vasprintf(&x->argv[x->n], fmt, ap);
	va_end(ap);
	if (n < 0) {
		x->argv[x->n] = NULL;
		return -ENOMEM;
	}
	x->n++;
	return 0;
}

static int
exec_add_fd(struct peer_exec *x)
{
	int rc = exec_add(x, "--fd");

	return rc ? rc : exec_add(x, "%d", CHILD_FD);
}

int
peer_exec_words(struct peer *peer, const char *text)
{
	static const char blanks[] = " \t";
	struct peer_exec *x = &peer->exec;
	int rc = 0;

	for (text += strspn(text, blanks); !rc && *text;
	     text += strspn(text, blanks)) {
		size_t n = strcspn(text, blanks);

		rc = exec_add(x, "%.*s", (int)n, text);
		text += n;
	}
	if (!rc && !x->n)
		rc = -EINVAL;
	if (!rc)
		rc = exec_add_fd(x);
	if (rc)
		log_error("%s: exec: %s", peer->id,
			  rc == -EINVAL ? "no program is named"
					: strerror(-rc));
	return rc;
}

/* The one that was installed with us, else the one in PATH. */
static int
exec_add_program(struct peer_exec *x)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path));
	char *slash = n > 0 ? memrchr(path, '/', (size_t)n) : NULL;

	if (slash &&
	    (size_t)(slash + 1 - path) + sizeof(PROGRAM) <= sizeof(path)) {
		memcpy(slash + 1, PROGRAM, sizeof(PROGRAM));
		if (!access(path, X_OK))
			return exec_add(x, "%s", path);
	}
	return exec_add(x, PROGRAM);
}

/* ---- a device of a plugin ----------------------------------------- */

/* A value as it is elsewhere: names that only we know become what they stand
 * for. */
struct outside {
	const struct conf *conf;
	const char *value;
};

static int
outside_chr(struct hostdev *hd, const char *value, struct ioemu_chardev **out)
{
	struct outside *o = hd->host;
	const struct conf_chardev *c;

	for (c = o->conf->chardevs; c; c = c->next)
		if (!strcmp(c->id, value))
			o->value = c->spec;
	*out = NULL;
	return 0;
}

static int
outside_block(struct hostdev *hd, const char *value, struct ioemu_block **out)
{
	struct outside *o = hd->host;
	const struct conf_drive *d;

	*out = NULL;
	for (d = o->conf->drives; d; d = d->next) {
		if (strcmp(d->id, value) != 0)
			continue;
		if (d->readonly) /* there is no way to say so */
			return -EROFS;
		o->value = d->file ? d->file : "";
	}
	return 0;
}

/* For a device that is never attached: it is there to try properties on. */
static const struct host_ops outside_ops = {
	.chr_open = outside_chr,
	.block_open = outside_block,
};

static int
exec_add_props(struct peer *peer, const struct host_type *type,
	       const struct conf_device *conf)
{
	struct outside o = { .conf = peer->env->conf };
	const struct conf_prop *p;
	struct hostdev *hd;
	int rc = hostdev_new(&outside_ops, &o, type, peer->id, NULL, &hd);

	if (rc)
		return rc;
	for (p = conf->props; !rc && p; p = p->next) {
		if (peer_conf_is_ours(p->key))
			continue;
		o.value = p->value;
		rc = hostdev_set(hd, p->key, p->value);
		if (rc)
			log_error("%s (%s): %s=%s: %s", conf->type,
				  conf->source, p->key, p->value,
				  rc == -ENOKEY ? "no such property"
						: strerror(-rc));
		else
			rc = exec_add(&peer->exec, "%s=%s", p->key, o.value);
	}
	hostdev_free(hd);
	return rc;
}

int
peer_exec_device(struct peer *peer, const struct host_type *type,
		 const struct conf_device *conf)
{
	struct peer_exec *x = &peer->exec;
	int rc;

	if (type->type.parent) {
		log_error("%s (%s): isolate=on: it is part of a %s and cannot "
			  "leave it",
			  conf->type, conf->source, type->type.parent);
		return -EOPNOTSUPP;
	}
	rc = exec_add_program(x);
	if (!rc)
		rc = exec_add(x, "%s", type->path);
	if (!rc)
		rc = exec_add(x, "--type");
	if (!rc)
		rc = exec_add(x, "%s", type->type.name);
	if (!rc) /* it is a part of us: what we were told holds there */
		rc = exec_add(x, "--poll-us=%u", peer->env->conf->poll_us);
	if (!rc)
		rc = exec_add_props(peer, type, conf);
	return rc ? rc : exec_add_fd(x);
}

/* ---- a process ---------------------------------------------------- */

/* It has the socket as CHILD_FD, our standard output and error, and nothing
 * else of ours; it dies with us. */
static void
child_prepare(int sock, pid_t parent)
{
	sigset_t none;
	int null;

	/* first away from where they have to go */
	sock = fcntl(sock, F_DUPFD, CHILD_FD + 1);
	null = open("/dev/null", O_RDWR);
	dup2(sock, CHILD_FD);
	dup2(null, STDIN_FILENO);
	close_range(CHILD_FD + 1, ~0u, CLOSE_RANGE_CLOEXEC);
	(void)signal(SIGPIPE, SIG_DFL); /* as we ignore it */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent) /* died before that */
		_exit(EXIT_FAILURE);
}

static _Noreturn void
child_run(char **argv, int sock, int report, pid_t parent)
{
	int err;

	report = fcntl(report, F_DUPFD_CLOEXEC, CHILD_FD + 1);
	child_prepare(sock, parent);
	execvp(argv[0], argv);
	err = errno;
	if (write(report, &err, sizeof(err)) < 0)
		err = 0;
	_exit(EXIT_FAILURE);
}

/* `report` closes when the program runs, or says why it does not. */
static int
exec_fork(struct peer_exec *x, int sock)
{
	pid_t parent = getpid();
	int report[2], err = 0;
	ssize_t n;

	if (pipe2(report, O_CLOEXEC))
		return -errno;
	x->pid = fork();
	if (!x->pid)
		child_run(x->argv, sock, report[1], parent);
	if (x->pid < 0)
		err = errno;
	close(report[1]);
	do
		n = read(report[0], &err, sizeof(err));
	while (n < 0 && errno == EINTR);
	close(report[0]);
	if (err && x->pid > 0)
		waitpid(x->pid, NULL, 0);
	if (err)
		x->pid = 0;
	return -err;
}

static int
exec_start(struct peer *peer)
{
	struct peer_exec *x = &peer->exec;
	int sock[2], rc;

	x->started_ns = uv_hrtime();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sock))
		return -errno;
	rc = exec_fork(x, sock[1]);
	close(sock[1]);
	if (!rc)
		return sock[0];
	close(sock[0]);
	return rc;
}

/* Has the last one ended? */
static bool
exec_ended(struct peer *peer)
{
	struct peer_exec *x = &peer->exec;
	char text[64];
	int status = 0;

	if (!x->pid)
		return true;
	if (!waitpid(x->pid, &status, WNOHANG))
		return false;
	snprintf(text, sizeof(text), "process %d ended with %s %d", (int)x->pid,
		 WIFSIGNALED(status) ? "signal" : "status",
		 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	log_guest(peer->id, IOEMU_WARN, text);
	x->pid = 0;
	return true;
}

int
peer_exec_again(struct peer *peer)
{
	char text[256];
	int rc;

	if (!exec_ended(peer)) {
		kill(peer->exec.pid, SIGKILL);
		return -EBUSY;
	}
	rc = exec_start(peer);
	if (rc < 0) {
		snprintf(text, sizeof(text), "%s: %s", peer->exec.argv[0],
			 strerror(-rc));
		log_guest(peer->id, IOEMU_WARN, text);
	}
	return rc;
}

uint64_t
peer_exec_delay_ms(const struct peer *peer)
{
	uint64_t ms = (uv_hrtime() - peer->exec.started_ns) / NS_PER_MS;
	uint64_t least = peer->exec.pid ? BUSY_MS : 0;

	return ms + least < PERIOD_MS ? PERIOD_MS - ms : least;
}

/* ---- the first and the last --------------------------------------- */

/* Firmware looks for devices when the guest begins to run: they have to be
 * there by then. Both sides of a link speak at once. */
static int
exec_greeting(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char c;
	int n;

	do
		n = poll(&p, 1, GREETING_MS);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return -ETIMEDOUT;
	return recv(fd, &c, 1, MSG_PEEK) == 1 ? 0 : -ECONNRESET;
}

int
peer_exec_first(struct peer *peer)
{
	const char *program = peer->exec.argv[0];
	int fd = exec_start(peer), rc;

	if (fd < 0) {
		log_error("%s: %s: %s", peer->id, program, strerror(-fd));
		return fd;
	}
	rc = exec_greeting(fd);
	if (rc == -ETIMEDOUT)
		log_warn("%s: %s takes more than %u s to start: not waited for",
			 peer->id, program, GREETING_MS / 1000);
	if (!rc || rc == -ETIMEDOUT)
		return fd;
	log_error("%s: %s ended before it was ready", peer->id, program);
	close(fd);
	return rc;
}

void
peer_exec_end(struct peer *peer)
{
	struct peer_exec *x = &peer->exec;

	if (x->pid) {
		struct pollfd p = { .fd = pidfd_open(x->pid, 0),
				    .events = POLLIN };

		if (p.fd >= 0) {
			(void)poll(&p, 1, GRACE_MS);
			close(p.fd);
		}
		kill(x->pid, SIGKILL);
		waitpid(x->pid, NULL, 0);
		x->pid = 0;
	}
	while (x->n)
		free(x->argv[--x->n]);
}
