/* SPDX-License-Identifier: MIT */
/* dma-engine as its driver sees it while all goes well. */
#include "test_driver.h"

/* ---- what it is ----------------------------------------------------- */

static void
it_has_the_identity_of_its_data_sheet(struct bench *b)
{
	assert_int_equal(bench_cfg_read(b, ID, 0, 4), 0x11ea1234);
	assert_int_equal(bench_cfg_read(b, ID, 8, 4), 0x08800001);
	assert_int_equal(bench_cfg_read(b, ID, BAR(0), 4), 0xc);
	assert_int_equal(bench_cfg_read(b, ID, 0x3d, 1), 1);
	assert_int_equal(bench_cfg_read(b, ID, 0x34, 1), MSI);
	assert_int_equal(bench_cfg_read(b, ID, MSI, 4), 0x01809805);
	assert_int_equal(bench_cfg_read(b, ID, MSIX, 4), 0x00070011);
	assert_int_equal(bench_cfg_read(b, ID, MSIX + 4, 4), 4);
	place(b);
	assert_int_equal(get(b, 0x00), 0x11ea1234);
	assert_int_equal(get(b, 0x04), 1);
	assert_int_equal(get(b, 0x800), 0);
}

static void
its_memory_takes_every_width_and_bursts(struct bench *b)
{
	uint8_t out[4096], in[4096];
	unsigned n;

	place(b);
	for (n = 1; n <= 8; n *= 2) {
		bench_write(b, IOEMU_MEM, CARD + 64, n, 0x8877665544332211);
		assert_true(bench_read(b, IOEMU_MEM, CARD + 64, n) ==
			    (0x8877665544332211 & UINT64_MAX >> (64 - 8 * n)));
	}
	fill(out, sizeof(out), 1);
	card_write(b, SIZE - 4096, out, 4096);
	card_read(b, SIZE - 4096, in, 4096);
	assert_memory_equal(in, out, 4096);
}

/* ---- moving --------------------------------------------------------- */

static void
a_list_gathers_guest_memory(struct bench *b)
{
	static uint8_t want[24104], got[24104];
	uint8_t *ram = bench_ram(b);

	fill(want, sizeof(want), 7);
	memcpy(ram + 0x30000, want, 20000);
	memcpy(ram + 0x20ffe, want + 20000, 4100);
	memcpy(ram + 0x10001, want + 24100, 4);
	place(b);
	desc_at(b, 0, 0x30000, 20000);
	desc_at(b, 1, 0x20ffe, 4100);
	desc_at(b, 2, 0x10001, 4);
	set(b, CARD_START, 0x1000);
	assert_int_equal(run(b, 3), DONE | INTERRUPT);
	assert_true(get64(b, SUM) == sum_of(want, sizeof(want)));
	assert_true(get64(b, BYTES_IN) == sizeof(want));
	assert_true(get64(b, BYTES_OUT) == 0);
	assert_int_equal(get(b, INDEX), 3);
	card_read(b, 0x1000, got, sizeof(got));
	assert_memory_equal(got, want, sizeof(want));
	card_read(b, 0, got, 4);
	assert_int_equal(ioemu_get_le32(got), 0);
}

static void
a_list_scatters_over_guest_memory(struct bench *b)
{
	static uint8_t data[SIZE];
	const uint8_t *ram = bench_ram(b);

	fill(data, sizeof(data), 3);
	place(b);
	card_write(b, 0, data, SIZE);
	desc_at(b, 0, 0x50003, 50000);
	desc_flags(b, 0, TO_GUEST);
	desc_at(b, 1, 0x40000, SIZE - 50000);
	desc_flags(b, 1, TO_GUEST);
	assert_int_equal(run(b, 2), DONE | INTERRUPT);
	assert_memory_equal(ram + 0x50003, data, 50000);
	assert_memory_equal(ram + 0x40000, data + 50000, SIZE - 50000);
	assert_true(get64(b, SUM) == sum_of(data, SIZE));
	assert_true(get64(b, BYTES_OUT) == SIZE);
}

static void
one_list_goes_both_ways_and_bytes_add_up(struct bench *b)
{
	uint8_t data[8192];
	uint8_t *ram = bench_ram(b);

	fill(data, sizeof(data), 9);
	memcpy(ram + 0x10000, data, 4096);
	place(b);
	card_write(b, 4096, data + 4096, 4096);
	desc_at(b, 0, 0x10000, 4096);
	desc_at(b, 1, 0x20000, 4096);
	desc_flags(b, 1, TO_GUEST);
	assert_int_equal(run(b, 2), DONE | INTERRUPT);
	assert_memory_equal(ram + 0x20000, data + 4096, 4096);
	assert_true(get64(b, SUM) == sum_of(data, sizeof(data)));
	assert_int_equal(run(b, 2), DONE | INTERRUPT);
	assert_true(get64(b, BYTES_IN) == 8192);
	assert_true(get64(b, BYTES_OUT) == 8192);
}

static void
the_last_descriptor_ends_a_list(struct bench *b)
{
	place(b);
	desc_at(b, 0, 0x10000, 64);
	desc_at(b, 1, 0x10000, 64);
	desc_flags(b, 1, LAST);
	desc_at(b, 2, 0, 0); /* would be an error */
	assert_int_equal(run(b, 3), DONE | INTERRUPT);
	assert_true(get64(b, BYTES_IN) == 128);
	assert_int_equal(get(b, INDEX), 2);
}

static void
the_longest_list_is_256_descriptors(struct bench *b)
{
	static uint8_t got[SIZE];
	uint8_t *ram = bench_ram(b);
	unsigned i;

	place(b);
	for (i = 0; i < 256; i++) {
		desc_at(b, i, 0x10000 + (255 - i) * 256, 256);
		fill(ram + 0x10000 + (255 - i) * 256, 256, i);
	}
	assert_int_equal(run(b, 256), DONE | INTERRUPT);
	card_read(b, 0, got, SIZE);
	for (i = 0; i < 256; i++)
		assert_memory_equal(got + i * 256,
				    ram + 0x10000 + (255 - i) * 256, 256);
}

/* ---- interrupts ----------------------------------------------------- */

static void
the_pin_shows_the_interrupt_bit(struct bench *b)
{
	place(b);
	desc_at(b, 0, 0x10000, 64);
	run(b, 1);
	assert_true(bench_intx(b, ID));
	set(b, CONTROL, 0);
	assert_false(bench_intx(b, ID));
	set(b, CONTROL, INTERRUPTS);
	assert_true(bench_intx(b, ID));
	set(b, STATUS, DONE);
	assert_true(bench_intx(b, ID));
	set(b, STATUS, INTERRUPT);
	assert_false(bench_intx(b, ID));
	assert_int_equal(get(b, STATUS), 0);
	assert_int_equal(bench_msi_count(b), 0);
}

static void
vector_on(struct bench *b, unsigned v, uint32_t data)
{
	bench_write(b, IOEMU_MEM, TABLE + 16 * v, 8, 0xfee00000);
	bench_write(b, IOEMU_MEM, TABLE + 16 * v + 8, 8, data);
	bench_cfg_write(b, ID, MSIX, 4, MSIX_ENABLE);
}

static void
messages_tell_of_descriptors_and_of_the_end(struct bench *b)
{
	place(b);
	vector_on(b, 5, 0x4055);
	set(b, VECTOR, 5);
	desc_at(b, 0, 0x10000, 64);
	desc_flags(b, 0, TELL);
	desc_at(b, 1, 0x10000, 40000);
	desc_at(b, 2, 0x20000, 64);
	desc_flags(b, 2, TO_GUEST | TELL);
	desc_at(b, 3, 0x10000, 64);
	desc_flags(b, 3, TELL);
	assert_int_equal(run(b, 4), DONE | INTERRUPT);
	assert_int_equal(bench_msi_count(b), 3);
	assert_int_equal(bench_msi_data(b), 0x4055);
	assert_false(bench_intx(b, ID));
	set(b, VECTOR, 8 + 5); /* three bits */
	assert_int_equal(get(b, VECTOR), 5);
}

static void
a_masked_vector_waits(struct bench *b)
{
	place(b);
	vector_on(b, 0, 0x4040);
	bench_write(b, IOEMU_MEM, TABLE + 12, 4, 1);
	desc_at(b, 0, 0x10000, 64);
	run(b, 1);
	assert_int_equal(bench_msi_count(b), 0);
	assert_int_equal(bench_read(b, IOEMU_MEM, TABLE + 8 * 16, 8), 1);
	bench_write(b, IOEMU_MEM, TABLE + 12, 4, 0);
	assert_int_equal(bench_msi_count(b), 1);
	assert_int_equal(bench_msi_data(b), 0x4040);
}

static void
without_enable_nothing_is_told(struct bench *b)
{
	place(b);
	vector_on(b, 0, 0x4040);
	desc_at(b, 0, 0x10000, 64);
	set(b, LENGTH, 1);
	set(b, CONTROL, START);
	assert_int_equal(wait_idle(b), DONE | INTERRUPT);
	bench_cfg_write(b, ID, MSIX, 4, 0);
	assert_int_equal(bench_msi_count(b), 0);
	assert_false(bench_intx(b, ID));
}

static const char *const devices[] = { SPEC, NULL };

static const struct bench_test tests[] = {
	BENCH_TEST(it_has_the_identity_of_its_data_sheet),
	BENCH_TEST(its_memory_takes_every_width_and_bursts),
	BENCH_TEST(a_list_gathers_guest_memory),
	BENCH_TEST(a_list_scatters_over_guest_memory),
	BENCH_TEST(one_list_goes_both_ways_and_bytes_add_up),
	BENCH_TEST(the_last_descriptor_ends_a_list),
	BENCH_TEST(the_longest_list_is_256_descriptors),
	BENCH_TEST(the_pin_shows_the_interrupt_bit),
	BENCH_TEST(messages_tell_of_descriptors_and_of_the_end),
	BENCH_TEST(a_masked_vector_waits),
	BENCH_TEST(without_enable_nothing_is_told),
};

int
main(int argc, char **argv)
{
	return bench_main(argc, argv, devices, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
