/* SPDX-License-Identifier: MIT */
/*
 * The command line: libxl's (a subset of QEMU 7's) and our own words. One table
 * says what every option is; nothing outside struct conf is touched.
 */
#include <string.h>

#include "loop/loop.h"

#include "config/priv.h"

#define COMMAND_LINE "command line"

enum option_kind {
	OPTION_CALL,	 /* the function knows */
	OPTION_TEXT,	 /* the word is a member of struct conf */
	OPTION_EMPTY,	 /* likewise, and may be empty */
	OPTION_FLAG,	 /* sets a member of struct conf */
	OPTION_ACTION,	 /* `value` is an enum conf_action */
	OPTION_MOOT,	 /* asks for what is so anyway */
	OPTION_UNSERVED, /* libxl's, and nothing here does it */
	OPTION_REFUSE,	 /* `why` not */
};

struct option {
	const char *name;
	const char *arg; /* NULL: takes none */
	enum option_kind kind;
	int (*call)(struct argv *a, const char *text);
	size_t value; /* offset in struct conf, or action */
	const char *why;
};

/* clang-format off */
#define CALL(function) .kind = OPTION_CALL, .call = (function)
#define TEXT(member) .kind = OPTION_TEXT, .value = offsetof(struct conf, member)
#define FLAG(member) .kind = OPTION_FLAG, .value = offsetof(struct conf, member)
#define ACTION(action) .kind = OPTION_ACTION, .value = (action)
#define KIND(k) .kind = OPTION_##k

/* libxl's in its order (libxl_dm.c:libxl__build_device_model_args_new). */
static const struct option options[] = {
	{ "-xen-domid", "N", CALL(argv_domid) },
	{ "-xen-attach", NULL, KIND(REFUSE),
	  .why = "mini-ioemu serves HVM guests, no PV backends" },
	{ "-no-shutdown", NULL, KIND(MOOT) },
	{ "-chardev", "TYPE,id=ID,...", CALL(argv_chardev) },
	{ "-mon", "chardev=ID,mode=control", CALL(argv_mon) },
	{ "-nodefaults", NULL, KIND(MOOT) },
	{ "-no-user-config", NULL, KIND(MOOT) },
	{ "-name", "NAME", TEXT(name) },
	{ "-vnc", "HOST:DISPLAY", CALL(argv_display) },
	{ "-display", "TYPE", CALL(argv_display) },
	{ "-k", "KEYMAP", KIND(UNSERVED) },
	{ "-kernel", "FILE", TEXT(kernel) },
	{ "-initrd", "FILE", TEXT(initrd) },
	{ "-append", "TEXT", KIND(EMPTY),
	  .value = offsetof(struct conf, append) },
	{ "-serial", "SPEC", CALL(argv_serial) },
	{ "-nographic", NULL, KIND(MOOT) },
	{ "-spice", "OPTIONS", KIND(UNSERVED) },
	{ "-boot", "order=LETTERS", CALL(argv_boot) },
	{ "-usb", NULL, KIND(UNSERVED) },
	{ "-usbdevice", "TYPE", KIND(UNSERVED) },
	{ "-device", "TYPE,key=value,...", CALL(argv_device) },
	{ "-no-acpi", NULL, KIND(UNSERVED) },
	{ "-smp", "N,maxcpus=M", CALL(argv_smp) },
	{ "-netdev", "TYPE,id=ID,...", KIND(UNSERVED) },
	{ "-net", "none", CALL(argv_net) },
	{ "-xen-domid-restrict", NULL, FLAG(restrict_domid) },
	{ "-chroot", "DIR", TEXT(chroot) },
	{ "-runas", "USER", TEXT(run_as) },
	{ "-run-with", "chroot=DIR,user=USER", CALL(argv_run_with) },
	{ "-S", NULL, FLAG(stopped) },
	{ "-incoming", "fd:N", CALL(argv_incoming) },
	{ "-machine", "TYPE,...", CALL(argv_machine) },
	{ "-m", "MIB", CALL(argv_memory) },
	{ "-drive", "key=value,...", CALL(argv_drive) },
	{ "--take-over", "N", CALL(argv_take_over) },
	{ "--plugin-dir", "DIR", CALL(argv_plugin_dir) },
	{ "--machine-file", "FILE", TEXT(machine_file) },
	{ "--poll-us", "N", CALL(argv_poll) },
	{ "--no-merge", NULL, FLAG(no_merge) },
	{ "--ecam", NULL, FLAG(ecam) },
	{ "--disk-errors", "WHAT", CALL(argv_disk_errors) },
	{ "--log-level", "LEVEL", CALL(argv_log_level) },
	{ "--sandbox", "on|off", CALL(argv_sandbox) },
	{ "--list-devices", NULL, ACTION(CONF_LIST_DEVICES) },
	{ "--version", NULL, ACTION(CONF_VERSION) },
	{ "--help", NULL, ACTION(CONF_HELP) },
};
/* clang-format on */

#define N_OPTIONS (sizeof(options) / sizeof(options[0]))

int
argv_unserved(struct argv *a, const char *text)
{
	return conf_add_word(&a->ctx, &a->ctx.conf->unserved,
			     conf_printf(&a->ctx, "%s%s%s", a->ctx.where,
					 *text ? " " : "", text));
}

/* One or two dashes are the same, as with QEMU. */
static const char *
skip_dashes(const char *word)
{
	word += *word == '-';
	return word + (*word == '-');
}

static const struct option *
find_option(const char *word)
{
	unsigned i;

	for (i = 0; *word == '-' && i < N_OPTIONS; i++)
		if (!strcmp(skip_dashes(word), skip_dashes(options[i].name)))
			return &options[i];
	return NULL;
}

static int
take_option(struct argv *a, const struct option *opt, const char *text)
{
	struct conf *conf = a->ctx.conf;
	char *member = (char *)conf + opt->value;

	a->ctx.where = opt->name;
	if (opt->arg && (!text || (!*text && opt->kind != OPTION_EMPTY)))
		return conf_fail(&a->ctx, "%s is missing", opt->arg);
	switch (opt->kind) {
	case OPTION_CALL:
		return opt->call(a, text);
	case OPTION_TEXT:
	case OPTION_EMPTY:
		*(const char **)(void *)member = text;
		break;
	case OPTION_FLAG:
		*(bool *)member = true;
		break;
	case OPTION_ACTION:
		conf->action = (enum conf_action)opt->value;
		break;
	case OPTION_MOOT:
		break;
	case OPTION_UNSERVED:
		return argv_unserved(a, text ? text : "");
	case OPTION_REFUSE:
		return conf_fail(&a->ctx, "%s", opt->why);
	}
	return 0;
}

static int
finish(struct argv *a)
{
	const struct conf *conf = a->ctx.conf;

	if (conf->action != CONF_RUN || conf->take_over)
		return 0;
	if (conf->domid < 0 && !conf->no_machine)
		return conf_fail(&a->ctx, "-xen-domid N is missing: which "
					  "guest? (--help lists the options)");
	return argv_resolve(a);
}

static int
keep_words(struct argv *a, int argc, char **argv)
{
	struct conf *conf = a->ctx.conf;
	char *to;
	int i;

	for (i = 0; i < argc; i++)
		conf->words_len += strlen(argv[i]) + 1;
	to = conf_alloc(&a->ctx, conf->words_len);
	if (!to)
		return -ENOMEM;
	conf->words = to;
	for (i = 0; i < argc; i++)
		to = stpcpy(to, argv[i]) + 1;
	return 0;
}

int
conf_parse(int argc, char **argv, struct conf *conf, struct conf_error *err)
{
	struct argv a = {
		.ctx = { .conf = conf, .err = err, .where = COMMAND_LINE }
	};
	const struct option *opt;
	const char *text;
	int i, ret;

	*conf = (struct conf){
		.domid = -1,
		.vcpus = 1,
		.max_vcpus = 1,
		.incoming_fd = -1,
		.poll_us = SPIN_DEFAULT_US,
		.log_level = IOEMU_INFO,
	};
	err->text[0] = '\0';
	for (i = 1; i < argc; i++) {
		opt = find_option(argv[i]);
		if (!opt)
			return conf_fail(
				&a.ctx, "unknown option '%s'; --help lists all",
				argv[i]);
		text = NULL;
		if (opt->arg && ++i < argc) {
			text = conf_strndup(&a.ctx, argv[i], strlen(argv[i]));
			if (!text)
				return -ENOMEM;
		}
		ret = take_option(&a, opt, text);
		if (ret)
			return ret;
		a.ctx.where = COMMAND_LINE;
	}
	ret = keep_words(&a, argc, argv);
	return ret ? ret : finish(&a);
}

const char *
conf_help(void)
{
	return "usage: mini-ioemu OPTION...\n"
	       "Device model for a Xen HVM guest; the toolstack starts it.\n"
	       "\n"
	       "  --list-devices         print every device type found\n"
	       "  --version              print the version\n"
	       "  --help                 print this\n"
	       "  --take-over N          go on with domain N's guest in place "
	       "of "
	       "its\n"
	       "                         device model\n"
	       "  --plugin-dir DIR       look for plugins here first; "
	       "repeatable\n"
	       "  --machine-file FILE    description of the machine to build\n"
	       "  --log-level LEVEL      error, warn, info (default), debug\n"
	       "  --poll-us N            stay awake so long after an answer\n"
	       "  --no-merge             posted writes go one by one\n"
	       "  --ecam                 4 KiB of configuration space a "
	       "function\n"
	       "  --disk-errors WHAT     report, stop, enospc (default)\n"
	       "  --sandbox on|off       off: keep all rights, for debugging\n"
	       "\n"
	       "The toolstack's options are QEMU's: see mini-ioemu(1).\n";
}
