/* SPDX-License-Identifier: MIT
 *
 * Where the kernel has the BARs of every function, in the words of hvmloader's
 * log; and whether those of the plugin "bars" answer there, first and last
 * dword. Nothing is enabled here: that is the firmware's to do.
 */
#include <dirent.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "tool.h"

#define PCI_DEVICES "/sys/bus/pci/devices"

enum {
	IORESOURCE_IO = 0x100, /* Linux, ioport.h */
	ROM = 6,	       /* line of it in the file "resource" */
	BARS_ID = 0x11f01234,
};

struct tally {
	unsigned int functions, bars, wrong;
};

/* A dword of configuration space, by way of the kernel. */
static uint32_t
config(const char *slot, unsigned int reg)
{
	char path[300];
	uint8_t b[4] = { 0xff, 0xff, 0xff, 0xff };
	FILE *f;

	snprintf(path, sizeof(path), PCI_DEVICES "/%.32s/config", slot);
	f = fopen(path, "re");
	if (!f)
		return UINT32_MAX;
	if (fseek(f, (long)reg, SEEK_SET) || fread(b, 1, 4, f) != 4)
		memset(b, 0xff, sizeof(b));
	fclose(f);
	return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
	       (uint32_t)b[3] << 24;
}

static uint32_t
dword_at(uint64_t addr, bool port)
{
	struct mem_window w;
	uint32_t value;

	if (port)
		return port_read((uint16_t)addr, 4);
	if (mem_open(addr & ~(uint64_t)(PAGE - 1), PAGE, &w))
		return UINT32_MAX;
	value = *(volatile uint32_t *)(w.map + (addr & (PAGE - 1)));
	munmap((void *)w.map, PAGE);
	return value;
}

static bool
answers(uint32_t number, unsigned int bar, uint64_t first, uint64_t size,
	bool port)
{
	uint32_t who = number << 24 | bar << 20;

	return dword_at(first, port) == who &&
	       dword_at(first + size - 4, port) ==
		       (who | ((size - 4) >> 2 & 0xfffff));
}

static void
function(const char *slot, struct tally *t)
{
	char path[300];
	uint64_t first, last, flags;
	bool ours = config(slot, 0) == BARS_ID;
	unsigned int i, reg;
	const char *word;
	FILE *f;

	snprintf(path, sizeof(path), PCI_DEVICES "/%.32s/resource", slot);
	f = fopen(path, "re");
	for (i = 0; f && i <= ROM; i++) {
		if (fscanf(f, "%" SCNx64 " %" SCNx64 " %" SCNx64, &first, &last,
			   &flags) != 3)
			break;
		if (!flags)
			continue;
		reg = i == ROM ? 0x30 : 0x10 + 4 * i;
		word = "";
		if (ours && i != ROM) {
			word = " right";
			t->bars++;
			if (!answers(config(slot, 0x2c) >> 16, i, first,
				     last + 1 - first, flags & IORESOURCE_IO)) {
				word = " WRONG";
				t->wrong++;
			}
		}
		last = last + 1 - first;
		printf("BAR %s bar %02x size %x%08x: %x%08x%s\n", slot + 5, reg,
		       (uint32_t)(last >> 32), (uint32_t)last,
		       (uint32_t)(first >> 32), (uint32_t)first, word);
	}
	if (f)
		fclose(f);
	t->functions += ours;
}

int
cmd_bars(int argc, char **argv)
{
	DIR *dir = opendir(PCI_DEVICES);
	struct tally t = { 0 };
	struct dirent *d;

	(void)argc;
	(void)argv;
	if (!dir || ports_open())
		return TOOL_FAILED;
	while ((d = readdir(dir)))
		if (d->d_name[0] != '.')
			function(d->d_name, &t);
	closedir(dir);
	printf("GUEST-BARS %u functions, %u BARs, %u wrong\n", t.functions,
	       t.bars, t.wrong);
	return t.wrong ? TOOL_FAILED : TOOL_OK;
}
