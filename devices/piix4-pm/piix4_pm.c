/* SPDX-License-Identifier: MIT */
/*
 * Power management of a PIIX4 (Intel 290562, function 3) as Xen's firmware
 * expects it: sleep control, the APM hand-over, general purpose events, and
 * the registers that the DSDT of Xen reads for hot-plug of PCI devices and
 * processors. The PM timer and PM1a status and enable are Xen's. All ports are
 * fixed: hvmloader's tables name them whatever PMBASE says.
 */
#include <string.h>

#include <ioemu/device.h>

#define SCI_IRQ 9u

#define PORT_APMC 0xb2 /* PIIX4 data sheet, APM control and status */
#define PORT_PCI_HOTPLUG 0xae00
#define PORT_CPU_MAP 0xaf00
#define PORT_GPE0 0xafe0 /* ACPI 4.7.4.1: 2 bytes of status, 2 of enable */
#define PORT_PM1A_CNT 0xb004

#define PM1_SCI_EN 0x0001u
#define PM1_BRLD_EN_BM 0x0002u
#define PM1_SLP_TYP 0x1c00u
#define PM1_SLP_EN 0x2000u /* write only, as is GBL_RLS, bit 2 */
#define PM1_KEPT (PM1_SCI_EN | PM1_BRLD_EN_BM | PM1_SLP_TYP)
#define SLP_TYP_SHIFT 10
#define SLP_TYP_OFF 0u /* Xen's DSDT: _S5, and its SSDT: _S4 */
#define SLP_TYP_S3 1u  /* Xen's SSDT: _S3 */

#define APMC_ACPI_ENABLE 0xf1u /* Xen's FADT, ACPI_ENABLE */
#define APMC_ACPI_DISABLE 0xf0u

#define GPE0_BYTES 2u
/* In the first byte; Xen's DSDT: _E01 and _L02. */
#define GPE0_PCI_HOTPLUG 0x02u
#define GPE0_CPU_HOTPLUG 0x04u

/* Dwords of a bit for each slot of the root bus: Xen's DSDT, which sends
 * Notify(slot, 1) for what came and Notify(slot, 3) for what is to go. */
#define HOTPLUG_CAME 0x00u
#define HOTPLUG_GOES 0x04u
#define HOTPLUG_EJECT 0x08u
#define SLOTS 32u

#define CPU_MAP_BYTES 32u /* XEN_ACPI_CPU_MAP_LEN */
#define MAX_CPUS (8 * CPU_MAP_BYTES)

struct piix4_pm {
	uint32_t cpus;
	uint32_t maxcpus;

	uint16_t pm1a_cnt;
	uint8_t apm[2]; /* control, status */
	uint8_t gpe_status[GPE0_BYTES];
	uint8_t gpe_enable[GPE0_BYTES];
	uint8_t cpu_map[CPU_MAP_BYTES]; /* a bit for each processor online */
	uint32_t came, goes;		/* a bit for each slot */
};

/* Storage; decoding does not depend on it. PIIX4 data sheet, function 3. */
/* clang-format off */
static const struct ioemu_reg regs[] = {
	/* offset, width, reset, writable, cleared by a one */
	{ 0x04, 2, 0,      0x0001,     0 }, /* PCICMD */
	{ 0x06, 2, 0x0280, 0,          0 }, /* PCISTS */
	{ 0x0c, 2, 0,      0,          0 }, /* reserved */
	{ 0x40, 4, 0x0001, 0xffc0,     0 }, /* PMBA */
	{ 0x44, 4, 0,      0xffffffff, 0 }, /* CNTA */
	{ 0x48, 4, 0,      0xffffffff, 0 }, /* CNTB */
	{ 0x4c, 4, 0,      0xffffffff, 0 }, /* GPICTL */
	{ 0x50, 4, 0,      0x00ffffff, 0 }, /* DEVRESD */
	{ 0x54, 4, 0,      0xffffffff, 0 }, /* DEVACTA */
	{ 0x58, 4, 0,      0xffffffff, 0 }, /* DEVACTB */
	{ 0x5c, 4, 0,      0xffffffff, 0 }, /* DEVRESA */
	{ 0x60, 4, 0,      0xffffffff, 0 }, /* DEVRESB */
	{ 0x64, 4, 0,      0xffffffff, 0 }, /* DEVRESC */
	{ 0x68, 4, 0,      0xffffffff, 0 }, /* DEVRESE */
	{ 0x6c, 4, 0,      0xffffffff, 0 }, /* DEVRESF */
	{ 0x70, 4, 0,      0xffffffff, 0 }, /* DEVRESG */
	{ 0x74, 4, 0,      0xffffffff, 0 }, /* DEVRESH */
	{ 0x78, 4, 0,      0xffffffff, 0 }, /* DEVRESI */
	{ 0x7c, 4, 0,      0xffffffff, 0 }, /* DEVRESJ */
	{ 0x80, 1, 0,      0x01,       0 }, /* PMREGMISC */
	{ 0x90, 4, 0x0001, 0xfff0,     0 }, /* SMBBA */
	{ 0xd2, 1, 0,      0x0f,       0 }, /* SMBHSTCFG */
	{ 0xd3, 1, 0,      0xff,       0 }, /* SMBSLVC */
	{ 0xd4, 2, 0,      0xffff,     0 }, /* SMBSHDW1, 2 */
	{ 0 },
};
/* clang-format on */

static void
pm_update_sci(struct ioemu_dev *dev)
{
	const struct piix4_pm *s = ioemu_state(dev);
	bool level = false;
	unsigned i;

	for (i = 0; i < GPE0_BYTES; i++)
		level |= s->gpe_status[i] & s->gpe_enable[i];
	ioemu_irq(dev, SCI_IRQ, level);
}

/* ---- PM1a control ------------------------------------------------------- */

static void
pm1a_cnt_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	const struct piix4_pm *s = ioemu_state(dev);

	a->value = s->pm1a_cnt >> (8 * a->offset);
}

static void
pm1a_cnt_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct piix4_pm *s = ioemu_state(dev);
	unsigned shift = 8 * (unsigned)a->offset;
	uint32_t mask = (a->size == 1 ? 0xffu : 0xffffu) << shift;
	uint32_t written = ((uint32_t)a->value << shift) & mask;

	s->pm1a_cnt = (uint16_t)((s->pm1a_cnt & ~mask) | (written & PM1_KEPT));
	if (!(written & PM1_SLP_EN))
		return;
	switch ((s->pm1a_cnt & PM1_SLP_TYP) >> SLP_TYP_SHIFT) {
	case SLP_TYP_OFF:
		ioemu_power(dev, IOEMU_POWER_OFF);
		break;
	case SLP_TYP_S3:
		ioemu_power(dev, IOEMU_POWER_SUSPEND);
		break;
	}
}

static const struct ioemu_region pm1a_cnt = {
	.name = "pm1a-cnt",
	.size = 2,
	.min = 1,
	.max = 2,
	.read = pm1a_cnt_read,
	.write = pm1a_cnt_write,
};

/* ---- APM ---------------------------------------------------------------- */

static void
apm_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	const struct piix4_pm *s = ioemu_state(dev);

	a->value = s->apm[a->offset];
}

/* There is no SMI handler to change hands: the bit changes at once. */
static void
apm_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct piix4_pm *s = ioemu_state(dev);

	s->apm[a->offset] = (uint8_t)a->value;
	if (a->offset)
		return;
	if (s->apm[0] == APMC_ACPI_ENABLE)
		s->pm1a_cnt |= PM1_SCI_EN;
	else if (s->apm[0] == APMC_ACPI_DISABLE)
		s->pm1a_cnt &= (uint16_t)~PM1_SCI_EN;
}

static const struct ioemu_region apm = {
	.name = "apm",
	.size = 2,
	.min = 1,
	.max = 1,
	.read = apm_read,
	.write = apm_write,
};

/* ---- general purpose events --------------------------------------------- */

static void
gpe0_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	const struct piix4_pm *s = ioemu_state(dev);

	if (a->offset < GPE0_BYTES)
		a->value = s->gpe_status[a->offset];
	else
		a->value = s->gpe_enable[a->offset - GPE0_BYTES];
}

static void
gpe0_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct piix4_pm *s = ioemu_state(dev);

	if (a->offset < GPE0_BYTES)
		s->gpe_status[a->offset] &= (uint8_t)~a->value;
	else
		s->gpe_enable[a->offset - GPE0_BYTES] = (uint8_t)a->value;
	pm_update_sci(dev);
}

static const struct ioemu_region gpe0 = {
	.name = "gpe0",
	.size = GPE0_BYTES + GPE0_BYTES, /* status, enable */
	.min = 1,
	.max = 1,
	.read = gpe0_read,
	.write = gpe0_write,
};

/* ---- hot-plug ------------------------------------------------------------ */

/*
 * Reading clears nothing: _E01 reads once for each slot. So a slot that came
 * stays until it is ejected, and is looked at again with the next that comes,
 * which changes nothing (and is as QEMU has it).
 *
 * The last dword tells which slots can hold a device at all: the DSDT of 4.17
 * reports a slot without its bit as absent, so all are set.
 */
static void
pci_hotplug_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	const struct piix4_pm *s = ioemu_state(dev);
	unsigned shift = 8 * (a->offset & 3);

	switch (a->offset & ~3ull) {
	case HOTPLUG_CAME:
		a->value = s->came >> shift;
		break;
	case HOTPLUG_GOES:
		a->value = s->goes >> shift;
		break;
	case HOTPLUG_EJECT:
		a->value = 0;
		break;
	}
}

static void
pci_hotplug_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct piix4_pm *s = ioemu_state(dev);
	uint32_t slots = (uint32_t)a->value << 8 * (a->offset & 3);
	unsigned i;

	if ((a->offset & ~3ull) != HOTPLUG_EJECT)
		return;
	s->came &= ~slots;
	s->goes &= ~slots;
	for (i = 0; i < SLOTS; i++)
		if (slots >> i & 1)
			ioemu_eject(dev, i);
}

static const struct ioemu_region pci_hotplug = {
	.name = "pci-hotplug",
	.size = 16,
	.min = 1,
	.max = 4,
	.read = pci_hotplug_read,
	.write = pci_hotplug_write,
};

static void
pm_event(struct ioemu_dev *dev, uint8_t gpe)
{
	struct piix4_pm *s = ioemu_state(dev);

	s->gpe_status[0] |= gpe;
	pm_update_sci(dev);
}

static void
pm_cpu_on(struct piix4_pm *s, unsigned cpu)
{
	if (cpu < MAX_CPUS)
		s->cpu_map[cpu / 8] |= (uint8_t)(1u << (cpu % 8));
}

/*
 * While the guest is not in ACPI mode nobody runs the DSDT, and what came is
 * found when the buses are scanned. A slot to be given up waits for an answer;
 * processors have only the map, with which the DSDT compares what it told.
 */
static void
pm_hotplug(struct ioemu_dev *dev, unsigned which, enum ioemu_hotplug what)
{
	struct piix4_pm *s = ioemu_state(dev);

	switch (what) {
	case IOEMU_HOTPLUG_ADDED:
		if (!(s->pm1a_cnt & PM1_SCI_EN))
			return;
		s->came |= 1u << which % SLOTS;
		pm_event(dev, GPE0_PCI_HOTPLUG);
		break;
	case IOEMU_HOTPLUG_REMOVE_REQUEST:
		s->goes |= 1u << which % SLOTS;
		pm_event(dev, GPE0_PCI_HOTPLUG);
		break;
	case IOEMU_HOTPLUG_CPU:
		pm_cpu_on(s, which);
		pm_event(dev, GPE0_CPU_HOTPLUG);
		break;
	}
}

static void
cpu_map_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	const struct piix4_pm *s = ioemu_state(dev);

	a->value = s->cpu_map[a->offset];
}

static const struct ioemu_region cpu_map = {
	.name = "cpu-map",
	.size = CPU_MAP_BYTES,
	.min = 1,
	.max = 1,
	.read = cpu_map_read,
};

/* ---- life cycle ---------------------------------------------------------- */

static void
pm_reset(struct ioemu_dev *dev, enum ioemu_reset why)
{
	struct piix4_pm *s = ioemu_state(dev);
	unsigned i;

	s->pm1a_cnt = 0;
	memset(s->apm, 0, sizeof(s->apm));
	memset(s->gpe_status, 0, sizeof(s->gpe_status));
	memset(s->gpe_enable, 0, sizeof(s->gpe_enable));
	s->came = 0;
	s->goes = 0;
	if (why == IOEMU_RESET_POWER)
		for (i = 0; i < s->cpus; i++)
			pm_cpu_on(s, i);
	pm_update_sci(dev);
}

/* What was saved by an older version may have more bits than there are. */
static int
pm_loaded(struct ioemu_dev *dev)
{
	struct piix4_pm *s = ioemu_state(dev);

	s->pm1a_cnt &= PM1_KEPT;
	pm_update_sci(dev);
	return 0;
}

static int
pm_check_cpus(struct ioemu_dev *dev)
{
	struct piix4_pm *s = ioemu_state(dev);

	if (!s->maxcpus)
		s->maxcpus = s->cpus;
	if (s->cpus && s->cpus <= s->maxcpus && s->maxcpus <= MAX_CPUS)
		return 0;
	ioemu_log(dev, IOEMU_ERROR,
		  "cpus=%u, maxcpus=%u: give 1 <= cpus <= maxcpus <= %u",
		  s->cpus, s->maxcpus, MAX_CPUS);
	return -EINVAL;
}

static int
pm_attach(struct ioemu_dev *dev)
{
	static const struct ioemu_pci function = {
		.vendor = 0x8086,
		.device = 0x7113,
		.class_rev = 0x06800003,
		.intx_pin = 1,
		.regs = regs,
	};
	static const struct {
		uint16_t port;
		const struct ioemu_region *region;
	} windows[] = {
		{ PORT_APMC, &apm },
		{ PORT_PCI_HOTPLUG, &pci_hotplug },
		{ PORT_CPU_MAP, &cpu_map },
		{ PORT_GPE0, &gpe0 },
		{ PORT_PM1A_CNT, &pm1a_cnt },
	};
	unsigned i;
	int rc;

	rc = pm_check_cpus(dev);
	if (!rc)
		rc = ioemu_pci(dev, &function);
	for (i = 0; !rc && i < sizeof(windows) / sizeof(windows[0]); i++)
		rc = ioemu_window(dev, IOEMU_PIO, windows[i].port,
				  windows[i].region);
	return rc;
}

static const struct ioemu_prop props[] = {
	IOEMU_PROP(struct piix4_pm, cpus, "1", "processors online at start"),
	IOEMU_PROP(struct piix4_pm, maxcpus, "0",
		   "processors the guest may have; 0: as cpus"),
	{ 0 },
};

static const struct ioemu_field fields[] = {
	IOEMU_FIELD(struct piix4_pm, pm1a_cnt),
	IOEMU_FIELD_ARRAY(struct piix4_pm, apm),
	IOEMU_FIELD_ARRAY(struct piix4_pm, gpe_status),
	IOEMU_FIELD_ARRAY(struct piix4_pm, gpe_enable),
	IOEMU_FIELD_ARRAY(struct piix4_pm, cpu_map),
	IOEMU_FIELD(struct piix4_pm, came),
	IOEMU_FIELD(struct piix4_pm, goes),
	{ 0 },
};

static const struct ioemu_type piix4_pm = {
	IOEMU_TYPE(struct piix4_pm),
	.name = "piix4-pm",
	.summary = "PIIX4 power management for Xen's ACPI tables",
	.props = props,
	.fields = fields,
	.attach = pm_attach,
	.reset = pm_reset,
	.loaded = pm_loaded,
	.hotplug = pm_hotplug,
};

IOEMU_PLUGIN(&piix4_pm);
