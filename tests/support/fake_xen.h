/* SPDX-License-Identifier: MIT */
/*
 * fake_xen.h - a scripted Xen behind mini-ioemu/xen/xen.h: vCPUs that ask,
 * guest RAM, and a record of all that the device model did to the guest.
 */
#ifndef FAKE_XEN_H
#define FAKE_XEN_H

#include "host/host.h"

#include "xen/slot.h"
#include "xen/xen.h"

#define FAKE_VCPUS 16u
#define FAKE_RAM (1u << 20) /* bytes at address 0; the rest is no memory */

struct xen {
	uint8_t page[2][4096] __attribute__((aligned(4096)));
	uint8_t ram[FAKE_RAM] __attribute__((aligned(4096)));
	bool posts; /* a Xen of xen-patches/ */
	struct slot_posted posted __attribute__((aligned(4096)));
	unsigned rung; /* the rings' port, by a posted write */
	/* Called when somebody is about to look at the slots, if set. */
	void (*meanwhile)(struct xen *xen, void *ctx);
	void *ctx;
	unsigned maps, unmaps; /* calls of xen_map, xen_unmap */
	unsigned claims, unclaims, refused;
	unsigned notified[FAKE_VCPUS];
	struct {
		enum ioemu_space space;
		uint64_t first, last;
	} claimed[256];
	unsigned n_claimed;
	struct host_interval postable[256];
	unsigned n_postable;
	struct host_interval bell[XEN_DOORBELLS];
	bool isa[16];
	bool intx[32][4];
	unsigned isa_calls;
	struct xen_gsis gsis; /* n: 0, this Xen has no more pins than usual */
	bool runs;	      /* the guest: too late to give it some */
	bool gsi[256];
	unsigned gsi_calls;
	unsigned msi[256]; /* messages of each vector */
	bool asleep;
	int sleep_rc; /* what it says to that */
	int power;
	unsigned modified[FAKE_RAM / 4096]; /* reports of each page */
};

struct xen *fake_xen_new(void);
void fake_xen_free(struct xen *xen);

/* A vCPU asks; the port is not rung. */
void fake_xen_ask(struct xen *xen, unsigned vcpu, const struct request *req);
/* The answer: false while there is none; takes it. */
bool fake_xen_answer(struct xen *xen, unsigned vcpu, uint64_t *data);
/* A buffered write; false: the ring is full. */
bool fake_xen_buffer(struct xen *xen, uint64_t addr, unsigned size,
		     uint64_t data);
/* A posted write of a vCPU; false: the ring is full. */
bool fake_xen_post(struct xen *xen, const struct request *req);
/* A write to that doorbell; -1: none is there. */
int fake_xen_bell(const struct xen *xen, uint64_t addr);
void fake_xen_ring(struct xen *xen, unsigned nr);
/* Would Xen post a write there? */
bool fake_xen_posts(const struct xen *xen, uint64_t addr);
bool fake_xen_claims(const struct xen *xen, enum ioemu_space space,
		     uint64_t addr);

#endif
