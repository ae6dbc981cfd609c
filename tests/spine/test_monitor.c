/* SPDX-License-Identifier: MIT */
/*
 * What an operator and the toolstack see of a running machine, through its QMP
 * socket.
 */
#include "spine/client.h"

#include <signal.h>
#include <string.h>

static const char *plugin_dir;

static void
an_operator_sees_devices_and_addresses(void **state)
{
	const struct request port_read = {
		.type = SLOT_PIO,
		.read = true,
		.addr = 0x3ff,
		.size = 1,
		.count = 1,
	};
	struct whole *w = *state;
	struct client c;

	assert_int_equal(whole_start(w, plugin_dir, NULL), 0);
	client_open(&c, w);
	assert_non_null(strstr(client_hmp(&c, "devices"), "piix3-ide"));
	assert_non_null(strstr(client_hmp(&c, "ranges"), "0000000003f8"));
	assert_non_null(strstr(client_hmp(&c, " help"), "ask DEVICE"));
	whole_access(w, &port_read);
	assert_non_null(strstr(client_hmp(&c, "times"),
			       "read 1 x 1 bytes, port 0x3ff ("));
	raise(SIGUSR1); /* the same in the log; it lives on */
	assert_non_null(strstr(client_hmp(&c, "times"), "slow: "));
	assert_non_null(
		strstr(client_hmp(&c, "ask nobody x"), "no device 'nobody'"));
	assert_non_null(
		strstr(client_hmp(&c, "ask i8042 key 1e"), "scan codes sent"));
	assert_non_null(
		strstr(client_hmp(&c, "ask i8042 what"), "does not know"));
	assert_non_null(
		strstr(client_hmp(&c, "frobnicate"), "unknown command"));
	assert_non_null(strstr(
		client_qmp(&c, "{\"execute\":\"query-chardev\"}"), "serial0"));
}

static void
the_toolstack_stops_continues_and_quits(void **state)
{
	static const char *const stopped[] = { "-S", NULL };
	struct whole *w = *state;
	struct client c;

	assert_int_equal(whole_start(w, plugin_dir, stopped), 0);
	assert_int_equal(whole_end.ready, 0); /* libxl asks by QMP */
	client_open(&c, w);
	assert_non_null(strstr(client_qmp(&c, "{\"execute\":\"query-status\"}"),
			       "prelaunch"));
	client_qmp(&c, "{\"execute\":\"cont\"}");
	assert_non_null(strstr(client_qmp(&c, "{\"execute\":\"query-status\"}"),
			       "running"));
	client_qmp(&c, "{\"execute\":\"stop\"}");
	assert_non_null(strstr(
		client_qmp(&c, "{\"execute\":\"query-cpus-fast\"}"), "return"));
	client_qmp(&c, "{\"execute\":\"quit\"}");
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
