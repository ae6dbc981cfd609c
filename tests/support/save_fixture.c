/* SPDX-License-Identifier: MIT */
/* A core, stopped and saved as machine.c and monitor.c do it. */
#include "save_fixture.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define ENGINE_ID 0x11ea1234u

/* devices/dma-engine/README.md */
#define CONTROL 0x08
#define CONTROL_START 0x1u
#define CONTROL_INTERRUPTS 0x8u
#define STATUS 0x0c
#define LIST 0x18
#define LENGTH 0x20
#define START 0x24
#define FLAG_TO_GUEST 0x1u

static const char *dir;

void
side_open(struct side *side, const char *plugin_dir)
{
	*side = (struct side){ .rc = 0 };
	dir = plugin_dir;
	core_open(&side->core, plugin_dir);
}

void
side_add(struct side *side, const char *spec)
{
	core_add_spec(&side->core, spec);
}

void
side_add_peer(struct side *side, const char *keys, const char *plugin,
	      const char *props)
{
	char spec[1024];

	snprintf(spec, sizeof(spec),
		 "peer,%s,exec=%s/../ioemu-peer %s/%s.so %s", keys, dir, dir,
		 plugin, props);
	core_add_spec(&side->core, spec);
}

void
side_start(struct side *side, bool stopped)
{
	struct core *core = &side->core;
	const struct pause_env pause = {
		.loop = &core->loop,
		.dispatch = core->d,
		.local = core->local,
		.peers = core->peers,
		.clock = core->env.clock,
		.limit_ms = side->limit_ms,
	};
	const struct save_env save = {
		.loop = &core->loop,
		.local = core->local,
		.peers = core->peers,
		.clock = core->env.clock,
	};

	assert_int_equal(pause_new(&pause, stopped, &side->pause), 0);
	assert_int_equal(save_new(&save, &side->save), 0);
}

void
side_close(struct side *side)
{
	save_free(side->save);
	pause_free(side->pause);
	core_close(&side->core);
}

static void
side_told(void *ctx, int err, const char *why)
{
	struct side *side = ctx;

	side->told = true;
	side->rc = err;
	snprintf(side->why, sizeof(side->why), "%s", why);
}

static bool
is_told(void *ctx)
{
	return ((struct side *)ctx)->told;
}

int
side_stop(struct side *side)
{
	side->told = false;
	pause_stop(side->pause, side_told, side);
	core_until(&side->core, is_told, side);
	return side->rc;
}

int
side_save(struct side *side, int fd)
{
	side->told = false;
	save_write(side->save, fd, false, side_told, side);
	core_until(&side->core, is_told, side);
	return side->rc;
}

int
side_file(const void *bytes, size_t len)
{
	int fd = memfd_create("saved", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, len, 0), len);
	return fd;
}

/* ---- the guest ---------------------------------------------------- */

struct seen {
	struct side *side;
	unsigned devfn;
};

static bool
is_there(void *ctx)
{
	const struct seen *s = ctx;

	return core_config_read(&s->side->core, 0, s->devfn, 0) == ENGINE_ID;
}

void
side_place(struct side *side, unsigned devfn)
{
	struct seen seen = { side, devfn };
	struct core *core = &side->core;

	core_until(core, is_there, &seen);
	core_config_write(core, 0, devfn, 0x3c, 0x10b);
	core_config_write(core, 0, devfn, 0x10, (uint32_t)RAM_OF(devfn));
	core_config_write(core, 0, devfn, 0x18, (uint32_t)REGS_OF(devfn));
	core_config_write(core, 0, devfn, 0x04, 0x6);
	assert_int_equal(core_mem_read(core, REGS_OF(devfn)), ENGINE_ID);
}

uint32_t
side_status(struct side *side, unsigned devfn)
{
	return core_mem_read(&side->core, REGS_OF(devfn) + STATUS);
}

static bool
is_done(void *ctx)
{
	const struct seen *s = ctx;

	return side_status(s->side, s->devfn) & STATUS_DONE;
}

void
side_copy(struct side *side, unsigned devfn, uint32_t list, uint32_t gpa,
	  uint32_t len)
{
	struct seen seen = { side, devfn };
	struct core *core = &side->core;
	uint8_t *d = core->xen->ram + list;
	uint64_t regs = REGS_OF(devfn);

	ioemu_put_le64(d, gpa);
	ioemu_put_le32(d + 8, len);
	ioemu_put_le32(d + 12, FLAG_TO_GUEST);
	core_mem_write(core, regs + LIST, list);
	core_mem_write(core, regs + LENGTH, 1);
	core_mem_write(core, regs + START, 0);
	core_mem_write(core, regs + CONTROL,
		       CONTROL_START | CONTROL_INTERRUPTS);
	core_until(core, is_done, &seen);
}

void
side_ack(struct side *side, unsigned devfn)
{
	core_mem_write(&side->core, REGS_OF(devfn) + STATUS,
		       STATUS_DONE | STATUS_INTERRUPT);
}
