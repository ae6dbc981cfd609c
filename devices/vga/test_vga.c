/* SPDX-License-Identifier: MIT */
/* The VGA as a VGA BIOS, boot loaders and kernels use it: the PCI function, the
 * frame buffer, VBE. Other tests have the registers, and text and planes. */
#include "test_guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROM 0xf2000000u
#define LOW 0x10000u /* what is saved of the frame buffer */
#define ROM_SIZE 3000u

/* ---- PCI --------------------------------------------------------------------
 */

static void
identity_is_that_of_the_standard_vga(struct bench *b)
{
	assert_int_equal(bench_cfg_read(b, "VGA", 0, 4), 0x11111234);
	assert_int_equal(bench_cfg_read(b, "VGA", 8, 4), 0x03000002);
	assert_int_equal(bench_cfg_read(b, "VGA", 0x3d, 1), 0);
}

static void
hvmloader_sizes_the_bars(struct bench *b)
{
	unsigned reg;

	for (reg = 0x10; reg <= 0x30; reg += 4)
		bench_cfg_write(b, "VGA", reg, 4, 0xffffffff);
	assert_int_equal(bench_cfg_read(b, "VGA", 0x10, 4), 0xffe00008);
	assert_int_equal(bench_cfg_read(b, "VGA", 0x14, 4), 0);
	assert_int_equal(bench_cfg_read(b, "VGA", 0x18, 4), 0xfffff000);
	assert_int_equal(bench_cfg_read(b, "VGA", 0x30, 4), 0);
}

static void
the_rom_is_read_through_its_bar(struct bench *b)
{
	uint8_t page[4096];
	unsigned i;

	bench_cfg_write(b, "VGA", 0x30, 4, 0xfffffffe);
	assert_int_equal(bench_cfg_read(b, "VGA", 0x30, 4), 0xfffff000);
	bench_cfg_write(b, "VGA", 0x30, 4, ROM | 1);
	bench_cfg_write(b, "VGA", 0x04, 2, 0x0002);
	assert_int_equal(bench_read(b, IOEMU_MEM, ROM, 2), 0xaa55);
	assert_int_equal(bench_read(b, IOEMU_MEM, ROM + 0xfff, 1), 0);
	bench_string(b, IOEMU_MEM, ROM, 4, 1024, false, page);
	for (i = 2; i < sizeof(page); i++)
		assert_int_equal(page[i], i < ROM_SIZE ? (uint8_t)i : 0);
	bench_write(b, IOEMU_MEM, ROM, 4, 0);
	assert_int_equal(bench_read(b, IOEMU_MEM, ROM, 2), 0xaa55);
}

/* ---- frame buffer -----------------------------------------------------------
 */

static void
the_frame_buffer_takes_every_width(struct bench *b)
{
	bars_on(b);
	bench_write(b, IOEMU_MEM, FB + 8, 8, 0x0807060504030201);
	assert_int_equal(bench_read(b, IOEMU_MEM, FB + 8, 1), 0x01);
	assert_int_equal(bench_read(b, IOEMU_MEM, FB + 10, 2), 0x0403);
	assert_int_equal(bench_read(b, IOEMU_MEM, FB + 12, 4), 0x08070605);
	bench_write(b, IOEMU_MEM, FB + 9, 1, 0xaa);
	bench_write(b, IOEMU_MEM, FB + 10, 2, 0xcccc);
	bench_write(b, IOEMU_MEM, FB + 12, 4, 0xdddddddd);
	assert_int_equal(bench_read(b, IOEMU_MEM, FB + 8, 8),
			 0xddddddddccccaa01);
}

static void
a_string_moves_a_page_of_the_frame_buffer(struct bench *b)
{
	uint8_t out[4096], in[4096];
	unsigned i;

	bars_on(b);
	for (i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i * 7);
	bench_string(b, IOEMU_MEM, FB + 0x1003, 4, 1024, true, out);
	bench_string(b, IOEMU_MEM, FB + 0x1003, 4, 1024, false, in);
	assert_memory_equal(in, out, sizeof(out));
}

/* The far side is memory that no state holds: kept, or zero after a load. */
static void
a_string_crosses_the_end_of_what_is_saved(struct bench *b)
{
	uint8_t out[256], in[256], zero[128] = { 0 };

	bars_on(b);
	memset(out, 0x5a, sizeof(out));
	bench_string(b, IOEMU_MEM, FB + LOW - 128, 1, 256, true, out);
	bench_string(b, IOEMU_MEM, FB + LOW - 128, 1, 256, false, in);
	assert_memory_equal(in, out, 128);
	if (in[128])
		assert_memory_equal(in + 128, out, 128);
	else
		assert_memory_equal(in + 128, zero, 128);
}

static void
the_last_byte_of_the_frame_buffer_is_there(struct bench *b)
{
	bars_on(b);
	bench_write(b, IOEMU_MEM, FB + (2u << 20) - 8, 8, 0);
	assert_int_equal(bench_read(b, IOEMU_MEM, FB + (2u << 20) - 8, 8), 0);
	assert_int_equal(bench_read(b, IOEMU_MEM, FB + (2u << 20), 1), 0xff);
}

/* ---- VBE --------------------------------------------------------------------
 */

static void
a_vga_bios_detects_vbe(struct bench *b)
{
	vbe(b, ID, 0xb0c0);
	assert_int_equal(vbe_get(b, ID), 0xb0c0);
	vbe(b, ID, 0xb0c5);
	vbe(b, ID, 0xb0c6);
	assert_int_equal(vbe_get(b, ID), 0xb0c5);
	assert_int_equal(vbe_get(b, MEM64K), 32);
	assert_int_equal(bench_in16(b, 0x1ce), MEM64K);
}

/* The word at 0x1cf is what software uses; it lies across two others. */
static void
data_is_at_1cf_and_at_1d0(struct bench *b)
{
	bench_out16(b, 0x1ce, XRES);
	bench_out16(b, 0x1cf, 0x0320);
	assert_int_equal(bench_in16(b, 0x1cf), 0x0320);
	assert_int_equal(bench_in16(b, 0x1d0), 0x0320);
	bench_out16(b, 0x1d0, 0x0400);
	assert_int_equal(bench_in16(b, 0x1cf), 0x0400);
}

static void
capabilities_are_read_with_getcaps(struct bench *b)
{
	vbe(b, XRES, 640);
	vbe(b, ENABLE, 0x02);
	assert_int_equal(vbe_get(b, XRES), 16000);
	assert_int_equal(vbe_get(b, YRES), 12000);
	assert_int_equal(vbe_get(b, BPP), 32);
	vbe(b, ENABLE, 0x00);
	assert_int_equal(vbe_get(b, XRES), 640);
}

static void
enabling_a_mode_sets_its_geometry_and_clears(struct bench *b)
{
	bars_on(b);
	bench_write(b, IOEMU_MEM, FB + 0x100, 4, 0x12345678);
	vbe(b, XRES, 800);
	vbe(b, YRES, 600);
	vbe(b, BPP, 32);
	vbe(b, ENABLE, 0xc1); /* do not clear */
	assert_int_equal(bench_read(b, IOEMU_MEM, FB + 0x100, 4), 0x12345678);
	assert_int_equal(vbe_get(b, VWIDTH), 800);
	assert_int_equal(vbe_get(b, VHEIGHT), (2 << 20) / 3200);
	expect(b, "mode", "graphics 800x600x32");
	vbe(b, ENABLE, 0x00);
	vbe(b, ENABLE, 0x41);
	assert_int_equal(bench_read(b, IOEMU_MEM, FB + 0x100, 4), 0);
}

static void
a_mode_that_is_too_large_is_cut_to_the_memory(struct bench *b)
{
	vbe(b, XRES, 0xffff);
	vbe(b, YRES, 0xffff);
	vbe(b, BPP, 17);
	vbe(b, ENABLE, 0x01);
	assert_int_equal(vbe_get(b, BPP), 8);
	assert_int_equal(vbe_get(b, XRES), 16000);
	assert_int_equal(vbe_get(b, YRES), (2 << 20) / 16000);
	vbe(b, XRES, 0);
	vbe(b, YRES, 0);
	vbe(b, VWIDTH, 0);
	assert_int_equal(vbe_get(b, XRES), 8);
	assert_int_equal(vbe_get(b, YRES), 1);
	assert_int_equal(vbe_get(b, VWIDTH), 8);
}

static void
banks_move_the_window_over_the_frame_buffer(struct bench *b)
{
	bench_out8(b, 0x3c2, 0x67);
	bars_on(b);
	vbe(b, XRES, 1024);
	vbe(b, YRES, 768);
	vbe(b, BPP, 8);
	vbe(b, ENABLE, 0x01);
	window_set(b, 0x1234, 0x99);
	assert_int_equal(bench_read(b, IOEMU_MEM, FB + 0x1234, 1), 0x99);
	vbe(b, BANK, 5);
	assert_int_equal(vbe_get(b, BANK), 5);
	assert_int_equal(window(b, 0x1234), 0);
	vbe(b, BANK, 0xffff);
	assert_int_equal(vbe_get(b, BANK), 31);
	vbe(b, BANK, 0);
	assert_int_equal(window(b, 0x1234), 0x99);
}

static void
the_dac_has_8_bits_if_vbe_says_so(struct bench *b)
{
	unsigned i;

	vbe(b, ENABLE, 0x20);
	bench_out8(b, 0x3c8, 1);
	for (i = 0; i < 3; i++)
		bench_out8(b, 0x3c9, 0xff);
	bench_out8(b, 0x3c7, 1);
	assert_int_equal(bench_in8(b, 0x3c9), 0xff);
}

/* Linux, drm/tiny/bochs.c. */
static void
the_mmio_bar_mirrors_registers(struct bench *b)
{
	bars_on(b);
	assert_int_equal(bench_read(b, IOEMU_MEM, MMIO + 0x500, 2), 0xb0c5);
	bench_write(b, IOEMU_MEM, MMIO + 0x502, 2, 1280);
	assert_int_equal(vbe_get(b, XRES), 1280);
	bench_write(b, IOEMU_MEM, MMIO + 0x402, 1, 0x67);
	assert_int_equal(bench_in8(b, 0x3cc), 0x67);
	bench_write(b, IOEMU_MEM, MMIO + 0x414, 2, 0x340f);
	assert_int_equal(bench_in8(b, 0x3d5), 0x34);
	assert_int_equal(bench_read(b, IOEMU_MEM, MMIO + 0x414, 2), 0x340f);
	assert_int_equal(bench_read(b, IOEMU_MEM, MMIO, 8), UINT64_MAX);
	assert_int_equal(bench_read(b, IOEMU_MEM, MMIO + 0x600, 4), 0xffffffff);
	assert_int_equal(bench_read(b, IOEMU_MEM, MMIO + 0x501, 1), 0xff);
}

/* ---- hostile ----------------------------------------------------------------
 */

static void
every_port_takes_every_width(struct bench *b)
{
	unsigned port, size;

	for (port = 0x3ae; port < 0x3e2; port++) {
		for (size = 1; size <= 4; size *= 2) {
			bench_write(b, IOEMU_PIO, port, size, 0xfedcba98);
			(void)bench_read(b, IOEMU_PIO, port, size);
		}
	}
	for (port = 0x1cc; port < 0x1d4; port++) {
		for (size = 1; size <= 4; size *= 2) {
			bench_write(b, IOEMU_PIO, port, size, 0x00040004);
			(void)bench_read(b, IOEMU_PIO, port, size);
		}
	}
}

static unsigned
dice(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static void
anything_at_all_is_survived(struct bench *b)
{
	static const uint16_t ports[] = { 0x3c4, 0x3ce, 0x3d4, 0x3c2,
					  0x3c9, 0x3c0, 0x1ce, 0x1d0 };
	uint32_t seed = 1;
	char buf[300];
	unsigned i;

	bars_on(b);
	for (i = 0; i < 1000; i++) {
		bench_out16(b, ports[dice(&seed) % 8],
			    (uint16_t)(i & 1 ? dice(&seed) : dice(&seed) % 12));
		bench_write(b, IOEMU_MEM, WINDOW + dice(&seed) % 0x20000, 4,
			    dice(&seed));
		(void)bench_read(b, IOEMU_MEM, WINDOW + dice(&seed) % 0x20000,
				 8);
		(void)bench_read(b, IOEMU_MEM, FB + dice(&seed) % 0x200000, 8);
		(void)bench_query(b, "VGA", i & 1 ? "text" : "mode", buf,
				  1 + dice(&seed) % sizeof(buf));
	}
}

/* ---- main -------------------------------------------------------------------
 */

/* A ROM image that is no power of two. */
static bool
rom_make(char *path)
{
	uint8_t rom[ROM_SIZE];
	int fd = mkstemp(path);
	unsigned i;
	bool ok;

	if (fd < 0)
		return false;
	for (i = 0; i < sizeof(rom); i++)
		rom[i] = (uint8_t)i;
	rom[0] = 0x55;
	rom[1] = 0xaa;
	ok = write(fd, rom, sizeof(rom)) == sizeof(rom);
	return !close(fd) && ok;
}

int
main(int argc, char **argv)
{
	static const char *const devices[] = { "VGA,vgamem_mb=2,romfile=",
					       NULL };
	char path[] = "/tmp/test_vga.XXXXXX", arg[64];
	const char *const with_rom[] = { arg, NULL };
	const struct bench_test tests[] = {
		BENCH_TEST(identity_is_that_of_the_standard_vga),
		BENCH_TEST(hvmloader_sizes_the_bars),
		BENCH_TEST_WITH(the_rom_is_read_through_its_bar, with_rom),
		BENCH_TEST(the_frame_buffer_takes_every_width),
		BENCH_TEST(a_string_moves_a_page_of_the_frame_buffer),
		BENCH_TEST(a_string_crosses_the_end_of_what_is_saved),
		BENCH_TEST(the_last_byte_of_the_frame_buffer_is_there),
		BENCH_TEST(a_vga_bios_detects_vbe),
		BENCH_TEST(data_is_at_1cf_and_at_1d0),
		BENCH_TEST(capabilities_are_read_with_getcaps),
		BENCH_TEST(enabling_a_mode_sets_its_geometry_and_clears),
		BENCH_TEST(a_mode_that_is_too_large_is_cut_to_the_memory),
		BENCH_TEST(banks_move_the_window_over_the_frame_buffer),
		BENCH_TEST(the_dac_has_8_bits_if_vbe_says_so),
		BENCH_TEST(the_mmio_bar_mirrors_registers),
		BENCH_TEST(every_port_takes_every_width),
		BENCH_TEST(anything_at_all_is_survived),
	};
	int rc = 1;

	if (rom_make(path)) {
		snprintf(arg, sizeof(arg), "VGA,vgamem_mb=2,romfile=%s", path);
		rc = bench_main(argc, argv, devices, tests,
				sizeof(tests) / sizeof(tests[0]));
	}
	unlink(path);
	return rc;
}
