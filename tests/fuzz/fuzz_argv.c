/* SPDX-License-Identifier: MIT */
/*
 * Any command line, one word a line, then the default kind of description over
 * what it says: nothing but 0, -EINVAL with a message, or -ENOMEM may come out.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/conf.h"

#define MAX_WORDS 128

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char machine[] =
	"device a,x=$boot,y=$memory,z=$vcpus\n"
	"device b,k=$kernel,i=$initrd,a=$append if kernel\n"
	"device c,id=ide if xen-platform\n"
	"serial d,index=$index,chardev=$chardev\n"
	"drive ide disk e,bus=ide.$index,drive=$drive\n";

static int
split(char *text, char **argv)
{
	int argc = 0;
	char *word;

	argv[argc++] = text;
	while ((word = strsep(&text, "\n")) && argc < MAX_WORDS)
		argv[argc++] = word;
	return argc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = calloc(1, size + 1), *argv[MAX_WORDS];
	struct conf_error err;
	struct conf conf;
	int ret;

	if (!text)
		return 0;
	memcpy(text, data, size);
	ret = conf_parse(split(text, argv), argv, &conf, &err);
	assert(!ret || (ret == -EINVAL && err.text[0]));
	free(text);
	if (!ret && conf.action == CONF_RUN)
		ret = conf_parse_machine(&conf, "m", machine,
					 sizeof(machine) - 1, &err);
	assert(!ret || (ret == -EINVAL && err.text[0]));
	conf_free(&conf);
	return 0;
}
