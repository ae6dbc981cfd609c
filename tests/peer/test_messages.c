/* SPDX-License-Identifier: MIT */
/*
 * What a peer, and who saved it, says of itself is looked at before it is
 * believed: where it sits, who it is, what it may reach.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/blob.h"
#include "pci/bus.h"
#include "peer/priv.h"
#include "support/scripted_peer.h"

#define ONES 0xffffffffu
#define LAST_DEVFN 255

static const char *plugin_dir;

struct fix {
	struct core core; /* first */
	struct scripted_peer h;
	char dir[32], path[48];
};

static int
setup(void **state)
{
	struct fix *f = calloc(1, sizeof(*f));

	core_open(&f->core, plugin_dir);
	scripted_peer_init(&f->h);
	strcpy(f->dir, "/tmp/ioemu-word-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/p0", f->dir);
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fix *f = *state;

	scripted_peer_kill(&f->h);
	core_close(&f->core);
	unlink(f->path);
	assert_int_equal(rmdir(f->dir), 0);
	free(f);
	return 0;
}

/* A peer with these keys, and who connects to it. */
static void
come(struct fix *f, const char *keys)
{
	char spec[160];

	snprintf(spec, sizeof(spec), "peer,id=p0,listen=unix:%s,%s", f->path,
		 keys);
	core_add_spec(&f->core, spec);
	scripted_peer_connect(&f->h, &f->core, f->path);
	scripted_peer_settle(&f->h);
}

/* ---- where it sits ------------------------------------------------ */

/* PCI Local Bus Specification 3.0, 3.2.2.3.3: a device has a slot, a number
 * of five bits, and eight functions in it at most. */
static void
functions_past_the_last_slot_are_no_place(void **state)
{
	struct fix *f = *state;

	f->h.hello.functions = 0x3;
	come(f, "addr=1f.7");
	assert_true(f->h.ended);
	assert_non_null(strstr(f->h.why, "room in its slot"));
	assert_int_equal(scripted_peer_config_read(&f->h, LAST_DEVFN, 0), ONES);
}

static void
functions_do_not_reach_into_the_next_slot(void **state)
{
	struct fix *f = *state;

	f->h.hello.functions = 0x21;
	come(f, "addr=3.3");
	assert_true(f->h.ended);
	assert_int_equal(scripted_peer_config_read(&f->h, 0x18 + 8, 0), ONES);
}

static void
the_last_function_of_the_last_slot_can_be_had(void **state)
{
	struct fix *f = *state;

	come(f, "addr=1f.7");
	assert_false(f->h.ended);
	assert_int_equal(scripted_peer_config_read(&f->h, LAST_DEVFN, 0),
			 HANDOVER_ID);
}

/* A record as peers_put() makes one. */
static void
put_record(struct blob *b, uint32_t devfn, uint32_t functions, uint32_t placed)
{
	unsigned i;

	blob_u32(b, 0);
	blob_text(b, "");
	blob_u32(b, devfn);
	blob_u32(b, functions);
	blob_u32(b, placed);
	for (i = 0; i < 8; i++)
		if (functions >> i & 1)
			blob_u32(b, 0);
	blob_u32(b, 0);
}

static int
get_record(struct fix *f, uint32_t devfn, uint32_t functions, uint32_t placed)
{
	struct blob b = { .p = NULL };
	char why[256] = "";
	struct view v;
	int rc;

	put_record(&b, devfn, functions, placed);
	v = (struct view){ .p = b.p, .left = b.len };
	rc = peers_get(f->core.peers, 0, &v, why, sizeof(why));
	assert_true(!rc || *why);
	blob_free(&b);
	return rc;
}

static void
a_saved_place_outside_of_a_slot_is_refused(void **state)
{
	static const struct {
		uint32_t devfn, functions, placed;
	} wrong[] = {
		{ 255, 0x81, 0x81 },	    { 255, 0x3, 0x2 },
		{ 254, 0x7, 0x7 },	    { 0x1f, 0x3, 0x3 },
		{ 256, 0x1, 0x1 },	    { (uint32_t)-2, 0x1, 0x1 },
		{ (uint32_t)-1, 0x1, 0x1 }, { 1u << 31, 0x1, 0x1 },
		{ 0x18, 0x100, 0x100 },
	};
	struct fix *f = *state;
	char spec[128];
	unsigned i;

	snprintf(spec, sizeof(spec), "peer,bus=br0,listen=unix:%s", f->path);
	core_add_spec(&f->core, "i31154,id=br0,addr=5");
	core_add_spec(&f->core, spec);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(get_record(f, wrong[i].devfn,
					    wrong[i].functions,
					    wrong[i].placed),
				 -EINVAL);
	assert_int_equal(get_record(f, 255, 0x1, 0x1), 0);
}

static void
a_place_that_is_none_is_no_place(void **state)
{
	struct fix *f = *state;
	struct bus_dev dev = { .bus = NULL };

	assert_int_equal(bus_place(f->core.env.root, &dev, 256), -EINVAL);
	assert_int_equal(bus_place(f->core.env.root, &dev, 1 << 20), -EINVAL);
	assert_null(dev.bus);
}

/* ---- who it is ---------------------------------------------------- */

#define MSI_ADDR 0xfee01004ull
#define VECTOR 0x41u
#define DEVFN 0x18u
#define RID 0x18u

static void
come_raw(struct fix *f, const char *keys)
{
	f->h.hello.kind = LINK_KIND_RAW;
	f->h.hello.functions = 0;
	come(f, keys);
	scripted_peer_until_said(&f->h, LINK_RUN);
}

static unsigned
msis(struct fix *f, uint16_t rid)
{
	uint8_t data[4];
	unsigned before = f->core.xen->msi[VECTOR];

	ioemu_put_le32(data, VECTOR);
	link_post(f->h.link, rid, MSI_ADDR, data, sizeof(data));
	assert_true(scripted_peer_alive(&f->h));
	return f->core.xen->msi[VECTOR] - before;
}

static void
a_process_without_a_function_interrupts_only_where_it_may_write(void **state)
{
	static const struct {
		const char *dma;
		unsigned msis;
	} cases[] = {
		{ "dma=off", 0 },
		{ "dma=0-0xffff", 0 },
		{ "dma=0xfee01000-0xfee01003", 0 },
		{ "dma=0-0xffff/0xfee00000-0xfeefffff", 1 },
		{ "dma=on", 1 },
	};
	struct fix *f = *state;
	unsigned i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		come_raw(f, cases[i].dma);
		assert_int_equal(msis(f, 0), cases[i].msis);
		teardown(state);
		setup(state);
		f = *state;
	}
}

/* doc/wire.md, section 4: a peer of kind 2 is 00:00.0. */
static void
a_process_without_a_function_has_one_id(void **state)
{
	struct fix *f = *state;
	uint32_t v;

	come_raw(f, "dma=on");
	assert_int_equal(scripted_peer_read(&f->h, 0, 0, &v, 4), 0);
	assert_int_equal(scripted_peer_read(&f->h, 1, 0, &v, 4), -EIO);
	assert_int_equal(scripted_peer_read(&f->h, RID, 0, &v, 4), -EIO);
	assert_int_equal(scripted_peer_read(&f->h, 0xffff, 0, &v, 4), -EIO);
	assert_int_equal(msis(f, RID), 0);
	assert_int_equal(msis(f, 0), 1);
}

/* Section 4: once the root has given it a number, it is that. */
static void
a_function_is_whom_the_root_made_it(void **state)
{
	struct fix *f = *state;
	uint32_t v;

	f->h.hello.functions = 0x3;
	come(f, "addr=3");
	scripted_peer_config_write(&f->h, DEVFN, 4, 6);
	assert_int_equal(scripted_peer_read(&f->h, RID, 0, &v, 4), 0);
	assert_int_equal(scripted_peer_read(&f->h, 0, 0, &v, 4), -EIO);
	assert_int_equal(scripted_peer_read(&f->h, RID + 8, 0, &v, 4), -EIO);
	assert_int_equal(scripted_peer_read(&f->h, RID + 0x100, 0, &v, 4),
			 -EIO);
	assert_int_equal(scripted_peer_read(&f->h, RID + 1, 0, &v, 4), -EIO);
	assert_int_equal(scripted_peer_read(&f->h, RID + 2, 0, &v, 4), -EIO);
	assert_int_equal(msis(f, 0), 0);
	assert_int_equal(msis(f, RID), 1);
	/* the same process, that has its number yet, on another connection */
	scripted_peer_kill(&f->h);
	scripted_peer_settle(&f->h);
	f->h.id = 0;
	scripted_peer_connect(&f->h, &f->core, f->path);
	f->h.seen[LINK_RUN] = 0;
	scripted_peer_until_said(&f->h, LINK_RUN);
	assert_int_equal(scripted_peer_read(&f->h, 0, 0, &v, 4), -EIO);
	assert_int_equal(scripted_peer_read(&f->h, RID, 0, &v, 4), 0);
}

/* ---- which addresses it may have ---------------------------------- */

struct claim {
	enum ioemu_space space;
	uint64_t base, size;
};

static void
announce(struct scripted_peer *h)
{
	const struct claim *c = h->ctx;
	unsigned i;

	for (i = 0; c[i].size; i++)
		scripted_peer_window(h, 0, (uint8_t)i, c[i].space, c[i].base,
				     c[i].size);
}

/* As isolate=on makes one, with a process of the test's. */
static void
isolate(struct fix *f)
{
	char spec[160];

	core_add_spec(&f->core, "debugcon");
	snprintf(spec, sizeof(spec), "peer,id=p0,listen=unix:%s", f->path);
	core_add_spec(&f->core, spec);
	peer_at(f->core.peers, 0)->conf.isolated = true;
	peer_at(f->core.peers, 0)->pci_bus = f->core.env.root;
	f->h.hello.kind = LINK_KIND_RAW;
	f->h.hello.functions = 0;
	f->h.up = announce;
}

static void
isolated_with(struct fix *f, const struct claim *claims)
{
	f->h.ctx = (void *)(uintptr_t)claims;
	f->h.seen[LINK_RUN] = 0;
	scripted_peer_connect(&f->h, &f->core, f->path);
	scripted_peer_until_said(&f->h, LINK_RUN);
	assert_true(scripted_peer_alive(&f->h));
}

static const struct claim good[] = {
	{ IOEMU_PIO, 0x2f8, 8 },
	{ IOEMU_MEM, 0xfed40000, 0x5000 },
	{ .size = 0 },
};

static bool
has(const struct fix *f, enum ioemu_space space, uint64_t addr)
{
	return fake_xen_claims(f->core.xen, space, addr);
}

static void
an_isolated_device_has_no_more_than_a_device_has(void **state)
{
	static const struct claim greedy[] = {
		{ IOEMU_MEM, 0, UINT64_MAX }, /* everything, */
		{ IOEMU_PIO, 0, 0x10000 },
		{ IOEMU_MEM, 0x2000, 0x1000 }, /* guest memory, */
		{ IOEMU_MEM, FAKE_RAM - 1, 2 },
		{ IOEMU_PIO, 0xe0, 0x10 },     /* debugcon's port, */
		{ IOEMU_PIO, 0xc000, 0x1000 }, /* where BARs will be, */
		{ IOEMU_MEM, 0xf0000000, 0x1000000 },
		{ IOEMU_PIO, 0x2f8, 8 }, /* and what it may have */
		{ .size = 0 },
	};
	struct fix *f = *state;

	isolate(f);
	isolated_with(f, greedy);
	assert_false(has(f, IOEMU_MEM, 0x2000));
	assert_false(has(f, IOEMU_MEM, FAKE_RAM));
	assert_false(has(f, IOEMU_MEM, 0xf0000000));
	assert_false(has(f, IOEMU_MEM, 1ull << 40));
	assert_false(has(f, IOEMU_PIO, 0xe0));
	assert_false(has(f, IOEMU_PIO, 0xc000));
	assert_true(has(f, IOEMU_PIO, 0xe9));
	assert_true(has(f, IOEMU_PIO, 0x2f8));
	assert_int_equal(core_port_read(&f->core, 0xe9) & 0xff, 0xe9);
}

static void
it_asks_for_ranges_before_it_hears_of_the_guest(void **state)
{
	static const struct claim more[] = {
		{ IOEMU_PIO, 0x2f8, 8 },
		{ IOEMU_PIO, 0x3e8, 8 },
		{ IOEMU_PIO, 0x2f8, 16 },
		{ .size = 0 },
	};
	struct fix *f = *state;

	isolate(f);
	isolated_with(f, good);
	assert_true(has(f, IOEMU_PIO, 0x2f8));
	assert_true(has(f, IOEMU_MEM, 0xfed44fff));
	scripted_peer_window(&f->h, 0, 9, IOEMU_PIO, 0x3e8, 8);
	scripted_peer_window(&f->h, 0, 10, IOEMU_MEM, 0xfed50000, 0x1000);
	assert_true(scripted_peer_alive(&f->h));
	assert_false(has(f, IOEMU_PIO, 0x3e8));
	assert_false(has(f, IOEMU_MEM, 0xfed50000));
	/* it may switch them off, and on again */
	scripted_peer_window(&f->h, 0, 0, IOEMU_PIO, 0, 0);
	assert_true(scripted_peer_alive(&f->h));
	assert_false(has(f, IOEMU_PIO, 0x2f8));
	scripted_peer_window(&f->h, 0, 0, IOEMU_PIO, 0x2f8, 8);
	assert_true(scripted_peer_alive(&f->h));
	assert_true(has(f, IOEMU_PIO, 0x2f8));
	/* as may the process after this one */
	scripted_peer_kill(&f->h);
	scripted_peer_settle(&f->h);
	assert_false(has(f, IOEMU_PIO, 0x2f8));
	f->h.hello.instance++;
	isolated_with(f, more);
	assert_true(has(f, IOEMU_PIO, 0x2f8));
	assert_false(has(f, IOEMU_PIO, 0x300));
	assert_false(has(f, IOEMU_PIO, 0x3e8));
}

/* ---- how many ----------------------------------------------------- */

#define GREEDY 9u
#define WINDOWS 64u
#define ALLOWED 0xd0000000ull
#define LOCAL_DEVFN 0x20u
#define LOCAL_BAR0 0xf0000000u
#define LOCAL_BAR2 0xf0100000u
#define MEMBAR_ID 0x11e91234u

static void
local_bars(struct core *core)
{
	core_config_write(core, 0, LOCAL_DEVFN, 0x10, LOCAL_BAR0);
	core_config_write(core, 0, LOCAL_DEVFN, 0x18, LOCAL_BAR2);
	core_config_write(core, 0, LOCAL_DEVFN, 0x04, 0x3);
	assert_int_equal(core_mem_read(core, LOCAL_BAR2), MEMBAR_ID);
}

static void
greedy_peers_take_the_room_of_nobody_else(void **state)
{
	static struct scripted_peer h[GREEDY];
	char spec[160], path[GREEDY][64];
	struct fix *f = *state;
	unsigned i, k, n;

	core_add_spec(&f->core, "membar,addr=4");
	for (i = 0; i < GREEDY; i++) {
		snprintf(path[i], sizeof(path[i]), "%s/g%u", f->dir, i);
		snprintf(spec, sizeof(spec),
			 "peer,id=g%u,allow=0xd0000000-0xdfffffff,listen=unix:"
			 "%s",
			 i, path[i]);
		core_add_spec(&f->core, spec);
		scripted_peer_init(&h[i]);
		h[i].hello.kind = LINK_KIND_RAW;
		h[i].hello.functions = 0;
		scripted_peer_connect(&h[i], &f->core, path[i]);
		scripted_peer_until_said(&h[i], LINK_RUN);
		for (k = 0; k < WINDOWS; k++)
			scripted_peer_window(&h[i], 0, (uint8_t)k, IOEMU_MEM,
					     ALLOWED + (i * WINDOWS + k) *
							       0x10000ull,
					     0x1000);
		assert_true(scripted_peer_alive(&h[i]));
	}
	/* each has some, and what the machine has it can place where it likes
	 */
	for (i = 0; i < GREEDY; i++) {
		for (k = n = 0; k < WINDOWS; k++)
			n += fake_xen_claims(f->core.xen, IOEMU_MEM,
					     ALLOWED + (i * WINDOWS + k) *
							       0x10000ull);
		assert_true(n >= 8);
	}
	assert_int_equal(f->core.xen->refused, 0);
	local_bars(&f->core);
	for (i = 0; i < GREEDY; i++) {
		scripted_peer_kill(&h[i]);
		unlink(path[i]);
	}
}

static void
a_window_is_no_larger_than_the_guest_was_told(void **state)
{
	struct fix *f = *state;

	come(f, "addr=3");
	scripted_peer_until_said(&f->h, LINK_RUN);
	scripted_peer_config_write(&f->h, DEVFN, 0x10, ONES);
	f->h.config[4] = 0xffff0000; /* 64 KiB */
	(void)scripted_peer_config_read(&f->h, DEVFN, 0x10);
	scripted_peer_config_write(&f->h, DEVFN, 0x10, LOCAL_BAR0);
	scripted_peer_config_write(&f->h, DEVFN, 0x04, 2);
	scripted_peer_window(&f->h, RID, 0, IOEMU_MEM, LOCAL_BAR0, 0x20000);
	assert_true(scripted_peer_alive(&f->h));
	assert_false(has(f, IOEMU_MEM, LOCAL_BAR0));
	scripted_peer_window(&f->h, RID, 0, IOEMU_MEM, LOCAL_BAR0, 0x10000);
	assert_true(scripted_peer_alive(&f->h));
	assert_true(has(f, IOEMU_MEM, LOCAL_BAR0 + 0xffff));
	/* 64 bits: 8 GiB, of which the upper half says nothing below */
	scripted_peer_config_write(&f->h, DEVFN, 0x18, ONES);
	scripted_peer_config_write(&f->h, DEVFN, 0x1c, ONES);
	f->h.config[6] = 0x4;
	f->h.config[7] = 0xfffffffe;
	(void)scripted_peer_config_read(&f->h, DEVFN, 0x18);
	(void)scripted_peer_config_read(&f->h, DEVFN, 0x1c);
	scripted_peer_config_write(&f->h, DEVFN, 0x18, 4);
	scripted_peer_config_write(&f->h, DEVFN, 0x1c, 0x10);
	scripted_peer_window(&f->h, RID, 2, IOEMU_MEM, 0x1000000000,
			     1ull << 34);
	assert_true(scripted_peer_alive(&f->h));
	assert_false(has(f, IOEMU_MEM, 0x1000000000));
	scripted_peer_window(&f->h, RID, 2, IOEMU_MEM, 0x1000000000,
			     1ull << 33);
	assert_true(scripted_peer_alive(&f->h));
	assert_true(has(f, IOEMU_MEM, 0x1000000000));
}

/* ---- how often ---------------------------------------------------- */

#define FLOOD 1000u

/* One of its words moves a window; Xen is told of what became of all of them,
 * so others do not wait for each. */
static void
a_flood_of_words_on_windows_is_few_calls_of_xen(void **state)
{
	struct fix *f = *state;
	const struct xen *xen = f->core.xen;
	unsigned i, before, requests;

	come(f, "addr=3");
	scripted_peer_until_said(&f->h, LINK_RUN);
	scripted_peer_config_write(&f->h, DEVFN, 0x10, LOCAL_BAR0);
	scripted_peer_config_write(&f->h, DEVFN, 0x04, 2);
	before = xen->claims + xen->unclaims;
	for (i = 0; i < FLOOD; i++)
		scripted_peer_window(&f->h, RID, 0, IOEMU_MEM, LOCAL_BAR0,
				     i % 2 ? 0x1000 : 0x2000);
	scripted_peer_window(&f->h, RID, 0, IOEMU_MEM, LOCAL_BAR0, 0x4000);
	assert_true(scripted_peer_alive(&f->h));
	assert_true(has(f, IOEMU_MEM, LOCAL_BAR0 + 0x3fff));
	/* 64 of them are in one turn: as many as it has credits */
	assert_true(xen->claims + xen->unclaims - before < FLOOD / 8);
	/* asking in between gains nothing */
	before = xen->claims + xen->unclaims;
	requests = 0;
	for (i = 0; i < 64; i++) {
		scripted_peer_window(&f->h, RID, 0, IOEMU_MEM, LOCAL_BAR0,
				     i % 2 ? 0x1000 : 0x2000);
		scripted_peer_ask(&f->h, &requests);
	}
	while (requests < 64)
		scripted_peer_turn(&f->h);
	assert_true(xen->claims + xen->unclaims - before < 64 / 2);
	assert_true(scripted_peer_alive(&f->h));
}

int
main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
		T(functions_past_the_last_slot_are_no_place),
		T(functions_do_not_reach_into_the_next_slot),
		T(the_last_function_of_the_last_slot_can_be_had),
		T(a_saved_place_outside_of_a_slot_is_refused),
		T(a_place_that_is_none_is_no_place),
		T(a_process_without_a_function_interrupts_only_where_it_may_write),
		T(a_process_without_a_function_has_one_id),
		T(a_function_is_whom_the_root_made_it),
		T(an_isolated_device_has_no_more_than_a_device_has),
		T(it_asks_for_ranges_before_it_hears_of_the_guest),
		T(greedy_peers_take_the_room_of_nobody_else),
		T(a_window_is_no_larger_than_the_guest_was_told),
		T(a_flood_of_words_on_windows_is_few_calls_of_xen),
	};

	if (argc < 2) {
		fprintf(stderr, "usage: %s PLUGIN-FOLDER\n", argv[0]);
		return 2;
	}
	plugin_dir = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
