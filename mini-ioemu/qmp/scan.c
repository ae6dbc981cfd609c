/* SPDX-License-Identifier: MIT */
/*
 * Where a JSON object ends in a stream (RFC 8259): clients need not send line
 * ends, so brackets are counted outside of strings. Whether it is good JSON is
 * the parser's question.
 */
#include <errno.h>

#include "qmp/priv.h"

static void
scan_in_string(struct qmp_scan *scan, char c)
{
	if (scan->escaped)
		scan->escaped = false;
	else if (c == '\\')
		scan->escaped = true;
	else if (c == '"')
		scan->in_string = false;
}

/* Returns 1 at the last bracket. */
static int
scan_outside(struct qmp_scan *scan, char c)
{
	switch (c) {
	case '"':
		scan->in_string = scan->depth > 0;
		return scan->depth ? 0 : -EPROTO;
	case '{':
	case '[':
		if (!scan->depth && c == '[')
			return -EPROTO;
		return ++scan->depth > QMP_MAX_DEPTH ? -E2BIG : 0;
	case '}':
	case ']':
		if (!scan->depth)
			return -EPROTO;
		return --scan->depth == 0;
	case ' ':
	case '\t':
	case '\r':
	case '\n':
		return 0;
	default:
		return scan->depth ? 0 : -EPROTO;
	}
}

int
qmp_scan(struct qmp_scan *scan, const char *text, size_t len, size_t *used)
{
	size_t i;
	int ret;

	for (i = 0; i < len; i++) {
		if (scan->in_string) {
			scan_in_string(scan, text[i]);
			continue;
		}
		ret = scan_outside(scan, text[i]);
		if (ret) {
			*used = i + 1;
			return ret;
		}
	}
	*used = len;
	return 0;
}
