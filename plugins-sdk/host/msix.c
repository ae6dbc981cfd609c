/* SPDX-License-Identifier: MIT */
/*
 * MSI-X (PCI Local Bus Specification 3.0, 6.8.2): the capability, and a BAR of
 * its own with the table of vectors and, behind the last of them, the pending
 * bits. It knows registers; what becomes of a message is the host's business.
 */
#include "pcifunc.h"

#include <string.h>

#define MSIX_ID 0x11
#define MSIX_CONTROL (MSIX_AT + 2) /* vectors less one in bits 10 to 0 */
#define MSIX_ENABLE 0x8000u
#define MSIX_MASK_ALL 0x4000u
#define MSIX_TABLE (MSIX_AT + 4) /* offset; the BAR's number in bits 2 to 0 */
#define MSIX_PBA (MSIX_AT + 8)	 /* likewise */
#define MSIX_BAR_SIZE 4096u /* a page: the guest maps nothing else with it */

/* words of one vector in the table */
#define ENTRY_ADDR 0
#define ENTRY_ADDR_UPPER 1
#define ENTRY_DATA 2
#define ENTRY_CONTROL 3
#define CONTROL_MASKED 0x1u
#define DATA_VECTOR 0xffu

bool
msix_on(const struct host_pcifunc *f)
{
	return f->pci.msix_vectors &&
	       ioemu_get_le16(f->config + MSIX_CONTROL) & MSIX_ENABLE;
}

/* Words of the table; the pending bits follow. */
static unsigned
msix_words(const struct host_pcifunc *f)
{
	return f->pci.msix_vectors * MSIX_ENTRY_WORDS;
}

/* ---- messages ----------------------------------------------------- */

/*
 * A message with vector 0 is no interrupt of the processor's: it is how a guest
 * asks Xen for the event of a pirq (hvm/irq.c, hvm_inject_msi()). Masking is
 * then the event channel's, and Linux leaves the entry's mask bit as it is
 * after reset, set (arch/x86/pci/xen.c, pci_msi_ignore_mask).
 */
static bool
msix_is_pirq(const uint32_t *entry)
{
	return entry[ENTRY_ADDR] && !(entry[ENTRY_DATA] & DATA_VECTOR);
}

static bool
msix_masked(const struct host_pcifunc *f, const uint32_t *entry)
{
	if (ioemu_get_le16(f->config + MSIX_CONTROL) & MSIX_MASK_ALL)
		return true;
	return entry[ENTRY_CONTROL] & CONTROL_MASKED && !msix_is_pirq(entry);
}

void
msix_send(struct host_pcifunc *f, unsigned vector)
{
	uint32_t *entry, *pending, bit = 1u << vector % 32;

	if (vector >= f->pci.msix_vectors || !request_may_dma(f->hd))
		return;
	entry = f->msix + (size_t)vector * MSIX_ENTRY_WORDS;
	pending = f->msix + msix_words(f) + vector / 32;
	if (msix_masked(f, entry)) {
		*pending |= bit;
		return;
	}
	*pending &= ~bit;
	f->hd->ops->msi(f->hd,
			(uint64_t)entry[ENTRY_ADDR_UPPER] << 32 |
				entry[ENTRY_ADDR],
			entry[ENTRY_DATA]);
}

void
msix_unmasked(struct host_pcifunc *f)
{
	const uint32_t *pending = f->msix + msix_words(f);
	unsigned i;

	if (!msix_on(f))
		return;
	for (i = 0; i < f->pci.msix_vectors; i++)
		if (pending[i / 32] >> i % 32 & 1)
			msix_send(f, i);
}

/* ---- table and pending bits --------------------------------------- */

/* What is reserved, or lies behind the pending bits, reads 0. */
static uint32_t
msix_get(const struct host_pcifunc *f, uint64_t word)
{
	return word < msix_words(f) + MSIX_PBA_WORDS ? f->msix[word] : 0;
}

/* Software cannot write the pending bits (6.8.2.10). */
static void
msix_set(struct host_pcifunc *f, uint64_t word, uint32_t v)
{
	static const uint32_t writable[MSIX_ENTRY_WORDS] = {
		[ENTRY_ADDR] = ~3u, /* a message is an aligned doubleword */
		[ENTRY_ADDR_UPPER] = UINT32_MAX,
		[ENTRY_DATA] = UINT32_MAX,
		[ENTRY_CONTROL] = CONTROL_MASKED,
	};

	if (word < msix_words(f))
		f->msix[word] = v & writable[word % MSIX_ENTRY_WORDS];
}

static void
msix_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	const struct host_pcifunc *f = ((struct hostdev *)dev)->func;

	a->value = msix_get(f, a->offset / 4);
	if (a->size == 8)
		a->value |= (uint64_t)msix_get(f, a->offset / 4 + 1) << 32;
}

static void
msix_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct host_pcifunc *f = ((struct hostdev *)dev)->func;

	msix_set(f, a->offset / 4, (uint32_t)a->value);
	if (a->size == 8)
		msix_set(f, a->offset / 4 + 1, (uint32_t)(a->value >> 32));
	msix_unmasked(f);
}

/* Whole doublewords and quadwords only (6.8.2). */
static const struct ioemu_region msix_region = {
	.name = "msix",
	.size = MSIX_BAR_SIZE,
	.min = 4,
	.max = 8,
	.read = msix_read,
	.write = msix_write,
};

/* ---- as a part of the function ------------------------------------ */

void
msix_place(struct host_pcifunc *f)
{
	if (f->pci.msix_vectors)
		f->pci.bar[f->pci.msix_bar] =
			(struct ioemu_bar){ IOEMU_BAR_MEM32, &msix_region };
}

void
msix_masks(struct host_pcifunc *f)
{
	ioemu_put_le16(f->writable + MSIX_CONTROL, MSIX_ENABLE | MSIX_MASK_ALL);
}

void
msix_preset(struct host_pcifunc *f)
{
	pcifunc_add_cap(f, MSIX_AT, MSIX_ID);
	ioemu_put_le16(f->config + MSIX_CONTROL, f->pci.msix_vectors - 1);
	ioemu_put_le32(f->config + MSIX_TABLE, f->pci.msix_bar);
	ioemu_put_le32(f->config + MSIX_PBA,
		       msix_words(f) * (uint32_t)sizeof(*f->msix) |
			       f->pci.msix_bar);
}

/* Every vector is masked (6.8.2.9). */
void
msix_reset(struct host_pcifunc *f)
{
	unsigned i;

	memset(f->msix, 0, sizeof(f->msix));
	for (i = 0; i < f->pci.msix_vectors; i++)
		f->msix[i * MSIX_ENTRY_WORDS + ENTRY_CONTROL] = CONTROL_MASKED;
}

uint32_t *
pcifunc_msix(struct host_pcifunc *f, uint32_t *count)
{
	*count = f->pci.msix_vectors ? msix_words(f) + MSIX_PBA_WORDS : 0;
	return f->msix;
}
