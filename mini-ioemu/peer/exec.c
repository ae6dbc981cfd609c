/* SPDX-License-Identifier: MIT */
/*
 * Peers that are processes of ours: started with one end of a socket by the
 * helper of spawn.h, started again when they end, never outliving us. What is
 * said over the socket is not known here.
 */
#include "peer/priv.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

#define PROGRAM "ioemu-peer"
#define GREETING_MS 5000 /* until it has said hello */
#define PERIOD_MS 1000u	 /* from one start to the next, at least */
#define BUSY_MS 200u	 /* while the last one has not ended */
#define GRACE_MS 1000u	 /* to write out what it has, when we end */
#define NS_PER_MS 1000000ull

/* ---- words -------------------------------------------------------- */

static int IOEMU_PRINTF(2, 3)
	exec_add(struct peer_exec *x, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (x->n == SPAWN_ARGS)
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

/* The last words; from now on it can be started. `user` as of spawn_add(). */
static int
exec_known(struct peer *peer, const struct jail_user *user)
{
	struct peer_exec *x = &peer->exec;
	int rc = exec_add(x, "--fd");

	if (!rc)
		rc = exec_add(x, "%d", SPAWN_FD);
	if (rc)
		return rc;
	rc = spawn_add(peer->peers->spawn, x->argv, user);
	if (rc < 0)
		return rc;
	x->number = rc;
	x->known = true;
	return 0;
}

#define NOBODY 65534u /* where /etc/passwd has none */

/*
 * Who a program is of which we do not know that it gives up anything. NULL: who
 * we are, with all rights.
 */
static int
exec_user(const struct peer *peer, struct jail_user *user,
	  const struct jail_user **out)
{
	const char *run_as = peer->conf.run_as;
	int rc = 0;

	*out = user;
	if (run_as && !strcmp(run_as, "root"))
		*out = NULL;
	else if (run_as)
		rc = jail_user(run_as, user);
	else if (peer->env->user)
		*user = *peer->env->user;
	else if (geteuid())
		*user = (struct jail_user){ geteuid(), getegid() };
	else if (jail_user("nobody", user))
		*user = (struct jail_user){ NOBODY, NOBODY };
	if (rc)
		log_error("%s: run-as=%s: %s", peer->id, run_as,
			  rc == -EPERM ? "root is called that"
				       : "neither a user nor UID:GID");
	return rc;
}

/* The helper knows it from the start (named.c). */
static bool
exec_is_named(struct peer *peer, const char *program)
{
	struct peer_exec *x = &peer->exec;
	int number = peer_named_number(peer->peers, peer->id);

	if (number < 0 || exec_add(x, "%s", program))
		return false;
	x->number = number;
	x->known = x->kept = true;
	return true;
}

int
peer_exec_words(struct peer *peer, const char *text)
{
	static const char blanks[] = " \t";
	struct peer_exec *x = &peer->exec;
	const struct jail_user *who;
	struct jail_user user;
	int rc;

	if (exec_is_named(peer, text))
		return 0;
	rc = exec_user(peer, &user, &who);
	if (rc)
		return rc;
	for (text += strspn(text, blanks); !rc && *text;
	     text += strspn(text, blanks)) {
		size_t n = strcspn(text, blanks);

		rc = exec_add(x, "%.*s", (int)n, text);
		text += n;
	}
	if (!rc && !x->n)
		rc = -EINVAL;
	if (!rc)
		rc = exec_known(peer, who);
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
				  hostdev_why(hd, rc));
		else
			rc = exec_add(&peer->exec, "%s=%s", p->key, o.value);
	}
	hostdev_free(hd);
	return rc;
}

/* It opens what it needs and then gives up what we do. */
static int
exec_add_rights(struct peer *peer)
{
	const struct conf *conf = peer->env->conf;
	struct peer_exec *x = &peer->exec;
	int rc = 0;

	if (conf->chroot)
		rc = exec_add(x, "--chroot=%s", conf->chroot);
	if (!rc && conf->run_as)
		rc = exec_add(x, "--runas=%s", conf->run_as);
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
	if (exec_is_named(peer, type->path))
		return 0;
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
		rc = exec_add_rights(peer);
	if (!rc)
		rc = exec_add_props(peer, type, conf);
	return rc ? rc : exec_known(peer, NULL); /* it drops them itself */
}

/* ---- a process ---------------------------------------------------- */

static int
exec_start(struct peer *peer)
{
	struct peer_exec *x = &peer->exec;
	int sock[2], words, rc;

	x->started_ns = uv_hrtime();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sock))
		return -errno;
	rc = spawn_start(peer->peers->spawn, x->number, sock[1], &x->pid,
			 &words);
	close(sock[1]);
	if (!rc) {
		peer_log_open(peer, words);
		return sock[0];
	}
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
	if (!spawn_ended(peer->peers->spawn, x->number, &status))
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
		spawn_kill(peer->peers->spawn, peer->exec.number);
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
	peer_log_drain(peer->peers); /* it has said why */
	log_error("%s: %s ended before it was ready", peer->id, program);
	close(fd);
	return rc;
}

void
peer_exec_end(struct peer *peer)
{
	struct peer_exec *x = &peer->exec;

	if (x->known && x->kept)
		spawn_end(peer->peers->spawn, x->number, GRACE_MS);
	else if (x->known)
		spawn_del(peer->peers->spawn, x->number, GRACE_MS);
	x->known = false;
	x->pid = 0;
	while (x->n)
		free(x->argv[--x->n]);
}
