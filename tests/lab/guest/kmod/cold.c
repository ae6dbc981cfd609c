// SPDX-License-Identifier: MIT OR GPL-2.0
/*
 * Memory that only a device writes: buffers filled by DMA in turn and each
 * compared when its turn comes again. Who copies the guest's memory meanwhile
 * and misses what a device wrote is found out.
 */
#include <linux/dma-mapping.h>
#include <linux/freezer.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched.h>

#include "labdev.h"

struct cold {
	struct task_struct *thread;
	unsigned int n;
	struct {
		u32 *addr;
		dma_addr_t dma;
		u32 seed; /* of what is there; 0: nothing yet */
	} buf[];
};

static u32 next_word(u32 word)
{
	return word * 1664525 + 1013904223;
}

static void fill(u32 *out, u32 word)
{
	unsigned int i;

	for (i = 0; i < CHUNK / 4; i++)
		out[i] = word = next_word(word);
}

/* The first word that differs, or -1. */
static int differs(const u32 *is, u32 word)
{
	unsigned int i;

	for (i = 0; i < CHUNK / 4; i++) {
		word = next_word(word);
		if (is[i] != word)
			return i;
	}
	return -1;
}

static int cold_turn(struct engine *e, unsigned int i, u32 seed)
{
	struct cold *c = e->cold;
	int rc = c->buf[i].seed ? differs(c->buf[i].addr, c->buf[i].seed) : -1;

	if (rc >= 0) {
		dev_err(&e->pdev->dev,
			"GUEST-FAIL buffer %u differs from word %d on\n", i, rc);
		return -EIO;
	}
	fill((u32 *)e->buf, seed);
	rc = engine_transfer(e, e->buf_dma, false);
	if (!rc)
		rc = engine_transfer(e, c->buf[i].dma, true);
	c->buf[i].seed = seed;
	return rc;
}

static int cold_thread(void *data)
{
	struct engine *e = data;
	unsigned int i = 0, pass = 0;
	u32 seed = 0;
	int rc = 0;

	/* Linux disables its devices before it is suspended: no transfer then. */
	set_freezable();
	while (!kthread_freezable_should_stop(NULL)) {
		if (rc) { /* it was told; wait for the end */
			schedule_timeout_interruptible(HZ);
			continue;
		}
		rc = cold_turn(e, i, ++seed);
		if (++i < e->cold->n)
			continue;
		i = 0;
		if (pass++)
			dev_info(&e->pdev->dev,
				 "LABDEV cold: pass %u, %u transfers right\n",
				 pass, seed - e->cold->n);
	}
	return 0;
}

int cold_start(struct engine *e, unsigned int n)
{
	struct device *dev = &e->pdev->dev;
	struct cold *c = devm_kzalloc(dev, struct_size(c, buf, n), GFP_KERNEL);
	unsigned int i;

	if (!c)
		return -ENOMEM;
	c->n = n;
	for (i = 0; i < n; i++) {
		c->buf[i].addr = dmam_alloc_coherent(dev, CHUNK, &c->buf[i].dma,
						     GFP_KERNEL);
		if (!c->buf[i].addr)
			return -ENOMEM;
	}
	e->cold = c;
	c->thread = kthread_run(cold_thread, e, "labcold");
	return PTR_ERR_OR_ZERO(c->thread);
}

void cold_stop(struct engine *e)
{
	kthread_stop(e->cold->thread);
}
