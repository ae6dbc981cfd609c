/* SPDX-License-Identifier: MIT */
/* Makes them and places them as firmware does. */
#include "membars.h"

#include <stdio.h>
#include <stdlib.h>

static const char *plugin_dir;

void
membars_plugins(const char *dir)
{
	plugin_dir = dir;
}

static int
membars_new(void **state, bool merge)
{
	struct membars *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	core_open_with(&m->core, plugin_dir, 0, merge);
	procs_open(&m->procs, plugin_dir);
	*state = m;
	return 0;
}

int
membars_setup(void **state)
{
	return membars_new(state, true);
}

int
membars_setup_no_merge(void **state)
{
	return membars_new(state, false);
}

int
membars_teardown(void **state)
{
	struct membars *m = *state;

	procs_close(&m->procs);
	core_close(&m->core);
	free(m);
	return 0;
}

struct place {
	struct core *core;
	unsigned devfn;
};

static bool
is_there(void *ctx)
{
	const struct place *p = ctx;

	return core_config_read(p->core, 0, p->devfn, 0) == MEMBAR_ID;
}

void
membars_up(struct core *core, unsigned devfn)
{
	struct place place = { core, devfn };

	core_until(core, is_there, &place);
	core_config_write(core, 0, devfn, 0x10, (uint32_t)RAM(devfn));
	core_config_write(core, 0, devfn, 0x18, (uint32_t)REG(devfn));
	core_config_write(core, 0, devfn, 0x20, PORT(devfn));
	core_config_write(core, 0, devfn, 0x04, 0x7);
}

void
membars_add_peer(struct membars *m, unsigned devfn, const char *keys,
		 const char *prop)
{
	char spec[256], addr[96];

	snprintf(addr, sizeof(addr), "unix:%s/p%u", m->procs.dir, devfn);
	snprintf(spec, sizeof(spec), "peer,slot=%u,listen=%s%s", devfn >> 3,
		 addr, keys);
	core_add_spec(&m->core, spec);
	procs_start(&m->procs, "membar", "--connect", addr, prop);
	membars_up(&m->core, devfn);
}

void
membars_add_here(struct membars *m, unsigned devfn, const char *props)
{
	char spec[128];

	snprintf(spec, sizeof(spec), "membar,addr=%u%s", devfn >> 3, props);
	core_add_spec(&m->core, spec);
	membars_up(&m->core, devfn);
}

struct open_reads {
	struct core *core;
	unsigned vcpu, devfn, n;
};

static bool
are_open(void *ctx)
{
	const struct open_reads *o = ctx;
	const struct request req =
		core_request(SLOT_COPY, true, REG(o->devfn) + REG_OPEN, 4, 0);

	return core_access_by(o->core, o->vcpu, &req) == o->n;
}

void
membars_await_open(struct core *core, unsigned vcpu, unsigned devfn, unsigned n)
{
	struct open_reads o = { core, vcpu, devfn, n };

	core_until(core, are_open, &o);
}

void
membars_release(struct core *core, unsigned vcpu, unsigned devfn)
{
	const struct request req =
		core_request(SLOT_COPY, false, REG(devfn) + REG_OPEN, 4, 1);

	core_access_by(core, vcpu, &req);
}
