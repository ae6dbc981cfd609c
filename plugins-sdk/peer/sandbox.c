/* SPDX-License-Identifier: MIT */
/*
 * What a peer may still do once its device is attached and its socket open:
 * what every host may, and of the rest only what this one has a use for.
 */
#include "peer.h"

#include "jail/jail.h"
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define MAX_TABLES 5u

/* A terminal in raw mode is put back. */
static const struct jail_rule chr_rules[] = {
	JAIL_IS(ioctl, 1, TCSETS),
};
static const struct jail_table chr_table = JAIL_TABLE(chr_rules);

/* Its images are as large as they are, whatever the limit says that the
 * toolstack gave the device model: it has one for logs in mind. */
static int
raise_file_size(const struct peer *peer)
{
	uint64_t size, most = 0;
	unsigned i;

	for (i = 0; i < peer->n_blocks; i++) {
		size = block_file_size(peer->block[i]);
		if (size > most)
			most = size;
	}
	return jail_file_size(most);
}

static bool
has_chardev(const struct peer *peer)
{
	unsigned i;

	for (i = 0; i < sizeof(peer->chr) / sizeof(peer->chr[0]); i++)
		if (peer->chr[i])
			return true;
	return false;
}

/* Nobody removes the file of a socket in there; the next one that listens at it
 * does. */
static void
leave_paths(const struct peer *peer)
{
	unsigned i;

	for (i = 0; i < sizeof(peer->chr) / sizeof(peer->chr[0]); i++)
		if (peer->chr[i])
			chr_leave_path(peer->chr[i]);
}

static int
close_jail(const struct peer *peer, const struct peer_rights *rights)
{
	const struct jail_table *tables[MAX_TABLES] = { &jail_base };
	unsigned n = 1;

	if (rights->accepts || rights->connects || has_chardev(peer))
		tables[n++] = &jail_accept;
	if (rights->connects)
		tables[n++] = rights->connects == AF_UNIX ? &jail_connect_unix
							  : &jail_connect_tcp;
	if (has_chardev(peer))
		tables[n++] = &chr_table;
	if (peer->n_blocks)
		tables[n++] = &jail_disk;
	return jail_close(tables, n);
}

int
sandbox_enter(struct peer *peer, const struct peer_rights *rights)
{
	struct jail_user user;
	int rc = 0;

	if (rights->run_as)
		rc = jail_user(rights->run_as, &user);
	if (!rc)
		rc = raise_file_size(peer);
	if (!rc)
		rc = jail_enter(rights->chroot, rights->run_as ? &user : NULL);
	if (!rc)
		rc = jail_drop();
	/* they have no rights from the start */
	if (!rc && peer->n_blocks)
		rc = jail_start_workers(&peer->loop);
	if (rc)
		return rc;
	leave_paths(peer);
	return close_jail(peer, rights);
}
