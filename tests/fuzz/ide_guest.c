/* SPDX-License-Identifier: MIT */
#include "ide_guest.h"

#include "fuzz/common.h"

#include <stdlib.h>
#include <string.h>

#define CHANNELS 2u
#define DRIVES 4u
#define BM 0xc000u
#define TABLE 0x1000u
#define SMALL_RAM 0x100000u
#define MAX_TURNS 16u
#define MAX_ADVANCE_NS 400000u
#define MAX_WORDS 600u
#define MAX_PRDS 80u
#define MAX_MOVES 1u
#define PACKET 12u
#define FAIL -EIO

static const char *const devices[] = {
	"piix3-ide,id=ide,addr=1.1",
	"ide-hd,id=d0,bus=ide,index=0,drive=a:64K",
	"ide-hd,id=d1,bus=ide,index=1,drive=b:32K",
	"ide-cd,id=d2,bus=ide,index=2,drive=c:64K,ro",
	"ide-hd,id=d3,bus=ide,index=3,drive=d:32K",
	NULL,
};
static const char disk_name[DRIVES][2] = { "a", "b", "c", "d" };
static const char *const drive_name[DRIVES] = { "d0", "d1", "d2", "d3" };

/* Commands that do something, more likely than others. */
static const uint8_t commands[] = {
	0x20, 0x24, 0x30, 0x34, 0xc4, 0x29, 0xc5, 0x39, 0xc8, 0x25, 0xca,
	0x35, 0xc8, 0xca, 0x40, 0xe7, 0xea, 0xec, 0xef, 0x90, 0x90, 0x08,
	0xa0, 0xa0, 0xa1, 0x91, 0xc6, 0xe0, 0xe5, 0xe6, 0x70,
};
static const uint8_t packets[] = {
	0x00, 0x03, 0x12, 0x1b, 0x1e, 0x25, 0x28, 0xa8,
	0x43, 0x46, 0x4a, 0x51, 0x5a, 0xbd, 0xbe, 0xb9,
};

#define READ_CD 0xbe

struct guest {
	struct machine *m;
	struct fuzz_bytes bytes;
	unsigned moves;
	bool gone; /* the disks */
};

static uint32_t
take(struct guest *g, unsigned bytes)
{
	return (uint32_t)fuzz_take(&g->bytes, bytes);
}

/* ---- accesses -------------------------------------------------------- */

struct access {
	struct host_op op;
	uint8_t data[2 * MAX_WORDS];
};

static unsigned waiting; /* accesses not answered */

static void
access_done(struct host_op *op)
{
	waiting--;
	free(op);
}

/* The loop does not go round: disks stay at what they do. An access that waits
 * for one of them, which is a write, does so while the guest goes on: it has
 * more than one vCPU. */
static void
io(struct machine *m, struct host_window *w, struct host_op op)
{
	struct access *a = malloc(sizeof(*a));

	if (!a)
		abort();
	op.window = w;
	op.done = access_done;
	if (op.write)
		op.data = memcpy(a->data, op.data, (size_t)op.width * op.count);
	a->op = op;
	waiting++;
	host_op_start(&a->op);
	machine_check(m);
}

static void
out(struct machine *m, unsigned port, unsigned width, uint32_t v)
{
	struct host_window *w = machine_route(m, IOEMU_PIO, port);
	uint8_t data[4];

	ioemu_put_le32(data, v);
	if (w)
		io(m, w,
		   (struct host_op){
			   .offset = port - w->base,
			   .data = data,
			   .width = width,
			   .count = 1,
			   .write = true,
		   });
}

static uint8_t
in(struct machine *m, unsigned port)
{
	struct host_window *w = machine_route(m, IOEMU_PIO, port);
	uint8_t v = 0xff;

	if (w)
		io(m, w,
		   (struct host_op){
			   .offset = port - w->base,
			   .data = &v,
			   .width = 1,
			   .count = 1,
		   });
	return v;
}

static void
config(struct machine *m, unsigned reg, uint32_t v)
{
	uint8_t data[4];

	ioemu_put_le32(data, v);
	io(m, machine_find(m, "ide")->hd->config,
	   (struct host_op){
		   .offset = reg,
		   .data = data,
		   .width = 4,
		   .count = 1,
		   .write = true,
	   });
}

/* `rep insw` or `rep outsw`, of any number. */
static void
words(struct machine *m, unsigned port, unsigned n, bool write, uint8_t fill)
{
	struct host_window *w = machine_route(m, IOEMU_PIO, port);
	uint8_t *data = malloc((size_t)2 * n);

	memset(data, fill, (size_t)2 * n);
	io(m, w,
	   (struct host_op){
		   .data = data,
		   .width = 2,
		   .count = n,
		   .write = write,
	   });
	free(data);
}

static unsigned
base(unsigned channel)
{
	return channel ? 0x170 : 0x1f0;
}

/* ---- steps ----------------------------------------------------------- */

static void
step_register(struct guest *g)
{
	uint8_t how = (uint8_t)take(g, 1);
	unsigned port = base(how & 1) + (how >> 1 & 7);

	if (how & 0x80)
		port = BM + (how & 15);
	if (how & 0x40)
		out(g->m, port, 1u << (how >> 4 & 3) % 3, take(g, 4));
	else
		(void)in(g->m, port);
}

/* Device, count, address, command; 48-bit commands find older bytes. */
static void
step_command(struct guest *g)
{
	uint8_t how = (uint8_t)take(g, 1), what = (uint8_t)take(g, 1);
	unsigned b = base(how & 1);

	out(g->m, b + 6, 1, (how & 2 ? 0xb0u : 0xa0u) | (how & 4 ? 0x40 : 0));
	if (how & 8) {
		out(g->m, b + 1, 1, take(g, 1));
		out(g->m, b + 2, 1, take(g, 1) % (how & 16 ? 8 : 256));
		out(g->m, b + 3, 1, take(g, 1));
		out(g->m, b + 4, 1, how & 32 ? take(g, 1) : 0);
		out(g->m, b + 5, 1, how & 32 ? take(g, 1) : 0);
	}
	out(g->m, b + 7, 1,
	    how & 64 ? what : commands[what % sizeof(commands)]);
}

static void
step_bus_master(struct guest *g)
{
	uint8_t how = (uint8_t)take(g, 1);
	unsigned b = BM + (how & 1 ? 8 : 0);

	if (how & 2)
		out(g->m, b + 4, 4, how & 4 ? TABLE : take(g, 4));
	if (how & 8)
		out(g->m, b + 2, 1, 6);
	out(g->m, b, 1, how >> 4 & 9);
}

static void
command(struct guest *g, unsigned b, unsigned unit, uint8_t what)
{
	out(g->m, b + 6, 1, unit ? 0xf0 : 0xe0);
	out(g->m, b + 2, 1, 1 + take(g, 1) % 8);
	out(g->m, b + 3, 1, take(g, 1) % 64);
	out(g->m, b + 4, 1, 0);
	out(g->m, b + 5, 1, 0);
	out(g->m, b + 7, 1, what);
}

/* One drive is at work; the other gets a command; the first gets one more. */
static void
step_both(struct guest *g)
{
	uint8_t how = (uint8_t)take(g, 1);
	unsigned b = base(how & 1), unit = how >> 1 & 1;

	command(g, b, unit, commands[take(g, 1) % 16]);
	command(g, b, !unit, commands[take(g, 1) % sizeof(commands)]);
	if (how & 4)
		step_bus_master(g);
	command(g, b, unit, commands[take(g, 1) % sizeof(commands)]);
}

/* Where an address and a length mostly are; of READ CD whole sectors. Byte 5 of
 * a short packet is its control byte. */
static void
packet_lengths(uint8_t cdb[PACKET], uint8_t n)
{
	cdb[8] = cdb[4] = n;
	if (cdb[0] >= 0x20)
		cdb[5] = n;
	if (cdb[0] == READ_CD)
		cdb[9] = 0xf8;
}

/* A packet, also where none is asked for. */
static void
step_packet(struct guest *g)
{
	uint8_t how = (uint8_t)take(g, 1);
	uint8_t cdb[PACKET] = { packets[how % sizeof(packets)] };
	unsigned i;

	if (how & 0x10)
		step_command(g);
	if (how & 0x20)
		for (i = 1; i < PACKET; i++)
			cdb[i] = (uint8_t)take(g, 1);
	else
		packet_lengths(cdb, (uint8_t)take(g, 1) % 64);
	for (i = 0; i < PACKET; i += 2)
		out(g->m, base(how >> 6 & 1), 2, ioemu_get_le16(cdb + i));
}

static void
step_words(struct guest *g)
{
	uint8_t how = (uint8_t)take(g, 1);
	unsigned n = how & 4 ? 256 : 1 + take(g, 2) % MAX_WORDS;

	words(g->m, base(how & 1), n, how & 2, how);
}

/* Entries of any kind, mostly in memory that there is. */
static void
step_table(struct guest *g)
{
	uint8_t how = (uint8_t)take(g, 1);
	unsigned n = 1 + take(g, 1) % MAX_PRDS, i;
	uint8_t *p = g->m->ram + TABLE;

	for (i = 0; i < n; i++, p += 8) {
		uint32_t gpa = take(g, 2) << 8, len = take(g, 1);

		len = how & 1 ? len << 9 & 0xffff : how & 2 ? len : 8;
		ioemu_put_le32(p, how & 4 ? gpa << 16 | gpa : gpa % SMALL_RAM);
		ioemu_put_le32(p + 4, len | (i == n - 1 ? 0x80000000u : 0));
	}
}

static void
step_turns(struct guest *g)
{
	unsigned n = 1 + take(g, 1) % MAX_TURNS;

	while (n--) {
		machine_turn(g->m);
		machine_check(g->m);
	}
}

static void
step_advance(struct guest *g)
{
	machine_advance(g->m, take(g, 2) % MAX_ADVANCE_NS);
}

/* Disks of any speed: what is in flight takes so long from now. */
static void
step_slow(struct guest *g)
{
	unsigned turns = 1 + take(g, 1);
	struct request *r;

	for (r = g->m->requests; r; r = r->next) {
		r->turns = turns;
		r->due_ns = g->m->now_ns + (uint64_t)turns * 1000;
	}
}

static void
step_control(struct guest *g)
{
	uint8_t how = (uint8_t)take(g, 1);
	unsigned port = base(how & 1) + 0x206;

	out(g->m, port, 1, how & 0x86);
	if (how & 8)
		out(g->m, port, 1, 0);
}

static void
step_medium(struct guest *g)
{
	struct ioemu_block *cd = backend_block(g->m, "c");
	enum ioemu_medium what = (enum ioemu_medium)(take(g, 1) % 4);

	if (what == IOEMU_MEDIUM_CLOSE && machine_quiet(g->m))
		backend_load(cd, (uint64_t)(take(g, 1) % 128) << 10);
	(void)hostdev_medium(machine_find(g->m, "d2")->hd, cd, what);
}

static void
step_fails(struct guest *g)
{
	backend_block(g->m, disk_name[take(g, 1) % DRIVES])->fail = FAIL;
}

static void
step_reset(struct guest *g)
{
	machine_reset(g->m);
	config(g->m, 0x20, BM);
	config(g->m, 0x04, 5);
}

static void
step_config(struct guest *g)
{
	config(g->m, 0x04, take(g, 1) & 7);
}

static void
step_unplug(struct guest *g)
{
	unsigned i;

	if (take(g, 1) % 8)
		return;
	for (i = 0; i < g->m->n_slots; i++)
		hostdev_unplug(g->m->slot[i].hd, IOEMU_UNPLUG_DISKS);
	g->gone = true;
}

static void
step_move(struct guest *g)
{
	if (!machine_quiet(g->m) || g->moves++ >= MAX_MOVES)
		return;
	machine_migrate(g->m);
}

static void (*const steps[])(struct guest *g) = {
	step_register, step_register, step_command,    step_command,
	step_command,  step_command,  step_packet,     step_packet,
	step_words,    step_words,    step_table,      step_bus_master,
	step_turns,    step_turns,    step_bus_master, step_advance,
	step_slow,     step_control,  step_medium,     step_fails,
	step_reset,    step_config,   step_unplug,     step_move,
	step_both,     step_both,
};

/* ---- the end --------------------------------------------------------- */

static void
must(bool is, const char *what)
{
	if (!is)
		fail_msg("%s", what);
}

/* All that was asked of disks ends, with whatever timers that takes. */
static void
rest(struct machine *m)
{
	machine_advance(m, MAX_ADVANCE_NS);
	must(machine_wait(m, NULL), "a disk request never ended");
	must(!waiting, "an access was never answered");
}

static void
check_sector(struct guest *g, unsigned drive)
{
	unsigned b = base(drive / 2), i;
	const struct ioemu_block *disk = backend_block(g->m, disk_name[drive]);
	uint8_t data[512];
	struct host_window *w = machine_route(g->m, IOEMU_PIO, b);

	out(g->m, b + 6, 1, drive % 2 ? 0xf0 : 0xe0);
	must(in(g->m, b + 7) == 0x50, "a disk is not ready after SRST");
	for (i = 2; i < 6; i++)
		out(g->m, b + i, 1, i < 4);
	out(g->m, b + 7, 1, 0x20);
	rest(g->m);
	must(in(g->m, b + 7) == 0x58, "a disk gives no sector");
	io(g->m, w, (struct host_op){ .data = data, .width = 2, .count = 256 });
	must(!memcmp(data, disk->data + 512, 512), "a sector is another");
}

static void
check_drives(struct guest *g)
{
	unsigned i;

	for (i = 0; i < DRIVES; i++)
		backend_block(g->m, disk_name[i])->fail = 0;
	for (i = 0; i < CHANNELS; i++) {
		out(g->m, base(i) + 0x206, 1, 4);
		out(g->m, base(i) + 0x206, 1, 0);
	}
	rest(g->m);
	must(in(g->m, 0x174) == 0x14 && in(g->m, 0x175) == 0xeb,
	     "no signature of a packet drive after SRST");
	for (i = 0; i < DRIVES && !g->gone; i++)
		if (!strncmp(machine_find(g->m, drive_name[i])->spec, "ide-hd",
			     6))
			check_sector(g, i);
}

void
ide_guest_run(struct host_plugins *plugins, const uint8_t *data, size_t size)
{
	struct guest g = { .bytes = { data, size } };

	waiting = 0;
	g.m = machine_new(plugins);
	machine_add(g.m, devices);
	config(g.m, 0x20, BM);
	config(g.m, 0x04, 5);
	while (g.bytes.left)
		steps[take(&g, 1) % (sizeof(steps) / sizeof(steps[0]))](&g);
	rest(g.m);
	check_drives(&g);
	machine_free(g.m);
}
