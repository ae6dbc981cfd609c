/* SPDX-License-Identifier: MIT */
/*
 * From the process that takes the guest over: whom to ask, and by which process
 * without rights (reader.c), as the answers come from one that may be in a
 * guest's hands.
 */
#include "upgrade/takeover.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "upgrade/reader.h"

/* Where libxl has it if its words name none (libxl_qmp.c). */
#define SOCKET "/run/xen/qmp-libxl-%d"
/* Stopping and saving may take 8 s each (pause.c, save.c). */
#define LIMIT_MS 25000
#define STEP_NS 1000000
#define STEPS 2000u

struct takeover {
	int sock; /* to the reader; -1: there is none */
	pid_t pid;
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
reach(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd, rc = 0;

	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&addr, sizeof(addr)))
		rc = -errno;
	if (!rc)
		return fd;
	close(fd);
	return rc;
}

/* ---- the reader --------------------------------------------------- */

static int
reader_start(struct takeover *t, int qmp)
{
	int sock[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sock))
		return -errno;
	t->pid = fork();
	if (!t->pid)
		takeread_run(qmp, sock[1]);
	close(sock[1]);
	t->sock = sock[0];
	return t->pid < 0 ? -errno : 0;
}

/* It is not trusted to come to an end. */
static int
reader_ask(struct takeover *t, enum takeread_what what)
{
	struct pollfd p = { .fd = t->sock, .events = POLLIN };
	uint8_t request = (uint8_t)what;
	int32_t rc;
	int n;

	if (send(t->sock, &request, 1, MSG_NOSIGNAL) < 0)
		return -errno;
	do
		n = poll(&p, 1, LIMIT_MS);
	while (n < 0 && errno == EINTR);
	if (n <= 0) {
		log_error("the device model that runs does not answer within "
			  "%u s",
			  LIMIT_MS / 1000);
		return -ETIMEDOUT;
	}
	if (recv(t->sock, &rc, sizeof(rc), MSG_DONTWAIT) != sizeof(rc))
		return -ECONNRESET;
	return rc < 0 ? rc : 0;
}

static int
greet(struct takeover *t, const char *path)
{
	int rc, fd = reach(path);

	if (fd < 0) {
		log_error("%s: %s", path, strerror(-fd));
		return fd;
	}
	rc = reader_start(t, fd);
	close(fd);
	return rc ? rc : reader_ask(t, TAKEREAD_GREET);
}

int
takeover_open(const struct conf *conf, struct takeover **out)
{
	const struct conf_monitor *c = conf->monitors;
	struct takeover *t = calloc(1, sizeof(*t));
	char path[108];
	int rc;

	if (!t)
		return -ENOMEM;
	t->sock = -1;
	while (c && !c->path)
		c = c->next;
	snprintf(path, sizeof(path), SOCKET, conf->domid);
	rc = greet(t, c ? c->path : path);
	if (rc) {
		takeover_close(t);
		return rc;
	}
	*out = t;
	return 0;
}

/*
 * It ends when it reads the end, and the other sees the end of its connection.
 * One that does not is not waited for, and ends with us. (Nobody is killed from
 * in the sandbox.)
 */
void
takeover_close(struct takeover *t)
{
	const struct timespec step = { .tv_nsec = STEP_NS };
	unsigned i;

	if (!t)
		return;
	if (t->sock >= 0)
		close(t->sock);
	for (i = 0; t->pid > 0 && i < STEPS; i++) {
		if (waitpid(t->pid, NULL, WNOHANG))
			break;
		nanosleep(&step, NULL);
	}
	free(t);
}

int
takeover_ask(struct takeover *t, struct handover **out)
{
	int rc = reader_ask(t, TAKEREAD_ASK);

	if (rc)
		return rc;
	rc = handover_receive(t->sock, out);
	if (rc)
		log_error("what the device model that runs hands over makes no "
			  "sense: %s",
			  strerror(-rc));
	return rc;
}

int
takeover_commit(struct takeover *t)
{
	return reader_ask(t, TAKEREAD_TAKEN);
}
