/* SPDX-License-Identifier: MIT */
/*
 * {"KIND": [{...}, ...], "NAME": NUMBER}; a descriptor is its place in the
 * array, -1 if there is none.
 */
#include "handover/priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- out ---------------------------------------------------------- */

static json_t *
record_out(const struct handover_record *r)
{
	const int32_t *at = r->place;
	const int64_t *v = r->v;

	switch (r->kind) {
	case HANDOVER_FD:
		return json_pack("{s:s, s:i}", "name", r->key, "fd", at[0]);
	case HANDOVER_PORT:
		return json_integer((json_int_t)v[0]);
	case HANDOVER_CLAIM:
		return json_pack("{s:I, s:I, s:I}", "space", (json_int_t)v[0],
				 "first", (json_int_t)v[1], "last",
				 (json_int_t)v[2]);
	case HANDOVER_DEVICE:
		return json_pack("{s:s, s:I}", "id", r->key, "devfn",
				 (json_int_t)v[0]);
	case HANDOVER_GONE:
		return json_pack("{s:s}", "id", r->key);
	case HANDOVER_LATER:
		return json_string(r->text);
	case HANDOVER_DISK:
		return json_pack("{s:s, s:s, s:s, s:i, s:b, s:I}", "device",
				 r->key, "value", r->value, "name", r->name,
				 "fd", at[0], "readonly", (int)v[0], "lost",
				 (json_int_t)v[1]);
	default: /* HANDOVER_CHR */
		return json_pack("{s:s, s:s, s:i, s:[iII], s:[iII], s:i}",
				 "label", r->key, "name", r->name, "listen",
				 at[0], "first", at[1], (json_int_t)v[0],
				 (json_int_t)v[1], "second", at[2],
				 (json_int_t)v[2], (json_int_t)v[3], "rest",
				 at[3]);
	}
}

/* Lists by kind; NULL: a number by itself. */
static const char *const lists[HANDOVER_KINDS] = {
	[HANDOVER_FD] = "fds",	     [HANDOVER_PORT] = "ports",
	[HANDOVER_CLAIM] = "claims", [HANDOVER_DEVICE] = "devices",
	[HANDOVER_GONE] = "gone",    [HANDOVER_LATER] = "later",
	[HANDOVER_DISK] = "disks",   [HANDOVER_CHR] = "chardevs",
};

static int
add_out(json_t *json, const struct handover_record *r)
{
	const char *name = lists[r->kind];
	json_t *list;

	if (!name)
		return json_object_set_new(json, r->key,
					   json_integer((json_int_t)r->v[0]));
	list = json_object_get(json, name);
	if (!list) {
		list = json_array();
		if (json_object_set_new(json, name, list))
			return -1;
	}
	return json_array_append_new(list, record_out(r));
}

int
handover_write(const struct handover *h, json_t **json, const int **fds,
	       unsigned *n)
{
	unsigned i;
	int rc = h->rc;

	*fds = h->fds;
	*n = h->n_fds;
	*json = json_object();
	if (!*json)
		return -ENOMEM;
	for (i = 0; !rc && i < h->n; i++)
		if (add_out(*json, &h->record[i]))
			rc = -EINVAL; /* a name that is no text */
	if (rc)
		json_decref(*json);
	return rc;
}

/* ---- in ----------------------------------------------------------- */

static int
text_in(char *to, size_t size, const char *from)
{
	size_t n = strlen(from);

	if (n >= size)
		return -EINVAL;
	memcpy(to, from, n + 1);
	return 0;
}

static int
number_in(const json_t *value, int64_t *out)
{
	*out = json_integer_value(value);
	return json_is_integer(value) ? 0 : -EINVAL;
}

static int
disk_in(json_t *item, struct handover_record *r)
{
	const char *device, *value, *name;
	json_int_t lost;
	int readonly;

	if (json_unpack(item, "{s:s, s:s, s:s, s:i, s:b, s:I}", "device",
			&device, "value", &value, "name", &name, "fd",
			&r->place[0], "readonly", &readonly, "lost", &lost) ||
	    text_in(r->key, sizeof(r->key), device) ||
	    text_in(r->value, sizeof(r->value), value) ||
	    text_in(r->name, sizeof(r->name), name))
		return -EINVAL;
	r->v[0] = readonly;
	r->v[1] = lost;
	return 0;
}

static int
end_in(json_t *item, const char *key, int32_t *place, int64_t v[2])
{
	json_int_t ways, ended;

	if (json_unpack(item, "{s:[iII]}", key, place, &ways, &ended))
		return -EINVAL;
	v[0] = ways;
	v[1] = ended;
	return 0;
}

static int
chr_in(json_t *item, struct handover_record *r)
{
	const char *label, *name;

	if (json_unpack(item, "{s:s, s:s, s:i, s:i}", "label", &label, "name",
			&name, "listen", &r->place[0], "rest", &r->place[3]) ||
	    text_in(r->key, sizeof(r->key), label) ||
	    text_in(r->name, sizeof(r->name), name) ||
	    end_in(item, "first", &r->place[1], &r->v[0]) ||
	    end_in(item, "second", &r->place[2], &r->v[2]))
		return -EINVAL;
	return 0;
}

static int
claim_in(json_t *item, struct handover_record *r)
{
	json_int_t v[3];

	if (json_unpack(item, "{s:I, s:I, s:I}", "space", &v[0], "first", &v[1],
			"last", &v[2]))
		return -EINVAL;
	r->v[0] = v[0];
	r->v[1] = v[1];
	r->v[2] = v[2];
	return 0;
}

static int
named_in(json_t *item, const char *name, struct handover_record *r)
{
	const char *text = json_string_value(json_object_get(item, name));

	return text ? text_in(r->key, sizeof(r->key), text) : -EINVAL;
}

static int
record_in(json_t *item, struct handover_record *r)
{
	const char *text;

	switch (r->kind) {
	case HANDOVER_FD:
		return json_unpack(item, "{s:i}", "fd", &r->place[0])
			       ? -EINVAL
			       : named_in(item, "name", r);
	case HANDOVER_PORT:
		return number_in(item, &r->v[0]);
	case HANDOVER_CLAIM:
		return claim_in(item, r);
	case HANDOVER_DEVICE:
		return number_in(json_object_get(item, "devfn"), &r->v[0])
			       ? -EINVAL
			       : named_in(item, "id", r);
	case HANDOVER_GONE:
		return named_in(item, "id", r);
	case HANDOVER_LATER:
		text = json_string_value(item);
		return text ? text_in(r->text, sizeof(r->text), text) : -EINVAL;
	case HANDOVER_DISK:
		return disk_in(item, r);
	default: /* HANDOVER_CHR */
		return chr_in(item, r);
	}
}

static int
list_in(struct handover *h, enum handover_kind kind, const json_t *list)
{
	struct handover_record *r;
	size_t i;
	int rc = json_is_array(list) ? 0 : -EINVAL;

	for (i = 0; !rc && i < json_array_size(list); i++) {
		r = handover_add(h, kind);
		rc = r ? record_in(json_array_get(list, i), r) : h->rc;
		if (!rc)
			rc = handover_check(r, h->n_fds);
	}
	return rc;
}

/* What a later version adds beside is nothing to us. */
static int
member_in(struct handover *h, const char *name, const json_t *value)
{
	struct handover_record *r;
	unsigned kind;

	for (kind = 0; kind < HANDOVER_KINDS; kind++)
		if (lists[kind] && !strcmp(lists[kind], name))
			return list_in(h, kind, value);
	if (!json_is_integer(value))
		return 0;
	r = handover_add(h, HANDOVER_NUMBER);
	if (!r)
		return h->rc;
	r->v[0] = json_integer_value(value);
	return text_in(r->key, sizeof(r->key), name);
}

static int
object_in(struct handover *h, json_t *json)
{
	const char *name;
	json_t *value;
	int rc;

	json_object_foreach(json, name, value)
	{
		rc = member_in(h, name, value);
		if (rc)
			return rc;
	}
	return 0;
}

int
handover_read(json_t *json, const int *fds, unsigned n, struct handover **out)
{
	int rc = handover_adopt(fds, n, out);

	if (rc)
		return rc;
	rc = json_is_object(json) ? object_in(*out, json) : -EINVAL;
	if (rc)
		handover_free(*out);
	return rc;
}
