/* SPDX-License-Identifier: MIT */
/* xengsi.h - between xen.c and xengsi.c: see xen_gsis() and xen_gsi(). */
#ifndef XENGSI_H
#define XENGSI_H

#include "xen.h"

struct xendevicemodel_handle;

int xengsi_ask(struct xendevicemodel_handle *dm, uint16_t domid, bool enable,
	       struct xen_gsis *out);
int xengsi_set(struct xendevicemodel_handle *dm, uint16_t domid, unsigned gsi,
	       bool level);

#endif
