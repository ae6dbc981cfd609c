/* SPDX-License-Identifier: MIT */
/* File descriptors that come by QMP, and saving into them. */
#include "qmp_side.h"

/* ---- file descriptors ------------------------------------------------ */

static void
a_descriptor_reaches_the_command_it_came_with(void **state)
{
	const char *text = "{\"execute\": \"stop\"}";
	struct core *core = *state;
	int fd = greeted(core), pair[2];

	assert_int_equal(pipe(pair), 0);
	tell_fds(fd, text, &pair[1], 1);
	close(pair[1]);
	tell(core, fd, text + 1);
	expect_error(core, fd, "GenericError");
	assert_true(core->taken_fd >= 0);
	assert_int_equal(write(core->taken_fd, "x", 1), 1);
	close(core->taken_fd);
	tell(core, fd, text);
	expect_error(core, fd, "GenericError");
	assert_int_equal(core->taken_fd, -ENOENT);
	close(pair[0]);
	close(fd);
}

static void
descriptors_nobody_takes_are_bounded_and_closed(void **state)
{
	struct core *core = *state;
	int before = n_open_fds(), fd = greeted(core), i, many[6];

	for (i = 0; i < 6; i++)
		many[i] = STDERR_FILENO;
	for (i = 0; i < 10; i++) {
		tell_fds(fd, " ", many, 6);
		turn(core);
	}
	tell(core, fd, "{\"execute\": \"cont\"}");
	expect(core, fd, "{\"return\": {}}");
	assert_true(n_open_fds() <= before + 2 + (int)QMP_MAX_FDS);
	close(fd);
	settle(core);
	assert_int_equal(n_open_fds(), before);
}

/* ---- saving ---------------------------------------------------------- */

/* One end of a pipe goes to the server, the other is returned. */
static int
tell_add_fd(struct core *core, int fd)
{
	const char *text = "{\"execute\": \"add-fd\", \"arguments\": "
			   "{\"opaque\": \"libxl\"}}";
	int pair[2];

	assert_int_equal(pipe(pair), 0);
	tell_fds(fd, text, &pair[1], 1);
	close(pair[1]);
	tell(core, fd, text + 1);
	return pair[0];
}

/* The id of a set that was made. */
static int
add_set(struct core *core, int fd, int *end)
{
	int id = 0, number = -1;
	json_t *answer;

	*end = tell_add_fd(core, fd);
	answer = next(core, fd);
	assert_int_equal(json_unpack(answer, "{s:{s:i, s:i!}}", "return",
				     "fdset-id", &id, "fd", &number),
			 0);
	assert_true(id > 0 && number >= 0);
	json_decref(answer);
	return id;
}

static void
tell_save(struct core *core, int fd, const char *filename, const char *more)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "{\"execute\": \"xen-save-devices-state\", \"arguments\": "
		 "{\"filename\": \"%s\"%s}}",
		 filename, more);
	tell(core, fd, text);
}

static void
devices_are_saved_into_a_descriptor_that_came(void **state)
{
	struct core *core = *state;
	int before = n_open_fds(), fd = greeted(core), end;
	char name[64], c = 0;

	snprintf(name, sizeof(name), "/dev/fdset/%d", add_set(core, fd, &end));
	tell_save(core, fd, name, ", \"live\": false");
	expect(core, fd, "{\"return\": {}}");
	assert_false(core->live);
	assert_int_equal(write(core->saved_fd, "x", 1), 1);
	assert_int_equal(read(end, &c, 1), 1);
	close(core->saved_fd);
	tell_save(core, fd, name, ""); /* it is used up */
	expect_error(core, fd, "GenericError");
	close(end);
	snprintf(name, sizeof(name), "/dev/fdset/%d", add_set(core, fd, &end));
	core->keep = true;
	tell_save(core, fd, name, "");
	expect(core, fd,
	       "{\"error\": {\"class\": \"GenericError\", \"desc\": \"the "
	       "dog ate it\"}}");
	assert_true(core->live);
	close(core->saved_fd);
	close(end);
	close(fd);
	settle(core);
	assert_int_equal(n_open_fds(), before);
}

static void
other_places_to_save_to_are_refused(void **state)
{
	static const char *const bad[] = {
		"/dev/fdset/",
		"/dev/fdset/0",
		"/dev/fdset/01",
		"/dev/fdset/7",
		"/dev/fdset/-1",
		"/dev/fdset/1 ",
		"/tmp/x",
		"",
		"/dev/fdset/4294967297",
	};
	struct core *core = *state;
	int fd = greeted(core), other = greeted(core), end;
	char name[64];
	size_t i;

	snprintf(name, sizeof(name), "/dev/fdset/%d", add_set(core, fd, &end));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		tell_save(core, fd, bad[i], "");
		expect_error(core, fd, "GenericError");
	}
	tell_save(core, fd, name, ", \"live\": 1");
	expect_error(core, fd, "GenericError");
	tell_save(core, fd, name, ", \"lively\": true");
	expect_error(core, fd, "GenericError");
	tell_save(core, other, name, ""); /* not this client's */
	expect_error(core, other, "GenericError");
	tell(core, fd, "{\"execute\": \"xen-save-devices-state\"}");
	expect_error(core, fd, "GenericError");
	assert_int_equal(core->saved_fd, -1);
	close(end);
	close(fd);
	close(other);
}

static void
descriptors_of_a_client_are_bounded_and_go_with_it(void **state)
{
	struct core *core = *state;
	int before = n_open_fds(), fd = greeted(core), end;
	unsigned i;
	char c;

	tell(core, fd, "{\"execute\": \"add-fd\"}"); /* none came */
	expect_error(core, fd, "GenericError");
	for (i = 0; i < QMP_MAX_SETS; i++) {
		(void)add_set(core, fd, &end);
		close(end);
	}
	end = tell_add_fd(core, fd);
	expect_error(core, fd, "GenericError");
	assert_int_equal(read(end, &c, 1), 0); /* it was closed */
	close(end);
	close(fd);
	settle(core);
	assert_int_equal(n_open_fds(), before);
}

static void
writes_are_logged_when_told_so(void **state)
{
	static const char *const bad[] = { "", "{}", "{\"enable\": 1}",
					   "{\"enable\": true, \"x\": 1}" };
	struct core *core = *state;
	int fd = greeted(core);
	char text[128];
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text),
			 "{\"execute\": \"xen-set-global-dirty-log\"%s%s}",
			 *bad[i] ? ", \"arguments\": " : "", bad[i]);
		tell(core, fd, text);
		expect_error(core, fd, "GenericError");
	}
	for (i = 0; i < 2; i++) {
		snprintf(text, sizeof(text),
			 "{\"execute\": \"xen-set-global-dirty-log\", "
			 "\"arguments\": {\"enable\": %s}}",
			 i ? "false" : "true");
		tell(core, fd, text);
		expect(core, fd, "{\"return\": {}}");
		assert_int_equal(core->logs, !i);
	}
	close(fd);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_descriptor_reaches_the_command_it_came_with),
		TEST(descriptors_nobody_takes_are_bounded_and_closed),
		TEST(devices_are_saved_into_a_descriptor_that_came),
		TEST(other_places_to_save_to_are_refused),
		TEST(descriptors_of_a_client_are_bounded_and_go_with_it),
		TEST(writes_are_logged_when_told_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
