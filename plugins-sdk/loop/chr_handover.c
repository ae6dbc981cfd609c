/* SPDX-License-Identifier: MIT */
/*
 * A byte stream goes from one process to the next: whoever is connected stays
 * connected, and what waits to be written goes along. A frozen one leaves all
 * descriptors alone, as both processes have them for a while.
 */
#include "chardev.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void
chr_freeze(struct ioemu_chardev *chr)
{
	unsigned i;

	chr->flow = CHR_FROZEN;
	uv_timer_stop(&chr->timer);
	uv_idle_stop(&chr->idle);
	for (i = 0; i < CHR_ENDS; i++)
		if (chr->end[i].poll)
			uv_poll_stop(chr->end[i].poll);
	if (chr->listen_fd >= 0)
		uv_poll_stop(&chr->listen);
}

/* ---- out ---------------------------------------------------------- */

static int
rest_write(const struct ioemu_chardev *chr, int fd)
{
	uint32_t first = CHR_RING - chr->head;

	if (first > chr->used)
		first = chr->used;
	if (write(fd, chr->ring + chr->head, first) != (ssize_t)first ||
	    write(fd, chr->ring, chr->used - first) !=
		    (ssize_t)(chr->used - first))
		return -EIO;
	return lseek(fd, 0, SEEK_SET) ? -errno : 0;
}

static int
rest_out(const struct ioemu_chardev *chr)
{
	int rc, fd = chr->used ? memfd_create("output", MFD_CLOEXEC) : -1;

	if (!chr->used)
		return -1;
	if (fd < 0)
		return -errno;
	rc = rest_write(chr, fd);
	if (!rc)
		return fd;
	close(fd);
	return rc;
}

int
chr_handover_out(struct ioemu_chardev *chr, struct chr_handover *out)
{
	unsigned i;

	*out = (struct chr_handover){ .listen_fd = chr->listen_fd };
	memcpy(out->name, chr->name, sizeof(out->name));
	for (i = 0; i < CHR_ENDS; i++) {
		out->end[i] = chr->end[i].fd;
		out->ways[i] = chr->end[i].ways;
		out->ended[i] = chr->end[i].ended;
	}
	chr_freeze(chr);
	out->rest = rest_out(chr);
	return out->rest < -1 ? out->rest : 0;
}

/* ---- in ----------------------------------------------------------- */

/* Of a file in memory, which alone has seals (fcntl(2), F_GET_SEALS): of
 * anything else reading might wait for ever. */
static int
rest_in(struct ioemu_chardev *chr, int fd)
{
	ssize_t n;

	if (fcntl(fd, F_GET_SEALS) < 0)
		return -EBADF;
	do {
		n = read(fd, chr->ring + chr->used, CHR_RING - chr->used);
		if (n < 0 && errno != EINTR)
			return -errno;
		chr->used += n > 0 ? (uint32_t)n : 0;
	} while (n && chr->used < CHR_RING);
	return 0;
}

static int
handover_kind(struct ioemu_chardev *chr, const char *spec, int listen_fd)
{
	if (!strncmp(spec, "unix:", 5))
		return chr_handover_unix(chr, spec + 5, listen_fd);
	if (listen_fd >= 0) { /* none listens but that */
		close(listen_fd);
		return -EINVAL;
	}
	return strcmp(spec, "pty") ? 0 : chr_handover_pty(chr);
}

/* Frozen, so that it is not watched yet. */
static int
handover_end(struct chr_fd *f, const struct chr_handover *handover, unsigned i)
{
	int rc = chr_attach(f, handover->end[i], handover->ways[i]);

	f->ended = handover->ended[i];
	return rc;
}

int
chr_handover_in(uv_loop_t *loop, const char *spec,
		const struct chr_handover *handover, struct ioemu_chardev **out)
{
	struct ioemu_chardev *chr = chr_new(loop);
	int rc = chr ? 0 : -ENOMEM;
	unsigned i;

	if (chr)
		chr->flow = CHR_FROZEN;
	if (!rc)
		rc = handover_kind(chr, spec, handover->listen_fd);
	if (!rc)
		memcpy(chr->name, handover->name, sizeof(chr->name));
	for (i = 0; i < CHR_ENDS; i++) {
		if (handover->end[i] >= 0 && !rc)
			rc = handover_end(&chr->end[i], handover, i);
		else if (handover->end[i] >= 0)
			close(handover->end[i]);
	}
	if (!rc && handover->rest >= 0)
		rc = rest_in(chr, handover->rest);
	if (handover->rest >= 0)
		close(handover->rest);
	if (rc && chr)
		chr_close(chr);
	if (!rc)
		*out = chr;
	return rc;
}
