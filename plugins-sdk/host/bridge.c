/* SPDX-License-Identifier: MIT */
/*
 * The type-1 half of configuration space (PCI-to-PCI Bridge Architecture
 * Specification 1.2, chapter 3): which registers there are, and what they say
 * together. What sits behind the bridge is the host's business.
 */
#include "pcifunc.h"

#define REG_BUS_SECONDARY 0x19
#define REG_BUS_SUBORDINATE 0x1a
#define REG_IO_BASE 0x1c
#define REG_IO_LIMIT 0x1d
#define REG_SECONDARY_STATUS 0x1e
#define REG_MEM_BASE 0x20
#define REG_MEM_LIMIT 0x22
#define REG_PREF_BASE 0x24
#define REG_PREF_LIMIT 0x26
#define PREF_64 0x0001u
#define REG_PREF_BASE_UPPER 0x28
#define REG_PREF_LIMIT_UPPER 0x2c
#define REG_BRIDGE_CONTROL 0x3e
/* parity error response, SERR#, master abort mode, secondary reset. ISA and
 * VGA enable read 0: neither kind of address is passed on. */
#define CONTROL_WRITABLE 0x0063u
#define CONTROL_RESET 0x0040u

#define IO_UNIT 0x1000u /* window granules */
#define MEM_UNIT 0x100000u

void
bridge_masks(struct host_pcifunc *f)
{
	uint8_t *w = f->writable;

	/* bus numbers and the secondary latency timer */
	ioemu_put_le32(w + REG_BUSES, UINT32_MAX);
	w[REG_IO_BASE] = 0xf0;
	w[REG_IO_LIMIT] = 0xf0;
	ioemu_put_le16(f->clear + REG_SECONDARY_STATUS, STATUS_ERRORS);
	ioemu_put_le16(w + REG_MEM_BASE, 0xfff0);
	ioemu_put_le16(w + REG_MEM_LIMIT, 0xfff0);
	ioemu_put_le16(w + REG_PREF_BASE, 0xfff0);
	ioemu_put_le16(w + REG_PREF_LIMIT, 0xfff0);
	ioemu_put_le32(w + REG_PREF_BASE_UPPER, UINT32_MAX);
	ioemu_put_le32(w + REG_PREF_LIMIT_UPPER, UINT32_MAX);
	ioemu_put_le16(w + REG_BRIDGE_CONTROL, CONTROL_WRITABLE);
}

void
bridge_preset(struct host_pcifunc *f)
{
	f->config[REG_HEADER] = HEADER_BRIDGE;
	ioemu_put_le16(f->config + REG_PREF_BASE, PREF_64);
	ioemu_put_le16(f->config + REG_PREF_LIMIT, PREF_64);
}

/*
 * A stock hvmloader does not look at the header type and sizes what it takes
 * for BARs (tools/firmware/hvmloader/pci.c, pci_setup()). A bridge whose
 * registers from 0x18 to 0x24 do not take all ones has no size there, so it is
 * left alone. No operating system writes that value to these: Linux probes
 * windows with 0xe0f0 and 0xffe0fff0.
 */
bool
bridge_ignores(const struct host_pcifunc *f, unsigned offset, unsigned len,
	       uint64_t value)
{
	return f->pci.bridge && len == 4 && value == UINT32_MAX &&
	       offset >= REG_BUSES && offset <= REG_PREF_BASE;
}

/* base and limit are in granules of `unit`. */
static struct host_interval
bridge_interval(bool on, uint64_t base, uint64_t limit, uint64_t unit)
{
	if (!on || base > limit)
		return (struct host_interval){ 1, 0 };
	return (struct host_interval){ base * unit, limit * unit + unit - 1 };
}

bool
hostdev_bridge(const struct hostdev *hd, struct host_bridge *out)
{
	const struct host_pcifunc *f = hd->func;
	const uint8_t *c;
	uint16_t command;
	bool mem;

	if (!f || !f->pci.bridge)
		return false;
	c = f->config;
	command = ioemu_get_le16(c + REG_COMMAND);
	mem = command & COMMAND_MEMORY;
	*out = (struct host_bridge){
		.secondary = c[REG_BUS_SECONDARY],
		.subordinate = c[REG_BUS_SUBORDINATE],
		.upstream = command & COMMAND_MASTER,
		.reset = ioemu_get_le16(c + REG_BRIDGE_CONTROL) & CONTROL_RESET,
	};
	out->window[HOST_BRIDGE_IO] =
		bridge_interval(command & COMMAND_IO, c[REG_IO_BASE] >> 4,
				c[REG_IO_LIMIT] >> 4, IO_UNIT);
	out->window[HOST_BRIDGE_MEM] = bridge_interval(
		mem, ioemu_get_le16(c + REG_MEM_BASE) >> 4,
		ioemu_get_le16(c + REG_MEM_LIMIT) >> 4, MEM_UNIT);
	out->window[HOST_BRIDGE_PREF] = bridge_interval(
		mem,
		(uint64_t)ioemu_get_le32(c + REG_PREF_BASE_UPPER) << 12 |
			ioemu_get_le16(c + REG_PREF_BASE) >> 4,
		(uint64_t)ioemu_get_le32(c + REG_PREF_LIMIT_UPPER) << 12 |
			ioemu_get_le16(c + REG_PREF_LIMIT) >> 4,
		MEM_UNIT);
	return true;
}
