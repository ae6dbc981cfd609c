/* SPDX-License-Identifier: MIT */
/* The answers behind struct qmp_ops that are about disks. */
#include <errno.h>
#include <unistd.h>

#include "control/monitor.h"
#include "local/disks.h"
#include "local/local.h"
#include "qmp/qmp.h"

static struct disks *
disks_of(void *ctx)
{
	const struct monitor_env *env = ctx;

	return env->local ? local_disks(env->local) : NULL;
}

static struct qmp_io
io_of(const struct block_stats *stats)
{
	return (struct qmp_io){
		.ops = stats->ops,
		.bytes = stats->bytes,
		.failed = stats->failed,
		.ns = stats->ns,
	};
}

bool
diskqmp_drive(void *ctx, unsigned i, struct qmp_drive *out)
{
	struct disks *disks = disks_of(ctx);
	struct disk_info d;

	if (!disks || !disks_at(disks, i, &d)) /* NULL: -machine none */
		return false;
	*out = (struct qmp_drive){
		.drive = d.drive,
		.qdev = d.qdev,
		.file = *d.file ? d.file : NULL,
		.size = d.size,
		.readonly = d.readonly,
		.removable = d.removable,
		.open = d.open,
		.locked = d.locked,
		.status = !d.parked		? "ok"
			  : d.parked == -ENOSPC ? "nospace"
						: "failed",
		.read = io_of(&d.stats[IOEMU_BLK_READ]),
		.write = io_of(&d.stats[IOEMU_BLK_WRITE]),
		.flush = io_of(&d.stats[IOEMU_BLK_FLUSH]),
	};
	return true;
}

/* ---- media -------------------------------------------------------- */

static void
medium_done(void *ctx, int err)
{
	qmp_done(ctx, err);
}

static void
medium_fail(struct qmp_call *call, int err)
{
	switch (err) {
	case -EBUSY:
		qmp_fail(call, "The guest has locked the drive and was asked "
			       "to give the medium up: try again when it has, "
			       "or with force");
		return;
	case -EALREADY:
		qmp_fail(call, "The medium is being changed already");
		return;
	case -ENOTBLK:
		qmp_fail(call, "The file descriptor is neither a regular file "
			       "nor a block device");
		return;
	case -EBADF:
		qmp_fail(call, "The file descriptor is not open for reading");
		return;
	case -EACCES:
		qmp_fail(call, "The file descriptor is not open for writing, "
			       "but the drive writes");
		return;
	}
	qmp_done(call, err);
}

void
diskqmp_eject(void *ctx, struct qmp_call *call, unsigned i, bool force)
{
	int rc = disks_eject(disks_of(ctx), i, force, medium_done, call);

	if (rc)
		medium_fail(call, rc);
}

void
diskqmp_insert(void *ctx, struct qmp_call *call, unsigned i, int fd,
	       bool readonly, bool force)
{
	int rc = disks_insert(disks_of(ctx), i, fd, readonly, force,
			      medium_done, call);

	if (rc)
		medium_fail(call, rc);
}
