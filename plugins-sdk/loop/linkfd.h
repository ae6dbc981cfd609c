/* SPDX-License-Identifier: MIT */
/*
 * linkfd.h - one descriptor beside bytes on a Unix socket.
 */
#ifndef SDK_LOOP_LINKFD_H
#define SDK_LOOP_LINKFD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Never waits. Bytes that went with it, or -errno. */
ssize_t linkfd_send(int sock, const uint8_t *p, size_t n, int fd);

/* As recv(2), without waiting. *fd is -1, or what came before: the first
 * descriptor is kept there, others are closed, and *more says that there were
 * some. */
ssize_t linkfd_recv(int sock, uint8_t *p, size_t room, int *fd, bool *more);

#endif
