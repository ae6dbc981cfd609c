/* SPDX-License-Identifier: MIT */
/*
 * A guest with the machine that is installed: its disk, its serial port, its
 * power button; and what cannot work is refused.
 */
#include "support/machine_fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

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
	ioemu_put_le32(whole_end.xen->ram + PRD, DATA);
	ioemu_put_le32(whole_end.xen->ram + PRD + 4, 0x80000000 | WHOLE_SECTOR);
	whole_out(w, 0xc004, 4, PRD);
	ide_command(w, 0xc8, 7);
	whole_out(w, 0xc000, 1, 9); /* start, to memory */
	ide_wait(w);
	assert_int_equal(whole_in(w, 0xc002, 1) & 7, 4);
	assert_int_equal(ioemu_get_le32(whole_end.xen->ram + DATA), 0x07070707);
	assert_int_equal(
		ioemu_get_le32(whole_end.xen->ram + DATA + WHOLE_SECTOR - 4),
		0x07070707);
	assert_int_equal(
		ioemu_get_le32(whole_end.xen->ram + DATA + WHOLE_SECTOR), 0);
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

static FILE *stderr_file;
static int stderr_fd;

static void
stderr_capture(void)
{
	fflush(stderr);
	stderr_file = tmpfile();
	assert_non_null(stderr_file);
	stderr_fd = dup(STDERR_FILENO);
	assert_int_equal(dup2(fileno(stderr_file), STDERR_FILENO),
			 STDERR_FILENO);
}

/* The last line since then. */
static void
stderr_last(char *line, size_t size)
{
	fflush(stderr);
	dup2(stderr_fd, STDERR_FILENO);
	close(stderr_fd);
	rewind(stderr_file);
	line[0] = '\0';
	while (fgets(line, (int)size, stderr_file))
		;
	fclose(stderr_file);
}

/* Nothing is left behind, and the last line is the reason. */
static void
refused(struct whole *w, int rc, const char *const *words, const char *why)
{
	char line[600];
	int is;

	stderr_capture();
	is = whole_start(w, plugin_dir, words);
	whole_stop(w);
	log_end(rc); /* as main.c does */
	stderr_last(line, sizeof(line));
	assert_int_equal(is, rc);
	assert_int_equal(whole_end.xen->n_claimed, 0);
	if (!strstr(line, why))
		fail_msg("'%s' is not '%s'", line, why);
}

static void
what_cannot_work_is_refused_whole(void **state)
{
	static const struct {
		int rc;
		const char *words[5];
		const char *why;
	} bad[] = {
		{ -ENOENT,
		  { "-device", "nosuch" },
		  "no plugin provides the device type 'nosuch' (-device): put "
		  "its .so into" },
		{ -ENOKEY,
		  { "-device", "uart,colour=red" },
		  "uart (-device): colour=red: no such property" },
		{ -EINVAL,
		  { "-device", "uart,index=many" },
		  "uart (-device): index=many: a number from 0 to 255" },
		{ -EINVAL,
		  { "-device", "uart,index=9" },
		  "uart (-device): does not start: " },
		{ -EINVAL,
		  { "-device", "ide-hd,drive=none" },
		  "it wants bus= of a piix3-ide" },
		{ -EBUSY,
		  { "-device", "membar,addr=2.0" },
		  "PCI slot 2.0 is taken" },
		{ -EINVAL,
		  { "-device", "uart,index=1,chardev=nosuch" },
		  "chardev=nosuch: nosuch: none of pty, null, stdio, "
		  "file:PATH, unix:PATH, /dev/TTY, nor the id of a -chardev" },
		{ -ENOENT,
		  { "-device", "ide-hd,bus=ide,unit=1,drive=nosuch" },
		  "drive=nosuch: nosuch: No such file or directory (nor is it "
		  "a -drive's id)" },
		{ -ENOENT,
		  { "-drive", "if=ide,file=/nowhere/disk" },
		  "/nowhere/disk: No such file or directory" },
		{ -ENOENT,
		  { "-chardev",
		    "socket,id=r,path=/nowhere/q,server=on,wait=off", "-mon",
		    "chardev=r,mode=control" },
		  "QMP socket /nowhere/q: No such file or directory" },
		{ -EINVAL,
		  { "-device", "raw-mmio,base=x,size=1,connect=unix:/x" },
		  "raw-mmio (-device): base=x: not a number" },
		{ -EINVAL,
		  { "-device", "raw-mmio,size=1,connect=unix:/x" },
		  "raw-mmio (-device): base=: it is missing" },
		{ -EINVAL,
		  { "-device", "peer" },
		  "one of connect=ADDR, listen=ADDR, exec=COMMAND" },
	};
	struct whole *w = *state;
	unsigned i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refused(w, bad[i].rc, bad[i].words, bad[i].why);
}

/* What libxl 4.17 names for an ordinary xl.cfg (libxl_dm.c). */
static void
what_xl_asks_for_and_is_not_there_is_told_in_words_of_xl_cfg(void **state)
{
	static const struct {
		const char *device, *why;
	} asked[] = {
		{ "cirrus-vga,vgamem_mb=8",
		  "'cirrus-vga' (-device): write vga = \"stdvga\" or \"none\" "
		  "in xl.cfg" },
		{ "qxl-vga,vram_size_mb=64,ram_size_mb=64",
		  "write vga = \"stdvga\"" },
		{ "rtl8139,id=nic0,netdev=net0,mac=00:16:3e:00:00:01",
		  "write type=vif in each vif = [ ... ] in xl.cfg" },
		{ "e1000-82545em,id=nic0,netdev=net0", "type=vif" },
		{ "frobnic,id=nic0,netdev=net0", "type=vif" },
		{ "nec-usb-xhci,id=usb", "no usb, usbdevice or usbversion" },
		{ "ich9-usb-ehci1,id=usb,addr=0x1d.0x7,multifunction=on",
		  "usbversion" },
		{ "intel-hda", "no soundhw" },
		{ "ahci,id=ahci0", "hdtype = \"ide\"" },
		{ "lsi53c895a", "vdev=hda to hdd" },
		{ "virtio-serial", "spice = 0" },
		{ "xen-pvdevice,device-id=0xc000", "vendor_device = \"none\"" },
	};
	struct whole *w = *state;
	unsigned i;

	for (i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		const char *const words[] = { "-device", asked[i].device,
					      NULL };

		refused(w, -ENOENT, words, asked[i].why);
	}
}

/* Devices that were there already say that they go; that is not why. */
static void
a_reason_that_others_have_talked_over_is_told_again(void **state)
{
	char line[600];

	(void)state;
	stderr_capture();
	log_error("the disk is lost");
	log_end(-EIO);
	log_info("a peer is gone");
	log_end(-EIO);
	stderr_last(line, sizeof(line));
	assert_string_equal(line,
			    "mini-ioemu: error: ended: the disk is lost\n");
}

static void
without_xen_nothing_starts(void **state)
{
	struct whole *w = *state;

	whole_end.open_rc = -EACCES;
	refused(w, -EACCES, NULL,
		"domain 1: cannot reach the hypervisor: Permission denied");
	whole_end.open_rc = 0;
	whole_end.ready_rc = -EPERM;
	refused(w, -EPERM, NULL, "cannot write 'running' to xenstore");
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
		TEST(what_xl_asks_for_and_is_not_there_is_told_in_words_of_xl_cfg),
		TEST(a_reason_that_others_have_talked_over_is_told_again),
		TEST(without_xen_nothing_starts),
	};

	plugin_dir = argc > 1 ? argv[1] : ".";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
