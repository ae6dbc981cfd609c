/* SPDX-License-Identifier: MIT */
/* The guest's clock and the devices' timers, on a real loop in real time. */
#include "loop/loop.h"

#include "support/fake_host.h"
#include "support/limit.h"

#define MS 1000000ull
#define N_TIMERS 4u

static struct fake fake[2];
static struct hostdev *hd[2];
static uv_loop_t loop;
static uv_timer_t beat;
static struct clock *clk;

/* ---- the device ---------------------------------------------------- */

static struct ioemu_timer timer[N_TIMERS];
static char fired[64]; /* "021": which, in order */
static unsigned n_fired;
static uint64_t fired_at;
static unsigned again; /* times that fire() arms its timer anew */

static void
set(unsigned i, uint64_t deadline_ns)
{
	clock_set(clk, hd[0], &timer[i], deadline_ns);
}

static void
chip_fire(struct ioemu_dev *dev, struct ioemu_timer *t)
{
	assert_true(dev == &hd[0]->dev || dev == &hd[1]->dev);
	assert_true(t->deadline_ns == IOEMU_NEVER);
	assert_in_range(n_fired, 0, sizeof(fired) - 2);
	fired_at = clock_now(clk);
	fired[n_fired++] = (char)('0' + (t - timer));
	if (again) {
		again--;
		set((unsigned)(t - timer), 1);
	}
}

/* ---- the loop ------------------------------------------------------ */

static void
on_beat(uv_timer_t *t)
{
	(void)t;
}

static void
turn(void)
{
	uv_run(&loop, UV_RUN_ONCE);
}

#define until(condition)                                                       \
	do {                                                                   \
		uint64_t end_ = uv_hrtime() + TEST_LIMIT_NS;                   \
		while (!(condition)) {                                         \
			assert_true(uv_hrtime() < end_);                       \
			turn();                                                \
		}                                                              \
	} while (0)

static int
setup(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < 2; i++)
		hd[i] = fake_device(&fake[i], fake_chip());
	memset(timer, 0, sizeof(timer));
	for (i = 0; i < N_TIMERS; i++)
		timer[i].fire = chip_fire;
	memset(fired, 0, sizeof(fired));
	n_fired = 0;
	again = 0;
	assert_int_equal(uv_loop_init(&loop), 0);
	uv_timer_init(&loop, &beat);
	uv_timer_start(&beat, on_beat, 2, 2);
	return clock_new(&loop, &clk);
}

static int
teardown(void **state)
{
	(void)state;
	clock_free(clk);
	uv_close((uv_handle_t *)&beat, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	hostdev_free(hd[0]);
	hostdev_free(hd[1]);
	return uv_loop_close(&loop);
}

/* ---- tests --------------------------------------------------------- */

static void
the_clock_starts_at_nothing_and_runs(void **state)
{
	uint64_t now = clock_now(clk);

	(void)state;
	assert_true(now < TEST_LIMIT_NS);
	until(clock_now(clk) >= now + 5 * MS);
}

static void
a_timer_fires_once_at_its_time(void **state)
{
	uint64_t at = clock_now(clk) + 10 * MS;

	(void)state;
	set(0, at);
	assert_true(timer[0].deadline_ns == at);
	until(n_fired);
	assert_true(fired_at >= at);
	until(clock_now(clk) > fired_at + 10 * MS);
	assert_string_equal(fired, "0");
}

static void
timers_fire_in_order_of_time_then_of_arming(void **state)
{
	uint64_t now = clock_now(clk);

	(void)state;
	set(3, now + 4 * MS);
	set(0, now + 2 * MS);
	set(2, now + 3 * MS);
	set(1, now + 2 * MS);
	until(n_fired == 4);
	assert_string_equal(fired, "0123");
}

static void
a_time_that_has_passed_fires_from_the_loop(void **state)
{
	(void)state;
	set(1, clock_now(clk));
	set(0, 0);
	assert_int_equal(n_fired, 0);
	until(n_fired == 2);
	assert_string_equal(fired, "01");
}

static void
a_timer_can_be_moved(void **state)
{
	uint64_t now = clock_now(clk);

	(void)state;
	set(0, now + 1 * MS);
	set(1, now + 2 * MS);
	set(2, now + TEST_LIMIT_NS);
	set(0, now + 3 * MS); /* the head, away */
	set(2, now + 1 * MS); /* the last, to the head */
	until(n_fired == 3);
	assert_string_equal(fired, "210");
}

static void
never_stops_a_timer(void **state)
{
	uint64_t now = clock_now(clk);

	(void)state;
	set(0, now + 1 * MS);
	set(1, now + 2 * MS);
	set(2, now + 3 * MS);
	set(0, IOEMU_NEVER); /* the head, */
	set(2, IOEMU_NEVER); /* the last, */
	set(3, IOEMU_NEVER); /* one that never ran */
	assert_true(timer[0].deadline_ns == IOEMU_NEVER);
	until(n_fired);
	until(clock_now(clk) > now + 10 * MS);
	assert_string_equal(fired, "1");
}

static void
the_end_of_time_is_far(void **state)
{
	(void)state;
	set(0, IOEMU_NEVER - 1);
	set(1, UINT64_MAX / 2);
	set(2, clock_now(clk) + 1 * MS);
	until(n_fired);
	turn();
	turn();
	assert_string_equal(fired, "2");
}

static void
time_stands_still_while_paused(void **state)
{
	uint64_t now, start = uv_hrtime();

	(void)state;
	now = clock_now(clk);
	set(0, now + 10 * MS);
	set(1, now + TEST_LIMIT_NS * 10);
	clock_pause(clk);
	clock_pause(clk); /* twice is once */
	now = clock_now(clk);
	until(uv_hrtime() > start + 30 * MS);
	assert_true(clock_now(clk) == now);
	set(2, now + 1 * MS); /* armed while it stands */
	set(3, now);
	turn();
	turn();
	assert_int_equal(n_fired, 0);
	clock_resume(clk);
	clock_resume(clk);
	assert_true(clock_now(clk) >= now);
	until(n_fired == 3);
	assert_string_equal(fired, "320");
	assert_true(fired_at >= now + 1 * MS);
}

static void
pause_fire(struct ioemu_dev *dev, struct ioemu_timer *t)
{
	chip_fire(dev, t);
	clock_pause(clk);
}

static void
a_clock_stopped_from_fire_fires_no_more(void **state)
{
	(void)state;
	timer[0].fire = pause_fire;
	set(0, 0);
	set(1, 1);
	until(n_fired);
	turn();
	turn();
	assert_string_equal(fired, "0");
	clock_resume(clk);
	until(n_fired == 2);
}

static void
pause_prepare(uv_prepare_t *prepare)
{
	(void)prepare;
	clock_pause(clk);
}

static void
a_clock_stopped_when_a_timer_is_due_does_not_fire(void **state)
{
	uv_prepare_t prepare;

	(void)state;
	uv_prepare_init(&loop, &prepare);
	uv_prepare_start(&prepare, pause_prepare);
	set(0, 0);
	turn();
	turn();
	assert_int_equal(n_fired, 0);
	uv_close((uv_handle_t *)&prepare, NULL);
	turn();
	clock_resume(clk);
	until(n_fired);
}

static void
a_timer_set_from_fire_does_not_hold_the_loop(void **state)
{
	unsigned before;

	(void)state;
	again = 20;
	set(0, 0);
	set(1, 2); /* its turn comes although 0 is always due */
	while (again) {
		before = n_fired;
		turn();
		assert_in_range(n_fired - before, 0, 2);
	}
	until(n_fired == 22);
	assert_memory_equal(fired, "01", 2);
}

static void
other_fire(struct ioemu_dev *dev, struct ioemu_timer *t)
{
	chip_fire(dev, t);
	if (n_fired < 20)
		set(t == &timer[0], 0); /* each arms the other */
}

static void
two_timers_that_set_each_other_do_not_either(void **state)
{
	unsigned before;

	(void)state;
	timer[0].fire = other_fire;
	timer[1].fire = other_fire;
	set(0, 0);
	while (n_fired < 20) {
		before = n_fired;
		turn();
		assert_in_range(n_fired - before, 0, 1);
	}
}

static void
cancel_fire(struct ioemu_dev *dev, struct ioemu_timer *t)
{
	chip_fire(dev, t);
	set(1, IOEMU_NEVER);
}

static void
fire_may_stop_another_that_is_due(void **state)
{
	(void)state;
	timer[0].fire = cancel_fire;
	set(0, 0);
	set(1, 1);
	set(2, 2);
	until(n_fired == 2);
	turn();
	assert_string_equal(fired, "02");
}

static void
a_device_that_goes_is_forgotten(void **state)
{
	(void)state;
	set(0, 0);
	clock_set(clk, hd[1], &timer[1], 1);
	set(2, 2);
	clock_set(clk, hd[1], &timer[3], TEST_LIMIT_NS * 10);
	clock_forget(clk, hd[0]);
	until(n_fired);
	turn();
	assert_string_equal(fired, "1");
	set(0, 0); /* and can be set again */
	until(n_fired == 2);
	clock_forget(clk, hd[1]);
	clock_forget(clk, hd[1]);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(the_clock_starts_at_nothing_and_runs),
		TEST(a_timer_fires_once_at_its_time),
		TEST(timers_fire_in_order_of_time_then_of_arming),
		TEST(a_time_that_has_passed_fires_from_the_loop),
		TEST(a_timer_can_be_moved),
		TEST(never_stops_a_timer),
		TEST(the_end_of_time_is_far),
		TEST(time_stands_still_while_paused),
		TEST(a_clock_stopped_from_fire_fires_no_more),
		TEST(a_clock_stopped_when_a_timer_is_due_does_not_fire),
		TEST(a_timer_set_from_fire_does_not_hold_the_loop),
		TEST(two_timers_that_set_each_other_do_not_either),
		TEST(fire_may_stop_another_that_is_due),
		TEST(a_device_that_goes_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
