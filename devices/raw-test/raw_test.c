/* SPDX-License-Identifier: MIT */
/*
 * raw-test - memory and registers at fixed addresses with an ISA interrupt, to
 * try raw ranges with. No hardware has it; README.md is its data sheet.
 */
#include <ioemu/device.h>

#include <string.h>

#define PAGE 0x1000ull
#define N_PAGES 4u /* of memory: prefetchable, and two that are not; high */
#define REG_PAGE 3u

#define REG_ID 0x00
#define REG_ID_VALUE 0x7261773au /* "raw:" */
#define REG_COUNT 0x04		 /* accesses to memory; a write sets it to 0 */
#define REG_SIZE 0x08		 /* bytes of the last one */
#define REG_OFFSET 0x0c
#define REG_LINE 0x10 /* bit 0: level of the interrupt */

struct raw {
	uint64_t base, high; /* properties */
	uint8_t irq;
	uint8_t ram[N_PAGES * PAGE]; /* saved */
	uint32_t count, size, offset, line;
};

/* The region's tag is where its memory begins. */
static uint8_t *
raw_at(struct raw *r, const struct ioemu_access *a)
{
	r->count++;
	r->size = a->size;
	r->offset = (uint32_t)a->offset;
	return r->ram + a->tag + a->offset;
}

static void
ram_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	const uint8_t *p = raw_at(ioemu_state(dev), a);
	uint32_t i = a->size;

	for (a->value = 0; i--;)
		a->value = a->value << 8 | p[i];
}

static void
ram_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	uint8_t *p = raw_at(ioemu_state(dev), a);
	uint32_t i;

	for (i = 0; i < a->size; i++)
		p[i] = (uint8_t)(a->value >> 8 * i);
}

static void
burst_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	memcpy(a->data, raw_at(ioemu_state(dev), a), a->size);
}

static void
burst_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	memcpy(raw_at(ioemu_state(dev), a), a->data, a->size);
}

static void
reg_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	const struct raw *r = ioemu_state(dev);

	switch (a->offset) {
	case REG_ID:
		a->value = REG_ID_VALUE;
		break;
	case REG_COUNT:
		a->value = r->count;
		break;
	case REG_SIZE:
		a->value = r->size;
		break;
	case REG_OFFSET:
		a->value = r->offset;
		break;
	case REG_LINE:
		a->value = r->line;
		break;
	}
}

static void
reg_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct raw *r = ioemu_state(dev);

	if (a->offset == REG_COUNT)
		r->count = 0;
	if (a->offset != REG_LINE)
		return;
	r->line = a->value & 1;
	ioemu_irq(dev, r->irq, r->line);
}

static const struct ioemu_region memory = {
	.name = "memory",
	.size = PAGE,
	.min = 1,
	.max = 8,
	.read = ram_read,
	.write = ram_write,
	.burst_read = burst_read,
	.burst_write = burst_write,
};

static const struct ioemu_region regs = {
	.name = "registers",
	.size = PAGE,
	.min = 4,
	.max = 4,
	.read = reg_read,
	.write = reg_write,
};

static int
raw_window(struct ioemu_dev *dev, uint64_t base, unsigned page, uint16_t flags)
{
	struct ioemu_region r = memory;

	r.flags = flags;
	r.tag = (uint16_t)(page * PAGE);
	return ioemu_window(dev, IOEMU_MEM, base, &r);
}

static int
raw_attach(struct ioemu_dev *dev)
{
	const struct raw *r = ioemu_state(dev);
	int rc;

	if (r->irq > 15) {
		ioemu_log(dev, IOEMU_ERROR, "irq must be 0 to 15");
		return -EINVAL;
	}
	rc = raw_window(dev, r->base, 0, IOEMU_PREFETCHABLE);
	if (!rc)
		rc = raw_window(dev, r->base + PAGE, 1, 0);
	if (!rc)
		rc = raw_window(dev, r->base + 2 * PAGE, 2, 0);
	if (!rc)
		rc = ioemu_window(dev, IOEMU_MEM, r->base + REG_PAGE * PAGE,
				  &regs);
	if (!rc)
		rc = raw_window(dev, r->high, 3, IOEMU_PREFETCHABLE);
	return rc;
}

static void
raw_reset(struct ioemu_dev *dev, enum ioemu_reset why)
{
	struct raw *r = ioemu_state(dev);

	(void)why;
	memset(r->ram, 0, sizeof(r->ram));
	r->count = r->size = r->offset = r->line = 0;
}

static const struct ioemu_prop props[] = {
	IOEMU_PROP(struct raw, base, "0xe0000000", "address of its four pages"),
	IOEMU_PROP(struct raw, high, "0x880000000", "address of one more"),
	IOEMU_PROP(struct raw, irq, "7", "ISA interrupt"),
	{ 0 },
};

static const struct ioemu_field fields[] = {
	IOEMU_FIELD_ARRAY(struct raw, ram), IOEMU_FIELD(struct raw, count),
	IOEMU_FIELD(struct raw, size),	    IOEMU_FIELD(struct raw, offset),
	IOEMU_FIELD(struct raw, line),	    { 0 },
};

static const struct ioemu_type raw_test = {
	IOEMU_TYPE(struct raw),
	.name = "raw-test",
	.summary = "test device: memory and an interrupt at fixed places",
	.props = props,
	.fields = fields,
	.attach = raw_attach,
	.reset = raw_reset,
};

IOEMU_PLUGIN(&raw_test);
