/* SPDX-License-Identifier: MIT */
/*
 * plugins-sdk/doc/wire.json against the C that speaks the protocol: numbers and
 * names, and for HELLO what is accepted. What C accepts of frames and messages
 * the suite in tests/wire tries from the same tables.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "link/priv.h"

#define TABLES "plugins-sdk/doc/wire.json"

struct word {
	const char *name;
	unsigned value;
};

static int
setup(void **state)
{
	json_error_t err;

	*state = json_load_file(TABLES, JSON_REJECT_DUPLICATES, &err);
	if (!*state)
		fail_msg("%s:%d: %s", TABLES, err.line, err.text);
	return 0;
}

static int
teardown(void **state)
{
	json_decref(*state);
	return 0;
}

static unsigned
number(const json_t *row, const char *key)
{
	const json_t *v = json_object_get(row, key);

	assert_true(json_is_integer(v));
	return (unsigned)json_integer_value(v);
}

static const char *
text(const json_t *row, const char *key)
{
	const char *s = json_string_value(json_object_get(row, key));

	assert_non_null(s);
	return s;
}

static void
same_words(const json_t *table, const char *key, const struct word *words,
	   size_t n)
{
	size_t i;

	assert_int_equal(json_array_size(table), n);
	for (i = 0; i < n; i++) {
		const json_t *row = json_array_get(table, i);

		assert_string_equal(text(row, "name"), words[i].name);
		assert_int_equal(number(row, key), words[i].value);
	}
}

#define SAME(table, key, words)                                                \
	same_words(json_object_get(*state, table), key, words,                 \
		   sizeof(words) / sizeof((words)[0]))

/* ---- numbers ------------------------------------------------------ */

static void
frames_messages_and_bits_have_the_numbers_of_the_tables(void **state)
{
	static const struct word frames[] = {
		{ "HELLO", FRAME_HELLO }, { "CREDIT", FRAME_CREDIT },
		{ "TLP", FRAME_TLP },	  { "PING", FRAME_PING },
		{ "PONG", FRAME_PONG },	  { "BYE", FRAME_BYE },
		{ "RING", FRAME_RING },
	};
	static const struct word messages[] = {
		{ "WINDOW", LINK_WINDOW }, { "LINE", LINK_LINE },
		{ "PAUSED", LINK_PAUSED }, { "LOADED", LINK_LOADED },
		{ "LOG", LINK_LOG },	   { "STATE", LINK_STATE },
		{ "RUN", LINK_RUN },	   { "PAUSE", LINK_PAUSE },
		{ "RESET", LINK_RESET },   { "SAVE", LINK_SAVE },
	};
	static const struct word intx[] = {
		{ "Assert_INTA", LINK_ASSERT_INTX },
		{ "Assert_INTB", LINK_ASSERT_INTX + 1 },
		{ "Assert_INTC", LINK_ASSERT_INTX + 2 },
		{ "Assert_INTD", LINK_ASSERT_INTX + 3 },
		{ "Deassert_INTA", LINK_DEASSERT_INTX },
		{ "Deassert_INTB", LINK_DEASSERT_INTX + 1 },
		{ "Deassert_INTC", LINK_DEASSERT_INTX + 2 },
		{ "Deassert_INTD", LINK_DEASSERT_INTX + 3 },
	};

	SAME("frames", "type", frames);
	SAME("messages", "number", messages);
	SAME("intx", "code", intx);
}

static void
capabilities_are_the_bits_of_the_table(void **state)
{
	static const struct word caps[] = {
		{ "state", LINK_CAP_STATE },
		{ "rings", LINK_CAP_RING },
		{ "windows", LINK_CAP_WINDOWS },
		{ "again", LINK_CAP_AGAIN },
	};
	const json_t *table = json_object_get(*state, "capabilities");
	unsigned i;

	assert_int_equal(json_array_size(table), 4);
	for (i = 0; i < 4; i++) {
		const json_t *row = json_array_get(table, i);

		assert_string_equal(text(row, "name"), caps[i].name);
		assert_int_equal(1u << number(row, "bit"), caps[i].value);
	}
}

static void
reasons_are_those_of_the_table(void **state)
{
	static const unsigned reasons[] = {
		LINK_END,	LINK_BAD_VERSION, LINK_BAD_HELLO,
		LINK_MALFORMED, LINK_NO_CREDIT,	  LINK_UNEXPECTED,
		LINK_SILENCE,	LINK_NO_PLACE,	  LINK_FAILURE,
	};
	const json_t *table = json_object_get(*state, "reasons");
	unsigned i, n = sizeof(reasons) / sizeof(reasons[0]);

	assert_int_equal(json_array_size(table), n);
	for (i = 0; i < n; i++)
		assert_int_equal(number(json_array_get(table, i), "reason"),
				 reasons[i]);
}

static void
a_window_says_its_flags_in_the_bits_of_the_table(void **state)
{
	static const char *const names[] = {
		"mapped",    "memory",	   "prefetchable",
		"read-only", "write-only", "non-posted writes",
	};
	const json_t *table = json_object_get(*state, "flags");
	uint8_t data[16] = { [7] = 0x10, [15] = 0x10 };
	unsigned i;

	assert_int_equal(json_array_size(table), 6);
	for (i = 0; i < 6; i++) {
		const json_t *row = json_array_get(table, i);
		const struct link_msg msg = {
			.a = (uint8_t)(1u << number(row, "bit")),
			.data = data,
			.len = sizeof(data),
		};
		struct link_window w;

		assert_string_equal(text(row, "name"), names[i]);
		assert_true(link_window_decode(&msg, &w));
		assert_int_equal(w.mapped, i == 0);
		assert_int_equal(w.space == IOEMU_MEM, i == 1);
		assert_int_equal(w.prefetchable, i == 2);
		assert_int_equal(w.readonly, i == 3);
		assert_int_equal(w.writeonly, i == 4);
		assert_int_equal(w.fence, i == 5);
	}
}

/* ---- HELLO -------------------------------------------------------- */

static struct link_hello
hello(enum link_role role)
{
	return (struct link_hello){
		.role = role,
		.kind = role == LINK_PEER ? LINK_KIND_PCI : 0,
		.functions = role == LINK_PEER,
		.max_payload = 2048,
		.max_read = 512,
		.np_credits = 0x123,
		.p_credits = 0x3456,
		.p_data = 0x789a,
		.rcb = 128,
		.keepalive_ms = 0xabc,
		.instance = 0x1122334455667788,
		.caps = 0xf,
		.name = "the name",
	};
}

static const json_t *
hello_row(json_t *tables, const char *field)
{
	const json_t *table = json_object_get(tables, "hello");
	size_t i;

	for (i = 0; i < json_array_size(table); i++)
		if (!strcmp(text(json_array_get(table, i), "field"), field))
			return json_array_get(table, i);
	fail_msg("HELLO has no field %s", field);
	return NULL;
}

static void
hello_has_its_fields_where_the_table_says(void **state)
{
	static const struct {
		const char *name;
		uint64_t value;
	} fields[] = {
		{ "magic", 0x494f454d },
		{ "major", HELLO_MAJOR },
		{ "minor", HELLO_MINOR },
		{ "role", LINK_PEER },
		{ "kind", LINK_KIND_PCI },
		{ "max_payload", 2048 },
		{ "max_read_request", 512 },
		{ "np_hdr", 0x123 },
		{ "posted_hdr", 0x3456 },
		{ "posted_data", 0x789a },
		{ "rcb", 128 },
		{ "keepalive_ms", 0xabc },
		{ "functions", 1 },
		{ "instance", 0x1122334455667788 },
		{ "capabilities", 0xf },
	};
	const struct link_hello h = hello(LINK_PEER);
	const json_t *version = json_object_get(*state, "version"), *row;
	uint8_t body[HELLO_MAX];
	unsigned i, k;

	assert_int_equal(hello_encode(&h, body), 64);
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		uint64_t v = 0;

		row = hello_row(*state, fields[i].name);
		for (k = 0; k < number(row, "size"); k++)
			v = v << 8 | body[number(row, "offset") + k];
		assert_true(v == fields[i].value);
	}
	row = hello_row(*state, "name");
	assert_int_equal(number(row, "size"), LINK_NAME_SIZE - 1);
	assert_string_equal((char *)body + number(row, "offset"), "the name");
	assert_int_equal(number(version, "major"), HELLO_MAJOR);
	assert_int_equal(number(version, "minor"), HELLO_MINOR);
}

static void
range(const json_t *pair, uint64_t most, uint64_t *first, uint64_t *last)
{
	const json_t *end = json_array_get(pair, 1);

	*first = (uint64_t)json_integer_value(json_array_get(pair, 0));
	*last = json_is_null(end) ? most : (uint64_t)json_integer_value(end);
}

static bool
accepts(const json_t *values, uint64_t v, uint64_t most)
{
	uint64_t first, last;
	size_t i;

	for (i = 0; i < json_array_size(values); i++) {
		range(json_array_get(values, i), most, &first, &last);
		if (v >= first && v <= last)
			return true;
	}
	return false;
}

/* A field of that value in a HELLO that is else good. */
static bool
taken(enum link_role role, const json_t *row, uint64_t v)
{
	const struct link_hello h = hello(role);
	struct link_hello out;
	uint8_t body[HELLO_MAX];
	size_t len = hello_encode(&h, body);
	unsigned at = number(row, "offset"), n = number(row, "size");

	for (; n; n--, v >>= 8)
		body[at + n - 1] = (uint8_t)v;
	return !hello_decode(body, len, &out);
}

/* What hangs on other fields: only what is refused is tried. */
static bool
hangs(const json_t *row)
{
	const char *name = text(row, "field");

	return !strcmp(name, "kind") || !strcmp(name, "functions") ||
	       !strcmp(name, "role") || !strcmp(name, "posted_data") ||
	       !strcmp(name, "max_payload");
}

static void
try_value(const json_t *row, uint64_t v, uint64_t most)
{
	bool good = accepts(json_object_get(row, "values"), v, most);
	enum link_role role;

	if (v > most || (good && hangs(row)))
		return;
	for (role = LINK_ROOT; role <= LINK_PEER; role++)
		if (taken(role, row, v) != good)
			fail_msg("%s %llu is %s", text(row, "field"),
				 (unsigned long long)v,
				 good ? "refused" : "taken");
}

static void
hello_is_taken_for_the_values_of_the_table_and_no_others(void **state)
{
	const json_t *table = json_object_get(*state, "hello");
	uint64_t first, last;
	size_t i, k;

	for (i = 0; i < json_array_size(table); i++) {
		const json_t *row = json_array_get(table, i);
		const json_t *values = json_object_get(row, "values");
		unsigned size = number(row, "size");
		uint64_t most = size < 8 ? (1ull << 8 * size) - 1 : UINT64_MAX;

		if (size > 8)
			continue;
		for (k = 0; k < json_array_size(values); k++) {
			range(json_array_get(values, k), most, &first, &last);
			try_value(row, first - 1, most);
			try_value(row, first, most);
			try_value(row, last, most);
			try_value(row, last + 1, most);
		}
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
		T(frames_messages_and_bits_have_the_numbers_of_the_tables),
		T(capabilities_are_the_bits_of_the_table),
		T(reasons_are_those_of_the_table),
		T(a_window_says_its_flags_in_the_bits_of_the_table),
		T(hello_has_its_fields_where_the_table_says),
		T(hello_is_taken_for_the_values_of_the_table_and_no_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
