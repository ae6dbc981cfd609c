/* SPDX-License-Identifier: MIT */
/*
 * {"KIND": [{...}, ...], "NAME": NUMBER}; a descriptor is its place in the
 * array, -1 if there is none.
 */
#include "hand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct hand {
	json_t *json;
	int rc; /* of what was put first and failed */
	int fds[HAND_FDS];
	bool own[HAND_FDS]; /* to be closed with it */
	unsigned n;
};

/* ---- parts -------------------------------------------------------- */

static void
hand_add(struct hand *h, const char *kind, json_t *value)
{
	json_t *list = json_object_get(h->json, kind);

	if (!list) {
		list = json_array();
		if (json_object_set_new(h->json, kind, list))
			list = NULL;
	}
	if ((!value || json_array_append_new(list, value)) && !h->rc)
		h->rc = -EINVAL; /* a name that is no text */
}

/* Where it is in the array. */
static int
hand_place(struct hand *h, int fd, bool own)
{
	if (fd < 0)
		return -1;
	if (h->n == HAND_FDS) {
		h->rc = -EMFILE;
		if (own)
			close(fd);
		return -1;
	}
	h->fds[h->n] = fd;
	h->own[h->n] = own;
	return (int)h->n++;
}

static int
hand_get(struct hand *h, int place)
{
	if (place < 0 || place >= (int)h->n || !h->own[place])
		return -1;
	h->own[place] = false;
	return h->fds[place];
}

/* The first of its kind where `key` is `name`, and `also` `value`; -1: none. */
static int
hand_find(const struct hand *h, const char *kind, const char *key,
	  const char *name, const char *also, const char *value)
{
	const json_t *list = json_object_get(h->json, kind), *item;
	size_t i;

	for (i = 0; i < json_array_size(list); i++) {
		const char *a, *b = value;

		item = json_array_get(list, i);
		a = json_string_value(json_object_get(item, key));
		if (also)
			b = json_string_value(json_object_get(item, also));
		if (a && !strcmp(a, name) &&
		    (!also || (b && !strcmp(b, value))))
			return (int)i;
	}
	return -1;
}

static json_t *
hand_item(const struct hand *h, const char *kind, int i)
{
	return json_array_get(json_object_get(h->json, kind), (size_t)i);
}

static void
hand_drop(struct hand *h, const char *kind, int i)
{
	json_array_remove(json_object_get(h->json, kind), (size_t)i);
}

/* ---- descriptors and numbers -------------------------------------- */

void
hand_put_fd(struct hand *h, const char *name, int fd)
{
	hand_add(h, "fds",
		 json_pack("{s:s, s:i}", "name", name, "fd",
			   hand_place(h, fd, false)));
}

void
hand_put_own(struct hand *h, const char *name, int fd)
{
	hand_add(h, "fds",
		 json_pack("{s:s, s:i}", "name", name, "fd",
			   hand_place(h, fd, true)));
}

int
hand_take_fd(struct hand *h, const char *name)
{
	int i = hand_find(h, "fds", "name", name, NULL, NULL), fd;
	const json_t *item = hand_item(h, "fds", i);

	fd = i < 0 ? -1
		   : hand_get(h, (int)json_integer_value(
					 json_object_get(item, "fd")));
	if (i >= 0)
		hand_drop(h, "fds", i);
	return fd < 0 ? -ENOENT : fd;
}

void
hand_put_u64(struct hand *h, const char *name, uint64_t v)
{
	if (json_object_set_new(h->json, name, json_integer((json_int_t)v)))
		h->rc = -ENOMEM;
}

uint64_t
hand_u64(const struct hand *h, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(h->json, name));
}

/* ---- Xen ---------------------------------------------------------- */

void
hand_put_xen(struct hand *h, const struct xen_hand *xen, unsigned vcpus)
{
	unsigned i;

	hand_put_fd(h, "events", xen->fd);
	hand_put_u64(h, "server", xen->server);
	hand_put_u64(h, "ring", xen->ring_port);
	for (i = 0; i < vcpus; i++)
		hand_add(h, "ports", json_integer(xen->port[i]));
}

int
hand_take_xen(struct hand *h, struct xen_hand *xen, unsigned vcpus)
{
	const json_t *ports = json_object_get(h->json, "ports");
	unsigned i;

	if (vcpus > XEN_MAX_VCPUS || json_array_size(ports) != vcpus)
		return -EINVAL;
	*xen = (struct xen_hand){
		.server = (unsigned)hand_u64(h, "server"),
		.fd = hand_take_fd(h, "events"),
		.ring_port = (uint32_t)hand_u64(h, "ring"),
	};
	for (i = 0; i < vcpus; i++)
		xen->port[i] =
			(uint32_t)json_integer_value(json_array_get(ports, i));
	return xen->fd < 0 ? xen->fd : 0;
}

void
hand_put_claim(struct hand *h, enum ioemu_space space, uint64_t first,
	       uint64_t last)
{
	hand_add(h, "claims",
		 json_pack("{s:i, s:I, s:I}", "space", (int)space, "first",
			   (json_int_t)first, "last", (json_int_t)last));
}

bool
hand_claim(const struct hand *h, unsigned i, enum ioemu_space *space,
	   uint64_t *first, uint64_t *last)
{
	const json_t *item = hand_item(h, "claims", (int)i);

	*space = (enum ioemu_space)json_integer_value(
		json_object_get(item, "space"));
	*first = (uint64_t)json_integer_value(json_object_get(item, "first"));
	*last = (uint64_t)json_integer_value(json_object_get(item, "last"));
	return item;
}

/* ---- devices ------------------------------------------------------ */

void
hand_put_device(struct hand *h, const char *id, int devfn)
{
	hand_add(h, "devices",
		 json_pack("{s:s, s:i}", "id", id, "devfn", devfn));
}

void
hand_device(const struct hand *h, const char *id, int *devfn)
{
	int i = h ? hand_find(h, "devices", "id", id, NULL, NULL) : -1;
	json_int_t was = -1;

	if (i >= 0)
		was = json_integer_value(
			json_object_get(hand_item(h, "devices", i), "devfn"));
	if (was >= 0 && was <= UINT8_MAX)
		*devfn = (int)was;
}

void
hand_put_gone(struct hand *h, const char *id)
{
	hand_add(h, "gone", json_pack("{s:s}", "id", id));
}

bool
hand_gone(const struct hand *h, const char *id)
{
	return h && hand_find(h, "gone", "id", id, NULL, NULL) >= 0;
}

void
hand_put_later(struct hand *h, const char *text)
{
	hand_add(h, "later", json_string(text));
}

const char *
hand_later(const struct hand *h, unsigned i)
{
	return json_string_value(hand_item(h, "later", (int)i));
}

/* ---- disks and character devices ---------------------------------- */

void
hand_put_disk(struct hand *h, const char *device, const char *value,
	      const struct hand_disk *disk)
{
	hand_add(h, "disks",
		 json_pack("{s:s, s:s, s:s, s:i, s:b, s:i}", "device", device,
			   "value", value, "name", disk->name, "fd",
			   hand_place(h, disk->fd, false), "readonly",
			   disk->readonly, "lost", disk->lost));
}

int
hand_take_disk(struct hand *h, const char *device, const char *value,
	       struct hand_disk *disk)
{
	int i = hand_find(h, "disks", "device", device, "value", value);
	int readonly, place;
	const char *name;

	if (i < 0 ||
	    json_unpack(hand_item(h, "disks", i), "{s:s, s:i, s:b, s:i}",
			"name", &name, "fd", &place, "readonly", &readonly,
			"lost", &disk->lost))
		return -ENOENT;
	snprintf(disk->name, sizeof(disk->name), "%s", name);
	disk->readonly = readonly;
	disk->fd = hand_get(h, place);
	hand_drop(h, "disks", i);
	return place >= 0 && disk->fd < 0 ? -EBADF : 0;
}

void
hand_put_chr(struct hand *h, const char *label, const struct chr_hand *chr)
{
	hand_add(h, "chardevs",
		 json_pack("{s:s, s:s, s:i, s:[iii], s:[iii], s:i}", "label",
			   label, "name", chr->name, "listen",
			   hand_place(h, chr->listen_fd, false), "first",
			   hand_place(h, chr->end[0], false), (int)chr->ways[0],
			   chr->ended[0], "second",
			   hand_place(h, chr->end[1], false), (int)chr->ways[1],
			   chr->ended[1], "rest",
			   hand_place(h, chr->rest, true)));
}

int
hand_take_chr(struct hand *h, const char *label, struct chr_hand *chr)
{
	int i = hand_find(h, "chardevs", "label", label, NULL, NULL);
	int listen, end[CHR_ENDS], ways[CHR_ENDS], ended[CHR_ENDS], rest;
	const char *name;
	unsigned k;

	if (i < 0 || json_unpack(hand_item(h, "chardevs", i),
				 "{s:s, s:i, s:[iii], s:[iii], s:i}", "name",
				 &name, "listen", &listen, "first", &end[0],
				 &ways[0], &ended[0], "second", &end[1],
				 &ways[1], &ended[1], "rest", &rest))
		return -ENOENT;
	*chr = (struct chr_hand){ .listen_fd = hand_get(h, listen) };
	snprintf(chr->name, sizeof(chr->name), "%s", name);
	for (k = 0; k < CHR_ENDS; k++) {
		chr->end[k] = hand_get(h, end[k]);
		chr->ways[k] = (unsigned)ways[k];
		chr->ended[k] = ended[k];
	}
	chr->rest = hand_get(h, rest);
	hand_drop(h, "chardevs", i);
	return 0;
}

/* ---- all of it ---------------------------------------------------- */

int
hand_new(struct hand **out)
{
	struct hand *h = calloc(1, sizeof(*h));

	if (!h)
		return -ENOMEM;
	h->json = json_object();
	if (!h->json) {
		free(h);
		return -ENOMEM;
	}
	*out = h;
	return 0;
}

int
hand_read(json_t *json, const int *fds, unsigned n, struct hand **out)
{
	struct hand *h = calloc(1, sizeof(*h));
	unsigned i;

	for (i = 0; i < n; i++) {
		if (h && i < HAND_FDS)
			(void)hand_place(h, fds[i], true);
		else
			close(fds[i]);
	}
	if (!h) {
		json_decref(json);
		return -ENOMEM;
	}
	h->json = json;
	*out = h;
	return 0;
}

void
hand_free(struct hand *h)
{
	unsigned i;

	if (!h)
		return;
	for (i = 0; i < h->n; i++)
		if (h->own[i])
			close(h->fds[i]);
	json_decref(h->json);
	free(h);
}

int
hand_write(struct hand *h, json_t **json, const int **fds, unsigned *n)
{
	*json = h->json;
	*fds = h->fds;
	*n = h->n;
	return h->rc;
}
