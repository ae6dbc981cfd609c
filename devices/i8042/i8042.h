/* SPDX-License-Identifier: MIT */
/* i8042.h - between the controller (i8042.c) and its operator (operator.c). */
#ifndef I8042_H
#define I8042_H

#include "ps2.h"

#define I8042_RAM 32u

/* Whose byte the output buffer holds. */
enum i8042_source {
	I8042_NONE,	/* it is empty */
	I8042_ANSWER,	/* the controller's, */
	I8042_AUX_LOOP, /* and one that is to look like the mouse's */
	I8042_KBD,
	I8042_AUX,
};

struct i8042 {
	struct ioemu_timer settle;
	bool settling; /* the keyboard is sending: no scan code yet */

	uint8_t ram[I8042_RAM]; /* [0]: the command byte */
	uint8_t output, pending, last;
	bool after_command;
	uint8_t source; /* enum i8042_source */
	uint8_t answer;
	bool released; /* F0 came: the next code gets bit 7 (translation) */

	struct ps2_kbd kbd;
	struct ps2_mouse mouse;
};

/* The devices may have something new. */
void i8042_update(struct ioemu_dev *dev);

/* "key CODE ...": scan codes of set 1 in hexadecimal; "mouse DX DY BUTTONS". */
int i8042_query(struct ioemu_dev *dev, const char *what, char *buf,
		size_t size);

#endif
