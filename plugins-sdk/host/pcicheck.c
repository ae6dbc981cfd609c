/* SPDX-License-Identifier: MIT */
/*
 * Can this function be? All rules of struct ioemu_pci in one place, so that
 * who writes a device hears which member is wrong, and what it may be.
 */
#include "pcifunc.h"

static const char *
bar_kind_word(enum ioemu_bar_kind kind)
{
	return kind == IOEMU_BAR_IO ? "IO" : "memory";
}

static int
check_bar_size(struct hostdev *hd, const struct ioemu_bar *bar, unsigned i)
{
	uint64_t size = bar->region->size;
	uint64_t least = bar->kind == IOEMU_BAR_IO ? 4 : 16;
	uint64_t most = bar->kind == IOEMU_BAR_IO      ? 256
			: bar->kind == IOEMU_BAR_MEM32 ? 1ull << 31
						       : 1ull << 62;

	if (size >= least && size <= most && !(size & (size - 1)))
		return 0;
	return hostdev_refuse(
		hd, -EINVAL,
		"bar[%u]: %llu bytes: %s wants a power of two, "
		"%llu to %llu",
		i, (unsigned long long)size, bar_kind_word(bar->kind),
		(unsigned long long)least, (unsigned long long)most);
}

static int
check_bar(struct hostdev *hd, const struct ioemu_pci *pci, unsigned i)
{
	const struct ioemu_bar *bar = &pci->bar[i];
	int rc;

	if (bar->kind == IOEMU_BAR_NONE)
		return 0;
	if ((unsigned)bar->kind > IOEMU_BAR_MEM64)
		return hostdev_refuse(hd, -EINVAL, "bar[%u]: no kind %u", i,
				      (unsigned)bar->kind);
	if (!bar->region)
		return hostdev_refuse(hd, -EINVAL, "bar[%u]: region is NULL",
				      i);
	rc = hostdev_region_check(hd, bar->region);
	if (!rc)
		rc = check_bar_size(hd, bar, i);
	if (rc || bar->kind != IOEMU_BAR_MEM64)
		return rc;
	if (i == N_BARS - 1)
		return hostdev_refuse(hd, -EINVAL,
				      "bar[%u]: MEM64 takes the next one, too, "
				      "and there is none",
				      i);
	if (bar[1].kind != IOEMU_BAR_NONE ||
	    (pci->msix_vectors && pci->msix_bar == i + 1))
		return hostdev_refuse(hd, -EINVAL,
				      "bar[%u]: MEM64 takes bar[%u], too, "
				      "which is used",
				      i, i + 1);
	return 0;
}

static int
check_rom(struct hostdev *hd, const struct ioemu_region *rom)
{
	int rc = rom ? hostdev_region_check(hd, rom) : 0;

	if (rc || !rom ||
	    (rom->size >= ROM_MIN && rom->size <= ROM_MAX &&
	     !(rom->size & (rom->size - 1))))
		return rc;
	return hostdev_refuse(hd, -EINVAL,
			      "rom: %llu bytes: a power of two, %u to %u",
			      (unsigned long long)rom->size, ROM_MIN, ROM_MAX);
}

static int
check_interrupts(struct hostdev *hd, const struct ioemu_pci *pci)
{
	if (pci->intx_pin > 4)
		return hostdev_refuse(hd, -EINVAL, "intx_pin=%u: 0 to 4",
				      pci->intx_pin);
	if (pci->msi_vectors > 32 || pci->msi_vectors & (pci->msi_vectors - 1u))
		return hostdev_refuse(hd, -EINVAL,
				      "msi_vectors=%u: 0, 1, 2, 4, 8, 16 or 32",
				      pci->msi_vectors);
	if (pci->msix_vectors > MSIX_MAX)
		return hostdev_refuse(hd, -EINVAL, "msix_vectors=%u: 0 to %u",
				      pci->msix_vectors, MSIX_MAX);
	if (!pci->msix_vectors)
		return 0;
	if (pci->msix_bar >= N_BARS)
		return hostdev_refuse(hd, -EINVAL, "msix_bar=%u: 0 to %u",
				      pci->msix_bar, N_BARS - 1);
	if (pci->bar[pci->msix_bar].kind != IOEMU_BAR_NONE)
		return hostdev_refuse(hd, -EINVAL,
				      "msix_bar=%u: bar[%u] is used",
				      pci->msix_bar, pci->msix_bar);
	return 0;
}

static int
check_bridge(struct hostdev *hd, const struct ioemu_pci *pci)
{
	const char *wrong = NULL;
	unsigned i;

	for (i = 2; i < N_BARS; i++)
		if (pci->bar[i].kind != IOEMU_BAR_NONE)
			wrong = "BAR above bar[1]";
	if (pci->msix_vectors && pci->msix_bar > 1)
		wrong = "msix_bar above 1";
	if (pci->bar[1].kind == IOEMU_BAR_MEM64)
		wrong = "MEM64 in bar[1]";
	if (pci->rom)
		wrong = "rom";
	if (pci->intx_pin)
		wrong = "intx_pin";
	if (pci->subvendor || pci->subdevice)
		wrong = "subvendor or subdevice";
	if (!wrong)
		return 0;
	return hostdev_refuse(hd, -EINVAL, "bridge: its header has no %s",
			      wrong);
}

static bool
reg_in(const struct ioemu_reg *r, unsigned first, unsigned end)
{
	return r->offset < end && r->offset + r->width > first;
}

/* What the host keeps by itself is not the device's to describe. */
static const char *
reg_wrong(const struct ioemu_pci *pci, const struct ioemu_reg *r)
{
	if (r->width != 1 && r->width != 2 && r->width != 4)
		return "a width is 1, 2 or 4";
	if (r->offset > CONFIG_EXTENDED - r->width)
		return "ends behind 0xfff";
	if (r->offset < CONFIG_SIZE && r->offset + r->width > CONFIG_SIZE)
		return "lies on both sides of 0x100";
	if (reg_in(r, REG_BAR0, REG_BAR_END))
		return "BARs, 0x10 to 0x27, are the host's: say bar[]";
	if (reg_in(r, REG_ROM, REG_ROM_END))
		return "the ROM's BAR, 0x30 to 0x33, is the host's: say rom";
	if (pci->msi_vectors && reg_in(r, MSI_AT, MSI_END))
		return "0x80 to 0x97 is the MSI capability";
	if (pci->msix_vectors && reg_in(r, MSIX_AT, MSIX_END))
		return "0x98 to 0xa3 is the MSI-X capability";
	return NULL;
}

static int
check_regs(struct hostdev *hd, const struct ioemu_pci *pci)
{
	const struct ioemu_reg *r;
	const char *wrong;

	for (r = pci->regs; r && r->width; r++) {
		wrong = reg_wrong(pci, r);
		if (wrong)
			return hostdev_refuse(
				hd, -EINVAL,
				"regs[%u] (offset 0x%x, width %u): %s",
				(unsigned)(r - pci->regs), r->offset, r->width,
				wrong);
	}
	return 0;
}

int
pci_check(struct hostdev *hd, const struct ioemu_pci *pci)
{
	unsigned i;
	int rc = check_interrupts(hd, pci);

	for (i = 0; !rc && i < N_BARS; i++)
		rc = check_bar(hd, pci, i);
	if (!rc)
		rc = check_rom(hd, pci->rom);
	if (!rc && pci->bridge)
		rc = check_bridge(hd, pci);
	return rc ? rc : check_regs(hd, pci);
}
