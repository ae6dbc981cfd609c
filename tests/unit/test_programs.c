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
	char *text = malloc(MAX_TEXT);
	int status;

	for (; n; n--, w++) {
		status = run(w->command, text);
		if (status != w->status || lines_of(text) != 1 ||
		    !strstr(text, w->line))
			fail_msg("%s: status %d: %s(wanted: %s)", w->command,
				 status, text, w->line);
	}
	free(text);
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

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_peer_says_what_is_wrong_in_one_line),
	};

	plugin_dir = argc > 1 ? argv[1] : "build/devices";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
