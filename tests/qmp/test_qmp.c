/* SPDX-License-Identifier: MIT */
/* The QMP server as its clients see it: messages, clients, sockets. */
#include "qmp_side.h"

#include <errno.h>
#include <sys/stat.h>
#include <sys/un.h>

/* ---- ids and shape --------------------------------------------------- */

static void
the_id_comes_back_as_it_was(void **state)
{
	static const char *const ids[] = {
		"0",	    "2020370688",	    "-1",   "9007199254740993",
		"1.5",	    "\"a\\u00e9\\n\"",	    "null", "true",
		"[1, [2]]", "{\"a\": {\"b\": []}}",
	};
	struct core *core = *state;
	int fd = greeted(core);
	char text[160];
	size_t i;

	for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		snprintf(text, sizeof(text),
			 "{\"id\": %s, \"execute\": \"cont\"}", ids[i]);
		tell(core, fd, text);
		snprintf(text, sizeof(text), "{\"return\": {}, \"id\": %s}",
			 ids[i]);
		expect(core, fd, text);
	}
	close(fd);
}

static void
malformed_requests_get_generic_errors(void **state)
{
	static const char *const bad[] = {
		"{}",
		"{\"execute\": 1}",
		"{\"id\": 1}",
		"{\"execute\": \"cont\", \"arguments\": []}",
		"{\"execute\": \"cont\", \"arguments\": {\"a\": 1}}",
		"{\"execute\": \"cont\", \"control\": 1}",
		"{\"execute\": \"cont\", \"execute\": \"cont\"}",
		"{\"execute\": \"co\xff\"}",
		"{\"execute\": \"co\\u0000nt\"}",
		"{execute}",
		"{\"a\": 1,}",
		"{]",
	};
	struct core *core = *state;
	int fd = greeted(core);
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		tell(core, fd, bad[i]);
		expect_error(core, fd, "GenericError");
	}
	tell(core, fd, "{\"execute\": \"cont\"}");
	expect(core, fd, "{\"return\": {}}");
	close(fd);
}

static void
messages_need_no_line_ends(void **state)
{
	struct core *core = *state;
	int fd = greeted(core);

	tell(core, fd,
	     "{\"execute\":\"cont\",\"id\":1}{\"execute\":\"cont\","
	     "\"id\":\"}{\"} \t\r\n {\"execute\":\"cont\",\"id\":3}");
	expect(core, fd, "{\"return\": {}, \"id\": 1}");
	expect(core, fd, "{\"return\": {}, \"id\": \"}{\"}");
	expect(core, fd, "{\"return\": {}, \"id\": 3}");
	close(fd);
}

static void
a_message_may_come_byte_by_byte(void **state)
{
	const char *text = "{\"execute\": \"cont\", \"id\": \"\\\"{\\\\\"}";
	struct core *core = *state;
	int fd = greeted(core);

	for (; *text; text++)
		tell_bytes(core, fd, text, 1);
	expect(core, fd, "{\"return\": {}, \"id\": \"\\\"{\\\\\"}");
	close(fd);
}

static void
bytes_outside_objects_end_the_connection(void **state)
{
	static const char *const bad[] = { "help\n", "[1]", "\"a\"", "}" };
	struct core *core = *state;
	size_t i;
	int fd;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		fd = greeted(core);
		tell(core, fd, bad[i]);
		expect_error(core, fd, "GenericError");
		expect_end(core, fd);
		close(fd);
	}
}

static void
nesting_has_a_limit(void **state)
{
	struct core *core = *state;
	int fd = greeted(core);
	char text[128] = "{\"execute\": \"cont\", \"id\": ";
	size_t len = strlen(text);

	memset(text + len, '[', QMP_MAX_DEPTH - 1);
	memset(text + len + QMP_MAX_DEPTH - 1, ']', QMP_MAX_DEPTH - 1);
	strcat(text, "}");
	tell(core, fd, text);
	json_decref(next(core, fd));
	memset(text, '{', QMP_MAX_DEPTH + 1);
	tell_bytes(core, fd, text, QMP_MAX_DEPTH + 1);
	expect_error(core, fd, "GenericError");
	expect_end(core, fd);
	close(fd);
}

static void
a_message_of_the_greatest_size_is_served(void **state)
{
	const char *head = "{\"execute\": \"cont\", \"id\": \"";
	struct core *core = *state;
	size_t fill = QMP_MAX_MESSAGE - strlen(head) - 2;
	int fd = greeted(core);
	char *text = malloc(fill);
	json_t *answer;

	assert_non_null(text);
	memset(text, 'a', fill);
	tell(core, fd, head);
	tell_bytes(core, fd, text, fill);
	tell(core, fd, "\"}");
	while ((answer = next(core, fd)) == NULL)
		;
	assert_int_equal(json_string_length(json_object_get(answer, "id")),
			 fill);
	json_decref(answer);
	tell(core, fd, head);
	tell_bytes(core, fd, text, fill);
	tell(core, fd, "a\"}");
	expect_error(core, fd, "GenericError");
	expect_end(core, fd);
	free(text);
	close(fd);
}

/* ---- many clients ---------------------------------------------------- */

static void
clients_do_not_see_each_other(void **state)
{
	struct core *core = *state;
	int a = greeted(core), b = greeted(core);

	tell(core, a, "{\"execute\": ");
	tell(core, b, "{\"execute\": \"cont\", \"id\": 1}");
	expect(core, b, "{\"return\": {}, \"id\": 1}");
	tell(core, a, "\"cont\", \"id\": 2}");
	expect(core, a, "{\"return\": {}, \"id\": 2}");
	close(a);
	close(b);
}

static void
a_full_socket_serves_the_next_when_one_goes(void **state)
{
	struct core *core = *state;
	int fd[QMP_MAX_CLIENTS], last, i;
	char c;

	for (i = 0; i < (int)QMP_MAX_CLIENTS; i++)
		fd[i] = greeted(core);
	last = dial(core->path);
	for (i = 0; i < 20; i++)
		turn(core);
	assert_int_equal(recv(last, &c, 1, 0), -1);
	close(fd[3]);
	json_decref(next(core, last));
	for (i = 0; i < (int)QMP_MAX_CLIENTS; i++)
		if (i != 3)
			close(fd[i]);
	close(last);
}

static void
a_full_socket_leaves_other_sockets_alone(void **state)
{
	struct core *core = *state;
	char path[80];
	int fd[QMP_MAX_CLIENTS], other;
	unsigned i;

	snprintf(path, sizeof(path), "%s.b", core->path);
	assert_int_equal(qmp_listen_path(core->qmp, path), 0);
	for (i = 0; i < QMP_MAX_CLIENTS; i++)
		fd[i] = greeted(core);
	other = greeted_at(core, path);
	for (i = 0; i < QMP_MAX_CLIENTS; i++)
		close(fd[i]);
	close(other);
}

static void
a_client_that_never_reads_blocks_nobody(void **state)
{
	const char *flood = "{\"execute\": \"query-commands\"}";
	struct core *core = *state;
	int deaf = greeted(core), fd;
	size_t sent = 0;
	unsigned idle = 0;
	ssize_t n;

	/* Its own socket fills up in the end, and then it waits. */
	while (idle < 100) {
		n = send(deaf, flood, strlen(flood), MSG_NOSIGNAL);
		idle = n > 0 ? 0 : idle + 1;
		sent += n > 0 ? (size_t)n : 0;
		turn(core);
		assert_true(sent < 64u << 20);
	}
	fd = greeted(core);
	tell(core, fd, "{\"execute\": \"cont\"}");
	expect(core, fd, "{\"return\": {}}");
	close(fd);
	close(deaf);
}

static void
a_slow_reader_gets_every_answer(void **state)
{
	struct core *core = *state;
	int fd = greeted(core), i;
	size_t len = 0;
	char *flood = malloc(1 << 20);
	json_t *answer;

	assert_non_null(flood);
	for (i = 0; i < 1000; i++)
		len += (size_t)sprintf(
			flood + len,
			"{\"execute\": \"query-commands\", \"id\": %d}", i);
	while (send(fd, flood, len, MSG_NOSIGNAL) != (ssize_t)len)
		fail_msg("the socket takes less than %zu bytes", len);
	for (i = 0; i < 1000; i++) {
		answer = next(core, fd);
		assert_int_equal(
			json_integer_value(json_object_get(answer, "id")), i);
		json_decref(answer);
	}
	free(flood);
	close(fd);
}

static void
clients_that_vanish_leave_nothing_open(void **state)
{
	struct core *core = *state;
	int before = n_open_fds(), fd, i;

	for (i = 0; i < 100; i++) {
		fd = i % 2 ? dial(core->path) : greeted(core);
		if (i % 3 == 0)
			tell(core, fd, "{\"execute\": \"co");
		if (i % 5 == 0)
			assert_int_equal(send(fd, GREETED GREETED, 64, 0), 64);
		close(fd);
		turn(core);
	}
	for (i = 0; i < 20; i++)
		turn(core);
	assert_int_equal(n_open_fds(), before);
}

static void
a_client_may_stop_sending_and_still_read(void **state)
{
	struct core *core = *state;
	int fd = greeted(core);

	assert_true(send(fd, "{\"execute\": \"cont\"}", 19, 0) == 19);
	shutdown(fd, SHUT_WR);
	expect(core, fd, "{\"return\": {}}");
	expect_end(core, fd);
	close(fd);
}

/* ---- answers that come later ----------------------------------------- */

/* A client whose `stop`, id 1, waits for an answer; `cont` follows it. */
static int
waiting_for_stop(struct core *core)
{
	int fd = greeted(core);

	core->keep = true;
	tell(core, fd,
	     "{\"execute\": \"stop\", \"id\": 1}"
	     "{\"execute\": \"cont\", \"id\": 2}");
	settle(core);
	assert_non_null(core->kept);
	return fd;
}

static void
a_call_may_be_answered_later_and_holds_back_the_next(void **state)
{
	struct core *core = *state;
	int fd = waiting_for_stop(core);
	char c;

	assert_int_equal(recv(fd, &c, 1, 0), -1);
	assert_string_equal(core->status, "prelaunch");
	qmp_done(core->kept, 0);
	expect(core, fd, "{\"return\": {}, \"id\": 1}");
	expect(core, fd, "{\"return\": {}, \"id\": 2}");
	close(fd);
}

static void
an_errno_becomes_a_generic_error(void **state)
{
	struct core *core = *state;
	int fd = greeted(core);

	tell(core, fd, "{\"execute\": \"stop\"}");
	expect(core, fd,
	       "{\"error\": {\"class\": \"GenericError\", \"desc\": "
	       "\"Device or resource busy\"}}");
	close(fd);
}

static void
a_call_of_a_client_that_went_can_still_be_answered(void **state)
{
	struct core *core = *state;

	close(waiting_for_stop(core));
	settle(core);
	qmp_done(core->kept, 0);
	settle(core);
}

static void
a_call_can_be_answered_after_the_server_has_gone(void **state)
{
	struct core *core = *state;
	int fd = waiting_for_stop(core);

	qmp_free(core->qmp);
	core->qmp = NULL;
	uv_run(&core->loop, UV_RUN_DEFAULT);
	qmp_done(core->kept, 0);
	close(fd);
}

static void
the_server_can_go_between_answer_and_close(void **state)
{
	struct core *core = *state;
	int fd = waiting_for_stop(core);

	qmp_free(core->qmp);
	core->qmp = NULL;
	qmp_done(core->kept, 0);
	close(fd);
}

/* ---- sockets --------------------------------------------------------- */

static void
the_socket_is_for_its_owner_only(void **state)
{
	struct core *core = *state;
	struct stat st;

	assert_int_equal(stat(core->path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void
a_stale_socket_is_replaced(void **state)
{
	struct core *core = *state;
	char path[80];

	snprintf(path, sizeof(path), "%s.b", core->path);
	assert_int_equal(qmp_listen_path(core->qmp, path), 0);
	assert_int_equal(qmp_listen_path(core->qmp, path), 0);
	close(greeted_at(core, path));
}

static void
a_file_in_the_way_stays(void **state)
{
	struct core *core = *state;
	char path[80];
	FILE *f;

	snprintf(path, sizeof(path), "%s.b", core->path);
	f = fopen(path, "w");
	assert_non_null(f);
	fclose(f);
	assert_int_equal(qmp_listen_path(core->qmp, path), -EADDRINUSE);
	assert_int_equal(unlink(path), 0);
}

static void
bad_places_to_listen_are_refused(void **state)
{
	struct core *core = *state;
	char path[200];
	int before = n_open_fds(), pair[2];

	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(qmp_listen_path(core->qmp, path), -ENAMETOOLONG);
	assert_int_equal(qmp_listen_path(core->qmp, "/nonexistent/q"), -ENOENT);
	assert_int_equal(qmp_listen_fd(core->qmp, 987), -EBADF);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(qmp_listen_fd(core->qmp, pair[0]), -EINVAL);
	close(pair[0]);
	close(pair[1]);
	assert_int_equal(n_open_fds(), before);
}

static void
a_socket_made_by_the_toolstack_is_served(void **state)
{
	struct core *core = *state;
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s.c", core->path);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(qmp_listen_fd(core->qmp, fd), 0);
	close(greeted_at(core, addr.sun_path));
	/* Not ours to remove. */
	qmp_free(core->qmp);
	core->qmp = NULL;
	assert_int_equal(unlink(addr.sun_path), 0);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(the_id_comes_back_as_it_was),
		TEST(malformed_requests_get_generic_errors),
		TEST(messages_need_no_line_ends),
		TEST(a_message_may_come_byte_by_byte),
		TEST(bytes_outside_objects_end_the_connection),
		TEST(nesting_has_a_limit),
		TEST(a_message_of_the_greatest_size_is_served),
		TEST(clients_do_not_see_each_other),
		TEST(a_full_socket_serves_the_next_when_one_goes),
		TEST(a_full_socket_leaves_other_sockets_alone),
		TEST(a_client_that_never_reads_blocks_nobody),
		TEST(a_slow_reader_gets_every_answer),
		TEST(clients_that_vanish_leave_nothing_open),
		TEST(a_client_may_stop_sending_and_still_read),
		TEST(a_call_may_be_answered_later_and_holds_back_the_next),
		TEST(an_errno_becomes_a_generic_error),
		TEST(a_call_of_a_client_that_went_can_still_be_answered),
		TEST(a_call_can_be_answered_after_the_server_has_gone),
		TEST(the_server_can_go_between_answer_and_close),
		TEST(the_socket_is_for_its_owner_only),
		TEST(a_stale_socket_is_replaced),
		TEST(a_file_in_the_way_stays),
		TEST(bad_places_to_listen_are_refused),
		TEST(a_socket_made_by_the_toolstack_is_served),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
