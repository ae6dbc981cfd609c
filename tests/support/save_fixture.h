/* SPDX-License-Identifier: MIT */
/*
 * side.h - where a guest is saved and where it is restored: a core with what
 * stops and saves it. Devices are dma-engines (devices/dma-engine), in this
 * process and outside.
 */
#ifndef SIDE_H
#define SIDE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core_fixture.h"
#include "guest/pause.h"
#include "guest/save.h"

#define NEAR 0x28u /* devfn 05.0, here */
#define FAR 0x30u  /* devfn 06.0, a process */
#define RAM_OF(devfn) (0xf0000000ull + (devfn)*0x20000ull)
#define REGS_OF(devfn) (RAM_OF(devfn) + 0x10000)

struct side {
	struct core core;
	struct pause *pause;
	struct save *save;
	unsigned limit_ms; /* of stopping; set before side_start() */
	bool told;
	int rc;
	char why[256];
};

/* Stopped, if it is to be loaded; then with side_load(). */
void side_open(struct side *side, const char *plugin_dir);
void side_add(struct side *side, const char *spec);
/* "peer,KEYS,exec=" the peer program with a plugin. */
void side_add_peer(struct side *side, const char *keys, const char *plugin,
		   const char *props);
/* After all are added; `stopped`: to be loaded. */
void side_start(struct side *side, bool stopped);
void side_close(struct side *side);

/* What it says is in rc and why. */
int side_stop(struct side *side);
int side_save(struct side *side, int fd);
/* An unnamed file with these bytes, at its beginning. */
int side_file(const void *bytes, size_t len);

/* The guest finds a dma-engine and places it. */
void side_place(struct side *side, unsigned devfn);
/* Card memory to [gpa, gpa + len) of the guest, list at `list`; it interrupts
 * when it is done, and that is waited for. */
void side_copy(struct side *side, unsigned devfn, uint32_t list, uint32_t gpa,
	       uint32_t len);
uint32_t side_status(struct side *side, unsigned devfn);
void side_ack(struct side *side, unsigned devfn);

#define SIDE_LOAD_MS 20000u
#define STATUS_DONE 0x2u
#define STATUS_INTERRUPT 0x8u

#endif
