/* SPDX-License-Identifier: MIT */
/*
 * qmp.h - the control sockets: JSON commands as libxl sends them. The server
 * knows clients, messages and the table of commands; what a command means for
 * the guest is behind struct qmp_ops, so it knows nothing of Xen or devices.
 *
 * A client that reads slowly, sends slowly or vanishes costs nobody else
 * anything: every socket is non-blocking, every buffer has a limit.
 */
#ifndef QMP_H
#define QMP_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#define QMP_MAX_CLIENTS 8u /* of one socket; more wait in its backlog */
#define QMP_MAX_MESSAGE                                                        \
	(1u << 20)	    /* bytes of one command, as libxl's limit          \
			     */
#define QMP_MAX_DEPTH 32u   /* brackets inside brackets */
#define QMP_MAX_FDS 4u	    /* received and not yet taken, per client */
#define QMP_MAX_SETS 4u	    /* file descriptors named by add-fd, per client */
#define QMP_MAX_CPU 255	    /* number of a processor */
#define QMP_MAX_TEXT 65536u /* answer of one human monitor command */

struct qmp;

/* One command being answered; valid until it is. */
struct qmp_call;

struct qmp_chardev {
	const char *label;    /* "serial0" */
	const char *filename; /* "pty:/dev/pts/3" */
};

struct qmp_pci {
	unsigned bus, slot, function;
	const char *id;
};

/* Since the start; as QEMU's BlockDeviceStats. */
struct qmp_io {
	uint64_t ops, bytes, failed, ns;
};

struct qmp_drive {
	const char *drive; /* its name: "ide-5632" */
	const char *qdev;  /* that of the device with it */
	const char *file;  /* NULL: no medium */
	uint64_t size;	   /* bytes */
	bool readonly, removable, open, locked;
	const char *status; /* "ok", "nospace", "failed" */
	struct qmp_io read, write, flush;
};

/* What the core provides. All must be set. */
struct qmp_ops {
	const char *package; /* "mini-ioemu 0.1": shown by query-version */
	/* QEMU's word: prelaunch, running, paused, shutdown, inmigrate ... */
	const char *(*status)(void *ctx);
	const char *(*name)(void *ctx); /* the guest's; NULL: none */
	/* The core answers with qmp_done(), inside the call or later. */
	void (*cont)(void *ctx, struct qmp_call *call);
	void (*stop)(void *ctx, struct qmp_call *call);
	/* Save the devices into fd, which becomes the core's; `live`: the
	 * guest goes on elsewhere. Answered likewise. */
	void (*save)(void *ctx, struct qmp_call *call, int fd, bool live);
	/* Guest memory that is written is reported to Xen from now on, or no
	 * more. 0 or -errno. */
	int (*log_writes)(void *ctx, bool on);
	/* The i-th character device; false past the end. */
	bool (*chardev)(void *ctx, unsigned i, struct qmp_chardev *out);
	/* ---- coming and going: a sentence in `why` says what is wrong */
	/* "TYPE,key=value,...", a comma in a value doubled. */
	int (*add_device)(void *ctx, const char *text, char *why, size_t size);
	int (*del_device)(void *ctx, const char *id, char *why, size_t size);
	/* The i-th function, bus by bus; false past the end. */
	bool (*pci)(void *ctx, unsigned i, struct qmp_pci *out);
	unsigned (*max_cpus)(void *ctx);
	bool (*cpu_is_on)(void *ctx, unsigned cpu);
	int (*add_cpu)(void *ctx, unsigned cpu, char *why, size_t size);
	int (*wake)(void *ctx); /* -EINVAL: the guest does not sleep */
	/*
	 * A line for humans, e.g. "vga-text". Writes text with a NUL at its
	 * end; returns its length, -ENOENT if the first word is unknown.
	 */
	int (*command)(void *ctx, const char *line, char *buf, size_t size);
	/* ---- disks */
	/* The i-th drive; false past the end. */
	bool (*drive)(void *ctx, unsigned i, struct qmp_drive *out);
	/* Take the medium out of the i-th drive, or put that of fd, which
	 * becomes the core's, in its place. Answered as `stop`. */
	void (*eject)(void *ctx, struct qmp_call *call, unsigned i, bool force);
	void (*insert)(void *ctx, struct qmp_call *call, unsigned i, int fd,
		       bool readonly, bool force);
	/* ---- to the process that comes after: qmp_give() or qmp_fail() */
	void (*take_over)(void *ctx, struct qmp_call *call);
	/* Whoever took has gone, or could not be given it: it is ours again. */
	void (*untake)(void *ctx);
	/* From take_over() on, until it failed and all is as before: others
	 * wait. */
	bool (*taking)(void *ctx);
	/* The other has it and may keep it. It ends by itself, when that takes
	 * too long. */
	bool (*given)(void *ctx);
	/* The other has it, and was told that there is no way back. */
	void (*gone)(void *ctx);
	/* ---- */
	/* The answer has been sent: leave the loop. */
	void (*quit)(void *ctx);
};

int qmp_new(uv_loop_t *loop, const struct qmp_ops *ops, void *ctx,
	    struct qmp **out);

/* Listen on a path (mode 0600; a stale socket there is removed first, the file
 * goes away with qmp_free). -errno as of bind(2). */
int qmp_listen_path(struct qmp *qmp, const char *path);

/* Serve a socket that listens already; the fd becomes ours if this succeeds. */
int qmp_listen_fd(struct qmp *qmp, int fd);

/* Whoever connects waits until this is over. */
void qmp_defer(struct qmp *qmp, bool on);
/* Sockets that were made stay where they are when they are closed. */
void qmp_leave_paths(struct qmp *qmp);
/* Close everything; run the loop once afterwards. Calls that are not answered
 * yet must still be, later: they then free themselves. */
void qmp_free(struct qmp *qmp);

/*
 * Answer a call of the core's with {} or, given -errno, with GenericError.
 * Exactly once; the call is gone afterwards.
 */
void qmp_done(struct qmp_call *call, int err);
/* As given -errno, but with a sentence of the core's. */
void qmp_fail(struct qmp_call *call, const char *why);

/* Answer take_over(): what `h` has, which must live until untake(), gone() or
 * qmp_free(). */
struct handover;
void qmp_give(struct qmp_call *call, struct handover *h);
/* untake() or gone() is over, and what `h` had goes away. */
void qmp_take_back(struct qmp *qmp);
/* Serve a socket that another process bound to `path` (NULL: to none of ours);
 * the fd becomes ours if this succeeds. */
int qmp_listen_handed(struct qmp *qmp, int fd, const char *path);
/* The descriptor of the i-th that listens, in the order they were made; -1: no
 * more. */
int qmp_listens(const struct qmp *qmp, unsigned i);

/* The oldest file descriptor the client sent, the caller's from now on; -ENOENT
 * if there is none. */
int qmp_take_fd(struct qmp_call *call);

#endif
