/* SPDX-License-Identifier: MIT
 *
 * Writes that nobody need wait for, to membar's chains (devices/membar): what
 * they cost, beside the same writes to the same registers by the BAR that is
 * not marked so; and that none is lost, none comes out of order, and a read of
 * any processor sees all that was written before it.
 */
#define _GNU_SOURCE
#include <inttypes.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tool.h"

enum {
	PLAIN_BAR = 2,
	PLAIN_AT = 0x100,
	POSTED_BAR = 3,
	BELL_BAR = 5,
	BELLS = 0x90, /* in BAR 2: how often it rang */
	CHAIN_SIZE = 0x40,
	N_BATCHES = 15,
	BATCH = 20,
	BURST = 5000, /* more than a ring holds */
	MIXED = 2000,
	ROUNDS = 200,
	FACTOR = 31,
};

/* One chain, by either way, and what it must have come to. */
struct chain {
	volatile uint8_t *plain, *posted;
	uint32_t sum, length;
};

struct both {
	struct mem_window plain, posted, bell;
};

static void
chain_open(struct chain *c, const struct both *b, unsigned int n)
{
	c->plain = b->plain.map + PLAIN_AT + n * CHAIN_SIZE;
	c->posted = b->posted.map + n * CHAIN_SIZE;
	c->sum = *(volatile uint32_t *)c->plain;
	c->length = *(volatile uint32_t *)(c->plain + 4);
}

static void
chain_expect(struct chain *c, uint32_t v)
{
	c->sum = c->sum * FACTOR + v;
	c->length++;
}

static void
chain_write(struct chain *c, bool posted, uint32_t v)
{
	*(volatile uint32_t *)(posted ? c->posted : c->plain) = v;
	chain_expect(c, v);
}

/* The length first: it must be right when it is the only read. */
static bool
chain_right(const struct chain *c, bool posted, const char *what)
{
	const volatile uint8_t *at = posted ? c->posted : c->plain;
	uint32_t length = *(const volatile uint32_t *)(at + 4);
	uint32_t sum = *(const volatile uint32_t *)at;

	if (length == c->length && sum == c->sum)
		return true;
	printf("GUEST-FAIL posted: %s: length %" PRIu32 ", not %" PRIu32
	       "; sum %" PRIx32 ", not %" PRIx32 "\n",
	       what, length, c->length, sum, c->sum);
	return false;
}

/* ---- what it costs ------------------------------------------------ */

static void
write_4(struct chain *c, bool posted)
{
	chain_write(c, posted, 0x5a5aa5a5);
}

static void
write_64(struct chain *c, bool posted)
{
	volatile uint64_t *to =
		(volatile uint64_t *)(posted ? c->posted : c->plain);
	unsigned int i;

	for (i = 0; i < 8; i++)
		to[i] = i;
	for (i = 0; i < 8; i++) {
		chain_expect(c, i);
		chain_expect(c, 0);
	}
}

/* Per write, what the writer waits; and with a read of it behind the batch,
 * when all has arrived. The best of the batches. */
static bool
cost(struct chain *c, const char *what, void (*write)(struct chain *, bool),
     bool posted)
{
	uint64_t best = UINT64_MAX, best_all = UINT64_MAX;
	unsigned int i, k;

	for (i = 0; i < N_BATCHES; i++) {
		uint64_t start = now_ns(), ns, all;

		for (k = 0; k < BATCH; k++)
			write(c, posted);
		ns = now_ns() - start;
		(void)*(volatile uint32_t *)c->plain;
		all = now_ns() - start;
		best = ns < best ? ns : best;
		best_all = all < best_all ? all : best_all;
	}
	printf("POSTED cost %s %s %" PRIu64
	       " ns, with a read behind %d %" PRIu64 " ns\n",
	       what, posted ? "posted" : "plain", best / BATCH, BATCH,
	       best_all);
	return chain_right(c, false, what);
}

static bool
costs(const struct both *b)
{
	struct chain c;
	bool ok;

	chain_open(&c, b, 1);
	ok = cost(&c, "4", write_4, false);
	ok = ok && cost(&c, "4", write_4, true);
	ok = ok && cost(&c, "64", write_64, false);
	return ok && cost(&c, "64", write_64, true);
}

/* A ring and a look at the device: it has rung once. Many rings: once at
 * least, and never more often than that. */
static bool
bells(const struct both *b)
{
	volatile uint32_t *bell = (volatile uint32_t *)b->bell.map;
	volatile uint32_t *rung = (volatile uint32_t *)(b->plain.map + BELLS);
	uint64_t best = UINT64_MAX;
	uint32_t before = *rung, more;
	unsigned int i, k;

	for (i = 0; i < ROUNDS; i++) {
		bell[i] = i;
		if (*rung != before + i + 1) {
			printf("GUEST-FAIL posted: the doorbell rang %" PRIu32
			       " times, not %u\n",
			       *rung - before, i + 1);
			return false;
		}
	}
	before = *rung;
	for (i = 0; i < N_BATCHES; i++) {
		uint64_t start = now_ns(), ns;

		for (k = 0; k < BATCH; k++)
			*bell = k;
		ns = now_ns() - start;
		more = *rung - before;
		before += more;
		best = ns < best ? ns : best;
		if (!more || more > BATCH) {
			printf("GUEST-FAIL posted: %d rings were %" PRIu32 "\n",
			       BATCH, more);
			return false;
		}
	}
	printf("POSTED cost 4 bell %" PRIu64 " ns, the last %d are %" PRIu32
	       "\n",
	       best / BATCH, BATCH, more);
	return true;
}

/* ---- order -------------------------------------------------------- */

static bool
mixed(const struct both *b)
{
	struct rng rng = { 1 };
	struct chain c;
	unsigned int i;

	chain_open(&c, b, 0);
	for (i = 0; i < MIXED; i++) {
		uint64_t dice = rng_below(&rng, 8);

		chain_write(&c, dice > 1, (uint32_t)rng_next(&rng));
		if (!dice && !chain_right(&c, rng_below(&rng, 2), "mixed"))
			return false;
	}
	return chain_right(&c, true, "mixed");
}

static bool
burst(const struct both *b)
{
	struct chain c;
	uint32_t i;

	chain_open(&c, b, 0);
	for (i = 0; i < BURST; i++)
		chain_write(&c, true, i);
	return chain_right(&c, false, "a burst");
}

/* ---- two processors ----------------------------------------------- */

struct shared {
	volatile uint32_t turn; /* odd: the reader's */
};

static bool
child_ended_well(pid_t pid)
{
	int status;

	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       !WEXITSTATUS(status);
}

/* Each bursts into a chain of its own. */
static bool
side_by_side(const struct both *b)
{
	struct chain mine, other;
	bool ok = true;
	uint32_t i;
	pid_t pid;

	chain_open(&mine, b, 2);
	chain_open(&other, b, 3);
	pid = fork();
	if (pid < 0 || run_on_cpu(pid ? 0 : 1))
		return false;
	for (i = 0; i < BURST; i++)
		chain_write(pid ? &mine : &other, true, i * 7);
	ok = chain_right(pid ? &mine : &other, true, "two at once");
	fflush(stdout);
	if (!pid)
		_exit(ok ? 0 : 1);
	return child_ended_well(pid) && ok;
}

static void
await_turn(const struct shared *s, uint32_t turn)
{
	while (s->turn != turn)
		sched_yield();
}

/* One writes and says so in memory, the other reads the device at once. */
static bool
told_by_memory(const struct both *b)
{
	struct shared *s = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct chain c;
	uint32_t i, k;
	bool ok = true;
	pid_t pid;

	if (s == MAP_FAILED)
		return false;
	chain_open(&c, b, 0);
	pid = fork();
	if (pid < 0 || run_on_cpu(pid ? 0 : 1))
		return false;
	for (i = 0; i < ROUNDS; i++) {
		for (k = 0; k <= i % 3; k++) {
			if (pid)
				chain_write(&c, true, i);
			else
				chain_expect(&c, i);
		}
		if (pid) {
			s->turn = 2 * i + 1;
			await_turn(s, 2 * i + 2);
			continue;
		}
		await_turn(s, 2 * i + 1);
		ok = ok && chain_right(&c, i & 1, "told by memory");
		s->turn = 2 * i + 2;
	}
	fflush(stdout);
	if (!pid)
		_exit(ok ? 0 : 1);
	return child_ended_well(pid);
}

int
cmd_posted(int argc, char **argv)
{
	static bool (*const parts[])(const struct both *b) = {
		costs, bells, mixed, burst, side_by_side, told_by_memory,
	};
	struct both b;
	unsigned int i;

	if (argc != 1)
		return TOOL_USAGE;
	if (bar_open(argv[0], PLAIN_BAR, &b.plain) < 0 ||
	    bar_open(argv[0], POSTED_BAR, &b.posted) < 0 ||
	    bar_open(argv[0], BELL_BAR, &b.bell) < 0) {
		printf("GUEST-FAIL posted: no BARs 2, 3 and 5 in %s\n",
		       argv[0]);
		return TOOL_FAILED;
	}
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!parts[i](&b)) {
			printf("GUEST-FAIL posted: part %u\n", i);
			return TOOL_FAILED;
		}
		printf("POSTED part %u right\n", i);
	}
	printf("POSTED done\n");
	return TOOL_OK;
}
