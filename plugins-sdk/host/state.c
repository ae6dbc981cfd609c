/* SPDX-License-Identifier: MIT */
/*
 * Saved state: named values, so that versions can differ. A value not saved
 * keeps its default; one that is not known is refused, because dropping it
 * would change the device behind the guest's back.
 *
 * All little-endian:
 *	u32 magic "IOES", u32 length of all, u64 checksum of what follows,
 *	then records: u8 length of name, name, u8 kind, u32 count, values.
 * The first record is named as the device's type and has no values. Names of
 * the host's own records start with ':'.
 */
#include "hostdev.h"

#include <string.h>

#include "le.h"

#define MAGIC 0x53454f49u
#define HEAD 16u     /* bytes before the records */
#define CONFIG_ID 4u /* vendor and device */
#define CONFIG_NAME ":config"
#define MSIX_NAME ":msix"
#define LINES_NAME ":lines"
#define LINES_ALL 0x1ffffu /* ISA 0 to 15, INTx */

uint32_t
state_width(enum ioemu_kind kind)
{
	switch (kind) {
	case IOEMU_KIND_BOOL:
	case IOEMU_KIND_U8:
		return 1;
	case IOEMU_KIND_U16:
		return 2;
	case IOEMU_KIND_U32:
		return 4;
	case IOEMU_KIND_U64:
		return 8;
	default:
		return 0;
	}
}

bool
state_fields_valid(const struct ioemu_type *type)
{
	const struct ioemu_field *f;

	for (f = type->fields; f && f->name; f++) {
		uint64_t n = state_width(f->kind);
		size_t len = strlen(f->name);

		if (!n || !len || len > UINT8_MAX || f->name[0] == ':' ||
		    f->offset > type->state_size ||
		    n * f->count > type->state_size - f->offset)
			return false;
	}
	return true;
}

/* FNV-1a, eight bytes a step. */
uint64_t
host_sum(const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	uint64_t sum = 0xcbf29ce484222325ull;

	for (; len >= 8; len -= 8, p += 8) {
		sum = (sum ^ ioemu_get_le64(p)) * 0x100000001b3ull;
		sum ^= sum >> 32; /* high bits reach the low ones */
	}
	for (; len; len--, p++)
		sum = (sum ^ *p) * 0x100000001b3ull;
	return sum;
}

/* One record: where its values are here, and what they are. */
struct record {
	const char *name;
	size_t name_len;
	enum ioemu_kind kind;
	uint32_t count;
	uint8_t *values; /* host order when ours, little-endian when read */
};

/* The host's own. False past the end. */
static bool
host_record(const struct hostdev *hd, unsigned i, struct record *r)
{
	*r = (struct record){ .count = 0 };
	if (i == 0) {
		r->name = LINES_NAME;
		r->kind = IOEMU_KIND_U32;
		r->count = 1;
		r->values = (uint8_t *)(uintptr_t)&hd->lines;
	} else if (i == 1 && hd->func) {
		r->name = CONFIG_NAME;
		r->kind = IOEMU_KIND_U8;
		r->values = pcifunc_config(hd->func);
		r->count = pcifunc_size(hd->func);
	} else if (i == 2 && hd->func) {
		r->name = MSIX_NAME;
		r->kind = IOEMU_KIND_U32;
		r->values = (uint8_t *)pcifunc_msix(hd->func, &r->count);
	}
	r->name_len = r->name ? strlen(r->name) : 0;
	return r->count;
}

static struct record
field_record(const struct hostdev *hd, const struct ioemu_field *f)
{
	return (struct record){
		.name = f->name,
		.name_len = strlen(f->name),
		.kind = f->kind,
		.count = f->count,
		.values = (uint8_t *)hd->dev.state + f->offset,
	};
}

/* ---- saving ------------------------------------------------------- */

/* Bytes written so far; what does not fit is only counted. */
struct out {
	uint8_t *buf;
	size_t size, used;
};

static uint8_t *
out_take(struct out *o, size_t n)
{
	uint8_t *p = NULL;

	if (o->used <= o->size && n <= o->size - o->used)
		p = o->buf + o->used;
	o->used += n;
	return p;
}

static void
out_record(struct out *o, const struct record *r)
{
	uint32_t n = state_width(r->kind), i;
	uint8_t *p =
		out_take(o, 1 + r->name_len + 1 + 4 + (size_t)n * r->count);

	if (!p)
		return;
	*p++ = (uint8_t)r->name_len;
	memcpy(p, r->name, r->name_len);
	p += r->name_len;
	*p++ = (uint8_t)r->kind;
	ioemu_put_le32(p, r->count);
	p += 4;
	if (n == 1 && r->count)
		memcpy(p, r->values, r->count);
	for (i = 0; n > 1 && i < r->count; i++)
		put_le(p + (size_t)i * n,
		       get_host(r->values + (size_t)i * n, n), n);
}

long
hostdev_save(const struct hostdev *hd, void *buf, size_t size)
{
	const char *name = hd->type->type.name;
	struct record r = {
		.name = name,
		.name_len = strnlen(name, UINT8_MAX),
		.kind = IOEMU_KIND_U8,
	};
	const struct ioemu_field *f = hd->type->type.fields;
	struct out o = { .buf = buf, .size = size };
	uint8_t *head = out_take(&o, HEAD);
	unsigned i;

	if (hostdev_busy(hd))
		return -EBUSY;
	out_record(&o, &r);
	for (; f && f->name; f++) {
		r = field_record(hd, f);
		out_record(&o, &r);
	}
	for (i = 0; host_record(hd, i, &r); i++)
		out_record(&o, &r);
	if (o.used > size || o.used > UINT32_MAX)
		return -ENOSPC;
	ioemu_put_le32(head, MAGIC);
	ioemu_put_le32(head + 4, (uint32_t)o.used);
	ioemu_put_le64(head + 8, host_sum(head + HEAD, o.used - HEAD));
	return (long)o.used;
}

/* ---- loading ------------------------------------------------------ */

struct in {
	uint8_t *p;
	size_t left;
};

static uint8_t *
in_take(struct in *in, uint64_t n)
{
	uint8_t *p = in->p;

	if (n > in->left)
		return NULL;
	in->p += n;
	in->left -= (size_t)n;
	return p;
}

static bool
in_record(struct in *in, struct record *r)
{
	uint8_t *p = in_take(in, 1);

	if (!p)
		return false;
	r->name_len = *p;
	p = in_take(in, r->name_len + 5u);
	if (!p)
		return false;
	r->name = (const char *)p;
	p += r->name_len;
	r->kind = (enum ioemu_kind) * p;
	r->count = ioemu_get_le32(p + 1);
	if (!state_width(r->kind))
		return false;
	r->values = in_take(in, (uint64_t)state_width(r->kind) * r->count);
	return r->values;
}

static bool
record_is(const struct record *r, const char *name)
{
	return r->name_len == strlen(name) &&
	       !memcmp(r->name, name, r->name_len);
}

/* Ours of that name: a field of the type, or one of the host's. */
static bool
record_named(const struct hostdev *hd, const struct record *saved,
	     struct record *ours)
{
	const struct ioemu_field *f = hd->type->type.fields;
	unsigned i;

	for (; f && f->name; f++) {
		if (!record_is(saved, f->name))
			continue;
		*ours = field_record(hd, f);
		return true;
	}
	for (i = 0; host_record(hd, i, ours); i++)
		if (record_is(saved, ours->name))
			return true;
	return false;
}

/* Of the same kind and count, too; false: unknown. */
static bool
record_find(const struct hostdev *hd, const struct record *saved,
	    struct record *ours)
{
	return record_named(hd, saved, ours) && saved->kind == ours->kind &&
	       saved->count == ours->count;
}

static void
record_load(const struct record *saved, struct record *ours)
{
	uint32_t n = state_width(ours->kind), i;

	if (ours->kind == IOEMU_KIND_U8 && ours->count) {
		memcpy(ours->values, saved->values, ours->count);
		return;
	}
	for (i = 0; i < ours->count; i++) {
		uint64_t v = get_le(saved->values + (size_t)i * n, n);

		if (ours->kind == IOEMU_KIND_BOOL)
			v = v != 0;
		put_host(ours->values + (size_t)i * n, v, n);
	}
}

/* All records: looked at, or (when they were) taken over. */
static int
state_walk(struct hostdev *hd, struct in in, bool take)
{
	struct record saved, ours;

	if (!in_record(&in, &saved) || saved.count ||
	    !record_is(&saved, hd->type->type.name))
		return -EINVAL;
	while (in.left) {
		if (!in_record(&in, &saved) || !record_find(hd, &saved, &ours))
			return -EINVAL;
		if (record_is(&saved, CONFIG_NAME) &&
		    memcmp(saved.values, ours.values, CONFIG_ID))
			return -EINVAL;
		if (take)
			record_load(&saved, &ours);
	}
	return 0;
}

int
hostdev_load(struct hostdev *hd, const void *buf, size_t size)
{
	const uint8_t *head = buf;
	struct in in;
	int rc;

	if (!hd->attached || size < HEAD || ioemu_get_le32(head) != MAGIC ||
	    ioemu_get_le32(head + 4) != size ||
	    ioemu_get_le64(head + 8) != host_sum(head + HEAD, size - HEAD))
		return -EINVAL;
	in = (struct in){ .p = (uint8_t *)(uintptr_t)head + HEAD,
			  .left = size - HEAD };
	rc = state_walk(hd, in, false);
	if (rc)
		return rc;
	state_walk(hd, in, true);
	hd->lines &= LINES_ALL;
	if (hd->func)
		pcifunc_update(hd->func);
	hostdev_lines(hd);
	return hd->type->type.loaded ? hd->type->type.loaded(&hd->dev) : 0;
}
