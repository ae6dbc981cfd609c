/* SPDX-License-Identifier: MIT */
#include "fds.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void
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
