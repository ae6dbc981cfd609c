/* SPDX-License-Identifier: MIT */
/*
 * uart - a 16550A serial port (PC16550D data sheet) on the ISA bus. Bytes
 * leave as soon as they are written: the transmitter is empty again before the
 * guest can look, whatever the baud rate says.
 */
#include <ioemu/device.h>

#define REGS 8u
#define RBR 0 /* read; THR on write; divisor low with DLAB */
#define IER 1 /* divisor high with DLAB */
#define IIR 2 /* read; FCR on write */
#define LCR 3
#define MCR 4
#define LSR 5
#define MSR 6
#define SCR 7

#define IER_RX 0x01u
#define IER_TX 0x02u
#define IER_LINE 0x04u
#define IER_MODEM 0x08u

#define IIR_NONE 0x01u
#define IIR_MODEM 0x00u
#define IIR_TX 0x02u
#define IIR_RX 0x04u
#define IIR_LINE 0x06u
#define IIR_TIMEOUT 0x0cu
#define IIR_FIFO 0xc0u

#define FCR_ENABLE 0x01u
#define FCR_CLEAR_RX 0x02u

#define LCR_DLAB 0x80u

#define MCR_OUT2 0x08u /* gates the interrupt on a PC */
#define MCR_LOOP 0x10u

#define LSR_READY 0x01u
#define LSR_OVERRUN 0x02u
#define LSR_TX_EMPTY 0x60u

#define MSR_CONNECTED 0xb0u /* DCD, DSR, CTS */
#define MSR_DELTAS 0x0fu

#define FIFO 16u
#define N_PORTS 4u

struct uart {
	uint8_t index;
	uint16_t port;
	uint8_t irq;
	struct ioemu_chardev *chardev;

	uint8_t ier, fcr, lcr, mcr, msr, scr;
	uint16_t divisor;
	bool tx_pending; /* the "transmitter empty" interrupt is due */
	bool overrun;
	uint8_t fifo[FIFO];
	uint8_t head, used;
};

/* Trigger levels of FCR bits 7:6. */
static uint8_t
uart_trigger(const struct uart *u)
{
	static const uint8_t level[] = { 1, 4, 8, 14 };

	return u->fcr & FCR_ENABLE ? level[u->fcr >> 6] : 1;
}

/*
 * The highest pending interrupt (data sheet, table IV). Data below the trigger
 * level is announced as time-out at once: four character times have passed
 * before a guest could tell.
 */
static uint8_t
uart_iir(const struct uart *u)
{
	if (u->ier & IER_LINE && u->overrun)
		return IIR_LINE;
	if (u->ier & IER_RX && u->used >= uart_trigger(u))
		return IIR_RX;
	if (u->ier & IER_RX && u->used)
		return IIR_TIMEOUT;
	if (u->ier & IER_TX && u->tx_pending)
		return IIR_TX;
	if (u->ier & IER_MODEM && u->msr & MSR_DELTAS)
		return IIR_MODEM;
	return IIR_NONE;
}

static void
uart_update(struct ioemu_dev *dev)
{
	struct uart *u = ioemu_state(dev);
	bool gate = u->mcr & MCR_OUT2 && !(u->mcr & MCR_LOOP);

	ioemu_irq(dev, u->irq, gate && uart_iir(u) != IIR_NONE);
}

static uint8_t
uart_depth(const struct uart *u)
{
	return u->fcr & FCR_ENABLE ? FIFO : 1;
}

static void
uart_accept(struct ioemu_dev *dev)
{
	struct uart *u = ioemu_state(dev);
	uint8_t depth = uart_depth(u);

	ioemu_chr_accept(dev, u->chardev,
			 u->mcr & MCR_LOOP || u->used > depth
				 ? 0
				 : (size_t)(depth - u->used));
}

/* Overrun (data sheet, line status register, bit 1): FIFOs keep what they have,
 * without them the new byte takes the place of the old one. */
static void
uart_receive(struct uart *u, uint8_t byte)
{
	if (u->used >= uart_depth(u)) {
		u->overrun = true;
		if (u->fcr & FCR_ENABLE)
			return;
		u->used = 0;
	}
	u->fifo[(u->head + u->used++) % FIFO] = byte;
}

/* Without a new byte the last one is still there. */
static uint8_t
uart_take(struct ioemu_dev *dev)
{
	struct uart *u = ioemu_state(dev);
	uint8_t byte;

	if (!u->used)
		return u->fifo[(u->head + FIFO - 1) % FIFO];
	byte = u->fifo[u->head];
	u->head = (uint8_t)((u->head + 1) % FIFO);
	u->used--;
	uart_accept(dev);
	return byte;
}

/* Loopback wires the modem outputs to the inputs: RTS-CTS, DTR-DSR, OUT1-RI,
 * OUT2-DCD (data sheet, modem control register, bit 4). */
static void
uart_modem(struct uart *u)
{
	uint8_t m = u->mcr, level = MSR_CONNECTED, changed;

	if (m & MCR_LOOP)
		level = (uint8_t)((m & 2) << 3 | (m & 1) << 5 | (m & 4) << 4 |
				  (m & 8) << 4);
	changed = (uint8_t)((u->msr ^ level) >> 4);
	if (level & 0x40) /* RI tells its falling edge only */
		changed &= (uint8_t)~0x04u;
	u->msr = (uint8_t)(level | (u->msr & MSR_DELTAS) | changed);
}

static uint8_t
uart_read_lsr(struct uart *u)
{
	uint8_t v = LSR_TX_EMPTY;

	if (u->used)
		v |= LSR_READY;
	if (u->overrun)
		v |= LSR_OVERRUN;
	u->overrun = false;
	return v;
}

static uint8_t
uart_read_msr(struct uart *u)
{
	uint8_t v = u->msr;

	u->msr &= (uint8_t)~MSR_DELTAS;
	return v;
}

/* Reading the identification of the transmitter's interrupt clears it. */
static uint8_t
uart_read_iir(struct uart *u)
{
	uint8_t v = uart_iir(u);

	if (v == IIR_TX)
		u->tx_pending = false;
	return (uint8_t)(v | (u->fcr & FCR_ENABLE ? IIR_FIFO : 0));
}

static void
uart_read(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct uart *u = ioemu_state(dev);
	bool dlab = u->lcr & LCR_DLAB;

	switch (a->offset) {
	case RBR:
		a->value = dlab ? u->divisor & 0xff : uart_take(dev);
		break;
	case IER:
		a->value = dlab ? u->divisor >> 8 : u->ier;
		break;
	case IIR:
		a->value = uart_read_iir(u);
		break;
	case LCR:
		a->value = u->lcr;
		return;
	case MCR:
		a->value = u->mcr;
		return;
	case LSR:
		a->value = uart_read_lsr(u);
		break;
	case MSR:
		a->value = uart_read_msr(u);
		break;
	case SCR:
		a->value = u->scr;
		return;
	}
	uart_update(dev);
}

/* Writing takes back the interrupt (data sheet, table IV), which comes anew:
 * the line falls in between. */
static void
uart_transmit(struct ioemu_dev *dev, uint8_t byte)
{
	struct uart *u = ioemu_state(dev);

	u->tx_pending = false;
	uart_update(dev);
	if (u->mcr & MCR_LOOP)
		uart_receive(u, byte);
	else
		ioemu_chr_write(dev, u->chardev, &byte, 1);
	u->tx_pending = true;
}

static void
uart_write_fcr(struct ioemu_dev *dev, uint8_t v)
{
	struct uart *u = ioemu_state(dev);

	/* switching the FIFOs on or off empties them; other bits count only
	 * with bit 0 */
	if ((v & FCR_ENABLE && v & FCR_CLEAR_RX) || (u->fcr ^ v) & FCR_ENABLE)
		u->used = 0;
	u->fcr = v & FCR_ENABLE ? v & 0xc9 : 0;
	uart_accept(dev);
}

static void
uart_write(struct ioemu_dev *dev, struct ioemu_access *a)
{
	struct uart *u = ioemu_state(dev);
	uint8_t v = (uint8_t)a->value;
	bool dlab = u->lcr & LCR_DLAB;

	switch (a->offset) {
	case RBR:
		if (dlab)
			u->divisor = (uint16_t)((u->divisor & 0xff00) | v);
		else
			uart_transmit(dev, v);
		break;
	case IER:
		if (dlab) {
			u->divisor = (uint16_t)((u->divisor & 0xff) | v << 8);
			break;
		}
		/* enabling it while the transmitter is empty raises it */
		if (v & ~u->ier & IER_TX)
			u->tx_pending = true;
		u->ier = v & 0x0f;
		break;
	case IIR:
		uart_write_fcr(dev, v);
		break;
	case LCR:
		u->lcr = v;
		return;
	case MCR:
		u->mcr = v & 0x1f;
		uart_modem(u);
		uart_accept(dev);
		break;
	case SCR:
		u->scr = v;
		return;
	}
	uart_update(dev);
}

static void
uart_input(struct ioemu_dev *dev, struct ioemu_chardev *chr,
	   const uint8_t *data, size_t len)
{
	size_t i;

	(void)chr;
	for (i = 0; i < len; i++)
		uart_receive(ioemu_state(dev), data[i]);
	uart_update(dev);
}

static const struct ioemu_region regs = {
	.name = "uart",
	.size = REGS,
	.min = 1,
	.max = 1,
	.read = uart_read,
	.write = uart_write,
};

static int
uart_attach(struct ioemu_dev *dev)
{
	static const uint16_t port[] = { 0x3f8, 0x2f8, 0x3e8, 0x2e8 };
	static const uint8_t irq[] = { 4, 3, 4, 3 };
	struct uart *u = ioemu_state(dev);

	if (u->index >= N_PORTS || u->irq > 15) {
		ioemu_log(dev, IOEMU_ERROR,
			  "index is 0 to %u (COM1 to COM%u), irq at most 15",
			  N_PORTS - 1, N_PORTS);
		return -EINVAL;
	}
	if (!u->port)
		u->port = port[u->index];
	if (!u->irq)
		u->irq = irq[u->index];
	return ioemu_window(dev, IOEMU_PIO, u->port, &regs);
}

static void
uart_reset(struct ioemu_dev *dev, enum ioemu_reset why)
{
	struct uart *u = ioemu_state(dev);

	(void)why;
	u->ier = u->fcr = u->lcr = u->mcr = 0;
	u->msr = MSR_CONNECTED;
	u->divisor = 12; /* 9600 baud */
	u->tx_pending = u->overrun = false;
	u->head = u->used = 0;
	uart_accept(dev);
}

static int
uart_loaded(struct ioemu_dev *dev)
{
	struct uart *u = ioemu_state(dev);

	if (u->used > uart_depth(u) || u->head >= FIFO)
		return -EINVAL;
	uart_accept(dev);
	uart_update(dev);
	return 0;
}

static const struct ioemu_prop props[] = {
	IOEMU_PROP(struct uart, index, "0", "0 to 3: COM1 to COM4"),
	IOEMU_PROP(struct uart, port, NULL, "I/O port, in place of index's"),
	IOEMU_PROP(struct uart, irq, NULL, "interrupt, in place of index's"),
	IOEMU_PROP(struct uart, chardev, NULL, "where the bytes go"),
	{ 0 },
};

static const struct ioemu_field fields[] = {
	IOEMU_FIELD(struct uart, ier),
	IOEMU_FIELD(struct uart, fcr),
	IOEMU_FIELD(struct uart, lcr),
	IOEMU_FIELD(struct uart, mcr),
	IOEMU_FIELD(struct uart, msr),
	IOEMU_FIELD(struct uart, scr),
	IOEMU_FIELD(struct uart, divisor),
	IOEMU_FIELD(struct uart, tx_pending),
	IOEMU_FIELD(struct uart, overrun),
	IOEMU_FIELD_ARRAY(struct uart, fifo),
	IOEMU_FIELD(struct uart, head),
	IOEMU_FIELD(struct uart, used),
	{ 0 },
};

static const char *const aliases[] = { "isa-serial", "serial", NULL };

static const struct ioemu_type uart = {
	IOEMU_TYPE(struct uart),
	.name = "uart",
	.summary = "serial port 16550A",
	.aliases = aliases,
	.props = props,
	.fields = fields,
	.attach = uart_attach,
	.reset = uart_reset,
	.loaded = uart_loaded,
	.input = uart_input,
};

IOEMU_PLUGIN(&uart);
