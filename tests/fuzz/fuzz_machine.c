/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a machine description, under a command line that sets every
 * variable. Every device that comes out has a type and well-formed properties.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const words[] = {
	"x",	    "-xen-domid", "1",		 "-machine", "xenfv", "-m",
	"64",	    "-serial",	  "pty",	 "-serial",  "null",  "-drive",
	"file=/a",  "-drive",	  "media=cdrom", "-kernel",  "/k",    "-append",
	"a,b=c $x", "-device",	  "e,id=ide",
};

#define N_WORDS (sizeof(words) / sizeof(words[0]))

static void
check(const struct conf *conf)
{
	const struct conf_device *d;
	const struct conf_prop *p;

	for (d = conf->devices; d; d = d->next) {
		assert(d->type && *d->type && d->source);
		assert(d->devfn >= -1 && d->devfn < 256);
		for (p = d->props; p; p = p->next)
			assert(p->key && p->value);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conf_error err;
	struct conf conf;
	int ret;

	ret = conf_parse((int)N_WORDS, (char **)(uintptr_t)words, &conf, &err);
	assert(!ret);
	ret = conf_parse_machine(&conf, "m", (const char *)data, size, &err);
	assert(!ret || (ret == -EINVAL && err.text[0]));
	check(&conf);
	conf_free(&conf);
	return 0;
}
