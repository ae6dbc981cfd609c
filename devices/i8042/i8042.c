/* SPDX-License-Identifier: MIT */
/*
 * i8042 - the keyboard controller (IBM PS/2 Hardware Interface Technical
 * Reference, "Keyboard and Auxiliary Device Controller"): ports 0x60 and 0x64,
 * the output buffer of one byte, translation of scan codes, and the pulse that
 * resets a PC. Keyboard and mouse are devices of their own (ps2.h).
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
#define CB_TRANSLATE 0x40u
#define CB_RESERVED 0x80u

#define OUT_RESET 0x01u /* low resets */
#define OUT_A20 0x02u
#define OUT_AUX_DATA 0x04u
#define OUT_AUX_CLOCK 0x08u
#define OUT_KBD_FULL 0x10u
#define OUT_AUX_FULL 0x20u
#define OUT_KBD_CLOCK 0x40u
#define OUT_KBD_DATA 0x80u

#define IRQ_KBD 1u
#define IRQ_AUX 12u

#define BREAK 0xf0u

/*
 * A keyboard's byte is 11 bits of a clock of 60 us or more. Programs that hook
 * the keyboard's interrupt read port 0x60 and leave the rest to a handler that
 * reads it once more: the next scan code must not be there yet. What a command
 * asked for is there at once.
 */
#define KBD_BYTE_NS 660000u

/* ---- the output buffer ----------------------------------------------- */

static bool
kbc_is_aux(const struct i8042 *kbc)
{
	return kbc->source == I8042_AUX || kbc->source == I8042_AUX_LOOP;
}

/* The prefix of a release is bit 7 of set 1. */
static void
kbc_drop_prefix(struct i8042 *kbc)
{
	struct ps2_fifo *data = &kbc->kbd.port.data;

	while (kbc->ram[0] & CB_TRANSLATE && data->used &&
	       data->byte[data->head] == BREAK) {
		(void)ps2_take(data);
		kbc->released = true;
	}
}

/* Who sends next. A port that is off has its clock held low. */
static enum i8042_source
kbc_next(struct i8042 *kbc)
{
	bool kbd = !(kbc->ram[0] & CB_KBD_OFF);
	bool aux = !(kbc->ram[0] & CB_AUX_OFF);

	if (kbd && kbc->kbd.port.reply.used)
		return I8042_KBD;
	if (aux && kbc->mouse.port.reply.used)
		return I8042_AUX;
	kbc_drop_prefix(kbc);
	if (kbd && kbc->kbd.port.data.used && !kbc->settling)
		return I8042_KBD;
	return aux && kbc->mouse.port.data.used ? I8042_AUX : I8042_NONE;
}

/* A byte that is in the buffer stays, whatever becomes of its port. */
void
i8042_update(struct ioemu_dev *dev)
{
	struct i8042 *kbc = ioemu_state(dev);
	bool full, aux;

	if (kbc->source == I8042_NONE)
		kbc->source = (uint8_t)kbc_next(kbc);
	full = kbc->source != I8042_NONE;
	aux = kbc_is_aux(kbc);
	ioemu_irq(dev, IRQ_KBD, full && !aux && kbc->ram[0] & CB_KBD_IRQ);
	ioemu_irq(dev, IRQ_AUX, full && aux && kbc->ram[0] & CB_AUX_IRQ);
}

/* What the controller itself has to say goes before what devices sent, and
 * whether or not their ports are on. */
static void
kbc_answer(struct i8042 *kbc, enum i8042_source source, uint8_t byte)
{
	kbc->source = (uint8_t)source;
	kbc->answer = byte;
}

static uint8_t
kbc_translate(struct i8042 *kbc, uint8_t byte)
{
	uint8_t code = scan_translate(byte);

	if (!(kbc->ram[0] & CB_TRANSLATE))
		return byte;
	if (code & 0x80) /* no key's: an answer, a prefix, an overrun */
		return code;
	code |= kbc->released ? 0x80 : 0;
	kbc->released = false;
	return code;
}

static void
kbc_settle(struct ioemu_dev *dev)
{
	struct i8042 *kbc = ioemu_state(dev);

	ioemu_timer_set(dev, &kbc->settle,
			kbc->settling ? ioemu_now(dev) + KBD_BYTE_NS
				      : IOEMU_NEVER);
}

static void
kbc_settled(struct ioemu_dev *dev, struct ioemu_timer *timer)
{
	struct i8042 *kbc = ioemu_state(dev);

	(void)timer;
	kbc->settling = false;
	i8042_update(dev);
}

static uint8_t
kbc_read_kbd(struct ioemu_dev *dev)
{
	struct i8042 *kbc = ioemu_state(dev);

	if (!kbc->kbd.port.reply.used) {
		kbc->settling = true;
		kbc_settle(dev);
	}
	return kbc_translate(kbc, kbd_read(&kbc->kbd));
}

/* ---- ports ----------------------------------------------------------- */

static void
data_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct i8042 *kbc = ioemu_state(dev);

	switch (kbc->source) {
	case I8042_ANSWER:
	case I8042_AUX_LOOP:
		kbc->last = kbc->answer;
		break;
	case I8042_KBD:
		kbc->last = kbc_read_kbd(dev);
		break;
	case I8042_AUX:
		kbc->last = mouse_read(&kbc->mouse);
		break;
	}
	a->value = kbc->last;
	kbc->source = I8042_NONE;
	/* the line falls between two bytes: it is an edge on a PC */
	ioemu_irq(dev, IRQ_KBD, false);
	ioemu_irq(dev, IRQ_AUX, false);
	i8042_update(dev);
}

/* The input buffer is never full: bytes are taken at once. */
static void
status_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	const struct i8042 *kbc = ioemu_state(dev);

	a->value = ST_UNLOCKED | (kbc->ram[0] & CB_SYSTEM ? ST_SYSTEM : 0);
	if (kbc->after_command)
		a->value |= ST_COMMAND;
	if (kbc->source != I8042_NONE)
		a->value |= ST_OBF;
	if (kbc_is_aux(kbc))
		a->value |= ST_AUX;
}

static uint8_t
kbc_output_port(const struct i8042 *kbc)
{
	uint8_t v = kbc->output | OUT_AUX_DATA | OUT_KBD_DATA;

	v |= kbc->ram[0] & CB_KBD_OFF ? 0 : OUT_KBD_CLOCK;
	v |= kbc->ram[0] & CB_AUX_OFF ? 0 : OUT_AUX_CLOCK;
	if (kbc->source != I8042_NONE)
		v |= kbc_is_aux(kbc) ? OUT_AUX_FULL : OUT_KBD_FULL;
	return v;
}

static void
kbc_set_output_port(struct ioemu_dev *dev, uint8_t v)
{
	struct i8042 *kbc = ioemu_state(dev);

	kbc->output = v & (OUT_RESET | OUT_A20);
	if (!(v & OUT_RESET))
		ioemu_power(dev, IOEMU_POWER_RESET);
}

static void
kbc_set_port(struct i8042 *kbc, uint8_t off, bool on)
{
	kbc->ram[0] &= (uint8_t)~off;
	kbc->ram[0] |= on ? 0 : off;
}

/* Commands that are answered, or do something at once. */
static void
kbc_command(struct ioemu_dev *dev, uint8_t v)
{
	struct i8042 *kbc = ioemu_state(dev);

	switch (v) {
	case 0xa4: /* no password installed */
		kbc_answer(kbc, I8042_ANSWER, 0xf1);
		break;
	case 0xa7:
	case 0xa8:
		kbc_set_port(kbc, CB_AUX_OFF, v == 0xa8);
		break;
	case 0xaa: /* self-test passed */
		kbc->ram[0] |= CB_SYSTEM;
		kbc_answer(kbc, I8042_ANSWER, 0x55);
		break;
	case 0xa9: /* interface tests: nothing wrong */
	case 0xab:
		kbc_answer(kbc, I8042_ANSWER, 0x00);
		break;
	case 0xad:
	case 0xae:
		kbc_set_port(kbc, CB_KBD_OFF, v == 0xae);
		break;
	case 0xc0: /* input port: keyboard not locked */
		kbc_answer(kbc, I8042_ANSWER, 0x80);
		break;
	case 0xd0:
		kbc_answer(kbc, I8042_ANSWER, kbc_output_port(kbc));
		break;
	case 0xe0: /* test inputs: the clocks, low where a port is off */
		kbc_answer(kbc, I8042_ANSWER,
			   (kbc->ram[0] & CB_KBD_OFF ? 0 : 1) |
				   (kbc->ram[0] & CB_AUX_OFF ? 0 : 2));
		break;
	}
}

static void
command_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct i8042 *kbc = ioemu_state(dev);
	uint8_t v = (uint8_t)a->value;

	kbc->after_command = true;
	kbc->pending = 0;
	if (v >= 0x20 && v < 0x40) /* read memory, the command byte first */
		kbc_answer(kbc, I8042_ANSWER, kbc->ram[v % I8042_RAM]);
	else if ((v >= 0x60 && v < 0x80) || (v >= 0xd1 && v <= 0xd4))
		kbc->pending = v;		/* these take a byte */
	else if (v >= 0xf0 && !(v & OUT_RESET)) /* pulse the lines that are 0 */
		ioemu_power(dev, IOEMU_POWER_RESET);
	else
		kbc_command(dev, v);
	i8042_update(dev);
}

static void
kbc_parameter(struct ioemu_dev *dev, uint8_t command, uint8_t v)
{
	struct i8042 *kbc = ioemu_state(dev);

	switch (command) {
	case 0x60:
		kbc->ram[0] = (uint8_t)(v & ~CB_RESERVED);
		break;
	case 0xd1:
		kbc_set_output_port(dev, v);
		break;
	case 0xd2: /* as if the keyboard, ... */
		kbc_answer(kbc, I8042_ANSWER, v);
		break;
	case 0xd3: /* ... as if the mouse had sent it: Linux tries this with the
		      port off (i8042_check_aux()) */
		kbc_answer(kbc, I8042_AUX_LOOP, v);
		break;
	case 0xd4:
		kbc_set_port(kbc, CB_AUX_OFF, true);
		mouse_write(&kbc->mouse, v);
		break;
	default:
		kbc->ram[command % I8042_RAM] = v;
	}
}

/* A byte for the keyboard turns its port on. */
static void
data_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct i8042 *kbc = ioemu_state(dev);
	uint8_t v = (uint8_t)a->value, command = kbc->pending;

	kbc->pending = 0;
	kbc->after_command = false;
	if (command) {
		kbc_parameter(dev, command, v);
	} else {
		kbc_set_port(kbc, CB_KBD_OFF, true);
		kbd_write(&kbc->kbd, v);
		if (!kbc->kbd.port.data.used)
			kbc->released = false; /* the rest of it was dropped */
	}
	i8042_update(dev);
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

/* ---- life cycle ------------------------------------------------------ */

static int
i8042_attach(struct ioemu_dev *dev)
{
	struct i8042 *kbc = ioemu_state(dev);
	int rc = ioemu_window(dev, IOEMU_PIO, PORT_DATA, &data_port);

	kbc->settle.fire = kbc_settled;
	return rc ? rc
		  : ioemu_window(dev, IOEMU_PIO, PORT_COMMAND, &command_port);
}

static void
i8042_reset(struct ioemu_dev *dev, enum ioemu_reset why)
{
	struct i8042 *kbc = ioemu_state(dev);

	(void)why;
	kbc->settling = false;
	kbc_settle(dev);
	memset(kbc->ram, 0, sizeof(kbc->ram));
	/* as a PC's firmware leaves it, which may not be ours to run */
	kbc->ram[0] = CB_KBD_IRQ | CB_AUX_IRQ | CB_TRANSLATE;
	kbc->output = OUT_RESET | OUT_A20;
	kbc->pending = kbc->last = kbc->answer = 0;
	kbc->after_command = kbc->released = false;
	kbc->source = I8042_NONE;
	kbd_reset(&kbc->kbd);
	mouse_reset(&kbc->mouse);
	i8042_update(dev);
}

static int
i8042_loaded(struct ioemu_dev *dev)
{
	const struct i8042 *kbc = ioemu_state(dev);

	if (kbc->source > I8042_AUX || !kbd_valid(&kbc->kbd) ||
	    !mouse_valid(&kbc->mouse))
		return -EINVAL;
	kbc_settle(dev);
	i8042_update(dev);
	return 0;
}

static const struct ioemu_field fields[] = {
	IOEMU_FIELD(struct i8042, settling),
	IOEMU_FIELD_ARRAY(struct i8042, ram),
	IOEMU_FIELD(struct i8042, output),
	IOEMU_FIELD(struct i8042, pending),
	IOEMU_FIELD(struct i8042, last),
	IOEMU_FIELD(struct i8042, after_command),
	IOEMU_FIELD(struct i8042, source),
	IOEMU_FIELD(struct i8042, answer),
	IOEMU_FIELD(struct i8042, released),
	IOEMU_FIELD(struct i8042, kbd.port.pending),
	IOEMU_FIELD(struct i8042, kbd.port.reply.head),
	IOEMU_FIELD(struct i8042, kbd.port.reply.used),
	IOEMU_FIELD_ARRAY(struct i8042, kbd.port.reply.byte),
	IOEMU_FIELD(struct i8042, kbd.port.data.head),
	IOEMU_FIELD(struct i8042, kbd.port.data.used),
	IOEMU_FIELD_ARRAY(struct i8042, kbd.port.data.byte),
	IOEMU_FIELD(struct i8042, kbd.on),
	IOEMU_FIELD(struct i8042, kbd.set),
	IOEMU_FIELD(struct i8042, kbd.last),
	IOEMU_FIELD(struct i8042, kbd.prefix),
	IOEMU_FIELD_ARRAY(struct i8042, kbd.breaks),
	IOEMU_FIELD(struct i8042, mouse.port.pending),
	IOEMU_FIELD(struct i8042, mouse.port.reply.head),
	IOEMU_FIELD(struct i8042, mouse.port.reply.used),
	IOEMU_FIELD_ARRAY(struct i8042, mouse.port.reply.byte),
	IOEMU_FIELD(struct i8042, mouse.port.data.head),
	IOEMU_FIELD(struct i8042, mouse.port.data.used),
	IOEMU_FIELD_ARRAY(struct i8042, mouse.port.data.byte),
	IOEMU_FIELD(struct i8042, mouse.on),
	IOEMU_FIELD(struct i8042, mouse.wrap),
	IOEMU_FIELD(struct i8042, mouse.remote),
	IOEMU_FIELD(struct i8042, mouse.scaling),
	IOEMU_FIELD(struct i8042, mouse.bad),
	IOEMU_FIELD(struct i8042, mouse.id),
	IOEMU_FIELD(struct i8042, mouse.rate),
	IOEMU_FIELD(struct i8042, mouse.resolution),
	IOEMU_FIELD_ARRAY(struct i8042, mouse.rates),
	IOEMU_FIELD(struct i8042, mouse.dx),
	IOEMU_FIELD(struct i8042, mouse.dy),
	IOEMU_FIELD(struct i8042, mouse.buttons),
	IOEMU_FIELD(struct i8042, mouse.reported),
	IOEMU_FIELD(struct i8042, mouse.packet_len),
	IOEMU_FIELD_ARRAY(struct i8042, mouse.packet),
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
	.query = i8042_query,
};

IOEMU_PLUGIN(&i8042);
