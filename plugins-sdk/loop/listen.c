/* SPDX-License-Identifier: MIT */
/*
 * A socket with a name is as open as its file says: whoever may write to it may
 * connect (unix(7)).
 */
#include "loop/loop.h"

#include <sys/stat.h>

#define OWNER_ONLY 0600

int
bind_private(int fd, const struct sockaddr_un *addr)
{
	/* Linux gives the file the mode of the socket, less the umask; what
	 * that took from the owner comes back afterwards */
	if (fchmod(fd, OWNER_ONLY) ||
	    bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) ||
	    chmod(addr->sun_path, OWNER_ONLY))
		return -errno;
	return 0;
}
