/* SPDX-License-Identifier: MIT */
/*
 * control/priv.h - between monitor.c (stopping, saving), hmp.c (lines for
 * humans), plug.c (what comes and goes) and handover.c (the guest goes).
 */
#ifndef CONTROL_PRIV_H
#define CONTROL_PRIV_H

#include "control/monitor.h"
#include "handover/handover.h"
#include "qmp/qmp.h"

enum monitor_handover_step {
	MON_HANDOVER_NONE,
	MON_HANDOVER_STOPPING, /* the call waits */
	MON_HANDOVER_GIVEN,    /* the other has it, but not for good */
	MON_HANDOVER_BACK,     /* not now; peers come back */
	MON_HANDOVER_GONE,
};

/* The guest on its way to another process. */
struct monitor_handover {
	enum monitor_handover_step step;
	struct qmp_call *call;
	struct handover *out;
	int state;
	uint64_t since; /* uv_hrtime() when it was stopped */
	uv_timer_t limit;
};

struct monitor {
	struct monitor_env env; /* first */
	struct qmp *qmp;
	uv_signal_t usr1;
	bool begun; /* the guest ran before */
	bool gone;  /* saved, to go on elsewhere */
	/* being answered; NULL: none */
	struct qmp_call *stop, *save;
	bool save_live;
	struct monitor_handover handover;
	unsigned handles;
};

/* The state of the machine in a word of QEMU's. */
const char *monitor_status(void *ctx);
/* The devices go on. False: not now, they are being saved. */
bool monitor_run(struct monitor *mon);

/* hmp.c: as struct qmp_ops has it. */
int monitor_command(void *ctx, const char *line, char *buf, size_t size);

/* handover.c: as struct qmp_ops has them. */
void monitor_take_over(void *ctx, struct qmp_call *call);
void monitor_untake(void *ctx);
bool monitor_taking(void *ctx);
bool monitor_given(void *ctx);
void monitor_gone(void *ctx);

/* plug.c: as struct qmp_ops has them. */
int monitor_add_device(void *ctx, const char *text, char *why, size_t size);
int monitor_del_device(void *ctx, const char *id, char *why, size_t size);
bool monitor_pci(void *ctx, unsigned i, struct qmp_pci *out);
unsigned monitor_max_cpus(void *ctx);
bool monitor_cpu_is_on(void *ctx, unsigned cpu);
int monitor_add_cpu(void *ctx, unsigned cpu, char *why, size_t size);
int monitor_wake(void *ctx);

#endif
