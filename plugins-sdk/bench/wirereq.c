/* SPDX-License-Identifier: MIT */
/*
 * What devices behind links ask of the root, served from the machine: guest
 * memory, interrupts, windows, text.
 */
#include "wire.h"

#include <stdlib.h>
#include <string.h>

#define MSI_FIRST 0xfee00000u
#define MSI_LAST 0xfeefffffu
#define MAX_TEXT 256u

/* ---- memory ------------------------------------------------------- */

static void
msi(struct machine *m, struct link_in *in)
{
	m->n_msi++;
	m->msi_data = ioemu_get_le32(in->data);
	link_answer(in, 0);
}

void
wire_serve(struct machine *m, struct link_in *in)
{
	uint64_t gpa = 0;
	uint32_t len = 0;
	int rc = 0;

	while (!rc && link_in_run(in, &gpa, &len)) {
		uint8_t *data = in->data + (gpa - in->base);

		if (!machine_is_ram(gpa, len))
			rc = -EFAULT;
		else if (in->write)
			memcpy(m->ram + gpa, data, len);
		else
			memcpy(data, m->ram + gpa, len);
	}
	link_answer(in, rc);
}

/* Writes land in the order they were sent; a read's answer takes its time. */
void
wire_request(struct link *link, struct link_in *in)
{
	const struct wire *wire = link_user(link);

	/* a function that was not told its number yet says 0 */
	if (in->requester && in->requester != wire->id)
		fail_msg("%s: says it is %#x, and is %#x", wire->slot->id,
			 in->requester, wire->id);
	if (!in->write)
		request_new(wire->m)->in = in;
	else if (in->base >= MSI_FIRST && in->base <= MSI_LAST)
		msi(wire->m, in);
	else
		wire_serve(wire->m, in);
}

/* ---- disks -------------------------------------------------------- */

/* A stretch of guest memory on its way to the disk. */
struct piece {
	struct ioemu_dma dma; /* first */
	struct request *r;
};

static void
io_end(struct request *r)
{
	struct hostdev *hd = r->hd;
	struct ioemu_io *io = r->io;

	if (r->bytes && !r->status)
		memcpy(io->block->data + io->offset, r->bytes, io->len);
	io->status = r->status;
	free(r->pieces);
	free(r->bytes);
	free(r);
	io->done(&hd->dev, io);
}

static void
piece_done(struct ioemu_dev *dev, struct ioemu_dma *dma)
{
	struct request *r = ((struct piece *)dma)->r;

	(void)dev;
	if (dma->status)
		r->status = dma->status;
	if (!--r->n_pieces)
		io_end(r);
}

/* The disk is written when all of it is there. */
static void
io_write(struct request *r)
{
	const struct ioemu_io *io = r->io;
	struct piece *pieces = calloc(io->n_sg, sizeof(*pieces));
	uint8_t *to = malloc(io->len);
	uint32_t i, n = 0, at = 0;

	r->pieces = pieces;
	r->bytes = to;
	for (i = 0; i < io->n_sg; at += io->sg[i++].len) {
		if (!io->sg[i].len)
			continue;
		pieces[n].r = r;
		pieces[n++].dma = (struct ioemu_dma){
			.gpa = io->sg[i].gpa,
			.buf = to + at,
			.len = io->sg[i].len,
			.done = piece_done,
		};
	}
	r->n_pieces = n;
	for (i = 0; i < n; i++)
		r->hd->ops->dma_read(r->hd, &pieces[i].dma);
}

void
wire_io(struct request *r)
{
	const struct ioemu_io *io = r->io;
	uint8_t *disk = io->block->data + io->offset;
	uint32_t i;

	if (io->op == IOEMU_BLK_WRITE) {
		io_write(r);
		return;
	}
	for (i = 0; i < io->n_sg; disk += io->sg[i++].len)
		r->hd->ops->dma_write(r->hd, io->sg[i].gpa, disk,
				      io->sg[i].len);
	io_end(r);
}

/* ---- messages ----------------------------------------------------- */

static bool
message_window(struct wire *wire, const struct link_msg *msg)
{
	struct wire_window *ww;
	struct link_window w;

	if (!link_window_decode(msg, &w) || w.index >= WIRE_WINDOWS)
		return false;
	ww = &wire->window[w.index];
	if (ww->w.mapped)
		machine_unmap(wire->m, &ww->w);
	*ww = (struct wire_window){
		.w = {
			.region = {
				.name = wire->slot->id,
				.size = w.size,
				.flags = w.prefetchable ? IOEMU_PREFETCHABLE
							: 0,
			},
			.base = w.base,
			.space = w.space,
			.index = w.index,
			.mapped = w.mapped,
			.host = wire,
		},
		.readonly = w.readonly,
		.writeonly = w.writeonly,
		.fence = w.fence,
	};
	if (w.mapped)
		machine_map(wire->m, &ww->w);
	return true;
}

static bool
message_line(struct slot *s, unsigned line, bool level)
{
	machine_line(s, line, level);
	return true;
}

static bool
message_log(struct machine *m, const struct link_msg *msg)
{
	char text[MAX_TEXT + 1];

	if (!msg->b || msg->b > MAX_TEXT || msg->b > msg->len)
		return false;
	memcpy(text, msg->data, msg->b);
	text[msg->b] = '\0';
	machine_log(m, text);
	return true;
}

static bool
message_vendor(struct wire *wire, const struct link_msg *msg)
{
	switch (msg->word) {
	case LINK_WINDOW:
		return message_window(wire, msg);
	case LINK_LINE:
		return msg->b < INTX_LINE &&
		       message_line(wire->slot, msg->b, msg->a);
	case LINK_LOG:
		return message_log(wire->m, msg);
	default: /* nobody asked */
		return false;
	}
}

void
wire_message(struct link *link, const struct link_msg *msg)
{
	struct wire *wire = link_user(link);

	if (msg->code != LINK_VENDOR_MSG)
		message_line(wire->slot, INTX_LINE,
			     msg->code < LINK_DEASSERT_INTX);
	else if (!message_vendor(wire, msg))
		fail_msg("%s: a message that makes no sense: %#x",
			 wire->slot->id, msg->word);
}
