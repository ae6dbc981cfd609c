/* SPDX-License-Identifier: MIT */
/*
 * Seeded streams of what a guest may do, as tests/fuzz/fuzz_ide.c tries them.
 * argv: PLUGIN.so [COUNT [SEED]].
 */
#include "../../../tests/fuzz/ide_guest.h"

#include <stdio.h>
#include <stdlib.h>

#define COUNT 1500u
#define MAX_SIZE 600u

static struct host_plugins *plugins;
static unsigned count = COUNT;
static uint64_t first = 1;

/* splitmix64 */
static uint64_t
next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static void
no_stream_of_steps_breaks_anything(void **state)
{
	uint8_t data[MAX_SIZE];
	unsigned n;

	(void)state;
	for (n = 0; n < count; n++) {
		uint64_t seed = first + n, r = seed;
		size_t size = next(&r) % MAX_SIZE, i;

		for (i = 0; i < size; i++)
			data[i] = (uint8_t)next(&r);
		fprintf(stderr, "seed %llu\r", (unsigned long long)seed);
		ide_guest_run(plugins, data, size);
	}
}

int
main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_stream_of_steps_breaks_anything),
	};
	const char *why;
	int rc;

	if (argc > 2)
		count = (unsigned)strtoul(argv[2], NULL, 0);
	if (argc > 3)
		first = strtoull(argv[3], NULL, 0);
	if (argc < 2 || host_plugins_new(&plugins) ||
	    host_plugins_load(plugins, argv[1], &why))
		return EXIT_FAILURE;
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	host_plugins_free(plugins);
	return rc;
}
