/* SPDX-License-Identifier: MIT */
/* What hvmloader/pci_tree.c takes of hvmloader's util.h, for tests. */
#ifndef TEST_HVMLOADER_UTIL_H
#define TEST_HVMLOADER_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t pci_read(uint32_t bdf, uint32_t reg, uint32_t len);
void pci_write(uint32_t bdf, uint32_t reg, uint32_t len, uint32_t val);
int firmware_printf(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

#define pci_readb(bdf, reg) ((uint8_t)pci_read(bdf, reg, 1))
#define pci_readw(bdf, reg) ((uint16_t)pci_read(bdf, reg, 2))
#define pci_readl(bdf, reg) pci_read(bdf, reg, 4)
#define pci_writeb(bdf, reg, val) pci_write(bdf, reg, 1, (uint8_t)(val))
#define pci_writew(bdf, reg, val) pci_write(bdf, reg, 2, (uint16_t)(val))
#define pci_writel(bdf, reg, val) pci_write(bdf, reg, 4, (uint32_t)(val))

#define printf firmware_printf
#define PRIllx "%x%08x"
#define PRIllx_arg(n) (uint32_t)((n) >> 32), (uint32_t)(n)
#define BUG_ON(p)                                                              \
	do {                                                                   \
		if (p)                                                         \
			abort();                                               \
	} while (0)

#endif
