/* SPDX-License-Identifier: MIT */
/*
 * ioemu/device.h - everything a device needs.
 *
 * A device is one constant (struct ioemu_type) in a shared object. It cannot
 * tell where it runs: in the device model's process, in a process of its own
 * behind a socket, or on the bench. So it calls nothing but the functions
 * below, keeps everything in its state, and never blocks.
 *
 * Rules that hold everywhere:
 *  - Callbacks run one at a time, on one thread. None of them may block.
 *  - Integers are in host byte order; only bursts and DMA are bytes, in the
 *    guest's memory order (x86: little-endian).
 *  - Addresses are guest physical addresses ("gpa"), sizes are bytes, times
 *    are nanoseconds on the guest's clock, which stops while the guest does.
 *  - int functions return 0 or a negative errno value.
 *  - A guest's mistake gets hardware's answer: all ones, or nothing.
 */
#ifndef IOEMU_DEVICE_H
#define IOEMU_DEVICE_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define IOEMU_ABI 1u /* major number: host and plugin must agree */

#define IOEMU_MUST_CHECK __attribute__((warn_unused_result))
#define IOEMU_PRINTF(f, a) __attribute__((format(printf, f, a)))

struct ioemu_block;   /* a disk image or block device of the host */
struct ioemu_chardev; /* a byte stream to the host: pty, file, socket */
struct ioemu_host;

/* One instance of a device, made and freed by the host. */
struct ioemu_dev {
	const struct ioemu_host *host;
	void *state; /* type->state_size bytes, zeroed, then props */
	struct ioemu_dev *parent; /* device it is plugged into, or NULL */
	const char *id; /* for messages; lives as long as the device */
};

/* ---- what the guest does to the device --------------------------------- */

enum ioemu_space {
	IOEMU_PIO,    /* port space, 64 KiB */
	IOEMU_MEM,    /* memory space */
	IOEMU_CONFIG, /* PCI configuration space; hosts use it, devices not */
};

#define IOEMU_POSTED 0x1u   /* a write nobody waits for */
#define IOEMU_DEFERRED 0x2u /* set by ioemu_defer() */

/*
 * One access. It lies inside its region, is naturally aligned, and has a width
 * the region takes: nothing to check. A read finds `value` preset to all ones
 * and puts its answer there; bits above `size` are ignored.
 *
 * A burst (`data` not NULL; only for regions with a burst callback) moves
 * `size` bytes, up to 4,096, at any alignment, in ascending order.
 */
struct ioemu_access {
	uint64_t offset; /* from the start of the region */
	uint64_t value;
	uint8_t *data; /* burst: the bytes; otherwise NULL */
	uint32_t size; /* 1, 2, 4 or 8; burst: number of bytes */
	uint16_t flags;
	uint16_t tag; /* the region's tag */
};

#define IOEMU_PREFETCHABLE                                                     \
	0x1u /* reads have no side effects, writes may be                      \
		joined: a frame buffer, not a doorbell */

#define IOEMU_ALLOW_POSTED                                                     \
	0x2u /* memory: the guest may go on before a write to it is taken, if  \
		the host can do that; it is in time for any later read of the  \
		device. A doorbell, the tail of a queue, a FIFO */

#define IOEMU_DOORBELL                                                         \
	0x4u /* memory: all that a write says is that there was one. Several   \
		may come as one, at offset 0, `min` bytes wide, value 0 */

/* What one window of addresses does. Copied by the call that takes it. */
struct ioemu_region {
	const char *name;
	uint64_t size;
	uint8_t min, max; /* widths taken; wider ones are split, narrower ones
			     read all ones and write nothing */
	uint16_t flags;
	uint16_t tag; /* handed back in the access: for regions that share
			 their callbacks */
	/* NULL read: all ones. NULL write: ignored. NULL burst: one by one. */
	void (*read)(struct ioemu_dev *dev, struct ioemu_access *a);
	void (*write)(struct ioemu_dev *dev, struct ioemu_access *a);
	void (*burst_read)(struct ioemu_dev *dev, struct ioemu_access *a);
	void (*burst_write)(struct ioemu_dev *dev, struct ioemu_access *a);
};

/* ---- PCI ---------------------------------------------------------------- */

enum ioemu_bar_kind {
	IOEMU_BAR_NONE,
	IOEMU_BAR_IO,	 /* size a power of two, 4 to 256 */
	IOEMU_BAR_MEM32, /* size a power of two, from 16 */
	IOEMU_BAR_MEM64, /* uses the following BAR too */
};

struct ioemu_bar {
	enum ioemu_bar_kind kind;
	const struct ioemu_region
		*region; /* IOEMU_PREFETCHABLE shows in bit 3 */
};

/* A register of configuration space beyond the standard header. */
struct ioemu_reg {
	/* 0x40 to 0xff, or a header register to preset. 0x100 to 0xfff: the
	 * function has 4 KiB of configuration space; a guest reaches what is
	 * above 0xff by the window of --ecam (mini-ioemu(1)) only, and looks
	 * there if the function has a PCI Express capability. */
	uint16_t offset;
	uint8_t width; /* 1, 2 or 4; 0 ends a table */
	uint32_t reset;
	uint32_t writable; /* bits the guest may change */
	uint32_t clear;	   /* bits that a written one clears */
};

/* One PCI function. Copied by ioemu_pci(). */
struct ioemu_pci {
	uint16_t vendor, device, subvendor, subdevice;
	uint32_t class_rev; /* class, subclass, prog-if, revision: 0x03000002 */
	uint8_t intx_pin;   /* 0: none, 1: INTA# ... 4: INTD# */
	uint8_t msi_vectors; /* 0: no MSI capability; 1, 2, 4 ... 32 */
	struct ioemu_bar bar[6];
	const struct ioemu_region *rom; /* expansion ROM, or NULL */
	const struct ioemu_reg *regs;	/* or NULL */
	/* After the guest wrote bytes [offset, offset + len); or NULL. */
	void (*config_written)(struct ioemu_dev *dev, unsigned offset,
			       unsigned len);
	/*
	 * A PCI-to-PCI bridge: type-1 header with bus numbers, windows (I/O 16
	 * bits, memory 32, prefetchable 64) and secondary reset, all kept by
	 * the host; devices are put behind it with bus=ID. bar[2] to bar[5],
	 * rom, intx_pin and the subsystem ids must be 0.
	 */
	bool bridge;
	/*
	 * 0: no MSI-X capability; up to 64. The host keeps table and pending
	 * bits: bar[msix_bar] must be IOEMU_BAR_NONE and becomes a 32-bit
	 * memory BAR of 4 KiB.
	 */
	uint16_t msix_vectors;
	uint8_t msix_bar;
};

/*
 * ---- requests a device makes -----------------------------------------------
 *
 * The struct and what it points to belong to the request until done(), which
 * comes once. One that is asked for again before is ignored, with a line in the
 * log.
 */

struct ioemu_dma {
	uint64_t gpa;
	void *buf;
	uint32_t len;
	/* In done(): 0, or -EFAULT and all of buf is ones. Some of it is no
	 * memory, or the device may not reach it (bus master off, no grant, the
	 * way to the guest is lost): a master abort, whatever the reason and
	 * wherever the device runs. */
	int status;
	void (*done)(struct ioemu_dev *dev, struct ioemu_dma *dma);
	void *host[4]; /* the host's own */
};

#define IOEMU_NEVER UINT64_MAX

struct ioemu_timer {
	uint64_t deadline_ns; /* read only; IOEMU_NEVER or 0 when idle */
	void (*fire)(struct ioemu_dev *dev, struct ioemu_timer *timer);
	void *host[4];
};

enum ioemu_blk_op {
	IOEMU_BLK_READ,
	IOEMU_BLK_WRITE,
	IOEMU_BLK_FLUSH, /* all writes done so far are on stable storage */
};

struct ioemu_sg {
	uint64_t gpa;
	uint32_t len;
	uint32_t reserved;
};

#define IOEMU_BLK_MAX_SG 64 /* entries of one request */

/*
 * Disk I/O. Data moves to or from `buf` if that is set, else to or from guest
 * memory as `sg` lists it. Offset and total length are multiples of 512 and
 * lie inside the medium: anything else is -EINVAL in done().
 *
 * A write of which some memory cannot be read (see struct ioemu_dma) ends with
 * -EFAULT: the medium may have what comes before that memory in the list, and
 * has nothing of what cannot be read and of what comes behind it. A read drops
 * what cannot be put into memory, as ioemu_dma_write() does; with bus master
 * off it is -EFAULT, too. All else is what the medium says: -EIO and others.
 */
struct ioemu_io {
	struct ioemu_block *block;
	enum ioemu_blk_op op;
	uint32_t len;	 /* total bytes */
	uint64_t offset; /* bytes from the start of the medium */
	void *buf;
	const struct ioemu_sg *sg;
	uint32_t n_sg;
	int status;
	void (*done)(struct ioemu_dev *dev, struct ioemu_io *io);
	void *host[4];
};

struct ioemu_block_info {
	uint64_t size; /* bytes; 0: no medium */
	bool readonly;
};

/* ---- properties and saved state: tables --------------------------------- */

enum ioemu_kind {
	IOEMU_KIND_END,
	IOEMU_KIND_BOOL,
	IOEMU_KIND_U8,
	IOEMU_KIND_U16,
	IOEMU_KIND_U32,
	IOEMU_KIND_U64,
	IOEMU_KIND_STRING,  /* const char *; NULL when unset */
	IOEMU_KIND_BLOCK,   /* struct ioemu_block *; NULL when unset */
	IOEMU_KIND_CHARDEV, /* struct ioemu_chardev *; NULL when unset */
};

/* clang-format off */
#define IOEMU_KIND_OF(x) _Generic((x),					\
	bool: IOEMU_KIND_BOOL, uint8_t: IOEMU_KIND_U8,			\
	uint16_t: IOEMU_KIND_U16, uint32_t: IOEMU_KIND_U32,		\
	uint64_t: IOEMU_KIND_U64, const char *: IOEMU_KIND_STRING,	\
	struct ioemu_block *: IOEMU_KIND_BLOCK,				\
	struct ioemu_chardev *: IOEMU_KIND_CHARDEV)

/* As above without pointers: one in a list of saved fields does not compile. */
#define IOEMU_SAVED_KIND_OF(x) _Generic((x),				\
	bool: IOEMU_KIND_BOOL, uint8_t: IOEMU_KIND_U8,			\
	uint16_t: IOEMU_KIND_U16, uint32_t: IOEMU_KIND_U32,		\
	uint64_t: IOEMU_KIND_U64)
/* clang-format on */

/*
 * A property: `key=value` of the device's argument. Numbers may be decimal or
 * 0x hexadecimal, booleans on/off. `def` is in the same form; NULL: unset (0).
 */
struct ioemu_prop {
	const char *name;
	enum ioemu_kind kind;
	uint32_t offset;
	const char *def;
	const char *help;
};

/* A value saved with the guest: everything that cannot be derived again. */
struct ioemu_field {
	const char *name;
	enum ioemu_kind kind; /* of one element */
	uint32_t offset;
	uint32_t count; /* elements */
};

/* clang-format off */
#define IOEMU_PROP(type, member, default_, help_)			\
	{ .name = #member, .kind = IOEMU_KIND_OF(((type *)0)->member),	\
	  .offset = offsetof(type, member), .def = (default_), .help = (help_) }
#define IOEMU_FIELD(type, member)					\
	{ .name = #member, .kind = IOEMU_SAVED_KIND_OF(((type *)0)->member), \
	  .offset = offsetof(type, member), .count = 1 }
#define IOEMU_FIELD_ARRAY(type, member)					\
	{ .name = #member, .kind = IOEMU_SAVED_KIND_OF(((type *)0)->member[0]), \
	  .offset = offsetof(type, member),				\
	  .count = sizeof(((type *)0)->member) /			\
		   sizeof(((type *)0)->member[0]) }
/* clang-format on */

/* ---- the plugin --------------------------------------------------------- */

enum ioemu_reset {
	IOEMU_RESET_POWER, /* once, after attach */
	IOEMU_RESET_BUS,   /* the bus above was reset */
	/* Power comes back after a sleep in which only memory kept its
	 * contents (ACPI S3): as IOEMU_RESET_POWER, and the firmware is to
	 * find that the guest slept. */
	IOEMU_RESET_WAKE,
};

/* What ioemu_unplug() takes away (Xen's emulated-device unplug protocol). */
#define IOEMU_UNPLUG_DISKS 0x1u
#define IOEMU_UNPLUG_NICS 0x2u
#define IOEMU_UNPLUG_AUX_DISKS 0x4u /* all disks but the primary master */

/* What a guest is to be told of a slot of the root bus, or a processor. */
enum ioemu_hotplug {
	IOEMU_HOTPLUG_ADDED, /* there is something new in it, or behind it */
	IOEMU_HOTPLUG_REMOVE_REQUEST, /* it is to be given up: ioemu_eject() */
	IOEMU_HOTPLUG_CPU, /* the processor of that number is on line */
};

/*
 * What an operator does to a drive whose medium can be changed. The host takes
 * the old medium away after OPEN, when the disk I/O in flight has ended, and
 * says CLOSE when another is there, or the same again. Meanwhile
 * ioemu_block_info() shows what is in it at the time.
 */
enum ioemu_medium {
	IOEMU_MEDIUM_QUERY, /* nothing: how is it? */
	IOEMU_MEDIUM_OPEN,  /* the tray comes out. -EBUSY: the guest has locked
			       it, and is told that somebody wants it */
	IOEMU_MEDIUM_FORCE, /* it comes out, locked or not */
	IOEMU_MEDIUM_CLOSE, /* the tray goes in */
};

#define IOEMU_MEDIUM_IS_OPEN 0x1u
#define IOEMU_MEDIUM_IS_LOCKED 0x2u

struct ioemu_type {
	uint32_t abi, size; /* IOEMU_TYPE() sets these and state_size */
	const char *name, *summary;
	const char *const *aliases; /* other names, NULL-terminated; or NULL */
	const char *parent; /* type this one plugs into (bus=ID), or NULL */
	size_t state_size;
	const struct ioemu_prop *props;	  /* ends with { 0 }; or NULL */
	const struct ioemu_field *fields; /* ends with { 0 }; or NULL */

	/* Declare windows and function. Properties are set, host calls work. */
	int (*attach)(struct ioemu_dev *dev);
	/* The rest may be NULL. */
	void (*detach)(struct ioemu_dev *dev);
	void (*reset)(struct ioemu_dev *dev, enum ioemu_reset why);
	/* After saved fields were loaded: derive the rest, re-assert lines. */
	int (*loaded)(struct ioemu_dev *dev);
	/* IOEMU_UNPLUG_...: be gone if meant; cannot be undone. */
	void (*unplug)(struct ioemu_dev *dev, unsigned what);
	/* Bytes arrived: never more than ioemu_chr_accept() allowed. */
	void (*input)(struct ioemu_dev *dev, struct ioemu_chardev *chr,
		      const uint8_t *data, size_t len);
	/*
	 * An operator asks: write text into buf (size bytes, always ended
	 * with a NUL). Returns its length, or -EINVAL for an unknown word.
	 */
	int (*query)(struct ioemu_dev *dev, const char *what, char *buf,
		     size_t size);
	/* Hot-plug controllers: slot 0 to 31 of the root bus, or a number of
	 * a processor, so tell the guest. */
	void (*hotplug)(struct ioemu_dev *dev, unsigned which,
			enum ioemu_hotplug what);
	/* Drives whose medium can be changed: as enum ioemu_medium says.
	 * Returns IOEMU_MEDIUM_IS_... as it is then, or -errno. */
	int (*medium)(struct ioemu_dev *dev, struct ioemu_block *block,
		      enum ioemu_medium what);
};

struct ioemu_plugin {
	uint32_t abi, size;
	uint32_t type_size; /* bytes of each type that the plugin knows */
	uint32_t n_types;
	const struct ioemu_type *const *types;
};

#define IOEMU_TYPE(state)                                                      \
	.abi = IOEMU_ABI, .size = (uint32_t)sizeof(struct ioemu_type),         \
	.state_size = sizeof(state)

/* The one symbol a plugin exports: IOEMU_PLUGIN(&a) or IOEMU_PLUGIN(&a, &b). */
#define IOEMU_PLUGIN(...)                                                      \
	static const struct ioemu_type *const ioemu_types[] = { __VA_ARGS__ }; \
	extern const struct ioemu_plugin ioemu_plugin;                         \
	__attribute__((visibility("default")))                                 \
	const struct ioemu_plugin ioemu_plugin = {                             \
		.abi = IOEMU_ABI,                                              \
		.size = sizeof(struct ioemu_plugin),                           \
		.type_size = sizeof(struct ioemu_type),                        \
		.n_types = sizeof(ioemu_types) / sizeof(ioemu_types[0]),       \
		.types = ioemu_types,                                          \
	}

/* ---- what the device asks of its host ------------------------------------ */

enum ioemu_level { IOEMU_ERROR, IOEMU_WARN, IOEMU_INFO, IOEMU_DEBUG };

enum ioemu_power { IOEMU_POWER_OFF, IOEMU_POWER_RESET, IOEMU_POWER_SUSPEND };

#define IOEMU_INTX 0x100u /* "line" of ioemu_irq(): the function's pin */

/*
 * Filled by the host; calls are added at the end only, and `size` grows with
 * them. All down to `eject` are in every host of this IOEMU_ABI; a plugin that
 * is to run under older hosts asks for a later one with IOEMU_HAVE(), in
 * attach(), and does without or returns -EOPNOTSUPP.
 */
struct ioemu_host {
	uint32_t abi, size;
	void (*complete)(struct ioemu_dev *dev, struct ioemu_access *a);
	int (*window)(struct ioemu_dev *dev, enum ioemu_space space,
		      uint64_t base, const struct ioemu_region *region);
	int (*pci)(struct ioemu_dev *dev, const struct ioemu_pci *pci,
		   size_t size);
	uint8_t *(*config)(struct ioemu_dev *dev);
	void (*irq)(struct ioemu_dev *dev, unsigned line, bool level);
	void (*msi)(struct ioemu_dev *dev, unsigned vector);
	void (*dma_read)(struct ioemu_dev *dev, struct ioemu_dma *dma);
	void (*dma_write)(struct ioemu_dev *dev, uint64_t gpa, const void *buf,
			  uint32_t len);
	uint64_t (*now)(struct ioemu_dev *dev);
	void (*timer_set)(struct ioemu_dev *dev, struct ioemu_timer *timer,
			  uint64_t deadline_ns);
	void (*chr_write)(struct ioemu_dev *dev, struct ioemu_chardev *chr,
			  const void *data, size_t len);
	void (*chr_accept)(struct ioemu_dev *dev, struct ioemu_chardev *chr,
			   size_t room);
	void (*block_info)(struct ioemu_dev *dev, struct ioemu_block *block,
			   struct ioemu_block_info *info);
	void (*io)(struct ioemu_dev *dev, struct ioemu_io *io);
	void (*power)(struct ioemu_dev *dev, enum ioemu_power what);
	void (*pirq_route)(struct ioemu_dev *dev, unsigned link, unsigned irq);
	void (*unplug)(struct ioemu_dev *dev, unsigned what);
	void (*log)(struct ioemu_dev *dev, enum ioemu_level level,
		    const char *fmt, ...) IOEMU_PRINTF(3, 4);
	void (*eject)(struct ioemu_dev *dev, unsigned slot);
};

/* Has this device's host the call of that name? */
#define IOEMU_HAVE(dev, call)                                                  \
	((dev)->host->size >=                                                  \
	 offsetof(struct ioemu_host, call) + sizeof((dev)->host->call))

static inline void *
ioemu_state(struct ioemu_dev *dev)
{
	return dev->state;
}

/* "I will answer later": in a read or write callback, before it returns ... */
static inline void
ioemu_defer(struct ioemu_dev *dev, struct ioemu_access *a)
{
	(void)dev;
	a->flags |= IOEMU_DEFERRED;
}

/* ... and the answer, exactly once; `a` is the host's again. */
static inline void
ioemu_complete(struct ioemu_dev *dev, struct ioemu_access *a)
{
	dev->host->complete(dev, a);
}

/*
 * Claim fixed addresses, in attach() only. `base` for IOEMU_PIO is a port.
 * -EINVAL: a region that cannot be; -ENOSPC: too many windows (16 a device).
 */
static inline IOEMU_MUST_CHECK int
ioemu_window(struct ioemu_dev *dev, enum ioemu_space space, uint64_t base,
	     const struct ioemu_region *region)
{
	return dev->host->window(dev, space, base, region);
}

/* Become a PCI function, in attach() only, once. -EINVAL as above. */
static inline IOEMU_MUST_CHECK int
ioemu_pci(struct ioemu_dev *dev, const struct ioemu_pci *pci)
{
	return dev->host->pci(dev, pci, sizeof(*pci));
}

/* The function's configuration space, 256 bytes or 4 KiB, to read and to
 * change. */
static inline uint8_t *
ioemu_config(struct ioemu_dev *dev)
{
	return dev->host->config(dev);
}

/* Set a line's level (no pulses): an ISA interrupt 0 to 15, or IOEMU_INTX. */
static inline void
ioemu_irq(struct ioemu_dev *dev, unsigned line, bool level)
{
	dev->host->irq(dev, line, level);
}

/* Send a message signalled interrupt: by MSI-X if the guest has that on, else
 * by MSI; dropped while it has both off. */
static inline void
ioemu_msi(struct ioemu_dev *dev, unsigned vector)
{
	dev->host->msi(dev, vector);
}

/* Read guest memory; done() comes from the loop, never inside this call. Of no
 * bytes: it ends well. */
static inline void
ioemu_dma_read(struct ioemu_dev *dev, struct ioemu_dma *dma)
{
	dev->host->dma_read(dev, dma);
}

/* Write guest memory, posted: `buf` is free at once, and the data lands
 * before any later interrupt of this device. */
static inline void
ioemu_dma_write(struct ioemu_dev *dev, uint64_t gpa, const void *buf,
		uint32_t len)
{
	dev->host->dma_write(dev, gpa, buf, len);
}

/* Nanoseconds on the guest's clock. */
static inline uint64_t
ioemu_now(struct ioemu_dev *dev)
{
	return dev->host->now(dev);
}

/* Arm, move or (IOEMU_NEVER) stop a timer; fire() comes from the loop. */
static inline void
ioemu_timer_set(struct ioemu_dev *dev, struct ioemu_timer *timer,
		uint64_t deadline_ns)
{
	dev->host->timer_set(dev, timer, deadline_ns);
}

/* Send bytes, posted: what nobody takes in time is lost. NULL chr: ignored. */
static inline void
ioemu_chr_write(struct ioemu_dev *dev, struct ioemu_chardev *chr,
		const void *data, size_t len)
{
	dev->host->chr_write(dev, chr, data, len);
}

/* From now on input() may bring up to `room` bytes in all; 0: none.
 * Each delivery reduces the room. NULL chr: ignored. */
static inline void
ioemu_chr_accept(struct ioemu_dev *dev, struct ioemu_chardev *chr, size_t room)
{
	dev->host->chr_accept(dev, chr, room);
}

/* NULL block: size 0. */
static inline void
ioemu_block_info(struct ioemu_dev *dev, struct ioemu_block *block,
		 struct ioemu_block_info *info)
{
	dev->host->block_info(dev, block, info);
}

/* Start disk I/O; done() comes from the loop, never inside this call. */
static inline void
ioemu_io(struct ioemu_dev *dev, struct ioemu_io *io)
{
	dev->host->io(dev, io);
}

/* The machine's power: takes effect before the access at hand is answered. */
static inline void
ioemu_power(struct ioemu_dev *dev, enum ioemu_power what)
{
	dev->host->power(dev, what);
}

/* Chipsets: PCI link A..D (0..3) drives ISA interrupt `irq`; 0: none. */
static inline void
ioemu_pirq_route(struct ioemu_dev *dev, unsigned link, unsigned irq)
{
	dev->host->pirq_route(dev, link, irq);
}

/* Ask every device of the machine to be gone if `what` means it. */
static inline void
ioemu_unplug(struct ioemu_dev *dev, unsigned what)
{
	dev->host->unplug(dev, what);
}

/* Hot-plug controllers: the guest has given up what is in that slot, 0 to 31,
 * of the root bus, whether it was asked to or not. */
static inline void
ioemu_eject(struct ioemu_dev *dev, unsigned slot)
{
	dev->host->eject(dev, slot);
}

/* One line, no newline at its end; the host limits the rate. */
#define ioemu_log(dev, level, ...)                                             \
	((dev)->host->log((dev), (level), __VA_ARGS__))

/* Little-endian bytes of configuration space and guest structures. */
static inline uint16_t
ioemu_get_le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t
ioemu_get_le32(const uint8_t *p)
{
	return (uint32_t)ioemu_get_le16(p) | (uint32_t)ioemu_get_le16(p + 2)
						     << 16;
}

static inline uint64_t
ioemu_get_le64(const uint8_t *p)
{
	return (uint64_t)ioemu_get_le32(p) | (uint64_t)ioemu_get_le32(p + 4)
						     << 32;
}

static inline void
ioemu_put_le16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)v;
	p[1] = (uint8_t)(v >> 8);
}

static inline void
ioemu_put_le32(uint8_t *p, uint32_t v)
{
	ioemu_put_le16(p, (uint16_t)v);
	ioemu_put_le16(p + 2, (uint16_t)(v >> 16));
}

static inline void
ioemu_put_le64(uint8_t *p, uint64_t v)
{
	ioemu_put_le32(p, (uint32_t)v);
	ioemu_put_le32(p + 4, (uint32_t)(v >> 32));
}

#endif
