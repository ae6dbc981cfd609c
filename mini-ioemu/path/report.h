/* SPDX-License-Identifier: MIT */
/*
 * report.h - how long accesses take: a histogram for each window and each
 * link, the slowest accesses with their addresses. Counting is a few
 * instructions; words are made when somebody asks.
 */
#ifndef PATH_REPORT_H
#define PATH_REPORT_H

#include "path/route.h"
#include "xen/slot.h"

#define REPORT_SLOWEST 10u
#define REPORT_LINE 512u /* bytes a line may have */

/* Time stamp counter: a third of clock_gettime()'s cost. Host and guest are
 * both x86. Its unit is found out when times are told. */
static inline uint64_t
report_ticks(void)
{
	return __builtin_ia32_rdtsc();
}

struct report_access {
	struct request req;
	int vcpu;
	uint64_t since, latency; /* ticks */
	char who[32];
};

struct report {
	uint64_t start_ticks, start_ns;
	struct report_access slowest[REPORT_SLOWEST]; /* in no order */
	uint64_t bound; /* ticks; what takes less is none of them */
};

struct target_list;

void report_init(struct report *r);

/* An access is over. `window` answered it, or the last part of it; target
 * NULL: nobody did. */
void report_access_done(struct report *r, const struct request *req, int vcpu,
			uint64_t since, struct target *target,
			struct host_window *window);

/* Who answers, for people. */
const char *report_who(const struct target *target,
		       const struct host_window *window);

/* All of it, line by line: windows, links, the slowest accesses first. */
void report_tell(const struct report *r, const struct route_table *routes,
		 struct target_list links,
		 void (*say)(void *ctx, const char *line), void *ctx);
/* A line for an access that is not over. */
void report_waits(const struct report *r, const struct request *req, int vcpu,
		  uint64_t since, const char *who, char *line, size_t size);

#endif
