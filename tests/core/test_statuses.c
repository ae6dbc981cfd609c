/* SPDX-License-Identifier: MIT */
/* In the core, and in a process of its own. */
#include "support/statuses.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/core_fixture.h"
#include "support/processes.h"

#define SLOT 0x18 /* 03.0 */
#define ASKER_ID 0x11ee1234u

struct own {
	struct core core;
	struct procs procs;
	char disk[64];
};

static bool
is_there(void *ctx)
{
	return core_config_read(ctx, 0, SLOT, 0) == ASKER_ID;
}

static void
disk_make(struct own *o)
{
	int fd;

	strcpy(o->disk, "/tmp/test_statuses.XXXXXX");
	fd = mkstemp(o->disk);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, ASKER_DISK), 0);
	close(fd);
}

static struct own *
start(struct status_host *h, const char *plugin_dir)
{
	struct own *o = calloc(1, sizeof(*o));

	disk_make(o);
	core_open(&o->core, plugin_dir);
	procs_open(&o->procs, plugin_dir);
	h->own = o;
	h->ram = o->core.xen->ram;
	h->end = FAKE_RAM;
	return o;
}

static void
core_up(struct status_host *h, const char *plugin_dir)
{
	struct own *o = start(h, plugin_dir);
	char text[512];

	snprintf(text, sizeof(text), "%s/" ASKER ".so", plugin_dir);
	assert_int_equal(host_plugins_load(o->core.plugins, text, NULL), 0);
	snprintf(text, sizeof(text), "asker,addr=3,disk=%s", o->disk);
	core_add_spec(&o->core, text);
}

static void
process_up(struct status_host *h, const char *plugin_dir)
{
	struct own *o = start(h, plugin_dir);
	char text[512];

	core_add_spec(&o->core,
		      procs_text(&o->procs, "peer,slot=3,listen=unix:%s/p0"));
	snprintf(text, sizeof(text), "disk=%s", o->disk);
	procs_start(&o->procs, ASKER, "--connect",
		    procs_text(&o->procs, "unix:%s/p0"), text);
	core_until(&o->core, is_there, &o->core);
}

static void
down(struct status_host *h)
{
	struct own *o = h->own;

	procs_close(&o->procs);
	core_close(&o->core);
	unlink(o->disk);
	free(o);
}

static uint32_t
access_4(struct status_host *h, bool config, uint32_t at, const uint32_t *v)
{
	struct core *core = &((struct own *)h->own)->core;

	if (config && v)
		core_config_write(core, 0, SLOT, at, *v);
	else if (config)
		return core_config_read(core, 0, SLOT, at);
	else if (v)
		core_mem_write(core, at, *v);
	else
		return core_mem_read(core, at);
	return 0;
}

static void
turn(struct status_host *h)
{
	uv_run(&((struct own *)h->own)->core.loop, UV_RUN_NOWAIT);
}

static void
disk(struct status_host *h, uint8_t *to, uint32_t at, uint32_t n)
{
	int fd = open(((struct own *)h->own)->disk, O_RDONLY);

	assert_int_equal(pread(fd, to, n, at), n);
	close(fd);
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
		HOST("in the core", core_up),
		HOST("in a process", process_up),
	};

	return statuses_main(argc, argv, hosts, 2);
}
