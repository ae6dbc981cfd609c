/* SPDX-License-Identifier: MIT */
/*
 * The devices of one machine: made from their command line words, saved and
 * made anew, found. It knows no guest and no clock.
 */
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define FIRST_STATE_SIZE 65536u
#define GUARD 65536u

/* ---- words of a device -------------------------------------------- */

/* Words that are not the device's: where it sits and what it is called. */
static const char *const place_words[] = { "id", "bus", "addr", "multifunction",
					   NULL };

static bool
word_is(const char *word, const char *key)
{
	size_t n = strlen(key);

	return !strncmp(word, key, n) && word[n] == '=';
}

static bool
word_is_place(const char *word)
{
	unsigned i;

	for (i = 0; place_words[i]; i++)
		if (word_is(word, place_words[i]))
			return true;
	return false;
}

/* The word after this one, NULL past the end. */
static const char *
word_next(const char *word)
{
	word += strlen(word) + 1;
	return *word ? word : NULL;
}

/* Value of a place word, or NULL. */
static const char *
slot_place(const struct slot *s, const char *key)
{
	const char *w;

	for (w = s->spec; w; w = word_next(w))
		if (word_is(w, key))
			return w + strlen(key) + 1;
	return NULL;
}

/* "a,b=c,d" -> "a\0b=c,d\0\0": a piece without '=' belongs to the value
 * before it. */
static char *
spec_cut(const char *spec)
{
	size_t len = strlen(spec);
	char *copy = calloc(1, len + 2);
	char *p = copy;

	memcpy(copy, spec, len + 1);
	while ((p = strchr(p, ','))) {
		size_t n = strcspn(p + 1, ",=");

		if (p[1 + n] == '=')
			*p = '\0';
		p++;
	}
	return copy;
}

/* ---- making ------------------------------------------------------- */

static struct hostdev *
slot_parent(const struct slot *s)
{
	const char *bus = slot_place(s, "bus");
	const char *type = s->type->type.parent;
	const struct slot *p;

	if (!type)
		return NULL;
	for (p = s; p-- > s->m->slot;)
		if (bus ? !strcmp(p->id, bus)
			: !strcmp(p->type->type.name, type))
			return p->hd;
	return NULL;
}

/* A device without a parent gets a link, if there are to be links; its
 * children are behind the same one. */
static int
slot_new(struct slot *s)
{
	struct hostdev *parent = slot_parent(s);
	int rc;

	if (s->m->links && parent)
		s->lh = ((struct slot *)parent->host)->lh;
	else if (s->m->links)
		wire_new(s);
	rc = hostdev_new(s->lh ? &bench_link_ops : &bench_ops, s, s->type,
			 s->id, parent, &s->hd);
	return rc || !s->lh ? rc : linkhost_add(s->lh, s->hd);
}

static void
slot_make(struct slot *s)
{
	const char *multi = slot_place(s, "multifunction");
	const char *w;
	int rc;

	rc = slot_new(s);
	if (rc)
		fail_msg("%s: cannot be made: %s", s->id, strerror(-rc));
	for (w = word_next(s->spec); w; w = word_next(w)) {
		char key[NAME_SIZE];

		if (word_is_place(w))
			continue;
		snprintf(key, sizeof(key), "%.*s", (int)strcspn(w, "="), w);
		rc = hostdev_set(s->hd, key, w + strcspn(w, "=") + 1);
		if (rc)
			fail_msg("%s: %s: %s", s->id, w,
				 hostdev_why(s->hd, rc));
	}
	rc = hostdev_attach(s->hd);
	if (rc)
		fail_msg("%s: attach: %s", s->id, hostdev_why(s->hd, rc));
	if (multi && !strcmp(multi, "on"))
		hostdev_set_multifunction(s->hd);
}

static void
slot_add(struct machine *m, const char *spec)
{
	struct slot *s = &m->slot[m->n_slots];
	const char *id;

	if (m->n_slots == MAX_DEVICES)
		fail_msg("too many devices");
	s->m = m;
	s->spec = spec_cut(spec);
	s->type = host_plugins_find(m->plugins, s->spec);
	m->n_slots++;
	if (!s->type) {
		fail_msg("no device type '%s' in the plugins given", s->spec);
		return; /* fail_msg() does not */
	}
	id = slot_place(s, "id");
	snprintf(s->id, sizeof(s->id), "%s", id ? id : s->type->type.name);
	slot_make(s);
}

static void
machine_kill(struct machine *m)
{
	unsigned i;

	for (i = m->n_slots; i-- > 0;) {
		if (m->slot[i].hd)
			hostdev_free(m->slot[i].hd);
		m->slot[i].hd = NULL;
	}
}

/* All zeroes, for as little as its pages that are used cost: a fuzzer makes
 * many. What is behind it cannot be touched. */
static uint8_t *
ram_new(void)
{
	uint8_t *ram = mmap(NULL, BENCH_RAM_SIZE + GUARD, PROT_NONE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (ram == MAP_FAILED ||
	    mprotect(ram, BENCH_RAM_SIZE, PROT_READ | PROT_WRITE))
		abort();
	return ram;
}

struct machine *
machine_new(struct host_plugins *plugins)
{
	struct machine *m = calloc(1, sizeof(*m));
	const char *seed = getenv("BENCH_SEED");
	uint64_t random = 0;
	unsigned i;

	m->plugins = plugins;
	m->ram = ram_new();
	m->log = calloc(1, 1);
	m->power = -1;
	if (seed)
		assert_int_equal(host_number(seed, UINT32_MAX, &random), 0);
	m->random = (uint32_t)random | 1;
	for (i = 0; i < N_LINKS; i++)
		m->link[i] = -1;
	return m;
}

/* May end the test: then machine_free() takes what is there so far. */
void
machine_add(struct machine *m, const char *const *devices)
{
	for (; devices && *devices; devices++)
		slot_add(m, *devices);
	wires_up(m);
}

void
machine_free(struct machine *m)
{
	unsigned i;

	wires_down(m);
	machine_kill(m);
	wires_free(m);
	for (i = 0; i < m->n_slots; i++) {
		free(m->slot[i].spec);
		free(m->slot[i].before.data);
		free(m->slot[i].after.data);
	}
	backend_free(m);
	munmap(m->ram, BENCH_RAM_SIZE + GUARD);
	free(m->log);
	free(m);
}

/* ---- asking ------------------------------------------------------- */

struct slot *
machine_find(struct machine *m, const char *id)
{
	unsigned i;

	for (i = 0; i < m->n_slots; i++)
		if (!strcmp(m->slot[i].id, id))
			return &m->slot[i];
	for (i = 0; i < m->n_slots; i++)
		if (m->slot[i].type == host_plugins_find(m->plugins, id))
			return &m->slot[i];
	fail_msg("no device '%s'", id);
	return NULL;
}

void
machine_map(struct machine *m, struct host_window *w)
{
	assert_true(m->n_routes < MAX_ROUTES);
	m->route[m->n_routes++] = w;
}

void
machine_unmap(struct machine *m, const struct host_window *w)
{
	unsigned i, n = 0;

	for (i = 0; i < m->n_routes; i++)
		if (m->route[i] != w)
			m->route[n++] = m->route[i];
	m->n_routes = n;
}

struct host_window *
machine_route(struct machine *m, enum ioemu_space space, uint64_t addr)
{
	unsigned i;

	for (i = 0; i < m->n_routes; i++) {
		struct host_window *w = m->route[i];

		if (w->space == space && addr - w->base < w->region.size)
			return w;
	}
	return NULL;
}

struct host_window *
machine_config(struct slot *s)
{
	return s->wire && s->hd->config ? wire_config(s->wire) : s->hd->config;
}

/* xorshift32: the same on every run. */
uint32_t
machine_random(struct machine *m, uint32_t below)
{
	m->random ^= m->random << 13;
	m->random ^= m->random >> 17;
	m->random ^= m->random << 5;
	return m->random % below;
}

void
machine_log(struct machine *m, const char *text)
{
	size_t n = strlen(text);
	char *log = realloc(m->log, m->log_len + n + 2);

	m->log = log;
	memcpy(log + m->log_len, text, n);
	log[m->log_len + n] = '\n';
	log[m->log_len + n + 1] = '\0';
	m->log_len += n + 1;
}

bool
machine_quiet(const struct machine *m)
{
	unsigned i;

	if (m->requests || wires_busy(m))
		return false;
	for (i = 0; i < m->n_slots; i++) {
		const struct slot *s = &m->slot[i];

		if (hostdev_busy(s->hd) || (s->lh && !linkhost_quiet(s->lh)))
			return false;
	}
	return true;
}

void
machine_reset(struct machine *m)
{
	unsigned i;

	for (i = 0; i < m->n_slots; i++)
		hostdev_reset(m->slot[i].hd, IOEMU_RESET_BUS);
}

void
machine_check(const struct machine *m)
{
	unsigned i;

	for (i = 0; i < m->n_slots; i++)
		if (m->slot[i].hd->bad_answers)
			fail_msg("%s: answered an access twice, or one that "
				 "it had not deferred",
				 m->slot[i].id);
	for (i = 0; i < m->n_slots; i++)
		if (m->slot[i].hd->bad_requests)
			fail_msg("%s: asked for a request that was in flight",
				 m->slot[i].id);
}

/* ---- save, free, make anew, load ---------------------------------- */

void
slot_save(const struct slot *s, struct saved *to)
{
	if (!to->size)
		to->data = malloc(to->size = FIRST_STATE_SIZE);
	while ((to->used = hostdev_save(s->hd, to->data, to->size)) ==
	       -ENOSPC) {
		free(to->data);
		to->data = malloc(to->size *= 2);
	}
	if (to->used < 0)
		fail_msg("%s: cannot be saved: %s", s->id,
			 strerror((int)-to->used));
	to->lines = s->lines;
}

static void
slot_load(struct slot *s)
{
	const struct saved *was = &s->before, *is = &s->after;
	int rc = hostdev_load(s->hd, was->data, (size_t)was->used);

	if (rc)
		fail_msg("%s: cannot be loaded: %s", s->id, strerror(-rc));
	slot_save(s, &s->after);
	if (is->used != was->used ||
	    memcmp(is->data, was->data, (size_t)is->used))
		fail_msg("%s: saved again right after loading, its state "
			 "differs",
			 s->id);
	if (is->lines != was->lines)
		fail_msg("%s: lines were %#x and are %#x after loading", s->id,
			 was->lines, is->lines);
}

/* Nothing is left of those that there were. */
static void
machine_renew(struct machine *m)
{
	unsigned i;

	machine_kill(m);
	for (i = 0; i < m->n_slots; i++)
		slot_make(&m->slot[i]);
}

void
machine_save(struct machine *m)
{
	unsigned i;

	for (i = 0; i < m->n_slots; i++)
		slot_save(&m->slot[i], &m->slot[i].before);
}

void
machine_migrate(struct machine *m)
{
	unsigned i;

	machine_save(m);
	machine_renew(m);
	for (i = 0; i < m->n_slots; i++)
		slot_load(&m->slot[i]);
}

int
machine_load(struct machine *m)
{
	unsigned i;
	int rc = 0;

	machine_renew(m);
	for (i = 0; !rc && i < m->n_slots; i++)
		rc = hostdev_load(m->slot[i].hd, m->slot[i].before.data,
				  (size_t)m->slot[i].before.used);
	return rc;
}
