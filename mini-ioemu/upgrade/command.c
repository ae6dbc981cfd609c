/* SPDX-License-Identifier: MIT */
/*
 * The child's log is that of the guest; what it says until the verdict goes to
 * the parent as well, through a pipe. A NUL in there: what follows is the good
 * verdict. The end without one is the bad one.
 */
#include "upgrade/command.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "upgrade/takeover.h"

#define NS_PER_MS 1000000u

/* ---- the parent --------------------------------------------------- */

static int
take_wait(int fd)
{
	bool good = false;
	ssize_t n;
	char c;

	while ((n = read(fd, &c, 1)) > 0 || (n < 0 && errno == EINTR)) {
		if (n > 0 && !c)
			good = true;
		else if (n > 0)
			(void)fputc(c, good ? stdout : stderr);
	}
	if (!good)
		log_error("not taken over: the guest goes on where it was");
	return good ? 0 : -ECANCELED;
}

/* ---- the child ---------------------------------------------------- */

/* As libxl does before it starts one (libxl_linux.c,
 * libxl__local_dm_preexec_restrict). */
static int
take_unshare(const struct conf *conf)
{
	if (conf->restrict_domid && unshare(CLONE_NEWNS | CLONE_NEWIPC)) {
		log_error("cannot leave the host's mounts: %s",
			  strerror(errno));
		return -errno;
	}
	return 0;
}

static int
take_conf(int n, char **words, const struct conf *ours,
	  int (*start)(struct conf *conf))
{
	struct conf_error err;
	struct conf conf;
	int rc = conf_parse(n, words, &conf, &err);

	log_set_level(conf.log_level);
	if (rc)
		log_error("%s", err.text);
	else
		rc = take_unshare(&conf);
	conf.take_over = ours->take_over;
	conf.incoming_fd = -1; /* that was long ago */
	conf.stopped = false;
	if (!rc)
		rc = start(&conf);
	conf_free(&conf);
	return rc;
}

static int
take_child(unsigned domid, int argc, char **argv, const struct conf *conf,
	   int (*start)(struct conf *conf))
{
	char **words, *text;
	int n, rc = takeover_words(domid, argc, argv, &words, &n, &text);

	if (rc)
		return rc;
	rc = take_conf(n, words, conf, start);
	free(words);
	free(text);
	return rc;
}

static void
take_detach(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)setsid();
	if (null >= 0) {
		(void)dup2(null, STDIN_FILENO);
		close(null);
	}
}

int
take_start(int argc, char **argv, const struct conf *conf,
	   int (*start)(struct conf *conf))
{
	int pipe[2];
	pid_t pid;

	if (pipe2(pipe, O_CLOEXEC))
		return -errno;
	(void)fflush(NULL);
	pid = fork();
	if (!pid) {
		close(pipe[0]);
		(void)dup2(pipe[1], STDERR_FILENO);
		close(pipe[1]);
		take_detach();
		return take_child(conf->take_over, argc, argv, conf, start);
	}
	close(pipe[1]);
	if (pid < 0)
		log_error("cannot start a process: %s", strerror(errno));
	return take_wait(pipe[0]);
}

/* ---- the guest ---------------------------------------------------- */

/* A log that nobody reads loses lines; a file or a terminal is what it is. */
static void
take_no_wait(int fd)
{
	struct stat st;

	if (!fstat(fd, &st) && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)))
		(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

/* What goes to standard error goes to the guest's log from now on, also of
 * processes that are started; and, until there is a verdict, to the parent. */
static int
take_log(struct handover *handover)
{
	int copy = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	int fd = handover_take_fd(handover, "log");

	if (fd < 0 || copy < 0)
		return -EBADF;
	take_no_wait(fd);
	(void)dup2(fd, STDOUT_FILENO);
	(void)dup2(fd, STDERR_FILENO);
	close(fd);
	log_copy(copy);
	return copy;
}

static int
take_machine(uv_loop_t *loop, const struct conf *conf,
	     const struct host_plugins *plugins, struct takeover *t,
	     struct handover *handover, struct machine **out)
{
	int rc = machine_take(loop, conf, plugins, handover, out);

	if (rc)
		return rc;
	rc = takeover_commit(t);
	if (!rc)
		return machine_go(*out);
	machine_free(*out);
	return rc;
}

static void
take_verdict(int fd, const struct handover *handover)
{
	uint64_t ns = uv_hrtime() - handover_u64(handover, "since");
	char text[96];

	text[0] = '\0';
	snprintf(text + 1, sizeof(text) - 1,
		 "taken over from pid %d: the guest waited %llu ms\n",
		 (int)handover_u64(handover, "pid"),
		 (unsigned long long)(ns / NS_PER_MS));
	log_copy(-1);
	if (write(fd, text, 1 + strlen(text + 1)) < 0)
		log_warn("nobody is there to be told");
	close(fd);
	log_line(IOEMU_INFO, "%.*s", (int)strcspn(text + 1, "\n"), text + 1);
}

int
take_guest(uv_loop_t *loop, const struct conf *conf,
	   const struct host_plugins *plugins, struct machine **out)
{
	struct takeover *t;
	struct handover *handover;
	int copy, rc = takeover_open(conf, &t);

	if (rc)
		return rc;
	rc = takeover_ask(t, &handover);
	if (!rc) {
		copy = take_log(handover);
		rc = copy < 0 ? copy
			      : take_machine(loop, conf, plugins, t, handover,
					     out);
		if (!rc)
			take_verdict(copy, handover);
	}
	takeover_close(t);
	return rc;
}
