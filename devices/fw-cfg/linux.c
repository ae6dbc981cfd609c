/* SPDX-License-Identifier: MIT */
/*
 * linux.c - the boot loader's half of the Linux/x86 boot protocol (Linux,
 * Documentation/x86/boot): checks a bzImage, plans the memory, fills in the
 * setup header. Knows bytes only, neither files nor fw_cfg.
 */
#include "linux.h"

#include <stdlib.h>
#include <string.h>

/* "The Real-Mode Kernel Header": offsets from the start of the file. */
#define HDR_SETUP_SECTS 0x1f1
#define HDR_VID_MODE 0x1fa
#define HDR_BOOT_FLAG 0x1fe
#define HDR_MAGIC 0x202
#define HDR_VERSION 0x206
#define HDR_TYPE_OF_LOADER 0x210
#define HDR_LOADFLAGS 0x211
#define HDR_RAMDISK_IMAGE 0x218
#define HDR_RAMDISK_SIZE 0x21c
#define HDR_HEAP_END_PTR 0x224
#define HDR_CMD_LINE_PTR 0x228
#define HDR_INITRD_ADDR_MAX 0x22c
#define HDR_CMDLINE_SIZE 0x238
#define HDR_PREF_ADDRESS 0x258
#define HDR_INIT_SIZE 0x260
#define HDR_END 0x264 /* of what is read here */

#define SECTOR 512u
#define SETUP_SECTS_OF_0 4u
#define BOOT_FLAG 0xaa55
#define MAGIC 0x53726448 /* "HdrS" */
#define LOADED_HIGH 0x01
#define CAN_USE_HEAP 0x80
#define LOADER_UNDEFINED 0xff
#define HEAP_END_BIAS 0x200u

#define VID_MODE_NORMAL 0xffff
#define VID_MODE_EXT 0xfffe
#define VID_MODE_ASK 0xfffd

/* Limits of protocols that have no field for them. */
#define OLD_INITRD_ADDR_MAX 0x37ffffffu
#define OLD_CMDLINE_SIZE 255u

/*
 * Room at the top of low RAM for the firmware: hvmloader takes pages there when
 * the domain is at its limit, SeaBIOS keeps its tables there.
 */
#define TOP_RESERVED (4u << 20)
#define PAGE_SIZE 4096u

/* The text after `option` ("vga="), which starts a word; NULL if absent. */
static const char *
linux_option(const char *cmdline, const char *option)
{
	size_t len = strlen(option);
	const char *word = cmdline;

	while (*word) {
		if (!strncmp(word, option, len))
			return word + len;
		word += strcspn(word, " ");
		word += strspn(word, " ");
	}
	return NULL;
}

/* vga= is the boot loader's to obey: the kernel's setup reads vid_mode. */
static void
linux_set_vid_mode(struct linux_boot *boot)
{
	const char *arg = linux_option(boot->cmdline, "vga=");
	unsigned long mode;
	char *end;

	if (!arg)
		return;

	mode = strtoul(arg, &end, 0);
	if (!strncmp(arg, "normal", 6))
		mode = VID_MODE_NORMAL;
	else if (!strncmp(arg, "ext", 3))
		mode = VID_MODE_EXT;
	else if (!strncmp(arg, "ask", 3))
		mode = VID_MODE_ASK;
	else if (end == arg)
		return;
	ioemu_put_le16(boot->setup + HDR_VID_MODE, (uint16_t)mode);
}

/* End of the memory that the kernel will use: mem= binds the loader too. */
static uint64_t
linux_memory_end(const struct linux_boot *boot)
{
	static const char suffix[] = "kmgtpe";
	const char *arg = linux_option(boot->cmdline, "mem=");
	uint64_t end = boot->ram_end;
	unsigned shift = 0;
	uint64_t mem;
	const char *s;
	char *rest;

	if (arg) {
		mem = strtoull(arg, &rest, 0);
		s = *rest ? strchr(suffix, *rest | 0x20) : NULL;
		if (s)
			shift = 10 * (unsigned)(s - suffix + 1);
		if (mem && mem <= (end >> shift))
			end = mem << shift;
	}
	return end;
}

/* First byte above what the kernel needs to unpack itself and start. */
static uint64_t
linux_kernel_end(const struct linux_boot *boot)
{
	const uint8_t *hdr = boot->setup;
	uint64_t end = LINUX_KERNEL_ADDR + boot->kernel_size - boot->setup_size;
	uint64_t start, run_end;

	if (boot->protocol < 0x020a)
		return end;

	start = ioemu_get_le64(hdr + HDR_PREF_ADDRESS);
	if (start < LINUX_KERNEL_ADDR)
		start = LINUX_KERNEL_ADDR;
	if (start > boot->ram_end)
		return start;
	run_end = start + ioemu_get_le32(hdr + HDR_INIT_SIZE);
	return run_end > end ? run_end : end;
}

static int
linux_check(struct linux_boot *boot, const char **why)
{
	const uint8_t *hdr = boot->kernel;
	unsigned sects;

	*why = "is no Linux bzImage";
	if (boot->kernel_size < HDR_END ||
	    ioemu_get_le16(hdr + HDR_BOOT_FLAG) != BOOT_FLAG ||
	    ioemu_get_le32(hdr + HDR_MAGIC) != MAGIC)
		return -ENOEXEC;

	boot->protocol = ioemu_get_le16(hdr + HDR_VERSION);
	if (boot->protocol < 0x0202 || !(hdr[HDR_LOADFLAGS] & LOADED_HIGH)) {
		*why = "is too old: boot protocol 2.02 and a bzImage are "
		       "needed";
		return -ENOEXEC;
	}

	sects = hdr[HDR_SETUP_SECTS] ? hdr[HDR_SETUP_SECTS] : SETUP_SECTS_OF_0;
	boot->setup_size = (sects + 1) * SECTOR;
	if (boot->setup_size > LINUX_SETUP_MAX) {
		*why = "has more setup code than the boot protocol's 32 KiB";
		return -ENOEXEC;
	}
	if (boot->setup_size >= boot->kernel_size) {
		*why = "is cut short";
		return -ENOEXEC;
	}
	return 0;
}

static int
linux_check_cmdline(const struct linux_boot *boot, const char **why)
{
	const uint8_t *hdr = boot->kernel;
	uint32_t max = OLD_CMDLINE_SIZE;

	if (boot->protocol >= 0x0206)
		max = ioemu_get_le32(hdr + HDR_CMDLINE_SIZE);
	if (max > LINUX_CMDLINE_ROOM - 1)
		max = LINUX_CMDLINE_ROOM - 1;
	if (strlen(boot->cmdline) <= max)
		return 0;
	*why = "takes no command line that long";
	return -E2BIG;
}

/* Page aligned, as high as kernel and firmware allow. */
static int
linux_place_initrd(struct linux_boot *boot, const char **why)
{
	uint64_t top = linux_memory_end(boot);
	uint64_t limit = OLD_INITRD_ADDR_MAX;
	uint64_t floor = linux_kernel_end(boot);

	top = top > TOP_RESERVED ? top - TOP_RESERVED : 0;
	if (floor > top) {
		*why = "does not fit the guest's memory: give it more";
		return -ENOSPC;
	}
	if (!boot->initrd_size)
		return 0;

	if (boot->protocol >= 0x0203)
		limit = ioemu_get_le32(boot->setup + HDR_INITRD_ADDR_MAX);
	if (top > limit + 1)
		top = limit + 1;
	if (boot->initrd_size <= top) {
		top = (top - boot->initrd_size) & ~(uint64_t)(PAGE_SIZE - 1);
		if (top >= floor) {
			boot->initrd_addr = (uint32_t)top;
			return 0;
		}
	}
	*why = "leaves no room for its initrd: give the guest more memory";
	return -ENOSPC;
}

int
linux_plan(struct linux_boot *boot, const char **why)
{
	uint8_t *hdr = boot->setup;
	int err = linux_check(boot, why);

	if (!err)
		err = linux_check_cmdline(boot, why);
	if (err)
		return err;

	memcpy(boot->setup, boot->kernel, boot->setup_size);
	err = linux_place_initrd(boot, why);
	if (err)
		return err;

	linux_set_vid_mode(boot);
	hdr[HDR_TYPE_OF_LOADER] = LOADER_UNDEFINED;
	hdr[HDR_LOADFLAGS] |= CAN_USE_HEAP;
	ioemu_put_le16(hdr + HDR_HEAP_END_PTR, LINUX_HEAP_END - HEAP_END_BIAS);
	ioemu_put_le32(hdr + HDR_CMD_LINE_PTR, LINUX_CMDLINE_ADDR);
	ioemu_put_le32(hdr + HDR_RAMDISK_IMAGE, boot->initrd_addr);
	ioemu_put_le32(hdr + HDR_RAMDISK_SIZE, (uint32_t)boot->initrd_size);
	return 0;
}
