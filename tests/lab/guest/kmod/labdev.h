/* SPDX-License-Identifier: MIT OR GPL-2.0 */
/*
 * Drivers for the lab's guest, as a vendor would write them. At probe they do
 * their work and say "LABDEV ..." for each part; whatever goes wrong says
 * "GUEST-FAIL".
 */
#ifndef LABDEV_H
#define LABDEV_H

#include <linux/completion.h>
#include <linux/pci.h>
#include <linux/platform_device.h>

#define CHUNK 0x10000u /* bytes a list moves, in pages */
#define TIMEOUT (20 * HZ)

struct cold;

struct engine {
	struct pci_dev *pdev;
	void __iomem *card, *regs;
	struct descriptor *list;
	dma_addr_t list_dma;
	u8 *buf;
	dma_addr_t buf_dma;
	struct completion done;
	unsigned int n_irq;
	u32 status;
	struct cold *cold;
};

/* engine.c */
/* CHUNK bytes from the card to BUF or back; 0, or an error that was told. */
int engine_transfer(struct engine *e, dma_addr_t buf, bool to_guest);
int lab_enable(struct pci_dev *pdev);

/* cold.c: a thread that works from start to stop. */
int cold_start(struct engine *e, unsigned int n);
void cold_stop(struct engine *e);

/* ranges.c */
extern struct pci_driver ram_driver;
extern struct platform_driver raw_driver;

/* pins.c */
extern struct platform_driver pin_driver;

#endif
