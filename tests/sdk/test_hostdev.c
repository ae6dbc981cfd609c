/* SPDX-License-Identifier: MIT */
/* A device's life, and what its calls may and may not ask. */
#include "support/fake_host.h"

struct chip {
	const char *name;
	struct ioemu_chardev *chr;
	struct ioemu_block *disk;
	unsigned n_windows; /* to claim */
	int attach_rc;
	bool pci;
	int window_rc;
	struct ioemu_dma dma[2];
	struct ioemu_io io;
	struct ioemu_sg sg[2];
	uint8_t buf[8];
	unsigned n_done;
};

static struct fake fake;
static struct hostdev *hd;
static struct chip *chip;

static const struct ioemu_region ports = {
	.name = "ports",
	.size = 4,
	.min = 1,
	.max = 4,
};

static int
chip_attach(struct ioemu_dev *dev)
{
	static const struct ioemu_pci pci = { .vendor = 1, .intx_pin = 1 };
	struct chip *c = ioemu_state(dev);
	unsigned i;

	if (c->pci && ioemu_pci(dev, &pci))
		return -EINVAL;
	for (i = 0; i < c->n_windows && !c->window_rc; i++)
		c->window_rc =
			ioemu_window(dev, IOEMU_PIO, 0x100 + 4 * i, &ports);
	ioemu_log(dev, IOEMU_INFO, "attach");
	return c->attach_rc;
}

static void
chip_detach(struct ioemu_dev *dev)
{
	ioemu_log(dev, IOEMU_INFO, "detach");
	ioemu_irq(dev, 3, true);
}

static void
chip_reset(struct ioemu_dev *dev, enum ioemu_reset why)
{
	ioemu_log(dev, IOEMU_INFO, "reset%d", (int)why);
}

static void
chip_unplug(struct ioemu_dev *dev, unsigned what)
{
	ioemu_log(dev, IOEMU_INFO, "unplug%u", what);
}

static void
chip_hotplug(struct ioemu_dev *dev, unsigned slot, enum ioemu_hotplug what)
{
	ioemu_log(dev, IOEMU_INFO, "hotplug%d:%u", (int)what, slot);
}

static int
chip_medium(struct ioemu_dev *dev, struct ioemu_block *block,
	    enum ioemu_medium what)
{
	ioemu_log(dev, IOEMU_INFO, "medium%d", (int)what);
	return block ? -EBUSY : (int)IOEMU_MEDIUM_IS_OPEN;
}

static void
chip_input(struct ioemu_dev *dev, struct ioemu_chardev *chr,
	   const uint8_t *data, size_t len)
{
	(void)chr;
	ioemu_log(dev, IOEMU_INFO, "in:%.*s", (int)len, (const char *)data);
}

static int
chip_query(struct ioemu_dev *dev, const char *what, char *buf, size_t size)
{
	(void)dev;
	return strcmp(what, "text") ? -EINVAL : snprintf(buf, size, "hello");
}

static const struct ioemu_prop props[] = {
	IOEMU_PROP(struct chip, name, "none", ""),
	IOEMU_PROP(struct chip, chr, NULL, ""),
	IOEMU_PROP(struct chip, disk, NULL, ""),
	{ 0 },
};

static const struct host_type type = {
	.type = {
		IOEMU_TYPE(struct chip),
		.name = "chip",
		.summary = "",
		.props = props,
		.attach = chip_attach,
		.detach = chip_detach,
		.reset = chip_reset,
		.unplug = chip_unplug,
		.input = chip_input,
		.query = chip_query,
		.hotplug = chip_hotplug,
		.medium = chip_medium,
	},
};

static const struct host_type bare_type = {
	.type = {
		IOEMU_TYPE(struct chip),
		.name = "bare",
		.summary = "",
		.attach = chip_attach,
	},
};

static const struct host_type child_type = {
	.type = {
		IOEMU_TYPE(struct chip),
		.name = "child",
		.summary = "",
		.parent = "chip",
		.attach = chip_attach,
	},
};

static int
setup(void **state)
{
	(void)state;
	hd = fake_new(&fake, &type);
	chip = hd->dev.state;
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	if (hd)
		hostdev_free(hd);
	return 0;
}

#define expect_events(text) assert_string_equal(fake_events(&fake), (text))

static void
attach(void)
{
	assert_int_equal(hostdev_attach(hd), 0);
	fake_events(&fake);
}

/* ---- life ---------------------------------------------------------- */

static void
a_life_has_its_order(void **state)
{
	(void)state;
	assert_int_equal(hostdev_set(hd, "chr", "c0"), 0);
	assert_int_equal(hostdev_set(hd, "disk", "d0"), 0);
	chip->n_windows = 2;
	assert_int_equal(hostdev_attach(hd), 0);
	expect_events("log2:attach log2:reset0 +ports@100 +ports@104");
	hostdev_reset(hd, IOEMU_RESET_BUS);
	expect_events("log2:reset1");
	ioemu_irq(&hd->dev, 4, true);
	hostdev_free(hd);
	hd = NULL;
	expect_events("irq4=1 -ports -ports log2:detach irq3=1 irq3=0 irq4=0 "
		      "forget chr_close block_close");
	assert_int_equal(fake.chr.opened, 0);
	assert_int_equal(fake.block.opened, 0);
}

static void
a_failed_attach_leaves_nothing_mapped(void **state)
{
	(void)state;
	chip->n_windows = 1;
	chip->attach_rc = -ENODEV;
	assert_int_equal(hostdev_attach(hd), -ENODEV);
	hostdev_free(hd);
	hd = NULL;
	expect_events("log2:attach forget");
}

static void
properties_are_set_before_attach_only(void **state)
{
	(void)state;
	assert_string_equal(chip->name, "none");
	assert_int_equal(hostdev_set(hd, "name", "x"), 0);
	assert_string_equal(chip->name, "x");
	attach();
	assert_int_equal(hostdev_set(hd, "name", "y"), -EBUSY);
	assert_string_equal(chip->name, "x");
}

static void
a_child_needs_its_parent(void **state)
{
	struct hostdev *child = NULL, *other = NULL;

	(void)state;
	assert_int_equal(
		hostdev_new(&fake_ops, &fake, &child_type, "c", NULL, &child),
		-EINVAL);
	assert_int_equal(
		hostdev_new(&fake_ops, &fake, &bare_type, "b", NULL, &other),
		0);
	assert_int_equal(
		hostdev_new(&fake_ops, &fake, &child_type, "c", other, &child),
		-EINVAL);
	assert_int_equal(
		hostdev_new(&fake_ops, &fake, &child_type, "c", hd, &child), 0);
	assert_ptr_equal(child->dev.parent, &hd->dev);
	hostdev_free(child);
	hostdev_free(other);
}

static void
callbacks_may_be_missing(void **state)
{
	struct hostdev *bare = fake_device(&fake, &bare_type);
	char buf[8];

	(void)state;
	hostdev_reset(bare, IOEMU_RESET_BUS);
	hostdev_unplug(bare, 1);
	hostdev_hotplug(bare, 1, IOEMU_HOTPLUG_ADDED);
	hostdev_input(bare, &fake.chr, (const uint8_t *)"x", 1);
	assert_int_equal(hostdev_medium(bare, NULL, IOEMU_MEDIUM_QUERY),
			 -ENOTSUP);
	assert_int_equal(hostdev_query(bare, "text", buf, sizeof(buf)),
			 -ENOTSUP);
	hostdev_set_multifunction(bare);
	assert_int_equal(hostdev_intx_pin(bare), 0);
	hostdev_free(bare);
	expect_events("forget");
}

static void
questions_reach_the_device(void **state)
{
	char buf[8];

	(void)state;
	attach();
	assert_int_equal(hostdev_query(hd, "text", buf, sizeof(buf)), 5);
	assert_string_equal(buf, "hello");
	assert_int_equal(hostdev_query(hd, "x", buf, sizeof(buf)), -EINVAL);
	hostdev_unplug(hd, IOEMU_UNPLUG_NICS);
	hostdev_input(hd, &fake.chr, (const uint8_t *)"abc", 3);
	hostdev_hotplug(hd, 31, IOEMU_HOTPLUG_REMOVE_REQUEST);
	expect_events("log2:unplug2 log2:in:abc log2:hotplug1:31");
	assert_int_equal(hostdev_medium(hd, NULL, IOEMU_MEDIUM_FORCE),
			 IOEMU_MEDIUM_IS_OPEN);
	assert_int_equal(hostdev_medium(hd, &fake.block, IOEMU_MEDIUM_OPEN),
			 -EBUSY);
	expect_events("log2:medium2 log2:medium1");
}

/* ---- windows ------------------------------------------------------- */

static void
a_device_has_sixteen_windows_and_a_function(void **state)
{
	(void)state;
	chip->pci = true;
	chip->n_windows = 17;
	attach();
	assert_int_equal(chip->window_rc, -ENOSPC);
	assert_int_equal(hd->n_windows, 17);
	assert_non_null(hd->config);
}

/* Is it refused, with this in the reason? NULL: it is taken. */
static void
region_is(enum ioemu_space space, uint64_t base, struct ioemu_region r,
	  const char *why)
{
	struct hostdev *bare = NULL;
	int rc;

	assert_int_equal(
		hostdev_new(&fake_ops, &fake, &bare_type, "b", NULL, &bare), 0);
	rc = ioemu_window(&bare->dev, space, base, &r);
	assert_int_equal(rc, why ? -EINVAL : 0);
	if (why && !strstr(hostdev_why(bare, rc), why))
		fail_msg("'%s' is not '%s'", hostdev_why(bare, rc), why);
	hostdev_free(bare);
}

static void
a_window_that_cannot_be_is_refused(void **state)
{
	struct ioemu_region r = ports;

	(void)state;
	region_is(IOEMU_PIO, 0xfffc, r, NULL);
	region_is(IOEMU_PIO, 0xfffd, r,
		  "region 'ports': base 0xfffd, size 0x4: port space ends at "
		  "0xffff");
	region_is(IOEMU_PIO, UINT64_MAX, r, "port space ends");
	region_is(IOEMU_MEM, UINT64_MAX - 2, r, "memory ends");
	region_is(IOEMU_CONFIG, 0, r, "space 2: IOEMU_PIO or IOEMU_MEM");
	r.size = 0;
	region_is(IOEMU_PIO, 0, r, "region 'ports': size is 0");
	r.size = 4;
	r.min = 0;
	region_is(IOEMU_PIO, 0, r, "min=0, max=");
	r.min = 3;
	region_is(IOEMU_PIO, 0, r, "min=3, max=");
	r.min = 4;
	r.max = 2;
	region_is(IOEMU_PIO, 0, r, "min=4, max=2: each 1, 2, 4 or 8");
	r.max = 16;
	r.name = NULL;
	region_is(IOEMU_PIO, 0, r, "region '': min=4, max=16");
	attach();
	assert_int_equal(ioemu_window(&hd->dev, IOEMU_PIO, 0, &ports), -EINVAL);
	assert_string_equal(hostdev_why(hd, -EINVAL),
			    "ioemu_window() is for attach() only");
}

/* ---- why it does not start ------------------------------------------- */

static int talk_rc;

static int
talk_attach(struct ioemu_dev *dev)
{
	ioemu_log(dev, IOEMU_ERROR, "first");
	ioemu_log(dev, IOEMU_WARN, "warned");
	ioemu_log(dev, IOEMU_ERROR, "size=3: 4 to 8");
	return talk_rc;
}

static const struct host_type talk_type = {
	.type = {
		IOEMU_TYPE(struct chip),
		.name = "talk",
		.summary = "",
		.attach = talk_attach,
	},
};

static void
the_last_error_of_attach_is_the_reason_and_no_line_of_its_own(void **state)
{
	struct hostdev *talk = NULL;

	(void)state;
	assert_int_equal(
		hostdev_new(&fake_ops, &fake, &talk_type, "t", NULL, &talk), 0);
	talk_rc = -EINVAL;
	assert_int_equal(hostdev_attach(talk), -EINVAL);
	assert_string_equal(hostdev_why(talk, -EINVAL), "size=3: 4 to 8");
	expect_events("log1:warned log0:first");
	talk_rc = 0;
	assert_int_equal(hostdev_attach(talk), 0);
	expect_events("log1:warned log0:first log0:size=3: 4 to 8");
	hostdev_free(talk);
	expect_events("forget");
}

static void
without_a_reason_the_number_is_told(void **state)
{
	(void)state;
	chip->attach_rc = -ENODEV;
	assert_int_equal(hostdev_attach(hd), -ENODEV);
	assert_string_equal(hostdev_why(hd, -ENODEV), strerror(ENODEV));
}

/* ---- calls --------------------------------------------------------- */

static void
lines_are_told_when_they_change(void **state)
{
	(void)state;
	attach();
	ioemu_irq(&hd->dev, 15, true);
	ioemu_irq(&hd->dev, 15, true);
	ioemu_irq(&hd->dev, 0, true);
	ioemu_irq(&hd->dev, 15, false);
	ioemu_irq(&hd->dev, 15, false);
	ioemu_irq(&hd->dev, IOEMU_INTX, true); /* no function: no pin */
	ioemu_msi(&hd->dev, 0);
	expect_events("irq15=1 irq0=1 irq15=0");
	hostdev_reset(hd, IOEMU_RESET_BUS);
	expect_events("irq0=0 log2:reset1");
}

static void
what_a_device_says_is_one_clean_line(void **state)
{
	char long_text[400];

	(void)state;
	attach();
	ioemu_log(&hd->dev, IOEMU_WARN, "a\nb\x1b[1mc\xff%d", 5);
	expect_events("log1:a.b.[1mc.5");
	memset(long_text, 'x', sizeof(long_text));
	long_text[399] = '\0';
	ioemu_log(&hd->dev, IOEMU_WARN, "%s", long_text);
	assert_int_equal(strlen(fake_events(&fake)), 5 + 255);
}

static void
calls_without_a_backend_are_nothing(void **state)
{
	struct ioemu_block_info info = { .size = 1, .readonly = true };

	(void)state;
	attach();
	ioemu_chr_write(&hd->dev, NULL, "x", 1);
	ioemu_chr_accept(&hd->dev, NULL, 1);
	ioemu_block_info(&hd->dev, NULL, &info);
	assert_int_equal(info.size, 0);
	assert_false(info.readonly);
	expect_events("");
	ioemu_chr_write(&hd->dev, &fake.chr, "xy", 2);
	ioemu_chr_accept(&hd->dev, &fake.chr, 7);
	ioemu_block_info(&hd->dev, &fake.block, &info);
	assert_int_equal(info.size, FAKE_DISK_SIZE);
	expect_events("chr:xy accept:7");
}

static void
the_rest_is_passed_on(void **state)
{
	struct ioemu_timer timer = { 0 };

	(void)state;
	attach();
	fake.now_ns = 77;
	assert_int_equal(ioemu_now(&hd->dev), 77);
	ioemu_timer_set(&hd->dev, &timer, 99);
	assert_ptr_equal(fake.timer, &timer);
	ioemu_power(&hd->dev, IOEMU_POWER_RESET);
	ioemu_pirq_route(&hd->dev, 2, 11);
	ioemu_unplug(&hd->dev, IOEMU_UNPLUG_DISKS);
	ioemu_eject(&hd->dev, 31);
	expect_events("power:1 link2=11 unplug:1 eject:31");
}

/* ---- DMA and disk I/O ---------------------------------------------- */

static void
dma_done(struct ioemu_dev *dev, struct ioemu_dma *dma)
{
	(void)dev;
	(void)dma;
	chip->n_done++;
}

static void
io_done(struct ioemu_dev *dev, struct ioemu_io *io)
{
	(void)dev;
	(void)io;
	chip->n_done++;
}

static void
loop_turn(void)
{
	assert_non_null(fake.timer);
	fake.timer->fire(&hd->dev, fake.timer);
}

static void
a_device_without_function_may_do_dma(void **state)
{
	(void)state;
	attach();
	chip->dma[0] = (struct ioemu_dma){ .buf = chip->buf,
					   .len = 8,
					   .done = dma_done };
	ioemu_dma_read(&hd->dev, &chip->dma[0]);
	ioemu_dma_write(&hd->dev, 0x1000, chip->buf, 8);
	expect_events("dma_read dma_write@1000+8");
}

static void
dma_without_bus_master_fails_from_the_loop(void **state)
{
	unsigned i;

	(void)state;
	chip->pci = true;
	attach();
	for (i = 0; i < 2; i++) {
		chip->dma[i] = (struct ioemu_dma){ .buf = chip->buf,
						   .len = 8,
						   .done = dma_done };
		ioemu_dma_read(&hd->dev, &chip->dma[i]);
	}
	ioemu_dma_write(&hd->dev, 0x1000, chip->buf, 8);
	assert_int_equal(chip->n_done, 0);
	assert_true(hostdev_busy(hd));
	loop_turn();
	assert_int_equal(chip->n_done, 2);
	assert_int_equal(chip->dma[1].status, -EFAULT);
	assert_true(ioemu_get_le64(chip->buf) == UINT64_MAX);
	assert_false(hostdev_busy(hd));
	expect_events("");
	fake_cfg_write(hd, 4, 2, 4);
	ioemu_dma_read(&hd->dev, &chip->dma[0]);
	ioemu_dma_write(&hd->dev, 0x1000, chip->buf, 8);
	expect_events("dma_read dma_write@1000+8");
}

static void
a_child_does_dma_with_its_parents_bus_master(void **state)
{
	struct hostdev *child = NULL;

	(void)state;
	chip->pci = true;
	attach();
	assert_int_equal(
		hostdev_new(&fake_ops, &fake, &child_type, "c", hd, &child), 0);
	ioemu_dma_write(&child->dev, 0, chip->buf, 1);
	expect_events("");
	fake_cfg_write(hd, 4, 2, 4);
	ioemu_dma_write(&child->dev, 0, chip->buf, 1);
	expect_events("dma_write@0+1");
	hostdev_free(child);
}

/* Status of a request; 1: the host got it. */
static int
io_status(struct ioemu_io io)
{
	chip->io = io;
	chip->io.done = io_done;
	chip->io.status = 1;
	chip->n_done = 0;
	fake.io = NULL;
	ioemu_io(&hd->dev, &chip->io);
	assert_int_equal(chip->n_done, 0);
	if (fake.io)
		fake.io->done(&hd->dev, fake.io);
	else
		loop_turn();
	assert_int_equal(chip->n_done, 1);
	return chip->io.status;
}

static void
disk_requests_are_checked_before_the_host_sees_them(void **state)
{
	struct ioemu_io good = { .block = &fake.block,
				 .op = IOEMU_BLK_READ,
				 .len = 1024,
				 .offset = FAKE_DISK_SIZE - 1024,
				 .buf = chip->buf };
	struct ioemu_io io = good;

	(void)state;
	attach();
	assert_int_equal(io_status(io), 1);
	io.block = NULL;
	assert_int_equal(io_status(io), -ENOMEDIUM);
	io = good;
	io.offset += 512;
	assert_int_equal(io_status(io), -EINVAL);
	io.offset = UINT64_MAX - 511;
	assert_int_equal(io_status(io), -EINVAL);
	io.offset = 1;
	assert_int_equal(io_status(io), -EINVAL);
	io = good;
	io.len = 511;
	assert_int_equal(io_status(io), -EINVAL);
	io.len = 0;
	assert_int_equal(io_status(io), -EINVAL);
	io = good;
	io.op = (enum ioemu_blk_op)9;
	assert_int_equal(io_status(io), -EINVAL);
	io.op = IOEMU_BLK_WRITE;
	assert_int_equal(io_status(io), 1);
	fake.readonly = true;
	assert_int_equal(io_status(io), -EROFS);
	io.op = IOEMU_BLK_FLUSH;
	io.offset = 3;
	assert_int_equal(io_status(io), 1);
}

static void
lists_of_guest_memory_must_add_up(void **state)
{
	struct ioemu_io io = { .block = &fake.block,
			       .op = IOEMU_BLK_READ,
			       .len = 1024,
			       .sg = chip->sg,
			       .n_sg = 2 };

	(void)state;
	chip->pci = true;
	attach();
	chip->sg[0] = (struct ioemu_sg){ .gpa = 0, .len = 24 };
	chip->sg[1] = (struct ioemu_sg){ .gpa = 99, .len = 1000 };
	assert_int_equal(io_status(io), -EFAULT); /* no bus master */
	fake_cfg_write(hd, 4, 2, 4);
	assert_int_equal(io_status(io), 1);
	chip->sg[1].len = 999;
	assert_int_equal(io_status(io), -EINVAL);
	chip->sg[1].len = 1000;
	io.n_sg = IOEMU_BLK_MAX_SG + 1;
	assert_int_equal(io_status(io), -EINVAL);
	io.sg = NULL;
	assert_int_equal(io_status(io), -EINVAL);
}

static void
io_again_done(struct ioemu_dev *dev, struct ioemu_io *io)
{
	if (chip->n_done++ < 3)
		ioemu_io(dev, io);
}

static void
a_refused_request_may_be_made_again_at_once(void **state)
{
	unsigned turns;

	(void)state;
	attach();
	chip->io = (struct ioemu_io){ .op = IOEMU_BLK_READ,
				      .done = io_again_done };
	ioemu_io(&hd->dev, &chip->io);
	for (turns = 0; hostdev_busy(hd); turns++)
		loop_turn();
	assert_int_equal(turns, 4);
}

/* What a device does to its own memory meanwhile is not the host's trouble. */
static void
a_request_in_flight_is_not_made_again(void **state)
{
	const struct ioemu_io io = { .block = &fake.block,
				     .op = IOEMU_BLK_FLUSH,
				     .done = io_done };
	struct ioemu_io *asked;

	(void)state;
	attach();
	chip->io = io;
	ioemu_io(&hd->dev, &chip->io);
	expect_events("io");
	asked = fake.io;
	asked->host[0] = asked;
	chip->io = io;
	ioemu_io(&hd->dev, &chip->io);
	expect_events("log1:asks again for a request that is in flight: "
		      "ignored");
	assert_int_equal(hd->bad_requests, 1);
	assert_ptr_equal(asked->host[0], asked);
	asked->status = -EIO;
	asked->done(&hd->dev, asked);
	assert_int_equal(chip->n_done, 1);
	assert_int_equal(chip->io.status, -EIO);
	ioemu_io(&hd->dev, &chip->io);
	expect_events("io");
}

static void
dma_in_flight_is_not_made_again(void **state)
{
	struct ioemu_dma *asked;

	(void)state;
	attach();
	chip->dma[0] = (struct ioemu_dma){ .buf = chip->buf,
					   .len = 8,
					   .done = dma_done };
	chip->dma[1] = chip->dma[0];
	ioemu_dma_read(&hd->dev, &chip->dma[0]);
	asked = fake.dma;
	ioemu_dma_read(&hd->dev, &chip->dma[1]);
	expect_events("dma_read dma_read");
	ioemu_dma_read(&hd->dev, &chip->dma[0]);
	expect_events("log1:asks again for a request that is in flight: "
		      "ignored");
	asked->done(&hd->dev, asked);
	assert_int_equal(chip->n_done, 1);
	ioemu_dma_read(&hd->dev, &chip->dma[0]);
	expect_events("dma_read");
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_life_has_its_order),
		TEST(a_failed_attach_leaves_nothing_mapped),
		TEST(the_last_error_of_attach_is_the_reason_and_no_line_of_its_own),
		TEST(without_a_reason_the_number_is_told),
		TEST(properties_are_set_before_attach_only),
		TEST(a_child_needs_its_parent),
		TEST(callbacks_may_be_missing),
		TEST(questions_reach_the_device),
		TEST(a_device_has_sixteen_windows_and_a_function),
		TEST(a_window_that_cannot_be_is_refused),
		TEST(lines_are_told_when_they_change),
		TEST(what_a_device_says_is_one_clean_line),
		TEST(calls_without_a_backend_are_nothing),
		TEST(the_rest_is_passed_on),
		TEST(a_device_without_function_may_do_dma),
		TEST(dma_without_bus_master_fails_from_the_loop),
		TEST(a_child_does_dma_with_its_parents_bus_master),
		TEST(disk_requests_are_checked_before_the_host_sees_them),
		TEST(lists_of_guest_memory_must_add_up),
		TEST(a_refused_request_may_be_made_again_at_once),
		TEST(a_request_in_flight_is_not_made_again),
		TEST(dma_in_flight_is_not_made_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
