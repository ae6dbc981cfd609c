/* SPDX-License-Identifier: MIT */
/*
 * A whole machine that has shut itself in, in a process of its own as there is
 * no way back: a device in an attacker's hands gets nowhere, from inside the
 * core and from inside a peer, and what a guest needs goes on.
 */
#include "support/machine_fixture.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest/sandbox.h"

#define MEMBAR 0x28 /* 05.0 */
#define MEMBAR_ID 0x11e91234u
#define ONES 0xffffffffu
#define IN_CORE 0x5b0u
#define IN_PEER 0x5d0u
#define ATTEMPTS 23u
#define USER 65533u

static const char *plugin_dir;
static char escape_dir[512];

/* What the test and the machine tell each other. */
struct shared {
	volatile int step;
	char dir[32];
	uint8_t core[ATTEMPTS], peer[ATTEMPTS];
};

enum step {
	STEP_STARTS,
	STEP_ESCAPED, /* the machine: the devices have tried */
	STEP_KILLED,  /* the test: a peer is dead */
};

/* ---- inside ------------------------------------------------------- */

/* cmocka's own would go on with the next test, in this process. */
#define CHECK(what)                                                            \
	do {                                                                   \
		if (!(what)) {                                                 \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__,     \
				#what);                                        \
			_exit(1);                                              \
		}                                                              \
	} while (0)

static uint32_t
config_id(struct whole *w, unsigned devfn)
{
	const struct request req = {
		.type = SLOT_CONFIG,
		.read = true,
		.addr = (uint64_t)devfn << 32,
		.size = 4,
		.count = 1,
	};

	if (!fake_xen_claims(whole_end.xen, IOEMU_CONFIG, req.addr))
		return ONES;
	return (uint32_t)whole_access(w, &req);
}

static void
until_config_id(struct whole *w, uint32_t id)
{
	uint64_t end = uv_hrtime() + TEST_LIMIT_NS;

	while (config_id(w, MEMBAR) != id) {
		CHECK(uv_hrtime() < end);
		uv_run(&w->loop, UV_RUN_NOWAIT);
	}
}

static void
until_claimed(struct whole *w, uint16_t port)
{
	uint64_t end = uv_hrtime() + TEST_LIMIT_NS;

	while (!fake_xen_claims(whole_end.xen, IOEMU_PIO, port)) {
		CHECK(uv_hrtime() < end);
		uv_run(&w->loop, UV_RUN_NOWAIT);
	}
}

static void
until_step(struct whole *w, const struct shared *s, int step)
{
	uint64_t end = uv_hrtime() + TEST_LIMIT_NS;

	while (s->step != step) {
		CHECK(uv_hrtime() < end);
		uv_run(&w->loop, UV_RUN_NOWAIT);
	}
}

/* A sector, by a worker thread. */
static void
read_disk(struct whole *w)
{
	uint64_t end = uv_hrtime() + TEST_LIMIT_NS;

	whole_out(w, 0x1f2, 1, 1);
	whole_out(w, 0x1f3, 1, 5);
	whole_out(w, 0x1f4, 1, 0);
	whole_out(w, 0x1f5, 1, 0);
	whole_out(w, 0x1f6, 1, 0xe0);
	whole_out(w, 0x1f7, 1, 0x20);
	while (whole_in(w, 0x3f6, 1) & 0x80) {
		CHECK(uv_hrtime() < end);
		uv_run(&w->loop, UV_RUN_NOWAIT);
	}
	CHECK(whole_in(w, 0x1f0, 4) == 0x05050505);
}

static void
try_to_escape(struct whole *w, uint16_t port, uint8_t *result)
{
	uint16_t i;

	until_claimed(w, port);
	whole_out(w, port, 1, 1);
	for (i = 0; i < ATTEMPTS; i++)
		result[i] = (uint8_t)whole_in(w, (uint16_t)(port + i), 1);
}

static void
machine(struct shared *s, bool sandbox, bool restricted)
{
	char user[32];
	const char *const words[] = {
		"--plugin-dir",
		escape_dir,
		"-device",
		"escape",
		"-device",
		"escape,port=0x5d0,isolate=on,timeout-ms=10000",
		"-device",
		"membar,isolate=on,addr=5",
		restricted ? "-xen-domid-restrict" : NULL,
		"-chroot",
		s->dir,
		"-runas",
		user,
		NULL,
	};
	struct whole *w;

	snprintf(user, sizeof(user), "%u:%u", USER, USER);
	whole_setup((void **)&w);
	snprintf(s->dir, sizeof(s->dir), "%s", w->dir);
	w->sandbox = sandbox;
	CHECK(!whole_start(w, plugin_dir, words));
	CHECK(whole_end.ready == 1);
	read_disk(w);
	until_config_id(w, MEMBAR_ID);
	try_to_escape(w, IN_CORE, s->core);
	try_to_escape(w, IN_PEER, s->peer);
	s->step = STEP_ESCAPED;
	until_step(w, s, STEP_KILLED);
	until_config_id(w, ONES);
	until_config_id(w, MEMBAR_ID);
	read_disk(w);
	machine_free(w->machine);
	uv_run(&w->loop, UV_RUN_DEFAULT);
	_exit(0);
}

/* ---- outside ------------------------------------------------------ */

/* The text after "KEY:\t" of /proc/PATH/status; "" without it. */
static const char *
status_of(const char *path, const char *key, char *line, size_t size)
{
	size_t n = strlen(key);
	bool found = false;
	char name[300];
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%s/status", path);
	f = fopen(name, "r");
	while (f && !found && fgets(line, (int)size, f))
		found = !strncmp(line, key, n) && line[n] == ':';
	if (f)
		fclose(f);
	return found ? line + n + 2 : "";
}

/* The processes whose parent is `parent`; how many. */
static unsigned
children(pid_t parent, pid_t *out, unsigned max)
{
	DIR *dir = opendir("/proc");
	const struct dirent *e;
	char line[256];
	unsigned n = 0;

	assert_non_null(dir);
	while ((e = readdir(dir)) && n < max)
		if (strtol(e->d_name, NULL, 10) > 0 &&
		    strtol(status_of(e->d_name, "PPid", line, sizeof(line)),
			   NULL, 10) == parent)
			out[n++] = (pid_t)strtol(e->d_name, NULL, 10);
	closedir(dir);
	return n;
}

static void
check_task(const char *path, bool restricted)
{
	char line[256];

	assert_string_equal(status_of(path, "Seccomp", line, sizeof(line)),
			    "2\n");
	assert_string_equal(status_of(path, "NoNewPrivs", line, sizeof(line)),
			    "1\n");
	assert_string_equal(status_of(path, "CapEff", line, sizeof(line)),
			    "0000000000000000\n");
	if (restricted)
		assert_string_equal(status_of(path, "Uid", line, sizeof(line)),
				    "65533\t65533\t65533\t65533\n");
}

/* Each thread has rights of its own. */
static void
check_process(pid_t pid, bool restricted)
{
	char path[300];
	const struct dirent *e;
	unsigned n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	dir = opendir(path);
	assert_non_null(dir);
	while ((e = readdir(dir))) {
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%d/task/%s", (int)pid, e->d_name);
		check_task(path, restricted);
		n++;
	}
	closedir(dir);
	assert_true(n > 0);
}

static void
check_root(pid_t pid, const char *root)
{
	char path[64], text[256];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	n = readlink(path, text, sizeof(text) - 1);
	assert_true(n > 0);
	text[n] = '\0';
	assert_string_equal(text, root);
}

static bool
is_membar(pid_t pid)
{
	char path[64], text[1024];
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	f = fopen(path, "r");
	assert_non_null(f);
	n = fread(text, 1, sizeof(text), f);
	fclose(f);
	return memmem(text, n, "membar.so", 9);
}

static void
check_processes(pid_t core, const char *dir, bool restricted)
{
	pid_t spawner, peer[8];
	unsigned i, n;

	check_process(core, restricted);
	assert_int_equal(children(core, &spawner, 1), 1);
	n = children(spawner, peer, 8);
	assert_int_equal(n, 2);
	for (i = 0; i < n; i++) {
		check_process(peer[i], restricted);
		check_root(peer[i], restricted ? dir : "/");
	}
	check_root(core, restricted ? dir : "/");
}

static void
kill_membar(pid_t core)
{
	pid_t spawner, peer[8];
	unsigned i, n;

	assert_int_equal(children(core, &spawner, 1), 1);
	n = children(spawner, peer, 8);
	for (i = 0; i < n; i++)
		if (is_membar(peer[i]))
			assert_int_equal(kill(peer[i], SIGKILL), 0);
}

static void
remove_files(const char *dir)
{
	static const char *const name[] = { "disk", "serial", "qmp" };
	char path[64];
	unsigned i;

	for (i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, name[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(dir), 0);
	unlink("/tmp/escape");
	assert_int_equal(access("/tmp/escape-helper", F_OK), -1);
}

static void
until_escaped(const struct shared *s, pid_t pid)
{
	while (s->step != STEP_ESCAPED) {
		assert_int_equal(waitpid(pid, NULL, WNOHANG), 0);
		usleep(10000);
	}
}

/* A machine from its start to its end; what its devices could do is in *s. */
static void
run(struct shared *s, bool sandbox, bool restricted)
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		alarm(TEST_LIMIT_S);
		machine(s, sandbox, restricted);
	}
	until_escaped(s, pid);
	if (sandbox)
		check_processes(pid, s->dir, restricted);
	kill_membar(pid);
	s->step = STEP_KILLED;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	remove_files(s->dir);
}

static int
setup(void **state)
{
	*state = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return *state == MAP_FAILED ? -1 : 0;
}

static int
teardown(void **state)
{
	return munmap(*state, sizeof(struct shared));
}

/* ---- tests -------------------------------------------------------- */

/* The attempts in escape.c's order, but for privcmd, which is not there. */
enum { READ, MAKE, PRIVCMD, INET, UNIX, FORK, TEACH = ATTEMPTS - 3 };

static void
all_denied(const uint8_t *result)
{
	unsigned i;

	for (i = 0; i < ATTEMPTS; i++)
		assert_int_equal(result[i], EPERM);
}

static void
a_restricted_device_gets_nowhere(void **state)
{
	struct shared *s = *state;

	if (geteuid())
		skip();
	run(s, true, true);
	all_denied(s->core);
	all_denied(s->peer);
}

static void
without_dm_restrict_neither(void **state)
{
	struct shared *s = *state;

	run(s, true, false);
	all_denied(s->core);
	all_denied(s->peer);
}

/* So the attempts are good ones. */
static void
without_a_sandbox_they_work(void **state)
{
	struct shared *s = *state;
	unsigned i;

	run(s, false, false);
	assert_int_equal(s->core[READ], 0);
	assert_int_equal(s->core[INET], 0);
	assert_int_equal(s->core[FORK], 0);
	for (i = 0; !geteuid() && i < TEACH; i++)
		assert_int_not_equal(s->core[i], EPERM);
	/* the helper learns nothing all the same */
	for (; i < ATTEMPTS; i++)
		assert_int_equal(s->core[i], EPERM);
	all_denied(s->peer);
}

static void
what_cannot_be_given_up_ends_the_start(void **state)
{
	static const char *const words[][3] = {
		{ "-runas", "root" },	      { "-runas", "0:0" },
		{ "-runas", "no-such-user" }, { "-runas", "7:x" },
		{ "-runas", "7:4294967295" }, { "-chroot", "/no/such/folder" },
	};
	struct whole *w = *state;
	unsigned i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		assert_true(whole_start(w, plugin_dir, words[i]) < 0);
		whole_stop(w);
	}
}

static void
a_domain_that_stays_in_reach_ends_the_start(void **state)
{
	static const char *const words[] = { "-xen-domid-restrict", NULL };
	struct whole *w = *state;

	whole_end.restrict_rc = -ENOTTY;
	assert_int_equal(whole_start(w, plugin_dir, words), -ENOTTY);
	whole_stop(w);
	assert_int_equal(whole_start(w, plugin_dir, NULL), 0);
	whole_stop(w);
	w->sandbox = true; /* it does not come to that */
	assert_int_equal(whole_start(w, plugin_dir, NULL), -ENOTTY);
}

/* ---- beside QEMU --------------------------------------------------- */

/* QEMU 7.2, softmmu/qemu-seccomp.c, denylist[]: what "-sandbox on" denies ...
 */
static const char *const qemu_on[] = {
	"reboot",	"swapon",	 "swapoff",
	"syslog",	"mount",	 "umount",
	"kexec_load",	"afs_syscall",	 "break",
	"ftime",	"getpmsg",	 "gtty",
	"lock",		"mpx",		 "prof",
	"profil",	"putpmsg",	 "security",
	"stty",		"tuxcall",	 "ulimit",
	"vserver",	"readdir",	 "_sysctl",
	"bdflush",	"create_module", "get_kernel_syms",
	"query_module", "sgetmask",	 "ssetmask",
	"sysfs",	"uselib",	 "ustat",
};

/* ... and what all its keys add: elevateprivileges, spawn (of clone only what
 * is no thread), resourcecontrol. */
static const char *const qemu_all[] = {
	"setuid",
	"setgid",
	"setpgid",
	"setsid",
	"setreuid",
	"setregid",
	"setresuid",
	"setresgid",
	"setfsuid",
	"setfsgid",
	"fork",
	"vfork",
	"execve",
	"clone",
	"clone3",
	"execveat",
	"setns",
	"unshare",
	"setpriority",
	"sched_setparam",
	"sched_setscheduler",
	"sched_setaffinity",
};

/* Those that exist on this architecture. */
static unsigned
exist(const char *const *names, size_t n)
{
	unsigned count = 0;
	size_t i;

	for (i = 0; i < n; i++)
		count += seccomp_syscall_resolve_name(names[i]) >= 0;
	return count;
}

static unsigned
all_calls(void)
{
	unsigned n = 0;
	char *name;
	int i;

	for (i = 0; i < 1024; i++) {
		name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, i);
		n += name != NULL;
		free(name);
	}
	return n;
}

static unsigned
allowed(void)
{
	struct sandbox_list list;

	sandbox_list(&list);
	return jail_count(list.tables, list.n);
}

static void
how_many_calls_are_left_beside_qemu(void **state)
{
	static const struct jail_table *const peer[] = { &jail_base };
	const unsigned on = exist(qemu_on, sizeof(qemu_on) / sizeof(*qemu_on));
	const unsigned more =
		exist(qemu_all, sizeof(qemu_all) / sizeof(*qemu_all));
	unsigned all = all_calls();

	(void)state;
	printf("of %u system calls are allowed: %u in the core, %u in a peer "
	       "without disks\n",
	       all, allowed(), jail_count(peer, 1));
	printf("QEMU 7.2 -sandbox on denies %zu names, %u of which exist here: "
	       "%u are allowed; with every key %u more: %u are allowed\n",
	       sizeof(qemu_on) / sizeof(*qemu_on), on, all - on, more,
	       all - on - more);
	assert_in_range(allowed(), 1, 65);
	assert_in_range(jail_count(peer, 1), 1, 50);
	assert_true(all > 300);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_restricted_device_gets_nowhere, setup, teardown),
		cmocka_unit_test_setup_teardown(without_dm_restrict_neither,
						setup, teardown),
		cmocka_unit_test_setup_teardown(without_a_sandbox_they_work,
						setup, teardown),
		cmocka_unit_test_setup_teardown(
			what_cannot_be_given_up_ends_the_start, whole_setup,
			whole_teardown),
		cmocka_unit_test_setup_teardown(
			a_domain_that_stays_in_reach_ends_the_start,
			whole_setup, whole_teardown),
		cmocka_unit_test(how_many_calls_are_left_beside_qemu),
	};

	char path[512];

	if (argc < 2) {
		fprintf(stderr, "usage: %s PLUGIN-FOLDER\n", argv[0]);
		return 2;
	}
	plugin_dir = argv[1];
	snprintf(escape_dir, sizeof(escape_dir), "%s/../tests/escape",
		 plugin_dir);
	snprintf(path, sizeof(path), "%s/..:%s", plugin_dir, getenv("PATH"));
	setenv("PATH", path, 1); /* isolate=on finds ioemu-peer there */
	/* the sandbox leaves no room for it */
	setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
	return cmocka_run_group_tests_name("sandbox", tests, NULL, NULL);
}
