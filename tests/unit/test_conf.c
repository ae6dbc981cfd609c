/* SPDX-License-Identifier: MIT */
/*
 * The command line and the machine description, by golden files: every
 * tests/conf/NAME.case holds the words of a command line (one a line), perhaps
 * a description, and what must come out: the dump of struct conf, or the error.
 * CONF_UPDATE=1 in the environment writes the answer into the files.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "loop/loop.h"

#include "config/conf.h"

#define CASE_DIR "tests/conf"
#define INSTALLED "mini-ioemu/machine.conf"
#define MAX_CASES 256u
#define MAX_WORDS 256
#define MARK_MACHINE "--- machine"
#define MARK_EXPECT "--- expect\n"

struct text_case {
	char *path;
	char *text;    /* of the file; cut into the parts below */
	char *machine; /* description; NULL: none */
	char *expect;
	char *argv[MAX_WORDS];
	int argc;
};

/* ---- struct conf as text ------------------------------------------------- */

static void
dump_text(FILE *f, const char *name, const char *value)
{
	if (value)
		fprintf(f, "%s: %s\n", name, value);
}

static void
dump_flag(FILE *f, const char *name, bool set)
{
	if (set)
		fprintf(f, "%s\n", name);
}

static void
dump_words(FILE *f, const char *name, const struct conf_word *w)
{
	for (; w; w = w->next)
		dump_text(f, name, w->text);
}

static void
dump_props(FILE *f, const struct conf_prop *p)
{
	for (; p; p = p->next)
		fprintf(f, " %s=%s", p->key, p->value);
	fputc('\n', f);
}

static void
dump_devices(FILE *f, const struct conf_device *d)
{
	for (; d; d = d->next) {
		fprintf(f, "device: %s", d->type);
		if (d->id)
			fprintf(f, " id %s", d->id);
		if (d->bus)
			fprintf(f, " bus %s", d->bus);
		if (d->devfn >= 0)
			fprintf(f, " at %02x.%x", (unsigned)d->devfn >> 3,
				(unsigned)d->devfn & 7u);
		if (d->multifunction)
			fputs(" multifunction", f);
		fprintf(f, " (%s)", d->source);
		dump_props(f, d->props);
	}
}

/* What is not QEMU's default. */
static void
dump_errors(FILE *f, const struct conf *conf, const struct conf_drive *d)
{
	static const char *const word[] = { "", "report", "stop", "enospc" };
	enum conf_errors r = conf_drive_errors(conf, d, false);
	enum conf_errors w = conf_drive_errors(conf, d, true);

	if (r != CONF_ERRORS_REPORT || w != CONF_ERRORS_ENOSPC)
		fprintf(f, " errors %s %s", word[r], word[w]);
}

static void
dump_host_side(FILE *f, const struct conf *conf)
{
	const struct conf_drive *d;
	const struct conf_serial *s;
	const struct conf_chardev *c;
	const struct conf_monitor *m;

	for (d = conf->drives; d; d = d->next) {
		fprintf(f, "drive: %s file %s format %s if %s %u %s%s", d->id,
			d->file ? d->file : "-", d->format, d->iface, d->index,
			d->media, d->readonly ? " readonly" : "");
		dump_errors(f, conf, d);
		fputs("\n", f);
	}
	for (s = conf->serials; s; s = s->next)
		fprintf(f, "serial: %u %s\n", s->index, s->chardev);
	for (c = conf->chardevs; c; c = c->next)
		fprintf(f, "chardev: %s %s\n", c->id, c->spec);
	for (m = conf->monitors; m; m = m->next)
		fprintf(f, "monitor: %s path %s fd %d\n", m->id,
			m->path ? m->path : "-", m->fd);
}

static void
dump(FILE *f, const struct conf *conf)
{
	fprintf(f,
		"action %d domid %d memory %u vcpus %u/%u incoming %d "
		"log %d\n",
		(int)conf->action, conf->domid, conf->memory_mib, conf->vcpus,
		conf->max_vcpus, conf->incoming_fd, (int)conf->log_level);
	if (conf->poll_us != SPIN_DEFAULT_US)
		fprintf(f, "poll %u us\n", conf->poll_us);
	if (conf->no_sandbox)
		fprintf(f, "no sandbox\n");
	if (conf->no_merge)
		fprintf(f, "no merging\n");
	dump_flag(f, "no machine", conf->no_machine);
	dump_flag(f, "xen platform", conf->xen_platform);
	dump_flag(f, "stopped", conf->stopped);
	dump_flag(f, "restrict", conf->restrict_domid);
	dump_text(f, "name", conf->name);
	dump_text(f, "boot", conf->boot);
	dump_text(f, "kernel", conf->kernel);
	dump_text(f, "initrd", conf->initrd);
	dump_text(f, "append", conf->append);
	dump_text(f, "run as", conf->run_as);
	dump_text(f, "chroot", conf->chroot);
	dump_text(f, "machine file", conf->machine_file);
	dump_words(f, "plugin dir", conf->plugin_dirs);
	dump_devices(f, conf->devices);
	dump_host_side(f, conf);
	dump_words(f, "unserved", conf->unserved);
}

/* ---- cases -----------------------------------------------------------------
 */

static char *
slurp(const char *path)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 65536);

	assert_non_null(f);
	assert_non_null(text);
	assert_true(fread(text, 1, 65535, f) < 65535);
	fclose(f);
	return text;
}

static void
case_read(struct text_case *c)
{
	char *line, *next;

	c->text = slurp(c->path);
	c->expect = strstr(c->text, MARK_EXPECT);
	assert_non_null(c->expect);
	*c->expect = '\0';
	c->expect += strlen(MARK_EXPECT);
	c->machine = strstr(c->text, MARK_MACHINE);
	if (c->machine) {
		*c->machine = '\0';
		c->machine += strlen(MARK_MACHINE);
	}
	c->argc = 0;
	c->argv[c->argc++] = c->text + strlen(c->text);
	for (line = c->text; *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		if (*line == '#')
			continue;
		assert_true(c->argc < MAX_WORDS - 1);
		c->argv[c->argc++] = strcmp(line, "''") ? line : line + 2;
	}
	c->argv[c->argc] = NULL;
}

/* "--- machine FILE" or "--- machine" and the text on the next lines. */
static int
case_machine(const struct text_case *c, struct conf *conf,
	     struct conf_error *err)
{
	char path[256];

	if (!c->machine)
		return 0;
	if (sscanf(c->machine, " %255[^\n]", path) == 1 && *c->machine == ' ')
		return conf_read_machine(conf, path, err);
	return conf_parse_machine(conf, "test", c->machine + 1,
				  strlen(c->machine + 1), err);
}

static char *
case_run(const struct text_case *c)
{
	struct conf_error err;
	struct conf conf;
	char *out = NULL;
	size_t len = 0;
	FILE *f = open_memstream(&out, &len);
	int ret = conf_parse(c->argc, (char **)(uintptr_t)c->argv, &conf, &err);

	assert_non_null(f);
	if (!ret)
		ret = case_machine(c, &conf, &err);
	if (ret)
		fprintf(f, "error: %s\n", err.text);
	else
		dump(f, &conf);
	fclose(f);
	conf_free(&conf);
	assert_null(conf.pool);
	return out;
}

static void
case_update(const struct text_case *c, const char *out)
{
	char *text = slurp(c->path);
	FILE *f = fopen(c->path, "w");

	assert_non_null(f);
	*strstr(text, MARK_EXPECT) = '\0';
	fprintf(f, "%s%s%s", text, MARK_EXPECT, out);
	fclose(f);
	free(text);
}

static void
case_test(void **state)
{
	struct text_case *c = *state;
	char *out;

	case_read(c);
	out = case_run(c);
	if (getenv("CONF_UPDATE"))
		case_update(c, out);
	else
		assert_string_equal(out, c->expect);
	free(out);
	free(c->text);
}

/* ---- what files cannot say --------------------------------------------------
 */

static void
help_names_every_option_of_our_own(void **state)
{
	(void)state;
	assert_non_null(strstr(conf_help(), "--plugin-dir"));
	assert_non_null(strstr(conf_help(), "--machine-file"));
	assert_non_null(strstr(conf_help(), "--log-level"));
	assert_non_null(strstr(conf_help(), "--list-devices"));
	assert_non_null(strstr(conf_help(), "--version"));
}

/* The golden files use a description of their own. */
static void
the_installed_description_takes_all_that_libxl_asks_for(void **state)
{
	static const char *const words[] = {
		"x",	       "-xen-domid", "1",      "-machine", "xenfv",
		"-serial",     "pty",	     "-drive", "file=/a",  "-drive",
		"media=cdrom", "-kernel",    "/k",     "-m",	   "64",
	};
	const int n = (int)(sizeof(words) / sizeof(words[0]));
	struct conf_error err;
	struct conf conf;
	int ret;

	(void)state;
	assert_int_equal(conf_parse(n, (char **)(uintptr_t)words, &conf, &err),
			 0);
	ret = conf_read_machine(&conf, INSTALLED, &err);
	assert_string_equal(err.text, "");
	assert_int_equal(ret, 0);
	assert_non_null(conf.devices);
	conf_free(&conf);
}

static void
a_description_with_a_nul_byte_is_refused(void **state)
{
	char *argv[] = { (char[]){ "x" }, (char[]){ "-machine" },
			 (char[]){ "none" }, NULL };
	struct conf_error err;
	struct conf conf;

	(void)state;
	assert_int_equal(conf_parse(3, argv, &conf, &err), 0);
	assert_int_equal(
		conf_parse_machine(&conf, "m", "device a\0b\n", 11, &err),
		-EINVAL);
	assert_string_equal(err.text, "m:1: this is no text file");
	conf_free(&conf);
}

static void
the_word_may_go_away_after_parsing(void **state)
{
	char name[] = "guest", option[] = "-name", domid[] = "-xen-domid";
	char *argv[] = { name, option, name, domid, (char[]){ "4" }, NULL };
	struct conf_error err;
	struct conf conf;

	(void)state;
	assert_int_equal(conf_parse(5, argv, &conf, &err), 0);
	memset(name, 'x', sizeof(name) - 1);
	assert_string_equal(conf.name, "guest");
	conf_free(&conf);
}

/* ---- disks ------------------------------------------------------------------
 */

/* A sparse image; heads: the partition table ends with so many. */
static void
make_image(char *path, off_t size, uint8_t heads)
{
	uint8_t mbr[512] = { [510] = 0x55, [511] = 0xaa };
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
	mbr[446 + 5] = (uint8_t)(heads - 1);
	mbr[446 + 6] = 63;
	mbr[446 + 12] = 1;
	if (heads)
		assert_int_equal(pwrite(fd, mbr, sizeof(mbr), 0), sizeof(mbr));
	close(fd);
}

static const char *
find_prop(const struct conf *conf, const char *type, const char *key)
{
	const struct conf_device *d = conf->devices;
	const struct conf_prop *p;

	while (d && strcmp(d->type, type))
		d = d->next;
	assert_non_null(d);
	for (p = d->props; p; p = p->next)
		if (!strcmp(p->key, key))
			return p->value;
	return NULL;
}

/* As libxl names them: three disks and an empty CD-ROM drive. */
static void
firmware_is_told_of_the_disks(void **state)
{
	char a[] = "/tmp/ioemu-conf-XXXXXX", b[] = "/tmp/ioemu-conf-XXXXXX";
	const char *const cmos = "cmos";
	char *words[] = { (char[]){ "x" },
			  (char[]){ "-xen-domid" },
			  (char[]){ "1" },
			  (char[]){ "-drive" },
			  NULL,
			  (char[]){ "-drive" },
			  NULL,
			  (char[]){ "-drive" },
			  (char[]){ "file=/not/there,if=ide,index=2" },
			  (char[]){ "-drive" },
			  (char[]){ "if=ide,index=3,media=cdrom" } };
	struct conf_error err;
	struct conf conf;

	(void)state;
	make_image(a, (off_t)3 << 30, 0);
	make_image(b, (off_t)64 << 20, 255);
	assert_true(asprintf(&words[4],
			     "file=%s,if=ide,index=0,media=disk,"
			     "format=raw,cache=writeback",
			     a) > 0);
	assert_true(asprintf(&words[6],
			     "file=%s,if=ide,index=1,media=disk,"
			     "format=raw,cache=writeback",
			     b) > 0);
	assert_int_equal(conf_parse(11, words, &conf, &err), 0);
	assert_int_equal(conf_read_machine(&conf, INSTALLED, &err), 0);
	assert_string_equal(find_prop(&conf, cmos, "hda"), "6241/16/63/lba");
	assert_string_equal(find_prop(&conf, cmos, "hdb"), "130/16/63/large");
	assert_null(find_prop(&conf, cmos, "hdc"));
	assert_null(find_prop(&conf, cmos, "hdd"));
	assert_string_equal(find_prop(&conf, "ide-hd", "heads"), "16");
	assert_string_equal(find_prop(&conf, "ide-hd", "secs"), "63");
	assert_null(find_prop(&conf, "ide-cd", "heads"));
	conf_free(&conf);
	free(words[4]);
	free(words[6]);
	unlink(a);
	unlink(b);
}

/* ---- main ------------------------------------------------------------------
 */

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct CMUnitTest *)a)->name,
		      ((const struct CMUnitTest *)b)->name);
}

static size_t
find_cases(struct CMUnitTest *tests, struct text_case *cases)
{
	DIR *dir = opendir(CASE_DIR);
	struct dirent *entry;
	size_t n = 0;

	while (dir && n < MAX_CASES && (entry = readdir(dir))) {
		if (!strstr(entry->d_name, ".case"))
			continue;
		if (asprintf(&cases[n].path, CASE_DIR "/%s", entry->d_name) < 0)
			abort();
		tests[n] = (struct CMUnitTest){
			.name = cases[n].path,
			.test_func = case_test,
			.initial_state = &cases[n],
		};
		n++;
	}
	if (dir)
		closedir(dir);
	qsort(tests, n, sizeof(*tests), by_name);
	return n;
}

int
main(void)
{
	static const struct CMUnitTest more[] = {
		cmocka_unit_test(help_names_every_option_of_our_own),
		cmocka_unit_test(
			the_installed_description_takes_all_that_libxl_asks_for),
		cmocka_unit_test(a_description_with_a_nul_byte_is_refused),
		cmocka_unit_test(the_word_may_go_away_after_parsing),
		cmocka_unit_test(firmware_is_told_of_the_disks),
	};
	static struct CMUnitTest tests[MAX_CASES];
	static struct text_case cases[MAX_CASES];
	size_t i, n = find_cases(tests, cases);
	int failed;

	if (!n) {
		fputs("no " CASE_DIR "/*.case: run me from the top\n", stderr);
		return 1;
	}
	failed = _cmocka_run_group_tests("cases", tests, n, NULL, NULL);
	for (i = 0; i < n; i++)
		free(cases[i].path);
	return failed + cmocka_run_group_tests(more, NULL, NULL);
}
