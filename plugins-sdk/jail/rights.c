/* SPDX-License-Identifier: MIT */
/*
 * Another root, another user, no capabilities.
 */
#include "host/host.h"
#include "jail/jail.h"

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_ID 0xfffffffeul /* -1 is "leave it" (setresuid(2)) */

/* ---- who ---------------------------------------------------------- */

/* A number up to `end`. */
static bool
parse_id(const char *text, char end, unsigned *out)
{
	uint64_t id;

	if (host_number_at(&text, MAX_ID, &id) || *text != end)
		return false;
	*out = (unsigned)id;
	return true;
}

int
jail_user(const char *text, struct jail_user *out)
{
	const char *colon = strchr(text, ':');
	const struct passwd *pw;

	if (colon) {
		if (!parse_id(text, ':', &out->uid) ||
		    !parse_id(colon + 1, '\0', &out->gid))
			return -EINVAL;
	} else {
		pw = getpwnam(text);
		if (!pw)
			return -EINVAL;
		out->uid = pw->pw_uid;
		out->gid = pw->pw_gid;
	}
	return out->uid ? 0 : -EPERM;
}

static int
become(const struct jail_user *user)
{
	if (setgroups(1, &user->gid) || setgid(user->gid) || setuid(user->uid))
		return -errno;
	return setuid(0) && seteuid(0) ? 0 : -EPERM; /* there is a way back */
}

int
jail_enter(const char *root, const struct jail_user *user)
{
	pid_t parent = getppid();
	int death = 0, rc = 0;

	(void)prctl(PR_GET_PDEATHSIG, &death);
	if (root && (chroot(root) || chdir("/")))
		return -errno;
	if (user)
		rc = become(user);
	if (rc || !death)
		return rc;
	/* another user clears it (prctl(2)) */
	if (prctl(PR_SET_PDEATHSIG, death))
		return -errno;
	return getppid() == parent ? 0 : -ESRCH; /* it ended meanwhile */
}

/* ---- what it may -------------------------------------------------- */

int
jail_file_size(uint64_t size)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_FSIZE, &limit))
		return -errno;
	if (limit.rlim_cur >= size) /* RLIM_INFINITY is the largest */
		return 0;
	limit.rlim_cur = size;
	if (limit.rlim_max < size)
		limit.rlim_max = size;
	return setrlimit(RLIMIT_FSIZE, &limit) ? -errno : 0;
}

int
jail_drop(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct none[2] = { { 0 }, { 0 } };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    syscall(SYS_capset, &head, none))
		return -errno;
	return 0;
}

/* ---- threads ------------------------------------------------------ */

static void
no_work(uv_work_t *work)
{
	(void)work;
}

static void
no_work_done(uv_work_t *work, int status)
{
	(void)status;
	free(work);
}

int
jail_start_workers(uv_loop_t *loop)
{
	uv_work_t *work = calloc(1, sizeof(*work));
	int rc;

	if (!work)
		return -ENOMEM;
	/* all of them are there when this returns */
	rc = uv_queue_work(loop, work, no_work, no_work_done);
	if (rc)
		free(work);
	return rc;
}
