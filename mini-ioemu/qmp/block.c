/* SPDX-License-Identifier: MIT */
/*
 * The commands about disks: media that libxl changes (libxl_disk.c) and
 * figures that libxenstat reads (xenstat_qmp.c). Names and members are those
 * of QEMU's qapi/block-core.json.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "qmp/priv.h"

/* ---- looking ------------------------------------------------------- */

static json_t *
block_inserted(const struct qmp_drive *d)
{
	return json_pack(
		"{s:o, s:b, s:s, s:i, s:b, s:s, s:i, s:i, s:i, s:i, s:i, s:i, "
		"s:{s:o, s:s, s:I}}",
		"file", qmp_text(d->file), "ro", d->readonly, "drv", "raw",
		"backing_file_depth", 0, "encrypted", 0, "detect_zeroes", "off",
		"bps", 0, "bps_rd", 0, "bps_wr", 0, "iops", 0, "iops_rd", 0,
		"iops_wr", 0, "image", "filename", qmp_text(d->file), "format",
		"raw", "virtual-size", (json_int_t)d->size);
}

static json_t *
block_drive(const struct qmp_drive *d)
{
	json_t *o = json_pack("{s:o, s:o, s:s, s:b, s:b, s:s}", "device",
			      qmp_text(d->drive), "qdev", qmp_text(d->qdev),
			      "type", "unknown", "removable", d->removable,
			      "locked", d->locked, "io-status", d->status);

	if (d->removable)
		json_object_set_new(o, "tray_open", json_boolean(d->open));
	if (d->file)
		json_object_set_new(o, "inserted", block_inserted(d));
	return o;
}

static void
stats_add(json_t *o, const char *what, const struct qmp_io *io)
{
	const struct {
		const char *form;
		uint64_t value;
	} member[] = {
		{ "%s_operations", io->ops },
		{ "%s_bytes", io->bytes },
		{ "failed_%s_operations", io->failed },
		{ "%s_total_time_ns", io->ns },
	};
	char name[40];
	unsigned i;

	for (i = 0; i < sizeof(member) / sizeof(member[0]); i++) {
		snprintf(name, sizeof(name), member[i].form, what);
		json_object_set_new(o, name,
				    json_integer((json_int_t)member[i].value));
	}
}

static json_t *
block_stats(const struct qmp_drive *d)
{
	json_t *stats = json_object();

	stats_add(stats, "rd", &d->read);
	stats_add(stats, "wr", &d->write);
	stats_add(stats, "flush", &d->flush);
	json_object_del(stats, "flush_bytes"); /* it has none */
	return json_pack("{s:o, s:o, s:o}", "device", qmp_text(d->drive),
			 "qdev", qmp_text(d->qdev), "stats", stats);
}

static void
return_drives(struct qmp_call *call, json_t *(*show)(const struct qmp_drive *d))
{
	json_t *list = json_array();
	struct qmp_drive d;
	unsigned i;

	for (i = 0; call_ops(call)->drive(call_ctx(call), i, &d); i++)
		json_array_append_new(list, show(&d));
	qmp_return(call, list);
}

void
run_query_block(struct qmp_call *call)
{
	return_drives(call, block_drive);
}

void
run_query_blockstats(struct qmp_call *call)
{
	return_drives(call, block_stats);
}

/* ---- changing media ------------------------------------------------ */

/* A word of the arguments; NULL: not there. False: it is no string. */
static bool
arg_text(struct qmp_call *call, const char *name, const char **text)
{
	const json_t *value = json_object_get(call->args, name);

	*text = json_string_value(value);
	if (!value || *text)
		return true;
	qmp_error(call, QMP_GENERIC_ERROR, "Parameter '%s' must be a string",
		  name);
	return false;
}

/* Likewise; false if it is not there. */
static bool
arg_bool(struct qmp_call *call, const char *name, bool *on)
{
	const json_t *value = json_object_get(call->args, name);

	*on = json_is_true(value);
	if (!value || json_is_boolean(value))
		return true;
	qmp_error(call, QMP_GENERIC_ERROR, "Parameter '%s' must be a boolean",
		  name);
	return false;
}

/* `id` is that of the device, `device` that of the drive. */
static bool
arg_drive(struct qmp_call *call, unsigned *i, struct qmp_drive *d)
{
	const char *id, *device, *name;

	if (!arg_text(call, "id", &id) || !arg_text(call, "device", &device))
		return false;
	if (!id == !device) {
		qmp_fail(call, "Need exactly one of 'device' and 'id'");
		return false;
	}
	name = id ? id : device;
	for (*i = 0; call_ops(call)->drive(call_ctx(call), *i, d); ++*i)
		if (!strcmp(name, id ? d->qdev : d->drive))
			return true;
	qmp_error(call, QMP_DEVICE_NOT_FOUND,
		  "Device '%s' not found among those that query-block lists",
		  name);
	return false;
}

static bool
arg_removable(struct qmp_call *call, unsigned *i, struct qmp_drive *d)
{
	if (!arg_drive(call, i, d))
		return false;
	if (d->removable)
		return true;
	qmp_error(call, QMP_GENERIC_ERROR, "Device '%s' is not removable",
		  d->qdev);
	return false;
}

void
run_eject(struct qmp_call *call)
{
	struct qmp_drive d;
	unsigned i;
	bool force;

	if (arg_removable(call, &i, &d) && arg_bool(call, "force", &force))
		call_ops(call)->eject(call_ctx(call), call, i, force);
}

/* By default as it was. */
static bool
arg_mode(struct qmp_call *call, bool *readonly)
{
	const char *mode;

	if (!arg_text(call, "read-only-mode", &mode))
		return false;
	if (!mode || !strcmp(mode, "retain"))
		return true;
	*readonly = !strcmp(mode, "read-only");
	if (*readonly || !strcmp(mode, "read-write"))
		return true;
	qmp_fail(call, "Parameter 'read-only-mode' is none of retain, "
		       "read-only, read-write");
	return false;
}

/* A file is not opened here: that could wait for ever, and who changes media
 * of a device model without rights must bring it. */
void
run_change_medium(struct qmp_call *call)
{
	const char *name, *format;
	struct qmp_drive d;
	unsigned i;
	bool force;
	int fd;

	if (!arg_removable(call, &i, &d) || !arg_mode(call, &d.readonly) ||
	    !arg_text(call, "filename", &name) ||
	    !arg_text(call, "format", &format) ||
	    !arg_bool(call, "force", &force))
		return;
	if (format && strcmp(format, "raw")) {
		qmp_fail(call, "Parameter 'format': only raw images are "
			       "served");
		return;
	}
	fd = name ? qmp_take_file(call, name) : -1;
	if (fd < 0)
		qmp_fail(call, "Parameter 'filename' must be " QMP_FDSET
			       "ID of an add-fd before");
	else
		call_ops(call)->insert(call_ctx(call), call, i, fd, d.readonly,
				       force);
}
