/* SPDX-License-Identifier: MIT */
/*
 * ioemu-ssdt: the encoding byte by byte, the words, and whole tables as ACPICA
 * reads them, where its tools are installed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/priv.h"
#include "peer/priv.h"
#include "ssdt/aml.h"
#include "ssdt/ssdt.h"

#define HEADER 36u
#define TEXT_MAX 16384u

static const char *plugin_dir;

/* ---- the encoding ------------------------------------------------- */

static void
integers_take_the_shortest_form(void **state)
{
	static const uint8_t want[] = {
		0x00, 0x01, 0x0a, 0x02, 0x0a, 0xff, 0x0b, 0x00,
		0x01, 0x0c, 0x00, 0x00, 0x01, 0x00, 0x0e, 0x00,
		0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,
	};
	static const uint64_t value[] = { 0,	 1,	  2,	       0xff,
					  0x100, 0x10000, 0x100000000u };
	uint8_t buf[64];
	struct aml a;
	size_t i;

	(void)state;
	aml_init(&a, buf, sizeof(buf));
	for (i = 0; i < sizeof(value) / sizeof(value[0]); i++)
		aml_integer(&a, value[i]);
	assert_int_equal(a.len, sizeof(want));
	assert_memory_equal(buf, want, sizeof(want));
}

static void
names_are_padded_and_bodies_nest(void **state)
{
	static const uint8_t want[] = {
		0x10, 0x14, '\\', '_', 'S', 'B', '_', 0x5b, 0x82, 0x0c, 'A',
		'B',  '_',  '_',  0x8, 'X', '_', '_', '_',  0x0d, 0x00,
	};
	uint8_t buf[64];
	struct aml a;

	(void)state;
	aml_init(&a, buf, sizeof(buf));
	aml_scope(&a, "_SB");
	aml_device(&a, "AB");
	aml_name(&a, "X");
	aml_string(&a, "");
	aml_close(&a);
	aml_close(&a);
	assert_int_equal(a.len, sizeof(want));
	assert_memory_equal(buf, want, sizeof(want));
}

/* ACPI 6.4, 20.2.4: of the whole, itself included. */
static size_t
read_length(const uint8_t *p)
{
	unsigned n = p[0] >> 6, i;
	size_t v = n ? p[0] & 0xf : p[0] & 0x3f;

	for (i = 1; i <= n; i++)
		v |= (size_t)p[i] << (4 + 8 * (i - 1));
	return v;
}

static void
lengths_are_right_on_both_sides_of_each_limit(void **state)
{
	static const size_t body[] = { 0,	61,	 62,   63,
				       4092,	4093,	 4094, 0xffffb,
				       0xffffc, 0xffffd, 64,   0x12345 };
	static const unsigned bytes[] = { 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 2, 3 };
	uint8_t *zero = calloc(1, 0x110000), *buf = malloc(0x110000);
	struct aml a;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(body) / sizeof(body[0]); i++) {
		aml_init(&a, buf, 0x110000);
		aml_package(&a, 7); /* which is one byte of the body */
		aml_bytes(&a, zero, body[i] ? body[i] - 1 : 0);
		aml_close(&a);
		assert_int_equal(read_length(buf + 1), a.len - 1);
		if (body[i])
			assert_int_equal(a.len - 1 - body[i], bytes[i]);
		assert_int_equal(buf[1 + (buf[1] >> 6) + 1], 7);
	}
	free(zero);
	free(buf);
}

static void
what_does_not_fit_is_said_and_not_written(void **state)
{
	uint8_t buf[40];
	struct aml a;
	size_t size;

	(void)state;
	for (size = 0; size < 12; size++) {
		memset(buf, 0xee, sizeof(buf));
		aml_init(&a, buf, size);
		aml_device(&a, "AB");
		aml_integer(&a, 0x12345678);
		aml_close(&a); /* 12 in all */
		assert_true(a.full);
		assert_int_equal(buf[size], 0xee);
	}
	aml_init(&a, buf, size);
	aml_device(&a, "AB");
	aml_integer(&a, 0x12345678);
	aml_close(&a);
	assert_false(a.full);
	assert_int_equal(a.len, 12);
}

/* ---- words -------------------------------------------------------- */

static const struct bad {
	const char *words, *why;
} bad[] = {
	{ "", "only raw-mmio and i31154" },
	{ "peer,slot=3", "only raw-mmio and i31154" },
	{ "raw-mmio", "base= and size=" },
	{ "raw-mmio,size=4", "base= and size=" },
	{ "raw-mmio,base=4096", "base= and size=" },
	{ "raw-mmio,base=0,size=0", "base= and size=" },
	{ "raw-mmio,base=0xffff,size=2,space=io", "base= and size=" },
	{ "raw-mmio,base=0xffffffffffffffff,size=2", "base= and size=" },
	{ "raw-mmio,base=-1,size=2", "base=-1: not a number" },
	{ "raw-mmio,base=1k,size=2", "base=1k: not a number" },
	{ "raw-mmio,base=1,size=2,size=3", "'size' is given twice" },
	{ "raw-mmio,base=1,size=2,colour=red", "unknown key 'colour'" },
	{ "raw-mmio,base=1,size=2,ro", "'ro' is not key=value" },
	{ "raw-mmio,base=1,size=2,ro=1", "ro=1: off or on" },
	{ "raw-mmio,base=1,size=2,space=ram", "space=ram: mem or io" },
	{ "raw-mmio,base=1,size=2,irq=0", "1 to 15" },
	{ "raw-mmio,base=1,size=2,irq=2", "1 to 15" },
	{ "raw-mmio,base=1,size=2,irq=16", "1 to 15" },
	{ "raw-mmio,base=1,size=2,gsi=47", "gsi=47: 48 to 255" },
	{ "raw-mmio,base=1,size=2,gsi=256", "gsi=256: 48 to 255" },
	{ "raw-mmio,base=1,size=2,irq-mode=low", "edge or level" },
	{ "raw-mmio,base=1,size=2,hid=ab", "hid=ab" },
	{ "raw-mmio,base=1,size=2,hid=ABCD00G1", "hid=ABCD00G1" },
	{ "raw-mmio,base=1,size=2,hid=AB10001", "hid=AB10001" },
	{ "raw-mmio,base=1,size=2,cid=abc0001", "cid=abc0001" },
	{ "raw-mmio,base=1,size=2,name=LONGER", "name=LONGER" },
	{ "raw-mmio,base=1,size=2,name=0AB", "name=0AB" },
	{ "raw-mmio,base=1,size=2,name=", "name=" },
	{ "raw-mmio,base=1,size=2,compatible=", "compatible=" },
	{ "i31154", "addr= is missing" },
	{ "i31154,addr=0", "addr=0: the bridge's slot" },
	{ "i31154,addr=20", "addr=20" },
	{ "i31154,addr=5.1", "addr=5.1" },
	{ "i31154,addr=x", "addr=x" },
	{ "i31154,addr=5,slot=5", "unknown key 'slot=5'" },
};

static void
what_makes_no_sense_is_refused_with_the_reason(void **state)
{
	char why[SSDT_ERROR];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ssdt ssdt = { .n = 0 };

		why[0] = '\0';
		assert_int_equal(ssdt_add(&ssdt, bad[i].words, why), -EINVAL);
		if (!strstr(why, bad[i].why))
			fail_msg("%s: %s", bad[i].words, why);
		assert_int_equal(ssdt.n, 0);
		assert_int_equal(ssdt.bridges, 0);
	}
}

static int
add(struct ssdt *ssdt, const char *words)
{
	char why[SSDT_ERROR];
	int rc = ssdt_add(ssdt, words, why);

	if (rc)
		print_message("%s: %s\n", words, why);
	return rc;
}

static void
ranges_of_one_name_are_one_device(void **state)
{
	struct ssdt s = { .n = 0 };

	(void)state;
	assert_int_equal(add(&s, "raw-mmio,base=1,size=2"), 0);
	assert_int_equal(add(&s, "raw-mmio,base=3,size=2,name=RAW1"), 0);
	assert_int_equal(add(&s, "raw-mmio,base=5,size=2"), 0);
	assert_int_equal(add(&s, "raw-mmio,base=7,size=2,name=RAW1,"
				 "hid=ABC0001,irq=5"),
			 0);
	assert_int_equal(s.n, 3);
	assert_string_equal(s.device[0].name, "RAW0");
	assert_string_equal(s.device[1].name, "RAW1");
	assert_string_equal(s.device[2].name, "RAW2");
	assert_int_equal(s.device[1].n_ranges, 2);
	assert_string_equal(s.device[1].hid, "ABC0001");
	assert_true(s.device[1].irq[5]);
	assert_false(s.device[1].level[5]);
	assert_int_equal(add(&s, "raw-mmio,base=9,size=2,name=RAW1,"
				 "hid=ABC0002"),
			 -EINVAL);
	assert_int_equal(add(&s, "raw-mmio,base=9,size=2,name=RAW1,"
				 "irq=5,irq-mode=level"),
			 -EINVAL);
	assert_int_equal(s.device[1].n_ranges, 2);
}

static void
there_is_an_end_to_devices_and_ranges(void **state)
{
	static struct ssdt s;
	unsigned i;

	(void)state;
	for (i = 0; i < SSDT_DEVICES; i++)
		assert_int_equal(add(&s, "raw-mmio,base=1,size=2"), 0);
	assert_string_equal(s.device[SSDT_DEVICES - 1].name, "RAWZ");
	assert_int_equal(add(&s, "raw-mmio,base=1,size=2"), -EINVAL);
	for (i = 1; i < SSDT_RANGES; i++)
		assert_int_equal(add(&s, "raw-mmio,base=1,size=2,name=RAW0"),
				 0);
	assert_int_equal(add(&s, "raw-mmio,base=1,size=2,name=RAW0"), -EINVAL);
}

/* The same words must do for both. */
static void
the_device_model_takes_the_same_words(void **state)
{
	static const char words[] =
		"raw-mmio,id=r,connect=unix:/x,,y,timeout-ms=50,on-exit=hold,"
		"run-as=nobody,"
		"ring=off,dma=off,allow=0x1000-0x1fff,base=0xe0000000,size="
		"0x1000,"
		"space=mem,ro=off,wo=off,prefetchable=on,posted=off,irq=7,"
		"gsi=52,irq-mode=level,hid=LABR0001,cid=PRP0001,name=LAB0,"
		"compatible=generic-uio";
	struct conf conf = { .incoming_fd = -1 };
	struct conf_error err;
	const struct conf_ctx ctx = { &conf, &err, "test" };
	struct ssdt s = { .n = 0 };
	struct peer_window window;
	struct conf_device *dev;
	struct conf_prop *list;

	(void)state;
	assert_int_equal(add(&s, words), 0);
	assert_int_equal(conf_split(&ctx, words, CONF_TYPE, &list), 0);
	assert_int_equal(conf_device(&ctx, list, &dev), 0);
	assert_int_equal(peer_conf_range(dev, &window), 0);
	assert_int_equal(window.w.base, s.device[0].range[0].base);
	assert_int_equal(window.w.region.size, s.device[0].range[0].size);
	assert_int_equal(window.isa, 1u << 7);
	assert_int_equal(dev->gsi, 52);
	assert_true(s.device[0].irq[52]); /* and not 7 */
	assert_false(s.device[0].irq[7]);
	conf_free(&conf);
}

/* ---- tables ------------------------------------------------------- */

static const char *const table[] = {
	"raw-mmio,base=0xe0000000,size=0x1000,irq=7,name=LAB0,hid=LABR0001",
	"raw-mmio,base=0x880000000,size=0x1000,prefetchable=on,name=LAB0",
	"raw-mmio,base=0xe9,size=1,space=io",
	"raw-mmio,base=0x4000,size=0x400,space=io,irq=6,irq-mode=level,gsi=95,"
	"compatible=generic-uio",
	"raw-mmio,base=0xd0000000,size=4096,ro=on,hid=ABC1234,cid=XYZ0001,"
	"compatible=a,,b,name=Z",
	"i31154,id=br0,addr=5",
	"i31154,id=br1,bus=br0,addr=9",
	"i31154,addr=1f.0",
};

#define N_TABLE (sizeof(table) / sizeof(table[0]))

static void
the_header_is_what_firmware_wants(void **state)
{
	struct ssdt s = { .n = 0 };
	uint8_t buf[2048], sum = 0;
	size_t i;
	long n;

	(void)state;
	for (i = 0; i < N_TABLE; i++)
		assert_int_equal(add(&s, table[i]), 0);
	n = ssdt_encode(&s, buf, sizeof(buf));
	assert_true(n > (long)HEADER);
	assert_memory_equal(buf, "SSDT", 4);
	assert_int_equal(ioemu_get_le32(buf + 4), n);
	assert_int_equal(buf[8], 2);
	for (i = 0; i < (size_t)n; i++)
		sum = (uint8_t)(sum + buf[i]);
	assert_int_equal(sum, 0);
	assert_int_equal(ssdt_encode(&s, buf, (size_t)n - 1), -ENOSPC);
}

/* The program writes LAB0's table to DIR/t.aml. */
static void
run_program(const char *dir)
{
	char command[2048];
	int n = snprintf(command, sizeof(command),
			 "%s/../ioemu-ssdt -o %s/t.aml", plugin_dir, dir);
	size_t i;

	for (i = 0; i < N_TABLE; i++)
		n += snprintf(command + n, sizeof(command) - (size_t)n, " '%s'",
			      table[i]);
	assert_int_equal(system(command), 0);
}

/* What the command prints, blanks squeezed. */
static void
output_of(const char *command, char text[TEXT_MAX])
{
	FILE *f = popen(command, "r");
	size_t n = 0;
	int c;

	assert_non_null(f);
	while ((c = getc(f)) != EOF && n < TEXT_MAX - 1) {
		c = c == '\n' || c == '\t' ? ' ' : c;
		if (c != ' ' || (n && text[n - 1] != ' '))
			text[n++] = (char)c;
	}
	text[n] = '\0';
	assert_int_equal(pclose(f), 0);
}

static void
must_have(const char *text, const char *const *want)
{
	for (; *want; want++)
		if (!strstr(text, *want))
			fail_msg("no '%s' in: %s", *want, text);
}

static const char *const listing[] = {
	"Scope (\\_SB) { Device (LAB0) { Name (_HID, \"LABR0001\")",
	"Memory32Fixed (ReadWrite, 0xE0000000, // Address Base 0x00001000,",
	"MinFixed, MaxFixed, Prefetchable, ReadWrite, 0x0000000000000000, "
	"// Granularity 0x0000000880000000, // Range Minimum "
	"0x0000000880000FFF,",
	"Interrupt (ResourceConsumer, Edge, ActiveHigh, Exclusive, ,, ) "
	"{ 0x00000007, }",
	"Device (RAW0) { Name (_HID, \"PRP0001\") // _HID: Hardware ID "
	"Name (_UID, One)",
	"IO (Decode16, 0x00E9, // Range Minimum 0x00E9, // Range Maximum "
	"0x01, // Alignment 0x01,",
	"QWordIO (ResourceConsumer, MinFixed, MaxFixed, PosDecode, "
	"EntireRange, 0x0000000000000000, // Granularity 0x0000000000004000, "
	"// Range Minimum 0x00000000000043FF,",
	"Interrupt (ResourceConsumer, Level, ActiveHigh, Exclusive, ,, ) "
	"{ 0x0000005F, }",
	"ToUUID (\"daffd814-6eba-4d8c-8a91-bc9bbf4aa301\")",
	"\"compatible\", \"generic-uio\"",
	"Memory32Fixed (ReadOnly, 0xD0000000,",
	"Device (Z)",
	"Name (_CID, Package (0x02) // _CID: Compatible ID { \"XYZ0001\", "
	"\"PRP0001\" })",
	"\"compatible\", \"a,b\"",
	"Scope (\\_SB.PCI0.S5) { Device (P00) { Name (_ADR, Zero) // _ADR: "
	"Address } Device (P01) { Name (_ADR, 0x00010000)",
	"Device (P1F) { Name (_ADR, 0x001F0000) // _ADR: Address } } Scope "
	"(\\_SB.PCI0.S31) {",
	NULL
};

static const char *const resources[] = {
	"32-Bit Fixed Memory Range Resource Write Protect : ReadWrite "
	"Address : E0000000 Address Length : 00001000",
	"64-Bit QWORD Address Space Resource Resource Type : Memory Range",
	"Address Minimum : 0000000880000000",
	"Extended IRQ Resource Type : ResourceConsumer Triggering : Edge "
	"Polarity : ActiveHigh Sharing : Exclusive",
	"Interrupt Count : 01 Dword00 : 00000007",
	NULL
};

static void
acpica_reads_what_was_meant(void **state)
{
	char dir[] = "/tmp/ioemu-ssdt-XXXXXX", command[512];
	char *text = malloc(TEXT_MAX);

	(void)state;
	assert_non_null(mkdtemp(dir));
	run_program(dir);
	if (system("command -v iasl acpiexec >/dev/null") == 0) {
		snprintf(command, sizeof(command),
			 "cd %s && iasl -d t.aml 2>iasl.log >&2 && cat t.dsl",
			 dir);
		output_of(command, text);
		must_have(text, listing);
		snprintf(command, sizeof(command),
			 "cd %s && acpiexec -b 'resources \\_SB.LAB0' t.aml "
			 "2>/dev/null",
			 dir);
		output_of(command, text);
		must_have(text, resources);
	}
	free(text);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

static void
the_program_says_what_is_wrong(void **state)
{
	char command[512], text[TEXT_MAX];

	(void)state;
	snprintf(command, sizeof(command),
		 "%s/../ioemu-ssdt -o /dev/null raw-mmio,base=1 2>&1; "
		 "[ $? = 2 ]",
		 plugin_dir);
	output_of(command, text);
	assert_string_equal(text, "ioemu-ssdt: raw-mmio,base=1: base= and "
				  "size= must lie in the space ");
	snprintf(command, sizeof(command),
		 "%s/../ioemu-ssdt -o /no/such/folder/t "
		 "raw-mmio,base=1,size=1 2>&1; [ $? = 1 ]",
		 plugin_dir);
	output_of(command, text);
	assert_non_null(strstr(text, "No such file or directory"));
}

int
main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_take_the_shortest_form),
		cmocka_unit_test(names_are_padded_and_bodies_nest),
		cmocka_unit_test(lengths_are_right_on_both_sides_of_each_limit),
		cmocka_unit_test(what_does_not_fit_is_said_and_not_written),
		cmocka_unit_test(
			what_makes_no_sense_is_refused_with_the_reason),
		cmocka_unit_test(ranges_of_one_name_are_one_device),
		cmocka_unit_test(there_is_an_end_to_devices_and_ranges),
		cmocka_unit_test(the_device_model_takes_the_same_words),
		cmocka_unit_test(the_header_is_what_firmware_wants),
		cmocka_unit_test(acpica_reads_what_was_meant),
		cmocka_unit_test(the_program_says_what_is_wrong),
	};

	if (argc < 2) {
		fprintf(stderr, "usage: %s PLUGIN-FOLDER\n", argv[0]);
		return 2;
	}
	plugin_dir = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
