/* SPDX-License-Identifier: MIT */
/*
 * doubler - somebody else's device: built outside the tree with pkg-config
 * against the installed SDK, dropped into a folder, driven by a guest. What is
 * written to its port reads back doubled.
 */
#include <ioemu/device.h>

struct doubler {
	uint16_t port;
	uint8_t value;
};

static void
doubler_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct doubler *d = ioemu_state(dev);

	a->value = 2u * d->value;
}

static void
doubler_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct doubler *d = ioemu_state(dev);

	d->value = (uint8_t)a->value;
}

static const struct ioemu_region port = {
	.name = "port",
	.size = 1,
	.min = 1,
	.max = 1,
	.read = doubler_read,
	.write = doubler_write,
};

static int
doubler_attach(struct ioemu_dev *dev)
{
	struct doubler *d = ioemu_state(dev);

	return ioemu_window(dev, IOEMU_PIO, d->port, &port);
}

static const struct ioemu_prop props[] = {
	IOEMU_PROP(struct doubler, port, "0x5a0", "I/O port"),
	{ 0 },
};

static const struct ioemu_field fields[] = {
	IOEMU_FIELD(struct doubler, value),
	{ 0 },
};

static const struct ioemu_type doubler = {
	IOEMU_TYPE(struct doubler),
	.name = "doubler",
	.summary = "reads back twice what was written",
	.props = props,
	.fields = fields,
	.attach = doubler_attach,
};

IOEMU_PLUGIN(&doubler);
