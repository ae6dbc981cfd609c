/* SPDX-License-Identifier: MIT */
/*
 * release-chip: what a plugin written against this release's device.h looks
 * like, with a use of each of its tables and most of its calls. Frozen with the
 * header beside it; tests/abi/README.md.
 */
#include <ioemu/device.h>

#include <stdio.h>

#define REG_ID 0x00
#define REG_SCRATCH 0x04
#define REG_COMMAND 0x08
#define REG_ADDRESS 0x0c
#define REG_LATE 0x10 /* answers after TICK_NS */

#define TICK_NS 1000000u

enum command {
	COMMAND_FETCH = 1, /* scratch = the word of guest memory at ADDRESS */
	COMMAND_STORE,	   /* the other way */
	COMMAND_TICK,	   /* raise the pin after TICK_NS */
	COMMAND_QUIET,	   /* lower it */
	COMMAND_MESSAGE,
	COMMAND_DISK, /* scratch = the first word of the disk */
	COMMAND_TEXT, /* the low byte of scratch goes out */
	COMMAND_LOG,
	COMMAND_SLEEP,
};

struct chip {
	/* properties */
	uint16_t port;
	uint32_t value;
	struct ioemu_chardev *chardev;
	struct ioemu_block *drive;
	/* saved */
	uint32_t scratch, address;
	uint64_t deadline; /* of a tick; 0: none */
	bool raised;
	uint8_t heard[4];
	/* not saved: nothing of it is there when the device is quiet */
	struct ioemu_access *late;
	struct ioemu_timer tick, answer;
	struct ioemu_dma dma;
	struct ioemu_io io;
	uint8_t word[4], sector[512];
};

static void
chip_fetched(struct ioemu_dev *dev, struct ioemu_dma *dma)
{
	struct chip *chip = ioemu_state(dev);

	if (!dma->status)
		chip->scratch = get_le32(chip->word);
}

static void
chip_disk_read(struct ioemu_dev *dev, struct ioemu_io *io)
{
	struct chip *chip = ioemu_state(dev);

	if (!io->status)
		chip->scratch = get_le32(chip->sector);
}

static void
chip_tick(struct ioemu_dev *dev, struct ioemu_timer *timer)
{
	struct chip *chip = ioemu_state(dev);

	(void)timer;
	chip->deadline = 0;
	chip->raised = true;
	ioemu_irq(dev, IOEMU_INTX, true);
}

static void
chip_answer(struct ioemu_dev *dev, struct ioemu_timer *timer)
{
	struct chip *chip = ioemu_state(dev);
	struct ioemu_access *a = chip->late;

	(void)timer;
	chip->late = NULL;
	a->value = chip->scratch;
	ioemu_complete(dev, a);
}

static void
chip_read_disk(struct ioemu_dev *dev)
{
	struct chip *chip = ioemu_state(dev);
	struct ioemu_block_info info;

	ioemu_block_info(dev, chip->drive, &info);
	if (info.size < sizeof(chip->sector))
		return;
	chip->io = (struct ioemu_io){
		.block = chip->drive,
		.op = IOEMU_IO_READ,
		.len = sizeof(chip->sector),
		.buf = chip->sector,
		.done = chip_disk_read,
	};
	ioemu_io(dev, &chip->io);
}

static void
chip_command(struct ioemu_dev *dev, uint32_t command)
{
	struct chip *chip = ioemu_state(dev);
	uint8_t text = (uint8_t)chip->scratch;

	switch (command) {
	case COMMAND_FETCH:
		chip->dma.gpa = chip->address;
		chip->dma.buf = chip->word;
		chip->dma.len = sizeof(chip->word);
		ioemu_dma_read(dev, &chip->dma);
		break;
	case COMMAND_STORE:
		put_le32(chip->word, chip->scratch);
		ioemu_dma_write(dev, chip->address, chip->word,
				sizeof(chip->word));
		break;
	case COMMAND_TICK:
		chip->deadline = ioemu_now(dev) + TICK_NS;
		ioemu_timer_set(dev, &chip->tick, chip->deadline);
		break;
	case COMMAND_QUIET:
		chip->raised = false;
		ioemu_irq(dev, IOEMU_INTX, false);
		break;
	case COMMAND_MESSAGE:
		ioemu_msi(dev, 0);
		break;
	case COMMAND_DISK:
		chip_read_disk(dev);
		break;
	case COMMAND_TEXT:
		ioemu_chr_write(dev, chip->chardev, &text, 1);
		break;
	case COMMAND_LOG:
		ioemu_log(dev, IOEMU_INFO, "scratch is %u", chip->scratch);
		break;
	case COMMAND_SLEEP:
		ioemu_power(dev, IOEMU_POWER_SUSPEND);
		break;
	}
}

static void
chip_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct chip *chip = ioemu_state(dev);

	switch (a->offset) {
	case REG_ID:
		a->value = chip->value;
		break;
	case REG_SCRATCH:
		a->value = chip->scratch;
		break;
	case REG_ADDRESS:
		a->value = chip->address;
		break;
	case REG_LATE:
		if (chip->late)
			break; /* one at a time */
		chip->late = a;
		ioemu_defer(dev, a);
		ioemu_timer_set(dev, &chip->answer, ioemu_now(dev) + TICK_NS);
		break;
	}
}

static void
chip_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct chip *chip = ioemu_state(dev);

	switch (a->offset) {
	case REG_SCRATCH:
		chip->scratch = (uint32_t)a->value;
		break;
	case REG_ADDRESS:
		chip->address = (uint32_t)a->value;
		break;
	case REG_COMMAND:
		chip_command(dev, (uint32_t)a->value);
		break;
	}
}

/* The port says what came last. */
static void
chip_port_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	const struct chip *chip = ioemu_state(dev);

	a->value = chip->heard[a->offset];
}

static void
chip_input(struct ioemu_dev *dev, struct ioemu_chardev *chr,
	   const uint8_t *data, size_t len)
{
	struct chip *chip = ioemu_state(dev);

	for (; len--; data++) {
		chip->heard[3] = chip->heard[2];
		chip->heard[2] = chip->heard[1];
		chip->heard[1] = chip->heard[0];
		chip->heard[0] = *data;
		ioemu_chr_accept(dev, chr, 1);
	}
}

static const struct ioemu_region regs = {
	.name = "regs",
	.size = 4096,
	.min = 4,
	.max = 4,
	.read = chip_read,
	.write = chip_write,
};

static const struct ioemu_region port = {
	.name = "port",
	.size = 4,
	.min = 1,
	.max = 1,
	.read = chip_port_read,
};

static int
chip_attach(struct ioemu_dev *dev)
{
	struct chip *chip = ioemu_state(dev);
	const struct ioemu_pci pci = {
		.vendor = 0x1234,
		.device = 0x0001,
		.class_rev = 0xff000001u,
		.intx_pin = 1,
		.msi_vectors = 1,
		.bar[0] = { IOEMU_BAR_MEM32, &regs },
	};
	int err;

	chip->tick.fire = chip_tick;
	chip->answer.fire = chip_answer;
	chip->dma.done = chip_fetched;
	err = ioemu_window(dev, IOEMU_IO, chip->port, &port);
	return err ? err : ioemu_pci(dev, &pci);
}

static void
chip_reset(struct ioemu_dev *dev, enum ioemu_reset why)
{
	struct chip *chip = ioemu_state(dev);

	(void)why;
	chip->scratch = 0;
	chip->address = 0;
	chip->deadline = 0;
	chip->raised = false;
	ioemu_timer_set(dev, &chip->tick, IOEMU_NEVER);
	ioemu_chr_accept(dev, chip->chardev, 1);
}

static int
chip_loaded(struct ioemu_dev *dev)
{
	struct chip *chip = ioemu_state(dev);

	if (chip->deadline)
		ioemu_timer_set(dev, &chip->tick, chip->deadline);
	ioemu_irq(dev, IOEMU_INTX, chip->raised);
	ioemu_chr_accept(dev, chip->chardev, 1);
	return 0;
}

static int
chip_query(struct ioemu_dev *dev, const char *what, char *buf, size_t size)
{
	(void)what;
	return snprintf(buf, size, "%s", dev->id);
}

static const struct ioemu_prop props[] = {
	IOEMU_PROP(struct chip, port, "0x5a0", "I/O port"),
	IOEMU_PROP(struct chip, value, "0x0c1b0001", "what ID reads"),
	IOEMU_PROP(struct chip, chardev, NULL, "where text goes"),
	IOEMU_PROP(struct chip, drive, NULL, "a disk"),
	{ 0 },
};

static const struct ioemu_field fields[] = {
	IOEMU_FIELD(struct chip, scratch),
	IOEMU_FIELD(struct chip, address),
	IOEMU_FIELD(struct chip, deadline),
	IOEMU_FIELD(struct chip, raised),
	IOEMU_FIELD_ARRAY(struct chip, heard),
	{ 0 },
};

static const struct ioemu_type chip = {
	IOEMU_TYPE(struct chip),
	.name = "release-chip",
	.summary = "a plugin of an earlier release",
	.props = props,
	.fields = fields,
	.attach = chip_attach,
	.reset = chip_reset,
	.loaded = chip_loaded,
	.input = chip_input,
	.query = chip_query,
};

IOEMU_PLUGIN(&chip);
