/* SPDX-License-Identifier: MIT */
/*
 * Loading: read, looked at, compared with the devices there are, and only then
 * taken over. A guest goes on only where there are the same devices in the same
 * order: a device too many would appear from nowhere, one too few would be
 * gone.
 */
#include "guest/save_priv.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"

#define PIECE 65536u

/* ---- loading ------------------------------------------------------ */

static int
read_all(int fd, struct blob *b)
{
	ssize_t n;

	do {
		uint8_t *p = blob_room(b, PIECE);

		if (!p)
			return -ENOMEM;
		n = read(fd, p, b->size - b->len);
		if (n < 0 && errno != EINTR)
			return -errno;
		b->len += n > 0 ? (size_t)n : 0;
	} while (n && b->len <= SAVE_MAX);
	return n ? -EFBIG : 0;
}

static int
load_refuse(const char *what)
{
	log_error("the saved state is not restored: %s", what);
	return -EINVAL;
}

static int
check_head(struct view *v)
{
	const uint8_t *p = v->p;
	uint32_t version;

	if (v->left < SAVE_HEAD || memcmp(p, SAVE_MAGIC, SAVE_MAGIC_SIZE) != 0)
		return load_refuse("mini-ioemu did not write it (a guest saved "
				   "with another device model goes on with "
				   "that one only)");
	version = ioemu_get_le32(p + SAVE_MAGIC_SIZE);
	if (version != SAVE_VERSION ||
	    ioemu_get_le32(p + SAVE_MAGIC_SIZE + 4)) {
		log_error("the saved state is not restored: it has version %u, "
			  "this program knows %u",
			  version, SAVE_VERSION);
		return -EINVAL;
	}
	if (ioemu_get_le64(p + SAVE_LENGTH) != v->left)
		return load_refuse("its length is wrong: it is cut short, or "
				   "something is behind it");
	if (ioemu_get_le64(p + SAVE_SUM) !=
	    host_sum(p + SAVE_HEAD, v->left - SAVE_HEAD))
		return load_refuse("its checksum is wrong: it is damaged");
	(void)view_bytes(v, SAVE_HEAD);
	return 0;
}

/* One record; its id and type taken off. */
static bool
view_record(struct view *all, struct view *one, char id[256], char type[256])
{
	uint32_t len = view_u32(all);

	*one = (struct view){ .p = view_bytes(all, len), .left = len };
	one->failed = !one->p;
	view_text(one, id);
	view_text(one, type);
	return !one->failed;
}

static void
refuse_device(unsigned i, const char *id, const char *type, const char *saved,
	      const char *saved_type)
{
	log_error("the saved state is not restored: device %u is %s%s%s%s, "
		  "and was %s%s%s%s when saved; configure the same devices in "
		  "the same order",
		  i + 1, id ? id : "none", id ? " (" : "", id ? type : "",
		  id ? ")" : "", saved ? saved : "none", saved ? " (" : "",
		  saved ? saved_type : "", saved ? ")" : "");
}

/* What was saved is printed only after it passed the checksum. */
static int
check_devices(const struct save *s, struct view v, uint32_t n)
{
	char id[256], type[256];
	const char *our_id, *our_type;
	struct view one;
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (!view_record(&v, &one, id, type))
			return load_refuse("a record of it makes no sense");
		if (!save_who(s, i, &our_id, &our_type))
			our_id = our_type = NULL;
		if (our_id && !strcmp(id, our_id) && !strcmp(type, our_type))
			continue;
		refuse_device(i, our_id, our_type, id, type);
		return -EINVAL;
	}
	if (v.left)
		return load_refuse("there is more in it than it says");
	if (!save_who(s, n, &our_id, &our_type))
		return 0;
	refuse_device(n, our_id, our_type, NULL, NULL);
	return -EINVAL;
}

static int
load_record(struct save *s, unsigned i, uint32_t devices, struct view *v)
{
	char id[256], type[256], why[256] = "";
	struct view one;
	int rc;

	(void)view_record(v, &one, id, type);
	if (i < devices) {
		rc = hostdev_load(local_at(s->env.local, i), one.p, one.left);
		if (rc)
			log_error("the saved state is not restored: '%s' (%s) "
				  "does not take its part: %s",
				  id, type, strerror(-rc));
		return rc;
	}
	rc = peers_get(s->env.peers, i - devices, &one, why, sizeof(why));
	if (rc)
		(void)load_refuse(*why ? why : strerror(-rc));
	return rc;
}

static int
load_devices(struct save *s, struct view *v)
{
	uint64_t now = view_u64(v);
	uint32_t devices = view_u32(v), peers = view_u32(v);
	uint32_t our_devices, our_peers, i;
	int rc;

	if (v->failed || devices > UINT16_MAX || peers > UINT16_MAX)
		return load_refuse("its counts of devices make no sense");
	rc = check_devices(s, *v, devices + peers);
	if (rc)
		return rc;
	save_count(s, &our_devices, &our_peers);
	if (devices != our_devices)
		return load_refuse("a device has moved into a process of its "
				   "own, or out of it (isolate=)");
	clock_jump(s->env.clock, now);
	for (i = 0; !rc && i < devices + peers; i++)
		rc = load_record(s, i, devices, v);
	return rc;
}

static void
load_waited(void *ctx, bool late)
{
	struct save *s = ctx;

	(void)late; /* and so peers_state() still says who is not there */
	s->over = true;
	uv_stop(s->env.loop); /* nor does this turn sleep */
}

static int
load_peers(struct save *s, unsigned ms)
{
	char why[256] = "";
	int rc = peers_state(s->env.peers, why, sizeof(why));

	s->over = rc != 1;
	if (!s->over)
		await_start(&s->await, ms, save_over, load_waited, s);
	while (!s->over)
		uv_run(s->env.loop, UV_RUN_ONCE);
	rc = peers_state(s->env.peers, why, sizeof(why));
	return rc ? load_refuse(why) : 0;
}

int
save_load(struct save *s, int fd, unsigned ms)
{
	struct blob b = { .p = NULL };
	struct view v;
	size_t len;
	int rc = read_all(fd, &b);

	close(fd);
	if (rc)
		log_error("the saved state cannot be read: %s", strerror(-rc));
	v = (struct view){ .p = b.p, .left = b.len };
	if (!rc)
		rc = check_head(&v);
	if (!rc)
		rc = load_devices(s, &v);
	len = b.len;
	blob_free(&b);
	if (!rc)
		rc = load_peers(s, ms);
	if (!rc)
		log_info("restored from %zu bytes of saved state", len);
	return rc;
}
