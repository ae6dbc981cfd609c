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
	uint16_t command = get_le16(f->config + REG_COMMAND);
	bool io = f->pci.bar[i].kind == IOEMU_BAR_IO;
	uint64_t end = UINT32_MAX, size = f->bar[i]->region.size;

	if (!(command & (io ? COMMAND_IO : COMMAND_MEMORY)))
		return false;
	*base = get_le32(reg) & get_le32(mask);
	if (f->pci.bar[i].kind == IOEMU_BAR_MEM64) {
		*base |= (uint64_t)(get_le32(reg + 4) & get_le32(mask + 4))
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
	uint32_t reg = get_le32(f->config + REG_ROM);
	uint16_t command = get_le16(f->config + REG_COMMAND);

	*base = reg & get_le32(f->writable + REG_ROM) & ~ROM_ENABLE;
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
	a->value = get_le64(le);
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

	if (w)
		w->kind = HOST_WINDOW_CONFIG;
	return w;
}

/* ---- making one --------------------------------------------------- */

static bool
bar_valid(const struct ioemu_bar *bar, unsigned i)
{
	uint64_t size = bar->region ? bar->region->size : 0;
	uint64_t least = bar->kind == IOEMU_BAR_IO ? 4 : 16;
	uint64_t most = bar->kind == IOEMU_BAR_IO      ? 256
			: bar->kind == IOEMU_BAR_MEM32 ? 1ull << 31
						       : 1ull << 62;

	if (size < least || size > most || size & (size - 1))
		return false;
	return bar->kind != IOEMU_BAR_MEM64 ||
	       (i < N_BARS - 1 && bar[1].kind == IOEMU_BAR_NONE);
}

static int
pcifunc_bars(struct host_pcifunc *f)
{
	unsigned i;

	for (i = 0; i < N_BARS; i++) {
		const struct ioemu_bar *bar = &f->pci.bar[i];
		bool io = bar->kind == IOEMU_BAR_IO;

		if (bar->kind == IOEMU_BAR_NONE)
			continue;
		if (!bar_valid(bar, i))
			return -EINVAL;
		f->bar[i] = hostdev_window(f->hd, io ? IOEMU_IO : IOEMU_MEM,
					   bar->region);
		if (!f->bar[i])
			return -EINVAL;
		f->bar[i]->kind = HOST_WINDOW_BAR;
		f->bar[i]->index = (uint8_t)i;
		put_le64(f->writable + bar_reg(i),
			 get_le64(f->writable + bar_reg(i)) |
				 ((bar->kind == IOEMU_BAR_MEM64 ? UINT64_MAX
								: UINT32_MAX) &
				  ~(bar->region->size - 1)));
	}
	return 0;
}

static int
pcifunc_rom(struct host_pcifunc *f)
{
	const struct ioemu_region *rom = f->pci.rom;

	if (!rom)
		return 0;
	if (rom->size < ROM_MIN || rom->size > ROM_MAX ||
	    rom->size & (rom->size - 1))
		return -EINVAL;
	f->rom = hostdev_window(f->hd, IOEMU_MEM, rom);
	if (!f->rom)
		return -EINVAL;
	f->rom->kind = HOST_WINDOW_ROM;
	put_le32(f->writable + REG_ROM,
		 ~(uint32_t)(rom->size - 1) | ROM_ENABLE);
	return 0;
}

static bool
reg_in(const struct ioemu_reg *r, unsigned first, unsigned end)
{
	return r->offset < end && r->offset + r->width > first;
}

/* Anything but what this module keeps by itself. */
static bool
reg_valid(const struct host_pcifunc *f, const struct ioemu_reg *r)
{
	if (r->width != 1 && r->width != 2 && r->width != 4)
		return false;
	if (r->offset > CONFIG_EXTENDED - r->width ||
	    (r->offset < CONFIG_SIZE && r->offset + r->width > CONFIG_SIZE))
		return false;
	return !reg_in(r, REG_BAR0, REG_BAR_END) &&
	       !reg_in(r, REG_ROM, REG_ROM_END) &&
	       !(f->pci.msi_vectors && reg_in(r, MSI_AT, MSI_END)) &&
	       !(f->pci.msix_vectors && reg_in(r, MSIX_AT, MSIX_END));
}

static int
pcifunc_regs(struct host_pcifunc *f)
{
	const struct ioemu_reg *r;

	f->size = CONFIG_SIZE;
	for (r = f->pci.regs; r && r->width; r++) {
		if (!reg_valid(f, r))
			return -EINVAL;
		if (r->offset + r->width > CONFIG_SIZE)
			f->size = CONFIG_EXTENDED;
		put_reg(f->writable + r->offset, r->width, r->writable);
		put_reg(f->clear + r->offset, r->width, r->clear);
	}
	return 0;
}

static void
pcifunc_masks(struct host_pcifunc *f)
{
	put_le16(f->writable + REG_COMMAND,
		 COMMAND_IO | COMMAND_MEMORY | COMMAND_MASTER |
			 COMMAND_SPECIAL | COMMAND_PARITY | COMMAND_SERR |
			 COMMAND_INTX_OFF);
	put_le16(f->clear + REG_STATUS, STATUS_ERRORS);
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

	put_le16(f->config + REG_VENDOR, pci->vendor);
	put_le16(f->config + REG_DEVICE, pci->device);
	put_le32(f->config + REG_CLASS_REV, pci->class_rev);
	if (pci->bridge) {
		bridge_preset(f);
	} else {
		put_le16(f->config + REG_SUBVENDOR, pci->subvendor);
		put_le16(f->config + REG_SUBDEVICE, pci->subdevice);
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

/* A type-1 header has no room for these. */
static bool
bridge_valid(const struct ioemu_pci *pci)
{
	unsigned i;

	for (i = 2; i < N_BARS; i++)
		if (pci->bar[i].kind != IOEMU_BAR_NONE)
			return false;
	return pci->bar[1].kind != IOEMU_BAR_MEM64 && !pci->rom &&
	       !pci->intx_pin && !pci->subvendor && !pci->subdevice;
}

int
pcifunc_new(struct hostdev *hd, const struct ioemu_pci *pci)
{
	struct host_pcifunc *f;
	int rc;

	if (pci->intx_pin > 4 || pci->msi_vectors > 32 ||
	    pci->msi_vectors & (pci->msi_vectors - 1u))
		return -EINVAL;
	f = calloc(1, sizeof(*f));
	if (!f)
		return -ENOMEM;
	hd->func = f;
	f->hd = hd;
	f->pci = *pci;
	if (!msix_place(f) || (pci->bridge && !bridge_valid(&f->pci)))
		return -EINVAL;
	pcifunc_masks(f);
	rc = pcifunc_regs(f);
	if (rc)
		return rc;
	hd->config = pcifunc_window(f);
	if (!hd->config)
		return -ENOSPC;
	rc = pcifunc_bars(f);
	if (!rc)
		rc = pcifunc_rom(f);
	if (!rc)
		pcifunc_preset(f);
	f->pci.regs = NULL; /* the device may have it on its stack */
	return rc;
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
	return get_le16(f->config + REG_COMMAND) & COMMAND_MASTER;
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
	       !(get_le16(f->config + REG_COMMAND) & COMMAND_INTX_OFF);
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
