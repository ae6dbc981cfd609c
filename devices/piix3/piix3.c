/* SPDX-License-Identifier: MIT */
/*
 * Function 0 of an 82371SB (PIIX3, Intel 290550): routing of PCI interrupts to
 * ISA ones, and two ways to reset the machine. Timers, interrupt controllers
 * and ELCR are Xen's; the keyboard controller and IDE are other devices.
 */
#include <ioemu/device.h>

#define PORT_92 0x92 /* PIIX3 data sheet, port 92 */
#define PORT_92_RESET 0x01u
#define PORT_92_A20 0x02u

#define PORT_RC 0xcf9 /* the same, RC: reset control */
#define RC_HARD 0x02u
#define RC_RESET 0x04u

#define PIRQRC 0x60 /* the same, PIRQRC: routes of link A to D */
#define PIRQRC_OFF 0x80u
#define PIRQRC_IRQ 0x0fu
#define PIRQRC_IRQS 0xdef8u /* all but 0, 1, 2, 8 and 13: reserved */
#define N_LINKS 4u

struct piix3 {
	uint8_t port92;
	uint8_t rc;
};

/* PIIX3 data sheet, configuration space of function 0. */
/* clang-format off */
static const struct ioemu_reg regs[] = {
	/* offset, width, reset, writable, cleared by a one */
	{ 0x04,   2, 0x0007,     0x0108,     0 }, /* PCICMD */
	{ 0x06,   2, 0x0200,     0,          0 }, /* PCISTS */
	{ 0x0c,   2, 0,          0,          0 }, /* reserved */
	{ 0x3c,   1, 0,          0,          0 }, /* reserved */
	{ 0x4c,   1, 0x4d,       0xff,       0 }, /* IORT */
	{ 0x4e,   2, 0x0003,     0xffff,     0 }, /* XBCS */
	{ PIRQRC, 4, 0x80808080, 0x8f8f8f8f, 0 },
	{ 0x69,   1, 0x02,       0xff,       0 }, /* TOM */
	{ 0x6a,   2, 0,          0xffff,     0 }, /* MSTAT */
	{ 0x70,   1, 0x80,       0xff,       0 }, /* MBIRQ0 */
	{ 0x76,   2, 0x0c0c,     0xffff,     0 }, /* MBDMA0, 1 */
	{ 0x78,   2, 0x0002,     0xffff,     0 }, /* PCSC */
	{ 0x80,   1, 0,          0x7f,       0 }, /* APICBASE */
	{ 0x82,   1, 0,          0x0f,       0 }, /* DLC */
	{ 0xa0,   1, 0x08,       0xff,       0 }, /* SMICNTL */
	{ 0xa2,   2, 0,          0xffff,     0 }, /* SMIEN */
	{ 0xa4,   4, 0,          0xffffffff, 0 }, /* SEE */
	{ 0xa8,   1, 0x0f,       0xff,       0 }, /* FTMR */
	{ 0xaa,   2, 0,          0xffff,     0 }, /* SMIREQ */
	{ 0xac,   1, 0,          0xff,       0 }, /* CTLTMR */
	{ 0xae,   1, 0,          0xff,       0 }, /* CTHTMR */
	{ 0 },
};
/* clang-format on */

static void
piix3_route_links(struct ioemu_dev *dev)
{
	const uint8_t *pirqrc = ioemu_config(dev) + PIRQRC;
	unsigned link, irq;

	for (link = 0; link < N_LINKS; link++) {
		irq = pirqrc[link] & PIRQRC_IRQ;
		if (pirqrc[link] & PIRQRC_OFF || !(PIRQRC_IRQS >> irq & 1))
			irq = 0;
		ioemu_pirq_route(dev, link, irq);
	}
}

static void
piix3_config_written(struct ioemu_dev *dev, unsigned offset, unsigned len)
{
	if (offset < PIRQRC + N_LINKS && offset + len > PIRQRC)
		piix3_route_links(dev);
}

static void
port92_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	const struct piix3 *s = ioemu_state(dev);

	a->value = s->port92;
}

static void
port92_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct piix3 *s = ioemu_state(dev);
	uint8_t old = s->port92;

	s->port92 = (uint8_t)a->value & (PORT_92_RESET | PORT_92_A20);
	if (s->port92 & ~old & PORT_92_RESET)
		ioemu_power(dev, IOEMU_POWER_RESET);
}

static const struct ioemu_region port92 = {
	.name = "port92",
	.size = 1,
	.min = 1,
	.max = 1,
	.read = port92_read,
	.write = port92_write,
};

static void
rc_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	const struct piix3 *s = ioemu_state(dev);

	a->value = s->rc;
}

/* The reset bit acts and is never seen set: the reset clears it. */
static void
rc_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct piix3 *s = ioemu_state(dev);

	s->rc = (uint8_t)a->value & RC_HARD;
	if (a->value & RC_RESET)
		ioemu_power(dev, IOEMU_POWER_RESET);
}

static const struct ioemu_region rc = {
	.name = "reset-control",
	.size = 1,
	.min = 1,
	.max = 1,
	.read = rc_read,
	.write = rc_write,
};

/* A20 is always open on Xen, so that is what the port says at first. */
static void
piix3_reset(struct ioemu_dev *dev, enum ioemu_reset why)
{
	struct piix3 *s = ioemu_state(dev);

	(void)why;
	s->port92 = PORT_92_A20;
	s->rc = 0;
	piix3_route_links(dev);
}

static int
piix3_loaded(struct ioemu_dev *dev)
{
	piix3_route_links(dev);
	return 0;
}

static int
piix3_attach(struct ioemu_dev *dev)
{
	static const struct ioemu_pci function = {
		.vendor = 0x8086,
		.device = 0x7000,
		.class_rev = 0x06010000,
		.regs = regs,
		.config_written = piix3_config_written,
	};
	int err;

	err = ioemu_pci(dev, &function);
	if (err)
		return err;
	err = ioemu_window(dev, IOEMU_PIO, PORT_92, &port92);
	if (err)
		return err;
	return ioemu_window(dev, IOEMU_PIO, PORT_RC, &rc);
}

static const struct ioemu_field fields[] = {
	IOEMU_FIELD(struct piix3, port92),
	IOEMU_FIELD(struct piix3, rc),
	{ 0 },
};

static const struct ioemu_type piix3 = {
	IOEMU_TYPE(struct piix3),
	.name = "piix3",
	.summary = "82371SB (PIIX3) ISA bridge",
	.fields = fields,
	.attach = piix3_attach,
	.reset = piix3_reset,
	.loaded = piix3_loaded,
};

IOEMU_PLUGIN(&piix3);
