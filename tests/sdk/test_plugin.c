/* SPDX-License-Identifier: MIT */
/*
 * Loading plugins: good ones, old ones, broken ones. The variants of
 * tests/abi/plugin.c are compiled here; run from the top of the source tree,
 * with the folder of built plugins as argument.
 */
#include "support/fake_host.h"

#include <sys/stat.h>
#include <unistd.h>

#include "abi/layout.h"

#define PATH_SIZE 512u

static const char *plugin_dir;
static char work_dir[] = "/tmp/ioemu-plugins-XXXXXX";
static struct host_plugins *plugins;

static int
setup(void **state)
{
	(void)state;
	return host_plugins_new(&plugins);
}

static int
teardown(void **state)
{
	(void)state;
	host_plugins_free(plugins);
	return 0;
}

static const char *
work_path(const char *name)
{
	static char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/%s", work_dir, name);
	return path;
}

static void
write_file(const char *name, const char *text)
{
	FILE *f = fopen(work_path(name), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

/* A variant of tests/abi/plugin.c as a file of that name. */
static const char *
build(const char *name, const char *flags)
{
	const char *cc = getenv("CC");
	char command[1024];

	snprintf(command, sizeof(command),
		 "%s -std=gnu11 -shared -fPIC -Iplugins-sdk/include %s "
		 "-o %s tests/abi/plugin.c",
		 cc ? cc : "cc", flags, work_path(name));
	assert_int_equal(system(command), 0);
	return work_path(name);
}

static void
load(const char *path, int expected, const char *why_has)
{
	const char *why = NULL;

	assert_int_equal(host_plugins_load(plugins, path, &why), expected);
	assert_non_null(why);
	if (why_has)
		assert_non_null(strstr(why, why_has));
}

static void
refuse(const char *flags, int expected, const char *why_has)
{
	load(build("bad.so", flags), expected, why_has);
	assert_null(host_plugins_at(plugins, 0));
	unlink(work_path("bad.so")); /* or dlopen may know it again */
}

static void
a_plugin_is_found_by_name_and_alias(void **state)
{
	const struct host_type *t;
	struct hostdev *hd;
	struct fake fake;

	(void)state;
	load(build("good.so", ""), 0, NULL);
	t = host_plugins_find(plugins, "abi-chip");
	assert_non_null(t);
	assert_ptr_equal(host_plugins_find(plugins, "abi-alias"), t);
	assert_ptr_equal(host_plugins_at(plugins, 0), t);
	assert_null(host_plugins_at(plugins, 1));
	assert_null(host_plugins_find(plugins, "abi"));
	assert_string_equal(t->path, work_path("good.so"));
	hd = fake_device(&fake, t);
	hostdev_free(hd);
}

static void
what_is_no_plugin_is_refused(void **state)
{
	(void)state;
	load(work_path("absent.so"), -ENOENT, "absent.so");
	write_file("text.so", "not ELF");
	load(work_path("text.so"), -ENOENT, NULL);
	unlink(work_path("text.so"));
	refuse("-DNO_SYMBOL", -ENOENT, "ioemu_plugin");
	assert_int_equal(host_plugins_load(plugins, "/", NULL), -ENOENT);
}

static void
another_abi_is_refused(void **state)
{
	(void)state;
	refuse("-DPLUGIN_ABI=0", -EPROTO, "SDK 0");
	refuse("-DPLUGIN_ABI=2", -EPROTO, "SDK 2");
	refuse("-DTYPE_ABI=2", -EINVAL, NULL);
}

/* As a plugin of an SDK whose types ended earlier. */
static void
an_older_plugin_lacks_what_it_does_not_know(void **state)
{
	const struct host_type *t;

	(void)state;
	load(build("old.so",
		   "-DTYPE_SIZE='offsetof(struct ioemu_type, query)'"),
	     0, NULL);
	t = host_plugins_find(plugins, "abi-chip");
	assert_non_null(t->type.attach);
	assert_null(t->type.query);
}

static void
a_newer_plugin_is_taken_for_what_we_know(void **state)
{
	const struct host_type *t;

	(void)state;
	load(build("new.so", "-DTYPE_SIZE='sizeof(struct ioemu_type)+64' "
			     "-DPLUGIN_SIZE='sizeof(struct ioemu_plugin)+8'"),
	     0, NULL);
	t = host_plugins_find(plugins, "abi-chip");
	assert_non_null(t->type.query);
}

/* A host's table ends where it was built; what a plugin knows goes on. */
static void
a_plugin_can_ask_for_a_call(void **state)
{
	struct ioemu_host older = { .abi = IOEMU_ABI };
	struct ioemu_dev dev = { .host = &older };
	const struct host_type *t;
	char text[32];

	(void)state;
	load(build("have.so", ""), 0, NULL);
	t = host_plugins_find(plugins, "abi-chip");
	assert_non_null(t);
	older.size = sizeof(older);
	t->type.query(&dev, "", text, sizeof(text));
	assert_string_equal(text, "log eject ");
	older.size = offsetof(struct ioemu_host, eject) + 1; /* cut in it */
	t->type.query(&dev, "", text, sizeof(text));
	assert_string_equal(text, "log ");
	older.size = offsetof(struct ioemu_host, log);
	t->type.query(&dev, "", text, sizeof(text));
	assert_string_equal(text, "");
}

static void
malformed_types_are_refused(void **state)
{
	(void)state;
	refuse("-DTYPE_SIZE=8", -EINVAL, "malformed");
	refuse("-DPLUGIN_SIZE=8", -EINVAL, "malformed");
	refuse("-DN_TYPES=0", -EINVAL, "malformed");
	refuse("-DN_TYPES=1000", -EINVAL, "malformed");
	refuse("-DATTACH=0", -EINVAL, "attach");
	refuse("-DNAME=0", -EINVAL, "name");
	refuse("-DNAME='\"\"'", -EINVAL, "name");
	refuse("-DNAME='\"a,b\"'", -EINVAL, "name");
	refuse("-DDEFAULT='\"five\"'", -EINVAL, "abi-chip");
	refuse("-DDEFAULT='\"0x100000000\"'", -EINVAL, "abi-chip");
	refuse("-DOFFSET=4", -EINVAL, "abi-chip");
	refuse("-DOFFSET=0xfffffffc", -EINVAL, "abi-chip");
	refuse("-DFIELD_KIND=IOEMU_KIND_STRING", -EINVAL, "abi-chip");
}

static void
the_first_of_a_name_stays(void **state)
{
	const struct host_type *t;

	(void)state;
	load(build("one.so", ""), 0, NULL);
	t = host_plugins_at(plugins, 0);
	load(build("two.so", ""), -EEXIST, "abi-chip");
	load(build("three.so", "-DNAME='\"other\"'"), -EEXIST, "abi-alias");
	assert_ptr_equal(host_plugins_find(plugins, "abi-chip"), t);
	assert_null(host_plugins_at(plugins, 1));
}

static void
a_plugin_is_taken_whole_or_not_at_all(void **state)
{
	(void)state;
	refuse("-DN_TYPES=2 -DNAME2='\"abi-chip\"'", -EEXIST, "abi-chip");
	load(build("both.so", "-DN_TYPES=2"), 0, NULL);
	assert_non_null(host_plugins_at(plugins, 1));
	assert_null(host_plugins_at(plugins, 2));
}

static unsigned n_reports;

static void
report(void *ctx, const char *path, int err, const char *why)
{
	(void)ctx;
	assert_non_null(strstr(path, "b.so"));
	assert_int_equal(err, -ENOENT);
	assert_non_null(why);
	n_reports++;
}

static void
a_folder_is_loaded_in_name_order(void **state)
{
	char dir[] = "/tmp/ioemu-folder-XXXXXX";
	char command[PATH_SIZE];

	(void)state;
	assert_non_null(mkdtemp(dir));
	build("x.so", "-DNAME='\"last\"'");
	build("y.so", "-DNAME='\"first\"' -DALIAS='\"second\"'");
	write_file("b.so", "");
	snprintf(command, sizeof(command),
		 "cd %s && mv x.so %s/c.so && mv y.so %s/a.so && "
		 "mv b.so %s && touch %s/README %s/.so",
		 work_dir, dir, dir, dir, dir, dir);
	assert_int_equal(system(command), 0);
	n_reports = 0;
	assert_int_equal(host_plugins_load_dir(plugins, dir, report, NULL), 2);
	assert_int_equal(n_reports, 1);
	assert_string_equal(host_plugins_at(plugins, 0)->type.name, "first");
	assert_string_equal(host_plugins_at(plugins, 1)->type.name, "last");
	assert_int_equal(
		host_plugins_load_dir(plugins, "/absent", report, NULL),
		-ENOENT);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

static void
unexpected(void *ctx, const char *path, int err, const char *why)
{
	(void)ctx;
	(void)err;
	fail_msg("%s: %s", path, why);
}

static void
every_plugin_built_here_loads(void **state)
{
	(void)state;
	if (!plugin_dir)
		skip();
	assert_true(host_plugins_load_dir(plugins, plugin_dir, unexpected,
					  NULL) > 0);
	assert_non_null(host_plugins_find(plugins, "debugcon"));
	assert_non_null(host_plugins_find(plugins, "membar"));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_plugin_is_found_by_name_and_alias),
		TEST(what_is_no_plugin_is_refused),
		TEST(another_abi_is_refused),
		TEST(an_older_plugin_lacks_what_it_does_not_know),
		TEST(a_newer_plugin_is_taken_for_what_we_know),
		TEST(a_plugin_can_ask_for_a_call),
		TEST(malformed_types_are_refused),
		TEST(the_first_of_a_name_stays),
		TEST(a_plugin_is_taken_whole_or_not_at_all),
		TEST(a_folder_is_loaded_in_name_order),
		TEST(every_plugin_built_here_loads),
	};
	char command[PATH_SIZE];
	int rc;

	plugin_dir = argc > 1 ? argv[1] : NULL;
	if (!mkdtemp(work_dir))
		return 1;
	rc = cmocka_run_group_tests(tests, NULL, NULL);
	snprintf(command, sizeof(command), "rm -r %s", work_dir);
	return system(command) || rc;
}
