/* SPDX-License-Identifier: MIT */
#include "base/fds.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room for them, aligned as it must be (cmsg(3)). */
union control {
	struct cmsghdr align;
	char buf[CMSG_SPACE(FDS_MAX * sizeof(int))];
};

static void
fds_take(struct msghdr *msg, int *fds, unsigned *n, unsigned max)
{
	struct cmsghdr *cmsg;
	size_t i, came;
	int fd;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		if (cmsg->cmsg_level != SOL_SOCKET ||
		    cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		came = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(fd);
		for (i = 0; i < came; i++) {
			memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(fd),
			       sizeof(fd));
			if (*n < max)
				fds[(*n)++] = fd;
			else
				close(fd);
		}
	}
}

ssize_t
fds_receive(int sock, void *bytes, size_t len, int *fds, unsigned *n,
	    unsigned max, int flags)
{
	union control control;
	struct iovec iov = { .iov_base = bytes, .iov_len = len };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	ssize_t got = recvmsg(sock, &msg, flags | MSG_CMSG_CLOEXEC);

	if (got < 0)
		return -errno;
	fds_take(&msg, fds, n, max);
	return got;
}

ssize_t
fds_send(int sock, const void *bytes, size_t len, const int *fds, unsigned n,
	 int flags)
{
	union control control = { .buf = { 0 } };
	struct iovec iov = {
		.iov_base = (void *)(uintptr_t)bytes,
		.iov_len = len,
	};
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t sent;

	if (n > FDS_MAX)
		return -EMFILE;
	if (n) {
		msg.msg_control = control.buf;
		msg.msg_controllen = CMSG_SPACE(n * sizeof(*fds));
		control.align = (struct cmsghdr){
			.cmsg_level = SOL_SOCKET,
			.cmsg_type = SCM_RIGHTS,
			.cmsg_len = CMSG_LEN(n * sizeof(*fds)),
		};
		memcpy(CMSG_DATA(&control.align), fds, n * sizeof(*fds));
	}
	sent = sendmsg(sock, &msg, flags | MSG_NOSIGNAL);
	return sent < 0 ? -errno : sent;
}

/* Only files in memory have seals (fcntl(2), F_GET_SEALS). */
bool
fds_is_memory(int fd)
{
	return fcntl(fd, F_GET_SEALS) >= 0;
}

bool
fds_listens(int fd)
{
	int listens = 0;
	socklen_t len = sizeof(listens);

	return !getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) &&
	       listens;
}
