/* SPDX-License-Identifier: MIT */
/*
 * client.h - somebody at the QMP socket of a whole machine: the toolstack, or
 * an operator. The loop turns until there is an answer.
 */
#ifndef CLIENT_H
#define CLIENT_H

#include "machine_fixture.h"

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

/* The answer to a command must have this in it. */
void client_told(struct client *c, const char *command, const char *answer);
/* Stop the devices and save them (libxl_qmp.c, libxl__qmp_suspend_save). */
void client_save(struct client *c, int fd, bool live);
/* add-fd, as libxl sends it; fd stays the caller's. The set's number. */
int client_add_fd(struct client *c, int fd);

#define CLIENT_STATUS "{\"execute\":\"query-status\"}"

#endif
