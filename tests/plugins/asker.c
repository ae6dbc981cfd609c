/* SPDX-License-Identifier: MIT */
/*
 * asker - a device that asks its host for what a driver tells it to and shows
 * what came of it. A plugin, so that it runs wherever devices do.
 *
 * BAR 0, 4 bytes wide:
 *	0x00	guest address, lower and upper half
 *	0x08	bytes
 *	0x0c	written: what to do (enum ask); reads 1 until it is done
 *	0x10	status of the last, as errno
 *	0x14	bytes of the buffer that are not 0xff
 *	0x18	second guest address, 0: the list has one entry
 */
#include <ioemu/device.h>

#include <string.h>

#define BUFFER 65536u
#define MAX_LEN 32768u /* of one entry */

enum ask { ASK_DMA = 1, ASK_WRITE, ASK_READ };

struct asker {
	struct ioemu_block *disk;
	uint32_t gpa[2], len, second;
	uint32_t busy, status, other;
	struct ioemu_dma dma;
	struct ioemu_io io;
	struct ioemu_sg sg[2];
	uint8_t buf[BUFFER];
};

static void
dma_done(struct ioemu_dev *dev, struct ioemu_dma *dma)
{
	struct asker *s = ioemu_state(dev);
	uint32_t i;

	s->status = (uint32_t)-dma->status;
	s->other = 0;
	for (i = 0; i < dma->len; i++)
		s->other += s->buf[i] != 0xff;
	s->busy = 0;
}

static void
io_done(struct ioemu_dev *dev, struct ioemu_io *io)
{
	struct asker *s = ioemu_state(dev);

	s->status = (uint32_t)-io->status;
	s->busy = 0;
}

static void
ask_dma(struct ioemu_dev *dev)
{
	struct asker *s = ioemu_state(dev);

	memset(s->buf, 0, sizeof(s->buf));
	s->dma = (struct ioemu_dma){
		.gpa = (uint64_t)s->gpa[1] << 32 | s->gpa[0],
		.buf = s->buf,
		.len = s->len,
		.done = dma_done,
	};
	ioemu_dma_read(dev, &s->dma);
}

static void
ask_io(struct ioemu_dev *dev, enum ioemu_blk_op op)
{
	struct asker *s = ioemu_state(dev);
	uint32_t n = s->second ? 2 : 1;

	s->sg[0].gpa = (uint64_t)s->gpa[1] << 32 | s->gpa[0];
	s->sg[0].len = s->len;
	s->sg[1].gpa = s->second;
	s->sg[1].len = s->len;
	s->io = (struct ioemu_io){
		.block = s->disk,
		.op = op,
		.len = s->len * n,
		.sg = s->sg,
		.n_sg = n,
		.done = io_done,
	};
	ioemu_io(dev, &s->io);
}

static void
asker_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct asker *s = ioemu_state(dev);
	uint32_t v = (uint32_t)a->value;

	if (a->offset == 0x00 || a->offset == 0x04)
		s->gpa[a->offset / 4] = v;
	else if (a->offset == 0x08)
		s->len = v < MAX_LEN ? v : MAX_LEN;
	else if (a->offset == 0x18)
		s->second = v;
	if (a->offset != 0x0c || s->busy)
		return;
	s->busy = 1;
	if (v == ASK_DMA)
		ask_dma(dev);
	else
		ask_io(dev, v == ASK_WRITE ? IOEMU_BLK_WRITE : IOEMU_BLK_READ);
}

static void
asker_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	const struct asker *s = ioemu_state(dev);

	a->value = a->offset == 0x0c   ? s->busy
		   : a->offset == 0x10 ? s->status
		   : a->offset == 0x14 ? s->other
				       : 0;
}

static int
asker_attach(struct ioemu_dev *dev)
{
	static const struct ioemu_region regs = {
		.name = "asker",
		.size = 4096,
		.min = 4,
		.max = 4,
		.read = asker_read,
		.write = asker_write,
	};
	static const struct ioemu_pci pci = {
		.vendor = 0x1234,
		.device = 0x11ee,
		.class_rev = 0x08800001,
		.bar[0] = { IOEMU_BAR_MEM32, &regs },
	};

	return ioemu_pci(dev, &pci);
}

static const struct ioemu_prop props[] = {
	IOEMU_PROP(struct asker, disk, NULL, "what it writes and reads"),
	{ 0 },
};

static const struct ioemu_type type = {
	IOEMU_TYPE(struct asker),
	.name = "asker",
	.summary = "test device: asks its host what a driver tells it to",
	.props = props,
	.attach = asker_attach,
};

IOEMU_PLUGIN(&type);
