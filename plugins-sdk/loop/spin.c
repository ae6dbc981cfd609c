/* SPDX-License-Identifier: MIT */
/*
 * Staying awake for a moment: an idle handle keeps the loop from sleeping, so
 * descriptors are looked at each turn, and those whose news is in memory are
 * asked more often than that.
 *
 * Where it helps nobody it must cost nothing: on a single processor the one we
 * wait for cannot run while we look. Linux's halt_poll_ns of KVM grows and
 * shrinks for the same reason.
 */
#include "loop/loop.h"

#include <sched.h>
#include <stdlib.h>

#define NS_PER_US 1000u
#define SLICE_NS 2000u /* of memory alone, between turns of the loop */
#define MAX_MISSES 10u /* 1 in 1,024 is still tried */

struct spin {
	uv_idle_t idle;
	uint64_t span_ns;
	uint64_t touched_ns; /* when something happened last */
	unsigned misses;     /* in a row */
	unsigned skip;	     /* times to leave it out */
	bool awake, hit;     /* hit: it paid, this time */
	struct spin_source *sources;
};

static void
spin_stop(struct spin *spin)
{
	uv_idle_stop(&spin->idle);
	spin->awake = false;
	if (spin->hit) {
		spin->misses = 0;
		return;
	}
	if (spin->misses < MAX_MISSES)
		spin->misses++;
	spin->skip = (1u << spin->misses) - 1;
}

static bool
spin_poll(struct spin *spin)
{
	struct spin_source *s;
	bool worked = false;

	for (s = spin->sources; s; s = s->next)
		worked |= s->poll(s);
	return worked;
}

static void
spin_turn(uv_idle_t *idle)
{
	struct spin *spin = idle->data;
	uint64_t start = uv_hrtime(), now = start;
	bool any = false;

	while (spin->sources && now - start < SLICE_NS) {
		bool worked = spin_poll(spin);

		now = uv_hrtime();
		if (worked) {
			spin->touched_ns = now;
			spin->hit = any = true;
		}
	}
	if (!any) /* whom we wait for may need this processor */
		sched_yield();
	if (now - spin->touched_ns > spin->span_ns)
		spin_stop(spin);
}

void
spin_touch(struct spin *spin)
{
	if (!spin || !spin->span_ns)
		return;
	if (spin->awake) {
		spin->hit = true;
	} else if (spin->skip) {
		spin->skip--;
		return;
	} else {
		spin->awake = true;
		spin->hit = false;
		uv_idle_start(&spin->idle, spin_turn);
	}
	spin->touched_ns = uv_hrtime();
}

bool
spin_awake(const struct spin *spin)
{
	return spin && spin->awake;
}

void
spin_add(struct spin *spin, struct spin_source *source)
{
	source->next = spin->sources;
	spin->sources = source;
}

void
spin_del(struct spin *spin, struct spin_source *source)
{
	struct spin_source **at = &spin->sources;

	while (*at && *at != source)
		at = &(*at)->next;
	if (*at)
		*at = source->next;
}

int
spin_new(uv_loop_t *loop, unsigned us, struct spin **out)
{
	struct spin *spin = calloc(1, sizeof(*spin));

	if (!spin)
		return -ENOMEM;
	spin->span_ns = (uint64_t)us * NS_PER_US;
	uv_idle_init(loop, &spin->idle);
	spin->idle.data = spin;
	/* nobody is kept running by a look around */
	uv_unref((uv_handle_t *)&spin->idle);
	*out = spin;
	return 0;
}

static void
spin_closed(uv_handle_t *handle)
{
	free(handle->data);
}

void
spin_free(struct spin *spin)
{
	if (spin)
		uv_close((uv_handle_t *)&spin->idle, spin_closed);
}
