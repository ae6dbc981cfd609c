/* SPDX-License-Identifier: MIT */
/* xentell.h - between xen.h's parts and that for xenstore. */
#ifndef XENTELL_H
#define XENTELL_H

#include "xen.h"

struct xs_handle;

/* As xen_tell(). */
int xentell(struct xs_handle *xs, unsigned domid, const struct xen_news *news);

#endif
