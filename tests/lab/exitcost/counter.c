/* SPDX-License-Identifier: MIT */
/*
 * counter - a plugin for QEMU's TCG that counts what the one processor of the
 * outer machine executes between two marks of guest-tool (guest/exitcost.c),
 * by who executes it and by block of code. "out=FILE" says where to.
 *
 * A kind of access is measured many times. Runs in which the guest's kernel
 * took part are left out: an interrupt came, mostly its timer's. Of the others,
 * the one with the median number of instructions is written:
 *
 *	kind RUNS LEFT-OUT LEAST MEDIAN MOST
 *	block ZONE ADDRESS INSTRUCTIONS TIMES	(of the median, the rest too)
 *	rep ZONE ADDRESS STEPS TIMES
 *
 * TCG executes a string instruction step by step. A processor does not, so
 * steps are counted apart, and in no number of instructions.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu_plugin.h"

#define MAX_PLACES (1u << 20)
#define HASH_SIZE (2u * MAX_PLACES)
#define MAX_RUNS 1024u

/* The hypervisor's part of the address space (asm-x86/config.h: image, fixed
 * mappings, the entry stubs of each processor). */
#define XEN_FIRST 0xffff82d040000000u
#define XEN_LAST 0xffff82d07fffffffu
#define HIGH_HALF (1ull << 63)

/* guest/exitcost.c has the same. */
#define MARK_BEGIN 0x4c414201u
#define MARK_END 0x4c414202u
#define MARK_KIND 0x4c414203u

enum zone {
	XEN,
	GUEST_KERNEL,
	GUEST_USER,
	DOM0_KERNEL,
	DOM0_USER,
};

static const char *const zone_names[] = {
	"xen", "guest-kernel", "guest-user", "dom0-kernel", "dom0-user",
};

/* A block by its first instruction, or a string instruction. */
struct place {
	uint64_t addr;
	enum zone zone;
	bool rep;
};

/* What of it was executed, in one run. */
struct visit {
	uint32_t place, times;
	uint64_t count;
};

struct run {
	struct visit *visits;
	size_t n;
	uint64_t insns;
};

/* Counters are arrays of their own: they are all looked at for each run. */
static struct {
	FILE *out;
	struct place place[MAX_PLACES];
	uint64_t count[MAX_PLACES], times[MAX_PLACES];
	uint32_t n_places;
	uint32_t hash[HASH_SIZE]; /* place + 1 */
	struct run run[MAX_RUNS];
	unsigned int n_runs, n_disturbed;
	uint64_t vmrun_next; /* where a guest's exit leads */
	bool in_guest, measuring;
} the;

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

static void
die(const char *why)
{
	fprintf(stderr, "counter: %s\n", why);
	exit(1);
}

/* ---- places -------------------------------------------------------- */

/* At translation the processor is about to execute it, so who is running now
 * is whose it is. */
static enum zone
zone_of(uint64_t addr)
{
	bool kernel = addr & HIGH_HALF;

	if (addr >= XEN_FIRST && addr <= XEN_LAST)
		return XEN;
	if (the.in_guest)
		return kernel ? GUEST_KERNEL : GUEST_USER;
	return kernel ? DOM0_KERNEL : DOM0_USER;
}

static uint32_t
place_find(uint64_t addr, enum zone zone, bool rep)
{
	uint64_t at = (addr * 31 + zone * 2 + rep) * 0x9e3779b97f4a7c15u >> 32;
	uint32_t *slot, i;

	for (;; at++) {
		slot = &the.hash[at % HASH_SIZE];
		if (!*slot)
			break;
		i = *slot - 1;
		if (the.place[i].addr == addr && the.place[i].zone == zone &&
		    the.place[i].rep == rep)
			return i;
	}
	if (the.n_places == MAX_PLACES)
		die("too many blocks of code");
	i = the.n_places++;
	*slot = i + 1;
	the.place[i] = (struct place){ addr, zone, rep };
	return i;
}

/* ---- runs ---------------------------------------------------------- */

static void
run_begin(void)
{
	memset(the.count, 0, the.n_places * sizeof(the.count[0]));
	memset(the.times, 0, the.n_places * sizeof(the.times[0]));
	the.measuring = true;
}

static void
run_end(void)
{
	struct run *run = &the.run[the.n_runs];
	bool disturbed = false;
	uint32_t i;

	if (!the.measuring || the.n_runs == MAX_RUNS)
		return;
	the.measuring = false;
	for (i = 0; i < the.n_places; i++) {
		run->n += the.count[i] > 0;
		disturbed |= the.count[i] && the.place[i].zone == GUEST_KERNEL;
	}
	if (disturbed) {
		run->n = 0;
		the.n_disturbed++;
		return;
	}
	run->visits = calloc(run->n, sizeof(*run->visits));
	if (!run->visits)
		die("no memory");
	run->n = 0;
	for (i = 0; i < the.n_places; i++) {
		if (!the.count[i])
			continue;
		run->visits[run->n++] = (struct visit){
			.place = i,
			.times = (uint32_t)the.times[i],
			.count = the.count[i],
		};
		if (!the.place[i].rep)
			run->insns += the.count[i];
	}
	the.n_runs++;
}

static int
run_order(const void *left, const void *right)
{
	const struct run *l = left, *r = right;

	return (l->insns > r->insns) - (l->insns < r->insns);
}

static void
runs_write(void)
{
	struct run *median = &the.run[the.n_runs / 2];
	struct run *last = &the.run[the.n_runs ? the.n_runs - 1 : 0];
	unsigned int i;
	size_t k;

	qsort(the.run, the.n_runs, sizeof(the.run[0]), run_order);
	fprintf(the.out, "kind %u %u %llu %llu %llu\n", the.n_runs,
		the.n_disturbed, (unsigned long long)the.run[0].insns,
		(unsigned long long)median->insns,
		(unsigned long long)last->insns);
	for (k = 0; k < median->n; k++) {
		const struct visit *v = &median->visits[k];
		const struct place *p = &the.place[v->place];

		fprintf(the.out, "%s %s %llx %llu %u\n",
			p->rep ? "rep" : "block", zone_names[p->zone],
			(unsigned long long)p->addr,
			(unsigned long long)v->count, v->times);
	}
	fflush(the.out);
	for (i = 0; i < the.n_runs; i++)
		free(the.run[i].visits);
	memset(the.run, 0, sizeof(the.run));
	the.n_runs = the.n_disturbed = 0;
}

/* ---- execution ----------------------------------------------------- */

static void
on_vmrun(unsigned int vcpu, void *userdata)
{
	(void)vcpu;
	(void)userdata;
	the.in_guest = true;
}

static void
on_vmexit(unsigned int vcpu, void *userdata)
{
	(void)vcpu;
	(void)userdata;
	the.in_guest = false;
}

static void
on_mark(unsigned int vcpu, void *userdata)
{
	(void)vcpu;
	switch ((uint32_t)(uintptr_t)userdata) {
	case MARK_BEGIN:
		run_begin();
		break;
	case MARK_END:
		run_end();
		break;
	default:
		runs_write();
		break;
	}
}

/* ---- translation --------------------------------------------------- */

static bool
is_vmrun(const uint8_t *code, size_t size)
{
	return size == 3 && !memcmp(code, "\x0f\x01\xd8", 3);
}

/* nopl MARK(%rax), or 0. */
static uint32_t
mark_of(const uint8_t *code, size_t size)
{
	uint32_t mark;

	if (size != 7 || memcmp(code, "\x0f\x1f\x80", 3) != 0)
		return 0;
	memcpy(&mark, code + 3, sizeof(mark));
	return mark >= MARK_BEGIN && mark <= MARK_KIND ? mark : 0;
}

/* rep and one of ins outs movs cmps stos lods scas, other prefixes between. */
static bool
is_string(const uint8_t *code, size_t size)
{
	bool rep = false;
	size_t i;

	for (i = 0; i < size; i++) {
		uint8_t c = code[i];

		if (c == 0xf2 || c == 0xf3)
			rep = true;
		else if (c != 0x66 && c != 0x67 && (c & 0xf0) != 0x40)
			break;
	}
	return rep && i + 1 == size &&
	       ((code[i] >= 0x6c && code[i] <= 0x6f) ||
		(code[i] >= 0xa4 && code[i] <= 0xaf &&
		 (code[i] & 0xfe) != 0xa8));
}

static void
translate_insn(struct qemu_plugin_insn *insn, enum zone zone, uint32_t block)
{
	const uint8_t *code = qemu_plugin_insn_data(insn);
	size_t size = qemu_plugin_insn_size(insn);
	uint64_t addr = qemu_plugin_insn_vaddr(insn);
	bool string = is_string(code, size);
	uint32_t place = string ? place_find(addr, zone, true) : block;
	uint32_t mark = zone == GUEST_USER ? mark_of(code, size) : 0;

	if (zone == XEN && addr == the.vmrun_next)
		qemu_plugin_register_vcpu_insn_exec_cb(
			insn, on_vmexit, QEMU_PLUGIN_CB_NO_REGS, NULL);
	if (zone == XEN && is_vmrun(code, size)) {
		the.vmrun_next = addr + size;
		qemu_plugin_register_vcpu_insn_exec_cb(
			insn, on_vmrun, QEMU_PLUGIN_CB_NO_REGS, NULL);
	}
	if (mark)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark,
						       QEMU_PLUGIN_CB_NO_REGS,
						       (void *)(uintptr_t)mark);
	qemu_plugin_register_vcpu_insn_exec_inline(
		insn, QEMU_PLUGIN_INLINE_ADD_U64, &the.count[place], 1);
}

static void
translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	uint64_t addr = qemu_plugin_tb_vaddr(tb);
	enum zone zone = zone_of(addr);
	uint32_t block = place_find(addr, zone, false);
	size_t i, n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, QEMU_PLUGIN_INLINE_ADD_U64,
						 &the.times[block], 1);
	for (i = 0; i < n; i++)
		translate_insn(qemu_plugin_tb_get_insn(tb, i), zone, block);
}

int
qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc,
		    char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4) != 0) {
		fprintf(stderr, "counter: out=FILE\n");
		return -1;
	}
	the.out = fopen(argv[0] + 4, "we");
	if (!the.out) {
		perror(argv[0] + 4);
		return -1;
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
	return 0;
}
