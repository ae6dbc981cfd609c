/* SPDX-License-Identifier: MIT */
/* The access engine: what a device is shown of a guest's access. */
#include "support/fake_host.h"

#define RAM_SIZE 64u

/* One device, its window set up by each test. */
struct chip {
	uint8_t ram[RAM_SIZE];
	char seen[8192]; /* "r4@0 w1@5=aa R16@8 " */
	struct ioemu_access *open[4];
	unsigned n_open;
	bool defer, early, twice, unasked;
	struct ioemu_access *answer; /* from inside the next callback */
};

static struct fake fake;
static struct hostdev *hd;
static struct chip *chip;
static struct host_window *win;
static unsigned n_done;
static uint8_t data[HOST_MAX_DATA];

static void IOEMU_PRINTF(1, 2) chip_note(const char *fmt, ...)
{
	size_t n = strlen(chip->seen);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(chip->seen + n, sizeof(chip->seen) - n, fmt, ap);
	va_end(ap);
}

static void
chip_answer(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct ioemu_access *other = chip->answer;

	chip->answer = NULL;
	if (other)
		ioemu_complete(dev, other);
	if (chip->unasked)
		ioemu_complete(dev, a);
	if (!chip->defer)
		return;
	ioemu_defer(dev, a);
	if (chip->early)
		ioemu_complete(dev, a);
	else if (chip->n_open < 4)
		chip->open[chip->n_open++] = a;
	if (chip->early && chip->twice)
		ioemu_complete(dev, a);
}

static void
chip_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	unsigned i;

	assert_true(a->value == UINT64_MAX);
	assert_null(a->data);
	chip_note("r%u@%u ", a->size, (unsigned)a->offset);
	a->value = 0xdead000000000000ull;
	for (i = a->size; i--;)
		a->value = a->value << 8 | chip->ram[a->offset + i];
	chip_answer(dev, a);
}

static void
chip_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	unsigned i;

	chip_note("w%u@%u=%llx%s ", a->size, (unsigned)a->offset,
		  (unsigned long long)a->value,
		  a->flags & IOEMU_POSTED ? "p" : "");
	for (i = 0; i < a->size; i++)
		chip->ram[a->offset + i] = (uint8_t)(a->value >> (8 * i));
	chip_answer(dev, a);
}

static void
chip_burst_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	chip_note("R%u@%u ", a->size, (unsigned)a->offset);
	memcpy(a->data, chip->ram + a->offset, a->size);
	chip_answer(dev, a);
}

static void
chip_burst_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	chip_note("W%u@%u ", a->size, (unsigned)a->offset);
	memcpy(chip->ram + a->offset, a->data, a->size);
	chip_answer(dev, a);
}

static const struct ioemu_region ram = {
	.name = "ram",
	.size = RAM_SIZE,
	.min = 1,
	.max = 8,
	.flags = IOEMU_PREFETCHABLE,
	.tag = 77,
	.read = chip_read,
	.write = chip_write,
	.burst_read = chip_burst_read,
	.burst_write = chip_burst_write,
};

static int
chip_attach(struct ioemu_dev *dev)
{
	return ioemu_window(dev, IOEMU_MEM, 0x1000, &ram);
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
	unsigned i;

	(void)state;
	hd = fake_device(&fake, &type);
	chip = hd->dev.state;
	win = &hd->window[0];
	n_done = 0;
	memset(data, 0x5a, sizeof(data));
	for (i = 0; i < RAM_SIZE; i++)
		chip->ram[i] = (uint8_t)(i + 1);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	if (hd)
		hostdev_free(hd);
	hd = NULL;
	return 0;
}

static void
op_done(struct host_op *op)
{
	(void)op;
	n_done++;
}

static struct host_op
make(uint64_t offset, uint32_t width, uint32_t count)
{
	return (struct host_op){
		.window = win,
		.offset = offset,
		.data = data,
		.width = width,
		.count = count,
		.step = 1,
		.done = op_done,
	};
}

static void
run(struct host_op *op, const char *expected)
{
	chip->seen[0] = '\0';
	n_done = 0;
	host_op_start(op);
	assert_int_equal(n_done, 1);
	assert_string_equal(chip->seen, expected);
}

static void
widths(uint8_t min, uint8_t max)
{
	win->region.min = min;
	win->region.max = max;
}

/* ---- one element --------------------------------------------------- */

static void
a_width_the_region_takes_is_one_call(void **state)
{
	struct host_op op = make(8, 4, 1);

	(void)state;
	run(&op, "r4@8 ");
	assert_int_equal(ioemu_get_le32(data), 0x0c0b0a09);
	assert_int_equal(op.unit.tag, 77);
	assert_int_equal(data[4], 0x5a);
}

static void
wider_ones_are_split(void **state)
{
	struct host_op op = make(8, 8, 1);

	(void)state;
	widths(1, 2);
	run(&op, "r2@8 r2@10 r2@12 r2@14 ");
	assert_true(ioemu_get_le64(data) == 0x100f0e0d0c0b0a09);
	op.write = true;
	op.posted = true;
	run(&op, "w2@8=a09p w2@10=c0bp w2@12=e0dp w2@14=100fp ");
}

static void
narrower_ones_read_all_ones_and_write_nothing(void **state)
{
	struct host_op op = make(8, 2, 1);

	(void)state;
	widths(4, 4);
	run(&op, "");
	assert_int_equal(ioemu_get_le16(data), 0xffff);
	op.write = true;
	run(&op, "");
	assert_int_equal(chip->ram[8], 9);
}

static void
misaligned_ones_are_cut_at_natural_boundaries(void **state)
{
	struct host_op op = make(3, 8, 1);

	(void)state;
	run(&op, "r1@3 r4@4 r2@8 r1@10 ");
	assert_true(ioemu_get_le64(data) == 0x0b0a090807060504);
	widths(4, 8);
	run(&op, "r4@4 ");
	assert_true(ioemu_get_le64(data) == 0xffffff08070605ff);
}

static void
the_ends_of_a_region_cut_an_access(void **state)
{
	struct host_op op = make(RAM_SIZE - 2, 4, 1);

	(void)state;
	run(&op, "r2@62 ");
	assert_int_equal(ioemu_get_le32(data), 0xffff403f);
	op = make((uint64_t)-2, 4, 1);
	run(&op, "r2@0 ");
	assert_int_equal(ioemu_get_le32(data), 0x0201ffff);
	op = make(RAM_SIZE, 8, 1);
	run(&op, "");
	assert_true(ioemu_get_le64(data) == UINT64_MAX);
	op.write = true;
	run(&op, "");
}

static void
a_region_without_callbacks_reads_all_ones(void **state)
{
	struct host_op op = make(0, 4, 1);

	(void)state;
	win->region.read = NULL;
	win->region.write = NULL;
	run(&op, "");
	assert_int_equal(ioemu_get_le32(data), UINT32_MAX);
	op.write = true;
	run(&op, "");
}

static void
without_a_window_nobody_answers(void **state)
{
	struct host_op op = make(0, 4, 3);

	(void)state;
	op.window = NULL;
	run(&op, "");
	assert_int_equal(ioemu_get_le32(data + 8), UINT32_MAX);
	assert_int_equal(data[12], 0x5a);
}

/* ---- strings ------------------------------------------------------- */

static void
a_port_string_stays_at_its_port(void **state)
{
	struct host_op op = make(4, 2, 3);

	(void)state;
	op.step = 0;
	run(&op, "r2@4 r2@4 r2@4 ");
	assert_int_equal(ioemu_get_le16(data + 4), 0x0605);
	op.write = true;
	ioemu_put_le16(data, 0x1111);
	ioemu_put_le16(data + 2, 0x2222);
	ioemu_put_le16(data + 4, 0x3333);
	run(&op, "w2@4=1111 w2@4=2222 w2@4=3333 ");
	op.down = true; /* element 0 is the last in memory */
	run(&op, "w2@4=3333 w2@4=2222 w2@4=1111 ");
}

static void
strings_without_prefetch_go_one_by_one(void **state)
{
	struct host_op op = make(8, 2, 3);

	(void)state;
	win->region.flags = 0;
	run(&op, "r2@8 r2@10 r2@12 ");
	assert_int_equal(ioemu_get_le16(data), 0x0a09);
	op.down = true;
	op.step = -1;
	run(&op, "r2@8 r2@6 r2@4 ");
	assert_int_equal(ioemu_get_le16(data + 4), 0x0a09);
	assert_int_equal(ioemu_get_le16(data), 0x0605);
}

static void
a_prefetchable_string_is_one_burst(void **state)
{
	struct host_op op = make(7, 4, 4);

	(void)state;
	run(&op, "R16@7 ");
	assert_memory_equal(data, chip->ram + 7, 16);
	op.down = true;
	op.step = -1;
	op.offset = 19;
	run(&op, "R16@7 ");
	op.write = true;
	run(&op, "W16@7 ");
}

static void
only_straight_strings_are_bursts(void **state)
{
	struct host_op op = make(8, 2, 2);

	(void)state;
	op.down = true; /* memory descends, the device ascends */
	run(&op, "r2@8 r2@10 ");
	assert_int_equal(ioemu_get_le16(data + 2), 0x0a09);
	op.down = false;
	op.step = -1;
	run(&op, "r2@8 r2@6 ");
	op.step = 0;
	run(&op, "r2@8 r2@8 ");
	op.step = 1;
	op.count = 1;
	run(&op, "r2@8 ");
	op.count = 2;
	win->region.burst_read = NULL;
	run(&op, "r2@8 r2@10 ");
	win->region.burst_read = chip_burst_read;
	widths(4, 8);
	run(&op, "");
}

static void
bursts_are_cut_at_both_ends(void **state)
{
	struct host_op op = make((uint64_t)-4, 4, 20);
	uint8_t ones[16];

	(void)state;
	memset(ones, 0xff, sizeof(ones));
	run(&op, "R64@0 ");
	assert_memory_equal(data, ones, 4);
	assert_memory_equal(data + 4, chip->ram, RAM_SIZE);
	assert_memory_equal(data + 4 + RAM_SIZE, ones, 12);
	op = make(RAM_SIZE, 8, 2);
	run(&op, "");
	assert_memory_equal(data, ones, 16);
	op = make((uint64_t)-16, 8, 2);
	run(&op, "");
	op = make((uint64_t)-17, 1, 17);
	run(&op, "");
	op.count = 18;
	run(&op, "R1@0 ");
}

/* ---- later answers ------------------------------------------------- */

static void
a_deferred_access_is_done_when_answered(void **state)
{
	struct host_op op = make(0, 4, 1);

	(void)state;
	chip->defer = true;
	host_op_start(&op);
	assert_int_equal(n_done, 0);
	assert_true(hostdev_busy(hd));
	chip->open[0]->value = 0x44332211;
	ioemu_complete(&hd->dev, chip->open[0]);
	assert_int_equal(n_done, 1);
	assert_int_equal(ioemu_get_le32(data), 0x44332211);
	assert_false(hostdev_busy(hd));
	assert_int_equal(hd->bad_answers, 0);
}

static void
answers_may_come_in_any_order(void **state)
{
	static uint8_t other[4];
	struct host_op a = make(0, 4, 1), b = make(4, 4, 1);

	(void)state;
	chip->defer = true;
	b.data = other;
	host_op_start(&a);
	host_op_start(&b);
	ioemu_complete(&hd->dev, chip->open[0]);
	assert_int_equal(n_done, 1);
	assert_int_equal(ioemu_get_le32(data), 0x04030201);
	ioemu_complete(&hd->dev, chip->open[1]);
	assert_int_equal(n_done, 2);
	assert_int_equal(ioemu_get_le32(other), 0x08070605);
}

static void
an_answer_inside_the_callback_works(void **state)
{
	struct host_op op = make(0, 4, 3);

	(void)state;
	chip->defer = true;
	chip->early = true;
	win->region.flags = 0;
	run(&op, "r4@0 r4@4 r4@8 ");
	assert_int_equal(hd->bad_answers, 0);
	op = make(0, 4, 4);
	win->region.flags = IOEMU_PREFETCHABLE;
	run(&op, "R16@0 ");
}

static void
an_answer_to_another_access_inside_a_callback_works(void **state)
{
	static uint8_t other[4];
	struct host_op a = make(0, 4, 1), b = make(4, 4, 1);

	(void)state;
	b.data = other;
	chip->defer = true;
	host_op_start(&a);
	chip->defer = false;
	chip->answer = chip->open[0];
	host_op_start(&b);
	assert_int_equal(n_done, 2);
	assert_int_equal(ioemu_get_le32(other), 0x08070605);
	assert_false(hostdev_busy(hd));
}

static void
a_second_answer_is_ignored_and_counted(void **state)
{
	struct host_op op = make(0, 4, 1);

	(void)state;
	chip->defer = true;
	host_op_start(&op);
	ioemu_complete(&hd->dev, chip->open[0]);
	ioemu_complete(&hd->dev, chip->open[0]);
	assert_int_equal(n_done, 1);
	assert_int_equal(hd->bad_answers, 1);
	chip->early = true;
	chip->twice = true;
	run(&op, "r4@0 ");
	assert_int_equal(hd->bad_answers, 2);
}

static void
an_answer_to_what_is_not_deferred_is_ignored(void **state)
{
	struct host_op op = make(0, 4, 1);
	struct ioemu_access stray = { .flags = IOEMU_DEFERRED };

	(void)state;
	chip->unasked = true;
	run(&op, "r4@0 ");
	assert_int_equal(hd->bad_answers, 1);
	ioemu_complete(&hd->dev, &stray);
	ioemu_complete(&hd->dev, NULL);
	assert_int_equal(hd->bad_answers, 3);
	assert_non_null(strstr(fake_events(&fake), "not open"));
}

/* Each answer starts the next element: it must not nest. */
static void
a_long_string_of_late_answers_does_not_pile_up(void **state)
{
	struct host_op op = make(0, 1, HOST_MAX_DATA);
	unsigned i;

	(void)state;
	op.step = 0;
	chip->defer = true;
	host_op_start(&op);
	for (i = 0; i < HOST_MAX_DATA; i++) {
		assert_int_equal(n_done, 0);
		assert_int_equal(chip->n_open, 1);
		chip->n_open = 0;
		ioemu_complete(&hd->dev, chip->open[0]);
	}
	assert_int_equal(n_done, 1);
	assert_int_equal(data[HOST_MAX_DATA - 1], 1);
}

static void
a_device_that_goes_answers_with_all_ones(void **state)
{
	struct host_op op = make(0, 4, 3);
	uint8_t ones[12];

	(void)state;
	memset(ones, 0xff, sizeof(ones));
	win->region.flags = 0;
	chip->defer = true;
	host_op_start(&op);
	ioemu_complete(&hd->dev, chip->open[0]);
	assert_int_equal(n_done, 0);
	hostdev_free(hd);
	hd = NULL;
	assert_int_equal(n_done, 1);
	assert_int_equal(ioemu_get_le32(data), 0x04030201);
	assert_memory_equal(data + 4, ones, 8);
}

static void
a_device_that_goes_in_mid_burst_leaves_all_ones(void **state)
{
	struct host_op op = make(0, 4, 3);
	uint8_t ones[12];

	(void)state;
	memset(ones, 0xff, sizeof(ones));
	chip->defer = true;
	host_op_start(&op);
	hostdev_free(hd);
	hd = NULL;
	assert_int_equal(n_done, 1);
	assert_memory_equal(data, ones, 12);
}

/* ---- against a model ----------------------------------------------- */

static uint8_t
model_byte(const uint8_t *mem, uint64_t at)
{
	return at < RAM_SIZE ? mem[at] : 0xff;
}

/* Every string, moved byte by byte in the order of its elements. */
static void
model_run(uint8_t *mem, const struct host_op *op, uint8_t *guest)
{
	uint32_t i, k;

	for (i = 0; i < op->count; i++) {
		uint32_t e = op->down ? op->count - 1 - i : i;

		for (k = 0; k < op->width; k++) {
			uint64_t at =
				op->offset + k +
				(uint64_t)((int64_t)op->step * i * op->width);
			uint8_t *p = guest + e * op->width + k;

			if (!op->write)
				*p = model_byte(mem, at);
			else if (at < RAM_SIZE)
				mem[at] = *p;
		}
	}
}

static void
random_strings_do_what_a_byte_by_byte_model_does(void **state)
{
	static uint8_t mem[RAM_SIZE], guest[HOST_MAX_DATA];
	unsigned round, i;

	(void)state;
	srand(1);
	memcpy(mem, chip->ram, RAM_SIZE);
	for (round = 0; round < 20000; round++) {
		struct host_op op =
			make((uint64_t)(rand() % 96 - 16), 1u << rand() % 4,
			     1 + (unsigned)rand() % 20);

		op.step = (int8_t)(rand() % 3 - 1);
		op.down = rand() & 1;
		op.write = rand() & 1;
		for (i = 0; i < op.width * op.count; i++)
			data[i] = guest[i] = (uint8_t)rand();
		widths(1, (uint8_t)(1u << rand() % 4));
		model_run(mem, &op, guest);
		chip->seen[0] = '\0';
		host_op_start(&op);
		assert_memory_equal(data, guest, op.width * op.count);
		assert_memory_equal(chip->ram, mem, RAM_SIZE);
	}
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_width_the_region_takes_is_one_call),
		TEST(wider_ones_are_split),
		TEST(narrower_ones_read_all_ones_and_write_nothing),
		TEST(misaligned_ones_are_cut_at_natural_boundaries),
		TEST(the_ends_of_a_region_cut_an_access),
		TEST(a_region_without_callbacks_reads_all_ones),
		TEST(without_a_window_nobody_answers),
		TEST(a_port_string_stays_at_its_port),
		TEST(strings_without_prefetch_go_one_by_one),
		TEST(a_prefetchable_string_is_one_burst),
		TEST(only_straight_strings_are_bursts),
		TEST(bursts_are_cut_at_both_ends),
		TEST(a_deferred_access_is_done_when_answered),
		TEST(answers_may_come_in_any_order),
		TEST(an_answer_inside_the_callback_works),
		TEST(an_answer_to_another_access_inside_a_callback_works),
		TEST(a_second_answer_is_ignored_and_counted),
		TEST(an_answer_to_what_is_not_deferred_is_ignored),
		TEST(a_long_string_of_late_answers_does_not_pile_up),
		TEST(a_device_that_goes_answers_with_all_ones),
		TEST(a_device_that_goes_in_mid_burst_leaves_all_ones),
		TEST(random_strings_do_what_a_byte_by_byte_model_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
