/* SPDX-License-Identifier: MIT */
/*
 * The Xen platform device: what a guest's PV drivers bind to, and the ports by
 * which they ask for the emulated disks and network cards to go away (Xen's
 * hvm-emulated-unplug document). Which devices then go is theirs to decide.
 * Xen itself raises the interrupt, and maps memory over the second BAR.
 */
#include <ioemu/device.h>

#define PORT_UNPLUG 0x10 /* to 0x13 */
#define N_PORTS 4u

/* Offsets from PORT_UNPLUG; the width of an access is part of the address. */
#define REG_MAIN 0u /* 8: flags, 16: magic / unplug mask, 32: driver build */
#define REG_AUX 2u  /* 8: protocol version / log, 16: product */

#define MAGIC 0x49d2u
#define PROTOCOL 1u /* product and build number are understood */
#define FLAG_ROM_LOCK 0x01u

#define BAR0_LOG 8u /* the log port of drivers that use the BAR */

#define UNPLUG_KNOWN                                                           \
	(IOEMU_UNPLUG_DISKS | IOEMU_UNPLUG_NICS | IOEMU_UNPLUG_AUX_DISKS)

#define LINE_MAX 128u

struct xen_platform {
	uint8_t flags;
	uint16_t product;
	uint32_t build;
	bool told; /* of its drivers: once */
	uint32_t line_len;
	uint8_t line[LINE_MAX]; /* from the guest, not yet logged */
};

/* ---- the guest's log ------------------------------------------------------
 */

static void
log_flush(struct ioemu_dev *dev)
{
	struct xen_platform *s = ioemu_state(dev);

	if (s->line_len)
		ioemu_log(dev, IOEMU_INFO, "guest: %.*s", (int)s->line_len,
			  (const char *)s->line);
	s->line_len = 0;
}

static void
log_char(struct ioemu_dev *dev, uint8_t c)
{
	struct xen_platform *s = ioemu_state(dev);

	if (c == '\n') {
		log_flush(dev);
		return;
	}
	if (c == '\r')
		return;
	if (c < ' ' || c > '~')
		c = '.';
	s->line[s->line_len++] = c;
	if (s->line_len == LINE_MAX)
		log_flush(dev);
}

/* ---- the fixed ports -------------------------------------------------------
 */

/* ROM lock is remembered only: the BIOS area is ordinary RAM of the guest. */
static void
flags_write(struct ioemu_dev *dev, uint8_t value)
{
	struct xen_platform *s = ioemu_state(dev);

	s->flags = value & FLAG_ROM_LOCK;
}

static void
unplug_write(struct ioemu_dev *dev, uint16_t mask)
{
	unsigned what = mask & UNPLUG_KNOWN;

	if (what)
		ioemu_unplug(dev, what);
}

static void
product_write(struct ioemu_dev *dev, uint16_t product)
{
	struct xen_platform *s = ioemu_state(dev);

	s->product = product;
}

static void
build_write(struct ioemu_dev *dev, uint32_t build)
{
	struct xen_platform *s = ioemu_state(dev);

	s->build = build;
	if (s->told)
		return;
	s->told = true;
	ioemu_log(dev, IOEMU_INFO, "guest's PV drivers: product %u, build %u",
		  s->product, s->build);
}

static void
ports_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	const struct xen_platform *s = ioemu_state(dev);

	if (a->offset == REG_MAIN && a->size == 1)
		a->value = s->flags;
	else if (a->offset == REG_MAIN && a->size == 2)
		a->value = MAGIC;
	else if (a->offset == REG_AUX && a->size == 1)
		a->value = PROTOCOL;
}

static void
ports_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	if (a->offset == REG_MAIN && a->size == 1)
		flags_write(dev, (uint8_t)a->value);
	else if (a->offset == REG_MAIN && a->size == 2)
		unplug_write(dev, (uint16_t)a->value);
	else if (a->offset == REG_MAIN && a->size == 4)
		build_write(dev, (uint32_t)a->value);
	else if (a->offset == REG_AUX && a->size == 1)
		log_char(dev, (uint8_t)a->value);
	else if (a->offset == REG_AUX && a->size == 2)
		product_write(dev, (uint16_t)a->value);
}

static const struct ioemu_region ports = {
	.name = "unplug-ports",
	.size = N_PORTS,
	.min = 1,
	.max = 4,
	.read = ports_read,
	.write = ports_write,
};

/* ---- the BARs ---------------------------------------------------------------
 */

static void
bar0_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	const struct xen_platform *s = ioemu_state(dev);

	if (a->offset == 0)
		a->value = s->flags;
}

static void
bar0_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	if (a->offset == 0)
		flags_write(dev, (uint8_t)a->value);
	else if (a->offset == BAR0_LOG)
		log_char(dev, (uint8_t)a->value);
}

static const struct ioemu_region bar0 = {
	.name = "ports",
	.size = 256,
	.min = 1,
	.max = 1,
	.read = bar0_read,
	.write = bar0_write,
};

/*
 * Addresses for drivers to put grant frames at (Linux, platform-pci.c). Where
 * Xen maps memory, accesses no longer come here; elsewhere is nothing.
 */
static void
bar1_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	(void)dev;
	a->value = 0;
}

static const struct ioemu_region bar1 = {
	.name = "space",
	.size = 16u << 20,
	.min = 1,
	.max = 8,
	.flags = IOEMU_PREFETCHABLE,
	.read = bar1_read,
};

/* ---- life cycle ------------------------------------------------------ */

static void
xen_platform_reset(struct ioemu_dev *dev, enum ioemu_reset why)
{
	struct xen_platform *s = ioemu_state(dev);

	(void)why;
	*s = (struct xen_platform){ 0 };
}

/* A guest may come from anywhere: its fields are bounded before use. */
static int
xen_platform_loaded(struct ioemu_dev *dev)
{
	const struct xen_platform *s = ioemu_state(dev);

	return s->line_len < LINE_MAX ? 0 : -EINVAL;
}

static int
xen_platform_attach(struct ioemu_dev *dev)
{
	static const struct ioemu_pci function = {
		.vendor = 0x5853,
		.device = 0x0001,
		.subvendor = 0x5853,
		.subdevice = 0x0001,
		.class_rev = 0xff800001,
		.intx_pin = 1,
		.bar = {
			{ .kind = IOEMU_BAR_IO, .region = &bar0 },
			{ .kind = IOEMU_BAR_MEM32, .region = &bar1 },
		},
	};
	int rc = ioemu_pci(dev, &function);

	return rc ? rc : ioemu_window(dev, IOEMU_PIO, PORT_UNPLUG, &ports);
}

static const struct ioemu_field fields[] = {
	IOEMU_FIELD(struct xen_platform, flags),
	IOEMU_FIELD(struct xen_platform, product),
	IOEMU_FIELD(struct xen_platform, build),
	IOEMU_FIELD(struct xen_platform, told),
	IOEMU_FIELD(struct xen_platform, line_len),
	IOEMU_FIELD_ARRAY(struct xen_platform, line),
	{ 0 },
};

static const struct ioemu_type xen_platform = {
	IOEMU_TYPE(struct xen_platform),
	.name = "xen-platform",
	.summary = "Xen platform device with the unplug protocol",
	.fields = fields,
	.attach = xen_platform_attach,
	.reset = xen_platform_reset,
	.loaded = xen_platform_loaded,
};

IOEMU_PLUGIN(&xen_platform);
