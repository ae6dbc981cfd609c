/* SPDX-License-Identifier: MIT */
/*
 * The program's one log. The only module with state of its own: a process has
 * one standard error.
 */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct {
	enum ioemu_level level;
	uint64_t guest_bytes;
	uint64_t dropped;
	double tokens;
	double last; /* seconds */
	int copy;
} log_state = { .level = IOEMU_INFO, .tokens = LOG_GUEST_BURST, .copy = -1 };

static const char *const log_words[] = { "error", "warning", "info", "debug" };

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

int
log_parse_level(const char *word, enum ioemu_level *out)
{
	unsigned i;

	for (i = 0; i < sizeof(log_words) / sizeof(log_words[0]); i++) {
		if (!strcmp(word, log_words[i])) {
			*out = (enum ioemu_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

/* Not by dprintf(3), which also makes calls that a sandbox may refuse. */
static void
log_to_copy(const char *word, const char *text)
{
	char line[576];

	snprintf(line, sizeof(line), "mini-ioemu: %s: %s\n", word, text);
	if (write(log_state.copy, line, strlen(line)) < 0)
		log_state.copy = -1;
}

void
log_line(enum ioemu_level level, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	if (level > log_state.level)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	fprintf(stderr, "mini-ioemu: %s: %s\n", log_words[level], line);
	if (log_state.copy >= 0 && level <= IOEMU_WARN)
		log_to_copy(log_words[level], line);
}

/* A token bucket: true if one more line may go out now. */
static bool
log_take_token(void)
{
	struct timespec ts;
	double now;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	now = (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
	log_state.tokens += (now - log_state.last) * LOG_GUEST_RATE;
	log_state.last = now;
	if (log_state.tokens > LOG_GUEST_BURST)
		log_state.tokens = LOG_GUEST_BURST;
	if (log_state.tokens < 1)
		return false;
	log_state.tokens -= 1;
	return true;
}

void
log_guest(const char *who, enum ioemu_level level, const char *text)
{
	if (level > log_state.level || log_state.guest_bytes > LOG_GUEST_BYTES)
		return;
	if (!log_take_token()) {
		log_state.dropped++;
		return;
	}
	if (log_state.dropped) {
		log_line(IOEMU_WARN, "%llu lines of devices left out (rate)",
			 (unsigned long long)log_state.dropped);
		log_state.dropped = 0;
	}
	log_state.guest_bytes += strlen(who) + strlen(text) + 32;
	log_line(level, "%s: %s", who, text);
	if (log_state.guest_bytes > LOG_GUEST_BYTES)
		log_line(IOEMU_WARN,
			 "devices have logged %u bytes: no more from them",
			 LOG_GUEST_BYTES);
}
