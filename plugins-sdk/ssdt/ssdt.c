/* SPDX-License-Identifier: MIT */
/*
 * The table: a header, then one Device under \_SB for each device, with its
 * identity and its resources, and the slots behind bridges. Where the words
 * came from is not known here.
 */
#include "ssdt.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "aml.h"

#define AT_LENGTH 4u
#define AT_CHECKSUM 9u
#define REVISION 2 /* integers of 64 bits */

/* ACPI 6.4, 6.4: resource data types */
#define TAG_IO 0x47
#define TAG_END 0x79
#define TAG_MEMORY32_FIXED 0x86
#define TAG_IRQ 0x89
#define TAG_QWORD 0x8a

#define IO_DECODE16 0x01
#define RW 0x01 /* memory flags */
#define PREFETCHABLE 0x06
#define IO_ENTIRE 0x03 /* _RNG: ISA and non-ISA addresses */
#define CONSUMER 0x01  /* general flags */
#define MIN_MAX_FIXED 0x0c
#define IRQ_CONSUMER 0x01
#define IRQ_EDGE 0x02 /* else level; active high, exclusive: 0 */

#define PROPERTIES "PRP0001" /* "look at _DSD" */

/* ---- _CRS --------------------------------------------------------- */

static void
crs_memory32(struct aml *a, const struct ssdt_range *r)
{
	aml_le(a, TAG_MEMORY32_FIXED, 1);
	aml_le(a, 9, 2);
	aml_le(a, r->readonly ? 0 : RW, 1);
	aml_le(a, r->base, 4);
	aml_le(a, r->size, 4);
}

static void
crs_io(struct aml *a, const struct ssdt_range *r)
{
	aml_le(a, TAG_IO, 1);
	aml_le(a, IO_DECODE16, 1);
	aml_le(a, r->base, 2);
	aml_le(a, r->base, 2);
	aml_le(a, 1, 1); /* alignment */
	aml_le(a, r->size, 1);
}

/* Whatever the two above have no room or no bit for. */
static void
crs_qword(struct aml *a, const struct ssdt_range *r)
{
	uint8_t memory = (uint8_t)((r->readonly ? 0 : RW) |
				   (r->prefetchable ? PREFETCHABLE : 0));

	aml_le(a, TAG_QWORD, 1);
	aml_le(a, 43, 2);
	aml_le(a, r->io, 1); /* resource type: 0 memory, 1 I/O */
	aml_le(a, CONSUMER | MIN_MAX_FIXED, 1);
	aml_le(a, r->io ? IO_ENTIRE : memory, 1);
	aml_le(a, 0, 8); /* granularity */
	aml_le(a, r->base, 8);
	aml_le(a, r->base + (r->size - 1), 8);
	aml_le(a, 0, 8); /* translation */
	aml_le(a, r->size, 8);
}

static void
crs_range(struct aml *a, const struct ssdt_range *r)
{
	if (r->io && r->size <= UINT8_MAX)
		crs_io(a, r);
	else if (!r->io && !r->prefetchable && r->size <= UINT32_MAX &&
		 r->base + (r->size - 1) <= UINT32_MAX)
		crs_memory32(a, r);
	else
		crs_qword(a, r);
}

static void
crs_irq(struct aml *a, unsigned irq, bool level)
{
	aml_le(a, TAG_IRQ, 1);
	aml_le(a, 6, 2);
	aml_le(a, IRQ_CONSUMER | (level ? 0 : IRQ_EDGE), 1);
	aml_le(a, 1, 1); /* one number */
	aml_le(a, irq, 4);
}

static void
device_crs(struct aml *a, const struct ssdt_device *d)
{
	uint8_t bytes[64 * SSDT_RANGES]; /* 46 at most of each, and lines */
	struct aml crs;
	unsigned i;

	aml_init(&crs, bytes, sizeof(bytes));
	for (i = 0; i < d->n_ranges; i++)
		crs_range(&crs, &d->range[i]);
	for (i = 0; i < SSDT_IRQS; i++)
		if (d->irq[i])
			crs_irq(&crs, i, d->level[i]);
	aml_le(&crs, TAG_END, 1);
	aml_le(&crs, 0, 1); /* checksum: 0 is taken as good */
	aml_name(a, "_CRS");
	aml_buffer(a, bytes, crs.len);
}

/* ---- identity ----------------------------------------------------- */

/* The UUID daffd814-6eba-4d8c-8a91-bc9bbf4aa301, "Device Properties UUID For
 * _DSD", as ToUUID() lays it out. */
static const uint8_t dsd_uuid[16] = {
	0x14, 0xd8, 0xff, 0xda, 0xba, 0x6e, 0x8c, 0x4d,
	0x8a, 0x91, 0xbc, 0x9b, 0xbf, 0x4a, 0xa3, 0x01,
};

/* Name(_DSD, Package() { UUID, Package() { Package() { key, value } } }) */
static void
device_dsd(struct aml *a, const char *compatible)
{
	aml_name(a, "_DSD");
	aml_package(a, 2);
	aml_buffer(a, dsd_uuid, sizeof(dsd_uuid));
	aml_package(a, 1);
	aml_package(a, 2);
	aml_string(a, "compatible");
	aml_string(a, compatible);
	aml_close(a);
	aml_close(a);
	aml_close(a);
}

/* A driver is found by `compatible` if PRP0001 is among the ids. */
static void
device_ids(struct aml *a, const struct ssdt_device *d)
{
	const char *hid = *d->hid ? d->hid : PROPERTIES;
	bool add = *d->compatible && strcmp(hid, PROPERTIES) != 0 &&
		   strcmp(d->cid, PROPERTIES) != 0;

	aml_name(a, "_HID");
	aml_string(a, hid);
	if (!*d->cid && !add)
		return;
	aml_name(a, "_CID");
	if (*d->cid && add)
		aml_package(a, 2);
	if (*d->cid)
		aml_string(a, d->cid);
	if (add)
		aml_string(a, PROPERTIES);
	if (*d->cid && add)
		aml_close(a);
}

static void
table_device(struct aml *a, const struct ssdt_device *d, unsigned uid)
{
	aml_device(a, d->name);
	device_ids(a, d);
	aml_name(a, "_UID");
	aml_integer(a, uid);
	device_crs(a, d);
	if (*d->compatible)
		device_dsd(a, d->compatible);
	aml_close(a);
}

/* ---- bridges ------------------------------------------------------ */

/*
 * Xen's DSDT has a device for each slot of the root bus and tells of a change
 * by Notify() on it. An operating system that gets one for a bridge looks into
 * the slots behind it that it has devices for: an address is all it needs.
 */
static void
table_bridge(struct aml *a, unsigned bridge)
{
	char name[16];
	unsigned slot;

	snprintf(name, sizeof(name), "_SB.PCI0.S%u", bridge);
	aml_scope(a, name);
	for (slot = 0; slot < SSDT_SLOTS; slot++) {
		snprintf(name, sizeof(name), "P%02X", slot);
		aml_device(a, name);
		aml_name(a, "_ADR");
		aml_integer(a, slot << 16); /* function 0 */
		aml_close(a);
	}
	aml_close(a);
}

/* ---- the table ---------------------------------------------------- */

static void
table_header(struct aml *a)
{
	aml_bytes(a, "SSDT", 4);
	aml_le(a, 0, 4); /* length, when it is known */
	aml_le(a, REVISION, 1);
	aml_le(a, 0, 1); /* checksum, likewise */
	aml_bytes(a, "IOEMU ", 6);
	aml_bytes(a, "RAWMMIO ", 8);
	aml_le(a, 1, 4); /* OEM revision */
	aml_bytes(a, "IOEM", 4);
	aml_le(a, 1, 4); /* creator revision */
}

long
ssdt_encode(const struct ssdt *ssdt, uint8_t *buf, size_t size)
{
	struct aml a, length;
	uint8_t sum = 0;
	unsigned i;
	size_t at;

	aml_init(&a, buf, size);
	table_header(&a);
	aml_scope(&a, "_SB");
	for (i = 0; i < ssdt->n; i++)
		table_device(&a, &ssdt->device[i], i);
	aml_close(&a);
	for (i = 0; i < SSDT_SLOTS; i++)
		if (ssdt->bridges >> i & 1)
			table_bridge(&a, i);
	if (a.full)
		return -ENOSPC;
	aml_init(&length, buf + AT_LENGTH, 4);
	aml_le(&length, a.len, 4);
	for (at = 0; at < a.len; at++)
		sum = (uint8_t)(sum + buf[at]);
	buf[AT_CHECKSUM] = (uint8_t)-sum; /* all bytes add up to 0 */
	return (long)a.len;
}
