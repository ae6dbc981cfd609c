/* SPDX-License-Identifier: MIT */
/*
 * Calls that only a patched Xen (xen-patches/) has. Distributions' library
 * lacks them, so we are linked without and look for them when we run.
 */
#include "xengsi.h"

#include <errno.h>

#define SOURCE 0 /* one model serves all devices of a guest: irq.c makes OR */

int xendevicemodel_ext_gsis(struct xendevicemodel_handle *dm, uint16_t domid,
			    bool enable, bool *enabled, uint32_t *first,
			    uint32_t *nr) __attribute__((weak));
int xendevicemodel_set_gsi_level(struct xendevicemodel_handle *dm,
				 uint16_t domid, uint32_t gsi, uint8_t source,
				 unsigned level) __attribute__((weak));

int
xengsi_ask(struct xendevicemodel_handle *dm, uint16_t domid, bool enable,
	   struct xen_gsis *out)
{
	uint32_t first, n;
	bool on;

	if (!xendevicemodel_ext_gsis || !xendevicemodel_set_gsi_level)
		return -EOPNOTSUPP;
	if (xendevicemodel_ext_gsis(dm, domid, enable, &on, &first, &n))
		return -errno;
	*out = (struct xen_gsis){ .first = first, .n = n, .on = on };
	return 0;
}

int
xengsi_set(struct xendevicemodel_handle *dm, uint16_t domid, unsigned gsi,
	   bool level)
{
	if (xendevicemodel_set_gsi_level(dm, domid, gsi, SOURCE, level))
		return -errno;
	return 0;
}
