/* SPDX-License-Identifier: MIT */
/* Staying awake: when, how long, and giving up where it does not pay. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "loop/loop.h"

#include "support/limit.h"

#define SPAN_US 200u

struct fix {
	struct spin_source source; /* first */
	uv_loop_t loop;
	uv_timer_t alive; /* else the loop has nothing to live for */
	struct spin *spin;
	unsigned polls, news; /* polls that find something */
};

static bool
fix_poll(struct spin_source *source)
{
	struct fix *f = (struct fix *)source;

	f->polls++;
	if (!f->news)
		return false;
	f->news--;
	return true;
}

static void
never(uv_timer_t *timer)
{
	(void)timer;
}

static void
fix_open(struct fix *f, unsigned us)
{
	*f = (struct fix){ .source = { .poll = fix_poll } };
	assert_int_equal(uv_loop_init(&f->loop), 0);
	uv_timer_init(&f->loop, &f->alive);
	uv_timer_start(&f->alive, never, UINT32_MAX, 0);
	assert_int_equal(spin_new(&f->loop, us, &f->spin), 0);
	spin_add(f->spin, &f->source);
}

static void
fix_close(struct fix *f)
{
	spin_del(f->spin, &f->source);
	spin_free(f->spin);
	uv_close((uv_handle_t *)&f->alive, NULL);
	uv_run(&f->loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&f->loop), 0);
}

/* Turns until it sleeps again; how long that took. */
static uint64_t
until_asleep(struct fix *f)
{
	uint64_t start = uv_hrtime(), now;

	do {
		uv_run(&f->loop, UV_RUN_NOWAIT);
		now = uv_hrtime();
		assert_true(now - start < TEST_LIMIT_NS);
	} while (spin_awake(f->spin));
	return now - start;
}

static void
it_stays_awake_for_its_span_and_looks_around(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f, SPAN_US);
	assert_false(spin_awake(f.spin));
	spin_touch(f.spin);
	assert_true(spin_awake(f.spin));
	assert_true(until_asleep(&f) >= SPAN_US * 1000ull);
	assert_true(f.polls > 1);
	fix_close(&f);
}

/* A touch that was in vain is paid back: 1, 3, 7 ... of those after it do
 * nothing. One that was not makes good for all. */
static void
in_vain_it_is_left_out_more_and_more(void **state)
{
	struct fix f;
	unsigned vain, skipped;

	(void)state;
	fix_open(&f, 1);
	for (vain = 1; vain <= 5; vain++) {
		for (skipped = 0; !spin_awake(f.spin); skipped++)
			spin_touch(f.spin);
		assert_int_equal(skipped, 1u << (vain - 1));
		until_asleep(&f);
	}
	while (!spin_awake(f.spin))
		spin_touch(f.spin);
	f.news = 1;
	until_asleep(&f);
	spin_touch(f.spin);
	assert_true(spin_awake(f.spin));
	until_asleep(&f);
	fix_close(&f);
}

/* Never less than once in 1,024. */
static void
it_does_not_give_up(void **state)
{
	struct fix f;
	unsigned i, spins = 0;

	(void)state;
	fix_open(&f, 1);
	for (i = 0; i < 20000; i++) {
		spin_touch(f.spin);
		if (spin_awake(f.spin)) {
			spins++;
			until_asleep(&f);
		}
	}
	assert_in_range(spins, 10 + 15, 10 + 25);
	fix_close(&f);
}

static void
without_a_span_it_never_does(void **state)
{
	struct fix f;

	(void)state;
	fix_open(&f, 0);
	spin_touch(f.spin);
	assert_false(spin_awake(f.spin));
	spin_touch(NULL);
	assert_false(spin_awake(NULL));
	assert_int_equal(f.polls, 0);
	fix_close(&f);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_stays_awake_for_its_span_and_looks_around),
		cmocka_unit_test(in_vain_it_is_left_out_more_and_more),
		cmocka_unit_test(it_does_not_give_up),
		cmocka_unit_test(without_a_span_it_never_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
