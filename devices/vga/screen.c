/* SPDX-License-Identifier: MIT */
/*
 * What an operator may ask of a VGA without a display: the mode, and the text
 * on the screen. Reads registers and memory, changes nothing.
 */
#include "vga.h"

#include <stdio.h>
#include <string.h>

#define MAX_COLUMNS 256u /* CRTC_H_END has 8 bits */

/* Vertical display end, 10 bits in two registers; in scan lines. */
static unsigned
screen_lines(const struct vga *s)
{
	unsigned overflow = s->crtc[CRTC_OVERFLOW];

	return (s->crtc[CRTC_V_END] | (overflow & 0x02) << 7 |
		(overflow & 0x40) << 3) +
	       1;
}

static unsigned
screen_columns(const struct vga *s)
{
	return s->crtc[CRTC_H_END] + 1u;
}

static unsigned
screen_rows(const struct vga *s)
{
	return screen_lines(s) / ((s->crtc[CRTC_MAX_SCAN] & 0x1f) + 1u);
}

static bool
screen_is_text(const struct vga *s)
{
	return !vbe_on(s) && !(s->gfx[GFX_MISC] & GFX_MISC_GRAPHICS) &&
	       s->crtc[CRTC_V_END];
}

/* Columns count 8 dots; mode 13h shows each pixel, and each line, twice. */
static int
screen_mode(const struct vga *s, char *buf, size_t size)
{
	unsigned width = 8 * screen_columns(s), height = screen_lines(s);
	unsigned depth = s->seq[SEQ_MEMORY_MODE] & SEQ_CHAIN_4 ? 8 : 4;

	if (vbe_on(s))
		return snprintf(buf, size, "graphics %ux%ux%u",
				s->vbe[VBE_XRES], s->vbe[VBE_YRES],
				s->vbe[VBE_BPP]);
	if (!s->crtc[CRTC_V_END])
		return snprintf(buf, size, "off");
	if (screen_is_text(s))
		return snprintf(buf, size, "text %ux%u", screen_columns(s),
				screen_rows(s));
	if (depth == 8)
		width /= 2;
	if (s->crtc[CRTC_MAX_SCAN] & 0x9f)
		height /= 2;
	return snprintf(buf, size, "graphics %ux%ux%u", width, height, depth);
}

/* Word mode: a row is 2 * offset characters from the next. */
static unsigned
screen_row(struct vga *s, unsigned row, char *line)
{
	unsigned start = s->crtc[CRTC_START_HI] * 0x100u;
	unsigned columns = screen_columns(s), used = 0, i;

	start += s->crtc[CRTC_START_LO] + row * 2 * s->crtc[CRTC_OFFSET];
	for (i = 0; i < columns; i++) {
		uint8_t c = *vga_byte(s, 4 * ((start + i) & 0xffff));

		if (!c)
			c = ' ';
		line[i] = (char)(c < ' ' || c > '~' ? '.' : c);
		if (c != ' ')
			used = i + 1;
	}
	return used;
}

/* Lines end with a newline; those that do not fit are left out. */
static int
screen_text(struct vga *s, char *buf, size_t size)
{
	unsigned rows = screen_is_text(s) ? screen_rows(s) : 0;
	char line[MAX_COLUMNS];
	size_t len = 0;
	unsigned row;

	for (row = 0; row < rows; row++) {
		unsigned n = screen_row(s, row, line);

		if (n + 2 > size - len)
			break;
		memcpy(buf + len, line, n);
		len += n;
		buf[len++] = '\n';
	}
	buf[len] = '\0';
	return (int)len;
}

int
vga_query(struct ioemu_dev *dev, const char *what, char *buf, size_t size)
{
	struct vga *s = ioemu_state(dev);

	if (!size)
		return -EINVAL;
	if (!strcmp(what, "text"))
		return screen_text(s, buf, size);
	if (!strcmp(what, "mode"))
		return screen_mode(s, buf, size);
	return -EINVAL;
}
