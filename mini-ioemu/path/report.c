/* SPDX-License-Identifier: MIT */
#include "path/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "path/dispatch.h"

#define NS_PER_US 1e3
#define NS_PER_MS 1e6
#define NS_PER_S 1e9

/* ---- counting ------------------------------------------------------ */

void
report_init(struct report *r)
{
	*r = (struct report){
		.start_ticks = report_ticks(),
		.start_ns = uv_hrtime(),
	};
}

const char *
report_who(const struct target *target, const struct host_window *window)
{
	if (!target)
		return "nobody";
	if (target->name)
		return target->name;
	return window ? window->hd->dev.id : "a device taken out";
}

/* In place of the fastest of the slowest. */
static void
report_keep(struct report *r, const struct report_access *a)
{
	unsigned i, fastest = 0;

	for (i = 1; i < REPORT_SLOWEST; i++)
		if (r->slowest[i].latency < r->slowest[fastest].latency)
			fastest = i;
	r->slowest[fastest] = *a;
	r->bound = UINT64_MAX;
	for (i = 0; i < REPORT_SLOWEST; i++)
		if (r->slowest[i].latency < r->bound)
			r->bound = r->slowest[i].latency;
}

void
report_access_done(struct report *r, const struct request *req, int vcpu,
		   uint64_t since, struct target *target,
		   struct host_window *window)
{
	uint64_t latency = report_ticks() - since;
	unsigned log2 = latency ? 63 - (unsigned)__builtin_clzll(latency) : 0;
	struct report_access a;

	if (log2 >= HOST_LATENCY_LOG2)
		log2 = HOST_LATENCY_LOG2 - 1;
	if (target)
		target->latency_log2[log2]++;
	if (window) /* else taken out meanwhile */
		window->latency_log2[log2]++;
	if (latency <= r->bound)
		return;
	a = (struct report_access){
		.req = *req,
		.vcpu = vcpu,
		.since = since,
		.latency = latency,
	};
	snprintf(a.who, sizeof(a.who), "%s", report_who(target, window));
	report_keep(r, &a);
}

/* ---- words --------------------------------------------------------- */

static double
report_ns(const struct report *r, uint64_t ticks)
{
	uint64_t ticked = report_ticks() - r->start_ticks;
	double ns = (double)(uv_hrtime() - r->start_ns);

	return ticked ? (double)ticks * ns / (double)ticked : 0;
}

static const char *
report_time(char *out, size_t size, double ns)
{
	if (ns < NS_PER_US)
		snprintf(out, size, "%.0f ns", ns);
	else if (ns < NS_PER_MS)
		snprintf(out, size, "%.1f us", ns / NS_PER_US);
	else if (ns < NS_PER_S)
		snprintf(out, size, "%.1f ms", ns / NS_PER_MS);
	else
		snprintf(out, size, "%.1f s", ns / NS_PER_S);
	return out;
}

static uint64_t
report_count(const uint32_t *latency)
{
	uint64_t n = 0;
	unsigned i;

	for (i = 0; i < HOST_LATENCY_LOG2; i++)
		n += latency[i];
	return n;
}

/* The time under which `share` of all stay. */
static const char *
report_share(const struct report *r, const uint32_t *latency, double share,
	     char *out, size_t size)
{
	double left = share * (double)report_count(latency);
	unsigned i;

	for (i = 0; i < HOST_LATENCY_LOG2 - 1; i++) {
		left -= latency[i];
		if (left <= 0)
			break;
	}
	return report_time(out, size, report_ns(r, 2ull << i));
}

static int
report_numbers(const struct report *r, const uint32_t *latency, char *out,
	       size_t size)
{
	char half[16], most[16], text[16];
	unsigned i;
	int n;

	n = snprintf(out, size, "%llu accesses, half < %s, 99%% < %s;",
		     (unsigned long long)report_count(latency),
		     report_share(r, latency, 0.5, half, sizeof(half)),
		     report_share(r, latency, 0.99, most, sizeof(most)));
	for (i = 0; i < HOST_LATENCY_LOG2; i++) {
		if (!latency[i] || n < 0 || (size_t)n >= size)
			continue;
		n += snprintf(out + n, size - (size_t)n, " <%s: %u",
			      report_time(text, sizeof(text),
					  report_ns(r, 2ull << i)),
			      latency[i]);
	}
	return n;
}

/* Where it went: space, address, what for. */
static int
report_request(const struct request *req, char *out, size_t size)
{
	static const char *const space[] = { "port", "memory", "config" };

	return snprintf(out, size, "%s %u x %u bytes, %s %#llx",
			req->read ? "read" : "write", req->count, req->size,
			space[req->type % 3], (unsigned long long)req->addr);
}

/* ---- telling ------------------------------------------------------- */

struct teller {
	const struct report *r;
	void (*say)(void *ctx, const char *line);
	void *ctx;
};

static void
tell_range(const struct teller *t, const char *space, const struct range *range)
{
	const uint32_t *latency = range->window->latency_log2;
	char line[REPORT_LINE];
	int n;

	/* pieces of a window share its numbers */
	if (range->first != range->base || !report_count(latency))
		return;
	n = snprintf(line, sizeof(line), "%s %#llx %s %s: ", space,
		     (unsigned long long)range->first,
		     report_who(range->target, range->window),
		     range->window->region.name);
	if (n > 0 && (size_t)n < sizeof(line))
		report_numbers(t->r, latency, line + n,
			       sizeof(line) - (size_t)n);
	t->say(t->ctx, line);
}

static void
tell_link(const struct teller *t, const struct target *target)
{
	char line[REPORT_LINE];
	int n;

	if (!report_count(target->latency_log2))
		return;
	n = snprintf(line, sizeof(line), "link %s: ", target->name);
	if (n > 0 && (size_t)n < sizeof(line))
		report_numbers(t->r, target->latency_log2, line + n,
			       sizeof(line) - (size_t)n);
	t->say(t->ctx, line);
}

static void
tell_slow(const struct teller *t, const struct report_access *a)
{
	char line[REPORT_LINE], latency[16], ago[16], what[96];

	report_request(&a->req, what, sizeof(what));
	report_time(latency, sizeof(latency), report_ns(t->r, a->latency));
	report_time(ago, sizeof(ago),
		    report_ns(t->r, report_ticks() - a->since));
	snprintf(line, sizeof(line), "slow: %s, %s ago, vCPU %d, %s (%s)",
		 latency, ago, a->vcpu, what, a->who);
	t->say(t->ctx, line);
}

static int
by_time(const void *a, const void *b)
{
	const struct report_access *x = a, *y = b;

	return (x->latency < y->latency) - (x->latency > y->latency);
}

void
report_tell(const struct report *r, const struct route_table *routes,
	    struct target_list links, void (*say)(void *ctx, const char *line),
	    void *ctx)
{
	static const char *const space[] = { "io", "mem", "config" };
	const struct teller t = { .r = r, .say = say, .ctx = ctx };
	struct report_access slowest[REPORT_SLOWEST];
	const struct target *target;
	const struct range *range;
	unsigned s, i;

	for (s = 0; s < ROUTE_SPACES; s++)
		for (i = 0; (range = route_at(routes, s, i)); i++)
			tell_range(&t, space[s], range);
	for (i = 0; links.at && (target = links.at(links.owner, i)); i++)
		tell_link(&t, target);
	memcpy(slowest, r->slowest, sizeof(slowest));
	qsort(slowest, REPORT_SLOWEST, sizeof(slowest[0]), by_time);
	for (i = 0; i < REPORT_SLOWEST && slowest[i].latency; i++)
		tell_slow(&t, &slowest[i]);
}

void
report_waits(const struct report *r, const struct request *req, int vcpu,
	     uint64_t since, const char *who, char *line, size_t size)
{
	char what[96], time[16];

	report_request(req, what, sizeof(what));
	report_time(time, sizeof(time), report_ns(r, report_ticks() - since));
	snprintf(line, size, "waits: %s so far, vCPU %d, %s (%s)", time, vcpu,
		 what, who);
}
