/* SPDX-License-Identifier: MIT */
/*
 * ssdt.h - between the parts of ioemu-ssdt: words.c (arguments to devices),
 * ssdt.c (devices to a table), aml.c (the encoding), main.c.
 */
#ifndef SDK_SSDT_H
#define SDK_SSDT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SSDT_DEVICES 36u /* RAW0 .. RAWZ */
#define SSDT_RANGES 64u	 /* of a device, as of a peer */
#define SSDT_TEXT 64u
#define SSDT_IRQS 256u	  /* 0 to 15 are the ISA interrupts */
#define SSDT_SLOTS 32u	  /* of a PCI bus */
#define SSDT_MAX 0x40000u /* bytes of a table */
#define SSDT_ERROR 200u

struct ssdt_range {
	uint64_t base, size;
	bool io, prefetchable, readonly;
};

struct ssdt_device {
	char name[5];
	char hid[9], cid[9], compatible[SSDT_TEXT]; /* "": none */
	struct ssdt_range range[SSDT_RANGES];
	unsigned n_ranges;
	bool irq[SSDT_IRQS], level[SSDT_IRQS]; /* GSIs; those that are levels */
};

struct ssdt {
	struct ssdt_device device[SSDT_DEVICES];
	unsigned n;
	uint32_t bridges; /* slots of the root bus, as bits */
};

/* One "raw-mmio,key=value,..." or "i31154,...": as for mini-ioemu's -device.
 * -EINVAL with the reason in `why`. */
int ssdt_add(struct ssdt *ssdt, const char *words, char why[SSDT_ERROR]);

/* The table: its bytes in buf, or -ENOSPC. */
long ssdt_encode(const struct ssdt *ssdt, uint8_t *buf, size_t size);

#endif
