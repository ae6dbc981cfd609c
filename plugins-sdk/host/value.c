/* SPDX-License-Identifier: MIT */
/*
 * Numbers and switches as users write them, wherever they do. strtoull would
 * take blanks, signs and octal numbers, and wrap what is too large.
 */
#include "host/host.h"

#include <errno.h>
#include <string.h>

static unsigned
digit(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

static int
digits(const char **at, unsigned base, uint64_t max, uint64_t *out)
{
	const char *s = *at;
	bool large = false;
	uint64_t v = 0;
	unsigned d;

	for (; (d = digit(*s)) < base; s++) {
		if (d > max || v > (max - d) / base)
			large = true;
		v = v * base + d;
	}
	if (s == *at)
		return -EINVAL;
	*at = s;
	if (large)
		return -ERANGE;
	*out = v;
	return 0;
}

static bool
is_hex(const char *s)
{
	return s[0] == '0' && (s[1] == 'x' || s[1] == 'X') && digit(s[2]) < 16;
}

int
host_number_at(const char **at, uint64_t max, uint64_t *out)
{
	bool hex = is_hex(*at);

	*at += hex ? 2 : 0;
	return digits(at, hex ? 16 : 10, max, out);
}

int
host_number(const char *text, uint64_t max, uint64_t *out)
{
	uint64_t v;
	int rc = host_number_at(&text, max, &v);

	if (*text)
		return -EINVAL;
	if (!rc)
		*out = v;
	return rc;
}

static int
hexadecimal(const char **at, uint64_t max, uint64_t *out)
{
	*at += is_hex(*at) ? 2 : 0;
	return digits(at, 16, max, out);
}

int
host_slot(const char *text, unsigned *slot, unsigned *fn)
{
	uint64_t s, f = 0;
	int rc = hexadecimal(&text, 0x1f, &s);

	if (!rc && *text == '.') {
		text++;
		rc = hexadecimal(&text, 7, &f);
	}
	if (rc || *text)
		return -EINVAL;
	*slot = (unsigned)s;
	*fn = (unsigned)f;
	return 0;
}

int
host_switch(const char *text, bool *out)
{
	static const char *const words[2][3] = {
		{ "off", "no", "false" },
		{ "on", "yes", "true" },
	};
	unsigned i;

	for (i = 0; i < 6; i++) {
		if (strcmp(text, words[i % 2][i / 2]) != 0)
			continue;
		*out = i % 2;
		return 0;
	}
	return -EINVAL;
}
