/* SPDX-License-Identifier: MIT */
/*
 * A plugin of an earlier release: one of this IOEMU_ABI does here, in every
 * mode of the bench, what it did there; one of another is refused by a message
 * that says which. argv[1] is the folder of built plugins; those of releases
 * are in ../tests/abi beside it. tests/abi/README.md.
 */
#include "host/host.h"
#include <ioemu/bench.h>

#include <dlfcn.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

#define ID "release-chip"
#define REGS 0xf0000000u
#define PORT 0x5a0u
#define MEMORY 0x3000u

#define REG_ID (REGS + 0x00)
#define REG_SCRATCH (REGS + 0x04)
#define REG_COMMAND (REGS + 0x08)
#define REG_ADDRESS (REGS + 0x0c)
#define REG_LATE (REGS + 0x10)

enum command {
	COMMAND_FETCH = 1,
	COMMAND_STORE,
	COMMAND_TICK,
	COMMAND_QUIET,
	COMMAND_MESSAGE,
	COMMAND_DISK,
	COMMAND_TEXT,
	COMMAND_LOG,
	COMMAND_SLEEP,
};

static void
put(struct bench *b, uint64_t reg, uint32_t value)
{
	bench_write(b, IOEMU_MEM, reg, 4, value);
}

static uint32_t
get(struct bench *b, uint64_t reg)
{
	return (uint32_t)bench_read(b, IOEMU_MEM, reg, 4);
}

static void
place(struct bench *b)
{
	bench_cfg_write(b, ID, 0x10, 4, REGS);
	bench_cfg_write(b, ID, 0x04, 2, 0x6); /* memory, bus master */
}

static void
its_function_has_its_properties(struct bench *b)
{
	char text[64];

	place(b);
	assert_int_equal(bench_cfg_read(b, ID, 0x00, 4), 0x00011234);
	assert_int_equal(bench_cfg_read(b, ID, 0x08, 4), 0xff000001);
	assert_int_equal(get(b, REG_ID), 0x11223344);
	put(b, REG_SCRATCH, 0x55667788);
	assert_int_equal(get(b, REG_SCRATCH), 0x55667788);
	assert_int_equal(bench_query(b, ID, "", text, sizeof(text)),
			 strlen(ID));
	assert_string_equal(text, ID);
	bench_reset(b, ID, IOEMU_RESET_BUS);
	place(b);
	assert_int_equal(get(b, REG_SCRATCH), 0);
}

static void
it_reads_and_writes_memory(struct bench *b)
{
	place(b);
	ioemu_put_le32(bench_ram(b) + MEMORY, 0xcafe0123);
	put(b, REG_ADDRESS, MEMORY);
	put(b, REG_COMMAND, COMMAND_FETCH);
	bench_settle(b);
	assert_int_equal(get(b, REG_SCRATCH), 0xcafe0123);
	put(b, REG_ADDRESS, MEMORY + 4);
	put(b, REG_COMMAND, COMMAND_STORE);
	bench_settle(b);
	assert_int_equal(ioemu_get_le32(bench_ram(b) + MEMORY + 4), 0xcafe0123);
}

static void
it_interrupts_after_a_while(struct bench *b)
{
	place(b);
	put(b, REG_COMMAND, COMMAND_TICK);
	bench_advance(b, 999999);
	assert_false(bench_intx(b, ID));
	bench_advance(b, 1);
	assert_true(bench_intx(b, ID));
	put(b, REG_COMMAND, COMMAND_QUIET);
	assert_false(bench_intx(b, ID));
	bench_cfg_write(b, ID, 0x84, 4, 0xfee00000);
	bench_cfg_write(b, ID, 0x8c, 2, 0x41);
	bench_cfg_write(b, ID, 0x82, 2, 1);
	put(b, REG_COMMAND, COMMAND_MESSAGE);
	assert_int_equal(bench_msi_count(b), 1);
	assert_int_equal(bench_msi_data(b), 0x41);
}

static void
it_answers_later(struct bench *b)
{
	place(b);
	put(b, REG_SCRATCH, 7);
	assert_int_equal(get(b, REG_LATE), 7);
}

static void
it_has_a_disk_and_a_byte_stream(struct bench *b)
{
	uint8_t out[4];

	place(b);
	ioemu_put_le32(bench_disk(b, "d0"), 0x0badd15c);
	put(b, REG_COMMAND, COMMAND_DISK);
	bench_settle(b);
	assert_int_equal(get(b, REG_SCRATCH), 0x0badd15c);
	put(b, REG_SCRATCH, 'x');
	put(b, REG_COMMAND, COMMAND_TEXT);
	assert_int_equal(bench_chr_output(b, "c0", out, sizeof(out)), 1);
	assert_int_equal(out[0], 'x');
	bench_chr_input(b, "c0", "a", 1);
	bench_settle(b);
	bench_chr_input(b, "c0", "b", 1);
	bench_settle(b);
	assert_int_equal(bench_in8(b, PORT), 'b');
	assert_int_equal(bench_in8(b, PORT + 1), 'a');
	assert_int_equal(bench_in8(b, PORT + 2), 0);
}

static void
it_logs_and_asks_for_power(struct bench *b)
{
	place(b);
	put(b, REG_SCRATCH, 5);
	put(b, REG_COMMAND, COMMAND_LOG);
	assert_non_null(strstr(bench_log(b), "scratch is 5\n"));
	put(b, REG_COMMAND, COMMAND_SLEEP);
	assert_int_equal(bench_power(b), IOEMU_POWER_SUSPEND);
}

static const char *const devices[] = {
	ID ",value=0x11223344,chardev=c0,drive=d0:64K", NULL
};

static const struct bench_test tests[] = {
	BENCH_TEST(its_function_has_its_properties),
	BENCH_TEST(it_reads_and_writes_memory),
	BENCH_TEST(it_interrupts_after_a_while),
	BENCH_TEST(it_answers_later),
	BENCH_TEST(it_has_a_disk_and_a_byte_stream),
	BENCH_TEST(it_logs_and_asks_for_power),
};

/* The first member of what a plugin exports is its IOEMU_ABI, in every one. */
static uint32_t
abi_of(const char *path)
{
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	const uint32_t *plugin = handle ? dlsym(handle, "ioemu_plugin") : NULL;
	uint32_t abi = plugin ? *plugin : 0;

	if (handle)
		dlclose(handle);
	return abi;
}

/* 0 if it is refused by a message that names both SDKs. */
static int
refused(const char *path, uint32_t abi)
{
	struct host_plugins *plugins;
	char versions[48];
	const char *why = "";
	bool ok;

	if (host_plugins_new(&plugins))
		return 1;
	snprintf(versions, sizeof(versions), "SDK %u, this is %u", abi,
		 IOEMU_ABI);
	ok = host_plugins_load(plugins, path, &why) == -EPROTO &&
	     strstr(why, versions);
	printf("%s: %s: %s\n", ok ? "ok" : "FAILED", path, why);
	host_plugins_free(plugins);
	return ok ? 0 : 1;
}

int
main(int argc, char **argv)
{
	glob_t found = { 0 };
	char pattern[512];
	int failed = 0;
	size_t i;

	if (argc != 2)
		return 2;
	snprintf(pattern, sizeof(pattern), "%s/../tests/abi/*.so", argv[1]);
	if (glob(pattern, 0, NULL, &found)) {
		fprintf(stderr, "no plugin of a release: %s\n", pattern);
		return 1;
	}
	for (i = 0; i < found.gl_pathc; i++) {
		char *args[] = { argv[0], found.gl_pathv[i], NULL };
		uint32_t abi = abi_of(args[1]);

		printf("%s: SDK %u\n", args[1], abi);
		failed |= abi == IOEMU_ABI
				  ? bench_main(2, args, devices, tests,
					       sizeof(tests) / sizeof(tests[0]))
				  : refused(args[1], abi);
	}
	globfree(&found);
	return failed;
}
