/* SPDX-License-Identifier: MIT */
/*
 * i31154 - the Intel 31154 PCI-to-PCI bridge. All that makes it a bridge is
 * the host's; here are its identity and the registers that drivers tune.
 */
#include <ioemu/device.h>

/*
 * As Linux's cassini driver, which tunes a 31154 above its card, uses them
 * (drivers/net/ethernet/sun/cassini.c, cas_program_bridge()). They hold what
 * is written: there is no arbitration and no prefetching to be steered.
 */
static const struct ioemu_reg regs[] = {
	{ .offset = 0x41, .width = 2, .writable = 0xffff }, /* arbiter */
	{ .offset = 0x50, .width = 2, .writable = 0x1fff }, /* multi-
							       transaction
							       timer */
	{ .offset = 0x52, .width = 2, .writable = 0xffff }, /* read prefetch
							       policy */
	{ 0 },
};

static int
i31154_attach(struct ioemu_dev *dev)
{
	const struct ioemu_pci pci = {
		.vendor = 0x8086,
		.device = 0x537c,
		.class_rev = 0x06040000,
		.regs = regs,
		.bridge = true,
	};

	return ioemu_pci(dev, &pci);
}

static const struct ioemu_type i31154 = {
	.abi = IOEMU_ABI,
	.size = sizeof(struct ioemu_type),
	.name = "i31154",
	.summary = "Intel 31154 PCI bridge: a bus for devices and peers",
	.attach = i31154_attach,
};

IOEMU_PLUGIN(&i31154);
