/* SPDX-License-Identifier: MIT */
/*
 * Disk images on a real loop with real files. The guest's memory is an array
 * with a hole that cannot be mapped, only reached by DMA.
 */
#include "loop/loop.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/fake_host.h"
#include "support/limit.h"

#define PAGE 4096u
#define IMAGE_SIZE (2u << 20)
#define RAM_SIZE (4u << 20)
#define HOLE (3u << 20) /* from here on nothing can be mapped */
#define N_IO 40u
#define N_DMA 64u

static struct fake fake;
static struct host_ops ops;
static struct hostdev *hd;
static uv_loop_t loop;
static struct ioemu_block *block;
static char path[64];
static uint8_t image[IMAGE_SIZE], copy[IMAGE_SIZE], ram[RAM_SIZE];

/* ---- the guest's memory -------------------------------------------- */

static struct ioemu_dma *dma[N_DMA];
static unsigned n_dma, n_dma_writes, n_maps, n_mapped;
static bool map_write;

static void *
ram_map(void *ctx, uint64_t gpa, uint32_t len, bool write)
{
	assert_ptr_equal(ctx, ram);
	assert_in_range(len, 1, PAGE - gpa % PAGE);
	if (gpa >= HOLE)
		return NULL;
	map_write = write;
	n_maps++;
	n_mapped++;
	return ram + gpa;
}

static void
ram_unmap(void *ctx, uint64_t gpa, uint32_t len, void *ptr, bool write)
{
	assert_ptr_equal(ctx, ram);
	assert_ptr_equal(ptr, ram + gpa);
	assert_in_range(len, 1, PAGE - gpa % PAGE);
	assert_int_equal(write, map_write);
	n_mapped--;
}

static const struct block_mem mem = { ram_map, ram_unmap, ram };

static void
ops_dma_read(struct hostdev *dev, struct ioemu_dma *d)
{
	assert_ptr_equal(dev, hd);
	assert_in_range(n_dma, 0, N_DMA - 1);
	dma[n_dma++] = d;
}

static void
ops_dma_write(struct hostdev *dev, uint64_t gpa, const void *buf, uint32_t len)
{
	assert_ptr_equal(dev, hd);
	n_dma_writes++;
	if (gpa + len <= RAM_SIZE)
		memcpy(ram + gpa, buf, len);
}

static void
dma_turn(void)
{
	while (n_dma) {
		struct ioemu_dma *d = dma[--n_dma];

		d->status = d->gpa + d->len <= RAM_SIZE ? 0 : -EFAULT;
		if (d->status)
			memset(d->buf, 0xff, d->len);
		else
			memcpy(d->buf, ram + d->gpa, d->len);
		d->done(&hd->dev, d);
	}
}

/* ---- the device ---------------------------------------------------- */

static struct ioemu_io io[N_IO];
static struct ioemu_sg sg[IOEMU_BLK_MAX_SG];
static unsigned n_done;
static bool in_call;

static void
io_done(struct ioemu_dev *dev, struct ioemu_io *done)
{
	(void)done;
	assert_ptr_equal(dev, &hd->dev);
	assert_false(in_call);
	n_done++;
}

static void
submit(struct ioemu_io *one, const struct block_mem *m)
{
	in_call = true;
	one->status = 1;
	if (!one->done)
		one->done = io_done;
	block_io(block, hd, m, one);
	assert_int_equal(one->status, 1);
	in_call = false;
}

static void
run_until_idle(void)
{
	uint64_t end = uv_hrtime() + TEST_LIMIT_NS;

	while (block_busy(block)) {
		assert_true(uv_hrtime() < end);
		dma_turn();
		uv_run(&loop, n_dma ? UV_RUN_NOWAIT : UV_RUN_ONCE);
	}
}

/* Status of one request. */
static int
io_status(struct ioemu_io one, const struct block_mem *m)
{
	io[0] = one;
	n_done = 0;
	submit(&io[0], m);
	assert_int_equal(block_busy(block), 1);
	run_until_idle();
	assert_int_equal(n_done, 1);
	assert_int_equal(n_mapped, 0);
	return io[0].status;
}

static int
buf_status(enum ioemu_blk_op op, uint64_t offset, uint32_t len)
{
	return io_status(
		(struct ioemu_io){
			.op = op, .offset = offset, .len = len, .buf = copy },
		NULL);
}

static int
sg_status(enum ioemu_blk_op op, uint32_t n_sg, const struct block_mem *m)
{
	uint32_t i, len = 0;

	for (i = 0; i < n_sg; i++)
		len += sg[i].len;
	return io_status((struct ioemu_io){ .op = op,
					    .offset = 512,
					    .len = len,
					    .sg = sg,
					    .n_sg = n_sg },
			 m);
}

/* What the list covers, in ram, as one run of bytes. */
static uint32_t
sg_copy(uint8_t *to, uint32_t n_sg)
{
	uint32_t i, len = 0;

	for (i = 0; i < n_sg; i++) {
		memcpy(to + len, ram + sg[i].gpa, sg[i].len);
		len += sg[i].len;
	}
	return len;
}

static void
expect_image(const uint8_t *bytes, uint64_t offset, uint32_t len)
{
	static uint8_t got[IMAGE_SIZE];
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, got, len, (off_t)offset), len);
	assert_memory_equal(got, bytes, len);
	close(fd);
}

/* ---- before and after ---------------------------------------------- */

static void
fill(uint8_t *p, size_t n, unsigned seed)
{
	while (n--) {
		seed = seed * 1103515245u + 12345u;
		*p++ = (uint8_t)(seed >> 16);
	}
}

static void
reopen(bool readonly)
{
	block_close(block);
	block = NULL;
	assert_int_equal(block_open(&loop, path, readonly, &block), 0);
}

static int
setup(void **state)
{
	int fd;

	(void)state;
	hd = fake_device(&fake, fake_chip());
	ops = fake_ops;
	ops.dma_read = ops_dma_read;
	ops.dma_write = ops_dma_write;
	hd->ops = &ops;
	n_dma = n_dma_writes = n_maps = n_mapped = n_done = 0;
	memset(io, 0, sizeof(io));
	memset(sg, 0, sizeof(sg));
	fill(image, sizeof(image), 1);
	fill(ram, sizeof(ram), 2);
	strcpy(path, "/tmp/test_block.XXXXXX");
	fd = mkstemp(path);
	assert_int_equal(write(fd, image, sizeof(image)), sizeof(image));
	close(fd);
	assert_int_equal(uv_loop_init(&loop), 0);
	return block_open(&loop, path, false, &block);
}

static int
teardown(void **state)
{
	(void)state;
	block_close(block);
	assert_int_equal(uv_loop_close(&loop), 0);
	hostdev_free(hd);
	return unlink(path);
}

/* ---- tests --------------------------------------------------------- */

static void
what_is_written_is_on_the_disk(void **state)
{
	(void)state;
	fill(copy, 1536, 3);
	assert_int_equal(buf_status(IOEMU_BLK_WRITE, 1024, 1536), 0);
	assert_int_equal(buf_status(IOEMU_BLK_FLUSH, 0, 0), 0);
	expect_image(image, 0, 1024);
	expect_image(copy, 1024, 1536);
	expect_image(image + 2560, 2560, 512);
}

static void
what_is_on_the_disk_is_read(void **state)
{
	(void)state;
	assert_int_equal(buf_status(IOEMU_BLK_READ, IMAGE_SIZE - 4096, 4096),
			 0);
	assert_memory_equal(copy, image + IMAGE_SIZE - 4096, 4096);
}

/* Entries of odd sizes at odd places, two of nothing. */
static uint32_t
odd_list(void)
{
	sg[0] = (struct ioemu_sg){ .gpa = 0x1ff0, .len = 0x30 };
	sg[1] = (struct ioemu_sg){ .gpa = 0x9001, .len = 0 };
	sg[2] = (struct ioemu_sg){ .gpa = 0x8001, .len = 0x3000 };
	sg[3] = (struct ioemu_sg){ .gpa = 0x3333, .len = 0x1d0 };
	sg[4] = (struct ioemu_sg){ .gpa = 0x5000, .len = 0 };
	return 5;
}

static void
guest_memory_is_reached_in_place(void **state)
{
	uint32_t n = odd_list(), len = sg_copy(copy, n);

	(void)state;
	assert_int_equal(sg_status(IOEMU_BLK_WRITE, n, &mem), 0);
	assert_false(map_write);
	assert_int_equal(n_maps, 2 + 4 + 1);
	expect_image(copy, 512, len);
	memset(ram, 0, sizeof(ram));
	assert_int_equal(sg_status(IOEMU_BLK_READ, n, &mem), 0);
	assert_true(map_write);
	assert_int_equal(sg_copy(image, n), len);
	assert_memory_equal(image, copy, len);
	assert_int_equal(n_dma_writes, 0);
}

static void
without_a_mapping_dma_carries_the_data(void **state)
{
	uint32_t n = odd_list(), len = sg_copy(copy, n);

	(void)state;
	assert_int_equal(sg_status(IOEMU_BLK_WRITE, n, NULL), 0);
	expect_image(copy, 512, len);
	memset(ram, 0, sizeof(ram));
	assert_int_equal(sg_status(IOEMU_BLK_READ, n, NULL), 0);
	assert_int_equal(sg_copy(image, n), len);
	assert_memory_equal(image, copy, len);
	assert_int_equal(n_maps, 0);
	assert_int_equal(n_dma_writes, 2 + 4 + 1);
}

static void
a_list_may_be_mapped_in_part(void **state)
{
	uint32_t len;

	(void)state;
	sg[0] = (struct ioemu_sg){ .gpa = 0x2000, .len = 0x200 };
	sg[1] = (struct ioemu_sg){ .gpa = HOLE - 0x1800, .len = 0x3000 };
	sg[2] = (struct ioemu_sg){ .gpa = 0x7e00, .len = 0x14000 };
	len = sg_copy(copy, 3);
	assert_int_equal(sg_status(IOEMU_BLK_WRITE, 3, &mem), 0);
	assert_int_not_equal(n_maps, 0);
	expect_image(copy, 512, len);
	memset(ram, 0, sizeof(ram));
	assert_int_equal(sg_status(IOEMU_BLK_READ, 3, &mem), 0);
	assert_int_not_equal(n_dma_writes, 0);
	sg_copy(image, 3);
	assert_memory_equal(image, copy, len);
}

/* 64 entries of just under 5 pages: more than any one call takes. */
static void
long_list(const struct block_mem *m)
{
	uint32_t i, len;

	for (i = 0; i < IOEMU_BLK_MAX_SG; i++)
		sg[i] = (struct ioemu_sg){ .gpa = 0x6000 * i + 0x801,
					   .len = 0x4e00 };
	len = sg_copy(copy, IOEMU_BLK_MAX_SG);
	assert_int_equal(sg_status(IOEMU_BLK_WRITE, IOEMU_BLK_MAX_SG, m), 0);
	expect_image(copy, 512, len);
	memset(ram, 0, sizeof(ram));
	assert_int_equal(sg_status(IOEMU_BLK_READ, IOEMU_BLK_MAX_SG, m), 0);
	sg_copy(image, IOEMU_BLK_MAX_SG);
	assert_memory_equal(image, copy, len);
}

static void
a_list_of_any_length_is_done(void **state)
{
	(void)state;
	long_list(&mem);
}

static void
a_list_of_any_length_is_done_by_dma(void **state)
{
	(void)state;
	long_list(NULL);
}

static void
memory_that_is_none_is_not_written_to_the_disk(void **state)
{
	(void)state;
	sg[0] = (struct ioemu_sg){ .gpa = HOLE, .len = 0x1000 };
	sg[1] = (struct ioemu_sg){ .gpa = RAM_SIZE, .len = 0x1000 };
	assert_int_equal(sg_status(IOEMU_BLK_WRITE, 2, &mem), -EFAULT);
	expect_image(image + 512, 512, 0x2000);
	/* and what is read into it is gone, as on any bus */
	assert_int_equal(sg_status(IOEMU_BLK_READ, 2, &mem), 0);
	assert_memory_equal(ram + HOLE, image + 512, 0x1000);
}

static void
a_readonly_image_cannot_be_written(void **state)
{
	struct ioemu_block_info info;

	(void)state;
	block_info(block, &info);
	assert_false(info.readonly);
	reopen(true);
	block_info(block, &info);
	assert_true(info.readonly);
	assert_int_equal(buf_status(IOEMU_BLK_WRITE, 0, 512), -EROFS);
	assert_int_equal(buf_status(IOEMU_BLK_READ, 0, 512), 0);
	assert_int_equal(buf_status(IOEMU_BLK_FLUSH, 0, 0), 0);
	expect_image(image, 0, 512);
}

static void
the_size_is_whole_sectors(void **state)
{
	struct ioemu_block_info info;

	(void)state;
	assert_int_equal(truncate(path, 1535), 0);
	reopen(false);
	block_info(block, &info);
	assert_int_equal(info.size, 1024);
	assert_int_equal(buf_status(IOEMU_BLK_READ, 512, 512), 0);
	assert_int_equal(buf_status(IOEMU_BLK_READ, 1024, 512), -EINVAL);
	assert_int_equal(truncate(path, 511), 0);
	reopen(false);
	block_info(block, &info);
	assert_int_equal(info.size, 0);
}

static void
a_request_lies_inside_the_medium(void **state)
{
	struct ioemu_io one = { .op = IOEMU_BLK_READ, .len = 1024, .sg = sg };

	(void)state;
	assert_int_equal(buf_status(IOEMU_BLK_READ, IMAGE_SIZE, 512), -EINVAL);
	assert_int_equal(buf_status(IOEMU_BLK_WRITE, IMAGE_SIZE - 512, 1024),
			 -EINVAL);
	assert_int_equal(buf_status(IOEMU_BLK_READ, UINT64_MAX - 511, 1024),
			 -EINVAL);
	assert_int_equal(buf_status(IOEMU_BLK_READ, 1, 512), -EINVAL);
	assert_int_equal(buf_status(IOEMU_BLK_READ, 0, 513), -EINVAL);
	assert_int_equal(buf_status(IOEMU_BLK_READ, 0, 0), -EINVAL);
	assert_int_equal(io_status(one, &mem), -EINVAL);
	one.n_sg = 2;
	sg[0].len = 1024;
	sg[1].len = 1;
	assert_int_equal(io_status(one, &mem), -EINVAL);
}

static void
a_drive_may_have_no_medium(void **state)
{
	struct ioemu_block_info info;

	(void)state;
	block_close(block);
	assert_int_equal(block_open(&loop, NULL, false, &block), 0);
	block_close(block);
	assert_int_equal(block_open(&loop, "", true, &block), 0);
	block_info(block, &info);
	assert_int_equal(info.size, 0);
	assert_int_equal(buf_status(IOEMU_BLK_READ, 0, 512), -ENOMEDIUM);
	assert_int_equal(buf_status(IOEMU_BLK_FLUSH, 0, 0), -ENOMEDIUM);
}

static void
an_image_that_shrank_is_an_io_error(void **state)
{
	(void)state;
	assert_int_equal(truncate(path, 4096 + 700), 0);
	assert_int_equal(buf_status(IOEMU_BLK_READ, 4096, 512), 0);
	assert_int_equal(buf_status(IOEMU_BLK_READ, 4096, 1024), -EIO);
	assert_int_equal(buf_status(IOEMU_BLK_READ, 8192, 512), -EIO);
}

static void
what_the_system_refuses_to_write_is_reported(void **state)
{
	struct rlimit old, limit;

	(void)state;
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	limit = old;
	limit.rlim_cur = 8192;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(buf_status(IOEMU_BLK_WRITE, 8192, 512), -EFBIG);
	assert_int_equal(buf_status(IOEMU_BLK_WRITE, 7680, 1024), -EFBIG);
	assert_int_equal(buf_status(IOEMU_BLK_WRITE, 7680, 512), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
}

static void
what_is_no_disk_cannot_be_opened(void **state)
{
	struct ioemu_block *other;

	(void)state;
	assert_int_equal(block_open(&loop, "/none", false, &other), -ENOENT);
	assert_int_equal(block_open(&loop, "/", false, &other), -EISDIR);
	assert_int_equal(block_open(&loop, "/", true, &other), -ENOTBLK);
	assert_int_equal(block_open(&loop, "/dev/full", false, &other),
			 -ENOTBLK);
}

static void
more_requests_than_slots_wait_in_line(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < N_IO; i++) {
		io[i] = (struct ioemu_io){ .op = IOEMU_BLK_READ,
					   .offset = 512 * i,
					   .len = 512,
					   .buf = copy + 512 * i };
		submit(&io[i], NULL);
		assert_int_equal(block_busy(block), i + 1);
	}
	assert_int_equal(n_done, 0);
	run_until_idle();
	assert_int_equal(n_done, N_IO);
	assert_memory_equal(copy, image, 512 * N_IO);
}

static void
again_done(struct ioemu_dev *dev, struct ioemu_io *done)
{
	io_done(dev, done);
	if (n_done < 5)
		submit(done, NULL);
}

static void
a_request_may_be_made_again_when_it_is_done(void **state)
{
	struct ioemu_io one = { .op = IOEMU_BLK_READ,
				.len = 512,
				.buf = copy,
				.done = again_done };

	(void)state;
	io[0] = one;
	submit(&io[0], NULL);
	run_until_idle();
	assert_int_equal(n_done, 5);
}

static void
nobody_is_told_after_the_device_went(void **state)
{
	unsigned i;

	(void)state;
	sg[0] = (struct ioemu_sg){ .gpa = 0x1000, .len = 0x4000 };
	for (i = 0; i < N_IO; i++) {
		io[i] = (struct ioemu_io){
			.op = IOEMU_BLK_READ, .len = 0x4000, .sg = sg, .n_sg = 1
		};
		if (i == 3) /* waits for the device's DMA */
			io[i].op = IOEMU_BLK_WRITE;
		submit(&io[i], i & 1 ? NULL : &mem);
	}
	assert_int_equal(n_dma, 4);
	assert_int_equal(n_mapped, 8 * 4);
	block_forget(block);
	n_dma = 0; /* as its host drops them */
	run_until_idle();
	assert_int_equal(n_done, 0);
	assert_int_equal(n_mapped, 0);
	assert_int_equal(n_dma_writes, 0);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(what_is_written_is_on_the_disk),
		TEST(what_is_on_the_disk_is_read),
		TEST(guest_memory_is_reached_in_place),
		TEST(without_a_mapping_dma_carries_the_data),
		TEST(a_list_may_be_mapped_in_part),
		TEST(a_list_of_any_length_is_done),
		TEST(a_list_of_any_length_is_done_by_dma),
		TEST(memory_that_is_none_is_not_written_to_the_disk),
		TEST(a_readonly_image_cannot_be_written),
		TEST(the_size_is_whole_sectors),
		TEST(a_request_lies_inside_the_medium),
		TEST(a_drive_may_have_no_medium),
		TEST(an_image_that_shrank_is_an_io_error),
		TEST(what_the_system_refuses_to_write_is_reported),
		TEST(what_is_no_disk_cannot_be_opened),
		TEST(more_requests_than_slots_wait_in_line),
		TEST(a_request_may_be_made_again_when_it_is_done),
		TEST(nobody_is_told_after_the_device_went),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
