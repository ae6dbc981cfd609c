/* SPDX-License-Identifier: MIT */
#ifndef ROOM_H
#define ROOM_H

#include <sys/resource.h>

/* Files may be so long, as if the host's disk were full. */
void room(rlim_t bytes);

#endif
