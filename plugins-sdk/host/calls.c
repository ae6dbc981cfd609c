/* SPDX-License-Identifier: MIT */
/*
 * The calls a device makes, struct ioemu_host: each a few lines from the
 * device to the part of this library, or of the host, that does the work.
 */
#include "hostdev.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct hostdev *
hostdev_of(struct ioemu_dev *dev)
{
	return (struct hostdev *)dev;
}

static void
call_complete(struct ioemu_dev *dev, struct ioemu_access *a)
{
	op_complete(dev, a);
}

/* A region that can be, at addresses that there are. */
static int
window_check(struct hostdev *hd, enum ioemu_space space, uint64_t base,
	     const struct ioemu_region *region)
{
	uint64_t end = space == IOEMU_PIO ? 0x10000 : UINT64_MAX;
	int rc;

	if (hd->attached)
		return hostdev_refuse(hd, -EINVAL,
				      "ioemu_window() is for attach() only");
	if (space != IOEMU_PIO && space != IOEMU_MEM)
		return hostdev_refuse(hd, -EINVAL,
				      "ioemu_window(): space %u: IOEMU_PIO or "
				      "IOEMU_MEM",
				      (unsigned)space);
	rc = hostdev_region_check(hd, region);
	if (rc || (base < end && region->size <= end - base))
		return rc;
	return hostdev_refuse(hd, -EINVAL,
			      "region '%.40s': base 0x%llx, size 0x%llx: %s "
			      "ends at 0x%llx",
			      region->name ? region->name : "",
			      (unsigned long long)base,
			      (unsigned long long)region->size,
			      space == IOEMU_PIO ? "port space" : "memory",
			      (unsigned long long)end - 1);
}

static int
call_window(struct ioemu_dev *dev, enum ioemu_space space, uint64_t base,
	    const struct ioemu_region *region)
{
	struct hostdev *hd = hostdev_of(dev);
	int rc = window_check(hd, space, base, region);
	struct host_window *w;
	unsigned fixed = 0, i;

	if (rc)
		return rc;
	for (i = 0; i < hd->n_windows; i++)
		fixed += hd->window[i].kind == HOST_WINDOW_FIXED;
	if (fixed == HOST_MAX_FIXED)
		return hostdev_refuse(
			hd, -ENOSPC, "region '%.40s': more than %u windows",
			region->name ? region->name : "", HOST_MAX_FIXED);
	w = hostdev_window(hd, space, region);
	w->kind = HOST_WINDOW_FIXED;
	w->base = base;
	return 0;
}

static int
call_pci(struct ioemu_dev *dev, const struct ioemu_pci *pci, size_t size)
{
	struct hostdev *hd = hostdev_of(dev);
	struct ioemu_pci copy = { 0 };

	if (hd->attached)
		return hostdev_refuse(hd, -EINVAL,
				      "ioemu_pci() is for attach() only");
	if (hd->func)
		return hostdev_refuse(hd, -EINVAL,
				      "ioemu_pci() was called already: a "
				      "device is one function");
	memcpy(&copy, pci, size < sizeof(copy) ? size : sizeof(copy));
	return pcifunc_new(hd, &copy);
}

static uint8_t *
call_config(struct ioemu_dev *dev)
{
	struct hostdev *hd = hostdev_of(dev);

	assert(hd->func); /* our device's mistake */
	return pcifunc_config(hd->func);
}

static void
call_irq(struct ioemu_dev *dev, unsigned line, bool level)
{
	struct hostdev *hd = hostdev_of(dev);
	uint32_t bit = line == IOEMU_INTX ? LINE_INTX : 1u << (line & 15);

	assert(line < 16 || line == IOEMU_INTX); /* our device's mistake */
	hd->lines = level ? hd->lines | bit : hd->lines & ~bit;
	hostdev_lines(hd);
}

static void
call_msi(struct ioemu_dev *dev, unsigned vector)
{
	struct hostdev *hd = hostdev_of(dev);

	if (hd->func)
		pcifunc_msi(hd->func, vector);
}

static void
call_dma_read(struct ioemu_dev *dev, struct ioemu_dma *dma)
{
	request_dma_read(hostdev_of(dev), dma);
}

static void
call_dma_write(struct ioemu_dev *dev, uint64_t gpa, const void *buf,
	       uint32_t len)
{
	struct hostdev *hd = hostdev_of(dev);

	if (request_may_dma(hd))
		hd->ops->dma_write(hd, gpa, buf, len);
}

static uint64_t
call_now(struct ioemu_dev *dev)
{
	struct hostdev *hd = hostdev_of(dev);

	return hd->ops->now(hd);
}

static void
call_timer_set(struct ioemu_dev *dev, struct ioemu_timer *timer,
	       uint64_t deadline_ns)
{
	struct hostdev *hd = hostdev_of(dev);

	hd->ops->timer_set(hd, timer, deadline_ns);
}

static void
call_chr_write(struct ioemu_dev *dev, struct ioemu_chardev *chr,
	       const void *data, size_t len)
{
	struct hostdev *hd = hostdev_of(dev);

	if (chr)
		hd->ops->chr_write(hd, chr, data, len);
}

static void
call_chr_accept(struct ioemu_dev *dev, struct ioemu_chardev *chr, size_t room)
{
	struct hostdev *hd = hostdev_of(dev);

	if (chr)
		hd->ops->chr_accept(hd, chr, room);
}

static void
call_block_info(struct ioemu_dev *dev, struct ioemu_block *block,
		struct ioemu_block_info *info)
{
	struct hostdev *hd = hostdev_of(dev);

	*info = (struct ioemu_block_info){ .size = 0 };
	if (block)
		hd->ops->block_info(hd, block, info);
}

static void
call_io(struct ioemu_dev *dev, struct ioemu_io *io)
{
	request_io(hostdev_of(dev), io);
}

static void
call_power(struct ioemu_dev *dev, enum ioemu_power what)
{
	struct hostdev *hd = hostdev_of(dev);

	hd->ops->power(hd, what);
}

static void
call_link_route(struct ioemu_dev *dev, unsigned link, unsigned irq)
{
	struct hostdev *hd = hostdev_of(dev);

	hd->ops->pirq_route(hd, link & 3, irq & 15);
}

static void
call_unplug(struct ioemu_dev *dev, unsigned what)
{
	struct hostdev *hd = hostdev_of(dev);

	hd->ops->unplug(hd, what);
}

static void
call_eject(struct ioemu_dev *dev, unsigned slot)
{
	struct hostdev *hd = hostdev_of(dev);

	if (hd->ops->eject)
		hd->ops->eject(hd, slot & 31);
}

/* What a guest wrote may be in the text: printable ASCII only. */
static void IOEMU_PRINTF(3, 4)
	call_log(struct ioemu_dev *dev, enum ioemu_level level, const char *fmt,
		 ...)
{
	struct hostdev *hd = hostdev_of(dev);
	char text[256];
	va_list ap;
	char *p;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (p = text; *p; p++)
		*p = host_printable((uint8_t)*p);
	if (hd->attaching && level == IOEMU_ERROR)
		hostdev_complain(hd, text);
	else
		hd->ops->log(hd, level, text);
}

const struct ioemu_host hostdev_calls = {
	.abi = IOEMU_ABI,
	.size = sizeof(struct ioemu_host),
	.complete = call_complete,
	.window = call_window,
	.pci = call_pci,
	.config = call_config,
	.irq = call_irq,
	.msi = call_msi,
	.dma_read = call_dma_read,
	.dma_write = call_dma_write,
	.now = call_now,
	.timer_set = call_timer_set,
	.chr_write = call_chr_write,
	.chr_accept = call_chr_accept,
	.block_info = call_block_info,
	.io = call_io,
	.power = call_power,
	.pirq_route = call_link_route,
	.unplug = call_unplug,
	.log = call_log,
	.eject = call_eject,
};
