/* SPDX-License-Identifier: MIT */
/*
 * rom.S - the finished option ROM as data of the plugin. LINUXBOOT_BIN, its
 * path, comes from rules.mk.
 */
	.section .rodata
	.globl	linuxboot_rom
	.hidden	linuxboot_rom
	.globl	linuxboot_rom_size
	.hidden	linuxboot_rom_size
	.balign	16
linuxboot_rom:
	.incbin	LINUXBOOT_BIN
rom_end:
	.balign	4
linuxboot_rom_size:
	.long	rom_end - linuxboot_rom

	.section .note.GNU-stack, "", @progbits
