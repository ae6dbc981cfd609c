/* SPDX-License-Identifier: MIT */
/*
 * A saved state that somebody changed: one value of one field becomes another,
 * and the device is to load it. The form of a state is in host/state.c.
 */
#include "machine.h"

#include <stdlib.h>
#include <string.h>

#define HEAD 16u /* magic, length, checksum */

static const uint8_t width[] = {
	[IOEMU_KIND_BOOL] = 1, [IOEMU_KIND_U8] = 1,  [IOEMU_KIND_U16] = 2,
	[IOEMU_KIND_U32] = 4,  [IOEMU_KIND_U64] = 8,
};

/* Element i of that field in the state; fails the test if there is none. */
static uint8_t *
field_at(uint8_t *state, size_t used, const char *field, unsigned i,
	 unsigned *n)
{
	uint8_t *p = state + HEAD, *end = state + used;

	while (p < end) {
		size_t len = *p;
		const uint8_t *name = p + 1;
		uint8_t kind = name[len];
		uint32_t count = get_le32(name + len + 1);

		p += 1 + len + 5;
		*n = width[kind];
		if (len == strlen(field) && !memcmp(name, field, len) &&
		    i < count)
			return p + (size_t)i * *n;
		p += (size_t)*n * count;
	}
	fail_msg("no value %u of a saved field '%s'", i, field);
	return NULL;
}

/* What slot_save() left in s->before. */
static int
field_load(struct slot *s, const char *field, unsigned i, uint64_t value)
{
	size_t used = (size_t)s->before.used;
	uint8_t *state = malloc(used), *p;
	unsigned n, k;
	int rc;

	memcpy(state, s->before.data, used);
	p = field_at(state, used, field, i, &n);
	for (k = 0; k < n; k++)
		p[k] = (uint8_t)(value >> (8 * k));
	put_le64(state + 8, host_sum(state + HEAD, used - HEAD));
	rc = hostdev_load(s->hd, state, used);
	free(state);
	return rc;
}

int
machine_load_field(struct slot *s, const char *field, unsigned i,
		   uint64_t value)
{
	int rc;

	slot_save(s, &s->before);
	rc = field_load(s, field, i, value);
	if (rc && hostdev_load(s->hd, s->before.data, (size_t)s->before.used))
		fail_msg("%s: its own state cannot be loaded again", s->id);
	return rc;
}
