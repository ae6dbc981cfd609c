/* SPDX-License-Identifier: MIT */
/* The command line of ioemu-peer: words in, struct options out. */
#include "options.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "loop/loop.h"

#define MAX_FD 65535u

const char options_usage[] =
	"usage: ioemu-peer DEVICE.so\n"
	"                  {--connect ADDR [--again] | --listen ADDR | --fd "
	"N}\n"
	"                  [--type NAME] [key=value ...]\n"
	"\n"
	"Runs a device of a plugin as a process of its own.\n"
	"\n"
	"  --connect ADDR  go to the device model; end when it goes\n"
	"  --again         but go to it again and again; state is kept\n"
	"  --listen ADDR   wait for it, again and again; state is kept\n"
	"  --fd N          use a connected socket that was inherited\n"
	"  --type NAME     which device, if the plugin has several\n"
	"  --poll-us=N     look around for N us before sleeping; 0: never\n"
	"  --no-ring       all goes over the socket\n"
	"  --chroot DIR    when all is open, nothing outside DIR is there\n"
	"  --runas USER    then be this user, or UID:GID\n"
	"  --help, --version\n"
	"\n"
	"ADDR is unix:PATH or tcp:HOST:PORT. key=value are properties of the\n"
	"device (mini-ioemu --list-devices). Exit status: 0 the other side is\n"
	"gone, 1 failure, 2 usage.\n";

enum {
	OPT_CONNECT = 256,
	OPT_AGAIN,
	OPT_LISTEN,
	OPT_FD,
	OPT_TYPE,
	OPT_POLL_US,
	OPT_NO_RING,
	OPT_CHROOT,
	OPT_RUNAS,
	OPT_HELP,
	OPT_VERSION
};

static const struct option long_options[] = {
	{ "connect", required_argument, NULL, OPT_CONNECT },
	{ "again", no_argument, NULL, OPT_AGAIN },
	{ "listen", required_argument, NULL, OPT_LISTEN },
	{ "fd", required_argument, NULL, OPT_FD },
	{ "type", required_argument, NULL, OPT_TYPE },
	{ "poll-us", required_argument, NULL, OPT_POLL_US },
	{ "no-ring", no_argument, NULL, OPT_NO_RING },
	{ "chroot", required_argument, NULL, OPT_CHROOT },
	{ "runas", required_argument, NULL, OPT_RUNAS },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ 0 },
};

static bool IOEMU_PRINTF(1, 2) wrong(const char *fmt, ...)
{
	va_list ap;

	(void)fputs("ioemu-peer: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputs("; --help says more\n", stderr);
	return false;
}

static bool
read_number(const char *option, unsigned most, unsigned *out)
{
	uint64_t n;

	if (host_number(optarg, most, &n))
		return wrong("%s %s: a number from 0 to %u", option, optarg,
			     most);
	*out = (unsigned)n;
	return true;
}

/* `word` is what getopt_long(3) looked at. */
static bool
read_option(struct options *o, int c, const char *word)
{
	unsigned fd = 0;
	bool good;

	switch (c) {
	case OPT_CONNECT:
		o->connect = optarg;
		return true;
	case OPT_AGAIN:
		o->again = true;
		return true;
	case OPT_LISTEN:
		o->listen = optarg;
		return true;
	case OPT_FD:
		good = read_number("--fd", MAX_FD, &fd);
		o->fd = (int)fd;
		return good;
	case OPT_TYPE:
		o->type = optarg;
		return true;
	case OPT_POLL_US:
		return read_number("--poll-us", SPIN_MAX_US, &o->poll_us);
	case OPT_NO_RING:
		o->no_ring = true;
		return true;
	case OPT_CHROOT:
		o->chroot = optarg;
		return true;
	case OPT_RUNAS:
		o->run_as = optarg;
		return true;
	case ':':
		return wrong("%s: its value is missing", word);
	default:
		return wrong("%s: no such option, or one that takes no value",
			     word);
	}
}

/* Do they go together? */
static bool
options_fit(const struct options *o)
{
	if (!o->plugin)
		return wrong("which plugin? DEVICE.so is missing");
	if ((o->connect != NULL) + (o->listen != NULL) + (o->fd >= 0) != 1)
		return wrong("one of --connect, --listen, --fd is needed");
	if (o->again && !o->connect)
		return wrong("--again wants --connect");
	if (o->again && o->chroot && !strncmp(o->connect, "unix:", 5))
		return wrong("--again and --chroot: no unix: is in reach then");
	return true;
}

bool
options_read(struct options *o, int argc, char **argv)
{
	int c;

	*o = (struct options){ .fd = -1, .poll_us = SPIN_DEFAULT_US };
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":", long_options, NULL)) != -1) {
		o->help = c == OPT_HELP;
		o->version = c == OPT_VERSION;
		if (o->help || o->version)
			return true;
		if (!read_option(o, c, argv[optind - 1]))
			return false;
	}
	o->plugin = argv[optind];
	o->props = argv + optind + 1;
	o->n_props = argc - optind - 1;
	return options_fit(o);
}
