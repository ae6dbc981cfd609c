/* SPDX-License-Identifier: MIT */
/*
 * Options with one value that must be checked or taken apart. Each function is
 * one row of the table in argv.c.
 */
#include <string.h>

#include "loop/loop.h"

#include "config/priv.h"

#define MAX_DOMID 0x7fefu /* below DOMID_FIRST_RESERVED, public/xen.h */
#define MAX_MEMORY_MIB (1u << 24)
#define MAX_FD 0xffffu

static int
read_domid(struct argv *a, const char *text, unsigned *out)
{
	if (conf_number(&a->ctx, "domid", text, MAX_DOMID, out))
		return -EINVAL;
	return *out ? 0 : conf_fail(&a->ctx, "domain 0 is no guest");
}

int
argv_domid(struct argv *a, const char *text)
{
	unsigned domid = 0;
	int err = read_domid(a, text, &domid);

	if (!err)
		a->ctx.conf->domid = (int)domid;
	return err;
}

int
argv_take_over(struct argv *a, const char *text)
{
	return read_domid(a, text, &a->ctx.conf->take_over);
}

/* Xen 4.20's form of -chroot and -runas. */
int
argv_run_with(struct argv *a, const char *text)
{
	struct conf_prop *list;
	const char *chroot, *user;
	int err;

	err = conf_split(&a->ctx, text, NULL, &list);
	if (err)
		return err;
	chroot = conf_take(&list, "chroot");
	user = conf_take(&list, "user");
	if (chroot)
		a->ctx.conf->chroot = chroot;
	if (user)
		a->ctx.conf->run_as = user;
	return conf_none_left(&a->ctx, list, "chroot, user");
}

static int
set_machine_type(struct argv *a, const char *type)
{
	struct conf *conf = a->ctx.conf;
	bool platform = !strcmp(type, "xenfv"), none = !strcmp(type, "none");

	if (!platform && !none && strcmp(type, "pc"))
		return conf_fail(&a->ctx, "'%s' is none of xenfv, pc, none",
				 type);
	conf->xen_platform = platform;
	conf->no_machine = none;
	return 0;
}

int
argv_machine(struct argv *a, const char *text)
{
	struct conf_prop *list;
	const char *type, *accel, *igd;
	int err;

	err = conf_split(&a->ctx, text, "type", &list);
	if (err)
		return err;
	type = conf_take(&list, "type");
	if (type && set_machine_type(a, type))
		return -EINVAL;
	accel = conf_take(&list, "accel");
	if (accel && strcmp(accel, "xen"))
		return conf_fail(&a->ctx, "accel '%s': only 'xen'", accel);
	conf_take(&list, "suppress-vmdesc");  /* QEMU's stream format */
	conf_take(&list, "max-ram-below-4g"); /* Xen's and hvmloader's */
	igd = conf_take(&list, "igd-passthru");
	if (igd && !strcmp(igd, "on") && argv_unserved(a, "igd-passthru=on"))
		return -ENOMEM;
	return conf_none_left(&a->ctx, list,
			      "type, accel, suppress-vmdesc, "
			      "max-ram-below-4g, igd-passthru");
}

int
argv_memory(struct argv *a, const char *text)
{
	unsigned *mib = &a->ctx.conf->memory_mib;

	if (conf_number(&a->ctx, "MiB", text, MAX_MEMORY_MIB, mib))
		return -EINVAL;
	return *mib ? 0 : conf_fail(&a->ctx, "0 MiB is no memory");
}

int
argv_smp(struct argv *a, const char *text)
{
	struct conf *conf = a->ctx.conf;
	struct conf_prop *list;
	const char *max;
	int err;

	err = conf_split(&a->ctx, text, "cpus", &list);
	if (!err)
		err = conf_number(&a->ctx, "cpus", conf_take(&list, "cpus"),
				  CONF_MAX_VCPUS, &conf->vcpus);
	if (err)
		return err;
	max = conf_take(&list, "maxcpus");
	conf->max_vcpus = conf->vcpus;
	err = conf_number(&a->ctx, "maxcpus", max, CONF_MAX_VCPUS,
			  &conf->max_vcpus);
	if (err)
		return err;
	if (!conf->vcpus || conf->vcpus > conf->max_vcpus)
		return conf_fail(&a->ctx,
				 "'%s': wants 1 <= cpus <= maxcpus <= %u", text,
				 CONF_MAX_VCPUS);
	return conf_none_left(&a->ctx, list, "cpus, maxcpus");
}

int
argv_boot(struct argv *a, const char *text)
{
	struct conf_prop *list;
	const char *order, *s;
	int err;

	err = conf_split(&a->ctx, text, "order", &list);
	if (err)
		return err;
	order = conf_take(&list, "order");
	if (!order)
		order = "";
	for (s = order; *s; s++)
		if (!strchr("acdn", *s) || strchr(s + 1, *s))
			break;
	if (*s || !*order)
		return conf_fail(&a->ctx,
				 "order '%s': wants letters of a (floppy), "
				 "c (disk), d (CD-ROM), n (network), each once",
				 order);
	a->ctx.conf->boot = order;
	return conf_none_left(&a->ctx, list, "order");
}

/* Of -vnc and -display. */
int
argv_display(struct argv *a, const char *text)
{
	return strcmp(text, "none") ? argv_unserved(a, text) : 0;
}

int
argv_net(struct argv *a, const char *text)
{
	if (!strcmp(text, "none"))
		return 0;
	return conf_fail(&a->ctx, "'%s': only 'none'; else -netdev and -device",
			 text);
}

int
argv_incoming(struct argv *a, const char *text)
{
	unsigned fd = 0;

	if (strncmp(text, "fd:", 3))
		return conf_fail(&a->ctx, "'%s': only fd:NUMBER", text);
	if (!strcmp(text, "fd:-1")) /* libxl does not look at open()'s answer */
		return conf_fail(&a->ctx,
				 "the toolstack could not open the saved state "
				 "(see /var/lib/xen)");
	if (conf_number(&a->ctx, "fd", text + 3, MAX_FD, &fd))
		return -EINVAL;
	a->ctx.conf->incoming_fd = (int)fd;
	return 0;
}

int
argv_plugin_dir(struct argv *a, const char *text)
{
	return conf_add_word(&a->ctx, &a->ctx.conf->plugin_dirs, text);
}

int
argv_poll(struct argv *a, const char *text)
{
	return conf_number(&a->ctx, "microseconds", text, SPIN_MAX_US,
			   &a->ctx.conf->poll_us);
}

int
argv_disk_errors(struct argv *a, const char *text)
{
	return conf_errors(&a->ctx, "WHAT", text, &a->ctx.conf->disk_errors);
}

int
argv_log_level(struct argv *a, const char *text)
{
	static const char *const name[] = {
		[IOEMU_ERROR] = "error",
		[IOEMU_WARN] = "warn",
		[IOEMU_INFO] = "info",
		[IOEMU_DEBUG] = "debug",
	};
	unsigned i;

	for (i = 0; i < sizeof(name) / sizeof(name[0]); i++) {
		if (strcmp(text, name[i]))
			continue;
		a->ctx.conf->log_level = (enum ioemu_level)i;
		return 0;
	}
	return conf_fail(&a->ctx, "'%s' is none of error, warn, info, debug",
			 text);
}

/* QEMU's word and its further keys, each of which asks for less than there is
 * here. */
int
argv_sandbox(struct argv *a, const char *text)
{
	static const char *const moot[] = { "obsolete", "elevateprivileges",
					    "spawn", "resourcecontrol" };
	struct conf_prop *list;
	bool on = true;
	unsigned i;
	int err;

	err = conf_split(&a->ctx, text, "enable", &list);
	if (!err)
		err = conf_on_off(&a->ctx, "enable", conf_take(&list, "enable"),
				  &on);
	if (err)
		return err;
	for (i = 0; i < sizeof(moot) / sizeof(moot[0]); i++)
		conf_take(&list, moot[i]);
	a->ctx.conf->no_sandbox = !on;
	return conf_none_left(&a->ctx, list,
			      "enable, obsolete, elevateprivileges, spawn, "
			      "resourcecontrol");
}
