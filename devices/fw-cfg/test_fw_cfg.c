/* SPDX-License-Identifier: MIT */
/*
 * fw_cfg as firmware, boot ROM and hostile guests use it. The kernel and the
 * initrd are made up here, in memory files; what is in them is counted bytes.
 */
#include <ioemu/bench.h>

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SELECT 0x510
#define DATA 0x511
#define DMA_HIGH 0x514
#define DMA_LOW 0x518

#define CTL_ERROR 0x01u
#define CTL_READ 0x02u
#define CTL_SKIP 0x04u
#define CTL_SELECT 0x08u
#define CTL_WRITE 0x10u

#define KEY_FILE_DIR 0x19

#define SETUP_SIZE 0x800u
#define KERNEL_SIZE 700001u /* the part that goes to 1 MiB */
#define INITRD_SIZE 1000003u
#define CMDLINE "console=ttyS0 quiet"

/* 16 MiB less the top 4, less the initrd, page aligned. */
#define INITRD_ADDR ((0xc00000u - INITRD_SIZE) & ~0xfffu)

#define DESC 0x7000u	 /* where the tests keep their descriptor */
#define BUFFER 0x300000u /* ... and what they read */

#define TURN_NS 1000u
#define MANY_TURNS 100000u

static uint32_t
swap32(uint32_t v)
{
	return __builtin_bswap32(v);
}

/* Byte i of a file: no two neighbouring pages are the same. */
static uint8_t
pattern(uint32_t i)
{
	return (uint8_t)(i * 7 + (i >> 8) * 13 + (i >> 16) * 29);
}

static void
assert_pattern(const uint8_t *p, uint32_t first, uint32_t len)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		if (p[i] != pattern(first + i))
			fail_msg("byte %u of %u is %02x, not %02x", i, len,
				 p[i], pattern(first + i));
}

static void
select_item(struct bench *b, uint16_t key)
{
	bench_out16(b, SELECT, key);
}

static void
read_bytes(struct bench *b, void *buf, unsigned len)
{
	uint8_t *p = buf;

	while (len--)
		*p++ = bench_in8(b, DATA);
}

static uint32_t
read_number(struct bench *b, uint16_t key)
{
	uint8_t p[4];

	select_item(b, key);
	read_bytes(b, p, sizeof(p));
	return get_le32(p);
}

/* ---- DMA as a driver does it ---- */

static void
put_desc(struct bench *b, uint32_t control, uint32_t len, uint64_t dest)
{
	uint8_t *p = bench_ram(b) + DESC;

	put_le32(p, swap32(control));
	put_le32(p + 4, swap32(len));
	put_le64(p + 8, __builtin_bswap64(dest));
}

static uint32_t
control_field(struct bench *b)
{
	return swap32(get_le32(bench_ram(b) + DESC));
}

static void
start_dma(struct bench *b)
{
	bench_out32(b, DMA_LOW, swap32(DESC));
}

/* Returns the control field at the end. */
static uint32_t
wait_dma(struct bench *b)
{
	unsigned i;

	for (i = 0; i < MANY_TURNS; i++) {
		if (!(control_field(b) & ~CTL_ERROR))
			return control_field(b);
		bench_settle(b);
		bench_advance(b, TURN_NS);
	}
	fail_msg("the transfer never ends");
	return 0;
}

static uint32_t
dma(struct bench *b, uint32_t control, uint32_t len, uint64_t dest)
{
	put_desc(b, control, len, dest);
	start_dma(b);
	return wait_dma(b);
}

static uint32_t
dma_item(struct bench *b, uint16_t key, uint32_t len, uint64_t dest)
{
	return dma(b, (uint32_t)key << 16 | CTL_SELECT | CTL_READ, len, dest);
}

/* ---- files ---- */

struct file {
	uint32_t size;
	uint16_t key;
};

static bool
find_file(struct bench *b, const char *name, struct file *file)
{
	uint8_t entry[64], count[4];
	uint32_t n;

	select_item(b, KEY_FILE_DIR);
	read_bytes(b, count, sizeof(count));
	for (n = swap32(get_le32(count)); n; n--) {
		read_bytes(b, entry, sizeof(entry));
		if (strcmp((const char *)entry + 8, name) != 0)
			continue;
		file->size = swap32(get_le32(entry));
		file->key = __builtin_bswap16(get_le16(entry + 4));
		return true;
	}
	return false;
}

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
the_signature_reads_qemu(struct bench *b)
{
	char text[4];

	select_item(b, 0);
	read_bytes(b, text, sizeof(text));
	assert_memory_equal(text, "QEMU", 4);
}

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
	bench_string(b, IOEMU_IO, DATA, 1, 4, false, text);
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
	assert_int_equal(get_le16(rom), 0xaa55);
	assert_int_equal(rom[2] * 512u, file.size);
	assert_int_equal(sum_of(rom, file.size), 0);

	pnp = rom + get_le16(rom + 0x1a);
	assert_memory_equal(pnp, "$PnP", 4);
	assert_int_equal(pnp[5], 2);
	assert_int_equal(sum_of(pnp, 32), 0);
	assert_int_not_equal(get_le16(pnp + 0x1a), 0);
	assert_string_equal((const char *)rom + get_le16(pnp + 0x10), "Linux");
}

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
	assert_int_equal(get_le32(p), 0);
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
	assert_int_equal(swap32(get_le32(desc)), CTL_SELECT | CTL_READ);
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
	assert_int_equal(swap32(get_le32(other)), CTL_ERROR);
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
	assert_int_equal(get_le16(p + 0x224) + 0x200, 0xe000);
	assert_int_equal(get_le32(p + 0x218), INITRD_ADDR);
	assert_int_equal(get_le32(p + 0x21c), INITRD_SIZE);
	assert_int_equal(get_le32(p + 0x228), read_number(b, 0x13));
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
		size = get_le32(ram + BUFFER);
		assert_int_equal(dma_item(b, pieces[i][1], 4, BUFFER), 0);
		addr = get_le32(ram + BUFFER);
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
			bench_read(b, IOEMU_IO, port, size);
		else
			bench_write(b, IOEMU_IO, port, size, seed);
	}
	bench_settle(b);
	the_signature_reads_qemu(b);
}

/* ---- the devices ---- */

/* A file of counted bytes, by a path that lives as long as this process. */
static int
make_file(uint32_t size)
{
	int fd = memfd_create("file", 0);
	uint32_t i;
	uint8_t *p;

	if (fd < 0 || ftruncate(fd, size))
		return -1;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return -1;
	for (i = 0; i < size; i++)
		p[i] = pattern(i);
	munmap(p, size);
	return fd;
}

/* Protocol 2.15, 4 sectors of setup, needs 2 MiB at 1 MiB. */
static int
make_kernel(void)
{
	static const struct {
		uint16_t offset;
		uint32_t value;
	} header[] = {
		{ 0x1f0, 0x00000300 }, /* setup_sects */
		{ 0x1fc, 0xaa550000 }, { 0x202, 0x53726448 },
		{ 0x206, 0x0000020f }, { 0x210, 0x00000100 },
		{ 0x22c, 0x7fffffff }, { 0x238, 2047 },
		{ 0x258, 0x00100000 }, { 0x25c, 0 },
		{ 0x260, 0x00200000 },
	};
	int fd = make_file(SETUP_SIZE + KERNEL_SIZE);
	uint8_t p[4];
	unsigned i;

	for (i = 0; i < sizeof(header) / sizeof(header[0]); i++) {
		put_le32(p, header[i].value);
		if (pwrite(fd, p, 4, header[i].offset) != 4)
			return -1;
	}
	return fd;
}

int
main(int argc, char **argv)
{
	static char text[256];
	static const char *const with_kernel[] = { text, NULL };
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
		BENCH_TEST(the_setup_header_tells_the_kernel_where_things_are),
		BENCH_TEST(a_boot_rom_gets_everything_in_place),
		BENCH_TEST(the_kernel_can_be_read_twice),
		BENCH_TEST_WITH(without_a_kernel_there_is_nothing_to_boot,
				without),
		BENCH_TEST(dma_past_the_end_of_the_address_space_is_an_error),
		BENCH_TEST(dma_to_where_there_is_no_memory_is_lost),
		BENCH_TEST(a_descriptor_where_there_is_no_memory_stops_nothing),
		BENCH_TEST(a_transfer_over_its_own_descriptor_ends),
		BENCH_TEST(endless_zeros_do_not_stop_the_guest),
		BENCH_TEST(any_port_takes_any_width_and_value),
	};
	int kernel = make_kernel(), initrd = make_file(INITRD_SIZE);

	if (kernel < 0 || initrd < 0)
		return 1;
	snprintf(text, sizeof(text),
		 "fw-cfg,kernel=/proc/self/fd/%d,initrd=/proc/self/fd/%d,"
		 "append=" CMDLINE ",memory=16",
		 kernel, initrd);
	return bench_main(argc, argv, with_kernel, tests,
			  sizeof(tests) / sizeof(tests[0]));
}
