/* SPDX-License-Identifier: MIT */
/*
 * Devices, peers and processors that an operator plugs in and takes out of a
 * running machine by QMP; sleeping and waking. The guest does what Xen's DSDT
 * does.
 */
#include "support/qmp_client.h"

#include <stdio.h>
#include <string.h>

#define APMC 0xb2
#define PCI_CAME 0xae00
#define PCI_GOES 0xae04
#define PCI_EJECT 0xae08
#define CPU_MAP 0xaf00
#define GPE0 0xafe0 /* 2 bytes of status, 2 of enable */
#define GPE_PCI 0x02
#define GPE_CPU 0x04
#define PM1A_CNT 0xb004
#define SLEEP_S3 0x2400
#define SCI 9
#define CMOS 0x70
#define SHUTDOWN 0x0f

#define MEMBAR 0x11e91234u
#define BASE 0xf0000000u
#define SLOT 9u
#define DEVFN (SLOT * 8)
#define IDE 9u /* 1.1 */
#define IDETIM 0x40

static const char *plugin_dir;

static uint32_t
config(struct whole *w, bool read, unsigned devfn, unsigned reg, uint32_t v)
{
	const struct request req = {
		.type = SLOT_CONFIG,
		.read = read,
		.addr = (uint64_t)devfn << 32 | reg,
		.size = 4,
		.count = 1,
		.data = v,
	};

	return (uint32_t)whole_access(w, &req);
}

static uint32_t
memory(struct whole *w, bool read, uint32_t v)
{
	const struct request req = {
		.type = SLOT_COPY,
		.read = read,
		.addr = BASE,
		.size = 4,
		.count = 1,
		.data = v,
	};

	return (uint32_t)whole_access(w, &req);
}

static bool
claimed(unsigned slot)
{
	const struct xen *xen = whole_end.xen;
	unsigned i;

	for (i = 0; i < xen->n_claimed; i++)
		if (xen->claimed[i].space == IOEMU_CONFIG &&
		    xen->claimed[i].first == (uint64_t)(slot * 8) << 32)
			return true;
	return false;
}

static void
until_claimed(struct whole *w, bool on)
{
	uint64_t limit = uv_hrtime() + TEST_LIMIT_NS;

	while (claimed(SLOT) != on) {
		assert_true(uv_hrtime() < limit);
		uv_run(&w->loop, UV_RUN_NOWAIT);
	}
}

static void
says(struct client *c, const char *command, const char *answer)
{
	const char *is = client_qmp(c, command);

	if (!strstr(is, answer))
		fail_msg("%s: %s", command, is);
}

static void
start(struct whole *w, struct client *c, const char *const *more)
{
	assert_int_equal(whole_start(w, plugin_dir, more), 0);
	whole_out(w, APMC, 1, 0xf1); /* ACPI mode */
	whole_out(w, GPE0 + 2, 1, GPE_PCI | GPE_CPU);
	client_open(c, w);
}

/* As ACPICA does before it runs a method. */
static void
take_event(struct whole *w, uint8_t gpe)
{
	assert_true(whole_end.xen->isa[SCI]);
	assert_int_equal(whole_in(w, GPE0, 1), gpe);
	whole_out(w, GPE0, 1, gpe);
	assert_false(whole_end.xen->isa[SCI]);
}

#define ADD(words) "{\"execute\":\"device_add\",\"arguments\":{" words "}}"
#define DEL(id) "{\"execute\":\"device_del\",\"arguments\":{\"id\":\"" id "\"}}"
#define DONE "\"return\": {}"

static void
in_and_out(struct whole *w, struct client *c, const char *add)
{
	says(c, add, DONE);
	until_claimed(w, true);
	take_event(w, GPE_PCI);
	assert_int_equal(whole_in(w, PCI_CAME, 4), 1u << SLOT);
	assert_int_equal(config(w, true, DEVFN, 0, 0), MEMBAR);
	config(w, false, DEVFN, 0x10, BASE);
	config(w, false, DEVFN, 0x04, 0x6);
	memory(w, false, 0x12345678);
	assert_int_equal(memory(w, true, 0), 0x12345678);
	says(c, "{\"execute\":\"query-pci\"}", "\"qdev_id\": \"ram\"");
	says(c, DEL("ram"), DONE);
	take_event(w, GPE_PCI);
	assert_int_equal(whole_in(w, PCI_GOES, 4), 1u << SLOT);
	assert_int_equal(config(w, true, DEVFN, 0, 0), MEMBAR);
	whole_out(w, PCI_EJECT, 4, 1u << SLOT);
	until_claimed(w, false);
	assert_int_equal(memory(w, true, 0), 0xffffffff);
	assert_int_equal(whole_in(w, PCI_CAME, 4), 0);
	assert_int_equal(whole_in(w, PCI_GOES, 4), 0);
	says(c, "{\"execute\":\"query-pci\"}", "\"qdev_id\": \"");
	assert_null(strstr(c->answer, "\"ram\""));
	says(c, DEL("ram"), "Device 'ram' not found");
}

static void
a_plugin_comes_and_goes_again_and_again(void **state)
{
	struct whole *w = *state;
	struct client c;
	unsigned i;

	start(w, &c, NULL);
	for (i = 0; i < 50; i++)
		in_and_out(w, &c,
			   ADD("\"driver\":\"membar\",\"id\":\"ram\","
			       "\"addr\":\"9\""));
	client_close(&c);
}

#define LATER "membar,id=ram,addr=9,isolate=on,later=on,size=8192"

static void
a_process_of_its_own_comes_and_goes(void **state)
{
	static const char *const more[] = { "-device", LATER, NULL };
	struct whole *w = *state;
	struct client c;
	unsigned i;

	start(w, &c, more);
	assert_false(claimed(SLOT));
	for (i = 0; i < 5; i++)
		in_and_out(w, &c,
			   ADD("\"driver\":\"membar\",\"id\":\"ram\","
			       "\"isolate\":true"));
	client_close(&c);
}

/* Who asks may be a core in a guest's hands. */
static void
a_process_that_was_not_named_does_not_come(void **state)
{
	static const char *const more[] = { "-device", LATER, NULL };
	struct whole *w = *state;
	struct client c;

	start(w, &c, more);
	says(&c, ADD("\"driver\":\"membar\",\"id\":\"a\",\"isolate\":true"),
	     "a process that the configuration does not name");
	says(&c,
	     ADD("\"driver\":\"dma-engine\",\"id\":\"ram\","
		 "\"isolate\":true"),
	     "a process that the configuration does not name");
	says(&c,
	     ADD("\"driver\":\"peer\",\"id\":\"ram\","
		 "\"exec\":\"/bin/true\""),
	     "a process that the configuration does not name");
	says(&c,
	     ADD("\"driver\":\"membar\",\"id\":\"ram\",\"isolate\":true,"
		 "\"size\":4096"),
	     "size=4096 is not what the configuration says");
	says(&c,
	     ADD("\"driver\":\"membar\",\"id\":\"ram\",\"isolate\":true,"
		 "\"delay-us\":1"),
	     "delay-us=1 is not what the configuration says");
	assert_false(claimed(SLOT));
	client_close(&c);
}

static void
what_is_wrong_with_one_that_comes_later_shows_at_the_start(void **state)
{
	static const char *const wrong[] = {
		"membar,id=ram,later=on", /* no process */
		"membar,isolate=on,later=on",
		"membar,id=ram,isolate=on,later=on,no-such=1",
		"peer,id=ram,addr=9,later=on,listen=unix:/tmp/x",
		"peer,id=ram,addr=9,later=on",
		"raw-mmio,id=ram,later=on,exec=true,base=0,size=4",
	};
	const char *more[] = { "-device", NULL, NULL };
	struct whole *w = *state;
	unsigned i;

	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		more[1] = wrong[i];
		assert_true(whole_start(w, plugin_dir, more) < 0);
		whole_stop(w);
	}
}

/* The device has it in hand when it is ejected. */
static void
an_access_in_handover_is_answered_with_ones(void **state)
{
	static const struct request late = {
		.type = SLOT_COPY,
		.read = true,
		.addr = BASE + 0x80, /* answers after delay-us */
		.size = 4,
		.count = 1,
	};
	static const char *const two[] = { "-smp", "2", NULL };
	struct whole *w = *state;
	struct client c;
	uint64_t data, limit;

	start(w, &c, two);
	says(&c,
	     ADD("\"driver\":\"membar\",\"id\":\"ram\",\"addr\":9,"
		 "\"delay-us\":60000000"),
	     DONE);
	config(w, false, DEVFN, 0x18, BASE);
	config(w, false, DEVFN, 0x04, 0x6);
	fake_xen_ask(whole_end.xen, 1, &late);
	whole_ring();
	says(&c, DEL("ram"), DONE);
	assert_false(fake_xen_answer(whole_end.xen, 1, &data));
	whole_out(w, PCI_EJECT, 4, 1u << SLOT);
	limit = uv_hrtime() + TEST_LIMIT_NS;
	while (!fake_xen_answer(whole_end.xen, 1, &data)) {
		assert_true(uv_hrtime() < limit);
		uv_run(&w->loop, UV_RUN_NOWAIT);
	}
	assert_int_equal((uint32_t)data, 0xffffffff);
	client_close(&c);
}

static void
what_cannot_come_or_go_says_why(void **state)
{
	static const char *const more[] = {
		"-device", "i31154,id=br,addr=5",
		"-device", "membar,id=low,bus=br,addr=1",
		"-device", "membar,id=own,addr=9",
		NULL
	};
	struct whole *w = *state;
	struct client c;

	start(w, &c, more);
	says(&c, ADD("\"driver\":\"membar\""), "Parameter 'id' is missing");
	says(&c, ADD("\"driver\":\"nothing\",\"id\":\"a\""),
	     "'nothing' is not a valid device model name");
	says(&c, ADD("\"driver\":\"membar\",\"id\":\"own\""),
	     "Duplicate ID 'own'");
	says(&c, ADD("\"driver\":\"membar\",\"id\":\"a\",\"addr\":\"9\""),
	     "'a' cannot be made");
	says(&c, ADD("\"driver\":\"membar\",\"id\":\"a\",\"addr\":\"40\""),
	     "addr '40' is not SLOT.FUNCTION");
	says(&c, ADD("\"driver\":\"membar\",\"id\":\"a\",\"size\":\"x\""),
	     "'a' cannot be made");
	says(&c, ADD("\"driver\":\"debugcon\",\"id\":\"a\",\"port\":999"),
	     "'a' cannot be made");
	says(&c, ADD("\"driver\":\"ide-hd\",\"id\":\"a\",\"bus\":\"ide.0\""),
	     "'ide-hd' cannot be plugged in later");
	assert_false(whole_end.xen->isa[SCI]);
	says(&c, DEL("nobody"), "Device 'nobody' not found");
	says(&c, DEL("br"), "'br' stays");
	says(&c, DEL("low"), "behind a bridge");
	says(&c, DEL("own"), DONE);
	whole_out(w, PCI_EJECT, 4, 0xffffffff);
	assert_int_equal(config(w, true, DEVFN, 0, 0), 0xffffffff);
	assert_int_equal(config(w, true, 5 * 8, 0, 0), 0x537c8086);
	assert_int_equal(config(w, true, 1 * 8, 0, 0), 0x70008086);
	says(&c, "{\"execute\":\"stop\"}", DONE);
	says(&c, ADD("\"driver\":\"membar\",\"id\":\"a\""), "stand still");
	client_close(&c);
}

#define NATIVE_CMD 0xd000u /* BARs of the IDE function in slot 8 */
#define NATIVE_CTL 0xd008u
#define NATIVE_DEVFN (8u * 8)
#define READ_SECTORS 0x20

/* A sector is on its way from the disk when the slot is ejected: what has
 * devices of its own stays, as they would be left with nothing. */
static void
a_controller_with_drives_stays(void **state)
{
	struct whole *w = *state;
	const char *const more[] = {
		"-drive",  whole_path(w, 0, "if=none,id=d,file=", "disk"),
		"-device", "piix3-ide,id=own,addr=8,native=on",
		"-device", "ide-hd,bus=own,index=0,drive=d",
		NULL
	};
	struct client c;
	uint64_t limit;

	start(w, &c, more);
	config(w, false, NATIVE_DEVFN, 0x10, NATIVE_CMD);
	config(w, false, NATIVE_DEVFN, 0x14, NATIVE_CTL);
	config(w, false, NATIVE_DEVFN, 0x04, 0x5);
	whole_out(w, NATIVE_CMD + 6, 1, 0xe0);
	whole_out(w, NATIVE_CMD + 2, 1, 1);
	whole_out(w, NATIVE_CMD + 3, 1, 3);
	whole_out(w, NATIVE_CMD + 4, 1, 0);
	whole_out(w, NATIVE_CMD + 5, 1, 0);
	whole_out(w, NATIVE_CMD + 7, 1, READ_SECTORS);
	whole_out(w, PCI_EJECT, 4, 1u << 8);
	limit = uv_hrtime() + TEST_LIMIT_NS;
	while (whole_in(w, NATIVE_CTL + 2, 1) != 0x58) {
		assert_true(uv_hrtime() < limit);
		uv_run(&w->loop, UV_RUN_NOWAIT);
	}
	assert_int_equal(whole_in(w, NATIVE_CMD, 2), 0x0303);
	says(&c, DEL("own"), "'own' stays");
	client_close(&c);
}

#define ADD_CPU(n)                                                             \
	ADD("\"driver\":\"vcpu\",\"id\":\"cpu-" n "\",\"socket-id\":" n        \
	    ",\"core-id\":0,\"thread-id\":0")

static void
a_processor_comes(void **state)
{
	static const char *const more[] = { "-smp", "1,maxcpus=3", NULL };
	struct whole *w = *state;
	struct client c;

	start(w, &c, more);
	assert_int_equal(whole_in(w, CPU_MAP, 1), 1);
	says(&c, ADD_CPU("2"), DONE);
	take_event(w, GPE_CPU);
	assert_int_equal(whole_in(w, CPU_MAP, 1), 5);
	says(&c, "{\"execute\":\"query-cpus-fast\"}", "\"cpu-index\": 2");
	assert_null(strstr(c.answer, "\"cpu-index\": 1"));
	says(&c, ADD_CPU("2"), "Processor 2 is on line already");
	says(&c, ADD_CPU("3"), "There is no processor 3");
	client_close(&c);
}

static void
a_guest_sleeps_and_is_woken(void **state)
{
	static const char *const more[] = { "-device", "membar,id=own,addr=9",
					    NULL };
	struct whole *w = *state;
	struct client c;

	start(w, &c, more);
	config(w, false, DEVFN, 0x10, BASE);
	says(&c, "{\"execute\":\"system_wakeup\"}", "Unable to wake up");
	whole_out(w, PM1A_CNT, 2, SLEEP_S3);
	assert_true(whole_end.xen->asleep);
	says(&c, "{\"execute\":\"query-status\"}", "suspended");
	says(&c, "{\"execute\":\"system_wakeup\"}", DONE);
	assert_false(whole_end.xen->asleep);
	says(&c, "{\"execute\":\"query-status\"}", "running");
	/* what hvmloader set, and nobody else does */
	assert_int_equal(config(w, true, IDE, IDETIM, 0), 0x80008000);
	/* power was gone; SeaBIOS looks here for why it starts */
	assert_int_equal(config(w, true, DEVFN, 0x10, 0) & ~0xfu, 0);
	whole_out(w, CMOS, 1, SHUTDOWN);
	assert_int_equal(whole_in(w, CMOS + 1, 1), 0xfe);
	client_close(&c);
}

int
main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
#define T(fn) cmocka_unit_test_setup_teardown(fn, whole_setup, whole_teardown)
		T(a_plugin_comes_and_goes_again_and_again),
		T(a_process_of_its_own_comes_and_goes),
		T(a_process_that_was_not_named_does_not_come),
		T(what_is_wrong_with_one_that_comes_later_shows_at_the_start),
		T(an_access_in_handover_is_answered_with_ones),
		T(what_cannot_come_or_go_says_why),
		T(a_controller_with_drives_stays),
		T(a_processor_comes),
		T(a_guest_sleeps_and_is_woken),
	};

	if (argc < 2) {
		fprintf(stderr, "usage: %s PLUGIN-FOLDER\n", argv[0]);
		return 2;
	}
	plugin_dir = argv[1];
	whole_find_peer(plugin_dir);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
