/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVMLOADER_MCFG_H
#define HVMLOADER_MCFG_H

#include <stdint.h>

/* Where a device model has it, if it has one: mini-ioemu/pci/ecam.h. */
#define ECAM_BASE  0xfd000000UL
#define ECAM_BUSES 16

/*
 * Adds an MCFG table to those that come with the domain, at *addr and *length,
 * if configuration space is reachable as memory. These are then a copy.
 */
void mcfg_add(uint32_t *addr, uint32_t *length);

#endif
