/* SPDX-License-Identifier: MIT */
/*
 * A PCI function: 256 bytes of configuration space with type-0 header, BARs,
 * expansion ROM and capability list (PCI Local Bus Specification 3.0, chapter
 * 6), or 4 KiB where a register of the device asks for that. It moves its
 * windows; who routes to them is the host's business.
 */
#include "pcifunc.h"

#include <stdlib.h>
#include <string.h>

static void
put_reg(uint8_t *p, unsigned width, uint32_t v)
{
	unsigned i;

	for (i = 0; i < width; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

/* ---- windows ------------------------------------------------------ */

static size_t
bar_reg(unsigned i)
{
	return REG_BAR0 + 4 * (size_t)i;
}

/* Where a BAR points; false if it decodes nothing there. */
static bool
bar_base(const struct host_pcifunc *f, unsigned i, uint64_t *base)
{
	const uint8_t *reg = f->config + bar_reg(i);
	const uint8_t *mask = f->writable + bar_reg(i);
	uint16_t command = ioemu_get_le16(f->config + REG_COMMAND);
	bool io = f->pci.bar[i].kind == IOEMU_BAR_IO;
	uint64_t end = UINT32_MAX, size = f->bar[i]->region.size;

	if (!(command & (io ? COMMAND_IO : COMMAND_MEMORY)))
		return false;
	*base = ioemu_get_le32(reg) & ioemu_get_le32(mask);
	if (f->pci.bar[i].kind == IOEMU_BAR_MEM64) {
		*base |= (uint64_t)(ioemu_get_le32(reg + 4) &
				    ioemu_get_le32(mask + 4))
			 << 32;
		end = UINT64_MAX;
	}
	if (io)
		end = 0xffff;
	/* not placed, or (all ones while being sized) past the end */
	return *base && *base <= end && size - 1 <= end - *base &&
	       *base + size - 1 != end;
}

static bool
rom_base(const struct host_pcifunc *f, uint64_t *base)
{
	uint32_t reg = ioemu_get_le32(f->config + REG_ROM);
	uint16_t command = ioemu_get_le16(f->config + REG_COMMAND);

	*base = reg & ioemu_get_le32(f->writable + REG_ROM) & ~ROM_ENABLE;
	return command & COMMAND_MEMORY && reg & ROM_ENABLE && *base &&
	       *base + f->rom->region.size - 1 < UINT32_MAX;
}

/* All that goes away goes before anything new comes. */
void
pcifunc_update(struct host_pcifunc *f)
{
	struct host_window *w[N_BARS + 1];
	uint64_t base[N_BARS + 1];
	bool on[N_BARS + 1];
	unsigned i, n = 0;

	for (i = 0; i < N_BARS; i++) {
		if (!f->bar[i])
			continue;
		w[n] = f->bar[i];
		on[n] = bar_base(f, i, &base[n]);
		n++;
	}
	if (f->rom) {
		w[n] = f->rom;
		on[n] = rom_base(f, &base[n]);
		n++;
	}
	for (i = 0; i < n; i++)
		if (!on[i] || w[i]->base != base[i])
			hostdev_unmap(w[i]);
	for (i = 0; i < n; i++)
		if (on[i])
			hostdev_map(w[i], base[i]);
	hostdev_lines(f->hd);
	if (f->pci.bridge && f->hd->ops->bridge)
		f->hd->ops->bridge(f->hd);
}

/* ---- configuration accesses --------------------------------------- */

static struct host_pcifunc *
func_of(struct ioemu_dev *dev)
{
	return ((struct hostdev *)dev)->func;
}

static void
pcifunc_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct host_pcifunc *f = func_of(dev);
	uint8_t le[8] = { 0 };

	put_reg(f->config + REG_STATUS, 1,
		(f->config[REG_STATUS] & ~STATUS_INTERRUPT) |
			(f->hd->lines & LINE_INTX ? STATUS_INTERRUPT : 0));
	memcpy(le, f->config + a->offset, a->size);
	a->value = ioemu_get_le64(le);
}

static void
pcifunc_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct host_pcifunc *f = func_of(dev);
	unsigned at = (unsigned)a->offset;
	uint32_t i;

	if (bridge_ignores(f, at, a->size, a->value))
		return;
	for (i = 0; i < a->size; i++) {
		uint8_t v = (uint8_t)(a->value >> (8 * i));
		uint8_t w = f->writable[at + i], *c = &f->config[at + i];

		*c = (uint8_t)((*c & ~w) | (v & w));
		*c &= (uint8_t) ~(v & f->clear[at + i]);
	}
	pcifunc_update(f);
	msi_unmasked(f);
	msix_unmasked(f);
	if (!f->pci.config_written)
		return;
	f->pci.config_written(dev, at, a->size);
	pcifunc_update(f); /* it may have changed what it saw */
}

static struct host_window *
pcifunc_window(struct host_pcifunc *f)
{
	const struct ioemu_region region = {
		.name = "config",
		.size = f->size,
		.min = 1,
		.max = 4,
		.read = pcifunc_read,
		.write = pcifunc_write,
	};
	struct host_window *w = hostdev_window(f->hd, IOEMU_CONFIG, &region);

	w->kind = HOST_WINDOW_CONFIG;
	return w;
}

/* ---- making one --------------------------------------------------- */

static void
pcifunc_bars(struct host_pcifunc *f)
{
	unsigned i;

	for (i = 0; i < N_BARS; i++) {
		const struct ioemu_bar *bar = &f->pci.bar[i];
		bool io = bar->kind == IOEMU_BAR_IO;

		if (bar->kind == IOEMU_BAR_NONE)
			continue;
		f->bar[i] = hostdev_window(f->hd, io ? IOEMU_PIO : IOEMU_MEM,
					   bar->region);
		f->bar[i]->kind = HOST_WINDOW_BAR;
		f->bar[i]->index = (uint8_t)i;
		ioemu_put_le64(
			f->writable + bar_reg(i),
			ioemu_get_le64(f->writable + bar_reg(i)) |
				((bar->kind == IOEMU_BAR_MEM64 ? UINT64_MAX
							       : UINT32_MAX) &
				 ~(bar->region->size - 1)));
	}
}

static void
pcifunc_rom(struct host_pcifunc *f)
{
	const struct ioemu_region *rom = f->pci.rom;

	if (!rom)
		return;
	f->rom = hostdev_window(f->hd, IOEMU_MEM, rom);
	f->rom->kind = HOST_WINDOW_ROM;
	ioemu_put_le32(f->writable + REG_ROM,
		       ~(uint32_t)(rom->size - 1) | ROM_ENABLE);
}

static void
pcifunc_regs(struct host_pcifunc *f)
{
	const struct ioemu_reg *r;

	f->size = CONFIG_SIZE;
	for (r = f->pci.regs; r && r->width; r++) {
		if (r->offset + r->width > CONFIG_SIZE)
			f->size = CONFIG_EXTENDED;
		put_reg(f->writable + r->offset, r->width, r->writable);
		put_reg(f->clear + r->offset, r->width, r->clear);
	}
}

static void
pcifunc_masks(struct host_pcifunc *f)
{
	ioemu_put_le16(f->writable + REG_COMMAND,
		       COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER |
			       COMMAND_SPECIAL | COMMAND_PARITY | COMMAND_SERR |
			       COMMAND_INTX_OFF);
	ioemu_put_le16(f->clear + REG_STATUS, STATUS_ERRORS);
	f->writable[REG_CACHE_LINE] = 0xff;
	f->writable[REG_LATENCY] = 0xff;
	f->writable[REG_INT_LINE] = 0xff;
	if (f->pci.bridge)
		bridge_masks(f);
	if (f->pci.msi_vectors)
		msi_masks(f);
	if (f->pci.msix_vectors)
		msix_masks(f);
}

static void
pcifunc_preset_bars(struct host_pcifunc *f)
{
	unsigned i;

	for (i = 0; i < N_BARS; i++) {
		uint8_t *reg = f->config + bar_reg(i);

		if (!f->bar[i])
			continue;
		if (f->pci.bar[i].kind == IOEMU_BAR_IO)
			*reg |= BAR_IO;
		else if (f->bar[i]->region.flags & IOEMU_PREFETCHABLE)
			*reg |= BAR_PREF;
		if (f->pci.bar[i].kind == IOEMU_BAR_MEM64)
			*reg |= BAR_64;
	}
}

void
pcifunc_add_cap(struct host_pcifunc *f, uint8_t at, uint8_t id)
{
	f->config[REG_STATUS] |= STATUS_CAPS;
	f->config[at] = id;
	f->config[at + 1] = f->config[REG_CAPS];
	f->config[REG_CAPS] = at;
}

/* What configuration space holds after a reset. */
static void
pcifunc_preset(struct host_pcifunc *f)
{
	const struct ioemu_pci *pci = &f->pci;
	const struct ioemu_reg *r;

	ioemu_put_le16(f->config + REG_VENDOR, pci->vendor);
	ioemu_put_le16(f->config + REG_DEVICE, pci->device);
	ioemu_put_le32(f->config + REG_CLASS_REV, pci->class_rev);
	if (pci->bridge) {
		bridge_preset(f);
	} else {
		ioemu_put_le16(f->config + REG_SUBVENDOR, pci->subvendor);
		ioemu_put_le16(f->config + REG_SUBDEVICE, pci->subdevice);
	}
	f->config[REG_INT_PIN] = pci->intx_pin;
	pcifunc_preset_bars(f);
	for (r = pci->regs; r && r->width; r++)
		put_reg(f->config + r->offset, r->width, r->reset);
	if (pci->msix_vectors)
		msix_preset(f);
	if (pci->msi_vectors)
		msi_preset(f);
	memcpy(f->preset, f->config, f->size);
}

/* There is room for its windows: ioemu_window() leaves that. */
int
pcifunc_new(struct hostdev *hd, const struct ioemu_pci *pci)
{
	struct host_pcifunc *f;
	int rc = pci_check(hd, pci);

	if (rc)
		return rc;
	f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	hd->func = f;
	f->hd = hd;
	f->pci = *pci;
	msix_place(f);
	pcifunc_masks(f);
	pcifunc_regs(f);
	hd->config = pcifunc_window(f);
	pcifunc_bars(f);
	pcifunc_rom(f);
	pcifunc_preset(f);
	f->pci.regs = NULL; /* the device may have it on its stack */
	return 0;
}

void
pcifunc_free(struct host_pcifunc *f)
{
	free(f);
}

void
pcifunc_reset(struct host_pcifunc *f)
{
	memcpy(f->config, f->preset, f->size);
	msix_reset(f);
	pcifunc_update(f);
}

/* ---- what others ask ---------------------------------------------- */

uint8_t *
pcifunc_config(struct host_pcifunc *f)
{
	return f->config;
}

unsigned
pcifunc_size(const struct host_pcifunc *f)
{
	return f->size;
}

bool
pcifunc_master(const struct host_pcifunc *f)
{
	return ioemu_get_le16(f->config + REG_COMMAND) & COMMAND_MASTER;
}

void
pcifunc_msi(struct host_pcifunc *f, unsigned vector)
{
	if (msix_on(f))
		msix_send(f, vector);
	else if (msi_on(f))
		msi_send(f, vector);
}

/* A function with MSI or MSI-X on must not use its pin (PCI 3.0, 6.8.1.3 and
 * 6.8.2.3). */
bool
pcifunc_intx_enabled(const struct host_pcifunc *f)
{
	return f->pci.intx_pin && !msi_on(f) && !msix_on(f) &&
	       !(ioemu_get_le16(f->config + REG_COMMAND) & COMMAND_INTX_OFF);
}

void
hostdev_set_multifunction(struct hostdev *hd)
{
	if (!hd->func)
		return;
	hd->func->preset[REG_HEADER] |= HEADER_MULTI;
	hd->func->config[REG_HEADER] |= HEADER_MULTI;
}

unsigned
hostdev_intx_pin(const struct hostdev *hd)
{
	return hd->func ? hd->func->pci.intx_pin : 0;
}
