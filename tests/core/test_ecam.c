/* SPDX-License-Identifier: MIT */
/* Configuration space as memory, of functions here and in a process. */
#include "support/machine_fixture.h"

#include <string.h>

#include "pci/ecam.h"
#include "support/core_fixture.h"

#define HERE (5u << 3)
#define THERE (6u << 3)
#define HOST_BRIDGE 0u
#define NOBODY (9u << 3)
#define WORDS                                                                  \
	"-device", "membar,addr=5,serial=0x1122334455667788", "-device",       \
		"membar,id=far,addr=6,serial=0x99aabbccddeeff00,isolate=on"
#define ONES 0xffffffffu

static const char *plugin_dir;

static uint64_t
place(unsigned devfn, unsigned reg)
{
	return ECAM_BASE + ((uint64_t)devfn << 12) + reg;
}

static uint64_t
mem(struct whole *w, bool read, uint64_t addr, uint32_t size, uint64_t data)
{
	struct request req = core_request(SLOT_COPY, read, addr, size, data);

	return whole_access(w, &req);
}

static uint32_t
get(struct whole *w, unsigned devfn, unsigned reg)
{
	return (uint32_t)mem(w, true, place(devfn, reg), 4, 0);
}

static uint32_t
by_ports(struct whole *w, unsigned devfn, unsigned reg)
{
	struct request req = core_request(
		SLOT_CONFIG, true, core_config_addr(0, devfn, reg), 4, 0);

	return (uint32_t)whole_access(w, &req);
}

static void
both_ways_lead_to_the_same(void **state)
{
	static const char *const words[] = { "--ecam", WORDS, NULL };
	static const unsigned devfn[] = { HOST_BRIDGE, HERE, THERE };
	struct whole *w = *state;
	unsigned i, reg;

	assert_int_equal(whole_start(w, plugin_dir, words), 0);
	assert_true(fake_xen_claims(whole_end.xen, IOEMU_MEM, ECAM_BASE));
	for (i = 0; i < sizeof(devfn) / sizeof(devfn[0]); i++)
		for (reg = 0; reg < 0x100; reg += 4)
			assert_int_equal(get(w, devfn[i], reg),
					 by_ports(w, devfn[i], reg));
	(void)mem(w, false, place(THERE, 0x10), 4, 0xf0000000);
	(void)mem(w, false, place(THERE, 0x04), 2, 0x0002);
	assert_int_equal(by_ports(w, THERE, 0x10), 0xf0000008);
	(void)mem(w, false, 0xf0000000, 4, 0x12345678);
	assert_int_equal(mem(w, true, 0xf0000000, 4, 0), 0x12345678);
}

static void
what_is_above_256_is_there(void **state)
{
	static const char *const words[] = { "--ecam", WORDS, NULL };
	static const unsigned devfn[] = { HERE, THERE };
	struct whole *w = *state;
	unsigned i;

	assert_int_equal(whole_start(w, plugin_dir, words), 0);
	for (i = 0; i < 2; i++) {
		assert_int_equal(get(w, devfn[i], 0x100), 0x11010003);
		(void)mem(w, false, place(devfn[i], 0x118), 4, 0xcafe0000 + i);
		(void)mem(w, false, place(devfn[i], 0x11a), 1, 0x55);
		assert_int_equal(get(w, devfn[i], 0x118), 0xca550000 + i);
		assert_int_equal(get(w, devfn[i], 0xffc), 0);
	}
	assert_int_equal(get(w, HERE, 0x108), 0x11223344);
	assert_int_equal(get(w, THERE, 0x108), 0x99aabbcc);
}

static void
nothing_else_is(void **state)
{
	static const char *const words[] = { "--ecam", WORDS, NULL };
	struct whole *w = *state;

	assert_int_equal(whole_start(w, plugin_dir, words), 0);
	assert_int_equal(get(w, NOBODY, 0), ONES);
	assert_int_equal(get(w, NOBODY, 0x100), ONES);
	assert_int_equal(get(w, HOST_BRIDGE, 0x100), 0);
	(void)mem(w, false, place(HOST_BRIDGE, 0x100), 4, ONES);
	assert_int_equal(get(w, 0xff00, 0), ONES);
	assert_int_equal(mem(w, true, place(HERE, 2), 4, 0), ONES);
	assert_int_equal(mem(w, true, place(HERE, 0xffe), 4, 0), ONES);
	assert_int_equal(mem(w, true, place(HERE, 0), 8, 0), UINT64_MAX);
}

/* A string of registers, and one that leaves its function. */
static void
strings_stay_in_their_function(void **state)
{
	static const char *const words[] = { "--ecam", WORDS, NULL };
	static const unsigned devfn[] = { HERE, THERE };
	struct whole *w = *state;
	struct request req;
	uint32_t data[4];
	unsigned i;

	assert_int_equal(whole_start(w, plugin_dir, words), 0);
	for (i = 0; i < 2; i++) {
		req = core_request(SLOT_COPY, true, place(devfn[i], 0x100), 4,
				   0x1000);
		req.count = 4;
		req.ptr = true;
		(void)whole_access(w, &req);
		memcpy(data, whole_end.xen->ram + 0x1000, sizeof(data));
		assert_int_equal(data[0], 0x11010003);
		assert_int_equal(data[2], get(w, devfn[i], 0x108));
		req.addr = place(devfn[i], 0xff8);
		(void)whole_access(w, &req);
		memcpy(data, whole_end.xen->ram + 0x1000, sizeof(data));
		assert_int_equal(data[0], ONES);
		assert_int_equal(data[3], ONES);
	}
}

static void
unasked_it_is_not_there(void **state)
{
	static const char *const words[] = { WORDS, NULL };
	struct whole *w = *state;

	assert_int_equal(whole_start(w, plugin_dir, words), 0);
	assert_false(fake_xen_claims(whole_end.xen, IOEMU_MEM, ECAM_BASE));
	assert_int_equal(get(w, HERE, 0), ONES);
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, whole_setup, whole_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(both_ways_lead_to_the_same),
		TEST(what_is_above_256_is_there),
		TEST(nothing_else_is),
		TEST(strings_stay_in_their_function),
		TEST(unasked_it_is_not_there),
	};

	plugin_dir = argc > 1 ? argv[1] : ".";
	whole_find_peer(plugin_dir);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
