/* SPDX-License-Identifier: MIT */
/*
 * What a program takes, what its --help says and what its manual page says are
 * the same options. What it takes is read from the table in its source.
 */
#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MAX_TEXT (256u << 10)
#define MAX_NAMES 128u
#define NAME 40u

static const char *plugin_dir;

struct names {
	char name[MAX_NAMES][NAME]; /* dashes in front are left out */
	unsigned n;
};

static bool
names_have(const struct names *s, const char *name)
{
	unsigned i;

	for (i = 0; i < s->n; i++)
		if (!strcmp(s->name[i], name))
			return true;
	return false;
}

/* The word at p, of letters, digits and dashes. */
static void
names_add(struct names *s, const char *p)
{
	size_t n = 0;

	while (*p == '-')
		p++;
	while (isalnum((unsigned char)p[n]) || p[n] == '-')
		n++;
	assert_true(n && n < NAME && s->n < MAX_NAMES);
	snprintf(s->name[s->n], NAME, "%.*s", (int)n, p);
	s->n++;
}

static void
names_within(const struct names *a, const struct names *b, const char *what)
{
	unsigned i;

	for (i = 0; i < a->n; i++)
		if (!names_have(b, a->name[i]))
			fail_msg("%s: '%s'", what, a->name[i]);
}

static char *
read_text(FILE *f)
{
	char *text = malloc(MAX_TEXT);
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, MAX_TEXT - 1, f);
	text[n] = '\0';
	return text;
}

/* ---- the three places ------------------------------------------------ */

/* Rows `	{ "NAME", ...`; with `marked` only those with dashes in front.
 */
static void
from_source(const char *path, bool marked, struct names *out)
{
	static const char row[] = "\n\t{ \"";
	FILE *f = fopen(path, "r");
	char *text = read_text(f), *p = text;

	out->n = 0;
	while ((p = strstr(p, row))) {
		p += sizeof(row) - 1;
		if (*p != '"' && (!marked || !strncmp(p, "--", 2)))
			names_add(out, p);
	}
	fclose(f);
	free(text);
	assert_true(out->n > 2);
}

/* Options at the beginning of a line, or behind a comma after one. */
static void
from_help(const char *program, struct names *out)
{
	char command[512], *text, *p;
	FILE *f;

	snprintf(command, sizeof(command),
		 "ASAN_OPTIONS=detect_leaks=0 %s/../%s --help", plugin_dir,
		 program);
	f = popen(command, "r");
	text = read_text(f);
	assert_int_equal(pclose(f), 0);
	out->n = 0;
	for (p = strstr(text, "\n  -"); p; p = strstr(p, "\n  -")) {
		names_add(out, p + 3);
		p++;
		while (*p && *p != '\n') {
			if (!strncmp(p, ", --", 4))
				names_add(out, p + 4);
			p++;
		}
	}
	free(text);
}

/* Macros Fl and Cm with dashes, in the items of lists and at the beginning of
 * lines within them. */
static void
from_manual(const char *path, struct names *out)
{
	FILE *f = fopen(path, "r");
	char *text = read_text(f), *line, *next, *p;

	for (line = text; (p = strstr(line, "\\\n")); line = p)
		memcpy(p, "  ", 2); /* it goes on in the next */
	out->n = 0;
	for (line = text; *line; line = next) {
		next = line + strcspn(line, "\n");
		if (*next)
			*next++ = '\0';
		if (strncmp(line, ".It ", 4) && strncmp(line, ".Fl ", 4))
			continue;
		for (p = line; (p = strpbrk(p, "FC,")); p++)
			if (!strncmp(p, "Fl ", 3))
				names_add(out, p + 3);
			else if (!strncmp(p, "Cm --", 5))
				names_add(out, p + 5);
			else if (!strncmp(p, ", --", 4))
				names_add(out, p + 4);
	}
	fclose(f);
	free(text);
}

/* ---- programs -------------------------------------------------------- */

static void
mini_ioemu_and_its_manual_agree(void **state)
{
	struct names source, own, help, manual;

	(void)state;
	from_source("mini-ioemu/config/argv.c", false, &source);
	from_source("mini-ioemu/config/argv.c", true, &own);
	from_help("mini-ioemu/mini-ioemu", &help);
	from_manual("mini-ioemu/mini-ioemu.1", &manual);
	names_within(&source, &manual, "not in mini-ioemu(1)");
	names_within(&manual, &source, "only in mini-ioemu(1)");
	/* the toolstack's are QEMU's: --help refers to the manual */
	names_within(&own, &help, "not in --help");
	names_within(&help, &own, "only in --help");
}

static void
ioemu_peer_and_its_manual_agree(void **state)
{
	struct names source, help, manual;

	(void)state;
	from_source("plugins-sdk/peer/options.c", false, &source);
	from_help("ioemu-peer", &help);
	from_manual("plugins-sdk/peer/ioemu-peer.1", &manual);
	names_within(&source, &manual, "not in ioemu-peer(1)");
	names_within(&manual, &source, "only in ioemu-peer(1)");
	names_within(&source, &help, "not in --help");
	names_within(&help, &source, "only in --help");
}

static void
ioemu_ssdt_and_its_manual_agree(void **state)
{
	struct names source, help, manual;

	(void)state;
	from_source("plugins-sdk/ssdt/main.c", false, &source);
	names_add(&source, "o");      /* getopt(3)'s letters are no rows */
	names_add(&source, "device"); /* mini-ioemu's, named there */
	from_help("ioemu-ssdt", &help);
	from_manual("plugins-sdk/ssdt/ioemu-ssdt.1", &manual);
	names_add(&help, "device");
	names_within(&source, &help, "not in --help");
	names_within(&help, &source, "only in --help");
	names_within(&source, &manual, "not in ioemu-ssdt(1)");
	names_within(&manual, &source, "only in ioemu-ssdt(1)");
}

/* Words `	[KEY_...] = "NAME"` of ranges; the way to the peer is read over.
 */
static void
keys_of_ranges_are_in_both_manuals(void **state)
{
	static const char row[] = "\n\t[KEY_";
	FILE *f = fopen("plugins-sdk/ssdt/words.c", "r");
	char *source = read_text(f), *p = source, *ssdt, *manual;
	char word[NAME];

	(void)state;
	fclose(f);
	f = fopen("plugins-sdk/ssdt/ioemu-ssdt.1", "r");
	ssdt = read_text(f);
	fclose(f);
	f = fopen("mini-ioemu/mini-ioemu.1", "r");
	manual = read_text(f);
	fclose(f);
	while ((p = strstr(p, row))) {
		p = strchr(p, '"') + 1;
		snprintf(word, sizeof(word), "%.*s", (int)strcspn(p, "\""), p);
		if (!strstr(ssdt, word))
			fail_msg("not in ioemu-ssdt(1): '%s'", word);
		if (!strstr(manual, word))
			fail_msg("not in mini-ioemu(1): '%s'", word);
	}
	free(source);
	free(ssdt);
	free(manual);
}

/* One text does for both: what mini-ioemu takes ioemu-ssdt reads over. */
static void
ioemu_ssdt_knows_every_key_of_a_range(void **state)
{
	FILE *f = fopen("mini-ioemu/peer/options.c", "r");
	char *ours = read_text(f), *p, *end, *ssdt, word[NAME];
	unsigned n = 0;

	(void)state;
	fclose(f);
	f = fopen("plugins-sdk/ssdt/words.c", "r");
	ssdt = read_text(f);
	fclose(f);
	p = strstr(ours, "range_keys[] = {");
	assert_non_null(p);
	end = strchr(p, ';');
	for (p = strchr(p, '"'); p && p < end; p = strchr(p + 1, '"')) {
		size_t len = strcspn(p + 1, "\"");

		snprintf(word, sizeof(word), "%.*s", (int)len + 2, p);
		if (!strstr(ssdt, word))
			fail_msg("ioemu-ssdt has no %s", word);
		p += len + 1;
		n++;
	}
	assert_true(n > 10);
	free(ours);
	free(ssdt);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mini_ioemu_and_its_manual_agree),
		cmocka_unit_test(ioemu_peer_and_its_manual_agree),
		cmocka_unit_test(ioemu_ssdt_and_its_manual_agree),
		cmocka_unit_test(keys_of_ranges_are_in_both_manuals),
		cmocka_unit_test(ioemu_ssdt_knows_every_key_of_a_range),
	};

	plugin_dir = argc > 1 ? argv[1] : "build/devices";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
