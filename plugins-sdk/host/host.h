/* SPDX-License-Identifier: MIT */
/*
 * host/host.h - for those who run devices: the device model's core, the
 * socket peer, the bench. libioemu-host.a holds what all three share: loading
 * plugins, properties, register access rules, PCI functions, saved state.
 * What differs between them is one table, struct host_ops.
 *
 * Nothing here allocates once a device is attached, and nothing locks.
 */
#ifndef SDK_HOST_H
#define SDK_HOST_H

#include <ioemu/device.h>

#define HOST_MAX_DATA 4096u /* bytes one access can move: a guest page */

/* What others wrote, for a line of text: printable ASCII, else a dot. */
static inline char
host_printable(uint8_t c)
{
	return (char)(c >= ' ' && c <= '~' ? c : '.');
}

/* ---- what users write (value.c) ------------------------------------------ */

/*
 * The one way in which numbers are read, on every command line: decimal, with
 * or without zeros in front, or hexadecimal after 0x; no sign, no blank.
 * -EINVAL: no such number; -ERANGE: above `max`. *out stays if it fails.
 */
int host_number(const char *text, uint64_t max, uint64_t *out);
/* The same at the beginning of *at, which moves behind it. */
int host_number_at(const char **at, uint64_t max, uint64_t *out);
/* SLOT[.FUNCTION], hexadecimal, each with or without 0x, as with QEMU: 0.0 to
 * 1f.7. -EINVAL. */
int host_slot(const char *text, unsigned *slot, unsigned *fn);
/* on, yes, true, off, no, false; else -EINVAL. */
int host_switch(const char *text, bool *out);

/* ---- plugins (plugin.c) -------------------------------------------------- */

struct host_type {
	struct ioemu_type type; /* what both sides know of it, the rest zero */
	const char *path;	/* file it came from */
};

struct host_plugins;

int host_plugins_new(struct host_plugins **out);
void host_plugins_free(struct host_plugins *p); /* after all devices */

/*
 * Load one plugin. -ENOENT: cannot be opened or is no plugin; -EPROTO: made
 * for another ABI; -EEXIST: a type of that name is there already (the first
 * stays); -EINVAL: a type in it is malformed. *why (if not NULL) says more and
 * lives until the next call.
 */
int host_plugins_load(struct host_plugins *p, const char *path,
		      const char **why);

/*
 * Load every *.so in a folder, in name order; files that fail are reported
 * and left out. Returns the number of types added, -errno if the folder
 * cannot be read.
 */
int host_plugins_load_dir(struct host_plugins *p, const char *dir,
			  void (*report)(void *ctx, const char *path, int err,
					 const char *why),
			  void *ctx);

/* By name or alias; NULL if there is none. */
const struct host_type *host_plugins_find(const struct host_plugins *p,
					  const char *name);
/* In order of loading; NULL past the end. */
const struct host_type *host_plugins_at(const struct host_plugins *p,
					unsigned i);

/* ---- devices (hostdev.c) ------------------------------------------------- */

#define HOST_MAX_FIXED 16u   /* windows by ioemu_window() */
#define HOST_MAX_WINDOWS 24u /* + 6 BARs, ROM, configuration space */

enum host_window_kind {
	HOST_WINDOW_FIXED, /* by ioemu_window() */
	HOST_WINDOW_BAR,   /* index = BAR */
	HOST_WINDOW_ROM,
	HOST_WINDOW_CONFIG, /* the host decides where; not given to map() */
};

#define HOST_LATENCY_LOG2 48u

struct hostdev;

/* A region at a place. Owned by its device, stable until detach. */
struct host_window {
	struct hostdev *hd;
	struct ioemu_region region; /* a copy */
	uint64_t base;
	enum ioemu_space space;
	enum host_window_kind kind;
	uint8_t index;
	bool mapped; /* between ops->map and ops->unmap */
	void *host;  /* the host's own, as is this: */
	uint32_t latency_log2[HOST_LATENCY_LOG2]; /* accesses by their time,
						     log2 */
};

/*
 * What a host provides. Called with arguments already checked. All must be
 * set but the last four.
 */
struct host_ops {
	/* The guest can reach the window at w->base from now on / no more. */
	void (*map)(struct hostdev *hd, struct host_window *w);
	void (*unmap)(struct hostdev *hd, struct host_window *w);
	/* A line changed; never called twice with the same level. */
	void (*irq)(struct hostdev *hd, unsigned line, bool level);
	void (*msi)(struct hostdev *hd, uint64_t addr, uint32_t data);
	/* Bus master enable is checked: only allowed requests get here. */
	void (*dma_read)(struct hostdev *hd, struct ioemu_dma *dma);
	void (*dma_write)(struct hostdev *hd, uint64_t gpa, const void *buf,
			  uint32_t len);
	uint64_t (*now)(struct hostdev *hd);
	void (*timer_set)(struct hostdev *hd, struct ioemu_timer *timer,
			  uint64_t deadline_ns);
	/* Property values; -errno as of open(2). */
	int (*block_open)(struct hostdev *hd, const char *value,
			  struct ioemu_block **out);
	void (*block_close)(struct hostdev *hd, struct ioemu_block *block);
	int (*chr_open)(struct hostdev *hd, const char *value,
			struct ioemu_chardev **out);
	void (*chr_close)(struct hostdev *hd, struct ioemu_chardev *chr);
	void (*chr_write)(struct hostdev *hd, struct ioemu_chardev *chr,
			  const void *data, size_t len);
	void (*chr_accept)(struct hostdev *hd, struct ioemu_chardev *chr,
			   size_t room);
	void (*block_info)(struct hostdev *hd, struct ioemu_block *block,
			   struct ioemu_block_info *info);
	void (*io)(struct hostdev *hd, struct ioemu_io *io);
	void (*power)(struct hostdev *hd, enum ioemu_power what);
	void (*pirq_route)(struct hostdev *hd, unsigned link, unsigned irq);
	void (*unplug)(struct hostdev *hd, unsigned what);
	void (*log)(struct hostdev *hd, enum ioemu_level level,
		    const char *text);
	/* Do memory requests of this device, MSIs included, get past the
	 * bridges above it? NULL: always. */
	bool (*upstream)(struct hostdev *hd);
	/* Ask hostdev_bridge() what the bridge passes on: it may have changed.
	 * NULL: nothing is ever put behind one. */
	void (*bridge)(struct hostdev *hd);
	/* The device is about to be freed, detach() is over: drop its timers,
	 * DMA and disk I/O; nothing may call it any more. NULL: nothing can
	 * be in flight then. */
	void (*forget)(struct hostdev *hd);
	/* The guest gave up what is in that slot of the root bus, 0 to 31.
	 * NULL: nothing can be taken out. */
	void (*eject)(struct hostdev *hd, unsigned slot);
};

struct host_op;
struct host_pcifunc;
struct host_requests;

struct hostdev {
	struct ioemu_dev dev; /* first: what the device sees */
	const struct host_type *type;
	const struct host_ops *ops;
	void *host; /* the host's own, set by hostdev_new() */
	struct host_window window[HOST_MAX_WINDOWS];
	unsigned n_windows;
	struct host_window *config; /* NULL: no PCI function */
	struct host_pcifunc *func;
	uint32_t lines;	    /* levels the device asked for: ISA 0-15, INTx 16 */
	uint32_t lines_out; /* levels the host was told */
	bool attaching, attached;
	char why[256];	 /* for hostdev_why(); "": nothing was refused */
	bool complained; /* those are the device's own words, not yet logged */
	unsigned n_children;   /* devices that plug into it */
	unsigned bad_answers;  /* ioemu_complete() of what is not open */
	unsigned bad_requests; /* asked for while they were in flight */
	struct host_op *busy;  /* in a callback or deferred */
	struct host_requests *requests; /* in flight; request.c's own */
	/* Requests that no host sees; they fail from the loop. */
	struct ioemu_timer refused;
	struct ioemu_dma *refused_dma;
	struct ioemu_io *refused_io;
};

/*
 * Make an instance, properties at their defaults. `id` is copied. -ENOMEM;
 * -EINVAL: the parent is missing or of another type than type->parent.
 */
int hostdev_new(const struct host_ops *ops, void *host,
		const struct host_type *type, const char *id,
		struct hostdev *parent, struct hostdev **out);

/* -ENOKEY: no such property; -EINVAL, -ERANGE: bad value; or what opening the
 * block or character device said. Before attach only. */
int hostdev_set(struct hostdev *hd, const char *key, const char *value);

/* attach(), then reset(IOEMU_RESET_POWER), then maps the fixed windows. On
 * failure nothing stays mapped, and the last error that the device logged is
 * for hostdev_why() to tell. */
int hostdev_attach(struct hostdev *hd);

/* Why one of these two failed with rc: what is wrong, and what would be right,
 * where the library or the device has said so; else as strerror(3). */
const char *hostdev_why(const struct hostdev *hd, int rc);
/* Say it, from ops->block_open and ops->chr_open; returns rc. */
int hostdev_refuse(struct hostdev *hd, int rc, const char *fmt, ...)
	IOEMU_PRINTF(3, 4);

/* Unmap everything, answer what is deferred with all ones, lower lines,
 * detach(), close properties, free. Never from inside a device's callback, and
 * never while another device is plugged into it. */
void hostdev_free(struct hostdev *hd);

void hostdev_reset(struct hostdev *hd, enum ioemu_reset why);
void hostdev_unplug(struct hostdev *hd, unsigned what);
/* As type->hotplug; most devices have nothing to do with it. */
void hostdev_hotplug(struct hostdev *hd, unsigned which,
		     enum ioemu_hotplug what);
/* As type->medium; -ENOTSUP if no medium of the device can be changed. */
int hostdev_medium(struct hostdev *hd, struct ioemu_block *block,
		   enum ioemu_medium what);
/* A deferred access or a refused request is open: not the time to save. What
 * was handed to ops->dma_read and ops->io the host counts itself. */
bool hostdev_busy(const struct hostdev *hd);
/* As type->query; -ENOTSUP if the device answers nothing. */
int hostdev_query(struct hostdev *hd, const char *what, char *buf, size_t size);
/* In ops->dma_read: it cannot be had. done() comes from the loop, when the
 * guest's clock runs. */
void hostdev_refuse_dma(struct hostdev *hd, struct ioemu_dma *dma);
/* Before done(): how it ended, told as every host does. `rc` 0, or the host's
 * own word for what went wrong. */
void hostdev_dma_status(struct ioemu_dma *dma, int rc);
/* For chardevs: bytes for the device that owns chr. */
void hostdev_input(struct hostdev *hd, struct ioemu_chardev *chr,
		   const uint8_t *data, size_t len);

/* PCI: set bit 7 of the header type (several functions in the slot). */
void hostdev_set_multifunction(struct hostdev *hd);
/* PCI: INTA# = 1 .. INTD# = 4; 0: none, or no PCI function. */
unsigned hostdev_intx_pin(const struct hostdev *hd);

/* ---- bridges (bridge.c) ---------------------------------------------------
 */

/* [first, last], both included; first > last: nothing. */
struct host_interval {
	uint64_t first, last;
};

enum host_bridge_window { HOST_BRIDGE_IO, HOST_BRIDGE_MEM, HOST_BRIDGE_PREF };

#define HOST_BRIDGE_WINDOWS 3u

/* What a bridge passes on, as its registers are at present. */
struct host_bridge {
	uint8_t secondary, subordinate; /* bus numbers; 0: none given yet */
	struct host_interval window[HOST_BRIDGE_WINDOWS];
	bool upstream; /* memory requests from behind it, MSIs included */
	bool reset;    /* it holds its secondary bus in reset */
};

/* False: the device is no bridge. */
bool hostdev_bridge(const struct hostdev *hd, struct host_bridge *out);

/* ---- one access (op.c) ----------------------------------------------------
 */

/*
 * One guest access to one window: an element, or a string of them. op.c
 * applies the region's rules (widths, alignment, ends) and calls the device
 * element by element, or once with a burst where the region is prefetchable.
 * The op belongs to the caller and is busy from host_op_start() to done().
 *
 * Bytes outside the region, and all bytes of a device that has gone, read all
 * ones and write nothing.
 */
struct host_op {
	struct ioemu_access unit; /* first: the part the device sees */
	struct host_window *window;
	uint64_t offset; /* of the first element; may lie outside */
	uint8_t *data;	 /* width * count bytes in guest memory order */
	uint32_t width;	 /* 1, 2, 4, 8 */
	uint32_t count;	 /* 1 .. HOST_MAX_DATA / width */
	int8_t step;	 /* device address per element: -1, 0, +1 widths */
	bool down;	 /* element 0 is the last in data (direction flag) */
	bool write;
	bool posted;
	/* Inside start; or inside ioemu_complete(), which goes on with the
	 * next element before it returns: the device may be called from it. */
	void (*done)(struct host_op *op);

	uint32_t i;   /* op.c's own: current element ... */
	uint32_t pos; /* ... and bytes of it done */
	bool in_call;
	struct host_op *next; /* in window->hd->busy */
};

void host_op_start(struct host_op *op);

/* ---- saved state (state.c) ------------------------------------------------
 */

/*
 * Everything a device needs to go on elsewhere: its saved fields,
 * configuration space, line levels. The host has made it quiet before: no
 * access, DMA or disk I/O in flight.
 */
/* Returns the bytes used, -ENOSPC if `size` is too small, -EBUSY. */
long hostdev_save(const struct hostdev *hd, void *buf, size_t size);
/* Into an attached instance of the same type: restores, maps windows, calls
 * loaded(). -EINVAL: cut short, corrupt, or of another type. */
int hostdev_load(struct hostdev *hd, const void *buf, size_t size);
/* A checksum, as saved state has one: finds accidents, not attackers. */
uint64_t host_sum(const void *bytes, size_t len);

#endif
