/* SPDX-License-Identifier: MIT */
/*
 * xen.h - all that this program asks of Xen for one guest. Only xen*.c know
 * Xen's headers; tests put a scripted Xen behind the same functions
 * (tests/support/fake_xen.c).
 */
#ifndef XEN_H
#define XEN_H

#include <ioemu/device.h>

#define XEN_MAX_VCPUS 128 /* slots of the ioreq page (public/hvm/ioreq.h) */

struct xen;

/*
 * Open the guest: one ioreq server with a buffered ring, its pages mapped, the
 * ports of all `vcpus` vCPUs bound; it is enabled.
 * -errno; *what says which step failed, for the message.
 */
int xen_open(unsigned domid, unsigned vcpus, struct xen **out,
	     const char **what);

/*
 * The same with the server of another process, which leaves its guest alone
 * from now on: its number, the descriptor with its ports, and those. What is
 * claimed stays claimed.
 */
struct xen_handover {
	unsigned server;
	int fd;
	uint32_t ring_port, port[XEN_MAX_VCPUS]; /* of the first `vcpus` */
};

/* Takes hand->fd over. It listens to no port before xen_listen(). */
int xen_adopt(unsigned domid, unsigned vcpus,
	      const struct xen_handover *handover, struct xen **out,
	      const char **what);
/* What the next needs; `fd` stays xen's. */
void xen_handover_over(struct xen *xen, struct xen_handover *out);

/* What it has beyond a stock Xen, for a line of the log. */
const char *xen_has(const struct xen *xen);

/* Destroys the server; unmaps and closes everything. */
void xen_close(struct xen *xen);

/* From now on nothing that is open can touch another domain, nor xenstore.
 * -errno: some of it can. */
int xen_restrict(struct xen *xen);
/* The ioctl(2) requests that are made after that. */
#define XEN_REQUESTS 3
extern const uint32_t xen_requests[XEN_REQUESTS];

/* ---- requests --------------------------------------------------------------
 */

void *xen_slots(struct xen *xen); /* page of struct slot, one a vCPU */
void *xen_ring(struct xen *xen);  /* page of the buffered ring */
/* The ring of posted writes; NULL: this Xen has none. */
struct slot_posted *xen_posted(struct xen *xen);

#define XEN_EVENT_RING (-1) /* the rings' port, in place of a vCPU */

/* Readable when there are events. */
int xen_fd(struct xen *xen);
/*
 * Takes events, without waiting. Returns how many vCPU numbers (or
 * XEN_EVENT_RING) were put into `events`, 0 if none, -errno. They stay masked,
 * so that those vCPUs interrupt nobody while we look at their slots anyway,
 * until xen_listen(): what rang meanwhile rings then.
 */
int xen_events(struct xen *xen, int *events, unsigned max);
int xen_listen(struct xen *xen);
/* Tell the vCPU that its slot has an answer. */
void xen_notify(struct xen *xen, unsigned vcpu);

/* ---- what comes to us ------------------------------------------------------
 */

/* [first, last], both included. IOEMU_CONFIG: one function, first =
 * segment:bus:device.function << 32. -ENOSPC: Xen's 256 ranges are used up. */
int xen_claim(struct xen *xen, enum ioemu_space space, uint64_t first,
	      uint64_t last);
int xen_unclaim(struct xen *xen, enum ioemu_space space, uint64_t first,
		uint64_t last);

/* Writes to a part of what is claimed in memory are posted, or no more. What is
 * no longer claimed is not. Nothing happens without xen_posted(). */
int xen_post(struct xen *xen, uint64_t first, uint64_t last, bool on);

#define XEN_DOORBELLS 64u

/* Writes to a part of what is posted ring that doorbell: its bit in the ring of
 * posted writes. `last` 0: there is none of that number. -ENOTSUP: this Xen has
 * none at all. */
int xen_doorbell(struct xen *xen, unsigned nr, uint64_t first, uint64_t last);
/* Where it is, 0 if nowhere. */
uint64_t xen_doorbell_at(struct xen *xen, unsigned nr);

/* ---- to the guest ----------------------------------------------------------
 */

int xen_isa_irq(struct xen *xen, unsigned irq, bool level);
int xen_intx(struct xen *xen, unsigned slot, unsigned pin, bool level);
int xen_link_route(struct xen *xen, unsigned link, unsigned irq);

/*
 * Pins of a second I/O APIC (xen-patches/). `enable` gives them to the guest,
 * before it runs for the first time; again is nothing. -EOPNOTSUPP: this Xen
 * has none; -EBUSY: it is too late to give the guest some.
 */
struct xen_gsis {
	unsigned first, n;
	bool on; /* the guest has them */
};

int xen_gsis(struct xen *xen, bool enable, struct xen_gsis *out);
int xen_gsi(struct xen *xen, unsigned gsi, bool level);
int xen_msi(struct xen *xen, uint64_t addr, uint32_t data);
/* Not IOEMU_POWER_SUSPEND. */
int xen_shutdown(struct xen *xen, enum ioemu_power how);
/* ACPI S3: the vCPUs are reset and stand still; and run, from their reset
 * vector. By a handle for any hypercall: for a process that keeps its rights.
 */
int xen_sleep(struct xen *xen, bool asleep);

/*
 * Map `n` pages of guest memory from page frame `gfn`. Pages that cannot be
 * had have ok[i] false and must not be touched. NULL if none can be had.
 */
void *xen_map(struct xen *xen, uint64_t gfn, unsigned n, bool *ok);
void xen_unmap(struct xen *xen, void *addr, unsigned n);

/* This page was written: to be copied (again) to where the guest goes. */
void xen_modified(struct xen *xen, uint64_t gfn);

/* ---- xenstore ------------------------------------------------------------
 */

/* What the toolstack and the next device model are told. */
struct xen_news {
	bool running;	   /* the device model serves */
	int pid;	   /* it is this process now; 0: no other */
	const char *words; /* of its command line, each with a NUL at its end */
	size_t words_len;
};

/* In a process that keeps its rights. -errno: of `running`; the others are
 * logged. */
int xen_tell(unsigned domid, const struct xen_news *news);
/* The words that the guest's device model told, malloc()ed. Only a process with
 * rights to xenstore can have said them. -ENOENT: it told none. */
int xen_words(unsigned domid, char **words, size_t *len);

#endif
