/* SPDX-License-Identifier: MIT */
/*
 * Two drives on a cable, slow disks, resets, media and descriptor tables of any
 * kind: what a guest may do is in ide_guest.c, and what must be so then.
 */
#include "fuzz/common.h"

#include <stdio.h>
#include <stdlib.h>

#include "ide_guest.h"

static struct host_plugins *plugins;

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char dir[FUZZ_PATH], path[FUZZ_PATH + 16];
	const char *why;

	(void)argc;
	fuzz_plugin_dir(dir, (*argv)[0]);
	snprintf(path, sizeof(path), "%s/piix3-ide.so", dir);
	if (host_plugins_new(&plugins) ||
	    host_plugins_load(plugins, path, &why))
		abort();
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ide_guest_run(plugins, data, size);
	return 0;
}
