/* SPDX-License-Identifier: MIT */
/* Properties: words of a command line into members of a device's state. */
#include "hostdev.h"

#include <stdlib.h>
#include <string.h>

#include "le.h"

static void *
prop_member(struct hostdev *hd, const struct ioemu_prop *p)
{
	return (uint8_t *)hd->dev.state + p->offset;
}

static int
prop_integer(struct hostdev *hd, const struct ioemu_prop *p, const char *value)
{
	uint32_t n = state_width(p->kind);
	uint64_t v;
	int rc = host_number(value, UINT64_MAX >> (64 - 8 * n), &v);

	if (!rc)
		put_host(prop_member(hd, p), v, n);
	return rc;
}

static int
prop_string(struct hostdev *hd, const struct ioemu_prop *p, const char *value)
{
	char **member = prop_member(hd, p);
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(*member);
	*member = copy;
	return 0;
}

static void
prop_close(struct hostdev *hd, const struct ioemu_prop *p)
{
	void **member = prop_member(hd, p);

	if (p->kind == IOEMU_KIND_STRING)
		free(*member);
	else if (p->kind == IOEMU_KIND_BLOCK && *member)
		hd->ops->block_close(hd, *member);
	else if (p->kind == IOEMU_KIND_CHARDEV && *member)
		hd->ops->chr_close(hd, *member);
	else
		return;
	*member = NULL;
}

static int
prop_apply(struct hostdev *hd, const struct ioemu_prop *p, const char *value)
{
	switch (p->kind) {
	case IOEMU_KIND_BOOL:
		return host_switch(value, prop_member(hd, p));
	case IOEMU_KIND_STRING:
		return prop_string(hd, p, value);
	case IOEMU_KIND_BLOCK:
		prop_close(hd, p);
		return hd->ops->block_open(hd, value, prop_member(hd, p));
	case IOEMU_KIND_CHARDEV:
		prop_close(hd, p);
		return hd->ops->chr_open(hd, value, prop_member(hd, p));
	default:
		return prop_integer(hd, p, value);
	}
}

/* Of a drive or a character device the host's errno says it. */
static int
prop_refuse(struct hostdev *hd, const struct ioemu_prop *p, int rc)
{
	uint32_t n = state_width(p->kind);

	if (p->kind == IOEMU_KIND_BOOL)
		return hostdev_refuse(hd, rc, "on or off");
	if (n)
		return hostdev_refuse(hd, rc, "a number from 0 to %llu",
				      (unsigned long long)UINT64_MAX >>
					      (64 - 8 * n));
	return rc;
}

int
props_defaults(struct hostdev *hd)
{
	const struct ioemu_prop *p;
	int rc = 0;

	for (p = hd->type->type.props; !rc && p && p->name; p++)
		if (p->def)
			rc = prop_apply(hd, p, p->def);
	return rc;
}

/* A member is named with '_', what a user types may have '-'. */
static bool
prop_is(const struct ioemu_prop *p, const char *key)
{
	const char *name = p->name;

	while (*name && (*name == *key || (*name == '_' && *key == '-') ||
			 (*name == '-' && *key == '_'))) {
		name++;
		key++;
	}
	return *name == *key;
}

static bool
prop_valid(const struct ioemu_type *type, const struct ioemu_prop *p)
{
	uint32_t n = state_width(p->kind);
	uint64_t v;
	bool b;

	if (p->kind < IOEMU_KIND_BOOL || p->kind > IOEMU_KIND_CHARDEV)
		return false;
	if (!n)
		n = sizeof(void *);
	if (p->offset % n || p->offset > type->state_size ||
	    n > type->state_size - p->offset)
		return false;
	if (!p->def || p->kind >= IOEMU_KIND_STRING)
		return true;
	if (p->kind == IOEMU_KIND_BOOL)
		return !host_switch(p->def, &b);
	return !host_number(p->def, UINT64_MAX >> (64 - 8 * n), &v);
}

bool
props_valid(const struct ioemu_type *type)
{
	const struct ioemu_prop *p;

	for (p = type->props; p && p->name; p++)
		if (!prop_valid(type, p))
			return false;
	return true;
}

int
props_set(struct hostdev *hd, const char *key, const char *value)
{
	const struct ioemu_prop *p;
	int rc;

	hd->why[0] = '\0';
	for (p = hd->type->type.props; p && p->name; p++) {
		if (!prop_is(p, key))
			continue;
		rc = prop_apply(hd, p, value);
		return rc ? prop_refuse(hd, p, rc) : 0;
	}
	return hostdev_refuse(hd, -ENOKEY,
			      "no such property; --list-devices shows what "
			      "there is");
}

void
props_free(struct hostdev *hd)
{
	const struct ioemu_prop *p;

	for (p = hd->type->type.props; p && p->name; p++)
		if (p->kind >= IOEMU_KIND_STRING)
			prop_close(hd, p);
}
