/* SPDX-License-Identifier: MIT */
/*
 * patient.h - the words of a device with a process of its own, which on a busy
 * machine may be long over an answer: a test that is not about time-outs does
 * not meet one.
 */
#ifndef PATIENT_H
#define PATIENT_H

#include <stdio.h>
#include <string.h>

/* `spec`, or it in `buf` with the longest time-out, if it has none. */
static inline const char *
patient(const char *spec, char *buf, size_t size)
{
	const char *at;
	int len;

	if (strncmp(spec, "peer,", 5) && strncmp(spec, "raw-mmio,", 9) &&
	    !strstr(spec, ",isolate=on"))
		return spec;
	if (strstr(spec, "timeout-ms="))
		return spec;
	/* before exec=, whose words are another's */
	at = strstr(spec, ",exec=");
	len = at ? (int)(at - spec) : (int)strlen(spec);
	snprintf(buf, size, "%.*s,timeout-ms=60000%s", len, spec, spec + len);
	return buf;
}

#endif
