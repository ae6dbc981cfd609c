/* SPDX-License-Identifier: MIT */
/*
 * What goes to standard error. A guest can make the device say something again
 * and again, and a device model can come and go; both have a budget
 * (loop/loop.h), so that neither fills a disk.
 */
#include "peer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define AROUND 2u /* a colon and a blank */

/* While it is being made it has no name yet. */
static const char *
log_name(const struct peer *peer)
{
	return peer->hd ? peer->hd->dev.id : "ioemu-peer";
}

static bool
log_may(struct peer *peer, struct log_budget *budget, const char *text,
	char notice[LOG_NOTICE])
{
	return log_budget_take(budget, uv_hrtime(),
			       strlen(log_name(peer)) + AROUND + strlen(text),
			       notice);
}

static void
log_put(const struct peer *peer, const char *text)
{
	fprintf(stderr, "%s: %s\n", log_name(peer), text);
}

void
peer_say(struct peer *peer, const char *fmt, ...)
{
	char text[256], notice[LOG_NOTICE];
	va_list ap;
	bool may;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	may = log_may(peer, &peer->of_itself, text, notice);
	if (*notice)
		log_put(peer, notice);
	if (may)
		log_put(peer, text);
}

/* A device model that has started us writes it into the log that we share. */
static void
words_put(struct peer *peer, enum ioemu_level level, const char *text)
{
	if (!peer->inherited || !peer->met)
		log_put(peer, text);
	linkhost_log(peer->hd, level, text);
}

void
peer_words(struct peer *peer, enum ioemu_level level, const char *text)
{
	char notice[LOG_NOTICE];
	bool may = log_may(peer, &peer->of_device, text, notice);

	if (*notice)
		words_put(peer, IOEMU_WARN, notice);
	if (may)
		words_put(peer, level, text);
}
