/* SPDX-License-Identifier: MIT */
/*
 * The program's one log. The only module with state of its own: a process has
 * one standard error.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "loop/loop.h"

#define MAX_LINE 512u
#define MAX_WHO 64u
#define AROUND 32u /* the program's name, the level, and marks between */

struct log_source {
	char who[MAX_WHO]; /* "": the core itself, or those with no place */
	bool words;	   /* its own; else what we say of it */
	struct log_budget budget;
};

static struct {
	enum ioemu_level level;
	int copy;
	char reason[MAX_LINE]; /* the last error; "": none yet */
	bool after;	       /* others went out after it */
	struct log_source core, errors, rest;
	unsigned n;
	struct log_source source[LOG_SOURCES];
} log_state = {
	.level = IOEMU_INFO,
	.copy = -1,
	.core.budget.for_ever = true,
	.errors.budget.for_ever = true,
};

static const char *const log_level_words[] = { "error", "warning", "info",
					       "debug" };

void
log_set_level(enum ioemu_level level)
{
	log_state.level = level;
}

void
log_copy(int fd)
{
	log_state.copy = fd;
}

/* ---- out ---------------------------------------------------------- */

/* Not by dprintf(3), which also makes calls that a sandbox may refuse. */
static void
log_to_copy(const char *word, const char *text)
{
	char line[MAX_LINE + 64];

	snprintf(line, sizeof(line), "mini-ioemu: %s: %s\n", word, text);
	if (write(log_state.copy, line, strlen(line)) < 0)
		log_state.copy = -1;
}

/* Names in it may come from a saved state or another process: no line ends
 * before it does, no terminal is told anything. */
static void
log_put(enum ioemu_level level, char *text)
{
	const char *word = log_level_words[level];
	char *s;

	for (s = text; *s; s++)
		if ((uint8_t)*s < ' ' || *s == 0x7f)
			*s = '.';
	fprintf(stderr, "mini-ioemu: %s: %s\n", word, text);
	log_state.after = level != IOEMU_ERROR;
	if (log_state.copy >= 0 && level <= IOEMU_WARN)
		log_to_copy(word, text);
}

void
log_end(int rc)
{
	char line[MAX_LINE + 16];

	if (*log_state.reason && !log_state.after)
		return;
	snprintf(line, sizeof(line), "ended: %s",
		 *log_state.reason ? log_state.reason : strerror(-rc));
	log_put(IOEMU_ERROR, line);
}

/* ---- sources ------------------------------------------------------ */

/* Who there is, the user says: no guest and no peer makes one. */
static struct log_source *
log_source(const char *who, bool words)
{
	struct log_source *s;
	unsigned i;

	for (i = 0; i < log_state.n; i++) {
		s = &log_state.source[i];
		if (s->words == words &&
		    !strncmp(s->who, who, sizeof(s->who) - 1))
			return s;
	}
	if (log_state.n == LOG_SOURCES)
		return &log_state.rest;
	s = &log_state.source[log_state.n++];
	snprintf(s->who, sizeof(s->who), "%s", who);
	s->words = words;
	return s;
}

static uint64_t
log_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* The line is made already, `who` in front of it. */
static void
log_limited(struct log_source *s, const char *who, enum ioemu_level level,
	    char *line)
{
	char notice[LOG_NOTICE], text[MAX_WHO + 2 + LOG_NOTICE];
	bool may = log_budget_take(&s->budget, log_now(), strlen(line) + AROUND,
				   notice);

	if (*notice) {
		snprintf(text, sizeof(text), "%.*s: %s", (int)MAX_WHO, who,
			 notice);
		log_put(IOEMU_WARN, text);
	}
	if (may)
		log_put(level, line);
}

/* ---- lines -------------------------------------------------------- */

void
log_line(enum ioemu_level level, const char *fmt, ...)
{
	char line[MAX_LINE];
	va_list ap;

	if (level > log_state.level)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (level != IOEMU_ERROR) {
		log_limited(&log_state.core, "the device model", level, line);
		return;
	}
	/* the last one is what log_end() says, even if it was left out */
	snprintf(log_state.reason, MAX_LINE, "%s", line);
	log_state.after = true;
	log_limited(&log_state.errors, "errors", level, line);
}

/* A line about `who`, or of it. */
static void
log_about(const char *who, bool words, enum ioemu_level level, const char *text)
{
	char line[MAX_LINE];

	if (level > log_state.level)
		return;
	snprintf(line, sizeof(line), "%.*s: %s", (int)MAX_WHO, who, text);
	log_limited(log_source(who, words), who, level, line);
}

void
log_guest(const char *who, enum ioemu_level level, const char *text)
{
	log_about(who, false, level, text);
}

void
log_words(const char *who, enum ioemu_level level, const char *text)
{
	log_about(who, true, level, text);
}
