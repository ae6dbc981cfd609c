/* SPDX-License-Identifier: MIT */
/* fds.h - file descriptors that come with a message (SCM_RIGHTS, unix(7)). */
#ifndef FDS_H
#define FDS_H

#include <stddef.h>

struct msghdr;

/* Appends those of a received message to fds[*n], of which there may be `max`;
 * what is too many is closed. */
void fds_take(struct msghdr *msg, int *fds, unsigned *n, unsigned max);

/* One message, and a descriptor with it unless it is -1. -errno. */
int fds_send(int sock, const void *bytes, size_t len, int fd);

#endif
