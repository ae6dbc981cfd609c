/* SPDX-License-Identifier: MIT */
/* MSI-X as a driver finds it: capability, table, masks, pending bits. */
#include "support/fake_host.h"

#define COMMAND 0x04
#define STATUS 0x06
#define CAPS 0x34
#define BAR(i) (0x10 + 4 * (i))
#define MEM 0x2u
#define MASTER 0x4u

#define OWN_CAP 0x50
#define MSI 0x80
#define MSI_CONTROL (MSI + 2)
#define MSIX 0x98
#define MSIX_CONTROL (MSIX + 2)
#define ENABLE 0x8000u
#define MASK_ALL 0x4000u

#define N_VECTORS 40u
#define ENTRY(v) (16u * (v))
#define ADDR(v) ENTRY(v)
#define DATA(v) (ENTRY(v) + 8)
#define CONTROL(v) (ENTRY(v) + 12)
#define PBA (16u * N_VECTORS)

struct chip {
	uint8_t unused;
};

static struct fake fake;
static struct hostdev *hd;

static const struct ioemu_region ram = {
	.name = "ram",
	.size = 0x1000,
	.min = 1,
	.max = 8,
};

static const struct ioemu_reg own_cap[] = {
	{ .offset = CAPS, .width = 1, .reset = OWN_CAP },
	{ .offset = OWN_CAP, .width = 2, .reset = 0x0001 },
	{ 0 },
};

static const struct ioemu_pci pci = {
	.vendor = 0x1234,
	.device = 0x5678,
	.intx_pin = 1,
	.msi_vectors = 2,
	.msix_vectors = N_VECTORS,
	.msix_bar = 2,
	.bar[0] = { IOEMU_BAR_MEM64, &ram },
	.regs = own_cap,
};

static int
chip_attach(struct ioemu_dev *dev)
{
	return ioemu_pci(dev, &pci);
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

/* What the BAR with that number shows. */
static struct host_window *
bar_window(unsigned i)
{
	struct host_window *w = hd->window;

	while (w->kind != HOST_WINDOW_BAR || w->index != i)
		w++;
	return w;
}

static uint64_t
table_read(uint32_t at, uint32_t size)
{
	uint8_t data[8] = { 0 };
	struct host_op op = {
		.window = bar_window(2),
		.offset = at,
		.data = data,
		.width = size,
		.count = 1,
		.done = fake_op_done,
	};

	host_op_start(&op);
	return ioemu_get_le64(data);
}

static void
table_write(uint32_t at, uint32_t size, uint64_t v)
{
	uint8_t data[8];
	struct host_op op = {
		.window = bar_window(2),
		.offset = at,
		.data = data,
		.width = size,
		.count = 1,
		.write = true,
		.done = fake_op_done,
	};

	ioemu_put_le64(data, v);
	host_op_start(&op);
}

#define expect_cfg(reg, size, v)                                               \
	assert_int_equal(fake_cfg_read(hd, (reg), (size)), (v))
#define expect_table(at, size, v) assert_true(table_read((at), (size)) == (v))
#define expect_events(text) assert_string_equal(fake_events(&fake), (text))

/* As a driver: MSI-X on, every vector v sends 0x4040 + v. */
static void
switch_on(void)
{
	unsigned v;

	cfg(COMMAND, 2, MASTER);
	cfg(MSIX_CONTROL, 2, ENABLE);
	for (v = 0; v < N_VECTORS; v++) {
		table_write(ADDR(v), 8, 0x1fee00000);
		table_write(DATA(v), 4, 0x4040 + v);
		table_write(CONTROL(v), 4, 0);
	}
	expect_events("");
}

/* The form in which a guest of Xen asks for the event of a pirq. */
static void
a_message_with_vector_0_is_not_masked_by_its_entry(void **state)
{
	(void)state;
	switch_on();
	table_write(CONTROL(1), 4, 1);
	ioemu_msi(&hd->dev, 1);
	expect_events("");
	table_write(DATA(1), 4, 0x4300);
	expect_events("msi=4300");
	cfg(MSIX_CONTROL, 2, ENABLE | MASK_ALL);
	ioemu_msi(&hd->dev, 1);
	expect_events("");
}

/* ---- what there is -------------------------------------------------- */

static void
the_list_has_msi_then_msix_then_the_device_s_own(void **state)
{
	(void)state;
	expect_cfg(STATUS, 2, 0x0010);
	expect_cfg(CAPS, 1, MSI);
	expect_cfg(MSI, 2, MSIX << 8 | 0x05);
	expect_cfg(MSIX, 2, OWN_CAP << 8 | 0x11);
	expect_cfg(OWN_CAP, 2, 0x0001);
	hostdev_reset(hd, IOEMU_RESET_BUS);
	expect_cfg(MSIX, 2, OWN_CAP << 8 | 0x11);
}

static void
the_capability_says_how_many_and_where(void **state)
{
	(void)state;
	expect_cfg(MSIX_CONTROL, 2, N_VECTORS - 1);
	expect_cfg(MSIX + 4, 4, 2);
	expect_cfg(MSIX + 8, 4, PBA | 2);
	cfg(MSIX_CONTROL, 2, 0xffff);
	expect_cfg(MSIX_CONTROL, 2, ENABLE | MASK_ALL | (N_VECTORS - 1));
	cfg(MSIX + 4, 4, UINT32_MAX);
	cfg(MSIX + 8, 4, UINT32_MAX);
	expect_cfg(MSIX + 4, 4, 2);
	expect_cfg(MSIX + 8, 4, PBA | 2);
}

static void
the_bar_is_a_page_of_32_bit_memory(void **state)
{
	(void)state;
	cfg(BAR(2), 4, UINT32_MAX);
	expect_cfg(BAR(2), 4, 0xfffff000);
	cfg(BAR(2), 4, 0xf0000000);
	cfg(COMMAND, 2, MEM);
	expect_events("+msix@f0000000");
}

static void
every_vector_is_masked_after_reset(void **state)
{
	unsigned v;

	(void)state;
	switch_on();
	hostdev_reset(hd, IOEMU_RESET_BUS);
	for (v = 0; v < N_VECTORS; v++) {
		expect_table(ADDR(v), 8, 0);
		expect_table(DATA(v), 8, 1ull << 32);
	}
	expect_table(PBA, 8, 0);
	expect_cfg(MSIX_CONTROL, 2, N_VECTORS - 1);
}

static void
the_table_takes_doublewords_and_quadwords(void **state)
{
	(void)state;
	table_write(ADDR(1), 8, 0x1122334455667788);
	expect_table(ADDR(1), 8, 0x1122334455667788);
	expect_table(ADDR(1) + 4, 4, 0x11223344);
	table_write(ADDR(1) + 1, 1, 0);
	table_write(ADDR(1) + 2, 2, 0);
	expect_table(ADDR(1), 8, 0x1122334455667788);
	expect_table(ADDR(1), 1, 0xff);
	table_write(DATA(1), 8, UINT64_MAX);
	expect_table(DATA(1), 8, 0x1ffffffff);
}

static void
reserved_bits_and_the_pending_bits_do_not_change(void **state)
{
	(void)state;
	table_write(ADDR(0), 4, UINT32_MAX);
	expect_table(ADDR(0), 4, ~3u);
	table_write(PBA, 8, UINT64_MAX);
	expect_table(PBA, 8, 0);
	table_write(PBA + 8, 8, UINT64_MAX);
	expect_table(PBA + 8, 8, 0);
	expect_table(0xff8, 8, 0);
}

/* ---- messages ------------------------------------------------------- */

static void
a_message_needs_enable_and_bus_master(void **state)
{
	(void)state;
	switch_on();
	ioemu_msi(&hd->dev, 3);
	expect_events("msi=4043");
	assert_true(fake.msi_addr == 0x1fee00000);
	cfg(COMMAND, 2, 0);
	ioemu_msi(&hd->dev, 3);
	cfg(COMMAND, 2, MASTER);
	cfg(MSIX_CONTROL, 2, 0);
	ioemu_msi(&hd->dev, 3);
	expect_events("");
	expect_table(PBA, 8, 0);
}

static void
a_vector_that_is_not_there_sends_nothing(void **state)
{
	(void)state;
	switch_on();
	ioemu_msi(&hd->dev, N_VECTORS - 1);
	ioemu_msi(&hd->dev, N_VECTORS);
	ioemu_msi(&hd->dev, UINT32_MAX);
	expect_events("msi=4067");
}

static void
a_masked_vector_waits_for_its_mask_to_go(void **state)
{
	(void)state;
	switch_on();
	table_write(CONTROL(2), 4, 1);
	table_write(CONTROL(39), 4, 1);
	ioemu_msi(&hd->dev, 2);
	ioemu_msi(&hd->dev, 2);
	ioemu_msi(&hd->dev, 39);
	ioemu_msi(&hd->dev, 1);
	expect_events("msi=4041");
	expect_table(PBA, 8, 1ull << 39 | 1 << 2);
	table_write(CONTROL(2), 4, 0);
	expect_events("msi=4042");
	/* data and mask in one: the new data is sent */
	table_write(DATA(39), 8, 0x5555);
	expect_events("msi=5555");
	expect_table(PBA, 8, 0);
	table_write(CONTROL(2), 4, 0);
	expect_events("");
}

static void
the_function_mask_holds_all_of_them(void **state)
{
	(void)state;
	switch_on();
	table_write(CONTROL(5), 4, 1);
	cfg(MSIX_CONTROL, 2, ENABLE | MASK_ALL);
	ioemu_msi(&hd->dev, 4);
	ioemu_msi(&hd->dev, 5);
	ioemu_msi(&hd->dev, 38);
	expect_events("");
	expect_table(PBA + 4, 4, 1 << (38 - 32));
	cfg(MSIX_CONTROL, 2, ENABLE);
	expect_events("msi=4044 msi=4066");
	expect_table(PBA, 8, 1 << 5);
}

static void
what_waits_goes_when_bus_master_comes_back(void **state)
{
	(void)state;
	switch_on();
	table_write(CONTROL(0), 4, 1);
	ioemu_msi(&hd->dev, 0);
	cfg(COMMAND, 2, 0);
	table_write(CONTROL(0), 4, 0);
	expect_events("");
	cfg(COMMAND, 2, MASTER);
	expect_events("msi=4040");
}

static void
msix_goes_before_msi_and_msi_before_nothing(void **state)
{
	(void)state;
	switch_on();
	cfg(MSI + 12, 2, 0x77);
	cfg(MSI_CONTROL, 2, 1);
	ioemu_msi(&hd->dev, 0);
	expect_events("msi=4040");
	cfg(MSIX_CONTROL, 2, 0);
	ioemu_msi(&hd->dev, 0);
	expect_events("msi=77");
	cfg(MSI_CONTROL, 2, 0);
	ioemu_msi(&hd->dev, 0);
	expect_events("");
}

static void
with_msix_on_the_pin_is_quiet(void **state)
{
	(void)state;
	ioemu_irq(&hd->dev, IOEMU_INTX, true);
	expect_events("intx=1");
	cfg(MSIX_CONTROL, 2, ENABLE);
	expect_events("intx=0");
	cfg(MSIX_CONTROL, 2, 0);
	expect_events("intx=1");
}

/* ---- saved state ---------------------------------------------------- */

static void
table_and_pending_bits_are_saved(void **state)
{
	uint8_t saved[4096];
	long n;

	(void)state;
	switch_on();
	table_write(CONTROL(39), 4, 1);
	ioemu_msi(&hd->dev, 39);
	n = hostdev_save(hd, saved, sizeof(saved));
	assert_true(n > 0);
	hostdev_free(hd);
	hd = fake_device(&fake, &type);
	assert_int_equal(hostdev_load(hd, saved, (size_t)n), 0);
	expect_events("");
	ioemu_msi(&hd->dev, 7);
	expect_events("msi=4047");
	expect_table(PBA, 8, 1ull << 39);
	table_write(CONTROL(39), 4, 0);
	expect_events("msi=4067");
}

/* ---- descriptions that cannot be ------------------------------------ */

static const struct ioemu_pci *described;
static size_t described_size;

static int
described_attach(struct ioemu_dev *dev)
{
	return dev->host->pci(dev, described, described_size);
}

static const struct host_type described_type = {
	.type = {
		IOEMU_TYPE(struct chip),
		.name = "chip",
		.summary = "",
		.attach = described_attach,
	},
};

static int
describe(const struct ioemu_pci *p, size_t size)
{
	described = p;
	described_size = size;
	hostdev_free(hd);
	hd = fake_new(&fake, &described_type);
	return hostdev_attach(hd);
}

static void
what_leaves_no_room_is_refused(void **state)
{
	static const struct ioemu_reg over[] = {
		{ .offset = MSIX + 11, .width = 1 },
		{ 0 },
	};
	static const struct ioemu_pci cases[] = {
		{ .msix_vectors = 65, .msix_bar = 1 },
		{ .msix_vectors = 1, .msix_bar = 6 },
		{ .msix_vectors = 1, .bar[0] = { IOEMU_BAR_MEM32, &ram } },
		{ .msix_vectors = 1,
		  .msix_bar = 1,
		  .bar[0] = { IOEMU_BAR_MEM64, &ram } },
		{ .msix_vectors = 1, .msix_bar = 2, .bridge = true },
		{ .msix_vectors = 1, .regs = over },
	};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(describe(&cases[i], sizeof(cases[i])),
				 -EINVAL);
}

static void
the_most_and_the_least_vectors_can_be(void **state)
{
	static const struct ioemu_pci most = { .msix_vectors = 64,
					       .msix_bar = 5 };
	static const struct ioemu_pci least = { .msix_vectors = 1 };

	(void)state;
	assert_int_equal(describe(&most, sizeof(most)), 0);
	expect_cfg(CAPS, 1, MSIX);
	expect_cfg(MSIX, 4, 0x003f0011);
	expect_cfg(MSIX + 8, 4, 1024 | 5);
	cfg(COMMAND, 2, MASTER);
	cfg(MSIX_CONTROL, 2, ENABLE | MASK_ALL);
	ioemu_msi(&hd->dev, 63);
	assert_int_equal(describe(&least, sizeof(least)), 0);
	expect_cfg(MSIX, 4, 0x00000011);
	expect_cfg(MSIX + 8, 4, 16);
}

static void
a_plugin_from_before_has_none(void **state)
{
	(void)state;
	assert_int_equal(describe(&pci, offsetof(struct ioemu_pci, bridge)), 0);
	expect_cfg(MSI, 2, OWN_CAP << 8 | 0x05);
	expect_cfg(BAR(2), 4, 0);
	cfg(MSIX_CONTROL, 2, ENABLE);
	expect_cfg(MSIX_CONTROL, 2, 0);
}

int
main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	static const struct CMUnitTest tests[] = {
		TEST(a_message_with_vector_0_is_not_masked_by_its_entry),
		TEST(the_list_has_msi_then_msix_then_the_device_s_own),
		TEST(the_capability_says_how_many_and_where),
		TEST(the_bar_is_a_page_of_32_bit_memory),
		TEST(every_vector_is_masked_after_reset),
		TEST(the_table_takes_doublewords_and_quadwords),
		TEST(reserved_bits_and_the_pending_bits_do_not_change),
		TEST(a_message_needs_enable_and_bus_master),
		TEST(a_vector_that_is_not_there_sends_nothing),
		TEST(a_masked_vector_waits_for_its_mask_to_go),
		TEST(the_function_mask_holds_all_of_them),
		TEST(what_waits_goes_when_bus_master_comes_back),
		TEST(msix_goes_before_msi_and_msi_before_nothing),
		TEST(with_msix_on_the_pin_is_quiet),
		TEST(table_and_pending_bits_are_saved),
		TEST(what_leaves_no_room_is_refused),
		TEST(the_most_and_the_least_vectors_can_be),
		TEST(a_plugin_from_before_has_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
