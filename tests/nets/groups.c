/* SPDX-License-Identifier: MIT */
/*
 * Which machines there are to try, from nothing but what plugins say of
 * themselves; and running a test for each of them.
 */
#include "net.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_GROUPS 64u
#define MAX_TESTS MAX_GROUPS

/* ---- what a test is at -------------------------------------------- */

static char at[256];

void
net_at(const char *form, ...)
{
	va_list ap;

	va_start(ap, form);
	vsnprintf(at, sizeof(at), form, ap);
	va_end(ap);
	alarm(at[0] ? TEST_LIMIT_S : 0);
}

static void
tell(void)
{
	static const char text[] = "\nwhile: ";

	if (at[0] && write(STDERR_FILENO, text, sizeof(text) - 1) > 0 &&
	    write(STDERR_FILENO, at, strlen(at)) > 0)
		(void)!write(STDERR_FILENO, "\n", 1);
}

/* A sanitizer's, or our own assert. */
static void
aborted(int sig)
{
	tell();
	(void)signal(sig, SIG_DFL);
	(void)raise(sig);
}

static void
hangs(int sig)
{
	static const char text[] = "it does not come to an end";

	(void)sig;
	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	tell();
	_exit(EXIT_FAILURE);
}

/* Sanitizers read at start how they are to end: so that aborted() has a word.
 */
static void
start_again(char **argv)
{
	if (getenv("UBSAN_OPTIONS"))
		return;
	(void)setenv("UBSAN_OPTIONS", "abort_on_error=1:print_stacktrace=1", 1);
	(void)setenv("ASAN_OPTIONS", "abort_on_error=1:quarantine_size_mb=16",
		     0);
	(void)execv("/proc/self/exe", argv);
}

/* ---- machines ----------------------------------------------------- */

/* What makes a type quick to try, or brings out more of it. */
static const struct {
	const char *type, *props;
} usual[] = {
	{ "VGA", "vgamem_mb=1,romfile=" },
	{ "membar", "size=0x2000,delay-us=50" },
	{ "cmos", "boot=cd,memory=16" },
	{ "piix4-pm", "cpus=2,maxcpus=4" },
};

static void
spec_add(char *spec, size_t size, const char *form, ...)
{
	size_t n = strlen(spec);
	va_list ap;

	va_start(ap, form);
	vsnprintf(spec + n, size - n, form, ap);
	va_end(ap);
}

/* Something for every property that is a file, and a place on its bus. */
static void
spec_props(char *spec, size_t size, const struct ioemu_type *type, unsigned nr,
	   bool on)
{
	const struct ioemu_prop *p;
	unsigned i;

	for (i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (!strcmp(type->name, usual[i].type))
			spec_add(spec, size, ",%s", usual[i].props);
	for (p = type->props; p && p->name; p++) {
		if (p->kind == IOEMU_KIND_BLOCK)
			spec_add(spec, size, ",%s=d%u:256K", p->name, nr);
		else if (p->kind == IOEMU_KIND_CHARDEV)
			spec_add(spec, size, ",%s=c%u", p->name, nr);
		else if (p->kind == IOEMU_KIND_BOOL && on)
			spec_add(spec, size, ",%s=on", p->name);
		else if (type->parent && !strcmp(p->name, "index"))
			spec_add(spec, size, ",index=%u", nr - 1);
	}
}

static void
group_add(struct net_group *g, unsigned *n, const struct ioemu_type *type,
	  bool on)
{
	char *spec = g->spec[*n];

	snprintf(spec, sizeof(g->spec[0]), "%s,%s", type->name,
		 type->parent ? "bus=top" : "id=top");
	spec_props(spec, sizeof(g->spec[0]), type, *n, on);
	g->devices[(*n)++] = spec;
}

/* The type, and all that plug into it, twice. */
static void
group_fill(struct net_group *g, const struct host_plugins *plugins,
	   const struct ioemu_type *top, bool on)
{
	const struct host_type *t;
	unsigned n = 0, i, round;

	snprintf(g->name, sizeof(g->name), "%s", top->name);
	group_add(g, &n, top, on);
	if (on)
		snprintf(g->name, sizeof(g->name), "%s", g->spec[0]);
	for (round = 0; round < 2; round++)
		for (i = 0; (t = host_plugins_at(plugins, i)); i++)
			if (t->type.parent && n < NET_DEVICES &&
			    !strcmp(t->type.parent, top->name))
				group_add(g, &n, &t->type, on);
	g->devices[n] = NULL;
}

static bool
has_bool(const struct ioemu_type *type)
{
	const struct ioemu_prop *p;

	for (p = type->props; p && p->name; p++)
		if (p->kind == IOEMU_KIND_BOOL)
			return true;
	return false;
}

static unsigned
groups_make(struct net_group *g, const struct host_plugins *plugins)
{
	const struct host_type *t;
	unsigned i, n = 0;

	for (i = 0; (t = host_plugins_at(plugins, i)); i++) {
		if (t->type.parent &&
		    !host_plugins_find(plugins, t->type.parent))
			fprintf(stderr, "not tried: %s, as there is no %s\n",
				t->type.name, t->type.parent);
		if (t->type.parent || n + 2 > MAX_GROUPS)
			continue;
		group_fill(&g[n++], plugins, &t->type, false);
		if (has_bool(&t->type))
			group_fill(&g[n++], plugins, &t->type, true);
	}
	return n;
}

/* ---- running ------------------------------------------------------ */

struct run {
	struct host_plugins *plugins;
	struct net_group group;
	unsigned count;
	uint64_t seed;
	void (*test)(struct host_plugins *plugins,
		     const struct net_group *group, unsigned count,
		     uint64_t seed);
};

static void
run_one(void **state)
{
	const struct run *run = *state;

	run->test(run->plugins, &run->group, run->count, run->seed);
	net_at("%s", "");
}

static int
run_end(void **state)
{
	(void)state;
	tell();
	net_at("%s", "");
	net_abandon();
	return 0;
}

static int
run_all(const struct run *as, const struct net_group *groups, unsigned n,
	const char *only)
{
	struct CMUnitTest units[MAX_TESTS];
	struct run *runs = calloc(MAX_TESTS, sizeof(*runs));
	unsigned i, k = 0;
	int rc;

	for (i = 0; i < n; i++) {
		if (only && strcmp(only, groups[i].name) != 0)
			continue;
		runs[k] = *as;
		runs[k].group = groups[i];
		memcpy(runs[k].group.devices, groups[i].devices,
		       sizeof(groups[i].devices));
		units[k] = (struct CMUnitTest){
			.name = groups[i].name,
			.test_func = run_one,
			.teardown_func = run_end,
			.initial_state = &runs[k],
		};
		k++;
	}
	rc = k ? _cmocka_run_group_tests("nets", units, k, NULL, NULL) : 1;
	free(runs);
	return rc;
}

int
net_main(int argc, char **argv, unsigned count,
	 void (*test)(struct host_plugins *plugins,
		      const struct net_group *group, unsigned count,
		      uint64_t seed))
{
	struct run run = { .count = count, .seed = 1, .test = test };
	struct net_group *groups = calloc(MAX_GROUPS, sizeof(*groups));
	unsigned n;
	int rc = 1;

	start_again(argv);
	if (argc > 2)
		run.count = (unsigned)strtoul(argv[2], NULL, 0);
	if (argc > 3)
		run.seed = strtoull(argv[3], NULL, 0);
	(void)signal(SIGALRM, hangs);
	(void)signal(SIGABRT, aborted);
	if (argc < 2 || host_plugins_new(&run.plugins) ||
	    host_plugins_load_dir(run.plugins, argv[1], NULL, NULL) <= 0) {
		fprintf(stderr,
			"usage: %s PLUGIN-FOLDER [COUNT [SEED [GROUP]]]\n",
			argv[0]);
		free(groups);
		return EXIT_FAILURE;
	}
	n = groups_make(groups, run.plugins);
	rc = run_all(&run, groups, n, argc > 4 ? argv[4] : NULL);
	host_plugins_free(run.plugins);
	free(groups);
	return rc ? EXIT_FAILURE : EXIT_SUCCESS;
}
