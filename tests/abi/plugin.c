/* SPDX-License-Identifier: MIT */
/*
 * One plugin, made wrong or of another age by -D: what a loader may meet. Built
 * and loaded by tests/sdk/test_plugin.c.
 */
#include <ioemu/device.h>
#include <stdio.h>

struct chip {
	uint32_t value;
};

#ifndef PLUGIN_ABI
#define PLUGIN_ABI IOEMU_ABI
#endif
#ifndef TYPE_ABI
#define TYPE_ABI IOEMU_ABI
#endif
#ifndef TYPE_SIZE
#define TYPE_SIZE sizeof(struct ioemu_type)
#endif
#ifndef PLUGIN_SIZE
#define PLUGIN_SIZE sizeof(struct ioemu_plugin)
#endif
#ifndef N_TYPES
#define N_TYPES 1
#endif
#ifndef NAME
#define NAME "abi-chip"
#endif
#ifndef NAME2
#define NAME2 "abi-chip2"
#endif
#ifndef ALIAS
#define ALIAS "abi-alias"
#endif
#ifndef DEFAULT
#define DEFAULT "5"
#endif
#ifndef OFFSET
#define OFFSET offsetof(struct chip, value)
#endif
#ifndef FIELD_KIND
#define FIELD_KIND IOEMU_KIND_U32
#endif
#ifndef ATTACH
#define ATTACH chip_attach
#endif

int chip_attach(struct ioemu_dev *dev);

int
chip_attach(struct ioemu_dev *dev)
{
	struct chip *chip = ioemu_state(dev);

	return chip->value == 5 ? 0 : -EINVAL;
}

static int
chip_query(struct ioemu_dev *dev, const char *what, char *buf, size_t size)
{
	(void)what;
	return snprintf(buf, size, "%s%s", IOEMU_HAVE(dev, log) ? "log " : "",
			IOEMU_HAVE(dev, eject) ? "eject " : "");
}

static const struct ioemu_prop props[] = {
	{ .name = "value",
	  .kind = IOEMU_KIND_U32,
	  .offset = OFFSET,
	  .def = DEFAULT,
	  .help = "" },
	{ 0 },
};

static const struct ioemu_field fields[] = {
	{ .name = "value", .kind = FIELD_KIND, .offset = OFFSET, .count = 1 },
	{ 0 },
};

static const char *const aliases[] = { ALIAS, NULL };

static const struct ioemu_type first = {
	.abi = TYPE_ABI,
	.size = TYPE_SIZE,
	.state_size = sizeof(struct chip),
	.name = NAME,
	.summary = "",
	.aliases = aliases,
	.props = props,
	.fields = fields,
	.attach = ATTACH,
	.query = chip_query,
};

static const struct ioemu_type second = {
	IOEMU_TYPE(struct chip),
	.name = NAME2,
	.summary = "",
	.attach = chip_attach,
};

static const struct ioemu_type *const types[] = { &first, &second };

#ifndef NO_SYMBOL
extern const struct ioemu_plugin ioemu_plugin;
__attribute__((visibility("default")))
const struct ioemu_plugin ioemu_plugin = {
	.abi = PLUGIN_ABI,
	.size = PLUGIN_SIZE,
	.type_size = TYPE_SIZE,
	.n_types = N_TYPES,
	.types = types,
};
#endif
