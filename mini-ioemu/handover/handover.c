/* SPDX-License-Identifier: MIT */
/*
 * Records of fixed size in the order in which they were put, and descriptors.
 */
#include "handover/priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- parts -------------------------------------------------------- */

struct hand_record *
hand_add(struct hand *h, enum hand_kind kind)
{
	struct hand_record *r = NULL;
	unsigned i;

	if (h->n < HAND_RECORDS)
		r = reallocarray(h->record, h->n + 1, sizeof(*r));
	if (!r) {
		h->rc = h->n < HAND_RECORDS ? -ENOMEM : -E2BIG;
		return NULL;
	}
	h->record = r;
	r += h->n++;
	memset(r, 0, sizeof(*r));
	r->kind = kind;
	for (i = 0; i < HAND_PLACES; i++)
		r->place[i] = -1;
	return r;
}

static void
hand_text(struct hand *h, char *to, size_t size, const char *from)
{
	if ((size_t)snprintf(to, size, "%s", from) >= size && !h->rc)
		h->rc = -ENAMETOOLONG;
}

/* With a key; NULL: as hand_add(). */
static struct hand_record *
hand_add_key(struct hand *h, enum hand_kind kind, const char *key)
{
	struct hand_record *r = hand_add(h, kind);

	if (r)
		hand_text(h, r->key, sizeof(r->key), key);
	return r;
}

/* Where it is in the array. */
static int
hand_place(struct hand *h, int fd, bool own)
{
	if (fd < 0)
		return -1;
	if (h->n_fds == HAND_FDS) {
		h->rc = -EMFILE;
		if (own)
			close(fd);
		return -1;
	}
	h->fds[h->n_fds] = fd;
	h->own[h->n_fds] = own;
	return (int)h->n_fds++;
}

static int
hand_get(struct hand *h, int place)
{
	if (place < 0 || place >= (int)h->n_fds || !h->own[place])
		return -1;
	h->own[place] = false;
	return h->fds[place];
}

/* The i-th of its kind; NULL past the end. */
static const struct hand_record *
hand_at(const struct hand *h, enum hand_kind kind, unsigned i)
{
	unsigned k;

	for (k = 0; k < h->n; k++)
		if (h->record[k].kind == kind && !i--)
			return &h->record[k];
	return NULL;
}

/* The first of its kind with that key, and that value unless it is NULL. */
static struct hand_record *
hand_find(const struct hand *h, enum hand_kind kind, const char *key,
	  const char *value)
{
	unsigned i;

	for (i = 0; i < h->n; i++) {
		struct hand_record *r = &h->record[i];

		if (r->kind == kind && !strcmp(r->key, key) &&
		    (!value || !strcmp(r->value, value)))
			return r;
	}
	return NULL;
}

static void
hand_drop(struct hand *h, struct hand_record *r)
{
	size_t behind = (size_t)(h->record + h->n - (r + 1));

	memmove(r, r + 1, behind * sizeof(*r));
	h->n--;
}

/* ---- descriptors and numbers -------------------------------------- */

static void
put_fd(struct hand *h, const char *name, int fd, bool own)
{
	struct hand_record *r = hand_add_key(h, HAND_FD, name);

	if (r)
		r->place[0] = hand_place(h, fd, own);
	else if (own)
		close(fd);
}

void
hand_put_fd(struct hand *h, const char *name, int fd)
{
	put_fd(h, name, fd, false);
}

void
hand_put_own(struct hand *h, const char *name, int fd)
{
	put_fd(h, name, fd, true);
}

int
hand_take_fd(struct hand *h, const char *name)
{
	struct hand_record *r = hand_find(h, HAND_FD, name, NULL);
	int fd = r ? hand_get(h, r->place[0]) : -1;

	if (r)
		hand_drop(h, r);
	return fd < 0 ? -ENOENT : fd;
}

void
hand_put_u64(struct hand *h, const char *name, uint64_t v)
{
	struct hand_record *r = hand_add_key(h, HAND_NUMBER, name);

	if (r)
		r->v[0] = (int64_t)v;
}

uint64_t
hand_u64(const struct hand *h, const char *name)
{
	const struct hand_record *r = hand_find(h, HAND_NUMBER, name, NULL);

	return r ? (uint64_t)r->v[0] : 0;
}

/* ---- Xen ---------------------------------------------------------- */

void
hand_put_xen(struct hand *h, const struct xen_hand *xen, unsigned vcpus)
{
	struct hand_record *r;
	unsigned i;

	hand_put_fd(h, "events", xen->fd);
	hand_put_u64(h, "server", xen->server);
	hand_put_u64(h, "ring", xen->ring_port);
	for (i = 0; i < vcpus; i++) {
		r = hand_add(h, HAND_PORT);
		if (r)
			r->v[0] = xen->port[i];
	}
}

int
hand_take_xen(struct hand *h, struct xen_hand *xen, unsigned vcpus)
{
	const struct hand_record *r;
	uint64_t server = hand_u64(h, "server"), ring = hand_u64(h, "ring");
	unsigned i;

	if (vcpus > XEN_MAX_VCPUS || hand_at(h, HAND_PORT, vcpus) ||
	    server > UINT16_MAX || ring > UINT32_MAX)
		return -EINVAL;
	*xen = (struct xen_hand){
		.server = (unsigned)server,
		.ring_port = (uint32_t)ring,
	};
	for (i = 0; i < vcpus; i++) {
		r = hand_at(h, HAND_PORT, i);
		if (!r)
			return -EINVAL;
		xen->port[i] = (uint32_t)r->v[0];
	}
	xen->fd = hand_take_fd(h, "events");
	return xen->fd < 0 ? xen->fd : 0;
}

void
hand_put_claim(struct hand *h, enum ioemu_space space, uint64_t first,
	       uint64_t last)
{
	struct hand_record *r = hand_add(h, HAND_CLAIM);

	if (!r)
		return;
	r->v[0] = space;
	r->v[1] = (int64_t)first;
	r->v[2] = (int64_t)last;
}

bool
hand_claim(const struct hand *h, unsigned i, enum ioemu_space *space,
	   uint64_t *first, uint64_t *last)
{
	const struct hand_record *r = hand_at(h, HAND_CLAIM, i);

	if (!r)
		return false;
	*space = (enum ioemu_space)r->v[0];
	*first = (uint64_t)r->v[1];
	*last = (uint64_t)r->v[2];
	return true;
}

/* ---- devices ------------------------------------------------------ */

void
hand_put_device(struct hand *h, const char *id, int devfn)
{
	struct hand_record *r = hand_add_key(h, HAND_DEVICE, id);

	if (r)
		r->v[0] = devfn;
}

void
hand_device(const struct hand *h, const char *id, int *devfn)
{
	const struct hand_record *r =
		h ? hand_find(h, HAND_DEVICE, id, NULL) : NULL;

	if (r && r->v[0] >= 0)
		*devfn = (int)r->v[0];
}

void
hand_put_gone(struct hand *h, const char *id)
{
	(void)hand_add_key(h, HAND_GONE, id);
}

bool
hand_gone(const struct hand *h, const char *id)
{
	return h && hand_find(h, HAND_GONE, id, NULL);
}

void
hand_put_later(struct hand *h, const char *text)
{
	struct hand_record *r = hand_add(h, HAND_LATER);

	if (r)
		hand_text(h, r->text, sizeof(r->text), text);
}

const char *
hand_later(const struct hand *h, unsigned i)
{
	const struct hand_record *r = hand_at(h, HAND_LATER, i);

	return r ? r->text : NULL;
}

/* ---- disks and character devices ---------------------------------- */

void
hand_put_disk(struct hand *h, const char *device, const char *value,
	      const struct hand_disk *disk)
{
	struct hand_record *r = hand_add_key(h, HAND_DISK, device);

	if (!r)
		return;
	hand_text(h, r->value, sizeof(r->value), value);
	hand_text(h, r->name, sizeof(r->name), disk->name);
	r->place[0] = hand_place(h, disk->fd, false);
	r->v[0] = disk->readonly;
	r->v[1] = disk->lost;
}

int
hand_take_disk(struct hand *h, const char *device, const char *value,
	       struct hand_disk *disk)
{
	struct hand_record *r = hand_find(h, HAND_DISK, device, value);
	int place;

	if (!r)
		return -ENOENT;
	place = r->place[0];
	*disk = (struct hand_disk){
		.fd = hand_get(h, place),
		.readonly = r->v[0],
		.lost = (int)r->v[1],
	};
	memcpy(disk->name, r->name, sizeof(disk->name));
	hand_drop(h, r);
	return place >= 0 && disk->fd < 0 ? -EBADF : 0;
}

void
hand_put_chr(struct hand *h, const char *label, const struct chr_hand *chr)
{
	struct hand_record *r = hand_add_key(h, HAND_CHR, label);
	size_t i;

	if (!r) {
		if (chr->rest >= 0)
			close(chr->rest);
		return;
	}
	hand_text(h, r->name, sizeof(r->name), chr->name);
	r->place[0] = hand_place(h, chr->listen_fd, false);
	for (i = 0; i < CHR_ENDS; i++) {
		r->place[1 + i] = hand_place(h, chr->end[i], false);
		r->v[2 * i] = chr->ways[i];
		r->v[2 * i + 1] = chr->ended[i];
	}
	r->place[3] = hand_place(h, chr->rest, true);
}

int
hand_take_chr(struct hand *h, const char *label, struct chr_hand *chr)
{
	struct hand_record *r = hand_find(h, HAND_CHR, label, NULL);
	size_t i;

	if (!r)
		return -ENOENT;
	*chr = (struct chr_hand){ .listen_fd = hand_get(h, r->place[0]) };
	snprintf(chr->name, sizeof(chr->name), "%.*s",
		 (int)sizeof(chr->name) - 1, r->name);
	for (i = 0; i < CHR_ENDS; i++) {
		chr->end[i] = hand_get(h, r->place[1 + i]);
		chr->ways[i] = (unsigned)r->v[2 * i];
		chr->ended[i] = r->v[2 * i + 1];
	}
	chr->rest = hand_get(h, r->place[3]);
	hand_drop(h, r);
	return 0;
}

/* ---- all of it ---------------------------------------------------- */

int
hand_new(struct hand **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

int
hand_adopt(const int *fds, unsigned n, struct hand **out)
{
	int rc = hand_new(out);
	unsigned i;

	for (i = 0; i < n; i++) {
		if (!rc && i < HAND_FDS)
			(void)hand_place(*out, fds[i], true);
		else
			close(fds[i]);
	}
	return rc;
}

void
hand_free(struct hand *h)
{
	unsigned i;

	if (!h)
		return;
	for (i = 0; i < h->n_fds; i++)
		if (h->own[i])
			close(h->fds[i]);
	free(h->record);
	free(h);
}
