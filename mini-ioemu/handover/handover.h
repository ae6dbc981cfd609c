/* SPDX-License-Identifier: MIT */
/*
 * handover/handover.h - what one device model of a guest gives the next:
 * descriptors that must not be opened anew, and what there is beside the saved
 * state. It goes over the control socket as one JSON object and an array of
 * descriptors.
 *
 * The one who takes trusts none of it: the other may be in a guest's hands. So
 * no name in here is ever opened, and what to be is not in here at all but told
 * by xenstore (xen_words()). The text is read by a process without rights
 * (upgrade/reader.c), which passes on records of fixed size; only these,
 * checked, are seen by one that has some.
 */
#ifndef HANDOVER_H
#define HANDOVER_H

#include <jansson.h>

#include "loop/loop.h"

#include "xen/xen.h"

#define HAND_FDS 250u /* Linux passes 253 at a time (SCM_MAX_FD) */
#define HAND_NAME 256u

struct hand;

/* Nothing yet. -ENOMEM. */
int hand_new(struct hand **out);
/* Closes the descriptors that are its own: all that came and nobody took. */
void hand_free(struct hand *h);

/* As it goes: *json is the caller's, the descriptors stay the hand's. -ENOMEM,
 * -EINVAL, -ENAMETOOLONG, -E2BIG, -EMFILE: something could not be put in. */
int hand_write(const struct hand *h, json_t **json, const int **fds,
	       unsigned *n) IOEMU_MUST_CHECK;
/*
 * As it came, by anybody; NULL: it was no JSON. Takes the descriptors over, on
 * failure too. -EINVAL: it is none; -ENOMEM, -E2BIG.
 */
int hand_read(json_t *json, const int *fds, unsigned n,
	      struct hand **out) IOEMU_MUST_CHECK;
/*
 * Between two processes of ours, as records, the descriptors with the first
 * byte; one end is trusted by nobody. -errno, -EPROTO: that is no hand.
 */
int hand_send(const struct hand *h, int sock) IOEMU_MUST_CHECK;
int hand_receive(int sock, struct hand **out) IOEMU_MUST_CHECK;

/*
 * Below, what is put stays the caller's but for hand_put_own(); what is taken
 * is the caller's. A second who takes the same gets the next of that name or
 * -ENOENT.
 */
void hand_put_fd(struct hand *h, const char *name, int fd);
void hand_put_own(struct hand *h, const char *name, int fd);
int hand_take_fd(struct hand *h, const char *name);

void hand_put_u64(struct hand *h, const char *name, uint64_t v);
uint64_t hand_u64(const struct hand *h, const char *name); /* 0: none */

void hand_put_xen(struct hand *h, const struct xen_hand *xen, unsigned vcpus);
int hand_take_xen(struct hand *h, struct xen_hand *xen, unsigned vcpus);

void hand_put_claim(struct hand *h, enum ioemu_space space, uint64_t first,
		    uint64_t last);
/* The i-th; false past the end. */
bool hand_claim(const struct hand *h, unsigned i, enum ioemu_space *space,
		uint64_t *first, uint64_t *last);

/* A device or peer that is there; devfn -1: not on its bus. */
void hand_put_device(struct hand *h, const char *id, int devfn);
/* Where it was; else *devfn stays. */
void hand_device(const struct hand *h, const char *id, int *devfn);

/* One of the command line that the guest gave up. `h` NULL: none. */
void hand_put_gone(struct hand *h, const char *id);
bool hand_gone(const struct hand *h, const char *id);

/* Words of a device that came later. */
void hand_put_later(struct hand *h, const char *text);
const char *hand_later(const struct hand *h, unsigned i); /* NULL: no more */

struct hand_disk {
	char name[HAND_NAME];
	int fd; /* -1: no medium */
	bool readonly;
	int lost; /* as block_hand() */
};

void hand_put_disk(struct hand *h, const char *device, const char *value,
		   const struct hand_disk *disk);
int hand_take_disk(struct hand *h, const char *device, const char *value,
		   struct hand_disk *disk);

/* `rest` goes over to the hand. */
void hand_put_chr(struct hand *h, const char *label,
		  const struct chr_hand *chr);
int hand_take_chr(struct hand *h, const char *label, struct chr_hand *chr);

#endif
