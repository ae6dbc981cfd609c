/* SPDX-License-Identifier: MIT */
/*
 * items.c - the contents of fw_cfg: the items a firmware asks for, and those
 * by which a Linux kernel is booted. Keys and layouts are of QEMU's
 * docs/specs/fw_cfg and of what SeaBIOS 1.16 reads (src/fw/paravirt.c). Knows
 * nothing of ports.
 */
#include "items.h"

#include <assert.h>
#include <string.h>

enum {
	KEY_SIGNATURE = 0x00,
	KEY_ID = 0x01,
	KEY_KERNEL_ADDR = 0x07,
	KEY_KERNEL_SIZE = 0x08,
	KEY_INITRD_ADDR = 0x0a,
	KEY_INITRD_SIZE = 0x0b,
	KEY_KERNEL_DATA = 0x11,
	KEY_INITRD_DATA = 0x12,
	KEY_CMDLINE_ADDR = 0x13,
	KEY_CMDLINE_SIZE = 0x14,
	KEY_CMDLINE_DATA = 0x15,
	KEY_SETUP_ADDR = 0x16,
	KEY_SETUP_SIZE = 0x17,
	KEY_SETUP_DATA = 0x18,
	KEY_FILE_DIR = 0x19,
	KEY_FILE_FIRST = 0x20,

	KEY_WRITE_MODE = 0x4000, /* a bit: asks to write, same item */
};

#define ID_TRADITIONAL 0x1u
#define ID_DMA 0x2u

#define DIR_NAME_SIZE 56u

#define ROM_FILE "genroms/linuxboot.bin"

/* libxc puts no RAM from here to 4 GiB (xg_dom_x86.c, HVM_BELOW_4G_RAM_END). */
#define LOW_RAM_MAX 0xf0000000u

extern const uint8_t linuxboot_rom[]; /* rom.S */
extern const uint32_t linuxboot_rom_size;

static void
items_add(struct items *items, uint16_t key, const void *data, uint32_t size)
{
	struct item *item = &items->item[items->n_items++];

	assert(items->n_items <= ITEMS_MAX);
	item->key = key;
	item->data = data;
	item->size = size;
}

static void
items_add_number(struct items *items, uint16_t key, uint32_t value)
{
	uint8_t *p = items->number[items->n_numbers++];

	assert(items->n_numbers <= ITEMS_MAX_NUMBERS);
	ioemu_put_le32(p, value);
	items_add(items, key, p, 4);
}

/* A directory entry: size and key big-endian, two bytes free, the name. */
static void
items_add_file(struct items *items, const char *name, const void *data,
	       uint32_t size)
{
	uint16_t key = (uint16_t)(KEY_FILE_FIRST + items->n_files);
	uint8_t *p = items->dir + 4 + (size_t)ITEMS_DIR_ENTRY * items->n_files;

	assert(items->n_files < ITEMS_MAX_FILES);
	assert(strlen(name) < DIR_NAME_SIZE);
	ioemu_put_le32(p, __builtin_bswap32(size));
	ioemu_put_le16(p + 4, __builtin_bswap16(key));
	memcpy(p + 8, name, strlen(name) + 1);
	items_add(items, key, data, size);
	items->n_files++;
}

static int
items_open(struct ioemu_dev *dev, struct image *image, const char *path)
{
	int err = image_open(image, path);

	if (err)
		ioemu_log(dev, IOEMU_ERROR, "%s: %s", path,
			  err == -EINVAL ? "empty, or not a plain file"
					 : strerror(-err));
	return err;
}

static int
items_plan_boot(struct items *items, struct ioemu_dev *dev,
		const struct items_source *src)
{
	struct linux_boot *boot = &items->boot;
	const char *why;
	int err;

	boot->kernel = items->kernel.data;
	boot->kernel_size = items->kernel.size;
	boot->initrd_size = items->initrd.size;
	boot->cmdline = src->cmdline ? src->cmdline : "";
	boot->ram_end = (uint64_t)src->memory_mib << 20;
	if (boot->ram_end > LOW_RAM_MAX)
		boot->ram_end = LOW_RAM_MAX;

	err = linux_plan(boot, &why);
	if (err) {
		ioemu_log(dev, IOEMU_ERROR, "%s %s", src->kernel, why);
		return err;
	}
	ioemu_log(dev, IOEMU_INFO,
		  "boots %s, protocol %u.%u, %u KiB, initrd %u KiB at %#x",
		  src->kernel, boot->protocol >> 8, boot->protocol & 0xff,
		  items->kernel.size >> 10, items->initrd.size >> 10,
		  boot->initrd_addr);
	return 0;
}

static void
items_add_boot(struct items *items)
{
	const struct linux_boot *boot = &items->boot;
	uint32_t cmdline_size = (uint32_t)strlen(boot->cmdline) + 1;
	uint32_t kernel_size = items->kernel.size - boot->setup_size;

	items_add_number(items, KEY_SETUP_ADDR, LINUX_SETUP_ADDR);
	items_add_number(items, KEY_SETUP_SIZE, boot->setup_size);
	items_add(items, KEY_SETUP_DATA, boot->setup, boot->setup_size);
	items_add_number(items, KEY_CMDLINE_ADDR, LINUX_CMDLINE_ADDR);
	items_add_number(items, KEY_CMDLINE_SIZE, cmdline_size);
	items_add(items, KEY_CMDLINE_DATA, boot->cmdline, cmdline_size);
	items_add_number(items, KEY_KERNEL_ADDR, LINUX_KERNEL_ADDR);
	items_add_number(items, KEY_KERNEL_SIZE, kernel_size);
	items_add(items, KEY_KERNEL_DATA, items->kernel.data + boot->setup_size,
		  kernel_size);
	items_add_number(items, KEY_INITRD_ADDR, boot->initrd_addr);
	items_add_number(items, KEY_INITRD_SIZE, items->initrd.size);
	items_add(items, KEY_INITRD_DATA, items->initrd.data,
		  items->initrd.size);
}

static int
items_make_boot(struct items *items, struct ioemu_dev *dev,
		const struct items_source *src)
{
	static const char order[] = "/rom@" ROM_FILE;
	int err = items_open(dev, &items->kernel, src->kernel);

	if (!err && src->initrd)
		err = items_open(dev, &items->initrd, src->initrd);
	if (!err)
		err = items_plan_boot(items, dev, src);
	if (err)
		return err;

	items_add_boot(items);
	items_add_file(items, "bootorder", order, sizeof(order));
	items_add_file(items, ROM_FILE, linuxboot_rom, linuxboot_rom_size);
	return 0;
}

int
items_make(struct items *items, struct ioemu_dev *dev,
	   const struct items_source *src)
{
	int err;

	items_add(items, KEY_SIGNATURE, "QEMU", 4);
	items_add_number(items, KEY_ID, ID_TRADITIONAL | ID_DMA);
	/*
	 * Empty, but there: SeaBIOS then adds nothing to the memory map that
	 * hvmloader gave it. Without, it takes RAM above 4 GiB from CMOS.
	 */
	items_add_file(items, "etc/e820", "", 0);

	if (src->kernel) {
		err = items_make_boot(items, dev, src);
		if (err)
			return err;
	} else if (src->initrd || src->cmdline) {
		ioemu_log(dev, IOEMU_ERROR,
			  "initrd= and append= need a kernel=");
		return -EINVAL;
	}

	ioemu_put_le32(items->dir, __builtin_bswap32(items->n_files));
	items_add(items, KEY_FILE_DIR, items->dir,
		  4 + items->n_files * ITEMS_DIR_ENTRY);
	return 0;
}

void
items_free(struct items *items)
{
	image_close(&items->kernel);
	image_close(&items->initrd);
}

const struct item *
items_find(const struct items *items, uint16_t key)
{
	unsigned i;

	key &= (uint16_t)~KEY_WRITE_MODE;
	for (i = 0; i < items->n_items; i++)
		if (items->item[i].key == key)
			return &items->item[i];
	return NULL;
}
