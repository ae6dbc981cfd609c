/* SPDX-License-Identifier: MIT */
/*
 * Disk images whose medium changes while requests are under way, whose requests
 * fail and are held, and what is counted of them.
 */
#include "loop/loop.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/fake_host.h"
#include "support/limit.h"

#define SIZE (1u << 20)
#define LEN 4096u
#define N_IO 40u /* more than there are slots */

static struct fake fake;
static struct hostdev *hd;
static uv_loop_t loop;
static struct ioemu_block *block;
static struct ioemu_io io[N_IO];
static uint8_t buf[N_IO][LEN];
static unsigned n_done, n_changed, n_failed;
static bool hold;
static struct block_change change;

/* In place of the C library's: no disk can be made to fail by the way. */
static bool sync_fails;

int
fdatasync(int fd)
{
	if (!sync_fails)
		return (int)syscall(SYS_fdatasync, fd);
	errno = EIO;
	return -1;
}

static void
io_done(struct ioemu_dev *dev, struct ioemu_io *one)
{
	(void)one;
	assert_ptr_equal(dev, &hd->dev);
	n_done++;
}

static void
submit(unsigned i, enum ioemu_blk_op op)
{
	io[i] = (struct ioemu_io){
		.op = op,
		.len = op == IOEMU_BLK_FLUSH ? 0 : LEN,
		.offset = (uint64_t)i * LEN,
		.buf = buf[i],
		.status = 1,
		.done = io_done,
	};
	block_io(block, hd, NULL, &io[i]);
}

static void
run_until_idle(void)
{
	uint64_t end = uv_hrtime() + TEST_LIMIT_NS;

	while (block_busy(block)) {
		assert_true(uv_hrtime() < end);
		uv_run(&loop, UV_RUN_ONCE);
	}
}

/* A file full of one byte. */
static int
medium(uint8_t byte, size_t size)
{
	int fd = memfd_create("medium", MFD_CLOEXEC);
	uint8_t *bytes = malloc(size);

	memset(bytes, byte, size);
	assert_int_equal(write(fd, bytes, size), size);
	free(bytes);
	return fd;
}

static void
changed(struct block_change *c)
{
	assert_ptr_equal(c, &change);
	n_changed++;
}

static void
put(int fd, bool readonly)
{
	change = (struct block_change){
		.fd = fd,
		.readonly = readonly,
		.done = changed,
	};
	n_changed = 0;
	assert_int_equal(block_change(block, &change), 0);
	assert_int_equal(n_changed, 0); /* it comes from the loop */
}

static int
setup(void **state)
{
	(void)state;
	hd = fake_device(&fake, fake_chip());
	n_done = n_changed = n_failed = 0;
	hold = false;
	memset(buf, 0, sizeof(buf));
	assert_int_equal(uv_loop_init(&loop), 0);
	assert_int_equal(block_open(&loop, NULL, false, &block), 0);
	put(medium(0xaa, SIZE), false);
	run_until_idle();
	assert_int_equal(n_changed, 1);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	block_close(block);
	assert_int_equal(uv_loop_close(&loop), 0);
	hostdev_free(hd);
	return 0;
}

/* ---- media --------------------------------------------------------- */

static void
each_request_gets_the_medium_of_its_time(void **state)
{
	struct ioemu_block_info info;
	unsigned i;

	(void)state;
	for (i = 0; i < N_IO - 5; i++)
		submit(i, IOEMU_BLK_READ);
	put(medium(0xbb, SIZE / 2), true);
	block_info(block, &info);
	assert_int_equal(info.size, SIZE);
	for (; i < N_IO; i++)
		submit(i, IOEMU_BLK_READ);
	run_until_idle();
	assert_int_equal(n_changed, 1);
	assert_int_equal(n_done, N_IO);
	for (i = 0; i < N_IO; i++) {
		assert_int_equal(io[i].status, 0);
		assert_int_equal(buf[i][0], i < N_IO - 5 ? 0xaa : 0xbb);
		assert_int_equal(buf[i][LEN - 1], buf[i][0]);
	}
	block_info(block, &info);
	assert_int_equal(info.size, SIZE / 2);
	assert_true(info.readonly);
	submit(0, IOEMU_BLK_WRITE);
	run_until_idle();
	assert_int_equal(io[0].status, -EROFS);
}

static void
a_medium_is_written_out_and_closed(void **state)
{
	int fd = medium(0, SIZE), same = dup(fd);
	uint8_t got = 0;

	(void)state;
	put(fd, false);
	run_until_idle();
	memset(buf[0], 0xcc, LEN);
	submit(0, IOEMU_BLK_WRITE);
	put(-1, false);
	submit(1, IOEMU_BLK_READ);
	run_until_idle();
	assert_int_equal(io[0].status, 0);
	assert_int_equal(io[1].status, -ENOMEDIUM);
	assert_int_equal(pread(same, &got, 1, LEN - 1), 1);
	assert_int_equal(got, 0xcc);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	close(same);
}

static void
what_is_no_medium_is_refused(void **state)
{
	int folder = open("/", O_RDONLY), null = open("/dev/null", O_RDWR);
	int path = open("/proc/self/exe", O_PATH), file = medium(0, 512), in;
	char name[32];

	(void)state;
	snprintf(name, sizeof(name), "/proc/self/fd/%d", file);
	in = open(name, O_RDONLY);
	assert_int_equal(block_check(folder, true), -ENOTBLK);
	assert_int_equal(block_check(null, true), -ENOTBLK);
	assert_int_equal(block_check(path, true), -EBADF);
	assert_int_equal(block_check(-1, true), -EBADF);
	assert_int_equal(block_check(in, true), 0);
	assert_int_equal(block_check(in, false), -EACCES);
	assert_int_equal(block_check(file, false), 0);
	assert_int_equal(fcntl(file, F_SETFL, O_APPEND), 0);
	assert_int_equal(block_check(file, false), -EACCES);
	change = (struct block_change){ .fd = null, .done = changed };
	assert_int_equal(block_change(block, &change), -ENOTBLK);
	change.fd = in;
	assert_int_equal(block_change(block, &change), -EACCES);
	put(-1, true);
	assert_int_equal(block_change(block, &change), -EBUSY);
	run_until_idle();
	close(folder);
	close(null);
	close(path);
	close(file);
	close(in);
}

/* ---- requests that fail -------------------------------------------- */

static bool
on_failure(void *ctx, struct ioemu_block *b, const struct ioemu_io *one,
	   int status)
{
	assert_ptr_equal(ctx, &hold);
	assert_ptr_equal(b, block);
	assert_int_equal(one->op, IOEMU_BLK_WRITE);
	assert_int_equal(status, -EFBIG);
	n_failed++;
	return hold;
}

/* Files may be so long, as if the disk were full. */
static void
room(rlim_t bytes)
{
	struct rlimit limit;

	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* Every one fails, and the bytes are other ones when it is tried again. */
static void
fail_all(unsigned n)
{
	unsigned i;

	block_on_failure(block, on_failure, &hold);
	hold = true;
	room(0);
	for (i = 0; i < n; i++)
		submit(i, IOEMU_BLK_WRITE);
	run_until_idle();
	assert_int_equal(n_failed, n);
	assert_int_equal(n_done, 0);
	assert_int_equal(block_parked(block), -EFBIG);
	memset(buf, 0xdd, sizeof(buf));
}

static void
what_is_held_is_tried_again(void **state)
{
	unsigned i;

	(void)state;
	fail_all(N_IO);
	block_retry(block);
	assert_int_equal(block_parked(block), 0);
	assert_int_equal(block_busy(block), N_IO);
	run_until_idle(); /* still no room */
	assert_int_equal(n_failed, 2 * N_IO);
	assert_int_equal(n_done, 0);
	assert_int_equal(block_parked(block), -EFBIG);
	room(RLIM_INFINITY);
	block_retry(block);
	run_until_idle();
	assert_int_equal(n_done, N_IO);
	for (i = 0; i < N_IO; i++)
		assert_int_equal(io[i].status, 0);
	block_retry(block); /* nothing */
	assert_int_equal(block_busy(block), 0);
	memset(buf, 0, sizeof(buf));
	submit(7, IOEMU_BLK_READ);
	run_until_idle();
	assert_int_equal(buf[7][5], 0xdd);
}

static void
what_is_held_may_be_given_up(void **state)
{
	(void)state;
	fail_all(3);
	room(RLIM_INFINITY);
	block_give_up(block);
	assert_int_equal(n_done, 3);
	assert_int_equal(io[2].status, -EFBIG);
	assert_int_equal(block_parked(block), 0);
	n_done = n_failed = 0;
	hold = false;
	room(0);
	submit(0, IOEMU_BLK_WRITE);
	run_until_idle();
	room(RLIM_INFINITY);
	assert_int_equal(n_failed, 1);
	assert_int_equal(n_done, 1);
	assert_int_equal(io[0].status, -EFBIG);
}

static void
what_is_held_goes_with_its_medium(void **state)
{
	(void)state;
	fail_all(3);
	submit(4, IOEMU_BLK_WRITE);
	put(-1, false); /* the fourth fails after this, and is not held */
	run_until_idle();
	room(RLIM_INFINITY);
	assert_int_equal(n_changed, 1);
	assert_int_equal(n_done, 4);
	assert_int_equal(io[0].status, -EFBIG);
	assert_int_equal(io[4].status, -EFBIG);
	assert_int_equal(block_parked(block), 0);
}

static void
what_is_held_is_forgotten_with_its_device(void **state)
{
	(void)state;
	fail_all(3);
	room(RLIM_INFINITY);
	submit(5, IOEMU_BLK_READ);
	put(-1, false);
	block_forget(block);
	run_until_idle();
	assert_int_equal(n_changed, 1);
	assert_int_equal(block_parked(block), 0);
}

/* The system tells it once, whoever asks, and then knows nothing of it. */
static void
a_flush_that_failed_fails_for_ever(void **state)
{
	struct ioemu_io own = { .op = IOEMU_BLK_FLUSH };

	(void)state;
	block_on_failure(block, on_failure, &hold);
	hold = true; /* flushes are not */
	sync_fails = true;
	block_io(block, NULL, NULL, &own);
	run_until_idle();
	sync_fails = false;
	assert_int_equal(own.status, -EIO);
	submit(0, IOEMU_BLK_FLUSH);
	submit(1, IOEMU_BLK_WRITE);
	run_until_idle();
	assert_int_equal(io[0].status, -EIO);
	assert_int_equal(io[1].status, 0);
	put(medium(0, SIZE), false); /* of this medium, that is */
	submit(0, IOEMU_BLK_FLUSH);
	run_until_idle();
	assert_int_equal(io[0].status, 0);
}

/* ---- figures ------------------------------------------------------- */

static void
what_is_done_is_counted(void **state)
{
	const struct block_stats *stats = block_stats(block);
	struct ioemu_io own = { .op = IOEMU_BLK_FLUSH };
	unsigned i;

	(void)state;
	for (i = 0; i < 5; i++)
		submit(i, IOEMU_BLK_READ);
	submit(5, IOEMU_BLK_WRITE);
	submit(6, IOEMU_BLK_FLUSH);
	block_io(block, NULL, NULL, &own); /* nobody's but the host's */
	submit(7, IOEMU_BLK_READ);
	run_until_idle();
	assert_int_equal(stats[IOEMU_BLK_READ].ops, 6);
	assert_int_equal(stats[IOEMU_BLK_READ].bytes, 6 * LEN);
	assert_int_equal(stats[IOEMU_BLK_READ].failed, 0);
	assert_true(stats[IOEMU_BLK_READ].ns > 0);
	assert_int_equal(stats[IOEMU_BLK_WRITE].ops, 1);
	assert_int_equal(stats[IOEMU_BLK_WRITE].bytes, LEN);
	assert_int_equal(stats[IOEMU_BLK_FLUSH].ops, 1);
	assert_int_equal(stats[IOEMU_BLK_FLUSH].bytes, 0);
	n_done = 0;
	fail_all(2);
	room(RLIM_INFINITY);
	block_retry(block);
	run_until_idle();
	assert_int_equal(stats[IOEMU_BLK_WRITE].failed, 2);
	assert_int_equal(stats[IOEMU_BLK_WRITE].ops, 3);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(each_request_gets_the_medium_of_its_time),
		TEST(a_medium_is_written_out_and_closed),
		TEST(what_is_no_medium_is_refused),
		TEST(what_is_held_is_tried_again),
		TEST(what_is_held_may_be_given_up),
		TEST(what_is_held_goes_with_its_medium),
		TEST(what_is_held_is_forgotten_with_its_device),
		TEST(a_flush_that_failed_fails_for_ever),
		TEST(what_is_done_is_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
