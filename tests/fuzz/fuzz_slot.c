/* SPDX-License-Identifier: MIT */
/*
 * Whatever stands in the shared pages, every slot is answered, nothing outside
 * the buffers is touched, and the loop ends.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "path/dispatch.h"
#include "support/fake_xen.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
fuzz_submit(struct target *target, struct host_op *op)
{
	uint32_t n = op->width * op->count;

	(void)target;
	assert(n && n <= HOST_MAX_DATA);
	memset(op->data, (int)op->offset, op->write ? 0 : n);
	op->done(op);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct target target = { .name = "fuzz", .submit = fuzz_submit };
	struct host_window w = { .region.flags = IOEMU_PREFETCHABLE };
	struct dispatch_env env = { .vcpus = FAKE_VCPUS, .merge = true };
	struct route_table *routes;
	struct xen *xen = fake_xen_new();
	struct dispatch *d;
	struct dma *dma;
	uint64_t answer;

	if (route_new(&routes) || dma_new(xen, &dma))
		abort();
	env.xen = xen;
	env.routes = routes;
	env.dma = dma;
	if (route_add(routes, IOEMU_MEM, 0xa0000, 0x20000, &target, &w) ||
	    route_add(routes, IOEMU_PIO, 0x100, 0x100, &target, &w) ||
	    route_add(routes, IOEMU_CONFIG, 0, 256, &target, &w) ||
	    dispatch_new(&env, &d))
		abort();
	for (; size >= 64; data += 64, size -= 64) {
		memcpy(xen_slots(xen), data, 32);
		memcpy(xen_ring(xen), data + 32, 32);
		dispatch_event(d, 0);
		if (data[0] & 1) /* else the next one may be merged */
			dispatch_flush(d);
		assert(!dispatch_busy(d));
		(void)fake_xen_answer(xen, 0, &answer);
	}
	dispatch_flush(d);
	dispatch_free(d);
	dma_free(dma);
	route_free(routes);
	fake_xen_free(xen);
	return 0;
}
