/* SPDX-License-Identifier: MIT */
/*
 * A saved state that somebody changed: values of its fields become others, and
 * the device is to load it. The form of a state is in host/state.c.
 */
#include "machine.h"

#include <stdlib.h>
#include <string.h>

#define HEAD 16u /* magic, length, checksum */
#define SUM 8u

static const uint8_t width[] = {
	[IOEMU_KIND_BOOL] = 1, [IOEMU_KIND_U8] = 1,  [IOEMU_KIND_U16] = 2,
	[IOEMU_KIND_U32] = 4,  [IOEMU_KIND_U64] = 8,
};

/* One record of a state, which we wrote ourselves. */
struct field {
	const uint8_t *name;
	size_t len;
	unsigned width;
	uint32_t count;
	size_t at; /* of its values */
};

/* The one that begins at `at`, which moves behind it; false: no more. */
static bool
field_next(const struct saved *st, size_t *at, struct field *f)
{
	const uint8_t *p = st->data + *at;

	if (*at >= (size_t)st->used)
		return false;
	f->len = *p;
	f->name = p + 1;
	f->width = width[f->name[f->len]];
	f->count = ioemu_get_le32(f->name + f->len + 1);
	f->at = *at + 1 + f->len + 5;
	*at = f->at + (size_t)f->width * f->count;
	return true;
}

bool
saved_field(const struct saved *st, unsigned i, char name[256], uint32_t *count)
{
	size_t at = HEAD;
	struct field f;

	if (!field_next(st, &at, &f)) /* the first names the type */
		return false;
	do {
		if (!field_next(st, &at, &f))
			return false;
	} while (i--);
	memcpy(name, f.name, f.len);
	name[f.len] = '\0';
	*count = f.count;
	return true;
}

/* Element i of that field; fails the test if there is none. */
static uint8_t *
field_at(const struct saved *st, const char *name, unsigned i, unsigned *n)
{
	size_t at = HEAD;
	struct field f;

	while (field_next(st, &at, &f)) {
		*n = f.width;
		if (f.len == strlen(name) && !memcmp(name, f.name, f.len) &&
		    i < f.count)
			return st->data + f.at + (size_t)i * f.width;
	}
	*n = 0;
	fail_msg("no value %u of a saved field '%s'", i, name);
	return NULL;
}

uint64_t
saved_get(const struct saved *st, const char *name, unsigned i)
{
	unsigned n, k;
	const uint8_t *p = field_at(st, name, i, &n);
	uint64_t v = 0;

	for (k = 0; k < n; k++)
		v |= (uint64_t)p[k] << 8 * k;
	return v;
}

void
saved_set(struct saved *st, const char *name, unsigned i, uint64_t value)
{
	unsigned n, k;
	uint8_t *p = field_at(st, name, i, &n);

	for (k = 0; k < n; k++)
		p[k] = (uint8_t)(value >> (8 * k));
	ioemu_put_le64(st->data + SUM,
		       host_sum(st->data + HEAD, (size_t)st->used - HEAD));
}

int
machine_load_field(struct slot *s, const char *field, unsigned i,
		   uint64_t value)
{
	uint64_t was;
	int rc;

	slot_save(s, &s->before);
	was = saved_get(&s->before, field, i);
	saved_set(&s->before, field, i, value);
	rc = hostdev_load(s->hd, s->before.data, (size_t)s->before.used);
	saved_set(&s->before, field, i, was);
	if (rc && hostdev_load(s->hd, s->before.data, (size_t)s->before.used))
		fail_msg("%s: its own state cannot be loaded again", s->id);
	return rc;
}
