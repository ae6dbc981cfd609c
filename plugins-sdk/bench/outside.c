/* SPDX-License-Identifier: MIT */
/*
 * What a test calls from outside of the guest: looks at what came of accesses,
 * moves time, and does what the host, an operator or a toolstack does.
 */
#include "priv.h"

#include <string.h>

/* ---- looking ------------------------------------------------------ */

uint8_t *
bench_ram(struct bench *b)
{
	return b->m->ram;
}

bool
bench_irq(struct bench *b, unsigned isa_irq)
{
	unsigned i;

	for (i = 0; i < b->m->n_slots; i++)
		if (b->m->slot[i].lines >> isa_irq & 1)
			return true;
	return false;
}

unsigned
bench_irq_edges(struct bench *b, unsigned isa_irq)
{
	unsigned n = b->m->rises[isa_irq];

	b->m->rises[isa_irq] = 0;
	return n;
}

bool
bench_intx(struct bench *b, const char *id)
{
	return machine_find(b->m, id)->lines >> 16 & 1;
}

unsigned
bench_msi_count(struct bench *b)
{
	unsigned n = b->m->n_msi;

	b->m->n_msi = 0;
	return n;
}

uint32_t
bench_msi_data(struct bench *b)
{
	return b->m->msi_data;
}

int
bench_link(struct bench *b, unsigned link)
{
	return b->m->link[link];
}

int
bench_power(struct bench *b)
{
	int power = b->m->power;

	b->m->power = -1;
	return power;
}

unsigned
bench_unplugged(struct bench *b)
{
	return b->m->unplugged;
}

uint32_t
bench_ejected(struct bench *b)
{
	uint32_t ejected = b->m->ejected;

	b->m->ejected = 0;
	return ejected;
}

const char *
bench_log(struct bench *b)
{
	return b->m->log;
}

int
bench_query(struct bench *b, const char *id, const char *what, char *buf,
	    size_t size)
{
	return hostdev_query(machine_find(b->m, id)->hd, what, buf, size);
}

/* ---- time and the host -------------------------------------------- */

void
bench_advance(struct bench *b, uint64_t ns)
{
	machine_advance(b->m, ns);
	machine_advance(b->twin, ns);
	machine_check(b->m);
}

void
bench_settle(struct bench *b)
{
	if (!machine_wait(b->m, NULL))
		fail_msg("a deferred access was never answered");
	machine_check(b->m);
}

void
bench_reset(struct bench *b, const char *id, enum ioemu_reset why)
{
	hostdev_reset(machine_find(b->m, id)->hd, why);
	bench_after(b);
}

void
bench_hotplug(struct bench *b, const char *id, unsigned which,
	      enum ioemu_hotplug what)
{
	hostdev_hotplug(machine_find(b->m, id)->hd, which, what);
	machine_turn(b->m);
	machine_arrive(b->m);
}

int
bench_load_field(struct bench *b, const char *id, const char *field, unsigned i,
		 uint64_t value)
{
	int rc = machine_load_field(machine_find(b->m, id), field, i, value);

	bench_after(b);
	return rc;
}

int
bench_medium(struct bench *b, const char *id, const char *name,
	     enum ioemu_medium what, uint64_t size)
{
	struct ioemu_block *block = backend_block(b->m, name);
	int rc;

	if (what == IOEMU_MEDIUM_CLOSE)
		backend_load(block, size);
	rc = hostdev_medium(machine_find(b->m, id)->hd, block, what);
	if (rc < 0 || what == IOEMU_MEDIUM_QUERY)
		return rc;
	bench_settle(b);
	if (what != IOEMU_MEDIUM_CLOSE)
		backend_load(block, 0);
	return rc;
}

void
bench_chr_input(struct bench *b, const char *name, const void *data, size_t len)
{
	struct ioemu_chardev *chr = backend_chr(b->m, name);

	backend_append(&chr->in, &chr->in_len, data, len);
	machine_turn(b->m);
	machine_arrive(b->m);
}

size_t
bench_chr_output(struct bench *b, const char *name, void *buf, size_t size)
{
	struct ioemu_chardev *chr = backend_chr(b->m, name);
	size_t n = chr->out_len < size ? chr->out_len : size;

	if (n)
		memcpy(buf, chr->out, n);
	chr->out_len -= n;
	if (chr->out_len)
		memmove(chr->out, chr->out + n, chr->out_len);
	return n;
}

uint8_t *
bench_disk(struct bench *b, const char *name)
{
	return backend_block(b->m, name)->data;
}

void
bench_disk_fail(struct bench *b, const char *name, int status)
{
	backend_block(b->m, name)->fail = status;
}

unsigned
bench_disk_flushes(struct bench *b, const char *name)
{
	return backend_block(b->m, name)->flushes;
}
