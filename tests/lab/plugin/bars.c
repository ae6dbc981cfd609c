/* SPDX-License-Identifier: MIT */
/*
 * bars - a function with any BARs, for firmware to place. What is read says
 * whose it is: id in the top byte, the BAR's number, the dword's number.
 *
 *	bar0 … bar5=KIND:SIZE	KIND io, mem, pref, mem64, pref64
 *	rom=SIZE	an expansion ROM that is none
 *	number=N	its own, which is the subsystem's id, too
 */
#include <ioemu/device.h>

#include <stdlib.h>
#include <string.h>

#define BARS 6u

struct bars {
	const char *bar0, *bar1, *bar2, *bar3, *bar4, *bar5;
	uint32_t rom;
	uint8_t number;
};

static void
bars_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	const struct bars *b = ioemu_state(dev);

	a->value = (uint64_t)b->number << 24 | (uint32_t)a->tag << 20 |
		   (a->offset >> 2 & 0xfffff);
}

static const struct {
	const char *name;
	enum ioemu_bar_kind kind;
	bool prefetchable;
} kinds[] = {
	{ "io", IOEMU_BAR_IO, false },
	{ "mem", IOEMU_BAR_MEM32, false },
	{ "pref", IOEMU_BAR_MEM32, true },
	{ "mem64", IOEMU_BAR_MEM64, false },
	{ "pref64", IOEMU_BAR_MEM64, true },
};

static int
bars_parse(const char *text, struct ioemu_bar *bar, struct ioemu_region *r)
{
	const char *colon = strchr(text, ':');
	size_t i, n = colon ? (size_t)(colon - text) : 0;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strlen(kinds[i].name) != n ||
		    strncmp(kinds[i].name, text, n) != 0)
			continue;
		r->size = strtoull(colon + 1, NULL, 0);
		r->flags = kinds[i].prefetchable ? IOEMU_PREFETCHABLE : 0;
		bar->kind = kinds[i].kind;
		bar->region = r;
		return 0;
	}
	return -EINVAL;
}

static int
bars_attach(struct ioemu_dev *dev)
{
	struct bars *b = ioemu_state(dev);
	const char *text[BARS] = { b->bar0, b->bar1, b->bar2,
				   b->bar3, b->bar4, b->bar5 };
	struct ioemu_region region[BARS] = { 0 };
	struct ioemu_region rom = { .name = "rom", .size = b->rom };
	struct ioemu_pci pci = {
		.vendor = 0x1234,
		.device = 0x11f0,
		.subvendor = 0x1234,
		.subdevice = b->number,
		.class_rev = 0xff000001,
		.rom = b->rom ? &rom : NULL,
	};
	uint16_t i;

	rom.min = rom.max = 4;
	for (i = 0; i < BARS; i++) {
		region[i].name = "bar";
		region[i].min = region[i].max = 4;
		region[i].tag = i;
		region[i].read = bars_read;
		if (text[i] && bars_parse(text[i], &pci.bar[i], &region[i])) {
			ioemu_log(dev, IOEMU_ERROR, "bar%u is KIND:SIZE", i);
			return -EINVAL;
		}
	}
	return ioemu_pci(dev, &pci);
}

static const struct ioemu_prop props[] = {
	IOEMU_PROP(struct bars, bar0, NULL, "KIND:SIZE"),
	IOEMU_PROP(struct bars, bar1, NULL, "KIND:SIZE"),
	IOEMU_PROP(struct bars, bar2, NULL, "KIND:SIZE"),
	IOEMU_PROP(struct bars, bar3, NULL, "KIND:SIZE"),
	IOEMU_PROP(struct bars, bar4, NULL, "KIND:SIZE"),
	IOEMU_PROP(struct bars, bar5, NULL, "KIND:SIZE"),
	IOEMU_PROP(struct bars, rom, "0", "bytes of an expansion ROM"),
	IOEMU_PROP(struct bars, number, "0", "what its BARs say"),
	{ 0 },
};

static const struct ioemu_type bars = {
	IOEMU_TYPE(struct bars),
	.name = "bars",
	.summary = "a function with any BARs",
	.props = props,
	.attach = bars_attach,
};

IOEMU_PLUGIN(&bars);
