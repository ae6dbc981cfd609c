/* SPDX-License-Identifier: MIT */
/*
 * Xen, through its libraries: the ioreq server's pages and events, and the
 * device model calls. open.c opens and closes.
 */
#include "xen/priv.h"

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <xencall.h>

#include <xen/hvm/hvm_op.h>
#include <xen/hvm/params.h>
#include <xen/sched.h>
#include <xen/sys/evtchn.h>

#include "xen/slot.h"

#define PAGE ((size_t)4096)
#define MAX_MAP 64u /* pages of one mapping */
#define ACPI_S3 3u

/* ---- requests -------------------------------------------------------- */

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
		events[i] = xen->owner[ports[i] % XEN_MAX_PORTS];
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

/* ---- claims ---------------------------------------------------------- */

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

/* ---- to the guest ---------------------------------------------------- */

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
