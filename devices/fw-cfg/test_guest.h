/* SPDX-License-Identifier: MIT */
/*
 * test_guest.h - fw_cfg as firmware uses it. The kernel and the initrd are made
 * up here, in memory files; what is in them is counted bytes.
 */
#ifndef TEST_GUEST_H
#define TEST_GUEST_H

#include <ioemu/bench.h>

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SELECT 0x510
#define DATA 0x511
#define DMA_HIGH 0x514
#define DMA_LOW 0x518

#define CTL_ERROR 0x01u
#define CTL_READ 0x02u
#define CTL_SKIP 0x04u
#define CTL_SELECT 0x08u
#define CTL_WRITE 0x10u

#define KEY_FILE_DIR 0x19

#define SETUP_SIZE 0x800u
#define KERNEL_SIZE 700001u /* the part that goes to 1 MiB */
#define INITRD_SIZE 1000003u
#define CMDLINE "console=ttyS0 quiet"

/* 16 MiB less the top 4, less the initrd, page aligned. */
#define INITRD_ADDR ((0xc00000u - INITRD_SIZE) & ~0xfffu)

#define DESC 0x7000u	 /* where the tests keep their descriptor */
#define BUFFER 0x300000u /* ... and what they read */

#define TURN_NS 1000u
#define MANY_TURNS 100000u

static inline uint32_t
swap32(uint32_t v)
{
	return __builtin_bswap32(v);
}

/* Byte i of a file: no two neighbouring pages are the same. */
static inline uint8_t
pattern(uint32_t i)
{
	return (uint8_t)(i * 7 + (i >> 8) * 13 + (i >> 16) * 29);
}

static inline void
assert_pattern(const uint8_t *p, uint32_t first, uint32_t len)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		if (p[i] != pattern(first + i))
			fail_msg("byte %u of %u is %02x, not %02x", i, len,
				 p[i], pattern(first + i));
}

static inline void
select_item(struct bench *b, uint16_t key)
{
	bench_out16(b, SELECT, key);
}

static inline void
read_bytes(struct bench *b, void *buf, unsigned len)
{
	uint8_t *p = buf;

	while (len--)
		*p++ = bench_in8(b, DATA);
}

static inline uint32_t
read_number(struct bench *b, uint16_t key)
{
	uint8_t p[4];

	select_item(b, key);
	read_bytes(b, p, sizeof(p));
	return ioemu_get_le32(p);
}

/* ---- DMA as a driver does it ---- */

static inline void
put_desc(struct bench *b, uint32_t control, uint32_t len, uint64_t dest)
{
	uint8_t *p = bench_ram(b) + DESC;

	ioemu_put_le32(p, swap32(control));
	ioemu_put_le32(p + 4, swap32(len));
	ioemu_put_le64(p + 8, __builtin_bswap64(dest));
}

static inline uint32_t
control_field(struct bench *b)
{
	return swap32(ioemu_get_le32(bench_ram(b) + DESC));
}

static inline void
start_dma(struct bench *b)
{
	bench_out32(b, DMA_LOW, swap32(DESC));
}

/* Returns the control field at the end. */
static inline uint32_t
wait_dma(struct bench *b)
{
	unsigned i;

	for (i = 0; i < MANY_TURNS; i++) {
		if (!(control_field(b) & ~CTL_ERROR))
			return control_field(b);
		bench_settle(b);
		bench_advance(b, TURN_NS);
	}
	fail_msg("the transfer never ends");
	return 0;
}

static inline uint32_t
dma(struct bench *b, uint32_t control, uint32_t len, uint64_t dest)
{
	put_desc(b, control, len, dest);
	start_dma(b);
	return wait_dma(b);
}

static inline uint32_t
dma_item(struct bench *b, uint16_t key, uint32_t len, uint64_t dest)
{
	return dma(b, (uint32_t)key << 16 | CTL_SELECT | CTL_READ, len, dest);
}

/* ---- files ---- */

struct file {
	uint32_t size;
	uint16_t key;
};

static inline bool
find_file(struct bench *b, const char *name, struct file *file)
{
	uint8_t entry[64], count[4];
	uint32_t n;

	select_item(b, KEY_FILE_DIR);
	read_bytes(b, count, sizeof(count));
	for (n = swap32(ioemu_get_le32(count)); n; n--) {
		read_bytes(b, entry, sizeof(entry));
		if (strcmp((const char *)entry + 8, name) != 0)
			continue;
		file->size = swap32(ioemu_get_le32(entry));
		file->key = __builtin_bswap16(ioemu_get_le16(entry + 4));
		return true;
	}
	return false;
}

static inline void
the_signature_reads_qemu(struct bench *b)
{
	char text[4];

	select_item(b, 0);
	read_bytes(b, text, sizeof(text));
	assert_memory_equal(text, "QEMU", 4);
}

/* ---- the devices ---- */

/* A file of counted bytes, by a path that lives as long as this process. */
static inline int
make_file(uint32_t size)
{
	int fd = memfd_create("file", 0);
	uint32_t i;
	uint8_t *p;

	if (fd < 0 || ftruncate(fd, size))
		return -1;
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return -1;
	for (i = 0; i < size; i++)
		p[i] = pattern(i);
	munmap(p, size);
	return fd;
}

/* Protocol 2.15, 4 sectors of setup, needs 2 MiB at 1 MiB. */
static inline int
make_kernel(void)
{
	static const struct {
		uint16_t offset;
		uint32_t value;
	} header[] = {
		{ 0x1f0, 0x00000300 }, /* setup_sects */
		{ 0x1fc, 0xaa550000 }, { 0x202, 0x53726448 },
		{ 0x206, 0x0000020f }, { 0x210, 0x00000100 },
		{ 0x22c, 0x7fffffff }, { 0x238, 2047 },
		{ 0x258, 0x00100000 }, { 0x25c, 0 },
		{ 0x260, 0x00200000 },
	};
	int fd = make_file(SETUP_SIZE + KERNEL_SIZE);
	uint8_t p[4];
	unsigned i;

	for (i = 0; i < sizeof(header) / sizeof(header[0]); i++) {
		ioemu_put_le32(p, header[i].value);
		if (pwrite(fd, p, 4, header[i].offset) != 4)
			return -1;
	}
	return fd;
}

static inline int
main_with_kernel(int argc, char **argv, const struct bench_test *tests,
		 unsigned n)
{
	int kernel = make_kernel(), initrd = make_file(INITRD_SIZE);
	const char *devices[] = { NULL, NULL };
	char text[256];

	if (kernel < 0 || initrd < 0)
		return 1;
	snprintf(text, sizeof(text),
		 "fw-cfg,kernel=/proc/self/fd/%d,initrd=/proc/self/fd/%d,"
		 "append=" CMDLINE ",memory=16",
		 kernel, initrd);
	devices[0] = text;
	return bench_main(argc, argv, devices, tests, n);
}

#endif
