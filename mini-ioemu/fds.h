/* SPDX-License-Identifier: MIT */
/* fds.h - file descriptors that came with a message (SCM_RIGHTS, unix(7)). */
#ifndef FDS_H
#define FDS_H

struct msghdr;

/* Appends those of a received message to fds[*n], of which there may be `max`;
 * what is too many is closed. */
void fds_take(struct msghdr *msg, int *fds, unsigned *n, unsigned max);

#endif
