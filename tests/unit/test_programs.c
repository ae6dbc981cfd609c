/* SPDX-License-Identifier: MIT */
/*
 * The programs as a user meets them who types something wrong: one line on
 * standard error, which names the word and what to do; and help that agrees
 * with what is taken.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define MAX_TEXT (256u << 10)

static const char *plugin_dir;

/* Standard error comes with the output. The programs are `peer`, `ssdt` and
 * `dm` there; the folder is that of the plugins. */
static int
run(const char *command, char *text)
{
	char line[2048];
	size_t n;
	FILE *f;
	int status;

	snprintf(line, sizeof(line),
		 "export ASAN_OPTIONS=detect_leaks=0; cd %s; "
		 "peer() { timeout 60 ../ioemu-peer \"$@\"; }; "
		 "ssdt() { timeout 60 ../ioemu-ssdt \"$@\"; }; "
		 "dm() { timeout 60 ../mini-ioemu/mini-ioemu \"$@\"; }; "
		 "exec 2>&1; %s",
		 plugin_dir, command);
	f = popen(line, "r");
	assert_non_null(f);
	n = fread(text, 1, MAX_TEXT - 1, f);
	text[n] = '\0';
	status = pclose(f);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static unsigned
lines_of(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

struct wrong {
	const char *command;
	int status;
	const char *line;
};

static void
all_are_one_line(const struct wrong *w, size_t n)
{
	static char text[MAX_TEXT];
	int status;

	for (; n; n--, w++) {
		status = run(w->command, text);
		if (status != w->status || lines_of(text) != 1 ||
		    !strstr(text, w->line))
			fail_msg("%s: status %d: %s(wanted: %s)", w->command,
				 status, text, w->line);
	}
}

/* ---- ioemu-peer ------------------------------------------------------ */

static const struct wrong peer_wrong[] = {
	{ "peer", 2, "which plugin? DEVICE.so is missing; --help" },
	{ "peer uart.so", 2, "one of --connect, --listen, --fd is needed" },
	{ "peer uart.so --fd x", 2, "--fd x: a number from 0 to 65535" },
	{ "peer uart.so --fd 65536", 2, "--fd 65536: a number" },
	{ "peer uart.so --fd", 2, "--fd: its value is missing" },
	{ "peer uart.so --poll-us -1 --fd 3", 2,
	  "--poll-us -1: a number from 0 to 1000" },
	{ "peer uart.so --fb 3", 2, "--fb: no such option" },
	{ "peer uart.so -x", 2, "-x: no such option" },
	{ "peer uart.so --again --fd 3", 2, "--again wants --connect" },
	{ "peer uart.so --fd 3 --listen unix:/x", 2, "one of --connect" },
	/* found in the folder it is called in, and then nobody is there */
	{ "peer uart.so --connect unix:/no/such/folder/x", 1,
	  "unix:/no/such/folder/x: No such file" },
	{ "peer ./uart.so --connect unix:/no/such/folder/x", 1,
	  "unix:/no/such/folder/x: No such file" },
	{ "peer uart.so --connect /x", 1,
	  "/x: not unix:PATH or tcp:HOST:PORT" },
	{ "peer nosuch.so --fd 3", 1,
	  "nosuch.so: ./nosuch.so: cannot open shared object file" },
	{ "peer ../libioemu-host.a --fd 3", 1, "libioemu-host.a: " },
	{ "peer uart.so --type usart --fd 3", 1,
	  "no type 'usart' in uart.so: it has uart" },
	{ "peer piix3-ide.so --type ide-hd --fd 3", 1,
	  "ide-hd is part of a piix3-ide" },
	{ "peer uart.so --fd 3 index", 1, "'index' is not key=value" },
	{ "peer uart.so --fd 3 colour=red", 1, "colour=red: no such property" },
	{ "peer uart.so --fd 3 index=256", 1,
	  "index=256: a number from 0 to 255" },
	{ "peer debugcon.so --fd 3 port=0x10000", 1,
	  "port=0x10000: a number from 0 to 65535" },
	{ "peer uart.so --fd 3 chardev=unix:/no/such/folder/x", 1,
	  "chardev=unix:/no/such/folder/x: No such file" },
	{ "peer membar.so --fd 3 size=3", 1, "does not start: size must be" },
	{ "peer raw-test.so --fd 3 irq=16", 1, "does not start: irq must be" },
};

static void
a_peer_says_what_is_wrong_in_one_line(void **state)
{
	(void)state;
	all_are_one_line(peer_wrong,
			 sizeof(peer_wrong) / sizeof(peer_wrong[0]));
}

/* ---- ioemu-ssdt ------------------------------------------------------ */

static const struct wrong ssdt_wrong[] = {
	{ "ssdt", 2, "-o FILE is missing; --help" },
	{ "ssdt -o", 2, "-o: its value is missing" },
	{ "ssdt --out", 2, "--out: its value is missing" },
	{ "ssdt -o /dev/null", 2, "no range or bridge is given" },
	{ "ssdt -x", 2, "-x: no such option" },
	{ "ssdt --colour", 2, "--colour: no such option" },
	{ "ssdt -o /dev/null raw-mmio,base=0x1g,size=1", 2,
	  "base=0x1g: not a number" },
	{ "ssdt -o /dev/null raw-mmio,base=1,size=1,gsi=060,irq=0", 2,
	  "irq=0: 1 to 15, not 2" },
	{ "ssdt -o /no/such/folder/x raw-mmio,base=1,size=1", 1,
	  "/no/such/folder/x: No such file" },
};

static void
ssdt_says_what_is_wrong_in_one_line(void **state)
{
	(void)state;
	all_are_one_line(ssdt_wrong,
			 sizeof(ssdt_wrong) / sizeof(ssdt_wrong[0]));
}

/* ---- mini-ioemu ------------------------------------------------------ */

static const struct wrong dm_wrong[] = {
	{ "dm", 1, "-xen-domid N is missing: which guest?" },
	{ "dm --poll-us", 1, "--poll-us: N is missing" },
	{ "dm -xen-domid x", 1, "-xen-domid: domid: 'x' is not a number" },
	{ "dm --colour", 1, "unknown option '--colour'; --help lists all" },
	{ "dm --take-over x", 1, "--take-over: domid: 'x' is not a number" },
	{ "dm --take-over 0", 1, "domain 0 is no guest" },
	{ "dm --log-level loud", 1, "'loud' is none of error, warn" },
	{ "dm --disk-errors maybe", 1, "'maybe' is none of report, stop" },
	{ "dm --sandbox maybe", 1, "'maybe' is neither 'on' nor 'off'" },
	{ "dm --list-devices --plugin-dir /no/such/folder", 1,
	  "plugin folder /no/such/folder: No such file" },
	{ "dm -xen-domid 1 --plugin-dir . --machine-file /no/such/file", 1,
	  "/no/such/file: cannot read this machine description: No such file" },
	{ "dm -xen-domid 1 --plugin-dir . --machine-file .", 1,
	  ".: cannot read this machine description: Is a directory" },
};

static void
the_device_model_says_what_is_wrong_in_one_line(void **state)
{
	(void)state;
	all_are_one_line(dm_wrong, sizeof(dm_wrong) / sizeof(dm_wrong[0]));
}

/* The default folder need not be there, but then none is the answer. */
static void
a_list_of_no_devices_is_a_failure_that_says_so(void **state)
{
	static char text[MAX_TEXT];

	(void)state;
	assert_int_equal(run("d=$(mktemp -d); dm --list-devices "
			     "--plugin-dir $d; s=$?; rmdir $d; exit $s",
			     text),
			 access(IOEMU_PLUGIN_DIR, R_OK) ? 1 : 0);
	if (access(IOEMU_PLUGIN_DIR, R_OK))
		assert_string_equal(text, "mini-ioemu: error: there is no "
					  "plugin: name a folder that has some "
					  "with --plugin-dir\n");
	assert_int_equal(run("dm --list-devices --plugin-dir .", text), 0);
	assert_non_null(strstr(text, "debugcon: "));
}

static void
what_is_not_served_is_told_in_one_warning(void **state)
{
	static char text[MAX_TEXT];

	(void)state;
	run("dm -xen-domid 1 -vnc 127.0.0.1:0,to=99 -usb -usbdevice tablet "
	    "--plugin-dir . --machine-file /no/such/file",
	    text);
	assert_int_equal(lines_of(text), 2);
	assert_ptr_equal(strstr(text, "mini-ioemu: warning: accepted, but not "
				      "served: -vnc 127.0.0.1:0,to=99, -usb, "
				      "-usbdevice tablet\n"),
			 text);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ssdt_says_what_is_wrong_in_one_line),
		cmocka_unit_test(
			the_device_model_says_what_is_wrong_in_one_line),
		cmocka_unit_test(
			a_list_of_no_devices_is_a_failure_that_says_so),
		cmocka_unit_test(what_is_not_served_is_told_in_one_warning),
		cmocka_unit_test(a_peer_says_what_is_wrong_in_one_line),
	};

	plugin_dir = argc > 1 ? argv[1] : "build/devices";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
