/* SPDX-License-Identifier: MIT */
/*
 * Streams that are opened once and do not come back: a file, a terminal, our
 * own standard input and output.
 */
#include "chardev.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define OPEN_FLAGS (O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

int
chr_open_file(struct ioemu_chardev *chr, const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | OPEN_FLAGS, 0666);

	if (fd < 0)
		return -errno;
	snprintf(chr->name, sizeof(chr->name), "file:%s", path);
	return chr_attach(&chr->end[0], fd, CHR_OUT);
}

/* ---- a terminal ---------------------------------------------------- */

static void
tty_close(struct ioemu_chardev *chr)
{
	if (chr->end[0].fd >= 0)
		(void)tcsetattr(chr->end[0].fd, TCSANOW, &chr->tio);
}

/* The line is the guest's: no echo, no editing. */
int
chr_open_tty(struct ioemu_chardev *chr, const char *path)
{
	static const struct chr_kind kind = { .close = tty_close };
	int rc, fd = open(path, O_RDWR | OPEN_FLAGS);
	struct termios raw;

	if (fd < 0)
		return -errno;
	if (tcgetattr(fd, &chr->tio)) {
		rc = -errno;
		close(fd);
		return rc;
	}
	rc = chr_attach(&chr->end[0], fd, CHR_IN | CHR_OUT);
	if (rc)
		return rc;
	snprintf(chr->name, sizeof(chr->name), "%s", path);
	chr->kind = &kind;
	raw = chr->tio;
	cfmakeraw(&raw);
	return tcsetattr(fd, TCSANOW, &raw) ? -errno : 0;
}

/* ---- standard input and output ------------------------------------- */

/*
 * O_NONBLOCK belongs to the open file, which we share with the shell that
 * started us and others after us. So open it anew where that is the same
 * stream, and do without where it is not: files never wait, and calls on
 * sockets can say so each time.
 */
static int
stdio_attach(struct chr_fd *f, int shared, unsigned way)
{
	char path[32];
	struct stat st;
	int fd, flags, rc;

	if (fstat(shared, &st))
		return -errno;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", shared);
	if (S_ISCHR(st.st_mode) || S_ISFIFO(st.st_mode))
		fd = open(path,
			  (way == CHR_IN ? O_RDONLY : O_WRONLY) | OPEN_FLAGS);
	else
		fd = fcntl(shared, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	flags = fcntl(fd, F_GETFL);
	rc = chr_attach(f, fd, way);
	if (!rc) /* as uv_poll_init() has set it */
		(void)fcntl(fd, F_SETFL, flags);
	return rc;
}

int
chr_open_stdio(struct ioemu_chardev *chr)
{
	int rc = stdio_attach(&chr->end[0], STDIN_FILENO, CHR_IN);

	if (!rc)
		rc = stdio_attach(&chr->end[1], STDOUT_FILENO, CHR_OUT);
	snprintf(chr->name, sizeof(chr->name), "stdio");
	return rc;
}
