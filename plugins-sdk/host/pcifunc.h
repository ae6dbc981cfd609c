/* SPDX-License-Identifier: MIT */
/* pcifunc.h - a PCI function, between pcifunc.c, bridge.c, msi.c, msix.c. */
#ifndef SDK_HOST_PCIFUNC_H
#define SDK_HOST_PCIFUNC_H

#include "hostdev.h"

#define CONFIG_SIZE 256u
#define CONFIG_EXTENDED 4096u /* PCI Express Base Specification 4.0, 7.2.2 */

#define REG_VENDOR 0x00
#define REG_DEVICE 0x02
#define REG_COMMAND 0x04
#define COMMAND_IO 0x0001u
#define COMMAND_MEMORY 0x0002u
#define COMMAND_MASTER 0x0004u
#define COMMAND_SPECIAL 0x0008u
#define COMMAND_PARITY 0x0040u
#define COMMAND_SERR 0x0100u
#define COMMAND_INTX_OFF 0x0400u
#define REG_STATUS 0x06
#define STATUS_INTERRUPT 0x0008u
#define STATUS_CAPS 0x0010u
#define STATUS_ERRORS 0xf900u /* written ones clear these */
#define REG_CLASS_REV 0x08
#define REG_CACHE_LINE 0x0c
#define REG_LATENCY 0x0d
#define REG_HEADER 0x0e
#define HEADER_MULTI 0x80u
#define HEADER_BRIDGE 0x01u
#define REG_BAR0 0x10
#define BAR_IO 0x1u
#define BAR_64 0x4u
#define BAR_PREF 0x8u
#define REG_BAR_END 0x28
#define REG_BUSES 0x18 /* type 1: where BAR 2 is in type 0 */
#define REG_SUBVENDOR 0x2c
#define REG_SUBDEVICE 0x2e
#define REG_ROM 0x30
#define ROM_ENABLE 0x1u
#define ROM_MIN 2048u /* smallest ROM BAR */
#define REG_ROM_END 0x34
#define ROM_MAX (16u << 20)
#define REG_CAPS 0x34
#define REG_INT_LINE 0x3c
#define REG_INT_PIN 0x3d

#define N_BARS 6u

#define MSIX_MAX 64u /* vectors: their pending bits are one quadword */
#define MSIX_ENTRY_WORDS 4u
#define MSIX_PBA_WORDS 2u

struct host_pcifunc {
	struct hostdev *hd;
	struct ioemu_pci pci;
	struct host_window *bar[N_BARS], *rom;
	unsigned size; /* of configuration space: one of the two */
	uint8_t config[CONFIG_EXTENDED];
	uint8_t preset[CONFIG_EXTENDED]; /* what a reset restores */
	uint8_t writable[CONFIG_EXTENDED];
	uint8_t clear[CONFIG_EXTENDED]; /* written ones clear these */
	/* the table, and behind its last vector the pending bits */
	uint32_t msix[MSIX_MAX * MSIX_ENTRY_WORDS + MSIX_PBA_WORDS];
};

/* First in the list of capabilities; what was there follows. */
void pcifunc_add_cap(struct host_pcifunc *f, uint8_t at, uint8_t id);

/* pcicheck.c: -EINVAL, and why is told. */
int pci_check(struct hostdev *hd, const struct ioemu_pci *pci);

/* bridge.c: the type-1 header, of functions with pci.bridge */
void bridge_masks(struct host_pcifunc *f);
void bridge_preset(struct host_pcifunc *f);
/* Is this write one that must change nothing? */
bool bridge_ignores(const struct host_pcifunc *f, unsigned offset, unsigned len,
		    uint64_t value);

/* msi.c: the MSI capability, of functions with pci.msi_vectors */
#define MSI_AT 0x80
#define MSI_END (MSI_AT + 24)
void msi_masks(struct host_pcifunc *f);
void msi_preset(struct host_pcifunc *f);
bool msi_on(const struct host_pcifunc *f);
void msi_send(struct host_pcifunc *f, unsigned vector);
/* Send what waited for its mask bit to go. */
void msi_unmasked(struct host_pcifunc *f);

/* msix.c: the MSI-X capability and its BAR, of functions with
 * pci.msix_vectors */
#define MSIX_AT MSI_END
#define MSIX_END (MSIX_AT + 12)
/* Make the BAR. Without MSI-X there is nothing to do. */
void msix_place(struct host_pcifunc *f);
void msix_masks(struct host_pcifunc *f);
void msix_preset(struct host_pcifunc *f);
void msix_reset(struct host_pcifunc *f);
bool msix_on(const struct host_pcifunc *f);
void msix_send(struct host_pcifunc *f, unsigned vector);
void msix_unmasked(struct host_pcifunc *f);

#endif
