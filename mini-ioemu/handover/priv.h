/* SPDX-License-Identifier: MIT */
/*
 * handover/priv.h - between handover.c (what is put and taken), text.c (as it
 * goes over the control socket) and check.c (what may be in it).
 */
#ifndef HANDOVER_PRIV_H
#define HANDOVER_PRIV_H

#include "handover/handover.h"

#define HANDOVER_RECORDS 4096u
#define HANDOVER_TEXT 1024u
#define HANDOVER_VALUES 8u
#define HANDOVER_PLACES 4u

enum handover_kind {
	HANDOVER_FD,	 /* key: name; place 0 */
	HANDOVER_NUMBER, /* key: name; value 0 */
	HANDOVER_PORT,	 /* value 0 */
	HANDOVER_CLAIM,	 /* values: space, first, last */
	HANDOVER_DEVICE, /* key: id; value 0: devfn */
	HANDOVER_GONE,	 /* key: id */
	HANDOVER_LATER,	 /* text */
	HANDOVER_DISK, /* key: device; value; name; place 0; read-only, lost */
	HANDOVER_CHR,  /* key: label; name; places: listen, first, second, rest;
		      values: ways and end of both */
	HANDOVER_KINDS,
};

/* Always all of it: strings have an end, what is unused is 0 or -1. */
struct handover_record {
	uint32_t kind; /* enum handover_kind */
	char key[HANDOVER_NAME];
	union {
		struct {
			char value[HANDOVER_NAME], name[HANDOVER_NAME];
		};
		char text[HANDOVER_TEXT];
	};
	int32_t place[HANDOVER_PLACES]; /* of descriptors, -1: none */
	int64_t v[HANDOVER_VALUES];
};

struct handover {
	struct handover_record *record;
	unsigned n;
	int rc; /* of what was put first and failed */
	int fds[HANDOVER_FDS];
	bool own[HANDOVER_FDS]; /* to be closed with it */
	unsigned n_fds;
};

/* With these descriptors, which it takes over, on failure too. */
int handover_adopt(const int *fds, unsigned n,
		   struct handover **out) IOEMU_MUST_CHECK;
/* One more, empty, of that kind; NULL: no room or memory. */
struct handover_record *handover_add(struct handover *h,
				     enum handover_kind kind);

/* -EINVAL: no device model puts that in. `n_fds` came with it. */
int handover_check(const struct handover_record *r,
		   unsigned n_fds) IOEMU_MUST_CHECK;

#endif
