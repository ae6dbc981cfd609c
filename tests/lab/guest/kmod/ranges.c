// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * Drivers for what has ranges and no DMA: membar, a PCI function, and what an
 * SSDT describes.
 */
#include <linux/acpi.h>
#include <linux/completion.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/platform_device.h>

#include "labdev.h"

/* ---- membar (devices/membar/README.md): a BAR of each kind ----------------- */

#define MEMBAR_ID 0x11e91234

static int ram_check(void __iomem *ram, void __iomem *log, void __iomem *port)
{
	unsigned int i;

	for (i = 0; i < 256; i++)
		iowrite32(i * 0x01010101, ram + 4 * i);
	for (i = 0; i < 256; i++)
		if (ioread32(ram + 4 * i) != i * 0x01010101)
			return -EIO;
	for (i = 0; i < 16; i++)
		iowrite8(0x50 + i, port + i);
	if (ioread32(port + 4) != 0x57565554 || ioread16(port + 8) != 0x5958)
		return -EIO;
	return ioread32(log) == MEMBAR_ID ? 0 : -EIO;
}

static int ram_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	void __iomem *const *bar;
	int rc;

	rc = lab_enable(pdev);
	if (!rc)
		rc = pcim_iomap_regions(pdev, 1 << 0 | 1 << 2 | 1 << 4,
					"labram");
	if (rc)
		return rc;
	bar = pcim_iomap_table(pdev);
	rc = ram_check(bar[0], bar[2], bar[4]);
	dev_info(&pdev->dev, rc ? "GUEST-FAIL BARs: %d\n" : "LABDEV BARs\n",
		 rc);
	return rc;
}

static const struct pci_device_id ram_ids[] = { { PCI_DEVICE(0x1234, 0x11e9) },
						{} };

struct pci_driver ram_driver = {
	.name = "labram",
	.id_table = ram_ids,
	.probe = ram_probe,
};

/* ---- ranges that an SSDT describes (devices/raw-test/README.md) ------------ */

enum { RAM, READ_ONLY, WRITE_ONLY, REGS, HIGH, N_RANGES };

#define RAW_ID 0x00
#define RAW_ID_VALUE 0x7261773a
#define RAW_COUNT 0x04
#define RAW_SIZE 0x08
#define RAW_LINE 0x10

struct raw {
	struct device *dev;
	void __iomem *range[N_RANGES];
	struct completion done;
};

static irqreturn_t raw_irq(int irq, void *data)
{
	struct raw *r = data;

	iowrite32(0, r->range[REGS] + RAW_LINE);
	complete(&r->done);
	return IRQ_HANDLED;
}

static int raw_check(struct raw *r, bool ok, const char *what)
{
	if (ok)
		dev_info(r->dev, "LABDEV %s\n", what);
	else
		dev_err(r->dev, "GUEST-FAIL %s\n", what);
	return ok ? 0 : -EIO;
}

static int raw_memory(struct raw *r, void __iomem *ram, const char *what)
{
	u8 *out = kmalloc(2 * PAGE_SIZE, GFP_KERNEL), *in = out + PAGE_SIZE;
	unsigned int i;
	int rc;

	if (!out)
		return -ENOMEM;
	for (i = 0; i < PAGE_SIZE; i++)
		out[i] = (u8)(i * 11 + (i >> 8));
	memcpy_toio(ram, out, PAGE_SIZE);
	memcpy_fromio(in, ram, PAGE_SIZE);
	rc = raw_check(r, !memcmp(out, in, PAGE_SIZE), what);
	kfree(out);
	return rc;
}

/* Was what rep movs moved one access at the device? */
static int raw_merged(struct raw *r)
{
	u8 *out = kzalloc(PAGE_SIZE, GFP_KERNEL);
	u32 n, size;

	if (!out)
		return -ENOMEM;
	iowrite32(0, r->range[REGS] + RAW_COUNT);
	memcpy_toio(r->range[RAM], out, PAGE_SIZE);
	n = ioread32(r->range[REGS] + RAW_COUNT);
	size = ioread32(r->range[REGS] + RAW_SIZE);
	kfree(out);
	return raw_check(r, n == 1 && size == PAGE_SIZE, "4 KiB are one write");
}

static int raw_attributes(struct raw *r)
{
	u32 was = ioread32(r->range[READ_ONLY]);

	iowrite32(~was, r->range[READ_ONLY]);
	if (raw_check(r, ioread32(r->range[READ_ONLY]) == was, "read-only"))
		return -EIO;
	iowrite32(0x12345678, r->range[WRITE_ONLY]);
	return raw_check(r, ioread32(r->range[WRITE_ONLY]) == ~0u,
			 "write-only");
}

static int raw_interrupt(struct raw *r, int irq)
{
	int rc = request_irq(irq, raw_irq, 0, "labraw", r);
	unsigned int i;

	if (rc)
		return rc;
	for (i = 0; i < 100 && !rc; i++) {
		reinit_completion(&r->done);
		iowrite32(1, r->range[REGS] + RAW_LINE);
		if (!wait_for_completion_timeout(&r->done, TIMEOUT))
			rc = -ETIMEDOUT;
	}
	free_irq(irq, r);
	return raw_check(r, !rc, "100 interrupts");
}

static int raw_probe(struct platform_device *pdev)
{
	struct raw *r = devm_kzalloc(&pdev->dev, sizeof(*r), GFP_KERNEL);
	int i, irq, rc;

	if (!r)
		return -ENOMEM;
	r->dev = &pdev->dev;
	init_completion(&r->done);
	for (i = 0; i < N_RANGES; i++) {
		r->range[i] = devm_platform_ioremap_resource(pdev, i);
		if (IS_ERR(r->range[i]))
			return PTR_ERR(r->range[i]);
	}
	irq = platform_get_irq(pdev, 0);
	if (irq < 0)
		return irq;
	rc = raw_check(r, ioread32(r->range[REGS] + RAW_ID) == RAW_ID_VALUE,
		       "its registers");
	if (!rc)
		rc = raw_memory(r, r->range[RAM], "memory");
	if (!rc)
		rc = raw_memory(r, r->range[HIGH], "memory above 4 GiB");
	if (!rc)
		rc = raw_merged(r);
	if (!rc)
		rc = raw_attributes(r);
	if (!rc)
		rc = raw_interrupt(r, irq);
	dev_info(r->dev, rc ? "GUEST-FAIL %d\n" : "LABDEV done\n", rc);
	return rc;
}

static const struct acpi_device_id raw_ids[] = { { "LABR0001" }, {} };

struct platform_driver raw_driver = {
	.probe = raw_probe,
	.driver = {
		.name = "labraw",
		.acpi_match_table = raw_ids,
	},
};
