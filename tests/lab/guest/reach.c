/* SPDX-License-Identifier: MIT
 *
 * Reaching hardware from a Linux process: ports by iopl, BARs through sysfs,
 * other physical addresses through /dev/mem. Also the processor, the clock and
 * the random numbers that the verbs share. Knows nothing of what is tested.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

#define PCI_DEVICES "/sys/bus/pci/devices"

enum {
	IORESOURCE_MEM = 0x200, /* Linux, ioport.h */
	MAP_LIMIT = 16 << 20,
	UART_RBR = 0,
	UART_IER = 1,
	UART_FCR = 2,
	UART_LCR = 3,
	UART_MCR = 4,
	UART_LSR = 5,
	UART_LCR_8N1 = 0x03,
	UART_LCR_DLAB = 0x80,
	UART_FCR_RESET = 0x07,
	UART_MCR_DTR_RTS_OUT2 = 0x0b,
	UART_LSR_THRE = 0x20,
	UART_PATIENCE = 1000,
};

int
ports_open(void)
{
	if (iopl(3) == 0)
		return 0;
	perror("iopl");
	return -errno;
}

void
port_write(uint16_t port, unsigned int size, uint32_t value)
{
	if (size == 1)
		outb((uint8_t)value, port);
	else if (size == 2)
		outw((uint16_t)value, port);
	else
		outl(value, port);
}

uint32_t
port_read(uint16_t port, unsigned int size)
{
	if (size == 1)
		return inb(port);
	if (size == 2)
		return inw(port);
	return inl(port);
}

uint32_t
config_address(unsigned int devfn, unsigned int reg)
{
	return 0x80000000u | devfn << 8 | (reg & 0xfc);
}

static uint64_t
sysfs_hex(const char *slot, const char *name)
{
	char path[300], text[32] = "";
	FILE *f;

	snprintf(path, sizeof(path), PCI_DEVICES "/%.32s/%s", slot, name);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	fclose(f);
	return strtoull(text, NULL, 16);
}

/* Linux leaves memory decoding off for a function that has no driver. */
static void
sysfs_enable(const char *slot)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), PCI_DEVICES "/%.32s/enable", slot);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, "1", 1) < 0)
		perror(path);
	close(fd);
}

static int
bar_map(const char *slot, unsigned int index, struct mem_window *out)
{
	char path[300];
	uint64_t first = 0, last = 0, flags = 0;
	unsigned int i;
	void *map;
	FILE *f;
	int fd;

	snprintf(path, sizeof(path), PCI_DEVICES "/%.32s/resource", slot);
	f = fopen(path, "re");
	if (!f)
		return -ENOENT;
	for (i = 0; i <= index; i++) {
		if (fscanf(f, "%" SCNx64 " %" SCNx64 " %" SCNx64, &first, &last,
			   &flags) != 3)
			flags = 0;
	}
	fclose(f);
	if (!(flags & IORESOURCE_MEM) || last <= first)
		return -ENODEV;
	sysfs_enable(slot);
	out->gpa = first;
	out->size = last - first + 1;
	if (out->size > MAP_LIMIT)
		out->size = MAP_LIMIT;
	snprintf(path, sizeof(path), PCI_DEVICES "/%.32s/resource%u", slot,
		 index);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	map = mmap(NULL, out->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return -errno;
	out->map = map;
	return 0;
}

/* Map BAR INDEX of the first function whose ID is "vendor.device" in hex. */
int
bar_open(const char *id, unsigned int index, struct mem_window *out)
{
	unsigned int vendor, device;
	struct dirent *d;
	int rc = -ENODEV;
	DIR *dir;

	if (sscanf(id, "%x.%x", &vendor, &device) != 2)
		return -EINVAL;
	dir = opendir(PCI_DEVICES);
	if (!dir)
		return -errno;
	while (rc && (d = readdir(dir))) {
		if (sysfs_hex(d->d_name, "vendor") == vendor &&
		    sysfs_hex(d->d_name, "device") == device)
			rc = bar_map(d->d_name, index, out);
	}
	closedir(dir);
	return rc;
}

/* Map every memory BAR of the machine; returns how many. */
int
bar_list(struct mem_window *out, int max)
{
	DIR *dir = opendir(PCI_DEVICES);
	struct dirent *d;
	unsigned int i;
	int n = 0;

	while (dir && (d = readdir(dir))) {
		for (i = 0; i < N_BARS && n < max; i++) {
			if (d->d_name[0] != '.' &&
			    bar_map(d->d_name, i, &out[n]) == 0)
				n++;
		}
	}
	if (dir)
		closedir(dir);
	return n;
}

int
mem_open(uint64_t gpa, uint64_t size, struct mem_window *out)
{
	int fd = open("/dev/mem", O_RDWR | O_SYNC | O_CLOEXEC);
	void *map;

	if (fd < 0)
		return -errno;
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		   (off_t)gpa);
	close(fd);
	if (map == MAP_FAILED)
		return -errno;
	*out = (struct mem_window){ .gpa = gpa, .size = size, .map = map };
	return 0;
}

int
run_on_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

uint64_t
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* splitmix64: Steele, Lea, Flood, "Fast splittable pseudorandom number
 * generators", 2014.
 */
uint64_t
rng_next(struct rng *rng)
{
	uint64_t z = rng->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

uint64_t
rng_below(struct rng *rng, uint64_t limit)
{
	return rng_next(rng) % limit;
}

/* Bring COM1 back from whatever state and say TEXT on it by polling, without
 * the kernel's driver (16550D data sheet, register summary).
 */
void
uart_say(const char *text)
{
	int patience;

	port_write(COM1 + UART_LCR, 1, UART_LCR_DLAB);
	port_write(COM1 + UART_RBR, 1, 1); /* divisor 1: 115200 */
	port_write(COM1 + UART_IER, 1, 0);
	port_write(COM1 + UART_LCR, 1, UART_LCR_8N1);
	port_write(COM1 + UART_FCR, 1, UART_FCR_RESET);
	port_write(COM1 + UART_MCR, 1, UART_MCR_DTR_RTS_OUT2);
	for (; *text; text++) {
		patience = UART_PATIENCE;
		while (!(port_read(COM1 + UART_LSR, 1) & UART_LSR_THRE) &&
		       patience--)
			;
		port_write(COM1, 1, (uint8_t)*text);
	}
}
