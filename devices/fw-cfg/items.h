/* SPDX-License-Identifier: MIT */
/* items.h - what the guest can read: numbered items, some of them files. */
#ifndef FW_CFG_ITEMS_H
#define FW_CFG_ITEMS_H

#include "image.h"
#include "linux.h"

#define ITEMS_MAX 24u
#define ITEMS_MAX_FILES 4u
#define ITEMS_MAX_NUMBERS 12u
#define ITEMS_DIR_ENTRY 64u

struct item {
	uint16_t key;
	uint32_t size;
	const uint8_t *data;
};

/* Everything published; lives in the device's state. */
struct items {
	struct item item[ITEMS_MAX];
	unsigned n_items;
	uint8_t number[ITEMS_MAX_NUMBERS][4];
	unsigned n_numbers;
	uint8_t dir[4 + ITEMS_MAX_FILES * ITEMS_DIR_ENTRY];
	unsigned n_files;

	struct image kernel, initrd;
	struct linux_boot boot;
};

/* What to boot; all as the device's properties. */
struct items_source {
	const char *kernel, *initrd, *cmdline; /* or NULL */
	uint32_t memory_mib;
};

/* On failure (-errno, logged) items_free() is still to be called. */
int items_make(struct items *items, struct ioemu_dev *dev,
	       const struct items_source *src) IOEMU_MUST_CHECK;
void items_free(struct items *items);

/* NULL: no such item. */
const struct item *items_find(const struct items *items, uint16_t key);

#endif
