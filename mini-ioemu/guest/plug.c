/* SPDX-License-Identifier: MIT */
/*
 * A device is made the same way at start and later. What comes later must be
 * something the guest can be told of: a PCI function.
 */
#include "guest/plug.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "handover/handover.h"

/* The words of a device that came later: a peer reads them all its life. */
struct words {
	struct words *next;
	struct conf conf;
	struct conf_device named; /* of a process: what it is */
	char *text;
	char id[64];
};

struct plug {
	struct plug_env env;
	struct words *words;
	bool cpu[CONF_MAX_VCPUS];
};

/* ---- one device --------------------------------------------------- */

/* The reason is the last line, as toolstacks and users show that one. */
static void
plug_missing(const struct conf *conf, const struct conf_device *d)
{
	const char *hint = conf_hint(d);
	const struct conf_word *w;

	for (w = conf->plugin_dirs; w; w = w->next)
		log_info("%s: no plugin for a %s", w->text, d->type);
	log_info("%s: no plugin for a %s", IOEMU_PLUGIN_DIR, d->type);
	if (hint)
		log_error("no plugin provides the device type '%s' (%s): write "
			  "%s in xl.cfg",
			  d->type, d->source, hint);
	else
		log_error("no plugin provides the device type '%s' (%s): put "
			  "its .so into %s, or name its folder with "
			  "--plugin-dir",
			  d->type, d->source, IOEMU_PLUGIN_DIR);
}

/* later=on */
static int
plug_name(struct plug *p, const struct host_type *t,
	  const struct conf_device *d)
{
	if (t && !d->isolate) {
		log_error("%s (%s): later=on: only what is a process "
			  "(isolate=on, peer) has to be named",
			  d->type, d->source);
		return -EINVAL;
	}
	return peers_name(p->env.peers, t, d);
}

int
plug_device(struct plug *p, const struct conf_device *d)
{
	const struct host_type *t = host_plugins_find(p->env.plugins, d->type);

	if (d->waits && (t || peers_type(d->type)))
		return plug_name(p, t, d);
	if (!t && peers_type(d->type))
		return peers_add(p->env.peers, d);
	if (!t) {
		plug_missing(p->env.conf, d);
		return -ENOENT;
	}
	return d->isolate ? peers_isolate(p->env.peers, t, d)
			  : local_add(p->env.local, t, d);
}

/* ---- one that comes later ----------------------------------------- */

static struct hostdev *
local_by_id(const struct plug *p, const char *id)
{
	struct hostdev *hd = local_find(p->env.local, id);

	return hd && !strcmp(hd->dev.id, id) ? hd : NULL;
}

static bool
plug_has(const struct plug *p, const char *id)
{
	return local_by_id(p, id) || peers_have(p->env.peers, id);
}

static void
words_free(struct words *w)
{
	conf_free(&w->conf);
	free(w->text);
	free(w);
}

/* Of devices that are gone. */
static void
words_sweep(struct plug *p)
{
	struct words **at = &p->words, *w;

	while ((w = *at)) {
		if (plug_has(p, w->id)) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		words_free(w);
	}
}

/* Types of which a guest can be told are known only once one is made. */
static int
plug_check(const struct plug *p, const struct conf_device *d, char *why,
	   size_t size)
{
	const struct host_type *t = host_plugins_find(p->env.plugins, d->type);
	int rc = 0;

	if (!d->id)
		rc = snprintf(why, size, "Parameter 'id' is missing");
	else if (plug_has(p, d->id))
		rc = snprintf(why, size, "Duplicate ID '%s' for device", d->id);
	else if (!t && !peers_type(d->type))
		rc = snprintf(why, size,
			      "'%s' is not a valid device model name", d->type);
	else if ((t && t->type.parent) || !strcmp(d->type, "raw-mmio"))
		rc = snprintf(why, size, "'%s' cannot be plugged in later",
			      d->type);
	return rc ? -EINVAL : 0;
}

/* A peer is told of when it is there. */
static void
plug_tell(struct plug *p, const char *id)
{
	const struct hostdev *hd = local_by_id(p, id);
	const struct bus_dev *place = hd ? local_place_of(hd) : NULL;

	if (!place)
		return;
	local_finish(p->env.local);
	if (place->devfn % 8 == 0)
		local_hotplug(p->env.local, bus_root_slot(place),
			      IOEMU_HOTPLUG_ADDED);
}

static int
plug_make(struct plug *p, const struct conf_device *d, bool tell, char *why,
	  size_t size)
{
	int rc = plug_device(p, d);

	if (rc)
		snprintf(why, size,
			 "'%s' cannot be made (%s): the log says "
			 "more",
			 d->id, strerror(-rc));
	else if (tell)
		plug_tell(p, d->id);
	return rc;
}

/* What came as words becomes what is made: of a process what was named before.
 */
static int
plug_find(struct plug *p, struct words *w, struct conf_device **d, char *why,
	  size_t size)
{
	int rc = plug_check(p, *d, why, size);

	(*d)->later = true;
	(*d)->waits = false;
	if (rc || !((*d)->isolate || peers_type((*d)->type)))
		return rc;
	rc = peers_named(p->env.peers, *d, &w->named, why, size);
	*d = &w->named;
	return rc;
}

static int
plug_words(struct plug *p, const char *text, bool tell, char *why, size_t size)
{
	struct words *w = calloc(1, sizeof(*w)), **last = &p->words;
	struct conf_device *d;
	struct conf_error err;
	int rc;

	if (!w)
		return -ENOMEM;
	words_sweep(p);
	rc = conf_one_device(&w->conf, text, "device_add", &d, &err);
	w->text = strdup(text);
	if (rc)
		snprintf(why, size, "%s", err.text);
	else
		rc = w->text ? plug_find(p, w, &d, why, size) : -ENOMEM;
	if (!rc)
		rc = plug_make(p, d, tell, why, size);
	if (rc) {
		words_free(w);
		return rc;
	}
	snprintf(w->id, sizeof(w->id), "%s", d->id);
	while (*last)
		last = &(*last)->next;
	*last = w;
	log_info("%s: plugged in%s, a %s", d->id, tell ? "" : " before",
		 d->type);
	return 0;
}

int
plug_add(struct plug *p, const char *text, char *why, size_t size)
{
	return plug_words(p, text, true, why, size);
}

int
plug_restore(struct plug *p, const char *text, char *why, size_t size)
{
	return plug_words(p, text, false, why, size);
}

/* ---- one that goes ------------------------------------------------ */

int
plug_del(struct plug *p, const char *id, char *why, size_t size)
{
	const struct hostdev *hd = local_by_id(p, id);
	int rc = hd ? local_request_unplug(p->env.local, hd)
		    : peers_request_unplug(p->env.peers, id);

	if (rc == -ENODEV)
		snprintf(why, size, "Device '%s' not found", id);
	else if (rc == -EXDEV)
		snprintf(why, size,
			 "'%s' is behind a bridge: the guest's ACPI "
			 "tables cannot ask for it back",
			 id);
	else if (rc)
		snprintf(why, size,
			 "'%s' stays: it belongs to the board, is a "
			 "bridge or no PCI device, or others are plugged "
			 "into it",
			 id);
	return rc;
}

/* ---- processors --------------------------------------------------- */

bool
plug_cpu_is_on(const struct plug *p, unsigned cpu)
{
	return cpu < CONF_MAX_VCPUS && p->cpu[cpu];
}

int
plug_cpu(struct plug *p, unsigned cpu, char *why, size_t size)
{
	if (cpu >= p->env.conf->max_vcpus) {
		snprintf(why, size,
			 "There is no processor %u: the guest may "
			 "have %u",
			 cpu, p->env.conf->max_vcpus);
		return -EINVAL;
	}
	if (p->cpu[cpu]) {
		snprintf(why, size, "Processor %u is on line already", cpu);
		return -EEXIST;
	}
	p->cpu[cpu] = true;
	local_hotplug(p->env.local, cpu, IOEMU_HOTPLUG_CPU);
	return 0;
}

/* ---- from one process to the next --------------------------------- */

#define CPUS_OF_WORD 64u

static void
cpu_word_name(char name[16], unsigned word)
{
	snprintf(name, 16, "cpus%u", word);
}

void
plug_handover_over(struct plug *p, struct handover *handover)
{
	const struct words *w;
	char name[16];
	unsigned i, k;

	words_sweep(p);
	for (w = p->words; w; w = w->next)
		handover_put_later(handover, w->text);
	for (i = 0; i < CONF_MAX_VCPUS; i += CPUS_OF_WORD) {
		uint64_t on = 0;

		for (k = 0; k < CPUS_OF_WORD; k++)
			on |= (uint64_t)p->cpu[i + k] << k;
		cpu_word_name(name, i / CPUS_OF_WORD);
		handover_put_u64(handover, name, on);
	}
}

void
plug_take_cpus(struct plug *p, const struct handover *handover)
{
	char name[16];
	unsigned i;

	for (i = 0; i < p->env.conf->max_vcpus && i < CONF_MAX_VCPUS; i++) {
		cpu_word_name(name, i / CPUS_OF_WORD);
		p->cpu[i] =
			handover_u64(handover, name) >> i % CPUS_OF_WORD & 1;
	}
}

int
plug_new(const struct plug_env *env, struct plug **out)
{
	struct plug *p = calloc(1, sizeof(*p));
	unsigned i;

	if (!p)
		return -ENOMEM;
	p->env = *env;
	for (i = 0; i < env->conf->vcpus && i < CONF_MAX_VCPUS; i++)
		p->cpu[i] = true;
	*out = p;
	return 0;
}

void
plug_free(struct plug *p)
{
	struct words *w;

	if (!p)
		return;
	while ((w = p->words)) {
		p->words = w->next;
		words_free(w);
	}
	free(p);
}
