/* SPDX-License-Identifier: MIT */
/*
 * Which rights a running device model has a use for, and giving up the rest.
 */
#include "guest/sandbox.h"

#include <fcntl.h>
#include <jansson.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/log.h"

/* Where the toolstack limits the size of files (256 KiB for dm_restrict; libxl,
 * libxl_linux.c:libxl__local_dm_preexec_restrict), this much must be possible
 * whatever disks there are: the log, and the devices' state in a file. */
#define FILE_LEAST (16ull << 20)

/* What the core does beside every host: states, rings of peers that come, media
 * that come as descriptors, consoles in raw mode. */
static const struct jail_rule core_rules[] = {
	JAIL_IS64(ftruncate, 1, 0), /* a saved state begins anew */
	JAIL_ANY(memfd_create),
	JAIL_IS(fcntl, 1, F_DUPFD_CLOEXEC),
	JAIL_IS(lseek, 2, SEEK_SET),
	JAIL_ANY(fstat),
	JAIL_MASK(newfstatat, 3, AT_EMPTY_PATH, AT_EMPTY_PATH), /* fstat() */
	JAIL_IS(socketpair, 0, AF_UNIX),
	JAIL_ANY(readlink), /* what a medium that came is called */
	JAIL_ANY(wait4),    /* for the helper of spawn.h: there is no other */
	JAIL_IS(ioctl, 1, BLKGETSIZE64),
	JAIL_IS(ioctl, 1, TCGETS),
	JAIL_IS(ioctl, 1, TCSETS),
};

static const struct jail_table core_table = JAIL_TABLE(core_rules);

/* ---- the list ----------------------------------------------------- */

static void
list_add(struct sandbox_list *list, const struct jail_table *table)
{
	list->tables[list->n++] = table;
}

void
sandbox_list(struct sandbox_list *out)
{
	unsigned i;

	out->n = 0;
	for (i = 0; i < XEN_REQUESTS; i++)
		out->xen_rules[i] =
			(struct jail_rule)JAIL_IS(ioctl, 1, xen_requests[i]);
	out->xen = (struct jail_table)JAIL_TABLE(out->xen_rules);
	list_add(out, &jail_base);
	list_add(out, &jail_accept);
	list_add(out, &jail_rings);
	list_add(out, &jail_disk);
	list_add(out, &core_table);
	list_add(out, &out->xen);
}

/* ---- giving up ---------------------------------------------------- */

int
sandbox_user(const struct conf *conf, struct jail_user *out)
{
	int rc = jail_user(conf->run_as, out);

	if (rc)
		log_error("-runas %s: %s", conf->run_as,
			  rc == -EPERM ? "that is root"
				       : "neither a user nor UID:GID");
	return rc;
}

/* Also without -xen-domid-restrict: no device here has business with another
 * domain, and a handle that reaches all is as good as root. */
static int
enter_domid(const struct sandbox_env *env)
{
	const struct conf *conf = env->conf;
	int rc = xen_restrict(env->xen);
	bool wanted = conf->restrict_domid || !conf->no_sandbox;

	if (!rc)
		return 0;
	log_line(wanted ? IOEMU_ERROR : IOEMU_WARN,
		 "domain %d: cannot give up other domains: %s%s", conf->domid,
		 strerror(-rc),
		 wanted ? " (Linux 4.14 or later can); --sandbox off does "
			  "without, unless -xen-domid-restrict is given"
			: "");
	return wanted ? rc : 0;
}

/*
 * Disks in files are larger than what a restricted device model may write,
 * which Xen's authors chose with logs in mind. It takes root, which is why it
 * is done here and not when a disk is opened.
 */
static int
enter_file_size(const struct sandbox_env *env)
{
	uint64_t size = disks_file_size(env->disks);
	int rc = jail_file_size(size > FILE_LEAST ? size : FILE_LEAST);

	if (rc)
		log_error("cannot raise the limit for files: %s",
			  strerror(-rc));
	return rc;
}

static int
enter_user(const struct sandbox_env *env)
{
	const struct conf *conf = env->conf;
	int rc = jail_enter(conf->chroot, env->user);

	if (rc)
		log_error("-chroot %s, -runas %s: %s",
			  conf->chroot ? conf->chroot : "/",
			  conf->run_as ? conf->run_as : "(nobody else)",
			  strerror(-rc));
	return rc;
}

static int
enter_calls(void)
{
	struct sandbox_list list;
	int rc;

	sandbox_list(&list);
	rc = jail_close(list.tables, list.n);
	if (rc)
		log_error("no sandbox: %s; --sandbox off does without",
			  strerror(-rc));
	else
		log_info("sandbox: %u system calls allowed",
			 jail_count(list.tables, list.n));
	return rc;
}

static int
enter_sandbox(const struct sandbox_env *env)
{
	int rc;

	if (env->conf->no_sandbox) {
		log_warn("--sandbox off: capabilities and all system calls "
			 "stay");
		return 0;
	}
	json_object_seed(0); /* reads a file, which it cannot later */
	rc = jail_drop();
	if (!rc) /* threads have no rights from the start */
		rc = jail_start_workers(env->loop);
	if (rc) {
		log_error("cannot give up capabilities: %s", strerror(-rc));
		return rc;
	}
	return enter_calls();
}

int
sandbox_enter(const struct sandbox_env *env)
{
	int rc = enter_domid(env);

	if (!rc)
		rc = enter_file_size(env);
	spawn_close(env->spawn);
	if (!rc)
		rc = enter_user(env);
	return rc ? rc : enter_sandbox(env);
}
