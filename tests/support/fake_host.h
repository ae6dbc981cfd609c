/* SPDX-License-Identifier: MIT */
/*
 * fake_host.h - the smallest host there can be: it writes down what it is
 * asked, one word a call, and finishes requests when told.
 */
#ifndef FAKE_HOST_H
#define FAKE_HOST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "host/host.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAKE_DISK_SIZE 4096u

struct ioemu_block {
	int opened;
};

struct ioemu_chardev {
	int opened;
};

struct fake {
	char events[4096]; /* "+ram@1000 -ram irq3=1 ..." since last asked */
	char asked[4096];
	uint64_t now_ns, msi_addr;
	struct ioemu_timer *timer; /* the last one set */
	struct ioemu_dma *dma;
	struct ioemu_io *io;
	struct ioemu_block block;
	struct ioemu_chardev chr;
	bool readonly;
};

static inline struct fake *
fake_of(struct hostdev *hd)
{
	return hd->host;
}

static inline void IOEMU_PRINTF(2, 3)
	fake_note(struct hostdev *hd, const char *fmt, ...)
{
	char *p = fake_of(hd)->events;
	size_t n = strlen(p);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(p + n, sizeof(fake_of(hd)->events) - n, fmt, ap);
	va_end(ap);
}

/* What happened since the last call. */
static inline const char *
fake_events(struct fake *f)
{
	size_t n = strlen(f->events);

	memcpy(f->asked, f->events, sizeof(f->asked));
	if (n)
		f->asked[n - 1] = '\0'; /* the space at the end */
	f->events[0] = '\0';
	return f->asked;
}

static inline void
fake_map(struct hostdev *hd, struct host_window *w)
{
	fake_note(hd, "+%s@%llx ", w->region.name, (unsigned long long)w->base);
}

static inline void
fake_unmap(struct hostdev *hd, struct host_window *w)
{
	fake_note(hd, "-%s ", w->region.name);
}

static inline void
fake_irq(struct hostdev *hd, unsigned line, bool level)
{
	if (line == IOEMU_INTX)
		fake_note(hd, "intx=%d ", level);
	else
		fake_note(hd, "irq%u=%d ", line, level);
}

static inline void
fake_msi(struct hostdev *hd, uint64_t addr, uint32_t data)
{
	fake_of(hd)->msi_addr = addr;
	fake_note(hd, "msi=%x ", data);
}

static inline void
fake_dma_read(struct hostdev *hd, struct ioemu_dma *dma)
{
	fake_of(hd)->dma = dma;
	fake_note(hd, "dma_read ");
}

static inline void
fake_dma_write(struct hostdev *hd, uint64_t gpa, const void *buf, uint32_t len)
{
	(void)buf;
	fake_note(hd, "dma_write@%llx+%x ", (unsigned long long)gpa, len);
}

static inline uint64_t
fake_now(struct hostdev *hd)
{
	return fake_of(hd)->now_ns;
}

static inline void
fake_timer_set(struct hostdev *hd, struct ioemu_timer *timer, uint64_t deadline)
{
	timer->deadline_ns = deadline;
	fake_of(hd)->timer = timer;
}

static inline int
fake_block_open(struct hostdev *hd, const char *value, struct ioemu_block **out)
{
	if (!strcmp(value, "missing"))
		return -ENOENT;
	fake_of(hd)->block.opened++;
	*out = &fake_of(hd)->block;
	return 0;
}

static inline void
fake_block_close(struct hostdev *hd, struct ioemu_block *block)
{
	block->opened--;
	fake_note(hd, "block_close ");
}

static inline int
fake_chr_open(struct hostdev *hd, const char *value, struct ioemu_chardev **out)
{
	if (!strcmp(value, "missing"))
		return -ENOENT;
	fake_of(hd)->chr.opened++;
	*out = &fake_of(hd)->chr;
	return 0;
}

static inline void
fake_chr_close(struct hostdev *hd, struct ioemu_chardev *chr)
{
	chr->opened--;
	fake_note(hd, "chr_close ");
}

static inline void
fake_chr_write(struct hostdev *hd, struct ioemu_chardev *chr, const void *data,
	       size_t len)
{
	(void)chr;
	fake_note(hd, "chr:%.*s ", (int)len, (const char *)data);
}

static inline void
fake_chr_accept(struct hostdev *hd, struct ioemu_chardev *chr, size_t room)
{
	(void)chr;
	fake_note(hd, "accept:%zu ", room);
}

static inline void
fake_block_info(struct hostdev *hd, struct ioemu_block *block,
		struct ioemu_block_info *info)
{
	(void)block;
	info->size = FAKE_DISK_SIZE;
	info->readonly = fake_of(hd)->readonly;
}

static inline void
fake_io(struct hostdev *hd, struct ioemu_io *io)
{
	fake_of(hd)->io = io;
	fake_note(hd, "io ");
}

static inline void
fake_power(struct hostdev *hd, enum ioemu_power what)
{
	fake_note(hd, "power:%d ", (int)what);
}

static inline void
fake_link_route(struct hostdev *hd, unsigned link, unsigned irq)
{
	fake_note(hd, "link%u=%u ", link, irq);
}

static inline void
fake_unplug(struct hostdev *hd, unsigned what)
{
	fake_note(hd, "unplug:%u ", what);
}

static inline void
fake_log(struct hostdev *hd, enum ioemu_level level, const char *text)
{
	fake_note(hd, "log%d:%s ", (int)level, text);
}

static inline void
fake_forget(struct hostdev *hd)
{
	fake_note(hd, "forget ");
}

static inline void
fake_eject(struct hostdev *hd, unsigned slot)
{
	fake_note(hd, "eject:%u ", slot);
}

static const struct host_ops fake_ops = {
	.map = fake_map,
	.unmap = fake_unmap,
	.irq = fake_irq,
	.msi = fake_msi,
	.dma_read = fake_dma_read,
	.dma_write = fake_dma_write,
	.now = fake_now,
	.timer_set = fake_timer_set,
	.block_open = fake_block_open,
	.block_close = fake_block_close,
	.chr_open = fake_chr_open,
	.chr_close = fake_chr_close,
	.chr_write = fake_chr_write,
	.chr_accept = fake_chr_accept,
	.block_info = fake_block_info,
	.io = fake_io,
	.power = fake_power,
	.pirq_route = fake_link_route,
	.unplug = fake_unplug,
	.log = fake_log,
	.forget = fake_forget,
	.eject = fake_eject,
};

/* A device of this type in a fresh host ... */
static inline struct hostdev *
fake_new(struct fake *f, const struct host_type *type)
{
	struct hostdev *hd = NULL;

	memset(f, 0, sizeof(*f));
	assert_int_equal(hostdev_new(&fake_ops, f, type, "dev", NULL, &hd), 0);
	return hd;
}

static inline int
fake_attach(struct ioemu_dev *dev)
{
	(void)dev;
	return 0;
}

/* A device that has nothing, for tests of what a host does for any. */
static inline const struct host_type *
fake_chip(void)
{
	static const struct host_type chip = {
		.type = {
			IOEMU_TYPE(int),
			.name = "chip",
			.summary = "",
			.attach = fake_attach,
		},
	};

	return &chip;
}

/* ... attached. */
static inline struct hostdev *
fake_device(struct fake *f, const struct host_type *type)
{
	struct hostdev *hd = fake_new(f, type);

	assert_int_equal(hostdev_attach(hd), 0);
	fake_events(f);
	return hd;
}

static inline void
fake_op_done(struct host_op *op)
{
	(void)op;
}

static inline uint32_t
fake_cfg_read(struct hostdev *hd, uint32_t reg, uint32_t size)
{
	uint8_t data[4] = { 0 };
	struct host_op op = {
		.window = hd->config,
		.offset = reg,
		.data = data,
		.width = size,
		.count = 1,
		.done = fake_op_done,
	};

	host_op_start(&op);
	return ioemu_get_le32(data);
}

static inline void
fake_cfg_write(struct hostdev *hd, uint32_t reg, uint32_t size, uint32_t v)
{
	uint8_t data[4];
	struct host_op op = {
		.window = hd->config,
		.offset = reg,
		.data = data,
		.width = size,
		.count = 1,
		.write = true,
		.done = fake_op_done,
	};

	ioemu_put_le32(data, v);
	host_op_start(&op);
}

#endif
