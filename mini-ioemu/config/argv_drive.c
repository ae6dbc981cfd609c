/* SPDX-License-Identifier: MIT */
/*
 * -drive: one disk or CD-ROM image and where it sits. Which device shows it to
 * the guest is the machine description's business.
 */
#include <string.h>

#include "config/priv.h"

#define IF_NONE "none" /* a -device will name it */
#define IF_DEFAULT "ide"

static bool
index_taken(const struct conf *conf, const struct conf_drive *drive)
{
	const struct conf_drive *other;

	for (other = conf->drives; other; other = other->next)
		if (!strcmp(other->iface, drive->iface) &&
		    other->index == drive->index)
			return true;
	return false;
}

/* The given index, or the first free one of the interface. */
static int
drive_index(const struct conf_ctx *c, const char *text,
	    struct conf_drive *drive)
{
	if (!strcmp(drive->iface, IF_NONE))
		return text ? conf_fail(c, "index= and if=none exclude "
					   "each other")
			    : 0;
	if (text) {
		if (conf_number(c, "index", text, CONF_MAX_DRIVES - 1,
				&drive->index))
			return -EINVAL;
		if (index_taken(c->conf, drive))
			return conf_fail(c, "if=%s,index=%u is given twice",
					 drive->iface, drive->index);
		return 0;
	}
	while (index_taken(c->conf, drive))
		drive->index++;
	if (drive->index < CONF_MAX_DRIVES)
		return 0;
	return conf_fail(c, "more than %u drives with if=%s", CONF_MAX_DRIVES,
			 drive->iface);
}

static int
drive_id(const struct conf_ctx *c, struct conf_drive *drive)
{
	const struct conf_drive *other;

	if (!drive->id && !strcmp(drive->iface, IF_NONE))
		return conf_fail(c, "'id' is missing");
	if (!drive->id)
		drive->id = conf_printf(c, "%s%u", drive->iface, drive->index);
	if (!drive->id)
		return -ENOMEM;
	if (conf_check_id(c, drive->id))
		return -EINVAL;
	for (other = c->conf->drives; other; other = other->next)
		if (!strcmp(other->id, drive->id))
			return conf_fail(c, "id '%s' is given twice",
					 drive->id);
	return 0;
}

static int
drive_medium(const struct conf_ctx *c, struct conf_prop **list,
	     struct conf_drive *drive)
{
	const char *format = conf_take(list, "format");
	const char *media = conf_take(list, "media");
	const char *readonly = conf_take(list, "readonly");

	drive->file = conf_take(list, "file");
	if (drive->file && !*drive->file)
		drive->file = NULL;
	drive->format = format ? format : "raw";
	if (strcmp(drive->format, "raw"))
		return conf_fail(c, "format '%s': only raw images are served",
				 format);
	drive->media = media ? media : "disk";
	if (strcmp(drive->media, "disk") && strcmp(drive->media, "cdrom"))
		return conf_fail(c, "media '%s' is neither 'disk' nor 'cdrom'",
				 media);
	if (conf_on_off(c, "readonly", readonly, &drive->readonly))
		return -EINVAL;
	drive->readonly |= !strcmp(drive->media, "cdrom");
	return 0;
}

/* Writes are done when the host has them, flushes when the disk has. */
static int
drive_cache(const struct conf_ctx *c, const char *mode)
{
	if (!mode || !strcmp(mode, "writeback"))
		return 0;
	return conf_fail(c, "cache '%s': only writeback is served", mode);
}

/* QEMU has no rerror=enospc: reading takes no space. */
static int
drive_errors(const struct conf_ctx *c, struct conf_prop **list,
	     struct conf_drive *drive)
{
	const char *rerror = conf_take(list, "rerror");
	const char *werror = conf_take(list, "werror");
	int err = conf_errors(c, "rerror", rerror, &drive->rerror);

	if (!err && drive->rerror == CONF_ERRORS_ENOSPC)
		return conf_fail(c, "rerror 'enospc': wants report or stop");
	return err ? err : conf_errors(c, "werror", werror, &drive->werror);
}

enum conf_errors
conf_drive_errors(const struct conf *conf, const struct conf_drive *drive,
		  bool write)
{
	enum conf_errors word = CONF_ERRORS_UNSET;

	if (drive)
		word = write ? drive->werror : drive->rerror;
	if (word == CONF_ERRORS_UNSET)
		word = conf->disk_errors;
	if (word == CONF_ERRORS_UNSET)
		word = CONF_ERRORS_ENOSPC;
	return word == CONF_ERRORS_ENOSPC && !write ? CONF_ERRORS_REPORT : word;
}

int
argv_drive(struct argv *a, const char *text)
{
	const struct conf_ctx *c = &a->ctx;
	struct conf_drive *drive = conf_alloc(c, sizeof(*drive));
	struct conf_prop *list;
	int err;

	if (!drive)
		return -ENOMEM;
	err = conf_split(c, text, NULL, &list);
	if (err)
		return err;
	drive->id = conf_take(&list, "id");
	drive->iface = conf_take(&list, "if");
	if (!drive->iface)
		drive->iface = IF_DEFAULT;
	err = drive_medium(c, &list, drive);
	if (!err)
		err = drive_cache(c, conf_take(&list, "cache"));
	if (!err)
		err = drive_errors(c, &list, drive);
	if (!err)
		err = drive_index(c, conf_take(&list, "index"), drive);
	if (!err)
		err = drive_id(c, drive);
	if (!err)
		err = conf_none_left(c, list,
				     "file, if, index, media, format, "
				     "readonly, cache, rerror, werror, id");
	if (!err)
		CONF_APPEND(c->conf->drives, drive);
	return err;
}
