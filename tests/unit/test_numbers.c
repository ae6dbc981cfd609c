/* SPDX-License-Identifier: MIT */
/*
 * A number means the same wherever a user writes it: to the device model, to a
 * peer, to a property of a plugin, to ioemu-ssdt.
 */
#include <stdio.h>
#include <string.h>

#include "support/fake_host.h"

#include "config/priv.h"
#include "peer/priv.h"
#include "ssdt/ssdt.h"

#define BAD UINT64_MAX

struct chip {
	uint32_t gsi;
};

static const struct ioemu_prop props[] = {
	IOEMU_PROP(struct chip, gsi, NULL, ""),
	{ 0 },
};

static const struct host_type type = {
	.type = {
		IOEMU_TYPE(struct chip),
		.name = "chip",
		.summary = "",
		.props = props,
		.attach = fake_attach,
	},
};

/* ---- who reads it ------------------------------------------------- */

static uint64_t
by_property(const char *text)
{
	struct fake fake;
	struct hostdev *hd = fake_new(&fake, &type);
	const struct chip *chip = hd->dev.state;
	uint64_t v = hostdev_set(hd, "gsi", text) ? BAD : chip->gsi;

	hostdev_free(hd);
	return v;
}

static uint64_t
by_device(const char *text)
{
	struct conf conf = { .domid = 1 };
	struct conf_device *dev;
	struct conf_error err;
	char word[64];
	uint64_t v;

	snprintf(word, sizeof(word), "uart,gsi=%s", text);
	v = conf_one_device(&conf, word, "test", &dev, &err) ? BAD : dev->gsi;
	conf_free(&conf);
	return v;
}

static uint64_t
by_peer(const char *text)
{
	struct conf conf = { .domid = 1 };
	struct conf_device *dev;
	struct peer_conf out;
	struct conf_error err;
	char word[96];
	uint64_t v = BAD;

	snprintf(word, sizeof(word), "peer,connect=unix:/x,timeout-ms=%s",
		 text);
	assert_int_equal(conf_one_device(&conf, word, "test", &dev, &err), 0);
	if (!peer_conf_read(dev, NULL, &out))
		v = out.timeout_ms;
	conf_free(&conf);
	return v;
}

static uint64_t
by_peer_range(const char *text)
{
	struct conf conf = { .domid = 1 };
	struct conf_device *dev;
	struct peer_conf out;
	struct conf_error err;
	char word[96];
	uint64_t v = BAD;

	snprintf(word, sizeof(word), "peer,connect=unix:/x,allow=0-%s", text);
	assert_int_equal(conf_one_device(&conf, word, "test", &dev, &err), 0);
	if (!peer_conf_read(dev, NULL, &out))
		v = out.allow[0].last;
	conf_free(&conf);
	return v;
}

static uint64_t
by_ssdt(const char *text)
{
	static struct ssdt ssdt;
	char word[96], why[SSDT_ERROR];

	ssdt = (struct ssdt){ .n = 0 };
	snprintf(word, sizeof(word), "raw-mmio,base=%s,size=1", text);
	if (ssdt_add(&ssdt, word, why))
		return BAD;
	return ssdt.device[0].range[0].base;
}

static uint64_t
by_command_line(const char *text)
{
	char *argv[] = { "mini-ioemu", "-xen-domid", "1", "-m", NULL, NULL };
	char copy[64];
	struct conf_error err;
	struct conf conf;
	uint64_t v;

	snprintf(copy, sizeof(copy), "%s", text);
	argv[4] = copy;
	v = conf_parse(5, argv, &conf, &err) ? BAD : conf.memory_mib;
	conf_free(&conf);
	return v;
}

static uint64_t (*const readers[])(const char *text) = {
	by_property,   by_device, by_peer,
	by_peer_range, by_ssdt,	  by_command_line,
};

/* ---- what it is --------------------------------------------------- */

/* All fit into what each of them takes. */
static const struct {
	const char *text;
	uint64_t is;
} numbers[] = {
	{ "60", 60 },
	{ "060", 60 },
	{ "0060", 60 },
	{ "0x3c", 60 },
	{ "0X3C", 60 },
	{ "0x003c", 60 },
	{ "", BAD },
	{ " 60", BAD },
	{ "60 ", BAD },
	{ "+60", BAD },
	{ "-60", BAD },
	{ "-1", BAD },
	{ "0x", BAD },
	{ "0x-3c", BAD },
	{ "0x 3c", BAD },
	{ "0x0x3c", BAD },
	{ "3c", BAD },
	{ "60k", BAD },
	{ "6e1", BAD },
	{ "0b111100", BAD },
	{ "18446744073709551676", BAD }, /* 2^64 + 60 */
	{ "0x1000000000000003c", BAD },
};

static void
every_reader_takes_a_number_for_the_same(void **state)
{
	unsigned i, k;

	(void)state;
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		for (k = 0; k < sizeof(readers) / sizeof(readers[0]); k++)
			if (readers[k](numbers[i].text) != numbers[i].is)
				fail_msg("reader %u: '%s'", k, numbers[i].text);
}

/* 1: on, 0: off, 2: refused. */
static const struct {
	const char *text;
	unsigned is;
} switches[] = {
	{ "on", 1 },  { "yes", 1 },   { "true", 1 }, { "off", 0 },
	{ "no", 0 },  { "false", 0 }, { "", 2 },     { "On", 2 },
	{ "on ", 2 }, { "1", 2 },     { "0", 2 },
};

static unsigned
switch_of_device(const char *text)
{
	struct conf conf = { .domid = 1 };
	struct conf_device *dev;
	struct conf_error err;
	char word[64];
	unsigned v;

	snprintf(word, sizeof(word), "uart,isolate=%s", text);
	v = conf_one_device(&conf, word, "test", &dev, &err) ? 2 : dev->isolate;
	conf_free(&conf);
	return v;
}

static unsigned
switch_of_peer(const char *text)
{
	struct conf conf = { .domid = 1 };
	struct conf_device *dev;
	struct peer_conf out;
	struct conf_error err;
	char word[96];
	unsigned v;

	snprintf(word, sizeof(word), "peer,connect=unix:/x,ring=%s,dma=%s",
		 text, text);
	assert_int_equal(conf_one_device(&conf, word, "test", &dev, &err), 0);
	v = peer_conf_read(dev, NULL, &out) ? 2 : out.ring;
	if (v < 2)
		assert_int_equal(out.dma, v);
	conf_free(&conf);
	return v;
}

static unsigned
switch_of_ssdt(const char *text)
{
	static struct ssdt ssdt;
	char word[96], why[SSDT_ERROR];

	ssdt = (struct ssdt){ .n = 0 };
	snprintf(word, sizeof(word), "raw-mmio,base=0,size=1,ro=%s", text);
	if (ssdt_add(&ssdt, word, why))
		return 2;
	return ssdt.device[0].range[0].readonly;
}

static unsigned (*const switch_readers[])(const char *text) = {
	switch_of_device,
	switch_of_peer,
	switch_of_ssdt,
};

static void
every_reader_takes_a_switch_for_the_same(void **state)
{
	unsigned i, k;

	(void)state;
	for (i = 0; i < sizeof(switches) / sizeof(switches[0]); i++)
		for (k = 0; k < 3; k++)
			if (switch_readers[k](switches[i].text) !=
			    switches[i].is)
				fail_msg("reader %u: '%s'", k,
					 switches[i].text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_reader_takes_a_number_for_the_same),
		cmocka_unit_test(every_reader_takes_a_switch_for_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
