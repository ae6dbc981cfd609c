/* SPDX-License-Identifier: MIT */
/* A socket that does not block, and the loop between two looks at it. */
#include "qmp_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void
client_connect(struct client *c)
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
client_line(struct client *c)
{
	uint64_t limit = uv_hrtime() + TEST_LIMIT_NS;
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

const char *
client_qmp(struct client *c, const char *command)
{
	assert_int_equal(send(c->fd, command, strlen(command), 0),
			 strlen(command));
	return client_line(c);
}

const char *
client_qmp_fd(struct client *c, const char *command, int fd)
{
	union {
		struct cmsghdr header;
		char buf[CMSG_SPACE(sizeof(int))];
	} control = { .buf = "" };
	struct iovec iov = { (void *)(uintptr_t)command, 1 };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	assert_int_equal(sendmsg(c->fd, &msg, 0), 1);
	return client_qmp(c, command + 1);
}

const char *
client_hmp(struct client *c, const char *line)
{
	char command[256];

	snprintf(command, sizeof(command),
		 "{\"execute\":\"human-monitor-command\","
		 "\"arguments\":{\"command-line\":\"%s\"}}",
		 line);
	return client_qmp(c, command);
}

void
client_open(struct client *c, struct whole *w)
{
	c->w = w;
	client_connect(c);
	assert_non_null(strstr(client_line(c), "mini-ioemu"));
	assert_non_null(strstr(
		client_qmp(c, "{\"execute\":\"qmp_capabilities\"}"), "return"));
}

void
client_close(struct client *c)
{
	close(c->fd);
}

void
client_told(struct client *c, const char *command, const char *answer)
{
	const char *is = client_qmp(c, command);

	if (!strstr(is, answer))
		fail_msg("%s: %s", command, is);
}

int
client_add_fd(struct client *c, int fd)
{
	const char *answer = client_qmp_fd(c,
					   "{\"execute\":\"add-fd\","
					   "\"arguments\":{\"opaque\":\"x\"}}",
					   fd);

	answer = strstr(answer, "\"fdset-id\": ");
	assert_non_null(answer);
	return atoi(answer + strlen("\"fdset-id\": "));
}

void
client_save(struct client *c, int fd, bool live)
{
	char command[160];

	client_told(c, "{\"execute\":\"stop\"}", "{}");
	client_told(c, CLIENT_STATUS, "paused");
	snprintf(command, sizeof(command),
		 "{\"execute\":\"xen-save-devices-state\",\"arguments\":"
		 "{\"filename\":\"/dev/fdset/%d\",\"live\":%s}}",
		 client_add_fd(c, fd), live ? "true" : "false");
	client_told(c, command, "{}");
}
