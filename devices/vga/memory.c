/* SPDX-License-Identifier: MIT */
/*
 * Video memory: the linear frame buffer, and the window at 0xa0000 with its
 * planes (IBM VGA, "Graphics Controller" and "Sequencer"). What is in it and
 * how it would look is not its business.
 */
#include "vga.h"

#include <string.h>

#define PLANE_SIZE 0x10000u

#define GFX_MODE_WRITE 0x03u
#define GFX_MODE_COMPARE 0x08u
#define GFX_MODE_ODD_EVEN 0x10u

/* ---- linear ----------------------------------------------------------------
 */

uint8_t *
vga_byte(struct vga *s, uint32_t offset)
{
	return offset < LOW_SIZE ? s->low + offset
				 : s->high + (offset - LOW_SIZE);
}

void
vga_clear(struct vga *s, uint32_t len)
{
	memset(s->low, 0, len < LOW_SIZE ? len : LOW_SIZE);
	if (len > LOW_SIZE)
		memset(s->high, 0, len - LOW_SIZE);
}

/* How much of [offset, offset + len) lies on offset's side of LOW_SIZE. */
static uint32_t
same_side(uint64_t offset, uint32_t len)
{
	if (offset < LOW_SIZE && len > LOW_SIZE - offset)
		return (uint32_t)(LOW_SIZE - offset);
	return len;
}

/* An access is aligned, so it never lies on both sides. */
static void
frame_buffer_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	const uint8_t *p = vga_byte(ioemu_state(dev), (uint32_t)a->offset);

	a->value = a->size == 8	  ? ioemu_get_le64(p)
		   : a->size == 4 ? ioemu_get_le32(p)
		   : a->size == 2 ? ioemu_get_le16(p)
				  : *p;
}

static void
frame_buffer_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	uint8_t *p = vga_byte(ioemu_state(dev), (uint32_t)a->offset);

	switch (a->size) {
	case 8:
		ioemu_put_le64(p, a->value);
		break;
	case 4:
		ioemu_put_le32(p, (uint32_t)a->value);
		break;
	case 2:
		ioemu_put_le16(p, (uint16_t)a->value);
		break;
	default:
		*p = (uint8_t)a->value;
	}
}

static void
frame_buffer_burst_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct vga *s = ioemu_state(dev);
	uint32_t at = (uint32_t)a->offset;
	uint32_t n = same_side(at, a->size);

	memcpy(a->data, vga_byte(s, at), n);
	if (n < a->size)
		memcpy(a->data + n, s->high, a->size - n);
}

static void
frame_buffer_burst_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct vga *s = ioemu_state(dev);
	uint32_t at = (uint32_t)a->offset;
	uint32_t n = same_side(at, a->size);

	memcpy(vga_byte(s, at), a->data, n);
	if (n < a->size)
		memcpy(s->high, a->data + n, a->size - n);
}

/* The size is set for each instance. */
const struct ioemu_region vga_frame_buffer = {
	.name = "frame-buffer",
	.min = 1,
	.max = 8,
	.flags = IOEMU_PREFETCHABLE,
	.read = frame_buffer_read,
	.write = frame_buffer_write,
	.burst_read = frame_buffer_burst_read,
	.burst_write = frame_buffer_burst_write,
};

/* ---- planes ----------------------------------------------------------------
 */

/* Bit k of n in every bit of byte k. */
static uint32_t
spread(unsigned n)
{
	uint32_t v = 0;
	unsigned k;

	for (k = 0; k < 4; k++)
		if (n >> k & 1)
			v |= 0xffu << (8 * k);
	return v;
}

static uint32_t
each_plane(uint8_t v)
{
	return v * 0x01010101u;
}

/* Function select, GFX_ROTATE 4:3. */
static uint32_t
combine(const struct vga *s, uint32_t v)
{
	switch (s->gfx[GFX_ROTATE] >> 3 & 3) {
	case 1:
		return v & s->latch;
	case 2:
		return v | s->latch;
	case 3:
		return v ^ s->latch;
	}
	return v;
}

static uint8_t
rotate(const struct vga *s, uint8_t v)
{
	unsigned n = s->gfx[GFX_ROTATE] & 7;

	return (uint8_t)(v >> n | v << (8 - n));
}

/* What the planes get when the processor writes v. */
static uint32_t
planes_value(const struct vga *s, uint8_t v)
{
	const uint8_t *gfx = s->gfx;
	uint32_t bits = each_plane(gfx[GFX_BIT_MASK]);
	uint32_t set, data;

	switch (gfx[GFX_MODE] & GFX_MODE_WRITE) {
	case 0:
		set = spread(gfx[GFX_ENABLE_SET_RESET]);
		data = (each_plane(rotate(s, v)) & ~set) |
		       (spread(gfx[GFX_SET_RESET]) & set);
		break;
	case 1:
		return s->latch;
	case 2:
		data = spread(v);
		break;
	default:
		bits &= each_plane(rotate(s, v));
		data = spread(gfx[GFX_SET_RESET]);
	}
	return (combine(s, data) & bits) | (s->latch & ~bits);
}

static void
planes_write(struct vga *s, uint32_t p, unsigned map_mask, uint8_t v)
{
	uint8_t *at = vga_byte(s, 4 * p);
	uint32_t mask = spread(map_mask);

	ioemu_put_le32(at, (ioemu_get_le32(at) & ~mask) |
				   (planes_value(s, v) & mask));
}

static uint8_t
planes_read(struct vga *s, uint32_t p, unsigned plane)
{
	uint32_t differ;

	s->latch = ioemu_get_le32(vga_byte(s, 4 * p));
	if (!(s->gfx[GFX_MODE] & GFX_MODE_COMPARE))
		return (uint8_t)(s->latch >> (8 * plane));
	differ = (s->latch ^ spread(s->gfx[GFX_COMPARE])) &
		 spread(s->gfx[GFX_DONT_CARE]);
	differ |= differ >> 16;
	return (uint8_t) ~(differ | differ >> 8);
}

/* ---- the window at 0xa0000 ------------------------------------------- */

/* Memory map select, GFX_MISC 3:2: is the offset decoded, and as what? */
static bool
window_decode(const struct vga *s, uint64_t offset, uint32_t *addr)
{
	static const struct {
		uint32_t first, size;
	} maps[] = {
		{ 0x00000, 0x20000 },
		{ 0x00000, 0x10000 },
		{ 0x10000, 0x08000 },
		{ 0x18000, 0x08000 },
	};
	unsigned map = vbe_on(s) ? 1 : s->gfx[GFX_MISC] >> 2 & 3;

	if (!(s->misc & MISC_RAM) || offset < maps[map].first ||
	    offset - maps[map].first >= maps[map].size)
		return false;
	*addr = (uint32_t)offset - maps[map].first;
	if (vbe_on(s))
		*addr += s->vbe[VBE_BANK] * VBE_BANK_SIZE;
	return true;
}

static bool
window_is_linear(const struct vga *s)
{
	if (vbe_on(s))
		return s->vbe[VBE_BPP] > 4;
	return s->seq[SEQ_MEMORY_MODE] & SEQ_CHAIN_4;
}

static void
window_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct vga *s = ioemu_state(dev);
	unsigned plane = s->gfx[GFX_READ_MAP] & 3;
	uint32_t addr;

	if (!window_decode(s, a->offset, &addr))
		return;
	if (window_is_linear(s)) {
		a->value = *vga_byte(s, addr & (s->size - 1));
		return;
	}
	if (s->gfx[GFX_MODE] & GFX_MODE_ODD_EVEN) {
		plane = (plane & 2) | (addr & 1);
		addr >>= 1;
	}
	a->value = planes_read(s, addr & (PLANE_SIZE - 1), plane);
}

static void
window_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct vga *s = ioemu_state(dev);
	unsigned map_mask = s->seq[SEQ_MAP_MASK] & 0xf;
	uint32_t addr;

	if (!window_decode(s, a->offset, &addr))
		return;
	if (window_is_linear(s)) {
		if (map_mask >> (addr & 3) & 1 || vbe_on(s))
			*vga_byte(s, addr & (s->size - 1)) = (uint8_t)a->value;
		return;
	}
	if (!(s->seq[SEQ_MEMORY_MODE] & SEQ_NO_ODD_EVEN)) {
		map_mask &= addr & 1 ? 0xa : 0x5;
		addr >>= 1;
	}
	planes_write(s, addr & (PLANE_SIZE - 1), map_mask, (uint8_t)a->value);
}

/* Bytes only: every one goes through the latches. */
const struct ioemu_region vga_window = {
	.name = "window",
	.size = 0x20000,
	.min = 1,
	.max = 1,
	.read = window_read,
	.write = window_write,
};
