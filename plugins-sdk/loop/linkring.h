/* SPDX-License-Identifier: MIT */
/*
 * linkring.h - two rings of bytes in memory that two processes share, and who
 * of them sleeps (doc/wire.md, section 13). Knows nothing of what the bytes
 * mean; the doorbell itself is linksock.c's.
 */
#ifndef SDK_LOOP_LINKRING_H
#define SDK_LOOP_LINKRING_H

#include "link/link.h"
#include <sys/types.h>

#define LINKRING_PAGE 4096u
#define LINKRING_SIZE 65536u /* a direction */
#define LINKRING_TOTAL (LINKRING_PAGE + 2 * LINKRING_SIZE)

struct linkring;

/* The root's end, with new memory; *fd is for the peer. -errno. */
int linkring_new(struct linkring **out, struct link_ring *layout, int *fd);
/* The peer's end of memory that came, as link_ring() says; fd stays the
 * caller's. -EPROTO: not sealed, too small. */
int linkring_open(const struct link_ring *layout, int fd,
		  struct linkring **out);
void linkring_free(struct linkring *r);

/* The other end puts bytes in from now on; before, none are taken. */
void linkring_listen(struct linkring *r);

/* Bytes moved, 0: none or no room; -EPROTO: the other end's index lies. */
ssize_t linkring_get(struct linkring *r, uint8_t *to, size_t most);
ssize_t linkring_put(struct linkring *r, const uint8_t *from, size_t n);

/* There are bytes, or room after a put that found too little. */
bool linkring_news(const struct linkring *r);
/* We are about to sleep; false: there is news, do not. */
bool linkring_sleep(struct linkring *r);
void linkring_wake(struct linkring *r);
/* After moving bytes: the other end sleeps and wants a doorbell for them. */
bool linkring_bell(struct linkring *r);

#endif
