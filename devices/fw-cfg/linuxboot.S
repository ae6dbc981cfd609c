/* SPDX-License-Identifier: MIT */
/*
 * linuxboot.S - the option ROM that starts a Linux kernel out of fw_cfg.
 *
 * It owns the way from the BIOS' "boot this ROM" to the kernel's real-mode
 * entry. It places nothing itself: where setup code, command line, kernel and
 * initrd go is read from the device, which also filled in the setup header.
 * Every piece is moved by the device's DMA, above 1 MiB too, so the processor
 * never leaves real mode.
 *
 * Linked at 0, run from a segment of its own. The ROM may be read-only by the
 * time it boots: all that it changes lives on the BIOS' stack.
 */
	.code16
	.section .text

#define SECTOR		512

/* fw_cfg: keys and DMA interface as in QEMU's docs/specs/fw_cfg. */
#define PORT_DMA_LOW	0x518	/* low half of the address, big-endian */
#define CTL_READ	0x02
#define CTL_SELECT	0x08
/* Bit 0 of the big-endian control field, as a little-endian load sees it. */
#define CTL_ERROR_BE	0x01000000

#define KEY_KERNEL_ADDR	0x07
#define KEY_KERNEL_SIZE	0x08
#define KEY_INITRD_ADDR	0x0a
#define KEY_INITRD_SIZE	0x0b
#define KEY_KERNEL_DATA	0x11
#define KEY_INITRD_DATA	0x12
#define KEY_CMDLINE_ADDR 0x13
#define KEY_CMDLINE_SIZE 0x14
#define KEY_CMDLINE_DATA 0x15
#define KEY_SETUP_ADDR	0x16
#define KEY_SETUP_SIZE	0x17
#define KEY_SETUP_DATA	0x18

/* Linux Documentation/x86/boot: "Running the Kernel". */
#define SETUP_HEAP_END	0x224
#define SETUP_ENTRY_SEG	0x20

/* PnP BIOS specification 1.0a, 3.2: the expansion header and its neighbours. */
#define BASE_CLASS_MASS_STORAGE	0x01
#define SUB_CLASS_OTHER		0x80
#define DEV_IS_IPL		0x04	/* can be booted from */
#define INIT_IPL_ATTACHED	0x20	/* answer of the init entry */

#define INT_VIDEO	0x10
#define VIDEO_TELETYPE	0x0e

	.globl	_start
_start:
	.word	0xaa55
	.byte	(rom_end - _start) / SECTOR
init:					/* offset 3, called far at POST */
	mov	$INIT_IPL_ATTACHED, %ax
	lret

	.org	0x07
	.byte	0		/* checksum: the build makes all bytes sum to 0 */

	.org	0x1a
	.word	pnp

	.balign	16, 0
pnp:
	.ascii	"$PnP"
	.byte	1			/* revision */
	.byte	(pnp_end - pnp) / 16
	.word	0			/* next header */
	.byte	0
	.byte	0			/* header checksum: the build's, too */
	.long	0			/* device identifier */
	.word	maker
	.word	product
	.byte	BASE_CLASS_MASS_STORAGE, SUB_CLASS_OTHER, 0
	.byte	DEV_IS_IPL
	.word	0			/* boot connection vector */
	.word	0			/* disconnect vector */
	.word	boot			/* bootstrap entry vector */
	.word	0
	.word	0			/* static resources */
pnp_end:

maker:	.asciz	"mini-ioemu"
product: .asciz	"Linux"
failure: .asciz	"linuxboot: no kernel from fw_cfg\r\n"

/* What to load, in order: keys of size, address and data. 0 ends. */
pieces:
	.word	KEY_SETUP_SIZE, KEY_SETUP_ADDR, KEY_SETUP_DATA
	.word	KEY_CMDLINE_SIZE, KEY_CMDLINE_ADDR, KEY_CMDLINE_DATA
	.word	KEY_KERNEL_SIZE, KEY_KERNEL_ADDR, KEY_KERNEL_DATA
	.word	KEY_INITRD_SIZE, KEY_INITRD_ADDR, KEY_INITRD_DATA
	.word	0

/* The bootstrap entry: returns (far) only if there is nothing to start. */
boot:
	pushal
	push	%ds
	push	%es
	cld
	mov	$pieces, %si

next_piece:
	cs lodsw
	test	%ax, %ax
	jz	start
	call	read_u32
	mov	%edx, %ecx		/* size */
	cs lodsw
	call	read_u32
	mov	%edx, %ebx		/* address */
	cs lodsw
	call	read_item
	jnc	next_piece

fail:
	mov	$failure, %si
1:	cs lodsb
	test	%al, %al
	jz	2f
	mov	$VIDEO_TELETYPE, %ah
	mov	$7, %bx			/* page 0, grey */
	push	%si
	int	$INT_VIDEO
	pop	%si
	jmp	1b
2:	pop	%es
	pop	%ds
	popal
	lret				/* the BIOS tries its next device */

/*
 * All is in place. Enter the kernel with every data segment on its setup code
 * and the stack at the end of its heap.
 */
start:
	mov	$KEY_SETUP_SIZE, %ax
	call	read_u32
	test	%edx, %edx
	jz	fail
	mov	$KEY_SETUP_ADDR, %ax
	call	read_u32
	shr	$4, %edx
	cli
	mov	%dx, %ds
	mov	%dx, %es
	mov	%dx, %fs
	mov	%dx, %gs
	mov	SETUP_HEAP_END, %bx
	add	$0x200, %bx		/* the field is less 0x200 by definition */
	mov	%dx, %ss
	movzwl	%bx, %esp
	add	$SETUP_ENTRY_SEG, %dx
	push	%dx
	push	$0
	lret

/*
 * The 32-bit item of key %ax, into %edx. An item that is not there reads as
 * zero; a transfer that fails leaves the zero pushed here.
 */
read_u32:
	push	%ebx
	push	%ecx
	pushl	$0
	call	stack_linear
	mov	$4, %ecx
	call	read_item
	pop	%edx
	pop	%ecx
	pop	%ebx
	ret

/*
 * %ecx bytes of the item of key %ax, from its start, to address %ebx.
 * Carry: the device reported an error. Changes %eax, %edx.
 */
read_item:
	clc
	jecxz	3f
	push	%ebx
	push	%ecx
	push	%bp

	/* The transfer's descriptor, big-endian, from its end to its start. */
	bswap	%ebx
	pushl	%ebx			/* address, low half */
	pushl	$0			/* high half */
	bswap	%ecx
	pushl	%ecx			/* length */
	shl	$16, %eax
	mov	$(CTL_SELECT | CTL_READ), %ax
	bswap	%eax
	pushl	%eax			/* control */

	call	stack_linear
	mov	%ebx, %eax
	bswap	%eax
	mov	$PORT_DMA_LOW, %dx
	outl	%eax, %dx

	/* The device clears the field when it is done, all but the error. */
	mov	%sp, %bp
1:	mov	(%bp), %eax
	test	$~CTL_ERROR_BE, %eax
	jz	2f
	pause
	jmp	1b
2:	add	$16, %sp
	neg	%eax			/* carry if not zero */
	pop	%bp
	pop	%ecx
	pop	%ebx
3:	ret

/* %ebx: linear address of what the caller pushed last. Changes %edx. */
stack_linear:
	xor	%ebx, %ebx
	mov	%ss, %bx
	shl	$4, %ebx
	movzwl	%sp, %edx
	lea	2(%ebx, %edx), %ebx	/* past our return address */
	ret

	.balign	SECTOR, 0
rom_end:
