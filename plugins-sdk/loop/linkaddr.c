/* SPDX-License-Identifier: MIT */
/*
 * Sockets for links, by name: "unix:PATH" or "tcp:HOST:PORT".
 */
#include "loop/loop.h"

#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 8

/* "HOST:PORT", HOST in brackets or not; resolved here and now. */
static int
addr_tcp(const char *text, struct linkaddr *out)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	const char *colon = strrchr(text, ':');
	struct addrinfo *found;
	char host[256];
	size_t n;

	if (!colon || colon == text || !colon[1])
		return -EINVAL;
	if (*text == '[' && colon[-1] == ']')
		n = (size_t)(colon - ++text) - 1;
	else
		n = (size_t)(colon - text);
	if (n >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, n);
	host[n] = '\0';
	if (getaddrinfo(host, colon + 1, &hints, &found))
		return -ENOENT;
	memcpy(&out->sa, found->ai_addr, found->ai_addrlen);
	out->len = found->ai_addrlen;
	freeaddrinfo(found);
	return 0;
}

static int
addr_unix(const char *path, struct linkaddr *out)
{
	struct sockaddr_un *sa = (struct sockaddr_un *)&out->sa;
	size_t n = strlen(path);

	if (!n || n >= sizeof(sa->sun_path))
		return n ? -ENAMETOOLONG : -EINVAL;
	sa->sun_family = AF_UNIX;
	memcpy(sa->sun_path, path, n + 1);
	out->len = sizeof(*sa);
	return 0;
}

int
linkaddr_parse(const char *text, struct linkaddr *out)
{
	*out = (struct linkaddr){ .len = 0 };
	if (!strncmp(text, "unix:", 5))
		return addr_unix(text + 5, out);
	if (!strncmp(text, "tcp:", 4))
		return addr_tcp(text + 4, out);
	return -EINVAL;
}

static int
addr_socket(const struct linkaddr *addr)
{
	int family = addr->sa.ss_family, on = 1;
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (family != AF_UNIX) /* a request is small and waited for */
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

int
linkaddr_connect(const struct linkaddr *addr)
{
	int fd = addr_socket(addr), err;

	if (fd < 0 ||
	    !connect(fd, (const struct sockaddr *)&addr->sa, addr->len) ||
	    errno == EINPROGRESS)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

static int
addr_bind(int fd, const struct linkaddr *addr)
{
	const struct sockaddr_un *sa = (const struct sockaddr_un *)&addr->sa;
	struct stat st;

	if (addr->sa.ss_family != AF_UNIX)
		return bind(fd, (const struct sockaddr *)&addr->sa, addr->len)
			       ? -errno
			       : 0;
	/* what an earlier run left; never a file */
	if (!lstat(sa->sun_path, &st) && S_ISSOCK(st.st_mode))
		(void)unlink(sa->sun_path);
	return bind_private(fd, sa);
}

int
linkaddr_listen(const struct linkaddr *addr)
{
	int fd = addr_socket(addr), err, on = 1;

	if (fd < 0)
		return fd;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	err = addr_bind(fd, addr);
	if (!err && listen(fd, BACKLOG))
		err = -errno;
	if (!err)
		return fd;
	close(fd);
	return err;
}

int
linkaddr_accept(int listen_fd)
{
	int on = 1;
	int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return -errno;
	/* fails on a Unix socket, which needs it not */
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

bool
linkaddr_is_unix(int fd)
{
	int domain;
	socklen_t len = sizeof(domain);

	return !getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) &&
	       domain == AF_UNIX;
}
