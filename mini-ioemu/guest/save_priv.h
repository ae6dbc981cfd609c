/* SPDX-License-Identifier: MIT */
/*
 * guest/save_priv.h - what save.c and load.c share: the form of the saved
 * guest.
 *
 * All little-endian:
 *
 *	 0 "ioemusav"
 *	 8 u32 version, u32 0
 *	16 u64 length of all
 *	24 u64 checksum (host_sum) of what follows
 *	32 u64 guest clock, ns
 *	40 u32 devices, u32 peers
 *	48 for each, in the order they are configured: u32 length of what
 *	   follows, id, type (u8 length, text), then of a device what
 *	   hostdev_save() gave, of a peer what peers_put() did
 */
#ifndef GUEST_SAVE_PRIV_H
#define GUEST_SAVE_PRIV_H

#include "base/await.h"
#include "guest/save.h"

#define SAVE_MAGIC "ioemusav"
#define SAVE_MAGIC_SIZE 8u
#define SAVE_VERSION 2u
#define SAVE_LENGTH 16u
#define SAVE_SUM 24u
#define SAVE_HEAD 32u	     /* bytes before what is summed */
#define SAVE_MAX (1ul << 30) /* bytes in all */

struct save {
	struct await await; /* first: freed as this */
	struct save_env env;
	int fd;		/* being saved to; -1: not saving */
	bool hand_over; /* nothing of the peers is forgotten */
	bool over;	/* of loading: the peers have theirs */
	void (*done)(void *ctx, int err, const char *why);
	void *ctx;
};

/* The i-th device: those in this process, then the peers. */
bool save_who(const struct save *s, unsigned i, const char **id,
	      const char **type);
void save_count(const struct save *s, uint32_t *devices, uint32_t *peers);
/* Nobody is waited for: of the peers. */
bool save_over(void *ctx);

#endif
