/* SPDX-License-Identifier: MIT */
/*
 * Each needs both the library's function and the hypervisor's answer. The
 * library that this is built against has none of the functions, so they are
 * looked up by name, and what it takes of the headers is repeated here.
 */
#include "xen/ext.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mman.h>

#include <xen/hvm/ioreq.h>

#include "xen/slot.h"

#define RESOURCE_IOREQ_POSTED 3u /* XENMEM_resource_ioreq_posted */
#define PAGE 4096u
#define SOURCE 0 /* of levels: irq.c makes the OR of all devices */

_Static_assert(offsetof(struct slot_posted, out) == 64, "ring layout");
_Static_assert(offsetof(struct slot_posted, rung) == 128, "ring layout");
_Static_assert(offsetof(struct slot_posted, entry) == PAGE, "ring layout");

/* The way of dlsym(3) around ISO C; `fn` is a pointer to a function's. */
static void
find(void *fn, const char *name)
{
	*(void **)fn = dlsym(RTLD_DEFAULT, name);
}

static void
map_posted(struct xenext *ext)
{
	void *ring = NULL;

	find(&ext->post, "xendevicemodel_set_posted_io_range");
	if (!ext->post)
		return;
	ext->resource = xenforeignmemory_map_resource(
		ext->fm, ext->domid, RESOURCE_IOREQ_POSTED, ext->server, 0,
		sizeof(struct slot_posted) / PAGE, &ring,
		PROT_READ | PROT_WRITE, 0);
	if (ext->resource)
		ext->posted = ring;
}

static void
find_bells(struct xenext *ext)
{
	if (!ext->posted)
		return;
	find(&ext->bell, "xendevicemodel_set_doorbell");
	/* one that is not there is off already: does Xen know of any? */
	if (ext->bell &&
	    ext->bell(ext->dm, ext->domid, ext->server, 0, 0, 0, 0))
		ext->bell = NULL;
}

/* What there is, as a list. */
static void
describe(struct xenext *ext)
{
	struct xen_gsis gsis = { 0 };
	char pins[40] = "";

	if (!xenext_gsis(ext, false, &gsis))
		snprintf(pins, sizeof(pins), "interrupt pins %u to %u",
			 gsis.first, gsis.first + gsis.n - 1);
	snprintf(ext->has, sizeof(ext->has), "%s%s%s%s",
		 ext->posted ? "posted writes" : "",
		 ext->bell ? ", doorbells" : "",
		 ext->posted && *pins ? ", " : "", pins);
	if (!*ext->has)
		snprintf(ext->has, sizeof(ext->has), "nothing");
}

void
xenext_open(struct xenext *ext, xendevicemodel_handle *dm,
	    xenforeignmemory_handle *fm, domid_t domid, ioservid_t server)
{
	ext->dm = dm;
	ext->fm = fm;
	ext->domid = domid;
	ext->server = server;
	map_posted(ext);
	find_bells(ext);
	find(&ext->gsis, "xendevicemodel_ext_gsis");
	find(&ext->gsi, "xendevicemodel_set_gsi_level");
	describe(ext);
}

void
xenext_close(struct xenext *ext)
{
	if (ext->resource)
		xenforeignmemory_unmap_resource(ext->fm, ext->resource);
}

int
xenext_post(struct xenext *ext, uint64_t first, uint64_t last, bool on)
{
	if (!ext->posted)
		return 0;
	return ext->post(ext->dm, ext->domid, ext->server, on, first, last)
		       ? -errno
		       : 0;
}

int
xenext_doorbell(struct xenext *ext, unsigned nr, uint64_t first, uint64_t last)
{
	if (!ext->bell)
		return -ENOTSUP;
	if (ext->bell(ext->dm, ext->domid, ext->server, nr, last != 0, first,
		      last))
		return -errno;
	ext->bell_at[nr] = last ? first : 0;
	return 0;
}

int
xenext_gsis(struct xenext *ext, bool enable, struct xen_gsis *out)
{
	uint32_t first, n;
	bool on;

	if (!ext->gsis || !ext->gsi)
		return -EOPNOTSUPP;
	if (ext->gsis(ext->dm, ext->domid, enable, &on, &first, &n))
		return -errno;
	*out = (struct xen_gsis){ .first = first, .n = n, .on = on };
	return 0;
}

int
xenext_gsi(struct xenext *ext, unsigned gsi, bool level)
{
	return ext->gsi(ext->dm, ext->domid, gsi, SOURCE, level) ? -errno : 0;
}
