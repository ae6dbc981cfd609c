/* SPDX-License-Identifier: MIT */
/*
 * machine.h - between the modules of libioemu-bench; not installed.
 *
 * A machine is what surrounds the devices of one test: guest RAM, a clock,
 * pipes and disks. It outlives the devices, which may be made anew at any
 * quiet moment.
 */
#ifndef SDK_BENCH_MACHINE_H
#define SDK_BENCH_MACHINE_H

#include "link/linkhost.h"
#include <ioemu/bench.h>

#define MAX_DEVICES 32u
#define MAX_ROUTES (MAX_DEVICES * HOST_MAX_WINDOWS)
#define MAX_BACKENDS 16u
#define NAME_SIZE 48u
#define N_LINKS 4u
#define INTX_LINE 16u /* behind ISA interrupts 0 to 15 */

#define NS_PER_S 1000000000ull

/* A device's saved state; the memory is kept for the next time. */
struct saved {
	uint8_t *data;
	size_t size;
	long used;
	uint32_t lines;
};

struct wire;

/* One word of the list of devices, and who it is at present. */
struct slot {
	struct linkhost *lh; /* first: linkhost.c looks here; NULL: no link */
	struct wire *wire; /* the link it has itself; NULL: a child, or none */
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
	struct hostdev *hd;    /* NULL: behind a link */
	struct ioemu_dma *dma; /* one of these three */
	struct ioemu_io *io;
	struct link_in *in;
	void *pieces;	/* of a disk write, from behind a link */
	uint8_t *bytes; /* all of them */
	uint32_t n_pieces;
	int status;
	uint64_t due_ns; /* done when the clock or ... */
	unsigned turns;	 /* ... the loop has come so far */
};

struct machine {
	struct host_plugins *plugins;
	bool links; /* devices are behind links */
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

	unsigned rises[INTX_LINE + 1]; /* as bench_irq_edges() */
	unsigned n_msi;
	uint32_t msi_data;
	int link[N_LINKS];
	int power;
	unsigned unplugged;
	uint32_t ejected;
	char *log;
	size_t log_len;
};

/* machine.c */
struct machine *machine_new(struct host_plugins *plugins);
void machine_add(struct machine *m, const char *const *devices);
void machine_free(struct machine *m);
struct slot *machine_find(struct machine *m, const char *id);
/* The guest can reach a window / no more. */
void machine_map(struct machine *m, struct host_window *w);
void machine_unmap(struct machine *m, const struct host_window *w);
struct host_window *machine_route(struct machine *m, enum ioemu_space space,
				  uint64_t addr);
struct host_window *machine_config(struct slot *s);
uint32_t machine_random(struct machine *m, uint32_t below);
void machine_log(struct machine *m, const char *text);
/* No access, DMA or disk I/O is open, and no link has bytes under way. */
bool machine_quiet(const struct machine *m);
/* Save all devices, free them, make them anew, load. */
void machine_migrate(struct machine *m);
/* The first half of it, into slot->before; and what is there is loaded into
 * devices made anew, until one refuses. */
void machine_save(struct machine *m);
int machine_load(struct machine *m);
void slot_save(const struct slot *s, struct saved *to);
void machine_reset(struct machine *m);
/* A device broke a rule that the bench watches: fails the test. */
void machine_check(const struct machine *m);

/* fields.c: the i-th field of a state, false past the end; a value of one; and
 * as bench_load_field(). */
bool saved_field(const struct saved *st, unsigned i, char name[256],
		 uint32_t *count);
uint64_t saved_get(const struct saved *st, const char *name, unsigned i);
void saved_set(struct saved *st, const char *name, unsigned i, uint64_t value);
int machine_load_field(struct slot *s, const char *field, unsigned i,
		       uint64_t value);

/* loop.c */
void machine_turn(struct machine *m);
void machine_advance(struct machine *m, uint64_t ns);
/* Turn until *done, or (NULL) all is quiet. False: nothing in 10 s. */
bool machine_wait(struct machine *m, const bool *done);
/* Turn until all that is under way on links has arrived. */
void machine_arrive(struct machine *m);

/* hostops.c */
void machine_line(struct slot *s, unsigned line, bool level);
extern const struct host_ops bench_ops;
extern const struct host_ops bench_link_ops; /* of devices behind links */
/* It ends some turns, or some time, from now. */
struct request *request_new(struct machine *m);

/* wire.c: devices behind links; the bench is the root */
void wire_new(struct slot *s);
/* All devices are made: connect them all. */
void wires_up(struct machine *m);
/* Some bytes move. */
void wires_move(struct machine *m);
/* Bytes are under way. */
bool wires_busy(const struct machine *m);
/* The guest's access to a window of a wire; false: no answer. */
bool wire_access(const struct host_op *access);
struct host_window *wire_config(struct wire *wire);
/* Before the devices go, and after. */
void wires_down(struct machine *m);
void wires_free(struct machine *m);

/* wirereq.c: what devices behind links ask of the root */
void wire_request(struct link *link, struct link_in *in);
void wire_message(struct link *link, const struct link_msg *msg);
/* Guest memory for a read of a device: an answer that took its time. */
void wire_serve(struct machine *m, struct link_in *in);
/* Disk I/O that moves guest memory through the device's link. */
void wire_io(struct request *r);

/* backend.c: pipes and disks */
struct ioemu_chardev *backend_chr(struct machine *m, const char *name);
struct ioemu_block *backend_block(struct machine *m, const char *name);
int backend_chr_open(struct hostdev *hd, const char *value,
		     struct ioemu_chardev **out);
int backend_block_open(struct hostdev *hd, const char *value,
		       struct ioemu_block **out);
/* Another medium, all zeroes; nothing is in flight on the old one. */
void backend_load(struct ioemu_block *block, uint64_t size);
void backend_append(uint8_t **buf, size_t *len, const void *data, size_t n);
int backend_io(struct machine *m, const struct ioemu_io *io);
void backend_deliver(struct machine *m);
void backend_free(struct machine *m);

/* Is all of it guest RAM? */
static inline bool
machine_is_ram(uint64_t gpa, uint64_t len)
{
	return gpa <= BENCH_RAM_SIZE && len <= BENCH_RAM_SIZE - gpa;
}

static inline struct machine *
machine_of(const struct hostdev *hd)
{
	return ((struct slot *)hd->host)->m;
}

#endif
