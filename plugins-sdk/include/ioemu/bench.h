/* SPDX-License-Identifier: MIT */
/*
 * ioemu/bench.h - a device under test, with no Xen and no guest.
 *
 * A test program lists the devices it needs, as on the command line, and
 * tests that act as a guest would. Each test gets a fresh bench. Every test
 * runs several times from one source; a bench under which a test behaves
 * differently is a bug in the device:
 *
 *  - "direct": the device is called by who has the guest's access.
 *  - "migrate": after every access all devices are saved, freed, made anew and
 *    loaded.
 *  - "peer": every device, with its children, is at the other end of a socket,
 *    as in ioemu-peer, and the bench is the root of its link (doc/wire.md).
 *    Accesses, memory, windows, interrupts and text cross it in pieces of any
 *    size; power, resets, routing of links, unplug, hot-plug, changes of media
 * and bench_query() do not. As on PCI Express no request crosses a multiple of
 *4 KiB: a burst that does is two.
 *
 * In all of them an access has had its effect when the call returns: a posted
 * write has arrived, and so has what the device said because of it.
 *
 * The bench fails a test by itself on a deferred access answered never or
 * twice, a request asked for while it is in flight, a done() or fire() from
 * inside the call that started it, and on devices of the same type sharing
 * state (a second, idle instance of the machine always exists).
 *
 *	static const char *const devices[] = { "uart,chardev=c0", NULL };
 *	int main(int argc, char **argv)
 *	{ return bench_main(argc, argv, devices, tests, n_tests); }
 *
 * argv[1..] are the plugins (.so) to load.
 */
#ifndef IOEMU_BENCH_H
#define IOEMU_BENCH_H

/* cmocka.h wants these first */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ioemu/device.h>

#define BENCH_RAM_SIZE (16u << 20) /* guest RAM at address 0 */

struct bench;

struct bench_test {
	const char *name;
	void (*run)(struct bench *b);
	const char *const *devices; /* NULL: those of bench_main() */
};

#define BENCH_TEST(fn)                                                         \
	{                                                                      \
		.name = #fn, .run = (fn)                                       \
	}
#define BENCH_TEST_WITH(fn, devs)                                              \
	{                                                                      \
		.name = #fn, .run = (fn), .devices = (devs)                    \
	}

/* Runs all tests in all modes; 0 if all passed. */
int bench_main(int argc, char **argv, const char *const *devices,
	       const struct bench_test *tests, unsigned n_tests);

/* Guest accesses. Unclaimed addresses read all ones. PIO and MMIO wait for a
 * deferred answer by running the bench's loop; none within 10 s of guest time
 * fails the test. */
uint64_t bench_read(struct bench *b, enum ioemu_space space, uint64_t addr,
		    unsigned size);
void bench_write(struct bench *b, enum ioemu_space space, uint64_t addr,
		 unsigned size, uint64_t value);
uint8_t bench_in8(struct bench *b, unsigned port);
uint16_t bench_in16(struct bench *b, unsigned port);
uint32_t bench_in32(struct bench *b, unsigned port);
void bench_out8(struct bench *b, unsigned port, uint8_t v);
void bench_out16(struct bench *b, unsigned port, uint16_t v);
void bench_out32(struct bench *b, unsigned port, uint32_t v);
/* String I/O as one access: rep ins/outs (IOEMU_PIO, the port stays) or rep
 * movs (IOEMU_MEM, the address moves); data is a plain buffer. */
void bench_string(struct bench *b, enum ioemu_space space, uint64_t addr,
		  unsigned size, unsigned count, bool write, void *data);
/* Configuration space of the PCI device whose id (or type name) is `id`. */
uint32_t bench_cfg_read(struct bench *b, const char *id, unsigned reg,
			unsigned size);
void bench_cfg_write(struct bench *b, const char *id, unsigned reg,
		     unsigned size, uint32_t v);

/* Guest RAM, to fill and to look at. */
uint8_t *bench_ram(struct bench *b);

/* What the guest or the host would see. */
bool bench_irq(struct bench *b, unsigned isa_irq);
/* How often a device raised it since the last call: an ISA interrupt is an
 * edge. */
unsigned bench_irq_edges(struct bench *b, unsigned isa_irq);
bool bench_intx(struct bench *b, const char *id);
unsigned bench_msi_count(struct bench *b);	/* since the last call */
uint32_t bench_msi_data(struct bench *b);	/* of the last one */
int bench_link(struct bench *b, unsigned link); /* routed irq, -1: never set */
int bench_power(struct bench *b); /* enum ioemu_power asked for, -1: none;
				     cleared by the call */
unsigned bench_unplugged(struct bench *b); /* all ioemu_unplug() so far */
uint32_t bench_ejected(struct bench *b);   /* slots of ioemu_eject(), as bits;
					      cleared by the call */

/* The guest's clock moves by `ns`; timers fire in order. */
void bench_advance(struct bench *b, uint64_t ns);
/* Run until no DMA, disk I/O or deferred work is left. */
void bench_settle(struct bench *b);

/*
 * Host side. A property value "NAME" of a character device is a pipe of the
 * bench; "NAME:SIZE[K|M][,ro]" of a block device is a disk in memory, "NAME:0"
 * a drive without medium. DMA and disk I/O finish after a seeded delay, in
 * any order. BENCH_SEED in the environment is another seed.
 */
void bench_chr_input(struct bench *b, const char *name, const void *data,
		     size_t len); /* queued; given as the device accepts */
/* Takes what the device sent so far; returns its length. */
size_t bench_chr_output(struct bench *b, const char *name, void *buf,
			size_t size);
uint8_t *bench_disk(struct bench *b, const char *name);
/* The next request on this disk ends with this status (-EIO). */
void bench_disk_fail(struct bench *b, const char *name, int status);
unsigned bench_disk_flushes(struct bench *b, const char *name);
/*
 * hostdev_medium() of the device with that id or type name, for this disk. If
 * it opened, the I/O in flight ends and the medium is gone; before CLOSE there
 * is a new one of `size` bytes of zeroes, 0: none.
 */
int bench_medium(struct bench *b, const char *id, const char *name,
		 enum ioemu_medium what, uint64_t size);
/* hostdev_reset() of the device with that id or type name. */
void bench_reset(struct bench *b, const char *id, enum ioemu_reset why);
/* hostdev_hotplug() of the device with that id or type name. */
void bench_hotplug(struct bench *b, const char *id, unsigned which,
		   enum ioemu_hotplug what);
/*
 * As if that device came from a state in which value `i` of a saved field was
 * another: what hostdev_load() says. Refused, the device is as it was.
 */
int bench_load_field(struct bench *b, const char *id, const char *field,
		     unsigned i, uint64_t value);
/* Text logged so far by devices. */
const char *bench_log(struct bench *b);
/* hostdev_query() of the device with that id or type name. */
int bench_query(struct bench *b, const char *id, const char *what, char *buf,
		size_t size);

#endif
