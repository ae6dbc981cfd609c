/* SPDX-License-Identifier: MIT */
/* Properties: from words to members of the state. */
#include "support/fake_host.h"

struct chip {
	bool flag, set;
	uint8_t a8;
	uint16_t a16;
	uint32_t a_32;
	uint64_t a64;
	const char *text, *other;
	struct ioemu_block *disk;
	struct ioemu_chardev *chr, *chr_default;
};

static struct fake fake;
static struct hostdev *hd;
static struct chip *chip;

static const struct ioemu_prop props[] = {
	IOEMU_PROP(struct chip, flag, NULL, ""),
	IOEMU_PROP(struct chip, set, "on", ""),
	IOEMU_PROP(struct chip, a8, "7", ""),
	IOEMU_PROP(struct chip, a16, "0xabcd", ""),
	IOEMU_PROP(struct chip, a_32, NULL, ""),
	IOEMU_PROP(struct chip, a64, NULL, ""),
	IOEMU_PROP(struct chip, text, NULL, ""),
	IOEMU_PROP(struct chip, other, "unset", ""),
	IOEMU_PROP(struct chip, disk, NULL, ""),
	IOEMU_PROP(struct chip, chr, NULL, ""),
	IOEMU_PROP(struct chip, chr_default, "null", ""),
	{ 0 },
};

static const struct host_type type = {
	.type = {
		IOEMU_TYPE(struct chip),
		.name = "chip",
		.summary = "",
		.props = props,
		.attach = fake_attach,
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
	hostdev_free(hd);
	return 0;
}

#define expect_set(key, value, rc)                                             \
	assert_int_equal(hostdev_set(hd, (key), (value)), (rc))

static void
defaults_are_in_place(void **state)
{
	(void)state;
	assert_false(chip->flag);
	assert_true(chip->set);
	assert_int_equal(chip->a8, 7);
	assert_int_equal(chip->a16, 0xabcd);
	assert_null(chip->text);
	assert_string_equal(chip->other, "unset");
	assert_null(chip->disk);
	assert_ptr_equal(chip->chr_default, &fake.chr);
}

static void
numbers_are_decimal_or_hexadecimal(void **state)
{
	(void)state;
	expect_set("a16", "010", 0);
	assert_int_equal(chip->a16, 10);
	expect_set("a16", "0x10", 0);
	assert_int_equal(chip->a16, 16);
	expect_set("a64", "0XFFFFffffFFFFffff", 0);
	assert_true(chip->a64 == UINT64_MAX);
}

static void
numbers_that_do_not_fit_are_refused(void **state)
{
	(void)state;
	expect_set("a8", "255", 0);
	expect_set("a8", "256", -ERANGE);
	expect_set("a16", "65536", -ERANGE);
	expect_set("a_32", "0x100000000", -ERANGE);
	expect_set("a64", "18446744073709551616", -ERANGE);
	assert_int_equal(chip->a8, 255);
	assert_int_equal(chip->set, 1); /* its neighbour */
}

static void
what_is_no_number_is_refused(void **state)
{
	static const char *const wrong[] = { "",     " 1",   "-1", "+1", "1 ",
					     "1k",   "0x",   "x1", "on", "ff",
					     "0x 1", "0x-1", "1.5" };
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		expect_set("a_32", wrong[i], -EINVAL);
	assert_int_equal(chip->a_32, 0);
}

static void
booleans_are_on_or_off(void **state)
{
	(void)state;
	expect_set("flag", "on", 0);
	assert_true(chip->flag);
	expect_set("flag", "off", 0);
	assert_false(chip->flag);
	expect_set("flag", "", -EINVAL);
	expect_set("flag", "1", -EINVAL);
	expect_set("flag", "ON", -EINVAL);
}

static void
a_dash_is_as_good_as_an_underscore(void **state)
{
	(void)state;
	expect_set("a-32", "5", 0);
	assert_int_equal(chip->a_32, 5);
	expect_set("a_32", "6", 0);
	expect_set("a-3", "6", -ENOKEY);
	expect_set("a-321", "6", -ENOKEY);
	expect_set("", "6", -ENOKEY);
}

static void
text_is_copied(void **state)
{
	char word[] = "word";

	(void)state;
	expect_set("text", word, 0);
	word[0] = 'x';
	assert_string_equal(chip->text, "word");
	expect_set("text", "again", 0);
	assert_string_equal(chip->text, "again");
}

static void
backends_are_opened_and_the_one_before_closed(void **state)
{
	(void)state;
	expect_set("disk", "a", 0);
	assert_ptr_equal(chip->disk, &fake.block);
	expect_set("disk", "b", 0);
	assert_int_equal(fake.block.opened, 1);
	expect_set("disk", "missing", -ENOENT);
	assert_null(chip->disk);
	assert_int_equal(fake.block.opened, 0);
	expect_set("chr", "c", 0);
	assert_int_equal(fake.chr.opened, 2);
	expect_set("chr", "missing", -ENOENT);
	assert_int_equal(fake.chr.opened, 1);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(defaults_are_in_place),
		TEST(numbers_are_decimal_or_hexadecimal),
		TEST(numbers_that_do_not_fit_are_refused),
		TEST(what_is_no_number_is_refused),
		TEST(booleans_are_on_or_off),
		TEST(a_dash_is_as_good_as_an_underscore),
		TEST(text_is_copied),
		TEST(backends_are_opened_and_the_one_before_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
