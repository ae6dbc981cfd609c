/* SPDX-License-Identifier: MIT */
/* Saved state: there and back, versions apart, and hostile bytes. */
#include "support/fake_host.h"

#define STATE_MAX 4096u
#define HEAD 16u

struct chip {
	uint8_t a8;
	bool yes;
	uint16_t a16[3];
	uint32_t a32;
	uint64_t a64;
	uint32_t extra; /* of the newer version only */
	int loaded_rc;
	unsigned n_loaded;
};

static struct fake fake;
static uint8_t saved[STATE_MAX];
static long used;

static const struct ioemu_region ram = {
	.name = "ram",
	.size = 0x1000,
	.min = 1,
	.max = 4,
};

static int
chip_attach(struct ioemu_dev *dev)
{
	static const struct ioemu_pci pci = {
		.vendor = 0x1234,
		.device = 1,
		.intx_pin = 1,
		.bar[0] = { IOEMU_BAR_MEM32, &ram },
	};
	struct chip *chip = ioemu_state(dev);

	chip->extra = 99;
	return ioemu_pci(dev, &pci);
}

static int
chip_loaded(struct ioemu_dev *dev)
{
	struct chip *chip = ioemu_state(dev);

	chip->n_loaded++;
	return chip->loaded_rc;
}

#define COMMON_FIELDS                                                          \
	IOEMU_FIELD(struct chip, a8), IOEMU_FIELD(struct chip, yes),           \
		IOEMU_FIELD_ARRAY(struct chip, a16),                           \
		IOEMU_FIELD(struct chip, a32), IOEMU_FIELD(struct chip, a64)

static const struct ioemu_field old_fields[] = { COMMON_FIELDS, { 0 } };

static const struct ioemu_field new_fields[] = {
	COMMON_FIELDS,
	IOEMU_FIELD(struct chip, extra),
	{ 0 },
};

static const struct ioemu_field other_count[] = {
	{ .name = "a16", .kind = IOEMU_KIND_U16, .count = 2 },
	{ 0 },
};

static const struct ioemu_field other_kind[] = {
	{ .name = "a16", .kind = IOEMU_KIND_U8, .count = 3 },
	{ 0 },
};

#define CHIP_TYPE(name_, fields_)                                              \
	{                                                                      \
		.type = {                                                      \
			IOEMU_TYPE(struct chip), .name = (name_),              \
			.summary = "",		 .fields = (fields_),          \
			.attach = chip_attach,	 .loaded = chip_loaded,        \
		},                                                             \
	}

static const struct host_type old_type = CHIP_TYPE("chip", old_fields);
static const struct host_type new_type = CHIP_TYPE("chip", new_fields);
static const struct host_type count_type = CHIP_TYPE("chip", other_count);
static const struct host_type kind_type = CHIP_TYPE("chip", other_kind);
static const struct host_type other_type = CHIP_TYPE("chip2", old_fields);

static void
save_from(const struct host_type *type)
{
	struct hostdev *hd = fake_device(&fake, type);
	struct chip *chip = hd->dev.state;

	*chip = (struct chip){ .a8 = 1,
			       .yes = true,
			       .a16 = { 2, 3, 0xfffe },
			       .a32 = 0x12345678,
			       .a64 = 0x1122334455667788,
			       .extra = 5 };
	fake_cfg_write(hd, 0x10, 4, 0xf0000000);
	fake_cfg_write(hd, 0x04, 2, 2);
	ioemu_irq(&hd->dev, IOEMU_INTX, true);
	ioemu_irq(&hd->dev, 5, true);
	memset(saved, 0xcc, sizeof(saved));
	used = hostdev_save(hd, saved, sizeof(saved));
	assert_true(used > 0);
	hostdev_free(hd);
}

/* The checksum of state.c, so that hostile records get past it. */
static void
seal(uint8_t *buf, size_t len)
{
	uint64_t sum = 0xcbf29ce484222325ull;
	const uint8_t *p = buf + HEAD;
	size_t left = len - HEAD;

	for (; left >= 8; left -= 8, p += 8) {
		sum = (sum ^ ioemu_get_le64(p)) * 0x100000001b3ull;
		sum ^= sum >> 32;
	}
	for (; left; left--, p++)
		sum = (sum ^ *p) * 0x100000001b3ull;
	ioemu_put_le32(buf + 4, (uint32_t)len);
	ioemu_put_le64(buf + 8, sum);
}

/* In memory of exactly that size: a sanitizer sees a byte too many. */
static int
load_into(const struct host_type *type, const uint8_t *buf, size_t len,
	  struct chip *out)
{
	struct hostdev *hd = fake_device(&fake, type);
	uint8_t *copy = malloc(len ? len : 1);
	int rc;

	memcpy(copy, buf, len);
	rc = hostdev_load(hd, copy, len);
	memcpy(out, hd->dev.state, sizeof(*out));
	free(copy);
	hostdev_free(hd);
	return rc;
}

static void
a_device_goes_on_where_it_was(void **state)
{
	struct hostdev *hd;
	struct chip *chip;
	uint8_t again[STATE_MAX];

	(void)state;
	save_from(&old_type);
	hd = fake_device(&fake, &old_type);
	chip = hd->dev.state;
	assert_int_equal(hostdev_load(hd, saved, (size_t)used), 0);
	assert_int_equal(chip->a8, 1);
	assert_true(chip->yes);
	assert_int_equal(chip->a16[2], 0xfffe);
	assert_int_equal(chip->a32, 0x12345678);
	assert_true(chip->a64 == 0x1122334455667788);
	assert_int_equal(chip->n_loaded, 1);
	assert_string_equal(fake_events(&fake), "+ram@f0000000 irq5=1 intx=1");
	assert_int_equal(hostdev_save(hd, again, sizeof(again)), used);
	assert_memory_equal(again, saved, (size_t)used);
	hostdev_free(hd);
}

static void
the_form_is_the_one_written_down(void **state)
{
	(void)state;
	save_from(&old_type);
	assert_memory_equal(saved, "IOES", 4);
	assert_int_equal(ioemu_get_le32(saved + 4), used);
	assert_memory_equal(saved + HEAD,
			    "\x04"
			    "chip\x02\0\0\0\0",
			    10);
	assert_memory_equal(saved + HEAD + 10,
			    "\x02"
			    "a8\x02\1\0\0\0\1",
			    9);
}

static void
an_absent_value_keeps_its_default(void **state)
{
	struct chip chip;

	(void)state;
	save_from(&old_type);
	assert_int_equal(load_into(&new_type, saved, (size_t)used, &chip), 0);
	assert_int_equal(chip.a32, 0x12345678);
	assert_int_equal(chip.extra, 99);
}

static void
an_unknown_value_is_refused(void **state)
{
	struct chip chip;

	(void)state;
	save_from(&new_type);
	assert_int_equal(load_into(&old_type, saved, (size_t)used, &chip),
			 -EINVAL);
	assert_int_equal(chip.a32, 0); /* nothing was taken over */
	assert_int_equal(chip.n_loaded, 0);
}

static void
another_type_count_or_kind_is_refused(void **state)
{
	struct chip chip;

	(void)state;
	save_from(&old_type);
	assert_int_equal(load_into(&other_type, saved, (size_t)used, &chip),
			 -EINVAL);
	save_from(&count_type);
	assert_int_equal(load_into(&old_type, saved, (size_t)used, &chip),
			 -EINVAL);
	save_from(&kind_type);
	assert_int_equal(load_into(&old_type, saved, (size_t)used, &chip),
			 -EINVAL);
}

static void
too_small_a_buffer_is_told(void **state)
{
	struct hostdev *hd = fake_device(&fake, &old_type);
	uint8_t buf[STATE_MAX];
	long size = hostdev_save(hd, buf, sizeof(buf)), i;

	(void)state;
	for (i = 0; i < size; i++) {
		uint8_t *small = malloc((size_t)i + 1);

		assert_int_equal(hostdev_save(hd, small, (size_t)i), -ENOSPC);
		free(small);
	}
	assert_int_equal(hostdev_save(hd, buf, (size_t)size), size);
	hostdev_free(hd);
}

static void
what_is_cut_short_or_flipped_is_refused(void **state)
{
	struct chip chip;
	long i;

	(void)state;
	save_from(&old_type);
	for (i = 0; i < used; i++)
		assert_int_equal(load_into(&old_type, saved, (size_t)i, &chip),
				 -EINVAL);
	for (i = 0; i < used * 8; i++) {
		saved[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(
			load_into(&old_type, saved, (size_t)used, &chip),
			-EINVAL);
		saved[i / 8] ^= (uint8_t)(1 << i % 8);
	}
}

static void
cut_short_and_sealed_anew_is_survived(void **state)
{
	struct chip chip;
	long i;

	(void)state;
	save_from(&old_type);
	for (i = used - 1; i >= (long)HEAD; i--) {
		seal(saved, (size_t)i);
		load_into(&old_type, saved, (size_t)i, &chip);
	}
}

static void
hostile_records_are_survived(void **state)
{
	uint8_t buf[STATE_MAX];
	struct chip chip;
	unsigned round, i;

	(void)state;
	srand(1);
	save_from(&new_type);
	for (round = 0; round < 20000; round++) {
		memcpy(buf, saved, (size_t)used);
		for (i = 0; i < 1 + round % 4; i++)
			buf[HEAD + (unsigned)rand() % ((unsigned)used - HEAD)] =
				(uint8_t)rand();
		seal(buf, (size_t)used);
		if (!load_into(&new_type, buf, (size_t)used, &chip))
			assert_in_range(*(uint8_t *)&chip.yes, 0, 1);
	}
}

static void
another_function_is_refused(void **state)
{
	struct chip chip;
	uint8_t *id;

	(void)state;
	save_from(&old_type);
	id = saved + used - 256; /* configuration space is the last record */
	assert_int_equal(ioemu_get_le16(id), 0x1234);
	id[2] ^= 1;
	seal(saved, (size_t)used);
	assert_int_equal(load_into(&old_type, saved, (size_t)used, &chip),
			 -EINVAL);
}

static void
the_device_can_refuse(void **state)
{
	struct hostdev *hd;

	(void)state;
	save_from(&old_type);
	hd = fake_device(&fake, &old_type);
	((struct chip *)hd->dev.state)->loaded_rc = -EINVAL;
	assert_int_equal(hostdev_load(hd, saved, (size_t)used), -EINVAL);
	hostdev_free(hd);
}

static void
only_what_is_attached_and_quiet_moves(void **state)
{
	struct hostdev *hd = NULL;
	struct host_op op;

	(void)state;
	save_from(&old_type);
	assert_int_equal(
		hostdev_new(&fake_ops, &fake, &old_type, "x", NULL, &hd), 0);
	assert_int_equal(hostdev_load(hd, saved, (size_t)used), -EINVAL);
	hd->busy = &op;
	assert_int_equal(hostdev_save(hd, saved, sizeof(saved)), -EBUSY);
	hd->busy = NULL;
	hostdev_free(hd);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_device_goes_on_where_it_was),
		cmocka_unit_test(the_form_is_the_one_written_down),
		cmocka_unit_test(an_absent_value_keeps_its_default),
		cmocka_unit_test(an_unknown_value_is_refused),
		cmocka_unit_test(another_type_count_or_kind_is_refused),
		cmocka_unit_test(too_small_a_buffer_is_told),
		cmocka_unit_test(what_is_cut_short_or_flipped_is_refused),
		cmocka_unit_test(cut_short_and_sealed_anew_is_survived),
		cmocka_unit_test(hostile_records_are_survived),
		cmocka_unit_test(another_function_is_refused),
		cmocka_unit_test(the_device_can_refuse),
		cmocka_unit_test(only_what_is_attached_and_quiet_moves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
