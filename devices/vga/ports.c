/* SPDX-License-Identifier: MIT */
/*
 * The registers of a VGA at 0x3b0 to 0x3df (IBM PS/2 Hardware Interface
 * Technical Reference, "VGA"): storage, index registers and flip-flops. What
 * the values mean for memory is memory.c's business; nothing is displayed.
 */
#include "vga.h"

#define ATTR_INDEX 0x1fu
#define STATUS1_TOGGLE 0x09u /* display disabled, vertical retrace */
#define CRTC_PROTECT 0x80u   /* of CRTC_V_SYNC_END: registers 0 to 7 */
#define CRTC_PROTECTED 8u
#define CRTC_LINE_COMPARE 0x10u /* of CRTC_OVERFLOW: never protected */

#define DAC_READING 0x03u /* of 0x3c7 */

static uint8_t
reg_read(const uint8_t *regs, unsigned n, unsigned index)
{
	return index < n ? regs[index] : 0;
}

static void
reg_write(uint8_t *regs, unsigned n, unsigned index, uint8_t value)
{
	if (index < n)
		regs[index] = value;
}

static void
crtc_write(struct vga *s, uint8_t value)
{
	uint8_t *r = s->crtc;

	if (s->crtc_index < CRTC_PROTECTED &&
	    r[CRTC_V_SYNC_END] & CRTC_PROTECT) {
		if (s->crtc_index == CRTC_OVERFLOW)
			r[CRTC_OVERFLOW] =
				(uint8_t)((r[CRTC_OVERFLOW] &
					   ~CRTC_LINE_COMPARE) |
					  (value & CRTC_LINE_COMPARE));
		return;
	}
	reg_write(r, CRTC_REGS, s->crtc_index, value);
}

static void
attr_write(struct vga *s, uint8_t value)
{
	if (s->attr_data)
		reg_write(s->attr, ATTR_REGS, s->attr_index & ATTR_INDEX,
			  value);
	else
		s->attr_index = value & 0x3f;
	s->attr_data = !s->attr_data;
}

/* Waiting loops want both edges: every read shows the other level. */
static uint8_t
status1_read(struct vga *s)
{
	s->attr_data = false;
	s->status1 ^= STATUS1_TOGGLE;
	return s->status1;
}

/* ---- digital to analogue converter ----------------------------------- */

/* 6 bits a colour, unless VBE widened it. */
static uint8_t
dac_bits(const struct vga *s, uint8_t value)
{
	return s->vbe[VBE_ENABLE] & VBE_8BIT_DAC ? value : value & 0x3f;
}

static uint8_t
dac_read(struct vga *s)
{
	uint8_t value = s->dac[3 * s->dac_read + s->dac_step];

	if (++s->dac_step == 3) {
		s->dac_step = 0;
		s->dac_read++;
	}
	return value;
}

/* A colour changes as a whole, with its third byte. */
static void
dac_write(struct vga *s, uint8_t value)
{
	uint8_t *colour = s->dac + (size_t)3 * s->dac_write;

	if (s->dac_step < 2) {
		s->dac_colour[s->dac_step++] = dac_bits(s, value);
		return;
	}
	colour[0] = s->dac_colour[0];
	colour[1] = s->dac_colour[1];
	colour[2] = dac_bits(s, value);
	s->dac_step = 0;
	s->dac_write++;
}

static void
dac_start(struct vga *s, uint8_t *index, uint8_t value)
{
	*index = value;
	s->dac_step = 0;
	s->dac_reading = index == &s->dac_read;
}

/* ---- ports ----------------------------------------------------------- */

/* Of 0x3bx and 0x3dx one half is there, by the colour bit: as 0x3dx, or 0. */
static unsigned
port_decode(const struct vga *s, unsigned port)
{
	unsigned half = s->misc & MISC_COLOUR ? 0x3d0 : 0x3b0;

	if ((port & 0xff0) == 0x3c0)
		return port;
	return (port & 0xff0) == half ? (port & 0xf) | 0x3d0 : 0;
}

uint8_t
vga_port_read(struct vga *s, unsigned port)
{
	switch (port_decode(s, port)) {
	case 0x3c0:
		return s->attr_index;
	case 0x3c1:
		return reg_read(s->attr, ATTR_REGS, s->attr_index & ATTR_INDEX);
	case 0x3c2:
		return 0; /* input status 0: no switch, no interrupt */
	case 0x3c3:
		return s->enable;
	case 0x3c4:
		return s->seq_index;
	case 0x3c5:
		return reg_read(s->seq, SEQ_REGS, s->seq_index);
	case 0x3c6:
		return s->dac_mask;
	case 0x3c7:
		return s->dac_reading ? DAC_READING : 0;
	case 0x3c8:
		return s->dac_write;
	case 0x3c9:
		return dac_read(s);
	case 0x3ca:
		return s->feature;
	case 0x3cc:
		return s->misc;
	case 0x3ce:
		return s->gfx_index;
	case 0x3cf:
		return reg_read(s->gfx, GFX_REGS, s->gfx_index);
	case 0x3d4:
		return s->crtc_index;
	case 0x3d5:
		return reg_read(s->crtc, CRTC_REGS, s->crtc_index);
	case 0x3da:
		return status1_read(s);
	}
	return 0xff;
}

void
vga_port_write(struct vga *s, unsigned port, uint8_t value)
{
	switch (port_decode(s, port)) {
	case 0x3c0:
		attr_write(s, value);
		break;
	case 0x3c2:
		s->misc = value;
		break;
	case 0x3c3:
		s->enable = value & 1;
		break;
	case 0x3c4:
		s->seq_index = value & 7;
		break;
	case 0x3c5:
		reg_write(s->seq, SEQ_REGS, s->seq_index, value);
		break;
	case 0x3c6:
		s->dac_mask = value;
		break;
	case 0x3c7:
		dac_start(s, &s->dac_read, value);
		break;
	case 0x3c8:
		dac_start(s, &s->dac_write, value);
		break;
	case 0x3c9:
		dac_write(s, value);
		break;
	case 0x3ce:
		s->gfx_index = value & 0xf;
		break;
	case 0x3cf:
		reg_write(s->gfx, GFX_REGS, s->gfx_index, value);
		break;
	case 0x3d4:
		s->crtc_index = value & 0x3f;
		break;
	case 0x3d5:
		crtc_write(s, value);
		break;
	case 0x3da:
		s->feature = value;
		break;
	}
}
