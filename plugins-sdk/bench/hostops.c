/* SPDX-License-Identifier: MIT */
/*
 * The bench as a host: what devices ask is done to the machine, or noted.
 */
#include "machine.h"

#include <stdlib.h>
#include <string.h>

#define MAX_TURNS 8u	     /* loop turns a request takes at most, ... */
#define LINK_TURNS 64u	     /* ... where an access takes many, too, */
#define MAX_DELAY_NS 200000u /* and time */

static void
ops_map(struct hostdev *hd, struct host_window *w)
{
	machine_map(machine_of(hd), w);
}

static void
ops_unmap(struct hostdev *hd, struct host_window *w)
{
	machine_unmap(machine_of(hd), w);
}

void
machine_line(struct slot *s, unsigned line, bool level)
{
	uint32_t bit = 1u << line;

	s->m->rises[line] += level && !(s->lines & bit);
	s->lines = level ? s->lines | bit : s->lines & ~bit;
}

static void
ops_irq(struct hostdev *hd, unsigned line, bool level)
{
	machine_line(hd->host, line == IOEMU_INTX ? INTX_LINE : line, level);
}

static void
ops_msi(struct hostdev *hd, uint64_t addr, uint32_t data)
{
	struct machine *m = machine_of(hd);

	(void)addr;
	m->n_msi++;
	m->msi_data = data;
}

struct request *
request_new(struct machine *m)
{
	struct request *r = calloc(1, sizeof(*r)), **p = &m->requests;

	r->turns = 1 + machine_random(m, m->links ? LINK_TURNS : MAX_TURNS);
	r->due_ns = m->now_ns + 1 + machine_random(m, MAX_DELAY_NS);
	while (*p)
		p = &(*p)->next;
	*p = r;
	return r;
}

static void
ops_dma_read(struct hostdev *hd, struct ioemu_dma *dma)
{
	struct request *r = request_new(machine_of(hd));

	r->hd = hd;
	r->dma = dma;
}

static void
ops_dma_write(struct hostdev *hd, uint64_t gpa, const void *buf, uint32_t len)
{
	struct machine *m = machine_of(hd);

	if (machine_is_ram(gpa, len))
		memcpy(m->ram + gpa, buf, len);
}

static uint64_t
ops_now(struct hostdev *hd)
{
	return machine_of(hd)->now_ns;
}

static void
timer_drop(struct machine *m, const struct hostdev *hd,
	   const struct ioemu_timer *timer)
{
	struct ioemu_timer *t = m->timers, *kept = NULL;

	while (t) {
		struct ioemu_timer *next = t->host[0];

		if (t == timer || t->host[1] == hd) {
			t->deadline_ns = IOEMU_NEVER;
		} else {
			t->host[0] = kept;
			kept = t;
		}
		t = next;
	}
	m->timers = kept;
}

static void
ops_timer_set(struct hostdev *hd, struct ioemu_timer *timer,
	      uint64_t deadline_ns)
{
	struct machine *m = machine_of(hd);

	timer_drop(m, NULL, timer);
	timer->deadline_ns = deadline_ns;
	if (deadline_ns == IOEMU_NEVER)
		return;
	timer->host[0] = m->timers;
	timer->host[1] = hd;
	m->timers = timer;
}

static void
ops_block_close(struct hostdev *hd, struct ioemu_block *block)
{
	(void)hd;
	(void)block;
}

static void
ops_chr_close(struct hostdev *hd, struct ioemu_chardev *chr)
{
	(void)hd;
	chr->owner = NULL;
	chr->room = 0;
}

static void
ops_chr_write(struct hostdev *hd, struct ioemu_chardev *chr, const void *data,
	      size_t len)
{
	(void)hd;
	backend_append(&chr->out, &chr->out_len, data, len);
}

static void
ops_chr_accept(struct hostdev *hd, struct ioemu_chardev *chr, size_t room)
{
	(void)hd;
	chr->room = room;
}

static void
ops_block_info(struct hostdev *hd, struct ioemu_block *block,
	       struct ioemu_block_info *info)
{
	(void)hd;
	info->size = block->size;
	info->readonly = block->readonly;
}

static void
ops_io(struct hostdev *hd, struct ioemu_io *io)
{
	struct request *r = request_new(machine_of(hd));

	r->hd = hd;
	r->io = io;
	r->status = io->block->fail;
	io->block->fail = 0;
}

static void
ops_power(struct hostdev *hd, enum ioemu_power what)
{
	machine_of(hd)->power = (int)what;
}

static void
ops_link_route(struct hostdev *hd, unsigned link, unsigned irq)
{
	machine_of(hd)->link[link] = (int)irq;
}

static void
ops_unplug(struct hostdev *hd, unsigned what)
{
	struct machine *m = machine_of(hd);
	unsigned i;

	m->unplugged |= what;
	for (i = 0; i < m->n_slots; i++)
		if (m->slot[i].hd)
			hostdev_unplug(m->slot[i].hd, what);
}

static void
ops_eject(struct hostdev *hd, unsigned slot)
{
	machine_of(hd)->ejected |= 1u << slot;
}

static void
ops_log(struct hostdev *hd, enum ioemu_level level, const char *text)
{
	(void)level;
	machine_log(machine_of(hd), text);
}

static void
ops_forget(struct hostdev *hd)
{
	struct machine *m = machine_of(hd);
	struct request **p = &m->requests, *r;

	if (((struct slot *)hd->host)->lh)
		linkhost_forget(hd);
	timer_drop(m, hd, NULL);
	while ((r = *p)) {
		if (r->hd == hd) {
			*p = r->next;
			free(r);
		} else {
			p = &r->next;
		}
	}
}

/* What is the same wherever a device lives. */
#define COMMON_OPS                                                             \
	.now = ops_now, .timer_set = ops_timer_set,                            \
	.block_open = backend_block_open, .block_close = ops_block_close,      \
	.chr_open = backend_chr_open, .chr_close = ops_chr_close,              \
	.chr_write = ops_chr_write, .chr_accept = ops_chr_accept,              \
	.block_info = ops_block_info, .io = ops_io, .power = ops_power,        \
	.pirq_route = ops_link_route, .unplug = ops_unplug,                    \
	.forget = ops_forget, .eject = ops_eject

const struct host_ops bench_ops = {
	COMMON_OPS,
	.map = ops_map,
	.unmap = ops_unmap,
	.irq = ops_irq,
	.msi = ops_msi,
	.dma_read = ops_dma_read,
	.dma_write = ops_dma_write,
	.log = ops_log,
};

const struct host_ops bench_link_ops = {
	COMMON_OPS,
	.map = linkhost_map,
	.unmap = linkhost_map,
	.irq = linkhost_irq,
	.msi = linkhost_msi,
	.dma_read = linkhost_dma_read,
	.dma_write = linkhost_dma_write,
	.log = linkhost_log,
};
