/* SPDX-License-Identifier: MIT */
/*
 * What an operator and the toolstack see of a running machine, through its QMP
 * socket.
 */
#include "support/qmp_client.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char *plugin_dir;

static void
an_operator_sees_devices_and_addresses(void **state)
{
	struct whole *w = *state;
	struct client c;

	assert_int_equal(whole_start(w, plugin_dir, NULL), 0);
	client_open(&c, w);
	assert_non_null(strstr(client_hmp(&c, "devices"), "piix3-ide"));
	assert_non_null(strstr(client_hmp(&c, "ranges"), "0000000003f8"));
	assert_non_null(strstr(client_hmp(&c, " help"), "ask DEVICE"));
	(void)whole_in(w, 0x3ff, 1);
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
an_operator_sees_what_a_serial_port_lost(void **state)
{
	char word[160];
	const char *const words[] = { "-serial", word, NULL };
	struct whole *w = *state;
	struct client c;
	const char *text;

	snprintf(word, sizeof(word), "unix:%s/com2,server=on,wait=off", w->dir);
	assert_int_equal(whole_start(w, plugin_dir, words), 0);
	whole_out(w, 0x2f8, 1, 'a'); /* nobody is connected */
	whole_out(w, 0x2f8, 1, 'b');
	client_open(&c, w);
	text = client_hmp(&c, "info chardev");
	assert_non_null(strstr(text, "serial0: file:"));
	assert_non_null(strstr(text, "serial1: unix:"));
	assert_non_null(strstr(text, "/com2, 2 bytes lost"));
	assert_non_null(strstr(client_hmp(&c, "info x"), "all there is"));
	snprintf(word, sizeof(word), "%s/com2", w->dir);
	unlink(word);
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

/* ---- saving -------------------------------------------------------- */

static void
status_is(struct client *c, const char *word)
{
	client_told(c, CLIENT_STATUS, word);
}

/* And what the toolstack then sees. */
static void
save(struct client *c, int fd, bool live)
{
	client_save(c, fd, live);
	status_is(c, live ? "postmigrate" : "paused");
}

/* Half of a sector through the data port: the value of its next word. */
static void
read_half(struct whole *w)
{
	unsigned i;

	whole_out(w, 0x1f2, 1, 1);
	whole_out(w, 0x1f3, 1, 9);
	whole_out(w, 0x1f6, 1, 0xe0);
	whole_out(w, 0x1f7, 1, 0x20);
	while (whole_in(w, 0x3f6, 1) & 0x80)
		uv_run(&w->loop, UV_RUN_NOWAIT);
	for (i = 0; i < 64; i++)
		assert_int_equal(whole_in(w, 0x1f0, 4), 0x09090909);
}

static void
read_rest(struct whole *w)
{
	unsigned i;

	assert_int_equal(whole_in(w, 0x1f7, 1), 0x58);
	for (i = 0; i < 64; i++)
		assert_int_equal(whole_in(w, 0x1f0, 4), 0x09090909);
	assert_int_equal(whole_in(w, 0x1f7, 1), 0x50);
}

static void
the_toolstack_saves_and_restores(void **state)
{
	char words[16];
	const char *const incoming[] = { "-incoming", words, NULL };
	struct whole *w = *state;
	int fd = memfd_create("saved", MFD_CLOEXEC);
	struct client c;

	assert_int_equal(whole_start(w, plugin_dir, NULL), 0);
	client_open(&c, w);
	read_half(w);
	whole_out(w, 0x3ff, 1, 0x5a); /* the UART's scratch register */
	client_told(&c,
		    "{\"execute\":\"xen-save-devices-state\",\"arguments\":"
		    "{\"filename\":\"/dev/fdset/1\"}}",
		    "add-fd");
	save(&c, fd, false);
	whole_stop(w);
	client_close(&c);

	whole_move();
	whole_end.ready = 0;
	lseek(fd, 0, SEEK_SET);
	snprintf(words, sizeof(words), "fd:%d", fd); /* which takes it over */
	assert_int_equal(whole_start(w, plugin_dir, incoming), 0);
	assert_int_equal(whole_end.ready, 1);
	client_open(&c, w);
	status_is(&c, "paused");
	client_told(&c, "{\"execute\":\"cont\"}", "{}");
	status_is(&c, "running");
	assert_int_equal(whole_in(w, 0x3ff, 1), 0x5a);
	read_rest(w);
	client_close(&c);
}

static void
a_migration_that_fails_is_taken_back(void **state)
{
	const struct request scratch = {
		.type = SLOT_PIO,
		.read = true,
		.addr = 0x3ff,
		.size = 1,
		.count = 1,
	};
	struct whole *w = *state;
	int fd = memfd_create("saved", MFD_CLOEXEC);
	uint64_t data;
	struct client c;
	unsigned i;

	assert_int_equal(whole_start(w, plugin_dir, NULL), 0);
	client_open(&c, w);
	read_half(w);
	client_told(&c,
		    "{\"execute\":\"xen-set-global-dirty-log\",\"arguments\":"
		    "{\"enable\":true}}",
		    "{}");
	save(&c, fd, true);
	fake_xen_ask(whole_end.xen, 0, &scratch); /* the guest is to wait */
	whole_ring();
	for (i = 0; i < 20; i++)
		uv_run(&w->loop, UV_RUN_NOWAIT);
	assert_false(fake_xen_answer(whole_end.xen, 0, &data));
	client_told(&c, "{\"execute\":\"cont\"}", "{}");
	status_is(&c, "running");
	assert_true(fake_xen_answer(whole_end.xen, 0, &data));
	read_rest(w);
	client_close(&c);
	close(fd);
}

static void
what_is_not_a_saved_guest_is_not_started(void **state)
{
	char words[16];
	const char *const incoming[] = { "-incoming", words, NULL };
	struct whole *w = *state;
	int fd = memfd_create("saved", MFD_CLOEXEC);

	assert_int_equal(write(fd, "QEVM", 4), 4);
	lseek(fd, 0, SEEK_SET);
	snprintf(words, sizeof(words), "fd:%d", fd);
	assert_int_equal(whole_start(w, plugin_dir, incoming), -EINVAL);
	assert_int_equal(whole_end.ready, 0);
	whole_stop(w);
	assert_int_equal(whole_end.xen->n_claimed, 0);
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, whole_setup, whole_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(an_operator_sees_devices_and_addresses),
		TEST(an_operator_sees_what_a_serial_port_lost),
		TEST(the_toolstack_stops_continues_and_quits),
		TEST(the_toolstack_saves_and_restores),
		TEST(a_migration_that_fails_is_taken_back),
		TEST(what_is_not_a_saved_guest_is_not_started),
	};

	plugin_dir = argc > 1 ? argv[1] : ".";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
