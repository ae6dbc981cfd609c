/* SPDX-License-Identifier: MIT */
/*
 * loop/loop.h - what hosts that live on a libuv loop share (libioemu-loop.a):
 * the guest's clock with the devices' timers, character devices, disk images.
 * The core and the socket peer use it; devices and the bench do not.
 */
#ifndef SDK_LOOP_H
#define SDK_LOOP_H

#include "link/link.h"
#include <sys/socket.h>
#include <sys/un.h>
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
/* From now on it is this time, running or not. */
void clock_jump(struct clock *clock, uint64_t now_ns);

/* ---- staying awake (spin.c) ---------------------------------------------- */

/*
 * Sleep costs more than an access: who was just answered often asks again
 * within microseconds. After something happened the loop looks around for a
 * short time before it sleeps. It finds out by itself whether that pays: each
 * time in vain doubles the number of times it is left out.
 */
struct spin;

#define SPIN_DEFAULT_US 20u
#define SPIN_MAX_US 1000u

/* Somebody whose news is in memory and wakes nobody. */
struct spin_source {
	/* Look, do what there is to do; false: nothing. */
	bool (*poll)(struct spin_source *source);
	struct spin_source *next; /* the list's */
};

/* Stays awake for `us` microseconds, 0: never. */
int spin_new(uv_loop_t *loop, unsigned us, struct spin **out);
void spin_free(struct spin *spin); /* run the loop once afterwards */
/* From a poll() too: a source stays where it is until the loop's closing
 * callbacks. */
void spin_add(struct spin *spin, struct spin_source *source);
void spin_del(struct spin *spin, struct spin_source *source);
/* Something happened. A NULL spin never stays awake. */
void spin_touch(struct spin *spin);
/* The loop will not sleep at the end of this turn. */
bool spin_awake(const struct spin *spin);

/* ---- room in the log (logbudget.c) --------------------------------------- */

/*
 * How much one source may write into a log: a guest, or a peer, can repeat
 * whatever makes a device or its host say something, and the log is a file of
 * the host (XSA-180). Every source has a budget of its own, so one that floods
 * hides nothing but its own lines.
 *
 * A bucket of LOG_BURST bytes, which fills again within a minute: so a source
 * causes at most 2 * LOG_BURST bytes in any minute, and LOG_LIFE ever. Once it
 * is empty lines are left out until a quarter of it is there again.
 */
#define LOG_BURST (64u << 10)
#define LOG_LIFE (1u << 20)
#define LOG_NOTICE 96u /* the longest notice, with its end */

/* Begins as zeroes. */
struct log_budget {
	uint64_t at_ns;	   /* when `room` was right */
	uint64_t total;	   /* bytes, ever */
	uint64_t left_out; /* lines, since one went out */
	uint32_t room;	   /* bytes that may go out */
	bool begun, empty;
	bool for_ever; /* LOG_LIFE does not hold: this is no guest's */
	bool ended;    /* LOG_LIFE is used up */
};

/*
 * May a line of so many bytes go out? If notice is not "" afterwards, that is
 * to go out as a line, too, before the other: it tells what is left out.
 * Notices are part of the budget.
 */
bool log_budget_take(struct log_budget *b, uint64_t now_ns, size_t bytes,
		     char notice[LOG_NOTICE]);

/* ---- character devices (chardev.c) --------------------------------------- */

/*
 * spec is one of
 *   pty          a pseudoterminal; readers of its slave side come and go
 *   unix:PATH[,server=on][,wait=off]
 *                listens; one client at a time, others wait their turn
 *   file:PATH    made or cut to nothing; output only
 *   stdio        our standard input and output; a terminal keeps its mode
 *   /PATH        a terminal ("/dev/ttyS0"), in raw mode until it is closed
 *   none, null   nothing
 *
 * Output goes into a ring of 64 KiB that the loop empties; what does not fit,
 * or comes while nobody is connected (pty with no reader, socket with no
 * client), is lost and counted; the guest never waits. What was sent before
 * the other side went is still read. The process ignores SIGPIPE.
 *
 * -EINVAL: unknown spec or option; -EADDRINUSE: somebody listens at the
 * socket's path; -EEXIST: what is there is no socket (a socket nobody listens
 * at is replaced); -ENOTTY: no terminal; or as of open(2).
 */
int chr_open(uv_loop_t *loop, const char *spec, struct ioemu_chardev **out);
/* Why it failed, and what a spec may be. */
const char *chr_why(int rc);
/* Who takes the input. Before this, and with room 0, nothing is read. */
void chr_bind(struct ioemu_chardev *chr, struct hostdev *hd);
/* What a user connects to: "pty:/dev/pts/3", "file:/x", "unix:/y", "null". */
const char *chr_name(const struct ioemu_chardev *chr);
void chr_write(struct ioemu_chardev *chr, const void *data, size_t len);
void chr_accept(struct ioemu_chardev *chr, size_t room);
/* The device is not to be told of input for now: its guest stands still. */
void chr_defer_input(struct ioemu_chardev *chr, bool on);
uint64_t chr_lost(const struct ioemu_chardev *chr); /* bytes */
/* The file of its socket stays where it is: whoever may remove no file, or has
 * it removed by another, says so before it closes. */
void chr_leave_path(struct ioemu_chardev *chr);
/* Writes out what it can without waiting, closes; freed by the loop. */
void chr_close(struct ioemu_chardev *chr);

/* ---- to the process that comes after (chr_handover.c) ---- */

#define CHR_ENDS 2u
#define CHR_NAME 160u

/* One that is open, for whoever goes on with it. */
struct chr_handover {
	char name[CHR_NAME];
	int listen_fd;	   /* -1, as all below: none */
	int end[CHR_ENDS]; /* whoever is connected */
	unsigned ways[CHR_ENDS];
	bool ended[CHR_ENDS];
	int rest; /* a file with the output that is still to be written */
};

/*
 * From now on nothing is read, written or accepted here, until
 * chr_defer_input(false). The descriptors stay chr's but `rest`, the caller's.
 * -errno.
 */
int chr_handover_out(struct ioemu_chardev *chr, struct chr_handover *out);
/*
 * In place of chr_open(): takes the descriptors over, on failure too; starts
 * with chr_defer_input(false).
 */
int chr_handover_in(uv_loop_t *loop, const char *spec,
		    const struct chr_handover *handover,
		    struct ioemu_chardev **out);

/* ---- disk images (block.c, block_medium.c) ------------------------------- */

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
/* The same with a medium that is open already; -1: none. The fd is closed if
 * this fails. `lost` as of block_handover(). */
int block_open_fd(uv_loop_t *loop, int fd, bool readonly, int lost,
		  struct ioemu_block **out);
/* What block_open_fd() would take to go on here: the fd, -1: no medium, which
 * stays the block's, and what flushes of it fail with. */
int block_handover(const struct ioemu_block *block, int *lost);
void block_info(const struct ioemu_block *block, struct ioemu_block_info *info);
/* Bytes that a limit for files (RLIMIT_FSIZE, setrlimit(2)) must allow so that
 * all of the medium can be written: 0 unless it is a plain file that is. */
uint64_t block_file_size(const struct ioemu_block *block);
/*
 * hd NULL: a flush of the host's own; once block_busy() is 0 its status is in
 * io->status.
 *
 * After a flush has failed nobody knows what the host lost of earlier writes,
 * and it would say so only once (fsync(2)): every later flush of this medium
 * fails likewise.
 */
void block_io(struct ioemu_block *block, struct hostdev *hd,
	      const struct block_mem *mem, struct ioemu_io *io);
/* Requests in flight, and a change of medium. */
unsigned block_busy(const struct ioemu_block *block);

/* What devices asked for, by enum ioemu_blk_op. */
struct block_stats {
	uint64_t ops, bytes; /* that went well */
	uint64_t failed;     /* each time, if it is tried again */
	uint64_t ns;	     /* from being asked to being done, all together */
};

#define BLOCK_OPS 3u

const struct block_stats *block_stats(const struct ioemu_block *block);

/*
 * park() is asked whenever a read or write of a device fails at the medium, in
 * the loop. True: the request is parked, and not in flight meanwhile, until
 * block_retry() makes it anew or block_give_up() ends it with its error.
 * Flushes are not parked, since trying again would hide what was lost. NULL:
 * nothing is.
 */
void block_on_failure(struct ioemu_block *block,
		      bool (*park)(void *ctx, struct ioemu_block *block,
				   const struct ioemu_io *io, int status),
		      void *ctx);
/* -errno of the first that is parked, 0: none. */
int block_parked(const struct ioemu_block *block);
void block_retry(struct ioemu_block *block);
/* Calls done() of requests: from the loop only. */
void block_give_up(struct ioemu_block *block);

/* Another medium, or none. Memory is the block's until done(). */
struct block_change {
	int fd; /* the block's from now on; -1: none */
	bool readonly;
	void (*done)(struct block_change *change);
	uint64_t size; /* block_medium.c's own, */
	bool file;     /* and this */
};

/*
 * Would this file descriptor do? -EBADF: it is none that can be read; -EACCES:
 * it cannot be written; -ENOTBLK: neither a regular file nor a block device.
 */
int block_check(int fd, bool readonly);
/*
 * Change the medium: requests in flight end on the old one, which is then
 * written out and closed on a worker; what is parked fails; what comes
 * meanwhile waits for the new one. done() comes from the loop. As
 * block_check(), or -EBUSY: a change is under way; `fd` is then still the
 * caller's.
 */
int block_change(struct ioemu_block *block, struct block_change *change);
/*
 * The device goes away: done() is not called any more, and the device's DMA is
 * forgotten already. Then run the loop until block_busy() is 0: what a worker
 * has in hand still uses the requests and their buffers.
 */
void block_forget(struct ioemu_block *block);
/* Only with no request in flight; flushes (fdatasync), closes, frees. */
void block_close(struct ioemu_block *block);

/* ---- sockets that listen (listen.c) ---------------------------------------
 */

/*
 * bind(2) to a path, for our own user alone from the first moment on: mode
 * 0600, whatever the umask. -errno.
 */
int bind_private(int fd, const struct sockaddr_un *addr) IOEMU_MUST_CHECK;

/* ---- sockets under links (linkaddr.c, linksock.c) ------------------------ */

/* "unix:PATH" or "tcp:HOST:PORT", resolved. */
struct linkaddr {
	struct sockaddr_storage sa;
	socklen_t len;
};

/* -EINVAL: neither form; -ENAMETOOLONG; -ENOENT: no such host. May wait for a
 * name server. */
int linkaddr_parse(const char *text, struct linkaddr *out);
/* A descriptor that does not block, or -errno. A connection may still be in
 * the making: sending waits for it, and failure shows when reading. */
int linkaddr_connect(const struct linkaddr *addr);
int linkaddr_listen(const struct linkaddr *addr); /* replaces a dead socket */
int linkaddr_accept(int listen_fd);
/* It can pass descriptors, so rings may be used. */
bool linkaddr_is_unix(int fd);

struct linksock;

/*
 * Pump bytes between a socket and a link, and keep the link's time, which is
 * uv_hrtime(). Takes both over: linksock_close() closes the socket and, from
 * the loop, frees the link. The link's wake() must call linksock_kick().
 *
 * Where both ends said LINK_CAP_RING the bytes change to shared memory, which
 * `spin` looks at while it is awake; NULL: the loop sleeps in between.
 */
int linksock_new(uv_loop_t *loop, int fd, struct link *link, struct spin *spin,
		 struct linksock **out);
void linksock_kick(struct linksock *s);
/* Sends what is left if it goes at once; nothing happens the second time. */
void linksock_close(struct linksock *s);

#endif
