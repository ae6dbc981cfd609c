/* SPDX-License-Identifier: MIT */
/*
 * qmp/priv.h - the parts of the QMP server among themselves:
 *
 *   qmp.c        sockets that listen
 *   client.c  one client: bytes in, bytes out, file descriptors
 *   scan.c    where a message ends
 *   call.c    a message is a call; its answer
 *   commands.c     the table of commands
 *   fdset.c      file descriptors by name
 *   block.c   the commands about disks
 *   handover.c    the commands of the process that comes after this one
 */
#ifndef QMP_PRIV_H
#define QMP_PRIV_H

#include <jansson.h>

#include "qmp/qmp.h"

struct qmp_client;
struct qmp_listener;

struct qmp {
	uv_loop_t *loop;
	const struct qmp_ops *ops;
	void *ctx;
	struct qmp_listener *listeners;
	bool deferred; /* nobody is accepted */
	uint32_t last_set;
	struct qmp_client *taker; /* who was given the guest; NULL: none */
	uv_timer_t retry; /* no file descriptors were left: accept again */
};

struct qmp_listener {
	struct qmp_listener *next;
	struct qmp *qmp;
	uv_poll_t poll;
	int fd;
	char *path; /* ours to remove; NULL: none */
	unsigned n_clients;
	struct qmp_client *clients;
};

/* ---- scan.c --------------------------------------------------------------
 */

struct qmp_scan {
	unsigned depth;
	bool in_string, escaped;
};

/*
 * Look for the end of one JSON object. Returns 1: it ends at *used; 0: all
 * bytes are looked at, more are needed; -EPROTO: no object; -E2BIG: too deep.
 */
int qmp_scan(struct qmp_scan *scan, const char *text, size_t len, size_t *used);

/* ---- call.c --------------------------------------------------------------
 */

struct qmp_call {
	struct qmp_client *client;
	json_t *id;   /* echoed; NULL: none */
	json_t *args; /* an object, or NULL */
	json_t *request;
};

struct qmp_command {
	const char *name;
	/* Names it takes, blanks between; "*": any; NULL: none. */
	const char *args;
	void (*run)(struct qmp_call *call);
};

/* The answer; takes over `value`. Exactly one of these for each call. */
void qmp_return(struct qmp_call *call, json_t *value);
__attribute__((format(printf, 3, 4))) void
qmp_error(struct qmp_call *call, const char *class, const char *fmt, ...);

#define QMP_GENERIC_ERROR "GenericError"
#define QMP_COMMAND_NOT_FOUND "CommandNotFound"
#define QMP_DEVICE_NOT_FOUND "DeviceNotFound"

/* Any bytes as a JSON string: what is not UTF-8 becomes '?'. */
json_t *qmp_text(const char *text);

/* Run one message; the answer comes inside, or later. */
void qmp_call_start(struct qmp_call *call, const char *text, size_t len);
/* Answer bytes that are no message. */
void qmp_call_refuse(struct qmp_call *call, int err);

/* ---- fdset.c ----------------------------------------------------------------
 */

#define QMP_FDSET "/dev/fdset/"

void run_add_fd(struct qmp_call *call);
/* The descriptor that QMP_FDSET "ID" names, no longer the client's; -1: none.
 */
int qmp_take_file(struct qmp_call *call, const char *name);

/* ---- block.c -------------------------------------------------------------
 */

void run_query_block(struct qmp_call *call);
void run_query_blockstats(struct qmp_call *call);
void run_eject(struct qmp_call *call);
void run_change_medium(struct qmp_call *call);

/* ---- handover.c
 * --------------------------------------------------------------
 */

void run_take_over(struct qmp_call *call);
void run_taken(struct qmp_call *call);
/* While the guest is being taken over: a command that must wait. */
bool qmp_handover_bars(const struct qmp_call *call, const char *name);
void qmp_handover_left(struct qmp_client *client); /* it closes */

/* ---- commands.c
 * ---------------------------------------------------------------
 */

const struct qmp_command *qmp_command_find(const char *name);

/* ---- plug.c --------------------------------------------------------------
 */

void qmp_run_device_add(struct qmp_call *call);
void qmp_run_device_del(struct qmp_call *call);
void qmp_run_query_pci(struct qmp_call *call);
void qmp_run_query_cpus_fast(struct qmp_call *call);
void qmp_run_query_hotpluggable_cpus(struct qmp_call *call);
void qmp_run_system_wakeup(struct qmp_call *call);
json_t *qmp_greeting(const struct qmp_ops *ops);

/* ---- client.c ------------------------------------------------------------
 */

/* A file descriptor by its name, /dev/fdset/ID. QEMU keeps these for all
 * clients; libxl uses it on the connection that made it, and never removes it,
 * so that here it goes with the client. */
struct qmp_set {
	uint32_t id; /* 0: none */
	int fd;
};

struct qmp_client {
	struct qmp_client *next;
	struct qmp_listener *listener; /* NULL: closed */
	struct qmp *qmp;
	uv_poll_t poll;
	int fd;
	bool negotiated; /* qmp_capabilities was seen */
	bool last;	 /* close after this answer */
	bool running, called, gone;

	char *in;
	size_t in_len, in_size, in_scanned;
	struct qmp_scan scan;
	char *out;
	size_t out_len, out_sent;
	const int *out_fds; /* to go with the first byte */
	unsigned n_out_fds;

	int fds[QMP_MAX_FDS];
	unsigned n_fds;
	struct qmp_set set[QMP_MAX_SETS];
	struct qmp_call call; /* one at a time; `called` while unanswered */
};

/* Takes over fd. */
int qmp_client_new(struct qmp_listener *listener, int fd);
void qmp_client_close(struct qmp_client *client);
/* The call is answered with this message; NULL: out of memory. */
void qmp_client_answer(struct qmp_client *client, json_t *message);

static inline const struct qmp_ops *
call_ops(const struct qmp_call *call)
{
	return call->client->qmp->ops;
}

static inline void *
call_ctx(const struct qmp_call *call)
{
	return call->client->qmp->ctx;
}

/* qmp.c: a client of the listener has gone. */
void qmp_client_left(struct qmp_listener *listener);

#endif
