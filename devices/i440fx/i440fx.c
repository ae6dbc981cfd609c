/* SPDX-License-Identifier: MIT */
/*
 * The host bridge of an 82441FX PCI and memory controller (PMC, Intel 290549).
 * It owns its configuration space and the read-back of CONFADD. It does not
 * turn CONFDATA into configuration cycles (Xen does, hvm/ioreq.c) and moves no
 * memory: RAM is where the domain builder put it, so PAM, SMRAM and the DRAM
 * registers only remember what was written.
 */
#include <ioemu/device.h>

#define CONFADD 0xcf8 /* PMC data sheet, CONFADD */

#define SMRAM 0x72 /* the same, SMRAM */
#define SMRAM_OPEN 0x40u
#define SMRAM_LOCK 0x10u

struct i440fx {
	uint32_t confadd;
	bool smram_locked;
};

static void
confadd_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	const struct i440fx *s = ioemu_state(dev);

	a->value = s->confadd;
}

static void
confadd_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct i440fx *s = ioemu_state(dev);

	s->confadd = (uint32_t)a->value;
}

/*
 * A dword register: narrower cycles are not for it and pass by. Linux writes
 * a byte to 0xcfb before it looks for the register (pci_check_type1).
 */
static const struct ioemu_region confadd = {
	.name = "confadd",
	.size = 4,
	.min = 4,
	.max = 4,
	.read = confadd_read,
	.write = confadd_write,
};

/* PMC data sheet, configuration space. */
/* clang-format off */
static const struct ioemu_reg regs[] = {
	/* offset, width, reset, writable, cleared by a one */
	{ 0x04, 2, 0x0006,     0x0140,     0 },	   /* PCICMD */
	{ 0x06, 2, 0x0280,     0,          0 },	   /* PCISTS */
	{ 0x0c, 1, 0,          0,          0 },	   /* reserved */
	{ 0x0d, 1, 0,          0xf8,       0 },	   /* MLT */
	{ 0x3c, 1, 0,          0,          0 },	   /* reserved */
	{ 0x50, 2, 0x0100,     0x8070,     0 },	   /* PMCCFG */
	{ 0x52, 1, 0,          0xff,       0 },	   /* DETURBO */
	{ 0x53, 1, 0x80,       0xff,       0 },	   /* DBC */
	{ 0x54, 1, 0,          0xff,       0 },	   /* AXC */
	{ 0x55, 1, 0,          0xff,       0 },	   /* DRAMR 7:0 */
	{ 0x56, 1, 0,          0xff,       0 },	   /* DRAMR 15:8 */
	{ 0x57, 1, 0x01,       0xff,       0 },	   /* DRAMC */
	{ 0x58, 1, 0x10,       0xff,       0 },	   /* DRAMT */
	{ 0x59, 1, 0,          0xff,       0 },	   /* PAM0 */
	{ 0x5a, 2, 0,          0xffff,     0 },	   /* PAM1, 2 */
	{ 0x5c, 4, 0,          0xffffffff, 0 },	   /* PAM3 to 6 */
	{ 0x60, 4, 0x01010101, 0xffffffff, 0 },	   /* DRB0 to 3 */
	{ 0x64, 4, 0x01010101, 0xffffffff, 0 },	   /* DRB4 to 7 */
	{ 0x68, 1, 0,          0xff,       0 },	   /* FDHC */
	{ 0x70, 1, 0,          0xff,       0 },	   /* MTT */
	{ 0x71, 1, 0x10,       0xff,       0 },	   /* CLT */
	{ SMRAM, 1, 0x02,      0x78,       0 },	   /* SMRAM */
	{ 0x90, 1, 0,          0xff,       0 },	   /* ERRCMD */
	{ 0x91, 1, 0,          0,          0x11 }, /* ERRSTS */
	{ 0x93, 1, 0,          0x3f,       0 },	   /* TRC */
	{ 0 },
};
/* clang-format on */

/* DLCK stays until a reset, and with it DOPEN is 0. */
static void
i440fx_config_written(struct ioemu_dev *dev, unsigned offset, unsigned len)
{
	struct i440fx *s = ioemu_state(dev);
	uint8_t *smram = ioemu_config(dev) + SMRAM;

	if (offset > SMRAM || offset + len <= SMRAM)
		return;
	s->smram_locked |= *smram & SMRAM_LOCK;
	if (s->smram_locked)
		*smram = (uint8_t)((*smram | SMRAM_LOCK) & ~SMRAM_OPEN);
}

static void
i440fx_reset(struct ioemu_dev *dev, enum ioemu_reset why)
{
	struct i440fx *s = ioemu_state(dev);

	(void)why;
	s->confadd = 0;
	s->smram_locked = false;
}

static int
i440fx_attach(struct ioemu_dev *dev)
{
	static const struct ioemu_pci function = {
		.vendor = 0x8086,
		.device = 0x1237,
		.class_rev = 0x06000002,
		.regs = regs,
		.config_written = i440fx_config_written,
	};
	int rc = ioemu_pci(dev, &function);

	return rc ? rc : ioemu_window(dev, IOEMU_PIO, CONFADD, &confadd);
}

static const struct ioemu_field fields[] = {
	IOEMU_FIELD(struct i440fx, confadd),
	IOEMU_FIELD(struct i440fx, smram_locked),
	{ 0 },
};

static const struct ioemu_type i440fx = {
	IOEMU_TYPE(struct i440fx),
	.name = "i440fx",
	.summary = "82441FX host bridge, and where its address is read back",
	.fields = fields,
	.attach = i440fx_attach,
	.reset = i440fx_reset,
};

IOEMU_PLUGIN(&i440fx);
