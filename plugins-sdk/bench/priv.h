/* SPDX-License-Identifier: MIT */
/* priv.h - between what a test calls as a guest (bench.c) and as everybody
 * else (outside.c); not installed. */
#ifndef SDK_BENCH_PRIV_H
#define SDK_BENCH_PRIV_H

#include "machine.h"

enum mode {
	MODE_DIRECT,
	MODE_MIGRATE, /* all devices made anew after every access */
	MODE_PEER,    /* each device at the other end of a socket */
	N_MODES,
};

struct bench {
	struct machine *m, *twin;
	enum mode mode;
	struct host_op op;
	bool done;
};

/* The loop goes round once, and the mode does to the devices what it does. */
void bench_after(struct bench *b);

#endif
