// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * The driver for dma-engine (devices/dma-engine/README.md), and the module's
 * start and end.
 */
#include <linux/delay.h>
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/pci.h>

#include "labdev.h"

static unsigned int mib = 4;
module_param(mib, uint, 0);
MODULE_PARM_DESC(mib, "MiB each way and kind of interrupt");

static unsigned int cold;
module_param(cold, uint, 0);
MODULE_PARM_DESC(cold, "instead, buffers that cold.c keeps, for ever");

static bool msix;
module_param(msix, bool, 0);
MODULE_PARM_DESC(msix, "for that: MSI-X instead of INTx");

#define PAGES (CHUNK / PAGE_SIZE)
#define TIMEOUT (20 * HZ)

#define CONTROL 0x08
#define CONTROL_START 0x1
#define CONTROL_RESET 0x4
#define CONTROL_IRQ 0x8
#define STATUS 0x0c
#define STATUS_ERROR 0x4
#define STATUS_IRQ 0x8
#define ERROR 0x10
#define LIST 0x18
#define LENGTH 0x20
#define START 0x24
#define VECTOR 0x28
#define SUM 0x40

#define TO_GUEST 0x1
#define LAST 0x4

struct descriptor {
	__le64 addr;
	__le32 len, flags;
};

static irqreturn_t engine_irq(int irq, void *data)
{
	struct engine *e = data;
	u32 status = ioread32(e->regs + STATUS);

	if (!(status & STATUS_IRQ))
		return IRQ_NONE;
	iowrite32(status, e->regs + STATUS);
	e->status = status;
	e->n_irq++;
	complete(&e->done);
	return IRQ_HANDLED;
}

int engine_transfer(struct engine *e, dma_addr_t buf, bool to_guest)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++) {
		/* backwards, so that lists are lists */
		dma_addr_t at = buf + (PAGES - 1 - i) * PAGE_SIZE;
		u32 flags = (to_guest ? TO_GUEST : 0) |
			    (i == PAGES - 1 ? LAST : 0);

		e->list[i] = (struct descriptor){ cpu_to_le64(at),
						  cpu_to_le32(PAGE_SIZE),
						  cpu_to_le32(flags) };
	}
	reinit_completion(&e->done);
	iowrite32(lower_32_bits(e->list_dma), e->regs + LIST);
	iowrite32(upper_32_bits(e->list_dma), e->regs + LIST + 4);
	iowrite32(PAGES, e->regs + LENGTH);
	iowrite32(0, e->regs + START);
	iowrite32(CONTROL_START | CONTROL_IRQ, e->regs + CONTROL);
	if (!wait_for_completion_timeout(&e->done, TIMEOUT)) {
		dev_err(&e->pdev->dev, "GUEST-FAIL no interrupt %d, status %x\n",
			pci_irq_vector(e->pdev, 0), ioread32(e->regs + STATUS));
		return -ETIMEDOUT;
	}
	if (e->status & STATUS_ERROR) {
		dev_err(&e->pdev->dev, "GUEST-FAIL error %u\n",
			ioread32(e->regs + ERROR));
		return -EIO;
	}
	return 0;
}

/* As the data sheet has it, in the order of the list: low half the sum of the
 * words, high half the sum of the low half after each. */
static u64 engine_sum(const struct engine *e)
{
	u32 low = 0, high = 0;
	unsigned int page, i;

	for (page = PAGES; page-- > 0;) {
		for (i = 0; i < PAGE_SIZE; i += 4) {
			low += *(u32 *)(e->buf + page * PAGE_SIZE + i);
			high += low;
		}
	}
	return (u64)high << 32 | low;
}

/* Both ways, every word checked against what went out. */
static int engine_verify(struct engine *e, u8 *copy, u32 seed)
{
	unsigned int i;
	u64 sum;
	int rc;

	for (i = 0; i < CHUNK; i += 4) {
		seed = seed * 1664525 + 1013904223;
		*(u32 *)(e->buf + i) = seed;
	}
	memcpy(copy, e->buf, CHUNK);
	sum = engine_sum(e);
	rc = engine_transfer(e, e->buf_dma, false);
	if (rc)
		return rc;
	if (sum != (ioread32(e->regs + SUM) |
		    (u64)ioread32(e->regs + SUM + 4) << 32)) {
		dev_err(&e->pdev->dev, "GUEST-FAIL the card's sum differs\n");
		return -EIO;
	}
	memset(e->buf, 0, CHUNK);
	rc = engine_transfer(e, e->buf_dma, true);
	if (!rc && memcmp(copy, e->buf, CHUNK)) {
		dev_err(&e->pdev->dev, "GUEST-FAIL data differs\n");
		rc = -EIO;
	}
	return rc;
}

/* The window of the card: dwords, and rep movs by memcpy_toio(). */
static int engine_window(struct engine *e, u8 *copy)
{
	unsigned int i;

	for (i = 0; i < PAGE_SIZE; i++)
		copy[i] = (u8)(i * 7 + (i >> 8));
	memcpy_toio(e->card, copy, PAGE_SIZE);
	memcpy_fromio(e->buf, e->card, PAGE_SIZE);
	if (memcmp(copy, e->buf, PAGE_SIZE))
		return -EIO;
	for (i = 0; i < 64; i++)
		iowrite32(~i, e->card + 4 * i);
	for (i = 0; i < 64; i++)
		if (ioread32(e->card + 4 * i) != ~i)
			return -EIO;
	iowrite8(0x5a, e->card + 0x101);
	iowrite16(0xa55a, e->card + 0x106);
	return ioread8(e->card + 0x101) == 0x5a &&
			       ioread16(e->card + 0x106) == 0xa55a ?
		       0 :
		       -EIO;
}

static int engine_irq_on(struct engine *e, unsigned int kind)
{
	int rc = pci_alloc_irq_vectors(e->pdev, 1, 1, kind);

	if (rc != 1)
		return rc < 0 ? rc : -ENOSPC;
	rc = request_irq(pci_irq_vector(e->pdev, 0), engine_irq, IRQF_SHARED,
			 "labdev", e);
	if (rc)
		pci_free_irq_vectors(e->pdev);
	iowrite32(0, e->regs + VECTOR);
	e->n_irq = 0;
	return rc;
}

static void engine_irq_off(struct engine *e)
{
	iowrite32(0, e->regs + CONTROL);
	free_irq(pci_irq_vector(e->pdev, 0), e);
	pci_free_irq_vectors(e->pdev);
}

static int engine_with(struct engine *e, u8 *copy, unsigned int kind,
		       const char *name)
{
	struct pci_dev *pdev = e->pdev;
	unsigned int i, rounds = mib * 16;
	u64 start = ktime_get_ns();
	int rc = engine_irq_on(e, kind);

	if (rc)
		return rc;
	for (i = 0; i < rounds && !rc; i++)
		rc = engine_verify(e, copy, i + kind);
	engine_irq_off(e);
	if (!rc)
		dev_info(&pdev->dev,
			 "LABDEV %s: %u MiB each way, %u interrupts, %llu ms\n",
			 name, mib, e->n_irq,
			 (ktime_get_ns() - start) / 1000000);
	return rc;
}

static int engine_run(struct engine *e)
{
	u8 *copy = kmalloc(CHUNK, GFP_KERNEL);
	int rc = copy ? engine_window(e, copy) : -ENOMEM;

	if (rc)
		dev_err(&e->pdev->dev, "GUEST-FAIL window: %d\n", rc);
	else
		dev_info(&e->pdev->dev, "LABDEV window\n");
	if (!rc)
		rc = engine_with(e, copy, PCI_IRQ_LEGACY, "INTx");
	if (!rc)
		rc = engine_with(e, copy, PCI_IRQ_MSI, "MSI");
	if (!rc)
		rc = engine_with(e, copy, PCI_IRQ_MSIX, "MSI-X");
	dev_info(&e->pdev->dev, rc ? "GUEST-FAIL %d\n" : "LABDEV done\n", rc);
	kfree(copy);
	return rc;
}

/* One at a time: Linux on Xen maps a line twice when two functions that share it
 * are enabled at once (arch/x86/pci/xen.c, xen_register_pirq()). */
static DEFINE_MUTEX(enable_lock);

int lab_enable(struct pci_dev *pdev)
{
	int rc;

	mutex_lock(&enable_lock);
	rc = pcim_enable_device(pdev);
	mutex_unlock(&enable_lock);
	return rc;
}

static int engine_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct engine *e = devm_kzalloc(&pdev->dev, sizeof(*e), GFP_KERNEL);
	int rc;

	if (!e)
		return -ENOMEM;
	rc = lab_enable(pdev);
	if (rc)
		return rc;
	e->pdev = pdev;
	init_completion(&e->done);
	pci_set_master(pdev);
	rc = dma_set_mask_and_coherent(&pdev->dev, DMA_BIT_MASK(64));
	if (!rc)
		rc = pcim_iomap_regions(pdev, 1 << 0 | 1 << 2, "labdev");
	if (rc)
		return rc;
	e->card = pcim_iomap_table(pdev)[0];
	e->regs = pcim_iomap_table(pdev)[2];
	e->list = dmam_alloc_coherent(&pdev->dev, PAGE_SIZE, &e->list_dma,
				      GFP_KERNEL);
	e->buf = dmam_alloc_coherent(&pdev->dev, CHUNK, &e->buf_dma,
				     GFP_KERNEL);
	if (!e->list || !e->buf)
		return -ENOMEM;
	iowrite32(CONTROL_RESET, e->regs + CONTROL);
	pci_set_drvdata(pdev, e);
	if (!cold)
		return engine_run(e);
	rc = engine_irq_on(e, msix ? PCI_IRQ_MSIX : PCI_IRQ_LEGACY);
	if (rc)
		return rc;
	rc = cold_start(e, cold);
	if (rc)
		engine_irq_off(e);
	return rc;
}

static void engine_remove(struct pci_dev *pdev)
{
	struct engine *e = pci_get_drvdata(pdev);

	if (e->cold) {
		cold_stop(e);
		engine_irq_off(e);
	}
	dev_info(&pdev->dev, "LABDEV gone\n");
}

static const struct pci_device_id engine_ids[] = { { PCI_DEVICE(0x1234,
								0x11ea) },
						   {} };

static struct pci_driver engine_driver = {
	.name = "labdev",
	.id_table = engine_ids,
	.probe = engine_probe,
	.remove = engine_remove,
	/* all at once: they then share interrupt lines in earnest */
	.driver.probe_type = PROBE_PREFER_ASYNCHRONOUS,
};

static int __init labdev_init(void)
{
	int rc = platform_driver_register(&raw_driver);

	if (!rc)
		rc = platform_driver_register(&pin_driver);
	if (!rc)
		rc = pci_register_driver(&ram_driver);
	return rc ? rc : pci_register_driver(&engine_driver);
}

static void __exit labdev_exit(void)
{
	pci_unregister_driver(&engine_driver);
	pci_unregister_driver(&ram_driver);
	platform_driver_unregister(&pin_driver);
	platform_driver_unregister(&raw_driver);
}

module_init(labdev_init);
module_exit(labdev_exit);
MODULE_LICENSE("Dual MIT/GPL");
MODULE_DESCRIPTION("Tests of devices in the lab's guest");
