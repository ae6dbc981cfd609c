/* SPDX-License-Identifier: MIT */
/* Children, each known by its pid until it was waited for. */
#include "processes.h"

#include <dirent.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

void
procs_open(struct procs *p, const char *plugin_dir)
{
	*p = (struct procs){ .plugin_dir = plugin_dir };
	strcpy(p->dir, "/tmp/ioemu-test-XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	/* the children's sandbox leaves no room for it */
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
}

static void
procs_forget(struct procs *p, pid_t pid)
{
	unsigned i;

	for (i = 0; i < p->n; i++)
		if (p->pid[i] == pid)
			p->pid[i] = p->pid[--p->n];
}

void
procs_end(struct procs *p, pid_t pid, int sig)
{
	int status;

	kill(pid, sig);
	kill(pid, SIGCONT);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	procs_forget(p, pid);
}

bool
procs_ended(struct procs *p, pid_t pid)
{
	if (waitpid(pid, NULL, WNOHANG) != pid)
		return false;
	procs_forget(p, pid);
	return true;
}

pid_t
procs_start(struct procs *p, const char *plugin, const char *how,
	    const char *addr, const char *prop)
{
	char program[512], so[512];
	pid_t pid;

	assert_true(p->n < PROCS_MAX);
	snprintf(program, sizeof(program), "%s/../ioemu-peer", p->plugin_dir);
	snprintf(so, sizeof(so), "%s/%s.so", p->plugin_dir, plugin);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(program, "ioemu-peer", how, addr, so, prop, (char *)NULL);
		_exit(127);
	}
	assert_true(pid > 0);
	p->pid[p->n++] = pid;
	return pid;
}

const char *
procs_text(struct procs *p, const char *form)
{
	snprintf(p->text, sizeof(p->text), form, p->dir);
	return p->text;
}

void
procs_close(struct procs *p)
{
	DIR *dir = opendir(p->dir);
	const struct dirent *e;

	while (p->n)
		procs_end(p, p->pid[0], SIGKILL);
	assert_non_null(dir);
	while ((e = readdir(dir)))
		unlinkat(dirfd(dir), e->d_name, 0); /* . and .. stay */
	closedir(dir);
	assert_int_equal(rmdir(p->dir), 0);
}
