/* SPDX-License-Identifier: MIT */
/*
 * The VGA as a device: PCI function, windows, ROM, saved state. It is a stub:
 * everything a guest can write is kept, nothing is displayed.
 */
#include "vga.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_ROM "/usr/share/seabios/vgabios-stdvga.bin"
#define MAX_ROM (1u << 20)
#define MIN_ROM (2u << 10) /* PCI 2.3, expansion ROM base address register */
#define MAX_VGAMEM_MB 256u

#define VBE_BASE 0x1ce
#define WINDOW_BASE 0xa0000

#define MMIO_SIZE 0x1000
#define MMIO_VGA 0x400 /* ports 0x3c0 to 0x3df */
#define MMIO_VGA_PORT 0x3c0
#define MMIO_VGA_SIZE 0x20
#define MMIO_VBE 0x500

/* ---- windows that only point elsewhere ------------------------------- */

/* The tag is the first port. */
static void
ports_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	a->value =
		vga_port_read(ioemu_state(dev), a->tag + (unsigned)a->offset);
}

static void
ports_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	vga_port_write(ioemu_state(dev), a->tag + (unsigned)a->offset,
		       (uint8_t)a->value);
}

#define PORTS(first, n)                                                        \
	{                                                                      \
		.name = "ports", .size = (n), .min = 1, .max = 1,              \
		.tag = (first), .read = ports_read, .write = ports_write       \
	}

/* Not the rest of 0x3b0 to 0x3bf: a parallel port may be there. */
static const struct ioemu_region legacy[] = {
	PORTS(0x3b4, 2), PORTS(0x3ba, 1), PORTS(0x3c0, 16),
	PORTS(0x3d4, 2), PORTS(0x3da, 1),
};

static bool
mmio_is_vga(uint64_t offset)
{
	return offset >= MMIO_VGA && offset - MMIO_VGA < MMIO_VGA_SIZE;
}

static void
mmio_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct vga *s = ioemu_state(dev);
	unsigned at = (unsigned)a->offset, i;

	if (mmio_is_vga(at)) {
		a->value = 0;
		for (i = 0; i < a->size; i++)
			a->value |=
				(uint64_t)vga_port_read(s, MMIO_VGA_PORT + at -
								   MMIO_VGA + i)
				<< (8 * i);
	} else if (a->size == 2 && at >= MMIO_VBE &&
		   (at - MMIO_VBE) / 2 <= VBE_MEMORY_64K) {
		a->value = vbe_read(s, (at - MMIO_VBE) / 2);
	}
}

static void
mmio_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct vga *s = ioemu_state(dev);
	unsigned at = (unsigned)a->offset, i;

	if (mmio_is_vga(at)) {
		for (i = 0; i < a->size; i++)
			vga_port_write(s, MMIO_VGA_PORT + at - MMIO_VGA + i,
				       (uint8_t)(a->value >> (8 * i)));
	} else if (a->size == 2 && at >= MMIO_VBE) {
		vbe_write(s, (at - MMIO_VBE) / 2, (uint16_t)a->value);
	}
}

/* Below MMIO_VGA is room for an EDID: ones, for a display that has none. */
static const struct ioemu_region mmio = {
	.name = "mmio",
	.size = MMIO_SIZE,
	.min = 1,
	.max = 2,
	.read = mmio_read,
	.write = mmio_write,
};

/* ---- ROM ------------------------------------------------------------- */

static void
rom_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	const struct vga *s = ioemu_state(dev);

	a->value = ioemu_get_le32(s->rom + a->offset);
}

static void
rom_burst_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	const struct vga *s = ioemu_state(dev);

	memcpy(a->data, s->rom + a->offset, a->size);
}

static const struct ioemu_region rom = {
	.name = "rom",
	.min = 1,
	.max = 4,
	.flags = IOEMU_PREFETCHABLE,
	.read = rom_read,
	.burst_read = rom_burst_read,
};

/* Room for a power of two, and for a dword read at its last byte. */
static int
rom_read_file(struct vga *s, FILE *f)
{
	long len;

	if (fseek(f, 0, SEEK_END) || (len = ftell(f)) <= 0 ||
	    fseek(f, 0, SEEK_SET) || len > (long)MAX_ROM)
		return -EINVAL;
	s->rom_size = MIN_ROM;
	while (s->rom_size < (uint32_t)len)
		s->rom_size *= 2;
	s->rom = calloc(1, s->rom_size + 3);
	if (!s->rom)
		return -ENOMEM;
	return fread(s->rom, 1, (size_t)len, f) == (size_t)len ? 0 : -EIO;
}

/* The file that a user named must be there; the default one may be missing. */
static int
rom_load(struct ioemu_dev *dev)
{
	struct vga *s = ioemu_state(dev);
	const char *path = s->romfile ? s->romfile : DEFAULT_ROM;
	FILE *f;
	int rc;

	if (s->romfile && !*s->romfile)
		return 0;
	f = fopen(path, "rb");
	rc = f ? rom_read_file(s, f) : -errno;
	if (f)
		(void)fclose(f);
	if (!rc)
		return 0;
	if (!s->romfile && rc == -ENOENT) {
		ioemu_log(dev, IOEMU_WARN,
			  "no VGA BIOS: %s is missing (package seabios); "
			  "firmware will show no text",
			  path);
		return 0;
	}
	ioemu_log(dev, IOEMU_ERROR,
		  "romfile=%s: %s; give an option ROM of at most 1 MiB", path,
		  strerror(-rc));
	return rc;
}

/* ---- life cycle ------------------------------------------------------ */

static int
vga_memory(struct ioemu_dev *dev)
{
	struct vga *s = ioemu_state(dev);

	if (!s->vgamem_mb || s->vgamem_mb > MAX_VGAMEM_MB) {
		ioemu_log(dev, IOEMU_ERROR, "vgamem_mb=%u: give 1 to %u",
			  s->vgamem_mb, MAX_VGAMEM_MB);
		return -EINVAL;
	}
	s->size = 1u << 20;
	while (s->size < s->vgamem_mb << 20)
		s->size *= 2;
	s->high = calloc(1, s->size - LOW_SIZE);
	return s->high ? 0 : -ENOMEM;
}

static int
vga_function(struct ioemu_dev *dev)
{
	struct vga *s = ioemu_state(dev);
	struct ioemu_region frame_buffer = vga_frame_buffer;
	struct ioemu_region rom_bar = rom;
	struct ioemu_pci function = {
		.vendor = 0x1234,
		.device = 0x1111,
		.subvendor = 0x1af4, /* Linux, drm/tiny/bochs.c */
		.subdevice = 0x1100,
		.class_rev = 0x03000002,
		.bar = {
			[0] = { .kind = IOEMU_BAR_MEM32,
				.region = &frame_buffer },
			[2] = { .kind = IOEMU_BAR_MEM32, .region = &mmio },
		},
	};

	frame_buffer.size = s->size;
	rom_bar.size = s->rom_size;
	if (s->rom)
		function.rom = &rom_bar;
	return ioemu_pci(dev, &function);
}

static void
vga_detach(struct ioemu_dev *dev)
{
	struct vga *s = ioemu_state(dev);

	free(s->high);
	free(s->rom);
	s->high = NULL;
	s->rom = NULL;
}

static int
vga_windows(struct ioemu_dev *dev)
{
	unsigned i;
	int rc = 0;

	for (i = 0; !rc && i < sizeof(legacy) / sizeof(legacy[0]); i++)
		rc = ioemu_window(dev, IOEMU_PIO, legacy[i].tag, &legacy[i]);
	if (!rc)
		rc = ioemu_window(dev, IOEMU_PIO, VBE_BASE, &vbe_ports);
	if (!rc)
		rc = ioemu_window(dev, IOEMU_MEM, WINDOW_BASE, &vga_window);
	return rc;
}

static int
vga_attach(struct ioemu_dev *dev)
{
	int rc = vga_memory(dev);

	if (!rc)
		rc = rom_load(dev);
	if (!rc)
		rc = vga_function(dev);
	if (!rc)
		rc = vga_windows(dev);
	if (rc)
		vga_detach(dev);
	return rc;
}

/* Memory keeps its contents. */
static void
vga_reset(struct ioemu_dev *dev, enum ioemu_reset why)
{
	struct vga *s = ioemu_state(dev);

	(void)why;
	s->misc = s->feature = s->status1 = 0;
	s->enable = 1;
	s->seq_index = s->gfx_index = s->crtc_index = s->attr_index = 0;
	s->attr_data = s->dac_reading = false;
	memset(s->seq, 0, sizeof(s->seq));
	memset(s->gfx, 0, sizeof(s->gfx));
	memset(s->attr, 0, sizeof(s->attr));
	memset(s->crtc, 0, sizeof(s->crtc));
	s->dac_mask = 0xff;
	s->dac_read = s->dac_write = s->dac_step = 0;
	memset(s->dac, 0, sizeof(s->dac));
	s->latch = 0;
	memset(s->vbe, 0, sizeof(s->vbe));
	s->vbe[VBE_ID] = 0xb0c5;
	s->vbe_index = 0;
}

/* Values that index something; the rest is bounded where it is used. */
static int
vga_loaded(struct ioemu_dev *dev)
{
	const struct vga *s = ioemu_state(dev);

	return s->dac_step < 3 ? 0 : -EINVAL;
}

static const struct ioemu_prop props[] = {
	IOEMU_PROP(struct vga, vgamem_mb, "16",
		   "video memory in MiB, rounded up to a power of two"),
	IOEMU_PROP(struct vga, romfile, NULL,
		   "VGA BIOS; unset: " DEFAULT_ROM " if it is there"),
	{ 0 },
};

static const struct ioemu_field fields[] = {
	IOEMU_FIELD(struct vga, misc),
	IOEMU_FIELD(struct vga, feature),
	IOEMU_FIELD(struct vga, enable),
	IOEMU_FIELD(struct vga, status1),
	IOEMU_FIELD(struct vga, seq_index),
	IOEMU_FIELD(struct vga, gfx_index),
	IOEMU_FIELD(struct vga, crtc_index),
	IOEMU_FIELD(struct vga, attr_index),
	IOEMU_FIELD(struct vga, attr_data),
	IOEMU_FIELD_ARRAY(struct vga, seq),
	IOEMU_FIELD_ARRAY(struct vga, gfx),
	IOEMU_FIELD_ARRAY(struct vga, attr),
	IOEMU_FIELD_ARRAY(struct vga, crtc),
	IOEMU_FIELD(struct vga, dac_mask),
	IOEMU_FIELD(struct vga, dac_read),
	IOEMU_FIELD(struct vga, dac_write),
	IOEMU_FIELD(struct vga, dac_step),
	IOEMU_FIELD(struct vga, dac_reading),
	IOEMU_FIELD_ARRAY(struct vga, dac_colour),
	IOEMU_FIELD_ARRAY(struct vga, dac),
	IOEMU_FIELD(struct vga, latch),
	IOEMU_FIELD_ARRAY(struct vga, vbe),
	IOEMU_FIELD(struct vga, vbe_index),
	IOEMU_FIELD(struct vga, vbe_low),
	IOEMU_FIELD_ARRAY(struct vga, low),
	{ 0 },
};

static const char *const aliases[] = { "vga", NULL };

static const struct ioemu_type vga = {
	IOEMU_TYPE(struct vga),
	.name = "VGA",
	.summary = "standard VGA with Bochs VBE, without a display",
	.aliases = aliases,
	.props = props,
	.fields = fields,
	.attach = vga_attach,
	.detach = vga_detach,
	.reset = vga_reset,
	.loaded = vga_loaded,
	.query = vga_query,
};

IOEMU_PLUGIN(&vga);
