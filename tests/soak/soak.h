/* SPDX-License-Identifier: MIT */
/*
 * soak.h - between the parts of the soak: soak.c (the run and its verdict),
 * soak_unit.c (devices, and how they are lost and come back), soak_guest.c
 * (vCPUs and their accesses), soak_dma.c (the engine's driver).
 *
 * Everything read is compared with what must be there. To know that, whatever
 * is written has one owner: each vCPU a part of every memory, each engine's
 * transfers a part of its card and of guest memory.
 */
#ifndef SOAK_H
#define SOAK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/core_fixture.h"
#include "support/processes.h"

#define SOAK_VCPUS 4u
#define CARETAKER SOAK_VCPUS /* the vCPU that brings units back */
#define N_UNITS 8u
#define MS 1000000ull
#define ONES 0xffffffffu

#define UNIT_PART 0x4000u /* of a unit's memory: a vCPU's */
#define UNIT_SHARED (SOAK_VCPUS * UNIT_PART)
#define CARD_DMA 0x10000u /* of an engine's memory: the transfers' */
#define UNIT_MAX (UNIT_SHARED + CARD_DMA)

/* Guest memory: a buffer a vCPU, then list and data of each engine. */
#define BUFFER(vcpu) (0x10000ull * (1 + (vcpu)))
#define BUFFER_SIZE 0x10000u
#define DMA_AREA(slot)                                                         \
	(0x60000ull + 0x10000 * (((slot)-4) / 2)) /* 4, 6 ...                  \
						   */
#define DMA_DATA 0x1000u
#define DMA_DATA_SIZE 0xf000u
#define ZEROS 0x1000ull

enum way { HERE, RING, UNIX, TCP, N_WAYS };

enum unit_state {
	UNIT_UP,
	UNIT_SHAKEN, /* stopped for a moment: slow, and all of it right */
	UNIT_LOST,   /* what is read may be ones, what is written lost */
	UNIT_BACK,   /* being brought to a known state; left alone */
};

struct soak;

struct unit {
	struct soak *s;
	bool engine;
	enum way way;
	unsigned slot;
	uint64_t ram, reg;
	uint16_t port;
	uint32_t size;
	char addr[160];

	enum unit_state state;
	unsigned epoch; /* losses so far: what was begun before is void */
	unsigned shakes;
	unsigned in_flight;
	pid_t pid;	     /* 0: not running */
	bool stopped, dying; /* its process */
	uint64_t at_ns;	     /* of the next thing to happen to it */
	unsigned step;	     /* of bringing it back */

	uint8_t model[UNIT_MAX];
	uint8_t scratch[16];
	int config[SOAK_VCPUS]; /* a byte a vCPU; -1: not known */
	bool msi;
	struct vcpu *user; /* of the engine */
};

/* One transfer at an engine: soak_dma.c. */
struct dma_job {
	struct unit *unit; /* NULL: none */
	unsigned epoch, step;
	bool waiting; /* for the interrupt */
	unsigned msis;
	uint64_t since_ns, sum;
	uint32_t start, len, n;
	struct {
		uint64_t gpa;
		uint32_t len;
		bool out;
	} desc[8];
};

struct vcpu {
	struct soak *s;
	unsigned i;
	bool busy;
	struct request req;
	struct unit *unit;
	unsigned epoch, shakes;
	bool sure; /* the unit was well when it was asked */
	uint64_t since_ns;
	void (*answered)(struct vcpu *v, uint64_t data);
	struct dma_job job;
	struct request run; /* writes that follow each other, to be merged */
	unsigned runs;	    /* how many are left */
};

struct latency {
	uint64_t n, sum_ns, most_ns;
};

struct soak {
	struct core core; /* first */
	struct procs procs;
	uv_timer_t timer;
	struct unit unit[N_UNITS];
	struct vcpu vcpu[SOAK_VCPUS + 1];
	uint64_t seed, random;
	uint32_t life_ms; /* of a process until the next thing happens to it */
	bool calm;	  /* no more losses: all shall be there */
	bool ending;	  /* no more accesses */
	bool failed;

	uint64_t accesses, bytes, dma_bytes, dma_jobs, interrupts;
	unsigned kills, stops, restarts;
	struct latency latency[N_WAYS];
};

/* soak.c */
uint32_t soak_random(struct soak *s, uint32_t below);
void soak_fill(struct soak *s, uint8_t *p, size_t len);
/* Says what is wrong; the first time is the end of the run. */
void soak_fail(struct soak *s, const char *fmt, ...) IOEMU_PRINTF(2, 3);

/* soak_unit.c */
void units_open(struct soak *s);
/* What the caretaker does next; each `tick`: kill, stop, start. */
void units_turn(struct soak *s, bool tick);
bool units_all_up(const struct soak *s);
/* How many are reached through shared memory, by their own word. */
unsigned units_by_ring(const struct soak *s);
bool unit_sound(const struct unit *u);
const char *unit_name(const struct unit *u);

/* soak_guest.c */
/* Asks; answered() is called at once where nobody claims. */
void vcpu_ask(struct vcpu *v, struct unit *u, const struct request *req,
	      void (*answered)(struct vcpu *v, uint64_t data));
/* Nothing happened to the unit since it was asked: the answer counts. */
bool vcpu_sure(const struct vcpu *v);
/* An answer is taken, the next access begun; true: something happened. */
bool vcpu_turn(struct vcpu *v);

/* soak_dma.c */
/* The next access of this vCPU's transfer, if there is one to make. */
bool dma_next(struct vcpu *v);
/* Takes an engine that nobody uses. */
void dma_begin(struct vcpu *v, struct unit *u);

#endif
