/* SPDX-License-Identifier: MIT */
/*
 * Character devices on a real loop, with real terminals, sockets and files.
 * One thread plays both sides, so whatever is awaited turns the loop.
 */
#include "loop/loop.h"

#include <dirent.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/fake_host.h"
#include "support/limit.h"

#define RING 65536u

static struct fake fake;
static struct hostdev *hd;
static uv_loop_t loop;
static uv_timer_t beat; /* so that the loop never sleeps for long */
static struct ioemu_chardev *chr;
static char dir[64], path[80], spec[128];
static int fds_before, saved_stdio[2];

/* ---- the device ---------------------------------------------------- */

static char in[1024];
static size_t n_in, room;
static bool refill; /* the device takes bytes one after the other */

static void
give_room(size_t n)
{
	room = n;
	chr_accept(chr, n);
}

static void
chip_input(struct ioemu_dev *dev, struct ioemu_chardev *from,
	   const uint8_t *data, size_t len)
{
	(void)dev;
	assert_ptr_equal(from, chr);
	assert_in_range(len, 1, room);
	assert_in_range(n_in + len, 1, sizeof(in) - 1);
	memcpy(in + n_in, data, len);
	n_in += len;
	room -= len;
	if (refill)
		give_room(1);
}

static const struct host_type type = {
	.type = {
		IOEMU_TYPE(int),
		.name = "chip",
		.summary = "",
		.attach = fake_attach,
		.input = chip_input,
	},
};

/* ---- the loop ------------------------------------------------------ */

static void
on_beat(uv_timer_t *timer)
{
	(void)timer;
}

#define until(condition)                                                       \
	do {                                                                   \
		uint64_t end_ = uv_hrtime() + TEST_LIMIT_NS;                   \
		while (!(condition)) {                                         \
			assert_true(uv_hrtime() < end_);                       \
			uv_run(&loop, UV_RUN_ONCE);                            \
		}                                                              \
	} while (0)

/* A few turns in which something forbidden would have happened. */
static void
turns(void)
{
	unsigned i;

	for (i = 0; i < 8; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
}

static int
n_open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static int
group_setup(void **state)
{
	(void)state;
	(void)signal(SIGPIPE, SIG_IGN);
	/* libuv keeps a pipe for signals from its first loop on */
	assert_int_equal(uv_loop_init(&loop), 0);
	return uv_loop_close(&loop);
}

static int
setup(void **state)
{
	(void)state;
	fds_before = n_open_fds();
	saved_stdio[0] = -1;
	assert_int_equal(uv_loop_init(&loop), 0);
	uv_timer_init(&loop, &beat);
	uv_timer_start(&beat, on_beat, 5, 5);
	hd = fake_device(&fake, &type);
	memset(in, 0, sizeof(in));
	n_in = 0;
	room = 0;
	refill = false;
	chr = NULL;
	strcpy(dir, "/tmp/test_chardev.XXXXXX");
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/x", dir);
	return 0;
}

static void
close_chr(void)
{
	chr_close(chr);
	chr = NULL;
}

static int
teardown(void **state)
{
	int i;

	(void)state;
	if (chr)
		close_chr();
	uv_close((uv_handle_t *)&beat, NULL);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(&loop), 0);
	hostdev_free(hd);
	for (i = 0; saved_stdio[0] >= 0 && i < 2; i++) {
		dup2(saved_stdio[i], i);
		close(saved_stdio[i]);
	}
	(void)unlink(path);
	assert_int_equal(rmdir(dir), 0);
	assert_int_equal(n_open_fds(), fds_before);
	return 0;
}

static void
open_chr(const char *text)
{
	assert_int_equal(chr_open(&loop, text, &chr), 0);
	chr_bind(chr, hd);
}

static void
open_at_path(const char *prefix, const char *options)
{
	snprintf(spec, sizeof(spec), "%s%s%s", prefix, path, options);
	open_chr(spec);
}

static int
open_rc(const char *prefix, const char *options)
{
	struct ioemu_chardev *other;

	snprintf(spec, sizeof(spec), "%s%s%s", prefix, path, options);
	return chr_open(&loop, spec, &other);
}

/* Is somebody there? Tells by sending a dot. */
static bool
connected(void)
{
	uint64_t lost = chr_lost(chr);

	chr_write(chr, ".", 1);
	return chr_lost(chr) == lost;
}

static void
send_text(const char *text)
{
	chr_write(chr, text, strlen(text));
}

static void
nonblock(int fd)
{
	assert_int_equal(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
}

/* Has all of text come, after dots? */
static bool
arrived(int fd, const char **text)
{
	char c;

	while (**text && read(fd, &c, 1) == 1) {
		if (c == '.')
			continue;
		assert_int_equal(c, **text);
		++*text;
	}
	return !**text;
}

static void
expect_output(int fd, const char *text)
{
	until(arrived(fd, &text));
}

static void
put(int fd, const char *text)
{
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static void
expect_input(const char *text)
{
	until(n_in >= strlen(text));
	assert_string_equal(in, text);
}

/* ---- pty ----------------------------------------------------------- */

static int
open_slave(void)
{
	int fd;

	assert_memory_equal(chr_name(chr), "pty:/dev/", 9);
	fd = open(chr_name(chr) + 4, O_RDWR | O_NOCTTY | O_NONBLOCK);
	assert_true(fd >= 0);
	return fd;
}

static void
a_pty_without_reader_loses_and_counts(void **state)
{
	(void)state;
	open_chr("pty");
	send_text("gone");
	assert_int_equal(chr_lost(chr), 4);
	turns();
	send_text("too");
	assert_int_equal(chr_lost(chr), 7);
}

static void
a_pty_carries_both_ways_unchanged(void **state)
{
	int fd;

	(void)state;
	open_chr("pty");
	fd = open_slave();
	until(connected());
	send_text("a\nb\r\3c");
	expect_output(fd, "a\nb\r\3c");
	give_room(100);
	put(fd, "\r\n\3\4x");
	expect_input("\r\n\3\4x");
	close(fd);
}

static void
a_pty_serves_the_next_reader(void **state)
{
	int fd;

	(void)state;
	open_chr("pty");
	fd = open_slave();
	until(connected());
	close(fd);
	until(!connected());
	fd = open_slave();
	until(connected());
	send_text("again");
	expect_output(fd, "again");
	close(fd);
}

static void
a_visit_to_a_pty_between_two_looks_is_read(void **state)
{
	int fd;

	(void)state;
	open_chr("pty");
	give_room(64);
	turns();
	fd = open_slave();
	put(fd, "root\n");
	close(fd);
	expect_input("root\n");
	assert_false(connected());
}

static void
what_a_reader_of_a_pty_typed_outlives_it(void **state)
{
	int fd;

	(void)state;
	open_chr("pty");
	fd = open_slave();
	until(connected());
	put(fd, "tail");
	close(fd);
	until(!connected());
	assert_int_equal(n_in, 0);
	refill = true;
	give_room(1);
	expect_input("tail");
}

/* ---- unix sockets -------------------------------------------------- */

static int
client(void)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	strcpy(sa.sun_path, path);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	return fd;
}

static void
a_socket_without_client_loses_and_counts(void **state)
{
	(void)state;
	open_at_path("unix:", "");
	send_text("gone");
	assert_int_equal(chr_lost(chr), 4);
}

static void
a_client_comes_and_goes(void **state)
{
	char name[128];
	int fd;

	(void)state;
	open_at_path("unix:", ",server=on,wait=off");
	snprintf(name, sizeof(name), "unix:%s", path);
	assert_string_equal(chr_name(chr), name);
	give_room(64);
	fd = client();
	put(fd, "in");
	until(connected());
	send_text("out");
	expect_output(fd, "out");
	expect_input("in");
	close(fd);
	until(!connected());
	fd = client();
	until(connected());
	put(fd, "+in");
	expect_input("in+in");
	close(fd);
}

static void
a_second_client_waits_its_turn(void **state)
{
	int first, second;
	char c;

	(void)state;
	open_at_path("unix:", ",wait=off");
	give_room(64);
	first = client();
	until(connected());
	second = client();
	put(second, "me");
	send_text("one");
	expect_output(first, "one");
	turns();
	assert_int_equal(read(second, &c, 1), -1);
	assert_int_equal(n_in, 0);
	close(first);
	expect_input("me");
	send_text("two");
	expect_output(second, "two");
	close(second);
}

static void
what_a_client_sent_outlives_it(void **state)
{
	int fd;

	(void)state;
	open_at_path("unix:", "");
	fd = client();
	until(connected());
	put(fd, "tail");
	close(fd);
	until(!connected());
	refill = true;
	give_room(1);
	expect_input("tail");
	fd = client();
	until(connected());
	close(fd);
}

static void
a_guest_that_does_not_read_does_not_keep_others_out(void **state)
{
	int fd;

	(void)state;
	open_at_path("unix:", "");
	fd = client();
	until(connected());
	put(fd, "unread");
	close(fd);
	until(!connected());
	fd = client();
	until(connected());
	put(fd, "mine");
	give_room(64);
	expect_input("mine");
	close(fd);
}

static void
what_a_client_leaves_unread_is_counted(void **state)
{
	static uint8_t block[RING];
	uint64_t lost;
	int fd;

	(void)state;
	(void)signal(SIGPIPE, SIG_DFL); /* not even needed for sockets */
	open_at_path("unix:", "");
	fd = client();
	until(connected());
	do { /* until the ring is full and stays so */
		lost = chr_lost(chr);
		chr_write(chr, block, sizeof(block));
		turns();
	} while (chr_lost(chr) - lost < RING);
	lost = chr_lost(chr);
	close(fd);
	until(chr_lost(chr) == lost + RING);
	(void)signal(SIGPIPE, SIG_IGN);
}

static void
a_path_somebody_listens_at_is_not_stolen(void **state)
{
	int fd;
	char c;

	(void)state;
	open_at_path("unix:", "");
	assert_int_equal(open_rc("unix:", ""), -EADDRINUSE);
	fd = client();
	until(connected() && read(fd, &c, 1) == 1);
	send_text("mine");
	expect_output(fd, "mine");
	close(fd);
	close_chr();
	assert_int_equal(access(path, F_OK), -1);
}

static void
a_dead_socket_is_replaced_and_nothing_else(void **state)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	strcpy(sa.sun_path, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	close(fd);
	open_at_path("unix:", "");
	close(client());
	close_chr();
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(open_rc("unix:", ""), -EEXIST);
	assert_int_equal(access(path, F_OK), 0);
}

static void
a_datagram_socket_is_somebody_too(void **state)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	(void)state;
	strcpy(sa.sun_path, path);
	assert_int_equal(bind(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(open_rc("unix:", ""), -EADDRINUSE);
	close(fd);
}

static void
a_client_waits_for_a_free_descriptor(void **state)
{
	struct rlimit old, limit;
	int fd;

	(void)state;
	open_at_path("unix:", "");
	fd = client();
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	limit = old;
	limit.rlim_cur = (rlim_t)fd + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	turns();
	assert_false(connected());
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	until(connected());
	close(fd);
}

/* ---- files and terminals ------------------------------------------- */

static void
expect_file(const char *text)
{
	char buf[64] = "";
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_true(read(fd, buf, sizeof(buf) - 1) >= 0);
	assert_string_equal(buf, text);
	close(fd);
}

static off_t
file_size(void)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

static void
a_file_gets_what_is_written(void **state)
{
	(void)state;
	open_at_path("file:", "");
	give_room(8);
	send_text("one ");
	until(file_size() == 4);
	send_text("two"); /* leaves at the latest when it is closed */
	close_chr();
	expect_file("one two");
	open_at_path("file:", "");
	assert_int_equal(file_size(), 0);
}

static void
what_does_not_fit_into_the_ring_is_counted(void **state)
{
	static uint8_t block[RING];

	(void)state;
	open_at_path("file:", "");
	chr_write(chr, block, RING - 1);
	assert_int_equal(chr_lost(chr), 0);
	chr_write(chr, block, 6);
	assert_int_equal(chr_lost(chr), 5);
	until(file_size() == RING);
	chr_write(chr, block, 6);
	until(file_size() == RING + 6);
	assert_int_equal(chr_lost(chr), 5);
}

static void
a_full_disk_loses_and_counts(void **state)
{
	(void)state;
	open_chr("file:/dev/full");
	send_text("abc");
	until(chr_lost(chr) == 3);
	send_text("de");
	until(chr_lost(chr) == 5);
}

static void
a_pipe_without_reader_is_no_file(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(open_rc("file:", ""), -ENXIO);
}

static void
a_terminal_is_raw_until_it_is_closed(void **state)
{
	struct termios before, during, after;
	int master, slave;
	char name[64];

	(void)state;
	assert_int_equal(openpty(&master, &slave, name, NULL, NULL), 0);
	nonblock(master);
	assert_int_equal(tcgetattr(slave, &before), 0);
	open_chr(name);
	assert_string_equal(chr_name(chr), name);
	assert_int_equal(tcgetattr(slave, &during), 0);
	assert_int_equal(during.c_lflag & (ICANON | ECHO | ISIG), 0);
	send_text("out\n");
	expect_output(master, "out\n");
	give_room(16);
	put(master, "in\r\3");
	expect_input("in\r\3");
	close_chr();
	assert_int_equal(tcgetattr(slave, &after), 0);
	assert_int_equal(after.c_lflag, before.c_lflag);
	assert_int_equal(after.c_iflag, before.c_iflag);
	close(slave);
	close(master);
}

static void
a_terminal_that_hangs_up_loses_and_counts(void **state)
{
	int master, slave;
	char name[64];

	(void)state;
	assert_int_equal(openpty(&master, &slave, name, NULL, NULL), 0);
	open_chr(name);
	close(slave);
	assert_true(connected());
	turns();
	close(master);
	give_room(16);
	until(!connected());
	assert_int_equal(n_in, 0);
}

/* ---- stdio --------------------------------------------------------- */

/* Ours from now on; teardown puts the old ones back. */
static void
set_stdio(int input, int output)
{
	fflush(stdout);
	saved_stdio[0] = dup(0);
	saved_stdio[1] = dup(1);
	assert_int_equal(dup2(input, 0), 0);
	assert_int_equal(dup2(output, 1), 1);
	close(input);
	if (output != input)
		close(output);
}

static void
expect_stdio_blocks(void)
{
	assert_int_equal(fcntl(0, F_GETFL) & O_NONBLOCK, 0);
	assert_int_equal(fcntl(1, F_GETFL) & O_NONBLOCK, 0);
}

static void
stdio_reads_and_writes_pipes(void **state)
{
	int to[2], from[2];

	(void)state;
	assert_int_equal(pipe(to), 0);
	assert_int_equal(pipe(from), 0);
	nonblock(from[0]);
	set_stdio(to[0], from[1]);
	open_chr("stdio");
	assert_string_equal(chr_name(chr), "stdio");
	expect_stdio_blocks();
	give_room(3);
	put(to[1], "input");
	expect_input("inp");
	send_text("out");
	expect_output(from[0], "out");
	turns();
	expect_input("inp");
	give_room(64);
	expect_input("input");
	close(to[1]); /* the end of input is not the end of output */
	turns();
	send_text("put");
	expect_output(from[0], "put");
	close_chr();
	expect_stdio_blocks();
	close(from[0]);
}

static void
stdio_whose_reader_goes_loses_and_counts(void **state)
{
	int to[2], from[2];

	(void)state;
	assert_int_equal(pipe(to), 0);
	assert_int_equal(pipe(from), 0);
	set_stdio(to[0], from[1]);
	open_chr("stdio");
	close(from[0]);
	until(!connected());
	give_room(8);
	put(to[1], "still");
	expect_input("still");
	close(to[1]);
}

static void
stdio_on_a_terminal_leaves_it_as_it_is(void **state)
{
	struct termios before, during;
	int master, slave;

	(void)state;
	assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
	nonblock(master);
	assert_int_equal(tcgetattr(slave, &before), 0);
	set_stdio(slave, slave);
	open_chr("stdio");
	give_room(64);
	put(master, "line\n");
	expect_input("line\n");
	expect_output(master, "line\r\n"); /* its echo */
	send_text("out\n");
	expect_output(master, "out\r\n");
	assert_int_equal(tcgetattr(0, &during), 0);
	assert_int_equal(during.c_lflag, before.c_lflag);
	expect_stdio_blocks();
	put(master, "\4"); /* end of input */
	turns();
	send_text("on\n");
	expect_output(master, "on\r\n");
	close(master);
}

static void
stdio_reads_and_writes_files(void **state)
{
	int input = open(path, O_RDWR | O_CREAT, 0600), output;

	(void)state;
	put(input, "0123456789");
	assert_int_equal(lseek(input, 2, SEEK_SET), 2);
	output = open(path, O_WRONLY | O_APPEND);
	set_stdio(input, output);
	open_chr("stdio");
	send_text("+");
	until(file_size() == 11);
	refill = true;
	give_room(1);
	expect_input("23456789+");
	turns();
	assert_int_equal(n_in, 9);
}

static void
stdio_goes_on_where_the_shell_wrote(void **state)
{
	int output = open(path, O_RDWR | O_CREAT, 0600);

	(void)state;
	put(output, "head ");
	set_stdio(open("/dev/null", O_RDONLY), output);
	open_chr("stdio");
	give_room(8);
	send_text("tail");
	until(file_size() == 9);
	expect_file("head tail");
	assert_int_equal(n_in, 0);
}

static void
stdio_reads_and_writes_sockets(void **state)
{
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	nonblock(pair[1]);
	set_stdio(pair[0], pair[0]);
	open_chr("stdio");
	expect_stdio_blocks();
	give_room(8);
	put(pair[1], "in");
	expect_input("in");
	send_text("out");
	expect_output(pair[1], "out");
	expect_stdio_blocks();
	close(pair[1]);
	until(!connected());
}

/* ---- every kind ---------------------------------------------------- */

static void
none_takes_nothing_and_gives_nothing(void **state)
{
	(void)state;
	open_chr("none");
	assert_string_equal(chr_name(chr), "null");
	give_room(8);
	send_text("abc");
	turns();
	assert_int_equal(chr_lost(chr), 3);
	close_chr();
	open_chr("null");
}

static void
input_never_exceeds_the_room(void **state)
{
	int fd;

	(void)state;
	open_at_path("unix:", "");
	fd = client();
	put(fd, "0123456789");
	until(connected());
	turns();
	assert_int_equal(n_in, 0);
	give_room(4);
	expect_input("0123");
	turns();
	assert_int_equal(n_in, 4);
	give_room(3);
	give_room(0);
	turns();
	assert_int_equal(n_in, 4);
	refill = true;
	give_room(1);
	expect_input("0123456789");
	close(fd);
}

static void
nothing_is_read_before_there_is_a_device(void **state)
{
	int fd;

	(void)state;
	snprintf(spec, sizeof(spec), "unix:%s", path);
	assert_int_equal(chr_open(&loop, spec, &chr), 0);
	give_room(8);
	fd = client();
	put(fd, "early");
	until(connected());
	turns();
	assert_int_equal(n_in, 0);
	chr_bind(chr, hd);
	expect_input("early");
	close(fd);
}

static void
what_cannot_be_opened_says_why(void **state)
{
	char text[160];
	int fd;

	(void)state;
	assert_int_equal(open_rc("unix:", ",server=off"), -EINVAL);
	assert_int_equal(open_rc("unix:", ",server=on,wait=on"), -EINVAL);
	assert_int_equal(open_rc("unix:", ","), -EINVAL);
	assert_int_equal(open_rc("unix:", ",server=only"), -EINVAL);
	assert_int_equal(open_rc("unix:", "/none"), -ENOENT);
	assert_int_equal(open_rc("pty", ""), -EINVAL);
	assert_int_equal(open_rc("", "/none"), -ENOENT);
	assert_int_equal(open_rc("file:", "/none"), -ENOENT);
	assert_int_equal(chr_open(&loop, "", &chr), -EINVAL);
	assert_int_equal(chr_open(&loop, "unix:", &chr), -EINVAL);
	assert_int_equal(chr_open(&loop, "tcp::1", &chr), -EINVAL);
	snprintf(text, sizeof(text), "unix:/%0120d", 0);
	assert_int_equal(chr_open(&loop, text, &chr), -EINVAL);
	fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(open_rc("", ""), -ENOTTY);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_pty_without_reader_loses_and_counts),
		TEST(a_pty_carries_both_ways_unchanged),
		TEST(a_pty_serves_the_next_reader),
		TEST(a_visit_to_a_pty_between_two_looks_is_read),
		TEST(what_a_reader_of_a_pty_typed_outlives_it),
		TEST(a_socket_without_client_loses_and_counts),
		TEST(a_client_comes_and_goes),
		TEST(a_second_client_waits_its_turn),
		TEST(what_a_client_sent_outlives_it),
		TEST(a_guest_that_does_not_read_does_not_keep_others_out),
		TEST(what_a_client_leaves_unread_is_counted),
		TEST(a_path_somebody_listens_at_is_not_stolen),
		TEST(a_dead_socket_is_replaced_and_nothing_else),
		TEST(a_datagram_socket_is_somebody_too),
		TEST(a_client_waits_for_a_free_descriptor),
		TEST(a_file_gets_what_is_written),
		TEST(what_does_not_fit_into_the_ring_is_counted),
		TEST(a_full_disk_loses_and_counts),
		TEST(a_pipe_without_reader_is_no_file),
		TEST(a_terminal_is_raw_until_it_is_closed),
		TEST(a_terminal_that_hangs_up_loses_and_counts),
		TEST(stdio_reads_and_writes_pipes),
		TEST(stdio_whose_reader_goes_loses_and_counts),
		TEST(stdio_on_a_terminal_leaves_it_as_it_is),
		TEST(stdio_reads_and_writes_files),
		TEST(stdio_goes_on_where_the_shell_wrote),
		TEST(stdio_reads_and_writes_sockets),
		TEST(none_takes_nothing_and_gives_nothing),
		TEST(input_never_exceeds_the_room),
		TEST(nothing_is_read_before_there_is_a_device),
		TEST(what_cannot_be_opened_says_why),
	};

	return cmocka_run_group_tests(tests, group_setup, NULL);
}
