/* SPDX-License-Identifier: MIT */
/*
 * What a process of ours prints: it has a pipe instead of the log, since a
 * device in a guest's hands, or just one that is wrong, would fill the host's
 * disk. Its lines are in the log as the device's words, with their limit.
 */
#include "peer/priv.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/host.h"

#include "base/log.h"

#define READ_MAX 4096u /* at once: others have their turn */
#define LINE 200u      /* longer ones are several */

/* Lives until the last who can write has gone, or the device model goes. */
struct peer_log {
	uv_poll_t poll; /* first */
	struct peers *peers;
	struct peer_log *next;
	char id[64];
	int fd;
	char line[LINE + 1];
	size_t len;
};

static void
log_closed(uv_handle_t *handle)
{
	free(handle);
}

static void
log_close(struct peer_log *l)
{
	struct peer_log **at = &l->peers->logs;

	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
	uv_close((uv_handle_t *)&l->poll, log_closed);
	close(l->fd);
}

static void
log_flush(struct peer_log *l)
{
	l->line[l->len] = '\0';
	if (l->len)
		log_words(l->id, IOEMU_INFO, l->line);
	l->len = 0;
}

static void
log_take(struct peer_log *l, const char *bytes, size_t n)
{
	for (; n; n--, bytes++) {
		if (*bytes == '\n' || l->len == LINE)
			log_flush(l);
		if (*bytes != '\n')
			l->line[l->len++] = host_printable((uint8_t)*bytes);
	}
}

/* False: nothing more comes now, perhaps never. */
static bool
log_read(struct peer_log *l)
{
	char bytes[READ_MAX];
	ssize_t n = read(l->fd, bytes, sizeof(bytes));

	if (n > 0) {
		log_take(l, bytes, (size_t)n);
		return true;
	}
	if (!n || (errno != EAGAIN && errno != EINTR)) {
		log_flush(l);
		log_close(l);
	}
	return false;
}

static void
log_ready(uv_poll_t *poll, int status, int events)
{
	(void)status;
	(void)events;
	(void)log_read((struct peer_log *)poll);
}

void
peer_log_open(struct peer *peer, int fd)
{
	struct peer_log *l = calloc(1, sizeof(*l));

	if (!l || uv_poll_init(peer->env->loop, &l->poll, fd)) {
		free(l);
		close(fd); /* its lines are lost */
		return;
	}
	l->peers = peer->peers;
	l->fd = fd;
	memcpy(l->id, peer->id, sizeof(l->id));
	l->next = peer->peers->logs;
	peer->peers->logs = l;
	uv_poll_start(&l->poll, UV_READABLE, log_ready);
}

void
peer_log_drain(struct peers *peers)
{
	struct peer_log *l, *next;
	unsigned turns;

	for (l = peers->logs; l; l = next) {
		next = l->next;
		for (turns = 0; turns < PEER_LOG_TURNS && log_read(l); turns++)
			;
	}
}

void
peer_logs_free(struct peers *peers)
{
	peer_log_drain(peers);
	while (peers->logs) {
		log_flush(peers->logs);
		log_close(peers->logs);
	}
}
