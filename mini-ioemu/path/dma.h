/* SPDX-License-Identifier: MIT */
/*
 * dma.h - guest memory: a cache of mappings of the guest's pages. String I/O,
 * devices' DMA and disk I/O all reach guest memory here and only here.
 */
#ifndef PATH_DMA_H
#define PATH_DMA_H

#include "xen/xen.h"

struct dma;

int dma_new(struct xen *xen, struct dma **out);
void dma_free(struct dma *dma); /* nothing may be pinned */

/* Copy from guest memory; what is not memory reads all ones. 0 or -EFAULT. */
int dma_read(struct dma *dma, uint64_t gpa, void *buf, uint32_t len);
/* Copy to guest memory; what is not memory is dropped. 0 or -EFAULT. */
int dma_write(struct dma *dma, uint64_t gpa, const void *buf, uint32_t len);

/* Is any page of [first, last] memory? A hypercall for each that is none. */
bool dma_holds(struct dma *dma, uint64_t first, uint64_t last);

/* Host memory for [gpa, gpa + len), inside one page, until dma_unpin(); NULL:
 * not memory. */
void *dma_pin(struct dma *dma, uint64_t gpa, uint32_t len);
/* `gpa` as given to dma_pin(); whether it may have been written. */
void dma_unpin(struct dma *dma, uint64_t gpa, void *ptr, bool wrote);

/* While on, Xen is told of every page that is written here: the toolstack
 * copies the guest's memory. */
void dma_log(struct dma *dma, bool on);
bool dma_logs(const struct dma *dma);

/* Guest pages changed hands (INVALIDATE): forget every mapping; pinned ones go
 * when they are unpinned. */
void dma_invalidate(struct dma *dma);

#endif
