/* SPDX-License-Identifier: MIT
 *
 * labtool - small helpers for scenarios in dom0.
 *
 * Owns waiting on growing files and stamping times finely, which a shell does
 * slowly; knows nothing of any scenario.
 *
 *   labtool wait FILE REGEX SECONDS [COUNT [PID]]   print the COUNTth line,
 *                                     or a guest's failure before it
 *   labtool prompt …                  the same, but a line need not have ended
 *   labtool now                                     milliseconds since boot
 *   labtool poke FILE OFFSET WIDTH TEXT             overwrite, blank padded
 *   labtool gap FILE PID              milliseconds FILE did not grow, at most,
 *                                     while PID runs and until FILE then grows
 *   labtool state FILE                bytes of device state in an xl save file
 *   labtool gsi DOMID                 wrong calls for its interrupt pins: those
 *                                     that Xen does not answer as it should
 *
 * When called by another name (a link to it), it is a device model that times
 * itself: it starts the program named in /run/lab/timed-dm and appends
 * "ready MS" to /run/lab/timed-dm.log, MS being the milliseconds from exec to
 * the readiness mark in xenstore.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <regex.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <xenstore.h>

#include "tool.h"

#define TIMED_DM "/run/lab/timed-dm"
#define TIMED_LOG "/run/lab/timed-dm.log"
#define GUEST_FAIL "GUEST-FAIL"

enum {
	LINE_MAX_BYTES = 4096,
	TICK_MS = 200, /* how often a missing file is looked for */
};

enum wait_result {
	WAIT_FOUND = 0,
	WAIT_TIMEOUT = 1,
	WAIT_USAGE = 2,
	WAIT_DEAD = 3, /* the process that writes the file is gone */
};

struct follow {
	const char *path;
	regex_t regex;
	unsigned long n_wanted;
	bool prompt; /* a line without an end will do */
	int fd;
	off_t offset;
	size_t n_line;
	char line[LINE_MAX_BYTES];
};

double
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static bool
line_matches(struct follow *f)
{
	f->line[f->n_line] = '\0';
	return regexec(&f->regex, f->line, 0, NULL, 0) == 0;
}

static bool
take_byte(struct follow *f, char byte)
{
	if (byte == '\r' || byte == '\0')
		return false;
	if (byte != '\n' && f->n_line < sizeof(f->line) - 1) {
		f->line[f->n_line++] = byte;
		return false;
	}
	if (line_matches(f) &&
	    (--f->n_wanted == 0 || strstr(f->line, GUEST_FAIL)))
		return true;
	f->n_line = 0;
	return false;
}

static void
follow_open(struct follow *f)
{
	struct stat named, open_file;

	if (f->fd >= 0 && stat(f->path, &named) == 0 &&
	    fstat(f->fd, &open_file) == 0 && named.st_ino == open_file.st_ino &&
	    named.st_size >= f->offset)
		return;
	if (f->fd >= 0)
		close(f->fd);
	f->fd = open(f->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	f->offset = 0;
	f->n_line = 0;
}

/* Read what is new; true once the wanted line is in f->line. */
static bool
follow_read(struct follow *f)
{
	char buf[4096];
	ssize_t n, i;

	follow_open(f);
	if (f->fd < 0)
		return false;
	while ((n = read(f->fd, buf, sizeof(buf))) > 0) {
		f->offset += n;
		for (i = 0; i < n; i++) {
			if (take_byte(f, buf[i]))
				return true;
		}
	}
	return f->prompt && f->n_wanted == 1 && f->n_line > 0 &&
	       line_matches(f);
}

bool
process_gone(const char *pid)
{
	char path[64];

	if (!pid)
		return false;
	snprintf(path, sizeof(path), "/proc/%.20s/exe", pid);
	return access(path, F_OK) != 0;
}

static int
wait_loop(struct follow *f, double deadline_ms, const char *pid)
{
	struct pollfd p = { .events = POLLIN };
	char events[4096];
	bool dead = false;

	p.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	for (;;) {
		if (inotify_add_watch(p.fd, f->path, IN_MODIFY) < 0 &&
		    errno != ENOENT)
			return WAIT_USAGE;
		if (follow_read(f)) {
			puts(f->line);
			return WAIT_FOUND;
		}
		if (dead)
			return WAIT_DEAD;
		if (now_ms() > deadline_ms)
			return WAIT_TIMEOUT;
		/* One more reading after death: the last words count. */
		dead = process_gone(pid);
		if (poll(&p, 1, TICK_MS) > 0 &&
		    read(p.fd, events, sizeof(events)) < 0 && errno != EAGAIN)
			return WAIT_USAGE;
	}
}

static int
cmd_wait(int argc, char **argv, bool prompt)
{
	static struct follow f;
	double deadline_ms;

	if (argc < 3)
		return WAIT_USAGE;
	f.path = argv[0];
	f.fd = -1;
	f.prompt = prompt;
	f.n_wanted = argc > 3 ? strtoul(argv[3], NULL, 10) : 1;
	if (regcomp(&f.regex, argv[1], REG_EXTENDED | REG_NOSUB) ||
	    f.n_wanted == 0)
		return WAIT_USAGE;
	deadline_ms = now_ms() + atof(argv[2]) * 1e3;
	return wait_loop(&f, deadline_ms, argc > 4 ? argv[4] : NULL);
}

static int
cmd_now(void)
{
	printf("%.1f\n", now_ms());
	return 0;
}

static int
cmd_poke(char **argv)
{
	size_t width = strtoul(argv[2], NULL, 10), n = strlen(argv[3]);
	off_t offset = strtoll(argv[1], NULL, 10);
	char *text;
	int fd;
	bool ok;

	if (n > width) {
		fprintf(stderr, "labtool: \"%s\" is longer than %zu bytes\n",
			argv[3], width);
		return 1;
	}
	text = malloc(width);
	fd = open(argv[0], O_WRONLY | O_CLOEXEC);
	if (!text || fd < 0) {
		perror(argv[0]);
		free(text);
		return 1;
	}
	memset(text, ' ', width);
	memcpy(text, argv[3], n);
	ok = pwrite(fd, text, width, offset) == (ssize_t)width;
	close(fd);
	free(text);
	return ok ? 0 : 1;
}

/* The child's part: wait for the mark, then log the time since the exec. */
static void
watch_ready(const char *domid, int go_fd)
{
	struct pollfd p = { .events = POLLIN };
	struct xs_handle *xs = xs_open(0);
	char path[96], line[64], *value;
	unsigned int n;
	double start_ms;
	bool ready = false;
	int fd;

	snprintf(path, sizeof(path), "/local/domain/0/device-model/%.10s/state",
		 domid);
	if (!xs || !xs_watch(xs, path, "ready") || write(go_fd, "g", 1) != 1)
		_exit(1);
	start_ms = now_ms();
	p.fd = xs_fileno(xs);
	while (!ready && poll(&p, 1, 60000) > 0) {
		free(xs_read_watch(xs, &n));
		value = xs_read(xs, XBT_NULL, path, &n);
		ready = value && strcmp(value, "running") == 0;
		free(value);
	}
	snprintf(line, sizeof(line), "ready %.1f\n", now_ms() - start_ms);
	fd = open(TIMED_LOG, O_WRONLY | O_CREAT | O_APPEND, 0644);
	if (ready && fd >= 0 && write(fd, line, strlen(line)) < 0)
		perror(TIMED_LOG);
	_exit(0);
}

static const char *
find_domid(char **argv)
{
	for (; *argv; argv++) {
		if (strcmp(*argv, "-xen-domid") == 0 && argv[1])
			return argv[1];
	}
	return NULL;
}

static int
run_timed(char **argv)
{
	char program[256] = "", byte;
	const char *domid = find_domid(argv);
	int go[2];
	FILE *f = fopen(TIMED_DM, "re");

	if (f && fscanf(f, "%255s", program) != 1)
		program[0] = '\0';
	if (f)
		fclose(f);
	if (!program[0] || pipe2(go, O_CLOEXEC) < 0)
		return 127;
	/* A grandchild, so that the device model never has a child to reap. */
	if (domid && fork() == 0) {
		close(go[0]);
		if (fork() == 0)
			watch_ready(domid, go[1]);
		_exit(0);
	}
	close(go[1]);
	while (wait(NULL) > 0)
		;
	/* End of file means the child gave up: run untimed. */
	if (read(go[0], &byte, 1) < 0)
		return 127;
	argv[0] = program;
	execv(program, argv);
	perror(program);
	return 127;
}

int
main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');
	const char *verb = argc > 1 ? argv[1] : "";

	name = name ? name + 1 : argv[0];
	if (strcmp(name, "labtool") != 0)
		return run_timed(argv);
	if (strcmp(verb, "wait") == 0)
		return cmd_wait(argc - 2, argv + 2, false);
	if (strcmp(verb, "prompt") == 0)
		return cmd_wait(argc - 2, argv + 2, true);
	if (strcmp(verb, "now") == 0)
		return cmd_now();
	if (strcmp(verb, "poke") == 0 && argc == 6)
		return cmd_poke(argv + 2);
	if (strcmp(verb, "gap") == 0 && argc == 4)
		return cmd_gap(argv[2], argv[3]);
	if (strcmp(verb, "state") == 0 && argc == 3)
		return cmd_state(argv[2]);
	if (strcmp(verb, "gsi") == 0 && argc == 3)
		return cmd_gsi(argv[2]);
	fprintf(stderr, "usage: labtool wait|prompt|now|poke|gap|state|gsi ... "
			"(see its source)\n");
	return 2;
}
