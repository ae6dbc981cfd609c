/* SPDX-License-Identifier: MIT
 *
 * One vCPU's access is held by a slow device; what can the others do? A child
 * on processor 0 reads membar's late register, whose device answers when it is
 * told to. The parent on processor 1 first sees by another register of the same
 * device that the read has come there, then reads ports, sleeps, and only then
 * has the read answered. Nothing depends on how long anything takes: if one
 * access held up another, the release would never come.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tool.h"

#define SLOW "1234.11e9" /* membar, with a delay-us longer than any test */

enum {
	LATE = 0x80, /* in its BAR 2: counts its answers, from 1 */
	OPEN = 0x98, /* late reads that wait; a write answers them */
	UART_SCR = COM1 + 7,
	SLEEPS = 10, /* a round */
	SLEEP_NS = 10000000,
};

struct shared {
	volatile uint32_t asked, answered; /* rounds */
	volatile uint32_t value;
	volatile bool over;
};

static volatile uint32_t *
reg(const struct mem_window *regs, unsigned int offset)
{
	return (volatile uint32_t *)(regs->map + offset);
}

/* The child: one read a round. */
static int
slow_reader(struct shared *s, const struct mem_window *regs)
{
	uint32_t round;

	if (run_on_cpu(0))
		return TOOL_FAILED;
	for (round = 1;; round++) {
		while (s->asked != round && !s->over)
			sched_yield();
		if (s->over)
			return TOOL_OK;
		s->value = *reg(regs, LATE);
		s->answered = round;
	}
}

static bool
others_go_on(unsigned int ports)
{
	const struct timespec ts = { .tv_nsec = SLEEP_NS };
	unsigned int i;

	for (i = 0; i < ports; i++) {
		port_write(UART_SCR, 1, i & 0xff);
		if (port_read(UART_SCR, 1) != (i & 0xff))
			return false;
	}
	for (i = 0; i < SLEEPS; i++) /* by this processor's timer */
		if (nanosleep(&ts, NULL))
			return false;
	return true;
}

static bool
one_round(struct shared *s, const struct mem_window *regs, uint32_t round,
	  unsigned int ports)
{
	s->asked = round;
	while (*reg(regs, OPEN) != 1)
		sched_yield();
	if (!others_go_on(ports) || s->answered == round)
		return false;
	*reg(regs, OPEN) = 1;
	while (s->answered != round)
		sched_yield();
	if (s->value != round)
		return false;
	printf("BESIDE round %u: %u ports and %u sleeps while a read waited\n",
	       round, ports, SLEEPS);
	return true;
}

int
cmd_beside(int argc, char **argv)
{
	unsigned int rounds = argc > 0 ? (unsigned int)atoi(argv[0]) : 1;
	unsigned int ports = argc > 1 ? (unsigned int)atoi(argv[1]) : 100;
	struct shared *s = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct mem_window regs;
	int status = 0;
	bool ok = true;
	uint32_t i;
	pid_t pid;

	if (s == MAP_FAILED || bar_open(SLOW, 2, &regs) || ports_open() < 0)
		return TOOL_FAILED;
	pid = fork();
	if (pid == 0)
		_exit(slow_reader(s, &regs));
	if (pid < 0 || run_on_cpu(1))
		return TOOL_FAILED;
	for (i = 1; ok && i <= rounds; i++)
		ok = one_round(s, &regs, i, ports);
	*reg(&regs, OPEN) = 1; /* of a round that failed */
	s->over = true;
	waitpid(pid, &status, 0);
	printf(ok ? "BESIDE done\n" : "GUEST-FAIL beside: round %u\n", i - 1);
	return ok && !status ? TOOL_OK : TOOL_FAILED;
}
