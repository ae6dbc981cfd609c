// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * Interrupts of raw-test without end, each counted: none may be lost and none
 * come twice, however the guest masks its pin, and wherever it is saved.
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
	unsigned int again; /* times that the handler leaves the line up */
	unsigned int want, got, masked, held;
};

/* The answer to a read says that the line has moved. */
static void line_set(struct pin *p, bool up)
{
	iowrite32(up, p->regs + LINE);
	(void)ioread32(p->regs + LINE);
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

static int pin_wait(struct pin *p, unsigned int n)
{
	p->want += n;
	if (wait_for_completion_timeout(&p->done, TIMEOUT) &&
	    p->got == p->want)
		return 0;
	dev_err(p->dev, "GUEST-FAIL %u interrupts, not %u, after %u masked\n",
		p->got, p->want, p->masked);
	return -EIO;
}

static int pin_plain(struct pin *p)
{
	line_set(p, true);
	return pin_wait(p, 1);
}

/* The line goes up while the pin is masked: nothing comes until it no longer
 * is. Long enough for the guest to be saved meanwhile. */
static int pin_masked(struct pin *p)
{
	disable_irq(p->irq);
	line_set(p, true);
	msleep(HELD_MS);
	if (p->got != p->want) {
		dev_err(p->dev, "GUEST-FAIL an interrupt while masked\n");
		return -EIO;
	}
	p->masked++;
	enable_irq(p->irq);
	return pin_wait(p, 1);
}

/* A level that stays comes again after each EOI. */
static int pin_held(struct pin *p)
{
	p->again = 2;
	p->held++;
	line_set(p, true);
	return pin_wait(p, 3);
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
				 "LABPIN %s: %u interrupts, %u masked, %u held\n",
				 p->level ? "level" : "edge", p->got, p->masked,
				 p->held);
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
	platform_set_drvdata(pdev, p);
	p->thread = kthread_run(pin_thread, p, "labpin");
	return PTR_ERR_OR_ZERO(p->thread);
}

static int pin_remove(struct platform_device *pdev)
{
	struct pin *p = platform_get_drvdata(pdev);

	kthread_stop(p->thread);
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
