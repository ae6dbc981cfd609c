/* SPDX-License-Identifier: MIT */
/*
 * Devices come, are asked back and are ejected while accesses, DMA and disk I/O
 * of theirs are in flight, in the whole core. The bytes are steps. At the end
 * every vCPU has its answer, and all that came can be taken out again.
 */
#include "fuzz/common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest/plug.h"
#include "support/core_fixture.h"

#define TURNS 100000u
#define IDS 4u
#define FIRST_SLOT 9u
#define BASE(i) (0xf0000000u + ((uint32_t)(i) << 21))
#define PCI_EJECT 0xae08u
#define VCPUS 4u
#define DISK 65536u
#define STEPS 64u

static struct core core;
static struct plug *plug;
static char asker[64]; /* with a disk */
static bool waits[VCPUS];

static const char *const kinds[] = {
	"membar,delay-us=20",	  "membar,posted=on,size=0x1000",
	"dma-engine,size=0x1000", asker,
	"piix3-ide,native=on",	  "xen-platform",
};

/* ---- vCPUs -------------------------------------------------------- */

static void
take_answers(void)
{
	uint64_t data;
	unsigned i;

	for (i = 0; i < VCPUS; i++)
		if (waits[i] && fake_xen_answer(core.xen, i, &data))
			waits[i] = false;
}

static bool
any_waits(void)
{
	unsigned i;

	for (i = 0; i < VCPUS; i++)
		if (waits[i])
			return true;
	return false;
}

static void
turn(void)
{
	uv_run(&core.loop, UV_RUN_NOWAIT);
	take_answers();
}

/* Xen sends only what is claimed. */
static void
ask(unsigned vcpu, const struct request *req)
{
	static const enum ioemu_space space[] = { IOEMU_PIO, IOEMU_MEM,
						  IOEMU_CONFIG };

	if (waits[vcpu] ||
	    !fake_xen_claims(core.xen, space[req->type], req->addr))
		return;
	fake_xen_ask(core.xen, vcpu, req);
	waits[vcpu] = true;
	dispatch_event(core.d, (int)vcpu);
	dispatch_flush(core.d);
	take_answers();
}

static void
write_4(uint8_t type, uint64_t addr, uint32_t v)
{
	const struct request req = core_request(type, false, addr, 4, v);

	ask(0, &req);
}

/* ---- steps -------------------------------------------------------- */

static void
step_add(struct fuzz_bytes *b)
{
	unsigned i = (unsigned)fuzz_take(b, 1), kind = i / 16;
	char text[160], why[256];

	i %= IDS;
	snprintf(text, sizeof(text), "%s,id=d%u,addr=%u",
		 kinds[kind % (sizeof(kinds) / sizeof(kinds[0]))], i,
		 FIRST_SLOT + i);
	(void)plug_add(plug, text, why, sizeof(why));
}

static void
step_del(struct fuzz_bytes *b)
{
	char id[8], why[256];

	snprintf(id, sizeof(id), "d%u", (unsigned)fuzz_take(b, 1) % IDS);
	(void)plug_del(plug, id, why, sizeof(why));
}

static void
step_eject(struct fuzz_bytes *b)
{
	unsigned i = (unsigned)fuzz_take(b, 1);

	write_4(SLOT_PIO, PCI_EJECT,
		i & 0x80 ? UINT32_MAX : 1u << (FIRST_SLOT + i % IDS));
}

static void
step_place(struct fuzz_bytes *b)
{
	unsigned i = (unsigned)fuzz_take(b, 1) % IDS, k;

	for (k = 0; k < 6; k++)
		write_4(SLOT_CONFIG,
			core_config_addr(0, (FIRST_SLOT + i) * 8, 0x10 + 4 * k),
			k == 4 ? 0xc000 + i * 0x100 : BASE(i) + k * 0x10000);
	write_4(SLOT_CONFIG, core_config_addr(0, (FIRST_SLOT + i) * 8, 4), 7);
}

/* Whose vCPU, which device and BAR, where, what. */
static void
step_memory(struct fuzz_bytes *b)
{
	unsigned how = (unsigned)fuzz_take(b, 1);
	unsigned where = (unsigned)fuzz_take(b, 1);
	struct request req = {
		.type = SLOT_COPY,
		.read = how & 1,
		.size = 1u << (how >> 1 & 3),
		.count = how & 8 ? 64 : 1,
		.ptr = how & 8,
	};

	req.addr = BASE(where % IDS) + (where >> 2 & 3) * 0x10000ull +
		   (fuzz_take(b, 1) << 2);
	req.data = req.ptr ? fuzz_take(b, 1) << 12 : fuzz_take(b, 2);
	ask(how >> 4 & (VCPUS - 1), &req);
}

/* A device asks for memory, or for its disk. */
static void
step_request(struct fuzz_bytes *b)
{
	unsigned i = (unsigned)fuzz_take(b, 1);
	uint32_t at = BASE(i % IDS);

	write_4(SLOT_COPY, at + 0x00, (uint32_t)fuzz_take(b, 2) << 8);
	write_4(SLOT_COPY, at + 0x08, 512u << (i >> 4 & 7));
	write_4(SLOT_COPY, at + 0x0c, 1 + (i >> 2 & 3) % 3);
}

static void
step_port(struct fuzz_bytes *b)
{
	unsigned i = (unsigned)fuzz_take(b, 1);
	struct request req = core_request(
		SLOT_PIO, i & 1, 0xc000 + (i >> 4) % IDS * 0x100 + (i >> 1 & 7),
		1, fuzz_take(b, 1));

	ask(1 + i % (VCPUS - 1), &req);
}

static void
step_turn(struct fuzz_bytes *b)
{
	(void)b;
	turn();
}

static void
step_invalidate(struct fuzz_bytes *b)
{
	(void)b;
	dma_invalidate(core.env.dma);
}

static void (*const steps[])(struct fuzz_bytes *b) = {
	step_add,     step_add,	   step_del,	step_eject,
	step_place,   step_memory, step_memory, step_request,
	step_request, step_port,   step_turn,	step_invalidate,
};

/* ---- the end ------------------------------------------------------ */

static bool
any_left(void)
{
	char id[8];
	unsigned i;

	for (i = 0; i < IDS; i++) {
		const struct hostdev *hd;

		snprintf(id, sizeof(id), "d%u", i);
		hd = local_find(core.local, id);
		if (hd)
			return true;
	}
	return false;
}

static void
all_out(void)
{
	unsigned i;

	for (i = 0; any_waits(); i++) {
		if (i == TURNS)
			abort(); /* a vCPU without an answer */
		turn();
	}
	write_4(SLOT_PIO, PCI_EJECT, UINT32_MAX);
	for (i = 0; any_waits() || any_left() || !local_quiet(core.local);
	     i++) {
		if (i == TURNS)
			abort();
		turn();
	}
}

/* Once: all that comes goes. What could not, bridges and what is behind them,
 * does not come. */
static void
core_up(const char *dir)
{
	static const uint8_t zero[DISK];
	struct plug_env env = { 0 };
	char so[FUZZ_PATH + 32];

	core_open(&core, dir);
	snprintf(so, sizeof(so), "%s/../tests/asker.so", dir);
	if (host_plugins_load(core.plugins, so, NULL))
		abort();
	snprintf(asker, sizeof(asker), "asker,disk=/proc/self/fd/%d",
		 fuzz_file(zero, sizeof(zero)));
	core.conf.vcpus = core.conf.max_vcpus = 1;
	core_add_spec(&core, "piix4-pm,addr=1.3");
	core_add_spec(&core, "membar,id=stays,addr=6");
	env.plugins = core.plugins;
	env.conf = &core.conf;
	env.local = core.local;
	env.peers = core.peers;
	if (plug_new(&env, &plug))
		abort();
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static char dir[FUZZ_PATH];

	(void)argc;
	fuzz_plugin_dir(dir, (*argv)[0]);
	core_up(dir);
	fuzz_quiet();
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_bytes b = { .at = data, .left = size };
	unsigned n = 0;

	while (b.left && n++ < STEPS)
		steps[fuzz_take(&b, 1) % (sizeof(steps) / sizeof(steps[0]))](
			&b);
	all_out();
	return 0;
}
