/* SPDX-License-Identifier: MIT */
/*
 * ecam.h - configuration space as memory (PCI Express Base Specification 4.0,
 * 7.2.2): 4 KiB a function, of which Xen's way by ports 0xcf8 and 0xcfc shows
 * 256 bytes. Firmware of hvmloader/ looks for the window and tells the guest
 * of it (MCFG); by any other it is not found.
 */
#ifndef PCI_ECAM_H
#define PCI_ECAM_H

#include "path/claims.h"

/* Where Xen's hvmloader says "reserved" and puts nothing of its own (tools/
 * firmware/hvmloader/config.h, e820.c): 16 buses' worth. hvmloader/mcfg.c has
 * the same. */
#define ECAM_BASE 0xfd000000u
#define ECAM_BUSES 16u

struct ecam;

/* Claims the window. -ENOSPC, -ENOMEM. */
int ecam_new(struct route_table *routes, struct claims *claims,
	     struct ecam **out);
void ecam_free(struct ecam *ecam); /* before its routes */

#endif
