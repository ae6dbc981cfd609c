/* SPDX-License-Identifier: MIT */
/*
 * upgrade/command.h - the command --take-over N: a child becomes the device
 * model, the process that was started waits for the verdict, prints it and ends
 * with it.
 */
#ifndef UPGRADE_COMMAND_H
#define UPGRADE_COMMAND_H

#include "machine/machine.h"

/* As main() would, with the words of the device model that runs and ours. In
 * the child start() gets them, and they still say conf->take_over. */
int take_start(int argc, char **argv, const struct conf *conf,
	       int (*start)(struct conf *conf));

/* In place of machine_new(). */
int take_guest(uv_loop_t *loop, const struct conf *conf,
	       const struct host_plugins *plugins, struct machine **out);

#endif
