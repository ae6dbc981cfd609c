/* SPDX-License-Identifier: MIT */
/*
 * From the process that read the text to the one that goes on with the guest.
 * The latter has rights still and believes nothing: sizes and counts have
 * limits, each record is checked, and the time it takes has an end.
 */
#include "handover/priv.h"

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/fds.h"

#define LIMIT_MS 10000 /* all of it is there, and only to be moved */

struct head {
	uint32_t n, n_fds;
};

/* ---- out ---------------------------------------------------------- */

int
handover_send(const struct handover *h, int sock)
{
	const struct head head = { .n = h->n, .n_fds = h->n_fds };
	const uint8_t *at = (const uint8_t *)h->record;
	size_t left = h->n * sizeof(*h->record);
	ssize_t n = fds_send(sock, &head, sizeof(head), h->fds, h->n_fds, 0);

	if (n < 0)
		return (int)n;
	while (left) {
		n = send(sock, at, left, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR)
			return -errno;
		at += n > 0 ? n : 0;
		left -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* ---- in ----------------------------------------------------------- */

static int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * INT64_C(1000) + ts.tv_nsec / 1000000;
}

/* All `size` bytes, until `end`; descriptors are appended to fds. */
static int
receive(int sock, void *to, size_t size, int64_t end, int *fds, unsigned *n_fds)
{
	struct pollfd p = { .fd = sock, .events = POLLIN };
	uint8_t *at = to;

	while (size) {
		int64_t left = end - now_ms();
		ssize_t n;

		if (left <= 0 || !poll(&p, 1, (int)left))
			return -ETIMEDOUT;
		n = fds_receive(sock, at, size, fds, n_fds, HANDOVER_FDS, 0);
		if (n == -EINTR || n == -EAGAIN)
			continue;
		if (n <= 0)
			return n ? (int)n : -ECONNRESET;
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

static int
receive_records(int sock, struct handover *h, unsigned n, int64_t end)
{
	unsigned i, none = HANDOVER_FDS; /* what comes with them is closed */
	int rc;

	h->record = calloc(n ? n : 1, sizeof(*h->record));
	if (!h->record)
		return -ENOMEM;
	rc = receive(sock, h->record, n * sizeof(*h->record), end, NULL, &none);
	for (i = 0; !rc && i < n; i++)
		rc = handover_check(&h->record[i], h->n_fds) ? -EPROTO : 0;
	if (!rc)
		h->n = n;
	return rc;
}

int
handover_receive(int sock, struct handover **out)
{
	int64_t end = now_ms() + LIMIT_MS;
	int fds[HANDOVER_FDS], rc, got;
	struct head head = { 0 };
	unsigned n = 0;

	got = receive(sock, &head, sizeof(head), end, fds, &n);
	rc = handover_adopt(fds, n, out);
	if (rc)
		return rc;
	if (!got && (head.n > HANDOVER_RECORDS || head.n_fds != n))
		got = -EPROTO;
	if (!got)
		got = receive_records(sock, *out, head.n, end);
	if (got)
		handover_free(*out);
	return got;
}
