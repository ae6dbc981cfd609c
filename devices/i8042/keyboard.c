/* SPDX-License-Identifier: MIT */
/*
 * A keyboard with 101 or 102 keys (IBM PS/2 Hardware Interface Technical
 * Reference, "Keyboards"): its commands, and keys in scan code sets 1 to 3.
 */
#include "ps2.h"

#include <string.h>

#define CMD_LEDS 0xedu
#define CMD_ECHO 0xeeu
#define CMD_SET 0xf0u
#define CMD_ID 0xf2u
#define CMD_RATE 0xf3u
#define CMD_ENABLE 0xf4u
#define CMD_DISABLE 0xf5u
#define CMD_DEFAULT 0xf6u
#define CMD_ALL_TYPEMATIC 0xf7u
#define CMD_ALL_MAKE_BREAK 0xf8u
#define CMD_ALL_MAKE 0xf9u
#define CMD_ALL 0xfau
#define CMD_KEY_TYPEMATIC 0xfbu
#define CMD_KEY_MAKE_BREAK 0xfcu
#define CMD_KEY_MAKE 0xfdu
#define CMD_RESEND 0xfeu
#define CMD_RESET 0xffu

#define BREAK 0xf0u /* before the code of a key that is released */

#define SET3_CODES (8 * KBD_BREAKS)

/* At power on: Caps Lock, both Shift, left Ctrl and left Alt; of others nobody
 * hears that they are released (scan code set 3, "default key state"). */
static const uint8_t set3_breaks[] = { 0x14, 0x12, 0x59, 0x11, 0x19 };

static void
kbd_set_break(struct ps2_kbd *k, uint8_t code, bool tells)
{
	uint8_t bit = (uint8_t)(1u << (code % 8));

	k->breaks[code / 8] &= (uint8_t)~bit;
	k->breaks[code / 8] |= tells ? bit : 0;
}

static void
kbd_default(struct ps2_kbd *k)
{
	unsigned i;

	ps2_clear(&k->port.data);
	k->set = 2;
	k->prefix = 0;
	memset(k->breaks, 0, sizeof(k->breaks));
	for (i = 0; i < sizeof(set3_breaks); i++)
		kbd_set_break(k, set3_breaks[i], true);
}

void
kbd_reset(struct ps2_kbd *k)
{
	memset(k, 0, sizeof(*k));
	kbd_default(k);
	k->on = true;
	k->last = PS2_PASSED;
}

/* ---- commands -------------------------------------------------------- */

/* What the parameter of a command may be. */
static bool
kbd_takes(uint8_t command, uint8_t byte)
{
	switch (command) {
	case CMD_SET:
		return byte <= 3;
	case CMD_KEY_TYPEMATIC:
	case CMD_KEY_MAKE_BREAK:
	case CMD_KEY_MAKE:
		return byte && byte < SET3_CODES;
	}
	return byte < 0x80; /* indicators, typematic rate */
}

/* What is no parameter is asked for again. */
static void
kbd_parameter(struct ps2_kbd *k, uint8_t byte)
{
	uint8_t command = k->port.pending;

	if (!kbd_takes(command, byte)) {
		ps2_put(&k->port.reply, PS2_RESEND);
		return;
	}
	ps2_put(&k->port.reply, PS2_ACK);
	switch (command) {
	case CMD_KEY_TYPEMATIC: /* these take keys until another command */
	case CMD_KEY_MAKE_BREAK:
	case CMD_KEY_MAKE:
		kbd_set_break(k, byte, command == CMD_KEY_MAKE_BREAK);
		return;
	case CMD_SET:
		if (!byte)
			ps2_put(&k->port.reply, k->set);
		else
			k->set = byte;
		k->prefix = 0;
		break;
	}
	k->port.pending = 0; /* indicators and rates have nothing to show */
}

/* Commands of keys clear what is to be sent; others leave it. */
static void
kbd_command(struct ps2_kbd *k, uint8_t byte)
{
	struct ps2_fifo *reply = &k->port.reply;

	switch (byte) {
	case CMD_ECHO:
		ps2_put(reply, CMD_ECHO);
		return;
	case CMD_RESEND:
		ps2_put(reply, k->last);
		return;
	case CMD_LEDS:
	case CMD_RATE:
		k->port.pending = byte;
		break;
	case CMD_ID:
		ps2_put(reply, PS2_ACK);
		ps2_put(reply, 0xab);
		ps2_put(reply, 0x83);
		return;
	case CMD_ENABLE:
		ps2_clear(&k->port.data);
		k->on = true;
		break;
	case CMD_DISABLE:
		kbd_default(k);
		k->on = false;
		break;
	case CMD_DEFAULT:
		kbd_default(k);
		break;
	case CMD_ALL_TYPEMATIC:
	case CMD_ALL_MAKE:
		ps2_clear(&k->port.data);
		memset(k->breaks, 0, sizeof(k->breaks));
		break;
	case CMD_ALL_MAKE_BREAK:
	case CMD_ALL:
		ps2_clear(&k->port.data);
		memset(k->breaks, 0xff, sizeof(k->breaks));
		break;
	case CMD_SET:
	case CMD_KEY_TYPEMATIC:
	case CMD_KEY_MAKE_BREAK:
	case CMD_KEY_MAKE:
		ps2_clear(&k->port.data);
		k->port.pending = byte;
		break;
	case CMD_RESET:
		kbd_default(k);
		k->on = true;
		ps2_clear(reply);
		ps2_put(reply, PS2_ACK);
		ps2_put(reply, PS2_PASSED);
		return;
	default:
		ps2_put(reply, PS2_RESEND);
		return;
	}
	ps2_put(reply, PS2_ACK);
}

/* A command in place of a parameter is a command, and the first one ends with
 * nothing done. */
void
kbd_write(struct ps2_kbd *k, uint8_t byte)
{
	if (k->port.pending && byte < CMD_LEDS) {
		kbd_parameter(k, byte);
		return;
	}
	k->port.pending = 0;
	kbd_command(k, byte);
}

uint8_t
kbd_read(struct ps2_kbd *k)
{
	struct ps2_port *p = &k->port;
	uint8_t byte = ps2_take(p->reply.used ? &p->reply : &p->data);

	if (byte != PS2_RESEND)
		k->last = byte;
	return byte;
}

/* ---- keys ------------------------------------------------------------ */

static void
kbd_set3_key(struct ps2_kbd *k, uint8_t code, bool released)
{
	uint8_t set3 = scan_set3(k->prefix, code);

	/* Pause is told by the last of the three bytes of set 1 */
	if (k->prefix != 0xe1 || code == 0x45)
		k->prefix = 0;
	if (!set3 || (released && !(k->breaks[set3 / 8] >> set3 % 8 & 1)))
		return;
	if (released)
		ps2_put(&k->port.data, BREAK);
	ps2_put(&k->port.data, set3);
}

bool
kbd_key(struct ps2_kbd *k, uint8_t code)
{
	struct ps2_fifo *data = &k->port.data;
	bool released = code & 0x80;

	if (!k->on || data->used + 2u > PS2_FIFO)
		return false;
	if (k->set == 3 && (code == 0xe0 || code == 0xe1)) {
		k->prefix = code;
	} else if (k->set == 3) {
		kbd_set3_key(k, code & 0x7f, released);
	} else if (k->set == 1 || code == 0xe0 || code == 0xe1) {
		ps2_put(data, code);
	} else {
		if (released)
			ps2_put(data, BREAK);
		ps2_put(data, scan_set2(code & 0x7f));
	}
	return true;
}

bool
kbd_valid(const struct ps2_kbd *k)
{
	return ps2_port_valid(&k->port) && k->set >= 1 && k->set <= 3;
}
