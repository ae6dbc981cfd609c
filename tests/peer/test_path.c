/* SPDX-License-Identifier: MIT */
/*
 * The way of the guest's accesses to a peer that is slow, or does not answer:
 * what they cost the guest, and what is remembered of them.
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

#include "pci/ecam.h"
#include "support/scripted_peer.h"

#define DEVFN 0x18u
#define BAR0 0x10u
#define COMMAND 0x04u
#define BASE 0xf0000000u
#define SIZE 0x10000u
#define GPA 0x2000u
#define CONFIG_ADDR ((uint64_t)DEVFN << 32)

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
	char spec[128];

	core_open(&f->core, plugin_dir);
	scripted_peer_init(&f->h);
	strcpy(f->dir, "/tmp/ioemu-path-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	snprintf(f->path, sizeof(f->path), "%s/p0", f->dir);
	snprintf(spec, sizeof(spec),
		 "peer,id=p0,slot=3,timeout-ms=50,listen=unix:%s", f->path);
	core_add_spec(&f->core, spec);
	scripted_peer_connect(&f->h, &f->core, f->path);
	scripted_peer_until_said(&f->h, LINK_RUN);
	scripted_peer_config_write(&f->h, DEVFN, BAR0, BASE);
	scripted_peer_config_write(&f->h, DEVFN, COMMAND, 6);
	scripted_peer_window(&f->h, f->h.id, 0, IOEMU_MEM, BASE, SIZE);
	assert_true(scripted_peer_alive(&f->h));
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

/* It lives, and answers PING, but not this: the string is one access of the
 * guest, and waits as long as one. */
static void
a_string_that_is_not_answered_waits_once(void **state)
{
	struct fix *f = *state;
	const struct request req = {
		.type = SLOT_COPY,
		.read = true,
		.addr = BASE,
		.data = GPA,
		.size = 4,
		.count = 1024,
		.ptr = true,
	};
	unsigned i;

	f->h.quiet = true;
	f->h.requests = 0;
	memset(f->core.xen->ram + GPA, 0, 4096);
	(void)scripted_peer_access(&f->h, &req);
	assert_int_equal(f->h.requests, 1);
	for (i = 0; i < 4096; i++)
		assert_int_equal(f->core.xen->ram[GPA + i], 0xff);
	assert_true(scripted_peer_alive(&f->h));
}

/* ---- configuration space as the guest wrote it --------------------- */

/* rep outsw to one register: the last element is what it holds. */
static void
of_a_string_to_a_register_the_last_element_counts(void **state)
{
	struct fix *f = *state;
	const struct request req = {
		.type = SLOT_CONFIG,
		.addr = CONFIG_ADDR | COMMAND,
		.data = GPA,
		.size = 2,
		.count = 3,
		.ptr = true,
	};
	uint8_t *ram = f->core.xen->ram + GPA;
	uint32_t v;

	assert_int_equal(scripted_peer_read(&f->h, f->h.id, 0, &v, 4), 0);
	ioemu_put_le16(ram, 6);
	ioemu_put_le16(ram + 2, 7);
	ioemu_put_le16(ram + 4, 2); /* no bus master any more */
	(void)scripted_peer_access(&f->h, &req);
	assert_int_equal(f->h.config[1], 2);
	assert_int_equal(scripted_peer_read(&f->h, f->h.id, 0, &v, 4), -EIO);
}

/* rep movsd through --ecam: each element is another register. */
static void
of_a_string_over_registers_each_element_counts(void **state)
{
	struct fix *f = *state;
	const struct request req = {
		.type = SLOT_COPY,
		.addr = ECAM_BASE + ((uint64_t)DEVFN << 12) + BAR0,
		.data = GPA,
		.size = 4,
		.count = 3,
		.ptr = true,
	};
	uint8_t *ram = f->core.xen->ram + GPA;
	struct ecam *ecam;
	unsigned i;

	assert_int_equal(
		ecam_new(f->core.env.routes, f->core.env.claims, &ecam), 0);
	for (i = 0; i < 3; i++)
		ioemu_put_le32(ram + 4 * i, BASE + i * SIZE);
	(void)scripted_peer_access(&f->h, &req);
	for (i = 0; i < 3; i++) {
		assert_int_equal(f->h.config[BAR0 / 4 + i], BASE + i * SIZE);
		scripted_peer_window(&f->h, f->h.id, (uint8_t)i, IOEMU_MEM,
				     BASE + i * SIZE, SIZE);
		assert_true(scripted_peer_alive(&f->h));
		assert_true(fake_xen_claims(f->core.xen, IOEMU_MEM,
					    BASE + i * SIZE));
	}
	ecam_free(ecam);
	claims_update(f->core.env.claims, IOEMU_MEM);
}

int
main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
		T(a_string_that_is_not_answered_waits_once),
		T(of_a_string_to_a_register_the_last_element_counts),
		T(of_a_string_over_registers_each_element_counts),
	};

	if (argc < 2) {
		fprintf(stderr, "usage: %s PLUGIN-FOLDER\n", argv[0]);
		return 2;
	}
	plugin_dir = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
