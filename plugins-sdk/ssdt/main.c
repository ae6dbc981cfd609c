/* SPDX-License-Identifier: MIT */
/*
 * ioemu-ssdt: what a guest's ACPI says of devices behind raw ranges, and of
 * slots behind bridges, as a file for xl.cfg's acpi_firmware=. Arguments in,
 * one file out.
 */
#include "ssdt.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
	"usage: ioemu-ssdt -o FILE raw-mmio,base=N,size=N[,key=value...] ...\n"
	"                          i31154,addr=SLOT ...\n"
	"\n"
	"Writes an ACPI table (SSDT) that tells a guest of devices behind raw\n"
	"ranges, for acpi_firmware= in xl.cfg. Each argument is one range, in "
	"the\n"
	"words of mini-ioemu's -device, or a bridge, so that the guest sees "
	"by\n"
	"itself what comes late behind it:\n"
	"\n"
	"  base=N,size=N       where it is\n"
	"  space=mem|io        memory (the default) or ports\n"
	"  prefetchable=on     reads have no effect, strings may be joined\n"
	"  ro=on               read-only\n"
	"  irq=N               its ISA interrupt, 1 to 15, not 2\n"
	"  gsi=N               or a pin of a second I/O APIC, 48 to 255\n"
	"  irq-mode=edge|level how it is raised; active high; default edge\n"
	"  name=NAME           its name; ranges of one name are one device;\n"
	"                      default RAW0, RAW1, ...\n"
	"  hid=ID, cid=ID      _HID (default PRP0001) and _CID\n"
	"  compatible=TEXT     by which drivers look for PRP0001\n"
	"\n"
	"  -o, --output FILE   the file to write\n"
	"  --help, --version\n"
	"\n"
	"Exit status: 0 good, 1 failure, 2 usage.\n";

enum { OPT_HELP = 256, OPT_VERSION };

static const struct option long_options[] = {
	{ "output", required_argument, NULL, 'o' },
	{ "help", no_argument, NULL, OPT_HELP },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ 0 },
};

/* `word` may be NULL. */
static int
usage_error(const char *word, const char *what)
{
	fprintf(stderr, "ioemu-ssdt: %s%s%s; --help says more\n",
		word ? word : "", word ? ": " : "", what);
	return 2;
}

static int
write_file(const char *path, const uint8_t *data, size_t n)
{
	FILE *f = fopen(path, "wb");
	bool good;

	if (f) {
		good = fwrite(data, 1, n, f) == n;
		if (!fclose(f) && good)
			return 0;
	}
	fprintf(stderr, "ioemu-ssdt: %s: %s\n", path, strerror(errno));
	return 1;
}

static int
make(const char *path, char **words)
{
	static uint8_t table[SSDT_MAX];
	static struct ssdt ssdt;
	char why[SSDT_ERROR];
	long n;

	for (; *words; words++) {
		if (!ssdt_add(&ssdt, *words, why))
			continue;
		fprintf(stderr, "ioemu-ssdt: %s: %s\n", *words, why);
		return 2;
	}
	n = ssdt_encode(&ssdt, table, sizeof(table));
	if (n < 0) {
		fprintf(stderr, "ioemu-ssdt: too much for one table\n");
		return 1;
	}
	return write_file(path, table, (size_t)n);
}

int
main(int argc, char **argv)
{
	const char *path = NULL;
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, ":o:", long_options, NULL)) != -1) {
		switch (c) {
		case 'o':
			path = optarg;
			break;
		case OPT_HELP:
			printf("%s", usage);
			return 0;
		case OPT_VERSION:
			puts("ioemu-ssdt " IOEMU_VERSION);
			return 0;
		case ':':
			return usage_error(argv[optind - 1],
					   "its value is missing");
		default:
			return usage_error(argv[optind - 1],
					   "no such option, or one that takes "
					   "no value");
		}
	}
	if (!path)
		return usage_error(NULL, "-o FILE is missing");
	if (optind == argc)
		return usage_error(NULL, "no range or bridge is given");
	return make(path, argv + optind);
}
