/* SPDX-License-Identifier: MIT */
/*
 * Log bytes that a guest can cause, by devices here and in processes of their
 * own: all of them write to one file, as under the toolstack. Budgets are the
 * process's, so each test has an id of its own.
 */
#include "support/machine_fixture.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/processes.h"

#define PORT 0xe9
#define LINES 60000u
#define BURST (64ull << 10) /* of one source, and once more each minute */
#define REST 8192ull	    /* what is said once, all together */
#define MINUTE_NS 60000000000ull

static const char *plugin_dir;

struct flood {
	FILE *log;
	int saved; /* our own standard error */
	uint64_t begun_ns;
};

static void
flood_begin(struct flood *f)
{
	fflush(stderr);
	f->log = tmpfile();
	assert_non_null(f->log);
	f->saved = dup(STDERR_FILENO);
	assert_int_equal(dup2(fileno(f->log), STDERR_FILENO), STDERR_FILENO);
	f->begun_ns = uv_hrtime();
}

/* Not more than that many sources may say in this time. */
static void
flood_end(struct flood *f, unsigned sources)
{
	uint64_t minutes = (uv_hrtime() - f->begun_ns) / MINUTE_NS;
	struct stat st;

	fflush(stderr);
	dup2(f->saved, STDERR_FILENO);
	close(f->saved);
	assert_int_equal(fstat(fileno(f->log), &st), 0);
	fclose(f->log);
	assert_in_range(st.st_size, BURST / 2,
			sources * BURST * (2 + minutes) + REST);
}

/* The loop turns until that is in the log. */
static void
flood_until(struct flood *f, struct whole *w, const char *text)
{
	uint64_t limit = uv_hrtime() + TEST_LIMIT_NS;
	static char all[4 * BURST];
	size_t n;

	do {
		assert_true(uv_hrtime() < limit);
		uv_run(&w->loop, UV_RUN_NOWAIT);
		fflush(stderr);
		rewind(f->log);
		n = fread(all, 1, sizeof(all) - 1, f->log);
		all[n] = '\0';
		fseek(f->log, 0, SEEK_END);
	} while (!strstr(all, text));
}

/* Many short lines: the most that goes around a text. */
static void
guest_floods(struct whole *w)
{
	uint64_t limit = uv_hrtime() + TEST_LIMIT_NS;
	unsigned i;

	while (whole_in(w, PORT, 1) != PORT) {
		assert_true(uv_hrtime() < limit);
		uv_run(&w->loop, UV_RUN_NOWAIT);
	}
	for (i = 0; i < LINES; i++) {
		whole_out(w, PORT, 1, 'x');
		whole_out(w, PORT, 1, '\n');
	}
}

static void
a_device_logs_a_bounded_number_of_bytes(void **state)
{
	static const char *const words[] = { "-device", "debugcon,id=here",
					     NULL };
	struct whole *w = *state;
	struct flood f;

	flood_begin(&f);
	assert_int_equal(whole_start(w, plugin_dir, words), 0);
	guest_floods(w);
	whole_stop(w);
	flood_end(&f, 1);
}

/* Its process writes into the same file. */
static void
an_isolated_device_logs_no_more_than_one_here(void **state)
{
	static const char *const words[] = { "-device",
					     "debugcon,id=apart,isolate=on",
					     NULL };
	struct whole *w = *state;
	struct flood f;

	whole_find_peer(plugin_dir);
	flood_begin(&f);
	assert_int_equal(whole_start(w, plugin_dir, words), 0);
	guest_floods(w);
	whole_stop(w);
	flood_end(&f, 1);
}

/* It has a log of its own, which is ours here, so there are two. */
static void
a_process_that_connects_limits_its_own_log_too(void **state)
{
	char word[256];
	const char *const words[] = { "-device", word, NULL };
	struct whole *w = *state;
	struct procs procs;
	struct flood f;

	procs_open(&procs, plugin_dir);
	snprintf(word, sizeof(word),
		 "raw-mmio,id=con,space=io,base=0xe9,size=1,listen=%s",
		 procs_text(&procs, "unix:%s/con"));
	flood_begin(&f);
	assert_int_equal(whole_start(w, plugin_dir, words), 0);
	procs_start(&procs, "debugcon", "--connect",
		    procs_text(&procs, "unix:%s/con"), NULL);
	guest_floods(w);
	whole_stop(w);
	procs_close(&procs);
	flood_end(&f, 2);
}

/* Whatever it is written in, and before it has a device at all. */
static void
a_program_that_prints_without_end_has_a_limit(void **state)
{
	static const char script[] =
		"yes this is not a line that anybody wants | head -c 3000000 "
		">&2 &\nexec \"$@\"\n";
	char word[512], path[64];
	const char *const words[] = { "-device", word, NULL };
	struct whole *w = *state;
	struct flood f;
	FILE *file;

	snprintf(path, sizeof(path), "%s/run", w->dir);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(script, file);
	fclose(file);
	snprintf(word, sizeof(word),
		 "raw-mmio,id=loud,space=io,base=0xe9,size=1,"
		 "run-as=root,exec=sh %s %s/../ioemu-peer %s/debugcon.so",
		 path, plugin_dir, plugin_dir);
	flood_begin(&f);
	assert_int_equal(whole_start(w, plugin_dir, words), 0);
	guest_floods(w);
	flood_until(&f, w, "loud: logs more than 64 KiB a minute");
	whole_stop(w);
	unlink(path);
	flood_end(&f, 1);
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, whole_setup, whole_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(a_device_logs_a_bounded_number_of_bytes),
		TEST(an_isolated_device_logs_no_more_than_one_here),
		TEST(a_process_that_connects_limits_its_own_log_too),
		TEST(a_program_that_prints_without_end_has_a_limit),
	};

	plugin_dir = argc > 1 ? argv[1] : "build/devices";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
