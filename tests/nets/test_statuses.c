/* SPDX-License-Identifier: MIT */
/* On the bench, and on it behind a link. */
#include "support/statuses.h"

#include <bench/machine.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct own {
	struct host_plugins *plugins;
	struct machine *m;
};

struct access {
	struct host_op op; /* first */
	bool done;
};

static void
access_done(struct host_op *op)
{
	((struct access *)op)->done = true;
}

static void
start(struct status_host *h, const char *plugin_dir, bool links)
{
	static const char *const devices[] = { "asker,disk=d:64K", NULL };
	struct own *o = calloc(1, sizeof(*o));
	char so[512];

	snprintf(so, sizeof(so), "%s/" ASKER ".so", plugin_dir);
	assert_int_equal(host_plugins_new(&o->plugins), 0);
	assert_int_equal(host_plugins_load(o->plugins, so, NULL), 0);
	o->m = machine_new(o->plugins);
	o->m->links = links;
	machine_add(o->m, devices);
	h->own = o;
	h->ram = o->m->ram;
	h->end = BENCH_RAM_SIZE;
}

static void
here_up(struct status_host *h, const char *plugin_dir)
{
	start(h, plugin_dir, false);
}

static void
link_up(struct status_host *h, const char *plugin_dir)
{
	start(h, plugin_dir, true);
}

static void
down(struct status_host *h)
{
	struct own *o = h->own;

	machine_free(o->m);
	host_plugins_free(o->plugins);
	free(o);
}

static uint32_t
access_4(struct status_host *h, bool config, uint32_t at, const uint32_t *v)
{
	struct machine *m = ((struct own *)h->own)->m;
	struct host_window *w = config ? machine_config(&m->slot[0])
				       : machine_route(m, IOEMU_MEM, at);
	struct access a = { .done = false };
	uint8_t data[4] = { 0 };

	assert_non_null(w);
	ioemu_put_le32(data, v ? *v : 0);
	a.op = (struct host_op){
		.window = w,
		.offset = config ? at : at - w->base,
		.data = data,
		.width = 4,
		.count = 1,
		.write = v,
		.posted = v && !config,
		.done = access_done,
	};
	if (w->hd) {
		host_op_start(&a.op);
		assert_true(machine_wait(m, &a.done));
	} else { /* it is at the other end of a link */
		assert_true(wire_access(&a.op));
	}
	machine_arrive(m);
	return ioemu_get_le32(data);
}

static void
turn(struct status_host *h)
{
	machine_turn(((struct own *)h->own)->m);
}

static void
disk(struct status_host *h, uint8_t *to, uint32_t at, uint32_t n)
{
	memcpy(to, backend_block(((struct own *)h->own)->m, "d")->data + at, n);
}

int
main(int argc, char **argv)
{
#define HOST(name_, up_)                                                       \
	{                                                                      \
		.name = (name_), .up = (up_), .down = down,                    \
		.access = access_4, .turn = turn, .disk = disk                 \
	}
	struct status_host hosts[] = {
		HOST("on the bench", here_up),
		HOST("behind a link", link_up),
	};

	return statuses_main(argc, argv, hosts, 2);
}
