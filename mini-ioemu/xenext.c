/* SPDX-License-Identifier: MIT */
/*
 * Each needs both the library's function and the hypervisor's answer. The
 * library that this is built against has none of the functions, so they are
 * looked up by name, and what it takes of the headers is repeated here.
 */
#include "xenext.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <sys/mman.h>

#include <xen/hvm/ioreq.h>

#include "slot.h"

#define RESOURCE_IOREQ_POSTED 3u /* XENMEM_resource_ioreq_posted */
#define PAGE 4096u

_Static_assert(offsetof(struct slot_posted, out) == 64, "ring layout");
_Static_assert(offsetof(struct slot_posted, rung) == 128, "ring layout");
_Static_assert(offsetof(struct slot_posted, entry) == PAGE, "ring layout");

void
xenext_open(struct xenext *ext, xendevicemodel_handle *dm,
	    xenforeignmemory_handle *fm, domid_t domid, ioservid_t server)
{
	void *ring = NULL;

	ext->dm = dm;
	ext->fm = fm;
	ext->domid = domid;
	ext->server = server;
	/* the way of dlsym(3) around ISO C */
	*(void **)&ext->post =
		dlsym(RTLD_DEFAULT, "xendevicemodel_set_posted_io_range");
	if (!ext->post)
		return;
	ext->resource = xenforeignmemory_map_resource(
		fm, domid, RESOURCE_IOREQ_POSTED, server, 0,
		sizeof(struct slot_posted) / PAGE, &ring,
		PROT_READ | PROT_WRITE, 0);
	if (!ext->resource)
		return;
	ext->posted = ring;
	*(void **)&ext->bell =
		dlsym(RTLD_DEFAULT, "xendevicemodel_set_doorbell");
	/* one that is not there is off already: does Xen know of any? */
	if (ext->bell && ext->bell(dm, domid, server, 0, 0, 0, 0))
		ext->bell = NULL;
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
