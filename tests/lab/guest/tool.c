/* SPDX-License-Identifier: MIT
 *
 * guest-tool - tests that run inside a guest of the lab.
 *
 * Owns the list of verbs; each verb is in the file it is named after. Results
 * are lines on the standard output that scenarios wait for.
 */
#include <stdio.h>
#include <string.h>

#include "tool.h"

struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *usage;
};

static const struct verb verbs[] = {
	{ "io", cmd_io,
	  "OP… (in1=PORT out1=PORT=VALUE cfg4=DEVFN=REG "
	  "mem4=ID=BAR=OFFSET[=VALUE])" },
	{ "bars", cmd_bars, "" },
	{ "disk-write", cmd_disk_write, "DEVICE MIB" },
	{ "disk-check", cmd_disk_check, "DEVICE" },
	{ "bench", cmd_bench, "VENDOR.DEVICE [OFFSET [BLOCK-OFFSET]]" },
	{ "async", cmd_async, "ROUNDS MILLISECONDS" },
	{ "beside", cmd_beside, "ROUNDS PORT-ACCESSES" },
	{ "posted", cmd_posted, "VENDOR.DEVICE" },
	{ "exitcost", cmd_exitcost, "VENDOR.DEVICE" },
	{ "survive", cmd_survive, "LOSSES" },
	{ "keep", cmd_keep, "DEVICE" },
	{ "beat", cmd_beat, "MILLISECONDS" },
	{ "cold", cmd_cold, "DEVICE BUFFERS" },
	{ "journal", cmd_journal, "FOLDER LAST-SYNCED" },
	{ "hostile", cmd_hostile,
	  "mild|wild SECONDS SEED [io=FIRST-LAST] "
	  "[mem=FIRST-LAST]" },
};

int
main(int argc, char **argv)
{
	const struct verb *end = verbs + sizeof(verbs) / sizeof(verbs[0]);
	const struct verb *v;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (v = verbs; argc > 1 && v < end; v++) {
		if (strcmp(v->name, argv[1]) == 0)
			return v->run(argc - 2, argv + 2);
	}
	for (v = verbs; v < end; v++)
		fprintf(stderr, "guest-tool %s %s\n", v->name, v->usage);
	return TOOL_USAGE;
}
