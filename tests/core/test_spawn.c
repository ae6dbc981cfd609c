/* SPDX-License-Identifier: MIT */
/*
 * The helper that starts programs: what it does for the device model, and what
 * it does not for one in a guest's hands.
 */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "helper/priv.h"
#include "support/limit.h"

#define USER 7u

static const struct spawn_env nothing = { .tell = NULL };
static char *const sleeper[] = { "sleep", "100", NULL };
static char *const who[] = { "sh", "-c", "exit $(id -u)", NULL };

/* ---- the device model's side --------------------------------------- */

static int
setup(void **state)
{
	struct spawn *s;

	assert_int_equal(spawn_new(&nothing, &s), 0);
	*state = s;
	alarm(TEST_LIMIT_S);
	return 0;
}

static int
teardown(void **state)
{
	alarm(0);
	spawn_free(*state);
	/* nothing is left to wait for */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	return 0;
}

static int
start(struct spawn *s, int number)
{
	int words, rc;
	pid_t pid;

	/* any descriptor is one */
	rc = spawn_start(s, number, STDERR_FILENO, &pid, &words);
	if (!rc)
		close(words);
	return rc;
}

static int
status_of(struct spawn *s, int number)
{
	int status;

	while (!spawn_ended(s, number, &status))
		usleep(1000);
	return status;
}

static void
one_process_of_a_command_at_a_time(void **state)
{
	struct spawn *s = *state;
	int n = spawn_add(s, sleeper, NULL), status;

	assert_int_equal(n, 0);
	assert_true(spawn_ended(s, n, &status)); /* there was none */
	assert_int_equal(start(s, n), 0);
	assert_false(spawn_ended(s, n, &status));
	assert_int_equal(start(s, n), -EBUSY);
	spawn_kill(s, n);
	status = status_of(s, n);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_int_equal(start(s, n), 0);
	spawn_del(s, n, 0);
	assert_int_equal(start(s, n), -ENOENT);
	assert_int_equal(spawn_add(s, sleeper, NULL), n);
}

static void
closed_it_learns_nothing_more(void **state)
{
	struct spawn *s = *state;
	int n = spawn_add(s, sleeper, NULL);

	assert_int_equal(n, 0);
	spawn_close(s);
	assert_int_equal(spawn_add(s, who, NULL), -EPERM);
	assert_int_equal(start(s, 1), -ENOENT);
	assert_int_equal(start(s, n), 0);
}

static void
without_commands_it_ends_when_closed(void **state)
{
	struct spawn *s = *state;

	spawn_close(s);
	/* and nobody has to wait for it */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_true(spawn_add(s, who, NULL) < 0);
	assert_int_equal(start(s, 0) < 0, 1);
}

static void
what_it_starts_is_the_other_user(void **state)
{
	const struct jail_user user = { USER, USER };
	struct spawn *s;
	int n, status;

	(void)state;
	if (geteuid())
		skip();
	assert_int_equal(spawn_new(&nothing, &s), 0);
	n = spawn_add(s, who, &user);
	assert_int_equal(start(s, n), 0);
	status = status_of(s, n);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == USER);
	n = spawn_add(s, who, NULL); /* that gives up rights by itself */
	assert_int_equal(start(s, n), 0);
	status = status_of(s, n);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	spawn_free(s);
}

/* capabilities(7): of /proc/self/status */
static char *const harmless[] = {
	"sh", "-c",
	"grep -q '^CapEff:.*[1-9a-f]' /proc/self/status && exit 1;"
	"grep -q '^CapBnd:.*' /proc/self/status || exit 2;"
	"grep -q '^NoNewPrivs:.1' /proc/self/status || exit 3",
	NULL
};

static void
what_is_a_user_has_no_capabilities_and_gets_none(void **state)
{
	const struct jail_user user = { geteuid(), getegid() };
	const struct jail_user other = { USER, USER };
	struct spawn *s = *state;
	int n = spawn_add(s, harmless, geteuid() ? &user : &other);

	assert_int_equal(start(s, n), 0);
	assert_int_equal(status_of(s, n), 0);
}

static void
what_was_ended_can_be_started_again(void **state)
{
	struct spawn *s = *state;
	int n = spawn_add(s, sleeper, NULL), status;

	spawn_close(s);
	assert_int_equal(start(s, n), 0);
	spawn_end(s, n, 0);
	assert_true(spawn_ended(s, n, &status));
	assert_int_equal(start(s, n), 0);
	spawn_del(s, n, 0);
	/* it was the last, so the helper ends */
	assert_true(start(s, n) < 0);
}

static struct linkaddr
unix_address(const char *path)
{
	struct linkaddr addr;
	char text[128];

	snprintf(text, sizeof(text), "unix:%s", path);
	assert_int_equal(linkaddr_parse(text, &addr), 0);
	return addr;
}

static void
it_goes_to_addresses_that_were_named(void **state)
{
	char dir[] = "/tmp/test_spawn.XXXXXX", path[64];
	struct spawn *s = *state;
	struct linkaddr addr;
	int listens, fd;
	char c;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/socket", dir);
	addr = unix_address(path);
	assert_int_equal(spawn_add_address(s, &addr), 0);
	assert_int_equal(spawn_add_path(s, path), 0);
	spawn_close(s);
	assert_int_equal(spawn_add_address(s, &addr), -EPERM);
	assert_int_equal(spawn_add_path(s, path), -EPERM);
	assert_int_equal(spawn_connect(s, 0), -ENOENT); /* of connect(2) */
	assert_int_equal(spawn_connect(s, 1), -ENOENT);
	assert_int_equal(spawn_connect(s, -1), -ENOENT);
	listens = linkaddr_listen(&addr);
	assert_true(listens >= 0);
	fd = spawn_connect(s, 0);
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
	assert_int_equal(send(fd, "x", 1, 0), 1);
	close(fd);
	fd = linkaddr_accept(listens);
	assert_int_equal(recv(fd, &c, 1, 0), 1);
	close(fd);
	close(listens);
	spawn_remove(s);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(rmdir(dir), 0);
}

struct told {
	int tells, sleeps;
};

static int
count_tell(void *ctx)
{
	((struct told *)ctx)->tells++;
	return 0;
}

static int
count_sleep(void *ctx, bool asleep)
{
	((struct told *)ctx)->sleeps += asleep ? 1 : 10;
	return -ENOTTY;
}

static void
it_tells_once_and_sleeps_if_it_was_made_for_that(void **state)
{
	struct told *told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE,
				 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct spawn_env env = { .tell = count_tell, .ctx = told };
	struct spawn *s;

	(void)state;
	assert_int_equal(spawn_new(&env, &s), 0);
	spawn_close(s);
	assert_int_equal(spawn_sleep(s, true), -EPERM);
	assert_int_equal(spawn_tell(s), 0);
	assert_true(spawn_tell(s) < 0); /* it has ended */
	spawn_free(s);
	env.sleep = count_sleep;
	assert_int_equal(spawn_new(&env, &s), 0);
	spawn_close(s);
	assert_int_equal(spawn_tell(s), 0);
	assert_int_equal(spawn_tell(s), -EPERM);
	assert_int_equal(spawn_sleep(s, true), -ENOTTY);
	assert_int_equal(spawn_sleep(s, false), -ENOTTY);
	spawn_free(s);
	assert_int_equal(told->tells, 2);
	assert_int_equal(told->sleeps, 11);
	munmap(told, sizeof(*told));
}

static void
too_many_words_or_commands_are_refused(void **state)
{
	static char longest[SPAWN_BYTES];
	char *const words[] = { longest, "x", NULL };
	struct spawn *s = *state;
	int i;

	memset(longest, 'x', sizeof(longest) - 1);
	assert_int_equal(spawn_add(s, words, NULL), -E2BIG);
	for (i = 0; i < SPAWN_COMMANDS; i++)
		assert_int_equal(spawn_add(s, sleeper, NULL), i);
	assert_int_equal(spawn_add(s, sleeper, NULL), -ENOSPC);
}

/* ---- anything on its socket ----------------------------------------- */

struct raw {
	int sock;
	pid_t pid;
};

static void
raw_open_with(struct raw *r, const struct spawn_env *env)
{
	pid_t parent = getpid();
	int sock[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sock), 0);
	r->pid = fork();
	if (!r->pid) {
		close(sock[0]);
		spawner_run(sock[1], parent, env);
	}
	close(sock[1]);
	r->sock = sock[0];
}

static void
raw_open(struct raw *r)
{
	raw_open_with(r, &nothing);
}

/* What it answers, or that it is gone. */
static int
raw_ask(struct raw *r, const struct spawn_request *req, size_t len)
{
	struct spawn_reply reply;

	if (send(r->sock, req, len, MSG_NOSIGNAL) != (ssize_t)len ||
	    recv(r->sock, &reply, sizeof(reply), 0) != sizeof(reply))
		return -ESHUTDOWN;
	return reply.rc;
}

static void
nonsense_is_refused(void **state)
{
	static const struct {
		struct spawn_request req;
		size_t bytes;
		int rc;
	} cases[] = {
		{ { .what = SPAWN_ADD, .bytes = "" }, 0, -EINVAL },
		{ { .what = SPAWN_ADD, .bytes = "no end" }, 6, -EINVAL },
		{ { .what = SPAWN_START }, 0, -ENOENT },
		{ { .what = SPAWN_START, .number = -1 }, 0, -ENOENT },
		{ { .what = SPAWN_KILL, .number = SPAWN_COMMANDS },
		  0,
		  -ENOENT },
		{ { .what = SPAWN_DEL, .number = INT32_MAX }, 0, -ENOENT },
		{ { .what = SPAWN_ADD, .bytes = "true" }, 5, 0 },
		{ { .what = SPAWN_START }, 0, -EBADF }, /* no socket */
		{ { .what = 99 }, 0, -EINVAL },
		{ { .what = SPAWN_KILL }, 0, 0 }, /* nothing runs */
		{ { .what = SPAWN_ADD_ADDRESS }, 3, -EINVAL },
		{ { .what = SPAWN_CONNECT }, 0, -ENOENT },
		{ { .what = SPAWN_ADD_PATH, .bytes = "no end" }, 6, -EINVAL },
		{ { .what = SPAWN_TELL }, 0, -EPERM },
		{ { .what = SPAWN_SLEEP, .arg = 1 }, 0, -EPERM },
		{ { .what = SPAWN_CLOSE }, 0, 0 },
		{ { .what = SPAWN_ADD, .bytes = "true" }, 5, -EPERM },
		{ { .what = SPAWN_ADD_ADDRESS },
		  sizeof(struct linkaddr),
		  -EPERM },
		{ { .what = SPAWN_ADD_PATH, .bytes = "/x" }, 3, -EPERM },
		{ { .what = SPAWN_CLOSE }, 0, -EPERM },
	};
	struct raw r;
	size_t i;

	(void)state;
	alarm(TEST_LIMIT_S);
	raw_open(&r);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(
			raw_ask(&r, &cases[i].req, SPAWN_HEAD + cases[i].bytes),
			cases[i].rc);
	/* half a request ends it */
	assert_int_equal(raw_ask(&r, &cases[0].req, SPAWN_HEAD - 1),
			 -ESHUTDOWN);
	assert_int_equal(waitpid(r.pid, NULL, 0), r.pid);
	close(r.sock);
	alarm(0);
}

static unsigned
descriptors(pid_t pid)
{
	char path[64];
	unsigned n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* cmsg(3): the room for one is that for two. */
static void
a_second_descriptor_is_not_kept(void **state)
{
	static const int two[] = { STDOUT_FILENO, STDERR_FILENO };
	const struct spawn_request req = { .what = SPAWN_KILL };
	union {
		struct cmsghdr align;
		char buf[CMSG_SPACE(sizeof(two))];
	} control = { .align = { CMSG_LEN(sizeof(two)), SOL_SOCKET,
				 SCM_RIGHTS } };
	struct iovec iov = { (void *)(uintptr_t)&req, SPAWN_HEAD };
	const struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	struct spawn_reply reply;
	unsigned i, before;
	struct raw r;

	(void)state;
	alarm(TEST_LIMIT_S);
	raw_open(&r);
	memcpy(CMSG_DATA(&control.align), two, sizeof(two));
	assert_int_equal(raw_ask(&r, &req, SPAWN_HEAD), -ENOENT);
	before = descriptors(r.pid);
	for (i = 0; i < 10; i++) {
		assert_int_equal(sendmsg(r.sock, &msg, 0), SPAWN_HEAD);
		assert_int_equal(recv(r.sock, &reply, sizeof(reply), 0),
				 sizeof(reply));
	}
	assert_int_equal(descriptors(r.pid), before);
	close(r.sock);
	assert_int_equal(waitpid(r.pid, NULL, 0), r.pid);
	alarm(0);
}

static void
too_many_words_do_not_overflow(void **state)
{
	struct spawn_request req = { .what = SPAWN_ADD };
	struct raw r;

	(void)state;
	alarm(TEST_LIMIT_S);
	raw_open(&r);
	/* each end is a word */
	assert_int_equal(raw_ask(&r, &req, sizeof(req)), -E2BIG);
	assert_int_equal(raw_ask(&r, &req, SPAWN_HEAD + SPAWN_ARGS + 1),
			 -E2BIG);
	assert_int_equal(raw_ask(&r, &req, SPAWN_HEAD + SPAWN_ARGS), 0);
	close(r.sock);
	assert_int_equal(waitpid(r.pid, NULL, 0), r.pid);
	alarm(0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(one_process_of_a_command_at_a_time),
		T(closed_it_learns_nothing_more),
		T(without_commands_it_ends_when_closed),
		T(what_is_a_user_has_no_capabilities_and_gets_none),
		T(what_was_ended_can_be_started_again),
		T(it_goes_to_addresses_that_were_named),
		cmocka_unit_test(
			it_tells_once_and_sleeps_if_it_was_made_for_that),
		T(too_many_words_or_commands_are_refused),
		cmocka_unit_test(what_it_starts_is_the_other_user),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(a_second_descriptor_is_not_kept),
		cmocka_unit_test(too_many_words_do_not_overflow),
	};

	return cmocka_run_group_tests_name("spawn", tests, NULL, NULL);
}
