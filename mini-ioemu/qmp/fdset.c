/* SPDX-License-Identifier: MIT */
/*
 * add-fd: a file descriptor gets a name, by which later commands of the same
 * client take it over.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/host.h"

#include "qmp/priv.h"

/* The client's set of that id, or a free one for 0; NULL: none. */
static struct qmp_set *
client_set(struct qmp_client *c, uint32_t id)
{
	struct qmp_set *set;

	for (set = c->set; set < c->set + QMP_MAX_SETS; set++)
		if (set->id == id)
			return set;
	return NULL;
}

/* Sets are ours to number. */
void
run_add_fd(struct qmp_call *call)
{
	struct qmp_client *c = call->client;
	const json_t *opaque = json_object_get(call->args, "opaque");
	struct qmp_set *set = client_set(c, 0);
	int fd = qmp_take_fd(call);

	if (opaque && !json_is_string(opaque)) {
		qmp_fail(call, "Parameter 'opaque' must be a string");
	} else if (fd < 0) {
		qmp_fail(call, "No file descriptor came with the command");
	} else if (!set) {
		qmp_fail(call, "Too many file descriptors of this client");
	} else {
		*set = (struct qmp_set){ .id = ++c->qmp->last_set, .fd = fd };
		qmp_return(call, json_pack("{s:I, s:i}", "fdset-id",
					   (json_int_t)set->id, "fd", fd));
		return;
	}
	if (fd >= 0)
		close(fd);
}

int
qmp_take_file(struct qmp_call *call, const char *name)
{
	struct qmp_set *set = NULL;
	uint64_t id;
	int fd;

	if (!strncmp(name, QMP_FDSET, strlen(QMP_FDSET))) {
		name += strlen(QMP_FDSET);
		if (*name != '0' && !host_number(name, UINT32_MAX, &id))
			set = client_set(call->client, (uint32_t)id);
	}
	if (!set)
		return -1;
	fd = set->fd;
	set->id = 0;
	return fd;
}
