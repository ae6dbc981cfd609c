/* SPDX-License-Identifier: MIT */
/*
 * fw_cfg.c - the firmware configuration device of QEMU's docs/specs/fw_cfg:
 * selector and data port, and the DMA interface. Owns the registers and the
 * transfer; what is in the items it does not know.
 *
 * A DMA operation is answered at once and goes on in turns of the loop; its
 * control field in guest memory is the completion mark, as the specification
 * has it ("transfer still in progress"), and every known driver polls it. The
 * alternative, holding the access until the end, would take a virtual CPU's
 * timer interrupts away for as long as the guest's length says, and would make
 * a save wait for a transfer that moves only while the guest runs. So a
 * transfer is a few saved numbers that can be stopped between any two turns.
 */
#include <ioemu/device.h>

#include "items.h"

#define PORT_SELECT 0x510u
#define PORT_DMA 0x514u

/* Two overlapping registers: 16-bit selector at 0, 8-bit data at 1. */
#define SELECT_OFFSET 0u
#define DATA_OFFSET 1u

/* The DMA address register, big-endian; writing the low half starts. */
#define DMA_HIGH 0u
#define DMA_SIGNATURE "QEMU CFG"

/* struct FWCfgDmaAccess, big-endian */
#define DESC_CONTROL 0
#define DESC_LENGTH 4
#define DESC_ADDRESS 8
#define DESC_SIZE 16

#define CTL_ERROR 0x01u
#define CTL_READ 0x02u
#define CTL_SKIP 0x04u
#define CTL_SELECT 0x08u
#define CTL_WRITE 0x10u
#define CTL_KEY_SHIFT 16

/* Bytes moved in one turn of the loop: about a tenth of a millisecond. */
#define CHUNK (256u << 10)
/* What lies past an item's end; only a guest's mistake reads much of it. */
#define ZEROS 4096u

enum phase {
	PHASE_IDLE,
	PHASE_FETCH, /* the descriptor is being read */
	PHASE_MOVE,
};

struct fw_cfg {
	const char *kernel; /* properties */
	const char *initrd;
	const char *append;
	uint32_t memory;

	uint16_t key;	 /* saved */
	uint32_t offset; /* in the item, at most its size */
	uint32_t dma_high;
	uint8_t phase;
	uint64_t desc; /* of the operation in progress: its descriptor, */
	uint64_t dest; /* where the next byte goes */
	uint32_t left; /* and how many are to go */

	const struct item *item; /* selected; NULL: none, reads as zeros */
	struct items items;
	struct ioemu_timer turn;
	struct ioemu_dma fetch;
	bool fetching; /* `fetch` and `raw` are the host's */
	bool stale;    /* what arrives belongs to a time before a reset */
	uint8_t raw[DESC_SIZE];
};

static void
fw_cfg_select(struct fw_cfg *fw, uint16_t key)
{
	fw->key = key;
	fw->item = items_find(&fw->items, key);
	fw->offset = 0;
}

/* No byte of [addr, addr + len) lies past the end of the address space. */
static bool
fw_cfg_fits(uint64_t addr, uint32_t len)
{
	return !len || addr <= UINT64_MAX - (len - 1);
}

static uint32_t
fw_cfg_avail(const struct fw_cfg *fw)
{
	return fw->item ? fw->item->size - fw->offset : 0;
}

static void
fw_cfg_skip(struct fw_cfg *fw, uint32_t n)
{
	uint32_t avail = fw_cfg_avail(fw);

	fw->offset += n < avail ? n : avail;
}

/* ---- ports ---- */

static void
fw_cfg_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct fw_cfg *fw = ioemu_state(dev);

	if (a->offset != DATA_OFFSET)
		return;
	a->value = fw_cfg_avail(fw) ? fw->item->data[fw->offset++] : 0;
}

/* Data writes are ignored: "no longer supported" since QEMU 2.4. */
static void
fw_cfg_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	if (a->offset == SELECT_OFFSET && a->size == 2)
		fw_cfg_select(ioemu_state(dev), (uint16_t)a->value);
}

static const struct ioemu_region ports = {
	.name = "select-data",
	.size = 2,
	.min = 1,
	.max = 2,
	.read = fw_cfg_read,
	.write = fw_cfg_write,
};

/* ---- DMA operations ---- */

/* Zero or an error into the control field: the descriptor is done with. */
static void
fw_cfg_report(struct ioemu_dev *dev, uint64_t desc, uint32_t control)
{
	uint8_t be[4];

	ioemu_put_le32(be, __builtin_bswap32(control));
	ioemu_dma_write(dev, desc + DESC_CONTROL, be, sizeof(be));
}

static void
fw_cfg_finish(struct ioemu_dev *dev, uint32_t control)
{
	struct fw_cfg *fw = ioemu_state(dev);

	fw->phase = PHASE_IDLE;
	fw->left = 0;
	fw_cfg_report(dev, fw->desc, control);
}

/* Not now, but a nanosecond on: others get their turn in between. */
static void
fw_cfg_next_turn(struct ioemu_dev *dev)
{
	struct fw_cfg *fw = ioemu_state(dev);

	ioemu_timer_set(dev, &fw->turn, ioemu_now(dev) + 1);
}

/* One turn of a transfer: one chunk, then the end or the next turn. */
static void
fw_cfg_move(struct ioemu_dev *dev)
{
	static const uint8_t zeros[ZEROS];
	struct fw_cfg *fw = ioemu_state(dev);
	const uint8_t *from = zeros;
	uint32_t n = fw_cfg_avail(fw);

	if (n) {
		from = fw->item->data + fw->offset;
		n = n < CHUNK ? n : CHUNK;
		n = n < fw->left ? n : fw->left;
		fw->offset += n;
	} else {
		n = fw->left < ZEROS ? fw->left : ZEROS;
	}
	if (n)
		ioemu_dma_write(dev, fw->dest, from, n);
	fw->dest += n;
	fw->left -= n;
	if (fw->left) {
		fw_cfg_next_turn(dev);
		return;
	}
	fw_cfg_finish(dev, 0);
}

static void
fw_cfg_turn(struct ioemu_dev *dev, struct ioemu_timer *timer)
{
	struct fw_cfg *fw = ioemu_state(dev);

	(void)timer;
	if (fw->phase == PHASE_MOVE)
		fw_cfg_move(dev);
}

/* The descriptor is here: do what it says. */
static void
fw_cfg_execute(struct ioemu_dev *dev)
{
	struct fw_cfg *fw = ioemu_state(dev);
	uint32_t control =
		__builtin_bswap32(ioemu_get_le32(fw->raw + DESC_CONTROL));
	uint32_t length =
		__builtin_bswap32(ioemu_get_le32(fw->raw + DESC_LENGTH));
	uint64_t dest =
		__builtin_bswap64(ioemu_get_le64(fw->raw + DESC_ADDRESS));

	if (control & CTL_SELECT)
		fw_cfg_select(fw, (uint16_t)(control >> CTL_KEY_SHIFT));

	if (control & CTL_READ) {
		if (!fw_cfg_fits(dest, length)) {
			fw_cfg_finish(dev, CTL_ERROR);
			return;
		}
		fw->dest = dest;
		fw->left = length;
		fw->phase = PHASE_MOVE;
		fw_cfg_move(dev);
	} else if (control & CTL_WRITE) {
		fw_cfg_finish(dev, CTL_ERROR); /* all items are read-only */
	} else {
		if (control & CTL_SKIP)
			fw_cfg_skip(fw, length);
		fw_cfg_finish(dev, 0);
	}
}

/* `fetch` may be under way still, for an operation that a reset ended: then
 * its done() starts over. */
static void
fw_cfg_fetch(struct ioemu_dev *dev)
{
	struct fw_cfg *fw = ioemu_state(dev);

	if (fw->fetching)
		return;
	fw->fetching = true;
	fw->fetch.gpa = fw->desc;
	fw->fetch.buf = fw->raw;
	fw->fetch.len = DESC_SIZE;
	ioemu_dma_read(dev, &fw->fetch);
}

static void
fw_cfg_fetched(struct ioemu_dev *dev, struct ioemu_dma *dma)
{
	struct fw_cfg *fw = ioemu_state(dev);
	bool stale = fw->stale;

	fw->fetching = false;
	fw->stale = false;
	if (fw->phase != PHASE_FETCH)
		return;
	if (stale)
		fw_cfg_fetch(dev);
	else if (dma->status)
		fw_cfg_finish(dev, CTL_ERROR);
	else
		fw_cfg_execute(dev);
}

/* One operation at a time: another vCPU's is refused, not queued. */
static void
fw_cfg_start(struct ioemu_dev *dev, uint64_t desc)
{
	struct fw_cfg *fw = ioemu_state(dev);

	if (!fw_cfg_fits(desc, DESC_SIZE))
		return;
	if (fw->phase != PHASE_IDLE) {
		if (desc != fw->desc)
			fw_cfg_report(dev, desc, CTL_ERROR);
		return;
	}
	fw->desc = desc;
	fw->phase = PHASE_FETCH;
	fw_cfg_fetch(dev);
}

static void
fw_cfg_dma_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	static const char signature[] = DMA_SIGNATURE;
	uint32_t i;

	(void)dev;
	a->value = 0;
	for (i = 0; i < a->size; i++)
		a->value |= (uint64_t)(uint8_t)signature[a->offset + i]
			    << (8 * i);
}

static void
fw_cfg_dma_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct fw_cfg *fw = ioemu_state(dev);
	uint32_t half = __builtin_bswap32((uint32_t)a->value);
	uint64_t desc;

	if (a->size != 4)
		return;
	if (a->offset == DMA_HIGH) {
		fw->dma_high = half;
		return;
	}
	desc = (uint64_t)fw->dma_high << 32 | half;
	fw->dma_high = 0;
	fw_cfg_start(dev, desc);
}

static const struct ioemu_region dma_address = {
	.name = "dma",
	.size = 8,
	.min = 1,
	.max = 4,
	.read = fw_cfg_dma_read,
	.write = fw_cfg_dma_write,
};

/* ---- life ---- */

static int
fw_cfg_attach(struct ioemu_dev *dev)
{
	struct fw_cfg *fw = ioemu_state(dev);
	const struct items_source src = {
		.kernel = fw->kernel,
		.initrd = fw->initrd,
		.cmdline = fw->append,
		.memory_mib = fw->memory,
	};
	int err;

	fw->turn.fire = fw_cfg_turn;
	fw->fetch.done = fw_cfg_fetched;
	err = items_make(&fw->items, dev, &src);
	if (!err)
		err = ioemu_window(dev, IOEMU_PIO, PORT_SELECT, &ports);
	if (!err)
		err = ioemu_window(dev, IOEMU_PIO, PORT_DMA, &dma_address);
	if (err)
		items_free(&fw->items);
	return err;
}

static void
fw_cfg_detach(struct ioemu_dev *dev)
{
	struct fw_cfg *fw = ioemu_state(dev);

	items_free(&fw->items);
}

static void
fw_cfg_reset(struct ioemu_dev *dev, enum ioemu_reset why)
{
	struct fw_cfg *fw = ioemu_state(dev);

	(void)why;
	ioemu_timer_set(dev, &fw->turn, IOEMU_NEVER);
	fw->stale = fw->fetching;
	fw->phase = PHASE_IDLE;
	fw->left = 0;
	fw->dma_high = 0;
	fw_cfg_select(fw, 0);
}

static int
fw_cfg_loaded(struct ioemu_dev *dev)
{
	struct fw_cfg *fw = ioemu_state(dev);
	uint32_t offset = fw->offset;

	if (fw->phase > PHASE_MOVE || !fw_cfg_fits(fw->dest, fw->left) ||
	    !fw_cfg_fits(fw->desc, DESC_SIZE))
		return -EINVAL;

	/* The files may be other ones here: no further than they go. */
	fw_cfg_select(fw, fw->key);
	fw_cfg_skip(fw, offset);
	if (fw->phase == PHASE_FETCH)
		fw_cfg_fetch(dev);
	if (fw->phase == PHASE_MOVE)
		fw_cfg_next_turn(dev);
	return 0;
}

static const struct ioemu_prop props[] = {
	IOEMU_PROP(struct fw_cfg, kernel, NULL,
		   "Linux bzImage on the host to boot"),
	IOEMU_PROP(struct fw_cfg, initrd, NULL, "its initial RAM disk"),
	IOEMU_PROP(struct fw_cfg, append, NULL, "its command line"),
	IOEMU_PROP(struct fw_cfg, memory, "128",
		   "the guest's RAM in MiB (below mmio_hole, if that is set)"),
	{ 0 },
};

static const struct ioemu_field fields[] = {
	IOEMU_FIELD(struct fw_cfg, key),
	IOEMU_FIELD(struct fw_cfg, offset),
	IOEMU_FIELD(struct fw_cfg, dma_high),
	IOEMU_FIELD(struct fw_cfg, phase),
	IOEMU_FIELD(struct fw_cfg, desc),
	IOEMU_FIELD(struct fw_cfg, dest),
	IOEMU_FIELD(struct fw_cfg, left),
	{ 0 },
};

static const struct ioemu_type fw_cfg = {
	IOEMU_TYPE(struct fw_cfg),
	.name = "fw-cfg",
	.summary = "firmware configuration, boots a Linux kernel",
	.props = props,
	.fields = fields,
	.attach = fw_cfg_attach,
	.detach = fw_cfg_detach,
	.reset = fw_cfg_reset,
	.loaded = fw_cfg_loaded,
};

IOEMU_PLUGIN(&fw_cfg);
