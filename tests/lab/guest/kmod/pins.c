// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * Interrupts of raw-test without end, each counted: none may be lost and none
 * come twice, however the guest masks its pin, and wherever it is saved.
 *
 * The lab's emulator has a third way: QEMU's helper_vmrun() leaves the vector
 * that it injected in exception_index, and if the vCPU is made to leave its loop
 * before anything else is injected, it is delivered again. The local APIC knows
 * nothing of that one, so it can be told apart, and is counted for itself.
 */
#include <linux/acpi.h>
#include <linux/delay.h>
#include <linux/freezer.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/irq.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/sched.h>

#include <asm/apic.h>

#include "labdev.h"

#define LINE 0x10 /* devices/raw-test/README.md */
#define REPORT 256
#define HELD_MS 20

struct pin {
	struct device *dev;
	void __iomem *regs;
	struct task_struct *thread;
	struct completion done;
	int irq;
	bool level;
	irq_flow_handler_t flow;
	unsigned int again; /* times that the handler leaves the line up */
	unsigned int want, got, masked, held, strays;
};

/* The answer to a read says that the line has moved. */
static void line_set(struct pin *p, bool up)
{
	iowrite32(up, p->regs + LINE);
	(void)ioread32(p->regs + LINE);
}

/* Of this processor, whose interrupts are disabled. */
static bool apic_in_service(void)
{
	unsigned int i;

	for (i = 0; i < 8; i++)
		if (apic_read(APIC_ISR + i * 0x10))
			return true;
	return false;
}

static void pin_flow(struct irq_desc *desc)
{
	struct pin *p = irq_desc_get_handler_data(desc);

	if (p->got == p->want && !apic_in_service())
		p->strays++;
	else
		p->flow(desc);
}

static irqreturn_t pin_irq(int irq, void *data)
{
	struct pin *p = data;

	p->got++;
	if (p->again) {
		p->again--;
		return IRQ_HANDLED;
	}
	line_set(p, false);
	complete(&p->done);
	return IRQ_HANDLED;
}

static void pin_raise(struct pin *p, unsigned int n)
{
	p->want += n;
	line_set(p, true);
}

static int pin_wait(struct pin *p)
{
	if (wait_for_completion_timeout(&p->done, TIMEOUT) &&
	    p->got == p->want)
		return 0;
	dev_err(p->dev, "GUEST-FAIL %u interrupts, not %u, after %u masked\n",
		p->got, p->want, p->masked);
	return -EIO;
}

static int pin_plain(struct pin *p)
{
	pin_raise(p, 1);
	return pin_wait(p);
}

/* The line goes up while the pin is masked: nothing comes until it no longer
 * is. Long enough for the guest to be saved meanwhile. */
static int pin_masked(struct pin *p)
{
	disable_irq(p->irq);
	pin_raise(p, 1);
	msleep(HELD_MS);
	if (p->got != p->want - 1) {
		dev_err(p->dev, "GUEST-FAIL an interrupt while masked\n");
		return -EIO;
	}
	p->masked++;
	enable_irq(p->irq);
	return pin_wait(p);
}

/* A level that stays comes again after each EOI. */
static int pin_held(struct pin *p)
{
	p->again = 2;
	p->held++;
	pin_raise(p, 3);
	return pin_wait(p);
}

static int pin_turn(struct pin *p, unsigned int i)
{
	reinit_completion(&p->done);
	switch (i % 16) {
	case 7:
		return pin_masked(p);
	case 15:
		return p->level ? pin_held(p) : pin_plain(p);
	default:
		return pin_plain(p);
	}
}

static int pin_thread(void *data)
{
	struct pin *p = data;
	unsigned int i = 0;
	int rc = 0;

	/* Linux disables its devices before it is suspended: no turn then. */
	set_freezable();
	while (!kthread_freezable_should_stop(NULL)) {
		if (rc) { /* it was told; wait for the end */
			schedule_timeout_interruptible(HZ);
			continue;
		}
		rc = pin_turn(p, i++);
		if (!rc && i % REPORT == 0)
			dev_info(p->dev,
				 "LABPIN %s: %u interrupts, %u masked, %u held, %u not of the APIC\n",
				 p->level ? "level" : "edge", p->got, p->masked,
				 p->held, p->strays);
	}
	return 0;
}

static int pin_probe(struct platform_device *pdev)
{
	struct pin *p = devm_kzalloc(&pdev->dev, sizeof(*p), GFP_KERNEL);
	int rc;

	if (!p)
		return -ENOMEM;
	p->dev = &pdev->dev;
	init_completion(&p->done);
	p->regs = devm_platform_ioremap_resource(pdev, 0);
	if (IS_ERR(p->regs))
		return PTR_ERR(p->regs);
	p->irq = platform_get_irq(pdev, 0);
	if (p->irq < 0)
		return p->irq;
	p->level = irq_get_trigger_type(p->irq) & IRQ_TYPE_LEVEL_MASK;
	rc = devm_request_irq(&pdev->dev, p->irq, pin_irq, 0, "labpin", p);
	if (rc)
		return rc;
	p->flow = p->level ? handle_fasteoi_irq : handle_edge_irq;
	irq_set_handler_data(p->irq, p);
	__irq_set_handler(p->irq, pin_flow, 0, p->level ? "fasteoi" : "edge");
	platform_set_drvdata(pdev, p);
	p->thread = kthread_run(pin_thread, p, "labpin");
	return PTR_ERR_OR_ZERO(p->thread);
}

static int pin_remove(struct platform_device *pdev)
{
	struct pin *p = platform_get_drvdata(pdev);

	kthread_stop(p->thread);
	__irq_set_handler(p->irq, p->flow, 0, p->level ? "fasteoi" : "edge");
	return 0;
}

static const struct acpi_device_id pin_ids[] = { { "LABR0002" }, {} };

struct platform_driver pin_driver = {
	.probe = pin_probe,
	.remove = pin_remove,
	.driver = {
		.name = "labpin",
		.acpi_match_table = pin_ids,
	},
};
