/* SPDX-License-Identifier: MIT */
/*
 * gsi=: lines that go to pins which only a patched Xen has, of devices in this
 * process and outside, and what is said where there are none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "pci/irq.h"
#include "support/machine_fixture.h"

#define FIRST 48u
#define COM2 0x2f8 /* line 3 */
#define COM3 0x3e8 /* line 4 */
#define IER 1
#define MCR 4
#define SCR 7
#define THRI 0x02
#define OUT2 0x08

static const char *plugin_dir;

static int
setup(void **state)
{
	int rc = whole_setup(state);

	whole_end.xen->gsis = (struct xen_gsis){ .first = FIRST, .n = 48 };
	return rc;
}

/* ---- a device with a line ----------------------------------------- */

static int
start(struct whole *w, const char *device, const char *more)
{
	const char *const words[] = {
		"-chardev",
		"null,id=c9",
		"-device",
		device,
		more ? "-device" : NULL,
		more,
		NULL,
	};

	return whole_start(w, plugin_dir, words);
}

/* It may be in a process that is not there yet. */
static void
wait_there(struct whole *w, uint16_t base)
{
	uint64_t limit = uv_hrtime() + TEST_LIMIT_NS;

	do {
		assert_true(uv_hrtime() < limit);
		uv_run(&w->loop, UV_RUN_NOWAIT);
		whole_out(w, base + SCR, 1, 0x5a);
	} while ((uint8_t)whole_in(w, base + SCR, 1) != 0x5a);
}

static void
line(struct whole *w, uint16_t base, bool up)
{
	wait_there(w, base);
	whole_out(w, base + MCR, 1, OUT2);
	whole_out(w, base + IER, 1, up ? THRI : 0);
}

static void
wait_pin(struct whole *w, unsigned gsi, bool up)
{
	uint64_t limit = uv_hrtime() + TEST_LIMIT_NS;

	while (whole_end.xen->gsi[gsi] != up) {
		assert_true(uv_hrtime() < limit);
		uv_run(&w->loop, UV_RUN_NOWAIT);
	}
}

static void
moves_only(struct whole *w, unsigned gsi)
{
	line(w, COM2, true);
	wait_pin(w, gsi, true);
	line(w, COM2, false);
	wait_pin(w, gsi, false);
	assert_int_equal(whole_end.xen->gsi_calls, 2);
	assert_int_equal(whole_end.xen->isa_calls, 0);
}

/* ---- where lines go ----------------------------------------------- */

static void
a_device_in_this_process_has_the_pin(void **state)
{
	struct whole *w = *state;

	assert_int_equal(start(w, "uart,index=1,chardev=c9,gsi=50", NULL), 0);
	assert_true(whole_end.xen->gsis.on);
	moves_only(w, 50);
}

static void
one_in_a_process_of_its_own_too(void **state)
{
	struct whole *w = *state;

	assert_int_equal(
		start(w, "uart,isolate=on,index=1,chardev=c9,gsi=95", NULL), 0);
	moves_only(w, 95);
}

static void
a_raw_range_names_line_and_pin(void **state)
{
	struct whole *w = *state;
	char words[512];

	snprintf(words, sizeof(words),
		 "raw-mmio,space=io,base=0x2f8,size=8,irq=3,gsi=48,"
		 "exec=ioemu-peer %s/uart.so index=1",
		 plugin_dir);
	assert_int_equal(start(w, words, NULL), 0);
	moves_only(w, 48);
}

static void
devices_share_a_pin(void **state)
{
	struct whole *w = *state;
	struct xen *xen = whole_end.xen;

	assert_int_equal(start(w, "uart,index=1,chardev=c9,gsi=60",
			       "uart,index=2,gsi=60"),
			 0);
	line(w, COM2, true);
	line(w, COM3, true);
	line(w, COM2, false);
	assert_true(xen->gsi[60]);
	assert_int_equal(xen->gsi_calls, 1);
	line(w, COM3, false);
	assert_false(xen->gsi[60]);
}

static void
who_wants_none_leaves_the_guest_without(void **state)
{
	struct whole *w = *state;

	assert_int_equal(start(w, "uart,index=1,chardev=c9", NULL), 0);
	line(w, COM2, true);
	assert_true(whole_end.xen->isa[3]);
	assert_false(whole_end.xen->gsis.on);
	assert_int_equal(whole_end.xen->gsi_calls, 0);
}

/* As a process that takes the guest over, and one that restored it. */
static void
what_is_up_is_said_again(void **state)
{
	struct xen *xen = whole_end.xen;
	struct irq *irq;

	(void)state;
	xen->gsis.on = true;
	assert_int_equal(irq_new(xen, &irq), 0);
	irq_defer(irq);
	irq_line(irq, 3, 50, true);
	irq_line(irq, 3, 51, true);
	irq_line(irq, 3, 51, false);
	assert_int_equal(xen->gsi_calls, 0);
	irq_go(irq);
	assert_true(xen->gsi[50]);
	assert_int_equal(xen->gsi_calls, 1);
	irq_line(irq, 3, 50, false);
	assert_false(xen->gsi[50]);
	irq_free(irq);
}

/* ---- refused ------------------------------------------------------ */

#define UART "uart,index=1,chardev=c9,"
#define RAW "raw-mmio,base=0xe0000000,size=4096,connect=unix:/nowhere,irq=7,"

static void
a_stock_xen_has_no_such_pins(void **state)
{
	struct whole *w = *state;

	whole_end.xen->gsis.n = 0;
	assert_int_equal(start(w, UART "gsi=50", NULL), -EOPNOTSUPP);
	whole_stop(w);
	assert_int_equal(start(w, UART "isolate=on,gsi=50", NULL), -EOPNOTSUPP);
	whole_stop(w);
	assert_int_equal(start(w, RAW "gsi=50", NULL), -EOPNOTSUPP);
}

static void
a_guest_that_ran_without_gets_none(void **state)
{
	struct whole *w = *state;

	whole_end.xen->runs = true;
	assert_int_equal(start(w, UART "gsi=50", NULL), -EBUSY);
	whole_stop(w);
	whole_end.xen->gsis.on = true;
	assert_int_equal(start(w, UART "gsi=50", NULL), 0);
}

static void
what_makes_no_sense_is_refused(void **state)
{
	static const char *const specs[] = {
		UART "gsi=47", /* there are others for those */
		UART "gsi=96",
		RAW "gsi=47",
		"raw-mmio,base=0,size=1,connect=unix:/nowhere,gsi=50", /* irq=?
									*/
		"peer,slot=3,connect=unix:/nowhere,irq=7,gsi=50",
		"membar,gsi=50", /* PCI */
	};
	struct whole *w = *state;
	unsigned i;

	for (i = 0; i < sizeof(specs) / sizeof(specs[0]); i++) {
		if (start(w, specs[i], NULL) != -EINVAL)
			fail_msg("%s: taken", specs[i]);
		whole_stop(w);
	}
}

int
main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, whole_teardown)
		T(a_device_in_this_process_has_the_pin),
		T(one_in_a_process_of_its_own_too),
		T(a_raw_range_names_line_and_pin),
		T(devices_share_a_pin),
		T(who_wants_none_leaves_the_guest_without),
		T(what_is_up_is_said_again),
		T(a_stock_xen_has_no_such_pins),
		T(a_guest_that_ran_without_gets_none),
		T(what_makes_no_sense_is_refused),
	};

	assert_int_equal(argc, 2);
	plugin_dir = argv[1];
	whole_find_peer(plugin_dir);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
