/* SPDX-License-Identifier: MIT */
/*
 * A guest that does anything, against every device there is, on the bench's
 * machine: accesses of every kind at every window and in configuration space,
 * guest memory that changes, time that passes, a move to another host. The
 * bytes are a list of such steps. Whatever they say, an access is answered
 * within the bench's limit and a device saves what it loaded; sanitizers watch
 * the rest.
 */
#include "fuzz/common.h"

#include <stdlib.h>
#include <string.h>

#include <bench/machine.h>

#define MAX_ADVANCE_NS 10000000u
#define MAX_INPUT 16u
#define POKE_SIZE 32u
#define MAX_MOVES 2u /* of one input: the state of all devices is large */

/* As machine.conf has them, then those that a user may add. */
static const char *const devices[] = {
	"piix3,addr=1.0",
	"i440fx,addr=0.0",
	"piix3-ide,id=ide,addr=1.1",
	"piix4-pm,addr=1.3,cpus=2,maxcpus=4",
	"xen-platform,addr=2.0",
	"cmos,boot=cd,memory=16",
	"i8042",
	"fw-cfg",
	"uart,index=0,chardev=line",
	"ide-hd,bus=ide,index=0,drive=hd:1M",
	"ide-hd,bus=ide,index=1,drive=small:64K",
	"ide-cd,bus=ide,index=2,drive=cd:256K,ro",
	"VGA,vgamem_mb=1,romfile=",
	"membar,size=0x2000,delay-us=50",
	"debugcon",
	NULL,
};

static struct host_plugins *plugins;

struct access {
	struct host_op op; /* first */
	bool done;
};

struct steps {
	struct fuzz_bytes bytes;
	unsigned moves;
};

static uint64_t
steps_take(struct steps *s, unsigned bytes)
{
	return fuzz_take(&s->bytes, bytes);
}

static void
fuzz_done(struct host_op *op)
{
	((struct access *)op)->done = true;
}

/*
 * The same value goes to every element. The vCPU waits for its access; disk
 * I/O and DMA may still be under way when the next one comes.
 */
static void
fuzz_access(struct machine *m, const struct host_op *op, uint64_t value)
{
	struct access a = { .op = *op };
	uint32_t n = op->width * op->count, i;
	uint8_t bytes[8];

	ioemu_put_le64(bytes, value);
	a.op.data = malloc(n); /* of that size: a byte too many is seen */
	a.op.done = fuzz_done;
	for (i = 0; i < n; i++)
		a.op.data[i] = bytes[i % op->width];
	host_op_start(&a.op);
	if (!machine_wait(m, &a.done))
		abort();
	free(a.op.data);
}

/*
 * How, which window, offset, perhaps a count, value. How: width (2 bits),
 * write, direction flag, step (2 bits), a far offset, several elements.
 */
static void
step_access(struct machine *m, struct steps *s)
{
	uint8_t how = (uint8_t)steps_take(s, 1);
	uint8_t window = (uint8_t)steps_take(s, 1);
	struct host_op op = {
		.width = 1u << (how & 3),
		.count = 1,
		.write = how >> 2 & 1,
		.posted = how >> 2 & 1,
		.down = how >> 3 & 1,
		.step = (int8_t)((how >> 4 & 3) % 3 - 1),
	};

	if (!m->n_routes)
		return;
	op.window = m->route[window % m->n_routes];
	if (how & 0x40) /* before the window too, as strings begin there */
		op.offset = (uint64_t)(int32_t)steps_take(s, 4);
	else
		op.offset = steps_take(s, 1);
	if (how & 0x80)
		op.count = 1 + (uint32_t)steps_take(s, 2) %
				       (HOST_MAX_DATA / op.width);
	fuzz_access(m, &op, steps_take(s, op.write ? op.width : 0));
}

/* Width and direction, which device, register, value. */
static void
step_config(struct machine *m, struct steps *s)
{
	uint8_t how = (uint8_t)steps_take(s, 1);
	const struct slot *slot = &m->slot[steps_take(s, 1) % m->n_slots];
	struct host_op op = {
		.window = slot->hd->config,
		.offset = steps_take(s, 1),
		.width = 1u << (how & 3) % 3,
		.count = 1,
		.write = how >> 2 & 1,
	};

	if (op.window)
		fuzz_access(m, &op, steps_take(s, op.write ? op.width : 0));
}

/* Guest memory, mostly low: descriptors of the devices. */
static void
step_poke(struct machine *m, struct steps *s)
{
	uint64_t at = steps_take(s, 2) << 2;
	uint64_t n = steps_take(s, 1) % POKE_SIZE;

	while (n--)
		m->ram[at++] = (uint8_t)steps_take(s, 1);
}

static void
step_advance(struct machine *m, struct steps *s)
{
	machine_advance(m, (steps_take(s, 3) << 4) % MAX_ADVANCE_NS);
}

static void
step_input(struct machine *m, struct steps *s)
{
	struct ioemu_chardev *chr = backend_chr(m, "line");
	uint8_t data[MAX_INPUT];
	size_t n = steps_take(s, 1) % sizeof(data), i;

	for (i = 0; i < n; i++)
		data[i] = (uint8_t)steps_take(s, 1);
	backend_append(&chr->in, &chr->in_len, data, n);
	machine_turn(m);
}

static void
step_disk_fails(struct machine *m, struct steps *s)
{
	static const char *const disk[] = { "hd", "small", "cd" };

	backend_block(m, disk[steps_take(s, 1) % 3])->fail = -EIO;
}

/* What is in the CD drive, as an operator changes it. */
static void
step_medium(struct machine *m, struct steps *s)
{
	struct ioemu_block *cd = backend_block(m, "cd");
	enum ioemu_medium what = (enum ioemu_medium)(steps_take(s, 1) % 4);
	struct slot *slot = machine_find(m, "ide-cd");

	if (what == IOEMU_MEDIUM_CLOSE && machine_quiet(m))
		backend_load(cd, steps_take(s, 1) << 10);
	(void)hostdev_medium(slot->hd, cd, what);
}

static void
step_migrate(struct machine *m, struct steps *s)
{
	if (machine_quiet(m) && s->moves++ < MAX_MOVES)
		machine_migrate(m);
}

static void
step_reset(struct machine *m, struct steps *s)
{
	(void)s;
	machine_reset(m);
}

static void (*const steps[])(struct machine *m, struct steps *s) = {
	step_access,	 step_access,  step_access,  step_access, step_access,
	step_access,	 step_access,  step_config,  step_config, step_poke,
	step_poke,	 step_advance, step_migrate, step_input,  step_reset,
	step_disk_fails, step_medium,
};

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char dir[FUZZ_PATH];

	(void)argc;
	fuzz_plugin_dir(dir, (*argv)[0]);
	if (host_plugins_new(&plugins) ||
	    host_plugins_load_dir(plugins, dir, NULL, NULL) <= 0)
		abort();
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct steps s = { .bytes = { data, size } };
	struct machine *m = machine_new(plugins);

	machine_add(m, devices);
	while (s.bytes.left) {
		steps[steps_take(&s, 1) % (sizeof(steps) / sizeof(steps[0]))](
			m, &s);
		machine_turn(m);
		machine_check(m);
	}
	if (!machine_wait(m, NULL))
		abort();
	machine_free(m);
	return 0;
}
