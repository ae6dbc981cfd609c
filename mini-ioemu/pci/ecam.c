/* SPDX-License-Identifier: MIT */
/*
 * An access in the window is one to a function's configuration space, and
 * answered by whoever that belongs to.
 */
#include "pci/ecam.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "path/dispatch.h"

#define BUS_SHIFT 20	  /* of the address: bus, device, function, */
#define FUNCTION_SHIFT 12 /* ... register */
#define REG_MASK 0xfffu
#define CONFIG_SHIFT 32 /* of an address in configuration space, as Xen's */
#define WIDTH_MAX 4u

struct ecam {
	struct target target; /* first */
	struct route_table *routes;
	struct host_window window;
};

/* What a root complex may refuse it does: what crosses a DW, and strings that
 * leave the function. */
static bool
ecam_whole(const struct host_op *op)
{
	int64_t last = (int64_t)op->offset +
		       (int64_t)op->step * op->width * (op->count - 1);

	return op->width <= WIDTH_MAX && op->offset % op->width == 0 &&
	       (uint64_t)last >> FUNCTION_SHIFT == op->offset >> FUNCTION_SHIFT;
}

static void
ecam_answer(struct host_op *op, uint8_t value)
{
	if (!op->write)
		memset(op->data, value, (size_t)op->width * op->count);
	op->done(op);
}

static void
ecam_submit(struct target *target, struct host_op *op)
{
	const struct ecam *ecam = (const struct ecam *)target;
	uint64_t function = op->offset >> FUNCTION_SHIFT << CONFIG_SHIFT;
	const struct range *r;

	r = ecam_whole(op) ? route_find(ecam->routes, IOEMU_CONFIG, function)
			   : NULL;
	if (!r) {
		ecam_answer(op, 0xff);
		return;
	}
	op->offset &= REG_MASK;
	if (op->offset >= r->window->region.size) { /* there, but no such */
		ecam_answer(op, 0);
		return;
	}
	op->window = r->window;
	op->posted = false;
	r->target->submit(r->target, op);
}

int
ecam_new(struct route_table *routes, struct claims *claims, struct ecam **out)
{
	struct ecam *ecam = calloc(1, sizeof(*ecam));
	int rc;

	if (!ecam)
		return -ENOMEM;
	ecam->target.name = "ecam";
	ecam->target.submit = ecam_submit;
	ecam->routes = routes;
	ecam->window = (struct host_window){
		.region = { .name = "ecam",
			    .size = (uint64_t)ECAM_BUSES << BUS_SHIFT },
		.base = ECAM_BASE,
		.space = IOEMU_CONFIG, /* what it leads to */
	};
	rc = route_add(routes, IOEMU_MEM, ECAM_BASE, ecam->window.region.size,
		       &ecam->target, &ecam->window);
	if (rc) {
		free(ecam);
		return rc;
	}
	claims_update(claims, IOEMU_MEM);
	*out = ecam;
	return 0;
}

void
ecam_free(struct ecam *ecam)
{
	if (!ecam)
		return;
	route_del(ecam->routes, &ecam->window);
	free(ecam);
}
