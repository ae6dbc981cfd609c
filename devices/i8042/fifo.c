/* SPDX-License-Identifier: MIT */
/* Bytes on their way from a PS/2 device. */
#include "ps2.h"

void
ps2_put(struct ps2_fifo *f, uint8_t byte)
{
	if (f->used == PS2_FIFO)
		return;
	f->byte[(f->head + f->used++) % PS2_FIFO] = byte;
}

void
ps2_clear(struct ps2_fifo *f)
{
	f->used = 0;
}

uint8_t
ps2_take(struct ps2_fifo *f)
{
	uint8_t byte;

	if (!f->used)
		return 0;
	byte = f->byte[f->head];
	f->head = (uint8_t)((f->head + 1) % PS2_FIFO);
	f->used--;
	return byte;
}

static bool
fifo_valid(const struct ps2_fifo *f)
{
	return f->head < PS2_FIFO && f->used <= PS2_FIFO;
}

bool
ps2_port_valid(const struct ps2_port *p)
{
	return fifo_valid(&p->reply) && fifo_valid(&p->data);
}
