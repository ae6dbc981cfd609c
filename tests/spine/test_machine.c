/* SPDX-License-Identifier: MIT */
/*
 * A guest with the machine that is installed: its disk, its serial port, its
 * power button; and what cannot work is refused.
 */
#include "spine/whole.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define IDE_DEVFN 9u /* 1.1 */
#define PRD 0x1000u
#define DATA 0x2000u

static const char *plugin_dir;

/* ---- the guest ---------------------------------------------------------- */

static void
config_write(struct whole *w, unsigned devfn, unsigned reg, uint32_t v)
{
	const struct request req = {
		.type = SLOT_CONFIG,
		.addr = (uint64_t)devfn << 32 | reg,
		.size = 4,
		.count = 1,
		.data = v,
	};

	whole_access(w, &req);
}

/* One sector at `lba` of the primary master. */
static void
ide_command(struct whole *w, uint8_t command, uint8_t lba)
{
	whole_out(w, 0x1f2, 1, 1);
	whole_out(w, 0x1f3, 1, lba);
	whole_out(w, 0x1f4, 1, 0);
	whole_out(w, 0x1f5, 1, 0);
	whole_out(w, 0x1f6, 1, 0xe0);
	whole_out(w, 0x1f7, 1, command);
}

static void
ide_wait(struct whole *w)
{
	uint64_t limit = uv_hrtime() + TEST_LIMIT_NS;

	while (whole_in(w, 0x3f6, 1) & 0x80) {
		assert_true(uv_hrtime() < limit);
		uv_run(&w->loop, UV_RUN_NOWAIT);
	}
}

static void
a_guest_reads_its_disk_through_the_data_port(void **state)
{
	struct whole *w = *state;

	assert_int_equal(whole_start(w, plugin_dir, NULL), 0);
	assert_int_equal(whole_end.ready, 1);
	ide_command(w, 0x20, 5);
	ide_wait(w);
	assert_true(whole_end.xen->isa[14]);
	assert_int_equal(whole_in(w, 0x1f7, 1), 0x58);
	assert_false(whole_end.xen->isa[14]);
	assert_int_equal(whole_in(w, 0x1f0, 4), 0x05050505);
}

static void
a_disk_reads_into_guest_memory_by_itself(void **state)
{
	struct whole *w = *state;

	assert_int_equal(whole_start(w, plugin_dir, NULL), 0);
	config_write(w, IDE_DEVFN, 0x20, 0xc000);
	config_write(w, IDE_DEVFN, 0x04, 0x5); /* I/O, bus master */
	put_le32(whole_end.xen->ram + PRD, DATA);
	put_le32(whole_end.xen->ram + PRD + 4, 0x80000000 | WHOLE_SECTOR);
	whole_out(w, 0xc004, 4, PRD);
	ide_command(w, 0xc8, 7);
	whole_out(w, 0xc000, 1, 9); /* start, to memory */
	ide_wait(w);
	assert_int_equal(whole_in(w, 0xc002, 1) & 7, 4);
	assert_int_equal(get_le32(whole_end.xen->ram + DATA), 0x07070707);
	assert_int_equal(get_le32(whole_end.xen->ram + DATA + WHOLE_SECTOR - 4),
			 0x07070707);
	assert_int_equal(get_le32(whole_end.xen->ram + DATA + WHOLE_SECTOR), 0);
}

static void
serial_output_reaches_its_file(void **state)
{
	struct whole *w = *state;
	char got[8] = "";
	int fd;

	assert_int_equal(whole_start(w, plugin_dir, NULL), 0);
	whole_out(w, 0x3f8, 1, 'h');
	whole_out(w, 0x3f8, 1, 'i');
	whole_stop(w);
	fd = open(whole_path(w, 0, "", "serial"), O_RDONLY);
	assert_int_equal(read(fd, got, sizeof(got)), 2);
	assert_string_equal(got, "hi");
	close(fd);
}

static void
a_guest_turns_itself_off(void **state)
{
	struct whole *w = *state;

	assert_int_equal(whole_start(w, plugin_dir, NULL), 0);
	whole_out(w, 0xcf9, 1, 6);
	assert_int_equal(whole_end.xen->power, IOEMU_POWER_RESET);
}

static void
unplugged_disks_are_gone(void **state)
{
	struct whole *w = *state;

	assert_int_equal(whole_start(w, plugin_dir, NULL), 0);
	assert_int_equal(whole_in(w, 0x1f7, 1), 0x50);
	whole_out(w, 0x10, 2, 1);
	assert_int_equal(whole_in(w, 0x1f7, 1), 0);
}

static void
lost_event_channels_are_a_failure(void **state)
{
	struct whole *w = *state;

	assert_int_equal(whole_start(w, plugin_dir, NULL), 0);
	whole_end.events_rc = -EIO;
	whole_ring();
	assert_int_equal(machine_result(w->machine), 0);
	assert_true(uv_run(&w->loop, UV_RUN_DEFAULT) > 0);
	assert_int_equal(machine_result(w->machine), -EIO);
}

/* ---- what cannot work ------------------------------------------------------
 */

/* Nothing is left behind. */
static void
refused(struct whole *w, int rc, const char *const *words)
{
	assert_int_equal(whole_start(w, plugin_dir, words), rc);
	whole_stop(w);
	assert_int_equal(whole_end.xen->n_claimed, 0);
}

static void
what_cannot_work_is_refused_whole(void **state)
{
	static const struct {
		int rc;
		const char *words[5];
	} bad[] = {
		{ -ENOENT, { "-device", "nosuch" } },
		{ -ENOKEY, { "-device", "uart,colour=red" } },
		{ -EINVAL, { "-device", "uart,index=many" } },
		{ -EINVAL, { "-device", "ide-hd,drive=none" } },
		{ -EBUSY, { "-device", "membar,addr=2.0" } },
		{ -ENOENT, { "-drive", "if=ide,file=/nowhere/disk" } },
		{ -ENOENT,
		  { "-chardev",
		    "socket,id=r,path=/nowhere/q,server=on,wait=off", "-mon",
		    "chardev=r,mode=control" } },
	};
	struct whole *w = *state;
	unsigned i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refused(w, bad[i].rc, bad[i].words);
}

static void
without_xen_nothing_starts(void **state)
{
	struct whole *w = *state;

	whole_end.open_rc = -EACCES;
	refused(w, -EACCES, NULL);
	whole_end.open_rc = 0;
	whole_end.ready_rc = -EPERM;
	refused(w, -EPERM, NULL);
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, whole_setup, whole_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(a_guest_reads_its_disk_through_the_data_port),
		TEST(a_disk_reads_into_guest_memory_by_itself),
		TEST(serial_output_reaches_its_file),
		TEST(a_guest_turns_itself_off),
		TEST(unplugged_disks_are_gone),
		TEST(lost_event_channels_are_a_failure),
		TEST(what_cannot_work_is_refused_whole),
		TEST(without_xen_nothing_starts),
	};

	plugin_dir = argc > 1 ? argv[1] : ".";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
