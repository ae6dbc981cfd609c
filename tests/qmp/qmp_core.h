/* SPDX-License-Identifier: MIT */
/*
 * qmp_core.h - a scripted core behind the QMP server, for its tests and its
 * fuzzer. What it was told is in it; some of its answers are bytes that are no
 * UTF-8.
 */
#ifndef QMP_CORE_H
#define QMP_CORE_H

#include "qmp/qmp.h"

struct core {
	uv_loop_t loop;
	struct qmp *qmp;
	char path[64];
	const char *status;
	struct qmp_call *kept; /* a `stop` not answered yet */
	bool keep, quit, asleep;
	int taken_fd;
	int saved_fd; /* -1: none */
	bool live, logs;
	const char *name;
	char changed[64]; /* what was done to media */
};

/* Their context is a struct core. */
extern const struct qmp_ops core_ops;

#endif
