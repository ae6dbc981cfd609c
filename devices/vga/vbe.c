/* SPDX-License-Identifier: MIT */
/*
 * The Bochs VBE extension ("VBE DISPI"): resolutions beyond VGA by an index
 * and a data register. Keeps the geometry inside video memory; draws nothing.
 */
#include "vga.h"

#define ID_FIRST 0xb0c0u
#define ID_LAST 0xb0c5u
#define MAX_XRES 16000u
#define MAX_YRES 12000u
#define MAX_BPP 32u

#define PORTS_BASE_INDEX 0u /* offsets in the window from 0x1ce */
#define PORTS_DATA_ODD 1u
#define PORTS_DATA 2u

bool
vbe_on(const struct vga *s)
{
	return s->vbe[VBE_ENABLE] & VBE_ENABLED;
}

/* Bits that a pixel takes in memory; 0: no such depth. */
static unsigned
pixel_bits(unsigned bpp)
{
	switch (bpp) {
	case 4:
	case 8:
	case 16:
	case 24:
	case 32:
		return bpp;
	case 15:
		return 16;
	}
	return 0;
}

static uint16_t
within(uint32_t v, uint32_t min, uint32_t max)
{
	return (uint16_t)(v < min ? min : v > max ? max : v);
}

/* Make depth, resolution and line length such that they fit the memory; the
 * longest line of all takes a quarter of a MiB. */
static void
vbe_fit(struct vga *s)
{
	uint16_t *r = s->vbe;
	uint32_t bits, line;

	if (!pixel_bits(r[VBE_BPP]))
		r[VBE_BPP] = 8;
	bits = pixel_bits(r[VBE_BPP]);
	r[VBE_XRES] = within(r[VBE_XRES] & ~7u, 8, MAX_XRES);
	r[VBE_VIRT_WIDTH] =
		within(r[VBE_VIRT_WIDTH] & ~7u, r[VBE_XRES], 0xfff8);
	line = r[VBE_VIRT_WIDTH] / 8u * bits;
	r[VBE_VIRT_HEIGHT] = within(s->size / line, 1, 0xffff);
	r[VBE_YRES] = within(r[VBE_YRES], 1, MAX_YRES);
	r[VBE_YRES] = within(r[VBE_YRES], 1, r[VBE_VIRT_HEIGHT]);
}

static void
vbe_enable(struct vga *s, uint16_t value)
{
	uint16_t *r = s->vbe;
	bool was_on = vbe_on(s);

	r[VBE_ENABLE] = value;
	if (!vbe_on(s) || was_on)
		return;
	r[VBE_VIRT_WIDTH] = 0; /* as wide as the screen */
	r[VBE_X_OFFSET] = 0;
	r[VBE_Y_OFFSET] = 0;
	r[VBE_BANK] = 0;
	vbe_fit(s);
	if (!(value & VBE_NOCLEAR))
		vga_clear(s, r[VBE_VIRT_WIDTH] / 8u * pixel_bits(r[VBE_BPP]) *
				     r[VBE_YRES]);
}

uint16_t
vbe_read(const struct vga *s, unsigned index)
{
	if (s->vbe[VBE_ENABLE] & VBE_GETCAPS) {
		switch (index) {
		case VBE_XRES:
			return MAX_XRES;
		case VBE_YRES:
			return MAX_YRES;
		case VBE_BPP:
			return MAX_BPP;
		}
	}
	if (index == VBE_MEMORY_64K)
		return (uint16_t)(s->size / VBE_BANK_SIZE);
	return index < VBE_REGS ? s->vbe[index] : 0;
}

void
vbe_write(struct vga *s, unsigned index, uint16_t value)
{
	switch (index) {
	case VBE_ID:
		if (value >= ID_FIRST && value <= ID_LAST)
			s->vbe[VBE_ID] = value;
		break;
	case VBE_ENABLE:
		vbe_enable(s, value);
		break;
	case VBE_BANK:
		s->vbe[VBE_BANK] =
			value & (uint16_t)(s->size / VBE_BANK_SIZE - 1);
		break;
	case VBE_XRES:
	case VBE_YRES:
	case VBE_BPP:
	case VBE_VIRT_WIDTH:
		s->vbe[index] = value;
		if (vbe_on(s))
			vbe_fit(s);
		break;
	case VBE_X_OFFSET:
	case VBE_Y_OFFSET:
		s->vbe[index] = value;
		break;
	}
}

/*
 * 16-bit index at 0x1ce, 16-bit data at 0x1cf and again at 0x1d0. A word at
 * 0x1cf is misaligned and comes as two bytes, the low one first.
 */
static void
ports_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	const struct vga *s = ioemu_state(dev);
	uint16_t data = vbe_read(s, s->vbe_index);

	if (a->offset == PORTS_BASE_INDEX)
		a->value = s->vbe_index;
	else if (a->offset == PORTS_DATA_ODD || a->size == 2)
		a->value = data;
	else if (a->offset == PORTS_DATA)
		a->value = data >> 8;
}

static void
ports_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct vga *s = ioemu_state(dev);
	uint16_t value = (uint16_t)a->value;

	if (a->offset == PORTS_BASE_INDEX)
		s->vbe_index = value;
	else if (a->offset == PORTS_DATA_ODD)
		s->vbe_low = (uint8_t)value;
	else if (a->size == 2)
		vbe_write(s, s->vbe_index, value);
	else if (a->offset == PORTS_DATA)
		vbe_write(s, s->vbe_index,
			  (uint16_t)((value & 0xff) << 8 | s->vbe_low));
}

const struct ioemu_region vbe_ports = {
	.name = "vbe",
	.size = 4,
	.min = 1,
	.max = 2,
	.read = ports_read,
	.write = ports_write,
};
