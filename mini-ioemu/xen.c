/* SPDX-License-Identifier: MIT */
/*
 * Xen, through its libraries: one ioreq server, mapped by resource (never by
 * guest frame: 4.17's pool of those is faulty), and the device model calls.
 */
#include "xen.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* For HVM_IOREQSRV_BUFIOREQ_ATOMIC; the name is Xen's. */
#define __XEN_TOOLS__ 1 /* NOLINT(bugprone-reserved-identifier,cert-dcl*) */

#include <xencall.h>
#include <xendevicemodel.h>
#include <xenevtchn.h>
#include <xenforeignmemory.h>
#include <xenstore.h>
#include <xentoolcore.h>

#include <xen/hvm/dm_op.h>
#include <xen/hvm/hvm_op.h>
#include <xen/hvm/ioreq.h>
#include <xen/hvm/params.h>
#include <xen/memory.h>
#include <xen/sched.h>
#include <xen/sys/evtchn.h>
#include <xen/sys/privcmd.h>

#include "slot.h"
#include "xenext.h"
#include "xentell.h"

_Static_assert(sizeof(struct slot) == sizeof(struct ioreq), "slot size");
_Static_assert(offsetof(struct slot, port) == offsetof(struct ioreq, vp_eport),
	       "slot layout");
_Static_assert(offsetof(struct slot, type) == offsetof(struct ioreq, type),
	       "slot layout");
_Static_assert(SLOT_RING_ENTRIES == IOREQ_BUFFER_SLOT_NUM, "ring size");

#define PAGE ((size_t)4096)
#define MAX_PORTS 4096u /* event channels of this domain we can tell apart */
#define RING_FRAME 0	/* frames of XENMEM_resource_ioreq_server */
#define SLOT_FRAME 1
#define N_FRAMES 2
#define MAX_MAP 64u /* pages of one mapping */
#define ACPI_S3 3u

struct xen {
	domid_t domid;
	unsigned vcpus;
	ioservid_t server;
	bool have_server;
	xendevicemodel_handle *dm;
	xenforeignmemory_handle *fm;
	xenevtchn_handle *ec; /* NULL: another process opened it */
	int fd;		      /* of it */
	struct xs_handle *xs; /* for xen_tell(), or NULL */
	xenforeignmemory_resource_handle *resource;
	void *pages;
	struct xenext ext;
	evtchn_port_t port[XEN_MAX_VCPUS];
	evtchn_port_t ring_port;
	evtchn_port_t masked[XEN_MAX_VCPUS + 1]; /* taken, not listened to */
	unsigned n_masked;
	int16_t owner[MAX_PORTS]; /* port -> vCPU or XEN_EVENT_RING */
};

/* The libraries answer -1 and errno. */
static int
xen_rc(int rc)
{
	return rc < 0 ? -errno : 0;
}

/* ---- open and close
 * ---------------------------------------------------------- */

static int
xen_bind(struct xen *xen, evtchn_port_t remote, int16_t owner,
	 evtchn_port_t *out)
{
	xenevtchn_port_or_error_t port =
		xenevtchn_bind_interdomain(xen->ec, xen->domid, remote);

	if (port < 0)
		return -errno;
	if (port >= (xenevtchn_port_or_error_t)MAX_PORTS)
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
	if (port >= MAX_PORTS)
		return -ERANGE;
	xen->owner[port] = owner;
	xen->masked[xen->n_masked++] = port;
	return 0;
}

/* The descriptor of the ports is restricted already, and by Linux only once:
 * no library is to know of it (drivers/xen/evtchn.c). */
static int
xen_take(struct xen *xen, const struct xen_hand *hand, const char **what)
{
	unsigned i;
	int rc;

	xen->fd = hand->fd;
	xen->server = (ioservid_t)hand->server;
	*what = "open the Xen interfaces (run as root in dom0)";
	xen->dm = xendevicemodel_open(NULL, 0);
	xen->fm = xenforeignmemory_open(NULL, 0);
	if (!xen->dm || !xen->fm)
		return errno ? -errno : -EIO;
	rc = xen_map_server(xen, what);
	*what = "take the vCPUs' event channels over";
	if (!rc)
		rc = xen_take_port(xen, hand->ring_port, XEN_EVENT_RING);
	xen->ring_port = hand->ring_port;
	for (i = 0; !rc && i < xen->vcpus; i++) {
		rc = xen_take_port(xen, hand->port[i], (int16_t)i);
		xen->port[i] = hand->port[i];
	}
	return rc;
}

int
xen_adopt(unsigned domid, unsigned vcpus, const struct xen_hand *hand,
	  struct xen **out, const char **what)
{
	struct xen *xen;
	int rc = xen_new(domid, vcpus, &xen, what);

	if (rc) {
		close(hand->fd);
		return rc;
	}
	rc = xen_take(xen, hand, what);
	if (rc) {
		xen_close(xen);
		return rc;
	}
	*out = xen;
	return 0;
}

void
xen_hand_over(struct xen *xen, struct xen_hand *out)
{
	unsigned i;

	*out = (struct xen_hand){
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
	if (xen->xs)
		xs_close(xen->xs);
	free(xen);
}

int
xen_enable(struct xen *xen, bool on)
{
	return xen_rc(xendevicemodel_set_ioreq_server_state(xen->dm, xen->domid,
							    xen->server, on));
}

/*
 * Handles of all Xen libraries, those that these open for themselves included;
 * xenstore's are put out of use (tools/libs/store/xs.c, all_restrict_cb), so
 * that the one for xen_tell() comes afterwards.
 */
int
xen_restrict(struct xen *xen)
{
	int rc = xen_rc(xentoolcore_restrict_all(xen->domid));

	if (!xen->xs)
		xen->xs = xs_open(0);
	return rc;
}

const uint32_t xen_requests[XEN_REQUESTS] = {
	IOCTL_PRIVCMD_DM_OP,
	IOCTL_PRIVCMD_MMAPBATCH_V2,
	IOCTL_EVTCHN_NOTIFY,
};
const uint32_t xen_sleep_request = IOCTL_PRIVCMD_HYPERCALL;

/* ---- requests
 * ------------------------------------------------------------------ */

void *
xen_slots(struct xen *xen)
{
	return (uint8_t *)xen->pages + SLOT_FRAME * PAGE;
}

void *
xen_ring(struct xen *xen)
{
	return (uint8_t *)xen->pages + RING_FRAME * PAGE;
}

struct slot_posted *
xen_posted(struct xen *xen)
{
	return xen->ext.posted;
}

int
xen_fd(struct xen *xen)
{
	return xen->fd;
}

/*
 * The event channel device gives as many ports as fit at one read and unmasks
 * as many at one write (public/io evtchn device of Linux); the library does one
 * at a time.
 */
int
xen_events(struct xen *xen, int *events, unsigned max)
{
	evtchn_port_t *ports = xen->masked + xen->n_masked;
	size_t room = sizeof(xen->masked) / sizeof(*ports) - xen->n_masked;
	ssize_t got = read(xen_fd(xen), ports,
			   (max < room ? max : room) * sizeof(*ports));
	unsigned i, n;

	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	n = (unsigned)got / sizeof(*ports);
	for (i = 0; i < n; i++)
		events[i] = xen->owner[ports[i] % MAX_PORTS];
	xen->n_masked += n;
	return (int)n;
}

int
xen_listen(struct xen *xen)
{
	size_t len = xen->n_masked * sizeof(xen->masked[0]);

	if (!len)
		return 0;
	xen->n_masked = 0;
	return write(xen_fd(xen), xen->masked, len) == (ssize_t)len ? 0 : -EIO;
}

void
xen_notify(struct xen *xen, unsigned vcpu)
{
	struct ioctl_evtchn_notify notify = { .port = xen->port[vcpu] };

	(void)ioctl(xen->fd, IOCTL_EVTCHN_NOTIFY, &notify);
}

/* ---- claims
 * ---------------------------------------------------------------------- */

static int
xen_claim_pci(struct xen *xen, uint64_t first, bool on)
{
	uint32_t sbdf = (uint32_t)(first >> 32);
	int (*call)(xendevicemodel_handle *, domid_t, ioservid_t, uint16_t,
		    uint8_t, uint8_t, uint8_t) =
		on ? xendevicemodel_map_pcidev_to_ioreq_server
		   : xendevicemodel_unmap_pcidev_from_ioreq_server;

	return xen_rc(call(xen->dm, xen->domid, xen->server,
			   (uint16_t)(sbdf >> 16), (uint8_t)(sbdf >> 8),
			   (uint8_t)(sbdf >> 3 & 0x1f), (uint8_t)(sbdf & 7)));
}

int
xen_claim(struct xen *xen, enum ioemu_space space, uint64_t first,
	  uint64_t last)
{
	if (space == IOEMU_CONFIG)
		return xen_claim_pci(xen, first, true);
	return xen_rc(xendevicemodel_map_io_range_to_ioreq_server(
		xen->dm, xen->domid, xen->server, space == IOEMU_MEM, first,
		last));
}

int
xen_unclaim(struct xen *xen, enum ioemu_space space, uint64_t first,
	    uint64_t last)
{
	if (space == IOEMU_CONFIG)
		return xen_claim_pci(xen, first, false);
	return xen_rc(xendevicemodel_unmap_io_range_from_ioreq_server(
		xen->dm, xen->domid, xen->server, space == IOEMU_MEM, first,
		last));
}

int
xen_post(struct xen *xen, uint64_t first, uint64_t last, bool on)
{
	return xenext_post(&xen->ext, first, last, on);
}

int
xen_doorbell(struct xen *xen, unsigned nr, uint64_t first, uint64_t last)
{
	return xenext_doorbell(&xen->ext, nr, first, last);
}

uint64_t
xen_doorbell_at(struct xen *xen, unsigned nr)
{
	return xen->ext.bell_at[nr];
}

const char *
xen_has(const struct xen *xen)
{
	return xen->ext.has;
}

/* ---- to the guest
 * ------------------------------------------------------------------ */

int
xen_isa_irq(struct xen *xen, unsigned irq, bool level)
{
	return xen_rc(xendevicemodel_set_isa_irq_level(xen->dm, xen->domid,
						       (uint8_t)irq, level));
}

int
xen_intx(struct xen *xen, unsigned slot, unsigned pin, bool level)
{
	return xen_rc(xendevicemodel_set_pci_intx_level(
		xen->dm, xen->domid, 0, 0, (uint8_t)slot, (uint8_t)pin, level));
}

int
xen_link_route(struct xen *xen, unsigned link, unsigned irq)
{
	return xen_rc(xendevicemodel_set_pci_link_route(
		xen->dm, xen->domid, (uint8_t)link, (uint8_t)irq));
}

int
xen_gsis(struct xen *xen, bool enable, struct xen_gsis *out)
{
	return xenext_gsis(&xen->ext, enable, out);
}

int
xen_gsi(struct xen *xen, unsigned gsi, bool level)
{
	return xenext_gsi(&xen->ext, gsi, level);
}

int
xen_msi(struct xen *xen, uint64_t addr, uint32_t data)
{
	return xen_rc(
		xendevicemodel_inject_msi(xen->dm, xen->domid, addr, data));
}

int
xen_shutdown(struct xen *xen, enum ioemu_power how)
{
	static const unsigned reason[] = {
		[IOEMU_POWER_OFF] = SHUTDOWN_poweroff,
		[IOEMU_POWER_RESET] = SHUTDOWN_reboot,
	};

	return xen_rc(
		xendevicemodel_shutdown(xen->dm, xen->domid, reason[how]));
}

static int
sleep_call(xencall_handle *call, domid_t domid, bool asleep)
{
	struct xen_hvm_param *param =
		xencall_alloc_buffer(call, sizeof(*param));
	int rc;

	if (!param)
		return -ENOMEM;
	*param = (struct xen_hvm_param){
		.domid = domid,
		.index = HVM_PARAM_ACPI_S_STATE,
		.value = asleep ? ACPI_S3 : 0,
	};
	rc = xen_rc(xencall2(call, __HYPERVISOR_hvm_op, HVMOP_set_param,
			     (uint64_t)(uintptr_t)param));
	xencall_free_buffer(call, param);
	return rc;
}

/*
 * The toolstack's own way (hvm/hvm.c, hvm_set_param): there is no device model
 * call for it. A handle for any hypercall is open no longer than it takes.
 */
int
xen_sleep(struct xen *xen, bool asleep)
{
	xencall_handle *call = xencall_open(NULL, 0);
	int rc;

	if (!call)
		return -errno;
	rc = sleep_call(call, xen->domid, asleep);
	xencall_close(call);
	return rc;
}

void *
xen_map(struct xen *xen, uint64_t gfn, unsigned n, bool *ok)
{
	xen_pfn_t pfn[MAX_MAP] = { 0 };
	int err[MAX_MAP];
	bool any = false;
	void *addr;
	unsigned i;

	if (n > MAX_MAP)
		return NULL;
	for (i = 0; i < n; i++)
		pfn[i] = gfn + i;
	addr = xenforeignmemory_map(xen->fm, xen->domid, PROT_READ | PROT_WRITE,
				    n, pfn, err);
	if (!addr)
		return NULL;
	for (i = 0; i < n; i++) {
		ok[i] = !err[i];
		any |= ok[i];
	}
	if (any)
		return addr;
	xenforeignmemory_unmap(xen->fm, addr, n);
	return NULL;
}

void
xen_unmap(struct xen *xen, void *addr, unsigned n)
{
	(void)xenforeignmemory_unmap(xen->fm, addr, n);
}

void
xen_modified(struct xen *xen, uint64_t gfn)
{
	(void)xendevicemodel_modified_memory(xen->dm, xen->domid, gfn, 1);
}

int
xen_tell(struct xen *xen, const struct xen_news *news)
{
	int rc;

	if (!xen->xs)
		return news->running ? -ENOTCONN : 0;
	rc = xentell(xen->xs, xen->domid, news);
	xs_close(xen->xs);
	xen->xs = NULL;
	return rc;
}
