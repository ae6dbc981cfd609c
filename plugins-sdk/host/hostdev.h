/* SPDX-License-Identifier: MIT */
/* hostdev.h - between the modules of libioemu-host; not installed. */
#ifndef SDK_HOST_HOSTDEV_H
#define SDK_HOST_HOSTDEV_H

#include "host/host.h"

#define LINE_INTX (1u << 16) /* in hd->lines, after the 16 ISA ones */

/* op.c: ioemu_complete(); and what a device that goes still owes */
void op_complete(struct ioemu_dev *dev, struct ioemu_access *a);
void op_abandon(struct hostdev *hd);

/* request.c: DMA reads and disk I/O, checked before the host sees them */
int request_init(struct hostdev *hd);
void request_free(struct hostdev *hd);
/* What was refused ends. */
void request_refused_fire(struct ioemu_dev *dev, struct ioemu_timer *timer);
void request_dma_read(struct hostdev *hd, struct ioemu_dma *dma);
void request_io(struct hostdev *hd, struct ioemu_io *io);
/* May this device reach guest memory? */
bool request_may_dma(struct hostdev *hd);

/* props.c */
int props_defaults(struct hostdev *hd);
/* Does the type's table fit its state, and are the defaults values? */
bool props_valid(const struct ioemu_type *type);
int props_set(struct hostdev *hd, const char *key, const char *value);
void props_free(struct hostdev *hd);

/* calls.c: what devices call */
extern const struct ioemu_host hostdev_calls;

/* why.c: the device's own word on it, in attach(): it may be the reason. */
void hostdev_complain(struct hostdev *hd, const char *text);
/* Log that word, if there is one. */
void hostdev_say_why(struct hostdev *hd);

/* hostdev.c: a window for a region that can be; there is room. */
struct host_window *hostdev_window(struct hostdev *hd, enum ioemu_space space,
				   const struct ioemu_region *region);
void hostdev_map(struct host_window *w, uint64_t base);
void hostdev_unmap(struct host_window *w);
/* -EINVAL, and why is told. */
int hostdev_region_check(struct hostdev *hd, const struct ioemu_region *region);
/* Tell the host of line changes. */
void hostdev_lines(struct hostdev *hd);

/* pcifunc.c */
int pcifunc_new(struct hostdev *hd, const struct ioemu_pci *pci);
void pcifunc_free(struct host_pcifunc *f);
void pcifunc_reset(struct host_pcifunc *f);
uint8_t *pcifunc_config(struct host_pcifunc *f); /* pcifunc_size() bytes */
unsigned pcifunc_size(const struct host_pcifunc *f);
bool pcifunc_master(const struct host_pcifunc *f);
bool pcifunc_intx_enabled(const struct host_pcifunc *f);
/* Place windows as configuration space says (after it was loaded). */
void pcifunc_update(struct host_pcifunc *f);
/* Send a vector by what is on: MSI-X, MSI or nothing. */
void pcifunc_msi(struct host_pcifunc *f, unsigned vector);
/* MSI-X table and pending bits, to save and to load; *count 0: no MSI-X. */
uint32_t *pcifunc_msix(struct host_pcifunc *f, uint32_t *count);

/* state.c: does the type's table fit its state? */
bool state_fields_valid(const struct ioemu_type *type);
/* Bytes of one element; 0: not a number. */
uint32_t state_width(enum ioemu_kind kind);

#endif
