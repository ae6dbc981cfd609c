/* SPDX-License-Identifier: MIT */
/* A token bucket in bytes, and a sum. It knows no clock and no log. */
#include "loop/loop.h"

#include <stdio.h>

#define NS_PER_MINUTE (60ull * 1000000000ull)
#define AGAIN (LOG_BURST / 4) /* so that notices are few */

static void
budget_fill(struct log_budget *b, uint64_t now_ns)
{
	uint64_t gone = now_ns - b->at_ns, more;

	if (!b->begun || gone >= NS_PER_MINUTE) {
		b->begun = true;
		b->at_ns = now_ns;
		b->room = LOG_BURST;
		return;
	}
	more = gone * LOG_BURST / NS_PER_MINUTE;
	/* what is less than a byte counts next time */
	b->at_ns += more * NS_PER_MINUTE / LOG_BURST;
	b->room = more < LOG_BURST - b->room ? b->room + (uint32_t)more
					     : LOG_BURST;
}

static void
budget_spend(struct log_budget *b, size_t bytes)
{
	b->room -= bytes < b->room ? (uint32_t)bytes : b->room;
	b->total += bytes;
}

/* No line is so long that it can never go out. */
static bool
budget_has(const struct log_budget *b, size_t bytes)
{
	size_t wanted = bytes + LOG_NOTICE;

	if (b->empty && wanted < AGAIN)
		wanted = AGAIN;
	return b->room >= wanted;
}

bool
log_budget_take(struct log_budget *b, uint64_t now_ns, size_t bytes,
		char notice[LOG_NOTICE])
{
	int n = 0;

	notice[0] = '\0';
	if (b->ended)
		return false;
	budget_fill(b, now_ns);
	if (!b->for_ever && b->total + bytes + 2ull * LOG_NOTICE > LOG_LIFE) {
		b->ended = true;
		snprintf(notice, LOG_NOTICE,
			 "has logged %u KiB: no more lines of it",
			 LOG_LIFE >> 10);
		return false;
	}
	if (!budget_has(b, bytes)) {
		if (!b->empty)
			n = snprintf(notice, LOG_NOTICE,
				     "logs more than %u KiB a minute: lines "
				     "are left out",
				     LOG_BURST >> 10);
		b->empty = true;
		b->left_out++;
		budget_spend(b, (size_t)n);
		return false;
	}
	if (b->left_out)
		n = snprintf(notice, LOG_NOTICE, "%llu lines were left out",
			     (unsigned long long)b->left_out);
	b->left_out = 0;
	b->empty = false;
	budget_spend(b, bytes + (size_t)n);
	return true;
}
