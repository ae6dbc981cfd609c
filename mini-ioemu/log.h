/* SPDX-License-Identifier: MIT */
/*
 * log.h - one line a message on standard error, which libxl points at
 * qemu-dm-NAME.log. Whatever a guest makes devices say is limited twice: in
 * rate, and in bytes over the life of the guest, as the log is a file of the
 * host (XSA-180).
 */
#ifndef LOG_H
#define LOG_H

#include <ioemu/device.h>

#define LOG_GUEST_BYTES (1u << 20) /* all that devices may ever log */
#define LOG_GUEST_BURST 200u	   /* lines at once ... */
#define LOG_GUEST_RATE 20u	   /* ... and a second afterwards */

void log_set_level(enum ioemu_level level);
/* Errors and warnings go to this descriptor as well; -1: no more. */
void log_copy(int fd);
int log_parse_level(const char *word, enum ioemu_level *out);

void log_line(enum ioemu_level level, const char *fmt, ...) IOEMU_PRINTF(2, 3);
/* A line that a guest can cause: `who` is the device. */
void log_guest(const char *who, enum ioemu_level level, const char *text);

#define log_error(...) log_line(IOEMU_ERROR, __VA_ARGS__)
#define log_warn(...) log_line(IOEMU_WARN, __VA_ARGS__)
#define log_info(...) log_line(IOEMU_INFO, __VA_ARGS__)
#define log_debug(...) log_line(IOEMU_DEBUG, __VA_ARGS__)

#endif
