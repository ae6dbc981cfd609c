/* SPDX-License-Identifier: MIT */
/*
 * dma-engine - a PCI function that moves data between guest memory and memory
 * of its own, as lists of descriptors in guest memory say. No hardware has it;
 * README.md is its data sheet. This file is what the guest sees: BARs,
 * registers, interrupts. engine.c does the work.
 */
#include "engine.h"

#include <string.h>

#define VENDOR 0x1234
#define DEVICE 0x11ea
#define CLASS_REV 0x08800001u /* a system peripheral, other; revision 1 */

#define BAR_CARD 0
#define BAR_REGS 2
#define BAR_MSIX 4

#define REGS_SIZE 4096u
#define REG_ID 0x00
#define ID_VALUE 0x11ea1234u
#define REG_VERSION 0x04
#define VERSION_VALUE 1u
#define REG_CONTROL 0x08
#define CONTROL_START 0x1u /* these three read 0 */
#define CONTROL_ABORT 0x2u
#define CONTROL_RESET 0x4u
#define CONTROL_INTERRUPTS 0x8u
#define REG_STATUS 0x0c
#define REG_ERROR 0x10
#define REG_LIST 0x18
#define REG_LIST_UPPER 0x1c
#define REG_LENGTH 0x20
#define REG_START 0x24
#define REG_VECTOR 0x28
#define REG_INDEX 0x2c
#define REG_BYTES_IN 0x30
#define REG_BYTES_IN_UPPER 0x34
#define REG_BYTES_OUT 0x38
#define REG_BYTES_OUT_UPPER 0x3c
#define REG_SUM 0x40
#define REG_SUM_UPPER 0x44

/* ---- BAR 0: memory ------------------------------------------------ */

static void
card_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	const struct engine *e = ioemu_state(dev);
	uint32_t i;

	a->value = 0;
	for (i = a->size; i-- > 0;)
		a->value = a->value << 8 | e->card[a->offset + i];
}

static void
card_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct engine *e = ioemu_state(dev);
	uint32_t i;

	for (i = 0; i < a->size; i++)
		e->card[a->offset + i] = (uint8_t)(a->value >> (8 * i));
}

static void
card_burst_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	const struct engine *e = ioemu_state(dev);

	memcpy(a->data, e->card + a->offset, a->size);
}

static void
card_burst_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct engine *e = ioemu_state(dev);

	memcpy(e->card + a->offset, a->data, a->size);
}

/* ---- BAR 2: registers --------------------------------------------- */

/* The pin shows a state, a message tells of an event. Which of the two reaches
 * the guest is what the guest enabled: the host knows. */
void
dma_engine_interrupt(struct ioemu_dev *dev, bool event)
{
	const struct engine *e = ioemu_state(dev);
	bool on = e->interrupts && e->status & STATUS_INTERRUPT;

	ioemu_irq(dev, IOEMU_INTX, on);
	if (on && event)
		ioemu_msi(dev, e->vector);
}

/* All but BAR 0. */
static void
registers_reset(struct ioemu_dev *dev)
{
	struct engine *e = ioemu_state(dev);

	engine_stop(dev);
	e->interrupts = false;
	e->status = 0;
	e->error = ERROR_NONE;
	e->list_gpa = 0;
	e->length = e->start = e->vector = e->index = 0;
	e->bytes_in = e->bytes_out = 0;
	e->sum = 0;
	dma_engine_interrupt(dev, false);
}

static void
control_write(struct ioemu_dev *dev, uint32_t v)
{
	struct engine *e = ioemu_state(dev);

	if (v & CONTROL_RESET) {
		registers_reset(dev);
		return;
	}
	e->interrupts = v & CONTROL_INTERRUPTS;
	dma_engine_interrupt(dev, false);
	if (v & CONTROL_ABORT)
		engine_abort(dev);
	else if (v & CONTROL_START)
		engine_start(dev);
}

static void
status_write(struct ioemu_dev *dev, uint32_t v)
{
	struct engine *e = ioemu_state(dev);

	e->status &= ~v;
	dma_engine_interrupt(dev, false);
}

/* What describes a list stays while it runs. */
static void
list_write(struct engine *e, uint64_t reg, uint32_t v)
{
	if (e->phase != ENGINE_IDLE)
		return;
	switch (reg) {
	case REG_LIST:
		e->list_gpa = (e->list_gpa & ~(uint64_t)UINT32_MAX) | v;
		break;
	case REG_LIST_UPPER:
		e->list_gpa = (uint64_t)v << 32 | (uint32_t)e->list_gpa;
		break;
	case REG_LENGTH:
		e->length = v;
		break;
	case REG_START:
		e->start = v;
		break;
	}
}

static void
regs_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct engine *e = ioemu_state(dev);
	uint32_t v = (uint32_t)a->value;

	switch (a->offset) {
	case REG_CONTROL:
		control_write(dev, v);
		break;
	case REG_STATUS:
		status_write(dev, v);
		break;
	case REG_VECTOR:
		e->vector = v % N_VECTORS;
		break;
	default:
		list_write(e, a->offset, v);
	}
}

static uint64_t
regs_get(const struct engine *e, uint64_t reg)
{
	switch (reg) {
	case REG_ID:
		return ID_VALUE;
	case REG_VERSION:
		return VERSION_VALUE;
	case REG_CONTROL:
		return e->interrupts ? CONTROL_INTERRUPTS : 0;
	case REG_STATUS:
		return e->status | (e->phase ? STATUS_BUSY : 0);
	case REG_ERROR:
		return e->error;
	case REG_LIST:
		return e->list_gpa;
	case REG_LIST_UPPER:
		return e->list_gpa >> 32;
	case REG_LENGTH:
		return e->length;
	case REG_START:
		return e->start;
	case REG_VECTOR:
		return e->vector;
	case REG_INDEX:
		return e->index;
	case REG_BYTES_IN:
		return e->bytes_in;
	case REG_BYTES_IN_UPPER:
		return e->bytes_in >> 32;
	case REG_BYTES_OUT:
		return e->bytes_out;
	case REG_BYTES_OUT_UPPER:
		return e->bytes_out >> 32;
	case REG_SUM:
		return e->sum;
	case REG_SUM_UPPER:
		return e->sum >> 32;
	default:
		return 0;
	}
}

static void
regs_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	a->value = regs_get(ioemu_state(dev), a->offset);
}

/* ---- the function ------------------------------------------------- */

static const struct ioemu_region card = {
	.name = "card",
	.min = 1,
	.max = 8,
	.flags = IOEMU_PREFETCHABLE,
	.read = card_read,
	.write = card_write,
	.burst_read = card_burst_read,
	.burst_write = card_burst_write,
};

static const struct ioemu_region regs = {
	.name = "registers",
	.size = REGS_SIZE,
	.min = 4,
	.max = 4,
	.read = regs_read,
	.write = regs_write,
};

static int
dma_engine_attach(struct ioemu_dev *dev)
{
	struct engine *e = ioemu_state(dev);
	struct ioemu_region sized = card;
	struct ioemu_pci pci = {
		.vendor = VENDOR,
		.device = DEVICE,
		.class_rev = CLASS_REV,
		.intx_pin = 1,
		.bar[BAR_CARD] = { IOEMU_BAR_MEM64, &sized },
		.bar[BAR_REGS] = { IOEMU_BAR_MEM32, &regs },
		.msi_vectors = 1,
		.msix_vectors = N_VECTORS,
		.msix_bar = BAR_MSIX,
	};

	if (e->size < CARD_MIN || e->size > CARD_MAX) {
		ioemu_log(dev, IOEMU_ERROR, "size must be %u to %u", CARD_MIN,
			  CARD_MAX);
		return -EINVAL;
	}
	sized.size = e->size;
	engine_init(e);
	return ioemu_pci(dev, &pci);
}

static void
dma_engine_reset(struct ioemu_dev *dev, enum ioemu_reset why)
{
	struct engine *e = ioemu_state(dev);

	(void)why;
	registers_reset(dev);
	memset(e->card, 0, e->size);
}

static const struct ioemu_prop props[] = {
	IOEMU_PROP(struct engine, size, "0x100000", "bytes of BAR 0"),
	{ 0 },
};

static const struct ioemu_field fields[] = {
	IOEMU_FIELD_ARRAY(struct engine, card),
	IOEMU_FIELD(struct engine, interrupts),
	IOEMU_FIELD(struct engine, status),
	IOEMU_FIELD(struct engine, error),
	IOEMU_FIELD(struct engine, list_gpa),
	IOEMU_FIELD(struct engine, length),
	IOEMU_FIELD(struct engine, start),
	IOEMU_FIELD(struct engine, vector),
	IOEMU_FIELD(struct engine, bytes_in),
	IOEMU_FIELD(struct engine, bytes_out),
	IOEMU_FIELD(struct engine, sum),
	IOEMU_FIELD(struct engine, phase),
	IOEMU_FIELD_ARRAY(struct engine, list),
	IOEMU_FIELD(struct engine, index),
	IOEMU_FIELD(struct engine, at),
	IOEMU_FIELD(struct engine, moved),
	{ 0 },
};

static const struct ioemu_type dma_engine = {
	IOEMU_TYPE(struct engine),
	.name = "dma-engine",
	.summary = "worked example: descriptor lists, bursts, MSI-X",
	.props = props,
	.fields = fields,
	.attach = dma_engine_attach,
	.reset = dma_engine_reset,
	.loaded = engine_loaded,
};

IOEMU_PLUGIN(&dma_engine);
