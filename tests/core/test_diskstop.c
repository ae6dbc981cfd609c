/* SPDX-License-Identifier: MIT */
/*
 * A disk fails and the devices do not come to rest: its error is then told, as
 * nothing may wait for ever. And it fails while they are being stopped.
 */
#include "support/fsize_limit.h"
#include "support/save_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "local/disks.h"

#define IDE 0x1f0
#define SLOW RAM_OF(NEAR)

static const char *plugin_dir;

static uint8_t
port_in(struct side *side, uint16_t port)
{
	const struct request req = core_request(SLOT_PIO, true, port, 1, 0);

	return (uint8_t)core_access(&side->core, &req);
}

static void
port_out(struct side *side, uint16_t port, uint8_t v)
{
	const struct request req = core_request(SLOT_PIO, false, port, 1, v);

	core_access(&side->core, &req);
}

/* Sector 5, up to the last word, which begins the I/O. */
static void
write_sector(struct side *side)
{
	unsigned i;

	port_out(side, IDE + 2, 1);
	port_out(side, IDE + 3, 5);
	port_out(side, IDE + 6, 0xe0);
	port_out(side, IDE + 7, 0x30);
	for (i = 0; i < 512 / 4; i++)
		core_port_write(&side->core, IDE, 0xdddddddd);
}

/* A disk, and a card that answers after 300 ms. */
static void
open_both(struct side *side, char *path)
{
	char spec[128];
	int fd;

	strcpy(path, "/tmp/test_diskstop.XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 1 << 20), 0);
	close(fd);
	side_open(side, plugin_dir);
	side->core.conf.disk_errors = CONF_ERRORS_STOP;
	side_add(side, "piix3-ide,id=ide,addr=1.1");
	snprintf(spec, sizeof(spec), "ide-hd,bus=ide,index=0,drive=%s", path);
	side_add(side, spec);
	side_add(side, "membar,addr=5,delay-us=300000");
}

static void
close_both(struct side *side, const char *path)
{
	side_close(side);
	unlink(path);
}

static bool
is_held(void *ctx)
{
	const struct side *side = ctx;
	const char *name;

	return disks_parked(local_disks(side->core.local), &name);
}

static bool
is_told_the_guest(void *ctx)
{
	struct side *side = ctx;

	return pause_state(side->pause) == PAUSE_RUNNING && !is_held(ctx);
}

static void
devices_that_do_not_rest_are_told_of_the_error(void **state)
{
	const struct request slow =
		core_request(SLOT_COPY, true, SLOW + 0x80, 4, 0);
	struct side side;
	char path[64];

	(void)state;
	open_both(&side, path);
	side.limit_ms = 30;
	side_start(&side, false);
	core_config_write(&side.core, 0, NEAR, 0x18, (uint32_t)SLOW);
	core_config_write(&side.core, 0, NEAR, 0x04, 0x2);
	core_begin(&side.core, 1, &slow); /* of another vCPU */
	room(0);
	write_sector(&side);
	core_until(&side.core, is_held, &side);
	assert_int_equal(pause_state(side.pause), PAUSE_STOPPING);
	core_until(&side.core, is_told_the_guest, &side);
	room(RLIM_INFINITY);
	while (port_in(&side, 0x3f6) & 0x80)
		;
	assert_int_equal(port_in(&side, IDE + 7), 0x51);
	assert_int_equal(port_in(&side, IDE + 1), 0x04);
	core_finish(&side.core, 1);
	close_both(&side, path);
}

static void
stop_told(void *ctx, int err, const char *why)
{
	struct side *side = ctx;

	(void)why;
	side->told = true;
	side->rc = err;
}

static bool
is_stopped(void *ctx)
{
	return ((struct side *)ctx)->told;
}

static void
a_disk_may_fail_while_the_guest_is_stopped(void **state)
{
	struct side side;
	char path[64];

	(void)state;
	open_both(&side, path);
	side_start(&side, false);
	room(0);
	write_sector(&side);
	pause_stop(side.pause, stop_told, &side);
	core_until(&side.core, is_stopped, &side);
	assert_int_equal(side.rc, 0);
	assert_true(is_held(&side));
	/* what it owes is in no state: not to be saved */
	assert_int_equal(side_save(&side, side_file("", 0)), -EFBIG);
	assert_non_null(strstr(side.why, "waits for `cont`"));
	room(RLIM_INFINITY);
	pause_cont(side.pause);
	while (port_in(&side, 0x3f6) & 0x80)
		uv_run(&side.core.loop, UV_RUN_NOWAIT);
	assert_int_equal(port_in(&side, IDE + 7), 0x50);
	assert_false(is_held(&side));
	close_both(&side, path);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			devices_that_do_not_rest_are_told_of_the_error),
		cmocka_unit_test(a_disk_may_fail_while_the_guest_is_stopped),
	};

	plugin_dir = argc > 1 ? argv[1] : ".";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
