/* SPDX-License-Identifier: MIT */
/*
 * The helper: a process that does what it was told of before. Its requests come
 * from a process that may be in a guest's hands, so all it takes is numbers,
 * once it was closed.
 */
#include "helper/priv.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fds.h"

#define MAX_GRACE_MS 5000u

struct spawner {
	int sock;
	const struct spawn_env *env;
	bool closed, told;
	struct spawn_command command[SPAWN_COMMANDS];
	struct linkaddr address[SPAWN_ADDRESSES];
	int n_addresses;
	char *path[SPAWN_PATHS];
	unsigned n_paths;
	struct spawn_request req;
	size_t len; /* of req.bytes */
	int fd;	    /* that came with it, or -1 */
};

/* ---- what it is told of ------------------------------------------- */

static unsigned
words_in(const char *bytes, size_t len)
{
	unsigned n = 0;

	while (len)
		n += !bytes[--len];
	return n;
}

static void
command_words(struct spawn_command *c, size_t len)
{
	unsigned n = 0;
	size_t at;

	for (at = 0; at < len; at += strlen(c->bytes + at) + 1)
		c->argv[n++] = c->bytes + at;
}

/* All of them, malloc()ed; NULL: no memory. */
static char *
request_bytes(const struct spawner *s)
{
	char *bytes = malloc(s->len);

	if (bytes)
		memcpy(bytes, s->req.bytes, s->len);
	return bytes;
}

static int
request_add(struct spawner *s)
{
	struct spawn_command *c = s->command;

	if (!s->len || s->req.bytes[s->len - 1])
		return -EINVAL;
	if (words_in(s->req.bytes, s->len) > SPAWN_ARGS)
		return -E2BIG;
	while (c < s->command + SPAWN_COMMANDS && c->bytes)
		c++;
	if (c == s->command + SPAWN_COMMANDS)
		return -ENOSPC;
	c->bytes = request_bytes(s);
	if (!c->bytes)
		return -ENOMEM;
	command_words(c, s->len);
	c->drops = s->req.arg;
	c->user = s->req.user;
	return (int)(c - s->command);
}

static int
request_add_address(struct spawner *s)
{
	struct linkaddr *addr = &s->address[s->n_addresses];

	if (s->n_addresses == SPAWN_ADDRESSES)
		return -ENOSPC;
	if (s->len != sizeof(*addr))
		return -EINVAL;
	memcpy(addr, s->req.bytes, sizeof(*addr));
	if (addr->len > sizeof(addr->sa))
		return -EINVAL;
	return s->n_addresses++;
}

static int
request_add_path(struct spawner *s)
{
	if (s->n_paths == SPAWN_PATHS)
		return -ENOSPC;
	if (!s->len || s->req.bytes[s->len - 1])
		return -EINVAL;
	s->path[s->n_paths] = request_bytes(s);
	if (!s->path[s->n_paths])
		return -ENOMEM;
	s->n_paths++;
	return 0;
}

/* ---- what it does ------------------------------------------------- */

/* The pipe goes with the reply, in place of the socket that came. */
static int
request_start(struct spawner *s, struct spawn_command *c, int *pid)
{
	int status, words, rc = spawn_command_ended(c, &status);

	if (!rc && s->fd < 0)
		rc = -EBADF;
	if (!rc)
		rc = spawn_command_start(c, s->fd, &words);
	*pid = c->pid;
	if (rc)
		return rc;
	close(s->fd);
	s->fd = words;
	return 0;
}

static int
request_command(struct spawner *s, int *value)
{
	struct spawn_command *c = &s->command[s->req.number];
	unsigned grace = s->req.arg < MAX_GRACE_MS ? s->req.arg : MAX_GRACE_MS;

	switch (s->req.what) {
	case SPAWN_START:
		return request_start(s, c, value);
	case SPAWN_ENDED:
		return spawn_command_ended(c, value);
	case SPAWN_KILL:
		return c->pid && kill(c->pid, SIGKILL) ? -errno : 0;
	case SPAWN_END:
		spawn_command_end(c, grace);
		return 0;
	default: /* SPAWN_DEL */
		spawn_command_end(c, grace);
		free(c->bytes);
		*c = (struct spawn_command){ .bytes = NULL };
		return 0;
	}
}

/* The descriptor goes with the reply. */
static int
request_connect(struct spawner *s)
{
	int rc;

	if (s->req.number < 0 || s->req.number >= s->n_addresses)
		return -ENOENT;
	if (s->fd >= 0)
		close(s->fd);
	s->fd = rc = linkaddr_connect(&s->address[s->req.number]);
	return rc < 0 ? rc : 0;
}

static int
request_remove(struct spawner *s)
{
	unsigned i;

	for (i = 0; i < s->n_paths; i++)
		(void)unlink(s->path[i]);
	return 0;
}

static int
request_tell(struct spawner *s)
{
	if (!s->env->tell || s->told)
		return -EPERM;
	s->told = true;
	return s->env->tell(s->env->ctx);
}

static int
request_sleep(struct spawner *s)
{
	return s->env->sleep ? s->env->sleep(s->env->ctx, s->req.arg) : -EPERM;
}

/* ---- requests ----------------------------------------------------- */

static int
request_learn(struct spawner *s)
{
	if (s->closed)
		return -EPERM;
	switch (s->req.what) {
	case SPAWN_ADD:
		return request_add(s);
	case SPAWN_ADD_ADDRESS:
		return request_add_address(s);
	case SPAWN_ADD_PATH:
		return request_add_path(s);
	default: /* SPAWN_CLOSE */
		s->closed = true;
		return 0;
	}
}

static int
request_run(struct spawner *s, int *value)
{
	switch (s->req.what) {
	case SPAWN_ADD:
	case SPAWN_ADD_ADDRESS:
	case SPAWN_ADD_PATH:
	case SPAWN_CLOSE:
		return request_learn(s);
	case SPAWN_START:
	case SPAWN_ENDED:
	case SPAWN_KILL:
	case SPAWN_END:
	case SPAWN_DEL:
		if (s->req.number < 0 || s->req.number >= SPAWN_COMMANDS ||
		    !s->command[s->req.number].bytes)
			return -ENOENT;
		return request_command(s, value);
	case SPAWN_CONNECT:
		return request_connect(s);
	case SPAWN_REMOVE:
		return request_remove(s);
	case SPAWN_TELL:
		return request_tell(s);
	case SPAWN_SLEEP:
		return request_sleep(s);
	default:
		return -EINVAL;
	}
}

/* Nothing that is asked for now would get anything done. */
static bool
spawner_done(const struct spawner *s)
{
	unsigned i;

	if (!s->closed || s->n_addresses || s->n_paths || s->env->sleep ||
	    (s->env->tell && !s->told))
		return false;
	for (i = 0; i < SPAWN_COMMANDS; i++)
		if (s->command[i].bytes)
			return false;
	return true;
}

/* ---- life --------------------------------------------------------- */

static bool
spawner_receive(struct spawner *s)
{
	unsigned fds = 0;
	ssize_t n;

	s->fd = -1;
	do
		n = fds_receive(s->sock, &s->req, sizeof(s->req), &s->fd, &fds,
				1, 0);
	while (n == -EINTR);
	s->len = (size_t)n - SPAWN_HEAD;
	return n >= (ssize_t)SPAWN_HEAD;
}

static void
spawner_loop(struct spawner *s)
{
	struct spawn_reply reply = { .last = false };

	while (!reply.last && spawner_receive(s)) {
		bool give;
		ssize_t n;

		reply.value = 0;
		reply.rc = request_run(s, &reply.value);
		reply.last = spawner_done(s);
		give = !reply.rc && (s->req.what == SPAWN_CONNECT ||
				     s->req.what == SPAWN_START);
		if (s->fd >= 0 && !give)
			close(s->fd);
		n = fds_send(s->sock, &reply, sizeof(reply), &s->fd, give, 0);
		if (give)
			close(s->fd);
		if (n < 0)
			return;
	}
}

/* Of what the device model has open it keeps the log. */
void
spawner_run(int sock, pid_t parent, const struct spawn_env *env)
{
	struct spawner *s;

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* what it started goes with it */
	prctl(PR_SET_NAME, "ioemu-spawner");
	spawn_ignore_signals();
	if (sock != SPAWN_FD)
		dup3(sock, SPAWN_FD, O_CLOEXEC);
	close_range(SPAWN_FD + 1, ~0u, 0);
	s = calloc(1, sizeof(*s));
	if (s && getppid() == parent) {
		s->sock = SPAWN_FD;
		s->env = env;
		spawner_loop(s);
	}
	_exit(EXIT_SUCCESS);
}
