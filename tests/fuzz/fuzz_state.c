/* SPDX-License-Identifier: MIT */
/*
 * A saved guest as somebody changed it, against the whole core: it is refused,
 * or the guest goes on with it, makes some accesses that the bytes decide, and
 * can be loaded as it was. The bytes are a list of changes to a state: fields
 * of devices that become others, bytes anywhere, pieces that are cut out or
 * put in. Length and checksums are put right behind them, else nothing would
 * get any further; one change in the list leaves them wrong.
 */
#include "fuzz/common.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest/save_priv.h"
#include "support/core_fixture.h"
#include <host/le.h>

#define TURNS 100000u /* that an answer may take */
#define ACCESSES 24u
#define DEVICE_HEAD 16u
#define DEVICE_LENGTH 4u
#define DEVICE_SUM 8u

static const char *const devices[] = {
	"piix3,addr=1.0",
	"i440fx,addr=0.0",
	"piix3-ide,id=ide,addr=1.1",
	"piix4-pm,addr=1.3,cpus=2,maxcpus=4",
	"xen-platform,addr=2.0",
	"cmos,boot=cd,memory=16",
	"i8042",
	"fw-cfg",
	"uart,index=0,chardev=null",
	"debugcon",
	"i31154,id=br,addr=5",
	"raw-test",
};

#define IDE_DEVFN 0x09u
#define BM 0xc000u
#define DISK_SIZE (256 << 10)

static const uint16_t ports[] = {
	0x60,  0x64,  0x70,   0x71,   0xe9,   0x10,   0x12,    0x170,	0x172,
	0x174, 0x176, 0x177,  0x1f0,  0x1f1,  0x1f2,  0x1f3,   0x1f4,	0x1f5,
	0x1f6, 0x1f7, 0x3f6,  0x3f8,  0x3f9,  0x3fa,  0x3fb,   0x3fd,	0x510,
	0x511, 0x514, 0xae00, 0xae08, 0xafe0, 0xb2,   0xb000,  0xb004,	0xb008,
	0xcf9, 0x4d0, BM,     BM + 2, BM + 4, BM + 8, BM + 10, BM + 12,
};

static struct core core;
static struct save *saver;
static uint8_t *base; /* the guest as it was at first */
static size_t base_len;
static bool saved;

/* ---- the guest ---------------------------------------------------- */

static void
one_access(const struct request *req)
{
	unsigned i;
	uint64_t data;

	fake_xen_ask(core.xen, 0, req);
	dispatch_event(core.d, 0);
	dispatch_flush(core.d);
	for (i = 0; !fake_xen_answer(core.xen, 0, &data); i++) {
		if (i == TURNS)
			abort();
		uv_run(&core.loop, UV_RUN_NOWAIT);
	}
}

static void
accesses(uint64_t seed)
{
	struct request req = { .count = 1 };
	unsigned i;

	for (i = 0; i < ACCESSES; i++) {
		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		req.type = seed >> 60 ? SLOT_PIO : SLOT_CONFIG;
		req.read = seed >> 59 & 1;
		req.size = 1u << (seed >> 57 & 3) % 3;
		req.data = seed >> 20 & 0xffffffff;
		if (req.type == SLOT_PIO)
			req.addr = ports[(seed >> 32) %
					 (sizeof(ports) / sizeof(ports[0]))];
		else
			req.addr = core_config_addr(0, seed >> 32 & 0x2f,
						    seed >> 40 & 0xfc);
		one_access(&req);
	}
}

/* Both drives are in the midst of a command: one has sectors to be read, the
 * other waits for a packet. */
static void
start_commands(void)
{
	static const struct {
		uint16_t port;
		uint8_t value;
	} out[] = {
		{ 0x3f6, 4 },	 { 0x3f6, 0 },	  { 0x1f6, 0xe0 },
		{ 0x1f2, 200 },	 { 0x1f7, 0x20 }, { 0x376, 4 },
		{ 0x376, 0 },	 { 0x176, 0xa0 }, { 0x175, 8 },
		{ 0x177, 0xa0 },
	};
	unsigned i;

	for (i = 0; i < sizeof(out) / sizeof(out[0]); i++)
		one_access(&(struct request){
			.type = SLOT_PIO,
			.addr = out[i].port,
			.size = 1,
			.count = 1,
			.data = out[i].value,
		});
}

/* Nothing is in flight, as nothing is when a guest is loaded. */
static void
settle(void)
{
	unsigned i;

	for (i = 0; !local_quiet(core.local) || local_waiting(core.local);
	     i++) {
		if (i == TURNS)
			abort();
		uv_run(&core.loop, UV_RUN_NOWAIT);
	}
}

/* ---- bytes -------------------------------------------------------- */

/* What a device gave: a length and a checksum of its own. */
static void
right_device(uint8_t *p, size_t len)
{
	size_t skip = 0;
	unsigned i;

	for (i = 0; i < 2 && skip < len; i++) /* id and type */
		skip += 1u + p[skip];
	if (skip > len || len - skip < DEVICE_HEAD)
		return;
	p += skip;
	len -= skip;
	ioemu_put_le32(p + DEVICE_LENGTH, (uint32_t)len);
	ioemu_put_le64(p + DEVICE_SUM,
		       host_sum(p + DEVICE_HEAD, len - DEVICE_HEAD));
}

static void
right(uint8_t *p, size_t len)
{
	size_t at = SAVE_HEAD + 16;

	if (len < at)
		return;
	while (len - at >= 4 && ioemu_get_le32(p + at) <= len - at - 4) {
		size_t n = ioemu_get_le32(p + at);

		right_device(p + at + 4, n);
		at += 4 + n;
	}
	ioemu_put_le64(p + SAVE_LENGTH, len);
	ioemu_put_le64(p + SAVE_SUM, host_sum(p + SAVE_HEAD, len - SAVE_HEAD));
}

static int
load(const uint8_t *bytes, size_t len)
{
	return save_load(saver, fuzz_file(bytes, len), 0);
}

/* ---- changes ------------------------------------------------------ */

#define MAX_FIELDS 1024u
#define MAX_CHANGES 16u
#define MAX_PIECE 64u

/* Values of a field in the state. */
static struct field {
	size_t at;
	uint32_t width, count;
} field[MAX_FIELDS];
static unsigned n_fields;

struct state {
	uint8_t *p;
	size_t len;
	bool wrong; /* its sums stay as they are */
};

/* Form and names of the records are host/state.c's. */
static void
find_fields_of(size_t at, size_t end)
{
	static const uint8_t width[] = { 0, 1, 1, 2, 4, 8 };

	while (at < end && n_fields < MAX_FIELDS) {
		const uint8_t *kind = base + at + 1 + base[at];
		struct field *f = &field[n_fields];

		f->width = width[*kind];
		f->count = ioemu_get_le32(kind + 1);
		f->at = at + 1 + base[at] + 5;
		at = f->at + (size_t)f->width * f->count;
		n_fields += f->count > 0;
	}
}

static void
find_fields(void)
{
	size_t at = SAVE_HEAD + 16;

	while (at < base_len) {
		size_t end = at + 4 + ioemu_get_le32(base + at);

		at += 4;
		at += 1u + base[at];
		at += 1u + base[at];
		find_fields_of(at + DEVICE_HEAD, end);
		at = end;
	}
}

static void
change_field(struct state *st, struct fuzz_bytes *b)
{
	const struct field *f = &field[fuzz_take(b, 2) % n_fields];
	size_t at = f->at + fuzz_take(b, 2) % f->count * f->width;
	uint64_t v = fuzz_take(b, f->width);
	unsigned i;

	for (i = 0; i < f->width && at + i < st->len; i++)
		st->p[at + i] = (uint8_t)(v >> 8 * i);
}

static void
change_byte(struct state *st, struct fuzz_bytes *b)
{
	size_t at = fuzz_take(b, 3);
	uint8_t v = (uint8_t)fuzz_take(b, 1);

	if (st->len)
		st->p[at % st->len] = v;
}

/* A piece goes, or comes; there is room for all that may come. */
static void
change_length(struct state *st, struct fuzz_bytes *b)
{
	size_t at = fuzz_take(b, 3) % (st->len + 1);
	uint8_t how = (uint8_t)fuzz_take(b, 1);
	size_t n = how % MAX_PIECE;

	if (how & 0x80) {
		memmove(st->p + at + n, st->p + at, st->len - at);
		memset(st->p + at, how, n);
		st->len += n;
		return;
	}
	n = n < st->len - at ? n : st->len - at;
	memmove(st->p + at, st->p + at + n, st->len - at - n);
	st->len -= n;
}

static void
change(struct state *st, struct fuzz_bytes *b)
{
	uint8_t what = (uint8_t)fuzz_take(b, 1);

	if (what == 0xff)
		st->wrong = true;
	else if (what % 8 == 0)
		change_byte(st, b);
	else if (what % 16 == 1)
		change_length(st, b);
	else
		change_field(st, b);
}

/* ---- the core ----------------------------------------------------- */

static void
save_done(void *ctx, int err, const char *why)
{
	(void)ctx;
	(void)why;
	if (err)
		abort();
	saved = true;
}

static void
save_base(void)
{
	int fd = fuzz_file("", 0), copy = dup(fd);
	off_t size;

	saved = false;
	save_write(saver, fd, false, save_done, NULL);
	while (!saved)
		uv_run(&core.loop, UV_RUN_NOWAIT);
	size = lseek(copy, 0, SEEK_END);
	base_len = (size_t)size;
	base = malloc(base_len);
	if (!base || pread(copy, base, base_len, 0) != size)
		abort();
	close(copy);
}

/* A drive whose medium is in memory. */
static void
add_drive(const char *what)
{
	char spec[64];
	int fd = fuzz_file("", 0);

	if (ftruncate(fd, DISK_SIZE))
		abort();
	snprintf(spec, sizeof(spec), "%s,bus=ide,drive=/proc/self/fd/%d", what,
		 fd);
	core_add_spec(&core, spec);
}

static void
add_devices(void)
{
	unsigned i;

	for (i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		core_add_spec(&core, devices[i]);
	add_drive("ide-hd,id=hd,index=0");
	add_drive("ide-cd,id=cd,index=2");
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct save_env env = { .loop = &core.loop };
	static char dir[FUZZ_PATH];

	(void)argc;
	fuzz_plugin_dir(dir, (*argv)[0]);
	core_open(&core, dir);
	add_devices();
	core_config_write(&core, 0, IDE_DEVFN, 0x20, BM);
	core_config_write(&core, 0, IDE_DEVFN, 0x04, 5);
	env.local = core.local;
	env.peers = core.peers;
	env.clock = core.env.clock;
	if (save_new(&env, &saver))
		abort();
	accesses(1);
	start_commands();
	settle();
	clock_pause(core.env.clock);
	save_base();
	find_fields();
	fuzz_quiet();
	return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_bytes b = { .at = data, .left = size };
	struct state st = { .len = base_len };
	unsigned n = 0;

	st.p = malloc(base_len + (size_t)MAX_CHANGES * MAX_PIECE);
	if (!st.p)
		abort();
	memcpy(st.p, base, base_len);
	while (b.left && n++ < MAX_CHANGES)
		change(&st, &b);
	if (!st.wrong)
		right(st.p, st.len);
	if (!load(st.p, st.len)) {
		clock_resume(core.env.clock);
		accesses(host_sum(data, size));
		settle();
		clock_pause(core.env.clock);
	}
	if (load(base, base_len))
		abort();
	free(st.p);
	return 0;
}
