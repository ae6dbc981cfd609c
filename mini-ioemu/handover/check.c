/* SPDX-License-Identifier: MIT */
/*
 * What may be in a handover. Whoever filled it may be in a guest's hands;
 * whoever takes from it has a use for numbers that are what they are called,
 * and checks no more than whether they fit what there is.
 */
#include "handover/priv.h"

#include <string.h>

#define DEVFNS 256
#define ERRNOS 4095
#define PORTS (INT64_C(1) << 32)
#define WAYS 4 /* in, out, or both */

static bool
in_range(int64_t v, int64_t first, int64_t n)
{
	return v >= first && v - first < n;
}

static bool
check_text(const char *text, size_t size)
{
	return memchr(text, '\0', size);
}

static bool
check_texts(const struct handover_record *r)
{
	if (!check_text(r->key, sizeof(r->key)))
		return false;
	if (r->kind == HANDOVER_LATER)
		return check_text(r->text, sizeof(r->text));
	return check_text(r->value, sizeof(r->value)) &&
	       check_text(r->name, sizeof(r->name));
}

static bool
check_places(const struct handover_record *r, unsigned n_fds)
{
	unsigned i;

	for (i = 0; i < HANDOVER_PLACES; i++)
		if (!in_range(r->place[i], -1, (int64_t)n_fds + 1))
			return false;
	return true;
}

static bool
check_values(const struct handover_record *r)
{
	const int64_t *v = r->v;

	switch (r->kind) {
	case HANDOVER_PORT:
		return in_range(v[0], 0, PORTS);
	case HANDOVER_CLAIM:
		return in_range(v[0], 0, IOEMU_CONFIG + 1) &&
		       (uint64_t)v[1] <= (uint64_t)v[2];
	case HANDOVER_DEVICE:
		return in_range(v[0], -1, DEVFNS + 1);
	case HANDOVER_DISK:
		return in_range(v[0], 0, 2) &&
		       in_range(v[1], -ERRNOS, ERRNOS + 1);
	case HANDOVER_CHR:
		return in_range(v[0], 0, WAYS) && in_range(v[1], 0, 2) &&
		       in_range(v[2], 0, WAYS) && in_range(v[3], 0, 2);
	default:
		return true;
	}
}

int
handover_check(const struct handover_record *r, unsigned n_fds)
{
	if (r->kind >= HANDOVER_KINDS || !check_texts(r) ||
	    !check_places(r, n_fds) || !check_values(r))
		return -EINVAL;
	return 0;
}
