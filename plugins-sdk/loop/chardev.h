/* SPDX-License-Identifier: MIT */
/*
 * chardev.h - between the core of character devices (chardev.c) and their
 * kinds (chr_*.c); not installed.
 */
#ifndef SDK_LOOP_CHARDEV_H
#define SDK_LOOP_CHARDEV_H

#include "loop/loop.h"
#include <sys/un.h>
#include <termios.h>

#define CHR_RING 65536u
#define CHR_IN 0x1u
#define CHR_OUT 0x2u

/* A file descriptor and what it is still good for. */
struct chr_fd {
	struct ioemu_chardev *chr;
	int fd;		 /* -1: none */
	unsigned ways;	 /* CHR_IN, CHR_OUT */
	bool ended;	 /* the other side has gone; unread input may be left */
	bool sock;	 /* takes the MSG_ flags */
	uv_poll_t *poll; /* NULL: a plain file, always ready */
};

struct chr_kind {
	/* The other side has gone and all it sent is read. NULL: detach f. */
	void (*hangup)(struct chr_fd *f);
	/* Now and then after chr_start_ticks(), or NULL. */
	void (*tick)(struct ioemu_chardev *chr);
	/* It goes on after chr_freeze(): watch what chr_watch() does not, or
	 * NULL. */
	void (*thaw)(struct ioemu_chardev *chr);
	/* Undo what open did besides chr_attach(), or NULL. */
	void (*close)(struct ioemu_chardev *chr);
};

/* What passes at present. */
enum chr_flow {
	CHR_RUNNING,
	CHR_INPUT_DEFERRED, /* output only */
	CHR_FROZEN,	    /* nothing, nor is anyone accepted: handed over */
};

struct ioemu_chardev {
	uv_loop_t *loop;
	const struct chr_kind *kind;
	char name[CHR_NAME];
	struct chr_fd
		end[CHR_ENDS]; /* both ways in the first, or in and out apart */
	struct hostdev *hd;
	enum chr_flow flow;
	size_t room;
	bool input_seen; /* input since the last tick */
	bool leaves;	 /* what is at addr */
	uint64_t lost;
	uint32_t head, used; /* of the ring */
	unsigned handles;    /* still to close */
	uv_timer_t timer;
	uv_idle_t idle; /* "in this turn": output, and input without poll */
	int listen_fd;	/* chr_unix.c */
	uv_poll_t listen;
	struct sockaddr_un addr;
	struct termios tio; /* chr_file.c: a terminal as it was found */
	uint8_t ring[CHR_RING];
};

/* Without a kind yet; NULL: no memory. */
struct ioemu_chardev *chr_new(uv_loop_t *loop);

/* One each kind: 0 or -errno; what they attached chardev.c takes down. */
int chr_open_pty(struct ioemu_chardev *chr);
int chr_open_unix(struct ioemu_chardev *chr, const char *spec);
int chr_open_file(struct ioemu_chardev *chr, const char *path);
int chr_open_tty(struct ioemu_chardev *chr, const char *path);
int chr_open_stdio(struct ioemu_chardev *chr);

/*
 * Likewise from another process, frozen; the ends are chr_handover.c's to
 * attach. Takes hand->listen_fd over.
 */
int chr_handover_pty(struct ioemu_chardev *chr);
int chr_handover_unix(struct ioemu_chardev *chr, const char *spec,
		      int listen_fd);

/* Until chr_defer_input(false). */
void chr_freeze(struct ioemu_chardev *chr);

/* Use fd, which is chardev.c's to close from now on, even on failure. */
int chr_attach(struct chr_fd *f, int fd, unsigned ways);
void chr_detach(struct chr_fd *f);
/* Watch for what is of use now. */
void chr_watch(struct ioemu_chardev *chr);
void chr_start_ticks(struct ioemu_chardev *chr);
/* For uv_close() of a handle counted in chr->handles. */
void chr_closed(uv_handle_t *handle);

#endif
