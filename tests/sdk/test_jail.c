/* SPDX-License-Identifier: MIT */
/*
 * The list of system calls that every host on a loop has: what the C library
 * needs is in it, and what is not in it is refused, not silently. Each in a
 * process of its own, as there is no way back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "jail/jail.h"
#include "support/limit.h"
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 300

extern void __stack_chk_fail(void); /* of glibc */

struct end {
	int status;
	char text[1024]; /* on standard error */
};

static void
shut(const struct jail_table *more)
{
	const struct jail_table *const tables[] = { &jail_base, more };

	if (jail_drop() || jail_close(tables, more ? 2 : 1))
		_exit(99);
}

/* What becomes of a process that does this. */
static void
end_of(void (*run)(void), struct end *end)
{
	int err[2];
	size_t n = 0;
	ssize_t got;
	pid_t pid;

	assert_int_equal(pipe(err), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		alarm(TEST_LIMIT_S);
		dup2(err[1], STDERR_FILENO);
		run();
		_exit(0);
	}
	close(err[1]);
	while ((got = read(err[0], end->text + n, sizeof(end->text) - 1 - n)) >
	       0)
		n += (size_t)got;
	close(err[0]);
	end->text[n] = '\0';
	assert_int_equal(waitpid(pid, &end->status, 0), pid);
}

/* ---- what glibc needs ---------------------------------------------- */

static void *
wait_for_ever(void *arg)
{
	for (;;)
		sleep(1);
	return arg;
}

static void
start_thread_and_shut(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, wait_for_ever, NULL))
		_exit(98);
	shut(NULL);
}

/* It makes its first calls when it runs for the first time (rseq(2)). */
static void
a_thread_made_just_before_lives(void **state)
{
	struct end end;
	unsigned i;

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		end_of(start_thread_and_shut, &end);
		if (end.status)
			fail_msg("round %u: status %x: %s", i, end.status,
				 end.text);
	}
}

static void
make_its_calls(void)
{
	shut(NULL);
	if (syscall(SYS_rseq, NULL, 0, 0, 0) != -1 || errno == EPERM)
		_exit(1);
	if (syscall(SYS_set_robust_list, NULL, 0) != -1 || errno == EPERM)
		_exit(2);
	if (syscall(SYS_sched_getaffinity, 0, 0, NULL) != -1 || errno == EPERM)
		_exit(3);
}

static void
its_first_calls_are_allowed(void **state)
{
	struct end end;

	(void)state;
	end_of(make_its_calls, &end);
	assert_int_equal(end.status, 0);
}

static void
smash_the_stack(void)
{
	shut(NULL);
	__stack_chk_fail();
}

static void
glibc_says_why_it_aborts(void **state)
{
	struct end end;

	(void)state;
	end_of(smash_the_stack, &end);
	assert_true(WIFSIGNALED(end.status));
	assert_int_equal(WTERMSIG(end.status), SIGABRT);
	assert_non_null(strstr(end.text, "stack smashing detected"));
}

/* ---- what is refused ----------------------------------------------- */

static void
open_sockets(void)
{
	shut(NULL);
	if (socket(AF_UNIX, SOCK_STREAM, 0) != -1 || errno != EPERM)
		_exit(1);
	if (socket(AF_INET, SOCK_STREAM, 0) != -1 || errno != EPERM)
		_exit(2);
}

static void
a_refused_call_says_so_once(void **state)
{
	const char *first;
	struct end end;

	(void)state;
	end_of(open_sockets, &end);
	assert_int_equal(end.status, 0);
	printf("%s", end.text);
	first = strstr(end.text, "socket() is refused");
	assert_non_null(first);
	assert_null(strstr(first + 1, "socket() is refused"));
}

static void
start_something(void)
{
	pthread_t thread;

	shut(NULL);
	if (pthread_create(&thread, NULL, wait_for_ever, NULL) != EPERM)
		_exit(1);
	if (fork() != -1 || errno != EPERM)
		_exit(2);
}

static void
no_thread_and_no_process_begins(void **state)
{
	struct end end;

	(void)state;
	end_of(start_something, &end);
	assert_int_equal(end.status, 0);
}

static int
option(int fd, int level, int name)
{
	const int on = 1;

	return setsockopt(fd, level, name, &on, sizeof(on)) ? errno : 0;
}

static void
set_options(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), on;
	socklen_t len = sizeof(on);

	shut(&jail_accept);
	if (option(fd, IPPROTO_TCP, TCP_NODELAY))
		_exit(1);
	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &on, &len))
		_exit(2);
	if (option(fd, SOL_SOCKET, SO_RCVBUF) != EPERM ||
	    option(fd, IPPROTO_TCP, TCP_CONGESTION) != EPERM ||
	    option(fd, IPPROTO_IP, TCP_NODELAY) != EPERM)
		_exit(3);
	if (!getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &len))
		_exit(4);
}

static void
one_option_of_sockets_can_be_set(void **state)
{
	struct end end;

	(void)state;
	end_of(set_options, &end);
	assert_int_equal(end.status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thread_made_just_before_lives),
		cmocka_unit_test(its_first_calls_are_allowed),
		cmocka_unit_test(glibc_says_why_it_aborts),
		cmocka_unit_test(a_refused_call_says_so_once),
		cmocka_unit_test(no_thread_and_no_process_begins),
		cmocka_unit_test(one_option_of_sockets_can_be_set),
	};

	/* nor is there room for it in there */
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	return cmocka_run_group_tests_name("jail", tests, NULL, NULL);
}
