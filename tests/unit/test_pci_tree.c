/* SPDX-License-Identifier: MIT */
/*
 * hvmloader's allocator for buses behind bridges, over configuration space that
 * behaves like hardware. Everything is checked by what is in the registers in
 * the end, as an operating system reads them.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../hvmloader/pci_tree.h"
#include "hvmloader/util.h"

#define MAX_FNS 2048u
#define MAX_KIDS 256u
#define MIB 0x100000ull
#define GIB 0x40000000ull
#define ROM_REG(f) ((f)->bridge ? 0x38u : 0x30u)

enum kind { IO, MEM, PREF, KINDS };

struct bar {
	enum kind kind;
	unsigned reg; /* 0: none */
	bool wide;
	uint64_t size;
};

struct fn {
	bool bridge, io_window, pref_window, pref_wide;
	unsigned devfn;
	uint32_t reg[64], writable[64];
	struct bar bar[7];
	unsigned n_bars;
	struct fn *up; /* bridge above, NULL on the root bus */
	struct fn *kid[MAX_KIDS];
	unsigned n_kids;
};

static struct fn fns[MAX_FNS];
static unsigned n_fns, writes, complaints;
static struct fn root_bus; /* its kids only */
static uint64_t seed, round_seed, ram_end;
static struct pci_range high;
static struct pci_range low;

/* ---- random numbers ------------------------------------------------ */

static unsigned
rnd(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

/* ---- configuration space ------------------------------------------- */

static unsigned
byte_at(const struct fn *f, unsigned reg)
{
	return f->reg[reg / 4] >> reg % 4 * 8 & 0xff;
}

static struct fn *
kid_at(const struct fn *bus, unsigned devfn)
{
	unsigned i;

	for (i = 0; i < bus->n_kids; i++)
		if (bus->kid[i]->devfn == devfn)
			return bus->kid[i];
	return NULL;
}

/* Follow a type 1 cycle as bridges do; two must never both take it. */
static struct fn *
find(const struct fn *bus, unsigned number, unsigned at, unsigned devfn)
{
	const struct fn *next = NULL;
	unsigned i;

	if (number == at)
		return kid_at(bus, devfn);
	for (i = 0; i < bus->n_kids; i++) {
		const struct fn *b = bus->kid[i];

		if (b->bridge && byte_at(b, 0x19) && at >= byte_at(b, 0x19) &&
		    at <= byte_at(b, 0x1a)) {
			assert_null(next);
			next = b;
		}
	}
	return next ? find(next, byte_at(next, 0x19), at, devfn) : NULL;
}

/* Instead, registers that say anything at any time. */
static bool noise;
static uint32_t noise_buses;

static uint32_t
noise_read(uint32_t reg)
{
	uint32_t v = rnd(0x8000) << 17 | rnd(0x20000);

	if (reg == 0)
		return rnd(8) ? UINT32_MAX : v; /* some answer */
	if (reg == 0xe)
		return rnd(4) ? 0x80 : rnd(3);
	if (reg == 0x19 && rnd(8))
		return noise_buses >> 8;
	return rnd(2) ? v : v << rnd(32);
}

uint32_t
pci_read(uint32_t bdf, uint32_t reg, uint32_t len)
{
	const struct fn *f = find(&root_bus, 0, bdf >> 8, bdf & 0xff);
	uint32_t v = f ? f->reg[reg / 4] : UINT32_MAX;

	assert_int_equal(reg % len, 0);
	if (noise)
		return noise_read(reg) & (UINT32_MAX >> (32 - len * 8));
	v >>= reg % 4 * 8;
	return v & (UINT32_MAX >> (32 - len * 8));
}

void
pci_write(uint32_t bdf, uint32_t reg, uint32_t len, uint32_t val)
{
	struct fn *f = find(&root_bus, 0, bdf >> 8, bdf & 0xff);
	unsigned shift = reg % 4 * 8;
	uint32_t mask = (len == 4 ? UINT32_MAX : (1u << len * 8) - 1) << shift;

	assert_int_equal(reg % len, 0);
	writes++;
	if (noise && reg == 0x18)
		noise_buses = val;
	if (noise || !f)
		return;
	/* addresses change while nothing is decoded only */
	if (reg >= 0x10 && reg < 0x3c && (reg & ~3u) != 0x18)
		assert_int_equal(f->reg[1] & 3, 0);
	mask &= f->writable[reg / 4];
	f->reg[reg / 4] = (f->reg[reg / 4] & ~mask) | (val << shift & mask);
}

int
firmware_printf(const char *format, ...)
{
	complaints += strstr(format, "too many") || strstr(format, "not set");
	return 0;
}

/* ---- making a topology --------------------------------------------- */

static void
bar_add(struct fn *f, enum kind kind, bool wide, uint64_t size)
{
	unsigned i = 0x10 / 4, n = f->bridge ? 2 : 6, k;
	struct bar *bar = &f->bar[f->n_bars];

	for (k = 0; k < f->n_bars; k++)
		if (f->bar[k].reg != ROM_REG(f))
			i = f->bar[k].reg / 4 + 1 + f->bar[k].wide;
	if (i + wide >= 0x10 / 4 + n)
		return;
	*bar = (struct bar){ kind, i * 4, wide, size };
	f->n_bars++;
	f->reg[i] = kind == IO ? 1 : (wide ? 4 : 0) | (kind == PREF ? 8 : 0);
	f->writable[i] = (uint32_t)(~(size - 1)) & (kind == IO ? ~3u : ~15u);
	if (wide)
		f->writable[i + 1] = (uint32_t)(~(size - 1) >> 32);
}

static void
rom_add(struct fn *f, uint64_t size)
{
	f->bar[f->n_bars++] = (struct bar){ MEM, ROM_REG(f), false, size };
	f->writable[ROM_REG(f) / 4] = (uint32_t) ~(size - 1) | 1;
}

static struct fn *
fn_add(struct fn *bus, unsigned devfn, bool bridge)
{
	struct fn *f = &fns[n_fns++];

	assert_true(n_fns <= MAX_FNS && bus->n_kids < MAX_KIDS);
	*f = (struct fn){ .bridge = bridge, .devfn = devfn };
	f->up = bus == &root_bus ? NULL : bus;
	f->reg[0] = 0x12345678;
	f->writable[1] = 0x0007;
	f->reg[0xc / 4] = bridge ? 0x010000 : 0;
	f->writable[0x3c / 4] = 0xff;
	if (!bridge)
		f->reg[0x3c / 4] = (1 + rnd(4)) << 8;
	bus->kid[bus->n_kids++] = f;
	return f;
}

static struct fn *
bridge_add(struct fn *bus, unsigned devfn, bool io, bool pref, bool wide)
{
	struct fn *f = fn_add(bus, devfn, true);

	f->io_window = io;
	f->pref_window = pref;
	f->pref_wide = wide;
	f->writable[0x18 / 4] = UINT32_MAX;
	f->writable[0x1c / 4] = io ? 0xf0f0 : 0;
	f->writable[0x20 / 4] = 0xfff0fff0;
	f->writable[0x24 / 4] = pref ? 0xfff0fff0 : 0;
	f->reg[0x24 / 4] = pref && wide ? 0x00010001 : 0;
	f->writable[0x28 / 4] = f->writable[0x2c / 4] =
		pref && wide ? UINT32_MAX : 0;
	return f;
}

/* What hvmloader always finds: the router of interrupts. */
static void
start(void)
{
	struct fn *isa;

	memset(&root_bus, 0, sizeof(root_bus));
	n_fns = writes = complaints = 0;
	isa = fn_add(&root_bus, 8, false);
	isa->reg[0x60 / 4] = 0x050b0a05;
	isa->reg[0x3c / 4] = 0;
	ram_end = 0xf0000000;
	high = (struct pci_range){ 4 * GIB, 1ull << 40 };
}

/* Multi-function where there is a function that is not the first. */
static void
mark_multi(void)
{
	unsigned i;

	for (i = 0; i < n_fns; i++) {
		struct fn *bus = fns[i].up ? fns[i].up : &root_bus;
		struct fn *first = kid_at(bus, fns[i].devfn & ~7u);

		if (first && fns[i].devfn & 7)
			first->reg[3] |= 0x800000;
	}
}

/* ---- what an operating system sees --------------------------------- */

struct span {
	uint64_t base, size, align;
};

static struct span
bar_span(const struct fn *f, const struct bar *bar)
{
	uint64_t v = f->reg[bar->reg / 4] & (bar->kind == IO ? ~3u : ~15u);

	if (bar->reg == ROM_REG(f))
		v &= ~0x7ffull;
	if (bar->wide)
		v |= (uint64_t)f->reg[bar->reg / 4 + 1] << 32;
	return (struct span){ v, bar->size, bar->size };
}

/* Size 0: closed. */
static struct span
window_span(const struct fn *b, enum kind kind)
{
	uint32_t r = b->reg[(kind == IO	   ? 0x1c
			     : kind == MEM ? 0x20
					   : 0x24) /
			    4];
	uint64_t base = (uint64_t)(r & 0xfff0) << 16;
	uint64_t last = (r & 0xfff00000) | 0xfffff;

	if (kind == IO) {
		base = (uint64_t)(r & 0xf0) << 8;
		last = (r & 0xf000) | 0xfff;
	} else if (kind == PREF) {
		base |= (uint64_t)b->reg[0x28 / 4] << 32;
		last |= (uint64_t)b->reg[0x2c / 4] << 32;
	}
	if (base > last || (kind == IO && !b->io_window) ||
	    (kind == PREF && !b->pref_window) || !(b->reg[1] & 3))
		return (struct span){ 0, 0, 1 };
	return (struct span){ base, last + 1 - base, 1 };
}

static bool
inside(struct span a, struct span b)
{
	return a.base >= b.base && a.base - b.base <= b.size &&
	       a.size <= b.size - (a.base - b.base);
}

static bool
overlap(struct span a, struct span b)
{
	return a.size && b.size && a.base < b.base + b.size &&
	       b.base < a.base + a.size;
}

static bool
given(const struct fn *f, const struct bar *bar)
{
	return bar_span(f, bar).base != 0;
}

static struct span
of_range(struct pci_range r)
{
	return (struct span){ r.base, r.end - r.base, 1 };
}

static const struct pci_range io_ranges[] = { { 0xc000, 0x10000 },
					      { 0x2000, 0xa000 } };
static struct pci_range hole; /* reserved */

/* A span on the bus of `f` is where that bus can be reached. */
static void
check_inside(const struct fn *f, enum kind kind, bool wide, struct span s)
{
	if (f->up) {
		bool in = inside(s, window_span(f->up, kind));

		if (!in && kind == PREF)
			in = inside(s, window_span(f->up, MEM));
		assert_true(in);
	} else if (kind == IO) {
		assert_true(inside(s, of_range(io_ranges[0])) ||
			    inside(s, of_range(io_ranges[1])));
	} else {
		assert_false(overlap(s, of_range(hole)));
		assert_true(inside(s, of_range(low)) ||
			    (wide && inside(s, of_range(high))));
	}
}

static void
check_bar(const struct fn *f, const struct bar *bar)
{
	unsigned bit = bar->kind == IO ? 1 : 2;
	struct span s = bar_span(f, bar);

	if (!s.base) { /* it must not answer at 0 */
		assert_int_equal(f->reg[1] & bit, f->bridge ? bit : 0);
		return;
	}
	assert_int_equal(s.base & (s.size - 1), 0);
	check_inside(f, bar->kind, bar->wide, s);
}

/* By what is in it. */
static uint64_t
window_align(const struct fn *b, enum kind kind)
{
	struct span w = window_span(b, kind);
	uint64_t align = kind == IO ? 0x1000 : MIB, a;
	unsigned i, j;

	for (i = 0; i < b->n_kids; i++) {
		const struct fn *f = b->kid[i];

		for (j = 0; j < f->n_bars; j++)
			if ((f->bar[j].kind == IO) == (kind == IO) &&
			    inside(bar_span(f, &f->bar[j]), w) &&
			    f->bar[j].size > align)
				align = f->bar[j].size;
		for (j = 0; f->bridge && j < KINDS; j++)
			if ((j == IO) == (kind == IO) &&
			    inside(window_span(f, j), w)) {
				a = window_align(f, j);
				align = a > align ? a : align;
			}
	}
	return align;
}

/* What one space of the bus behind `b` holds, for overlaps and for size. */
static unsigned
collect(const struct fn *bus, enum kind kind, struct span *out)
{
	unsigned i, j, n = 0;

	for (i = 0; i < bus->n_kids; i++) {
		const struct fn *f = bus->kid[i];

		for (j = 0; j < f->n_bars; j++)
			if (given(f, &f->bar[j]) &&
			    (f->bar[j].kind == IO) == (kind == IO))
				out[n++] = bar_span(f, &f->bar[j]);
		for (j = 0; f->bridge && j < KINDS; j++)
			if ((j == IO) == (kind == IO) &&
			    window_span(f, j).size) {
				out[n] = window_span(f, j);
				out[n++].align = window_align(f, j);
			}
	}
	return n;
}

/* The least that `n` spans take in any order, each as low as it fits. */
static uint64_t
best(struct span *s, unsigned n, unsigned placed)
{
	uint64_t least_end = UINT64_MAX;
	unsigned i, j;

	if (placed == n) {
		uint64_t end = 0;

		for (i = 0; i < n; i++)
			if (s[i].base + s[i].size > end)
				end = s[i].base + s[i].size;
		return end;
	}
	for (i = placed; i < n; i++) {
		struct span t = s[i];
		uint64_t end;

		s[i] = s[placed];
		t.base = 0;
		for (j = 0; j < placed; j++)
			if (overlap(t, s[j])) {
				t.base = s[j].base + s[j].size + t.align - 1;
				t.base &= ~(t.align - 1);
				j = UINT_MAX; /* from the first again */
			}
		s[placed] = t;
		end = best(s, n, placed + 1);
		if (end < least_end)
			least_end = end;
		s[placed] = s[i];
		s[i] = t;
	}
	return least_end;
}

/* Of all windows: what they are larger than the sum of what is in them. */
static uint64_t over_kib, sum_kib;
static unsigned windows, tried, worse;

static void
check_window(const struct fn *b, enum kind kind)
{
	static struct span s[MAX_KIDS * 10];
	struct span w = window_span(b, kind);
	unsigned i, k, n = collect(b, kind, s);
	uint64_t unit = kind == IO ? 0x1000 : MIB, sum = 0, last = 0;
	bool leaf = true;

	for (i = 0; i < b->n_kids; i++)
		leaf &= !b->kid[i]->bridge;
	for (i = k = 0; i < n; i++)
		if (inside(s[i], w)) {
			sum += s[i].size;
			if (s[i].base + s[i].size > last)
				last = s[i].base + s[i].size;
			s[k++] = s[i];
		}
	assert_int_equal(w.size != 0, sum != 0); /* closed if not needed */
	if (!sum)
		return;
	check_inside(b, kind, kind == PREF && b->pref_wide, w);
	assert_int_equal(w.base % unit, 0);
	/* it ends where what is in it does */
	assert_int_equal(w.size, (last - w.base + unit - 1) / unit * unit);
	sum = (sum + unit - 1) / unit * unit;
	if (leaf) /* sizes are powers of two: no gap is needed */
		assert_int_equal(w.size, sum);
	windows++;
	over_kib += (w.size - sum) / 1024;
	sum_kib += sum / 1024;
	if (w.size == sum || k > 6)
		return;
	tried++;
	worse += w.size > (best(s, k, 0) + unit - 1) / unit * unit;
}

static void
check_bus(const struct fn *bus)
{
	static struct span s[MAX_KIDS * 10];
	unsigned k, i, j, n;

	for (k = IO; k <= MEM; k++) {
		n = collect(bus, k, s);
		for (i = 0; i < n; i++)
			for (j = 0; j < i; j++)
				assert_false(overlap(s[i], s[j]));
	}
}

static unsigned
check_numbers(const struct fn *bus, unsigned number)
{
	unsigned devfn, last = number;

	for (devfn = 0; devfn < 256; devfn++) {
		const struct fn *f = kid_at(bus, devfn);

		if (!f || !f->bridge)
			continue;
		assert_int_equal(byte_at(f, 0x18), number);
		assert_int_equal(byte_at(f, 0x19), last + 1);
		last = check_numbers(f, last + 1);
		assert_int_equal(byte_at(f, 0x1a), last);
	}
	return last;
}

static void
check_irq(const struct fn *f)
{
	static const unsigned char routes[] = { 5, 10, 11, 5 };
	unsigned pin = byte_at(f, 0x3d) - 1, devfn = f->devfn;
	const struct fn *up;

	if (f->bridge || !f->up) /* on the root bus it is pci.c's */
		return;
	for (up = f->up; up; up = up->up) {
		pin = (pin + devfn / 8) % 4;
		devfn = up->devfn;
	}
	assert_int_equal(byte_at(f, 0x3c), routes[(pin + devfn / 8) % 4]);
}

static unsigned
lost(void)
{
	unsigned i, j, n = 0;

	for (i = 0; i < n_fns; i++)
		for (j = 0; j < fns[i].n_bars; j++)
			n += !given(&fns[i], &fns[i].bar[j]);
	return n;
}

static void
check_all(void)
{
	unsigned i, j;

	check_numbers(&root_bus, 0);
	check_bus(&root_bus);
	for (i = 0; i < n_fns; i++) {
		const struct fn *f = &fns[i];

		for (j = 0; j < f->n_bars; j++)
			check_bar(f, &f->bar[j]);
		check_irq(f);
		assert_int_equal(f->reg[1] & 4, 4);
		if (!f->bridge)
			continue;
		assert_int_equal(f->reg[1] & 3, 3);
		check_bus(f);
		for (j = 0; j < KINDS; j++)
			check_window(f, j);
	}
}

/* As pci_setup() in hvmloader's pci.c goes about it. */
static void
run(void)
{
	static const struct pci_range most = { 0x80000000, 0xfc000000 };
	uint64_t size, mem = 0xf0000000;

	assert_true(pci_tree_scan());
	size = pci_tree_low_size(&most);
	while (size > most.end - mem && mem > 0x80000000 &&
	       (uint32_t)(mem << 1) >= ram_end)
		mem = (uint32_t)(mem << 1);
	low = (struct pci_range){ mem, most.end };
	if (hole.end)
		pci_tree_reserve(hole.base, hole.end - hole.base);
	pci_tree_assign(io_ranges, 2, &low, &high);
}

/* ---- random topologies --------------------------------------------- */

struct plan {
	unsigned bridges, fns, mem_log, wide_log;
	unsigned odd; /* bridges that lack something: one in */
};

static void
random_bars(struct fn *f, const struct plan *p)
{
	unsigned n = rnd(5);

	while (n--) {
		enum kind kind = rnd(8) ? MEM + rnd(2) : IO;
		bool wide = kind != IO && rnd(2);
		unsigned log = wide && !rnd(8) ? p->wide_log : p->mem_log;

		bar_add(f, kind, wide,
			kind == IO ? 4u << rnd(7) : 16ull << rnd(log - 3));
	}
	if (!rnd(4))
		rom_add(f, 2048u << rnd(8));
}

static void
random_topology(const struct plan *p)
{
	static struct fn *buses[MAX_FNS];
	unsigned i, n = 1, devfn;

	start();
	buses[0] = &root_bus;
	for (i = 0; i < p->bridges + p->fns; i++) {
		bool bridge = i < p->bridges;
		struct fn *bus = i ? buses[rnd(n)] : &root_bus, *f;

		devfn = rnd(32) * 8;
		if (!bridge && kid_at(bus, devfn) && rnd(2))
			devfn += 1 + rnd(7);
		if (kid_at(bus, devfn))
			continue;
		if (bridge) {
			bool whole = rnd(p->odd);

			f = bridge_add(bus, devfn, whole || rnd(2),
				       whole || rnd(2), whole || rnd(2));
			buses[n++] = f;
		} else {
			f = fn_add(bus, devfn, false);
		}
		if (!bridge || !rnd(4))
			random_bars(f, p);
	}
	mark_multi();
}

static void
random_run(const struct plan *p, unsigned rounds, unsigned first)
{
	unsigned i;

	over_kib = sum_kib = 0;
	windows = tried = worse = 0;
	for (i = 0; i < rounds; i++) {
		seed = round_seed = first + i;
		random_topology(p);
		if (rnd(2))
			ram_end = 0x80000000;
		run();
		check_all();
	}
}

static void
random_small_topologies_hold_everything(void **state)
{
	static const struct plan p = { 3, 12, 20, 24, UINT_MAX };
	unsigned i, total = 0;

	(void)state;
	for (i = 0; i < 400; i++) {
		random_run(&p, 1, 1000 + i);
		total += lost();
	}
	assert_int_equal(total, 0);
}

static void
random_topologies_are_laid_out_well(void **state)
{
	static const struct plan p = { 12, 60, 24, 36, 5 };

	(void)state;
	random_run(&p, 500, 5000);
	print_message("%u windows: %llu MiB for %llu MiB; of %u with gaps %u "
		      "can be smaller\n",
		      windows, (unsigned long long)(sum_kib + over_kib) >> 10,
		      (unsigned long long)sum_kib >> 10, tried, worse);
	assert_true(over_kib < sum_kib / 100);
	assert_true(worse < windows / 100);
}

static void
random_heavy_topologies_lose_what_is_too_much(void **state)
{
	static const struct plan p = { 40, 250, 31, 63, 3 };

	(void)state;
	random_run(&p, 200, 9000);
}

static void
random_topologies_keep_out_of_what_is_reserved(void **state)
{
	static const struct plan p = { 6, 40, 22, 33, 5 };
	unsigned i;

	(void)state;
	for (i = 0; i < 100; i++) {
		hole.base = 0xf0000000 + rnd(0xb00) * 0x10000ull;
		hole.end = hole.base + (1 + rnd(0x80)) * 0x10000ull;
		random_run(&p, 1, 20000 + i);
	}
	hole = (struct pci_range){ 0, 0 };
}

/* ---- chosen topologies --------------------------------------------- */

static void
without_a_bridge_nothing_is_touched(void **state)
{
	(void)state;
	start();
	bar_add(fn_add(&root_bus, 0x10, false), MEM, false, MIB);
	assert_false(pci_tree_scan());
	assert_int_equal(writes, 0);
}

static void
three_levels_get_what_their_bars_need(void **state)
{
	struct fn *a, *b, *c, *big, *old, *ports;

	(void)state;
	start();
	a = bridge_add(&root_bus, 0x28, true, true, true);
	b = bridge_add(a, 0x10, true, true, true);
	c = bridge_add(b, 0x00, true, true, true);
	big = fn_add(c, 0x08, false);
	bar_add(big, PREF, true, 8 * GIB);
	old = fn_add(c, 0x10, false);
	bar_add(old, PREF, false, 16 * MIB);
	bar_add(old, MEM, false, 16);
	ports = fn_add(b, 0x18, false);
	bar_add(ports, IO, false, 16);
	run();
	check_all();
	assert_int_equal(lost(), 0);
	assert_int_equal(bar_span(big, big->bar).base, 8 * GIB);
	assert_int_equal(window_span(a, PREF).size, 8 * GIB);
	assert_int_equal(high.base, 8 * GIB);
	assert_int_equal(high.end, 16 * GIB);
	/* 32 bits wide: not in the window that went up */
	assert_int_equal(window_span(a, MEM).size, 17 * MIB);
	assert_int_equal(low.base, 0xf0000000);
	assert_int_equal(window_span(a, IO).size, 0x1000);
	assert_int_equal(window_span(c, IO).size, 0);
}

/* 32-bit prefetchable windows are used where nothing wider is behind. */
static void
a_prefetchable_window_serves_32_bits_too(void **state)
{
	struct fn *a, *f;

	(void)state;
	start();
	a = bridge_add(&root_bus, 0x28, true, true, true);
	f = fn_add(a, 0x08, false);
	bar_add(f, PREF, false, 4 * MIB);
	bar_add(f, MEM, false, MIB);
	run();
	check_all();
	assert_int_equal(window_span(a, PREF).size, 4 * MIB);
	assert_int_equal(window_span(a, MEM).size, MIB);
}

static void
what_no_window_can_hold_is_left_out(void **state)
{
	struct fn *a, *f, *g;

	(void)state;
	start();
	a = bridge_add(&root_bus, 0x28, false, true, false);
	f = fn_add(a, 0x08, false);
	bar_add(f, PREF, true, 8 * GIB); /* above 4 GiB, and the window not */
	bar_add(f, MEM, true, 8 * GIB);
	bar_add(f, MEM, false, MIB);
	g = fn_add(a, 0x10, false);
	bar_add(g, IO, false, 8);
	bar_add(g, PREF, true, 1ull << 63);
	run();
	check_all();
	assert_int_equal(lost(), 4);
	assert_true(given(f, &f->bar[2]));
	assert_int_equal(f->reg[1] & 3, 0); /* nor does it decode the rest */
}

static void
the_hole_grows_before_anything_moves_up(void **state)
{
	struct fn *a, *f;

	(void)state;
	start();
	a = bridge_add(&root_bus, 0x28, true, true, true);
	f = fn_add(a, 0x08, false);
	bar_add(f, PREF, true, 256 * MIB);
	ram_end = 0x40000000;
	run();
	check_all();
	assert_int_equal(low.base, 0xe0000000);
	assert_int_equal(bar_span(f, f->bar).base, 0xe0000000);
	/* with RAM in the way */
	ram_end = 0xf0000000;
	high = (struct pci_range){ 4 * GIB, 1ull << 40 };
	run();
	check_all();
	assert_int_equal(low.base, 0xf0000000);
	assert_int_equal(bar_span(f, f->bar).base, 4 * GIB);
}

static void
more_ports_than_the_usual_range_has(void **state)
{
	struct fn *f[6];
	unsigned i;

	(void)state;
	start();
	for (i = 0; i < 6; i++) {
		f[i] = bridge_add(&root_bus, 0x28 + i * 8, true, true, true);
		bar_add(fn_add(f[i], 0, false), IO, false, 256);
	}
	run();
	check_all();
	assert_int_equal(lost(), 0);
	assert_true(window_span(f[5], IO).base < 0xa000);
}

static void
what_is_odd_is_left_alone(void **state)
{
	struct fn *a, *f, *dead;

	(void)state;
	start();
	a = bridge_add(&root_bus, 0x28, true, true, true);
	dead = bridge_add(&root_bus, 0x30, true, true, true);
	dead->writable[0x18 / 4] = 0;
	f = fn_add(a, 0x08, false);
	f->reg[3] = 0x020000; /* a CardBus bridge */
	bar_add(f, MEM, false, MIB);
	bar_add(fn_add(dead, 0, false), MEM, false, MIB);
	run();
	assert_int_equal(bar_span(f, f->bar).base, 0);
	assert_int_equal(f->reg[1] & 3, 0);
	assert_int_equal(byte_at(dead, 0x19), 0);
	assert_int_equal(byte_at(a, 0x19), 1);
}

static void
there_are_256_buses_and_no_more(void **state)
{
	struct fn *at = &root_bus;
	unsigned i;

	(void)state;
	start();
	for (i = 0; i < 300; i++) {
		at = bridge_add(at, 0, true, true, true);
		bar_add(fn_add(at, 8, false), PREF, true, MIB);
	}
	run();
	check_bus(&root_bus);
	assert_int_equal(complaints, 1);
	assert_int_equal(byte_at(root_bus.kid[1], 0x1a), 255);
	/* 0 is the router, then a bridge and a device for each level */
	assert_int_equal(byte_at(&fns[1 + 2 * 254], 0x19), 255);
	assert_int_equal(byte_at(&fns[1 + 2 * 255], 0x19), 0);
	assert_true(given(&fns[2 + 2 * 254], fns[2 + 2 * 254].bar));
	assert_false(given(&fns[2 + 2 * 255], fns[2 + 2 * 255].bar));
}

static void
more_functions_than_there_is_room_for(void **state)
{
	unsigned i, j;

	(void)state;
	start();
	for (i = 0; i < 6; i++) {
		struct fn *bus =
			bridge_add(&root_bus, 0x28 + i * 8, true, true, true);

		for (j = 0; j < 256; j++)
			bar_add(fn_add(bus, j, false), MEM, false, 4096);
	}
	mark_multi();
	run();
	check_bus(&root_bus);
	assert_int_equal(complaints, 7); /* five functions, two bridges */
	for (i = 0; i < n_fns; i++)
		if (fns[i].bridge) {
			check_bus(&fns[i]);
			check_window(&fns[i], MEM);
		}
}

/* Nothing to check but that it ends, within its tables. */
static void
registers_of_noise_are_survived(void **state)
{
	unsigned i, scanned = 0;

	(void)state;
	for (i = 0; i < 100; i++) {
		start();
		seed = round_seed = 30000 + i;
		noise = true;
		if (pci_tree_scan()) {
			static const struct pci_range most = { 0x80000000,
							       0xfc000000 };

			scanned++;
			pci_tree_low_size(&most);
			pci_tree_assign(io_ranges, 2, &most, &high);
		}
		noise = false;
	}
	assert_true(scanned > 50);
}

static int
tell_seed(void **state)
{
	(void)state;
	if (round_seed)
		print_message("last seed: %llu\n",
			      (unsigned long long)round_seed);
	round_seed = 0;
	return 0;
}

#define TEST(name) cmocka_unit_test_teardown(name, tell_seed)

static const struct CMUnitTest tests[] = {
	TEST(random_small_topologies_hold_everything),
	TEST(random_topologies_are_laid_out_well),
	TEST(random_heavy_topologies_lose_what_is_too_much),
	TEST(random_topologies_keep_out_of_what_is_reserved),
	TEST(without_a_bridge_nothing_is_touched),
	TEST(three_levels_get_what_their_bars_need),
	TEST(a_prefetchable_window_serves_32_bits_too),
	TEST(what_no_window_can_hold_is_left_out),
	TEST(the_hole_grows_before_anything_moves_up),
	TEST(more_ports_than_the_usual_range_has),
	TEST(what_is_odd_is_left_alone),
	TEST(there_are_256_buses_and_no_more),
	TEST(more_functions_than_there_is_room_for),
	TEST(registers_of_noise_are_survived),
};

int
main(void)
{
	return cmocka_run_group_tests(tests, NULL, NULL);
}
