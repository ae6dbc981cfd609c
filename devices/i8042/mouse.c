/* SPDX-License-Identifier: MIT */
/*
 * A mouse with a wheel: the auxiliary device of the IBM PS/2 Hardware Interface
 * Technical Reference ("Mouse"), with the identity and the packet of four bytes
 * that drivers of wheels ask for.
 */
#include "ps2.h"

#include <string.h>

#define CMD_FIRST 0xe6u /* no parameter is as large */
#define CMD_SCALING_1 0xe6u
#define CMD_SCALING_2 0xe7u
#define CMD_RESOLUTION 0xe8u
#define CMD_STATUS 0xe9u
#define CMD_STREAM 0xeau
#define CMD_READ 0xebu
#define CMD_WRAP_OFF 0xecu
#define CMD_WRAP 0xeeu
#define CMD_REMOTE 0xf0u
#define CMD_ID 0xf2u
#define CMD_RATE 0xf3u
#define CMD_ENABLE 0xf4u
#define CMD_DISABLE 0xf5u
#define CMD_DEFAULT 0xf6u
#define CMD_RESEND 0xfeu
#define CMD_RESET 0xffu

#define ERROR 0xfcu /* a second input in a row that is none */

#define WHEEL_ID 3

#define BUTTON_LEFT 0x01u
#define BUTTON_RIGHT 0x02u
#define BUTTONS 0x07u

#define STATUS_REMOTE 0x40u
#define STATUS_ENABLED 0x20u
#define STATUS_SCALING 0x10u

#define PACKET_ONE 0x08u
#define PACKET_X_SIGN 0x10u
#define PACKET_Y_SIGN 0x20u
#define PACKET_X_OVERFLOW 0x40u
#define PACKET_Y_OVERFLOW 0x80u

/* A counter of a packet has 9 bits. */
#define COUNT_MIN (-256)
#define COUNT_MAX 255

static void
mouse_default(struct ps2_mouse *m)
{
	m->rate = 100;
	m->resolution = 2;
	m->on = m->remote = m->scaling = false;
}

void
mouse_reset(struct ps2_mouse *m)
{
	memset(m, 0, sizeof(*m));
	mouse_default(m);
	m->packet[0] =
		PS2_PASSED; /* and its identity, 0: as sent at power on */
	m->packet_len = 2;
}

/* ---- what it sends --------------------------------------------------- */

static void
mouse_send(struct ps2_mouse *m, struct ps2_fifo *to, const uint8_t *bytes,
	   uint8_t n)
{
	uint8_t i;

	for (i = 0; i < n; i++)
		ps2_put(to, bytes[i]);
	memmove(m->packet, bytes, n);
	m->packet_len = n;
}

static void
mouse_send_byte(struct ps2_mouse *m, uint8_t byte)
{
	mouse_send(m, &m->port.reply, &byte, 1);
}

/* "Set Scaling 2:1" */
static int
mouse_scale(int n)
{
	static const int scaled[] = { 0, 1, 1, 3, 6, 9 };
	int size = n < 0 ? -n : n;

	size = size < 6 ? scaled[size] : 2 * size;
	return n < 0 ? -size : size;
}

/* The low eight bits of a counter; sign and overflow go to the first byte. A
 * counter that overflows stays at its end. */
static uint8_t
mouse_count(int n, uint8_t sign, uint8_t overflow, uint8_t *first)
{
	if (n < COUNT_MIN || n > COUNT_MAX) {
		*first |= overflow;
		n = n < 0 ? COUNT_MIN : COUNT_MAX;
	}
	*first |= n < 0 ? sign : 0;
	return (uint8_t)n;
}

static void
mouse_report(struct ps2_mouse *m, struct ps2_fifo *to, bool scale)
{
	int dx = (int16_t)m->dx, dy = (int16_t)m->dy;
	uint8_t p[MOUSE_PACKET] = { PACKET_ONE | m->buttons };

	if (scale) {
		dx = mouse_scale(dx);
		dy = mouse_scale(dy);
	}
	p[1] = mouse_count(dx, PACKET_X_SIGN, PACKET_X_OVERFLOW, &p[0]);
	p[2] = mouse_count(dy, PACKET_Y_SIGN, PACKET_Y_OVERFLOW, &p[0]);
	m->dx = m->dy = 0;
	m->reported = m->buttons;
	mouse_send(m, to, p, m->id == WHEEL_ID ? 4 : 3);
}

/* In stream mode, when there is something to tell and the last was taken. */
static void
mouse_stream(struct ps2_mouse *m)
{
	if (!m->on || m->remote || m->wrap || m->port.data.used)
		return;
	if (m->dx || m->dy || m->buttons != m->reported)
		mouse_report(m, &m->port.data, m->scaling);
}

static void
mouse_status(struct ps2_mouse *m)
{
	const uint8_t s[3] = {
		(uint8_t)((m->remote ? STATUS_REMOTE : 0) |
			  (m->on ? STATUS_ENABLED : 0) |
			  (m->scaling ? STATUS_SCALING : 0) |
			  (m->buttons & BUTTON_LEFT ? 0x04u : 0) |
			  (m->buttons & BUTTON_RIGHT ? 0x01u : 0)),
		m->resolution,
		m->rate,
	};

	mouse_send(m, &m->port.reply, s, sizeof(s));
}

/* ---- what it is told ------------------------------------------------- */

static void
mouse_invalid(struct ps2_mouse *m)
{
	mouse_send_byte(m, m->bad ? ERROR : PS2_RESEND);
	if (m->bad)
		m->port.pending = 0;
	m->bad = true;
}

/* 200, 100, 80 in a row turns the wheel on (IntelliMouse). */
static void
mouse_set_rate(struct ps2_mouse *m, uint8_t rate)
{
	static const uint8_t knock[3] = { 200, 100, 80 };

	m->rate = rate;
	memmove(m->rates, m->rates + 1, 2);
	m->rates[2] = rate;
	if (!memcmp(m->rates, knock, sizeof(knock)))
		m->id = WHEEL_ID;
}

static bool
mouse_takes(uint8_t command, uint8_t byte)
{
	static const uint8_t rate[] = { 10, 20, 40, 60, 80, 100, 200 };

	if (command == CMD_RESOLUTION)
		return byte <= 3;
	return memchr(rate, byte, sizeof(rate));
}

static void
mouse_parameter(struct ps2_mouse *m, uint8_t byte)
{
	if (!mouse_takes(m->port.pending, byte)) {
		mouse_invalid(m);
		return;
	}
	if (m->port.pending == CMD_RATE)
		mouse_set_rate(m, byte);
	else
		m->resolution = byte;
	m->port.pending = 0;
	m->bad = false;
	mouse_send_byte(m, PS2_ACK);
}

/* What a command sets. False: there is no such command. */
static bool
mouse_mode(struct ps2_mouse *m, uint8_t byte)
{
	switch (byte) {
	case CMD_SCALING_1:
	case CMD_SCALING_2:
		m->scaling = byte == CMD_SCALING_2;
		return true;
	case CMD_RESOLUTION:
	case CMD_RATE:
		m->port.pending = byte;
		return true;
	case CMD_STREAM:
	case CMD_REMOTE:
		m->remote = byte == CMD_REMOTE;
		return true;
	case CMD_WRAP:
	case CMD_WRAP_OFF:
		m->wrap = byte == CMD_WRAP;
		return true;
	case CMD_ENABLE:
	case CMD_DISABLE:
		m->on = byte == CMD_ENABLE;
		return true;
	case CMD_DEFAULT:
		mouse_default(m);
		return true;
	}
	return byte == CMD_STATUS || byte == CMD_READ || byte == CMD_ID ||
	       byte == CMD_RESET;
}

static void
mouse_answer(struct ps2_mouse *m, uint8_t byte)
{
	switch (byte) {
	case CMD_STATUS:
		mouse_status(m);
		break;
	case CMD_READ:
		mouse_report(m, &m->port.reply, false);
		break;
	case CMD_ID:
		mouse_send_byte(m, m->id);
		break;
	case CMD_RESET:
		mouse_reset(m);
		ps2_put(&m->port.reply, PS2_ACK);
		mouse_send(m, &m->port.reply, m->packet, m->packet_len);
		break;
	}
}

/* A report on its way is dropped, and the counters begin anew but for who asks
 * for them. */
static void
mouse_command(struct ps2_mouse *m, uint8_t byte)
{
	m->port.pending = 0;
	if (byte == CMD_RESEND) {
		mouse_send(m, &m->port.reply, m->packet, m->packet_len);
		return;
	}
	if (!mouse_mode(m, byte)) {
		mouse_invalid(m);
		return;
	}
	m->bad = false;
	ps2_clear(&m->port.data);
	if (byte != CMD_READ)
		m->dx = m->dy = 0;
	mouse_send_byte(m, PS2_ACK);
	mouse_answer(m, byte);
}

void
mouse_write(struct ps2_mouse *m, uint8_t byte)
{
	if (m->wrap && byte != CMD_WRAP_OFF && byte != CMD_RESET)
		ps2_put(&m->port.reply, byte);
	else if (m->port.pending && byte < CMD_FIRST)
		mouse_parameter(m, byte);
	else
		mouse_command(m, byte);
}

uint8_t
mouse_read(struct ps2_mouse *m)
{
	struct ps2_port *p = &m->port;
	uint8_t byte = ps2_take(p->reply.used ? &p->reply : &p->data);

	mouse_stream(m);
	return byte;
}

/* ---- what is done to it ---------------------------------------------- */

static uint16_t
mouse_add(uint16_t counter, int by)
{
	long sum = (long)(int16_t)counter + by;

	return (uint16_t)(sum < INT16_MIN   ? INT16_MIN
			  : sum > INT16_MAX ? INT16_MAX
					    : sum);
}

bool
mouse_move(struct ps2_mouse *m, int dx, int dy, unsigned buttons)
{
	m->dx = mouse_add(m->dx, dx);
	m->dy = mouse_add(m->dy, dy);
	m->buttons = buttons & BUTTONS;
	mouse_stream(m);
	return m->on && !m->remote && !m->wrap;
}

bool
mouse_valid(const struct ps2_mouse *m)
{
	return ps2_port_valid(&m->port) && m->packet_len <= MOUSE_PACKET &&
	       !(m->buttons & ~BUTTONS);
}
