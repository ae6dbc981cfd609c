/* SPDX-License-Identifier: MIT */
/*
 * Media that the toolstack changes while the guest reads, and disks that fail,
 * in a whole machine: the guest at its ports, libxl at the QMP socket.
 */
#include "support/fsize_limit.h"
#include "support/qmp_client.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CONT "{\"execute\":\"cont\"}"
#define EJECT "{\"execute\":\"eject\",\"arguments\":{\"id\":\"ide-5632\"}}"
#define QUERY "{\"execute\":\"query-block\"}"
#define CD_SECTOR 2048u
#define CD_SECTORS 64u
#define ROUNDS 30

static const char *plugin_dir;

/* As libxl has it (libxl_dm.c), an empty drive as hdc. */
static const char *const cdrom[] = {
	"-drive",  "if=none,readonly=on,id=ide-5632",
	"-device", "ide-cd,id=ide-5632,drive=ide-5632,bus=ide.1,unit=0",
	NULL,
};

/* ---- media --------------------------------------------------------- */

/* A CD full of one byte. */
static int
make_cd(uint8_t byte)
{
	int fd = memfd_create("disc", MFD_CLOEXEC);
	uint8_t sector[CD_SECTOR];
	unsigned i;

	memset(sector, byte, sizeof(sector));
	for (i = 0; i < CD_SECTORS; i++)
		assert_int_equal(write(fd, sector, sizeof(sector)),
				 sizeof(sector));
	return fd;
}

/* As libxl does it (libxl_disk.c, cdrom_insert_ejected); the answer. */
static const char *
insert(struct client *c, int fd)
{
	char command[200];

	snprintf(command, sizeof(command),
		 "{\"execute\":\"blockdev-change-medium\",\"arguments\":"
		 "{\"id\":\"ide-5632\",\"filename\":\"/dev/fdset/%d\","
		 "\"format\":\"raw\"}}",
		 client_add_fd(c, fd));
	close(fd);
	return client_qmp(c, command);
}

static void
packet(struct whole *w, const char *cdb)
{
	unsigned i;

	whole_out(w, 0x176, 1, 0xa0);
	whole_out(w, 0x171, 1, 0);
	whole_out(w, 0x174, 1, 0);
	whole_out(w, 0x175, 1, 0x08); /* 2,048 bytes a block */
	whole_out(w, 0x177, 1, 0xa0);
	for (i = 0; i < 12; i += 2)
		whole_out(w, 0x170, 2,
			  ioemu_get_le16((const uint8_t *)cdb + i));
}

static uint8_t
cd_status(struct whole *w)
{
	uint8_t status;

	while ((status = (uint8_t)whole_in(w, 0x177, 1)) & 0x80)
		uv_run(&w->loop, UV_RUN_NOWAIT);
	return status;
}

/* The sense key of the last command. */
static unsigned
cd_sense(struct whole *w)
{
	return whole_in(w, 0x171, 1) >> 4;
}

/* A block that is offered, all of it one byte. */
static uint8_t
cd_block(struct whole *w)
{
	uint32_t first = whole_in(w, 0x170, 4);
	unsigned i;

	for (i = 1; i < CD_SECTOR / 4; i++)
		assert_int_equal(whole_in(w, 0x170, 4), first);
	assert_int_equal(first & 0xff, first >> 24);
	return (uint8_t)first;
}

/* 40 sectors: more than the drive takes in one piece. */
static void
read_begin(struct whole *w)
{
	packet(w, "\x28\0\0\0\0\0\0\0\x28\0\0");
}

/* Sectors read until it ended, all of `byte`. */
static unsigned
read_end(struct whole *w, uint8_t byte)
{
	unsigned n;

	for (n = 0; cd_status(w) & 8; n++)
		assert_int_equal(cd_block(w), byte);
	return n;
}

/* Another medium is there: away, changed, ready. */
static void
cd_settles(struct whole *w)
{
	unsigned i;

	for (i = 0; i < 3; i++) {
		packet(w, "\0\0\0\0\0\0\0\0\0\0\0");
		cd_status(w);
		if (!cd_sense(w))
			return;
	}
	fail_msg("the drive does not become ready");
}

static void
media_change_while_the_guest_reads(void **state)
{
	struct whole *w = *state;
	struct client c;
	unsigned i, n, cut = 0;

	assert_int_equal(whole_start(w, plugin_dir, cdrom), 0);
	client_open(&c, w);
	client_told(&c, QUERY,
		    "\"device\": \"ide-5632\", \"qdev\": \"ide-5632\"");
	client_told(&c, EJECT,
		    "{}"); /* libxl begins with this, even if it is empty */
	assert_non_null(strstr(insert(&c, make_cd(1)), "{}"));
	for (i = 1; i <= ROUNDS; i++) {
		client_told(&c, QUERY, "memfd:disc");
		cd_settles(w);
		read_begin(w); /* on a worker now */
		client_told(&c, EJECT, "{}");
		client_told(&c, QUERY, "\"tray_open\": true");
		if (i & 1) /* in the middle of the guest's reading, or after */
			assert_non_null(strstr(
				insert(&c, make_cd((uint8_t)(i + 1))), "{}"));
		n = read_end(w, (uint8_t)i);
		assert_true(n < 40);
		assert_int_equal(cd_sense(w), 2); /* NOT READY */
		cut += n > 0;
		if (!(i & 1))
			assert_non_null(strstr(
				insert(&c, make_cd((uint8_t)(i + 1))), "{}"));
	}
	assert_true(cut > 0); /* what was in flight came from the old one */
	cd_settles(w);
	read_begin(w);
	assert_int_equal(read_end(w, ROUNDS + 1), 40);
	client_told(&c, "{\"execute\":\"query-blockstats\"}",
		    "\"qdev\": \"ide-5632\"");
	client_close(&c);
}

static void
what_cannot_be_a_medium_is_refused(void **state)
{
	struct whole *w = *state;
	struct client c;
	int secret = open(whole_path(w, 0, "", "disk"), O_WRONLY);

	assert_int_equal(whole_start(w, plugin_dir, cdrom), 0);
	client_open(&c, w);
	assert_non_null(strstr(insert(&c, open("/", O_RDONLY)),
			       "neither a regular file nor a block device"));
	assert_non_null(strstr(insert(&c, secret), "not open for reading"));
	client_told(&c, QUERY, "\"tray_open\": false"); /* nothing has moved */
	client_told(
		&c,
		"{\"execute\":\"eject\",\"arguments\":{\"id\":\"ide-768\"}}",
		"DeviceNotFound");
	client_told(
		&c,
		"{\"execute\":\"eject\",\"arguments\":{\"device\":\"ide0\"}}",
		"is not removable");
	client_close(&c);
}

static void
a_locked_drive_is_not_opened(void **state)
{
	struct whole *w = *state;
	struct client c;

	assert_int_equal(whole_start(w, plugin_dir, cdrom), 0);
	client_open(&c, w);
	client_told(&c, EJECT, "{}");
	assert_non_null(strstr(insert(&c, make_cd(1)), "{}"));
	cd_settles(w);
	packet(w, "\x1e\0\0\0\x01\0\0\0\0\0\0");
	client_told(&c, EJECT, "has locked the drive");
	assert_non_null(strstr(insert(&c, make_cd(2)), "has locked"));
	client_told(&c, QUERY, "\"locked\": true");
	read_begin(w);
	assert_int_equal(read_end(w, 1), 40);
	client_told(&c,
		    "{\"execute\":\"eject\",\"arguments\":{\"id\":\"ide-5632\","
		    "\"force\":true}}",
		    "{}");
	client_told(&c, QUERY, "\"tray_open\": true");
	client_close(&c);
}

/* What is in the drive after a restore its command line says; what the guest is
 * still to hear comes from before. */
static void
a_restored_guest_has_what_it_is_given(void **state)
{
	char fd_word[16], drive[200];
	const char *const words[] = {
		"-incoming", fd_word,  "-drive", drive,
		"-device",   cdrom[3], NULL,
	};
	struct whole *w = *state;
	int fd = memfd_create("saved", MFD_CLOEXEC);
	struct client c;

	assert_int_equal(whole_start(w, plugin_dir, cdrom), 0);
	client_open(&c, w);
	client_told(&c, EJECT, "{}");
	assert_non_null(strstr(insert(&c, make_cd(1)), "{}"));
	packet(w, "\0\0\0\0\0\0\0\0\0\0\0");
	cd_status(w);
	assert_int_equal(cd_sense(w), 2);
	client_save(&c, fd, false);
	whole_stop(w);
	client_close(&c);

	whole_move();
	lseek(fd, 0, SEEK_SET);
	snprintf(fd_word, sizeof(fd_word), "fd:%d", fd);
	snprintf(drive, sizeof(drive), "%s,file=%s", cdrom[1],
		 whole_path(w, 0, "", "disk"));
	assert_int_equal(whole_start(w, plugin_dir, words), 0);
	client_open(&c, w);
	client_told(&c, CONT, "{}");
	packet(w, "\0\0\0\0\0\0\0\0\0\0\0");
	cd_status(w);
	assert_int_equal(cd_sense(w), 6);
	packet(w, "\x28\0\0\0\0\x01\0\0\x01\0\0");
	assert_int_equal(cd_status(w), 0x58);
	assert_int_equal(whole_in(w, 0x170, 4), 0x04040404); /* sector 4 */
	client_close(&c);
}

/* ---- disks that fail ----------------------------------------------- */

/* Up to the last word, with which it goes to the disk. */
static void
write_sector(struct whole *w, uint8_t lba, uint32_t word)
{
	unsigned i;

	whole_out(w, 0x1f2, 1, 1);
	whole_out(w, 0x1f3, 1, lba);
	whole_out(w, 0x1f4, 1, 0);
	whole_out(w, 0x1f5, 1, 0);
	whole_out(w, 0x1f6, 1, 0xe0);
	whole_out(w, 0x1f7, 1, 0x30);
	for (i = 0; i < WHOLE_SECTOR / 4; i++)
		whole_out(w, 0x1f0, 4, word);
}

static uint8_t
hd_status(struct whole *w)
{
	uint8_t status;

	while ((status = (uint8_t)whole_in(w, 0x3f6, 1)) & 0x80)
		uv_run(&w->loop, UV_RUN_NOWAIT);
	return status;
}

static void
until_status(struct client *c, const char *word)
{
	uint64_t limit = uv_hrtime() + TEST_LIMIT_NS;

	while (!strstr(client_qmp(c, CLIENT_STATUS), word))
		assert_true(uv_hrtime() < limit);
}

static uint32_t
word_on_disk(struct whole *w, unsigned lba)
{
	int fd = open(whole_path(w, 0, "", "disk"), O_RDONLY);
	uint8_t word[4];

	assert_int_equal(pread(fd, word, 4, lba * WHOLE_SECTOR), 4);
	close(fd);
	return ioemu_get_le32(word);
}

static bool
is_answered(struct whole *w)
{
	uint64_t data;
	unsigned i;

	for (i = 0; i < 20; i++)
		uv_run(&w->loop, UV_RUN_NOWAIT);
	return fake_xen_answer(whole_end.xen, 0, &data);
}

static void
a_disk_that_fails_stops_the_guest_until_cont(void **state)
{
	static const char *const words[] = { "--disk-errors", "stop", NULL };
	const struct request status = {
		.type = SLOT_PIO,
		.read = true,
		.addr = 0x1f7,
		.size = 1,
		.count = 1,
	};
	struct whole *w = *state;
	struct client c;

	assert_int_equal(whole_start(w, plugin_dir, words), 0);
	client_open(&c, w);
	client_told(&c, QUERY, "\"io-status\": \"ok\"");
	room(0);
	write_sector(w, 5, 0x11223344);
	until_status(&c, "io-error");
	client_told(&c, QUERY, "\"io-status\": \"failed\"");
	fake_xen_ask(whole_end.xen, 0, &status); /* its accesses wait */
	whole_ring();
	assert_false(is_answered(w));
	client_told(&c, CONT, "{}"); /* no better: it stops again */
	until_status(&c, "io-error");
	room(RLIM_INFINITY);
	/* it is not to be saved like this */
	client_told(&c, "{\"execute\":\"stop\"}", "{}");
	assert_int_equal(client_add_fd(&c, memfd_create("s", 0)), 1);
	client_told(&c,
		    "{\"execute\":\"xen-save-devices-state\",\"arguments\":"
		    "{\"filename\":\"/dev/fdset/1\"}}",
		    "waits for `cont`: File too large");
	until_status(&c, "io-error");
	client_told(&c, CONT, "{}");
	until_status(&c, "running");
	while (!is_answered(w))
		;
	assert_int_equal(hd_status(w), 0x50);
	assert_int_equal(word_on_disk(w, 5), 0x11223344);
	client_told(&c, QUERY, "\"io-status\": \"ok\"");
	client_told(&c, "{\"execute\":\"query-blockstats\"}",
		    "\"wr_operations\": 1, \"wr_bytes\": 512, "
		    "\"failed_wr_operations\": 2");
	assert_non_null(strstr(client_hmp(&c, "cont"), "return"));
	client_close(&c);
}

/* What is not for want of space is by default the guest's. */
static void
a_disk_that_fails_is_reported(void **state)
{
	static const char *const words[] = { "--disk-errors", "report", NULL };
	struct whole *w = *state;
	struct client c;
	unsigned i;

	for (i = 0; i < 2; i++) {
		assert_int_equal(whole_start(w, plugin_dir, i ? words : NULL),
				 0);
		client_open(&c, w);
		room(0);
		write_sector(w, 5, 0x11223344);
		assert_int_equal(hd_status(w), 0x51);
		room(RLIM_INFINITY);
		client_told(&c, CLIENT_STATUS, "running");
		assert_int_equal(word_on_disk(w, 5), 0x05050505);
		client_close(&c);
		whole_stop(w);
		whole_move();
	}
}

/* A guest may also end while its disk waits. */
static void
a_guest_that_waits_for_its_disk_ends(void **state)
{
	static const char *const words[] = { "--disk-errors", "stop", NULL };
	struct whole *w = *state;
	struct client c;

	assert_int_equal(whole_start(w, plugin_dir, words), 0);
	client_open(&c, w);
	room(0);
	write_sector(w, 5, 0x11223344);
	until_status(&c, "io-error");
	room(RLIM_INFINITY);
	client_close(&c);
	whole_stop(w);
	assert_int_equal(word_on_disk(w, 5), 0x05050505);
}

#define TEST(fn)                                                               \
	cmocka_unit_test_setup_teardown(fn, whole_setup, whole_teardown)

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(media_change_while_the_guest_reads),
		TEST(what_cannot_be_a_medium_is_refused),
		TEST(a_locked_drive_is_not_opened),
		TEST(a_restored_guest_has_what_it_is_given),
		TEST(a_disk_that_fails_stops_the_guest_until_cont),
		TEST(a_disk_that_fails_is_reported),
		TEST(a_guest_that_waits_for_its_disk_ends),
	};

	plugin_dir = argc > 1 ? argv[1] : ".";
	return cmocka_run_group_tests(tests, NULL, NULL);
}
