/* SPDX-License-Identifier: MIT */
#include "statuses.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PAGE 4096u
#define NOWHERE 0x80000000u

/* Registers of asker.c, and what it is asked for. */
#define GPA 0x00
#define LEN 0x08
#define ASK 0x0c
#define STATUS 0x10
#define OTHER 0x14
#define SECOND 0x18
#define ASK_DMA 1
#define ASK_WRITE 2
#define ASK_READ 3

static const char *plugin_dir;
static struct status_host *all;
static unsigned n_all;

static uint32_t
get(struct status_host *h, uint32_t at)
{
	return h->access(h, false, ASKER_BASE + at, NULL);
}

static void
put(struct status_host *h, uint32_t at, uint32_t v)
{
	(void)h->access(h, false, ASKER_BASE + at, &v);
}

/* ---- the driver --------------------------------------------------- */

static int
ask(struct status_host *h, uint32_t what, uint64_t gpa, uint32_t len,
    uint32_t second)
{
	unsigned i;

	put(h, GPA, (uint32_t)gpa);
	put(h, GPA + 4, (uint32_t)(gpa >> 32));
	put(h, LEN, len);
	put(h, SECOND, second);
	put(h, ASK, what);
	for (i = 0; get(h, ASK); i++) {
		assert_true(i < 1000000);
		h->turn(h);
	}
	return (int)get(h, STATUS);
}

static void
reads(struct status_host *h)
{
	assert_int_equal(ask(h, ASK_DMA, 0x1000, 64, 0), 0);
	assert_int_equal(get(h, OTHER), 64);
	/* of no bytes, anywhere */
	assert_int_equal(ask(h, ASK_DMA, NOWHERE, 0, 0), 0);
	assert_int_equal(ask(h, ASK_DMA, NOWHERE, 64, 0), EFAULT);
	assert_int_equal(get(h, OTHER), 0);
	assert_int_equal(ask(h, ASK_DMA, 0xfffffffffffff000, 64, 0), EFAULT);
	/* memory that ends in the middle gives nothing */
	assert_int_equal(ask(h, ASK_DMA, h->end - PAGE, 2 * PAGE, 0), EFAULT);
	assert_int_equal(get(h, OTHER), 0);
	assert_int_equal(ask(h, ASK_DMA, h->end - 32, 64, 0), EFAULT);
	assert_int_equal(get(h, OTHER), 0);
}

static void
disk_has(struct status_host *h, uint32_t at, uint32_t n, uint8_t v)
{
	uint8_t is[PAGE];
	uint32_t i;

	h->disk(h, is, at, n);
	for (i = 0; i < n; i++)
		assert_int_equal(is[i], v);
}

static void
writes(struct status_host *h)
{
	uint8_t first[PAGE];
	unsigned i;

	assert_int_equal(ask(h, ASK_WRITE, 0x1000, PAGE, 0), 0);
	disk_has(h, 0, PAGE, 0x5a);
	memset(h->ram + 0x2000, 0x33, PAGE);
	assert_int_equal(ask(h, ASK_WRITE, NOWHERE, PAGE, 0x2000), EFAULT);
	disk_has(h, 0, PAGE, 0x5a);
	disk_has(h, PAGE, PAGE, 0);
	assert_int_equal(ask(h, ASK_WRITE, 0x2000, PAGE, NOWHERE), EFAULT);
	disk_has(h, PAGE, PAGE, 0); /* the page before may be there */
	h->disk(h, first, 0, PAGE);
	for (i = 0; i < PAGE; i++)
		assert_true(first[i] == 0x5a || first[i] == 0x33);
}

static void
disk_reads(struct status_host *h)
{
	memset(h->ram + 0x2000, 0x33, PAGE);
	memset(h->ram + 0x4000, 0x77, PAGE);
	assert_int_equal(ask(h, ASK_WRITE, 0x2000, PAGE, 0x2000), 0);
	/* dropped where there is no memory, and goes on behind it */
	assert_int_equal(ask(h, ASK_READ, NOWHERE, PAGE, 0x4000), 0);
	assert_int_equal(h->ram[0x4000], 0x33);
	assert_int_equal(h->ram[0x4fff], 0x33);
}

static void
bus_master_off(struct status_host *h)
{
	const uint32_t off = 2;

	(void)h->access(h, true, 0x04, &off);
	assert_int_equal(ask(h, ASK_DMA, 0x1000, 64, 0), EFAULT);
	assert_int_equal(get(h, OTHER), 0);
	assert_int_equal(ask(h, ASK_WRITE, 0x1000, PAGE, 0), EFAULT);
	assert_int_equal(ask(h, ASK_READ, 0x1000, PAGE, 0), EFAULT);
	disk_has(h, 0, PAGE, 0);
	assert_int_equal(h->ram[0x1000], 0x5a);
}

/* ---- in each host ------------------------------------------------- */

static void
in_all(void (*test)(struct status_host *h))
{
	const uint32_t base = ASKER_BASE, command = 6;
	unsigned i;

	for (i = 0; i < n_all; i++) {
		struct status_host *h = &all[i];

		print_message("%s\n", h->name);
		h->up(h, plugin_dir);
		(void)h->access(h, true, 0x10, &base);
		(void)h->access(h, true, 0x04, &command);
		memset(h->ram, 0x5a, 16ul * PAGE);
		memset(h->ram + h->end - PAGE, 0x5a, PAGE);
		test(h);
		h->down(h);
	}
}

static void
memory_is_read_whole_or_reads_ones(void **state)
{
	(void)state;
	in_all(reads);
}

static void
a_disk_gets_nothing_that_is_no_memory(void **state)
{
	(void)state;
	in_all(writes);
}

static void
what_a_disk_reads_to_nowhere_is_dropped(void **state)
{
	(void)state;
	in_all(disk_reads);
}

static void
without_bus_master_nothing_moves(void **state)
{
	(void)state;
	in_all(bus_master_off);
}

int
statuses_main(int argc, char **argv, struct status_host *hosts, unsigned n)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_read_whole_or_reads_ones),
		cmocka_unit_test(a_disk_gets_nothing_that_is_no_memory),
		cmocka_unit_test(what_a_disk_reads_to_nowhere_is_dropped),
		cmocka_unit_test(without_bus_master_nothing_moves),
	};

	if (argc < 2) {
		fprintf(stderr, "usage: %s PLUGIN-FOLDER\n", argv[0]);
		return 2;
	}
	plugin_dir = argv[1];
	all = hosts;
	n_all = n;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
