/* SPDX-License-Identifier: MIT */
/*
 * statuses.h - how requests end is the same wherever a device runs
 * (ioemu/device.h, struct ioemu_dma and struct ioemu_io). One driver of
 * asker.c; a test program gives it hosts: the core and a process of its own,
 * or the bench and its links.
 */
#ifndef STATUSES_H
#define STATUSES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>

#define ASKER "../tests/asker" /* from the plugin folder */
#define ASKER_BASE 0xf0000000u /* of its BAR 0 */
#define ASKER_DISK 65536u      /* bytes, all zeroes */

/* A host with the device in it, nothing configured. */
struct status_host {
	const char *name;
	void (*up)(struct status_host *h, const char *plugin_dir);
	void (*down)(struct status_host *h);
	/* 4 bytes of configuration space, or of memory; v NULL: a read. */
	uint32_t (*access)(struct status_host *h, bool config, uint32_t at,
			   const uint32_t *v);
	void (*turn)(struct status_host *h); /* of the loop */
	void (*disk)(struct status_host *h, uint8_t *to, uint32_t at,
		     uint32_t n);
	uint8_t *ram; /* set by up() */
	uint32_t end; /* of it */
	void *own;
};

/* The whole of main(). */
int statuses_main(int argc, char **argv, struct status_host *hosts, unsigned n);

#endif
