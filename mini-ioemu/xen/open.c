/* SPDX-License-Identifier: MIT */
/*
 * Opening the guest, handing it over, leaving it: one ioreq server, mapped by
 * resource (never by guest frame: 4.17's pool of those is faulty).
 */
#include "xen/priv.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xentoolcore.h>

#include <xen/hvm/dm_op.h>
#include <xen/hvm/ioreq.h>
#include <xen/memory.h>
#include <xen/sys/evtchn.h>
#include <xen/sys/privcmd.h>

#include "xen/slot.h"

_Static_assert(sizeof(struct slot) == sizeof(struct ioreq), "slot size");
_Static_assert(offsetof(struct slot, port) == offsetof(struct ioreq, vp_eport),
	       "slot layout");
_Static_assert(offsetof(struct slot, type) == offsetof(struct ioreq, type),
	       "slot layout");
_Static_assert(SLOT_RING_ENTRIES == IOREQ_BUFFER_SLOT_NUM, "ring size");

/* ---- open and close -------------------------------------------------- */

static int
xen_bind(struct xen *xen, evtchn_port_t remote, int16_t owner,
	 evtchn_port_t *out)
{
	xenevtchn_port_or_error_t port =
		xenevtchn_bind_interdomain(xen->ec, xen->domid, remote);

	if (port < 0)
		return -errno;
	if (port >= (xenevtchn_port_or_error_t)XEN_MAX_PORTS)
		return -ERANGE;
	xen->owner[port] = owner;
	*out = (evtchn_port_t)port;
	return 0;
}

static int
xen_bind_all(struct xen *xen, evtchn_port_t ring_port)
{
	const struct slot *slots = xen_slots(xen);
	unsigned i;
	int rc;

	rc = xen_bind(xen, ring_port, XEN_EVENT_RING, &xen->ring_port);
	for (i = 0; !rc && i < xen->vcpus; i++)
		rc = xen_bind(xen, slots[i].port, (int16_t)i, &xen->port[i]);
	return rc;
}

static int
xen_map_server(struct xen *xen, const char **what)
{
	*what = "map the ioreq pages";
	xen->resource = xenforeignmemory_map_resource(
		xen->fm, xen->domid, XENMEM_resource_ioreq_server, xen->server,
		RING_FRAME, N_FRAMES, &xen->pages, PROT_READ | PROT_WRITE, 0);
	if (!xen->resource)
		return -errno;
	xenext_open(&xen->ext, xen->dm, xen->fm, xen->domid, xen->server);
	return 0;
}

static int
xen_make_server(struct xen *xen, const char **what)
{
	evtchn_port_t ring_port;
	int rc;

	*what = "create the ioreq server";
	if (xendevicemodel_create_ioreq_server(xen->dm, xen->domid,
					       HVM_IOREQSRV_BUFIOREQ_ATOMIC,
					       &xen->server))
		return -errno;
	xen->have_server = true;
	rc = xen_map_server(xen, what);
	if (rc)
		return rc;
	*what = "ask for the ring's port";
	if (xendevicemodel_get_ioreq_server_info(
		    xen->dm, xen->domid, xen->server, NULL, NULL, &ring_port))
		return -errno;
	/* the slots name their ports only once the server is enabled; the
	 * guest does not run before the toolstack says so */
	*what = "enable the ioreq server";
	if (xendevicemodel_set_ioreq_server_state(xen->dm, xen->domid,
						  xen->server, 1))
		return -errno;
	*what = "bind the vCPUs' event channels";
	return xen_bind_all(xen, ring_port);
}

static int
xen_open_handles(struct xen *xen, const char **what)
{
	int flags;

	*what = "open the Xen interfaces (run as root in dom0)";
	xen->dm = xendevicemodel_open(NULL, 0);
	xen->fm = xenforeignmemory_open(NULL, 0);
	xen->ec = xenevtchn_open(NULL, 0);
	if (!xen->dm || !xen->fm || !xen->ec)
		return errno ? -errno : -EIO;
	xen->fd = xenevtchn_fd(xen->ec);
	flags = fcntl(xen->fd, F_GETFL);
	return xen_rc(fcntl(xen->fd, F_SETFL, flags | O_NONBLOCK));
}

static int
xen_new(unsigned domid, unsigned vcpus, struct xen **out, const char **what)
{
	struct xen *xen;

	*what = "allocate memory";
	if (vcpus > XEN_MAX_VCPUS)
		return -EINVAL;
	xen = calloc(1, sizeof(*xen));
	if (!xen)
		return -ENOMEM;
	xen->domid = (domid_t)domid;
	xen->vcpus = vcpus;
	xen->fd = -1;
	*out = xen;
	return 0;
}

int
xen_open(unsigned domid, unsigned vcpus, struct xen **out, const char **what)
{
	struct xen *xen;
	int rc = xen_new(domid, vcpus, &xen, what);

	if (rc)
		return rc;
	rc = xen_open_handles(xen, what);
	if (!rc)
		rc = xen_make_server(xen, what);
	if (rc) {
		xen_close(xen);
		return rc;
	}
	*out = xen;
	return 0;
}

/* ---- from one process to the next ---------------------------------- */

/* They may be masked, by the one before or since it went. */
static int
xen_take_port(struct xen *xen, evtchn_port_t port, int16_t owner)
{
	if (port >= XEN_MAX_PORTS)
		return -ERANGE;
	xen->owner[port] = owner;
	xen->masked[xen->n_masked++] = port;
	return 0;
}

/* The descriptor of the ports is restricted already, and by Linux only once:
 * no library is to know of it (drivers/xen/evtchn.c). */
static int
xen_take(struct xen *xen, const struct xen_handover *handover,
	 const char **what)
{
	unsigned i;
	int rc;

	xen->fd = handover->fd;
	xen->server = (ioservid_t)handover->server;
	*what = "open the Xen interfaces (run as root in dom0)";
	xen->dm = xendevicemodel_open(NULL, 0);
	xen->fm = xenforeignmemory_open(NULL, 0);
	if (!xen->dm || !xen->fm)
		return errno ? -errno : -EIO;
	rc = xen_map_server(xen, what);
	*what = "take the vCPUs' event channels over";
	if (!rc)
		rc = xen_take_port(xen, handover->ring_port, XEN_EVENT_RING);
	xen->ring_port = handover->ring_port;
	for (i = 0; !rc && i < xen->vcpus; i++) {
		rc = xen_take_port(xen, handover->port[i], (int16_t)i);
		xen->port[i] = handover->port[i];
	}
	return rc;
}

int
xen_adopt(unsigned domid, unsigned vcpus, const struct xen_handover *handover,
	  struct xen **out, const char **what)
{
	struct xen *xen;
	int rc = xen_new(domid, vcpus, &xen, what);

	if (rc) {
		close(handover->fd);
		return rc;
	}
	rc = xen_take(xen, handover, what);
	if (rc) {
		xen_close(xen);
		return rc;
	}
	*out = xen;
	return 0;
}

void
xen_handover_over(struct xen *xen, struct xen_handover *out)
{
	unsigned i;

	*out = (struct xen_handover){
		.server = xen->server,
		.fd = xen->fd,
		.ring_port = xen->ring_port,
	};
	for (i = 0; i < xen->vcpus; i++)
		out->port[i] = xen->port[i];
}

void
xen_close(struct xen *xen)
{
	if (!xen)
		return;
	if (xen->ec)
		xenevtchn_close(xen->ec); /* unbinds every port */
	else if (xen->fd >= 0)
		close(xen->fd); /* likewise, with the last who has it */
	xenext_close(&xen->ext);
	if (xen->resource)
		xenforeignmemory_unmap_resource(xen->fm, xen->resource);
	if (xen->have_server)
		xendevicemodel_destroy_ioreq_server(xen->dm, xen->domid,
						    xen->server);
	if (xen->fm)
		xenforeignmemory_close(xen->fm);
	if (xen->dm)
		xendevicemodel_close(xen->dm);
	free(xen);
}

/* Handles of all Xen libraries, those that these open for themselves included.
 */
int
xen_restrict(struct xen *xen)
{
	return xen_rc(xentoolcore_restrict_all(xen->domid));
}

const uint32_t xen_requests[XEN_REQUESTS] = {
	IOCTL_PRIVCMD_DM_OP,
	IOCTL_PRIVCMD_MMAPBATCH_V2,
	IOCTL_EVTCHN_NOTIFY,
};
