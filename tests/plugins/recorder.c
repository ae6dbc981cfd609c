/* SPDX-License-Identifier: MIT */
/*
 * recorder - a device that remembers in which order it was reached: memory
 * where that makes no difference (BAR 0), registers (BAR 2) and ports (BAR 4)
 * where it does. A plugin, so that it runs in the core and in ioemu-peer.
 *
 * BAR 4, ports:
 *	0x00	plain bytes
 *	0x10	hash of everything that happened to BAR 2 and to the bytes
 *		above, in order, each with the state of BAR 0 at that time
 *	0x14	sum over BAR 0
 *	0x18	calls for BAR 0 so far
 */
#include <ioemu/device.h>

#include <string.h>

#define RAM_SIZE 0x10000u
#define REGS_SIZE 0x1000u
#define PORTS_SIZE 32u
#define PORTS_PLAIN 16u
#define PORT_HASH 0x10
#define PORT_SUM 0x14
#define PORT_CALLS 0x18
#define FNV_PRIME 16777619u

struct recorder {
	uint8_t ram[RAM_SIZE], regs[REGS_SIZE], ports[PORTS_PLAIN];
	uint32_t hash, sum, calls;
};

/* ---- BAR 0 -------------------------------------------------------- */

static void
ram_store(struct recorder *r, uint64_t at, uint8_t v)
{
	/* where a byte is counts */
	r->sum += (uint32_t)(at + 1) * 2654435761u * (uint32_t)(v - r->ram[at]);
	r->ram[at] = v;
}

static void
ram_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct recorder *r = ioemu_state(dev);

	r->calls++;
	memcpy(&a->value, r->ram + a->offset, a->size);
}

static void
ram_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct recorder *r = ioemu_state(dev);
	uint32_t i;

	r->calls++;
	for (i = 0; i < a->size; i++)
		ram_store(r, a->offset + i, (uint8_t)(a->value >> (8 * i)));
}

static void
ram_burst_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct recorder *r = ioemu_state(dev);

	r->calls++;
	memcpy(a->data, r->ram + a->offset, a->size);
}

static void
ram_burst_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct recorder *r = ioemu_state(dev);
	uint32_t i;

	r->calls++;
	for (i = 0; i < a->size; i++)
		ram_store(r, a->offset + i, a->data[i]);
}

/* ---- BAR 2 and 4 -------------------------------------------------- */

static void
record(struct recorder *r, const struct ioemu_access *a, uint32_t kind)
{
	const uint32_t facts[] = {
		kind,
		a->size,
		(uint32_t)a->offset,
		(uint32_t)a->value,
		(uint32_t)(a->value >> 32),
		r->sum,
	};
	unsigned i;

	for (i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
		r->hash = (r->hash ^ facts[i]) * FNV_PRIME;
}

static void
regs_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct recorder *r = ioemu_state(dev);

	a->value = 0;
	memcpy(&a->value, r->regs + a->offset, a->size);
	record(r, a, 'r');
}

static void
regs_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct recorder *r = ioemu_state(dev);

	memcpy(r->regs + a->offset, &a->value, a->size);
	record(r, a, 'w');
}

static void
ports_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct recorder *r = ioemu_state(dev);

	a->value = 0;
	switch (a->offset) {
	case PORT_HASH:
		a->value = r->hash;
		return;
	case PORT_SUM:
		a->value = r->sum;
		return;
	case PORT_CALLS:
		a->value = r->calls;
		return;
	}
	if (a->offset + a->size > PORTS_PLAIN)
		return;
	memcpy(&a->value, r->ports + a->offset, a->size);
	record(r, a, 'i');
}

static void
ports_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct recorder *r = ioemu_state(dev);

	if (a->offset + a->size > PORTS_PLAIN)
		return;
	memcpy(r->ports + a->offset, &a->value, a->size);
	record(r, a, 'o');
}

/* ---- the function ------------------------------------------------- */

static const struct ioemu_region ram = {
	.name = "ram",
	.size = RAM_SIZE,
	.min = 1,
	.max = 8,
	.flags = IOEMU_PREFETCHABLE,
	.read = ram_read,
	.write = ram_write,
	.burst_read = ram_burst_read,
	.burst_write = ram_burst_write,
};

static const struct ioemu_region regs = {
	.name = "registers",
	.size = REGS_SIZE,
	.min = 1,
	.max = 8,
	.read = regs_read,
	.write = regs_write,
};

static const struct ioemu_region ports = {
	.name = "ports",
	.size = PORTS_SIZE,
	.min = 1,
	.max = 4,
	.read = ports_read,
	.write = ports_write,
};

static int
recorder_attach(struct ioemu_dev *dev)
{
	const struct ioemu_pci pci = {
		.vendor = 0x1234,
		.device = 0x11ec,
		.class_rev = 0xff000001,
		.bar[0] = { IOEMU_BAR_MEM32, &ram },
		.bar[2] = { IOEMU_BAR_MEM32, &regs },
		.bar[4] = { IOEMU_BAR_IO, &ports },
	};

	return ioemu_pci(dev, &pci);
}

static void
recorder_reset(struct ioemu_dev *dev, enum ioemu_reset why)
{
	struct recorder *r = ioemu_state(dev);

	(void)why;
	*r = (struct recorder){ .hash = 2166136261u };
}

static const struct ioemu_field fields[] = {
	IOEMU_FIELD_ARRAY(struct recorder, ram),
	IOEMU_FIELD_ARRAY(struct recorder, regs),
	IOEMU_FIELD_ARRAY(struct recorder, ports),
	IOEMU_FIELD(struct recorder, hash),
	IOEMU_FIELD(struct recorder, sum),
	IOEMU_FIELD(struct recorder, calls),
	{ 0 },
};

static const struct ioemu_type recorder = {
	IOEMU_TYPE(struct recorder),
	.name = "recorder",
	.summary = "test device: remembers the order of accesses",
	.fields = fields,
	.attach = recorder_attach,
	.reset = recorder_reset,
};

IOEMU_PLUGIN(&recorder);
