/* SPDX-License-Identifier: MIT */
/* A PCI function as software finds it in configuration space. */
#include "support/fake_host.h"

#define COMMAND 0x04
#define STATUS 0x06
#define HEADER 0x0e
#define BAR(i) (0x10 + 4 * (i))
#define ROM 0x30
#define CAPS 0x34
#define MSI 0x80
#define MSI_CONTROL (MSI + 2)

#define IO 0x1u
#define MEM 0x2u
#define MASTER 0x4u
#define INTX_OFF 0x400u

struct chip {
	unsigned written_at, written_len, n_written;
	bool veto; /* the hook takes MEM decoding back */
};

static struct fake fake;
static struct hostdev *hd;

static const struct ioemu_region ram = {
	.name = "ram",
	.size = 0x100000,
	.min = 1,
	.max = 8,
	.flags = IOEMU_PREFETCHABLE,
};

static const struct ioemu_region regs = {
	.name = "regs",
	.size = 0x1000,
	.min = 4,
	.max = 4,
};

static const struct ioemu_region ports = {
	.name = "ports",
	.size = 16,
	.min = 1,
	.max = 4,
};

static const struct ioemu_region huge = {
	.name = "huge",
	.size = 1ull << 33,
	.min = 1,
	.max = 8,
};

static const struct ioemu_region rom = {
	.name = "rom",
	.size = 0x10000,
	.min = 1,
	.max = 8,
};

static void
chip_written(struct ioemu_dev *dev, unsigned offset, unsigned len)
{
	struct chip *chip = ioemu_state(dev);

	chip->written_at = offset;
	chip->written_len = len;
	chip->n_written++;
	if (chip->veto)
		ioemu_config(dev)[COMMAND] &= (uint8_t)~MEM;
}

static int
chip_attach(struct ioemu_dev *dev)
{
	/* on the stack: ioemu_pci() copies all of it */
	struct ioemu_reg table[] = {
		{ .offset = 0x40,
		  .width = 4,
		  .reset = 0x12345678,
		  .writable = 0x0000ffff,
		  .clear = 0x00ff0000 },
		{ .offset = CAPS, .width = 1, .reset = 0x50 },
		{ .offset = 0x50, .width = 2, .reset = 0x0001 },
		{ .offset = 0x09, .width = 1, .reset = 0x80 },
		{ 0 },
	};
	struct ioemu_pci pci = {
		.vendor = 0x1234,
		.device = 0x5678,
		.subvendor = 0x1af4,
		.subdevice = 0x1100,
		.class_rev = 0xff000001,
		.intx_pin = 2,
		.msi_vectors = 4,
		.bar[0] = { IOEMU_BAR_MEM32, &ram },
		.bar[1] = { IOEMU_BAR_MEM32, &regs },
		.bar[2] = { IOEMU_BAR_IO, &ports },
		.bar[4] = { IOEMU_BAR_MEM64, &huge },
		.rom = &rom,
		.regs = table,
		.config_written = chip_written,
	};
	int rc = ioemu_pci(dev, &pci);

	memset(table, 0xee, sizeof(table));
	return rc;
}

static const struct host_type type = {
	.type = {
		IOEMU_TYPE(struct chip),
		.name = "chip",
		.summary = "",
		.attach = chip_attach,
	},
};

static int
setup(void **state)
{
	(void)state;
	hd = fake_device(&fake, &type);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	hostdev_free(hd);
	return 0;
}

static void
cfg(uint32_t reg, uint32_t size, uint32_t v)
{
	fake_cfg_write(hd, reg, size, v);
}

#define expect_cfg(reg, size, v)                                               \
	assert_int_equal(fake_cfg_read(hd, (reg), (size)), (v))
#define expect_events(text) assert_string_equal(fake_events(&fake), (text))

/* ---- header -------------------------------------------------------- */

static void
the_header_says_what_it_is(void **state)
{
	(void)state;
	expect_cfg(0, 4, 0x56781234);
	expect_cfg(8, 4, 0xff008001); /* prog-if preset by a register */
	expect_cfg(0x2c, 4, 0x11001af4);
	expect_cfg(HEADER, 1, 0);
	expect_cfg(0x3d, 1, 2);
	assert_int_equal(hostdev_intx_pin(hd), 2);
	hostdev_set_multifunction(hd);
	expect_cfg(HEADER, 1, 0x80);
	hostdev_reset(hd, IOEMU_RESET_BUS);
	expect_cfg(HEADER, 1, 0x80);
}

static void
read_only_bytes_stay(void **state)
{
	static const uint8_t at[] = { 0x00, 0x02, 0x08, 0x0a, HEADER,
				      0x2c, 0x2e, CAPS, 0x3d };
	uint32_t was;
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(at); i++) {
		was = fake_cfg_read(hd, at[i], 1);
		cfg(at[i], 1, ~was);
		expect_cfg(at[i], 1, was);
	}
	cfg(0x3c, 1, 11);
	expect_cfg(0x3c, 1, 11);
}

static void
any_width_and_offset_reads_the_same_bytes(void **state)
{
	unsigned reg;

	(void)state;
	for (reg = 0; reg < 253; reg++)
		assert_int_equal(fake_cfg_read(hd, reg, 4),
				 fake_cfg_read(hd, reg, 1) |
					 fake_cfg_read(hd, reg + 1, 1) << 8 |
					 fake_cfg_read(hd, reg + 2, 2) << 16);
	assert_int_equal(fake_cfg_read(hd, 254, 4) >> 16, 0xffff);
	assert_int_equal(fake_cfg_read(hd, 256, 4), UINT32_MAX);
}

static void
registers_of_the_device_follow_their_masks(void **state)
{
	(void)state;
	expect_cfg(0x40, 4, 0x12345678);
	cfg(0x40, 4, 0xff30abcd);
	expect_cfg(0x40, 4, 0x1204abcd);
	hostdev_reset(hd, IOEMU_RESET_BUS);
	expect_cfg(0x40, 4, 0x12345678);
}

static void
the_device_hears_of_writes(void **state)
{
	struct chip *chip = hd->dev.state;

	(void)state;
	cfg(0x41, 2, 0);
	assert_int_equal(chip->n_written, 2); /* not aligned: two */
	cfg(0x44, 4, 0);
	assert_int_equal(chip->written_at, 0x44);
	assert_int_equal(chip->written_len, 4);
	fake_cfg_read(hd, 0x44, 4);
	assert_int_equal(chip->n_written, 3);
}

static void
what_the_hook_changes_counts(void **state)
{
	struct chip *chip = hd->dev.state;

	(void)state;
	cfg(BAR(0), 4, 0xf0000000);
	cfg(COMMAND, 2, MEM);
	expect_events("+ram@f0000000");
	chip->veto = true;
	cfg(0x44, 1, 0);
	expect_events("-ram");
}

static void
error_bits_of_status_are_cleared_by_ones(void **state)
{
	(void)state;
	ioemu_config(&hd->dev)[STATUS + 1] = 0x20; /* master abort */
	cfg(STATUS, 2, 0);
	expect_cfg(STATUS, 2, 0x2010);
	cfg(STATUS, 2, 0x2000);
	expect_cfg(STATUS, 2, 0x0010);
}

/* ---- BARs ---------------------------------------------------------- */

static void
bars_tell_their_size_and_kind(void **state)
{
	(void)state;
	cfg(BAR(0), 4, UINT32_MAX);
	expect_cfg(BAR(0), 4, 0xfff00008);
	cfg(BAR(1), 4, UINT32_MAX);
	expect_cfg(BAR(1), 4, 0xfffff000);
	cfg(BAR(2), 4, UINT32_MAX);
	expect_cfg(BAR(2), 4, 0xfffffff1);
	cfg(BAR(3), 4, UINT32_MAX);
	expect_cfg(BAR(3), 4, 0);
	cfg(BAR(4), 4, UINT32_MAX);
	cfg(BAR(5), 4, UINT32_MAX);
	expect_cfg(BAR(4), 4, 0x00000004);
	expect_cfg(BAR(5), 4, 0xfffffffe);
	cfg(ROM, 4, 0xfffff800);
	expect_cfg(ROM, 4, 0xffff0000);
	expect_events("");
}

static void
a_bar_is_decoded_when_command_says_so(void **state)
{
	(void)state;
	cfg(BAR(0), 4, 0xf0000000);
	cfg(BAR(2), 4, 0xc000);
	expect_events("");
	cfg(COMMAND, 2, IO);
	expect_events("+ports@c000");
	cfg(COMMAND, 2, MEM);
	expect_events("-ports +ram@f0000000");
	cfg(COMMAND, 2, MEM);
	expect_events("");
	cfg(COMMAND, 1, 0);
	expect_events("-ram");
}

static void
a_bar_moves_byte_by_byte_or_at_once(void **state)
{
	(void)state;
	cfg(COMMAND, 2, MEM);
	cfg(BAR(0), 4, 0xf0000000);
	expect_events("+ram@f0000000");
	cfg(BAR(0) + 2, 1, 0x30);
	expect_events("-ram +ram@f0300000");
	cfg(BAR(0), 1, 0xff); /* below the size: nothing */
	expect_events("");
}

static void
all_that_goes_goes_before_what_comes(void **state)
{
	(void)state;
	cfg(BAR(0), 4, 0xf0000000);
	cfg(BAR(1), 4, 0xe0000000);
	cfg(BAR(2), 4, 0xc000);
	cfg(COMMAND, 2, IO);
	fake_events(&fake);
	cfg(COMMAND, 2, MEM);
	expect_events("-ports +ram@f0000000 +regs@e0000000");
	hostdev_reset(hd, IOEMU_RESET_BUS);
	expect_events("-ram -regs");
	expect_cfg(BAR(0), 4, 8);
	expect_cfg(COMMAND, 2, 0);
}

static void
a_bar_at_zero_or_past_the_end_is_not_decoded(void **state)
{
	(void)state;
	cfg(COMMAND, 2, IO | MEM);
	cfg(BAR(0), 4, 0);
	cfg(BAR(1), 4, UINT32_MAX); /* sizing with decoding on */
	cfg(BAR(0), 4, UINT32_MAX);
	cfg(BAR(2), 4, UINT32_MAX);
	cfg(BAR(2), 4, 0x10000);
	cfg(BAR(2), 4, 0xfff0);
	expect_events("");
	cfg(BAR(2), 4, 0xffe0);
	expect_events("+ports@ffe0");
}

static void
a_64_bit_bar_has_an_upper_half(void **state)
{
	(void)state;
	cfg(COMMAND, 2, MEM);
	cfg(BAR(5), 4, 0x10);
	expect_events("+huge@1000000000");
	cfg(BAR(5), 4, UINT32_MAX);
	expect_events("-huge");
	cfg(BAR(5), 4, 0x7f);
	expect_events("+huge@7e00000000");
	cfg(BAR(5), 4, 0);
	expect_events("-huge");
}

static void
the_rom_has_its_own_enable_bit(void **state)
{
	(void)state;
	cfg(COMMAND, 2, MEM);
	cfg(ROM, 4, 0xe0000000);
	expect_events("");
	cfg(ROM, 4, 0xe0000001);
	expect_events("+rom@e0000000");
	cfg(COMMAND, 2, 0);
	expect_events("-rom");
}

/* ---- interrupts ---------------------------------------------------- */

static void
intx_can_be_disabled(void **state)
{
	(void)state;
	ioemu_irq(&hd->dev, IOEMU_INTX, true);
	ioemu_irq(&hd->dev, IOEMU_INTX, true);
	expect_events("intx=1");
	expect_cfg(STATUS, 2, 0x0018);
	cfg(COMMAND, 2, INTX_OFF);
	expect_events("intx=0");
	expect_cfg(STATUS, 2, 0x0018); /* the bit shows the device's wish */
	cfg(COMMAND, 2, 0);
	expect_events("intx=1");
	ioemu_irq(&hd->dev, IOEMU_INTX, false);
	expect_events("intx=0");
	expect_cfg(STATUS, 2, 0x0010);
}

static void
msi_needs_enable_and_bus_master(void **state)
{
	(void)state;
	expect_cfg(CAPS, 1, MSI);
	expect_cfg(MSI, 4, 0x01845005); /* next is the device's own */
	ioemu_msi(&hd->dev, 0);
	cfg(COMMAND, 2, MASTER);
	ioemu_msi(&hd->dev, 0);
	expect_events("");
	cfg(MSI + 4, 4, 0xfee01003);
	cfg(MSI + 8, 4, 0x1);
	cfg(MSI + 12, 2, 0x4047);
	cfg(MSI_CONTROL, 2, 1);
	ioemu_msi(&hd->dev, 0);
	expect_events("msi=4047");
	assert_true(fake.msi_addr == 0x1fee01000);
	cfg(COMMAND, 2, 0);
	ioemu_msi(&hd->dev, 0);
	expect_events("");
}

static void
msi_vectors_are_those_granted(void **state)
{
	(void)state;
	cfg(COMMAND, 2, MASTER);
	cfg(MSI + 12, 2, 0x40);
	cfg(MSI_CONTROL, 2, 0x11); /* two */
	ioemu_msi(&hd->dev, 1);
	ioemu_msi(&hd->dev, 2);
	expect_events("msi=41 msi=40");
	cfg(MSI_CONTROL, 2, 0x71); /* a reserved value: all there are */
	ioemu_msi(&hd->dev, 3);
	ioemu_msi(&hd->dev, 31);
	expect_events("msi=43 msi=43");
}

static void
a_masked_vector_waits(void **state)
{
	(void)state;
	cfg(COMMAND, 2, MASTER);
	cfg(MSI_CONTROL, 2, 0x21);
	cfg(MSI + 16, 4, UINT32_MAX);
	expect_cfg(MSI + 16, 4, 0xf);
	ioemu_msi(&hd->dev, 1);
	ioemu_msi(&hd->dev, 1);
	ioemu_msi(&hd->dev, 3);
	expect_events("");
	expect_cfg(MSI + 20, 4, 0xa);
	cfg(MSI + 16, 4, 0x8);
	expect_events("msi=1");
	cfg(MSI + 16, 4, 0);
	expect_events("msi=3");
	expect_cfg(MSI + 20, 4, 0);
}

static void
with_msi_on_the_pin_is_quiet(void **state)
{
	(void)state;
	ioemu_irq(&hd->dev, IOEMU_INTX, true);
	expect_events("intx=1");
	cfg(MSI_CONTROL, 2, 1);
	expect_events("intx=0");
	cfg(MSI_CONTROL, 2, 0);
	expect_events("intx=1");
}

/* ---- functions that cannot be -------------------------------------- */

static const struct ioemu_pci *wrong;

static int
wrong_attach(struct ioemu_dev *dev)
{
	return ioemu_pci(dev, wrong);
}

static const struct host_type wrong_type = {
	.type = {
		IOEMU_TYPE(struct chip),
		.name = "wrong",
		.summary = "",
		.attach = wrong_attach,
	},
};

static void
a_function_that_cannot_be_is_refused(void **state)
{
	static const struct ioemu_region odd = {
		.name = "odd", .size = 24, .min = 1, .max = 4
	};
	static const struct ioemu_region wide = {
		.name = "wide", .size = 512, .min = 1, .max = 4
	};
	static const struct ioemu_region no_width = {
		.name = "no", .size = 16, .min = 4, .max = 3
	};
	static const struct ioemu_reg over_bar[] = {
		{ .offset = 0x12, .width = 4 }, { 0 }
	};
	static const struct ioemu_reg past_end[] = {
		{ .offset = 0xfe, .width = 4 }, { 0 }
	};
	static const struct ioemu_reg past_all[] = {
		{ .offset = 0xffe, .width = 4 }, { 0 }
	};
	static const struct ioemu_reg over_msi[] = {
		{ .offset = 0x94, .width = 4 }, { 0 }
	};
	static const struct ioemu_reg in_between[] = {
		{ .offset = 0x40, .width = 3 }, { 0 }
	};
	static const struct ioemu_reg over_rom[] = {
		{ .offset = 0x40, .width = 1 },
		{ .offset = 0x33, .width = 1 },
		{ 0 },
	};
	static const struct {
		struct ioemu_pci pci;
		const char *why; /* the member, and what it may be */
	} cases[] = {
		{ { .bar[0] = { IOEMU_BAR_MEM32, &odd } },
		  "bar[0]: 24 bytes: memory wants a power of two, 16 to "
		  "2147483648" },
		{ { .bar[4] = { IOEMU_BAR_MEM32, NULL } },
		  "bar[4]: region is NULL" },
		{ { .bar[0] = { (enum ioemu_bar_kind)7, &odd } },
		  "bar[0]: no kind 7" },
		{ { .bar[0] = { IOEMU_BAR_MEM32, &huge } },
		  "bar[0]: 8589934592 bytes: memory wants a power of two" },
		{ { .bar[0] = { IOEMU_BAR_MEM32, &no_width } },
		  "region 'no': min=4, max=3: each 1, 2, 4 or 8" },
		{ { .bar[0] = { IOEMU_BAR_IO, &wide } },
		  "bar[0]: 512 bytes: IO wants a power of two, 4 to 256" },
		{ { .bar[5] = { IOEMU_BAR_MEM64, &huge } },
		  "bar[5]: MEM64 takes the next one, too" },
		{ { .bar[2] = { IOEMU_BAR_MEM64, &huge },
		    .bar[3] = { IOEMU_BAR_IO, &ports } },
		  "bar[2]: MEM64 takes bar[3], too, which is used" },
		{ { .rom = &ports },
		  "rom: 16 bytes: a power of two, 2048 to "
		  "16777216" },
		{ { .rom = &huge }, "rom: 8589934592 bytes" },
		{ { .rom = &no_width }, "region 'no'" },
		{ { .intx_pin = 5 }, "intx_pin=5: 0 to 4" },
		{ { .msi_vectors = 3 }, "msi_vectors=3: 0, 1, 2, 4" },
		{ { .msi_vectors = 64 }, "msi_vectors=64" },
		{ { .msix_vectors = 65 }, "msix_vectors=65: 0 to 64" },
		{ { .msix_vectors = 1, .msix_bar = 6 }, "msix_bar=6: 0 to 5" },
		{ { .msix_vectors = 1, .bar[0] = { IOEMU_BAR_IO, &ports } },
		  "msix_bar=0: bar[0] is used" },
		{ { .regs = over_bar },
		  "regs[0] (offset 0x12, width 4): BARs, 0x10 to 0x27" },
		{ { .regs = over_rom },
		  "regs[1] (offset 0x33, width 1): the ROM's BAR" },
		{ { .regs = past_end }, "lies on both sides of 0x100" },
		{ { .regs = past_all }, "ends behind 0xfff" },
		{ { .regs = in_between }, "a width is 1, 2 or 4" },
		{ { .regs = over_msi, .msi_vectors = 1 },
		  "0x80 to 0x97 is the MSI capability" },
		{ { .bridge = true, .rom = &rom },
		  "bridge: its header has no "
		  "rom" },
		{ { .bridge = true, .intx_pin = 1 }, "no intx_pin" },
		{ { .bridge = true, .bar[2] = { IOEMU_BAR_IO, &ports } },
		  "no BAR above bar[1]" },
	};
	struct hostdev *other;
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		wrong = &cases[i].pci;
		assert_int_equal(hostdev_new(&fake_ops, &fake, &wrong_type, "x",
					     NULL, &other),
				 0);
		assert_int_equal(hostdev_attach(other), -EINVAL);
		if (!strstr(hostdev_why(other, -EINVAL), cases[i].why))
			fail_msg("'%s' is not '%s'",
				 hostdev_why(other, -EINVAL), cases[i].why);
		hostdev_free(other);
		expect_events("forget");
	}
	assert_int_equal(ioemu_pci(&hd->dev, &cases[0].pci), -EINVAL);
	assert_string_equal(hostdev_why(hd, -EINVAL),
			    "ioemu_pci() is for attach() only");
}

static void
random_writes_break_nothing(void **state)
{
	unsigned i;

	(void)state;
	srand(1);
	for (i = 0; i < 20000; i++) {
		fake.events[0] = '\0';
		cfg((uint32_t)rand() % 256, 1u << rand() % 3,
		    (uint32_t)rand() << 1 ^ (uint32_t)rand());
		ioemu_msi(&hd->dev, (unsigned)rand() % 64);
		ioemu_irq(&hd->dev, IOEMU_INTX, rand() & 1);
	}
	expect_cfg(0, 4, 0x56781234);
	hostdev_reset(hd, IOEMU_RESET_BUS);
	expect_cfg(MSI, 4, 0x01845005);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(the_header_says_what_it_is),
		TEST(read_only_bytes_stay),
		TEST(any_width_and_offset_reads_the_same_bytes),
		TEST(registers_of_the_device_follow_their_masks),
		TEST(the_device_hears_of_writes),
		TEST(what_the_hook_changes_counts),
		TEST(error_bits_of_status_are_cleared_by_ones),
		TEST(bars_tell_their_size_and_kind),
		TEST(a_bar_is_decoded_when_command_says_so),
		TEST(a_bar_moves_byte_by_byte_or_at_once),
		TEST(all_that_goes_goes_before_what_comes),
		TEST(a_bar_at_zero_or_past_the_end_is_not_decoded),
		TEST(a_64_bit_bar_has_an_upper_half),
		TEST(the_rom_has_its_own_enable_bit),
		TEST(intx_can_be_disabled),
		TEST(msi_needs_enable_and_bus_master),
		TEST(msi_vectors_are_those_granted),
		TEST(a_masked_vector_waits),
		TEST(with_msi_on_the_pin_is_quiet),
		TEST(a_function_that_cannot_be_is_refused),
		TEST(random_writes_break_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
