/* SPDX-License-Identifier: MIT */
/*
 * A PS/2 keyboard and a PS/2 mouse with a wheel, as far as drivers set them up
 * (IBM PS/2 Hardware Interface Technical Reference, keyboard and mouse). Scan
 * codes are handed over in set 1, what the controller's translation makes.
 */
#include "i8042.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ACK 0xfa
#define RESEND 0xfe
#define PASSED 0xaa

#define MOUSE_WHEEL 3

static void
kbd_put(struct ioemu_dev *dev, uint8_t byte)
{
	i8042_put(dev, I8042_KBD, byte);
}

static void
mouse_put(struct ioemu_dev *dev, uint8_t byte)
{
	i8042_put(dev, I8042_AUX, byte);
}

static void
kbd_defaults(struct i8042 *kbc)
{
	kbc->kbd_pending = 0;
	kbc->scan_set = 2;
	kbc->kbd_on = true;
}

static void
mouse_defaults(struct i8042 *kbc)
{
	kbc->mouse_rate = 100;
	kbc->mouse_resolution = 2;
	kbc->mouse_on = kbc->mouse_remote = kbc->mouse_scaling = false;
}

void
ps2_reset(struct i8042 *kbc)
{
	kbd_defaults(kbc);
	mouse_defaults(kbc);
	kbc->mouse_id = 0;
}

/* ---- keyboard -------------------------------------------------------- */

static void
kbd_argument(struct ioemu_dev *dev, uint8_t command, uint8_t byte)
{
	struct i8042 *kbc = ioemu_state(dev);

	kbd_put(dev, ACK);
	if (command != 0xf0) /* LEDs, typematic rate: nothing to show */
		return;
	if (!byte)
		kbd_put(dev, kbc->scan_set);
	else if (byte <= 3)
		kbc->scan_set = byte;
}

void
ps2_kbd_byte(struct ioemu_dev *dev, uint8_t byte)
{
	struct i8042 *kbc = ioemu_state(dev);
	uint8_t pending = kbc->kbd_pending;

	kbc->kbd_pending = 0;
	if (pending) {
		kbd_argument(dev, pending, byte);
		return;
	}
	switch (byte) {
	case 0xee: /* echo */
		kbd_put(dev, 0xee);
		return;
	case 0xed:
	case 0xf0:
	case 0xf3:
		kbc->kbd_pending = byte;
		break;
	case 0xf2: /* identify: MF2, translated */
		kbd_put(dev, ACK);
		kbd_put(dev, 0xab);
		kbd_put(dev, 0x83);
		return;
	case 0xf4:
		kbc->kbd_on = true;
		break;
	case 0xf5:
		kbd_defaults(kbc);
		kbc->kbd_on = false;
		break;
	case 0xf6:
		kbd_defaults(kbc);
		break;
	case 0xff:
		kbd_defaults(kbc);
		kbd_put(dev, ACK);
		kbd_put(dev, PASSED);
		return;
	default:
		if (byte < 0xf7 || byte > 0xfd) {
			kbd_put(dev, RESEND);
			return;
		}
	}
	kbd_put(dev, ACK);
}

/* ---- mouse ----------------------------------------------------------- */

/* 200, 100, 80 in a row turns the wheel on (IntelliMouse). */
static void
mouse_set_rate(struct i8042 *kbc, uint8_t rate)
{
	static const uint8_t knock[3] = { 200, 100, 80 };

	kbc->mouse_rate = rate;
	memmove(kbc->mouse_rates, kbc->mouse_rates + 1, 2);
	kbc->mouse_rates[2] = rate;
	if (!memcmp(kbc->mouse_rates, knock, sizeof(knock)))
		kbc->mouse_id = MOUSE_WHEEL;
}

static void
mouse_status(struct ioemu_dev *dev)
{
	const struct i8042 *kbc = ioemu_state(dev);

	mouse_put(dev, (uint8_t)(kbc->mouse_remote << 6 | kbc->mouse_on << 5 |
				 kbc->mouse_scaling << 4));
	mouse_put(dev, kbc->mouse_resolution);
	mouse_put(dev, kbc->mouse_rate);
}

static void
mouse_packet(struct ioemu_dev *dev, int dx, int dy, unsigned buttons)
{
	const struct i8042 *kbc = ioemu_state(dev);

	mouse_put(dev, (uint8_t)(0x08u | (buttons & 7) | (dx < 0 ? 0x10u : 0) |
				 (dy < 0 ? 0x20u : 0)));
	mouse_put(dev, (uint8_t)dx);
	mouse_put(dev, (uint8_t)dy);
	if (kbc->mouse_id == MOUSE_WHEEL)
		mouse_put(dev, 0);
}

static void
mouse_command(struct ioemu_dev *dev, uint8_t byte)
{
	struct i8042 *kbc = ioemu_state(dev);

	mouse_put(dev, ACK);
	switch (byte) {
	case 0xe6:
	case 0xe7:
		kbc->mouse_scaling = byte == 0xe7;
		return;
	case 0xe8:
	case 0xf3:
		kbc->mouse_pending = byte;
		return;
	case 0xe9:
		mouse_status(dev);
		return;
	case 0xea:
	case 0xf0:
		kbc->mouse_remote = byte == 0xf0;
		return;
	case 0xeb:
		mouse_packet(dev, 0, 0, 0);
		return;
	case 0xec:
	case 0xee:
		kbc->mouse_wrap = byte == 0xee;
		return;
	case 0xf2:
		mouse_put(dev, kbc->mouse_id);
		return;
	case 0xf4:
	case 0xf5:
		kbc->mouse_on = byte == 0xf4;
		return;
	case 0xf6:
		mouse_defaults(kbc);
		return;
	case 0xff:
		mouse_defaults(kbc);
		kbc->mouse_id = 0;
		mouse_put(dev, PASSED);
		mouse_put(dev, 0);
		return;
	}
}

void
ps2_mouse_byte(struct ioemu_dev *dev, uint8_t byte)
{
	struct i8042 *kbc = ioemu_state(dev);
	uint8_t pending = kbc->mouse_pending;

	kbc->mouse_pending = 0;
	if (pending) {
		if (pending == 0xf3)
			mouse_set_rate(kbc, byte);
		else
			kbc->mouse_resolution = byte & 3;
		mouse_put(dev, ACK);
	} else if (kbc->mouse_wrap && byte != 0xec && byte != 0xff) {
		mouse_put(dev, byte);
	} else if (byte < 0xe6) {
		mouse_put(dev, RESEND);
	} else {
		mouse_command(dev, byte);
	}
}

/* ---- the operator ---------------------------------------------------- */

static int
query_keys(struct ioemu_dev *dev, const char *codes, char *buf, size_t size)
{
	const struct i8042 *kbc = ioemu_state(dev);
	unsigned n = 0;
	char *end;

	while (kbc->kbd_on && kbc->used < I8042_QUEUE) {
		unsigned long code = strtoul(codes, &end, 16);

		if (end == codes || code > 0xff)
			break;
		kbd_put(dev, (uint8_t)code);
		codes = end;
		n++;
	}
	return snprintf(buf, size, "%u scan codes sent\n", n);
}

/* The next number of *text; false: none, or too large. */
static bool
query_number(const char **text, int *out)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(*text, &end, 10);
	if (end == *text || errno || n < INT_MIN || n > INT_MAX)
		return false;
	*text = end;
	*out = (int)n;
	return true;
}

int
ps2_query(struct ioemu_dev *dev, const char *what, char *buf, size_t size)
{
	const struct i8042 *kbc = ioemu_state(dev);
	int dx, dy, buttons;

	if (!strncmp(what, "key ", 4))
		return query_keys(dev, what + 4, buf, size);
	if (strncmp(what, "mouse ", 6))
		return -EINVAL;
	what += 6;
	if (!query_number(&what, &dx) || !query_number(&what, &dy) ||
	    !query_number(&what, &buttons))
		return -EINVAL;
	if (!kbc->mouse_on || kbc->used + 4u > I8042_QUEUE)
		return snprintf(buf, size, "the guest takes no movement now\n");
	mouse_packet(dev, dx, dy, (unsigned)buttons);
	return snprintf(buf, size, "sent\n");
}
