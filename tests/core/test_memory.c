/* SPDX-License-Identifier: MIT */
/*
 * Memory runs out: each allocation of a start, and of what an operator asks
 * for, fails once. The start then fails with nothing left behind, or does
 * without; a machine that runs goes on. The linker puts the functions below in
 * place of the C library's (ld(1), --wrap), for our own code only.
 */
#include "support/qmp_client.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define PM1A_CNT 0xb004

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *s);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *s);

static const char *plugin_dir;
static unsigned left; /* until one fails; 0: none does */
static bool failed;

static bool
fails(void)
{
	if (!left || --left)
		return false;
	failed = true;
	return true;
}

void *
__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : __real_calloc(n, size);
}

void *
__wrap_realloc(void *p, size_t size)
{
	return fails() ? NULL : __real_realloc(p, size);
}

char *
__wrap_strdup(const char *s)
{
	return fails() ? NULL : __real_strdup(s);
}

/* ---- starting ------------------------------------------------------ */

static void
a_start_without_memory_fails_and_leaves_nothing(void **state)
{
	static const char *const more[] = {
		"-device", "i31154,id=br,addr=5",
		"-device", "membar,bus=br,addr=1",
		"-device", "dma-engine,addr=6",
		"-device", "peer,addr=7,connect=unix:/nowhere",
		NULL
	};
	struct whole *w = *state;
	unsigned n;
	int rc;

	for (n = 1;; n++) {
		whole_configure(w, plugin_dir, more);
		left = n;
		failed = false;
		rc = machine_new(&w->loop, &w->conf, w->plugins, &w->machine);
		left = 0;
		if (rc)
			w->machine = NULL;
		whole_stop(w);
		assert_int_equal(whole_end.xen->n_claimed, 0);
		if (!failed)
			break;
	}
	assert_int_equal(rc, 0);
	assert_true(n > 50);
	print_message("%u allocations, each failed once\n", n - 1);
}

/* ---- running ------------------------------------------------------- */

static void
works(struct whole *w)
{
	whole_out(w, PM1A_CNT, 2, 1);
	assert_int_equal(whole_in(w, PM1A_CNT, 2), 1);
}

/* An answer, or the end of the connection. */
static void
ask(struct client *c, const char *command)
{
	uint64_t limit = uv_hrtime() + TEST_LIMIT_NS;
	char byte = ' ';
	ssize_t n;

	assert_int_equal(send(c->fd, command, strlen(command), 0),
			 strlen(command));
	do {
		assert_true(uv_hrtime() < limit);
		uv_run(&c->w->loop, UV_RUN_NOWAIT);
		n = recv(c->fd, &byte, 1, MSG_DONTWAIT);
	} while (n && byte != '\n');
}

static void
asked_without_memory_it_goes_on(void **state)
{
	static const char *const commands[] = {
		"{\"execute\":\"device_add\",\"arguments\":{"
		"\"driver\":\"membar\",\"id\":\"ram\",\"addr\":\"9\"}}",
		"{\"execute\":\"query-pci\"}",
		"{\"execute\":\"query-block\"}",
		"{\"execute\":\"human-monitor-command\",\"arguments\":{"
		"\"command-line\":\"ranges\"}}",
	};
	struct whole *w = *state;
	struct client c;
	unsigned i, n;

	assert_int_equal(whole_start(w, plugin_dir, NULL), 0);
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		for (n = 1, failed = true; failed; n++) {
			client_open(&c, w);
			left = n;
			failed = false;
			ask(&c, commands[i]);
			left = 0;
			client_close(&c);
			works(w);
			client_open(&c, w);
			client_qmp(&c, "{\"execute\":\"device_del\","
				       "\"arguments\":{\"id\":\"ram\"}}");
			client_close(&c);
			whole_out(w, 0xae08, 4, 1u << 9);
			uv_run(&w->loop, UV_RUN_NOWAIT);
		}
	}
}

int
main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
#define T(fn) cmocka_unit_test_setup_teardown(fn, whole_setup, whole_teardown)
		T(a_start_without_memory_fails_and_leaves_nothing),
		T(asked_without_memory_it_goes_on),
	};

	if (argc < 2) {
		fprintf(stderr, "usage: %s PLUGIN-FOLDER\n", argv[0]);
		return 2;
	}
	plugin_dir = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
