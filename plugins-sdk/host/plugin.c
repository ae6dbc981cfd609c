/* SPDX-License-Identifier: MIT */
/*
 * Finding device types in shared objects. A plugin is data: nothing of it runs
 * before its first device is attached (but for constructors of libraries it is
 * linked with).
 */
#include "hostdev.h"

#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TYPES_OF_PLUGIN 64u
#define MAX_STATE (256u << 20) /* more is a mistake */

struct entry {
	struct host_type t;
	struct entry *next;
};

struct object {
	void *handle;
	char *path;
	struct object *next;
};

struct host_plugins {
	struct entry *types, **tail;
	struct object *objects;
	char why[256];
};

int
host_plugins_new(struct host_plugins **out)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->tail = &(*out)->types;
	return 0;
}

void
host_plugins_free(struct host_plugins *p)
{
	while (p->types) {
		struct entry *e = p->types;

		p->types = e->next;
		free(e);
	}
	while (p->objects) {
		struct object *o = p->objects;

		p->objects = o->next;
		dlclose(o->handle);
		free(o->path);
		free(o);
	}
	free(p);
}

static bool
type_has_name(const struct ioemu_type *t, const char *name)
{
	const char *const *a;

	if (!strcmp(t->name, name))
		return true;
	for (a = t->aliases; a && *a; a++)
		if (!strcmp(*a, name))
			return true;
	return false;
}

const struct host_type *
host_plugins_find(const struct host_plugins *p, const char *name)
{
	const struct entry *e;

	for (e = p->types; e; e = e->next)
		if (type_has_name(&e->t.type, name))
			return &e->t;
	return NULL;
}

const struct host_type *
host_plugins_at(const struct host_plugins *p, unsigned i)
{
	const struct entry *e = p->types;

	while (e && i--)
		e = e->next;
	return e ? &e->t : NULL;
}

/* Names are words of a command line: TYPE,key=value. */
static bool
name_valid(const char *name)
{
	return name && *name && !strpbrk(name, ",= \t\n");
}

static int
type_check(struct host_plugins *p, const struct ioemu_type *type)
{
	const char *const *a;

	if (!type || type->abi != IOEMU_ABI || !name_valid(type->name) ||
	    !type->summary || !type->attach) {
		snprintf(p->why, sizeof(p->why),
			 "a type without name, summary or attach()");
		return -EINVAL;
	}
	if (type->state_size > MAX_STATE || !props_valid(type) ||
	    !state_fields_valid(type)) {
		snprintf(p->why, sizeof(p->why),
			 "type '%.64s': a property, a default or a saved field "
			 "that cannot be",
			 type->name);
		return -EINVAL;
	}
	if (host_plugins_find(p, type->name)) {
		snprintf(p->why, sizeof(p->why),
			 "type '%.64s' is there already", type->name);
		return -EEXIST;
	}
	for (a = type->aliases; a && *a; a++) {
		if (!host_plugins_find(p, *a))
			continue;
		snprintf(p->why, sizeof(p->why),
			 "type '%.64s': its other name '%.64s' is taken",
			 type->name, *a);
		return -EEXIST;
	}
	return 0;
}

/* Copies what both sides know of a type. */
static int
type_add(struct host_plugins *p, const struct ioemu_type *type, uint32_t size,
	 const char *path)
{
	struct entry *e = calloc(1, sizeof(*e));
	int rc;

	if (!e)
		return -ENOMEM;
	if (type)
		memcpy(&e->t.type, type,
		       size < sizeof(e->t.type) ? size : sizeof(e->t.type));
	e->t.path = path;
	rc = type_check(p, type ? &e->t.type : NULL);
	if (rc) {
		free(e);
		return rc;
	}
	*p->tail = e;
	p->tail = &e->next;
	return 0;
}

/* All types of a plugin, or none. */
static int
plugin_add(struct host_plugins *p, const struct ioemu_plugin *plugin,
	   const char *path)
{
	struct entry **mark = p->tail, *e;
	unsigned i;
	int rc = 0;

	for (i = 0; !rc && i < plugin->n_types; i++)
		rc = type_add(p, plugin->types[i], plugin->type_size, path);
	while (rc && *mark) {
		e = *mark;
		*mark = e->next;
		free(e);
	}
	if (rc)
		p->tail = mark;
	return rc;
}

static int
plugin_check(struct host_plugins *p, const struct ioemu_plugin *plugin)
{
	size_t least = offsetof(struct ioemu_type, detach);

	if (plugin->abi != IOEMU_ABI) {
		snprintf(p->why, sizeof(p->why),
			 "made for SDK %u, this is %u: build it anew",
			 plugin->abi, IOEMU_ABI);
		return -EPROTO;
	}
	if (plugin->size < sizeof(*plugin) || plugin->type_size < least ||
	    !plugin->n_types || plugin->n_types > MAX_TYPES_OF_PLUGIN) {
		snprintf(p->why, sizeof(p->why), "malformed");
		return -EINVAL;
	}
	return 0;
}

/* NULL, and why is told: it is none. */
static const struct ioemu_plugin *
object_open(struct host_plugins *p, struct object *o, const char *path)
{
	const struct ioemu_plugin *plugin = NULL;
	const char *why = "no memory";

	/* a name without a slash is looked for among the system's libraries */
	if (asprintf(&o->path, "%s%s", strchr(path, '/') ? "" : "./", path) < 0)
		o->path = NULL;
	if (o->path) {
		o->handle = dlopen(o->path, RTLD_NOW | RTLD_LOCAL);
		why = o->handle ? "is no plugin: it exports no ioemu_plugin"
				: dlerror();
	}
	if (o->handle)
		plugin = dlsym(o->handle, "ioemu_plugin");
	if (!plugin)
		snprintf(p->why, sizeof(p->why), "%s", why);
	return plugin;
}

int
host_plugins_load(struct host_plugins *p, const char *path, const char **why)
{
	const struct ioemu_plugin *plugin;
	struct object *o = calloc(1, sizeof(*o));
	int rc;

	if (why)
		*why = p->why;
	p->why[0] = '\0';
	if (!o)
		return -ENOMEM;
	plugin = object_open(p, o, path);
	rc = plugin ? plugin_check(p, plugin) : -ENOENT;
	if (!rc)
		rc = plugin_add(p, plugin, o->path);
	if (rc) {
		if (o->handle)
			dlclose(o->handle);
		free(o->path);
		free(o);
		return rc;
	}
	o->next = p->objects;
	p->objects = o;
	return 0;
}

static int
name_is_plugin(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return n > 3 && !strcmp(d->d_name + n - 3, ".so");
}

/* Whatever the locale. */
static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

int
host_plugins_load_dir(struct host_plugins *p, const char *dir,
		      void (*report)(void *ctx, const char *path, int err,
				     const char *why),
		      void *ctx)
{
	struct dirent **names;
	int n = scandir(dir, &names, name_is_plugin, by_name);
	unsigned before = 0;
	const char *why;
	int i, rc;

	if (n < 0)
		return -errno;
	while (host_plugins_at(p, before))
		before++;
	for (i = 0; i < n; i++) {
		char path[4096];

		snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name);
		rc = host_plugins_load(p, path, &why);
		if (rc)
			report(ctx, path, rc, why);
		free(names[i]);
	}
	free(names);
	for (i = 0; host_plugins_at(p, before + (unsigned)i); i++)
		;
	return i;
}
