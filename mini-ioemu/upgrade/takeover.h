/* SPDX-License-Identifier: MIT */
/*
 * takeover.h - the guest of a device model that runs goes on in this process:
 * what is asked of the other, by its control socket. Logs what is wrong.
 */
#ifndef UPGRADE_TAKEOVER_H
#define UPGRADE_TAKEOVER_H

#include "config/conf.h"
#include "handover/handover.h"

struct takeover;

/*
 * The words that the domain's device model was started with, then those of our
 * own after "--take-over N": as of a command line. free() the array and the
 * text. -errno.
 */
int takeover_words(unsigned domid, int argc, char **argv, char ***words, int *n,
		   char **text);

/* Reach the device model that conf describes; nothing has happened to its guest
 * yet. -errno. */
int takeover_open(const struct conf *conf, struct takeover **out);
/* Unless it was committed, the guest is given back. */
void takeover_close(struct takeover *t);
/* It stops and hands its guest over, for 10 s. -errno. */
int takeover_ask(struct takeover *t, struct handover **out);
/* From now on the guest is ours. -errno: it is not. */
int takeover_commit(struct takeover *t);

#endif
