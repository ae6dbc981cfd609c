/* SPDX-License-Identifier: MIT */
/*
 * The QMP server as its clients see it: real sockets, a scripted core. One
 * thread plays both sides, so every read turns the loop until bytes come.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "qmp.h"

#define TURNS 2000 /* of 1 ms, until a test gives up */
#define GREETED "{\"execute\": \"qmp_capabilities\", \"id\": 1}\r\n"

/* ---- the core
 * ---------------------------------------------------------------- */

struct core {
	uv_loop_t loop;
	struct qmp *qmp;
	char path[64];
	const char *status;
	struct qmp_call *kept; /* a `stop` not answered yet */
	bool keep, quit, asleep;
	int taken_fd;
	int saved_fd; /* -1: none */
	bool live, logs;
	const char *name;
	char changed[64]; /* what was done to media */
};

static const char *
core_status(void *ctx)
{
	return ((struct core *)ctx)->status;
}

static const char *
core_name(void *ctx)
{
	return ((struct core *)ctx)->name;
}

static void
core_cont(void *ctx, struct qmp_call *call)
{
	((struct core *)ctx)->status = "running";
	qmp_done(call, 0);
}

static void
core_stop(void *ctx, struct qmp_call *call)
{
	struct core *core = ctx;

	core->taken_fd = qmp_take_fd(call);
	if (core->keep)
		core->kept = call;
	else
		qmp_done(call, -EBUSY);
}

static void
core_save(void *ctx, struct qmp_call *call, int fd, bool live)
{
	struct core *core = ctx;

	core->saved_fd = fd;
	core->live = live;
	if (core->keep)
		qmp_fail(call, "the dog ate it");
	else
		qmp_done(call, 0);
}

static int
core_log_writes(void *ctx, bool on)
{
	((struct core *)ctx)->logs = on;
	return 0;
}

static bool
core_chardev(void *ctx, unsigned i, struct qmp_chardev *out)
{
	(void)ctx;
	out->label = i ? "mon\xff" : "serial0"; /* no UTF-8 */
	out->filename = i ? "null" : "pty:/dev/pts/3";
	return i < 2;
}

/* Says what it was told. */
static int
core_add_device(void *ctx, const char *text, char *why, size_t size)
{
	(void)ctx;
	snprintf(why, size, "%s", text);
	return -EINVAL;
}

static int
core_del_device(void *ctx, const char *id, char *why, size_t size)
{
	(void)ctx;
	snprintf(why, size, "%s stays", id);
	return strcmp(id, "disk") ? 0 : -EPERM;
}

/* Buses 0 and 1, two functions each. */
static bool
core_pci(void *ctx, unsigned i, struct qmp_pci *out)
{
	static const char *const id[] = { "host", "nic", "disk", "ram" };

	(void)ctx;
	if (i >= 4)
		return false;
	*out = (struct qmp_pci){
		.bus = i / 2,
		.slot = i,
		.function = i % 2,
		.id = id[i],
	};
	return true;
}

static unsigned
core_max_cpus(void *ctx)
{
	(void)ctx;
	return 3;
}

static bool
core_cpu_is_on(void *ctx, unsigned cpu)
{
	(void)ctx;
	return cpu < 2;
}

static int
core_add_cpu(void *ctx, unsigned cpu, char *why, size_t size)
{
	(void)ctx;
	(void)why;
	(void)size;
	return cpu == 2 ? 0 : -EEXIST;
}

static int
core_wake(void *ctx)
{
	return ((struct core *)ctx)->asleep ? 0 : -EINVAL;
}

static int
core_command(void *ctx, const char *line, char *buf, size_t size)
{
	(void)ctx;
	if (!strcmp(line, "fail"))
		return -EIO;
	if (strcmp(line, "hello"))
		return -ENOENT;
	return snprintf(buf, size, "hi\r\n\xe9");
}

static bool
core_drive(void *ctx, unsigned i, struct qmp_drive *out)
{
	static const struct qmp_drive drives[] = {
		{
			.drive = "ide0",
			.qdev = "ide-hd#1",
			.file = "/disk\xff",
			.size = 1 << 20,
			.status = "nospace",
			.read = { 1, 2, 3, 4 },
			.write = { 5, 6, 7, 8 },
			.flush = { 9, 0, 10, 11 },
		},
		{
			.drive = "ide-5632",
			.qdev = "cd",
			.readonly = true,
			.removable = true,
			.open = true,
			.locked = true,
			.status = "ok",
		},
	};

	(void)ctx;
	if (i < 2)
		*out = drives[i];
	return i < 2;
}

static void
core_eject(void *ctx, struct qmp_call *call, unsigned i, bool force)
{
	struct core *core = ctx;

	snprintf(core->changed, sizeof(core->changed), "eject %u%s", i,
		 force ? " force" : "");
	if (core->keep)
		qmp_fail(call, "it is stuck");
	else
		qmp_done(call, 0);
}

static void
core_insert(void *ctx, struct qmp_call *call, unsigned i, int fd, bool readonly,
	    bool force)
{
	struct core *core = ctx;

	snprintf(core->changed, sizeof(core->changed), "insert %u%s%s", i,
		 readonly ? " ro" : " rw", force ? " force" : "");
	close(fd);
	qmp_done(call, 0);
}

static void
core_quit(void *ctx)
{
	((struct core *)ctx)->quit = true;
}

static void
core_take_over(void *ctx, struct qmp_call *call)
{
	(void)ctx;
	qmp_fail(call, "no");
}

static bool
core_taking(void *ctx)
{
	(void)ctx;
	return false;
}

static const struct qmp_ops core_ops = {
	.package = "mini-ioemu test",
	.status = core_status,
	.name = core_name,
	.cont = core_cont,
	.stop = core_stop,
	.save = core_save,
	.log_writes = core_log_writes,
	.chardev = core_chardev,
	.add_device = core_add_device,
	.del_device = core_del_device,
	.pci = core_pci,
	.max_cpus = core_max_cpus,
	.cpu_is_on = core_cpu_is_on,
	.add_cpu = core_add_cpu,
	.wake = core_wake,
	.command = core_command,
	.drive = core_drive,
	.eject = core_eject,
	.insert = core_insert,
	.take_over = core_take_over,
	.taking = core_taking,
	.quit = core_quit,
};

static int
n_open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static int
setup(void **state)
{
	struct core *core = calloc(1, sizeof(*core));

	assert_non_null(core);
	core->status = "prelaunch";
	core->name = "guest";
	core->taken_fd = core->saved_fd = -1;
	snprintf(core->path, sizeof(core->path), "/tmp/test_qmp.%d",
		 (int)getpid());
	assert_int_equal(uv_loop_init(&core->loop), 0);
	assert_int_equal(qmp_new(&core->loop, &core_ops, core, &core->qmp), 0);
	assert_int_equal(qmp_listen_path(core->qmp, core->path), 0);
	*state = core;
	return 0;
}

static int
teardown(void **state)
{
	struct core *core = *state;

	if (core->qmp)
		qmp_free(core->qmp);
	uv_run(&core->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&core->loop), 0);
	assert_int_equal(access(core->path, F_OK), -1);
	free(core);
	return 0;
}

/* ---- a client ---------------------------------------------------------------
 */

static void
turn(struct core *core)
{
	uv_run(&core->loop, UV_RUN_NOWAIT);
}

static int
dial(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(addr.sun_path, path);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)),
			 0);
	return fd;
}

/* -1: nothing yet, 0: the other side closed. */
static ssize_t
receive(struct core *core, int fd, char *c)
{
	ssize_t n = recv(fd, c, 1, 0);

	if (n >= 0)
		return n;
	if (errno == ECONNRESET)
		return 0;
	assert_int_equal(errno, EAGAIN);
	turn(core);
	return -1;
}

/* The next message, checked to end with \r\n; NULL if the server closed. */
static json_t *
next(struct core *core, int fd)
{
	static char line[1 << 20];
	json_t *message;
	size_t len = 0;
	ssize_t n;
	int turns = 0;

	while (len < 2 || memcmp(line + len - 2, "\r\n", 2)) {
		n = receive(core, fd, line + len);
		if (!n)
			return NULL;
		if (n > 0)
			len++;
		else if (turns++ > TURNS / 4)
			usleep(1000);
		assert_true(turns < TURNS && len < sizeof(line));
	}
	message = json_loadb(line, len, 0, NULL);
	assert_non_null(message);
	return message;
}

static void
tell_bytes(struct core *core, int fd, const char *text, size_t len)
{
	ssize_t n;

	while (len) {
		n = send(fd, text, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EPIPE)
			return;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
		turn(core);
	}
}

static void
tell(struct core *core, int fd, const char *text)
{
	tell_bytes(core, fd, text, strlen(text));
}

/* The next message, compared as JSON: order and blanks do not matter. */
static void
expect(struct core *core, int fd, const char *text)
{
	json_t *is = next(core, fd), *wanted = json_loads(text, 0, NULL);
	char *shown = json_dumps(is, 0);

	assert_non_null(wanted);
	assert_non_null(is);
	if (!json_equal(is, wanted))
		assert_string_equal(shown, text);
	free(shown);
	json_decref(is);
	json_decref(wanted);
}

static void
expect_error(struct core *core, int fd, const char *class)
{
	json_t *is = next(core, fd);
	const char *got = NULL, *desc = NULL;

	assert_int_equal(json_unpack(is, "{s:{s:s, s:s}}", "error", "class",
				     &got, "desc", &desc),
			 0);
	assert_string_equal(got, class);
	json_decref(is);
}

static void
expect_end(struct core *core, int fd)
{
	json_t *is = next(core, fd);

	assert_null(is);
}

static int
greeted_at(struct core *core, const char *path)
{
	int fd = dial(path);

	json_decref(next(core, fd));
	tell(core, fd, GREETED);
	expect(core, fd, "{\"return\": {}, \"id\": 1}");
	return fd;
}

static int
greeted(struct core *core)
{
	return greeted_at(core, core->path);
}

/* Send text with file descriptors on its first byte, as libxl does. */
static void
tell_fds(int fd, const char *byte, const int *fds, size_t n)
{
	char control[CMSG_SPACE(16 * sizeof(int))] = { 0 };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)byte,
			     .iov_len = 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = CMSG_SPACE(n * sizeof(int)),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(cmsg), fds, n * sizeof(int));
	assert_int_equal(sendmsg(fd, &msg, 0), 1);
}

/* ---- what is said
 * ------------------------------------------------------------ */

static void
the_greeting_comes_unasked(void **state)
{
	struct core *core = *state;
	int fd = dial(core->path);

	expect(core, fd,
	       "{\"QMP\": {\"version\": {\"qemu\": {\"major\": 7, \"minor\": "
	       "2, \"micro\": 0}, \"package\": \"mini-ioemu test\"}, "
	       "\"capabilities\": []}}");
	close(fd);
}

static void
commands_before_negotiation_are_not_found(void **state)
{
	struct core *core = *state;
	int fd = dial(core->path);

	json_decref(next(core, fd));
	tell(core, fd, "{\"execute\": \"cont\", \"id\": 5}");
	expect_error(core, fd, "CommandNotFound");
	assert_string_equal(core->status, "prelaunch");
	close(fd);
}

static void
negotiating_twice_is_not_found(void **state)
{
	struct core *core = *state;
	int fd = greeted(core);

	tell(core, fd, GREETED);
	expect_error(core, fd, "CommandNotFound");
	close(fd);
}

static void
asks(struct core *core, int fd, const char *command, const char *arguments,
     const char *answer)
{
	char text[512];

	snprintf(text, sizeof(text),
		 "{\"execute\": \"%s\", \"arguments\": {%s}}", command,
		 arguments);
	tell(core, fd, text);
	expect(core, fd, answer);
}

#define SAYS(text)                                                             \
	"{\"error\": {\"class\": \"GenericError\", \"desc\": \"" text "\"}}"

static void
devices_come_with_any_words_and_go_by_id(void **state)
{
	struct core *core = *state;
	int fd = greeted(core);

	asks(core, fd, "device_add",
	     "\"driver\": \"ram\", \"size\": 12, \"ro\": true, "
	     "\"x\": false, \"y\": \"1,z=2\"",
	     SAYS("ram,size=12,ro=on,x=off,y=1,,z=2"));
	asks(core, fd, "device_add", "\"id\": \"a\"",
	     SAYS("Parameter 'driver' is missing"));
	asks(core, fd, "device_add", "\"driver\": \"ram\", \"a\": [1]",
	     SAYS("Parameter 'a' must be a string, an integer or a boolean"));
	asks(core, fd, "device_del", "\"id\": \"disk\"", SAYS("disk stays"));
	asks(core, fd, "device_del", "\"id\": \"nic\"", "{\"return\": {}}");
	asks(core, fd, "device_del", "", SAYS("Parameter 'id' is missing"));
	close(fd);
}

/* As libxl does it: the type is what it was told (libxl_domain.c). */
static void
processors_come_by_the_type_they_are_listed_with(void **state)
{
	struct core *core = *state;
	int fd = greeted(core);
	json_t *list, *first;
	char args[128];

	tell(core, fd, "{\"execute\": \"query-hotpluggable-cpus\"}");
	list = next(core, fd);
	first = json_array_get(json_object_get(list, "return"), 0);
	assert_int_equal(json_array_size(json_object_get(list, "return")), 3);
	snprintf(args, sizeof(args), "\"driver\": \"%s\", \"socket-id\": ",
		 json_string_value(json_object_get(first, "type")));
	json_decref(list);
	strcat(args, "2");
	asks(core, fd, "device_add", args, "{\"return\": {}}");
	args[strlen(args) - 1] = '1';
	asks(core, fd, "device_add", args, SAYS("File exists"));
	strcpy(args + strlen(args) - 1, "-1");
	asks(core, fd, "device_add", args,
	     SAYS("Parameter 'socket-id' must be the number of a processor"));
	core->asleep = true;
	asks(core, fd, "system_wakeup", "", "{\"return\": {}}");
	close(fd);
}

static void
an_unknown_capability_is_refused(void **state)
{
	struct core *core = *state;
	int fd = dial(core->path);

	json_decref(next(core, fd));
	tell(core, fd,
	     "{\"execute\": \"qmp_capabilities\", \"arguments\": "
	     "{\"enable\": [\"oob\"]}}");
	expect_error(core, fd, "GenericError");
	close(fd);
}

static void
every_query_answers_as_libxl_reads_it(void **state)
{
	static const struct {
		const char *command, *answer;
	} dialogue[] = {
		{ "query-status",
		  "{\"return\": {\"status\": \"prelaunch\", "
		  "\"running\": false, \"singlestep\": false}}" },
		{ "query-version",
		  "{\"return\": {\"qemu\": {\"major\": 7, \"minor\": 2, "
		  "\"micro\": 0}, \"package\": \"mini-ioemu test\"}}" },
		{ "query-chardev",
		  "{\"return\": [{\"label\": \"serial0\", \"filename\": "
		  "\"pty:/dev/pts/3\", \"frontend-open\": true}, {\"label\": "
		  "\"mon?\", \"filename\": \"null\", \"frontend-open\": "
		  "true}]}" },
		{ "query-vnc", "{\"return\": {\"enabled\": false}}" },
		{ "query-name", "{\"return\": {\"name\": \"guest\"}}" },
		{ "query-cpus-fast",
		  "{\"return\": [{\"cpu-index\": 0, \"target\": \"x86_64\"}, "
		  "{\"cpu-index\": 1, \"target\": \"x86_64\"}]}" },
		{ "query-command-line-options", "{\"return\": []}" },
		{ "query-pci",
		  "{\"return\": [{\"bus\": 0, \"devices\": [{\"bus\": 0, "
		  "\"slot\": 0, \"function\": 0, \"qdev_id\": \"host\"}, "
		  "{\"bus\": 0, \"slot\": 1, \"function\": 1, "
		  "\"qdev_id\": \"nic\"}]}, {\"bus\": 1, \"devices\": "
		  "[{\"bus\": 1, \"slot\": 2, \"function\": 0, "
		  "\"qdev_id\": \"disk\"}, {\"bus\": 1, \"slot\": 3, "
		  "\"function\": 1, \"qdev_id\": \"ram\"}]}]}" },
		{ "system_wakeup",
		  "{\"error\": {\"class\": \"GenericError\", \"desc\": "
		  "\"Unable to wake up: guest is not in suspended "
		  "state\"}}" },
		{ "cont", "{\"return\": {}}" },
		{ "query-status",
		  "{\"return\": {\"status\": \"running\", "
		  "\"running\": true, \"singlestep\": false}}" },
	};
	struct core *core = *state;
	int fd = greeted(core);
	char text[128];
	size_t i;

	for (i = 0; i < sizeof(dialogue) / sizeof(dialogue[0]); i++) {
		snprintf(text, sizeof(text), "{\"execute\": \"%s\"}",
			 dialogue[i].command);
		tell(core, fd, text);
		expect(core, fd, dialogue[i].answer);
	}
	close(fd);
}

static void
query_commands_lists_itself(void **state)
{
	struct core *core = *state;
	int fd = greeted(core);
	json_t *answer, *item;
	bool found = false;
	size_t i;

	tell(core, fd, "{\"execute\": \"query-commands\"}");
	answer = next(core, fd);
	json_array_foreach(json_object_get(answer, "return"), i, item) found |=
		!strcmp(json_string_value(json_object_get(item, "name")),
			"query-commands");
	assert_true(found);
	json_decref(answer);
	close(fd);
}

static void
a_guest_without_a_name_has_none(void **state)
{
	struct core *core = *state;
	int fd = greeted(core);

	core->name = NULL;
	tell(core, fd, "{\"execute\": \"query-name\"}");
	expect(core, fd, "{\"return\": {}}");
	close(fd);
}

/* ---- disks ------------------------------------------------------------------
 */

/* As libxenstat asks: no id, no end of line. */
static void
drives_and_their_figures_are_told(void **state)
{
	struct core *core = *state;
	int fd = greeted(core);

	tell(core, fd, "{ \"execute\": \"query-block\" }");
	expect(core, fd,
	       "{\"return\": [{\"device\": \"ide0\", \"qdev\": \"ide-hd#1\", "
	       "\"type\": \"unknown\", \"removable\": false, "
	       "\"locked\": false, \"io-status\": \"nospace\", "
	       "\"inserted\": {\"file\": \"/disk?\", \"ro\": false, "
	       "\"drv\": \"raw\", \"backing_file_depth\": 0, "
	       "\"encrypted\": false, \"detect_zeroes\": \"off\", \"bps\": 0, "
	       "\"bps_rd\": 0, \"bps_wr\": 0, \"iops\": 0, \"iops_rd\": 0, "
	       "\"iops_wr\": 0, \"image\": {\"filename\": \"/disk?\", "
	       "\"format\": \"raw\", \"virtual-size\": 1048576}}}, "
	       "{\"device\": \"ide-5632\", \"qdev\": \"cd\", "
	       "\"type\": \"unknown\", \"removable\": true, "
	       "\"locked\": true, \"tray_open\": true, "
	       "\"io-status\": \"ok\"}]}");
	tell(core, fd, "{ \"execute\": \"query-blockstats\" }");
	expect(core, fd,
	       "{\"return\": [{\"device\": \"ide0\", \"qdev\": \"ide-hd#1\", "
	       "\"stats\": {\"rd_operations\": 1, \"rd_bytes\": 2, "
	       "\"failed_rd_operations\": 3, \"rd_total_time_ns\": 4, "
	       "\"wr_operations\": 5, \"wr_bytes\": 6, "
	       "\"failed_wr_operations\": 7, \"wr_total_time_ns\": 8, "
	       "\"flush_operations\": 9, \"failed_flush_operations\": 10, "
	       "\"flush_total_time_ns\": 11}}, "
	       "{\"device\": \"ide-5632\", \"qdev\": \"cd\", "
	       "\"stats\": {\"rd_operations\": 0, \"rd_bytes\": 0, "
	       "\"failed_rd_operations\": 0, \"rd_total_time_ns\": 0, "
	       "\"wr_operations\": 0, \"wr_bytes\": 0, "
	       "\"failed_wr_operations\": 0, \"wr_total_time_ns\": 0, "
	       "\"flush_operations\": 0, \"failed_flush_operations\": 0, "
	       "\"flush_total_time_ns\": 0}}]}");
	close(fd);
}

static void
media_are_taken_out_by_name(void **state)
{
	static const struct {
		const char *args, *error; /* NULL: what `done` says */
		const char *done;
	} calls[] = {
		{ "\"id\": \"cd\"", NULL, "eject 1" },
		{ "\"device\": \"ide-5632\", \"force\": true", NULL,
		  "eject 1 force" },
		{ "\"id\": \"ide-5632\"", "DeviceNotFound", "" },
		{ "\"device\": \"cd\"", "DeviceNotFound", "" },
		{ "\"id\": \"ide-hd#1\"", "GenericError", "" },
		{ "\"id\": \"cd\", \"device\": \"ide-5632\"", "GenericError",
		  "" },
		{ "\"id\": 5", "GenericError", "" },
		{ "\"id\": \"cd\", \"force\": 1", "GenericError", "" },
		{ "", "GenericError", "" },
	};
	struct core *core = *state;
	int fd = greeted(core);
	char text[256];
	unsigned i;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		core->changed[0] = '\0';
		snprintf(text, sizeof(text),
			 "{\"execute\": \"eject\", \"arguments\": {%s}}",
			 calls[i].args);
		tell(core, fd, text);
		if (calls[i].error)
			expect_error(core, fd, calls[i].error);
		else
			expect(core, fd, "{\"return\": {}}");
		assert_string_equal(core->changed, calls[i].done);
	}
	core->keep = true;
	tell(core, fd,
	     "{\"execute\": \"eject\", \"arguments\": {\"id\": \"cd\"}}");
	expect_error(core, fd, "GenericError");
	close(fd);
}

/* As libxl does it (libxl_disk.c, cdrom_insert_ejected and the next). */
static void
media_are_put_in_by_descriptor(void **state)
{
	static const struct {
		const char *args, *done; /* "": refused */
	} calls[] = {
		{ "", "" },
		{ "\"id\": \"cd\"", "" },
		{ "\"id\": \"cd\", \"filename\": \"/etc/passwd\"", "" },
		{ "\"id\": \"cd\", \"filename\": \"/dev/fdset/2\"", "" },
		{ "\"id\": \"hd\", \"filename\": \"/dev/fdset/1\"", "" },
		{ "\"id\": \"cd\", \"filename\": \"/dev/fdset/1\", "
		  "\"format\": \"qcow2\"",
		  "" },
		{ "\"id\": \"cd\", \"filename\": \"/dev/fdset/1\", "
		  "\"read-only-mode\": \"maybe\"",
		  "" },
		{ "\"id\": \"cd\", \"filename\": \"/dev/fdset/1\", "
		  "\"format\": \"raw\"",
		  "insert 1 ro" },
		/* taken */
		{ "\"id\": \"cd\", \"filename\": \"/dev/fdset/1\"", "" },
	};
	struct core *core = *state;
	int fd = greeted(core), null = open("/dev/null", O_RDONLY);
	char text[256];
	unsigned i;

	tell_fds(fd, "{", &null, 1);
	tell(core, fd,
	     "\"execute\": \"add-fd\", \"arguments\": "
	     "{\"opaque\": \"cd:/x\"}, \"id\": 1}");
	json_decref(next(core, fd));
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		core->changed[0] = '\0';
		snprintf(text, sizeof(text),
			 "{\"execute\": \"blockdev-change-medium\", "
			 "\"arguments\": {%s}}",
			 calls[i].args);
		tell(core, fd, text);
		json_decref(next(core, fd));
		assert_string_equal(core->changed, calls[i].done);
	}
	tell_fds(fd, "{", &null, 1);
	tell(core, fd, "\"execute\": \"add-fd\"}");
	json_decref(next(core, fd));
	tell(core, fd,
	     "{\"execute\": \"blockdev-change-medium\", \"arguments\": "
	     "{\"device\": \"ide-5632\", \"filename\": \"/dev/fdset/2\", "
	     "\"read-only-mode\": \"read-write\", \"force\": true}}");
	expect(core, fd, "{\"return\": {}}");
	assert_string_equal(core->changed, "insert 1 rw force");
	close(null);
	close(fd);
}

static void
an_unknown_command_is_not_found(void **state)
{
	struct core *core = *state;
	int fd = greeted(core);

	tell(core, fd, "{\"execute\": \"frobnicate\", \"id\": 7}");
	expect(core, fd,
	       "{\"error\": {\"class\": \"CommandNotFound\", \"desc\": \"The "
	       "command frobnicate has not been found\"}, \"id\": 7}");
	close(fd);
}

static void
a_human_line_gets_text(void **state)
{
	struct core *core = *state;
	int fd = greeted(core);

	tell(core, fd,
	     "{\"execute\": \"human-monitor-command\", \"arguments\": "
	     "{\"command-line\": \"hello\"}}");
	expect(core, fd, "{\"return\": \"hi\\r\\n?\"}");
	tell(core, fd,
	     "{\"execute\": \"human-monitor-command\", \"arguments\": "
	     "{\"command-line\": \"frob\"}}");
	expect(core, fd, "{\"return\": \"unknown command: 'frob'\\r\\n\"}");
	tell(core, fd,
	     "{\"execute\": \"human-monitor-command\", \"arguments\": "
	     "{\"command-line\": \"fail\"}}");
	expect_error(core, fd, "GenericError");
	tell(core, fd, "{\"execute\": \"human-monitor-command\"}");
	expect_error(core, fd, "GenericError");
	close(fd);
}

static void
quit_is_answered_first(void **state)
{
	struct core *core = *state;
	int fd = greeted(core);

	tell(core, fd, "{\"execute\": \"quit\", \"id\": 2}");
	expect(core, fd, "{\"return\": {}, \"id\": 2}");
	assert_true(core->quit);
	close(fd);
}

/* ---- ids and shape
 * ----------------------------------------------------------- */

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

/* ---- many clients
 * ------------------------------------------------------------ */

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

/* ---- answers that come later
 * ------------------------------------------------- */

static void
settle(struct core *core)
{
	int i;

	for (i = 0; i < 20; i++)
		turn(core);
}

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

/* ---- file descriptors
 * --------------------------------------------------------- */

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

/* ---- saving
 * ------------------------------------------------------------------ */

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

/* ---- sockets
 * ----------------------------------------------------------------- */

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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(the_greeting_comes_unasked),
		TEST(commands_before_negotiation_are_not_found),
		TEST(negotiating_twice_is_not_found),
		TEST(devices_come_with_any_words_and_go_by_id),
		TEST(processors_come_by_the_type_they_are_listed_with),
		TEST(an_unknown_capability_is_refused),
		TEST(every_query_answers_as_libxl_reads_it),
		TEST(query_commands_lists_itself),
		TEST(a_guest_without_a_name_has_none),
		TEST(drives_and_their_figures_are_told),
		TEST(media_are_taken_out_by_name),
		TEST(media_are_put_in_by_descriptor),
		TEST(an_unknown_command_is_not_found),
		TEST(a_human_line_gets_text),
		TEST(quit_is_answered_first),
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
		TEST(a_descriptor_reaches_the_command_it_came_with),
		TEST(descriptors_nobody_takes_are_bounded_and_closed),
		TEST(devices_are_saved_into_a_descriptor_that_came),
		TEST(other_places_to_save_to_are_refused),
		TEST(descriptors_of_a_client_are_bounded_and_go_with_it),
		TEST(writes_are_logged_when_told_so),
		TEST(the_socket_is_for_its_owner_only),
		TEST(a_stale_socket_is_replaced),
		TEST(a_file_in_the_way_stays),
		TEST(bad_places_to_listen_are_refused),
		TEST(a_socket_made_by_the_toolstack_is_served),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
