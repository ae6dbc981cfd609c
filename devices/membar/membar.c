/* SPDX-License-Identifier: MIT */
/*
 * membar - a PCI function made to be measured and tested: plain memory, a
 * record of how it was reached, a register that answers late. No hardware has
 * it; README.md is its data sheet.
 */
#include <ioemu/device.h>

#include <string.h>

#define MEMBAR_VENDOR 0x1234
#define MEMBAR_DEVICE 0x11e9
#define MEMBAR_CLASS_REV 0xff000001u /* no class, revision 1 */

#define RAM_MAX (1u << 20)
#define RAM_MIN 4096u
#define LOG_SIZE 4096u
#define SCRATCH_SIZE 16u
#define SCRATCH_LATE 12u /* reads of the last four bytes are answered late */

#define LOG_ID 0x00
#define LOG_ID_VALUE 0x11e91234u
#define LOG_COUNT 0x04 /* accesses to BAR 0 and 4; a write sets it to 0 */
#define LOG_WIDTH 0x08 /* bytes of the last one */
#define LOG_OFFSET 0x0c
#define LOG_KIND 0x10
#define KIND_WRITE 0x1u
#define KIND_BURST 0x2u
#define KIND_POSTED 0x4u
#define KIND_PORT 0x8u
#define LOG_LATE 0x80 /* answers after delay-us: how many it has answered */

#define LOG_BELLS 0x90 /* times that BAR 5 was written to */
#define LOG_OPEN 0x98  /* late reads that wait; a write answers them now */
#define CHAINS 0x100   /* in BAR 2; BAR 3 has them at 0 */
#define N_CHAINS 4u
#define CHAIN_SIZE 0x40u /* a write anywhere in it is the next link */
#define CHAIN_SUM 0x00
#define CHAIN_LENGTH 0x04
#define CHAIN_FACTOR 31u /* sum = sum * 31 + what is written */

#define TAG_LOG 1u /* of its region */

#define MAX_LATE 256u /* more at once are answered at once */

struct late {
	struct ioemu_access *access;
	uint64_t due_ns;
};

struct membar {
	/* properties */
	uint32_t size;
	uint32_t delay_us;
	bool posted;
	uint64_t serial;
	/* saved */
	uint8_t ram[RAM_MAX];
	uint8_t scratch[SCRATCH_SIZE];
	uint32_t count, width, offset, kind;
	uint32_t answered;
	uint32_t chain_sum[N_CHAINS], chain_length[N_CHAINS];
	uint32_t bells;
	/* open accesses: none when saved. All wait equally long: a ring. */
	struct late late[MAX_LATE];
	unsigned first, n_late;
	struct ioemu_timer timer;
};

static void
membar_note(struct membar *mb, const struct ioemu_access *a, unsigned kind)
{
	mb->count++;
	mb->width = a->size;
	mb->offset = (uint32_t)a->offset;
	mb->kind = kind;
	if (a->flags & IOEMU_POSTED)
		mb->kind |= KIND_POSTED;
	if (a->data)
		mb->kind |= KIND_BURST;
}

static uint64_t
bytes_get(const uint8_t *p, uint32_t size)
{
	uint64_t v = 0;

	while (size--)
		v = v << 8 | p[size];
	return v;
}

static void
bytes_put(uint8_t *p, uint64_t v, uint32_t size)
{
	for (; size--; v >>= 8)
		*p++ = (uint8_t)v;
}

/* ---- BAR 0: memory ------------------------------------------------ */

static void
ram_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct membar *mb = ioemu_state(dev);

	membar_note(mb, a, 0);
	a->value = bytes_get(mb->ram + a->offset, a->size);
}

static void
ram_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct membar *mb = ioemu_state(dev);

	membar_note(mb, a, KIND_WRITE);
	bytes_put(mb->ram + a->offset, a->value, a->size);
}

static void
ram_burst_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct membar *mb = ioemu_state(dev);

	membar_note(mb, a, 0);
	memcpy(a->data, mb->ram + a->offset, a->size);
}

static void
ram_burst_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct membar *mb = ioemu_state(dev);

	membar_note(mb, a, KIND_WRITE);
	memcpy(mb->ram + a->offset, a->data, a->size);
}

/* ---- late answers ------------------------------------------------- */

/* BAR 2's counter counts when it answers; ports were read when asked. */
static void
late_answer(struct membar *mb, struct ioemu_access *a)
{
	if (a->tag == TAG_LOG)
		a->value = ++mb->answered;
}

/* The one that has waited longest. */
static void
late_complete(struct ioemu_dev *dev)
{
	struct membar *mb = ioemu_state(dev);
	struct ioemu_access *a = mb->late[mb->first].access;

	mb->first = (mb->first + 1) % MAX_LATE;
	mb->n_late--;
	late_answer(mb, a);
	ioemu_complete(dev, a); /* may bring the next one */
}

static void
late_fire(struct ioemu_dev *dev, struct ioemu_timer *timer)
{
	struct membar *mb = ioemu_state(dev);

	(void)timer;
	while (mb->n_late && mb->late[mb->first].due_ns <= ioemu_now(dev))
		late_complete(dev);
	if (mb->n_late)
		ioemu_timer_set(dev, &mb->timer, mb->late[mb->first].due_ns);
}

/* A test decides when: those that wait now, not those that come by it. */
static void
late_release(struct ioemu_dev *dev)
{
	struct membar *mb = ioemu_state(dev);
	unsigned n = mb->n_late;

	while (n-- && mb->n_late)
		late_complete(dev);
	ioemu_timer_set(dev, &mb->timer,
			mb->n_late ? mb->late[mb->first].due_ns : IOEMU_NEVER);
}

static void
late_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct membar *mb = ioemu_state(dev);
	struct late *late = &mb->late[(mb->first + mb->n_late) % MAX_LATE];

	if (!mb->delay_us || mb->n_late == MAX_LATE) {
		late_answer(mb, a);
		return;
	}
	late->access = a;
	late->due_ns = ioemu_now(dev) + mb->delay_us * 1000ull;
	if (!mb->n_late++)
		ioemu_timer_set(dev, &mb->timer, late->due_ns);
	ioemu_defer(dev, a);
}

/* ---- BAR 3, and a part of BAR 2: chains --------------------------- */

/* The order of writes can be seen by what they add up to. */
static void
chain_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	const struct membar *mb = ioemu_state(dev);
	uint64_t n = a->offset / CHAIN_SIZE;

	if (n >= N_CHAINS)
		return;
	if (a->offset % CHAIN_SIZE == CHAIN_SUM)
		a->value = mb->chain_sum[n];
	else if (a->offset % CHAIN_SIZE == CHAIN_LENGTH)
		a->value = mb->chain_length[n];
}

static void
chain_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct membar *mb = ioemu_state(dev);
	uint64_t n = a->offset / CHAIN_SIZE;

	if (n >= N_CHAINS)
		return;
	mb->chain_sum[n] = mb->chain_sum[n] * CHAIN_FACTOR + (uint32_t)a->value;
	mb->chain_length[n]++;
}

/* ---- BAR 2: the record -------------------------------------------- */

static void
log_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct membar *mb = ioemu_state(dev);

	if (a->offset >= CHAINS) {
		a->offset -= CHAINS;
		chain_read(dev, a);
		return;
	}
	switch (a->offset) {
	case LOG_ID:
		a->value = LOG_ID_VALUE;
		break;
	case LOG_COUNT:
		a->value = mb->count;
		break;
	case LOG_WIDTH:
		a->value = mb->width;
		break;
	case LOG_OFFSET:
		a->value = mb->offset;
		break;
	case LOG_KIND:
		a->value = mb->kind;
		break;
	case LOG_BELLS:
		a->value = mb->bells;
		break;
	case LOG_LATE:
		late_read(dev, a);
		break;
	case LOG_OPEN:
		a->value = mb->n_late;
		break;
	}
}

static void
log_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct membar *mb = ioemu_state(dev);

	if (a->offset == LOG_COUNT)
		mb->count = 0;
	if (a->offset == LOG_OPEN)
		late_release(dev);
	if (a->offset >= CHAINS) {
		a->offset -= CHAINS;
		chain_write(dev, a);
	}
}

/* ---- BAR 4: scratch ports ----------------------------------------- */

static void
scratch_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct membar *mb = ioemu_state(dev);

	membar_note(mb, a, KIND_PORT);
	a->value = bytes_get(mb->scratch + a->offset, a->size);
	if (a->offset >= SCRATCH_LATE)
		late_read(dev, a);
}

static void
scratch_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct membar *mb = ioemu_state(dev);

	membar_note(mb, a, KIND_PORT | KIND_WRITE);
	bytes_put(mb->scratch + a->offset, a->value, a->size);
}

/* ---- the function ------------------------------------------------- */

static const struct ioemu_region ram = {
	.name = "ram",
	.min = 1,
	.max = 8,
	.flags = IOEMU_PREFETCHABLE,
	.read = ram_read,
	.write = ram_write,
	.burst_read = ram_burst_read,
	.burst_write = ram_burst_write,
};

static const struct ioemu_region log_region = {
	.name = "log",
	.size = LOG_SIZE,
	.min = 4,
	.max = 4,
	.tag = TAG_LOG,
	.read = log_read,
	.write = log_write,
};

static const struct ioemu_region chains = {
	.name = "chains",
	.size = LOG_SIZE,
	.min = 4,
	.max = 4,
	.flags = IOEMU_ALLOW_POSTED,
	.read = chain_read,
	.write = chain_write,
};

static void
bell_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	(void)a;
	((struct membar *)ioemu_state(dev))->bells++;
}

static const struct ioemu_region bell = {
	.name = "bell",
	.size = LOG_SIZE,
	.min = 4,
	.max = 4,
	.flags = IOEMU_DOORBELL,
	.write = bell_write,
};

static const struct ioemu_region scratch = {
	.name = "scratch",
	.size = SCRATCH_SIZE,
	.min = 1,
	.max = 4,
	.read = scratch_read,
	.write = scratch_write,
};

/*
 * PCI Express Base Specification 4.0: 7.5.3, an endpoint of the root complex,
 * which has no link; 7.9.3, its serial number; 7.9.5, a register to write to.
 */
#define EXPRESS 0x40
#define EXPRESS_IS 0x00920010u /* version 2, type 9 */
#define SERIAL 0x100
#define SERIAL_IS 0x11010003u /* version 1, VENDOR comes next */
#define VENDOR 0x110
#define VENDOR_IS 0x0001000bu
#define VENDOR_HEAD 0x00c00001u /* 12 bytes in all */
#define STATUS_CAPS 0x10u

static int
membar_attach(struct ioemu_dev *dev)
{
	struct membar *mb = ioemu_state(dev);
	struct ioemu_region sized = ram;
	const struct ioemu_reg express[] = {
		{ 0x06, 1, STATUS_CAPS, 0, 0 },
		{ 0x34, 1, EXPRESS, 0, 0 },
		{ EXPRESS, 4, EXPRESS_IS, 0, 0 },
		{ EXPRESS + 4, 4, 0x8000, 0, 0 }, /* as all since 1.1 */
		{ EXPRESS + 8, 2, 0x2810, 0x7fff, 0 },
		{ SERIAL, 4, SERIAL_IS, 0, 0 },
		{ SERIAL + 4, 4, (uint32_t)mb->serial, 0, 0 },
		{ SERIAL + 8, 4, (uint32_t)(mb->serial >> 32), 0, 0 },
		{ VENDOR, 4, VENDOR_IS, 0, 0 },
		{ VENDOR + 4, 4, VENDOR_HEAD, 0, 0 },
		{ VENDOR + 8, 4, 0, UINT32_MAX, 0 },
		{ 0 },
	};
	struct ioemu_pci pci = {
		.vendor = MEMBAR_VENDOR,
		.device = MEMBAR_DEVICE,
		.class_rev = MEMBAR_CLASS_REV,
		.bar[0] = { IOEMU_BAR_MEM32, &sized },
		.bar[2] = { IOEMU_BAR_MEM32, &log_region },
		.bar[4] = { IOEMU_BAR_IO, &scratch },
		.regs = mb->serial ? express : NULL,
	};

	if (mb->size < RAM_MIN || mb->size > RAM_MAX) {
		ioemu_log(dev, IOEMU_ERROR, "size must be %u to %u", RAM_MIN,
			  RAM_MAX);
		return -EINVAL;
	}
	sized.size = mb->size;
	if (mb->posted) {
		pci.bar[3] = (struct ioemu_bar){ IOEMU_BAR_MEM32, &chains };
		pci.bar[5] = (struct ioemu_bar){ IOEMU_BAR_MEM32, &bell };
	}
	mb->timer.fire = late_fire;
	return ioemu_pci(dev, &pci);
}

static void
membar_reset(struct ioemu_dev *dev, enum ioemu_reset why)
{
	struct membar *mb = ioemu_state(dev);

	(void)why;
	memset(mb->ram, 0, mb->size);
	memset(mb->scratch, 0, sizeof(mb->scratch));
	mb->count = mb->width = mb->offset = mb->kind = 0;
	mb->answered = 0;
	memset(mb->chain_sum, 0, sizeof(mb->chain_sum));
	memset(mb->chain_length, 0, sizeof(mb->chain_length));
	mb->bells = 0;
}

static const struct ioemu_prop props[] = {
	IOEMU_PROP(struct membar, size, "0x100000", "bytes of BAR 0"),
	IOEMU_PROP(struct membar, delay_us, "0",
		   "how long reads that answer late take"),
	IOEMU_PROP(struct membar, posted, "off",
		   "BAR 3 and 5: chains by posted writes, a doorbell"),
	IOEMU_PROP(struct membar, serial, "0",
		   "PCI Express, with this serial number"),
	{ 0 },
};

static const struct ioemu_field fields[] = {
	IOEMU_FIELD_ARRAY(struct membar, ram),
	IOEMU_FIELD_ARRAY(struct membar, scratch),
	IOEMU_FIELD(struct membar, count),
	IOEMU_FIELD(struct membar, width),
	IOEMU_FIELD(struct membar, offset),
	IOEMU_FIELD(struct membar, kind),
	IOEMU_FIELD(struct membar, answered),
	IOEMU_FIELD_ARRAY(struct membar, chain_sum),
	IOEMU_FIELD_ARRAY(struct membar, chain_length),
	IOEMU_FIELD(struct membar, bells),
	{ 0 },
};

static const struct ioemu_type membar = {
	IOEMU_TYPE(struct membar),
	.name = "membar",
	.summary = "test device: memory, a record of accesses, late answers",
	.props = props,
	.fields = fields,
	.attach = membar_attach,
	.reset = membar_reset,
};

IOEMU_PLUGIN(&membar);
