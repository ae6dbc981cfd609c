/* SPDX-License-Identifier: MIT */
/* handtext.h - a take-over message of any bytes, read as the reader does it. */
#ifndef HANDTEXT_H
#define HANDTEXT_H

#include "handover/handover.h"

/* As hand_read(). */
static inline int
hand_of_text(const char *text, size_t len, const int *fds, unsigned n,
	     struct hand **out)
{
	json_error_t error;
	json_t *json = json_loadb(text, len, 0, &error);
	int rc = hand_read(json, fds, n, out);

	json_decref(json);
	return rc;
}

#endif
