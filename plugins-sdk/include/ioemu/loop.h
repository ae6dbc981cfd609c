/* SPDX-License-Identifier: MIT */
/*
 * ioemu/loop.h - what hosts that live on a libuv loop share (libioemu-loop.a):
 * the guest's clock with the devices' timers, character devices, disk images.
 * The core and the socket peer use it; devices and the bench do not.
 */
#ifndef IOEMU_LOOP_H
#define IOEMU_LOOP_H

#include <ioemu/host.h>
#include <uv.h>

/* ---- guest clock (clock.c) ----------------------------------------------- */

struct clock;

/* One timerfd on CLOCK_MONOTONIC, one ordered list. Starts running at 0. */
int clock_new(uv_loop_t *loop, struct clock **out);
void clock_free(struct clock *clock); /* run the loop once afterwards */
uint64_t clock_now(const struct clock *clock);
/* Arms, moves or stops (IOEMU_NEVER); fire() runs from the loop. */
void clock_set(struct clock *clock, struct hostdev *hd,
	       struct ioemu_timer *timer, uint64_t deadline_ns);
/* Forget every timer of a device that goes away. */
void clock_forget(struct clock *clock, struct hostdev *hd);
void clock_pause(struct clock *clock);
void clock_resume(struct clock *clock);

/* ---- character devices (chardev.c) --------------------------------------- */

/*
 * spec: "pty", "file:PATH", "stdio", "unix:PATH[,server=on][,wait=off]"
 * (server by default: listens, one client at a time, others wait their turn),
 * "none"/"null", or "PATH" of a tty ("/dev/ttyS0"). Output goes into a ring
 * of 64 KiB that the loop empties; what does not fit, or comes while nobody
 * is connected (pty with no reader, socket with no client), is lost and
 * counted; the guest never waits. -EINVAL: unknown spec; or as of open(2).
 */
int chr_open(uv_loop_t *loop, const char *spec, struct ioemu_chardev **out);
/* Who takes the input. Before this, and with room 0, nothing is read. */
void chr_bind(struct ioemu_chardev *chr, struct hostdev *hd);
/* What a user connects to: "pty:/dev/pts/3", "file:/x", "unix:/y", "null". */
const char *chr_name(const struct ioemu_chardev *chr);
void chr_write(struct ioemu_chardev *chr, const void *data, size_t len);
void chr_accept(struct ioemu_chardev *chr, size_t room);
uint64_t chr_lost(const struct ioemu_chardev *chr); /* bytes */
/* Writes out what it can without waiting, closes; freed by the loop. */
void chr_close(struct ioemu_chardev *chr);

/* ---- disk images (block.c) ------------------------------------------------
 */

/*
 * How block I/O reaches guest memory in place. map() gives host memory for
 * [gpa, gpa + len), which does not cross a page; NULL: not memory. The mapping
 * stays valid until unmap(), whatever happens to the guest's page. With a NULL
 * struct block_mem, or NULL from map(), data takes the bytes through
 * ops->dma_read and ops->dma_write of the device instead.
 */
struct block_mem {
	void *(*map)(void *ctx, uint64_t gpa, uint32_t len, bool write);
	void (*unmap)(void *ctx, uint64_t gpa, uint32_t len, void *ptr,
		      bool write);
	void *ctx;
};

/*
 * A raw image file or block device; I/O runs on libuv's worker threads, so
 * the loop never waits for a disk. `path` NULL or "": a drive without medium.
 * Size is rounded down to 512. -errno as of open(2).
 */
int block_open(uv_loop_t *loop, const char *path, bool readonly,
	       struct ioemu_block **out);
void block_info(const struct ioemu_block *block, struct ioemu_block_info *info);
void block_io(struct ioemu_block *block, struct hostdev *hd,
	      const struct block_mem *mem, struct ioemu_io *io);
unsigned block_busy(const struct ioemu_block *block); /* requests in flight */
/* Only with no request in flight; flushes (fdatasync), closes, frees. */
void block_close(struct ioemu_block *block);

#endif
