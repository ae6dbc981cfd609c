/* SPDX-License-Identifier: MIT */
/*
 * machine.h - between the modules of libioemu-bench; not installed.
 *
 * A machine is what surrounds the devices of one test: guest RAM, a clock,
 * pipes and disks. It outlives the devices, which may be made anew at any
 * quiet moment.
 */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include <ioemu/bench.h>

#define MAX_DEVICES 32u
#define MAX_ROUTES (MAX_DEVICES * HOST_MAX_WINDOWS)
#define MAX_BACKENDS 16u
#define NAME_SIZE 48u
#define N_LINKS 4u

#define NS_PER_S 1000000000ull

/* A device's saved state; the memory is kept for the next time. */
struct saved {
	uint8_t *data;
	size_t size;
	long used;
	uint32_t lines;
};

/* One word of the list of devices, and who it is at present. */
struct slot {
	struct machine *m;
	const struct host_type *type;
	struct hostdev *hd; /* NULL: between two lives */
	char id[NAME_SIZE];
	char *spec;		    /* cut into words: TYPE, key=value, ... */
	uint32_t lines;		    /* as the host was told; INTx is bit 16 */
	struct saved before, after; /* migration */
};

struct ioemu_chardev {
	char name[NAME_SIZE];
	struct hostdev *owner;
	size_t room;
	uint8_t *in, *out;
	size_t in_len, out_len;
};

struct ioemu_block {
	char name[NAME_SIZE];
	uint8_t *data;
	uint64_t size;
	bool readonly;
	int fail; /* status of the next request */
	unsigned flushes;
};

/* DMA or disk I/O in flight. */
struct request {
	struct request *next;
	struct hostdev *hd;
	struct ioemu_dma *dma; /* one of these two */
	struct ioemu_io *io;
	int status;
	uint64_t due_ns; /* done when the clock or ... */
	unsigned turns;	 /* ... the loop has come so far */
};

struct machine {
	struct host_plugins *plugins;
	struct slot slot[MAX_DEVICES];
	unsigned n_slots;
	struct host_window *route[MAX_ROUTES]; /* first match wins */
	unsigned n_routes;
	uint8_t *ram;

	uint64_t now_ns;
	struct ioemu_timer *timers; /* by host[0], in no order */
	struct request *requests;
	uint32_t random;

	struct ioemu_chardev *chr[MAX_BACKENDS];
	struct ioemu_block *block[MAX_BACKENDS];

	unsigned n_msi;
	uint32_t msi_data;
	int link[N_LINKS];
	int power;
	unsigned unplugged;
	char *log;
	size_t log_len;
};

/* machine.c */
struct machine *machine_new(struct host_plugins *plugins);
void machine_add(struct machine *m, const char *const *devices);
void machine_free(struct machine *m);
struct slot *machine_find(struct machine *m, const char *id);
struct host_window *machine_route(struct machine *m, enum ioemu_space space,
				  uint64_t addr);
uint32_t machine_random(struct machine *m, uint32_t below);
void machine_log(struct machine *m, const char *text);
/* No access, DMA or disk I/O is open. */
bool machine_quiet(const struct machine *m);
/* Save all devices, free them, make them anew, load. */
void machine_migrate(struct machine *m);
void machine_reset(struct machine *m);
/* A device broke a rule that the bench watches: fails the test. */
void machine_check(const struct machine *m);

/* loop.c */
void machine_turn(struct machine *m);
void machine_advance(struct machine *m, uint64_t ns);
/* Turn until *done, or (NULL) all is quiet. False: nothing in 10 s. */
bool machine_wait(struct machine *m, const bool *done);

/* hostops.c */
extern const struct host_ops bench_ops;

/* backend.c: pipes and disks */
struct ioemu_chardev *backend_chr(struct machine *m, const char *name);
struct ioemu_block *backend_block(struct machine *m, const char *name);
int backend_chr_open(struct hostdev *hd, const char *value,
		     struct ioemu_chardev **out);
int backend_block_open(struct hostdev *hd, const char *value,
		       struct ioemu_block **out);
void backend_append(uint8_t **buf, size_t *len, const void *data, size_t n);
int backend_io(struct machine *m, const struct ioemu_io *io);
void backend_deliver(struct machine *m);
void backend_free(struct machine *m);

static inline struct machine *
machine_of(const struct hostdev *hd)
{
	return ((struct slot *)hd->host)->m;
}

#endif
