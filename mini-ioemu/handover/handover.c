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

struct handover_record *
handover_add(struct handover *h, enum handover_kind kind)
{
	struct handover_record *r = NULL;
	unsigned i;

	if (h->n < HANDOVER_RECORDS)
		r = reallocarray(h->record, h->n + 1, sizeof(*r));
	if (!r) {
		h->rc = h->n < HANDOVER_RECORDS ? -ENOMEM : -E2BIG;
		return NULL;
	}
	h->record = r;
	r += h->n++;
	memset(r, 0, sizeof(*r));
	r->kind = kind;
	for (i = 0; i < HANDOVER_PLACES; i++)
		r->place[i] = -1;
	return r;
}

static void
handover_text(struct handover *h, char *to, size_t size, const char *from)
{
	if ((size_t)snprintf(to, size, "%s", from) >= size && !h->rc)
		h->rc = -ENAMETOOLONG;
}

/* With a key; NULL: as handover_add(). */
static struct handover_record *
handover_add_key(struct handover *h, enum handover_kind kind, const char *key)
{
	struct handover_record *r = handover_add(h, kind);

	if (r)
		handover_text(h, r->key, sizeof(r->key), key);
	return r;
}

/* Where it is in the array. */
static int
handover_place(struct handover *h, int fd, bool own)
{
	if (fd < 0)
		return -1;
	if (h->n_fds == HANDOVER_FDS) {
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
handover_get(struct handover *h, int place)
{
	if (place < 0 || place >= (int)h->n_fds || !h->own[place])
		return -1;
	h->own[place] = false;
	return h->fds[place];
}

/* The i-th of its kind; NULL past the end. */
static const struct handover_record *
handover_at(const struct handover *h, enum handover_kind kind, unsigned i)
{
	unsigned k;

	for (k = 0; k < h->n; k++)
		if (h->record[k].kind == kind && !i--)
			return &h->record[k];
	return NULL;
}

/* The first of its kind with that key, and that value unless it is NULL. */
static struct handover_record *
handover_find(const struct handover *h, enum handover_kind kind,
	      const char *key, const char *value)
{
	unsigned i;

	for (i = 0; i < h->n; i++) {
		struct handover_record *r = &h->record[i];

		if (r->kind == kind && !strcmp(r->key, key) &&
		    (!value || !strcmp(r->value, value)))
			return r;
	}
	return NULL;
}

static void
handover_drop(struct handover *h, struct handover_record *r)
{
	size_t behind = (size_t)(h->record + h->n - (r + 1));

	memmove(r, r + 1, behind * sizeof(*r));
	h->n--;
}

/* ---- descriptors and numbers -------------------------------------- */

static void
put_fd(struct handover *h, const char *name, int fd, bool own)
{
	struct handover_record *r = handover_add_key(h, HANDOVER_FD, name);

	if (r)
		r->place[0] = handover_place(h, fd, own);
	else if (own)
		close(fd);
}

void
handover_put_fd(struct handover *h, const char *name, int fd)
{
	put_fd(h, name, fd, false);
}

void
handover_put_own(struct handover *h, const char *name, int fd)
{
	put_fd(h, name, fd, true);
}

int
handover_take_fd(struct handover *h, const char *name)
{
	struct handover_record *r = handover_find(h, HANDOVER_FD, name, NULL);
	int fd = r ? handover_get(h, r->place[0]) : -1;

	if (r)
		handover_drop(h, r);
	return fd < 0 ? -ENOENT : fd;
}

void
handover_put_u64(struct handover *h, const char *name, uint64_t v)
{
	struct handover_record *r = handover_add_key(h, HANDOVER_NUMBER, name);

	if (r)
		r->v[0] = (int64_t)v;
}

uint64_t
handover_u64(const struct handover *h, const char *name)
{
	const struct handover_record *r =
		handover_find(h, HANDOVER_NUMBER, name, NULL);

	return r ? (uint64_t)r->v[0] : 0;
}

/* ---- Xen ---------------------------------------------------------- */

void
handover_put_xen(struct handover *h, const struct xen_handover *xen,
		 unsigned vcpus)
{
	struct handover_record *r;
	unsigned i;

	handover_put_fd(h, "events", xen->fd);
	handover_put_u64(h, "server", xen->server);
	handover_put_u64(h, "ring", xen->ring_port);
	for (i = 0; i < vcpus; i++) {
		r = handover_add(h, HANDOVER_PORT);
		if (r)
			r->v[0] = xen->port[i];
	}
}

int
handover_take_xen(struct handover *h, struct xen_handover *xen, unsigned vcpus)
{
	const struct handover_record *r;
	uint64_t server = handover_u64(h, "server"),
		 ring = handover_u64(h, "ring");
	unsigned i;

	if (vcpus > XEN_MAX_VCPUS || handover_at(h, HANDOVER_PORT, vcpus) ||
	    server > UINT16_MAX || ring > UINT32_MAX)
		return -EINVAL;
	*xen = (struct xen_handover){
		.server = (unsigned)server,
		.ring_port = (uint32_t)ring,
	};
	for (i = 0; i < vcpus; i++) {
		r = handover_at(h, HANDOVER_PORT, i);
		if (!r)
			return -EINVAL;
		xen->port[i] = (uint32_t)r->v[0];
	}
	xen->fd = handover_take_fd(h, "events");
	return xen->fd < 0 ? xen->fd : 0;
}

void
handover_put_claim(struct handover *h, enum ioemu_space space, uint64_t first,
		   uint64_t last)
{
	struct handover_record *r = handover_add(h, HANDOVER_CLAIM);

	if (!r)
		return;
	r->v[0] = space;
	r->v[1] = (int64_t)first;
	r->v[2] = (int64_t)last;
}

bool
handover_claim(const struct handover *h, unsigned i, enum ioemu_space *space,
	       uint64_t *first, uint64_t *last)
{
	const struct handover_record *r = handover_at(h, HANDOVER_CLAIM, i);

	if (!r)
		return false;
	*space = (enum ioemu_space)r->v[0];
	*first = (uint64_t)r->v[1];
	*last = (uint64_t)r->v[2];
	return true;
}

/* ---- devices ------------------------------------------------------ */

void
handover_put_device(struct handover *h, const char *id, int devfn)
{
	struct handover_record *r = handover_add_key(h, HANDOVER_DEVICE, id);

	if (r)
		r->v[0] = devfn;
}

void
handover_device(const struct handover *h, const char *id, int *devfn)
{
	const struct handover_record *r =
		h ? handover_find(h, HANDOVER_DEVICE, id, NULL) : NULL;

	if (r && r->v[0] >= 0)
		*devfn = (int)r->v[0];
}

void
handover_put_gone(struct handover *h, const char *id)
{
	(void)handover_add_key(h, HANDOVER_GONE, id);
}

bool
handover_gone(const struct handover *h, const char *id)
{
	return h && handover_find(h, HANDOVER_GONE, id, NULL);
}

void
handover_put_later(struct handover *h, const char *text)
{
	struct handover_record *r = handover_add(h, HANDOVER_LATER);

	if (r)
		handover_text(h, r->text, sizeof(r->text), text);
}

const char *
handover_later(const struct handover *h, unsigned i)
{
	const struct handover_record *r = handover_at(h, HANDOVER_LATER, i);

	return r ? r->text : NULL;
}

/* ---- disks and character devices ---------------------------------- */

void
handover_put_disk(struct handover *h, const char *device, const char *value,
		  const struct handover_disk *disk)
{
	struct handover_record *r = handover_add_key(h, HANDOVER_DISK, device);

	if (!r)
		return;
	handover_text(h, r->value, sizeof(r->value), value);
	handover_text(h, r->name, sizeof(r->name), disk->name);
	r->place[0] = handover_place(h, disk->fd, false);
	r->v[0] = disk->readonly;
	r->v[1] = disk->lost;
}

int
handover_take_disk(struct handover *h, const char *device, const char *value,
		   struct handover_disk *disk)
{
	struct handover_record *r =
		handover_find(h, HANDOVER_DISK, device, value);
	int place;

	if (!r)
		return -ENOENT;
	place = r->place[0];
	*disk = (struct handover_disk){
		.fd = handover_get(h, place),
		.readonly = r->v[0],
		.lost = (int)r->v[1],
	};
	memcpy(disk->name, r->name, sizeof(disk->name));
	handover_drop(h, r);
	return place >= 0 && disk->fd < 0 ? -EBADF : 0;
}

void
handover_put_chr(struct handover *h, const char *label,
		 const struct chr_handover *chr)
{
	struct handover_record *r = handover_add_key(h, HANDOVER_CHR, label);
	size_t i;

	if (!r) {
		if (chr->rest >= 0)
			close(chr->rest);
		return;
	}
	handover_text(h, r->name, sizeof(r->name), chr->name);
	r->place[0] = handover_place(h, chr->listen_fd, false);
	for (i = 0; i < CHR_ENDS; i++) {
		r->place[1 + i] = handover_place(h, chr->end[i], false);
		r->v[2 * i] = chr->ways[i];
		r->v[2 * i + 1] = chr->ended[i];
	}
	r->place[3] = handover_place(h, chr->rest, true);
}

int
handover_take_chr(struct handover *h, const char *label,
		  struct chr_handover *chr)
{
	struct handover_record *r = handover_find(h, HANDOVER_CHR, label, NULL);
	size_t i;

	if (!r)
		return -ENOENT;
	*chr = (struct chr_handover){ .listen_fd =
					      handover_get(h, r->place[0]) };
	snprintf(chr->name, sizeof(chr->name), "%.*s",
		 (int)sizeof(chr->name) - 1, r->name);
	for (i = 0; i < CHR_ENDS; i++) {
		chr->end[i] = handover_get(h, r->place[1 + i]);
		chr->ways[i] = (unsigned)r->v[2 * i];
		chr->ended[i] = r->v[2 * i + 1];
	}
	chr->rest = handover_get(h, r->place[3]);
	handover_drop(h, r);
	return 0;
}

/* ---- all of it ---------------------------------------------------- */

int
handover_new(struct handover **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

int
handover_adopt(const int *fds, unsigned n, struct handover **out)
{
	int rc = handover_new(out);
	unsigned i;

	for (i = 0; i < n; i++) {
		if (!rc && i < HANDOVER_FDS)
			(void)handover_place(*out, fds[i], true);
		else
			close(fds[i]);
	}
	return rc;
}

void
handover_free(struct handover *h)
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
