/* SPDX-License-Identifier: MIT */
/*
 * xen.h - all that this program asks of Xen for one guest. xen.c is the only
 * file that knows Xen's headers; tests put a scripted Xen behind the same
 * functions (tests/spine/fake_xen.c).
 */
#ifndef XEN_H
#define XEN_H

#include <ioemu/device.h>

#define XEN_MAX_VCPUS 128 /* slots of the ioreq page (public/hvm/ioreq.h) */

struct xen;

/*
 * Open the guest: one ioreq server with a buffered ring, its pages mapped, the
 * ports of all `vcpus` vCPUs bound. It answers nothing before xen_enable().
 * -errno; *what says which step failed, for the message.
 */
int xen_open(unsigned domid, unsigned vcpus, struct xen **out,
	     const char **what);
/* Destroys the server; unmaps and closes everything. */
void xen_close(struct xen *xen);
int xen_enable(struct xen *xen, bool on);

/*
 * From now on nothing that is open can touch another domain. `tells`:
 * xen_ready() is still to come and keeps its way. -errno: some of it can.
 */
int xen_restrict(struct xen *xen, bool tells);
/* The ioctl(2) requests that are made after that. */
#define XEN_REQUESTS 3
extern const uint32_t xen_requests[XEN_REQUESTS];
extern const uint32_t xen_sleep_request; /* only by xen_sleep() */

/* ---- requests --------------------------------------------------------------
 */

void *xen_slots(struct xen *xen); /* page of struct slot, one a vCPU */
void *xen_ring(struct xen *xen);  /* page of the buffered ring */

#define XEN_EVENT_RING (-1) /* the ring's port, in place of a vCPU */

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

/* ---- to the guest ----------------------------------------------------------
 */

int xen_isa_irq(struct xen *xen, unsigned irq, bool level);
int xen_intx(struct xen *xen, unsigned slot, unsigned pin, bool level);
int xen_link_route(struct xen *xen, unsigned link, unsigned irq);
int xen_msi(struct xen *xen, uint64_t addr, uint32_t data);
/* Not IOEMU_POWER_SUSPEND. */
int xen_shutdown(struct xen *xen, enum ioemu_power how);
/* ACPI S3: the vCPUs are reset and stand still; and run, from their reset
 * vector. Opens a file: -EPERM or -EACCES in a process that may not. */
int xen_sleep(struct xen *xen, bool asleep);

/*
 * Map `n` pages of guest memory from page frame `gfn`. Pages that cannot be
 * had have ok[i] false and must not be touched. NULL if none can be had.
 */
void *xen_map(struct xen *xen, uint64_t gfn, unsigned n, bool *ok);
void xen_unmap(struct xen *xen, void *addr, unsigned n);

/* This page was written: to be copied (again) to where the guest goes. */
void xen_modified(struct xen *xen, uint64_t gfn);

/* Tell the toolstack that the device model serves (xenstore), once, after
 * xen_restrict(). */
int xen_ready(struct xen *xen);

#endif
