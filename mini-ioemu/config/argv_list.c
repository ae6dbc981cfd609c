/* SPDX-License-Identifier: MIT */
/*
 * Options that add to a list: chardevs, monitors, serial ports, drives,
 * devices. What uses what is settled at the end (argv_resolve), since
 * libxl names things before and after it makes them.
 */
#include <string.h>

#include "config/priv.h"

#define MAX_FD 0xffffu
#define MAX_SERIALS 64u

/* ---- chardevs -------------------------------------------------------------
 */

static struct argv_chardev *
chardev_find(const struct argv *a, const char *id)
{
	struct argv_chardev *chr;

	for (chr = a->chardevs; chr; chr = chr->next)
		if (!strcmp(chr->pub.id, id))
			return chr;
	return NULL;
}

/* NULL with the error set; so do those below that return a chardev. */
static struct argv_chardev *
chardev_new(struct argv *a, const char *id)
{
	struct argv_chardev *chr;

	if (conf_check_id(&a->ctx, id))
		return NULL;
	if (chardev_find(a, id)) {
		(void)conf_fail(&a->ctx, "id '%s' is given twice", id);
		return NULL;
	}
	chr = conf_alloc(&a->ctx, sizeof(*chr));
	if (!chr)
		return NULL;
	chr->pub.id = id;
	chr->fd = -1;
	CONF_APPEND(a->chardevs, chr);
	return chr;
}

/* path= or fd=; server=on and wait=off are what libxl says and we do. */
static int
chardev_socket(struct argv *a, struct argv_chardev *chr,
	       struct conf_prop **list)
{
	const char *fd = conf_take(list, "fd");
	bool server = false, wait = true;
	unsigned number = 0;

	chr->path = conf_take(list, "path");
	if (!chr->path == !fd)
		return conf_fail(&a->ctx, "a socket wants either path= or fd=");
	if (conf_number(&a->ctx, "fd", fd, MAX_FD, &number) ||
	    conf_on_off(&a->ctx, "server", conf_take(list, "server"),
			&server) ||
	    conf_on_off(&a->ctx, "wait", conf_take(list, "wait"), &wait))
		return -EINVAL;
	if (!server || wait)
		return conf_fail(&a->ctx,
				 "a socket wants server=on and wait=off");
	if (fd) {
		chr->fd = (int)number;
		return 0;
	}
	chr->pub.spec =
		conf_printf(&a->ctx, "unix:%s,server=on,wait=off", chr->path);
	return chr->pub.spec ? 0 : -ENOMEM;
}

static int
chardev_path(struct argv *a, struct argv_chardev *chr, const char *prefix,
	     struct conf_prop **list)
{
	const char *path = conf_take(list, "path");

	if (!path || !*path)
		return conf_fail(&a->ctx, "path= is missing");
	chr->pub.spec = conf_printf(&a->ctx, "%s%s", prefix, path);
	return chr->pub.spec ? 0 : -ENOMEM;
}

static int
chardev_backend(struct argv *a, struct argv_chardev *chr, const char *type,
		struct conf_prop **list)
{
	chr->pub.spec = type;
	if (!strcmp(type, "pty") || !strcmp(type, "null") ||
	    !strcmp(type, "stdio"))
		return 0;
	if (!strcmp(type, "socket"))
		return chardev_socket(a, chr, list);
	if (!strcmp(type, "file"))
		return chardev_path(a, chr, "file:", list);
	if (!strcmp(type, "serial"))
		return chardev_path(a, chr, "", list);
	return conf_fail(&a->ctx,
			 "'%s' is none of pty, socket, file, serial, stdio, "
			 "null",
			 type);
}

int
argv_chardev(struct argv *a, const char *text)
{
	struct argv_chardev *chr;
	struct conf_prop *list;
	const char *type;
	int err;

	err = conf_split(&a->ctx, text, "backend", &list);
	if (err)
		return err;
	type = conf_take(&list, "backend");
	if (!type)
		return conf_fail(&a->ctx, "the type is missing");
	chr = chardev_new(a, conf_take(&list, "id"));
	if (!chr)
		return -EINVAL;
	err = chardev_backend(a, chr, type, &list);
	if (err)
		return err;
	return conf_none_left(&a->ctx, list,
			      "id; socket: path, fd, server, wait; file, "
			      "serial: path");
}

/* ---- -mon -------------------------------------------------------------------
 */

int
argv_mon(struct argv *a, const char *text)
{
	struct argv_mon *mon = conf_alloc(&a->ctx, sizeof(*mon));
	struct conf_prop *list;
	const char *mode;
	int err;

	if (!mon)
		return -ENOMEM;
	err = conf_split(&a->ctx, text, "chardev", &list);
	if (err)
		return err;
	mon->chardev = conf_take(&list, "chardev");
	mode = conf_take(&list, "mode");
	if (!mon->chardev)
		return conf_fail(&a->ctx, "chardev= is missing");
	if (!mode || strcmp(mode, "control"))
		return conf_fail(&a->ctx, "mode=control (QMP) is the only "
					  "one there is");
	CONF_APPEND(a->mons, mon);
	return conf_none_left(&a->ctx, list, "chardev, mode");
}

/* ---- -serial ----------------------------------------------------------------
 */

/* PREFIX and at least one character more. */
static bool
has_prefix(const char *text, const char *prefix)
{
	size_t len = strlen(prefix);

	return !strncmp(text, prefix, len) && text[len];
}

static int
serial_chardev(struct argv *a, const char *text, const char **id)
{
	struct argv_chardev *chr;

	if (has_prefix(text, "chardev:")) {
		*id = text + strlen("chardev:");
		return 0;
	}
	if (strcmp(text, "pty") && strcmp(text, "null") &&
	    strcmp(text, "stdio") && !has_prefix(text, "file:") &&
	    !has_prefix(text, "unix:") && !has_prefix(text, "/dev/"))
		return conf_fail(&a->ctx,
				 "'%s' is none of pty, none, null, stdio, "
				 "file:PATH, unix:PATH, /dev/TTY, chardev:ID",
				 text);
	*id = conf_printf(&a->ctx, "serial%u", a->n_serials);
	if (!*id)
		return -ENOMEM;
	chr = chardev_new(a, *id);
	if (!chr)
		return -EINVAL;
	chr->pub.spec = text;
	return 0;
}

int
argv_serial(struct argv *a, const char *text)
{
	struct conf_serial *serial;
	const char *id = NULL;
	int err;

	if (a->n_serials >= MAX_SERIALS)
		return conf_fail(&a->ctx, "more than %u serial ports",
				 MAX_SERIALS);
	if (!strcmp(text, "none")) {
		a->n_serials++;
		return 0;
	}
	err = serial_chardev(a, text, &id);
	if (err)
		return err;
	serial = conf_alloc(&a->ctx, sizeof(*serial));
	if (!serial)
		return -ENOMEM;
	serial->index = a->n_serials++;
	serial->chardev = id;
	CONF_APPEND(a->ctx.conf->serials, serial);
	return 0;
}

/* ---- -device ---------------------------------------------------------- */

int
argv_device(struct argv *a, const char *text)
{
	struct conf_device *dev;
	int err;

	err = conf_one_device(a->ctx.conf, text, a->ctx.where, &dev,
			      a->ctx.err);
	if (err)
		return err;
	if (dev->id && conf_find_device(a->ctx.conf->devices, dev->id))
		return conf_fail(&a->ctx, "id '%s' is given twice", dev->id);
	CONF_APPEND(a->ctx.conf->devices, dev);
	return 0;
}

/* ---- the end --------------------------------------------------------- */

static struct argv_chardev *
chardev_use(struct argv *a, const char *id)
{
	struct argv_chardev *chr = chardev_find(a, id);

	if (chr && !chr->used) {
		chr->used = true;
		return chr;
	}
	if (chr)
		(void)conf_fail(&a->ctx, "chardev '%s' is used twice", id);
	else
		(void)conf_fail(&a->ctx, "there is no -chardev with id '%s'",
				id);
	return NULL;
}

static int
resolve_mon(struct argv *a, const struct argv_mon *mon)
{
	struct conf_monitor *out = conf_alloc(&a->ctx, sizeof(*out));
	struct argv_chardev *chr;

	if (!out)
		return -ENOMEM;
	chr = chardev_use(a, mon->chardev);
	if (!chr)
		return -EINVAL;
	if (!chr->path && chr->fd < 0)
		return conf_fail(&a->ctx, "chardev '%s' is no socket",
				 mon->chardev);
	out->id = chr->pub.id;
	out->path = chr->path;
	out->fd = chr->fd;
	CONF_APPEND(a->ctx.conf->monitors, out);
	return 0;
}

/* Those that no monitor uses are the devices'. */
static int
resolve_chardev(struct argv *a, struct argv_chardev *chr)
{
	const struct conf_monitor *mon;

	for (mon = a->ctx.conf->monitors; mon; mon = mon->next)
		if (mon->id == chr->pub.id)
			return 0;
	if (chr->fd >= 0)
		return conf_fail(&a->ctx,
				 "'%s': a socket given by fd= is for -mon",
				 chr->pub.id);
	CONF_APPEND(a->ctx.conf->chardevs, &chr->pub);
	return 0;
}

int
argv_resolve(struct argv *a)
{
	const struct conf_serial *serial;
	const struct argv_mon *mon;
	struct argv_chardev *chr;
	int err = 0;

	a->ctx.where = "-serial";
	for (serial = a->ctx.conf->serials; serial; serial = serial->next)
		if (!chardev_use(a, serial->chardev))
			return -EINVAL;
	a->ctx.where = "-mon";
	for (mon = a->mons; mon && !err; mon = mon->next)
		err = resolve_mon(a, mon);
	if (!err)
		a->ctx.where = "-chardev";
	for (chr = a->chardevs; chr && !err; chr = chr->next)
		err = resolve_chardev(a, chr);
	return err;
}
