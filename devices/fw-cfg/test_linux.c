/* SPDX-License-Identifier: MIT */
/*
 * The boot protocol's loader half, on kernels made up here: what is refused,
 * what the setup header says afterwards, where the initrd goes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "linux.c"

#define SETUP_SECTS 3u
#define SETUP_SIZE ((SETUP_SECTS + 1) * SECTOR)
#define KERNEL_SIZE (SETUP_SIZE + 40000u)
#define MIB(n) ((uint64_t)(n) << 20)

struct fixture {
	uint8_t kernel[KERNEL_SIZE];
	struct linux_boot boot;
	const char *why;
};

/* As a kernel of today: protocol 2.15, 16 MiB preferred, 32 MiB to start. */
static void
make_kernel(struct fixture *f)
{
	uint8_t *p = f->kernel;

	memset(f, 0, sizeof(*f));
	p[HDR_SETUP_SECTS] = SETUP_SECTS;
	p[HDR_LOADFLAGS] = LOADED_HIGH;
	ioemu_put_le16(p + HDR_VID_MODE, VID_MODE_NORMAL);
	ioemu_put_le16(p + HDR_BOOT_FLAG, BOOT_FLAG);
	ioemu_put_le32(p + HDR_MAGIC, MAGIC);
	ioemu_put_le16(p + HDR_VERSION, 0x020f);
	ioemu_put_le32(p + HDR_INITRD_ADDR_MAX, 0x7fffffff);
	ioemu_put_le32(p + HDR_CMDLINE_SIZE, 2047);
	ioemu_put_le64(p + HDR_PREF_ADDRESS, MIB(16));
	ioemu_put_le32(p + HDR_INIT_SIZE, (uint32_t)MIB(32));
	f->boot.kernel = p;
	f->boot.kernel_size = KERNEL_SIZE;
	f->boot.cmdline = "";
	f->boot.ram_end = MIB(256);
}

static int
plan(struct fixture *f)
{
	return linux_plan(&f->boot, &f->why);
}

static void
a_kernel_gets_its_header_filled_in(void **state)
{
	struct fixture f;
	const uint8_t *hdr = f.boot.setup;

	(void)state;
	make_kernel(&f);
	f.boot.initrd_size = 12345;
	assert_int_equal(plan(&f), 0);
	assert_int_equal(f.boot.setup_size, SETUP_SIZE);
	assert_int_equal(hdr[0x210], 0xff);
	assert_int_equal(hdr[0x211], 0x81);
	assert_int_equal(ioemu_get_le16(hdr + 0x224), 0xe000 - 0x200);
	assert_int_equal(ioemu_get_le32(hdr + 0x228), 0x1e000);
	assert_int_equal(ioemu_get_le32(hdr + 0x218), f.boot.initrd_addr);
	assert_int_equal(ioemu_get_le32(hdr + 0x21c), 12345);
	assert_int_equal(ioemu_get_le16(hdr + 0x1fa), 0xffff);
}

static void
the_initrd_ends_below_the_firmwares_four_mebibytes(void **state)
{
	struct fixture f;

	(void)state;
	make_kernel(&f);
	f.boot.initrd_size = 4097;
	assert_int_equal(plan(&f), 0);
	assert_int_equal(f.boot.initrd_addr, MIB(252) - 8192);
}

static void
the_initrd_stays_below_the_kernels_limit(void **state)
{
	struct fixture f;

	(void)state;
	make_kernel(&f);
	f.boot.ram_end = MIB(3000);
	f.boot.initrd_size = 4096;
	assert_int_equal(plan(&f), 0);
	assert_int_equal(f.boot.initrd_addr, 0x7ffff000);

	ioemu_put_le16(f.kernel + HDR_VERSION, 0x0202);
	assert_int_equal(plan(&f), 0);
	assert_int_equal(f.boot.initrd_addr, 0x37fff000);
}

static void
no_initrd_leaves_its_fields_zero(void **state)
{
	struct fixture f;

	(void)state;
	make_kernel(&f);
	ioemu_put_le32(f.kernel + HDR_RAMDISK_IMAGE, 0xdead);
	assert_int_equal(plan(&f), 0);
	assert_int_equal(ioemu_get_le32(f.boot.setup + 0x218), 0);
	assert_int_equal(ioemu_get_le32(f.boot.setup + 0x21c), 0);
}

static void
an_initrd_never_overlaps_the_starting_kernel(void **state)
{
	struct fixture f;

	(void)state;
	make_kernel(&f);
	f.boot.initrd_size = MIB(252 - 48);
	assert_int_equal(plan(&f), 0);
	assert_int_equal(f.boot.initrd_addr, MIB(48));

	f.boot.initrd_size++;
	assert_int_equal(plan(&f), -ENOSPC);
	f.boot.initrd_size = MIB(4000);
	assert_int_equal(plan(&f), -ENOSPC);
	assert_non_null(strstr(f.why, "initrd"));
}

static void
an_old_kernel_needs_the_room_of_its_file_only(void **state)
{
	struct fixture f;

	(void)state;
	make_kernel(&f);
	ioemu_put_le16(f.kernel + HDR_VERSION, 0x0209);
	f.boot.ram_end = MIB(6);
	f.boot.initrd_size = 4096;
	assert_int_equal(plan(&f), 0);
	assert_int_equal(f.boot.initrd_addr, MIB(2) - 4096);
}

static void
a_guest_too_small_for_the_kernel_is_refused(void **state)
{
	static const uint64_t small[] = { 0, MIB(1), MIB(4), MIB(51) };
	struct fixture f;
	unsigned i;

	(void)state;
	make_kernel(&f);
	for (i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
		f.boot.ram_end = small[i];
		assert_int_equal(plan(&f), -ENOSPC);
	}
	f.boot.ram_end = MIB(52);
	assert_int_equal(plan(&f), 0);

	ioemu_put_le64(f.kernel + HDR_PREF_ADDRESS, UINT64_MAX);
	assert_int_equal(plan(&f), -ENOSPC);
}

static void
what_is_no_bzimage_is_refused(void **state)
{
	struct fixture f;

	(void)state;
	make_kernel(&f);
	f.boot.kernel_size = HDR_END - 1;
	assert_int_equal(plan(&f), -ENOEXEC);

	make_kernel(&f);
	f.kernel[HDR_MAGIC] ^= 1;
	assert_int_equal(plan(&f), -ENOEXEC);
	assert_non_null(strstr(f.why, "bzImage"));

	make_kernel(&f);
	f.kernel[HDR_BOOT_FLAG] = 0;
	assert_int_equal(plan(&f), -ENOEXEC);
}

static void
an_old_protocol_is_refused(void **state)
{
	struct fixture f;

	(void)state;
	make_kernel(&f);
	ioemu_put_le16(f.kernel + HDR_VERSION, 0x0201);
	assert_int_equal(plan(&f), -ENOEXEC);
	assert_non_null(strstr(f.why, "2.02"));

	make_kernel(&f);
	f.kernel[HDR_LOADFLAGS] = 0; /* a zImage */
	assert_int_equal(plan(&f), -ENOEXEC);
}

static void
a_kernel_cut_short_or_with_absurd_setup_is_refused(void **state)
{
	struct fixture f;

	(void)state;
	make_kernel(&f);
	f.boot.kernel_size = SETUP_SIZE;
	assert_int_equal(plan(&f), -ENOEXEC);
	f.boot.kernel_size = SETUP_SIZE + 1;
	assert_int_equal(plan(&f), 0);

	make_kernel(&f);
	f.kernel[HDR_SETUP_SECTS] = 64;
	assert_int_equal(plan(&f), -ENOEXEC);
	f.kernel[HDR_SETUP_SECTS] = 63;
	assert_int_equal(plan(&f), 0);
	assert_int_equal(f.boot.setup_size, 0x8000);
}

static void
zero_setup_sectors_mean_four(void **state)
{
	struct fixture f;

	(void)state;
	make_kernel(&f);
	f.kernel[HDR_SETUP_SECTS] = 0;
	assert_int_equal(plan(&f), 0);
	assert_int_equal(f.boot.setup_size, 5 * 512);
}

static void
a_command_line_longer_than_the_kernel_takes_is_refused(void **state)
{
	char line[9000];
	struct fixture f;

	(void)state;
	make_kernel(&f);
	f.boot.cmdline = line;
	memset(line, 'x', sizeof(line));
	line[2047] = '\0';
	assert_int_equal(plan(&f), 0);
	line[2047] = 'x';
	line[2048] = '\0';
	assert_int_equal(plan(&f), -E2BIG);

	ioemu_put_le16(f.kernel + HDR_VERSION, 0x0205);
	line[256] = '\0';
	assert_int_equal(plan(&f), -E2BIG);
	line[255] = '\0';
	assert_int_equal(plan(&f), 0);

	/* However much the kernel says: no more than there is room for. */
	make_kernel(&f);
	f.boot.cmdline = line;
	ioemu_put_le32(f.kernel + HDR_CMDLINE_SIZE, UINT32_MAX);
	memset(line, 'x', sizeof(line));
	line[8192] = '\0';
	assert_int_equal(plan(&f), -E2BIG);
	line[8191] = '\0';
	assert_int_equal(plan(&f), 0);
}

static void
vga_on_the_command_line_sets_the_video_mode(void **state)
{
	static const struct {
		const char *cmdline;
		uint16_t mode;
	} cases[] = {
		{ "vga=ask", 0xfffd },	     { "quiet vga=ext", 0xfffe },
		{ "vga=normal", 0xffff },    { "vga=0x317 quiet", 0x317 },
		{ "x vga=791", 791 },	     { "novga=791", 0xffff },
		{ "vga=", 0xffff },	     { "vga=bright", 0xffff },
		{ "root=/dev/x  vga=1", 1 },
	};
	struct fixture f;
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make_kernel(&f);
		f.boot.cmdline = cases[i].cmdline;
		assert_int_equal(plan(&f), 0);
		assert_int_equal(ioemu_get_le16(f.boot.setup + 0x1fa),
				 cases[i].mode);
	}
}

static void
mem_on_the_command_line_bounds_the_initrd(void **state)
{
	static const struct {
		const char *cmdline;
		uint64_t end;
	} cases[] = {
		{ "mem=128M", MIB(128) },      { "mem=0x8000000", MIB(128) },
		{ "mem=131072k", MIB(128) },   { "mem=1G", MIB(256) },
		{ "mem=nopentium", MIB(256) }, { "mem=", MIB(256) },
		{ "mem=16E", MIB(256) },       { "memmap=64M", MIB(256) },
	};
	struct fixture f;
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make_kernel(&f);
		f.boot.cmdline = cases[i].cmdline;
		f.boot.initrd_size = 4096;
		assert_int_equal(plan(&f), 0);
		assert_int_equal(f.boot.initrd_addr,
				 cases[i].end - MIB(4) - 4096);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kernel_gets_its_header_filled_in),
		cmocka_unit_test(
			the_initrd_ends_below_the_firmwares_four_mebibytes),
		cmocka_unit_test(the_initrd_stays_below_the_kernels_limit),
		cmocka_unit_test(no_initrd_leaves_its_fields_zero),
		cmocka_unit_test(an_initrd_never_overlaps_the_starting_kernel),
		cmocka_unit_test(an_old_kernel_needs_the_room_of_its_file_only),
		cmocka_unit_test(a_guest_too_small_for_the_kernel_is_refused),
		cmocka_unit_test(what_is_no_bzimage_is_refused),
		cmocka_unit_test(an_old_protocol_is_refused),
		cmocka_unit_test(
			a_kernel_cut_short_or_with_absurd_setup_is_refused),
		cmocka_unit_test(zero_setup_sectors_mean_four),
		cmocka_unit_test(
			a_command_line_longer_than_the_kernel_takes_is_refused),
		cmocka_unit_test(vga_on_the_command_line_sets_the_video_mode),
		cmocka_unit_test(mem_on_the_command_line_bounds_the_initrd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
