/* SPDX-License-Identifier: MIT */
/*
 * Devices behind bridges, in the whole core: the guest of a scripted Xen sets
 * bridges up as an operating system does, and finds what is behind them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/core_fixture.h"

/* root: slot 5 bridge br0; behind it slot 3 ram0, slot 4 bridge br1; behind
 * that slot 2 ram1 */
#define BR0 0x28
#define RAM0 0x18
#define BR1 0x20
#define RAM1 0x10

#define MEM_WINDOW 0xf0000000ull
#define MIB 0x100000ull
#define LOG_ID 0x11e91234u /* first register of membar's BAR 2 */

static const char *plugin_dir;

static int
setup(void **state)
{
	struct core *core = calloc(1, sizeof(*core));

	core_open(core, plugin_dir);
	core_add_spec(core, "i31154,id=br0,addr=5");
	core_add_spec(core, "membar,id=ram0,bus=br0,addr=3");
	core_add_spec(core, "i31154,id=br1,bus=br0,addr=4");
	core_add_spec(core, "membar,id=ram1,bus=br1,addr=2");
	*state = core;
	return 0;
}

static int
teardown(void **state)
{
	core_close(*state);
	free(*state);
	return 0;
}

/* Bus numbers, a memory window of `mib` at `base`, decoding on. */
static void
bridge_up(struct core *f, unsigned bus, unsigned devfn, uint32_t numbers,
	  uint64_t base, unsigned mib)
{
	uint32_t limit = (uint32_t)(base + mib * MIB - 1);

	core_config_write(f, bus, devfn, 0x18, numbers);
	core_config_write(f, bus, devfn, 0x20,
			  (limit & 0xfff00000) | (uint32_t)base >> 16);
	core_config_write(f, bus, devfn, 0x04, 0x7);
}

/* membar: 1 MiB of RAM at `base`, its record right after. */
static void
membar_up(struct core *f, unsigned bus, unsigned devfn, uint64_t base)
{
	core_config_write(f, bus, devfn, 0x10, (uint32_t)base);
	core_config_write(f, bus, devfn, 0x18, (uint32_t)(base + MIB));
	core_config_write(f, bus, devfn, 0x04, 0x2);
}

static void
all_up(struct core *f)
{
	bridge_up(f, 0, BR0, 0x00020100, MEM_WINDOW, 8);
	membar_up(f, 1, RAM0, MEM_WINDOW);
	bridge_up(f, 1, BR1, 0x00020201, MEM_WINDOW + 4 * MIB, 2);
	membar_up(f, 2, RAM1, MEM_WINDOW + 4 * MIB);
}

/* ---- what it sees ------------------------------------------------- */

static void
nothing_is_behind_a_bridge_without_bus_numbers(void **state)
{
	struct core *f = *state;

	assert_int_equal(core_config_read(f, 0, BR0, 0), 0x537c8086);
	assert_int_equal(core_config_read(f, 0, RAM0, 0), 0xffffffff);
	assert_int_equal(core_config_read(f, 1, RAM0, 0), 0xffffffff);
}

static void
a_function_is_where_its_bus_number_is(void **state)
{
	struct core *f = *state;

	core_config_write(f, 0, BR0, 0x18, 0x00ff0100);
	assert_int_equal(core_config_read(f, 1, RAM0, 0), 0x11e91234);
	core_config_write(f, 0, BR0, 0x18, 0x00ff0700);
	assert_int_equal(core_config_read(f, 1, RAM0, 0), 0xffffffff);
	assert_int_equal(core_config_read(f, 7, RAM0, 0), 0x11e91234);
}

static void
a_bus_beyond_the_subordinate_number_is_not_reached(void **state)
{
	struct core *f = *state;

	core_config_write(f, 0, BR0, 0x18, 0x00010100);
	core_config_write(f, 1, BR1, 0x18, 0x00020201);
	assert_int_equal(core_config_read(f, 2, RAM1, 0), 0xffffffff);
	core_config_write(f, 0, BR0, 0x18, 0x00020100);
	assert_int_equal(core_config_read(f, 2, RAM1, 0), 0x11e91234);
}

static void
memory_is_reached_through_two_bridges(void **state)
{
	struct core *f = *state;

	all_up(f);
	core_mem_write(f, MEM_WINDOW + 16, 0xdeadbeef);
	assert_int_equal(core_mem_read(f, MEM_WINDOW + 16), 0xdeadbeef);
	core_mem_write(f, MEM_WINDOW + 4 * MIB, 0x12345678);
	assert_int_equal(core_mem_read(f, MEM_WINDOW + 4 * MIB), 0x12345678);
	assert_int_equal(core_mem_read(f, MEM_WINDOW + 5 * MIB), LOG_ID);
}

static void
what_the_window_does_not_cover_reads_ones(void **state)
{
	struct core *f = *state;

	all_up(f);
	/* only the first MiB of br1's bus: the record is cut off */
	bridge_up(f, 1, BR1, 0x00020201, MEM_WINDOW + 4 * MIB, 1);
	assert_int_equal(core_mem_read(f, MEM_WINDOW + 4 * MIB), 0);
	assert_int_equal(core_mem_read(f, MEM_WINDOW + 5 * MIB), 0xffffffff);
	/* the upper bridge closed: both gone, and back */
	core_config_write(f, 0, BR0, 0x04, 0x5);
	assert_int_equal(core_mem_read(f, MEM_WINDOW), 0xffffffff);
	assert_int_equal(core_mem_read(f, MEM_WINDOW + 4 * MIB), 0xffffffff);
	core_config_write(f, 0, BR0, 0x04, 0x7);
	assert_int_equal(core_mem_read(f, MEM_WINDOW), 0);
	assert_int_equal(core_mem_read(f, MEM_WINDOW + 4 * MIB), 0);
}

static void
memory_above_4_gib_goes_through_the_prefetchable_window(void **state)
{
	const uint64_t base = 0x840000000ull;
	struct core *f = *state;
	struct host_window *w = NULL;
	struct hostdev *hd = local_find(f->local, "ram0");

	all_up(f);
	core_config_write(f, 0, BR0, 0x24, 0x40104000);
	core_config_write(f, 0, BR0, 0x28, 8);
	core_config_write(f, 0, BR0, 0x2c, 8);
	/* membar has no 64-bit BAR: move its window by hand */
	w = &hd->window[1];
	bus_unmap(hd->host, w);
	w->base = base;
	bus_map(hd->host, w);
	core_mem_write(f, base + 8, 77);
	assert_int_equal(core_mem_read(f, base + 8), 77);
	core_config_write(f, 0, BR0, 0x2c, 7);
	assert_int_equal(core_mem_read(f, base + 8), 0xffffffff);
}

static void
ports_go_through_the_io_window(void **state)
{
	struct core *f = *state;

	all_up(f);
	core_config_write(f, 1, RAM0, 0x20, 0xc000);
	core_config_write(f, 1, RAM0, 0x04, 0x3);
	core_config_write(f, 0, BR0, 0x1c, 0x000000f0); /* closed */
	assert_int_equal(core_port_read(f, 0xc000), 0xffffffff);
	core_config_write(f, 0, BR0, 0x1c, 0x0000c0c0);
	core_port_write(f, 0xc000, 0x55);
	assert_int_equal(core_port_read(f, 0xc000), 0x55);
}

static void
a_secondary_reset_resets_all_below_and_hides_it_meanwhile(void **state)
{
	struct core *f = *state;

	all_up(f);
	core_mem_write(f, MEM_WINDOW, 1);
	core_mem_write(f, MEM_WINDOW + 4 * MIB, 2);
	core_config_write(f, 0, BR0, 0x3c, 0x00400000);
	assert_int_equal(core_config_read(f, 1, RAM0, 0), 0xffffffff);
	core_config_write(f, 0, BR0, 0x3c, 0);
	assert_int_equal(core_config_read(f, 1, RAM0, 0), 0x11e91234);
	assert_int_equal(core_config_read(f, 1, RAM0, 0x10) & ~0xfu, 0);
	assert_int_equal(core_config_read(f, 1, BR1, 0x18), 0);
	assert_int_equal(core_config_read(f, 0, BR0, 0x18), 0x00020100);
	membar_up(f, 1, RAM0, MEM_WINDOW);
	assert_int_equal(core_mem_read(f, MEM_WINDOW), 0);
}

/* A function that only has a pin. */
struct pin_dev {
	struct bus_dev place; /* first */
	struct host_window config;
};

static void
pin_reset(struct bus_dev *place)
{
	(void)place;
}

static void
pin_place(struct pin_dev *dev, struct bus *bus, int devfn)
{
	*dev = (struct pin_dev){ .place.reset = pin_reset };
	assert_int_equal(bus_place(bus, &dev->place, devfn), 0);
}

static struct bus *
behind(struct core *f, const char *id)
{
	struct bus_dev *place = local_find(f->local, id)->host;

	return place->secondary;
}

static void
pins_turn_at_each_bridge_and_share_lines(void **state)
{
	struct core *f = *state;
	struct pin_dev a, b, c;

	pin_place(&a, behind(f, "br0"), 1 * 8); /* INTA# -> B of slot 5 */
	pin_place(&b, behind(f, "br0"), 5 * 8); /* INTA# -> B of slot 5 */
	/* INTD#, slot 6: (3 + 6) % 4 = 1; br1 in slot 4: 1 */
	pin_place(&c, behind(f, "br1"), 6 * 8);
	bus_intx(&a.place, 0, true);
	assert_true(f->xen->intx[5][1]);
	bus_intx(&b.place, 0, true);
	bus_intx(&c.place, 3, true);
	bus_intx(&a.place, 0, false);
	bus_intx(&b.place, 0, false);
	assert_true(f->xen->intx[5][1]);
	bus_remove(&c.place); /* it goes with its pin up */
	assert_false(f->xen->intx[5][1]);
	bus_remove(&a.place);
	bus_remove(&b.place);
}

static void
requests_go_up_while_every_bridge_is_a_master(void **state)
{
	struct core *f = *state;
	struct bus_dev *ram1 = local_find(f->local, "ram1")->host;

	assert_false(bus_upstream(ram1));
	all_up(f);
	assert_true(bus_upstream(ram1));
	core_config_write(f, 0, BR0, 0x04, 0x3);
	assert_false(bus_upstream(ram1));
}

static void
a_taken_slot_is_refused_and_a_free_one_found(void **state)
{
	struct core *f = *state;
	struct pin_dev dev, other;

	dev = (struct pin_dev){ .place.reset = pin_reset };
	assert_int_equal(bus_place(behind(f, "br0"), &dev.place, RAM0), -EBUSY);
	pin_place(&other, behind(f, "br0"), -1);
	assert_int_equal(other.place.devfn, 0);
	assert_ptr_equal(bus_at(behind(f, "br0"), 0), &other.place);
	bus_remove(&other.place);
}

int
main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
		T(nothing_is_behind_a_bridge_without_bus_numbers),
		T(a_function_is_where_its_bus_number_is),
		T(a_bus_beyond_the_subordinate_number_is_not_reached),
		T(memory_is_reached_through_two_bridges),
		T(what_the_window_does_not_cover_reads_ones),
		T(memory_above_4_gib_goes_through_the_prefetchable_window),
		T(ports_go_through_the_io_window),
		T(a_secondary_reset_resets_all_below_and_hides_it_meanwhile),
		T(pins_turn_at_each_bridge_and_share_lines),
		T(requests_go_up_while_every_bridge_is_a_master),
		T(a_taken_slot_is_refused_and_a_free_one_found),
	};

	if (argc < 2) {
		fprintf(stderr, "usage: %s PLUGIN-FOLDER\n", argv[0]);
		return 2;
	}
	plugin_dir = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
