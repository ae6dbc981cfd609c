/* SPDX-License-Identifier: MIT */
/* fw_cfg as firmware and boot ROM use it: the ports, the files, the kernel. DMA
 * is in test_dma.c. */
#include "test_guest.h"

static uint8_t
sum_of(const uint8_t *p, size_t len)
{
	uint8_t sum = 0;

	while (len--)
		sum = (uint8_t)(sum + *p++);
	return sum;
}

/* ---- the traditional interface ---- */

static void
the_features_are_ports_and_dma(struct bench *b)
{
	assert_int_equal(read_number(b, 1), 3);
}

static void
selecting_starts_an_item_over(struct bench *b)
{
	select_item(b, 0);
	assert_int_equal(bench_in8(b, DATA), 'Q');
	assert_int_equal(bench_in8(b, DATA), 'E');
	select_item(b, 0);
	assert_int_equal(bench_in8(b, DATA), 'Q');
}

static void
the_write_mode_bit_selects_the_same_item(struct bench *b)
{
	select_item(b, 0x4000);
	assert_int_equal(bench_in8(b, DATA), 'Q');
}

static void
past_the_end_there_are_zeros(struct bench *b)
{
	uint8_t text[8];

	select_item(b, 0);
	read_bytes(b, text, sizeof(text));
	assert_memory_equal(text, "QEMU\0\0\0\0", 8);
}

static void
an_item_that_is_not_there_reads_zeros(struct bench *b)
{
	/* what SeaBIOS asks for besides: UUID, NUMA, boot menu, ACPI, e820 */
	static const uint16_t keys[] = { 0x02,	 0x04,	 0x05,	 0x0d,	 0x0e,
					 0x0f,	 0x1000, 0x3fff, 0x8000, 0x8001,
					 0x8002, 0x8003, 0xffff };
	unsigned i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_int_equal(read_number(b, keys[i]), 0);
}

static void
a_string_read_takes_byte_after_byte(struct bench *b)
{
	char text[5] = { 0 };

	select_item(b, 0);
	bench_string(b, IOEMU_PIO, DATA, 1, 4, false, text);
	assert_string_equal(text, "QEMU");
}

static void
writing_data_changes_nothing(struct bench *b)
{
	select_item(b, 0);
	bench_out8(b, DATA, 'x');
	assert_int_equal(bench_in8(b, DATA), 'Q');
}

static void
other_widths_at_the_ports_read_ones_and_write_nothing(struct bench *b)
{
	select_item(b, 0);
	bench_out8(b, SELECT, 1);
	assert_int_equal(bench_in8(b, SELECT), 0xff);
	assert_int_equal(bench_in16(b, SELECT), 0xffff);
	assert_int_equal(bench_in8(b, DATA), 'Q');
}

static void
the_directory_lists_its_files_from_key_0x20(struct bench *b)
{
	struct file e820, order, rom;

	assert_true(find_file(b, "etc/e820", &e820));
	assert_true(find_file(b, "bootorder", &order));
	assert_true(find_file(b, "genroms/linuxboot.bin", &rom));
	assert_int_equal(e820.key, 0x20);
	assert_int_equal(order.key, 0x21);
	assert_int_equal(rom.key, 0x22);
	assert_int_equal(e820.size, 0);
	assert_false(find_file(b, "etc/table-loader", &e820));
}

static void
the_boot_order_names_the_rom(struct bench *b)
{
	char text[64] = { 0 };
	struct file file;

	assert_true(find_file(b, "bootorder", &file));
	assert_true(file.size < sizeof(text));
	select_item(b, file.key);
	read_bytes(b, text, file.size);
	assert_string_equal(text, "/rom@genroms/linuxboot.bin");
}

static void
the_rom_is_a_pnp_option_rom_with_a_boot_entry(struct bench *b)
{
	uint8_t *rom = bench_ram(b) + BUFFER;
	const uint8_t *pnp;
	struct file file;

	assert_true(find_file(b, "genroms/linuxboot.bin", &file));
	assert_int_equal(dma_item(b, file.key, file.size, BUFFER), 0);
	assert_int_equal(ioemu_get_le16(rom), 0xaa55);
	assert_int_equal(rom[2] * 512u, file.size);
	assert_int_equal(sum_of(rom, file.size), 0);

	pnp = rom + ioemu_get_le16(rom + 0x1a);
	assert_memory_equal(pnp, "$PnP", 4);
	assert_int_equal(pnp[5], 2);
	assert_int_equal(sum_of(pnp, 32), 0);
	assert_int_not_equal(ioemu_get_le16(pnp + 0x1a), 0);
	assert_string_equal((const char *)rom + ioemu_get_le16(pnp + 0x10),
			    "Linux");
}

/* ---- the kernel ---- */

static void
the_setup_header_tells_the_kernel_where_things_are(struct bench *b)
{
	uint8_t *p = bench_ram(b) + read_number(b, 0x16);
	uint32_t size = read_number(b, 0x17);

	assert_ptr_equal(p, bench_ram(b) + 0x10000);
	assert_int_equal(size, SETUP_SIZE);
	assert_int_equal(dma_item(b, 0x18, size, 0x10000), 0);
	assert_int_equal(p[0x210], 0xff);
	assert_int_equal(p[0x211], 0x81);
	assert_int_equal(ioemu_get_le16(p + 0x224) + 0x200, 0xe000);
	assert_int_equal(ioemu_get_le32(p + 0x218), INITRD_ADDR);
	assert_int_equal(ioemu_get_le32(p + 0x21c), INITRD_SIZE);
	assert_int_equal(ioemu_get_le32(p + 0x228), read_number(b, 0x13));
	assert_pattern(p + 0x300, 0x300, SETUP_SIZE - 0x300);
}

/* Every step of linuxboot.S, in its order. */
static void
a_boot_rom_gets_everything_in_place(struct bench *b)
{
	static const uint16_t pieces[][3] = {
		{ 0x17, 0x16, 0x18 },
		{ 0x14, 0x13, 0x15 },
		{ 0x08, 0x07, 0x11 },
		{ 0x0b, 0x0a, 0x12 },
	};
	const uint8_t *ram = bench_ram(b);
	uint32_t size, addr;
	unsigned i;

	for (i = 0; i < 4; i++) {
		assert_int_equal(dma_item(b, pieces[i][0], 4, BUFFER), 0);
		size = ioemu_get_le32(ram + BUFFER);
		assert_int_equal(dma_item(b, pieces[i][1], 4, BUFFER), 0);
		addr = ioemu_get_le32(ram + BUFFER);
		assert_int_equal(dma_item(b, pieces[i][2], size, addr), 0);
	}
	assert_string_equal((const char *)ram + 0x1e000, CMDLINE);
	assert_pattern(ram + 0x100000, SETUP_SIZE, KERNEL_SIZE);
	assert_pattern(ram + INITRD_ADDR, 0, INITRD_SIZE);
	assert_int_equal(ram[0x100000 + KERNEL_SIZE], 0);
	assert_int_equal(ram[INITRD_ADDR + INITRD_SIZE], 0);
}

static void
the_kernel_can_be_read_twice(struct bench *b)
{
	assert_int_equal(dma_item(b, 0x11, KERNEL_SIZE, BUFFER), 0);
	assert_int_equal(dma_item(b, 0x11, KERNEL_SIZE, BUFFER + 1), 0);
	assert_pattern(bench_ram(b) + BUFFER + 1, SETUP_SIZE, KERNEL_SIZE);
}

static void
without_a_kernel_there_is_nothing_to_boot(struct bench *b)
{
	struct file file;

	the_signature_reads_qemu(b);
	assert_true(find_file(b, "etc/e820", &file));
	assert_false(find_file(b, "bootorder", &file));
	assert_false(find_file(b, "genroms/linuxboot.bin", &file));
	assert_int_equal(read_number(b, 0x17), 0);
}

/* ---- hostile guests ---- */

static void
any_port_takes_any_width_and_value(struct bench *b)
{
	static const unsigned sizes[] = { 1, 2, 4 };
	uint32_t seed = 1;
	unsigned i, port, size;

	for (i = 0; i < 2000; i++) {
		seed = seed * 1664525 + 1013904223;
		port = SELECT + (seed >> 24) % 12;
		size = sizes[(seed >> 16) % 3];
		if (seed & 0x800)
			bench_read(b, IOEMU_PIO, port, size);
		else
			bench_write(b, IOEMU_PIO, port, size, seed);
	}
	bench_settle(b);
	the_signature_reads_qemu(b);
}

int
main(int argc, char **argv)
{
	static const char *const without[] = { "fw-cfg", NULL };
	static const struct bench_test tests[] = {
		BENCH_TEST(the_signature_reads_qemu),
		BENCH_TEST(the_features_are_ports_and_dma),
		BENCH_TEST(selecting_starts_an_item_over),
		BENCH_TEST(the_write_mode_bit_selects_the_same_item),
		BENCH_TEST(past_the_end_there_are_zeros),
		BENCH_TEST(an_item_that_is_not_there_reads_zeros),
		BENCH_TEST(a_string_read_takes_byte_after_byte),
		BENCH_TEST(writing_data_changes_nothing),
		BENCH_TEST(
			other_widths_at_the_ports_read_ones_and_write_nothing),
		BENCH_TEST(the_directory_lists_its_files_from_key_0x20),
		BENCH_TEST(the_boot_order_names_the_rom),
		BENCH_TEST(the_rom_is_a_pnp_option_rom_with_a_boot_entry),
		BENCH_TEST(the_setup_header_tells_the_kernel_where_things_are),
		BENCH_TEST(a_boot_rom_gets_everything_in_place),
		BENCH_TEST(the_kernel_can_be_read_twice),
		BENCH_TEST_WITH(without_a_kernel_there_is_nothing_to_boot,
				without),
		BENCH_TEST(any_port_takes_any_width_and_value),
	};

	return main_with_kernel(argc, argv, tests,
				sizeof(tests) / sizeof(tests[0]));
}
