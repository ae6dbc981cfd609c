/* SPDX-License-Identifier: MIT */
#include "qmp_side.h"

#include <dirent.h>
#include <errno.h>
#include <sys/un.h>

#define TURNS 2000 /* of 1 ms, until a test gives up */

int
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

int
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

int
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

void
turn(struct core *core)
{
	uv_run(&core->loop, UV_RUN_NOWAIT);
}

int
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

json_t *
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

void
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

void
tell(struct core *core, int fd, const char *text)
{
	tell_bytes(core, fd, text, strlen(text));
}

void
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

void
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

void
expect_end(struct core *core, int fd)
{
	json_t *is = next(core, fd);

	assert_null(is);
}

int
greeted_at(struct core *core, const char *path)
{
	int fd = dial(path);

	json_decref(next(core, fd));
	tell(core, fd, GREETED);
	expect(core, fd, "{\"return\": {}, \"id\": 1}");
	return fd;
}

int
greeted(struct core *core)
{
	return greeted_at(core, core->path);
}

void
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

void
settle(struct core *core)
{
	int i;

	for (i = 0; i < 20; i++)
		turn(core);
}
