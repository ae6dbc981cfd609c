/* SPDX-License-Identifier: MIT */
/*
 * A descriptor beside bytes (SCM_RIGHTS, unix(7)).
 */
#include "linkfd.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room for one, aligned. */
union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

ssize_t
linkfd_send(int sock, const uint8_t *p, size_t n, int fd)
{
	struct iovec iov = { .iov_base = (void *)p, .iov_len = n };
	union control control = { .head = { .cmsg_len = CMSG_LEN(sizeof(fd)),
					    .cmsg_level = SOL_SOCKET,
					    .cmsg_type = SCM_RIGHTS } };
	const struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.room),
	};
	ssize_t rc;

	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	rc = sendmsg(sock, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	return rc < 0 ? -errno : rc;
}

/* Of alignment there may be room for two. False: there are more. */
static bool
keep_first(const struct cmsghdr *c, int *kept)
{
	size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int), i;
	bool one = true;

	for (i = 0; i < n; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
		if (*kept < 0) {
			*kept = fd;
			continue;
		}
		close(fd);
		one = false;
	}
	return one;
}

ssize_t
linkfd_recv(int sock, uint8_t *p, size_t room, int *fd, bool *more)
{
	struct iovec iov = { .iov_base = p, .iov_len = room };
	union control control;
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n = recvmsg(sock, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct cmsghdr *c = n < 0 ? NULL : CMSG_FIRSTHDR(&msg);

	*more = n >= 0 && msg.msg_flags & MSG_CTRUNC;
	for (; c; c = CMSG_NXTHDR(&msg, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
		    !keep_first(c, fd))
			*more = true;
	return n;
}
