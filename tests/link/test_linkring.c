/* SPDX-License-Identifier: MIT */
/*
 * Rings in shared memory: bytes around their ends, indices that lie, sleep and
 * doorbells between two threads.
 */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "loop/linkring.h"
#include "support/limit.h"

/* Of a block, as the document says. */
#define HEAD 0u
#define TAIL 64u

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)
#define STRESS_BYTES (64u << 20)
#define PINGS 100000u
#define MOST_LOOKS 400u

/* ---- two ends ------------------------------------------------------- */

struct pair {
	struct linkring *root, *peer;
	struct link_ring layout;
	uint8_t *memory; /* as anybody may write it */
};

static void
pair_open(struct pair *p)
{
	int fd;

	assert_int_equal(linkring_new(&p->root, &p->layout, &fd), 0);
	assert_int_equal(linkring_open(&p->layout, fd, &p->peer), 0);
	p->memory = mmap(NULL, p->layout.total, PROT_READ | PROT_WRITE,
			 MAP_SHARED, fd, 0);
	assert_ptr_not_equal(p->memory, MAP_FAILED);
	close(fd);
	linkring_listen(p->root);
}

static void
pair_close(struct pair *p)
{
	linkring_free(p->root);
	linkring_free(p->peer);
	munmap(p->memory, p->layout.total);
}

static volatile uint32_t *
word(const struct pair *p, uint32_t block, uint32_t which)
{
	return (volatile uint32_t *)(void *)(p->memory + block + which);
}

/* ---- bytes ---------------------------------------------------------- */

static uint8_t
byte_at(uint64_t i)
{
	return (uint8_t)(i * 7 + i / 256 * 13);
}

static void
bytes_go_round_and_round(void **state)
{
	static uint8_t buf[65536];
	uint64_t put = 0, got = 0;
	struct pair p;
	unsigned seed = 1;

	(void)state;
	pair_open(&p);
	while (got < 20ull * p.layout.root.size) {
		size_t n = 1 + (size_t)rand_r(&seed) % sizeof(buf), i;
		ssize_t rc;

		for (i = 0; i < n; i++)
			buf[i] = byte_at(put + i);
		rc = linkring_put(p.root, buf, n);
		assert_true(rc >= 0);
		put += (uint64_t)rc;
		n = 1 + (size_t)rand_r(&seed) % sizeof(buf);
		rc = linkring_get(p.peer, buf, n);
		assert_true(rc >= 0 && got + (uint64_t)rc <= put);
		for (i = 0; i < (size_t)rc; i++)
			assert_int_equal(buf[i], byte_at(got + i));
		got += (uint64_t)rc;
	}
	pair_close(&p);
}

static void
a_full_ring_takes_no_more_and_tells_when_it_does(void **state)
{
	static uint8_t buf[1 << 17];
	struct pair p;
	uint32_t size;

	(void)state;
	pair_open(&p);
	size = p.layout.peer.size;
	assert_false(linkring_news(p.root));
	assert_int_equal(linkring_put(p.peer, buf, size - 1), size - 1);
	assert_int_equal(linkring_put(p.peer, buf, 2), 1);
	assert_int_equal(linkring_put(p.peer, buf, 1), 0);
	assert_true(linkring_news(p.root));
	assert_false(linkring_news(p.peer));
	assert_int_equal(linkring_get(p.root, buf, 10), 10);
	assert_true(linkring_news(p.peer)); /* room */
	assert_int_equal(linkring_put(p.peer, buf, 100), 10);
	assert_int_equal(linkring_get(p.root, buf, sizeof(buf)), size);
	assert_int_equal(linkring_get(p.root, buf, sizeof(buf)), 0);
	assert_int_equal(linkring_put(p.peer, buf, 1), 1);
	pair_close(&p);
}

static void
nothing_is_taken_before_the_other_end_agreed(void **state)
{
	struct link_ring layout;
	struct linkring *r;
	uint8_t *memory, byte;
	int fd;

	(void)state;
	assert_int_equal(linkring_new(&r, &layout, &fd), 0);
	memory = mmap(NULL, layout.total, PROT_READ | PROT_WRITE, MAP_SHARED,
		      fd, 0);
	memory[layout.peer.block + HEAD] = 1;
	assert_false(linkring_news(r));
	assert_int_equal(linkring_get(r, &byte, 1), 0);
	linkring_listen(r);
	assert_true(linkring_news(r));
	assert_int_equal(linkring_get(r, &byte, 1), 1);
	munmap(memory, layout.total);
	close(fd);
	linkring_free(r);
}

/* ---- lies ----------------------------------------------------------- */

static void
indices_that_lie_are_found(void **state)
{
	static uint8_t buf[1 << 17];
	uint32_t wrong[] = { 0, 0x7fffffff, 0x80000000, 0xffffffff };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct pair p;
		uint32_t size;

		pair_open(&p);
		size = p.layout.root.size;
		wrong[0] = size + 1;
		*word(&p, p.layout.peer.block, HEAD) = wrong[i];
		assert_true(linkring_news(p.root));
		assert_int_equal(linkring_get(p.root, buf, sizeof(buf)),
				 -EPROTO);
		*word(&p, p.layout.peer.block, TAIL) = wrong[i];
		(void)linkring_put(p.root, buf, size);
		/* and it stays so */
		assert_int_equal(linkring_put(p.root, buf, 1), -EPROTO);
		assert_int_equal(linkring_put(p.root, buf, 1), -EPROTO);
		pair_close(&p);
	}
}

static void
our_own_indices_are_not_read_back(void **state)
{
	uint8_t buf[16] = "abcdefgh";
	struct pair p;

	(void)state;
	pair_open(&p);
	assert_int_equal(linkring_put(p.root, buf, 4), 4);
	*word(&p, p.layout.root.block, HEAD) = 0x1000;
	*word(&p, p.layout.root.block, TAIL) = 0x1000;
	assert_int_equal(linkring_put(p.root, buf + 4, 4), 4);
	memset(buf, 0, sizeof(buf));
	assert_int_equal(linkring_get(p.peer, buf, sizeof(buf)), 8);
	assert_memory_equal(buf, "abcdefgh", 8);
	assert_int_equal(linkring_put(p.peer, buf, 3), 3);
	assert_int_equal(linkring_get(p.root, buf, sizeof(buf)), 3);
	pair_close(&p);
}

static int
open_with(int fd, uint32_t total, int seals)
{
	struct link_ring layout = {
		.total = 12288,
		.root = { 0, 4096, 4096 },
		.peer = { 256, 8192, 4096 },
	};
	struct linkring *r;
	int rc;

	if (total)
		assert_int_equal(ftruncate(fd, total), 0);
	if (seals)
		assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
	rc = linkring_open(&layout, fd, &r);
	close(fd);
	if (!rc)
		linkring_free(r);
	return rc;
}

static int
memory_fd(void)
{
	return memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);
}

static void
memory_that_could_go_away_is_refused(void **state)
{
	int fd[2];

	(void)state;
	assert_int_equal(open_with(memory_fd(), 12288, SEALS), 0);
	assert_int_equal(open_with(memory_fd(), 12288, 0), -EPROTO);
	assert_int_equal(
		open_with(memory_fd(), 12288, F_SEAL_GROW | F_SEAL_SEAL),
		-EPROTO);
	assert_int_equal(
		open_with(memory_fd(), 12288, F_SEAL_GROW | F_SEAL_SHRINK),
		-EPROTO);
	assert_int_equal(open_with(memory_fd(), 12287, SEALS), -EPROTO);
	/* not ours to write */
	assert_true(open_with(memory_fd(), 12288, SEALS | F_SEAL_WRITE) < 0);
	assert_int_equal(pipe(fd), 0);
	close(fd[1]);
	assert_int_equal(open_with(fd[0], 0, 0), -EPROTO);
}

/* ---- sleep ---------------------------------------------------------- */

static void
who_sleeps_is_rung_once_and_only_then(void **state)
{
	uint8_t b = 0;
	struct pair p;

	(void)state;
	pair_open(&p);
	(void)linkring_put(p.root, &b, 1);
	assert_false(linkring_bell(p.root));  /* the peer is awake */
	assert_false(linkring_sleep(p.peer)); /* and sees it */
	assert_int_equal(linkring_get(p.peer, &b, 1), 1);
	assert_true(linkring_sleep(p.peer));
	assert_false(linkring_bell(p.root)); /* nothing new for it */
	(void)linkring_put(p.root, &b, 1);
	assert_true(linkring_bell(p.root));
	(void)linkring_put(p.root, &b, 1);
	assert_false(linkring_bell(p.root));
	linkring_wake(p.peer);
	(void)linkring_put(p.root, &b, 1);
	assert_false(linkring_bell(p.root));
	pair_close(&p);
}

static void
who_waits_for_room_is_rung_for_room(void **state)
{
	static uint8_t buf[1 << 17];
	struct pair p;
	uint32_t size;

	(void)state;
	pair_open(&p);
	size = p.layout.root.size;
	assert_int_equal(linkring_put(p.root, buf, size), size);
	assert_true(linkring_sleep(p.root)); /* it has no more to say */
	assert_int_equal(linkring_get(p.peer, buf, 1), 1);
	assert_false(linkring_bell(p.peer));
	linkring_wake(p.root);
	assert_int_equal(linkring_put(p.root, buf, 2), 1);
	assert_true(linkring_sleep(p.root));
	assert_int_equal(linkring_get(p.peer, buf, 1), 1);
	assert_true(linkring_bell(p.peer));
	pair_close(&p);
}

/*
 * One end of the stress. Whoever finds nothing to do looks again for a time
 * drawn at random, so that news often comes in the moment of going to sleep,
 * then sleeps, and fails when nobody wakes it.
 */
struct side {
	struct linkring *ring;
	int fd;
	unsigned seed;
	bool first, good;
};

static unsigned
draw(struct side *s, unsigned most)
{
	return 1 + (unsigned)rand_r(&s->seed) % most;
}

static bool
side_sleep(struct side *s)
{
	struct pollfd p = { .fd = s->fd, .events = POLLIN };
	unsigned looks = draw(s, MOST_LOOKS);
	char bells[64];
	bool woken = true;

	while (looks-- && !linkring_news(s->ring))
		;
	if (linkring_sleep(s->ring)) {
		woken = poll(&p, 1, TEST_LIMIT_MS) == 1;
		(void)recv(s->fd, bells, sizeof(bells), MSG_DONTWAIT);
	}
	linkring_wake(s->ring);
	return woken;
}

static void
side_bell(struct side *s)
{
	if (linkring_bell(s->ring))
		(void)send(s->fd, "", 1, MSG_DONTWAIT);
}

static bool
side_take(struct side *s, uint64_t *got)
{
	uint8_t buf[1024];
	ssize_t n = linkring_get(s->ring, buf, draw(s, sizeof(buf)));
	ssize_t i;

	for (i = 0; i < n; i++)
		if (buf[i] != byte_at(*got + (uint64_t)i))
			return false;
	*got += n > 0 ? (uint64_t)n : 0;
	return n >= 0;
}

static bool
side_send(struct side *s, uint64_t *put)
{
	uint8_t buf[1024];
	size_t n = draw(s, sizeof(buf)), i;
	ssize_t rc;

	n = n < STRESS_BYTES - *put ? n : (size_t)(STRESS_BYTES - *put);
	for (i = 0; i < n; i++)
		buf[i] = byte_at(*put + i);
	rc = n ? linkring_put(s->ring, buf, n) : 0;
	*put += rc > 0 ? (uint64_t)rc : 0;
	return rc >= 0;
}

/* As much as it can, both ways. */
static void *
side_flood(void *ctx)
{
	struct side *s = ctx;
	uint64_t put = 0, got = 0, before;

	while (put < STRESS_BYTES || got < STRESS_BYTES) {
		before = put + got;
		if (!side_send(s, &put) || !side_take(s, &got))
			return NULL;
		side_bell(s);
		if (put + got == before && !side_sleep(s))
			return NULL;
	}
	s->good = true;
	return NULL;
}

/* One byte to and fro: if one wake-up is lost, both sleep. */
static void *
side_ping(void *ctx)
{
	struct side *s = ctx;
	unsigned i;
	uint8_t b = 0;

	for (i = 0; i < PINGS; i++) {
		if (i || s->first) {
			(void)linkring_put(s->ring, &b, 1);
			side_bell(s);
		}
		while (!linkring_get(s->ring, &b, 1))
			if (!side_sleep(s))
				return NULL;
	}
	(void)linkring_put(s->ring, &b, 1); /* the first waits for one more */
	side_bell(s);
	s->good = true;
	return NULL;
}

/* On two processors, if there are: on one, nothing is seen out of order. */
static void
run_on(pthread_t thread, unsigned cpu)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	(void)pthread_setaffinity_np(thread, sizeof(one), &one);
}

static void
stress(void *(*run)(void *ctx))
{
	struct side side[2] = { { .seed = 1, .first = true }, { .seed = 2 } };
	pthread_t thread;
	cpu_set_t before;
	struct pair p;
	int fd[2];

	pair_open(&p);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fd), 0);
	side[0].ring = p.root;
	side[1].ring = p.peer;
	side[0].fd = fd[0];
	side[1].fd = fd[1];
	assert_int_equal(pthread_create(&thread, NULL, run, &side[1]), 0);
	(void)pthread_getaffinity_np(pthread_self(), sizeof(before), &before);
	run_on(pthread_self(), 0);
	run_on(thread, 1);
	run(&side[0]);
	(void)pthread_setaffinity_np(pthread_self(), sizeof(before), &before);
	pthread_join(thread, NULL);
	assert_true(side[0].good && side[1].good);
	close(fd[0]);
	close(fd[1]);
	pair_close(&p);
}

static void
no_wake_up_is_lost_in_a_flood(void **state)
{
	(void)state;
	stress(side_flood);
}

static void
no_wake_up_is_lost_one_by_one(void **state)
{
	(void)state;
	stress(side_ping);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_go_round_and_round),
		cmocka_unit_test(
			a_full_ring_takes_no_more_and_tells_when_it_does),
		cmocka_unit_test(nothing_is_taken_before_the_other_end_agreed),
		cmocka_unit_test(indices_that_lie_are_found),
		cmocka_unit_test(our_own_indices_are_not_read_back),
		cmocka_unit_test(memory_that_could_go_away_is_refused),
		cmocka_unit_test(who_sleeps_is_rung_once_and_only_then),
		cmocka_unit_test(who_waits_for_room_is_rung_for_room),
		cmocka_unit_test(no_wake_up_is_lost_in_a_flood),
		cmocka_unit_test(no_wake_up_is_lost_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
