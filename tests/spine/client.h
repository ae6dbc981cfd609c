/* SPDX-License-Identifier: MIT */
/*
 * client.h - somebody at the QMP socket of a whole machine: the toolstack, or
 * an operator. The loop turns until there is an answer.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include "spine/whole.h"

struct client {
	struct whole *w;
	int fd;
	char answer[65536];
};

/* Capabilities are agreed on. */
void client_open(struct client *c, struct whole *w);
void client_close(struct client *c);
/* A command as JSON; the answer, which the next call overwrites. */
const char *client_qmp(struct client *c, const char *command);
/* With a file descriptor on its first byte, as libxl sends it. */
const char *client_qmp_fd(struct client *c, const char *command, int fd);
/* A line for humans. */
const char *client_hmp(struct client *c, const char *line);

#endif
