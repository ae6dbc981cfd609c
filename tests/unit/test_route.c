/* SPDX-License-Identifier: MIT */
/* Route table and claims: overlaps, order of precedence, what Xen is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/host.h"

#include "path/claims.h"
#include "support/fake_xen.h"

struct fix {
	struct route_table *t;
	struct xen *xen;
	struct claims *claims;
	struct host_window w[64];
};

static int
setup(void **state)
{
	struct fix *f = calloc(1, sizeof(*f));

	f->xen = fake_xen_new();
	f->xen->posts = true;
	if (route_new(&f->t) || claims_new(f->xen, f->t, &f->claims))
		return -1;
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fix *f = *state;

	claims_free(f->claims);
	route_free(f->t);
	fake_xen_free(f->xen);
	free(f);
	return 0;
}

static const struct host_window *
who(struct fix *f, uint64_t addr)
{
	const struct range *r = route_find(f->t, IOEMU_MEM, addr);

	return r ? r->window : NULL;
}

static void
an_address_finds_its_window_and_only_that(void **state)
{
	struct fix *f = *state;

	assert_int_equal(
		route_add(f->t, IOEMU_MEM, 0x1000, 0x10, NULL, &f->w[0]), 0);
	assert_null(who(f, 0xfff));
	assert_ptr_equal(who(f, 0x1000), &f->w[0]);
	assert_ptr_equal(who(f, 0x100f), &f->w[0]);
	assert_null(who(f, 0x1010));
	assert_null(route_find(f->t, IOEMU_PIO, 0x1000));
}

static void
the_first_of_two_overlapping_windows_wins_until_it_goes(void **state)
{
	struct fix *f = *state;

	assert_false(route_add(f->t, IOEMU_MEM, 0x2000, 0x100, NULL, &f->w[0]));
	assert_false(
		route_add(f->t, IOEMU_MEM, 0x1000, 0x3000, NULL, &f->w[1]));
	assert_ptr_equal(who(f, 0x1fff), &f->w[1]);
	assert_ptr_equal(who(f, 0x2000), &f->w[0]);
	assert_ptr_equal(who(f, 0x20ff), &f->w[0]);
	assert_ptr_equal(who(f, 0x2100), &f->w[1]);
	assert_int_equal(route_find(f->t, IOEMU_MEM, 0x2100)->base, 0x1000);
	route_del(f->t, &f->w[0]);
	assert_ptr_equal(who(f, 0x2000), &f->w[1]);
}

static void
a_window_past_the_end_of_its_space_is_refused(void **state)
{
	struct fix *f = *state;

	assert_int_equal(route_add(f->t, IOEMU_PIO, 0xfff8, 16, NULL, f->w),
			 -EINVAL);
	assert_int_equal(
		route_add(f->t, IOEMU_MEM, UINT64_MAX - 3, 8, NULL, f->w),
		-EINVAL);
	assert_int_equal(route_add(f->t, IOEMU_MEM, 0, 0, NULL, f->w), -EINVAL);
	assert_false(route_add(f->t, IOEMU_PIO, 0xfff8, 8, NULL, f->w));
}

static void
a_full_table_says_so(void **state)
{
	struct fix *f = *state;
	unsigned i;

	for (i = 0; i < ROUTE_MAX - ROUTE_POOL; i++)
		assert_false(
			route_add(f->t, IOEMU_MEM, i * 32, 16, NULL, f->w));
	assert_int_equal(route_add(f->t, IOEMU_MEM, 0, 16, NULL, f->w),
			 -ENOSPC);
	route_del(f->t, f->w);
	assert_null(who(f, 0));
}

static int
add_for(struct fix *f, struct route_owner *owner, enum ioemu_space space,
	unsigned i)
{
	const struct range r = {
		.first = i * 32,
		.last = i * 32 + 15,
		.window = &f->w[owner ? 1 : 0],
		.owner = owner,
	};

	return route_add_range(f->t, space, &r);
}

/* How many windows it can have. */
static unsigned
fill_for(struct fix *f, struct route_owner *owner, enum ioemu_space space,
	 unsigned from)
{
	unsigned n = 0;

	while (!add_for(f, owner, space, from + n))
		n++;
	return n;
}

static void
no_owner_takes_the_room_of_another(void **state)
{
	static struct route_owner owner[40];
	struct fix *f = *state;
	unsigned n, i, all = 0;

	memset(owner, 0, sizeof(owner));
	/* the first takes all there is, until others come */
	route_join(f->t, &owner[0]);
	assert_int_equal(fill_for(f, &owner[0], IOEMU_MEM, 0), ROUTE_POOL);
	for (n = 1; n < 9; n++) {
		route_join(f->t, &owner[n]);
		assert_int_equal(fill_for(f, &owner[n], IOEMU_MEM, 200 * n),
				 ROUTE_SHARE);
	}
	assert_int_equal(owner[0].used[IOEMU_MEM],
			 ROUTE_POOL - 8 * ROUTE_SHARE);
	assert_ptr_equal(who(f, 0), &f->w[1]);
	assert_null(who(f, 32 * (ROUTE_POOL - 1))); /* its last */
	/* ports are counted apart, and so is the machine's own */
	assert_int_equal(fill_for(f, &owner[1], IOEMU_PIO, 0), ROUTE_POOL);
	assert_int_equal(fill_for(f, NULL, IOEMU_MEM, 3000),
			 ROUTE_MAX - ROUTE_POOL);
	route_del(f->t, &f->w[1]);
	for (i = 0; i < n; i++)
		assert_int_equal(owner[i].used[IOEMU_MEM], 0);
	/* forty have smaller ones */
	for (; n < 40; n++)
		route_join(f->t, &owner[n]);
	for (i = 0; i < n; i++)
		(void)fill_for(f, &owner[i], IOEMU_MEM, 200 * i);
	for (i = 0; i < n; i++) {
		all += owner[i].used[IOEMU_MEM];
		assert_true(owner[i].used[IOEMU_MEM] >= ROUTE_POOL / 40);
	}
	assert_int_equal(all, ROUTE_POOL);
	route_del(f->t, &f->w[0]);
	route_del(f->t, &f->w[1]);
	for (i = 0; i < n; i++)
		route_leave(f->t, &owner[i]);
}

/* Windows move at random over a small space; after each move every address
 * must be answered by the first window that covers it, be claimed from Xen
 * exactly if somebody covers it, and be posted if he says so. */
static void
random_overlaps_hold_and_are_claimed(void **state)
{
	struct fix *f = *state;
	uint64_t base[16] = { 0 }, size[16] = { 0 };
	unsigned order[16], n = 0, step, i, a;

	for (i = 0; i < 16; i++)
		f->w[i].region.flags = i % 4 == 1   ? IOEMU_ALLOW_POSTED
				       : i % 4 == 2 ? IOEMU_PREFETCHABLE
				       : i % 4 == 3 ? IOEMU_DOORBELL
						    : 0;
	srand(1);
	for (step = 0; step < 2000; step++) {
		unsigned k = (unsigned)rand() % 16;

		for (i = 0; i < n && order[i] != k; i++)
			;
		if (i < n) {
			memmove(&order[i], &order[i + 1],
				(n - i - 1) * sizeof(order[0]));
			n--;
			route_del(f->t, &f->w[k]);
			claims_update(f->claims, IOEMU_MEM);
		} else {
			base[k] = (unsigned)rand() % 256;
			size[k] = 1 + (unsigned)rand() % 64;
			assert_false(route_add(f->t, IOEMU_MEM, base[k],
					       size[k], NULL, &f->w[k]));
			order[n++] = k;
			claims_update(f->claims, IOEMU_MEM);
		}
		for (a = 0; a < 330; a++) {
			const struct host_window *want = NULL;

			for (i = n; i-- > 0;)
				if (a - base[order[i]] < size[order[i]])
					want = &f->w[order[i]];
			assert_ptr_equal(who(f, a), want);
			assert_int_equal(fake_xen_claims(f->xen, IOEMU_MEM, a),
					 want != NULL);
			assert_int_equal(fake_xen_posts(f->xen, a),
					 want && want->region.flags);
			assert_int_equal(fake_xen_bell(f->xen, a) >= 0,
					 want && want->region.flags &
							 IOEMU_DOORBELL);
		}
	}
	assert_int_equal(f->xen->refused, 0);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	static const struct CMUnitTest tests[] = {
		T(an_address_finds_its_window_and_only_that),
		T(the_first_of_two_overlapping_windows_wins_until_it_goes),
		T(a_window_past_the_end_of_its_space_is_refused),
		T(a_full_table_says_so),
		T(no_owner_takes_the_room_of_another),
		T(random_overlaps_hold_and_are_claimed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
