/* SPDX-License-Identifier: MIT */
/*
 * What an operator gets wrong: each mistake is an error of its own and a line
 * that names the file. The host here is a log and nothing else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <sys/mman.h>

#include "image.c"
#include "items.c"
#include "linux.c"

const uint8_t linuxboot_rom[512];
const uint32_t linuxboot_rom_size = sizeof(linuxboot_rom);

static void
keep_log(struct ioemu_dev *dev, enum ioemu_level level, const char *fmt, ...)
{
	va_list ap;

	(void)level;
	va_start(ap, fmt);
	vsnprintf(dev->state, 256, fmt, ap);
	va_end(ap);
}

static const struct ioemu_host log_only = { .log = keep_log };

/* items_make() fails with `err`, and what it logs contains `text`. */
static void
assert_refused(const struct items_source *src, int err, const char *text)
{
	char line[256] = "";
	struct ioemu_dev dev = { .host = &log_only, .state = line };
	struct items *items = calloc(1, sizeof(*items));

	assert_non_null(items);
	assert_int_equal(items_make(items, &dev, src), err);
	assert_non_null(strstr(line, text));
	items_free(items);
	assert_null(items->kernel.data);
	assert_null(items->initrd.data);
	free(items);
}

static void
assert_kernel_refused(const char *path, int err, const char *text)
{
	const struct items_source src = { .kernel = path, .memory_mib = 256 };

	assert_refused(&src, err, path);
	assert_refused(&src, err, text);
}

static void
a_missing_file_is_named(void **state)
{
	(void)state;
	assert_kernel_refused("/nonexistent/vmlinuz", -ENOENT, "No such file");
}

static void
what_is_no_plain_file_is_refused_at_once(void **state)
{
	char path[64];
	int fd[2];

	(void)state;
	assert_kernel_refused("/", -EINVAL, "plain file");
	assert_kernel_refused("/dev/null", -EINVAL, "plain file");

	assert_int_equal(pipe(fd), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd[0]);
	assert_kernel_refused(path, -EINVAL, "plain file");
	close(fd[0]);
	close(fd[1]);
}

static void
files_of_no_bytes_or_too_many_are_refused(void **state)
{
	int fd = memfd_create("file", 0);
	char path[64];

	(void)state;
	assert_true(fd >= 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_kernel_refused(path, -EINVAL, "empty");
	assert_int_equal(ftruncate(fd, (off_t)UINT32_MAX + 1), 0);
	assert_kernel_refused(path, -EFBIG, "too large");
	close(fd);
}

/* mmap(2): SIGBUS is what a page beyond the end of the file gives. */
static void
a_file_cut_short_later_is_still_all_there(void **state)
{
	int fd = memfd_create("file", 0);
	struct image image;
	char path[64];

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 8192), 0);
	assert_int_equal(pwrite(fd, "x", 1, 8191), 1);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_int_equal(image_open(&image, path), 0);
	assert_int_equal(ftruncate(fd, 0), 0);
	assert_int_equal(image.size, 8192);
	assert_int_equal(image.data[0], 0);
	assert_int_equal(image.data[8191], 'x');
	image_close(&image);
	close(fd);
}

static void
a_file_that_is_no_kernel_is_refused(void **state)
{
	(void)state;
	assert_kernel_refused("/proc/self/exe", -ENOEXEC, "bzImage");
}

static void
an_initrd_or_a_command_line_needs_a_kernel(void **state)
{
	const struct items_source initrd = { .initrd = "/proc/self/exe" };
	const struct items_source cmdline = { .cmdline = "quiet" };

	(void)state;
	assert_refused(&initrd, -EINVAL, "kernel=");
	assert_refused(&cmdline, -EINVAL, "kernel=");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_missing_file_is_named),
		cmocka_unit_test(what_is_no_plain_file_is_refused_at_once),
		cmocka_unit_test(files_of_no_bytes_or_too_many_are_refused),
		cmocka_unit_test(a_file_cut_short_later_is_still_all_there),
		cmocka_unit_test(a_file_that_is_no_kernel_is_refused),
		cmocka_unit_test(an_initrd_or_a_command_line_needs_a_kernel),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
