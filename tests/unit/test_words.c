/* SPDX-License-Identifier: MIT */
/*
 * Properties of the machine's own devices that an operator may get wrong: such
 * a device does not start, and says what is allowed.
 */
#include "support/fake_host.h"

static const char *folder;

/* attach()'s verdict, and (refused) that what is said of it has this in it. */
static void
starts(const char *type, const char *key, const char *value, int rc,
       const char *why)
{
	struct host_plugins *plugins;
	struct hostdev *hd;
	struct fake fake;
	char path[512];

	snprintf(path, sizeof(path), "%s/%s.so", folder, type);
	assert_int_equal(host_plugins_new(&plugins), 0);
	assert_int_equal(host_plugins_load(plugins, path, NULL), 0);
	hd = fake_new(&fake, host_plugins_find(plugins, type));
	assert_int_equal(hostdev_set(hd, key, value), 0);
	assert_int_equal(hostdev_attach(hd), rc);
	if (rc)
		assert_non_null(strstr(hostdev_why(hd, rc), why));
	hostdev_free(hd);
	host_plugins_free(plugins);
}

static void
a_disk_of_cmos_is_four_words_in_their_limits(void **state)
{
	static const char *const bad[] = {
		"",
		"1",
		"1/2/3",
		"1/2/3/",
		"1/2/3/auto",
		"1/2/3/lba/",
		"0/16/63/lba",
		"16384/16/63/lba",
		"1/0/63/lba",
		"1/17/63/lba",
		"1/16/0/lba",
		"1/16/64/lba",
		"-1/16/63/lba",
		" 1/16/63/lba",
		"1 /16/63/lba",
		"0x10/16/63/lba",
		"99999999999999999999/16/63/none",
	};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		starts("cmos", "hdc", bad[i], -EINVAL, "hdc=");
	starts("cmos", "hda", "16383/16/63/lba", 0, NULL);
	starts("cmos", "hdd", "1/1/1/none", 0, NULL);
}

static void
a_boot_order_is_up_to_three_letters(void **state)
{
	(void)state;
	starts("cmos", "boot", "cdan", -EINVAL, "boot=");
	starts("cmos", "boot", "x", -EINVAL, "boot=");
	starts("cmos", "boot", "", 0, NULL);
	starts("cmos", "boot", "nda", 0, NULL);
}

static void
numbers_have_limits(void **state)
{
	(void)state;
	starts("cmos", "cpus", "0", -EINVAL, "cpus=0");
	starts("cmos", "cpus", "129", -EINVAL, "cpus=129");
	starts("cmos", "cpus", "128", 0, NULL);
	starts("uart", "index", "4", -EINVAL, "index");
	starts("uart", "irq", "16", -EINVAL, "irq");
	starts("piix4-pm", "cpus", "257", -EINVAL, "cpus=257");
	starts("piix4-pm", "maxcpus", "256", 0, NULL);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_disk_of_cmos_is_four_words_in_their_limits),
		cmocka_unit_test(a_boot_order_is_up_to_three_letters),
		cmocka_unit_test(numbers_have_limits),
	};

	folder = argc > 1 ? argv[1] : ".";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
