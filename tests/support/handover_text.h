/* SPDX-License-Identifier: MIT */
/* handover_text.h - a take-over message of any bytes, read as the reader does
 * it. */
#ifndef HANDOVER_TEXT_H
#define HANDOVER_TEXT_H

#include "handover/handover.h"

/* As handover_read(). */
static inline int
handover_of_text(const char *text, size_t len, const int *fds, unsigned n,
		 struct handover **out)
{
	json_error_t error;
	json_t *json = json_loadb(text, len, 0, &error);
	int rc = handover_read(json, fds, n, out);

	json_decref(json);
	return rc;
}

#endif
