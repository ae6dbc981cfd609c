/* SPDX-License-Identifier: MIT */
/*
 * ps2.h - the two devices behind the controller: a keyboard (keyboard.c, its
 * codes in scancode.c) and a mouse (mouse.c), IBM PS/2 Hardware Interface
 * Technical Reference. Neither knows the controller: each takes bytes and has
 * bytes ready. Hosts' calls are the controller's.
 */
#ifndef PS2_H
#define PS2_H

#include <ioemu/device.h>

#define PS2_FIFO 64u

#define PS2_ACK 0xfau
#define PS2_RESEND 0xfeu
#define PS2_PASSED 0xaau /* the self-test after a reset */

/* What does not fit is lost. */
struct ps2_fifo {
	uint8_t head, used;
	uint8_t byte[PS2_FIFO];
};

/* What both devices have. */
struct ps2_port {
	struct ps2_fifo reply; /* to commands: goes before ... */
	struct ps2_fifo data;  /* ... what nobody asked for */
	uint8_t pending;       /* command that waits for its parameter, or 0 */
};

#define KBD_BREAKS 18u /* bytes of a bit for each code of set 3 */

struct ps2_kbd {
	struct ps2_port port;
	bool on;	/* scans its keys */
	uint8_t set;	/* of scan codes: 1 to 3 */
	uint8_t last;	/* byte sent, for Resend */
	uint8_t prefix; /* 0xe0 or 0xe1 of the key at hand (set 3) */
	uint8_t breaks[KBD_BREAKS]; /* keys that tell their release (set 3) */
};

#define MOUSE_PACKET 4u

struct ps2_mouse {
	struct ps2_port port;
	bool on, wrap, remote, scaling;
	bool bad;   /* the last input was none */
	uint8_t id; /* 0, or 3 with a wheel */
	uint8_t rate, resolution;
	uint8_t rates[3];   /* the last ones set: a knock */
	uint16_t dx, dy;    /* moved since the last report: two's complement */
	uint8_t buttons;    /* left, right, middle */
	uint8_t reported;   /* the same, as last sent */
	uint8_t packet_len; /* what was sent last, for Resend */
	uint8_t packet[MOUSE_PACKET];
};

/* ---- fifo.c ---------------------------------------------------------- */

void ps2_put(struct ps2_fifo *f, uint8_t byte);
void ps2_clear(struct ps2_fifo *f);
uint8_t ps2_take(struct ps2_fifo *f); /* 0 if there is none */
/* Saved ones can be anything. */
bool ps2_port_valid(const struct ps2_port *p);

/* ---- keyboard.c ------------------------------------------------------ */

void kbd_reset(struct ps2_kbd *k); /* power on */
/* A byte from the controller. */
void kbd_write(struct ps2_kbd *k, uint8_t byte);
/* The next byte, as the keyboard sends it; not while there is none. */
uint8_t kbd_read(struct ps2_kbd *k);
/* A key by its code of set 1, of which E0 and E1 are bytes of their own; false:
 * not scanned, or no room. */
bool kbd_key(struct ps2_kbd *k, uint8_t code);
bool kbd_valid(const struct ps2_kbd *k);

/* ---- mouse.c --------------------------------------------------------- */

void mouse_reset(struct ps2_mouse *m);
void mouse_write(struct ps2_mouse *m, uint8_t byte);
uint8_t mouse_read(struct ps2_mouse *m);
/* False: nobody is told; it is counted for who asks. */
bool mouse_move(struct ps2_mouse *m, int dx, int dy, unsigned buttons);
bool mouse_valid(const struct ps2_mouse *m);

/* ---- scancode.c ------------------------------------------------------ */

/* The controller's translation of a byte of set 2 to set 1. */
uint8_t scan_translate(uint8_t code);
/* The other way, and to set 3: a code of set 1 without bit 7. 0: no key. */
uint8_t scan_set2(uint8_t code);
uint8_t scan_set3(uint8_t prefix, uint8_t code);

#endif
