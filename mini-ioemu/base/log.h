/* SPDX-License-Identifier: MIT */
/*
 * log.h - one line a message on standard error, which libxl points at
 * qemu-dm-NAME.log. That is a file of the host, and guests and peers can repeat
 * what makes them or us say something (XSA-180), so every line has a budget
 * (loop/loop.h), one for each source:
 *
 *   - what a device, here or in another process, says: log_words(id, ...)
 *   - what the core says of it: log_guest(id, ...); a flood of its own words
 *     does not hide that
 *   - what the core says of itself: log_warn(), log_info()
 *   - errors: log_error(); whatever a flood of them leaves out, the last one is
 *     said again when the program ends for it
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <ioemu/device.h>

/* Further ones share one budget. A device has two, a peer likewise. */
#define LOG_SOURCES 640u

void log_set_level(enum ioemu_level level);
/* Errors and warnings go to this descriptor as well; -1: no more. */
void log_copy(int fd);

/* The program ends for an error: the last line is to say which. */
void log_end(int rc);

void log_line(enum ioemu_level level, const char *fmt, ...) IOEMU_PRINTF(2, 3);
/* A line that a guest or a peer can cause; `who` is the device. */
void log_guest(const char *who, enum ioemu_level level, const char *text);
/* A line in the device's own words. */
void log_words(const char *who, enum ioemu_level level, const char *text);

/* Not for what a guest or a peer can repeat: that is log_guest()'s. */
#define log_error(...) log_line(IOEMU_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(IOEMU_WARN, __VA_ARGS__)
#define log_info(...) log_line(IOEMU_INFO, __VA_ARGS__)

#endif
