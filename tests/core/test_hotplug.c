/* SPDX-License-Identifier: MIT */
/*
 * Devices that come and go while the guest runs, in the whole core: real
 * ioemu-peer processes, and a guest that looks at what Xen's DSDT looks at.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "support/core_fixture.h"
#include "support/processes.h"

#define APMC 0xb2
#define PCI_CAME 0xae00
#define PCI_GOES 0xae04
#define PCI_EJECT 0xae08
#define GPE0 0xafe0 /* 2 bytes of status, 2 of enable */
#define GPE_HOTPLUG 0x02
#define SCI 9

#define MEMBAR 0x11e91234u
#define ONES 0xffffffffu

static const char *plugin_dir;

struct fix {
	struct core core; /* first */
	struct procs procs;
	unsigned bus, devfn;
};

static void
acpi_on(struct fix *f)
{
	const struct request req = core_request(SLOT_PIO, false, APMC, 1, 0xf1);

	(void)core_access(&f->core, &req);
	core_port_write(&f->core, GPE0, GPE_HOTPLUG << 16);
}

/* Slot 5: bridge br0; behind it slot 4: bridge br1. */
static int
setup(void **state)
{
	struct fix *f = calloc(1, sizeof(*f));

	core_open(&f->core, plugin_dir);
	procs_open(&f->procs, plugin_dir);
	core_add_spec(&f->core, "piix4-pm,addr=1.3");
	core_add_spec(&f->core, "i31154,id=br0,addr=5");
	core_add_spec(&f->core, "i31154,id=br1,bus=br0,addr=4");
	core_config_write(&f->core, 0, 5 * 8, 0x18, 0x00020100);
	core_config_write(&f->core, 1, 4 * 8, 0x18, 0x00020201);
	f->devfn = 3 * 8;
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fix *f = *state;

	procs_close(&f->procs);
	core_close(&f->core);
	free(f);
	return 0;
}

static bool
is_there(void *ctx)
{
	struct fix *f = ctx;

	return core_config_read(&f->core, f->bus, f->devfn, 0) == MEMBAR;
}

static bool
is_gone(void *ctx)
{
	struct fix *f = ctx;

	return core_config_read(&f->core, f->bus, f->devfn, 0) == ONES;
}

static void
expect(struct fix *f, const char *spec)
{
	core_add_spec(&f->core, procs_text(&f->procs, spec));
}

static void
come(struct fix *f)
{
	procs_start(&f->procs, "membar", "--connect",
		    procs_text(&f->procs, "unix:%s/p0"), NULL);
	core_until(&f->core, is_there, f);
}

static void
lose(struct fix *f)
{
	procs_end(&f->procs, f->procs.pid[0], SIGKILL);
	core_until(&f->core, is_gone, f);
}

static bool
told(const struct fix *f)
{
	return f->core.xen->isa[SCI];
}

/* As ACPICA does before it runs _E01. */
static void
take_event(struct fix *f)
{
	const struct request req =
		core_request(SLOT_PIO, false, GPE0, 1, GPE_HOTPLUG);

	assert_true(told(f));
	(void)core_access(&f->core, &req);
	assert_false(told(f));
}

/* ---- what it sees ------------------------------------------------- */

static void
a_peer_that_comes_late_is_told_of(void **state)
{
	struct fix *f = *state;

	acpi_on(f);
	expect(f, "peer,slot=3,listen=unix:%s/p0");
	uv_run(&f->core.loop, UV_RUN_NOWAIT);
	assert_false(told(f));
	assert_int_equal(core_port_read(&f->core, PCI_CAME), 0);
	come(f);
	take_event(f);
	assert_int_equal(core_port_read(&f->core, PCI_CAME), 1u << 3);
}

static void
behind_bridges_it_is_the_topmost_ones_slot(void **state)
{
	struct fix *f = *state;

	acpi_on(f);
	f->bus = 2;
	f->devfn = 7 * 8;
	expect(f, "peer,slot=7,bus=br1,listen=unix:%s/p0");
	come(f);
	take_event(f);
	assert_int_equal(core_port_read(&f->core, PCI_CAME), 1u << 5);
}

static void
a_guest_that_has_yet_to_scan_is_not_told(void **state)
{
	struct fix *f = *state;

	expect(f, "peer,slot=3,listen=unix:%s/p0");
	come(f);
	acpi_on(f);
	assert_false(told(f));
	assert_int_equal(core_port_read(&f->core, PCI_CAME), 0);
}

/* It is as it was, so a driver may go on with it; but the guest may have
 * dropped it meanwhile. */
static void
one_that_comes_back_is_told_of_again(void **state)
{
	struct fix *f = *state;

	acpi_on(f);
	expect(f, "peer,slot=3,listen=unix:%s/p0");
	come(f);
	take_event(f);
	core_config_write(&f->core, 0, f->devfn, 0x10, 0xf0000000);
	lose(f);
	assert_false(told(f));
	assert_int_equal(core_port_read(&f->core, PCI_GOES), 0);
	come(f);
	assert_int_equal(core_config_read(&f->core, 0, f->devfn, 0x10) & ~0xfu,
			 0xf0000000);
	take_event(f);
	assert_int_equal(core_port_read(&f->core, PCI_CAME), 1u << 3);
}

static void
an_ejected_peer_is_out_until_it_connects_anew(void **state)
{
	struct fix *f = *state;

	acpi_on(f);
	expect(f, "peer,slot=3,on-exit=stop,listen=unix:%s/p0");
	come(f);
	take_event(f);
	core_config_write(&f->core, 0, f->devfn, 0x10, 0xf0000000);
	core_config_write(&f->core, 0, f->devfn, 0x04, 0x6);
	core_mem_write(&f->core, 0xf0000000, 1);
	core_port_write(&f->core, PCI_EJECT, 1u << 3);
	assert_true(is_gone(f));
	assert_int_equal(core_mem_read(&f->core, 0xf0000000), ONES);
	assert_int_equal(core_port_read(&f->core, PCI_CAME), 0);
	lose(f);
	come(f);
	assert_int_equal(f->core.xen->power, -1); /* it was nobody's loss */
	take_event(f);
	assert_int_equal(core_port_read(&f->core, PCI_CAME), 1u << 3);
	assert_int_equal(core_config_read(&f->core, 0, f->devfn, 0x10) & ~0xfu,
			 0);
}

static void
an_eject_leaves_what_cannot_be_taken_out(void **state)
{
	struct fix *f = *state;

	f->bus = 1;
	acpi_on(f);
	expect(f, "peer,slot=3,bus=br0,listen=unix:%s/p0");
	come(f);
	core_port_write(&f->core, PCI_EJECT, ONES);
	assert_int_equal(core_config_read(&f->core, 0, 1 * 8 + 3, 0),
			 0x71138086);
	assert_int_equal(core_config_read(&f->core, 0, 5 * 8, 0), 0x537c8086);
	assert_true(is_there(f));
}

int
main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
		T(a_peer_that_comes_late_is_told_of),
		T(behind_bridges_it_is_the_topmost_ones_slot),
		T(a_guest_that_has_yet_to_scan_is_not_told),
		T(one_that_comes_back_is_told_of_again),
		T(an_ejected_peer_is_out_until_it_connects_anew),
		T(an_eject_leaves_what_cannot_be_taken_out),
	};

	if (argc < 2) {
		fprintf(stderr, "usage: %s PLUGIN-FOLDER\n", argv[0]);
		return 2;
	}
	plugin_dir = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
