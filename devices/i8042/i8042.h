/* SPDX-License-Identifier: MIT */
/* i8042.h - between the controller (i8042.c) and what hangs on it (ps2.c). */
#ifndef I8042_H
#define I8042_H

#include <ioemu/device.h>

#define I8042_QUEUE 64u

enum i8042_source { I8042_CONTROLLER, I8042_KBD, I8042_AUX, I8042_AUX_LOOP };

struct i8042_byte {
	uint8_t source, byte;
};

struct i8042 {
	uint8_t command_byte, output, pending, last;
	bool after_command;
	uint8_t head, used;
	uint8_t queue[2 * I8042_QUEUE]; /* struct i8042_byte */

	/* keyboard */
	uint8_t kbd_pending; /* command that waits for its byte */
	bool kbd_on;
	uint8_t scan_set;

	/* mouse */
	uint8_t mouse_pending;
	bool mouse_on, mouse_wrap, mouse_remote, mouse_scaling;
	uint8_t mouse_id; /* 0, or 3 with a wheel */
	uint8_t mouse_rate, mouse_resolution;
	uint8_t mouse_rates[3]; /* the last ones set: a knock */
};

void i8042_put(struct ioemu_dev *dev, enum i8042_source source, uint8_t byte);

void ps2_reset(struct i8042 *kbc);
void ps2_kbd_byte(struct ioemu_dev *dev, uint8_t byte);
void ps2_mouse_byte(struct ioemu_dev *dev, uint8_t byte);
/* "key CODE": scan codes of set 1 in hexadecimal, as the guest will read them;
 * "mouse DX DY BUTTONS". */
int ps2_query(struct ioemu_dev *dev, const char *what, char *buf, size_t size);

#endif
