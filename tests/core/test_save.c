/* SPDX-License-Identifier: MIT */
/*
 * A guest is stopped, saved, loaded somewhere else and goes on; what is not the
 * whole state of the same devices is refused; who copies its memory is told of
 * every write.
 */
#include "support/save_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "local/disks.h"
#include "peer/priv.h"

#define LIST 0x1000u
#define DATA 0x4000u
#define LEN 64u
#define WORD 0x12345678u
#define PIN 0u
#define MAX_SAVED (4u << 20)

static const char *plugin_dir;

/* ---- two sides ---------------------------------------------------- */

static void
open_same(struct side *side, bool stopped)
{
	side_open(side, plugin_dir);
	side_add(side, "i31154,id=br0,addr=7");
	side_add(side, "dma-engine,id=near,addr=5,size=4096");
	side_add_peer(side, "id=far,addr=6", "dma-engine", "size=4096");
	side_start(side, stopped);
}

/* As it is after some time: memory written, interrupts up. */
static void
use_one(struct side *side, unsigned devfn)
{
	struct core *core = &side->core;

	side_place(side, devfn);
	core_mem_write(core, RAM_OF(devfn), WORD + devfn);
	side_copy(side, devfn, LIST, DATA + devfn * LEN, LEN);
	assert_int_equal(ioemu_get_le32(core->xen->ram + DATA + devfn * LEN),
			 WORD + devfn);
}

static void
use(struct side *side)
{
	use_one(side, NEAR);
	use_one(side, FAR);
	core_config_write(&side->core, 0, 0x38, 0x18, 0x00020100);
}

/* What Xen keeps and moves by itself. */
static void
move_guest(const struct side *from, struct side *to)
{
	memcpy(to->core.xen->ram, from->core.xen->ram, FAKE_RAM);
	memcpy(to->core.xen->intx, from->core.xen->intx,
	       sizeof(from->core.xen->intx));
}

static size_t
saved_bytes(int fd, uint8_t *bytes)
{
	ssize_t n = pread(fd, bytes, MAX_SAVED, 0);

	assert_true(n > 0 && n < (ssize_t)MAX_SAVED);
	return (size_t)n;
}

/* Stop and save; the bytes. */
static size_t
save_bytes(struct side *side, uint8_t *bytes)
{
	int fd = side_file("", 0), copy = dup(fd);
	size_t n;

	/* what libxl finds there it does not cut off */
	assert_int_equal(ftruncate(fd, MAX_SAVED - 1), 0);
	assert_int_equal(side_stop(side), 0);
	if (side_save(side, fd))
		fail_msg("%s", side->why);
	n = saved_bytes(copy, bytes);
	assert_int_equal(ioemu_get_le64(bytes + 16), n);
	close(copy);
	return n;
}

static void
check_one(struct side *side, unsigned devfn)
{
	struct core *core = &side->core;

	assert_int_equal(core_mem_read(core, RAM_OF(devfn)), WORD + devfn);
	assert_int_equal(side_status(side, devfn),
			 STATUS_DONE | STATUS_INTERRUPT);
	assert_true(core->xen->intx[devfn / 8][PIN]);
	side_ack(side, devfn);
	assert_int_equal(side_status(side, devfn), 0);
	side_copy(side, devfn, LIST, DATA, LEN);
	assert_int_equal(ioemu_get_le32(core->xen->ram + DATA), WORD + devfn);
	assert_true(core->xen->intx[devfn / 8][PIN]);
}

static bool
line_low(void *ctx)
{
	const struct side *side = ctx;

	return !side->core.xen->intx[FAR / 8][PIN];
}

static void
a_saved_guest_goes_on(void **state)
{
	uint8_t *one = malloc(MAX_SAVED), *two = malloc(MAX_SAVED);
	struct side from, to;
	uint64_t now;
	size_t n;

	(void)state;
	open_same(&from, false);
	use(&from);
	n = save_bytes(&from, one);
	now = clock_now(from.core.env.clock);
	open_same(&to, true);
	move_guest(&from, &to);
	side_close(&from);
	assert_int_equal(save_load(to.save, side_file(one, n), SIDE_LOAD_MS),
			 0);
	assert_int_equal(clock_now(to.core.env.clock), now);
	assert_true(fake_xen_claims(to.core.xen, IOEMU_MEM, RAM_OF(NEAR)));
	assert_true(fake_xen_claims(to.core.xen, IOEMU_MEM, REGS_OF(FAR)));
	/* nothing was lost or added on the way */
	assert_int_equal(save_bytes(&to, two), n);
	assert_memory_equal(one, two, n);
	pause_cont(to.pause);
	check_one(&to, NEAR);
	check_one(&to, FAR);
	assert_int_equal(core_config_read(&to.core, 0, 0x38, 0x18) & 0xffffff,
			 0x020100);
	assert_true(clock_now(to.core.env.clock) > now);
	side_ack(&to, FAR);
	core_until(&to.core, line_low, &to);
	side_close(&to);
	free(one);
	free(two);
}

static void
a_guest_that_was_saved_can_go_on_here(void **state)
{
	uint8_t *bytes = malloc(MAX_SAVED);
	struct side side;

	(void)state;
	open_same(&side, false);
	use(&side);
	save_bytes(&side, bytes);
	pause_cont(side.pause);
	check_one(&side, NEAR);
	check_one(&side, FAR);
	save_bytes(&side, bytes); /* and again */
	side_close(&side);
	free(bytes);
}

/* ---- stopping ----------------------------------------------------- */

static void
stopping_waits_for_what_is_asked(void **state)
{
	const struct request late =
		core_request(SLOT_COPY, true, RAM_OF(NEAR) + 0x80, 4, 0);
	const struct request id =
		core_request(SLOT_COPY, true, RAM_OF(NEAR), 4, 0);
	struct side side;
	uint64_t data = 0;

	(void)state;
	side_open(&side, plugin_dir);
	side_add(&side, "membar,addr=5,delay-us=30000");
	side_start(&side, false);
	core_config_write(&side.core, 0, NEAR, 0x18, (uint32_t)RAM_OF(NEAR));
	core_config_write(&side.core, 0, NEAR, 0x04, 0x2);
	core_begin(&side.core, 0, &late);
	assert_false(fake_xen_answer(side.core.xen, 0, &data));
	assert_int_equal(side_stop(&side), 0);
	assert_true(fake_xen_answer(side.core.xen, 0, &data));
	assert_int_equal(data, 1);
	/* what is asked now waits */
	core_begin(&side.core, 1, &id);
	assert_false(fake_xen_answer(side.core.xen, 1, &data));
	pause_cont(side.pause);
	assert_true(fake_xen_answer(side.core.xen, 1, &data));
	assert_int_equal(data, 0x11e91234);
	side_close(&side);
}

static void
buffered_writes_arrive_before_it_is_stopped(void **state)
{
	struct side side;
	unsigned i;

	(void)state;
	side_open(&side, plugin_dir);
	side_add(&side, "dma-engine,addr=5,size=4096");
	side_start(&side, false);
	side_place(&side, NEAR);
	core_config_write(&side.core, 0, NEAR, 0x10, 0xa0000);
	for (i = 0; i < 100; i++)
		assert_true(fake_xen_buffer(side.core.xen, 0xa0000 + 4 * i, 4,
					    i + 1));
	assert_int_equal(side_stop(&side), 0);
	pause_cont(side.pause);
	for (i = 0; i < 100; i++)
		assert_int_equal(core_mem_read(&side.core, 0xa0000 + 4 * i),
				 i + 1);
	side_close(&side);
}

/* The core writes out and its devices run on when it is told so in between. */
static void
continuing_ends_a_stop(void **state)
{
	struct side side;

	(void)state;
	open_same(&side, false);
	use(&side);
	pause_stop(side.pause, NULL, NULL);
	assert_int_equal(pause_state(side.pause), PAUSE_STOPPING);
	pause_cont(side.pause);
	assert_int_equal(pause_state(side.pause), PAUSE_RUNNING);
	check_one(&side, NEAR);
	check_one(&side, FAR);
	side_close(&side);
}

/* It is named, and what was stopped already runs again. */
static void
who_does_not_come_to_rest_hinders_stopping(void **state)
{
	const struct request late =
		core_request(SLOT_COPY, true, RAM_OF(NEAR) + 0x80, 4, 0);
	struct side side;
	pid_t pid;

	(void)state;
	side_open(&side, plugin_dir);
	side.limit_ms = 100;
	side_add(&side, "membar,id=slow,addr=5,delay-us=600000");
	side_add_peer(&side, "id=far,addr=6", "dma-engine", "size=4096");
	side_start(&side, false);
	side_place(&side, FAR);
	core_config_write(&side.core, 0, NEAR, 0x18, (uint32_t)RAM_OF(NEAR));
	core_config_write(&side.core, 0, NEAR, 0x04, 0x2);
	core_begin(&side.core, 0, &late);
	assert_int_equal(side_stop(&side), -ETIMEDOUT);
	assert_string_equal(side.why, "'slow' does not come to rest");
	assert_int_equal(pause_state(side.pause), PAUSE_RUNNING);
	assert_int_equal(core_finish(&side.core, 0), 1);
	pid = side.core.peers->first->exec.pid;
	kill(pid, SIGSTOP);
	assert_int_equal(side_stop(&side), -ETIMEDOUT);
	assert_string_equal(side.why, "'far' does not come to rest");
	kill(pid, SIGCONT);
	side_copy(&side, FAR, LIST, DATA, LEN);
	assert_int_equal(side_stop(&side), 0);
	side_close(&side);
}

/* ---- who cannot be saved ------------------------------------------ */

static void
a_peer_that_cannot_save_is_named(void **state)
{
	struct link_hello *hello;
	struct side side;

	(void)state;
	open_same(&side, false);
	use(&side);
	assert_int_equal(side_stop(&side), 0);
	hello = (struct link_hello *)(uintptr_t)link_other(
		side.core.peers->first->link);
	hello->caps &= ~LINK_CAP_STATE;
	assert_int_equal(side_save(&side, side_file("", 0)), -EOPNOTSUPP);
	assert_string_equal(side.why, "the peer 'far' cannot save its state");
	pause_cont(side.pause);
	check_one(&side, FAR);
	side_close(&side);
}

static void
a_peer_that_dies_while_it_is_saved_is_named(void **state)
{
	struct side side;

	(void)state;
	open_same(&side, false);
	use(&side);
	assert_int_equal(side_stop(&side), 0);
	kill(side.core.peers->first->exec.pid, SIGSTOP);
	kill(side.core.peers->first->exec.pid, SIGKILL);
	assert_int_equal(side_save(&side, side_file("", 0)), -EIO);
	assert_non_null(strstr(side.why, "'far' went away"));
	pause_cont(side.pause);
	check_one(&side, NEAR);
	side_close(&side);
}

/* As a full disk, without one. */
static void
a_file_that_takes_too_little_is_an_error(void **state)
{
	struct rlimit limit, small;
	struct side side;
	int fd;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	open_same(&side, false);
	use(&side);
	assert_int_equal(side_stop(&side), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = (struct rlimit){ 4000, limit.rlim_max };
	fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	assert_int_equal(side_save(&side, fd), -ENOSPC);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(side_save(&side, side_file("", 0)), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_non_null(strstr(side.why, "cannot write the saved state"));
	pause_cont(side.pause);
	check_one(&side, NEAR);
	check_one(&side, FAR);
	side_close(&side);
}

/* ---- what cannot be loaded ---------------------------------------- */

static int said_fd = -1, error_fd;

/* What goes to the log is kept, until said(). */
static void
hear(void)
{
	fflush(stderr);
	if (said_fd < 0)
		said_fd = memfd_create("log", MFD_CLOEXEC);
	assert_int_equal(ftruncate(said_fd, 0), 0);
	lseek(said_fd, 0, SEEK_SET);
	error_fd = dup(2);
	dup2(said_fd, 2);
}

static const char *
said(void)
{
	static char text[2048];
	ssize_t n;

	fflush(stderr);
	dup2(error_fd, 2);
	close(error_fd);
	n = pread(said_fd, text, sizeof(text) - 1, 0);
	assert_true(n >= 0);
	text[n] = '\0';
	return text;
}

/* What the log looks at. A process loads once and ends; here thousands of
 * loads each want their line, so each is a while after the one before. */
static time_t later;

int __real_clock_gettime(clockid_t id, struct timespec *ts);
int __wrap_clock_gettime(clockid_t id, struct timespec *ts);
int
__wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
	int rc = __real_clock_gettime(id, ts);

	ts->tv_sec += later;
	return rc;
}

static void
refused(struct side *side, const void *bytes, size_t len, const char *what)
{
	static const char error[] = "mini-ioemu: error: ";
	const char *text;
	int rc;

	later += 60;
	hear();
	rc = save_load(side->save, side_file(bytes, len), SIDE_LOAD_MS);
	text = said();
	if (rc >= 0 || !strstr(text, what))
		fail_msg("%d, and it said: %s", rc, text);
	/* one line of ours, whatever a peer's process says meanwhile */
	text = strstr(text, error);
	assert_non_null(text);
	assert_null(strstr(text + 1, error));
}

/* Devices of few bytes: a bridge, and one as a peer. */
static void
open_small(struct side *side, bool stopped)
{
	side_open(side, plugin_dir);
	side_add(side, "i31154,id=br0,addr=7");
	side_add_peer(side, "id=far,addr=6", "i31154", "");
	side_start(side, stopped);
}

static bool
far_is_there(void *ctx)
{
	struct side *side = ctx;

	return core_config_read(&side->core, 0, FAR, 0) != UINT32_MAX;
}

static void
damage_is_found_wherever_it_is(void **state)
{
	uint8_t *bytes = malloc(MAX_SAVED);
	struct side from, to;
	unsigned claims;
	size_t n, i;

	(void)state;
	open_small(&from, false);
	core_until(&from.core, far_is_there, &from);
	core_config_write(&from.core, 0, FAR, 0x18, 0x00020100);
	n = save_bytes(&from, bytes);
	side_close(&from);
	open_small(&to, true);
	claims = to.core.xen->claims;
	for (i = 0; i < n; i += i < 512 ? 1 : 7)
		refused(&to, bytes, i, "not restored");
	bytes[n] = 0;
	refused(&to, bytes, n + 1, "length");
	for (i = 0; i < n; i += i < 512 ? 1 : 7) {
		bytes[i] ^= (uint8_t)(1u << i % 8);
		refused(&to, bytes, n,
			i < 8	 ? "did not write it"
			: i < 16 ? "version"
			: i < 24 ? "length"
				 : "checksum");
		bytes[i] ^= (uint8_t)(1u << i % 8);
	}
	assert_int_equal(to.core.xen->claims, claims);
	assert_int_equal(save_load(to.save, side_file(bytes, n), SIDE_LOAD_MS),
			 0);
	side_close(&to);
	free(bytes);
}

struct other {
	const char *spec[3];
	const char *says;
};

static void
other_devices_are_refused_by_name(void **state)
{
	static const struct other other[] = {
		{ { "i31154,id=br0,addr=7", "dma-engine,id=near,addr=5" },
		  "device 3 is none, and was far (peer) when saved" },
		{ { "dma-engine,id=near,addr=5", "i31154,id=br0,addr=7" },
		  "device 1 is near (dma-engine), and was br0 (i31154)" },
		{ { "i31154,id=br0,addr=7", "membar,id=near,addr=5" },
		  "device 2 is near (membar), and was near (dma-engine)" },
	};
	uint8_t *bytes = malloc(MAX_SAVED);
	struct side side;
	unsigned i, k;
	size_t n;

	(void)state;
	open_same(&side, false);
	n = save_bytes(&side, bytes);
	side_close(&side);
	for (i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		side_open(&side, plugin_dir);
		for (k = 0; other[i].spec[k]; k++)
			side_add(&side, other[i].spec[k]);
		side_start(&side, true);
		refused(&side, bytes, n, other[i].says);
		side_close(&side);
	}
	open_same(&side, true);
	side_add(&side, "membar,id=more,addr=9");
	refused(&side, bytes, n, "device 3 is more (membar), and was far");
	side_close(&side);
	free(bytes);
}

static void
another_peer_is_refused_by_name(void **state)
{
	uint8_t *bytes = malloc(MAX_SAVED);
	struct side side;
	size_t n;

	(void)state;
	side_open(&side, plugin_dir);
	side_add_peer(&side, "id=far,addr=6", "dma-engine", "size=4096");
	side_start(&side, false);
	side_place(&side, FAR);
	n = save_bytes(&side, bytes);
	side_close(&side);

	side_open(&side, plugin_dir);
	side_add_peer(&side, "id=far,addr=6", "membar", "size=4096");
	side_start(&side, true);
	refused(&side, bytes, n,
		"the peer 'far' is 'membar', and was 'dma-engine' when saved");
	side_close(&side);

	side_open(&side, plugin_dir);
	side_add_peer(&side, "id=far,addr=9", "dma-engine", "size=4096");
	side_start(&side, true);
	refused(&side, bytes, n, "'far' was in PCI slot 6.0");
	side_close(&side);
	free(bytes);
}

/* ---- records made up ---------------------------------------------- */

#define ROUNDS 4000u

/* Some bytes are others, at times the end is missing; the new length. */
static size_t
make_up(uint8_t *to, const uint8_t *from, size_t n, size_t head)
{
	unsigned k = 1 + (unsigned)random() % 4;

	memcpy(to, from, n);
	while (k--)
		to[head + (size_t)random() % (n - head)] = (uint8_t)random();
	return random() % 4 ? n : head + (size_t)random() % (n - head);
}

/* Whatever passes for saved is taken or refused, and harms nobody. */
static void
devices_bear_states_that_nobody_saved(void **state)
{
	static uint8_t bytes[65536], bad[65536];
	unsigned i, taken = 0;
	struct side side;
	size_t n, len;

	(void)state;
	srandom(1);
	side_open(&side, plugin_dir);
	side_add(&side, "i31154,id=br0,addr=7");
	side_add(&side, "uart,id=com,index=1");
	side_start(&side, false);
	n = save_bytes(&side, bytes);
	hear();
	for (i = 0; i < ROUNDS; i++) {
		len = make_up(bad, bytes, n, 32);
		ioemu_put_le64(bad + 16, len);
		ioemu_put_le64(bad + 24, host_sum(bad + 32, len - 32));
		taken += !save_load(side.save, side_file(bad, len),
				    SIDE_LOAD_MS);
	}
	(void)said();
	assert_true(taken > 0 && taken < ROUNDS);
	assert_int_equal(
		save_load(side.save, side_file(bytes, n), SIDE_LOAD_MS), 0);
	pause_cont(side.pause);
	assert_int_equal(core_config_read(&side.core, 0, 0x38, 0x18), 0);
	side_close(&side);
}

static void
a_peers_record_is_looked_at_before_it_is_taken(void **state)
{
	static uint8_t bad[65536];
	struct blob record = { .p = NULL };
	struct blob none = { .p = NULL };
	struct side side;
	char why[256], spec[80];
	struct view v;
	unsigned i;

	(void)state;
	srandom(1);
	open_small(&side, false);
	core_until(&side.core, far_is_there, &side);
	peers_put(side.core.peers, 0, &none); /* nobody asked for its state */
	assert_int_equal(side_stop(&side), 0);
	assert_int_equal(peers_save(side.core.peers, false, why, sizeof(why)),
			 0);
	while (peers_state(side.core.peers, why, sizeof(why)) == 1)
		uv_run(&side.core.loop, UV_RUN_ONCE);
	peers_put(side.core.peers, 0, &record);
	assert_true(record.len > none.len);
	side_close(&side);
	side_open(&side, plugin_dir);
	snprintf(spec, sizeof(spec),
		 "peer,id=far,addr=6,listen=unix:/tmp/test_save.%d",
		 (int)getpid());
	side_add(&side, spec);
	side_start(&side, true);
	for (i = 0; i < ROUNDS; i++) {
		v = (struct view){ .p = bad };
		v.left = make_up(bad, record.p, record.len, 0);
		if (!peers_get(side.core.peers, 0, &v, why, sizeof(why)))
			peers_forget(side.core.peers);
	}
	v = (struct view){ .p = none.p, .left = none.len };
	assert_int_equal(peers_get(side.core.peers, 0, &v, why, sizeof(why)),
			 0);
	assert_int_equal(peers_state(side.core.peers, why, sizeof(why)), 0);
	v = (struct view){ .p = record.p, .left = record.len };
	assert_int_equal(peers_get(side.core.peers, 0, &v, why, sizeof(why)),
			 0);
	assert_int_equal(peers_state(side.core.peers, why, sizeof(why)), 1);
	assert_string_equal(why, "the peer 'far' is not there");
	side_close(&side);
	blob_free(&record);
	blob_free(&none);
}

/* ---- who copies memory is told of writes -------------------------- */

static void
io_done(struct ioemu_dev *dev, struct ioemu_io *io)
{
	(void)dev;
	io->len = 0;
}

static bool
io_over(void *ctx)
{
	return !((struct ioemu_io *)ctx)->len;
}

/* A disk reads one page of itself to gpa, in place. */
static void
read_disk(struct side *side, uint64_t gpa)
{
	struct disks *disks = local_disks(side->core.local);
	struct hostdev *hd = local_at(side->core.local, 0);
	struct ioemu_sg sg = { .gpa = gpa, .len = 4096 };
	struct ioemu_io io = {
		.op = IOEMU_BLK_READ,
		.len = 4096,
		.sg = &sg,
		.n_sg = 1,
		.done = io_done,
	};
	char path[] = "/tmp/test_save.XXXXXX";
	int fd = mkstemp(path);

	assert_int_equal(ftruncate(fd, 4096), 0);
	assert_int_equal(disks_open(disks, hd, path, &io.block), 0);
	unlink(path);
	close(fd);
	disks_io(disks, hd, &io);
	core_until(&side->core, io_over, &io);
	assert_int_equal(io.status, 0);
	disks_close(disks, io.block);
}

static void
every_write_to_memory_is_reported(void **state)
{
	struct request string =
		core_request(SLOT_COPY, true, RAM_OF(NEAR), 4, 0x20ffc);
	unsigned *modified;
	struct side side;

	(void)state;
	open_same(&side, false);
	modified = side.core.xen->modified;
	use(&side); /* nothing is told before it was asked for */
	string.count = 2;
	string.ptr = true;
	core_access(&side.core, &string);
	assert_int_equal(modified[0x20], 0);
	dma_log(side.core.env.dma, true);
	core_access(&side.core, &string); /* rep movs, over a page's end */
	assert_int_equal(modified[0x20], 1);
	assert_int_equal(modified[0x21], 1);
	side_ack(&side, NEAR);
	side_copy(&side, NEAR, LIST, 0x30000, LEN); /* a device's DMA */
	assert_int_equal(modified[0x30], 1);
	side_ack(&side, FAR);
	side_copy(&side, FAR, LIST, 0x40000, LEN); /* a peer's */
	assert_int_equal(modified[0x40], 1);
	read_disk(&side, 0x50000);
	assert_int_equal(modified[0x50], 1);
	assert_int_equal(modified[LIST / 4096], 0); /* read only */
	dma_log(side.core.env.dma, false);
	core_access(&side.core, &string);
	assert_int_equal(modified[0x20], 1);
	side_close(&side);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_saved_guest_goes_on),
		cmocka_unit_test(a_guest_that_was_saved_can_go_on_here),
		cmocka_unit_test(stopping_waits_for_what_is_asked),
		cmocka_unit_test(buffered_writes_arrive_before_it_is_stopped),
		cmocka_unit_test(continuing_ends_a_stop),
		cmocka_unit_test(who_does_not_come_to_rest_hinders_stopping),
		cmocka_unit_test(a_peer_that_cannot_save_is_named),
		cmocka_unit_test(a_peer_that_dies_while_it_is_saved_is_named),
		cmocka_unit_test(a_file_that_takes_too_little_is_an_error),
		cmocka_unit_test(damage_is_found_wherever_it_is),
		cmocka_unit_test(other_devices_are_refused_by_name),
		cmocka_unit_test(another_peer_is_refused_by_name),
		cmocka_unit_test(devices_bear_states_that_nobody_saved),
		cmocka_unit_test(
			a_peers_record_is_looked_at_before_it_is_taken),
		cmocka_unit_test(every_write_to_memory_is_reported),
	};

	setenv("ASAN_OPTIONS", "detect_leaks=0", 1); /* the peers' sandbox */
	plugin_dir = argc > 1 ? argv[1] : ".";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
