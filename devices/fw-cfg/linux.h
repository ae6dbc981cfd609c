/* SPDX-License-Identifier: MIT */
/*
 * linux.h - where a Linux kernel, its command line and its initrd go in the
 * guest's memory, and what the kernel's setup code must be told of it.
 */
#ifndef FW_CFG_LINUX_H
#define FW_CFG_LINUX_H

#include <ioemu/device.h>

/* "Sample Boot Configuration" of the boot protocol, real-mode code at X: */
#define LINUX_SETUP_ADDR 0x10000u /* X */
#define LINUX_SETUP_MAX 0x8000u
#define LINUX_HEAP_END 0xe000u /* from X */
#define LINUX_CMDLINE_ADDR (LINUX_SETUP_ADDR + LINUX_HEAP_END)
#define LINUX_CMDLINE_ROOM 0x2000u
#define LINUX_KERNEL_ADDR 0x100000u

struct linux_boot {
	/* Given; the kernel's bytes are only looked at during the call. */
	const uint8_t *kernel;
	uint64_t kernel_size;
	uint64_t initrd_size; /* 0: none */
	const char *cmdline;
	uint64_t ram_end; /* of the RAM below 4 GiB */

	/* Found. */
	uint16_t protocol;   /* 0x020f: 2.15 */
	uint32_t setup_size; /* the kernel proper follows it in the file */
	uint32_t initrd_addr;
	uint8_t setup[LINUX_SETUP_MAX]; /* as the guest gets it */
};

/*
 * -ENOEXEC: no kernel that can be booted this way; -E2BIG: the command line is
 * too long; -ENOSPC: too little memory. *why says which and what to do.
 */
int linux_plan(struct linux_boot *boot, const char **why) IOEMU_MUST_CHECK;

#endif
