/* SPDX-License-Identifier: MIT */
/*
 * i8042 - the keyboard controller (IBM PS/2 Hardware Interface Technical
 * Reference): ports 0x60 and 0x64, a queue of bytes for the guest, and the
 * pulse that resets a PC. The keyboard and the mouse behind it are ps2.c.
 */
#include "i8042.h"

#include <string.h>

#define PORT_DATA 0x60
#define PORT_COMMAND 0x64

#define ST_OBF 0x01u
#define ST_SYSTEM 0x04u
#define ST_COMMAND 0x08u
#define ST_UNLOCKED 0x10u
#define ST_AUX 0x20u

#define CB_KBD_IRQ 0x01u
#define CB_AUX_IRQ 0x02u
#define CB_SYSTEM 0x04u
#define CB_KBD_OFF 0x10u
#define CB_AUX_OFF 0x20u

#define OUT_RESET 0x01u /* low resets */
#define OUT_A20 0x02u

#define IRQ_KBD 1u
#define IRQ_AUX 12u

/* ---- queue ----------------------------------------------------------- */

static struct i8042_byte *
queue_head(struct i8042 *kbc)
{
	return (struct i8042_byte *)kbc->queue + kbc->head;
}

/* Bytes of a port that is off wait. */
static bool
queue_ready(struct i8042 *kbc)
{
	uint8_t off;

	if (!kbc->used)
		return false;
	if (queue_head(kbc)->source == I8042_CONTROLLER ||
	    queue_head(kbc)->source == I8042_AUX_LOOP)
		return true;
	off = queue_head(kbc)->source == I8042_AUX ? CB_AUX_OFF : CB_KBD_OFF;
	return !(kbc->command_byte & off);
}

/* The guest is to take it for a byte of the mouse. */
static bool
queue_aux(struct i8042 *kbc)
{
	return queue_head(kbc)->source == I8042_AUX ||
	       queue_head(kbc)->source == I8042_AUX_LOOP;
}

static void
i8042_update(struct ioemu_dev *dev)
{
	struct i8042 *kbc = ioemu_state(dev);
	bool ready = queue_ready(kbc);
	bool aux = ready && queue_aux(kbc);

	ioemu_irq(dev, IRQ_KBD,
		  ready && !aux && kbc->command_byte & CB_KBD_IRQ);
	ioemu_irq(dev, IRQ_AUX, aux && kbc->command_byte & CB_AUX_IRQ);
}

void
i8042_put(struct ioemu_dev *dev, enum i8042_source source, uint8_t byte)
{
	struct i8042 *kbc = ioemu_state(dev);
	struct i8042_byte *queue = (struct i8042_byte *)kbc->queue;

	if (kbc->used == I8042_QUEUE) /* overrun: lost, as on the wire */
		return;
	queue[(kbc->head + kbc->used) % I8042_QUEUE] = (struct i8042_byte){
		.source = (uint8_t)source,
		.byte = byte,
	};
	kbc->used++;
	i8042_update(dev);
}

/* What the controller itself puts into its output buffer: before what devices
 * sent, and whether or not their ports are on. */
static void
i8042_output(struct ioemu_dev *dev, enum i8042_source source, uint8_t byte)
{
	struct i8042 *kbc = ioemu_state(dev);

	if (kbc->used == I8042_QUEUE)
		kbc->used--;
	kbc->head = (uint8_t)((kbc->head + I8042_QUEUE - 1) % I8042_QUEUE);
	kbc->used++;
	queue_head(kbc)->source = (uint8_t)source;
	queue_head(kbc)->byte = byte;
	i8042_update(dev);
}

static void
i8042_answer(struct ioemu_dev *dev, uint8_t byte)
{
	i8042_output(dev, I8042_CONTROLLER, byte);
}

/* ---- ports ----------------------------------------------------------- */

static void
data_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct i8042 *kbc = ioemu_state(dev);

	a->value = kbc->last;
	if (!queue_ready(kbc))
		return;
	kbc->last = queue_head(kbc)->byte;
	a->value = kbc->last;
	kbc->head = (uint8_t)((kbc->head + 1) % I8042_QUEUE);
	kbc->used--;
	/* the line falls between two bytes: it is an edge on a PC */
	ioemu_irq(dev, IRQ_KBD, false);
	ioemu_irq(dev, IRQ_AUX, false);
	i8042_update(dev);
}

static void
status_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct i8042 *kbc = ioemu_state(dev);

	a->value =
		ST_UNLOCKED | (kbc->command_byte & CB_SYSTEM ? ST_SYSTEM : 0);
	if (kbc->after_command)
		a->value |= ST_COMMAND;
	if (!queue_ready(kbc))
		return;
	a->value |= ST_OBF;
	if (queue_aux(kbc))
		a->value |= ST_AUX;
}

static void
output_port(struct ioemu_dev *dev, uint8_t v)
{
	struct i8042 *kbc = ioemu_state(dev);

	kbc->output = v;
	if (!(v & OUT_RESET))
		ioemu_power(dev, IOEMU_POWER_RESET);
}

static void
command_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct i8042 *kbc = ioemu_state(dev);
	uint8_t v = (uint8_t)a->value;

	kbc->after_command = true;
	kbc->pending = 0;
	switch (v) {
	case 0x20: /* read command byte */
		i8042_answer(dev, kbc->command_byte);
		return;
	case 0x60: /* these take a byte */
	case 0xd1:
	case 0xd2:
	case 0xd3:
	case 0xd4:
		kbc->pending = v;
		return;
	case 0xa7:
	case 0xa8:
		kbc->command_byte &= (uint8_t)~CB_AUX_OFF;
		kbc->command_byte |= v == 0xa7 ? CB_AUX_OFF : 0;
		i8042_update(dev);
		return;
	case 0xad:
	case 0xae:
		kbc->command_byte &= (uint8_t)~CB_KBD_OFF;
		kbc->command_byte |= v == 0xad ? CB_KBD_OFF : 0;
		i8042_update(dev);
		return;
	case 0xaa: /* self-test passed */
		kbc->command_byte |= CB_SYSTEM;
		i8042_answer(dev, 0x55);
		return;
	case 0xa9: /* interface tests: nothing wrong */
	case 0xab:
		i8042_answer(dev, 0x00);
		return;
	case 0xc0: /* input port: keyboard not locked */
		i8042_answer(dev, 0x80);
		return;
	case 0xd0:
		i8042_answer(dev, kbc->output);
		return;
	}
	/* pulse the output lines that are 0 in the low nibble */
	if (v >= 0xf0 && !(v & OUT_RESET))
		ioemu_power(dev, IOEMU_POWER_RESET);
}

static void
data_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct i8042 *kbc = ioemu_state(dev);
	uint8_t v = (uint8_t)a->value, pending = kbc->pending;

	kbc->pending = 0;
	kbc->after_command = false;
	switch (pending) {
	case 0x60:
		kbc->command_byte = v;
		i8042_update(dev);
		return;
	case 0xd1:
		output_port(dev, v);
		return;
	case 0xd2: /* as if the keyboard, ... */
		i8042_answer(dev, v);
		return;
	case 0xd3: /* ... as if the mouse had sent it: Linux tries this with the
		      port off (i8042_check_aux()) */
		i8042_output(dev, I8042_AUX_LOOP, v);
		return;
	case 0xd4:
		kbc->command_byte &= (uint8_t)~CB_AUX_OFF;
		ps2_mouse_byte(dev, v);
		return;
	}
	kbc->command_byte &= (uint8_t)~CB_KBD_OFF;
	ps2_kbd_byte(dev, v);
}

static const struct ioemu_region data_port = {
	.name = "i8042-data",
	.size = 1,
	.min = 1,
	.max = 1,
	.read = data_read,
	.write = data_write,
};

static const struct ioemu_region command_port = {
	.name = "i8042-command",
	.size = 1,
	.min = 1,
	.max = 1,
	.read = status_read,
	.write = command_write,
};

static int
i8042_attach(struct ioemu_dev *dev)
{
	int rc = ioemu_window(dev, IOEMU_IO, PORT_DATA, &data_port);

	return rc ? rc
		  : ioemu_window(dev, IOEMU_IO, PORT_COMMAND, &command_port);
}

static void
i8042_reset(struct ioemu_dev *dev, enum ioemu_reset why)
{
	struct i8042 *kbc = ioemu_state(dev);

	(void)why;
	memset(kbc, 0, sizeof(*kbc));
	kbc->command_byte = CB_KBD_IRQ | CB_AUX_IRQ;
	kbc->output = OUT_RESET | OUT_A20;
	ps2_reset(kbc);
}

static int
i8042_loaded(struct ioemu_dev *dev)
{
	const struct i8042 *kbc = ioemu_state(dev);

	if (kbc->head >= I8042_QUEUE || kbc->used > I8042_QUEUE)
		return -EINVAL;
	i8042_update(dev);
	return 0;
}

static const struct ioemu_field fields[] = {
	IOEMU_FIELD(struct i8042, command_byte),
	IOEMU_FIELD(struct i8042, output),
	IOEMU_FIELD(struct i8042, pending),
	IOEMU_FIELD(struct i8042, last),
	IOEMU_FIELD(struct i8042, after_command),
	IOEMU_FIELD(struct i8042, head),
	IOEMU_FIELD(struct i8042, used),
	IOEMU_FIELD_ARRAY(struct i8042, queue),
	IOEMU_FIELD(struct i8042, kbd_pending),
	IOEMU_FIELD(struct i8042, kbd_on),
	IOEMU_FIELD(struct i8042, scan_set),
	IOEMU_FIELD(struct i8042, mouse_pending),
	IOEMU_FIELD(struct i8042, mouse_on),
	IOEMU_FIELD(struct i8042, mouse_wrap),
	IOEMU_FIELD(struct i8042, mouse_id),
	IOEMU_FIELD(struct i8042, mouse_rate),
	IOEMU_FIELD(struct i8042, mouse_resolution),
	IOEMU_FIELD(struct i8042, mouse_scaling),
	IOEMU_FIELD(struct i8042, mouse_remote),
	IOEMU_FIELD_ARRAY(struct i8042, mouse_rates),
	{ 0 },
};

static const struct ioemu_type i8042 = {
	IOEMU_TYPE(struct i8042),
	.name = "i8042",
	.summary = "keyboard controller with PS/2 keyboard and mouse",
	.fields = fields,
	.attach = i8042_attach,
	.reset = i8042_reset,
	.loaded = i8042_loaded,
	.query = ps2_query,
};

IOEMU_PLUGIN(&i8042);
