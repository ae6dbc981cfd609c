/* SPDX-License-Identifier: MIT */
/*
 * xen/priv.h - what one guest's Xen consists of. xen.c's and open.c's alone.
 */
#ifndef XEN_PRIV_H
#define XEN_PRIV_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* For HVM_IOREQSRV_BUFIOREQ_ATOMIC; the name is Xen's. */
#define __XEN_TOOLS__ 1 /* NOLINT(bugprone-reserved-identifier,cert-dcl*) */

#include <xendevicemodel.h>
#include <xenevtchn.h>
#include <xenforeignmemory.h>

#include "xen/ext.h"
#include "xen/xen.h"

#define RING_FRAME 0 /* frames of XENMEM_resource_ioreq_server */
#define SLOT_FRAME 1
#define N_FRAMES 2
#define XEN_MAX_PORTS 4096u /* event channels of ours we can tell apart */

struct xen {
	domid_t domid;
	unsigned vcpus;
	ioservid_t server;
	bool have_server;
	xendevicemodel_handle *dm;
	xenforeignmemory_handle *fm;
	xenevtchn_handle *ec; /* NULL: another process opened it */
	int fd;		      /* of it */
	xenforeignmemory_resource_handle *resource;
	void *pages;
	struct xenext ext;
	evtchn_port_t port[XEN_MAX_VCPUS];
	evtchn_port_t ring_port;
	evtchn_port_t masked[XEN_MAX_VCPUS + 1]; /* taken, not listened to */
	unsigned n_masked;
	int16_t owner[XEN_MAX_PORTS]; /* port -> vCPU or XEN_EVENT_RING */
};

/* The libraries answer -1 and errno. */
static inline int
xen_rc(int rc)
{
	return rc < 0 ? -errno : 0;
}

#endif
