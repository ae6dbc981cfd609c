/* SPDX-License-Identifier: MIT */
/* test_guest.h - what drivers do to the registers. */
#ifndef TEST_GUEST_H
#define TEST_GUEST_H

#include <string.h>

#include <ioemu/bench.h>

#define CMD 0x1f0
#define CTL 0x3f6
#define BM 0xc000

/* Device control; status of a disk that is ready; device 0, by LBA. */
#define SRST 4
#define READY 0x50
#define LBA 0xe0

static inline uint8_t
wait_ready(struct bench *b, unsigned base)
{
	bench_settle(b);
	assert_int_equal(bench_in8(b, base + 0x206) & 0x80, 0);
	return bench_in8(b, base + 7);
}

/* The command register; what the drive says when it is ready. */
static inline uint8_t
run(struct bench *b, uint8_t cmd)
{
	bench_out8(b, CMD + 7, cmd);
	return wait_ready(b, CMD);
}

static inline void
address(struct bench *b, uint8_t device, uint8_t sector, uint16_t cylinder,
	uint8_t n)
{
	bench_out8(b, CMD + 6, device);
	bench_out8(b, CMD + 2, n);
	bench_out8(b, CMD + 3, sector);
	bench_out8(b, CMD + 4, (uint8_t)cylinder);
	bench_out8(b, CMD + 5, (uint8_t)(cylinder >> 8));
}

static inline void
command(struct bench *b, uint32_t lba, uint8_t n, uint8_t cmd)
{
	address(b, (uint8_t)(LBA | lba >> 24), (uint8_t)lba,
		(uint16_t)(lba >> 8), n);
	bench_out8(b, CMD + 7, cmd);
}

static inline void
fill(uint8_t *p, unsigned n, unsigned seed)
{
	unsigned i;

	for (i = 0; i < n; i++)
		p[i] = (uint8_t)(i * 13 + i / 256 + seed);
}

static inline void
bm_setup(struct bench *b)
{
	bench_cfg_write(b, "ide", 0x20, 4, BM);
	bench_cfg_write(b, "ide", 0x04, 2, 5);
}

static inline void
prd(struct bench *b, unsigned i, uint32_t gpa, uint32_t len)
{
	ioemu_put_le32(bench_ram(b) + 0x1000 + 8 * i, gpa);
	ioemu_put_le32(bench_ram(b) + 0x1004 + 8 * i, len);
}

static inline void
bm_run(struct bench *b, unsigned base, uint8_t direction)
{
	bench_out32(b, base + 4, 0x1000);
	bench_out8(b, base + 2, 6);
	bench_out8(b, base, direction | 1);
	bench_settle(b);
}

#endif
