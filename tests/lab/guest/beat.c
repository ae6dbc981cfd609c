/* SPDX-License-Identifier: MIT
 *
 * A line's end on the console at short intervals, for ever: who watches from
 * outside sees for how long the guest stood still. From inside nothing is to
 * be seen, as a guest's clock stands still with it.
 */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

enum { NS_PER_MS = 1000000, MS_PER_S = 1000 };

int
cmd_beat(int argc, char **argv)
{
	struct timespec pause = { 0 };
	int ms;

	if (argc != 1)
		return TOOL_USAGE;
	ms = atoi(argv[0]);
	pause.tv_sec = ms / MS_PER_S;
	pause.tv_nsec = (long)(ms % MS_PER_S) * NS_PER_MS;
	while (write(STDOUT_FILENO, "\n", 1) == 1)
		nanosleep(&pause, NULL);
	return TOOL_FAILED;
}
