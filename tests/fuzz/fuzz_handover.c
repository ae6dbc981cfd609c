/* SPDX-License-Identifier: MIT */
/*
 * What one device model gives the next (mini-ioemu/handover/handover.h), as one
 * in a guest's hands may write it, against the whole program. An input that
 * begins with a brace is the text that comes over the control socket; any other
 * is a list of changes (place, value) to the records that the process without
 * rights passes on. The descriptors, named by number, are of every kind that a
 * real one has, and some that are not. Whatever it says, the new one ends in an
 * error or goes on with the guest, and is then freed.
 */
#include "fuzz/common.h"
#include "support/qmp_client.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fds.h"
#include "handover/handover.h"
#include "support/handover_text.h"

#define MAX_STATE (8u << 20)
#define MAX_RECORDS (256u << 10)
#define MAX_FDS 16u
#define TURNS 8u

static char dir[FUZZ_PATH];
static struct whole *whole;
static uint8_t *state; /* of the machine, saved */
static size_t state_len;

/* What the toolstack would have of it. */
static void
save_one(void)
{
	struct client c;
	int fd = fuzz_file("", 0);
	ssize_t n;

	if (whole_start(whole, dir, NULL))
		abort();
	client_open(&c, whole);
	client_save(&c, fd, false);
	client_close(&c);
	whole_stop(whole);
	state = malloc(MAX_STATE);
	n = state ? pread(fd, state, MAX_STATE, 0) : -1;
	if (n <= 0)
		abort();
	state_len = (size_t)n;
	close(fd);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static struct host_plugins *stay;
	void *made;

	(void)argc;
	fuzz_plugin_dir(dir, (*argv)[0]);
	/* libFuzzer counts in plugins to the end: they stay */
	if (host_plugins_new(&stay) ||
	    host_plugins_load_dir(stay, dir, NULL, NULL) <= 0 ||
	    whole_setup(&made))
		abort();
	whole = made;
	whole_end.any_handover = true;
	save_one();
	whole_configure(whole, dir, NULL);
	fuzz_quiet();
	return 0;
}

/* In the order of their numbers in the message. */
static unsigned
descriptors(int *fds)
{
	static const uint8_t zero[WHOLE_SECTORS * WHOLE_SECTOR];
	unsigned n = 0;

	fds[n++] = fuzz_file(state, state_len);
	fds[n++] = eventfd(0, EFD_NONBLOCK);
	fds[n++] = fuzz_file(zero, sizeof(zero));
	fds[n++] = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds + n))
		abort();
	n += 2; /* whoever reads one of them to its end waits for ever */
	fds[n++] = fuzz_file("rest", 4);
	return n;
}

/* ---- a handover ------------------------------------------------------- */

/* What a machine of whole.c says, in the words of control/handover.c. */
static const char usual[] =
	"{\"fds\": [{\"name\": \"state\", \"fd\": 0}, {\"name\": \"events\", "
	"\"fd\": 1}, {\"name\": \"q\", \"fd\": 4}], \"server\": 7, \"ring\": "
	"0, \"ports\": [42], \"claims\": [{\"space\": 0, \"first\": 16, "
	"\"last\": 19}, {\"space\": 2, \"first\": 0, \"last\": 255}], "
	"\"cpus0\": 1, \"devices\": [{\"id\": \"ide\", \"devfn\": 9}], "
	"\"gone\": [{\"id\": \"nobody\"}], \"chardevs\": [{\"label\": "
	"\"serial0\", \"name\": \"file:/x\", \"listen\": -1, \"first\": [5, "
	"2, 0], \"second\": [-1, 0, 0], \"rest\": 6}], \"disks\": "
	"[{\"device\": \"ide-hd#7\", \"value\": \"ide0\", \"name\": \"/x\", "
	"\"fd\": 2, \"readonly\": false, \"lost\": 0}]}";

/* As handover_send() puts it on the way. */
static size_t
usual_records(uint8_t *to, size_t size)
{
	int fds[MAX_FDS], sock[2];
	struct handover *handover;
	ssize_t n;

	if (handover_of_text(usual, sizeof(usual) - 1, fds, descriptors(fds),
			     &handover) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sock) ||
	    handover_send(handover, sock[0]))
		abort();
	n = recv(sock[1], to, size, 0);
	if (n <= 0 || (size_t)n == size)
		abort();
	close(sock[0]);
	close(sock[1]);
	handover_free(handover);
	return (size_t)n;
}

static int
take_records(const uint8_t *data, size_t size, struct handover **out)
{
	struct fuzz_bytes b = { .at = data, .left = size };
	static uint8_t usually[MAX_RECORDS];
	static size_t len;
	uint8_t *copy;
	int fds[MAX_FDS], sock[2], rc;
	unsigned n;

	if (!len)
		len = usual_records(usually, sizeof(usually));
	copy = malloc(len);
	if (!copy || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sock))
		abort();
	memcpy(copy, usually, len);
	while (b.left) {
		size_t at = fuzz_take(&b, 2) % len;

		copy[at] = (uint8_t)fuzz_take(&b, 1);
	}
	n = descriptors(fds);
	if (fds_send(sock[0], copy, len, fds, n, 0) != (ssize_t)len)
		abort();
	while (n)
		close(fds[--n]);
	close(sock[0]);
	rc = handover_receive(sock[1], out);
	close(sock[1]);
	free(copy);
	return rc;
}

static int
take_text(const uint8_t *data, size_t size, struct handover **out)
{
	int fds[MAX_FDS];

	return handover_of_text((const char *)data, size, fds, descriptors(fds),
				out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct machine *m = NULL;
	struct handover *handover;
	unsigned i;

	if (size && data[0] == '{' ? take_text(data, size, &handover)
				   : take_records(data, size, &handover))
		return 0;
	fake_xen_free(whole_end.xen);
	whole_end.xen = fake_xen_new();
	if (!machine_take(&whole->loop, &whole->conf, whole->plugins, handover,
			  &m)) {
		(void)machine_go(m);
		for (i = 0; i < TURNS; i++)
			uv_run(&whole->loop, UV_RUN_NOWAIT);
		machine_free(m);
	}
	uv_run(&whole->loop, UV_RUN_DEFAULT);
	return 0;
}
