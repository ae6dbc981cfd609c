/* SPDX-License-Identifier: MIT */
/*
 * monpriv.h - between monitor.c (stopping, saving, lines for humans) and
 * monplug.c (what comes and goes).
 */
#ifndef MONPRIV_H
#define MONPRIV_H

#include "monitor.h"
#include "qmp.h"

struct monitor {
	struct monitor_env env; /* first */
	struct qmp *qmp;
	uv_signal_t usr1;
	bool begun; /* the guest ran before */
	bool gone;  /* saved, to go on elsewhere */
	/* being answered; NULL: none */
	struct qmp_call *stop, *save;
	bool save_live;
};

/* monplug.c: as struct qmp_ops has them. */
int monitor_add_device(void *ctx, const char *text, char *why, size_t size);
int monitor_del_device(void *ctx, const char *id, char *why, size_t size);
bool monitor_pci(void *ctx, unsigned i, struct qmp_pci *out);
unsigned monitor_max_cpus(void *ctx);
bool monitor_cpu_is_on(void *ctx, unsigned cpu);
int monitor_add_cpu(void *ctx, unsigned cpu, char *why, size_t size);
int monitor_wake(void *ctx);

#endif
