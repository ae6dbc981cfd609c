/* SPDX-License-Identifier: MIT */
/* What an operator types and moves. */
#include "i8042.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
query_keys(struct ioemu_dev *dev, const char *codes, char *buf, size_t size)
{
	struct i8042 *kbc = ioemu_state(dev);
	unsigned long code;
	unsigned n = 0;
	char *end;

	for (;; codes = end, n++) {
		code = strtoul(codes, &end, 16);
		if (end == codes || code > 0xff ||
		    !kbd_key(&kbc->kbd, (uint8_t)code))
			break;
	}
	i8042_update(dev);
	return snprintf(buf, size, "%u scan codes sent\n", n);
}

/* The next number of *text; false: none, or too large. */
static bool
query_number(const char **text, int *out)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(*text, &end, 10);
	if (end == *text || errno || n < INT_MIN || n > INT_MAX)
		return false;
	*text = end;
	*out = (int)n;
	return true;
}

int
i8042_query(struct ioemu_dev *dev, const char *what, char *buf, size_t size)
{
	struct i8042 *kbc = ioemu_state(dev);
	int dx, dy, buttons;
	bool told;

	if (!strncmp(what, "key ", 4))
		return query_keys(dev, what + 4, buf, size);
	if (strncmp(what, "mouse ", 6))
		return -EINVAL;
	what += 6;
	if (!query_number(&what, &dx) || !query_number(&what, &dy) ||
	    !query_number(&what, &buttons))
		return -EINVAL;
	told = mouse_move(&kbc->mouse, dx, dy, (unsigned)buttons);
	i8042_update(dev);
	return snprintf(buf, size,
			told ? "sent\n" : "the guest takes no movement now\n");
}
