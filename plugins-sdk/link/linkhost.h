/* SPDX-License-Identifier: MIT */
/*
 * link/linkhost.h - devices at the peer's end of a link: what the root asks
 * becomes accesses to their windows, what they ask of the guest becomes
 * messages and requests to the root (doc/wire.md). Clock, timers, disks and
 * character devices stay with whoever runs the devices.
 *
 *	linkhost_new();                    who we are
 *	hostdev_new(), linkhost_add(),     the device, its children
 *	hostdev_attach()
 *	linkhost_connect();                a link, for each connection: whoever
 *	link_close(), link_free()          moves its bytes ends and frees it
 *	hostdev_free(), linkhost_free()    with no link any more
 */
#ifndef SDK_LINK_LINKHOST_H
#define SDK_LINK_LINKHOST_H

#include "link/link.h"

struct linkhost;

struct linkhost_ops {
	/* The guest's clock is at now_ns and runs; it stands still. */
	void (*run)(struct linkhost *lh, uint64_t now_ns);
	void (*pause)(struct linkhost *lh);
	/* No disk I/O is in flight. When the last ends: linkhost_poll(). */
	bool (*quiet)(struct linkhost *lh);
	/* As in struct link_ops. The clock stands still after down(). */
	void (*up)(struct linkhost *lh, const struct link_hello *root);
	void (*down)(struct linkhost *lh, const char *why);
	void (*wake)(struct linkhost *lh);
	uint64_t (*now)(struct linkhost *lh);
};

/* `instance` as in HELLO: drawn at random, not 0. */
int linkhost_new(const struct linkhost_ops *ops, void *user, uint64_t instance,
		 struct linkhost **out);
void linkhost_free(struct linkhost *lh);
void *linkhost_user(const struct linkhost *lh);

/*
 * Before it is attached. The first is what the root sees: windows and function
 * are its own. Others are its children, which reach memory and lines through
 * it; state is saved of a device without children only. -ENOSPC.
 */
int linkhost_add(struct linkhost *lh, struct hostdev *hd);

/* Its connections may change to shared memory: Unix sockets. */
void linkhost_say(struct linkhost *lh, uint32_t caps);

/* A new link, not up yet; the one before is closed. -ENOMEM. */
int linkhost_connect(struct linkhost *lh, struct link **out);

/* Nothing that the devices were asked or have asked is open. */
bool linkhost_quiet(const struct linkhost *lh);
/* Disk I/O has ended: if the root waits for quiet, see whether it is there. */
void linkhost_poll(struct linkhost *lh);

/*
 * For the host's struct host_ops. What hd->host points to must begin with a
 * struct linkhost *.
 */
void linkhost_map(struct hostdev *hd, struct host_window *w); /* and unmap */
void linkhost_irq(struct hostdev *hd, unsigned line, bool level);
void linkhost_msi(struct hostdev *hd, uint64_t addr, uint32_t data);
void linkhost_dma_read(struct hostdev *hd, struct ioemu_dma *dma);
void linkhost_dma_write(struct hostdev *hd, uint64_t gpa, const void *buf,
			uint32_t len);
void linkhost_log(struct hostdev *hd, enum ioemu_level level, const char *text);
/* From the host's own forget(). */
void linkhost_forget(struct hostdev *hd);

#endif
