/* SPDX-License-Identifier: MIT */
/*
 * Peers that the core starts itself: by exec=, and plugins by isolate=on. The
 * processes are real ones; the guest is that of a scripted Xen.
 */
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/priv.h"
#include "support/core_fixture.h"
#include "support/machine_fixture.h"

#define SLOT 0x28 /* 05.0 */
#define PCI_EJECT 0xae08
#define BAR0 0xf0000000ull
#define BAR2 0xf0100000ull
#define MEMBAR_ID 0x11e91234u
#define ONES 0xffffffffu

static const char *plugin_dir;

static int
setup(void **state)
{
	struct core *core = calloc(1, sizeof(*core));

	core_open(core, plugin_dir);
	*state = core;
	return 0;
}

static int
teardown(void **state)
{
	core_close(*state);
	/* nothing of ours is left to wait for */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	free(*state);
	return 0;
}

/* ---- processes ---------------------------------------------------- */

/* "peer,KEYS,exec=ioemu-peer PLUGIN.so PROPS", made. */
static void
add_exec(struct core *core, const char *keys, const char *plugin,
	 const char *props)
{
	char spec[1024];

	snprintf(spec, sizeof(spec), "%s,exec=%s/../ioemu-peer  %s/%s.so\t%s ",
		 keys, plugin_dir, plugin_dir, plugin, props);
	core_add_spec(core, spec);
}

/* The process of the first peer, as the monitor tells it; 0: none. */
static pid_t
peer_pid(struct core *core)
{
	static const char word[] = "process ";
	char line[320];
	const char *p;

	assert_true(peers_describe(core->peers, 0, line, sizeof(line)));
	p = strstr(line, word);
	return p ? (pid_t)strtol(p + sizeof(word) - 1, NULL, 10) : 0;
}

/* What /proc/PID/NAME says, zeros as blanks. */
static void
proc_read(pid_t pid, const char *name, char *text, size_t size)
{
	char path[64];
	size_t n, i;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	f = fopen(path, "r");
	assert_non_null(f);
	n = fread(text, 1, size - 1, f);
	fclose(f);
	for (i = 0; i < n; i++)
		if (!text[i])
			text[i] = ' ';
	text[n] = '\0';
}

/* ---- the guest ---------------------------------------------------- */

static bool
is_there(void *ctx)
{
	return core_config_read(ctx, 0, SLOT, 0) == MEMBAR_ID;
}

static bool
is_gone(void *ctx)
{
	return core_config_read(ctx, 0, SLOT, 0) == ONES;
}

static void
membar_up(struct core *core)
{
	core_until(core, is_there, core);
	core_config_write(core, 0, SLOT, 0x10, BAR0);
	core_config_write(core, 0, SLOT, 0x18, BAR2);
	core_config_write(core, 0, SLOT, 0x04, 0x6);
}

/* ---- exec= -------------------------------------------------------- */

static void
a_command_is_split_at_blanks_and_gets_a_socket(void **state)
{
	struct core *core = *state;
	char line[1024], want[1024];

	add_exec(core, "peer,addr=5", "membar", "size=65536");
	membar_up(core);
	assert_int_equal(core_mem_read(core, BAR2), MEMBAR_ID);
	core_mem_write(core, BAR0 + 65532, 0x1234);
	assert_int_equal(core_mem_read(core, BAR0 + 65532), 0x1234);
	proc_read(peer_pid(core), "cmdline", line, sizeof(line));
	snprintf(want, sizeof(want),
		 "%s/../ioemu-peer %s/membar.so size=65536 --fd 3 ", plugin_dir,
		 plugin_dir);
	assert_string_equal(line, want);
}

static void
a_killed_child_is_surprise_removal_and_is_started_again(void **state)
{
	struct core *core = *state;
	unsigned round;
	uint64_t first;

	add_exec(core, "peer,addr=5", "membar", "");
	membar_up(core);
	first = uv_hrtime();
	for (round = 0; round < 2; round++) {
		pid_t pid = peer_pid(core);

		core_mem_write(core, BAR0, 0x1000 + round);
		assert_int_equal(core_mem_read(core, BAR0), 0x1000 + round);
		assert_int_equal(kill(pid, SIGKILL), 0);
		core_until(core, is_gone, core);
		assert_int_equal(core_mem_read(core, BAR0), ONES);
		core_until(core, is_there, core);
		assert_int_not_equal(peer_pid(core), pid);
		/* BARs are where they were; its memory is new */
		assert_int_equal(core_mem_read(core, BAR2), MEMBAR_ID);
		assert_int_equal(core_mem_read(core, BAR0), 0);
	}
	/* the second one had only just begun: it is not started over and over
	 */
	assert_true(uv_hrtime() - first >= 1000000000ull);
}

static void
a_child_that_hangs_is_replaced(void **state)
{
	struct core *core = *state;
	pid_t pid;

	add_exec(core, "peer,addr=5,timeout-ms=50", "membar", "");
	membar_up(core);
	pid = peer_pid(core);
	kill(pid, SIGSTOP);
	assert_int_equal(core_mem_read(core, BAR0), ONES);
	core_until(core, is_gone, core);
	core_until(core, is_there, core);
	assert_int_not_equal(peer_pid(core), pid);
	assert_int_equal(core_mem_read(core, BAR2), MEMBAR_ID);
}

static int
add_fails(struct core *core, const char *spec)
{
	struct conf_error err;
	const struct conf_ctx ctx = { &core->conf, &err, "test" };
	struct conf_device *dev;
	struct conf_prop *list;
	const struct host_type *t;

	assert_int_equal(conf_split(&ctx, spec, CONF_TYPE, &list), 0);
	assert_int_equal(conf_device(&ctx, list, &dev), 0);
	t = host_plugins_find(core->plugins, dev->type);
	return t && dev->isolate ? peers_isolate(core->peers, t, dev)
				 : peers_add(core->peers, dev);
}

static void
what_cannot_be_started_is_an_error_at_once(void **state)
{
	struct core *core = *state;

	assert_int_equal(add_fails(core, "peer,addr=5,exec=/no/such/program"),
			 -ENOENT);
	assert_int_equal(add_fails(core, "peer,addr=5,exec=/dev/null x"),
			 -EACCES);
	assert_int_equal(add_fails(core, "peer,addr=5,exec= "), -EINVAL);
	assert_int_equal(add_fails(core, "peer,addr=5,exec=false"),
			 -ECONNRESET);
	assert_int_equal(add_fails(core, "peer,addr=5,exec=false,"
					 "listen=unix:/nowhere"),
			 -EINVAL);
	assert_int_equal(add_fails(core, "peer,addr=5,exec=false,isolate=on"),
			 -EINVAL);
	uv_run(&core->loop, UV_RUN_NOWAIT);
	/* the one that starts others is all there is */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), 0);
}

/* A shell tells what it was given, by itself: what it starts has more. */
static const char script[] = "exec >\"$0.out\"\n"
			     "while read -r key value; do\n"
			     "case $key in\n"
			     "Sig[BI]*|[UG]id:|CapEff:|NoNewPrivs:)\n"
			     "echo $key $value;; esac\n"
			     "done </proc/$$/status\n"
			     "echo args $@\n"
			     "ls -l /proc/$$/fd\n";

static void
run_script(struct core *core, const char *keys, char *text, size_t size)
{
	char dir[] = "/tmp/ioemu-exec-XXXXXX", path[64], out[80], spec[160];
	FILE *f;

	assert_non_null(mkdtemp(dir));
	assert_int_equal(chmod(dir, 0755), 0);
	snprintf(path, sizeof(path), "%s/run", dir);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(script, f);
	fclose(f);
	snprintf(out, sizeof(out), "%s.out", path);
	f = fopen(out, "w+"); /* whoever it runs as */
	assert_non_null(f);
	assert_int_equal(chmod(out, 0666), 0);
	snprintf(spec, sizeof(spec), "peer,addr=5,exec=sh %s a,,b c%s", path,
		 keys);
	assert_int_equal(add_fails(core, spec), -ECONNRESET);
	unlink(path);
	text[fread(text, 1, size - 1, f)] = '\0';
	fclose(f);
	unlink(out);
	assert_int_equal(rmdir(dir), 0);
}

static unsigned
count(const char *text, const char *what)
{
	unsigned n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

static void
a_child_has_one_socket_and_nothing_else_of_ours(void **state)
{
	struct core *core = *state;
	char text[4096];
	sigset_t usr1;
	const char *ignored;

	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	signal(SIGPIPE, SIG_IGN); /* as main.c does */
	run_script(core, "", text, sizeof(text));
	sigprocmask(SIG_UNBLOCK, &usr1, NULL);
	assert_non_null(strstr(text, "SigBlk: 0000000000000000"));
	ignored = strstr(text, "SigIgn:");
	assert_non_null(ignored);
	assert_false(strtoull(ignored + 7, NULL, 16) >> (SIGPIPE - 1) & 1);
	assert_non_null(strstr(text, "\nargs a,b c --fd 3\n"));
	assert_non_null(strstr(text, " 0 -> /dev/null\n"));
	assert_non_null(strstr(text, " 3 -> socket:["));
	assert_int_equal(count(text, "socket:["), 1);
	assert_int_equal(count(text, "anon_inode:"), 0); /* of our loop */
}

/* A program of exec= is not known to give up anything. */
static void
a_child_is_nobody_unless_asked_otherwise(void **state)
{
	struct core *core = *state;
	char text[4096];

	if (geteuid())
		skip();
	run_script(core, "", text, sizeof(text));
	assert_non_null(strstr(text, "Uid: 65534 65534 65534 65534\n"));
	assert_non_null(strstr(text, "Gid: 65534 65534 65534 65534\n"));
	assert_non_null(strstr(text, "CapEff: 0000000000000000\n"));
	assert_non_null(strstr(text, "NoNewPrivs: 1\n"));
	run_script(core, ",run-as=7:8", text, sizeof(text));
	assert_non_null(strstr(text, "Uid: 7 7 7 7\n"));
	assert_non_null(strstr(text, "Gid: 8 8 8 8\n"));
	assert_non_null(strstr(text, "CapEff: 0000000000000000\n"));
	run_script(core, ",run-as=root", text, sizeof(text));
	assert_non_null(strstr(text, "Uid: 0 0 0 0\n"));
	assert_null(strstr(text, "CapEff: 0000000000000000\n"));
	assert_int_equal(
		add_fails(core, "peer,addr=5,exec=true,run-as=no-such-user"),
		-EINVAL);
	assert_int_equal(add_fails(core, "peer,addr=5,exec=true,run-as=0:0"),
			 -EPERM);
	assert_int_equal(
		add_fails(core, "peer,addr=5,listen=unix:/tmp/x,run-as=root"),
		-EINVAL);
}

/* One that is stopped does not see that its socket closed. */
static void
a_child_does_not_outlive_us(void **state)
{
	struct pollfd end = { .events = POLLIN };
	int ready[2];
	pid_t pid, child = 0;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		struct core *core = calloc(1, sizeof(*core));

		core_open(core, plugin_dir);
		add_exec(core, "peer,addr=5", "membar", "");
		child = peer_pid(core);
		kill(child, SIGSTOP);
		if (write(ready[1], &child, sizeof(child)) == sizeof(child))
			pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &child, sizeof(child)), sizeof(child));
	end.fd = pidfd_open(child, 0);
	assert_true(end.fd >= 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(poll(&end, 1, (int)TEST_LIMIT_S * 1000), 1);
	close(end.fd);
	close(ready[0]);
	close(ready[1]);
}

/* ---- isolate=on --------------------------------------------------- */

static uint32_t
whole_config(struct whole *w, unsigned devfn, unsigned reg)
{
	const struct request req = {
		.type = SLOT_CONFIG,
		.read = true,
		.addr = (uint64_t)devfn << 32 | reg,
		.size = 4,
		.count = 1,
	};

	if (!fake_xen_claims(whole_end.xen, IOEMU_CONFIG, req.addr))
		return ONES;
	return (uint32_t)whole_access(w, &req);
}

/* Until it is so; not within TEST_LIMIT_S fails the test. */
static void
config_until(struct whole *w, unsigned devfn, uint32_t v)
{
	uint64_t end = uv_hrtime() + TEST_LIMIT_NS;

	while (whole_config(w, devfn, 0) != v) {
		assert_true(uv_hrtime() < end);
		uv_run(&w->loop, UV_RUN_NOWAIT);
	}
}

static uint8_t
whole_port(struct whole *w, uint16_t port, const uint8_t *v)
{
	const struct request req = {
		.type = SLOT_PIO,
		.read = !v,
		.addr = port,
		.size = 1,
		.count = 1,
		.data = v ? *v : 0,
	};

	return (uint8_t)whole_access(w, &req);
}

static void
one_word_moves_a_pci_device_out(void **state)
{
	static const char *const words[] = {
		"-device", "membar,isolate=on,id=m,addr=5,size=65536,dma=off",
		NULL
	};
	struct whole *w = *state;

	assert_int_equal(whole_start(w, plugin_dir, words), 0);
	config_until(w, SLOT, MEMBAR_ID);
}

static void
one_word_moves_an_isa_device_out_with_its_ports_and_line(void **state)
{
	static const char *const words[] = {
		"-chardev", "null,id=c9", "-device",
		"uart,isolate=on,id=u,index=1,chardev=c9", NULL
	};
	static const uint8_t scratch = 0x5a, thri = 0x02, out2 = 0x08;
	struct whole *w = *state;
	uint64_t end = uv_hrtime() + TEST_LIMIT_NS;

	assert_int_equal(whole_start(w, plugin_dir, words), 0);
	while (!fake_xen_claims(whole_end.xen, IOEMU_PIO, 0x2f8)) {
		assert_true(uv_hrtime() < end);
		uv_run(&w->loop, UV_RUN_NOWAIT);
	}
	whole_port(w, 0x2ff, &scratch);
	assert_int_equal(whole_port(w, 0x2ff, NULL), scratch);
	whole_port(w, 0x2fc, &out2);
	whole_port(w, 0x2f9, &thri);
	while (!whole_end.xen->isa[3]) {
		assert_true(uv_hrtime() < end);
		uv_run(&w->loop, UV_RUN_NOWAIT);
	}
}

static void
what_is_wrong_with_an_isolated_device_ends_the_start(void **state)
{
	static const char *const specs[] = {
		"membar,isolate=on,colour=red", /* no such property */
		"membar,isolate=on,size=x",
		"membar,isolate=on,size=3", /* it does not start */
		"membar,isolate=on,timeout-ms=5",
		"membar,isolate=on,bus=nowhere",
		"ide-hd,isolate=on,bus=ide,drive=/dev/null",
	};
	struct whole *w = *state;
	unsigned i;

	for (i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		const char *const words[] = { "-device", specs[i], NULL };

		assert_true(whole_start(w, plugin_dir, words) < 0);
		whole_stop(w);
	}
}

/* That it is a process of its own makes no difference to who may take it out:
 * it is named by the board, not by the user. */
static void
an_isolated_device_of_the_board_is_not_ejected(void **state)
{
	const struct request acpi_on =
		core_request(SLOT_PIO, false, 0xb2, 1, 0xf1);
	struct core *core = *state;

	core_add_spec(core, "piix4-pm,addr=1.3");
	(void)core_access(core, &acpi_on);
	assert_int_equal(add_fails(core, "membar,isolate=on,id=m,addr=5"), 0);
	core_until(core, is_there, core);
	core_port_write(core, PCI_EJECT, ONES);
	assert_true(is_there(core));
	assert_int_equal(peers_request_unplug(core->peers, "m"), -EPERM);
}

/* ---- lines -------------------------------------------------------- */

/* uart, as a peer with ranges only, wants line 3 for COM2. */
static void
raise_line(struct core *core, const char *irq)
{
	const struct request enable[] = {
		{ .type = SLOT_PIO, .addr = 0x2fc, .size = 1, .data = 0x08 },
		{ .type = SLOT_PIO, .addr = 0x2f9, .size = 1, .data = 0x02 },
		{ .type = SLOT_PIO, .addr = 0x2ff, .size = 1, .data = 0x5a },
	};
	struct request scratch = enable[2];
	char keys[128];
	unsigned i;

	snprintf(keys, sizeof(keys),
		 "raw-mmio,id=u,space=io,base=0x2f8,size=8%s", irq);
	add_exec(core, keys, "uart", "index=1");
	scratch.read = true;
	scratch.count = 1;
	do {
		for (i = 0; i < 3; i++) {
			struct request req = enable[i];

			req.count = 1;
			core_access(core, &req);
		}
		uv_run(&core->loop, UV_RUN_NOWAIT);
	} while ((core_access(core, &scratch) & 0xff) != 0x5a);
}

static void
a_peer_raises_the_line_that_it_was_given(void **state)
{
	struct core *core = *state;

	raise_line(core, ",irq=3");
	assert_true(core->xen->isa[3]);
}

static void
a_peer_raises_no_other_line(void **state)
{
	struct core *core = *state;

	raise_line(core, ",irq=4");
	raise_line(core, "");
	assert_int_equal(core->xen->isa_calls, 0);
}

int
main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
#define W(fn) cmocka_unit_test_setup_teardown(fn, whole_setup, whole_teardown)
		T(a_command_is_split_at_blanks_and_gets_a_socket),
		T(a_killed_child_is_surprise_removal_and_is_started_again),
		T(a_child_that_hangs_is_replaced),
		T(what_cannot_be_started_is_an_error_at_once),
		T(a_child_has_one_socket_and_nothing_else_of_ours),
		T(a_child_is_nobody_unless_asked_otherwise),
		T(a_child_does_not_outlive_us),
		T(an_isolated_device_of_the_board_is_not_ejected),
		T(a_peer_raises_the_line_that_it_was_given),
		T(a_peer_raises_no_other_line),
		W(one_word_moves_a_pci_device_out),
		W(one_word_moves_an_isa_device_out_with_its_ports_and_line),
		W(what_is_wrong_with_an_isolated_device_ends_the_start),
	};

	if (argc < 2) {
		fprintf(stderr, "usage: %s PLUGIN-FOLDER\n", argv[0]);
		return 2;
	}
	plugin_dir = argv[1];
	whole_find_peer(plugin_dir);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
