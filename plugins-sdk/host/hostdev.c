/* SPDX-License-Identifier: MIT */
/*
 * A device's life, its windows and its lines. What differs between hosts is
 * behind hd->ops.
 */
#include "hostdev.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* ---- windows ------------------------------------------------------ */

static bool
is_width(unsigned n)
{
	return n == 1 || n == 2 || n == 4 || n == 8;
}

int
hostdev_region_check(struct hostdev *hd, const struct ioemu_region *r)
{
	const char *name = r->name ? r->name : "";

	if (!r->size)
		return hostdev_refuse(hd, -EINVAL, "region '%.40s': size is 0",
				      name);
	if (!is_width(r->min) || !is_width(r->max) || r->min > r->max)
		return hostdev_refuse(hd, -EINVAL,
				      "region '%.40s': min=%u, max=%u: each 1, "
				      "2, 4 or 8, min not above max",
				      name, r->min, r->max);
	return 0;
}

struct host_window *
hostdev_window(struct hostdev *hd, enum ioemu_space space,
	       const struct ioemu_region *region)
{
	struct host_window *w;

	assert(hd->n_windows < HOST_MAX_WINDOWS);
	w = &hd->window[hd->n_windows++];
	*w = (struct host_window){
		.hd = hd,
		.region = *region,
		.space = space,
	};
	return w;
}

void
hostdev_map(struct host_window *w, uint64_t base)
{
	if (w->mapped)
		return;
	w->base = base;
	w->mapped = true;
	w->hd->ops->map(w->hd, w);
}

void
hostdev_unmap(struct host_window *w)
{
	if (!w->mapped)
		return;
	w->mapped = false;
	w->hd->ops->unmap(w->hd, w);
}

/* ---- lines -------------------------------------------------------- */

void
hostdev_lines(struct hostdev *hd)
{
	uint32_t want = hd->lines, changed;
	unsigned i;

	if (!hd->func || !pcifunc_intx_enabled(hd->func))
		want &= ~LINE_INTX;
	changed = want ^ hd->lines_out;
	hd->lines_out = want;
	for (i = 0; changed; i++, changed >>= 1)
		if (changed & 1)
			hd->ops->irq(hd, i == 16 ? IOEMU_INTX : i,
				     want >> i & 1);
}

/* ---- life --------------------------------------------------------- */

int
hostdev_new(const struct host_ops *ops, void *host,
	    const struct host_type *type, const char *id,
	    struct hostdev *parent, struct hostdev **out)
{
	const char *wants = type->type.parent;
	size_t size = type->type.state_size;
	struct hostdev *hd;
	int rc;

	if (wants && (!parent || strcmp(parent->type->type.name, wants)))
		return -EINVAL;
	hd = calloc(1, sizeof(*hd));
	if (!hd)
		return -ENOMEM;
	hd->ops = ops;
	hd->host = host;
	hd->type = type;
	hd->dev.host = &hostdev_calls;
	hd->dev.parent = wants ? &parent->dev : NULL;
	if (wants)
		parent->n_children++;
	hd->dev.id = strdup(id);
	hd->dev.state = calloc(1, size ? size : 1);
	rc = request_init(hd);
	if (!rc)
		rc = hd->dev.id && hd->dev.state ? props_defaults(hd) : -ENOMEM;
	if (rc)
		hostdev_free(hd);
	else
		*out = hd;
	return rc;
}

int
hostdev_set(struct hostdev *hd, const char *key, const char *value)
{
	return hd->attached ? -EBUSY : props_set(hd, key, value);
}

int
hostdev_attach(struct hostdev *hd)
{
	unsigned i;
	int rc;

	hd->why[0] = '\0';
	hd->complained = false;
	hd->attaching = true;
	rc = hd->type->type.attach(&hd->dev);
	hd->attaching = false;
	if (rc)
		return rc;
	hd->attached = true;
	hostdev_say_why(hd); /* it goes on in spite of that */
	hostdev_reset(hd, IOEMU_RESET_POWER);
	for (i = 0; i < hd->n_windows; i++)
		if (hd->window[i].kind == HOST_WINDOW_FIXED)
			hostdev_map(&hd->window[i], hd->window[i].base);
	return 0;
}

void
hostdev_free(struct hostdev *hd)
{
	struct hostdev *parent = (struct hostdev *)hd->dev.parent;
	unsigned i;

	assert(!hd->n_children);
	for (i = 0; i < hd->n_windows; i++)
		hostdev_unmap(&hd->window[i]);
	op_abandon(hd);
	if (hd->attached && hd->type->type.detach)
		hd->type->type.detach(&hd->dev);
	hd->lines = 0;
	hostdev_lines(hd);
	if (hd->ops->forget)
		hd->ops->forget(hd);
	if (hd->dev.state)
		props_free(hd);
	pcifunc_free(hd->func);
	request_free(hd);
	free(hd->dev.state);
	free((char *)hd->dev.id);
	free(hd);
	if (parent)
		parent->n_children--;
}

void
hostdev_reset(struct hostdev *hd, enum ioemu_reset why)
{
	hd->lines = 0;
	if (hd->func)
		pcifunc_reset(hd->func);
	hostdev_lines(hd);
	if (hd->type->type.reset)
		hd->type->type.reset(&hd->dev, why);
}

bool
hostdev_busy(const struct hostdev *hd)
{
	return hd->busy || hd->refused_dma || hd->refused_io;
}

void
hostdev_unplug(struct hostdev *hd, unsigned what)
{
	if (hd->type->type.unplug)
		hd->type->type.unplug(&hd->dev, what);
}

void
hostdev_hotplug(struct hostdev *hd, unsigned which, enum ioemu_hotplug what)
{
	if (hd->type->type.hotplug)
		hd->type->type.hotplug(&hd->dev, which, what);
}

int
hostdev_medium(struct hostdev *hd, struct ioemu_block *block,
	       enum ioemu_medium what)
{
	if (!hd->type->type.medium)
		return -ENOTSUP;
	return hd->type->type.medium(&hd->dev, block, what);
}

int
hostdev_query(struct hostdev *hd, const char *what, char *buf, size_t size)
{
	if (!hd->type->type.query)
		return -ENOTSUP;
	return hd->type->type.query(&hd->dev, what, buf, size);
}

void
hostdev_input(struct hostdev *hd, struct ioemu_chardev *chr,
	      const uint8_t *data, size_t len)
{
	if (hd->type->type.input)
		hd->type->type.input(&hd->dev, chr, data, len);
}
