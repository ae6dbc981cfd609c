/* SPDX-License-Identifier: MIT */
/*
 * The MSI capability (PCI Local Bus Specification 3.0, 6.8.1): 64-bit address,
 * a mask bit for each vector. It knows registers; what becomes of a message is
 * the host's business.
 */
#include "pcifunc.h"

#define MSI_ID 0x05
#define MSI_CONTROL (MSI_AT + 2)
#define MSI_ENABLE 0x0001u
#define MSI_GRANTED 0x0070u
#define MSI_64 0x0080u
#define MSI_MASKING 0x0100u
#define MSI_ADDR (MSI_AT + 4)
#define MSI_DATA (MSI_AT + 12)
#define MSI_MASK (MSI_AT + 16)
#define MSI_PENDING (MSI_AT + 20)

bool
msi_on(const struct host_pcifunc *f)
{
	return f->pci.msi_vectors &&
	       ioemu_get_le16(f->config + MSI_CONTROL) & MSI_ENABLE;
}

/* Vectors the guest granted: never more than there are. */
static unsigned
msi_granted(const struct host_pcifunc *f)
{
	unsigned n = 1u << (ioemu_get_le16(f->config + MSI_CONTROL) >> 4 & 7);

	return n < f->pci.msi_vectors ? n : f->pci.msi_vectors;
}

void
msi_send(struct host_pcifunc *f, unsigned vector)
{
	uint32_t pending, bit, data;
	unsigned n;

	if (!request_may_dma(f->hd))
		return;
	n = msi_granted(f);
	vector &= n - 1;
	bit = 1u << vector;
	pending = ioemu_get_le32(f->config + MSI_PENDING);
	if (ioemu_get_le32(f->config + MSI_MASK) & bit) {
		ioemu_put_le32(f->config + MSI_PENDING, pending | bit);
		return;
	}
	ioemu_put_le32(f->config + MSI_PENDING, pending & ~bit);
	data = (ioemu_get_le16(f->config + MSI_DATA) & ~(n - 1)) | vector;
	f->hd->ops->msi(f->hd, ioemu_get_le64(f->config + MSI_ADDR), data);
}

void
msi_unmasked(struct host_pcifunc *f)
{
	unsigned i;

	if (!msi_on(f))
		return;
	for (i = 0; i < msi_granted(f); i++)
		if (ioemu_get_le32(f->config + MSI_PENDING) >> i & 1)
			msi_send(f, i);
}

void
msi_masks(struct host_pcifunc *f)
{
	uint64_t vectors = (1ull << f->pci.msi_vectors) - 1;

	ioemu_put_le16(f->writable + MSI_CONTROL, MSI_ENABLE | MSI_GRANTED);
	ioemu_put_le64(f->writable + MSI_ADDR, ~3ull);
	ioemu_put_le16(f->writable + MSI_DATA, 0xffff);
	ioemu_put_le32(f->writable + MSI_MASK, (uint32_t)vectors);
}

void
msi_preset(struct host_pcifunc *f)
{
	unsigned log2 = (unsigned)__builtin_ctz(f->pci.msi_vectors);

	pcifunc_add_cap(f, MSI_AT, MSI_ID);
	ioemu_put_le16(f->config + MSI_CONTROL,
		       (uint16_t)(MSI_64 | MSI_MASKING | log2 << 1));
}
