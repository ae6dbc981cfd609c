/* SPDX-License-Identifier: MIT
 *
 * The calls of a device model in a guest's hands for the pins of a second
 * IO-APIC (xen-patches/), by no library: it would not let all of them through.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <xen/xen.h>

#include <xen/sys/privcmd.h>

#include "tool.h"

enum { SET_GSI_LEVEL = 23, EXT_GSIS = 24 };

/* struct xen_dm_op, as those two have it */
struct op {
	uint32_t op, pad;
	union {
		struct {
			uint32_t gsi;
			uint8_t level, source;
			uint16_t pad;
		} set;
		struct {
			uint32_t flags, first, nr, pad;
		} ext;
	} u;
};

struct wrong {
	const char *what;
	int want; /* errno, or 0 */
	struct op op;
	size_t size; /* 0: all of it */
};

#define SET(...)                                                               \
	{                                                                      \
		.op = SET_GSI_LEVEL, .u.set = { __VA_ARGS__ }                  \
	}
#define EXT(...)                                                               \
	{                                                                      \
		.op = EXT_GSIS, .u.ext = { __VA_ARGS__ }                       \
	}

/* Pin 60 is nobody's: the guest has it masked. */
static const struct wrong calls[] = {
	{ "pin 0", EINVAL, SET(.gsi = 0, .level = 1), 0 },
	{ "pin 47", EINVAL, SET(.gsi = 47, .level = 1), 0 },
	{ "pin 96", EINVAL, SET(.gsi = 96, .level = 1), 0 },
	{ "pin 2^31", EINVAL, SET(.gsi = 1u << 31, .level = 1), 0 },
	{ "pin 2^32 - 1", EINVAL, SET(.gsi = UINT32_MAX, .level = 1), 0 },
	{ "level 2", EINVAL, SET(.gsi = 60, .level = 2), 0 },
	{ "source 8", EINVAL, SET(.gsi = 60, .source = 8), 0 },
	{ "padding", EINVAL, SET(.gsi = 60, .pad = 1), 0 },
	{ "a short buffer", EFAULT, SET(.gsi = 60), 12 },
	{ "flag 1", EINVAL, EXT(.flags = 2), 0 },
	{ "padding of the question", EINVAL, EXT(.pad = 1), 0 },
	{ "the question", 0, EXT(.flags = 0), 0 },
	{ "the question again", 0, EXT(.flags = 1), 0 },
	{ "down that is down", 0, SET(.gsi = 60, .source = 7), 0 },
	{ "up", 0, SET(.gsi = 60, .level = 1, .source = 7), 0 },
	{ "up again", 0, SET(.gsi = 60, .level = 1, .source = 7), 0 },
	{ "down", 0, SET(.gsi = 60, .source = 7), 0 },
};

static int
call(int fd, unsigned domid, const struct wrong *w)
{
	struct op op = w->op;
	struct privcmd_dm_op_buf buf = {
		.uptr = &op,
		.size = w->size ? w->size : sizeof(op),
	};
	struct privcmd_dm_op arg = {
		.dom = (domid_t)domid,
		.num = 1,
		.ubufs = &buf,
	};

	return ioctl(fd, IOCTL_PRIVCMD_DM_OP, &arg) < 0 ? errno : 0;
}

int
cmd_gsi(const char *domid)
{
	int fd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC), bad = 0, is;
	size_t i;

	if (fd < 0)
		return 2;
	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		is = call(fd, (unsigned)atoi(domid), &calls[i]);
		if (is == calls[i].want)
			continue;
		printf("%s: %s; ", calls[i].what, strerror(is));
		bad = 1;
	}
	close(fd);
	return bad;
}
