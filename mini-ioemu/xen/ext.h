/* SPDX-License-Identifier: MIT */
/*
 * xen/ext.h - what a Xen of xen-patches/ can do and a stock one cannot. Only
 * for xen.c and open.c.
 */
#ifndef XEN_EXT_H
#define XEN_EXT_H

#include <stdbool.h>
#include <stdint.h>

#include <xendevicemodel.h>
#include <xenforeignmemory.h>

#include "xen/xen.h"

struct slot_posted;

/* As xendevicemodel.h of the patched library has them. */
typedef int xenext_post_fn(xendevicemodel_handle *dm, domid_t domid,
			   ioservid_t id, int posted, uint64_t start,
			   uint64_t end);
typedef int xenext_gsis_fn(xendevicemodel_handle *dm, domid_t domid,
			   bool enable, bool *enabled, uint32_t *first,
			   uint32_t *nr);
typedef int xenext_gsi_fn(xendevicemodel_handle *dm, domid_t domid,
			  uint32_t gsi, uint8_t source, unsigned level);

typedef int xenext_bell_fn(xendevicemodel_handle *dm, domid_t domid,
			   ioservid_t id, unsigned nr, int enable,
			   uint64_t start, uint64_t end);

struct xenext {
	xendevicemodel_handle *dm;
	xenforeignmemory_handle *fm;
	domid_t domid;
	ioservid_t server;
	xenext_post_fn *post;
	xenext_bell_fn *bell; /* NULL: there are none */
	uint64_t bell_at[XEN_DOORBELLS];
	xenforeignmemory_resource_handle *resource;
	struct slot_posted *posted; /* NULL: there is none */
	xenext_gsis_fn *gsis;
	xenext_gsi_fn *gsi;
	char has[80]; /* all of it, for people */
};

/* Sees what there is, and maps it, for the server. */
void xenext_open(struct xenext *ext, xendevicemodel_handle *dm,
		 xenforeignmemory_handle *fm, domid_t domid, ioservid_t server);
void xenext_close(struct xenext *ext);

/* 0 where there is none. */
int xenext_post(struct xenext *ext, uint64_t first, uint64_t last, bool on);
/* As xen_doorbell(). */
int xenext_doorbell(struct xenext *ext, unsigned nr, uint64_t first,
		    uint64_t last);
/* As xen_gsis() and xen_gsi(). */
int xenext_gsis(struct xenext *ext, bool enable, struct xen_gsis *out);
int xenext_gsi(struct xenext *ext, unsigned gsi, bool level);

#endif
