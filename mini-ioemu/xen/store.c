/* SPDX-License-Identifier: MIT */
/*
 * xenstore: what the toolstack waits for, and what the next device model of the
 * guest is to know from somebody it can trust.
 */
#include "xen/xen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <xenstore.h>

#include "base/log.h"

#define WORDS_PIECE 2048u /* of a message of 4096 bytes (io/xs_wire.h) */
#define WORDS_MAX 65536u
#define PATH_MAX_LEN 96u

/* In the toolstack's own tree: nobody else can write there, and it is removed
 * with the guest. */
static void
words_path(char path[PATH_MAX_LEN], unsigned domid, unsigned piece)
{
	snprintf(path, PATH_MAX_LEN, "/libxl/%u/device-model-words/%u", domid,
		 piece);
}

static bool
xs_tell_words(struct xs_handle *xs, unsigned domid, const char *words,
	      size_t len)
{
	char path[PATH_MAX_LEN];
	size_t at, n;
	bool ok = true;

	snprintf(path, sizeof(path), "/libxl/%u/device-model-words", domid);
	(void)xs_rm(xs, XBT_NULL, path);
	for (at = 0; ok && at < len; at += n) {
		n = len - at < WORDS_PIECE ? len - at : WORDS_PIECE;
		words_path(path, domid, (unsigned)(at / WORDS_PIECE));
		ok = xs_write(xs, XBT_NULL, path, words + at, (unsigned)n);
	}
	return ok;
}

/* Whom libxl ends (libxl_dm.c, libxl__destroy_device_model). */
static bool
xs_tell_pid(struct xs_handle *xs, unsigned domid, int pid)
{
	char path[PATH_MAX_LEN], text[16];

	snprintf(path, sizeof(path), "/local/domain/%u/image/device-model-pid",
		 domid);
	snprintf(text, sizeof(text), "%d", pid);
	return xs_write(xs, XBT_NULL, path, text, (unsigned)strlen(text));
}

/* libxl waits for this node (libxl_dm.c, device_model_confirm). Relative to
 * our own domain's home, as the device model runs in dom0 or elsewhere. */
static bool
xs_tell_running(struct xs_handle *xs, unsigned domid)
{
	char path[PATH_MAX_LEN];

	snprintf(path, sizeof(path), "device-model/%u/state", domid);
	return xs_write(xs, XBT_NULL, path, "running", strlen("running"));
}

int
xen_tell(unsigned domid, const struct xen_news *news)
{
	struct xs_handle *xs = xs_open(0);
	bool ok;

	if (!xs)
		return news->running ? -ENOTCONN : 0;
	if (news->pid && !xs_tell_pid(xs, domid, news->pid))
		log_error("domain %u: xenstore does not take our pid %d: the "
			  "toolstack will not end this process",
			  domid, news->pid);
	if (!xs_tell_words(xs, domid, news->words, news->words_len))
		log_warn("domain %u: xenstore does not take the command line: "
			 "--take-over will not work",
			 domid);
	ok = !news->running || xs_tell_running(xs, domid);
	xs_close(xs);
	return ok ? 0 : -EIO;
}

static int
words_read(struct xs_handle *xs, unsigned domid, char *words, size_t *len)
{
	char path[PATH_MAX_LEN];
	unsigned n, piece = 0;
	char *text;

	for (*len = 0; *len < WORDS_MAX; *len += n) {
		words_path(path, domid, piece++);
		text = xs_read(xs, XBT_NULL, path, &n);
		if (!text)
			return *len ? 0 : -ENOENT;
		if (n > WORDS_MAX - *len)
			n = (unsigned)(WORDS_MAX - *len);
		memcpy(words + *len, text, n);
		free(text);
	}
	return -E2BIG;
}

int
xen_words(unsigned domid, char **words, size_t *len)
{
	struct xs_handle *xs = xs_open(0);
	int rc = xs ? 0 : -errno;

	*words = malloc(WORDS_MAX);
	if (!rc)
		rc = *words ? words_read(xs, domid, *words, len) : -ENOMEM;
	if (xs)
		xs_close(xs);
	if (!rc && (!*len || (*words)[*len - 1]))
		rc = -EINVAL;
	if (rc) {
		free(*words);
		*words = NULL;
	}
	return rc;
}
