/* SPDX-License-Identifier: MIT */
/*
 * Why a device does not start: a number cannot say which of thirty rules it
 * broke, and the host is to say it in one line. The last reason counts, as
 * what failed before was not the end.
 */
#include "hostdev.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
hostdev_say_why(struct hostdev *hd)
{
	if (hd->complained)
		hd->ops->log(hd, IOEMU_ERROR, hd->why);
	hd->complained = false;
}

void
hostdev_complain(struct hostdev *hd, const char *text)
{
	hostdev_say_why(hd);
	snprintf(hd->why, sizeof(hd->why), "%s", text);
	hd->complained = true;
}

int
hostdev_refuse(struct hostdev *hd, int rc, const char *fmt, ...)
{
	va_list ap;

	hostdev_say_why(hd);
	va_start(ap, fmt);
	vsnprintf(hd->why, sizeof(hd->why), fmt, ap);
	va_end(ap);
	return rc;
}

const char *
hostdev_why(const struct hostdev *hd, int rc)
{
	return *hd->why ? hd->why : strerror(-rc);
}
