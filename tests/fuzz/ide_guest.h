/* SPDX-License-Identifier: MIT */
/*
 * ide_guest.h - a guest that does anything to four drives on two channels,
 * while their disks take as long as they like: for the fuzzer, and for seeded
 * streams in `make check`.
 */
#ifndef IDE_GUEST_H
#define IDE_GUEST_H

#include <bench/machine.h>

/*
 * The bytes are a list of steps. Whatever they say, no request is made twice,
 * all that is asked of a disk ends, and after SRST every drive that is left
 * shows its signature and gives the sector it is asked for. What is not so
 * fails the test that runs, or ends the process.
 */
void ide_guest_run(struct host_plugins *plugins, const uint8_t *data,
		   size_t size);

#endif
