/* SPDX-License-Identifier: MIT */
/* upgrade/reader.h - who talks to the device model that runs, for takeover.c.
 */
#ifndef UPGRADE_READER_H
#define UPGRADE_READER_H

#include "handover/handover.h"

/* A byte each; the answer is 0 or -errno (int32_t), after TAKEREAD_ASK with the
 * handover behind it (handover_send()). What is wrong is logged. */
enum takeread_what {
	TAKEREAD_GREET,
	TAKEREAD_ASK,
	TAKEREAD_TAKEN,
};

/* The life of a process that has these two sockets and no rights. */
_Noreturn void takeread_run(int qmp, int sock);

#endif
