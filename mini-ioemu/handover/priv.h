/* SPDX-License-Identifier: MIT */
/*
 * handover/priv.h - between handover.c (what is put and taken), text.c (as it
 * goes over the control socket) and check.c (what may be in it).
 */
#ifndef HANDOVER_PRIV_H
#define HANDOVER_PRIV_H

#include "handover/handover.h"

#define HAND_RECORDS 4096u
#define HAND_TEXT 1024u
#define HAND_VALUES 8u
#define HAND_PLACES 4u

enum hand_kind {
	HAND_FD,     /* key: name; place 0 */
	HAND_NUMBER, /* key: name; value 0 */
	HAND_PORT,   /* value 0 */
	HAND_CLAIM,  /* values: space, first, last */
	HAND_DEVICE, /* key: id; value 0: devfn */
	HAND_GONE,   /* key: id */
	HAND_LATER,  /* text */
	HAND_DISK,   /* key: device; value; name; place 0; read-only, lost */
	HAND_CHR,    /* key: label; name; places: listen, first, second, rest;
			values: ways and end of both */
	HAND_KINDS,
};

/* Always all of it: strings have an end, what is unused is 0 or -1. */
struct hand_record {
	uint32_t kind; /* enum hand_kind */
	char key[HAND_NAME];
	union {
		struct {
			char value[HAND_NAME], name[HAND_NAME];
		};
		char text[HAND_TEXT];
	};
	int32_t place[HAND_PLACES]; /* of descriptors, -1: none */
	int64_t v[HAND_VALUES];
};

struct hand {
	struct hand_record *record;
	unsigned n;
	int rc; /* of what was put first and failed */
	int fds[HAND_FDS];
	bool own[HAND_FDS]; /* to be closed with it */
	unsigned n_fds;
};

/* With these descriptors, which it takes over, on failure too. */
int hand_adopt(const int *fds, unsigned n, struct hand **out) IOEMU_MUST_CHECK;
/* One more, empty, of that kind; NULL: no room or memory. */
struct hand_record *hand_add(struct hand *h, enum hand_kind kind);

/* -EINVAL: no device model puts that in. `n_fds` came with it. */
int hand_check(const struct hand_record *r, unsigned n_fds) IOEMU_MUST_CHECK;

#endif
