/* SPDX-License-Identifier: MIT */
/* DMA as drivers do it and as nobody should. */
#include "test_guest.h"

/* ---- DMA ---- */

static void
the_dma_register_reads_its_signature(struct bench *b)
{
	assert_int_equal(bench_in32(b, DMA_HIGH), 0x554d4551); /* "QEMU" */
	assert_int_equal(bench_in32(b, DMA_LOW), 0x47464320);  /* " CFG" */
	assert_int_equal(bench_in8(b, DMA_LOW + 3), 'G');
	assert_int_equal(bench_in16(b, DMA_LOW + 2), 0x4746);
}

static void
dma_reads_an_item_it_selects(struct bench *b)
{
	assert_int_equal(dma_item(b, 0, 4, BUFFER), 0);
	assert_memory_equal(bench_ram(b) + BUFFER, "QEMU", 4);
}

static void
dma_goes_on_where_ports_stopped_and_back(struct bench *b)
{
	select_item(b, 0);
	assert_int_equal(bench_in8(b, DATA), 'Q');
	assert_int_equal(dma(b, CTL_READ, 2, BUFFER), 0);
	assert_memory_equal(bench_ram(b) + BUFFER, "EM", 2);
	assert_int_equal(bench_in8(b, DATA), 'U');
}

static void
dma_skips(struct bench *b)
{
	assert_int_equal(dma(b, CTL_SELECT | CTL_SKIP, 3, 0), 0);
	assert_int_equal(bench_in8(b, DATA), 'U');
	assert_int_equal(dma(b, CTL_SELECT | CTL_SKIP, UINT32_MAX, 0), 0);
	assert_int_equal(bench_in8(b, DATA), 0);
}

static void
dma_that_only_selects_moves_nothing(struct bench *b)
{
	memset(bench_ram(b) + BUFFER, 0xaa, 16);
	assert_int_equal(dma(b, 1u << 16 | CTL_SELECT, 16, BUFFER), 0);
	assert_int_equal(bench_ram(b)[BUFFER], 0xaa);
	assert_int_equal(bench_in8(b, DATA), 3);
}

static void
dma_of_no_bytes_moves_nothing(struct bench *b)
{
	memset(bench_ram(b) + BUFFER, 0xaa, 16);
	assert_int_equal(dma_item(b, 0, 0, BUFFER), 0);
	assert_int_equal(bench_ram(b)[BUFFER], 0xaa);
}

static void
dma_fills_up_with_zeros(struct bench *b)
{
	uint8_t *p = bench_ram(b) + BUFFER;

	memset(p, 0xaa, 10000);
	assert_int_equal(dma_item(b, 0, 9999, BUFFER), 0);
	assert_memory_equal(p, "QEMU", 4);
	assert_int_equal(p[4], 0);
	assert_int_equal(p[9998], 0);
	assert_int_equal(p[9999], 0xaa);

	assert_int_equal(dma_item(b, 0x3abc, 4, BUFFER), 0);
	assert_int_equal(ioemu_get_le32(p), 0);
}

static void
dma_writes_are_errors(struct bench *b)
{
	struct file file;

	assert_int_equal(dma(b, CTL_SELECT | CTL_WRITE, 4, BUFFER), CTL_ERROR);
	assert_true(find_file(b, "bootorder", &file));
	assert_int_equal(dma(b,
			     (uint32_t)file.key << 16 | CTL_SELECT | CTL_WRITE,
			     4, BUFFER),
			 CTL_ERROR);
	assert_int_equal(bench_in8(b, DATA), '/');
}

static void
reading_wins_over_writing_and_skipping(struct bench *b)
{
	assert_int_equal(
		dma(b, CTL_SELECT | CTL_READ | CTL_WRITE | CTL_SKIP, 4, BUFFER),
		0);
	assert_memory_equal(bench_ram(b) + BUFFER, "QEMU", 4);
}

static void
the_high_half_counts_for_one_operation(struct bench *b)
{
	put_desc(b, CTL_SELECT | CTL_READ, 4, BUFFER);
	bench_out32(b, DMA_HIGH, swap32(1));
	start_dma(b); /* at 4 GiB + DESC: nothing there */
	bench_settle(b);
	bench_advance(b, TURN_NS);
	assert_int_equal(control_field(b), CTL_SELECT | CTL_READ);

	start_dma(b);
	assert_int_equal(wait_dma(b), 0);
	assert_memory_equal(bench_ram(b) + BUFFER, "QEMU", 4);
}

static void
narrow_writes_of_the_address_start_nothing(struct bench *b)
{
	uint8_t *desc = bench_ram(b) + 0x70000; /* 0x0700 swapped */

	put_desc(b, CTL_SELECT | CTL_READ, 4, BUFFER);
	memcpy(desc, bench_ram(b) + DESC, 16);
	bench_out16(b, DMA_LOW, 0x0700);
	bench_settle(b);
	bench_out16(b, DMA_LOW + 2, 0x0070);
	bench_out8(b, DMA_LOW + 3, 0);
	bench_settle(b);
	bench_advance(b, TURN_NS);
	assert_int_equal(swap32(ioemu_get_le32(desc)), CTL_SELECT | CTL_READ);
	assert_int_equal(control_field(b), CTL_SELECT | CTL_READ);
}

static void
a_second_operation_meanwhile_is_refused(struct bench *b)
{
	uint8_t *other = bench_ram(b) + DESC + 0x100;

	put_desc(b, 0x11u << 16 | CTL_SELECT | CTL_READ, KERNEL_SIZE, BUFFER);
	memcpy(other, bench_ram(b) + DESC, 16);
	start_dma(b);
	bench_out32(b, DMA_LOW, swap32(DESC + 0x100));
	bench_settle(b);
	assert_int_equal(swap32(ioemu_get_le32(other)), CTL_ERROR);
	assert_int_equal(wait_dma(b), 0);
	assert_pattern(bench_ram(b) + BUFFER, SETUP_SIZE, KERNEL_SIZE);
}

static void
a_long_transfer_leaves_the_guest_its_time(struct bench *b)
{
	put_desc(b, 0x12u << 16 | CTL_SELECT | CTL_READ, INITRD_SIZE, BUFFER);
	start_dma(b);
	bench_settle(b);
	assert_int_not_equal(control_field(b) & ~CTL_ERROR, 0);
	assert_int_equal(bench_in32(b, DMA_HIGH), 0x554d4551);
	assert_int_equal(wait_dma(b), 0);
	assert_pattern(bench_ram(b) + BUFFER, 0, INITRD_SIZE);
}

static void
selecting_in_mid_transfer_harms_nobody_else(struct bench *b)
{
	put_desc(b, 0x12u << 16 | CTL_SELECT | CTL_READ, INITRD_SIZE, BUFFER);
	start_dma(b);
	bench_settle(b);
	select_item(b, 0);
	bench_in8(b, DATA);
	assert_int_equal(wait_dma(b), 0);
	the_signature_reads_qemu(b);
}

/* ---- hostile guests ---- */

static void
dma_past_the_end_of_the_address_space_is_an_error(struct bench *b)
{
	assert_int_equal(dma_item(b, 0, 16, UINT64_MAX - 14), CTL_ERROR);
	assert_int_equal(dma_item(b, 0, UINT32_MAX, UINT64_MAX), CTL_ERROR);
	assert_int_equal(dma_item(b, 0, 16, UINT64_MAX - 15), 0);
}

static void
dma_to_where_there_is_no_memory_is_lost(struct bench *b)
{
	assert_int_equal(dma_item(b, 0x12, INITRD_SIZE, BENCH_RAM_SIZE), 0);
	assert_int_equal(dma_item(b, 0x12, INITRD_SIZE, 0xfee00000), 0);
	assert_int_equal(dma_item(b, 0, 4, BENCH_RAM_SIZE - 2), 0);
	the_signature_reads_qemu(b);
}

static void
a_descriptor_where_there_is_no_memory_stops_nothing(struct bench *b)
{
	static const uint32_t nowhere[] = { BENCH_RAM_SIZE, BENCH_RAM_SIZE - 8,
					    0xfee00000, 0xfffffff1 };
	unsigned i;

	select_item(b, 0);
	for (i = 0; i < sizeof(nowhere) / sizeof(nowhere[0]); i++) {
		bench_out32(b, DMA_LOW, swap32(nowhere[i]));
		bench_settle(b);
		bench_advance(b, TURN_NS);
	}
	bench_out32(b, DMA_HIGH, UINT32_MAX);
	bench_out32(b, DMA_LOW, swap32(0xfffffff1)); /* wraps around */
	bench_settle(b);
	assert_int_equal(bench_in8(b, DATA), 'Q'); /* nothing was obeyed */
	assert_int_equal(dma_item(b, 0, 4, BUFFER), 0);
	assert_memory_equal(bench_ram(b) + BUFFER, "QEMU", 4);
}

static void
a_transfer_over_its_own_descriptor_ends(struct bench *b)
{
	assert_int_equal(dma_item(b, 0x12, 0x1000, DESC - 0x800), 0);
	the_signature_reads_qemu(b);
}

static void
endless_zeros_do_not_stop_the_guest(struct bench *b)
{
	unsigned i;

	put_desc(b, 0x3abcu << 16 | CTL_SELECT | CTL_READ, UINT32_MAX,
		 0x100000000);
	start_dma(b);
	for (i = 0; i < 10; i++) {
		bench_settle(b);
		bench_advance(b, TURN_NS);
		the_signature_reads_qemu(b);
	}
	assert_int_not_equal(control_field(b) & ~CTL_ERROR, 0);
}

int
main(int argc, char **argv)
{
	static const struct bench_test tests[] = {
		BENCH_TEST(the_dma_register_reads_its_signature),
		BENCH_TEST(dma_reads_an_item_it_selects),
		BENCH_TEST(dma_goes_on_where_ports_stopped_and_back),
		BENCH_TEST(dma_skips),
		BENCH_TEST(dma_that_only_selects_moves_nothing),
		BENCH_TEST(dma_of_no_bytes_moves_nothing),
		BENCH_TEST(dma_fills_up_with_zeros),
		BENCH_TEST(dma_writes_are_errors),
		BENCH_TEST(reading_wins_over_writing_and_skipping),
		BENCH_TEST(the_high_half_counts_for_one_operation),
		BENCH_TEST(narrow_writes_of_the_address_start_nothing),
		BENCH_TEST(a_second_operation_meanwhile_is_refused),
		BENCH_TEST(a_long_transfer_leaves_the_guest_its_time),
		BENCH_TEST(selecting_in_mid_transfer_harms_nobody_else),
		BENCH_TEST(dma_past_the_end_of_the_address_space_is_an_error),
		BENCH_TEST(dma_to_where_there_is_no_memory_is_lost),
		BENCH_TEST(a_descriptor_where_there_is_no_memory_stops_nothing),
		BENCH_TEST(a_transfer_over_its_own_descriptor_ends),
		BENCH_TEST(endless_zeros_do_not_stop_the_guest),
	};

	return main_with_kernel(argc, argv, tests,
				sizeof(tests) / sizeof(tests[0]));
}
