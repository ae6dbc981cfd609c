/* SPDX-License-Identifier: MIT */
/*
 * What a whole machine gives up when it starts, in a process of its own, as
 * there is no way back; and limits on what it takes.
 */
#include "support/limit.h"
#include "support/machine_fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define KIB 1024ull
#define MIB (1024 * KIB)
#define TIB (1024 * 1024 * MIB)
#define LIBXL_FILE (256 * KIB) /* libxl__local_dm_preexec_restrict() */
#define LEAST (16 * MIB)
#define CHARDEVS 32u

static const char *plugin_dir;

/* ---- in a process of its own ---------------------------------------- */

/* cmocka's own would go on with the next test, in that process. */
#define CHECK(what)                                                            \
	do {                                                                   \
		if (!(what)) {                                                 \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__,     \
				#what);                                        \
			_exit(1);                                              \
		}                                                              \
	} while (0)

static void
in_process(void (*run)(struct whole *w))
{
	struct whole *w;
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid) {
		alarm(TEST_LIMIT_S);
		whole_setup((void **)&w);
		w->sandbox = true;
		run(w);
		whole_teardown((void **)&w);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
make_file(const char *path, uint64_t size)
{
	int fd = open(path, O_CREAT | O_WRONLY, 0600);

	CHECK(fd >= 0);
	CHECK(!ftruncate(fd, (off_t)size));
	close(fd);
}

/* ---- how large files may get ---------------------------------------- */

static uint64_t
file_limit(struct whole *w, const char *drive, uint64_t size)
{
	const struct rlimit limit = { LIBXL_FILE, RLIM_INFINITY };
	const char *const words[] = {
		"-drive",  whole_path(w, 0, drive, "image"),
		"-device", "ide-cd,id=ide-5632,drive=ide-5632,bus=ide.1,unit=0",
		NULL,
	};
	struct rlimit now;
	char path[64];

	w->sandbox = false; /* in there nobody can ask */
	snprintf(path, sizeof(path), "%s/image", w->dir);
	make_file(path, size);
	CHECK(!setrlimit(RLIMIT_FSIZE, &limit));
	CHECK(!whole_start(w, plugin_dir, words));
	unlink(path);
	CHECK(!getrlimit(RLIMIT_FSIZE, &now));
	whole_stop(w);
	return now.rlim_cur;
}

static void
read_a_large_cd(struct whole *w)
{
	CHECK(file_limit(w, "if=none,readonly=on,id=ide-5632,file=", TIB) ==
	      LEAST);
}

static void
write_a_large_disk(struct whole *w)
{
	CHECK(file_limit(w, "if=none,id=ide-5632,file=", 64 * MIB) == 64 * MIB);
}

static void
files_may_grow_as_large_as_those_that_are_written(void **state)
{
	(void)state;
	in_process(read_a_large_cd);
	in_process(write_a_large_disk);
}

/* ---- when the state is read ------------------------------------------ */

/* Of a pipe: the machine waits for it, and can be looked at meanwhile. */
static void
restore(struct whole *w, int fd)
{
	char text[16];
	const char *const words[] = { "-incoming", text, NULL };

	snprintf(text, sizeof(text), "fd:%d", fd);
	w->sandbox = true;
	CHECK(whole_start(w, plugin_dir, words) == -EINVAL);
}

static bool
is_shut(pid_t pid)
{
	char path[64], line[256];
	bool seccomp = false, caps = false;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		seccomp |= !strcmp(line, "Seccomp:\t2\n");
		caps |= !strcmp(line, "CapEff:\t0000000000000000\n");
	}
	fclose(f);
	return seccomp && caps;
}

/* It says so by what it does: it reads all that is in the pipe. */
static void
until_read(int fd)
{
	int n = 1;

	while (n) {
		assert_int_equal(ioctl(fd, FIONREAD, &n), 0);
		usleep(1000);
	}
}

static void
a_saved_state_is_read_when_rights_are_gone(void **state)
{
	struct whole *w = *state;
	int pipes[2], status;
	pid_t pid;

	assert_int_equal(pipe(pipes), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		alarm(TEST_LIMIT_S);
		close(pipes[1]);
		CHECK(!uv_loop_fork(&w->loop));
		restore(w, pipes[0]);
		_exit(0);
	}
	assert_int_equal(write(pipes[1], "no state", 8), 8);
	until_read(pipes[0]);
	assert_true(is_shut(pid));
	close(pipes[0]);
	close(pipes[1]); /* so that it ends */
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* ---- sockets --------------------------------------------------------- */

static mode_t
mode_of(const char *path)
{
	struct stat st;

	CHECK(!stat(path, &st) && S_ISSOCK(st.st_mode));
	return st.st_mode & 07777;
}

static void
listen_with_umask(struct whole *w, mode_t mask)
{
	char chr[96], peer[96], path[64];
	const char *const words[] = {
		"-chardev", chr,  "-device", "uart,index=1,chardev=c",
		"-device",  peer, NULL,
	};

	snprintf(chr, sizeof(chr), "socket,id=c,server=on,wait=off,path=%s/chr",
		 w->dir);
	snprintf(peer, sizeof(peer), "peer,addr=6,listen=unix:%s/peer", w->dir);
	umask(mask);
	CHECK(!whole_start(w, plugin_dir, words));
	umask(022);
	CHECK(mode_of(whole_path(w, 0, "", "qmp")) == 0600);
	CHECK(mode_of(whole_path(w, 0, "", "chr")) == 0600);
	snprintf(path, sizeof(path), "%s", whole_path(w, 0, "", "peer"));
	CHECK(mode_of(path) == 0600);
	whole_stop(w);
	unlink(path);
	unlink(whole_path(w, 0, "", "chr"));
}

static void
listen_for_all(struct whole *w)
{
	w->sandbox = false; /* sockets are removed */
	listen_with_umask(w, 0);
}

static void
listen_for_nobody(struct whole *w)
{
	w->sandbox = false;
	listen_with_umask(w, 0277);
}

static void
sockets_are_their_owners_alone_whatever_the_umask(void **state)
{
	(void)state;
	in_process(listen_for_all);
	in_process(listen_for_nobody);
}

/* ---- character devices ------------------------------------------------ */

static void
one_more_character_device_than_there_is_room_for_is_refused(void **state)
{
	const char *words[2 * CHARDEVS + 3] = { NULL };
	char text[CHARDEVS + 1][64];
	struct whole *w = *state;
	unsigned i;

	/* the machine has one, for its serial port */
	for (i = 0; i < CHARDEVS - 1; i++) {
		snprintf(text[i], sizeof(text[i]),
			 "uart,port=%u,irq=5,chardev=null", 0x5000 + 8 * i);
		words[2 * i] = "-device";
		words[2 * i + 1] = text[i];
	}
	assert_int_equal(whole_start(w, plugin_dir, words), 0);
	whole_stop(w);
	words[2 * i] = "-device";
	words[2 * i + 1] = "uart,port=0x6000,irq=5,chardev=null";
	assert_int_equal(whole_start(w, plugin_dir, words), -ENOSPC);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			files_may_grow_as_large_as_those_that_are_written),
		cmocka_unit_test_setup_teardown(
			a_saved_state_is_read_when_rights_are_gone, whole_setup,
			whole_teardown),
		cmocka_unit_test(
			sockets_are_their_owners_alone_whatever_the_umask),
		cmocka_unit_test_setup_teardown(
			one_more_character_device_than_there_is_room_for_is_refused,
			whole_setup, whole_teardown),
	};

	if (argc < 2) {
		fprintf(stderr, "usage: %s PLUGIN-FOLDER\n", argv[0]);
		return 2;
	}
	plugin_dir = argv[1];
	whole_find_peer(plugin_dir);
	return cmocka_run_group_tests_name("rights", tests, NULL, NULL);
}
