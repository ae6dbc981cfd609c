/* SPDX-License-Identifier: MIT */
/*
 * layout.h - where the members of IOEMU_ABI 1 are on a 64-bit machine. It
 * does not compile when one moves: then plugins built before would break, and
 * IOEMU_ABI must change (and this list with it). New members of struct
 * ioemu_type, ioemu_host, ioemu_pci and ioemu_plugin go to the end and are
 * added here; every other struct is fixed. The end is where sizeof ended: an
 * older plugin leaves anything in what is padding to it.
 */
#ifndef ABI_LAYOUT_H
#define ABI_LAYOUT_H

#include <ioemu/device.h>

#define AT(type, member, offset)                                               \
	_Static_assert(offsetof(struct type, member) == (offset),              \
		       #type "." #member " moved: plugins break")
#define SIZE(type, size)                                                       \
	_Static_assert(sizeof(struct type) == (size),                          \
		       #type " has another size: plugins break")

_Static_assert(IOEMU_ABI == 1, "a new ABI: write its layout down here");

AT(ioemu_dev, host, 0);
AT(ioemu_dev, state, 8);
AT(ioemu_dev, parent, 16);
AT(ioemu_dev, id, 24);
SIZE(ioemu_dev, 32);

AT(ioemu_access, offset, 0);
AT(ioemu_access, value, 8);
AT(ioemu_access, data, 16);
AT(ioemu_access, size, 24);
AT(ioemu_access, flags, 28);
AT(ioemu_access, tag, 30);
SIZE(ioemu_access, 32);

AT(ioemu_region, name, 0);
AT(ioemu_region, size, 8);
AT(ioemu_region, min, 16);
AT(ioemu_region, max, 17);
AT(ioemu_region, flags, 18);
AT(ioemu_region, tag, 20);
AT(ioemu_region, read, 24);
AT(ioemu_region, write, 32);
AT(ioemu_region, burst_read, 40);
AT(ioemu_region, burst_write, 48);
SIZE(ioemu_region, 56);

AT(ioemu_bar, kind, 0);
AT(ioemu_bar, region, 8);
SIZE(ioemu_bar, 16);

AT(ioemu_reg, offset, 0);
AT(ioemu_reg, width, 2);
AT(ioemu_reg, reset, 4);
AT(ioemu_reg, writable, 8);
AT(ioemu_reg, clear, 12);
SIZE(ioemu_reg, 16);

AT(ioemu_pci, vendor, 0);
AT(ioemu_pci, device, 2);
AT(ioemu_pci, subvendor, 4);
AT(ioemu_pci, subdevice, 6);
AT(ioemu_pci, class_rev, 8);
AT(ioemu_pci, intx_pin, 12);
AT(ioemu_pci, msi_vectors, 13);
AT(ioemu_pci, bar, 16);
AT(ioemu_pci, rom, 112);
AT(ioemu_pci, regs, 120);
AT(ioemu_pci, config_written, 128);
AT(ioemu_pci, bridge, 136);
AT(ioemu_pci, msix_vectors, 138);
AT(ioemu_pci, msix_bar, 140);

AT(ioemu_dma, gpa, 0);
AT(ioemu_dma, buf, 8);
AT(ioemu_dma, len, 16);
AT(ioemu_dma, status, 20);
AT(ioemu_dma, done, 24);
AT(ioemu_dma, host, 32);
SIZE(ioemu_dma, 64);

AT(ioemu_timer, deadline_ns, 0);
AT(ioemu_timer, fire, 8);
AT(ioemu_timer, host, 16);
SIZE(ioemu_timer, 48);

AT(ioemu_sg, gpa, 0);
AT(ioemu_sg, len, 8);
AT(ioemu_sg, reserved, 12);
SIZE(ioemu_sg, 16);

AT(ioemu_io, block, 0);
AT(ioemu_io, op, 8);
AT(ioemu_io, len, 12);
AT(ioemu_io, offset, 16);
AT(ioemu_io, buf, 24);
AT(ioemu_io, sg, 32);
AT(ioemu_io, n_sg, 40);
AT(ioemu_io, status, 44);
AT(ioemu_io, done, 48);
AT(ioemu_io, host, 56);
SIZE(ioemu_io, 88);

AT(ioemu_block_info, size, 0);
AT(ioemu_block_info, readonly, 8);
SIZE(ioemu_block_info, 16);

AT(ioemu_prop, name, 0);
AT(ioemu_prop, kind, 8);
AT(ioemu_prop, offset, 12);
AT(ioemu_prop, def, 16);
AT(ioemu_prop, help, 24);
SIZE(ioemu_prop, 32);

AT(ioemu_field, name, 0);
AT(ioemu_field, kind, 8);
AT(ioemu_field, offset, 12);
AT(ioemu_field, count, 16);
SIZE(ioemu_field, 24);

AT(ioemu_type, abi, 0);
AT(ioemu_type, size, 4);
AT(ioemu_type, name, 8);
AT(ioemu_type, summary, 16);
AT(ioemu_type, aliases, 24);
AT(ioemu_type, parent, 32);
AT(ioemu_type, state_size, 40);
AT(ioemu_type, props, 48);
AT(ioemu_type, fields, 56);
AT(ioemu_type, attach, 64);
AT(ioemu_type, detach, 72);
AT(ioemu_type, reset, 80);
AT(ioemu_type, loaded, 88);
AT(ioemu_type, unplug, 96);
AT(ioemu_type, input, 104);
AT(ioemu_type, query, 112);
AT(ioemu_type, hotplug, 120);
AT(ioemu_type, medium, 128);

AT(ioemu_plugin, abi, 0);
AT(ioemu_plugin, size, 4);
AT(ioemu_plugin, type_size, 8);
AT(ioemu_plugin, n_types, 12);
AT(ioemu_plugin, types, 16);

AT(ioemu_host, abi, 0);
AT(ioemu_host, size, 4);
AT(ioemu_host, complete, 8);
AT(ioemu_host, window, 16);
AT(ioemu_host, pci, 24);
AT(ioemu_host, config, 32);
AT(ioemu_host, irq, 40);
AT(ioemu_host, msi, 48);
AT(ioemu_host, dma_read, 56);
AT(ioemu_host, dma_write, 64);
AT(ioemu_host, now, 72);
AT(ioemu_host, timer_set, 80);
AT(ioemu_host, chr_write, 88);
AT(ioemu_host, chr_accept, 96);
AT(ioemu_host, block_info, 104);
AT(ioemu_host, io, 112);
AT(ioemu_host, power, 120);
AT(ioemu_host, pirq_route, 128);
AT(ioemu_host, unplug, 136);
AT(ioemu_host, log, 144);
AT(ioemu_host, eject, 152);

#undef AT
#undef SIZE

#endif
