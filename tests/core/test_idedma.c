/* SPDX-License-Identifier: MIT */
/*
 * The core's DMA where there is no memory: what
 * devices/piix3-ide/tests/test_memory.c has on the bench, with a disk in a
 * file.
 */
#include "support/save_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define IDE 0x1f0
#define BM 0xc000
#define DEVFN 0x09
#define NOWHERE 0x80000000u
#define RAM 0x20000u
#define TABLE 0x1000u
#define LAST 0x80000000u
#define READ_DMA 0xc8
#define WRITE_DMA 0xca
#define TO_MEMORY 8
#define DISK_SIZE (1 << 20)

static const char *plugin_dir;

struct machine {
	struct side side;
	char path[64];
	int fd;
};

static uint8_t
port_in(struct machine *m, uint16_t port)
{
	const struct request req = core_request(SLOT_PIO, true, port, 1, 0);

	return (uint8_t)core_access(&m->side.core, &req);
}

static void
port_out(struct machine *m, uint16_t port, uint8_t v)
{
	const struct request req = core_request(SLOT_PIO, false, port, 1, v);

	core_access(&m->side.core, &req);
}

static void
machine_open(struct machine *m)
{
	uint8_t sector[512];
	char spec[128];
	unsigned i;

	memset(m, 0, sizeof(*m));
	strcpy(m->path, "/tmp/test_idedma.XXXXXX");
	m->fd = mkstemp(m->path);
	assert_true(m->fd >= 0);
	assert_int_equal(ftruncate(m->fd, DISK_SIZE), 0);
	for (i = 0; i < 2; i++) {
		memset(sector, (int)i + 1, sizeof(sector));
		assert_int_equal(pwrite(m->fd, sector, 512, (off_t)512 * i),
				 512);
	}
	side_open(&m->side, plugin_dir);
	side_add(&m->side, "piix3-ide,id=ide,addr=1.1");
	snprintf(spec, sizeof(spec), "ide-hd,bus=ide,index=0,drive=%s",
		 m->path);
	side_add(&m->side, spec);
	side_start(&m->side, false);
	core_config_write(&m->side.core, 0, DEVFN, 0x20, BM);
	core_config_write(&m->side.core, 0, DEVFN, 0x04, 5);
}

static void
machine_close(struct machine *m)
{
	side_close(&m->side);
	close(m->fd);
	unlink(m->path);
}

static void
prd(struct machine *m, unsigned i, uint32_t gpa, uint32_t len)
{
	uint8_t *p = m->side.core.xen->ram + TABLE + (size_t)8 * i;

	ioemu_put_le32(p, gpa);
	ioemu_put_le32(p + 4, len);
}

/* Both sectors. */
static void
run(struct machine *m, uint8_t command, uint8_t direction)
{
	port_out(m, IDE + 2, 2);
	port_out(m, IDE + 3, 0);
	port_out(m, IDE + 6, 0xe0);
	port_out(m, IDE + 7, command);
	core_port_write(&m->side.core, BM + 4, TABLE);
	port_out(m, BM + 2, 6);
	port_out(m, BM, direction | 1);
	while (port_in(m, 0x3f6) & 0x80 && port_in(m, BM + 2) & 1)
		uv_run(&m->side.core.loop, UV_RUN_NOWAIT);
	port_out(m, BM, 0);
}

/* No interrupt; the drive waits, until a reset. */
static void
expect_error(struct machine *m)
{
	assert_int_equal(port_in(m, BM + 2), 2);
	assert_int_equal(port_in(m, 0x3f6), 0x80);
	port_out(m, 0x3f6, 4);
	port_out(m, 0x3f6, 0);
	assert_int_equal(port_in(m, IDE + 7), 0x50);
}

static void
expect_sector(struct machine *m, unsigned i, uint8_t byte)
{
	uint8_t is[512], want[512];

	memset(want, byte, sizeof(want));
	assert_int_equal(pread(m->fd, is, 512, (off_t)512 * i), 512);
	assert_memory_equal(is, want, 512);
}

static void
what_no_memory_gives_is_not_written(void **state)
{
	struct machine m;

	(void)state;
	machine_open(&m);
	memset(m.side.core.xen->ram + RAM, 0xee, 512);
	prd(&m, 0, RAM, 512);
	prd(&m, 1, NOWHERE, 512 | LAST);
	run(&m, WRITE_DMA, 0);
	expect_error(&m);
	expect_sector(&m, 1, 2);
	prd(&m, 0, NOWHERE, 1024 | LAST);
	run(&m, WRITE_DMA, 0);
	expect_error(&m);
	expect_sector(&m, 1, 2);
	machine_close(&m);
}

static void
data_for_no_memory_is_lost(void **state)
{
	struct machine m;

	(void)state;
	machine_open(&m);
	prd(&m, 0, NOWHERE, 512);
	prd(&m, 1, RAM, 512 | LAST);
	run(&m, READ_DMA, TO_MEMORY);
	assert_int_equal(port_in(&m, BM + 2), 4);
	assert_int_equal(port_in(&m, IDE + 7), 0x50);
	assert_int_equal(m.side.core.xen->ram[RAM], 2);
	machine_close(&m);
}

static void
who_is_no_bus_master_gets_nothing(void **state)
{
	struct machine m;

	(void)state;
	machine_open(&m);
	core_config_write(&m.side.core, 0, DEVFN, 0x04, 1);
	prd(&m, 0, RAM, 1024 | LAST);
	run(&m, READ_DMA, TO_MEMORY);
	expect_error(&m);
	machine_close(&m);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_no_memory_gives_is_not_written),
		cmocka_unit_test(data_for_no_memory_is_lost),
		cmocka_unit_test(who_is_no_bus_master_gets_nothing),
	};

	plugin_dir = argc > 1 ? argv[1] : ".";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
