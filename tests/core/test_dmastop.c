/* SPDX-License-Identifier: MIT */
/*
 * A guest is stopped, and so can be saved, whatever it asked of a drive by DMA:
 * a command that would take long stands still and goes on with the guest.
 */
#include "support/save_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CD 0x170
#define CD_IRQ 15
#define BM (0xc000 + 8)
#define DEVFN 0x09
#define TABLE 0x80000u
#define DATA 0x20000u
#define LAST 0x80000000u
#define CD_SIZE (256ull << 20)
#define SMALL 8u /* bytes of a piece */
#define LARGE 0x10000u

static const char *plugin_dir;

struct machine {
	struct side side;
	char path[64];
};

static void
port_out(struct machine *m, uint16_t port, uint8_t v)
{
	const struct request req = core_request(SLOT_PIO, false, port, 1, v);

	core_access(&m->side.core, &req);
}

static uint8_t
port_in(struct machine *m, uint16_t port)
{
	const struct request req = core_request(SLOT_PIO, true, port, 1, 0);

	return (uint8_t)core_access(&m->side.core, &req);
}

static void
machine_open(struct machine *m)
{
	char spec[128];
	int fd;

	memset(m, 0, sizeof(*m));
	strcpy(m->path, "/tmp/test_dmastop.XXXXXX");
	fd = mkstemp(m->path);
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, CD_SIZE), 0); /* a hole */
	close(fd);
	side_open(&m->side, plugin_dir);
	side_add(&m->side, "piix3-ide,id=ide,addr=1.1");
	snprintf(spec, sizeof(spec), "ide-cd,bus=ide,index=2,drive=%s",
		 m->path);
	side_add(&m->side, spec);
	side_start(&m->side, false);
	core_config_write(&m->side.core, 0, DEVFN, 0x20, BM & 0xfff0);
	core_config_write(&m->side.core, 0, DEVFN, 0x04, 5);
}

static void
machine_close(struct machine *m)
{
	side_close(&m->side);
	unlink(m->path);
}

/* All in the same place: what is read does not matter. */
static void
table(struct machine *m, uint64_t total, uint32_t piece)
{
	uint8_t *p = m->side.core.xen->ram + TABLE;

	for (; total; total -= piece, p += 8) {
		ioemu_put_le32(p, DATA);
		ioemu_put_le32(p + 4,
			       (piece & 0xffff) | (total == piece ? LAST : 0));
	}
}

/* The first `sectors` of the disc, by DMA. */
static void
read_12(struct machine *m, uint32_t sectors)
{
	uint8_t cdb[12] = { 0xa8 };
	unsigned i;

	cdb[6] = (uint8_t)(sectors >> 24);
	cdb[7] = (uint8_t)(sectors >> 16);
	cdb[8] = (uint8_t)(sectors >> 8);
	cdb[9] = (uint8_t)sectors;
	port_out(m, CD + 6, 0xa0);
	port_out(m, CD + 1, 1);
	port_out(m, CD + 7, 0xa0);
	for (i = 0; i < sizeof(cdb); i += 4)
		core_port_write(&m->side.core, CD, ioemu_get_le32(cdb + i));
	core_port_write(&m->side.core, BM + 4, TABLE);
	port_out(m, BM, 9);
}

static bool
is_done(void *ctx)
{
	struct machine *m = ctx;

	return m->side.core.xen->isa[CD_IRQ];
}

/* It is stopped before the command has ended, and that ends after. */
static void
stops_and_goes_on(struct machine *m)
{
	assert_int_equal(side_stop(&m->side), 0);
	assert_false(is_done(m));
	pause_cont(m->side.pause);
	core_until(&m->side.core, is_done, m);
	assert_int_equal(port_in(m, CD + 7), 0x50);
	assert_int_equal(port_in(m, BM + 2) & 7, 4);
}

static void
a_disc_read_by_one_command_does_not_hold_up_a_stop(void **state)
{
	struct machine m;

	(void)state;
	machine_open(&m);
	table(&m, CD_SIZE, LARGE);
	read_12(&m, CD_SIZE / 2048);
	stops_and_goes_on(&m);
	machine_close(&m);
}

static void
nor_do_sectors_in_small_pieces(void **state)
{
	struct machine m;

	(void)state;
	machine_open(&m);
	m.side.core.xen->ram[DATA] = 1;
	table(&m, 64 * 2048, SMALL);
	read_12(&m, 64);
	stops_and_goes_on(&m);
	assert_int_equal(m.side.core.xen->ram[DATA], 0);
	machine_close(&m);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_disc_read_by_one_command_does_not_hold_up_a_stop),
		cmocka_unit_test(nor_do_sectors_in_small_pieces),
	};

	plugin_dir = argc > 1 ? argv[1] : ".";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
