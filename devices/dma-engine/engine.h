/* SPDX-License-Identifier: MIT */
/* engine.h - between the function (dma_engine.c) and its engine (engine.c). */
#ifndef DMA_ENGINE_H
#define DMA_ENGINE_H

#include <ioemu/device.h>

#define CARD_MIN 4096u /* bytes of BAR 0 */
#define CARD_MAX (1u << 20)

#define N_VECTORS 8u /* a power of two */

#define DESC_SIZE 16u
#define LIST_MAX 256u /* descriptors: a list is one read of 4 KiB at most */

#define CHUNK 4096u /* most bytes of one DMA read or write */
#define BATCH 8u    /* chunks between two turns of the loop */

#define STATUS_BUSY 0x1u
#define STATUS_DONE 0x2u
#define STATUS_ERROR 0x4u
#define STATUS_INTERRUPT 0x8u

enum engine_error {
	ERROR_NONE,
	ERROR_LIST,    /* no descriptors, or more than LIST_MAX */
	ERROR_LENGTH,  /* of a descriptor: 0, or no multiple of 4 */
	ERROR_RANGE,   /* past the end of BAR 0 */
	ERROR_DMA,     /* a read of guest memory failed */
	ERROR_ABORTED, /* by CONTROL */
};

enum engine_phase {
	ENGINE_IDLE,
	ENGINE_FETCH, /* waits for the list */
	ENGINE_MOVE,
};

struct engine {
	/* property */
	uint32_t size; /* of BAR 0 */

	/* saved: registers */
	uint8_t card[CARD_MAX]; /* BAR 0 */
	bool interrupts;	/* CONTROL */
	uint32_t status;	/* without STATUS_BUSY, which is `phase` */
	uint32_t error;
	uint64_t list_gpa;
	uint32_t length; /* descriptors */
	uint32_t start;	 /* where in BAR 0 the data begins */
	uint32_t vector;
	uint64_t bytes_in, bytes_out;
	uint64_t sum;

	/* saved: how far the list is */
	uint8_t phase;
	uint8_t list[LIST_MAX * DESC_SIZE];
	uint32_t index; /* current descriptor, */
	uint32_t at;	/* where in BAR 0 its data begins, */
	uint32_t moved; /* and bytes of it done */

	/* not saved: nothing is in flight then */
	struct ioemu_dma dma[BATCH];
	uint8_t chunk[BATCH][CHUNK];
	unsigned asked, in_flight; /* reads of the batch, not done of them */
	bool stale;		   /* they are not wanted any more */
	bool failed;		   /* some of them */
	unsigned budget;	   /* chunks until the loop goes round */
	struct ioemu_timer turn;
};

void engine_init(struct engine *e);
/* Run the list at list_gpa. */
void engine_start(struct ioemu_dev *dev);
void engine_abort(struct ioemu_dev *dev);
/* Stop at once and forget the list; data that is under way is dropped. */
void engine_stop(struct ioemu_dev *dev);
/* After loading: go on where it was. */
int engine_loaded(struct ioemu_dev *dev);

/* dma_engine.c: STATUS_INTERRUPT or the enable bit changed; `event` is news
 * that a message should tell. */
void dma_engine_interrupt(struct ioemu_dev *dev, bool event);

#endif
