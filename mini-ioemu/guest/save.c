/* SPDX-License-Identifier: MIT */
/*
 * Saving: each peer is asked for its state, then all is put together and
 * written. Nothing here changes a device.
 */
#include "guest/save_priv.h"
#include "local/disks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEVICE_MAX (64u << 20) /* bytes of one device */
#define FIRST_SIZE 4096u
#define LIMIT_MS 8000u /* libxl waits 10 s (LIBXL_QMP_CMD_TIMEOUT) */

/* ---- who there is -------------------------------------------------- */

bool
save_who(const struct save *s, unsigned i, const char **id, const char **type)
{
	const struct hostdev *hd = local_at(s->env.local, i);
	unsigned n = 0;

	if (hd) {
		*id = hd->dev.id;
		*type = hd->type->type.name;
		return true;
	}
	while (local_at(s->env.local, n))
		n++;
	return peers_who(s->env.peers, i - n, id, type);
}

void
save_count(const struct save *s, uint32_t *devices, uint32_t *peers)
{
	const char *id, *type;

	for (*devices = 0; local_at(s->env.local, *devices); ++*devices)
		;
	for (*peers = 0; peers_who(s->env.peers, *peers, &id, &type); ++*peers)
		;
}

/* ---- saving ------------------------------------------------------- */

static int
put_device(const struct hostdev *hd, struct blob *b)
{
	size_t size = FIRST_SIZE;
	long used = -ENOSPC;

	for (; used == -ENOSPC && size <= DEVICE_MAX; size *= 2) {
		uint8_t *p = blob_room(b, size);

		if (!p)
			return -ENOMEM;
		used = hostdev_save(hd, p, size);
	}
	if (used > 0)
		b->len += (size_t)used;
	return used < 0 ? (int)used : 0;
}

/* The length in front of what was added since `at`. */
static void
put_length(struct blob *b, size_t at)
{
	if (!b->failed)
		ioemu_put_le32(b->p + at, (uint32_t)(b->len - at - 4));
}

static int
put_all(const struct save *s, struct blob *b, char *why, size_t size)
{
	uint32_t devices, peers, i;
	const char *id, *type;
	int rc = 0;

	save_count(s, &devices, &peers);
	blob_u64(b, clock_now(s->env.clock));
	blob_u32(b, devices);
	blob_u32(b, peers);
	for (i = 0; !rc && save_who(s, i, &id, &type); i++) {
		size_t at = b->len;

		blob_u32(b, 0);
		blob_text(b, id);
		blob_text(b, type);
		if (i < devices)
			rc = put_device(local_at(s->env.local, i), b);
		else
			peers_put(s->env.peers, i - devices, b);
		put_length(b, at);
	}
	if (rc)
		snprintf(why, size, "'%s' (%s) cannot be saved: %s", id, type,
			 strerror(-rc));
	return rc;
}

static int
put_head(struct blob *b)
{
	if (b->failed)
		return -ENOMEM;
	if (b->len > SAVE_MAX)
		return -EFBIG;
	ioemu_put_le64(b->p + SAVE_LENGTH, b->len);
	ioemu_put_le64(b->p + SAVE_SUM,
		       host_sum(b->p + SAVE_HEAD, b->len - SAVE_HEAD));
	return 0;
}

/* libxl opens the file without cutting what is there, and takes all of it. */
static int
write_all(int fd, const struct blob *b)
{
	struct stat st;
	size_t at = 0;
	ssize_t n;

	if (fstat(fd, &st))
		return -errno;
	if (S_ISREG(st.st_mode) && (ftruncate(fd, 0) || lseek(fd, 0, SEEK_SET)))
		return -errno;
	while (at < b->len) {
		n = write(fd, b->p + at, b->len - at);
		if (n < 0 && errno != EINTR)
			return -errno;
		at += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int
save_file(const struct save *s, char *why, size_t size)
{
	struct blob b = { .p = NULL };
	int rc;

	blob_bytes(&b, SAVE_MAGIC, SAVE_MAGIC_SIZE);
	blob_u32(&b, SAVE_VERSION);
	blob_u32(&b, 0);
	blob_u64(&b, 0);
	blob_u64(&b, 0);
	rc = put_all(s, &b, why, size);
	if (!rc) {
		rc = put_head(&b);
		if (!rc)
			rc = write_all(s->fd, &b);
		if (rc)
			snprintf(why, size, "cannot write the saved state: %s",
				 strerror(-rc));
	}
	blob_free(&b);
	return rc;
}

static void
save_end(struct save *s, int rc, const char *why)
{
	close(s->fd);
	s->fd = -1;
	if (!s->hand_over)
		peers_forget(s->env.peers);
	s->done(s->ctx, rc, why);
}

bool
save_over(void *ctx)
{
	const struct save *s = ctx;
	char why[256];

	return peers_state(s->env.peers, why, sizeof(why)) != 1;
}

static void
save_collected(void *ctx, bool late)
{
	struct save *s = ctx;
	char why[256] = "";
	int rc = peers_state(s->env.peers, why, sizeof(why));

	if (late)
		rc = -ETIMEDOUT;
	else if (!rc)
		rc = save_file(s, why, sizeof(why));
	save_end(s, rc, why);
}

void
save_write(struct save *s, int fd, bool hand_over,
	   void (*done)(void *ctx, int err, const char *why), void *ctx)
{
	char why[256] = "";
	const char *disk;
	int rc = disks_parked(local_disks(s->env.local), &disk);

	s->fd = fd;
	s->hand_over = hand_over;
	s->done = done;
	s->ctx = ctx;
	if (rc) /* what it owes its device is in no device's state */
		snprintf(why, sizeof(why), "%.160s waits for `cont`: %s", disk,
			 strerror(-rc));
	else
		rc = peers_save(s->env.peers, hand_over, why, sizeof(why));
	if (rc)
		save_end(s, rc, why);
	else
		await_start(&s->await, LIMIT_MS, save_over, save_collected, s);
}

/* ---- life --------------------------------------------------------- */

int
save_new(const struct save_env *env, struct save **out)
{
	struct save *s = calloc(1, sizeof(*s));

	if (!s)
		return -ENOMEM;
	s->env = *env;
	s->fd = -1;
	await_init(&s->await, env->loop);
	*out = s;
	return 0;
}

void
save_free(struct save *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	await_free(&s->await);
}
