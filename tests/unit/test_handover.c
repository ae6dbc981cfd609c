/* SPDX-License-Identifier: MIT */
/*
 * What goes from one device model to the next: as it was put it is taken, by
 * the text and by records; and what nobody puts is refused, whoever says it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "handover/priv.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fds.h"
#include "support/handover_text.h"
#include "support/limit.h"

#define VCPUS 3u
#define LARGE 0xfedcba9876543210ull

static unsigned
open_now(void)
{
	unsigned n = 0;
	int fd;

	for (fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static int
null(void)
{
	int fd = open("/dev/null", O_RDWR);

	assert_true(fd >= 0);
	return fd;
}

/* ---- there and back ------------------------------------------------ */

static struct handover *
filled(void)
{
	struct xen_handover xen = { .server = 5, .ring_port = 6 };
	struct handover_disk disk = { .name = "/a disk", .lost = -EIO };
	struct chr_handover chr = { .name = "pty:/dev/pts/1", .listen_fd = -1 };
	struct handover *h;

	assert_int_equal(handover_new(&h), 0);
	xen.fd = null();
	xen.port[2] = UINT32_MAX;
	handover_put_xen(h, &xen, VCPUS);
	handover_put_own(h, "state", null());
	handover_put_u64(h, "since", LARGE);
	handover_put_claim(h, IOEMU_MEM, 1, UINT64_MAX);
	handover_put_device(h, "disk", 0xff);
	handover_put_device(h, "none", -1);
	handover_put_gone(h, "gone");
	handover_put_later(h, "membar,id=late");
	disk.fd = null();
	handover_put_disk(h, "disk", "hda", &disk);
	disk.fd = -1;
	handover_put_disk(h, "cd", "hdb", &disk);
	chr.end[0] = null();
	chr.end[1] = -1;
	chr.ways[0] = 3;
	chr.ended[0] = true;
	chr.rest = null();
	handover_put_chr(h, "serial0", &chr);
	return h;
}

static void
close_all(int *fds, unsigned n)
{
	while (n)
		close(fds[--n]);
}

/* As filled() said; what is taken is closed. */
static void
taken(struct handover *h)
{
	uint64_t first, last;
	enum ioemu_space space;
	struct handover_disk disk;
	struct xen_handover xen;
	struct chr_handover chr;
	int devfn = 1;

	assert_int_equal(handover_take_xen(h, &xen, VCPUS), 0);
	assert_int_equal(xen.server, 5);
	assert_int_equal(xen.ring_port, 6);
	assert_int_equal(xen.port[2], UINT32_MAX);
	close(xen.fd);
	close(handover_take_fd(h, "state"));
	assert_int_equal(handover_take_fd(h, "state"), -ENOENT);
	assert_true(handover_u64(h, "since") == LARGE);
	assert_true(handover_claim(h, 0, &space, &first, &last));
	assert_true(space == IOEMU_MEM && first == 1 && last == UINT64_MAX);
	assert_false(handover_claim(h, 1, &space, &first, &last));
	handover_device(h, "none", &devfn);
	assert_int_equal(devfn, 1);
	handover_device(h, "disk", &devfn);
	assert_int_equal(devfn, 0xff);
	assert_true(handover_gone(h, "gone"));
	assert_false(handover_gone(h, "disk"));
	assert_string_equal(handover_later(h, 0), "membar,id=late");
	assert_null(handover_later(h, 1));
	assert_int_equal(handover_take_disk(h, "disk", "hdb", &disk), -ENOENT);
	assert_int_equal(handover_take_disk(h, "disk", "hda", &disk), 0);
	assert_string_equal(disk.name, "/a disk");
	assert_int_equal(disk.lost, -EIO);
	close(disk.fd);
	assert_int_equal(handover_take_disk(h, "cd", "hdb", &disk), 0);
	assert_int_equal(disk.fd, -1);
	assert_int_equal(handover_take_chr(h, "serial0", &chr), 0);
	assert_string_equal(chr.name, "pty:/dev/pts/1");
	assert_int_equal(chr.ways[0], 3);
	assert_true(chr.ended[0] && !chr.ended[1]);
	assert_int_equal(chr.listen_fd, -1);
	assert_int_equal(chr.end[1], -1);
	assert_true(chr.rest >= 0);
	close_all((int[]){ chr.end[0], chr.rest }, 2);
}

/* Descriptors as another process would have them. */
static unsigned
copied(const int *fds, unsigned n, int *out)
{
	unsigned i;

	for (i = 0; i < n; i++)
		out[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 0);
	return n;
}

static void
by_text_it_is_as_it_was_put(void **state)
{
	unsigned before = open_now(), n;
	struct handover *h = filled(), *got;
	int copy[HANDOVER_FDS];
	const int *fds;
	json_t *json;
	char *text;

	(void)state;
	assert_int_equal(handover_write(h, &json, &fds, &n), 0);
	text = json_dumps(json, 0);
	json_decref(json);
	n = copied(fds, n, copy);
	assert_int_equal(handover_of_text(text, strlen(text), copy, n, &got),
			 0);
	free(text);
	taken(got);
	handover_free(got);
	/* the old one's are its own to close, but for the state and the rest */
	close_all((int[]){ fds[0], fds[2], fds[3] }, 3);
	handover_free(h);
	assert_int_equal(open_now(), before);
}

static void
by_records_it_is_as_it_was_put(void **state)
{
	unsigned before = open_now();
	struct handover *h = filled(), *got;
	int sock[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sock), 0);
	assert_int_equal(handover_send(h, sock[0]), 0);
	assert_int_equal(handover_receive(sock[1], &got), 0);
	taken(got);
	handover_free(got);
	close_all(sock, 2);
	close_all((int[]){ h->fds[0], h->fds[2], h->fds[3] }, 3);
	handover_free(h);
	assert_int_equal(open_now(), before);
}

/* ---- what nobody puts ---------------------------------------------- */

static void
text_that_is_no_handover_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"7",
		"{\"fds\":{}}",
		"{\"fds\":[7]}",
		"{\"fds\":[{\"name\":7,\"fd\":0}]}",
		"{\"fds\":[{\"name\":\"a\",\"fd\":1}]}",
		"{\"fds\":[{\"name\":\"a\",\"fd\":-2}]}",
		"{\"fds\":[{\"name\":\"a\",\"fd\":\"0\"}]}",
		"{\"ports\":[-1]}",
		"{\"ports\":[4294967296]}",
		"{\"claims\":[{\"space\":3,\"first\":0,\"last\":0}]}",
		"{\"claims\":[{\"space\":-1,\"first\":0,\"last\":0}]}",
		"{\"claims\":[{\"space\":0,\"first\":1,\"last\":0}]}",
		"{\"devices\":[{\"id\":\"a\",\"devfn\":256}]}",
		"{\"devices\":[{\"id\":\"a\",\"devfn\":-2}]}",
		"{\"devices\":[{\"devfn\":1}]}",
		"{\"gone\":[\"a\"]}",
		"{\"later\":[7]}",
		"{\"disks\":[{\"device\":\"a\",\"value\":\"b\","
		"\"name\":\"c\",\"fd\":-1,\"readonly\":true,"
		"\"lost\":1}]}",
		"{\"disks\":[{\"device\":\"a\",\"value\":\"b\","
		"\"name\":\"c\",\"fd\":1,\"readonly\":true,"
		"\"lost\":0}]}",
		"{\"chardevs\":[{\"label\":\"a\",\"name\":\"b\","
		"\"listen\":-1,\"first\":[-1,4,0],\"second\":[-1,0,0],"
		"\"rest\":-1}]}",
		"{\"chardevs\":[{\"label\":\"a\",\"name\":\"b\","
		"\"listen\":-1,\"first\":[-1,0],\"second\":[-1,0,0],"
		"\"rest\":-1}]}",
		"{\"chardevs\":[{\"label\":\"a\",\"name\":\"b\","
		"\"listen\":9,\"first\":[-1,0,0],\"second\":[-1,0,0],"
		"\"rest\":-1}]}",
	};
	unsigned i, before = open_now();
	struct handover *h;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		int fd = null();

		if (!handover_of_text(texts[i], strlen(texts[i]), &fd, 1, &h))
			fail_msg("%s", texts[i]);
		assert_int_equal(open_now(), before);
	}
}

/* A name that is longer than any of ours. */
static void
a_name_too_long_is_refused(void **state)
{
	char text[2 * HANDOVER_TEXT] = "{\"later\":[\"";
	size_t n = strlen(text);
	struct handover *h;

	(void)state;
	memset(text + n, 'x', HANDOVER_TEXT);
	strcpy(text + n + HANDOVER_TEXT, "\"]}");
	assert_int_equal(handover_of_text(text, strlen(text), NULL, 0, &h),
			 -EINVAL);
	assert_int_equal(handover_new(&h), 0);
	text[n + HANDOVER_TEXT] = '\0';
	handover_put_later(h, text + n);
	assert_int_equal(h->rc, -ENAMETOOLONG);
	handover_free(h);
}

static void
more_records_than_there_may_be_are_refused(void **state)
{
	char *text = malloc(16 + 2 * HANDOVER_RECORDS + 2);
	struct handover *h;
	size_t n;
	unsigned i;

	(void)state;
	assert_non_null(text);
	n = (size_t)sprintf(text, "{\"ports\":[0");
	for (i = 0; i < HANDOVER_RECORDS; i++)
		n += (size_t)sprintf(text + n, ",0");
	sprintf(text + n, "]}");
	assert_int_equal(handover_of_text(text, strlen(text), NULL, 0, &h),
			 -E2BIG);
	free(text);
}

/* ---- a reader that was broken into ---------------------------------- */

static int
received(const void *bytes, size_t len, const int *fds, unsigned n)
{
	struct handover *h;
	int sock[2], rc;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sock), 0);
	assert_int_equal(fds_send(sock[0], bytes, len, fds, n, 0), len);
	close(sock[0]);
	rc = handover_receive(sock[1], &h);
	close(sock[1]);
	if (!rc)
		handover_free(h);
	return rc;
}

struct raw {
	uint32_t n, n_fds;
	struct handover_record r;
} __attribute__((packed));

static struct raw
good(void)
{
	struct raw raw = {
		.n = 1,
		.r = { .kind = HANDOVER_DEVICE, .key = "a" },
	};

	memset(raw.r.place, 0xff, sizeof(raw.r.place));
	return raw;
}

static void
records_of_anybody_are_refused(void **state)
{
	unsigned before = open_now();
	struct raw raw = good();

	(void)state;
	alarm(TEST_LIMIT_S);
	assert_int_equal(received(&raw, sizeof(raw), NULL, 0), 0);
	assert_int_equal(received(&raw, sizeof(raw) - 1, NULL, 0), -ECONNRESET);
	raw.n = 2;
	assert_int_equal(received(&raw, sizeof(raw), NULL, 0), -ECONNRESET);
	raw.n = UINT32_MAX;
	assert_int_equal(received(&raw, sizeof(raw), NULL, 0), -EPROTO);
	raw = good();
	raw.n_fds = 1; /* and none came */
	assert_int_equal(received(&raw, sizeof(raw), NULL, 0), -EPROTO);
	raw = good(); /* none was said, and one came */
	assert_int_equal(received(&raw, sizeof(raw), (int[]){ 2 }, 1), -EPROTO);
	raw.r.kind = HANDOVER_KINDS;
	assert_int_equal(received(&raw, sizeof(raw), NULL, 0), -EPROTO);
	raw = good();
	memset(raw.r.key, 'x', sizeof(raw.r.key)); /* no end */
	assert_int_equal(received(&raw, sizeof(raw), NULL, 0), -EPROTO);
	raw = good();
	memset(raw.r.text, 'x', sizeof(raw.r.text));
	assert_int_equal(received(&raw, sizeof(raw), NULL, 0), -EPROTO);
	raw = good();
	raw.r.place[3] = 0;
	assert_int_equal(received(&raw, sizeof(raw), NULL, 0), -EPROTO);
	raw = good();
	raw.r.v[0] = INT64_MIN;
	assert_int_equal(received(&raw, sizeof(raw), NULL, 0), -EPROTO);
	alarm(0);
	assert_int_equal(open_now(), before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(by_text_it_is_as_it_was_put),
		cmocka_unit_test(by_records_it_is_as_it_was_put),
		cmocka_unit_test(text_that_is_no_handover_is_refused),
		cmocka_unit_test(a_name_too_long_is_refused),
		cmocka_unit_test(more_records_than_there_may_be_are_refused),
		cmocka_unit_test(records_of_anybody_are_refused),
	};

	return cmocka_run_group_tests_name("hand", tests, NULL, NULL);
}
