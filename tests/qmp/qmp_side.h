/* SPDX-License-Identifier: MIT */
/*
 * qmp_side.h - the two sides of the QMP server in its tests: a scripted core
 * behind it, and clients on real sockets. One thread plays both, so every read
 * turns the loop until bytes come.
 */
#ifndef QMP_SIDE_H
#define QMP_SIDE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "qmp_core.h"

#define GREETED "{\"execute\": \"qmp_capabilities\", \"id\": 1}\r\n"

int n_open_fds(void);
/* For TEST(): *state is a struct core with a server at its path. */
int setup(void **state);
int teardown(void **state);

void turn(struct core *core);
int dial(const char *path);
/* The next message, checked to end with \r\n; NULL if the server closed. */
json_t *next(struct core *core, int fd);
void tell_bytes(struct core *core, int fd, const char *text, size_t len);
void tell(struct core *core, int fd, const char *text);
/* The next message, compared as JSON: order and blanks do not matter. */
void expect(struct core *core, int fd, const char *text);
void expect_error(struct core *core, int fd, const char *class);
void expect_end(struct core *core, int fd);
/* A client past its negotiation. */
int greeted_at(struct core *core, const char *path);
int greeted(struct core *core);
/* Send text with file descriptors on its first byte, as libxl does. */
void tell_fds(int fd, const char *byte, const int *fds, size_t n);
/* A few turns, in which whatever is under way ends. */
void settle(struct core *core);

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
