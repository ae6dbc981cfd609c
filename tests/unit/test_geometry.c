/* SPDX-License-Identifier: MIT */
/*
 * Disk geometries: what SeaBIOS then makes of them (src/block.c,
 * setup_translation()) is in the comments.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/geometry.h"

#define MIB (1024 * 1024 / GEOMETRY_SECTOR)
#define GIB (1024ull * MIB)

static uint8_t first[GEOMETRY_SECTOR];

/* An entry of the partition table that ends at that head and sector. */
static void
entry(unsigned i, uint8_t end_head, uint8_t end_sec, uint8_t n_sectors)
{
	uint8_t *p = first + 446 + (size_t)16 * i;

	first[510] = 0x55;
	first[511] = 0xaa;
	p[5] = end_head;
	p[6] = end_sec;
	p[12] = n_sectors;
}

static int
setup(void **state)
{
	(void)state;
	memset(first, 0, sizeof(first));
	return 0;
}

static void
is(uint64_t sectors, unsigned cyls, unsigned heads, unsigned secs,
   const char *translation)
{
	struct geometry g;

	geometry_guess(sectors, first, &g);
	assert_int_equal(g.cyls, cyls);
	assert_int_equal(g.heads, heads);
	assert_int_equal(g.secs, secs);
	assert_string_equal(g.translation, translation);
}

/* How SeaBIOS then counts: cylinders/heads/sectors of INT 13h, which it logs.
 * "lba": 63 sectors, and the first of 16, 32, 64, 128, 255 heads with which the
 * disk has no more than 1024 cylinders; "large": heads are doubled until then.
 */
static void
int13_counts(uint64_t sectors, const char *lchs)
{
	unsigned cyls, heads, secs;
	struct geometry g;
	char text[32];

	geometry_guess(sectors, first, &g);
	cyls = g.cyls;
	heads = g.heads;
	secs = g.secs;
	if (!strcmp(g.translation, "lba")) {
		uint64_t tracks = sectors / 63;

		secs = 63;
		for (heads = 16; heads < 255 && tracks / 1024 > heads;)
			heads = heads == 128 ? 255 : 2 * heads;
		cyls = (unsigned)(tracks / heads);
	}
	while (!strcmp(g.translation, "large") && cyls > 1024) {
		cyls /= 2;
		heads *= 2;
	}
	snprintf(text, sizeof(text), "%u/%u/%u", cyls < 1024 ? cyls : 1024,
		 heads, secs);
	assert_string_equal(text, lchs);
}

static void
firmware_counts_as_under_other_device_models(void **state)
{
	(void)state;
	int13_counts(64 * MIB, "130/16/63");
	int13_counts(3 * GIB, "780/128/63");
	int13_counts(5 * GIB, "652/255/63");
	int13_counts(200 * GIB, "1024/255/63");
	entry(0, 254, 63, 1);
	int13_counts(64 * MIB, "130/16/63");
	int13_counts(3 * GIB, "780/128/63");
}

static void
without_a_table_the_size_decides(void **state)
{
	(void)state;
	is(64 * MIB, 130, 16, 63, "none");
	is(1024 * 16 * 63, 1024, 16, 63, "none");
	is(1025 * 16 * 63, 1025, 16, 63, "lba");
	is(3 * GIB, 6241, 16, 63, "lba");    /* 780/128/63 */
	is(5 * GIB, 10402, 16, 63, "lba");   /* 652/255/63 */
	is(200 * GIB, 16383, 16, 63, "lba"); /* 1024/255/63 */
}

static void
a_table_of_translated_heads_means_large_or_lba(void **state)
{
	(void)state;
	entry(0, 254, 63, 1);
	is(64 * MIB, 130, 16, 63, "large");
	is(8192 * 16 * 63, 8192, 16, 63, "large");
	is(8193 * 16 * 63, 8193, 16, 63, "lba");
	is(5 * GIB, 10402, 16, 63, "lba");
}

static void
a_table_of_the_drives_own_heads_is_its_geometry(void **state)
{
	(void)state;
	entry(2, 7, 0xc0 | 32, 1); /* upper bits are of the cylinder */
	is(20 * MIB, 160, 8, 32, "none");
}

static void
entries_that_say_nothing_are_passed_over(void **state)
{
	(void)state;
	entry(0, 254, 63, 0);  /* no partition */
	entry(1, 0, 63, 1);    /* one head: not the end of a cylinder */
	entry(2, 14, 0xc0, 1); /* no sector */
	is(64 * MIB, 130, 16, 63, "none");
	entry(3, 15, 63, 1);
	is(64 * MIB, 130, 16, 63, "none");
	is(5 * GIB, 10402, 16, 63, "none");
	is(20 * GIB, 16383, 16, 63, "lba"); /* more cylinders than there are */
	first[510] = 0;
	is(5 * GIB, 10402, 16, 63, "lba");
}

static void
the_smallest_disks_have_two_cylinders(void **state)
{
	(void)state;
	is(1, 2, 16, 63, "none");
	entry(0, 254, 63, 1);
	is(1, 2, 16, 63, "none");
}

static void
an_image_is_looked_at_and_nothing_else(void **state)
{
	char path[] = "/tmp/ioemu-geometry-XXXXXX";
	int fd = mkstemp(path);
	struct geometry g;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(geometry_of(path, &g), -EINVAL); /* empty */
	assert_int_equal(ftruncate(fd, 3ll << 30), 0);
	assert_int_equal(geometry_of(path, &g), 0);
	assert_int_equal(g.cyls, 6241);
	assert_int_equal(unlink(path), 0);
	close(fd);
	assert_int_equal(geometry_of(path, &g), -ENOENT);
	assert_int_equal(geometry_of("/tmp", &g), -EINVAL);
	assert_int_equal(geometry_of("/dev/null", &g), -EINVAL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(
			firmware_counts_as_under_other_device_models, setup),
		cmocka_unit_test_setup(without_a_table_the_size_decides, setup),
		cmocka_unit_test_setup(
			a_table_of_translated_heads_means_large_or_lba, setup),
		cmocka_unit_test_setup(
			a_table_of_the_drives_own_heads_is_its_geometry, setup),
		cmocka_unit_test_setup(entries_that_say_nothing_are_passed_over,
				       setup),
		cmocka_unit_test_setup(the_smallest_disks_have_two_cylinders,
				       setup),
		cmocka_unit_test_setup(an_image_is_looked_at_and_nothing_else,
				       setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
