/* SPDX-License-Identifier: MIT */
/*
 * debugcon - what a guest writes to one port appears in the log, line by line.
 * The smallest whole device: copy this folder to begin another. It knows only
 * ioemu/device.h.
 */
#include <ioemu/device.h>

#define DEBUGCON_PRESENT                                                       \
	0xe9 /* what Bochs' port 0xe9 reads, if it is there                    \
	      */
#define LINE_MAX_LEN 128

struct debugcon {
	/* properties */
	uint16_t port;
	/* saved */
	uint8_t line[LINE_MAX_LEN]; /* gathered so far */
	uint32_t len;
};

static void
debugcon_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	(void)dev;
	a->value = DEBUGCON_PRESENT;
}

static void
debugcon_flush(struct ioemu_dev *dev)
{
	struct debugcon *dc = ioemu_state(dev);

	if (dc->len)
		ioemu_log(dev, IOEMU_INFO, "%.*s", (int)dc->len,
			  (const char *)dc->line);
	dc->len = 0;
}

static void
debugcon_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct debugcon *dc = ioemu_state(dev);
	uint8_t c = (uint8_t)a->value;

	if (c == '\n') {
		debugcon_flush(dev);
		return;
	}
	dc->line[dc->len++] = c;
	if (dc->len == sizeof(dc->line))
		debugcon_flush(dev);
}

static const struct ioemu_region data = {
	.name = "data",
	.size = 1,
	.min = 1,
	.max = 1,
	.read = debugcon_read,
	.write = debugcon_write,
};

static int
debugcon_attach(struct ioemu_dev *dev)
{
	struct debugcon *dc = ioemu_state(dev);

	return ioemu_window(dev, IOEMU_PIO, dc->port, &data);
}

/* A saved length is a number like any other: believe it only in bounds. */
static int
debugcon_loaded(struct ioemu_dev *dev)
{
	struct debugcon *dc = ioemu_state(dev);

	return dc->len < sizeof(dc->line) ? 0 : -EINVAL;
}

static const struct ioemu_prop props[] = {
	IOEMU_PROP(struct debugcon, port, "0xe9", "I/O port"),
	{ 0 },
};

static const struct ioemu_field fields[] = {
	IOEMU_FIELD_ARRAY(struct debugcon, line),
	IOEMU_FIELD(struct debugcon, len),
	{ 0 },
};

static const struct ioemu_type debugcon = {
	IOEMU_TYPE(struct debugcon),
	.name = "debugcon",
	.summary = "debug console: a port whose bytes go to the log",
	.props = props,
	.fields = fields,
	.attach = debugcon_attach,
	.loaded = debugcon_loaded,
};

IOEMU_PLUGIN(&debugcon);
