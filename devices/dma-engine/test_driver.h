/* SPDX-License-Identifier: MIT */
/*
 * test_driver.h - the engine's driver, for its tests. It polls: in migrate mode
 * a list goes on in devices made anew between any two looks at STATUS.
 */
#ifndef TEST_DRIVER_H
#define TEST_DRIVER_H

#include <ioemu/bench.h>

#include <string.h>

#define ID "dma-engine"
#define CARD 0x2f0000000u
#define REGS 0xf0000000u
#define TABLE 0xf0001000u
#define SIZE 0x10000u
#define SPEC ID ",size=0x10000"

#define COMMAND 0x04
#define COMMAND_MEM 0x2u
#define COMMAND_MASTER 0x4u
#define BAR(i) (0x10u + 4 * (i))
#define MSI 0x80
#define MSIX 0x98
#define MSIX_ENABLE 0x80000000u

#define CONTROL 0x08
#define START 0x1u
#define ABORT 0x2u
#define RESET 0x4u
#define INTERRUPTS 0x8u
#define STATUS 0x0c
#define BUSY 0x1u
#define DONE 0x2u
#define ERROR 0x4u
#define INTERRUPT 0x8u
#define ERROR_CODE 0x10
#define ERROR_LIST 1
#define ERROR_LENGTH 2
#define ERROR_RANGE 3
#define ERROR_DMA 4
#define ERROR_ABORTED 5
#define LIST 0x18
#define LENGTH 0x20
#define CARD_START 0x24
#define VECTOR 0x28
#define INDEX 0x2c
#define BYTES_IN 0x30
#define BYTES_OUT 0x38
#define SUM 0x40

#define TO_GUEST 0x1u
#define TELL 0x2u
#define LAST 0x4u

#define LIST_GPA 0x1ff8u /* over the end of a page */
#define POLLS 2000u

static inline uint32_t
get(struct bench *b, unsigned reg)
{
	return (uint32_t)bench_read(b, IOEMU_MEM, REGS + reg, 4);
}

static inline uint64_t
get64(struct bench *b, unsigned reg)
{
	return bench_read(b, IOEMU_MEM, REGS + reg, 8);
}

static inline void
set(struct bench *b, unsigned reg, uint32_t v)
{
	bench_write(b, IOEMU_MEM, REGS + reg, 4, v);
}

static inline void
place(struct bench *b)
{
	bench_cfg_write(b, ID, BAR(0), 4, (uint32_t)CARD);
	bench_cfg_write(b, ID, BAR(1), 4, (uint32_t)(CARD >> 32));
	bench_cfg_write(b, ID, BAR(2), 4, REGS);
	bench_cfg_write(b, ID, BAR(4), 4, TABLE);
	bench_cfg_write(b, ID, COMMAND, 2, COMMAND_MEM | COMMAND_MASTER);
	set(b, LIST, LIST_GPA);
}

/* ---- lists ---------------------------------------------------------- */

static inline void
desc_at(struct bench *b, unsigned i, uint64_t gpa, uint32_t len)
{
	uint8_t *p = bench_ram(b) + LIST_GPA + (size_t)i * 16;

	ioemu_put_le64(p, gpa);
	ioemu_put_le32(p + 8, len);
	ioemu_put_le32(p + 12, 0);
}

static inline void
desc_flags(struct bench *b, unsigned i, uint32_t flags)
{
	ioemu_put_le32(bench_ram(b) + LIST_GPA + (size_t)i * 16 + 12, flags);
}

static inline void
start(struct bench *b, uint32_t length)
{
	set(b, LENGTH, length);
	set(b, CONTROL, START | INTERRUPTS);
}

/* Polls as a driver without interrupts: STATUS when it is not busy. */
static inline uint32_t
wait_idle(struct bench *b)
{
	unsigned i;

	for (i = 0; i < POLLS; i++)
		if (!(get(b, STATUS) & BUSY))
			return get(b, STATUS);
	fail_msg("busy for ever");
	return 0;
}

static inline uint32_t
run(struct bench *b, uint32_t length)
{
	start(b, length);
	return wait_idle(b);
}

static inline void
fill(uint8_t *p, size_t len, unsigned seed)
{
	size_t i;

	for (i = 0; i < len; i++)
		p[i] = (uint8_t)((i * 31 + seed) ^ i >> 8);
}

static inline uint64_t
sum_of(const uint8_t *p, size_t len)
{
	uint32_t a = 0, c = 0;
	size_t i;

	for (i = 0; i < len; i += 4) {
		a += ioemu_get_le32(p + i);
		c += a;
	}
	return (uint64_t)c << 32 | a;
}

static inline void
card_read(struct bench *b, uint32_t at, void *buf, uint32_t len)
{
	bench_string(b, IOEMU_MEM, CARD + at, 4, len / 4, false, buf);
}

static inline void
card_write(struct bench *b, uint32_t at, void *buf, uint32_t len)
{
	bench_string(b, IOEMU_MEM, CARD + at, 4, len / 4, true, buf);
}

#endif
