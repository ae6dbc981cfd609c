/* SPDX-License-Identifier: MIT */
/*
 * The dispatcher against a scripted Xen: slots and ring in, answers out, with a
 * target that answers when the test says so.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "path/dispatch.h"
#include "support/fake_xen.h"

#define BASE 0xf0000000ull
#define SIZE 0x10000u
#define PORT 0x300
#define ECAM (BASE + 0x30000)

/* Memory that answers at once, or keeps ops until released. */
struct fix {
	struct target target; /* first */
	struct xen *xen;
	struct route_table *routes;
	struct dma *dma;
	struct dispatch *d;
	struct host_window mem, io;
	uint8_t byte[SIZE + 0x1000];
	bool hold;
	struct host_op *held[8];
	unsigned n_held, ops;
	unsigned again; /* posted writes that come while one is taken */
};

static void
fix_answer(struct fix *f, struct host_op *op)
{
	uint32_t i;

	for (i = 0; i < op->count; i++) {
		uint64_t at = op->offset +
			      (uint64_t)(int64_t)op->step * i * op->width;
		uint8_t *data = op->data +
				(op->down ? op->count - 1 - i : i) * op->width;

		if (op->write)
			memcpy(f->byte + at, data, op->width);
		else
			memcpy(data, f->byte + at, op->width);
	}
	op->done(op);
}

static void
fix_submit(struct target *target, struct host_op *op)
{
	struct fix *f = (struct fix *)target;

	f->ops++;
	if (f->again) {
		const struct request req = {
			.type = SLOT_COPY,
			.addr = BASE,
			.size = 1,
			.count = 1,
		};

		f->again--;
		assert_true(fake_xen_post(f->xen, &req));
	}
	if (f->hold)
		f->held[f->n_held++] = op;
	else
		fix_answer(f, op);
}

static int
setup(void **state)
{
	struct fix *f = calloc(1, sizeof(*f));

	struct dispatch_env env = { .vcpus = FAKE_VCPUS, .merge = true };

	f->target = (struct target){ .name = "fix", .submit = fix_submit };
	f->xen = env.xen = fake_xen_new();
	if (route_new(&f->routes) || dma_new(f->xen, &f->dma))
		return -1;
	env.routes = f->routes;
	env.dma = f->dma;
	if (route_add(f->routes, IOEMU_MEM, BASE, SIZE, &f->target, &f->mem) ||
	    route_add(f->routes, IOEMU_PIO, PORT, 16, &f->target, &f->io) ||
	    dispatch_new(&env, &f->d))
		return -1;
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fix *f = *state;

	dispatch_free(f->d);
	dma_free(f->dma);
	route_free(f->routes);
	fake_xen_free(f->xen);
	free(f);
	return 0;
}

static struct request
request(uint8_t type, bool read, uint64_t addr, uint32_t size, uint64_t data)
{
	return (struct request){
		.type = type,
		.read = read,
		.addr = addr,
		.size = size,
		.count = 1,
		.data = data,
	};
}

/* Ask and ring; the answer, which must be there. */
static uint64_t
ask(struct fix *f, unsigned vcpu, struct request req)
{
	uint64_t data = 0;

	fake_xen_ask(f->xen, vcpu, &req);
	dispatch_event(f->d, (int)vcpu);
	assert_true(fake_xen_answer(f->xen, vcpu, &data));
	return data;
}

static void
a_read_answers_and_rings_the_port(void **state)
{
	struct fix *f = *state;

	f->byte[0x10] = 0x5a;
	f->byte[0x11] = 0xa5;
	assert_int_equal(ask(f, 1, request(SLOT_COPY, true, BASE + 0x10, 2, 0)),
			 0xa55a);
	assert_int_equal(f->xen->notified[1], 1);
	assert_int_equal(f->xen->notified[0], 0);
}

static void
a_write_reaches_the_device_at_its_width(void **state)
{
	struct fix *f = *state;

	memset(f->byte, 0xee, 16);
	ask(f, 0, request(SLOT_COPY, false, BASE, 4, 0x1122334455667788));
	assert_memory_equal(f->byte, "\x88\x77\x66\x55\xee", 5);
}

static void
nobody_there_reads_all_ones(void **state)
{
	struct fix *f = *state;

	assert_int_equal(ask(f, 0, request(SLOT_PIO, true, 0x80, 2, 0)),
			 0xffff);
	ask(f, 0, request(SLOT_PIO, false, 0x80, 1, 0));
	assert_int_equal(f->ops, 0);
}

static void
a_string_to_memory_is_one_op_and_one_mapping(void **state)
{
	struct fix *f = *state;
	struct request req = request(SLOT_COPY, false, BASE, 4, 0x3000);
	unsigned i;

	for (i = 0; i < 4096; i++)
		f->xen->ram[0x3000 + i] = (uint8_t)(i * 7);
	req.ptr = true;
	req.count = 1024;
	ask(f, 0, req);
	assert_memory_equal(f->byte, f->xen->ram + 0x3000, 4096);
	assert_int_equal(f->ops, 1);
	assert_int_equal(f->xen->maps, 1);
}

static void
the_direction_flag_steps_both_sides_down(void **state)
{
	struct fix *f = *state;
	struct request req = request(SLOT_COPY, true, BASE + 12, 4, 0x400c);
	unsigned i;

	for (i = 0; i < 16; i++)
		f->byte[i] = (uint8_t)(0x40 + i);
	req.ptr = req.down = true;
	req.count = 4;
	ask(f, 0, req);
	assert_memory_equal(f->xen->ram + 0x4000, f->byte, 16);
}

/* rep insb with DF: the port stays, memory goes down. */
static void
a_port_string_keeps_its_port(void **state)
{
	struct fix *f = *state;
	struct request req = request(SLOT_PIO, true, PORT + 3, 1, 0x4003);

	f->byte[3] = 0x77;
	req.ptr = req.down = true;
	req.count = 4;
	ask(f, 0, req);
	assert_memory_equal(f->xen->ram + 0x3fff, "\0\x77\x77\x77\x77\0", 6);
}

static void
a_store_string_writes_the_same_value(void **state)
{
	struct fix *f = *state;
	struct request req = request(SLOT_COPY, false, BASE, 2, 0xbeef);

	req.count = 3;
	ask(f, 0, req);
	assert_memory_equal(f->byte, "\xef\xbe\xef\xbe\xef\xbe\0", 7);
}

static void
an_element_may_straddle_guest_pages(void **state)
{
	struct fix *f = *state;
	struct request req = request(SLOT_COPY, true, BASE, 8, 0x4ffd);

	memcpy(f->byte, "abcdefgh", 8);
	req.ptr = true;
	ask(f, 0, req);
	assert_memory_equal(f->xen->ram + 0x4ffd, "abcdefgh", 8);
}

static void
a_string_that_runs_out_of_a_window_goes_on_behind_it(void **state)
{
	struct fix *f = *state;
	struct request req =
		request(SLOT_COPY, true, BASE + SIZE - 4, 4, 0x5000);

	memset(f->byte + SIZE - 4, 0x11, 4);
	memset(f->xen->ram + 0x5000, 0, 16);
	req.ptr = true;
	req.count = 2;
	ask(f, 0, req);
	assert_memory_equal(f->xen->ram + 0x5000,
			    "\x11\x11\x11\x11\xff\xff\xff\xff\0", 9);
}

static void
memory_that_is_none_reads_ones_and_takes_nothing(void **state)
{
	struct fix *f = *state;
	struct request req = request(SLOT_COPY, false, BASE, 4, 0x7fffff000);

	req.ptr = true;
	ask(f, 0, req);
	assert_memory_equal(f->byte, "\xff\xff\xff\xff", 4);
	req.read = true;
	ask(f, 0, req);
}

static void
impossible_requests_are_answered(void **state)
{
	static const struct request bad[] = {
		{ .type = SLOT_COPY, .size = 3, .count = 1 },
		{ .type = SLOT_COPY, .size = 4, .count = 0 },
		{ .type = SLOT_COPY, .size = 8, .count = 513 },
		{ .type = SLOT_PIO,
		  .size = 4,
		  .count = UINT32_MAX,
		  .ptr = true },
		{ .type = 3, .size = 4, .count = 1 },
		{ .type = SLOT_TIMEOFFSET, .size = 8, .count = 1 },
		{ .type = 200, .size = 1, .count = 1, .read = true },
		{ .type = SLOT_COPY,
		  .addr = UINT64_MAX,
		  .size = 8,
		  .count = 2 },
	};
	struct fix *f = *state;
	unsigned i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ask(f, 2, bad[i]);
	assert_int_equal(dispatch_busy(f->d), 0);
}

static void
invalidate_drops_every_mapping(void **state)
{
	struct fix *f = *state;
	struct request req = request(SLOT_COPY, false, BASE, 4, 0x3000);

	req.ptr = true;
	ask(f, 0, req);
	ask(f, 0, (struct request){ .type = SLOT_INVALIDATE, .size = 4 });
	assert_int_equal(f->xen->unmaps, f->xen->maps);
	ask(f, 0, req);
	assert_int_equal(f->xen->maps, 2);
}

static void
vcpus_are_answered_in_the_order_of_their_targets(void **state)
{
	struct fix *f = *state;
	struct request req = request(SLOT_COPY, true, BASE, 1, 0);
	uint64_t data;
	unsigned i;

	f->hold = true;
	for (i = 0; i < 3; i++) {
		req.addr = BASE + i;
		f->byte[i] = (uint8_t)(i + 1);
		fake_xen_ask(f->xen, i, &req);
		dispatch_event(f->d, (int)i);
		assert_false(fake_xen_answer(f->xen, i, &data));
	}
	dispatch_event(f->d, 1); /* a spurious ring changes nothing */
	assert_int_equal(f->n_held, 3);
	for (i = 3; i-- > 0;) {
		fix_answer(f, f->held[i]);
		assert_true(fake_xen_answer(f->xen, i, &data));
		assert_int_equal(data, i + 1);
	}
	assert_int_equal(dispatch_busy(f->d), 0);
}

static void
buffered_writes_come_before_a_slot(void **state)
{
	struct fix *f = *state;
	struct host_window vga = { 0 };

	assert_false(route_add(f->routes, IOEMU_MEM, 0xa0000, 0x1000,
			       &f->target, &vga));
	assert_true(fake_xen_buffer(f->xen, 0xa0010, 8, 0x8877665544332211));
	assert_true(fake_xen_buffer(f->xen, 0xa0011, 1, 0xaa));
	assert_int_equal(ask(f, 0, request(SLOT_COPY, true, 0xa0010, 8, 0)),
			 0x887766554433aa11);
	assert_int_equal(f->ops, 3);
	route_del(f->routes, &vga);
}

/* While a buffered write waits for its target no slot may overtake it. */
static void
a_slow_buffered_write_holds_the_slots(void **state)
{
	struct fix *f = *state;
	struct host_window vga = { 0 };
	struct request req = request(SLOT_PIO, true, PORT, 1, 0);
	uint64_t data;

	assert_false(route_add(f->routes, IOEMU_MEM, 0xa0000, 0x1000,
			       &f->target, &vga));
	assert_true(fake_xen_buffer(f->xen, 0xa0000, 1, 0x5c));
	assert_true(fake_xen_buffer(f->xen, 0xa0001, 1, 0x5d));
	f->hold = true;
	fake_xen_ask(f->xen, 0, &req);
	dispatch_event(f->d, 0);
	assert_int_equal(f->n_held, 1);
	f->hold = false;
	fix_answer(f, f->held[0]);
	assert_true(fake_xen_answer(f->xen, 0, &data));
	assert_int_equal(data, 0x5c);
	assert_int_equal(f->byte[1], 0x5d);
	route_del(f->routes, &vga);
}

static void
the_ring_wraps_at_511_entries(void **state)
{
	struct fix *f = *state;
	struct host_window vga = { 0 };
	unsigned i;

	assert_false(route_add(f->routes, IOEMU_MEM, 0xa0000, 0x1000,
			       &f->target, &vga));
	for (i = 0; i < 2000; i++) {
		assert_true(fake_xen_buffer(f->xen, 0xa0000, i % 2 ? 8 : 4, i));
		dispatch_event(f->d, XEN_EVENT_RING);
		assert_int_equal(f->byte[0] | f->byte[1] << 8, i);
	}
	route_del(f->routes, &vga);
}

static struct request
write4(uint64_t addr, uint64_t data)
{
	return request(SLOT_COPY, false, addr, 4, data);
}

static void
posted_writes_come_in_order_and_before_a_slot(void **state)
{
	struct fix *f = *state;
	struct request req;
	unsigned i, n = 0;

	f->xen->posts = true;
	for (i = 0; i < 5000; i++) { /* the ring wraps */
		req = write4(BASE + 8, i);
		assert_true(fake_xen_post(f->xen, &req));
		req = write4(BASE + (i % 2 ? 8 : 0x100000000), ~i);
		req.size = 8; /* nobody there, every other time */
		assert_true(fake_xen_post(f->xen, &req));
		n += 1 + i % 2;
		if (i % 3)
			continue;
		assert_int_equal(
			ask(f, 0, request(SLOT_COPY, true, BASE + 8, 4, 0)),
			i % 2 ? ~i : i);
		n++;
	}
	dispatch_event(f->d, XEN_EVENT_RING);
	assert_int_equal(f->ops, n);
	assert_false(dispatch_more(f->d));
}

static void
a_full_ring_is_emptied_at_once(void **state)
{
	struct fix *f = *state;
	struct request req = write4(BASE, 0);
	unsigned i;

	f->xen->posts = true;
	for (i = 0; fake_xen_post(f->xen, &req); i++)
		req.data++;
	assert_int_equal(i, SLOT_POSTED_ENTRIES);
	assert_int_equal(f->xen->rung, 1);
	/* so this one is a slot */
	ask(f, 3, write4(BASE + 4, 77));
	assert_int_equal(f->ops, SLOT_POSTED_ENTRIES + 1);
	assert_memory_equal(f->byte, "\xff\x03\0\0M\0\0\0", 8);
	assert_true(fake_xen_post(f->xen, &req));
	assert_int_equal(f->xen->rung, 2);
}

/* Between a look at the rings and one at the slots a guest writes, then
 * reads. */
static void
write_then_read(struct xen *xen, void *ctx)
{
	const struct request read = request(SLOT_COPY, true, BASE, 4, 0);
	const struct request write = write4(BASE, 0x12345678);

	(void)ctx;
	xen->meanwhile = NULL;
	assert_true(fake_xen_post(xen, &write));
	fake_xen_ask(xen, 5, &read);
}

static void
a_write_posted_before_a_read_is_seen_by_it(void **state)
{
	struct fix *f = *state;
	uint64_t data;

	f->xen->posts = true;
	f->xen->meanwhile = write_then_read;
	dispatch_all(f->d);
	dispatch_all(f->d);
	assert_true(fake_xen_answer(f->xen, 5, &data));
	assert_int_equal(data, 0x12345678);
}

/* A device that is slow to take a posted write: its own accesses wait, those
 * behind it in the ring too, what comes after those, and configuration by
 * ports and as memory; nothing else does. */
static void
a_slow_posted_write_holds_its_device_only(void **state)
{
	struct fix *f = *state;
	struct hostdev mine = { 0 }, third = { 0 }, other = { 0 };
	struct host_window far = { .hd = &other }, back = { .hd = &third };
	struct host_window ecam = { .space = IOEMU_CONFIG };
	struct request req = request(SLOT_COPY, true, BASE, 4, 0);
	struct request at_back = request(SLOT_COPY, true, BASE + 0x20010, 4, 0);
	struct request config = request(SLOT_CONFIG, true, 0, 4, 0);
	struct request as_memory = request(SLOT_COPY, true, ECAM, 4, 0);
	uint64_t data;

	f->xen->posts = true;
	f->mem.hd = &mine;
	assert_false(route_add(f->routes, IOEMU_MEM, BASE + SIZE, 0x1000,
			       &f->target, &far));
	assert_false(route_add(f->routes, IOEMU_MEM, BASE + 0x20000, 0x1000,
			       &f->target, &back));
	assert_false(
		route_add(f->routes, IOEMU_MEM, ECAM, 16, &f->target, &ecam));
	f->hold = true;
	req = write4(BASE, 0x11111111);
	assert_true(fake_xen_post(f->xen, &req));
	req = write4(BASE + 0x20010, 0x22222222);
	assert_true(fake_xen_post(f->xen, &req));
	dispatch_event(f->d, XEN_EVENT_RING);
	assert_int_equal(f->n_held, 1);
	f->hold = false;
	req = request(SLOT_COPY, true, BASE, 4, 0);
	fake_xen_ask(f->xen, 1, &req);
	dispatch_event(f->d, 1);
	fake_xen_ask(f->xen, 2, &at_back);
	dispatch_event(f->d, 2);
	fake_xen_ask(f->xen, 4, &config);
	dispatch_event(f->d, 4);
	fake_xen_ask(f->xen, 5, &as_memory);
	dispatch_event(f->d, 5);
	ask(f, 3, request(SLOT_COPY, true, BASE + SIZE, 4, 0));
	ask(f, 3, (struct request){ .type = SLOT_INVALIDATE, .size = 4 });
	assert_false(fake_xen_answer(f->xen, 1, &data));
	assert_false(fake_xen_answer(f->xen, 2, &data));
	assert_false(fake_xen_answer(f->xen, 4, &data));
	assert_false(fake_xen_answer(f->xen, 5, &data));
	assert_false(dispatch_more(f->d)); /* until the device has it */
	fix_answer(f, f->held[0]);
	assert_true(fake_xen_answer(f->xen, 1, &data));
	assert_int_equal(data, 0x11111111);
	assert_true(fake_xen_answer(f->xen, 2, &data));
	assert_int_equal(data, 0x22222222);
	assert_true(fake_xen_answer(f->xen, 4, &data));
	assert_true(fake_xen_answer(f->xen, 5, &data));
	assert_int_equal(dispatch_busy(f->d), 0);
	route_del(f->routes, &far);
	route_del(f->routes, &back);
	route_del(f->routes, &ecam);
}

/* A guest that writes as fast as we take: each look ends, and what came
 * meanwhile, for which nothing rings, is not forgotten. */
static void
writes_without_end_are_taken_bit_by_bit(void **state)
{
	struct fix *f = *state;
	struct request req = write4(BASE, 1);

	f->xen->posts = true;
	f->again = 3;
	assert_true(fake_xen_post(f->xen, &req));
	dispatch_event(f->d, XEN_EVENT_RING);
	assert_int_equal(f->ops, 1);
	while (dispatch_more(f->d))
		dispatch_event(f->d, XEN_EVENT_RING);
	assert_int_equal(f->ops, 4);
	assert_int_equal(f->xen->posted.in, f->xen->posted.out);
}

static void
stopped_posted_writes_wait_in_the_ring(void **state)
{
	struct fix *f = *state;
	struct request req = write4(BASE, 1);

	f->xen->posts = true;
	assert_true(fake_xen_post(f->xen, &req));
	assert_true(dispatch_shut(f->d));
	assert_int_equal(f->ops, 1);
	assert_true(fake_xen_post(f->xen, &req));
	dispatch_event(f->d, XEN_EVENT_RING);
	assert_false(dispatch_more(f->d));
	assert_int_equal(f->ops, 1);
	dispatch_open(f->d);
	assert_int_equal(f->ops, 2);
}

/* Rings that nobody saw yet are one; what was posted before is there, and what
 * asks afterwards sees both. */
static void
a_doorbell_rings_once_after_what_was_posted(void **state)
{
	struct fix *f = *state;
	struct host_window bell = {
		.region = { .min = 2, .flags = IOEMU_DOORBELL },
	};
	struct request req = write4(BASE + 4, 0x04030201);

	f->xen->posts = true;
	assert_false(route_add(f->routes, IOEMU_MEM, BASE + SIZE, 0x100,
			       &f->target, &bell));
	f->xen->bell[5] = (struct host_interval){ BASE + SIZE, BASE + SIZE };
	memset(f->byte, 0xee, 8);
	fake_xen_ring(f->xen, 5);
	fake_xen_ring(f->xen, 5);
	assert_int_equal(f->xen->rung, 1);
	assert_true(dispatch_more(f->d));
	assert_true(fake_xen_post(f->xen, &req));
	fake_xen_ring(f->xen, 6); /* none there */
	assert_int_equal(ask(f, 0, request(SLOT_COPY, true, BASE, 8, 0)),
			 0x04030201eeee0000);
	assert_int_equal(f->ops, 3);
	assert_false(dispatch_more(f->d));
	f->hold = true;
	assert_true(fake_xen_post(f->xen, &req));
	fake_xen_ring(f->xen, 5);
	dispatch_event(f->d, XEN_EVENT_RING);
	assert_int_equal(f->ops, 4);
	f->hold = false;
	fix_answer(f, f->held[0]);
	assert_int_equal(f->ops, 5);
	route_del(f->routes, &bell);
}

/* Xen's page: whatever it says, every look has an end. */
static void
an_index_from_nowhere_does_no_harm(void **state)
{
	struct fix *f = *state;

	f->xen->posts = true;
	f->xen->posted.in = 0x80000000;
	dispatch_event(f->d, XEN_EVENT_RING);
	assert_int_equal(f->xen->posted.out, SLOT_POSTED_ENTRIES);
	assert_int_equal(f->ops, 0);
	assert_int_equal(dispatch_busy(f->d), 0);
}

static void
a_pinned_page_outlives_invalidate(void **state)
{
	struct fix *f = *state;
	uint8_t *p = dma_pin(f->dma, 0x8010, 16);

	assert_ptr_equal(p, f->xen->ram + 0x8010);
	dma_invalidate(f->dma);
	assert_int_equal(f->xen->unmaps, 0);
	assert_null(dma_pin(f->dma, FAKE_RAM + 0x1000, 16));
	dma_unpin(f->dma, 0, p, false);
	assert_int_equal(f->xen->unmaps, 1);
}

/* Posted writes that a device takes its time for: the guest went on, but
 * nothing younger overtakes them, and only that device is waited for. */
static void
a_slow_merged_write_holds_its_device_only(void **state)
{
	struct fix *f = *state;
	struct hostdev mine = { 0 }, other = { 0 };
	struct host_window far = { .hd = &other };
	struct host_window ecam = { .space = IOEMU_CONFIG };
	struct request req = request(SLOT_COPY, true, BASE, 4, 0);
	struct request config = request(SLOT_COPY, true, ECAM, 4, 0);
	uint64_t data;

	f->mem.hd = &mine;
	f->mem.region.flags = IOEMU_PREFETCHABLE;
	assert_false(
		route_add(f->routes, IOEMU_MEM, ECAM, 16, &f->target, &ecam));
	assert_false(route_add(f->routes, IOEMU_MEM, BASE + SIZE, 0x1000,
			       &f->target, &far));
	f->hold = true;
	ask(f, 0, request(SLOT_COPY, false, BASE, 4, 0x11111111));
	ask(f, 0, request(SLOT_COPY, false, BASE + 4, 4, 0x22222222));
	assert_int_equal(f->n_held, 0);
	dispatch_flush(f->d);
	assert_int_equal(f->n_held, 1);
	fake_xen_ask(f->xen, 1, &req);
	dispatch_event(f->d, 1);
	fake_xen_ask(f->xen, 3, &config);
	dispatch_event(f->d, 3);
	assert_int_equal(f->n_held, 1);
	f->hold = false;
	ask(f, 2, request(SLOT_COPY, true, BASE + SIZE, 4, 0));
	assert_false(fake_xen_answer(f->xen, 1, &data));
	assert_false(fake_xen_answer(f->xen, 3, &data));
	fix_answer(f, f->held[0]);
	assert_true(fake_xen_answer(f->xen, 1, &data));
	assert_int_equal(data, 0x11111111);
	assert_true(fake_xen_answer(f->xen, 3, &data));
	assert_int_equal(dispatch_busy(f->d), 0);
	route_del(f->routes, &far);
	route_del(f->routes, &ecam);
}

static void
line_drop(void *ctx, const char *line)
{
	(void)ctx;
	(void)line;
}

/* A string begins in one device and goes on in another that is slow to take
 * merged writes. Meanwhile both are taken out. */
static void
a_string_may_outlive_the_device_it_began_in(void **state)
{
	struct fix *f = *state;
	struct hostdev *began = calloc(1, sizeof(*began));
	struct hostdev slow = { .dev.id = "slow" };
	struct host_window *w = calloc(1, sizeof(*w));
	struct request req = request(SLOT_COPY, true, BASE - 4, 4, 0x3000);
	uint64_t data;

	w->hd = began;
	began->dev.id = "began";
	f->target.name = NULL; /* as devices of this process have none */
	f->mem.hd = &slow;
	f->mem.region.flags = IOEMU_PREFETCHABLE;
	assert_false(
		route_add(f->routes, IOEMU_MEM, BASE - 16, 16, &f->target, w));
	f->hold = true;
	ask(f, 0, request(SLOT_COPY, false, BASE, 4, 0x11111111));
	dispatch_flush(f->d);
	assert_int_equal(f->n_held, 1);
	f->hold = false;
	req.ptr = true;
	req.count = 2;
	fake_xen_ask(f->xen, 1, &req);
	dispatch_event(f->d, 1);
	assert_false(fake_xen_answer(f->xen, 1, &data));
	route_del(f->routes, w);
	free(w);
	free(began);
	dispatch_report(f->d, (struct target_list){ 0 }, line_drop, NULL);
	route_del(f->routes, &f->mem);
	fix_answer(f, f->held[0]);
	assert_true(fake_xen_answer(f->xen, 1, &data));
	assert_int_equal(ioemu_get_le32(f->xen->ram + 0x3000), 0);
	assert_int_equal(ioemu_get_le32(f->xen->ram + 0x3004), 0xffffffff);
	assert_int_equal(dispatch_busy(f->d), 0);
}

struct lines {
	char text[8192];
	size_t len;
};

static void
line_add(void *ctx, const char *line)
{
	struct lines *l = ctx;

	l->len += (size_t)snprintf(l->text + l->len, sizeof(l->text) - l->len,
				   "%s\n", line);
	assert_true(l->len < sizeof(l->text));
}

static void
it_tells_what_was_slow_and_what_still_waits(void **state)
{
	struct fix *f = *state;
	struct request req = request(SLOT_COPY, true, BASE + 0x40, 4, 0);
	struct lines l = { .len = 0 };
	uint64_t data;
	char *unit;
	double ms;
	unsigned i;

	for (i = 0; i < 100; i++)
		ask(f, 0, request(SLOT_PIO, true, PORT, 1, 0));
	f->hold = true;
	fake_xen_ask(f->xen, 0, &req);
	dispatch_event(f->d, 0);
	req.addr += 4;
	fake_xen_ask(f->xen, 3, &req);
	dispatch_event(f->d, 3);
	usleep(20000);
	fix_answer(f, f->held[0]);
	assert_true(fake_xen_answer(f->xen, 0, &data));
	dispatch_report(f->d, (struct target_list){ 0 }, line_add, &l);
	fix_answer(f, f->held[1]);
	assert_non_null(strstr(l.text, "io 0x300 fix"));
	assert_non_null(strstr(l.text, ": 100 accesses, half < "));
	/* the slowest comes first, with its address */
	ms = strtod(strstr(l.text, "slow: ") + strlen("slow: "), &unit);
	assert_memory_equal(unit, " ms", 3);
	assert_true(ms > 19.9);
	assert_non_null(strstr(l.text, "vCPU 0, read 1 x 4 bytes, memory "
				       "0xf0000040 (fix)"));
	assert_non_null(strstr(l.text, "waits: "));
	assert_non_null(strstr(l.text, "so far, vCPU 3, read 1 x 4 bytes, "
				       "memory 0xf0000044 (fix)"));
}

int
main(void)
{
#define T(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
	static const struct CMUnitTest tests[] = {
		T(a_read_answers_and_rings_the_port),
		T(a_write_reaches_the_device_at_its_width),
		T(nobody_there_reads_all_ones),
		T(a_string_to_memory_is_one_op_and_one_mapping),
		T(the_direction_flag_steps_both_sides_down),
		T(a_port_string_keeps_its_port),
		T(a_store_string_writes_the_same_value),
		T(an_element_may_straddle_guest_pages),
		T(a_string_that_runs_out_of_a_window_goes_on_behind_it),
		T(memory_that_is_none_reads_ones_and_takes_nothing),
		T(impossible_requests_are_answered),
		T(invalidate_drops_every_mapping),
		T(vcpus_are_answered_in_the_order_of_their_targets),
		T(buffered_writes_come_before_a_slot),
		T(a_slow_buffered_write_holds_the_slots),
		T(the_ring_wraps_at_511_entries),
		T(posted_writes_come_in_order_and_before_a_slot),
		T(a_full_ring_is_emptied_at_once),
		T(a_write_posted_before_a_read_is_seen_by_it),
		T(a_slow_posted_write_holds_its_device_only),
		T(writes_without_end_are_taken_bit_by_bit),
		T(stopped_posted_writes_wait_in_the_ring),
		T(a_doorbell_rings_once_after_what_was_posted),
		T(an_index_from_nowhere_does_no_harm),
		T(a_pinned_page_outlives_invalidate),
		T(a_slow_merged_write_holds_its_device_only),
		T(a_string_may_outlive_the_device_it_began_in),
		T(it_tells_what_was_slow_and_what_still_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
