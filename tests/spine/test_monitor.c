/* SPDX-License-Identifier: MIT */
/*
 * What an operator and the toolstack see of a running machine, through its QMP
 * socket.
 */
#include "spine/whole.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const char *plugin_dir;

struct client {
	struct whole *w;
	int fd;
	char answer[65536];
};

static void
qmp_connect(struct client *c)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s",
		 whole_path(c->w, 0, "", "qmp"));
	c->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(connect(c->fd, (struct sockaddr *)&addr, sizeof(addr)),
			 0);
}

/* Turns the loop until a line has come. */
static const char *
qmp_line(struct client *c)
{
	uint64_t limit = uv_hrtime() + WHOLE_LIMIT_NS;
	size_t len = 0;
	ssize_t n;

	do {
		assert_true(uv_hrtime() < limit);
		uv_run(&c->w->loop, UV_RUN_NOWAIT);
		n = recv(c->fd, c->answer + len, sizeof(c->answer) - 1 - len,
			 MSG_DONTWAIT);
		len += n > 0 ? (size_t)n : 0;
		c->answer[len] = '\0';
	} while (!strchr(c->answer, '\n'));
	return c->answer;
}

static const char *
qmp(struct client *c, const char *command)
{
	assert_int_equal(send(c->fd, command, strlen(command), 0),
			 strlen(command));
	return qmp_line(c);
}

/* A line for humans. */
static const char *
hmp(struct client *c, const char *line)
{
	char command[256];

	snprintf(command, sizeof(command),
		 "{\"execute\":\"human-monitor-command\","
		 "\"arguments\":{\"command-line\":\"%s\"}}",
		 line);
	return qmp(c, command);
}

static void
qmp_open(struct client *c, struct whole *w)
{
	c->w = w;
	qmp_connect(c);
	assert_non_null(strstr(qmp_line(c), "mini-ioemu"));
	assert_non_null(
		strstr(qmp(c, "{\"execute\":\"qmp_capabilities\"}"), "return"));
}

static void
an_operator_sees_devices_and_addresses(void **state)
{
	struct whole *w = *state;
	struct client c;

	assert_int_equal(whole_start(w, plugin_dir, NULL), 0);
	qmp_open(&c, w);
	assert_non_null(strstr(hmp(&c, "devices"), "piix3-ide"));
	assert_non_null(strstr(hmp(&c, "ranges"), "0000000003f8"));
	assert_non_null(strstr(hmp(&c, " help"), "ask DEVICE"));
	assert_non_null(strstr(hmp(&c, "ask nobody x"), "no device 'nobody'"));
	assert_non_null(strstr(hmp(&c, "ask i8042 key 1e"), "scan codes sent"));
	assert_non_null(strstr(hmp(&c, "ask i8042 what"), "does not know"));
	assert_non_null(strstr(hmp(&c, "frobnicate"), "unknown command"));
	assert_non_null(
		strstr(qmp(&c, "{\"execute\":\"query-chardev\"}"), "serial0"));
}

static void
the_toolstack_stops_continues_and_quits(void **state)
{
	static const char *const stopped[] = { "-S", NULL };
	struct whole *w = *state;
	struct client c;

	assert_int_equal(whole_start(w, plugin_dir, stopped), 0);
	assert_int_equal(whole_end.ready, 0); /* libxl asks by QMP */
	qmp_open(&c, w);
	assert_non_null(
		strstr(qmp(&c, "{\"execute\":\"query-status\"}"), "prelaunch"));
	qmp(&c, "{\"execute\":\"cont\"}");
	assert_non_null(
		strstr(qmp(&c, "{\"execute\":\"query-status\"}"), "running"));
	qmp(&c, "{\"execute\":\"stop\"}");
	assert_non_null(
		strstr(qmp(&c, "{\"execute\":\"query-cpus-fast\"}"), "return"));
	qmp(&c, "{\"execute\":\"quit\"}");
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, whole_setup, whole_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(an_operator_sees_devices_and_addresses),
		TEST(the_toolstack_stops_continues_and_quits),
	};

	plugin_dir = argc > 1 ? argv[1] : ".";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
