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

#define HANDOVER_FDS 250u /* Linux passes 253 at a time (SCM_MAX_FD) */
#define HANDOVER_NAME 256u

struct handover;

/* Nothing yet. -ENOMEM. */
int handover_new(struct handover **out);
/* Closes the descriptors that are its own: all that came and nobody took. */
void handover_free(struct handover *h);

/* As it goes: *json is the caller's, the descriptors stay the handover's.
 * -ENOMEM, -EINVAL, -ENAMETOOLONG, -E2BIG, -EMFILE: something could not be put
 * in. */
int handover_write(const struct handover *h, json_t **json, const int **fds,
		   unsigned *n) IOEMU_MUST_CHECK;
/*
 * As it came, by anybody; NULL: it was no JSON. Takes the descriptors over, on
 * failure too. -EINVAL: it is none; -ENOMEM, -E2BIG.
 */
int handover_read(json_t *json, const int *fds, unsigned n,
		  struct handover **out) IOEMU_MUST_CHECK;
/*
 * Between two processes of ours, as records, the descriptors with the first
 * byte; one end is trusted by nobody. -errno, -EPROTO: that is no handover.
 */
int handover_send(const struct handover *h, int sock) IOEMU_MUST_CHECK;
int handover_receive(int sock, struct handover **out) IOEMU_MUST_CHECK;

/*
 * Below, what is put stays the caller's but for handover_put_own(); what is
 * taken is the caller's. A second who takes the same gets the next of that name
 * or -ENOENT.
 */
void handover_put_fd(struct handover *h, const char *name, int fd);
void handover_put_own(struct handover *h, const char *name, int fd);
int handover_take_fd(struct handover *h, const char *name);

void handover_put_u64(struct handover *h, const char *name, uint64_t v);
uint64_t handover_u64(const struct handover *h, const char *name); /* 0: none */

void handover_put_xen(struct handover *h, const struct xen_handover *xen,
		      unsigned vcpus);
int handover_take_xen(struct handover *h, struct xen_handover *xen,
		      unsigned vcpus);

void handover_put_claim(struct handover *h, enum ioemu_space space,
			uint64_t first, uint64_t last);
/* The i-th; false past the end. */
bool handover_claim(const struct handover *h, unsigned i,
		    enum ioemu_space *space, uint64_t *first, uint64_t *last);

/* A device or peer that is there; devfn -1: not on its bus. */
void handover_put_device(struct handover *h, const char *id, int devfn);
/* Where it was; else *devfn stays. */
void handover_device(const struct handover *h, const char *id, int *devfn);

/* One of the command line that the guest gave up. `h` NULL: none. */
void handover_put_gone(struct handover *h, const char *id);
bool handover_gone(const struct handover *h, const char *id);

/* Words of a device that came later. */
void handover_put_later(struct handover *h, const char *text);
const char *handover_later(const struct handover *h,
			   unsigned i); /* NULL: no more */

struct handover_disk {
	char name[HANDOVER_NAME];
	int fd; /* -1: no medium */
	bool readonly;
	int lost; /* as block_handover() */
};

void handover_put_disk(struct handover *h, const char *device,
		       const char *value, const struct handover_disk *disk);
int handover_take_disk(struct handover *h, const char *device,
		       const char *value, struct handover_disk *disk);

/* `rest` goes over to the handover. */
void handover_put_chr(struct handover *h, const char *label,
		      const struct chr_handover *chr);
int handover_take_chr(struct handover *h, const char *label,
		      struct chr_handover *chr);

#endif
