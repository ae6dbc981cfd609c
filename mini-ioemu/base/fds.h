/* SPDX-License-Identifier: MIT */
/* fds.h - file descriptors that come with a message (SCM_RIGHTS, unix(7)). */
#ifndef BASE_FDS_H
#define BASE_FDS_H

#include <stdbool.h>
#include <sys/types.h>

#define FDS_MAX 253u /* Linux passes no more at a time (SCM_MAX_FD) */

/*
 * Bytes of a message, which begins where this is called; descriptors that came
 * are appended to fds[*n], of which there may be `max`, and what is too many is
 * closed. 0: the end; -errno. `flags` of recv(2) and send(2).
 */
ssize_t fds_receive(int sock, void *bytes, size_t len, int *fds, unsigned *n,
		    unsigned max, int flags);
/* Bytes that were sent, the descriptors with the first; -errno. Nobody is
 * killed by a signal. */
ssize_t fds_send(int sock, const void *bytes, size_t len, const int *fds,
		 unsigned n, int flags);

/* It is memory, so that reading never waits and ends where it ends. */
bool fds_is_memory(int fd);
/* A socket that listens. */
bool fds_listens(int fd);

#endif
