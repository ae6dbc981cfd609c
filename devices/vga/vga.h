/* SPDX-License-Identifier: MIT */
/*
 * vga.h - the state that the parts of the VGA share, and what each offers to
 * the others. Addresses of video memory are linear: plane k of address p of
 * the planes is byte 4 * p + k, as a chain-4 mode and the frame buffer see it.
 */
#ifndef VGA_H
#define VGA_H

#include <ioemu/device.h>

/* Register indices, IBM VGA (PS/2 Hardware Interface Technical Reference). */
enum {
	SEQ_MAP_MASK = 2,
	SEQ_MEMORY_MODE = 4,

	GFX_SET_RESET = 0,
	GFX_ENABLE_SET_RESET = 1,
	GFX_COMPARE = 2,
	GFX_ROTATE = 3,
	GFX_READ_MAP = 4,
	GFX_MODE = 5,
	GFX_MISC = 6,
	GFX_DONT_CARE = 7,
	GFX_BIT_MASK = 8,

	CRTC_H_END = 0x01,
	CRTC_OVERFLOW = 0x07,
	CRTC_MAX_SCAN = 0x09,
	CRTC_START_HI = 0x0c,
	CRTC_START_LO = 0x0d,
	CRTC_V_SYNC_END = 0x11,
	CRTC_V_END = 0x12,
	CRTC_OFFSET = 0x13,
};

#define SEQ_REGS 5u
#define GFX_REGS 9u
#define ATTR_REGS 21u
#define CRTC_REGS 25u

#define SEQ_NO_ODD_EVEN 0x04u
#define SEQ_CHAIN_4 0x08u
#define GFX_MISC_GRAPHICS 0x01u
#define MISC_COLOUR 0x01u
#define MISC_RAM 0x02u

/* Bochs VBE extension, "VBE DISPI" registers. */
enum {
	VBE_ID,
	VBE_XRES,
	VBE_YRES,
	VBE_BPP,
	VBE_ENABLE,
	VBE_BANK,
	VBE_VIRT_WIDTH,
	VBE_VIRT_HEIGHT,
	VBE_X_OFFSET,
	VBE_Y_OFFSET,
	VBE_REGS,
	VBE_MEMORY_64K = VBE_REGS, /* computed */
};

#define VBE_ENABLED 0x01u
#define VBE_GETCAPS 0x02u
#define VBE_8BIT_DAC 0x20u
#define VBE_NOCLEAR 0x80u

#define VBE_BANK_SIZE 0x10000u

/*
 * The first 64 KiB of video memory live in the state and are saved with it:
 * the whole text window, two fonts of 8 KiB, and mode 13h. The rest comes from
 * the heap and starts as zero after a load.
 */
#define LOW_SIZE 0x10000u

struct vga {
	uint32_t vgamem_mb;
	const char *romfile;

	uint8_t *high; /* video memory from LOW_SIZE on */
	uint32_t size; /* of all video memory, a power of two */
	uint8_t *rom;
	uint32_t rom_size;

	uint8_t misc, feature, enable, status1;
	uint8_t seq_index, gfx_index, crtc_index, attr_index;
	bool attr_data; /* flip-flop: next write to 0x3c0 is data */
	uint8_t seq[SEQ_REGS], gfx[GFX_REGS], attr[ATTR_REGS], crtc[CRTC_REGS];
	uint8_t dac_mask, dac_read, dac_write, dac_step;
	bool dac_reading;
	uint8_t dac_colour[2]; /* red and green on their way */
	uint8_t dac[3 * 256];
	uint32_t latch; /* byte k: plane k */

	uint16_t vbe[VBE_REGS];
	uint16_t vbe_index;
	uint8_t vbe_low;

	uint8_t low[LOW_SIZE];
};

/* ports.c: any port of 0x3b0 to 0x3df. */
uint8_t vga_port_read(struct vga *s, unsigned port);
void vga_port_write(struct vga *s, unsigned port, uint8_t value);

/* vbe.c */
uint16_t vbe_read(const struct vga *s, unsigned index);
void vbe_write(struct vga *s, unsigned index, uint16_t value);
bool vbe_on(const struct vga *s);
extern const struct ioemu_region vbe_ports;

/* memory.c: `offset` is below s->size. */
uint8_t *vga_byte(struct vga *s, uint32_t offset);
void vga_clear(struct vga *s, uint32_t len);
extern const struct ioemu_region vga_window, vga_frame_buffer;

/* screen.c: text of the operator's questions. */
int vga_query(struct ioemu_dev *dev, const char *what, char *buf, size_t size);

#endif
