/* SPDX-License-Identifier: MIT */
/*
 * Log bytes that a guest can cause, by devices here and in processes of their
 * own: all of them write to one file, as under the toolstack.
 */
#include "spine/whole.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spine/procs.h"

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
	static const char *const words[] = { "-device", "debugcon", NULL };
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
	static const char *const words[] = { "-device", "debugcon,isolate=on",
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

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, whole_setup, whole_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(a_device_logs_a_bounded_number_of_bytes),
		TEST(an_isolated_device_logs_no_more_than_one_here),
		TEST(a_process_that_connects_limits_its_own_log_too),
	};

	plugin_dir = argc > 1 ? argv[1] : "build/devices";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
